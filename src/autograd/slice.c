/* slice: elements [begin, end) of one dimension.
 *
 * With A the dimension's size, x is (outer, A, inner) and y (outer, end - begin, inner): both are rows, one for each
 * outer index, and y's row is one piece of x's. */
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

typedef struct slice_options {
    int axis;
    int64_t begin, end;
} slice_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const slice_options *options = call->options;
    rondo_status status = rondo__shape_like_x(call, err);
    if (status)
        return status;
    rondo_tensor *y = &call->out[0]->value;
    if (options->axis < 0 || options->axis >= y->rank)
        return rondo__fail(err, RONDO_ARGUMENT, "slice: axis %d of an array of rank %d", options->axis, y->rank);
    if (options->begin < 0 || options->end < options->begin || options->end > y->dims[options->axis])
        return rondo__fail(err, RONDO_SHAPE, "slice: [%lld, %lld) of dimension %d, which has %lld elements",
                           (long long)options->begin, (long long)options->end, options->axis,
                           (long long)y->dims[options->axis]);
    y->dims[options->axis] = options->end - options->begin;
    return RONDO_OK;
}

typedef struct job {
    const rondo__kernels *kernels;
    real *x; /* (outer, x_row), from the first element of the slice */
    real *y; /* (outer, y_row) */
    int64_t x_row, y_row;
    bool backward;
} job;

/* Over the elements of y; a range may begin and end inside a row. */
static void copy_range(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    (void)worker;
    while (begin < end) {
        int64_t row = begin / j->y_row, at = begin % j->y_row;
        int64_t n = j->y_row - at < end - begin ? j->y_row - at : end - begin;
        real *x = j->x + row * j->x_row + at;
        if (j->backward)
            j->kernels->axpy(n, x, 1, j->y + begin);
        else
            memcpy(j->y + begin, x, (size_t)n * sizeof(real));
        begin += n;
    }
}

static rondo_status run(rondo_call *call, real *x, real *y, bool backward) {
    const slice_options *options = call->options;
    const rondo_tensor *shape_x = &call->in[0]->value;
    int64_t inner = 1;
    for (int i = options->axis + 1; i < shape_x->rank; i++)
        inner *= shape_x->dims[i];
    job j = {.kernels = call->context->kernels,
             .x = x + options->begin * inner,
             .y = y,
             .x_row = shape_x->dims[options->axis] * inner,
             .y_row = (options->end - options->begin) * inner,
             .backward = backward};
    rondo__parallel(call->context, rondo__count(call->out[0]), RONDO__BLOCK, copy_range, &j);
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, rondo__data(call->in[0]), rondo__data(call->out[0]), false);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, call->in[0]->grad, call->out[0]->grad, true);
}

static const rondo_op slice = {
    .name = "slice", .options_size = sizeof(slice_options), .shape = shape, .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_slice(rondo_tape *tape, rondo_var *x, int axis, int64_t begin, int64_t end) {
    return rondo__apply(tape, &slice, &(slice_options){axis, begin, end}, 1, &x);
}
