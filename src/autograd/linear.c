/* linear: y = x · Wᵀ + b, the layer of nn.Linear.
 *
 *   x (R, K), w (N, K), b (N) or NULL, y (R, N); R: all leading dimensions of x
 *   backward: dx += dy · W,  dw += dyᵀ · x,  db += column sums of dy */
#include "autograd/op_tools.h"
#include "autograd/packs.h"
#include "rondo/ops.h"

typedef struct sizes {
    int64_t R, K, N;
} sizes;

static sizes sizes_of(const rondo_call *call) {
    const rondo_tensor *x = &call->in[0]->value, *w = &call->in[1]->value;
    return (sizes){rondo__rows(x), x->dims[x->rank - 1], w->dims[0]};
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__shape_like_rows(call, err);
    if (!status)
        status = rondo__need(call, 1, "w", err);
    if (status)
        return status;
    const rondo_tensor *w = &call->in[1]->value;
    int64_t features = rondo__width(&call->in[0]->value);
    if (w->rank != 2)
        return rondo__fail(err, RONDO_SHAPE, "linear: w is %s (it must be (outputs, inputs))", rondo__shape_of(w).text);
    if (w->dims[1] != features)
        return rondo__fail(err, RONDO_SHAPE, "linear: x has %lld features but w has %lld columns (they must be equal)",
                           (long long)features, (long long)w->dims[1]);
    rondo_tensor *y = &call->out[0]->value;
    y->dims[y->rank - 1] = w->dims[0];
    return rondo__need_vector(call, 2, "b", w->dims[0], err);
}

/* W as forward multiplies with it, or backward. */
static rondo__form weight(const rondo_call *call, bool backward) {
    sizes s = sizes_of(call);
    return (rondo__form){.input = 1, .M = s.N, .K = s.K, .transposed = !backward, .uses = s.R, .room = call->scratch};
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    sizes s = sizes_of(call);
    rondo__form w = weight(call, backward);
    size_t packed = backward && !call->in[0]->grad ? 0 : (size_t)rondo__form_room(call, &w) * sizeof(real);
    size_t product = backward ? rondo__product_scratch(s.N, s.K, s.R) : 0;
    return packed > product ? packed : product;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    sizes s = sizes_of(call);
    rondo__form w = weight(call, false);
    (void)err;
    const rondo_var *b = call->in[2];
    rondo__product(call->context, s.R, s.N, s.K, rondo__data(call->in[0]), s.K, 1, rondo__form_packed(call, &w),
                   rondo__data(call->out[0]), s.N, b ? rondo__data(b) : NULL, false);
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    sizes s = sizes_of(call);
    rondo_var *x = call->in[0], *w = call->in[1], *b = call->in[2];
    const real *dy = call->out[0]->grad; /* (R, N) */
    (void)err;
    if (x->grad) {
        rondo__form packed = weight(call, true);
        rondo__product(call->context, s.R, s.K, s.N, dy, s.N, 1, rondo__form_packed(call, &packed), x->grad, s.K, NULL,
                       true);
    }
    if (w->grad)
        rondo__product_any(call->context, call->scratch, s.N, s.K, s.R, dy, 1, s.N, rondo__data(x), s.K, 1, w->grad,
                           s.K, true);
    if (b && b->grad)
        rondo__column_sums(call->context, s.R, s.N, dy, s.N, b->grad);
    return RONDO_OK;
}

static const rondo_op linear = {.name = "linear",
                                .shape = shape,
                                .scratch_bytes = scratch_bytes,
                                .device[RONDO_CPU] = {forward, backward},
                                .weights = 1 << 1};

rondo_var *rondo_linear(rondo_tape *tape, rondo_var *x, rondo_var *w, rondo_var *b) {
    return rondo__apply(tape, &linear, NULL, 3, (rondo_var *[]){x, w, b});
}
