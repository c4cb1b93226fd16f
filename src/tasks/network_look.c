/* Passages of a network alone: sequences of .npy files, symbols (T) or (T, B), or vectors (T, I) or (T, B, I). There is
 * no answer to be right about: the losses are 0. */
#include <string.h>

#include "exchange/array.h"
#include "formats/npy.h"
#include "tasks/look.h"
#include "tasks/network_task.h"

typedef struct reading {
    int files;
    rondo_tensor *array;
    const char *const *name;
    int64_t *passages;
    int64_t T;
    int32_t *ids; /* (T), or */
    real *x;      /* (T, I) */
} reading;

static rondo__array view_of(const rondo_tensor *t) {
    rondo__array a = {.dtype = t->dtype, .rank = t->rank, .count = rondo_tensor_count(t), .data = t->data};
    memcpy(a.dims, t->dims, sizeof t->dims);
    return a;
}

static rondo_status check(const rondo__bare *b, const rondo_tensor *t, const char *name, rondo_error *err) {
    const bool symbols = b->embedding >= 0;
    const int64_t I = b->net->config.input_size;
    if (rondo__is_float(t->dtype) == symbols)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %s (the model reads %s)", name, rondo_dtype_name(t->dtype),
                           symbols ? "symbols: whole numbers" : "floats");
    const int rank = symbols ? 1 : 2;
    if (t->rank < rank || t->rank > rank + 1 || (!symbols && t->dims[t->rank - 1] != I) || t->dims[0] < 1 ||
        t->dims[0] > INT32_MAX)
        return rondo__fail(err, RONDO_SHAPE, "%s: shape %s (the model reads %s, width %lld)", name,
                           rondo__dims_show(t->rank, t->dims).text,
                           symbols ? "(steps) or (steps, sequences)" : "(steps, width) or (steps, sequences, width)",
                           (long long)(symbols ? 1 : I));
    return RONDO_OK;
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    const rondo__bare *b = (const rondo__bare *)look->task;
    if (!data->files)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: a network without a task reads arrays (give .npy files)");
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    r->name = data->file;
    r->array = rondo__calloc((size_t)data->files, sizeof *r->array);
    r->passages = rondo__calloc((size_t)data->files, sizeof *r->passages);
    rondo_status status = r->array && r->passages ? RONDO_OK : rondo__look_no_memory(err);
    for (int i = 0; i < data->files && !status; i++) {
        rondo_tensor *t = &r->array[i];
        status = rondo__npy_read(t, data->file[i], err);
        if (status)
            continue;
        r->files++;
        status = check(b, t, data->file[i], err);
        r->passages[i] = !status && t->rank == (b->embedding >= 0 ? 2 : 3) ? t->dims[1] : 1;
        look->passages += r->passages[i];
    }
    return status;
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; i < r->files; i++)
        rondo__free(r->array[i].data);
    rondo__free(r->array);
    rondo__free(r->passages);
    rondo__free(r);
}

static rondo_status take(reading *r, const rondo__bare *b, const rondo__array *a, int64_t sequence, int64_t sequences,
                         rondo_error *err) {
    const int64_t I = b->embedding >= 0 ? 1 : b->net->config.input_size;
    for (int64_t i = 0; i < r->T * I; i++) {
        const int64_t at = (i / I * sequences + sequence) * I + i % I;
        if (b->embedding < 0) {
            r->x[i] = (real)rondo__array_at(a, at);
            continue;
        }
        const int64_t id = rondo__array_whole_at(a, at), V = b->base.recipe.model.vocabulary_size;
        if (id < 0 || id >= V)
            return rondo__fail(err, RONDO_ARGUMENT, "inspect: the array holds %lld (symbols are 0 to %lld)",
                               (long long)id, (long long)V - 1);
        r->ids[i] = (int32_t)id;
    }
    return RONDO_OK;
}

/* Symbols are their own numbers. */
static bool name_symbols(rondo__look_axis *axis, rondo__passage *out, const int32_t *ids) {
    axis->unit = "symbol";
    for (int64_t t = 0; t < axis->T; t++)
        if (!(axis->label[t] = rondo__look_text(out, "%d", (int)ids[t])))
            return false;
    return true;
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    const rondo__bare *b = (const rondo__bare *)look->task;
    reading *r = look->reading;
    const bool symbols = b->embedding >= 0;
    const int file = rondo__look_part(r->files, r->passages, &index);
    const rondo__array a = view_of(&r->array[file]);
    r->T = a.dims[0];
    r->ids = symbols ? rondo__look_room(out, r->T, sizeof *r->ids) : NULL;
    r->x = symbols ? NULL : rondo__look_room(out, r->T * b->net->config.input_size, sizeof *r->x);
    if (!r->ids && !r->x)
        return rondo__look_no_memory(err);
    const rondo_status status = take(r, b, &a, index, r->passages[file], err);
    if (status)
        return status;
    rondo__look_stack *stack = rondo__look_add_stack(out, "stack", b->net);
    out->title = rondo__look_text(out, "%s, sequence %lld", r->name[file], (long long)index);
    return out->title && rondo__axis_numbers(&stack->axis, out, r->T) &&
                   (!symbols || name_symbols(&stack->axis, out, r->ids)) && rondo__look_losses(out, 1, NULL)
               ? RONDO_OK
               : rondo__look_no_memory(err);
}

static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    const rondo__bare *b = (const rondo__bare *)look->task;
    const reading *r = look->reading;
    rondo_var *x;
    (void)only, (void)loss;
    if (r->ids)
        x = rondo_embedding(look->tape, rondo_params_use(look->task->params, look->tape, b->embedding), r->ids, 2,
                            (int64_t[]){r->T, 1});
    else {
        const rondo_tensor view =
            rondo_tensor_view(RONDO_REAL, r->x, 3, (int64_t[]){r->T, 1, b->net->config.input_size});
        x = rondo_leaf(look->tape, &view, NULL);
    }
    rondo_recurrent_forward(b->net, look->tape, x, NULL);
    return rondo_zeros(look->tape, 1, (int64_t[]){1});
}

const rondo__look_class rondo__network_look = {look_open, look_close, look_lay, look_run};
