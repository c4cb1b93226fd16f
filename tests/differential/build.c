/* What families build with. */
#include "differential/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

typedef struct differ_block {
    struct differ_block *next;
    void (*destroy)(void *);
    void *object;
} differ_block;

static void oops(const char *what) {
    fprintf(stderr, "differ: %s\n", what);
    exit(2);
}

void differ_later(differ *d, void (*destroy)(void *object), void *object) {
    differ_block *block = malloc(sizeof *block);
    if (!block || !object)
        oops(d->err.status ? d->err.message : "no memory");
    *block = (differ_block){d->blocks, destroy, object};
    d->blocks = block;
}

void *differ_memory(differ *d, int64_t bytes) {
    void *memory = calloc((size_t)bytes + 1, 1);
    differ_later(d, free, memory);
    return memory;
}

void differ_end(differ *d) {
    while (d->blocks) { /* the last made goes first: networks before their parameters */
        differ_block *block = d->blocks;
        d->blocks = block->next;
        block->destroy(block->object);
        free(block);
    }
}

int64_t differ_get(const differ *d, const char *field) {
    const differ_field *fields = d->c->family->fields;
    for (int i = 0; i < DIFFER_FIELDS && fields[i].name; i++) {
        if (strcmp(fields[i].name, field) == 0)
            return d->c->value[i];
    }
    fprintf(stderr, "differ: %s has no field %s\n", d->c->family->name, field);
    exit(2);
}

bool differ_is(const differ *d, const char *field) { return differ_get(d, field) != 0; }

int64_t differ_pick(const differ *d, const char *field, int64_t count) { return differ_get(d, field) % count; }

static void draw(differ *d, rondo_real *out, int64_t count, double centre, double spread) {
    const uint64_t stream = d->draws++;
    for (int64_t i = 0; i < count; i++) {
        const double u = rondo__random_uniform(d->c->seed, stream, (uint64_t)i);
        out[i] = (rondo_real)(float)(centre + spread * (2 * u - 1));
    }
}

rondo_real *differ_numbers(differ *d, int64_t count, double centre, double spread) {
    rondo_real *out = differ_memory(d, count * (int64_t)sizeof *out);
    draw(d, out, count, centre, spread);
    return out;
}

int32_t *differ_ints(differ *d, int64_t count, int64_t low, int64_t high) {
    int32_t *out = differ_memory(d, count * (int64_t)sizeof *out);
    const uint64_t stream = d->draws++;
    for (int64_t i = 0; i < count; i++)
        out[i] =
            (int32_t)(low + (int64_t)rondo__random_below(d->c->seed, stream, (uint64_t)i, (uint64_t)(high - low + 1)));
    return out;
}

const int32_t *differ_lengths(differ *d, int64_t B, int64_t T) {
    return differ_is(d, "ragged") ? differ_ints(d, B, 0, T) : NULL;
}

static void keep(differ *d, differ_array **list, const rondo_real *data, int64_t count) {
    differ_array *array = differ_memory(d, sizeof *array);
    *array = (differ_array){*list, data, count};
    *list = array;
}

rondo_var *differ_leaf(differ *d, int rank, const int64_t *dims, double centre, double spread) {
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= dims[i];
    const rondo_tensor value = rondo_tensor_view(RONDO_REAL, differ_numbers(d, count, centre, spread), rank, dims);
    rondo_real *grad = differ_memory(d, count * (int64_t)sizeof *grad);
    keep(d, &d->gradients, grad, count);
    return rondo_leaf(d->tape, &value, grad);
}

void differ_result(differ *d, rondo_var *result) {
    if (!result)
        return;
    const int64_t count = rondo_tensor_count(&result->value);
    keep(d, &d->results, result->value.data, count);
    if (count == 0)
        return;
    const rondo_tensor weights =
        rondo_tensor_view(RONDO_REAL, differ_numbers(d, count, 0.2, 0.7), result->value.rank, result->value.dims);
    rondo_var *part = rondo_sum(d->tape, rondo_mul(d->tape, result, rondo_leaf(d->tape, &weights, NULL)));
    d->loss = d->loss ? rondo_add(d->tape, d->loss, part) : part;
}

static void params_free(void *object) {
    rondo_params *params = object;
    rondo_params_destroy(&params);
}

rondo_params *differ_params(differ *d) {
    rondo_params *params = NULL;
    rondo_params_create(&params, NULL);
    differ_later(d, params_free, params);
    return params;
}

void differ_finish(differ *d, rondo_params *params) {
    rondo_error err;
    if (rondo_params_finish(params, 1, &err))
        oops(err.message);
    for (int i = 0; i < rondo_params_count(params); i++) {
        rondo_param *param = rondo_params_at(params, i);
        const int64_t count = rondo_tensor_count(&param->value);
        draw(d, param->value.data, count, 0, 0.5);
        keep(d, &d->gradients, param->grad, count);
    }
}
