/* Fuzz target, see fuzz/README.md: any bytes as CoNLL-U, and as columns. What was read is written as two columns
 * between tabs and read again, which gives the same sentences. */
#include "data/tagged.h"

#include <string.h>

static void same_tagged(const rondo__tagged *a, const rondo__tagged *b) {
    if (a->sentences != b->sentences || a->words != b->words)
        __builtin_trap();
    for (int64_t s = 0; s <= a->sentences; s++) {
        if (a->start[s] != b->start[s])
            __builtin_trap();
    }
    for (int64_t i = 0; i < a->words; i++) {
        if (strcmp(a->word[i], b->word[i]) != 0 || strcmp(a->tag[i], b->tag[i]) != 0)
            __builtin_trap();
    }
}

/* Does a line of these two fields mean something else? A mark of byte order, a carriage return and such. */
static bool is_special(const char *word, const char *tag) {
    return strncmp(word, "-DOCSTART-", 10) == 0 || strncmp(word, "\xef\xbb\xbf", 3) == 0 || !word[strspn(word, " ")] ||
           strchr(tag, '\r');
}

static void tagged_again(const rondo__tagged *t) {
    rondo__text text = {0};
    rondo__lines lines;
    rondo__tagged other;
    rondo_error err;
    for (int64_t s = 0; s < t->sentences; s++) {
        for (int64_t i = t->start[s]; i < t->start[s + 1]; i++) {
            if (is_special(t->word[i], t->tag[i])) {
                rondo__text_free(&text);
                return;
            }
            rondo__text_format(&text, "%s\t%s\n", t->word[i], t->tag[i]);
        }
        rondo__text_add(&text, "\n", 1);
    }
    if (rondo__lines_split(&lines, "again", text.data, text.size, &err) ||
        rondo__tagged_take(&other, "again", &lines, &(rondo__tagged_spec){0}, &err))
        __builtin_trap();
    same_tagged(t, &other);
    rondo__tagged_free(&other);
    rondo__text_free(&text);
}

static void read_tagged(const uint8_t *data, size_t size, const rondo__tagged_spec *spec) {
    rondo__lines lines;
    rondo__tagged t;
    rondo_error err;
    if (rondo__lines_split(&lines, "fuzz", (const char *)data, size, &err) ||
        rondo__tagged_take(&t, "fuzz", &lines, spec, &err))
        return;
    if (t.sentences < 1 || t.start[t.sentences] != t.words)
        __builtin_trap();
    if (t.tag)
        tagged_again(&t);
    rondo__tagged_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const rondo__tagged_spec specs[] = {{.conllu = true},
                                               {.conllu = true, .word_column = "lemma", .tag_column = "feats"},
                                               {.conllu = true, .no_tags = true},
                                               {0},
                                               {.word_column = "2", .tag_column = "1"},
                                               {.no_tags = true}};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        read_tagged(data, size, &specs[i]);
    return 0;
}
