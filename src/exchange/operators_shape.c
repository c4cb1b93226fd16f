/* Operators that change shapes, ask for shapes, or make arrays from shapes. */
#include <math.h>
#include <string.h>

#include "exchange/graph.h"

static rondo_status run_reshape(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t dims[RONDO__ONNX_RANK];
    int rank, open = -1;
    size_t known = 1;
    rondo_status status = rondo__whole_list(call, 1, "shape", RONDO__ONNX_RANK, dims, &rank, err);
    if (status)
        return status;
    if (rank < 0)
        return rondo__bad(call, err, RONDO_FORMAT, "has no shape");
    for (int d = 0; d < rank; d++) {
        if (d < x->rank && dims[d] == 0 && !rondo__attribute_int(call->node, "allowzero", 0))
            dims[d] = x->dims[d];
        if (dims[d] == -1 && open < 0)
            open = d;
        else if (dims[d] < 0 || !rondo__size_mul(known, (size_t)dims[d], &known) || known > INT64_MAX)
            return rondo__bad(call, err, RONDO_SHAPE, "cannot make the shape %s", rondo__dims_show(rank, dims).text);
    }
    if (open >= 0)
        dims[open] = known == 0 ? 0 : x->count / (int64_t)known;
    if ((int64_t)known * (open >= 0 ? dims[open] : 1) != x->count)
        return rondo__bad(call, err, RONDO_SHAPE, "%s cannot become %s", rondo__dims_show(x->rank, x->dims).text,
                          rondo__dims_show(rank, dims).text);
    return rondo__out_reshaped(call, x, rank, dims);
}

/* marked[d]: axis d is named. */
static rondo_status take_axes(const rondo__graph_call *call, int rank, bool *marked, int *count, rondo_error *err) {
    int64_t axes[2 * RONDO__ONNX_RANK];
    memset(marked, 0, sizeof *marked * 2 * RONDO__ONNX_RANK);
    rondo_status status = rondo__whole_list(call, 1, "axes", RONDO__ONNX_RANK, axes, count, err);
    for (int i = 0; !status && i < *count; i++) {
        int axis = 0;
        status = rondo__check_axis(call, axes[i], rank, &axis, err);
        if (!status && marked[axis])
            status = rondo__bad(call, err, RONDO_SHAPE, "axis %d is named twice", axis);
        marked[axis] = true;
    }
    return status;
}

static rondo_status run_squeeze(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    bool marked[2 * RONDO__ONNX_RANK];
    int64_t dims[RONDO__ONNX_RANK];
    int count, rank = 0;
    rondo_status status = take_axes(call, x->rank, marked, &count, err);
    if (status)
        return status;
    for (int d = 0; d < x->rank; d++) {
        if (count >= 0 && marked[d] && x->dims[d] != 1)
            return rondo__bad(call, err, RONDO_SHAPE, "dimension %d of %s is not 1", d,
                              rondo__dims_show(x->rank, x->dims).text);
        if (count < 0 ? x->dims[d] != 1 : !marked[d])
            dims[rank++] = x->dims[d];
    }
    return rondo__out_reshaped(call, x, rank, dims);
}

static rondo_status run_unsqueeze(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    bool marked[2 * RONDO__ONNX_RANK];
    int64_t dims[RONDO__ONNX_RANK], axes[RONDO__ONNX_RANK];
    int count, from = 0;
    rondo_status status = rondo__whole_list(call, 1, "axes", RONDO__ONNX_RANK, axes, &count, err);
    if (status)
        return status;
    if (count < 0 || x->rank + count > RONDO__ONNX_RANK)
        return rondo__bad(call, err, RONDO_SHAPE, "names no axes, or more than there can be");
    status = take_axes(call, x->rank + count, marked, &count, err);
    for (int d = 0; !status && d < x->rank + count; d++)
        dims[d] = marked[d] ? 1 : x->dims[from++];
    return status ? status : rondo__out_reshaped(call, x, x->rank + count, dims);
}

static rondo_status run_flatten(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t axis = rondo__attribute_int(call->node, "axis", 1);
    axis = axis < 0 ? axis + x->rank : axis;
    if (axis < 0 || axis > x->rank)
        return rondo__bad(call, err, RONDO_SHAPE, "its axis is not one of %d dimensions", x->rank);
    const int64_t dims[2] = {rondo__span(x->dims, 0, (int)axis), rondo__span(x->dims, (int)axis, x->rank)};
    return rondo__out_reshaped(call, x, 2, dims);
}

static rondo_status run_shape(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t begin = rondo__attribute_int(call->node, "start", 0),
            end = rondo__attribute_int(call->node, "end", x->rank);
    rondo__array *out;
    begin = begin < 0 ? begin + x->rank : begin;
    end = end < 0 ? end + x->rank : end;
    begin = begin < 0 ? 0 : begin > x->rank ? x->rank : begin;
    end = end < begin ? begin : end > x->rank ? x->rank : end;
    const int64_t count = end - begin;
    rondo_status status = rondo__make_out(call, 0, RONDO_I64, 1, &count, &out, err);
    for (int64_t d = begin; !status && out && d < end; d++)
        ((int64_t *)out->data)[d - begin] = x->dims[d];
    return status;
}

