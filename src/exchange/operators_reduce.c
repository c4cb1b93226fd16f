/* Operators along an axis: sums and extremes, softmax, normalisation, order. All are computed in double, whole numbers,
 * too: they are exact up to 2^53. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/graph.h"
#include "exchange/strided.h"

/* An array seen as (outer, n, inner): the lines along one axis. */
typedef struct lines {
    int64_t outer, n, inner;
} lines;

static lines lines_of(const rondo__array *x, int axis) {
    return (lines){rondo__span(x->dims, 0, axis), x->dims[axis], rondo__span(x->dims, axis + 1, x->rank)};
}

/* One line in double, and back. */
static void read_line(const rondo__array *x, const lines *l, int64_t outer, int64_t inner, double *out) {
    if (l->inner == 1) {
        rondo__array_read(x, outer * l->n, l->n, out);
        return;
    }
    for (int64_t i = 0; i < l->n; i++)
        out[i] = rondo__array_at(x, (outer * l->n + i) * l->inner + inner);
}

static void write_line(const rondo__array *y, const lines *l, int64_t outer, int64_t inner, const double *from) {
    if (l->inner == 1) {
        rondo__array_write(y, outer * l->n, l->n, from);
        return;
    }
    for (int64_t i = 0; i < l->n; i++)
        rondo__array_write(y, (outer * l->n + i) * l->inner + inner, 1, &from[i]);
}

static double *line_memory(const lines *l, int64_t copies) {
    size_t bytes;
    return rondo__size_mul((size_t)l->n * sizeof(double), (size_t)copies, &bytes) ? rondo__alloc(bytes) : NULL;
}

/* ---- Softmax, LogSoftmax, CumSum: lines in, lines out ---- */

enum { SOFTMAX, LOG_SOFTMAX, CUMULATE };

static void softmax_line(int64_t n, double *x, bool log_of_it) {
    double most = n > 0 ? x[0] : 0, sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = x[i] > most || isnan(x[i]) ? x[i] : most;
    for (int64_t i = 0; i < n; i++)
        sum += exp(x[i] - most);
    for (int64_t i = 0; i < n; i++)
        x[i] = log_of_it ? x[i] - most - log(sum) : exp(x[i] - most) / sum;
}

static void cumulate_line(int64_t n, double *x, bool exclusive, bool reverse) {
    double sum = 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = reverse ? n - 1 - k : k;
        const double own = x[i];
        x[i] = exclusive ? sum : sum + own;
        sum += own;
    }
}

static rondo_status run_lines(const rondo__graph_call *call, const rondo__array *x, const lines *l, rondo_error *err) {
    const bool exclusive = rondo__attribute_int(call->node, "exclusive", 0) != 0,
               reverse = rondo__attribute_int(call->node, "reverse", 0) != 0;
    rondo__array *out = NULL;
    rondo_status status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    double *line = status || !out ? NULL : line_memory(l, 1);
    if (status || !out)
        return status;
    if (!line)
        return rondo__no_memory(call, err);
    for (int64_t o = 0; out->count > 0 && o < l->outer; o++) {
        for (int64_t i = 0; i < l->inner; i++) {
            read_line(x, l, o, i, line);
            if (call->kind == CUMULATE)
                cumulate_line(l->n, line, exclusive, reverse);
            else
                softmax_line(l->n, line, call->kind == LOG_SOFTMAX);
            write_line(out, l, o, i, line);
        }
    }
    rondo__free(line);
    return RONDO_OK;
}

/* Until opset 12 all dimensions from the axis on were one. */
static rondo_status run_softmax(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    const bool old = rondo__opset(call) < 13;
    int axis = 0;
    if (!rondo__is_float(x->dtype))
        return rondo__bad(call, err, RONDO_ARGUMENT, "its input is %s", rondo_dtype_name(x->dtype));
    rondo_status status =
        rondo__check_axis(call, rondo__attribute_int(call->node, "axis", old ? 1 : -1), x->rank, &axis, err);
    if (status)
        return status;
    const lines all = {rondo__span(x->dims, 0, axis), rondo__span(x->dims, axis, x->rank), 1}, one = lines_of(x, axis);
    return run_lines(call, x, old ? &all : &one, err);
}

static rondo_status run_cumulate(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *given = rondo__in(call, 1);
    int axis = 0;
    if (given->count != 1)
        return rondo__bad(call, err, RONDO_SHAPE, "its axis is not one number");
    rondo_status status = rondo__check_axis(call, rondo__array_whole_at(given, 0), x->rank, &axis, err);
    if (status)
        return status;
    const lines l = lines_of(x, axis);
    return run_lines(call, x, &l, err);
}

