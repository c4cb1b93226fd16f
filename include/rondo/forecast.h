/* Forecasts of time series in use: a table in, its continuation out; or one row in, one forecast out. */
#ifndef RONDO_FORECAST_H
#define RONDO_FORECAST_H

#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. */
typedef struct rondo_forecast_options {
    int64_t horizon;        /* steps; 0: the model's. Beyond that, its own forecasts are taken for known */
    int quantiles;          /* levels wanted; 0: the model's own, [0.1, 0.5, 0.9] of a distribution */
    const double *quantile; /* rising, in (0, 1). RONDO_ARGUMENT of a model that forecasts points only, or beyond the
                               quantiles that it was trained for */
    const char *series;     /* name; NULL: all */
    const char *target;     /* name of a target column; NULL: all */
    const char *from;       /* as if the file ended there: the first step to forecast, by its number from 0 or its time
                               ("2017-06-26 00:00"); NULL: after the last known value */
    int64_t history;        /* known steps before it that come along, for pictures; 0: none */
    int64_t paths;          /* a recursive model of distributions or quantiles draws so many futures; 0: 200.
                               RONDO_ARGUMENT of any other, which draws none */
    uint64_t seed;          /* of these draws */
} rondo_forecast_options;

/* One series' forecast. Arrays belong to the result. */
typedef struct rondo_forecast_series {
    char *name;            /* "" where the file holds one */
    double *time;          /* (horizon): seconds since 1970; numbers of rows where there is no time column */
    char **when;           /* (horizon): the same as text, "2016-07-01 05:00" */
    double *point;         /* (targets, horizon) */
    double *quantile;      /* (targets, horizon, quantiles); NULL: none */
    double *truth;         /* (targets, horizon), NaN: not known */
    int64_t history;       /* steps */
    double *history_time;  /* (history) */
    double *history_value; /* (targets, history), NaN: missing */
} rondo_forecast_series;
typedef struct rondo_forecast {
    int64_t horizon, targets, count;
    char **target_name;            /* (targets) */
    rondo_forecast_series *series; /* (count) */
    int quantiles;
    double *level;  /* (quantiles) */
    bool has_time;  /* times are times */
    bool has_truth; /* some of it is known */
    bool has_band;  /* quantiles below and above */
    char *notes;    /* lines worth telling, "" where there are none: gaps, unknown categories, a horizon beyond the
                       model's */
} rondo_forecast;
/* Continues the series of a CSV file (or folder of them), which has the columns that the model was trained with; a
 * series needs as many known steps as the model's window (of several, those that are shorter are passed over, and notes
 * say so). Future covariates must be in the file over the horizon:
 * RONDO_FORMAT names the first that is missing. options may be NULL. On success free the result. */
RONDO_API rondo_status rondo_model_forecast(rondo_model *model, const char *path, const rondo_forecast_options *options,
                                            rondo_forecast *out, rondo_error *err);
RONDO_API void rondo_forecast_free(rondo_forecast *forecast);
/* History, forecast, bands and truth of one target of one series, as .png or .svg (see plot.h). */
RONDO_API rondo_status rondo_forecast_plot(const rondo_forecast *forecast, int64_t series, int64_t target,
                                           const char *path, rondo_error *err);

/* ---- streaming: one row in, one forecast out ---- */
typedef struct rondo_forecast_stream rondo_forecast_stream;
typedef struct rondo_forecast_stream_options {
    int quantiles; /* as above */
    const double *quantile;
    const char *const *category; /* of each static column, in the recipe's order; NULL without them */
    int64_t paths;
    uint64_t seed;
} rondo_forecast_stream_options;
/* The model must outlive the stream. options may be NULL. */
RONDO_API rondo_status rondo_forecast_stream_open(rondo_forecast_stream **out, rondo_model *model,
                                                  const rondo_forecast_stream_options *options, rondo_error *err);
RONDO_API void rondo_forecast_stream_close(rondo_forecast_stream **stream);
/* What a step takes and gives. */
typedef struct rondo_forecast_stream_sizes {
    int64_t columns; /* of a row: targets, covariates, future covariates, in the recipe's order */
    int64_t targets, future_covariates, horizon, window;
    int quantiles;
} rondo_forecast_stream_sizes;
RONDO_API rondo_forecast_stream_sizes rondo_forecast_stream_get_sizes(const rondo_forecast_stream *stream);
/* row (columns): NaN is a missing value; one step after the row before it, at time (seconds since 1970; not read
 * without calendar features). future (horizon, future covariates): what is known ahead; NULL without such columns.
 * point (targets, horizon), quantile (targets, horizon, quantiles; may be NULL) receive NaN until `window` rows have
 * come (one more with differences and returns). The same bits as rondo_model_forecast of the same rows. Allocates
 * nothing. */
RONDO_API rondo_status rondo_forecast_stream_step(rondo_forecast_stream *stream, double time, const double *row,
                                                  const double *future, double *point, double *quantile,
                                                  rondo_error *err);
/* Forgets all rows. */
RONDO_API void rondo_forecast_stream_reset(rondo_forecast_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
