#include "exchange/onnx_write.h"

#include <stdio.h>

#include "formats/onnx.h"

int rondo__onnx_vector(rondo__onnx_out *o, const char *name, int64_t n, const real *data) {
    return data ? rondo__onnx_floats(o, name, 1, &n, data) : 0;
}

int rondo__onnx_turned(rondo__onnx_out *o, const char *name, int64_t rows, int64_t columns, const real *data) {
    const int known = rondo__onnx_find(o, data);
    size_t count;
    if (known)
        return rondo__onnx_op(o, "Transpose", known, 0, 0);
    real *turned = rondo__size_mul((size_t)rows, (size_t)columns, &count) ? rondo__calloc(count, sizeof *turned) : NULL;
    for (int64_t i = 0; turned && i < rows * columns; i++)
        turned[i % columns * rows + i / columns] = data[i];
    if (!turned)
        rondo__onnx_out_fail(o, RONDO_MEMORY, "onnx: no memory for a matrix");
    const int value = turned ? rondo__onnx_floats(o, name, 2, (const int64_t[]){columns, rows}, turned) : 0;
    rondo__free(turned);
    return value;
}

int rondo__onnx_plus(rondo__onnx_out *o, int x, int y) { return y ? rondo__onnx_op(o, "Add", x, y, 0) : x; }

static const char *joined_name(char room[96], const char *name, const char *end) {
    snprintf(room, 96, "%s%s", name, end);
    return room;
}

int rondo__onnx_linear(rondo__onnx_out *o, const char *name, int x, int64_t out, int64_t in, const real *weight,
                       const real *bias) {
    char room[96];
    const int w = rondo__onnx_turned(o, name ? joined_name(room, name, "weight") : NULL, out, in, weight);
    const int y = rondo__onnx_op(o, "MatMul", x, w, 0);
    return rondo__onnx_plus(o, y, rondo__onnx_vector(o, name ? joined_name(room, name, "bias") : NULL, out, bias));
}

int rondo__onnx_activation(rondo__onnx_out *o, int x, rondo_activation kind) {
    switch (kind) {
    case RONDO_TANH:
        return rondo__onnx_op(o, "Tanh", x, 0, 0);
    case RONDO_RELU:
        return rondo__onnx_op(o, "Relu", x, 0, 0);
    case RONDO_SIGMOID:
        return rondo__onnx_op(o, "Sigmoid", x, 0, 0);
    case RONDO_SOFTMAX:
        return rondo__onnx_op_with(o, "Softmax", x, 0, 0, (rondo__onnx_give)RONDO__GIVE_INT("axis", -1));
    default:
        return x;
    }
}

int rondo__onnx_norm(rondo__onnx_out *o, int x, int gain, int bias) {
    return rondo__onnx_op_with(o, "LayerNormalization", x, gain, bias,
                               (rondo__onnx_give)RONDO__GIVE_FLOAT("epsilon", 1e-5f));
}

int rondo__onnx_cut(rondo__onnx_out *o, int x, int64_t axis, int64_t from, int64_t to) {
    const int in[4] = {x, rondo__onnx_list(o, 1, &from), rondo__onnx_list(o, 1, &to), rondo__onnx_list(o, 1, &axis)};
    int y = 0;
    rondo__onnx_node_put(o, "Slice", 4, in, 1, &y, NULL);
    return y;
}

int rondo__onnx_dim(rondo__onnx_out *o, int x, int64_t axis) {
    const rondo__onnx_give give[3] = {RONDO__GIVE_INT("start", axis), RONDO__GIVE_INT("end", axis + 1), {.name = NULL}};
    int y = 0;
    rondo__onnx_node_put(o, "Shape", 1, &x, 1, &y, give);
    return y;
}

int rondo__onnx_unsqueeze(rondo__onnx_out *o, int x, int64_t axis) {
    return rondo__onnx_op(o, "Unsqueeze", x, rondo__onnx_list(o, 1, &axis), 0);
}

int rondo__onnx_squeeze(rondo__onnx_out *o, int x, int64_t axis) {
    return rondo__onnx_op(o, "Squeeze", x, rondo__onnx_list(o, 1, &axis), 0);
}

int rondo__onnx_turn(rondo__onnx_out *o, int x, int rank, const int64_t *order) {
    return rondo__onnx_op_with(o, "Transpose", x, 0, 0, (rondo__onnx_give)RONDO__GIVE_INTS("perm", rank, order));
}

int rondo__onnx_reshape(rondo__onnx_out *o, int x, int rank, const int64_t *dims) {
    return rondo__onnx_op(o, "Reshape", x, rondo__onnx_list(o, rank, dims), 0);
}

int rondo__onnx_cast(rondo__onnx_out *o, int x, rondo_dtype dtype) {
    return rondo__onnx_op_with(o, "Cast", x, 0, 0,
                               (rondo__onnx_give)RONDO__GIVE_INT("to", rondo__onnx_type_number(dtype)));
}

int rondo__onnx_live(rondo__onnx_out *o, int x, int lengths) {
    const int steps = rondo__onnx_cast(o, rondo__onnx_squeeze(o, rondo__onnx_dim(o, x, 0), 0), RONDO_I32);
    const int range = rondo__onnx_op(o, "Range", rondo__onnx_whole32(o, 0), steps, rondo__onnx_whole32(o, 1));
    const int before =
        rondo__onnx_op(o, "Less", rondo__onnx_unsqueeze(o, range, 1), rondo__onnx_unsqueeze(o, lengths, 0), 0);
    return rondo__onnx_unsqueeze(o, before, 2);
}

int rondo__onnx_reduce(rondo__onnx_out *o, const char *op, int x, int64_t axis, bool keep) {
    return rondo__onnx_op_with(o, op, x, rondo__onnx_list(o, 1, &axis), 0,
                               (rondo__onnx_give)RONDO__GIVE_INT("keepdims", keep));
}
