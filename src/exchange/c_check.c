/* A test sequence and what Rondo makes of it, behind MODEL_CHECK. The tolerance is what rounding allows. */
#include <stdio.h>

#include "exchange/c_file.h"

static void fill_input(const rondo__network *n, int64_t T, int32_t *symbols, real *x) {
    const int64_t in = n->block[0].in;
    for (int64_t t = 0; symbols && t < T; t++)
        symbols[t] = (int32_t)(rondo__random_u32(1, 1, (uint64_t)t) % (uint32_t)in);
    for (int64_t i = 0; x && i < T * in; i++)
        x[i] = (real)(2 * rondo__random_uniform(1, 2, (uint64_t)i) - 1);
}

static void put_arrays(rondo__c_file *file, int64_t T, const int32_t *symbols, const real *x, int64_t count,
                       const real *want) {
    if (symbols) {
        rondo__c_put(file, "static const int model_check_x[%lld] = {", (long long)T);
        for (int64_t t = 0; t < T; t++)
            rondo__c_put(file, "%d, ", (int)symbols[t]);
        rondo__c_put(file, "};\n");
    } else {
        rondo__c_put_floats(file, "model_check_x", T * file->network->block[0].in, x);
    }
    rondo__c_put_floats(file, "model_check_y", count, want);
}

double rondo__c_tolerance(const rondo__c_file *file) {
    return file->precision == RONDO_C_FLOAT32 ? 1e-4 : file->precision == RONDO_C_INT16 ? 1e-3 : 0.15;
}

static void put_run(rondo__c_file *file, int64_t T, int64_t count) {
    const rondo__network *n = file->network;
    const bool streams = rondo__network_streams(n);
    rondo__c_put(file, "static int model_check_run(void) {\n    static model_state m;\n    static float y[%lld]%s",
                 (long long)count, streams ? "" : ", room[MODEL_ROOM(");
    if (!streams)
        rondo__c_put(file, "%lld)]", (long long)T);
    rondo__c_put(file,
                 ";\n    double worst = 0, largest = 0;\n    int i;\n    model_run(&m, model_check_x, %lld%s, y);\n",
                 (long long)T, streams ? "" : ", room");
    rondo__c_put(file,
                 "    for (i = 0; i < %lld; i++) {\n        double off = (double)y[i] - (double)model_check_y[i], size "
                 "= (double)model_check_y[i];\n"
                 "        off = off < 0 ? -off : off;\n        size = size < 0 ? -size : size;\n        worst = off > "
                 "worst || off != off ? off : worst;\n"
                 "        largest = size > largest ? size : largest;\n    }\n",
                 (long long)count);
    rondo__c_put(file,
                 "    printf(\"largest difference %%g, largest value %%g\\n\", worst, largest);\n    return worst <= "
                 "%g * (largest > 1 ? largest : 1) ? 0 : 1;\n}\n",
                 rondo__c_tolerance(file));
}

void rondo__c_put_check(rondo__c_file *file, rondo_context *context, int64_t steps) {
    const rondo__network *n = file->network;
    const bool symbols = rondo__network_reads_symbols(n);
    const int64_t count = rondo__network_output(n) * (rondo__network_is_pooled(n) ? 1 : steps);
    int32_t *ids = symbols ? rondo__calloc((size_t)steps, sizeof *ids) : NULL;
    real *x = symbols ? NULL : rondo__calloc((size_t)(steps * n->block[0].in), sizeof *x);
    real *want = rondo__calloc((size_t)count, sizeof *want);
    if (!file->status && (!want || (!ids && !x)))
        file->status = rondo__fail(file->err, RONDO_MEMORY, "export: out of memory");
    if (!file->status) {
        fill_input(n, steps, ids, x);
        file->status = rondo__network_run(n, context, steps, ids, x, want, file->err);
    }
    rondo__c_put(file, "\n#ifdef MODEL_CHECK\n#include <stdio.h>\n");
    if (!file->status)
        put_arrays(file, steps, ids, x, count, want);
    put_run(file, steps, count);
    rondo__c_put_ear_check(file);
    rondo__c_put(file, "int main(void) {\n    return model_check_run()%s;\n}\n#endif\n",
                 file->around && file->around->frontend ? " || model_check_ear()" : "");
    rondo__free(ids);
    rondo__free(x);
    rondo__free(want);
}
