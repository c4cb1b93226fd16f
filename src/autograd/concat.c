/* concat: parts joined along one dimension. y is (outer, row); part p is (outer, row_p) and stands in each row of y
 * behind the parts before it. */
#include "autograd/op_tools.h"
#include "rondo/ops.h"

typedef struct concat_options {
    int axis;
} concat_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    int axis = ((const concat_options *)call->options)->axis;
    rondo_status status = rondo__need(call, 0, "part 0", err);
    if (status)
        return status;
    rondo_tensor *y = &call->out[0]->value;
    *y = call->in[0]->value;
    if (axis < 0 || axis >= y->rank)
        return rondo__fail(err, RONDO_ARGUMENT, "concat: axis %d of arrays of rank %d", axis, y->rank);
    for (int p = 1; p < call->inputs; p++) {
        if (!call->in[p])
            return rondo__fail(err, RONDO_ARGUMENT, "concat: part %d is NULL", p);
        rondo_tensor part = call->in[p]->value;
        int64_t here = part.dims[axis];
        part.dims[axis] = y->dims[axis];
        if (!rondo__same_shape(&part, y))
            return rondo__fail(
                err, RONDO_SHAPE, "concat: part 0 is %s but part %d is %s (they may differ in dimension %d only)",
                rondo__shape_of(&call->in[0]->value).text, p, rondo__shape_of(&call->in[p]->value).text, axis);
        if (__builtin_add_overflow(y->dims[axis], here, &y->dims[axis]))
            return rondo__fail(err, RONDO_SHAPE, "concat: the parts are too large together");
    }
    return RONDO_OK;
}

static rondo_status run(rondo_call *call, bool backward) {
    int axis = ((const concat_options *)call->options)->axis;
    const rondo_tensor *y = &call->out[0]->value;
    int64_t outer = 1, inner = 1, before = 0;
    for (int i = 0; i < axis; i++)
        outer *= y->dims[i];
    for (int i = axis + 1; i < y->rank; i++)
        inner *= y->dims[i];
    const int64_t y_row = y->dims[axis] * inner;
    for (int p = 0; p < call->inputs; p++) {
        rondo_var *part = call->in[p];
        int64_t row = part->value.dims[axis] * inner;
        if (!backward)
            rondo__move_rows(call->context, outer, row, rondo__data(call->out[0]) + before, y_row, rondo__data(part),
                             row, false);
        else if (part->grad)
            rondo__move_rows(call->context, outer, row, part->grad, row, call->out[0]->grad + before, y_row, true);
        before += row;
    }
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, false);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, true);
}

static const rondo_op concat = {
    .name = "concat", .options_size = sizeof(concat_options), .shape = shape, .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_concat(rondo_tape *tape, int axis, int count, rondo_var *const *parts) {
    if (count < 1 || count > RONDO_MAX_INPUTS) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "concat: %d parts (1 to %d can be joined)", count, RONDO_MAX_INPUTS);
        return NULL;
    }
    return rondo__apply(tape, &concat, &(concat_options){axis}, count, parts);
}
