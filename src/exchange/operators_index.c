/* Operators that find their elements by index: Gather, Scatter and their kin. */
#include <string.h>

#include "exchange/graph.h"
#include "exchange/strided.h"

static rondo_status check_index(const rondo__graph_call *call, int64_t *index, int64_t dim, rondo_error *err) {
    if (*index < -dim || *index >= dim)
        return rondo__bad(call, err, RONDO_ARGUMENT, "index %lld is outside of 0 to %lld", (long long)*index,
                          (long long)dim - 1);
    *index += *index < 0 ? dim : 0;
    return RONDO_OK;
}

static rondo_status run_gather(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1);
    int64_t dims[2 * RONDO__ONNX_RANK];
    int axis = 0, rank = 0;
    rondo__array *out = NULL;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), x->rank, &axis, err);
    if (!status && rondo__is_float(ids->dtype))
        status = rondo__bad(call, err, RONDO_ARGUMENT, "its indices are %s", rondo_dtype_name(ids->dtype));
    if (status)
        return status;
    for (int d = 0; d < axis; d++)
        dims[rank++] = x->dims[d];
    for (int d = 0; d < ids->rank; d++)
        dims[rank++] = ids->dims[d];
    for (int d = axis + 1; d < x->rank; d++)
        dims[rank++] = x->dims[d];
    status = rondo__make_out(call, 0, x->dtype, rank, dims, &out, err);
    const int64_t outer = rondo__span(x->dims, 0, axis), inner = rondo__span(x->dims, axis + 1, x->rank);
    for (int64_t i = 0; !status && out && i < ids->count; i++) {
        int64_t index = rondo__array_whole_at(ids, i);
        status = check_index(call, &index, x->dims[axis], err);
        if (!status)
            rondo__copy_blocks(out, i * inner, ids->count * inner, x, index * inner, x->dims[axis] * inner, inner,
                               outer);
    }
    return status;
}

/* Indices of GatherElements and ScatterElements: as many dimensions as x, none longer but along the axis. */
static rondo_status check_along(const rondo__graph_call *call, const rondo__array *x, const rondo__array *ids,
                                int *axis, rondo_error *err) {
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), x->rank, axis, err);
    bool fits = ids->rank == x->rank && !rondo__is_float(ids->dtype);
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == *axis || ids->dims[d] <= x->dims[d];
    if (!status && !fits)
        status = rondo__bad(call, err, RONDO_SHAPE, "its indices have shape %s",
                            rondo__dims_show(ids->rank, ids->dims).text);
    return status;
}

/* Where index i, which stands at `at`, points to in x; moves `at` on. */
static rondo_status place_along(const rondo__graph_call *call, const rondo__array *x, const rondo__array *ids, int axis,
                                int64_t i, int64_t *at, const int64_t *stride, int64_t *place, rondo_error *err) {
    int64_t index = rondo__array_whole_at(ids, i);
    rondo_status status = check_index(call, &index, x->dims[axis], err);
    *place = 0;
    for (int d = 0; d < x->rank; d++)
        *place += (d == axis ? index : at[d]) * stride[d];
    for (int d = x->rank - 1; d >= 0 && ++at[d] == ids->dims[d]; d--)
        at[d] = 0;
    return status;
}

/* out[i][j] = x[ids[i][j]][j], along any axis. */
static rondo_status run_gather_elements(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1);
    int64_t stride[RONDO__ONNX_RANK], at[RONDO__ONNX_RANK] = {0};
    int axis = 0;
    rondo__array *out = NULL;
    rondo_status status = check_along(call, x, ids, &axis, err);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, ids->rank, ids->dims, &out, err);
    rondo__strides(x->rank, x->dims, stride);
    for (int64_t i = 0; !status && out && i < ids->count; i++) {
        int64_t place = 0;
        status = place_along(call, x, ids, axis, i, at, stride, &place, err);
        if (!status)
            memcpy(rondo__element(out, i), rondo__element(x, place), rondo_dtype_bytes(x->dtype));
    }
    return status;
}

/* The last dimension of the indices (input `which`) names the first dimensions of an array: the place that row i names.
 */
static rondo_status find_place(const rondo__graph_call *call, const rondo__array *ids, const int64_t *dims, int64_t i,
                               int depth, int64_t *place, rondo_error *err) {
    rondo_status status = RONDO_OK;
    *place = 0;
    for (int k = 0; !status && k < depth; k++) {
        int64_t index = rondo__array_whole_at(ids, i * depth + k);
        status = check_index(call, &index, dims[k], err);
        *place = *place * dims[k] + index;
    }
    return status;
}

