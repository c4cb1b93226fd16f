/* Watching a model's products on data, with one thread, so that sums have one order. */
#include <math.h>

#include "tasks/quantise.h"

static void free_parts(rondo__observer *o) {
    rondo__free(o->histogram);
    rondo__free((void *)(uintptr_t)o->low);
    rondo__free(o->row[0]);
    rondo__free(o->row[1]);
}

void rondo__observer_free(rondo__observer **observer) {
    if (*observer)
        free_parts(*observer);
    rondo__free(*observer);
    *observer = NULL;
}

/* A fresh observer; compare: with room for the products of both kinds. */
static bool make_observer(rondo__rounded *of, rondo_context *context, bool compare) {
    const int64_t N = of->stored.rows, K = of->stored.columns;
    rondo__observer_free(&of->observer);
    rondo__observer *o = of->observer = rondo__calloc(1, sizeof *o);
    if (!o)
        return false;
    o->K = K;
    o->N = N;
    o->histogram = rondo__calloc(RONDO__OBSERVED_SIZES, sizeof *o->histogram);
    if (!compare)
        return o->histogram != NULL;
    real *low = rondo__alloc((size_t)rondo__packed_count(K, N) * sizeof *low);
    o->low = low;
    o->row[0] = rondo__calloc((size_t)N, sizeof(real));
    o->row[1] = rondo__calloc((size_t)N, sizeof(real));
    if (low)
        rondo__stored_pack(context, low, &of->stored, 0, N);
    return o->histogram && low && o->row[0] && o->row[1];
}

static rondo_status watch(rondo__rounding *r, rondo_model *model, rondo__stored *watched, bool compare) {
    for (int i = 0; i < r->count; i++) {
        if (!r->of[i].chosen)
            continue;
        if (!make_observer(&r->of[i], model->task->context, compare))
            return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to watch its products", r->model->path);
        watched[i] = r->of[i].stored;
        watched[i].dtype = RONDO_REAL;
        watched[i].data = rondo_params_at(model->task->params, i)->value.data;
        watched[i].observer = r->of[i].observer;
        rondo__param_lend(model->task->params, i, &watched[i]);
    }
    return RONDO_OK;
}

rondo_status rondo__rounding_observe(rondo__rounding *r, int files, const char *const *file, bool compare) {
    const rondo_context_options options = {.threads = 1, .isa = rondo_context_isa(r->model->task->context)};
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_metrics metrics = {0};
    rondo__stored *watched = rondo__calloc((size_t)r->count + 1, sizeof *watched);
    rondo_status status =
        watched ? rondo_context_create(&context, &options, r->err)
                : rondo__fail(r->err, RONDO_MEMORY, "%s: no memory to watch its products", r->model->path);
    if (!status)
        status = rondo__model_open(&model, context, r->model->path, true, r->err);
    if (!status)
        status = watch(r, model, watched, compare);
    if (!status)
        status = rondo_model_evaluate(model, files, file, &metrics, r->err);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    rondo__free(watched);
    return status;
}

/* The rows as they are looked up. */
static void compare_rows(const rondo__rounding *r, int index, double *signal, double *noise) {
    const rondo__stored *s = &r->of[index].stored;
    const real *w = rondo_params_at(r->model->task->params, index)->value.data;
    for (int64_t n = 0; n < s->rows; n++)
        for (int64_t k = 0; k < s->columns; k++) {
            const double x = (double)w[n * s->columns + k], d = rondo__stored_at(s, n, k) - x;
            *signal += x * x;
            *noise += d * d;
        }
}

double rondo__rounding_noise(const rondo__rounding *r, int index) {
    const rondo__observer *o = r->of[index].observer;
    double signal = o ? o->signal : 0, noise = o ? o->noise : 0;
    if (!o || signal == 0)
        compare_rows(r, index, &signal, &noise);
    return noise > 0 ? 10 * log10(signal / noise) : (double)INFINITY;
}
