/* Tools of the operators; see the header. */
#include <stdio.h>
#include <string.h>

#include "autograd/op_tools.h"

void rondo__row_of(const rondo_var *matrix, int64_t i, real *out) {
    rondo__matrix_row(&matrix->value, rondo__stored_of(matrix), i, out);
}

bool rondo__same_shape(const rondo_tensor *a, const rondo_tensor *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

rondo__shape_text rondo__shape_of(const rondo_tensor *x) {
    rondo__shape_text shape;
    size_t used = (size_t)snprintf(shape.text, sizeof shape.text, "(");
    for (int i = 0; i < x->rank; i++)
        used +=
            (size_t)snprintf(shape.text + used, sizeof shape.text - used, i ? ", %lld" : "%lld", (long long)x->dims[i]);
    snprintf(shape.text + used, sizeof shape.text - used, ")");
    return shape;
}

rondo_status rondo__need(const rondo_call *call, int i, const char *name, rondo_error *err) {
    if (i < call->inputs && call->in[i])
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: %s is NULL (it is not optional)", call->op->name, name);
}

rondo_status rondo__need_vector(const rondo_call *call, int i, const char *name, int64_t width, rondo_error *err) {
    const rondo_var *var = call->in[i];
    if (!var || (var->value.rank == 1 && var->value.dims[0] == width))
        return RONDO_OK;
    return rondo__fail(err, RONDO_SHAPE, "%s: %s is %s (it must be (%lld))", call->op->name, name,
                       rondo__shape_of(&var->value).text, (long long)width);
}

rondo_status rondo__shape_like_x(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "x", err);
    if (status)
        return status;
    call->out[0]->value = call->in[0]->value;
    call->out[0]->value.data = NULL;
    return RONDO_OK;
}

rondo_status rondo__shape_like_rows(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__shape_like_x(call, err);
    if (!status && call->in[0]->value.rank == 0)
        status = rondo__fail(err, RONDO_SHAPE, "%s: x is a scalar (it must have a last dimension)", call->op->name);
    return status;
}

rondo_var *rondo__apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in) {
    rondo_var *out;
    rondo_apply(tape, op, options, n_in, in, 1, &out);
    return out;
}

real rondo__total_loss(int64_t rows, const double *losses, double by) {
    double total = 0;
    for (int64_t r = 0; r < rows; r++)
        total += losses[r];
    return by > 0 ? (real)(total / by) : (real)0;
}

typedef struct accumulation {
    const rondo__kernels *kernels;
    real *dst;
    const real *src;
} accumulation;

static void accumulate_range(void *arg, int64_t begin, int64_t end, int worker) {
    const accumulation *job = arg;
    (void)worker;
    job->kernels->axpy(end - begin, job->dst + begin, 1, job->src + begin);
}

void rondo__accumulate(rondo_context *context, int64_t n, real *dst, const real *src) {
    accumulation job = {context->kernels, dst, src};
    rondo__parallel(context, n, RONDO__BLOCK, accumulate_range, &job);
}

typedef struct row_moves {
    const rondo__kernels *kernels;
    int64_t n;
    real *to;
    int64_t to_row;
    const real *from;
    int64_t from_row;
    bool add;
} row_moves;

/* Over the numbers that move; a range may begin and end inside a row. */
static void move_range(void *arg, int64_t begin, int64_t end, int worker) {
    const row_moves *job = arg;
    (void)worker;
    while (begin < end) {
        int64_t row = begin / job->n, at = begin % job->n, left = job->n - at;
        int64_t count = left < end - begin ? left : end - begin;
        real *to = job->to + row * job->to_row + at;
        const real *from = job->from + row * job->from_row + at;
        if (job->add)
            job->kernels->axpy(count, to, 1, from);
        else
            memcpy(to, from, (size_t)count * sizeof *to);
        begin += count;
    }
}

void rondo__move_rows(rondo_context *context, int64_t rows, int64_t n, real *to, int64_t to_row, const real *from,
                      int64_t from_row, bool add) {
    row_moves job = {context->kernels, n, to, to_row, from, from_row, add};
    rondo__parallel(context, rows * n, RONDO__BLOCK, move_range, &job);
}
