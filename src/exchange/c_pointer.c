/* A pointer as C: each step says one of the target's symbols or a word of the source, by its place. What each source
 * symbol stands for is the caller's to give, or comes from a table of the symbols that both sides have. */
#include "exchange/c_file.h"

static const rondo__twins *twins_of(const rondo__c_file *file) {
    const bool there = file->encdec->pointer.weight && file->around && file->around->twins.count > 0;
    return there ? &file->around->twins : NULL;
}

int64_t rondo__c_twins_bytes(const rondo__c_file *file) {
    const rondo__twins *t = twins_of(file);
    return t ? 4 * t->count : 0;
}

void rondo__c_put_pointer_declarations(rondo__c_file *file) {
    const rondo__twins *t = twins_of(file);
    if (!file->encdec->pointer.weight)
        return;
    rondo__c_put(file, "/* A word can be copied from the source. copy (S) is what each of its symbols stands for: a "
                       "symbol of the target,\n"
                       " * or MODEL_TARGET + s for the word at place s that the target's vocabulary lacks (of words "
                       "that are the same, the\n"
                       " * first one's place), or -1: it is not copied. It serves until the last step. */\n");
    if (t)
        rondo__c_put(file, "/* copy of symbols alone%s. */\nvoid model_copies(const int *symbols, int S, int *copy);\n",
                     t->words ? ": each one that the source's vocabulary lacks is a word of its own" : "");
    if (t && t->words)
        rondo__c_put(file, "#ifdef MODEL_VOCABULARY /* copy of the source's words, which knows more of them */\n"
                           "void model_text_copies(const char *const *words, int S, int *copy);\n#endif\n");
}

/* ---- a step ---- */

void rondo__c_put_told(rondo__c_file *file) {
    if (file->encdec->pointer.weight)
        rondo__c_put(file, "    symbol = symbol < MODEL_TARGET ? symbol : %d; /* a copied word is told as unknown */\n",
                     (int)file->encdec->unknown);
}

/* What the gate sees, (C + H + E): the symbol, before the cells change x. */
void rondo__c_put_pointed(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    if (e->pointer.weight)
        rondo__c_put(file, "    model_copy(m->point + %lld, m->x, %lld);\n", (long long)(e->pointer.in - e->E),
                     (long long)e->E);
}

void rondo__c_put_point(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const long long C = e->pointer.in - e->H - e->E;
    if (!e->pointer.weight)
        return;
    if (C > 0 && e->before)
        rondo__c_put(file, "    model_copy(m->point, m->x + %lld, %lld);\n", (long long)e->E, C);
    else if (C > 0)
        rondo__c_put(file, "    model_copy(m->point, m->joined, %lld);\n", C);
    rondo__c_put(file,
                 "    model_copy(m->point + %lld, m->h, %lld);\n    model_copy(&gate, %s, 1);\n"
                 "    model_product(&gate, m->point, &model_pointer, 1, %lld);\n"
                 "    model_point(y, gate, m->weights, m->copy, MODEL_TARGET, m->S);\n",
                 C, (long long)e->H, e->pointer.bias ? "model_pointer_bias" : "0", (long long)e->pointer.in);
}

/* ---- what source symbols stand for ---- */

enum { NEVER = -1, OWN = -2 };

static void put_twins(rondo__c_file *file, const rondo__twins *t) {
    rondo__c_put(file, "/* of each source symbol the target's, %d: %s */\nstatic const int model_twins[%lld] = {\n",
                 t->words ? OWN : NEVER, t->words ? "a word of its own" : "none", (long long)t->count);
    for (int64_t i = 0; i < t->count && !file->status; i++) {
        int32_t twin = NEVER;
        if (!t->twin(t->of, i, &twin))
            rondo__c_no_memory(file);
        rondo__c_put(file, "%d,%s", twin < 0 && t->words ? OWN : (int)twin, i % 16 == 15 ? "\n" : " ");
    }
    rondo__c_put(file, "};\n");
}

void rondo__c_put_copies(rondo__c_file *file) {
    const rondo__twins *t = twins_of(file);
    if (!t)
        return;
    rondo__c_put(file, "\n");
    put_twins(file, t);
    rondo__c_put(file,
                 "void model_copies(const int *symbols, int S, int *copy) {\n    int s%s;\n"
                 "    for (s = 0; s < S; s++) {\n        copy[s] = model_twins[symbols[s]];\n",
                 t->words ? ", k" : "");
    if (t->words)
        rondo__c_put(file,
                     "        for (k = 0; k < s && copy[s] == %d && symbols[s] != %d; k++)\n"
                     "            copy[s] = symbols[k] == symbols[s] ? copy[k] : %d;\n"
                     "        copy[s] = copy[s] == %d ? MODEL_TARGET + s : copy[s];\n",
                     OWN, (int)t->unknown, OWN, OWN);
    rondo__c_put(file, "    }\n}\n");
}

void rondo__c_put_text_copies(rondo__c_file *file) {
    const rondo__twins *t = twins_of(file);
    if (!t || !t->words)
        return;
    rondo__c_put(file,
                 "\n#ifdef MODEL_VOCABULARY\nvoid model_text_copies(const char *const *words, int S, int *copy) {\n"
                 "    int s, k;\n    for (s = 0; s < S; s++) {\n        copy[s] = model_text_target(words[s]);\n"
                 "        if (copy[s] != %d)\n            continue;\n",
                 (int)file->encdec->unknown);
    rondo__c_put(file,
                 "        for (k = 0; k < s; k++)\n"
                 "            if (copy[k] >= MODEL_TARGET && model_compare(words[k], words[s]) == 0)\n"
                 "                break;\n        copy[s] = k < s ? copy[k] : MODEL_TARGET + s;\n    }\n}\n#endif\n");
}