static rondo_status run_size(const rondo__graph_call *call, rondo_error *err) {
    rondo__array *out;
    rondo_status status = rondo__make_out(call, 0, RONDO_I64, 0, NULL, &out, err);
    if (!status && out)
        *(int64_t *)out->data = rondo__in(call, 0)->count;
    return status;
}

/* ---- arrays from nothing ---- */

static rondo_status constant_numbers(const rondo__graph_call *call, const rondo__onnx_attribute *a, rondo_error *err) {
    const bool list = a->kind == RONDO__ONNX_FLOATS || a->kind == RONDO__ONNX_INTS;
    const bool whole = a->kind == RONDO__ONNX_INT || a->kind == RONDO__ONNX_INTS;
    const int64_t count = list ? a->count : 1;
    const void *from = whole ? (list ? (const void *)a->ints : &a->i) : list ? (const void *)a->floats : &a->f;
    rondo__array *out;
    rondo_status status = rondo__make_out(call, 0, whole ? RONDO_I64 : RONDO_F32, list, &count, &out, err);
    if (!status && out && count > 0)
        memcpy(out->data, from, (size_t)count * (whole ? sizeof(int64_t) : sizeof(float)));
    return status;
}

static rondo_status run_constant(const rondo__graph_call *call, rondo_error *err) {
    const rondo__onnx_attribute *a = call->node->attributes == 1 ? call->node->attribute : NULL;
    if (!a)
        return rondo__bad(call, err, RONDO_FORMAT, "must have one value");
    if (a->kind != RONDO__ONNX_TENSOR)
        return constant_numbers(call, a, err);
    rondo__array view = {.dtype = a->tensor->dtype, .rank = a->tensor->rank, .count = a->tensor->count};
    memcpy(view.dims, a->tensor->dims, sizeof view.dims);
    view.data = a->tensor->data;
    return rondo__out_reshaped(call, &view, view.rank, view.dims);
}

static void fill(rondo__array *out, const char *element) {
    const size_t bytes = rondo_dtype_bytes(out->dtype);
    for (int64_t i = 0; i < out->count; i++)
        memcpy((char *)out->data + (size_t)i * bytes, element, bytes);
}

static rondo_status run_constant_of_shape(const rondo__graph_call *call, rondo_error *err) {
    const rondo__onnx_attribute *a = rondo__attribute(call->node, "value");
    static const char zero[8];
    int64_t dims[RONDO__ONNX_RANK];
    int rank;
    rondo__array *out;
    rondo_status status = rondo__whole_list(call, 0, NULL, RONDO__ONNX_RANK, dims, &rank, err);
    for (int d = 0; !status && d < rank; d++)
        if (dims[d] < 0)
            status = rondo__bad(call, err, RONDO_SHAPE, "cannot make the shape %s", rondo__dims_show(rank, dims).text);
    if (!status && a && a->tensor->count != 1)
        status = rondo__bad(call, err, RONDO_FORMAT, "its value is not one number");
    if (!status)
        status = rondo__make_out(call, 0, a ? a->tensor->dtype : RONDO_F32, rank, dims, &out, err);
    if (!status && out)
        fill(out, a ? a->tensor->data : zero);
    return status;
}

static rondo_status run_range(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *start = rondo__in(call, 0), *limit = rondo__in(call, 1), *delta = rondo__in(call, 2);
    rondo__array *out;
    if (start->count != 1 || limit->count != 1 || delta->count != 1 || start->dtype != limit->dtype ||
        start->dtype != delta->dtype)
        return rondo__bad(call, err, RONDO_SHAPE, "wants three single numbers of one type");
    const double first = rondo__array_at(start, 0), step = rondo__array_at(delta, 0);
    const double steps = ceil((rondo__array_at(limit, 0) - first) / step);
    if (!(fabs(step) > 0) || !(steps < 1e15))
        return rondo__bad(call, err, RONDO_NUMERIC, "its steps do not end");
    const int64_t count = steps > 0 ? (int64_t)steps : 0;
    rondo_status status = rondo__make_out(call, 0, start->dtype, 1, &count, &out, err);
    for (int64_t i = 0; !status && out && i < count; i++) {
        const double x = first + (double)i * step;
        rondo__array_write(out, i, 1, &x);
    }
    return status;
}

const rondo__operator rondo__operators_shape[] = {
    {"Reshape", 1, 2, 1, 1, " allowzero:i shape:I ", run_reshape, 0, 0},
    {"Squeeze", 1, 2, 1, 1, " axes:I ", run_squeeze, 0, 0},
    {"Unsqueeze", 1, 2, 1, 1, " axes:I ", run_unsqueeze, 0, 0},
    {"Flatten", 1, 1, 1, 1, " axis:i ", run_flatten, 0, 0},
    {"Shape", 1, 1, 1, 1, " start:i end:i ", run_shape, 0, 0},
    {"Size", 1, 1, 1, 1, "", run_size, 0, 0},
    {"Constant", 0, 0, 1, 1, " value:t value_float:f value_floats:F value_int:i value_ints:I ", run_constant, 0, 0},
    {"ConstantOfShape", 1, 1, 1, 1, " value:t ", run_constant_of_shape, 0, 0},
    {"Range", 3, 3, 1, 1, "", run_range, 0, 0},
    {0},
};
