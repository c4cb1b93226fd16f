/* The generic operators. */
#include "differential/differ.h"

static void linear(differ *d) {
    const int64_t M = differ_get(d, "M"), N = differ_get(d, "N"), K = differ_get(d, "K");
    rondo_var *x = LEAF(d, M, K), *w = LEAF(d, N, K);
    differ_result(d, rondo_linear(d->tape, x, w, LEAF_IF(d, "bias", N)));
}

static void matmul(differ *d) {
    const int64_t M = differ_get(d, "M"), N = differ_get(d, "N"), K = differ_get(d, "K");
    rondo_var *a = LEAF(d, M, K), *b = LEAF(d, K, N);
    differ_result(d, rondo_matmul(d->tape, a, b));
}

static void two(differ *d, rondo_var *(*op)(rondo_tape *, rondo_var *, rondo_var *)) {
    const int64_t M = differ_get(d, "M"), N = differ_get(d, "N");
    rondo_var *a = LEAF(d, M, N);
    differ_result(d, op(d->tape, a, differ_is(d, "row") ? LEAF(d, N) : LEAF(d, M, N)));
}
static void add(differ *d) { two(d, rondo_add); }
static void mul(differ *d) { two(d, rondo_mul); }

static void pointwise(differ *d) {
    rondo_var *x = differ_leaf(d, 2, (int64_t[]){differ_get(d, "M"), differ_get(d, "N")}, 0, 4);
    rondo_tape *t = d->tape;
    switch (differ_pick(d, "kind", 7)) {
    case 0:
        x = rondo_tanh(t, x);
        break;
    case 1:
        x = rondo_sigmoid(t, x);
        break;
    case 2:
        x = rondo_relu(t, x);
        break;
    case 3:
        x = rondo_clip(t, x, (rondo_real)1.5);
        break;
    case 4:
        x = rondo_affine(t, x, (rondo_real)-1.75, (rondo_real)0.5);
        break;
    case 5:
        x = rondo_softmax(t, x);
        break;
    default:
        x = rondo_log_softmax(t, x);
    }
    differ_result(d, x);
}

static void layer_norm(differ *d) {
    const int64_t N = differ_get(d, "N");
    rondo_var *x = LEAF(d, differ_get(d, "M"), N), *gain = LEAF_IF(d, "gain", N), *bias = LEAF_IF(d, "bias", N);
    differ_result(d, rondo_layer_norm(d->tape, x, gain, bias, (rondo_real)1e-5));
}

/* Slices of three axes joined again, under another shape. */
static void move(differ *d) {
    const int64_t A = differ_get(d, "A"), B = differ_get(d, "B"), C = differ_get(d, "C");
    const int axis = (int)differ_pick(d, "axis", 3);
    rondo_var *x = LEAF(d, A, B, C), *parts[3];
    const int64_t n = x ? x->value.dims[axis] : 0, cut = n * differ_get(d, "cut") / 8;
    parts[0] = rondo_slice(d->tape, x, axis, 0, cut);
    parts[1] = rondo_slice(d->tape, x, axis, cut, n);
    parts[2] = rondo_slice(d->tape, x, axis, cut / 2, n);
    x = rondo_concat(d->tape, axis, 3, parts);
    differ_result(d, rondo_reshape(d->tape, x, 2, (int64_t[]){rondo_tensor_count(&x->value) / x->value.dims[2], -1}));
}

static void reduce(differ *d) {
    rondo_var *x = LEAF(d, differ_get(d, "M"), differ_get(d, "N"));
    differ_result(d, differ_is(d, "mean") ? rondo_mean(d->tape, x) : rondo_sum(d->tape, x));
}

static void embedding(differ *d) {
    const int64_t V = differ_get(d, "V"), T = differ_get(d, "T"), B = differ_get(d, "B");
    rondo_var *table = LEAF(d, V, differ_get(d, "E"));
    differ_result(d, rondo_embedding(d->tape, table, differ_ints(d, T * B, -1, V - 1), 2, (int64_t[]){T, B}));
}

static void dropout(differ *d) {
    rondo_var *x = LEAF(d, differ_get(d, "T"), differ_get(d, "B"), differ_get(d, "N"));
    differ_result(d, rondo_dropout(d->tape, x, (rondo_real)0.375, differ_is(d, "shared")));
}

static void reverse_time(differ *d) {
    const int64_t T = differ_get(d, "T"), B = differ_get(d, "B");
    rondo_var *x = LEAF(d, T, B, differ_get(d, "N"));
    differ_result(d, rondo_reverse_time(d->tape, x, differ_lengths(d, B, T)));
}

static void pool(differ *d) {
    const int64_t T = differ_get(d, "T"), B = differ_get(d, "B"), N = 2 * differ_get(d, "N");
    const rondo_pool_options options = {.kind = (rondo_pooling)differ_pick(d, "kind", 4),
                                        .lengths = differ_lengths(d, B, T),
                                        .directions = (int)differ_get(d, "directions")};
    rondo_var *x = LEAF(d, T, B, N), *score = options.kind == RONDO_POOL_ATTENTION ? LEAF(d, T, B) : NULL;
    differ_result(d, rondo_pool(d->tape, x, score, &options));
}

const differ_family differ_basic[] = {
    {"linear", 1e-5, linear, {{"M", 1, 40}, {"N", 1, 150}, {"K", 1, 300}, {"bias", 0, 1}}},
    {"matmul", 1e-5, matmul, {{"M", 1, 40}, {"N", 1, 150}, {"K", 1, 300}}},
    {"add", 1e-6, add, {{"M", 1, 20}, {"N", 1, 70}, {"row", 0, 1}}},
    {"mul", 1e-5, mul, {{"M", 1, 20}, {"N", 1, 70}, {"row", 0, 1}}},
    {"pointwise", 1e-5, pointwise, {{"M", 1, 20}, {"N", 1, 90}, {"kind", 0, 6}}},
    {"layer_norm", 2e-3, layer_norm, {{"M", 1, 20}, {"N", 2, 90}, {"gain", 0, 1}, {"bias", 0, 1}}},
    {"move", 1e-6, move, {{"A", 1, 9}, {"B", 1, 9}, {"C", 1, 20}, {"axis", 0, 2}, {"cut", 0, 8}}},
    {"reduce", 1e-5, reduce, {{"M", 1, 20}, {"N", 1, 90}, {"mean", 0, 1}}},
    {"embedding", 1e-6, embedding, {{"V", 1, 60}, {"E", 1, 70}, {"T", 0, 9}, {"B", 1, 9}}},
    {"dropout", 1e-6, dropout, {{"T", 1, 9}, {"B", 1, 9}, {"N", 1, 70}, {"shared", 0, 1}}},
    {"reverse_time", 1e-6, reverse_time, {{"T", 1, 9}, {"B", 1, 9}, {"N", 1, 40}, {"ragged", 0, 1}}},
    {"pool",
     1e-5,
     pool,
     {{"T", 1, 9}, {"B", 1, 9}, {"N", 1, 40}, {"kind", 0, 3}, {"directions", 1, 2}, {"ragged", 0, 1}}},
    {0},
};
