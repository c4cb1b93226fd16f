/* A series, one value of which is missing, and what Rondo forecasts from it, behind MODEL_CHECK. */
#include <math.h>
#include <string.h>

#include "exchange/c_file.h"

typedef struct series {
    rondo__network network; /* a copy: with center and scale of the target at hand */
    double center[RONDO__FEATURES], scale[RONDO__FEATURES];
    int64_t T, in, out, count;
    real *x, *ahead, *y; /* (T, in), (H, ahead), (count) */
    int32_t fixed[RONDO__FEATURES / 3];
    int target;
} series;

enum { RECURSIVE_STEPS = 5, MISSING = 1 }; /* number of x that is missing */

/* Standardising as the file does it: of independent targets with the last one's numbers. */
static void resolve(series *s) {
    rondo__horizon *h = &s->network.horizon;
    const bool shared = h->n < h->all_targets;
    s->target = shared ? (int)h->all_targets - 1 : 0;
    h->columns = shared ? h->all_columns - h->all_targets + 1 : h->all_columns;
    for (int64_t c = 0; c < h->columns; c++) {
        const int64_t from = !shared ? c : c == 0 ? s->target : h->all_targets - 1 + c;
        s->center[c] = h->all_center[from];
        s->scale[c] = h->all_scale[from];
    }
    h->center = s->center;
    h->scale = s->scale;
}

static void fill(series *s) {
    const rondo__horizon *h = &s->network.horizon;
    for (int64_t i = 0; i < s->T * s->in; i++) {
        const int64_t c = i % s->in;
        const double z = 3 * rondo__random_uniform(1, 4, (uint64_t)i) - 1;
        s->x[i] = (real)(float)(c < h->columns ? h->center[c] + z * h->scale[c] : z);
    }
    for (int64_t i = 0; i < h->H * h->ahead; i++) {
        const int64_t c = h->past + i % h->ahead;
        const double z = 2 * rondo__random_uniform(1, 5, (uint64_t)i) - 1;
        s->ahead[i] = (real)(float)(c < h->columns ? h->center[c] + z * h->scale[c] : z);
    }
    for (int i = 0; i < h->fixed; i++)
        s->fixed[i] = (int32_t)((h->categories[i] - 1) / 2);
}

/* A recursive model whose numbers are relative to a window: its past is all T steps. */
static rondo_status run_measured(series *s, rondo_context *context, rondo_error *err) {
    rondo__horizon *h = &s->network.horizon, measured = *h;
    double shift[RONDO__FEATURES], size[RONDO__FEATURES];
    real *z = rondo__alloc((size_t)(s->T * (s->in + h->masks)) * sizeof *z);
    if (!z)
        return rondo__fail(err, RONDO_MEMORY, "export: out of memory");
    measured.W = s->T;
    measured.norm = h->all_norm;
    rondo__window_fill(&measured, s->T, s->in, s->x, z, shift, size);
    for (int64_t i = 0; i < s->T * s->in; i++) {
        const real filled = z[i / s->in * (s->in + h->masks) + i % s->in];
        s->x[i] = isnan(s->x[i]) ? s->x[i] : filled;
    }
    const rondo__network_input input = {.T = s->T, .x = s->x, .fixed = s->fixed};
    h->center = NULL;
    s->network.count--; /* without OUTCOME */
    const rondo_status status = rondo__network_run_on(&s->network, context, &input, s->y, NULL, err);
    h->center = s->center;
    rondo__outcome_fill(h, s->T, shift, size, s->y);
    rondo__free(z);
    return status;
}

static rondo_status run(series *s, rondo_context *context, rondo_error *err) {
    const rondo__network_input input = {.T = s->T, .x = s->x, .fixed = s->fixed, .ahead = s->ahead};
    s->x[MISSING] = (real)NAN;
    if (s->network.horizon.measured)
        return run_measured(s, context, err);
    return rondo__network_run_on(&s->network, context, &input, s->y, NULL, err);
}

