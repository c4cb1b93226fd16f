/* matmul: y = a · b.
 *
 *   a (M, K), leading dimensions taken together; b (K, N); y (M, N)
 *   backward: da += dy · bᵀ,  db += aᵀ · dy */
#include "autograd/op_tools.h"
#include "autograd/packs.h"
#include "rondo/ops.h"

typedef struct sizes {
    int64_t M, K, N;
} sizes;

static sizes sizes_of(const rondo_call *call) {
    const rondo_tensor *a = &call->in[0]->value, *b = &call->in[1]->value;
    return (sizes){rondo__rows(a), b->dims[0], b->dims[1]};
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    rondo_status status = rondo__need(call, 0, "a", err);
    if (!status)
        status = rondo__need(call, 1, "b", err);
    if (status)
        return status;
    const rondo_tensor *a = &call->in[0]->value, *b = &call->in[1]->value;
    if (a->rank == 0 || b->rank != 2)
        return rondo__fail(err, RONDO_SHAPE, "matmul: a is %s and b is %s (they must be (..., K) and (K, N))",
                           rondo__shape_of(a).text, rondo__shape_of(b).text);
    if (rondo__width(a) != b->dims[0])
        return rondo__fail(err, RONDO_SHAPE, "matmul: a has %lld columns but b has %lld rows (they must be equal)",
                           (long long)rondo__width(a), (long long)b->dims[0]);
    rondo_tensor *y = &call->out[0]->value;
    *y = *a;
    y->dims[y->rank - 1] = b->dims[1];
    return RONDO_OK;
}

/* b as forward multiplies with it, or backward. */
static rondo__form weight(const rondo_call *call, bool backward) {
    sizes s = sizes_of(call);
    return (rondo__form){.input = 1, .M = s.K, .K = s.N, .transposed = backward, .uses = s.M, .room = call->scratch};
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    sizes s = sizes_of(call);
    rondo__form b = weight(call, backward);
    size_t packed = backward && !call->in[0]->grad ? 0 : (size_t)rondo__form_room(call, &b) * sizeof(real);
    size_t product = backward ? rondo__product_scratch(s.K, s.N, s.M) : 0;
    return packed > product ? packed : product;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    sizes s = sizes_of(call);
    rondo__form b = weight(call, false);
    (void)err;
    rondo__product(call->context, s.M, s.N, s.K, rondo__data(call->in[0]), s.K, 1, rondo__form_packed(call, &b),
                   rondo__data(call->out[0]), s.N, NULL, false);
    return RONDO_OK;
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    sizes s = sizes_of(call);
    rondo_var *a = call->in[0], *b = call->in[1];
    const real *dy = call->out[0]->grad; /* (M, N) */
    (void)err;
    if (a->grad) {
        rondo__form packed = weight(call, true);
        rondo__product(call->context, s.M, s.K, s.N, dy, s.N, 1, rondo__form_packed(call, &packed), a->grad, s.K, NULL,
                       true);
    }
    if (b->grad)
        rondo__product_any(call->context, call->scratch, s.K, s.N, s.M, rondo__data(a), 1, s.K, dy, s.N, 1, b->grad,
                           s.N, true);
    return RONDO_OK;
}

static const rondo_op matmul = {
    .name = "matmul", .shape = shape, .scratch_bytes = scratch_bytes, .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_matmul(rondo_tape *tape, rondo_var *a, rondo_var *b) {
    return rondo__apply(tape, &matmul, NULL, 2, (rondo_var *[]){a, b});
}