/* ---- LayerNormalization: mean and variance over all dimensions from the axis on ---- */

/* The factor of each number, or `otherwise` for all. */
static bool take_factors(const rondo__array *a, int64_t n, double otherwise, double *out) {
    if (a && a->count != n)
        return false;
    if (a)
        rondo__array_read(a, 0, n, out);
    for (int64_t i = 0; !a && i < n; i++)
        out[i] = otherwise;
    return true;
}

static void normalise_line(int64_t n, double *x, const double *scale, const double *bias, double epsilon, double *mean,
                           double *inverse) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (x[i] - *mean) * (x[i] - *mean);
    *inverse = 1 / sqrt(squares / (double)n + epsilon);
    for (int64_t i = 0; i < n; i++)
        x[i] = (x[i] - *mean) * *inverse * scale[i] + bias[i];
}

static rondo_status run_layer_norm(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    const double epsilon = rondo__attribute_float(call->node, "epsilon", 1e-5F);
    rondo__array *out, *means, *inverses;
    int64_t dims[RONDO__ONNX_RANK];
    int axis = 0;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", -1), x->rank, &axis, err);
    if (status)
        return status;
    const lines l = {rondo__span(x->dims, 0, axis), rondo__span(x->dims, axis, x->rank), 1};
    for (int d = 0; d < x->rank; d++)
        dims[d] = d < axis ? x->dims[d] : 1;
    status = rondo__make_out(call, 0, x->dtype, x->rank, x->dims, &out, err);
    if (!status)
        status = rondo__make_out(call, 1, RONDO_F32, x->rank, dims, &means, err);
    if (!status)
        status = rondo__make_out(call, 2, RONDO_F32, x->rank, dims, &inverses, err);
    if (status || !out || out->count == 0)
        return status;
    double *line = line_memory(&l, 3), mean, inverse;
    if (!line)
        return rondo__no_memory(call, err);
    if (!take_factors(rondo__in(call, 1), l.n, 1, line + l.n) ||
        !take_factors(rondo__in(call, 2), l.n, 0, line + 2 * l.n))
        status = rondo__bad(call, err, RONDO_SHAPE, "its scale or bias has not %lld numbers", (long long)l.n);
    for (int64_t o = 0; !status && o < l.outer; o++) {
        read_line(x, &l, o, 0, line);
        normalise_line(l.n, line, line + l.n, line + 2 * l.n, epsilon, &mean, &inverse);
        write_line(out, &l, o, 0, line);
        if (means)
            rondo__array_write(means, o, 1, &mean);
        if (inverses)
            rondo__array_write(inverses, o, 1, &inverse);
    }
    rondo__free(line);
    return status;
}

/* ---- Reduce: any axes ---- */

enum { SUM, MEAN, MOST, LEAST, PRODUCT, L1, L2, SUM_SQUARE, LOG_SUM, LOG_SUM_EXP };

static double combine(int kind, double so_far, double x) {
    switch (kind) {
    case PRODUCT:
        return so_far * x;
    case MOST:
        return x > so_far || isnan(x) ? x : so_far;
    case LEAST:
        return x < so_far || isnan(x) ? x : so_far;
    case L1:
        return so_far + fabs(x);
    case L2:
    case SUM_SQUARE:
        return so_far + x * x;
    default:
        return so_far + x;
    }
}

static double first_value(int kind) {
    return kind == PRODUCT ? 1 : kind == MOST ? -INFINITY : kind == LEAST ? INFINITY : 0;
}

/* The numbers of one result, whose elements stand at base + the box's offsets. */
static double reduce_one(int kind, const rondo__array *x, int64_t base, int rank, const int64_t *dims,
                         const int64_t *stride, double shift) {
    double so_far = first_value(kind);
    int64_t index[RONDO__ONNX_RANK] = {0};
    const int64_t count = rondo__span(dims, 0, rank);
    for (int64_t k = 0; k < count; k++) {
        int64_t at = base;
        for (int d = 0; d < rank; d++)
            at += index[d] * stride[d];
        const double v = rondo__array_at(x, at);
        so_far = combine(kind, so_far, kind == LOG_SUM_EXP ? exp(v - shift) : v);
        for (int d = rank - 1; d >= 0 && ++index[d] == dims[d]; d--)
            index[d] = 0;
    }
    return kind == MEAN                             ? so_far / (double)count
           : kind == L2                             ? sqrt(so_far)
           : kind == LOG_SUM || kind == LOG_SUM_EXP ? log(so_far) + shift
                                                    : so_far;
}

