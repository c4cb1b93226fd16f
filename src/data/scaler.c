/* Scalers: what is taken off a column, and what it is divided by. They look at nothing but the steps they are given. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "data/series.h"
#include "formats/json_text.h"

/* The values of one column that may be looked at, without the missing ones. */
typedef struct values {
    double *value;
    int64_t count;
} values;

static int64_t count_steps(const rondo__series_set *set, const int64_t *end) {
    int64_t steps = 0;
    for (int64_t i = 0; i < set->count; i++)
        steps += end[i] < set->series[i].count ? end[i] : set->series[i].count;
    return steps;
}

static void gather(values *v, const rondo__series_set *set, const int64_t *end, int64_t column) {
    v->count = 0;
    for (int64_t i = 0; i < set->count; i++) {
        const rondo__series *s = &set->series[i];
        for (int64_t k = 0; k < end[i] && k < s->count; k++) {
            const double value = s->value[k * set->columns + column];
            if (!isnan(value))
                v->value[v->count++] = value;
        }
    }
}

static bool is_constant(const values *v) {
    for (int64_t i = 1; i < v->count; i++) {
        if (v->value[i] != v->value[0])
            return false;
    }
    return true;
}

/* Mean and population deviation; the second pass also mends what rounding left of the mean (Chan 1983). */
static void fit_standard(const values *v, double *center, double *scale) {
    const double n = (double)v->count;
    double sum = 0, squares = 0, rest = 0;
    for (int64_t i = 0; i < v->count; i++)
        sum += v->value[i];
    *center = sum / n;
    for (int64_t i = 0; i < v->count; i++) {
        const double d = v->value[i] - *center;
        squares += d * d;
        rest += d;
    }
    squares -= rest * rest / n;
    *scale = squares < 0 ? 0 : sqrt(squares / n); /* not fmax, which would hide a NaN */
    *center += rest / n;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest values, as NumPy has it. */
static double quantile(const values *sorted, double q) {
    const double at = q * (double)(sorted->count - 1), whole = floor(at);
    const double low = sorted->value[(int64_t)whole];
    const double high = sorted->value[(int64_t)ceil(at)];
    return low + (high - low) * (at - whole);
}

/* Median and quartile range; where half of the values are the same, the deviation is all that tells a scale. */
static void fit_robust(values *v, double *center, double *scale) {
    double mean;
    qsort(v->value, (size_t)v->count, sizeof *v->value, compare);
    *center = quantile(v, 0.5);
    *scale = quantile(v, 0.75) - quantile(v, 0.25);
    if (*scale == 0)
        fit_standard(v, &mean, scale);
}

static rondo_status fail_column(const rondo__series_set *set, int64_t column, const char *why, rondo_error *err) {
    return rondo__fail(err, RONDO_FORMAT, "%s: column '%s': %s", set->series[0].path,
                       rondo__show(set->column_name[column]).text, why);
}

static rondo_status fit_column(rondo__scaler *out, rondo__scaler_kind kind, const rondo__series_set *set, int64_t c,
                               values *v, rondo_error *err) {
    if (v->count == 0)
        return fail_column(set, c, "no value in the training part (leave the column out, or give training more rows)",
                           err);
    out->center[c] = v->value[0];
    out->constant[c] = is_constant(v);
    if (kind == RONDO__SCALER_NONE)
        out->center[c] = 0;
    else if (!out->constant[c] && kind == RONDO__SCALER_STANDARD)
        fit_standard(v, &out->center[c], &out->scale[c]);
    else if (!out->constant[c])
        fit_robust(v, &out->center[c], &out->scale[c]);
    if (!isfinite(out->center[c]) || !isfinite(out->scale[c]))
        return fail_column(set, c, "its values are too large to be scaled (write them in a larger unit)", err);
    if (out->scale[c] < DBL_MIN) /* division by it would make infinities */
        out->scale[c] = 1;
    return RONDO_OK;
}

rondo_status rondo__scaler_fit(rondo__scaler *out, rondo__scaler_kind kind, const rondo__series_set *set,
                               const int64_t *end, rondo_error *err) {
    const size_t columns = (size_t)set->columns;
    values v = {.value = rondo__calloc((size_t)count_steps(set, end), sizeof *v.value)};
    *out = (rondo__scaler){.columns = set->columns,
                           .center = rondo__calloc(columns, sizeof *out->center),
                           .scale = rondo__calloc(columns, sizeof *out->scale),
                           .constant = rondo__calloc(columns, sizeof *out->constant)};
    rondo_status status = RONDO_OK;
    if (!v.value || !out->center || !out->scale || !out->constant)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for its scaler", set->series[0].path);
    for (int64_t c = 0; c < set->columns && status == RONDO_OK; c++) {
        out->scale[c] = 1;
        gather(&v, set, end, c);
        status = fit_column(out, kind, set, c, &v, err);
    }
    rondo__free(v.value);
    if (status != RONDO_OK)
        rondo__scaler_free(out);
    return status;
}

void rondo__scaler_free(rondo__scaler *scaler) {
    rondo__free(scaler->center);
    rondo__free(scaler->scale);
    rondo__free(scaler->constant);
    *scaler = (rondo__scaler){0};
}