static rondo_status check_depth(const rondo__graph_call *call, const rondo__array *x, const rondo__array *ids,
                                int *depth, rondo_error *err) {
    if (ids->rank < 1 || ids->dims[ids->rank - 1] > x->rank || rondo__is_float(ids->dtype))
        return rondo__bad(call, err, RONDO_SHAPE, "its indices have shape %s",
                          rondo__dims_show(ids->rank, ids->dims).text);
    *depth = (int)ids->dims[ids->rank - 1];
    return RONDO_OK;
}

static rondo_status run_gather_nd(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1);
    int64_t dims[2 * RONDO__ONNX_RANK];
    int depth = 0, rank = 0;
    rondo__array *out = NULL;
    rondo_status status = check_depth(call, x, ids, &depth, err);
    if (status)
        return status;
    if (rondo__attribute_int(call->node, "batch_dims", 0) != 0)
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "batch_dims other than 0 are not supported");
    for (int d = 0; d + 1 < ids->rank; d++)
        dims[rank++] = ids->dims[d];
    const int64_t rows = rondo__span(dims, 0, rank), inner = rondo__span(x->dims, depth, x->rank);
    for (int d = depth; d < x->rank; d++)
        dims[rank++] = x->dims[d];
    status = rondo__make_out(call, 0, x->dtype, rank, dims, &out, err);
    for (int64_t i = 0; !status && out && i < rows; i++) {
        int64_t place;
        status = find_place(call, ids, x->dims, i, depth, &place, err);
        if (!status)
            rondo__copy_blocks(out, i * inner, 0, x, place * inner, 0, inner, 1);
    }
    return status;
}

/* ---- Scatter: updates are put, or combined with what is there ---- */

enum reduction { PUT, ADD, MULTIPLY, MOST, LEAST };

static rondo_status take_reduction(const rondo__graph_call *call, int *out, rondo_error *err) {
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    const char *name = rondo__attribute_text(call->node, "reduction", "none");
    for (*out = 0; *out < 5; ++*out)
        if (strcmp(name, names[*out]) == 0)
            return RONDO_OK;
    return rondo__bad(call, err, RONDO_UNSUPPORTED, "the reduction '%s' is not supported", rondo__show(name).text);
}

static void put_element(int reduction, const rondo__array *out, int64_t at, const rondo__array *from, int64_t index) {
    if (reduction == PUT) {
        memcpy(rondo__element(out, at), rondo__element(from, index), rondo_dtype_bytes(out->dtype));
        return;
    }
    const double old = rondo__array_at(out, at), x = rondo__array_at(from, index);
    const double y = reduction == ADD        ? old + x
                     : reduction == MULTIPLY ? old * x
                     : reduction == MOST     ? (x > old ? x : old)
                                             : (x < old ? x : old);
    rondo__array_write(out, at, 1, &y);
}

static rondo_status run_scatter_nd(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1), *updates = rondo__in(call, 2);
    int depth = 0, reduction = PUT;
    rondo__array *out = NULL;
    rondo_status status = check_depth(call, x, ids, &depth, err);
    if (!status)
        status = take_reduction(call, &reduction, err);
    if (status)
        return status;
    const int64_t rows = rondo__span(ids->dims, 0, ids->rank - 1), inner = rondo__span(x->dims, depth, x->rank);
    if (updates->dtype != x->dtype || updates->count != rows * inner)
        return rondo__bad(call, err, RONDO_SHAPE, "its updates have shape %s",
                          rondo__dims_show(updates->rank, updates->dims).text);
    status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (status || !out)
        return status;
    rondo__copy_blocks(out, 0, 0, x, 0, 0, x->count, 1);
    for (int64_t i = 0; !status && i < rows; i++) {
        int64_t place;
        status = find_place(call, ids, x->dims, i, depth, &place, err);
        for (int64_t k = 0; !status && k < inner; k++)
            put_element(reduction, out, place * inner + k, updates, i * inner + k);
    }
    return status;
}

