/* What a tagger has beyond other networks: words that are spelt by their characters, and the best path of labels. */
#include <math.h>
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"

static const rondo__network_block *speller(const rondo__c_file *file) {
    return rondo__network_find(file->network, RONDO__SPELLING);
}

static const rondo__network_block *path(const rondo__c_file *file) {
    return rondo__network_find(file->network, RONDO__BEST_PATH);
}

bool rondo__c_spells(const rondo__c_file *file) { return speller(file) != NULL; }

const char *rondo__c_spelling_arguments(const rondo__c_file *file) {
    return rondo__c_spells(file) ? ", const int *characters, int C" : "";
}

static void put_letter(rondo__c_file *file, const rondo__network_block *b) {
    const long long E = b->width;
    if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put(file, "        model_copy(m->row[1], model_letters + (size_t)letters[c] * %lld, %lld);\n", E, E);
    else
        rondo__c_put(file,
                     "        model_lookup(m->row[1], model_letters_w + (size_t)letters[c] * %lld, "
                     "model_letters_step[letters[c]], %lld);\n",
                     E, E);
}

/* One word: the last states of both directions over its characters. */
void rondo__c_put_spelling(rondo__c_file *file) {
    const rondo__network_block *b = speller(file);
    rondo__c_inner inner;
    if (!b || !rondo__c_inner_of(b, &inner))
        return;
    rondo__c_put(file, "static void model_spell(model_state *m, const int *letters, int C, float *out) {\n"
                       "    int c, n = 0;\n    while (n < C && letters[n] >= 0)\n        n++;\n");
    const rondo__c_outer outer = rondo__c_enter(file, &inner);
    int64_t at = 0;
    rondo__c_put_starts(file);
    for (int d = 0; d < b->net->directions; d++) {
        rondo__c_put(file, d ? "    for (c = n - 1; c >= 0; c--) {\n" : "    for (c = 0; c < n; c++) {\n");
        put_letter(file, b);
        rondo__c_put_direction(file, d, "m->row[1]", "m->row[0]", "        ");
        rondo__c_put(file, "    }\n    model_copy(out + %lld, m->%s_h, %lld);\n", (long long)at,
                     rondo__c_member_name(file, 0, 0, d).text, (long long)b->net->layer[d].state);
        at += b->net->layer[d].state;
    }
    rondo__c_leave(file, outer);
    rondo__c_put(file, "}\n");
}

/* ---- the path ---- */

void rondo__c_put_path_declarations(rondo__c_file *file) {
    if (path(file))
        rondo__c_put(file, "/* The best labels (T) for the scores y (T, MODEL_OUTPUT) of a sentence; from: room for T "
                           "MODEL_OUTPUT. 0: the rules\n * leave no path. */\n"
                           "int model_path(const float *y, int T, int *from, int *labels);\n");
}

static void put_bytes(rondo__c_file *file, const char *name, int64_t n, const uint8_t *value) {
    rondo__c_put(file, "static const unsigned char %s[%lld] = {\n", name, (long long)(value ? n : 1));
    for (int64_t i = 0; i < (value ? n : 1); i++)
        rondo__c_put(file, "%d,%s", value ? value[i] != 0 : 1, i % 40 == 39 ? "\n" : "");
    rondo__c_put(file, "};\n");
}

/* What begins or ends costs, in all; -inf, which C has no word for, is far below all scores. */
static void put_edge(rondo__c_file *file, const char *name, int64_t K, const real *a, const real *b) {
    real *sum = rondo__alloc((size_t)K * sizeof *sum);
    for (int64_t k = 0; sum && k < K; k++) {
        sum[k] = (a ? a[k] : 0) + (b ? b[k] : 0);
        sum[k] = isinf(sum[k]) ? (real)-1e30 : sum[k];
    }
    if (sum)
        rondo__c_put_floats(file, name, K, sum);
    else
        rondo__c_no_memory(file);
    rondo__free(sum);
}

void rondo__c_put_path(rondo__c_file *file) {
    const rondo__network_block *b = path(file);
    if (!b)
        return;
    const int64_t K = b->in;
    rondo__c_put(file, "\n#define MODEL_RULES %d\n", b->allowed != NULL);
    put_bytes(file, "model_allowed", K * K, b->allowed);
    put_bytes(file, "model_may_begin", K, b->allowed ? b->allowed_start : NULL);
    rondo__c_put_floats(file, "model_transition", K * K, b->transition);
    put_edge(file, "model_begins", K, b->start, NULL);
    put_edge(file, "model_ends", K, b->end, b->forbidden_end);
    rondo__c_put_part(file, RONDO__C_PATH);
}
