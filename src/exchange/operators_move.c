/* Operators that put elements elsewhere and compute nothing. */
#include <string.h>

#include "exchange/graph.h"
#include "exchange/strided.h"

/* ---- Transpose, Expand, Slice: a box out of the input ---- */

/* out is contiguous; from_stride and the first element say where its elements come from. */
static void gather_box(const rondo__array *out, const rondo__array *x, int64_t first, const int64_t *from_stride) {
    rondo__box box = {.rank = out->rank, .bytes = rondo_dtype_bytes(out->dtype)};
    memcpy(box.dims, out->dims, sizeof box.dims);
    memcpy(box.from_stride, from_stride, sizeof box.from_stride);
    rondo__strides(out->rank, out->dims, box.to_stride);
    if (out->count > 0)
        rondo__box_copy(&box, out->data, rondo__element(x, first));
}

static rondo_status run_transpose(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    const rondo__onnx_attribute *perm = rondo__attribute(call->node, "perm");
    int64_t stride[RONDO__ONNX_RANK], dims[RONDO__ONNX_RANK], from[RONDO__ONNX_RANK] = {0};
    bool seen[RONDO__ONNX_RANK] = {false};
    rondo__array *out;
    if (perm && perm->count != x->rank)
        return rondo__bad(call, err, RONDO_SHAPE, "perm names %lld of %d dimensions", (long long)perm->count, x->rank);
    rondo__strides(x->rank, x->dims, stride);
    for (int d = 0; d < x->rank; d++) {
        int source = x->rank - 1 - d;
        rondo_status status = perm ? rondo__check_axis(call, perm->ints[d], x->rank, &source, err) : RONDO_OK;
        if (status)
            return status;
        if (seen[source])
            return rondo__bad(call, err, RONDO_SHAPE, "perm names dimension %d twice", source);
        seen[source] = true;
        dims[d] = x->dims[source];
        from[d] = stride[source];
    }
    rondo_status status = rondo__make_out(call, 0, x->dtype, x->rank, dims, &out, err);
    if (!status && out)
        gather_box(out, x, 0, from);
    return status;
}

static rondo_status run_expand(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t wanted[RONDO__ONNX_RANK], stride[RONDO__ONNX_RANK], dims[RONDO__ONNX_RANK], from[RONDO__ONNX_RANK] = {0};
    int rank;
    rondo__array *out;
    rondo_status status = rondo__whole_list(call, 1, NULL, RONDO__ONNX_RANK, wanted, &rank, err);
    if (status)
        return status;
    const int all = rank > x->rank ? rank : x->rank;
    rondo__strides(x->rank, x->dims, stride);
    for (int d = 0; d < all; d++) {
        const int mine = d - (all - x->rank), theirs = d - (all - rank);
        const int64_t have = mine < 0 ? 1 : x->dims[mine], want = theirs < 0 ? 1 : wanted[theirs];
        if (want < 0 || (have != want && have != 1 && want != 1))
            return rondo__bad(call, err, RONDO_SHAPE, "%s cannot be stretched to %s",
                              rondo__dims_show(x->rank, x->dims).text, rondo__dims_show(rank, wanted).text);
        dims[d] = have == 1 ? want : have;
        from[d] = have == 1 ? 0 : stride[mine];
    }
    status = rondo__make_out(call, 0, x->dtype, all, dims, &out, err);
    if (!status && out)
        gather_box(out, x, 0, from);
    return status;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* begin, end and step of one axis as NumPy takes them; how many elements that is. */
static int64_t cut_axis(int64_t dim, int64_t *begin, int64_t end, int64_t step) {
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
    *begin = clamp(*begin < 0 ? *begin + dim : *begin, low, high);
    end = clamp(end < 0 ? end + dim : end, low, high);
    const int64_t span = step > 0 ? end - *begin : *begin - end;
    const uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    return span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / size + 1);
}

typedef struct cut {
    int64_t begin[RONDO__ONNX_RANK], end[RONDO__ONNX_RANK], axis[RONDO__ONNX_RANK], step[RONDO__ONNX_RANK];
    int count;
} cut;

static rondo_status take_cut(const rondo__graph_call *call, const rondo__array *x, cut *c, rondo_error *err) {
    int ends, axes, steps;
    rondo_status status = rondo__whole_list(call, 1, "starts", RONDO__ONNX_RANK, c->begin, &c->count, err);
    if (!status)
        status = rondo__whole_list(call, 2, "ends", RONDO__ONNX_RANK, c->end, &ends, err);
    if (!status)
        status = rondo__whole_list(call, 3, "axes", RONDO__ONNX_RANK, c->axis, &axes, err);
    if (!status)
        status = rondo__whole_list(call, 4, NULL, RONDO__ONNX_RANK, c->step, &steps, err);
    if (status)
        return status;
    if (c->count < 0 || ends != c->count || (axes >= 0 && axes != c->count) || (steps >= 0 && steps != c->count) ||
        (axes < 0 && c->count > x->rank))
        return rondo__bad(call, err, RONDO_SHAPE, "its starts, ends, axes and steps are not equally many");
    for (int i = 0; i < c->count; i++) {
        c->axis[i] = axes < 0 ? i : c->axis[i];
        c->step[i] = steps < 0 ? 1 : c->step[i];
    }
    return RONDO_OK;
}

