/* Time series from CSV files: which columns, which series, regular times, what is missing. Values stay as they are;
 * what is fitted on them (scalers) is in scaler.h. */
#ifndef RONDO_DATA_SERIES_H
#define RONDO_DATA_SERIES_H

#include "data/csv.h"

/* Which columns. Lists end with NULL and may be NULL. */
typedef struct rondo__series_spec {
    const char *time, *series; /* column names; NULL or "": none */
    const char *const *target; /* at least one */
    const char *const *covariate, *const *future_covariate, *const *fixed;
    bool rows; /* each row is a step: times are checked for order alone, and step is their usual difference */
} rondo__series_spec;

/* One series. Column order: targets, covariates, future covariates. */
typedef struct rondo__series {
    char *name;     /* of the series column, of the file in a folder, else "" */
    int64_t count;  /* steps; gaps in the times are steps without values */
    double start;   /* time of step 0; row number without a time column */
    double *time;   /* (count) */
    double *value;  /* (count, columns), NaN: missing */
    int64_t known;  /* steps [0, known) have a target somewhere at or after them: after that only the future is given */
    int32_t *fixed; /* (fixed columns): category ids in rondo__series_set.category */
    int64_t first_line; /* of its file, for messages */
    const char *path;
} rondo__series;

typedef struct rondo__series_set {
    int64_t targets, covariates, future_covariates, fixed_columns;
    int64_t columns; /* of value: targets + covariates + future_covariates */
    char **column_name;
    rondo__time_step step; /* the same in all series */
    int64_t count;
    rondo__series *series;
    int64_t gaps, missing; /* steps that the files lack; cells without a value */
    rondo__text notes;     /* lines to show: gaps with file, line and times, missing cells by column, constant
                              columns; at most 20 */
    struct {
        int64_t count;
        char **name;
    } * category; /* (fixed_columns): names in order of arrival */
} rondo__series_set;

/* path: a CSV file, or a folder whose *.csv files (by name) are one series each. Errors with FILE:LINE: times that are
 * no times, do not rise, stand twice (all naming both lines), steps that fit no regular grid (unless rows); text or
 * infinities in a numeric column with its name; a category that changes within a series. A gap (whole steps missing) is
 * filled with steps of NaN and noted. The step is the most frequent difference; months where days of the month agree,
 * or are the last of their months. With a series column, a folder's series are called FILE/SERIES. */
rondo_status rondo__series_read(rondo__series_set *out, const char *path, const rondo__series_spec *spec,
                                rondo_error *err);
void rondo__series_free(rondo__series_set *set);

/* ---- calendar features (calendar.c) ---- */
/* Two numbers (sine, cosine) for each name: minute (of the hour), hour, weekday, monthday, yearday, month. */
bool rondo__calendar_known(const char *name);
void rondo__calendar_features(double time, int64_t names, const char *const *name, double *out /* (2 names) */);

/* ---- splits (splits.c) ---- */
/* Where training and validation end in one series, in steps. part: texts such as "8640", "0.8", "2017-06-26" (the part
 * ends before it); two of them, a rest is left alone; one: the rest is for validation; none: "0.8" and "0.2". Of known
 * steps. Numbers above 1 are rows, at most 1 fractions. Errors name what cannot be (no time column, beyond the end, no
 * rows left). */
rondo_status rondo__splits_find(const rondo__series *series, int parts, const char *const *part, int64_t *train_end,
                                int64_t *valid_end, rondo_error *err);

/* ---- scalers (scaler.c): fitted on steps [0, end) of each series, all series together ---- */
typedef enum rondo__scaler_kind { RONDO__SCALER_STANDARD, RONDO__SCALER_ROBUST, RONDO__SCALER_NONE } rondo__scaler_kind;
typedef struct rondo__scaler {
    int64_t columns;
    double *center, *scale; /* (columns): x -> (x - center) / scale; a constant column has scale 1 */
    bool *constant;         /* (columns) */
} rondo__scaler;
/* value_at end[i]: steps of series i that may be looked at. Standard: mean and population deviation (as scikit-learn's
 * StandardScaler); robust: median and quartile range (the deviation where that is 0, as in columns of mostly zeros).
 * Columns without any value: RONDO_FORMAT naming them. */
rondo_status rondo__scaler_fit(rondo__scaler *out, rondo__scaler_kind kind, const rondo__series_set *set,
                               const int64_t *end, rondo_error *err);
void rondo__scaler_free(rondo__scaler *scaler);

#endif
