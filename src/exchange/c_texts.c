/* What symbols and labels mean, as tables of texts behind MODEL_VOCABULARY: MODEL_..._text(number) and, where texts are
 * whole words or characters, MODEL_text_...(text), by halving an order of their bytes. */
#include <stdlib.h>
#include <string.h>

#include "exchange/c_file.h"

static bool any(const rondo__c_file *file) { return file->around && file->around->texts > 0; }

void rondo__c_put_texts_declarations(rondo__c_file *file) {
    if (!any(file))
        return;
    rondo__c_put(file, "#ifdef MODEL_VOCABULARY /* texts of numbers, in UTF-8; 0 where there is no such number */\n");
    for (int i = 0; i < file->around->texts; i++) {
        const rondo__texts_of *t = &file->around->text[i];
        rondo__c_put(file, "const char *model_%s_text(int %s);\n", t->what, t->what);
        if (t->finds)
            rondo__c_put(file, "int model_text_%s(const char *text); /* of no such text: %d */\n", t->what,
                         (int)t->unknown);
    }
    rondo__c_put(file, "#endif\n");
}

/* Bytes that could mean something else in a C string stand in octal. */
static void put_text(rondo__c_file *file, const char *text, size_t size) {
    rondo__c_put(file, "\"");
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c < 32 || c > 126 || c == '"' || c == '\\' || c == '?')
            rondo__c_put(file, "\\%03o", (unsigned)c);
        else
            rondo__c_put(file, "%c", c);
    }
    rondo__c_put(file, "\",\n");
}

typedef struct entry {
    const char *text;
    int64_t number;
} entry;

static int by_bytes(const void *a, const void *b) {
    const entry *x = a, *y = b;
    const int order = strcmp(x->text, y->text);
    return order ? order : x->number < y->number ? -1 : 1;
}

/* All texts, each with a NUL behind it. */
static bool collect(const rondo__texts_of *t, rondo__text *all, size_t *start) {
    for (int64_t i = 0; i < t->count; i++) {
        start[i] = all->size;
        if (!t->text(t->of, i, all))
            return false;
        rondo__text_add(all, "", 1);
    }
    return !all->failed;
}

static void put_order(rondo__c_file *file, const rondo__texts_of *t, const rondo__text *all, const size_t *start,
                      entry *sorted) {
    for (int64_t i = 0; i < t->count; i++)
        sorted[i] = (entry){all->data + start[i], i};
    qsort(sorted, (size_t)t->count, sizeof *sorted, by_bytes);
    rondo__c_put(file, "static const int model_%s_order[%lld] = {\n", t->what, (long long)t->count);
    for (int64_t i = 0; i < t->count; i++)
        rondo__c_put(file, "%lld,%s", (long long)sorted[i].number, i % 16 == 15 ? "\n" : " ");
    rondo__c_put(file, "};\n");
    rondo__c_put(file,
                 "int model_text_%s(const char *text) {\n    int low = 0, high = %lld;\n    while (low < high) {\n"
                 "        const int middle = low + (high - low) / 2, order = model_compare(text, "
                 "model_%s_texts[model_%s_order[middle]]);\n",
                 t->what, (long long)t->count, t->what, t->what);
    rondo__c_put(file,
                 "        if (order == 0)\n            return model_%s_order[middle];\n        if (order < 0)\n"
                 "            high = middle;\n        else\n            low = middle + 1;\n    }\n    return %d;\n}\n",
                 t->what, (int)t->unknown);
}

static void put_one(rondo__c_file *file, const rondo__texts_of *t) {
    rondo__text all = {0};
    size_t *start = rondo__alloc((size_t)t->count * sizeof *start);
    entry *sorted = rondo__alloc((size_t)t->count * sizeof *sorted);
    if (!start || !sorted || !collect(t, &all, start)) {
        rondo__c_no_memory(file);
    } else {
        rondo__c_put(file, "static const char *const model_%s_texts[%lld] = {\n", t->what, (long long)t->count);
        for (int64_t i = 0; i < t->count; i++)
            put_text(file, all.data + start[i], strlen(all.data + start[i]));
        rondo__c_put(file,
                     "};\nconst char *model_%s_text(int %s) {\n    return %s >= 0 && %s < %lld ? model_%s_texts[%s]",
                     t->what, t->what, t->what, t->what, (long long)t->count, t->what, t->what);
        rondo__c_put(file, " : 0;\n}\n");
        if (t->finds)
            put_order(file, t, &all, start, sorted);
    }
    rondo__text_free(&all);
    rondo__free(start);
    rondo__free(sorted);
}

void rondo__c_put_texts(rondo__c_file *file) {
    bool finds = false;
    if (!any(file))
        return;
    for (int i = 0; i < file->around->texts; i++)
        finds = finds || file->around->text[i].finds;
    rondo__c_put(file, "\n#ifdef MODEL_VOCABULARY\n");
    if (finds)
        rondo__c_put(file, "static int model_compare(const char *a, const char *b) {\n    while (*a && *a == *b)\n"
                           "        a++, b++;\n    return (int)(unsigned char)*a - (int)(unsigned char)*b;\n}\n");
    for (int i = 0; i < file->around->texts && !file->status; i++)
        put_one(file, &file->around->text[i]);
    rondo__c_put(file, "#endif\n");
}