static void put_main(rondo__c_file *file, const series *s) {
    const rondo__horizon *h = &s->network.horizon;
    const bool shared = h->n < h->all_targets;
    rondo__c_put(file,
                 "static int model_check_run(void) {\n    static model_state m;\n    static float x[%lld], y[%lld];\n"
                 "    double worst = 0;\n    float zero = 0;\n    int i;\n"
                 "    for (i = 0; i < %lld; i++)\n        x[i] = model_check_x[i];\n    x[%d] = zero / zero;\n",
                 (long long)(s->T * s->in), (long long)s->count, (long long)(s->T * s->in), (int)MISSING);
    if (h->W > 0) {
        rondo__c_put(file, "    model_forecast(&m%s", shared ? ", MODEL_TARGETS - 1" : "");
        rondo__c_put(file, ", x%s%s, y);\n", h->fixed ? ", model_check_fixed" : "",
                     h->ahead ? ", model_check_ahead" : "");
    } else {
        rondo__c_put(file, "    model_init(&m%s", shared ? ", MODEL_TARGETS - 1" : "");
        rondo__c_put(file, "%s);\n", h->fixed ? ", model_check_fixed" : "");
        if (h->measured)
            rondo__c_put(file, "    model_measure(&m, x, %lld);\n", (long long)s->T);
        rondo__c_put(file,
                     "    for (i = 0; i < %lld; i++)\n        model_step(&m, x + i * MODEL_INPUT, y + i * %lld);\n",
                     (long long)s->T, (long long)s->out);
    }
    rondo__c_put(
        file,
        "    for (i = 0; i < %lld; i++) {\n        const double size = (double)model_check_y[i];\n"
        "        double off = ((double)y[i] - size) / (1 + (size < 0 ? -size : size));\n"
        "        off = off < 0 ? -off : off;\n        worst = off > worst || off != off ? off : worst;\n    }\n"
        "    printf(\"largest relative difference %%g\\n\", worst);\n    return worst <= %g ? 0 : 1;\n}\n"
        "int main(void) {\n    return model_check_run();\n}\n#endif\n",
        (long long)s->count, rondo__c_tolerance(file));
}

void rondo__c_put_forecast_check(rondo__c_file *file, rondo_context *context) {
    const rondo__horizon *h = &file->network->horizon;
    series *s = rondo__calloc(1, sizeof *s);
    if (s) {
        s->network = *file->network;
        resolve(s);
        s->T = h->W > 0 ? h->W : RECURSIVE_STEPS;
        s->in = s->network.block[0].in;
        s->out = h->H * h->n * h->P;
        s->count = h->W > 0 ? s->out : s->T * s->out;
        s->x = rondo__calloc((size_t)(s->T * s->in), sizeof *s->x);
        s->ahead = rondo__calloc((size_t)(h->H * h->ahead + 1), sizeof *s->ahead);
        s->y = rondo__calloc((size_t)s->count, sizeof *s->y);
    }
    if (!file->status && (!s || !s->x || !s->ahead || !s->y))
        rondo__c_no_memory(file);
    rondo__c_put(file, "\n#ifdef MODEL_CHECK\n#include <stdio.h>\n");
    if (!file->status) {
        fill(s);
        rondo__c_put_floats(file, "model_check_x", s->T * s->in, s->x);
        rondo__c_put_floats(file, "model_check_ahead", h->H * h->ahead, h->ahead ? s->ahead : NULL);
        for (int i = 0; i < h->fixed; i++)
            rondo__c_put(file, "%s%d%s", i ? ", " : "static const int model_check_fixed[MODEL_FIXED] = {",
                         (int)s->fixed[i], i == h->fixed - 1 ? "};\n" : "");
        if (!file->status)
            file->status = run(s, context, file->err);
        if (!file->status)
            rondo__c_put_floats(file, "model_check_y", s->count, s->y);
        put_main(file, s);
    }
    if (s) {
        rondo__free(s->x);
        rondo__free(s->ahead);
        rondo__free(s->y);
    }
    rondo__free(s);
}
