/* A source, what Rondo answers to it, and some of the logits of each step, behind MODEL_CHECK. The program tells each
 * step what Rondo said, so that one that rounds more coarsely is compared step by step all the same. */
#include <math.h>

#include "exchange/c_file.h"

enum { PROBES = 32 };

typedef struct vectors {
    int64_t S, most, count, steps, width; /* symbols; steps: those that were run, with the end's; of what each says */
    int32_t *source, *copy, *said;
    real *logits;          /* (most, width) */
    int64_t probes, apart; /* logits that are compared: those of 0, apart, 2 apart, ... */
    real *probe;           /* (steps, probes) */
} vectors;

/* What source symbol s stands for: words of the vocabulary and beyond it, and nothing, in turn. */
static int32_t copied(const rondo__encdec *e, int64_t s) {
    const uint32_t random = rondo__random_u32(1, 2, (uint64_t)s);
    return s % 3 == 0   ? (int32_t)(random % (uint32_t)e->target)
           : s % 3 == 1 ? (int32_t)(e->target + (s > 3 && random % 2 ? s - 3 : s))
           : random % 2 ? -1
                        : (int32_t)(random % (uint32_t)e->target);
}

static rondo_status make(vectors *v, const rondo__encdec *e, rondo_context *context, rondo_error *err) {
    size_t cells;
    v->most = v->S < rondo__encdec_longest(v->S) ? v->S : rondo__encdec_longest(v->S);
    v->width = rondo__encdec_width(e, v->S);
    v->probes = v->width < PROBES ? v->width : PROBES;
    v->apart = v->width / v->probes;
    v->source = rondo__calloc((size_t)v->S, sizeof *v->source);
    v->copy = rondo__calloc((size_t)v->S, sizeof *v->copy);
    v->said = rondo__calloc((size_t)v->most, sizeof *v->said);
    v->logits = rondo__size_mul((size_t)v->most, (size_t)v->width, &cells) ? rondo__calloc(cells, sizeof(real)) : NULL;
    v->probe = rondo__calloc((size_t)(v->most * v->probes), sizeof *v->probe);
    if (!v->source || !v->copy || !v->said || !v->logits || !v->probe)
        return rondo__fail(err, RONDO_MEMORY, "export: out of memory");
    for (int64_t s = 0; s < v->S; s++) {
        v->source[s] = (int32_t)(rondo__random_u32(1, 1, (uint64_t)s) % (uint32_t)e->source);
        v->copy[s] = copied(e, s);
    }
    rondo_status status = rondo__encdec_run(e, context, v->S, v->source, e->pointer.weight ? v->copy : NULL, v->most,
                                            v->said, &v->count, v->logits, err);
    v->steps = v->count < v->most ? v->count + 1 : v->count;
    for (int64_t i = 0; !status && i < v->steps * v->probes; i++) {
        const real y = v->logits[i / v->probes * v->width + i % v->probes * v->apart];
        v->probe[i] = e->pointer.weight ? (real)exp((double)y) : y; /* the file says probabilities */
    }
    return status;
}

static void put_main(rondo__c_file *file, const vectors *v) {
    const char *copy = file->encdec->pointer.weight ? "model_check_copy, " : "";
    rondo__c_put(file,
                 "int main(void) {\n    static model_state m;\n    static float y[%lld], room[MODEL_ROOM(%lld)];\n"
                 "    static int out[%lld];\n    double worst = 0, largest = 0;\n    int t, i, n, other = 0;\n",
                 (long long)v->width, (long long)v->S, (long long)v->most);
    rondo__c_put(file,
                 "    model_encode(&m, model_check_x, %s%lld, room);\n    for (t = 0; t < %lld; t++) {\n"
                 "        model_decode_step(&m, t ? model_check_said[t - 1] : MODEL_END, y);\n"
                 "        for (i = 0; i < %lld; i++) {\n",
                 copy, (long long)v->S, (long long)v->steps, (long long)v->probes);
    rondo__c_put(file,
                 "            double size = (double)model_check_y[t * %lld + i], off = (double)y[i * %lld] - size;\n"
                 "            off = off < 0 ? -off : off;\n            size = size < 0 ? -size : size;\n"
                 "            worst = off > worst || off != off ? off : worst;\n"
                 "            largest = size > largest ? size : largest;\n        }\n    }\n",
                 (long long)v->probes, (long long)v->apart);
    rondo__c_put(file,
                 "    n = model_translate(&m, model_check_x, %s%lld, room, out, %lld);\n"
                 "    for (i = 0; i < %lld; i++)\n        other += i >= n || out[i] != model_check_said[i];\n",
                 copy, (long long)v->S, (long long)v->most, (long long)v->count);
    rondo__c_put(file,
                 "    printf(\"largest difference %%g, largest value %%g; %%d of %lld symbols differ\\n\", worst, "
                 "largest, other);\n",
                 (long long)v->count);
    rondo__c_put(file, "    return worst <= %g * (largest > 1 ? largest : 1)%s ? 0 : 1;\n}\n#endif\n",
                 rondo__c_tolerance(file), file->precision == RONDO_C_FLOAT32 ? " && other == 0" : "");
}

void rondo__c_put_encdec_check(rondo__c_file *file, rondo_context *context, int64_t steps) {
    vectors v = {.S = steps};
    if (!file->status)
        file->status = make(&v, file->encdec, context, file->err);
    rondo__c_put(file, "\n#ifdef MODEL_CHECK\n#include <stdio.h>\n");
    if (!file->status) {
        rondo__c_put_wholes(file, "model_check_x", v.S, v.source);
        if (file->encdec->pointer.weight)
            rondo__c_put_wholes(file, "model_check_copy", v.S, v.copy);
        rondo__c_put_wholes(file, "model_check_said", v.count, v.said);
        rondo__c_put_floats(file, "model_check_y", v.steps * v.probes, v.probe);
    }
    put_main(file, &v);
    rondo__free(v.source);
    rondo__free(v.copy);
    rondo__free(v.said);
    rondo__free(v.logits);
    rondo__free(v.probe);
}