static rondo_status run_slice(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t dims[RONDO__ONNX_RANK], from[RONDO__ONNX_RANK], first = 0;
    rondo__array *out;
    cut c;
    rondo_status status = take_cut(call, x, &c, err);
    memcpy(dims, x->dims, sizeof dims);
    memset(from, 0, sizeof from);
    rondo__strides(x->rank, x->dims, from);
    for (int i = 0; !status && i < c.count; i++) {
        int axis = 0;
        status = rondo__check_axis(call, c.axis[i], x->rank, &axis, err);
        if (!status && c.step[i] == 0)
            status = rondo__bad(call, err, RONDO_ARGUMENT, "a step of 0 leads nowhere");
        if (status)
            return status;
        dims[axis] = cut_axis(x->dims[axis], &c.begin[i], c.end[i], c.step[i]);
        if (dims[axis] > 0)
            first += c.begin[i] * from[axis];
        from[axis] *= dims[axis] > 1 ? c.step[i] : 1;
    }
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, x->rank, dims, &out, err);
    if (!status && out)
        gather_box(out, x, first, from);
    return status;
}

static rondo_status run_tile(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    int64_t times[RONDO__ONNX_RANK], dims[RONDO__ONNX_RANK], index[RONDO__ONNX_RANK] = {0};
    rondo__box box = {.rank = x->rank, .bytes = rondo_dtype_bytes(x->dtype)};
    rondo__array *out;
    size_t copies = 1;
    int count;
    rondo_status status = rondo__whole_list(call, 1, NULL, RONDO__ONNX_RANK, times, &count, err);
    if (!status && count != x->rank)
        status = rondo__bad(call, err, RONDO_SHAPE, "repeats %d of %d dimensions", count, x->rank);
    for (int d = 0; !status && d < x->rank; d++) {
        size_t dim;
        if (times[d] < 0 || !rondo__size_mul((size_t)times[d], (size_t)x->dims[d], &dim) || dim > INT64_MAX ||
            !rondo__size_mul(copies, (size_t)times[d], &copies))
            return rondo__bad(call, err, RONDO_SHAPE, "its repeats overflow");
        dims[d] = (int64_t)dim;
    }
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, x->rank, dims, &out, err);
    if (status || !out || out->count == 0)
        return status;
    memcpy(box.dims, x->dims, sizeof box.dims);
    rondo__strides(x->rank, x->dims, box.from_stride);
    rondo__strides(x->rank, dims, box.to_stride);
    for (size_t i = 0; i < copies; i++) {
        int64_t at = 0;
        for (int d = 0; d < x->rank; d++)
            at += index[d] * x->dims[d] * box.to_stride[d];
        rondo__box_copy(&box, rondo__element(out, at), x->data);
        for (int d = x->rank - 1; d >= 0 && ++index[d] == times[d]; d--)
            index[d] = 0;
    }
    return RONDO_OK;
}

/* ---- Concat, Split: blocks along an axis ---- */

/* Rows of `outer` blocks; each holds to_inner (from_inner) elements, of which n are copied from the given places. */
static void copy_blocks(const rondo__array *to, int64_t to_at, int64_t to_inner, const rondo__array *from,
                        int64_t from_at, int64_t from_inner, int64_t n, int64_t outer) {
    const size_t bytes = rondo_dtype_bytes(to->dtype);
    for (int64_t o = 0; n > 0 && o < outer; o++)
        memcpy(rondo__element(to, o * to_inner + to_at), rondo__element(from, o * from_inner + from_at),
               (size_t)n * bytes);
}

static rondo_status check_parts(const rondo__graph_call *call, int axis, int64_t *width, rondo_error *err) {
    const rondo__array *first = rondo__in(call, 0);
    size_t sum = 0;
    for (int i = 0; i < call->step->inputs; i++) {
        const rondo__array *x = rondo__in(call, i);
        bool fits = x && x->rank == first->rank && x->dtype == first->dtype;
        for (int d = 0; fits && d < x->rank; d++)
            fits = d == axis || x->dims[d] == first->dims[d];
        if (!fits || !rondo__size_add(sum, (size_t)x->dims[axis], &sum) || sum > INT64_MAX)
            return rondo__bad(call, err, RONDO_SHAPE, "input %d does not fit to the first, %s", i,
                              rondo__dims_show(first->rank, first->dims).text);
    }
    *width = (int64_t)sum;
    return RONDO_OK;
}

