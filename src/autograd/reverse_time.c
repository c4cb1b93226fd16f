/* reverse_time: x (T, B, N); step t of row b goes to step lengths[b]-1-t. Padding is zero in the output and gets no
 * gradient. The map is its own inverse, so backward is the same walk, adding. */
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

typedef struct reverse_options {
    const int32_t *lengths; /* (B) or NULL */
} reverse_options;

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const int32_t *lengths = ((const reverse_options *)call->options)->lengths;
    rondo_status status = rondo__shape_like_x(call, err);
    if (status)
        return status;
    const rondo_tensor *x = &call->in[0]->value;
    if (x->rank != 3)
        return rondo__fail(err, RONDO_SHAPE, "reverse_time: x is %s (it must be (T, B, N))", rondo__shape_of(x).text);
    for (int64_t b = 0; lengths && b < x->dims[1]; b++)
        if (lengths[b] < 0 || lengths[b] > x->dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "reverse_time: row %lld has length %d (it must be 0 to %lld)",
                               (long long)b, (int)lengths[b], (long long)x->dims[0]);
    return RONDO_OK;
}

typedef struct job {
    const rondo_call *call;
    bool backward;
} job;

/* Over the T*B rows of the result. */
static void move_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo_call *call = j->call;
    const int32_t *lengths = ((const reverse_options *)call->options)->lengths;
    const int64_t *dims = call->in[0]->value.dims;
    int64_t B = dims[1], N = dims[2];
    (void)worker;
    for (int64_t row = begin; row < end; row++) {
        int64_t t = row / B, b = row % B, length = lengths ? lengths[b] : dims[0];
        int64_t from = (length - 1 - t) * B + b;
        if (j->backward && t < length)
            call->context->kernels->axpy(N, call->in[0]->grad + row * N, 1, call->out[0]->grad + from * N);
        else if (!j->backward && t < length)
            memcpy(rondo__data(call->out[0]) + row * N, rondo__data(call->in[0]) + from * N, (size_t)N * sizeof(real));
        else if (!j->backward)
            memset(rondo__data(call->out[0]) + row * N, 0, (size_t)N * sizeof(real));
    }
}

static rondo_status run(rondo_call *call, bool backward) {
    const rondo_tensor *x = &call->in[0]->value;
    job j = {call, backward};
    rondo__parallel(call->context, rondo__rows(x), rondo__row_grain(rondo__width(x)), move_rows, &j);
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

static const rondo_op reverse_time = {.name = "reverse_time",
                                      .options_size = sizeof(reverse_options),
                                      .shape = shape,
                                      .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_reverse_time(rondo_tape *tape, rondo_var *x, const int32_t *lengths) {
    return rondo__apply(tape, &reverse_time, &(reverse_options){lengths}, 1, &x);
}