/* Which axes go; none named means all, unless the file says that none means none. */
static rondo_status reduced_axes(const rondo__graph_call *call, int rank, bool *gone, rondo_error *err) {
    int64_t axes[RONDO__ONNX_RANK];
    int count;
    rondo_status status = rondo__whole_list(call, 1, "axes", RONDO__ONNX_RANK, axes, &count, err);
    const bool all = count <= 0 && !rondo__attribute_int(call->node, "noop_with_empty_axes", 0);
    for (int d = 0; d < rank; d++)
        gone[d] = all;
    for (int i = 0; !status && i < count; i++) {
        int axis = 0;
        status = rondo__check_axis(call, axes[i], rank, &axis, err);
        if (!status)
            gone[axis] = true;
    }
    return status;
}

static rondo_status run_reduce(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    const bool keep = rondo__attribute_int(call->node, "keepdims", 1) != 0;
    bool gone[RONDO__ONNX_RANK] = {false};
    int64_t stride[RONDO__ONNX_RANK], dims[RONDO__ONNX_RANK], in_dims[RONDO__ONNX_RANK], in_stride[RONDO__ONNX_RANK],
        out_dims[RONDO__ONNX_RANK], out_stride[RONDO__ONNX_RANK], index[RONDO__ONNX_RANK] = {0};
    int rank = 0, in_rank = 0, out_rank = 0;
    rondo__array *out = NULL;
    rondo_status status = reduced_axes(call, x->rank, gone, err);
    rondo__strides(x->rank, x->dims, stride);
    for (int d = 0; d < x->rank; d++) {
        if (keep || !gone[d])
            dims[rank++] = gone[d] ? 1 : x->dims[d];
        *(gone[d] ? &in_dims[in_rank] : &out_dims[out_rank]) = x->dims[d];
        *(gone[d] ? &in_stride[in_rank++] : &out_stride[out_rank++]) = stride[d];
    }
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, rank, dims, &out, err);
    for (int64_t i = 0; !status && out && i < out->count; i++) {
        int64_t base = 0;
        for (int d = 0; d < out_rank; d++)
            base += index[d] * out_stride[d];
        double shift = 0;
        if (call->kind == LOG_SUM_EXP)
            shift = reduce_one(MOST, x, base, in_rank, in_dims, in_stride, 0);
        shift = isfinite(shift) ? shift : 0;
        double y = reduce_one(call->kind, x, base, in_rank, in_dims, in_stride, shift);
        if (x->dtype == RONDO_BOOL)
            y = y > 0; /* the largest of none is false */
        rondo__array_write(out, i, 1, &y);
        for (int d = out_rank - 1; d >= 0 && ++index[d] == out_dims[d]; d--)
            index[d] = 0;
    }
    return status;
}

/* ---- ArgMax, ArgMin, TopK ---- */

static rondo_status run_arg(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0);
    const bool keep = rondo__attribute_int(call->node, "keepdims", 1) != 0,
               last = rondo__attribute_int(call->node, "select_last_index", 0) != 0, most = call->kind == MOST;
    int64_t dims[RONDO__ONNX_RANK];
    int axis = 0, rank = 0;
    rondo__array *out = NULL;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", 0), x->rank, &axis, err);
    for (int d = 0; d < x->rank; d++)
        if (d != axis || keep)
            dims[rank++] = d == axis ? 1 : x->dims[d];
    if (!status && x->dims[axis] == 0)
        status = rondo__bad(call, err, RONDO_SHAPE, "there is nothing to choose from");
    if (!status)
        status = rondo__make_out(call, 0, RONDO_I64, rank, dims, &out, err);
    if (status || !out)
        return status;
    const lines l = lines_of(x, axis);
    for (int64_t o = 0; o < l.outer; o++) {
        for (int64_t i = 0; i < l.inner; i++) {
            int64_t best = 0;
            double value = rondo__array_at(x, o * l.n * l.inner + i);
            for (int64_t k = 1; k < l.n; k++) {
                const double v = rondo__array_at(x, (o * l.n + k) * l.inner + i);
                if ((most ? v > value : v < value) || (last && v == value)) {
                    best = k;
                    value = v;
                }
            }
            ((int64_t *)out->data)[o * l.inner + i] = best;
        }
    }
    return RONDO_OK;
}

