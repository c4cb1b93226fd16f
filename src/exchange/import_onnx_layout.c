/* Nodes around a chain that compute nothing of it: they move its numbers to another layout, or make shapes and initial
 * states. What the chain computes is followed axis by axis: T steps, B batch, D directions, H units of one of them, F
 * all units of a step. */
#include <string.h>

#include "exchange/import_onnx.h"

static bool is_one_of(const char *op, const char *const *list) {
    for (; *list; list++)
        if (strcmp(op, *list) == 0)
            return true;
    return false;
}

static const char *const same[] = {"Identity", "Dropout", "Cast", NULL};
static const char *const moves[] = {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Concat",
                                    "Split",     "Gather",  "Flatten", "Expand",    NULL};
static const char *const sides[] = {"Shape", "Size", "ConstantOfShape", "Constant", "Range",      "Tile",  "Add", "Sub",
                                    "Mul",   "Div",  "Equal",           "Where",    "ReduceProd", "Floor", "Min", "Max",
                                    NULL};

/* ---- what the chain computes ---- */

static rondo_status out_stream(rondo__chain *c, rondo__chain_value from, const char *axes) {
    rondo__chain_value *out = rondo__chain_out(c, 0, RONDO__CHAIN_STREAM);
    const char *name = out->name;
    *out = from;
    out->name = name;
    if (axes)
        memcpy(out->axes, axes, strlen(axes) + 1);
    return RONDO_OK;
}

/* Whole numbers of input i or of the attribute, at most 8; -1: not known here. */
static int numbers(const rondo__chain *c, int i, const char *attribute, int64_t out[8]) {
    const rondo__chain_value *v = rondo__chain_in(c, i);
    const rondo__onnx_attribute *a = rondo__attribute(c->node, attribute);
    if (v && v->kind == RONDO__CHAIN_WEIGHT) {
        const rondo__array *list = &c->in->theirs[v->at].array;
        if (list->count > 8 || rondo__is_float(list->dtype))
            return -1;
        rondo__array_read_whole(list, 0, list->count, out);
        return (int)list->count;
    }
    if (v || !a || a->kind != RONDO__ONNX_INTS || a->count > 8)
        return -1;
    memcpy(out, a->ints, (size_t)a->count * sizeof *out);
    return (int)a->count;
}

static rondo_status transpose(rondo__chain *c, const rondo__chain_value *x) {
    const int rank = (int)strlen(x->axes);
    int64_t perm[8];
    char axes[8] = "";
    unsigned seen = 0;
    const int count = numbers(c, 1, "perm", perm);
    for (int i = 0; i < rank; i++) {
        const int64_t from = count < 0 ? rank - 1 - i : i < count ? perm[i] : -1;
        if (from < 0 || from >= rank)
            return rondo__chain_bad(c, "has no order of %d axes", rank);
        seen |= 1u << from;
        axes[i] = x->axes[from];
    }
    if (seen != (1u << rank) - 1 || (count >= 0 && count != rank))
        return rondo__chain_bad(c, "has no order of %d axes", rank);
    return out_stream(c, *x, axes);
}

/* Without the axis of directions, units are all there is to a step. */
static void drop_axis(const char *axes, char axis, char out[8]) {
    size_t n = 0;
    for (; *axes; axes++)
        if (*axes != axis)
            out[n++] = axis == 'D' && *axes == 'H' ? 'F' : *axes;
    out[n] = '\0';
}

static rondo_status squeeze(rondo__chain *c, const rondo__chain_value *x) {
    const int rank = (int)strlen(x->axes);
    int64_t axis[8] = {0};
    char axes[8];
    const int count = numbers(c, 1, "axes", axis);
    const int64_t at = count == 1 && axis[0] < 0 ? axis[0] + rank : axis[0];
    if (count != 1 || at < 0 || at >= rank || x->axes[at] != 'D' || c->directions != 1)
        return rondo__chain_bad(c, "drops an axis other than that of one direction");
    drop_axis(x->axes, 'D', axes);
    return out_stream(c, *x, axes);
}

