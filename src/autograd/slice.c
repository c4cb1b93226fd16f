/* slice: elements [begin, end) of one dimension.
 *
 * With A the dimension's size, x is (outer, A, inner) and y (outer, end - begin, inner): both are rows, one for each
 * outer index, and y's row is one piece of x's. */
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

/* Where the slice begins in x, and the lengths of both rows. */
typedef struct place {
    int64_t at, x_row, y_row, rows;
} place;

static place place_of(const rondo_call *call) {
    const slice_options *options = call->options;
    const rondo_tensor *x = &call->in[0]->value;
    place p = {.rows = 1};
    int64_t inner = 1;
    for (int i = 0; i < options->axis; i++)
        p.rows *= x->dims[i];
    for (int i = options->axis + 1; i < x->rank; i++)
        inner *= x->dims[i];
    p.at = options->begin * inner;
    p.x_row = x->dims[options->axis] * inner;
    p.y_row = (options->end - options->begin) * inner;
    return p;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    place p = place_of(call);
    (void)err;
    rondo__move_rows(call->context, p.rows, p.y_row, rondo__data(call->out[0]), p.y_row,
                     rondo__data(call->in[0]) + p.at, p.x_row, false);
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    place p = place_of(call);
    (void)err;
    rondo__move_rows(call->context, p.rows, p.y_row, call->in[0]->grad + p.at, p.x_row, call->out[0]->grad, p.y_row,
                     true);
    return RONDO_OK;
}

static const rondo_op slice = {
    .name = "slice", .options_size = sizeof(slice_options), .shape = shape, .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_slice(rondo_tape *tape, rondo_var *x, int axis, int64_t begin, int64_t end) {
    return rondo__apply(tape, &slice, &(slice_options){axis, begin, end}, 1, &x);
}
