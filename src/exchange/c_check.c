/* A test sequence and what Rondo makes of it, behind MODEL_CHECK. The tolerance is what rounding allows. */
#include <stdio.h>

#include "exchange/c_file.h"

enum { LETTERS = 6 }; /* of the longest word that is spelt */

typedef struct vectors {
    int64_t T, count;
    int32_t *ids, *letters, *labels; /* (T), (T, LETTERS), (T) */
    real *x, *want;                  /* (T, in), (count) */
} vectors;

static bool has_path(const rondo__c_file *file) { return rondo__network_find(file->network, RONDO__BEST_PATH) != NULL; }

static bool make_room(vectors *v, const rondo__c_file *file) {
    const rondo__network *n = file->network;
    const bool symbols = rondo__network_reads_symbols(n);
    v->count = rondo__network_output(n) * (rondo__network_is_pooled(n) ? 1 : v->T);
    v->ids = symbols ? rondo__calloc((size_t)v->T, sizeof *v->ids) : NULL;
    v->x = symbols ? NULL : rondo__calloc((size_t)(v->T * n->block[0].in), sizeof *v->x);
    v->letters = rondo__calloc((size_t)(v->T * LETTERS), sizeof *v->letters);
    v->labels = rondo__calloc((size_t)v->T, sizeof *v->labels);
    v->want = rondo__calloc((size_t)v->count, sizeof *v->want);
    return v->want && v->letters && v->labels && (v->ids || v->x);
}

static void free_room(vectors *v) {
    rondo__free(v->ids);
    rondo__free(v->letters);
    rondo__free(v->labels);
    rondo__free(v->x);
    rondo__free(v->want);
}

static void fill(vectors *v, const rondo__network *n) {
    const int64_t in = n->block[0].in;
    const rondo__network_block *speller = rondo__network_find(n, RONDO__SPELLING);
    for (int64_t t = 0; v->ids && t < v->T; t++)
        v->ids[t] = (int32_t)(rondo__random_u32(1, 1, (uint64_t)t) % (uint32_t)in);
    for (int64_t i = 0; v->x && i < v->T * in; i++)
        v->x[i] = (real)(2 * rondo__random_uniform(1, 2, (uint64_t)i) - 1);
    for (int64_t i = 0; speller && i < v->T * LETTERS; i++) /* words of 0 to LETTERS characters */
        v->letters[i] = i % LETTERS < (i / LETTERS + 3) % (LETTERS + 1)
                            ? (int32_t)(rondo__random_u32(1, 6, (uint64_t)i) % (uint32_t)speller->symbols)
                            : -1;
}

static void put_arrays(rondo__c_file *file, const vectors *v) {
    if (v->ids)
        rondo__c_put_wholes(file, "model_check_x", v->T, v->ids);
    else
        rondo__c_put_floats(file, "model_check_x", v->T * file->network->block[0].in, v->x);
    if (rondo__c_spells(file))
        rondo__c_put_wholes(file, "model_check_letters", v->T * LETTERS, v->letters);
    if (has_path(file))
        rondo__c_put_wholes(file, "model_check_labels", v->T, v->labels);
    rondo__c_put_floats(file, "model_check_y", v->count, v->want);
}

double rondo__c_tolerance(const rondo__c_file *file) {
    return file->precision == RONDO_C_FLOAT32 ? 1e-4 : file->precision == RONDO_C_INT16 ? 1e-3 : 0.15;
}

/* The path over Rondo's own scores. */
static void put_path_check(rondo__c_file *file, int64_t T) {
    if (has_path(file))
        rondo__c_put(
            file,
            "    {\n        static int from[%lld], labels[%lld];\n        if (!model_path(model_check_y, %lld, "
            "from, labels))\n            return 1;\n"
            "        for (i = 0; i < %lld; i++)\n            if (labels[i] != model_check_labels[i])\n"
            "                return 1;\n    }\n",
            (long long)(T * rondo__network_output(file->network)), (long long)T, (long long)T, (long long)T);
}

static void put_run(rondo__c_file *file, const vectors *v) {
    const bool streams = rondo__c_streams(file);
    char letters[48] = "";
    if (rondo__c_spells(file))
        snprintf(letters, sizeof letters, ", model_check_letters, %d", (int)LETTERS);
    rondo__c_put(file, "static int model_check_run(void) {\n    static model_state m;\n    static float y[%lld]%s",
                 (long long)v->count, streams ? "" : ", room[MODEL_ROOM(");
    if (!streams)
        rondo__c_put(file, "%lld)]", (long long)v->T);
    rondo__c_put(file,
                 ";\n    double worst = 0, largest = 0;\n    int i;\n    model_run(&m, model_check_x%s, %lld%s, y);\n",
                 letters, (long long)v->T, streams ? "" : ", room");
    rondo__c_put(file,
                 "    for (i = 0; i < %lld; i++) {\n        double off = (double)y[i] - (double)model_check_y[i], size "
                 "= (double)model_check_y[i];\n"
                 "        off = off < 0 ? -off : off;\n        size = size < 0 ? -size : size;\n        worst = off > "
                 "worst || off != off ? off : worst;\n"
                 "        largest = size > largest ? size : largest;\n    }\n",
                 (long long)v->count);
    rondo__c_put(file, "    printf(\"largest difference %%g, largest value %%g\\n\", worst, largest);\n");
    put_path_check(file, v->T);
    rondo__c_put(file, "    return worst <= %g * (largest > 1 ? largest : 1) ? 0 : 1;\n}\n", rondo__c_tolerance(file));
}

void rondo__c_put_check(rondo__c_file *file, rondo_context *context, int64_t steps) {
    vectors v = {.T = steps};
    if (!make_room(&v, file))
        rondo__c_no_memory(file);
    rondo__c_put(file, "\n#ifdef MODEL_CHECK\n#include <stdio.h>\n");
    if (!file->status) {
        fill(&v, file->network);
        const rondo__network_input input = {
            .T = v.T, .symbols = v.ids, .x = v.x, .C = LETTERS, .characters = v.letters};
        file->status = rondo__network_run_on(file->network, context, &input, v.want, v.labels, file->err);
    }
    if (!file->status)
        put_arrays(file, &v);
    put_run(file, &v);
    rondo__c_put_ear_check(file);
    rondo__c_put(file, "int main(void) {\n    return model_check_run()%s;\n}\n#endif\n",
                 file->around && file->around->frontend ? " || model_check_ear()" : "");
    free_room(&v);
}