static rondo_status run_concat(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *first = rondo__in(call, 0);
    int64_t dims[RONDO__ONNX_RANK], at = 0;
    rondo__array *out;
    int axis = 0;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), first->rank, &axis, err);
    memcpy(dims, first->dims, sizeof dims);
    if (!status)
        status = check_parts(call, axis, &dims[axis], err);
    if (!status)
        status = rondo__make_out(call, 0, first->dtype, first->rank, dims, &out, err);
    if (status || !out)
        return status;
    const int64_t outer = rondo__span(dims, 0, axis), inner = rondo__span(dims, axis + 1, first->rank);
    for (int i = 0; i < call->step->inputs; i++) {
        const rondo__array *x = rondo__in(call, i);
        const int64_t n = x->dims[axis] * inner;
        copy_blocks(out, at, dims[axis] * inner, x, 0, n, n, outer);
        at += n;
    }
    return RONDO_OK;
}

/* The width of part i; parts that no list gives are equal, but for the last. */
static int64_t part_width(const rondo__array *list, const rondo__onnx_attribute *given, int64_t dim, int parts, int i) {
    const int64_t even = (dim + parts - 1) / parts;
    if (list)
        return i < list->count ? rondo__array_whole_at(list, i) : -1;
    if (given)
        return i < given->count ? given->ints[i] : -1;
    return (i + 1) * even <= dim ? even : dim - i * even > 0 ? dim - i * even : 0;
}

static rondo_status run_split(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *list = rondo__in(call, 1);
    const rondo__onnx_attribute *given = rondo__attribute(call->node, "split");
    int64_t dims[RONDO__ONNX_RANK], at = 0;
    int axis = 0;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), x->rank, &axis, err);
    if (status)
        return status;
    memcpy(dims, x->dims, sizeof dims);
    const int64_t outer = rondo__span(dims, 0, axis), inner = rondo__span(dims, axis + 1, x->rank);
    for (int i = 0; !status && i < call->step->outputs; i++) {
        rondo__array *out;
        dims[axis] = part_width(list, given, x->dims[axis], call->step->outputs, i);
        if (dims[axis] < 0 || dims[axis] > x->dims[axis] - at)
            return rondo__bad(call, err, RONDO_SHAPE, "part %d does not fit into dimension %d of %s", i, axis,
                              rondo__dims_show(x->rank, x->dims).text);
        status = rondo__make_out(call, i, x->dtype, x->rank, dims, &out, err);
        if (!status && out)
            copy_blocks(out, 0, dims[axis] * inner, x, at * inner, x->dims[axis] * inner, dims[axis] * inner, outer);
        at += dims[axis];
    }
    if (!status && at != x->dims[axis])
        return rondo__bad(call, err, RONDO_SHAPE, "its parts are %lld of %lld", (long long)at,
                          (long long)x->dims[axis]);
    return status;
}

/* ---- by index ---- */

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
    rondo__array *out;
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
            copy_blocks(out, i * inner, ids->count * inner, x, index * inner, x->dims[axis] * inner, inner, outer);
    }
    return status;
}

/* out[i][j] = x[ids[i][j]][j], along any axis. */
static rondo_status run_gather_elements(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1);
    int64_t stride[RONDO__ONNX_RANK], at[RONDO__ONNX_RANK] = {0};
    int axis = 0;
    rondo__array *out;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), x->rank, &axis, err);
    bool fits = ids->rank == x->rank && !rondo__is_float(ids->dtype);
    for (int d = 0; fits && d < x->rank; d++)
        fits = d == axis || ids->dims[d] <= x->dims[d];
    if (!status && !fits)
        status = rondo__bad(call, err, RONDO_SHAPE, "its indices have shape %s",
                            rondo__dims_show(ids->rank, ids->dims).text);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, ids->rank, ids->dims, &out, err);
    rondo__strides(x->rank, x->dims, stride);
    for (int64_t i = 0; !status && out && i < ids->count; i++) {
        int64_t index = rondo__array_whole_at(ids, i), from = 0;
        status = check_index(call, &index, x->dims[axis], err);
        for (int d = 0; d < x->rank; d++)
            from += (d == axis ? index : at[d]) * stride[d];
        if (!status)
            memcpy(rondo__element(out, i), rondo__element(x, from), rondo_dtype_bytes(x->dtype));
        for (int d = x->rank - 1; d >= 0 && ++at[d] == ids->dims[d]; d--)
            at[d] = 0;
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
    rondo__array *out;
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
            copy_blocks(out, i * inner, 0, x, place * inner, 0, inner, 1);
    }
    return status;
}

