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
    rondo__array *out = NULL;
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
    rondo__array *out = NULL;
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
    rondo__array *out = NULL;
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
    rondo__array *out = NULL;
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
    rondo__array *out = NULL;
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
        rondo__copy_blocks(out, at, dims[axis] * inner, x, 0, n, n, outer);
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
        rondo__array *out = NULL;
        dims[axis] = part_width(list, given, x->dims[axis], call->step->outputs, i);
        if (dims[axis] < 0 || dims[axis] > x->dims[axis] - at)
            return rondo__bad(call, err, RONDO_SHAPE, "part %d does not fit into dimension %d of %s", i, axis,
                              rondo__dims_show(x->rank, x->dims).text);
        status = rondo__make_out(call, i, x->dtype, x->rank, dims, &out, err);
        if (!status && out)
            rondo__copy_blocks(out, 0, dims[axis] * inner, x, at * inner, x->dims[axis] * inner, dims[axis] * inner,
                               outer);
        at += dims[axis];
    }
    if (!status && at != x->dims[axis])
        return rondo__bad(call, err, RONDO_SHAPE, "its parts are %lld of %lld", (long long)at,
                          (long long)x->dims[axis]);
    return status;
}

/* Each row of the batch in reverse over its own length. */
static rondo_status run_reverse_sequence(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *lens = rondo__in(call, 1);
    const int64_t time = rondo__attribute_int(call->node, "time_axis", 0),
                  batch = rondo__attribute_int(call->node, "batch_axis", 1);
    rondo__array *out = NULL;
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
            rondo__copy_blocks(out, b * by_row + t * by_time, 0, x, b * by_row + (t < n ? n - 1 - t : t) * by_time, 0,
                               inner, 1);
    }
    return status;
}

static rondo_status run_trilu(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *shift = rondo__in(call, 1);
    const bool upper = rondo__attribute_int(call->node, "upper", 1) != 0;
    const size_t bytes = rondo_dtype_bytes(x->dtype);
    rondo__array *out = NULL;
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

/* ---- Pad ---- */

/* Amounts before and after each axis; negative ones cut. */
static rondo_status take_pads(const rondo__graph_call *call, const rondo__array *x, int64_t *before, int64_t *dims,
                              rondo_error *err) {
    int64_t list[2 * RONDO__ONNX_RANK], axes[RONDO__ONNX_RANK];
    int count, named;
    rondo_status status = rondo__whole_list(call, 1, "pads", 2 * RONDO__ONNX_RANK, list, &count, err);
    if (!status)
        status = rondo__whole_list(call, 3, NULL, RONDO__ONNX_RANK, axes, &named, err);
    if (status)
        return status;
    const int parts = named < 0 ? x->rank : named;
    memset(before, 0, sizeof *before * RONDO__ONNX_RANK);
    memcpy(dims, x->dims, sizeof x->dims);
    if (count != 2 * parts)
        return rondo__bad(call, err, RONDO_SHAPE, "has %d pads for %d axes", count, parts);
    for (int i = 0; i < parts; i++) {
        const int64_t limit = INT64_MAX / 4;
        int axis = i;
        status = named < 0 ? RONDO_OK : rondo__check_axis(call, axes[i], x->rank, &axis, err);
        if (status)
            return status;
        if (list[i] > limit || list[i] < -limit || list[parts + i] > limit || list[parts + i] < -limit ||
            dims[axis] > limit)
            return rondo__bad(call, err, RONDO_SHAPE, "its pads overflow");
        before[axis] = list[i];
        dims[axis] = x->dims[axis] + list[i] + list[parts + i];
        if (dims[axis] < 0)
            return rondo__bad(call, err, RONDO_SHAPE, "its pads cut off more than there is");
    }
    return RONDO_OK;
}

static rondo_status run_pad(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *given = rondo__in(call, 2);
    int64_t before[RONDO__ONNX_RANK], dims[RONDO__ONNX_RANK], to = 0, from = 0;
    rondo__box box = {.rank = x->rank, .bytes = rondo_dtype_bytes(x->dtype)};
    rondo__array *out = NULL;
    if (strcmp(rondo__attribute_text(call->node, "mode", "constant"), "constant") != 0)
        return rondo__bad(call, err, RONDO_UNSUPPORTED, "only the mode 'constant' is supported");
    if (given && (given->count != 1 || given->dtype != x->dtype))
        return rondo__bad(call, err, RONDO_SHAPE, "its value is not one number of the input's type");
    rondo_status status = take_pads(call, x, before, dims, err);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, x->rank, dims, &out, err);
    if (status || !out)
        return status;
    const double value = given ? rondo__array_at(given, 0) : rondo__attribute_float(call->node, "value", 0);
    for (int64_t i = 0; i < out->count; i++)
        rondo__array_write(out, i, 1, &value);
    rondo__strides(x->rank, x->dims, box.from_stride);
    rondo__strides(x->rank, dims, box.to_stride);
    for (int d = 0; d < x->rank; d++) {
        const int64_t first = before[d] < 0 ? -before[d] : 0, place = before[d] < 0 ? 0 : before[d];
        const int64_t left = x->dims[d] - first, room = dims[d] - place;
        box.dims[d] = left < room ? left : room;
        if (box.dims[d] <= 0)
            return RONDO_OK; /* nothing of the input remains */
        from += first * box.from_stride[d];
        to += place * box.to_stride[d];
    }
    rondo__box_copy(&box, rondo__element(out, to), rondo__element(x, from));
    return RONDO_OK;
}

const rondo__operator rondo__operators_move[] = {
    {"Transpose", 1, 1, 1, 1, " perm:I ", run_transpose, 0, 0},
    {"Expand", 2, 2, 1, 1, "", run_expand, 0, 0},
    {"Slice", 1, 5, 1, 1, " starts:I ends:I axes:I ", run_slice, 0, 0},
    {"Tile", 2, 2, 1, 1, "", run_tile, 0, 0},
    {"Concat", 1, -1, 1, 1, " axis:i ", run_concat, 0, 0},
    {"Split", 1, 2, 1, -1, " axis:i split:I num_outputs:i ", run_split, 0, 0},
    {"ReverseSequence", 2, 2, 1, 1, " time_axis:i batch_axis:i ", run_reverse_sequence, 0, 0},
    {"Pad", 1, 4, 1, 1, " mode:s pads:I value:f ", run_pad, 0, 0},
    {"Trilu", 1, 2, 1, 1, " upper:i ", run_trilu, 0, 0},
    {0},
};
