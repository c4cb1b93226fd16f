/* embedding: rows of a table.
 *
 *   table (V, E), ids (C) of any shape, out (C, E); id -1: a row of zeros
 *   backward: dtable[ids[i]] += dout[i], i rising
 *
 * An id may occur many times, so backward cuts the columns, not the ids: each task walks all ids in order over its own
 * columns. No two tasks meet, every sum has one order, and only rows that occur are touched. */
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

#define COLUMNS 64 /* of one task in backward: whole cache lines */

typedef struct embedding_options {
    const int32_t *ids;
    int rank;
    int64_t dims[RONDO_MAX_RANK];
} embedding_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const embedding_options *options = call->options;
    rondo_status status = rondo__need(call, 0, "table", err);
    if (status)
        return status;
    const rondo_tensor *table = &call->in[0]->value;
    if (table->rank != 2)
        return rondo__fail(err, RONDO_SHAPE, "embedding: the table is %s (it must be (V, E))",
                           rondo__shape_of(table).text);
    rondo_tensor *out = &call->out[0]->value;
    out->rank = options->rank;
    memcpy(out->dims, options->dims, sizeof out->dims);
    status = rondo__shape_check(out, err);
    if (status)
        return status;
    int64_t count = rondo_tensor_count(out);
    if (count && !options->ids)
        return rondo__fail(err, RONDO_ARGUMENT, "embedding: ids is NULL");
    for (int64_t i = 0; i < count; i++)
        if (options->ids[i] < -1 || options->ids[i] >= table->dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "embedding: id %lld is %d (it must be below %lld, or -1)",
                               (long long)i, (int)options->ids[i], (long long)table->dims[0]);
    out->dims[out->rank++] = table->dims[1];
    return RONDO_OK;
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const int32_t *ids = ((const embedding_options *)call->options)->ids;
    int64_t E = call->in[0]->value.dims[1];
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        real *out = rondo__data(call->out[0]) + i * E;
        if (ids[i] < 0)
            memset(out, 0, (size_t)E * sizeof(real));
        else
            rondo__row_of(call->in[0], ids[i], out);
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    int64_t E = call->in[0]->value.dims[1];
    (void)err;
    rondo__parallel(call->context, rondo__rows(&call->out[0]->value), rondo__row_grain(E), forward_rows, call);
    return RONDO_OK;
}

static void backward_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const int32_t *ids = ((const embedding_options *)call->options)->ids;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t E = call->in[0]->value.dims[1], count = rondo__rows(&call->out[0]->value);
    (void)worker;
    for (int64_t i = 0; i < count; i++)
        if (ids[i] >= 0)
            kernels->axpy(end - begin, call->in[0]->grad + ids[i] * E + begin, 1, call->out[0]->grad + i * E + begin);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    rondo__parallel(call->context, call->in[0]->value.dims[1], COLUMNS, backward_columns, call);
    return RONDO_OK;
}

static const rondo_op embedding = {.name = "embedding",
                                   .options_size = sizeof(embedding_options),
                                   .shape = shape,
                                   .device[RONDO_CPU] = {forward, backward},
                                   .weights = 1};

rondo_var *rondo_embedding(rondo_tape *tape, rondo_var *table, const int32_t *ids, int rank, const int64_t *dims) {
    if (rank < 0 || rank >= RONDO_MAX_RANK || (rank && !dims)) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "embedding: ids of rank %d (it must be 0 to %d)", rank,
                         RONDO_MAX_RANK - 1);
        return NULL;
    }
    embedding_options options = {.ids = ids, .rank = rank};
    if (rank)
        memcpy(options.dims, dims, (size_t)rank * sizeof *dims);
    return rondo__apply(tape, &embedding, &options, 1, &table);
}