static rondo_status run_scatter_nd(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *ids = rondo__in(call, 1), *updates = rondo__in(call, 2);
    int depth = 0;
    rondo__array *out;
    rondo_status status = check_depth(call, x, ids, &depth, err);
    if (status)
        return status;
    if (strcmp(rondo__attribute_text(call->node, "reduction", "none"), "none") != 0)
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "a reduction is not supported");
    const int64_t rows = rondo__span(ids->dims, 0, ids->rank - 1), inner = rondo__span(x->dims, depth, x->rank);
    if (updates->dtype != x->dtype || updates->count != rows * inner)
        return rondo__bad(call, err, RONDO_SHAPE, "its updates have shape %s",
                          rondo__dims_show(updates->rank, updates->dims).text);
    status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (status || !out)
        return status;
    copy_blocks(out, 0, 0, x, 0, 0, x->count, 1);
    for (int64_t i = 0; !status && i < rows; i++) {
        int64_t place;
        status = find_place(call, ids, x->dims, i, depth, &place, err);
        if (!status)
            copy_blocks(out, place * inner, 0, updates, i * inner, 0, inner, 1);
    }
    return status;
}

/* Each row of the batch in reverse over its own length. */
static rondo_status run_reverse_sequence(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *lens = rondo__in(call, 1);
    const int64_t time = rondo__attribute_int(call->node, "time_axis", 0),
                  batch = rondo__attribute_int(call->node, "batch_axis", 1);
    rondo__array *out;
    if (x->rank < 2 || time + batch != 1 || time < 0 || batch < 0 || lens->count != x->dims[batch])
        return rondo__bad(call, err, RONDO_SHAPE,
                          "wants time and batch as first dimensions, and a length for each row");
    const int64_t T = x->dims[time], B = x->dims[batch], inner = rondo__span(x->dims, 2, x->rank);
    const int64_t by_time = time == 0 ? B * inner : inner, by_row = time == 0 ? inner : T * inner;
    rondo_status status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    for (int64_t b = 0; !status && out && b < B; b++) {
        const int64_t n = rondo__array_whole_at(lens, b);
        if (n < 0 || n > T)
            return rondo__bad(call, err, RONDO_ARGUMENT, "a length is %lld of %lld steps", (long long)n, (long long)T);
        for (int64_t t = 0; t < T; t++)
            copy_blocks(out, b * by_row + t * by_time, 0, x, b * by_row + (t < n ? n - 1 - t : t) * by_time, 0, inner,
                        1);
    }
    return status;
}

static rondo_status run_trilu(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *shift = rondo__in(call, 1);
    const bool upper = rondo__attribute_int(call->node, "upper", 1) != 0;
    const size_t bytes = rondo_dtype_bytes(x->dtype);
    rondo__array *out;
    if (x->rank < 2 || (shift && shift->count != 1))
        return rondo__bad(call, err, RONDO_SHAPE, "wants matrices, and one number k");
    int64_t k = shift ? rondo__array_whole_at(shift, 0) : 0;
    const int64_t M = x->dims[x->rank - 2], N = x->dims[x->rank - 1];
    k = k < -M - 1 ? -M - 1 : k > N + 1 ? N + 1 : k;
    rondo_status status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (status || !out)
        return status;
    for (int64_t i = 0; i < x->count; i++) {
        const int64_t row = i / N % M, column = i % N;
        if (upper ? column >= row + k : column <= row + k)
            memcpy(rondo__element(out, i), rondo__element(x, i), bytes);
        else
            memset(rondo__element(out, i), 0, bytes);
    }
    return RONDO_OK;
}

const rondo__operator rondo__operators_move[] = {
    {"Transpose", 1, 1, 1, 1, " perm:I ", run_transpose, 0, 0},
    {"Expand", 2, 2, 1, 1, "", run_expand, 0, 0},
    {"Slice", 1, 5, 1, 1, " starts:I ends:I axes:I ", run_slice, 0, 0},
    {"Tile", 2, 2, 1, 1, "", run_tile, 0, 0},
    {"Concat", 1, -1, 1, 1, " axis:i ", run_concat, 0, 0},
    {"Split", 1, 2, 1, -1, " axis:i split:I num_outputs:i ", run_split, 0, 0},
    {"Gather", 2, 2, 1, 1, " axis:i ", run_gather, 0, 0},
    {"GatherElements", 2, 2, 1, 1, " axis:i ", run_gather_elements, 0, 0},
    {"GatherND", 2, 2, 1, 1, " batch_dims:i ", run_gather_nd, 0, 0},
    {"ScatterND", 3, 3, 1, 1, " reduction:s ", run_scatter_nd, 0, 0},
    {"ReverseSequence", 2, 2, 1, 1, " time_axis:i batch_axis:i ", run_reverse_sequence, 0, 0},
    {"Trilu", 1, 2, 1, 1, " upper:i ", run_trilu, 0, 0},
    {0},
};