typedef struct ranked {
    double value; /* larger is better */
    int64_t index;
} ranked;

static int compare(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (isnan(x->value) != isnan(y->value))
        return isnan(x->value) ? -1 : 1; /* first, so that it is seen */
    if (!isnan(x->value) && x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void top_line(const rondo__array *x, const lines *l, int64_t o, int64_t i, int64_t k, ranked *all, double sign,
                     rondo__array *values, rondo__array *indices) {
    for (int64_t n = 0; n < l->n; n++)
        all[n] = (ranked){sign * rondo__array_at(x, (o * l->n + n) * l->inner + i), n};
    qsort(all, (size_t)l->n, sizeof *all, compare);
    for (int64_t n = 0; n < k; n++) {
        const int64_t at = (o * k + n) * l->inner + i, from = (o * l->n + all[n].index) * l->inner + i;
        if (values)
            memcpy(rondo__element(values, at), rondo__element(x, from), rondo_dtype_bytes(x->dtype));
        if (indices)
            ((int64_t *)indices->data)[at] = all[n].index;
    }
}

static rondo_status run_top(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *given = rondo__in(call, 1);
    const int64_t k =
        given && given->count == 1 ? rondo__array_whole_at(given, 0) : rondo__attribute_int(call->node, "k", -1);
    int64_t dims[RONDO__ONNX_RANK];
    int axis = 0;
    size_t bytes;
    rondo__array *values, *indices;
    rondo_status status = rondo__check_axis(call, rondo__attribute_int(call->node, "axis", -1), x->rank, &axis, err);
    if (!status && (k < 0 || k > x->dims[axis]))
        status = rondo__bad(call, err, RONDO_SHAPE, "the top %lld of %lld are asked for", (long long)k,
                            (long long)x->dims[axis]);
    if (status)
        return status;
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = k;
    status = rondo__make_out(call, 0, x->dtype, x->rank, dims, &values, err);
    if (!status)
        status = rondo__make_out(call, 1, RONDO_I64, x->rank, dims, &indices, err);
    const lines l = lines_of(x, axis);
    ranked *all = rondo__size_mul((size_t)l.n, sizeof *all, &bytes) ? rondo__alloc(bytes) : NULL;
    if (!status && !all)
        status = rondo__no_memory(call, err);
    for (int64_t o = 0; !status && x->count > 0 && o < l.outer; o++)
        for (int64_t i = 0; i < l.inner; i++)
            top_line(x, &l, o, i, k, all, rondo__attribute_int(call->node, "largest", 1) ? 1 : -1, values, indices);
    rondo__free(all);
    return status;
}

#define REDUCE(name, kind)                                                                                             \
    { name, 1, 2, 1, 1, " axes:I keepdims:i noop_with_empty_axes:i ", run_reduce, kind, 0 }
const rondo__operator rondo__operators_reduce[] = {
    {"Softmax", 1, 1, 1, 1, " axis:i ", run_softmax, SOFTMAX, 0},
    {"LogSoftmax", 1, 1, 1, 1, " axis:i ", run_softmax, LOG_SOFTMAX, 0},
    {"CumSum", 2, 2, 1, 1, " exclusive:i reverse:i ", run_cumulate, CUMULATE, 0},
    {"LayerNormalization", 2, 3, 1, 3, " axis:i epsilon:f stash_type:i ", run_layer_norm, 0, 0},
    REDUCE("ReduceSum", SUM),
    REDUCE("ReduceMean", MEAN),
    REDUCE("ReduceMax", MOST),
    REDUCE("ReduceMin", LEAST),
    REDUCE("ReduceProd", PRODUCT),
    REDUCE("ReduceL1", L1),
    REDUCE("ReduceL2", L2),
    REDUCE("ReduceSumSquare", SUM_SQUARE),
    REDUCE("ReduceLogSum", LOG_SUM),
    REDUCE("ReduceLogSumExp", LOG_SUM_EXP),
    {"ArgMax", 1, 1, 1, 1, " axis:i keepdims:i select_last_index:i ", run_arg, MOST, 0},
    {"ArgMin", 1, 1, 1, 1, " axis:i keepdims:i select_last_index:i ", run_arg, LEAST, 0},
    {"TopK", 1, 2, 1, 2, " axis:i largest:i sorted:i k:i ", run_top, 0, 0},
    {0},
};