static rondo_status check_updates(const rondo__graph_call *call, const rondo__array *x, const rondo__array *ids,
                                  const rondo__array *updates, rondo_error *err) {
    bool fits = updates->dtype == x->dtype && updates->rank == ids->rank;
    for (int d = 0; fits && d < ids->rank; d++)
        fits = updates->dims[d] == ids->dims[d];
    return fits ? RONDO_OK
                : rondo__bad(call, err, RONDO_SHAPE, "its updates have shape %s",
                             rondo__dims_show(updates->rank, updates->dims).text);
}

/* out[ids[i][j]][j] takes updates[i][j], along any axis. */
static rondo_status run_scatter_elements(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1), *updates = rondo__in(call, 2);
    int64_t stride[RONDO__ONNX_RANK], at[RONDO__ONNX_RANK] = {0};
    int axis = 0, reduction = PUT;
    rondo__array *out = NULL;
    rondo_status status = check_along(call, x, ids, &axis, err);
    if (!status)
        status = take_reduction(call, &reduction, err);
    if (!status)
        status = check_updates(call, x, ids, updates, err);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (status || !out)
        return status;
    rondo__copy_blocks(out, 0, 0, x, 0, 0, x->count, 1);
    rondo__strides(x->rank, x->dims, stride);
    for (int64_t i = 0; !status && i < ids->count; i++) {
        int64_t place = 0;
        status = place_along(call, x, ids, axis, i, at, stride, &place, err);
        if (!status)
            put_element(reduction, out, place, updates, i);
    }
    return status;
}

/* ---- NonZero, OneHot ---- */

/* The places of all elements that are not 0, one column each. */
static rondo_status run_non_zero(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t count = 0, stride[RONDO__ONNX_RANK], column = 0;
    rondo__array *out = NULL;
    for (int64_t i = 0; i < x->count; i++)
        count += rondo__array_at(x, i) != 0;
    const int64_t dims[2] = {x->rank, count};
    rondo_status status = rondo__make_out(call, 0, RONDO_I64, 2, dims, &out, err);
    rondo__strides(x->rank, x->dims, stride);
    for (int64_t i = 0; !status && out && i < x->count; i++) {
        if (rondo__array_at(x, i) == 0)
            continue;
        for (int d = 0; d < x->rank; d++)
            ((int64_t *)out->data)[d * count + column] = i / stride[d] % x->dims[d];
        column++;
    }
    return status;
}

static rondo_status run_one_hot(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *ids = rondo__in(call, 0), *depth = rondo__in(call, 1), *values = rondo__in(call, 2);
    int64_t dims[RONDO__ONNX_RANK + 1];
    int axis = 0;
    rondo__array *out = NULL;
    rondo_status status =
        rondo__check_axis(call, rondo__attribute_int(call->node, "axis", -1), ids->rank + 1, &axis, err);
    const int64_t N = depth->count == 1 ? rondo__array_whole_at(depth, 0) : -1;
    if (!status && (N < 1 || values->count != 2))
        status = rondo__bad(call, err, RONDO_SHAPE, "wants one depth and two values");
    for (int d = 0, from = 0; d <= ids->rank; d++)
        dims[d] = d == axis ? N : ids->dims[from++];
    if (!status)
        status = rondo__make_out(call, 0, values->dtype, ids->rank + 1, dims, &out, err);
    if (status || !out)
        return status;
    const int64_t inner = rondo__span(dims, axis + 1, ids->rank + 1);
    for (int64_t i = 0; i < out->count; i++) {
        const int64_t outer = i / (inner * N), n = i / inner % N;
        const int64_t id = rondo__array_whole_at(ids, outer * inner + i % inner);
        put_element(PUT, out, i, values, id == n || id + N == n);
    }
    return RONDO_OK;
}

const rondo__operator rondo__operators_index[] = {
    {"Gather", 2, 2, 1, 1, " axis:i ", run_gather, 0, 0},
    {"GatherElements", 2, 2, 1, 1, " axis:i ", run_gather_elements, 0, 0},
    {"GatherND", 2, 2, 1, 1, " batch_dims:i ", run_gather_nd, 0, 0},
    {"ScatterND", 3, 3, 1, 1, " reduction:s ", run_scatter_nd, 0, 0},
    {"ScatterElements", 3, 3, 1, 1, " axis:i reduction:s ", run_scatter_elements, 0, 0},
    {"NonZero", 1, 1, 1, 1, "", run_non_zero, 0, 0},
    {"OneHot", 3, 3, 1, 1, " axis:i ", run_one_hot, 0, 0},
    {0},
};