/* Directions and units side by side become all units of a step. */
static rondo_status reshape(rondo__chain *c, const rondo__chain_value *x) {
    const size_t rank = strlen(x->axes);
    int64_t shape[8];
    char axes[8];
    const int count = numbers(c, 1, "shape", shape);
    const bool joined = rank == 4 && (strcmp(x->axes + 2, "DH") == 0 || (c->directions == 1 && strchr(x->axes, 'D')));
    if (!joined || x->axes[rank - 1] != 'H' || (count >= 0 && (count != 3 || (shape[2] != -1 && shape[2] != c->width))))
        return rondo__chain_bad(c, "gives the output of a layer another shape (axes %s)", x->axes);
    drop_axis(x->axes, 'D', axes);
    return out_stream(c, *x, axes);
}

static rondo_status move_stream(rondo__chain *c, const rondo__chain_value *x) {
    const char *op = c->node->op;
    if (is_one_of(op, same))
        return out_stream(c, *x, NULL);
    if (strcmp(op, "Transpose") == 0)
        return transpose(c, x);
    if (strcmp(op, "Squeeze") == 0)
        return squeeze(c, x);
    if (strcmp(op, "Reshape") == 0)
        return reshape(c, x);
    return rondo__chain_bad(c, "computes with the output of a layer");
}

/* ---- shapes, states ---- */

static bool input_is_zero(const rondo__chain *c, int i) {
    const rondo__chain_value *v = rondo__chain_in(c, i);
    if (!v || v->kind == RONDO__CHAIN_SIDE)
        return v && v->zero;
    if (v->kind != RONDO__CHAIN_WEIGHT)
        return false;
    const rondo__array *a = &c->in->theirs[v->at].array;
    for (int64_t k = 0; k < a->count; k++)
        if (rondo__array_at(a, k) != 0)
            return false;
    return true;
}

static bool makes_zeros(const rondo__chain *c) {
    const char *op = c->node->op;
    const rondo__onnx_attribute *value = rondo__attribute(c->node, "value");
    if (strcmp(op, "ConstantOfShape") == 0) {
        if (!value || value->kind != RONDO__ONNX_TENSOR)
            return !value;
        const rondo__onnx_tensor *t = value->tensor;
        const rondo__array a = {.dtype = t->dtype, .count = t->count, .data = t->data};
        return t->count == 1 && rondo__array_at(&a, 0) == 0;
    }
    if (!is_one_of(op, same) && !is_one_of(op, moves))
        return false;
    const int inputs = strcmp(op, "Concat") == 0 ? c->node->inputs : 1;
    for (int i = 0; i < inputs; i++)
        if (!input_is_zero(c, i))
            return false;
    return inputs > 0;
}

/* The highest kind among the inputs decides: nothing that comes from the chain may get lost among shapes. */
rondo_status rondo__chain_move(rondo__chain *c, bool *known) {
    const bool moved = is_one_of(c->node->op, same) || is_one_of(c->node->op, moves);
    const bool shape = strcmp(c->node->op, "Shape") == 0 || strcmp(c->node->op, "Size") == 0;
    const rondo__chain_value *first = rondo__chain_in(c, 0);
    bool input = false, state = false;
    *known = moved || is_one_of(c->node->op, sides);
    for (int i = 0; *known && !shape && i < c->node->inputs; i++) {
        const rondo__chain_value *v = rondo__chain_in(c, i);
        if (v && v->kind == RONDO__CHAIN_STREAM) {
            if (i > 0)
                return rondo__chain_bad(c, "computes with the output of a layer");
            return move_stream(c, v);
        }
        input |= v && v->kind == RONDO__CHAIN_INPUT;
        state |= v && v->kind == RONDO__CHAIN_STATE;
    }
    if (!*known || ((input || state) && !moved)) {
        *known = false;
        return RONDO_OK;
    }
    const bool zero = !input && !state && makes_zeros(c);
    const bool plain = first && first->plain && (is_one_of(c->node->op, same) || strcmp(c->node->op, "Transpose") == 0);
    for (int i = 0; i < c->node->outputs; i++) {
        const rondo__chain_kind kind = state ? RONDO__CHAIN_STATE : input ? RONDO__CHAIN_INPUT : RONDO__CHAIN_SIDE;
        rondo__chain_value *out = rondo__chain_out(c, i, kind);
        out->zero = zero;
        out->plain = plain && i == 0;
    }
    return RONDO_OK;
}
