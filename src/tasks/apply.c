/* A trained model as a function of arrays: what `rondo run MODEL.safetensors` does.
 *
 * The model is the network that is deployed (exchange/network.h): symbols or vectors in, one result per step or per
 * sequence out, without vocabulary, sound front end or decoding. Sequences of a batch are run one after the other, so
 * that each result is that of its sequence alone. */
#include <string.h>

#include "exchange/array.h"
#include "exchange/network.h"
#include "tasks/model.h"

typedef struct applying {
    rondo_model *model;
    rondo__network network;
    rondo__array x; /* a view */
    bool symbols, batched, pooled;
    int64_t T, B, in, out;
    int32_t *ids;  /* (T) */
    real *row, *y; /* (T, in), (T, out) */
    rondo_error *err;
} applying;

static rondo_status bad(const applying *a, const char *what) {
    return rondo__fail(a->err, RONDO_SHAPE, "%s: x has shape %s (%s)", a->model->path,
                       rondo__dims_show(a->x.rank, a->x.dims).text, what);
}

static rondo_status find_shape(applying *a) {
    a->symbols = rondo__network_reads_symbols(&a->network);
    a->pooled = rondo__network_is_pooled(&a->network);
    a->in = a->symbols ? 1 : a->network.block[0].in;
    a->out = rondo__network_output(&a->network);
    if (a->symbols) {
        if (rondo__is_float(a->x.dtype))
            return rondo__fail(a->err, RONDO_ARGUMENT,
                               "%s: x is %s (the model reads symbols: whole numbers below %lld)", a->model->path,
                               rondo_dtype_name(a->x.dtype), (long long)a->network.block[0].in);
        if (a->x.rank != 1 && a->x.rank != 2)
            return bad(a, "symbols are (steps) or (steps, sequences)");
    } else {
        if (!rondo__is_float(a->x.dtype))
            return rondo__fail(a->err, RONDO_ARGUMENT, "%s: x is %s (the model reads floats)", a->model->path,
                               rondo_dtype_name(a->x.dtype));
        if ((a->x.rank != 2 && a->x.rank != 3) || a->x.dims[a->x.rank - 1] != a->in)
            return bad(a, "vectors are (steps, width) or (steps, sequences, width), as wide as the model reads");
    }
    a->batched = a->x.rank == (a->symbols ? 2 : 3);
    a->T = a->x.dims[0];
    a->B = a->batched ? a->x.dims[1] : 1;
    return a->T < 1 || a->T > INT32_MAX ? bad(a, "there must be at least one step") : RONDO_OK;
}

static rondo_status read_sequence(applying *a, int64_t b) {
    for (int64_t t = 0; t < a->T; t++) {
        for (int64_t i = 0; i < a->in; i++) {
            const int64_t at = (t * a->B + b) * a->in + i;
            if (!a->symbols) {
                a->row[t * a->in + i] = (real)rondo__array_at(&a->x, at);
                continue;
            }
            const int64_t id = rondo__array_whole_at(&a->x, at);
            if (id < 0 || id >= a->network.block[0].in)
                return rondo__fail(a->err, RONDO_ARGUMENT, "%s: x holds %lld (symbols are 0 to %lld)", a->model->path,
                                   (long long)id, (long long)a->network.block[0].in - 1);
            a->ids[t] = (int32_t)id;
        }
    }
    return RONDO_OK;
}

/* Sequence b of y, which is (B, out) or (T, B, out). */
static void put_sequence(const applying *a, int64_t b, real *y) {
    for (int64_t t = 0; t < (a->pooled ? 1 : a->T); t++)
        memcpy(y + (t * a->B + b) * a->out, a->y + t * a->out, (size_t)a->out * sizeof *y);
}

static bool make_memory(applying *a, rondo_tensor *y) {
    const int64_t dims[3] = {a->T, a->B, a->out};
    size_t in, out, all;
    if (!rondo__size_mul((size_t)a->T, (size_t)a->in, &in) || !rondo__size_mul((size_t)a->T, (size_t)a->out, &out) ||
        !rondo__size_mul(a->pooled ? (size_t)a->out : out, (size_t)a->B, &all))
        return false;
    *y = (rondo_tensor){.dtype = RONDO_REAL};
    for (int d = a->pooled; d < 3; d++)
        if (d != 1 || a->batched)
            y->dims[y->rank++] = dims[d];
    a->ids = rondo__calloc(in, sizeof *a->ids);
    a->row = rondo__calloc(in, sizeof *a->row);
    a->y = rondo__calloc(out, sizeof *a->y);
    y->data = rondo__calloc(all + 1, sizeof(real));
    return a->ids && a->row && a->y && y->data;
}

/* What reads a second array is no function of x. */
static rondo_status check_alone(const applying *a) {
    const rondo__network *n = &a->network;
    if (!rondo__network_find(n, RONDO__SPELLING) && !rondo__network_find(n, RONDO__FIXED) && !n->horizon.ahead)
        return RONDO_OK;
    return rondo__fail(a->err, RONDO_UNSUPPORTED,
                       "%s: the model reads more than x (write it with `rondo export` as ONNX, and run that)",
                       a->model->path);
}

static rondo_status apply(applying *a, rondo_tensor *y) {
    rondo_status status = check_alone(a);
    if (!status)
        status = find_shape(a);
    if (status)
        return status;
    if (!make_memory(a, y))
        return rondo__fail(a->err, RONDO_MEMORY, "%s: no memory for the result", a->model->path);
    for (int64_t b = 0; !status && b < a->B; b++) {
        status = read_sequence(a, b);
        if (!status)
            status = rondo__network_run(&a->network, a->model->task->context, a->T, a->symbols ? a->ids : NULL, a->row,
                                        a->y, a->err);
        if (!status)
            put_sequence(a, b, y->data);
    }
    return status;
}

rondo_status rondo_model_apply(rondo_model *model, const rondo_tensor *x, rondo_tensor *y, rondo_error *err) {
    applying a = {.model = model, .err = err};
    if (y)
        *y = (rondo_tensor){0};
    if (!model || !x || !y)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_model_apply: model, x or y is NULL");
    rondo_status status = rondo_tensor_check(x, err);
    if (status)
        return status;
    if (!model->task->class->network)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a model of task %s is no function of one array", model->path,
                           model->task->class->name);
    a.x = (rondo__array){.dtype = x->dtype, .rank = x->rank, .count = rondo_tensor_count(x), .data = x->data};
    memcpy(a.x.dims, x->dims, sizeof x->dims);
    a.network.params = model->task->params;
    status = model->task->class->network(model->task, &a.network, err);
    if (!status)
        status = apply(&a, y);
    rondo__free(a.ids);
    rondo__free(a.row);
    rondo__free(a.y);
    if (status) {
        rondo__free(y->data);
        *y = (rondo_tensor){0};
    }
    return status;
}

void rondo_model_apply_free(rondo_tensor *y) {
    if (!y)
        return;
    rondo__free(y->data);
    *y = (rondo_tensor){0};
}
