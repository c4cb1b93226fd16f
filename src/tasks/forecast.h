/* Forecasts of time series as a task: tables in, a model that continues them.
 *
 *   forecast_data.c        files -> series as the network sees them; what the training rows say of them (the facts)
 *   forecast_seen.c        one such series, step by step
 *   forecast_facts.c       the facts in the model file
 *   forecast_windows.c     which windows there are; a window as arrays
 *   forecast_model.c       recipe -> parameters; arrays -> raw outputs, loss
 *   forecast_recursive.c   one step after the other, each fed back; sample paths
 *   forecast_levels.c      raw outputs -> levels, quantiles, in the unit of the data
 *   forecast_task.c        the class: what the training loop asks
 *   forecast_evaluate.c    every origin of a part, scores of the model and of the trivial forecasts
 *   forecast_report.c      the same as a table and in words
 *   forecast_use.c, forecast_stream.c   the public functions
 *   forecast_deploy.c      what exporters write down
 *
 * From a cell of the file to the network and back:
 *
 *   level --transform--> t --(t - center) / scale--> z --(z - shift) / size of the window--> x
 *
 * center and scale are fitted on the training rows of all series, shift and size on each window's own past
 * (model.instance_norm). With differences and returns a direct forecast of h steps is of the whole change since the
 * last known level: its quantiles are those of the level. Its shift is h times that of a step, its size sqrt(h) times.
 *
 * Letters: N target columns; n targets of one row of a batch (N, or 1 where targets are independent); W window, H
 * horizon, p patch, T = W / p (recursive: W + H - 1) steps of the network; F features of a step; K of them known ahead;
 * P numbers that the network gives for each value. An origin o is the number of steps known: steps [o - W, o) are the
 * past, [o, o + H) is forecast. */
#ifndef RONDO_TASKS_FORECAST_H
#define RONDO_TASKS_FORECAST_H

#include "data/series.h"
#include "data/symbols.h"
#include "rondo/forecast.h"
#include "rondo/losses.h"
#include "rondo/series_score.h"
#include "train/model_file.h"
#include "train/task.h"

#define RONDO__COLUMNS (3 * RONDO__LIST)

/* What is known of the data from the training rows alone; it stands in the model file. */
typedef struct rondo__forecast_facts {
    rondo__time_step step;
    bool weekdays; /* rows are days, and none of them is a Saturday or Sunday */
    int64_t season;
    double center[RONDO__COLUMNS], scale[RONDO__COLUMNS];       /* of t and of covariates */
    double level_center[RONDO__LIST], level_scale[RONDO__LIST]; /* of the targets' levels: scores are on this scale */
    double seasonal_error[RONDO__LIST];                         /* of the targets; NaN: none (MASE) */
    bool masked[RONDO__COLUMNS];                                /* some value is missing: a channel says where */
    rondo__symbols category[RONDO__LIST];
} rondo__forecast_facts;

/* One series as the network sees it. Arrays have room for `capacity` steps; what lies after `count` is not known. */
typedef struct rondo__seen {
    char *name, *path; /* NULL: of a stream */
    int64_t count, known, capacity;
    int64_t offset; /* of a stream: steps that were forgotten */
    int64_t train_end, valid_end;
    double *time;   /* (capacity) */
    double *level;  /* (N, capacity), NaN: missing */
    real *z;        /* (capacity, columns), NaN: missing */
    real *calendar; /* (capacity, 2 names) */
    int32_t *fixed; /* (static columns): categories, -1: never seen in training */
} rondo__seen;
typedef struct rondo__seen_set {
    int64_t count;
    rondo__seen *series;
    rondo__time_step step;
    rondo__text notes;
} rondo__seen_set;

typedef struct rondo__window {
    int64_t series, origin;
} rondo__window;
typedef struct rondo__windows {
    int64_t count;
    rondo__window *window;
} rondo__windows;

/* Arrays of so many windows; row b of the batch is window b / (N / n), its target j is b % (N / n) + j. */
typedef struct rondo__forecast rondo__forecast;
typedef struct rondo__forecast_batch {
    int64_t most, windows, B, values; /* windows at most and now; values = B H n */
    int64_t *counted;                 /* (windows): targets with a weight */
    real *x;                          /* (T, B, p F) */
    real *ahead;    /* known ahead: decoder (H / p, B, p K); direct (B, H future covariates); may be NULL */
    real *last;     /* decoder: (B, p n), the last values of the past */
    real *path;     /* autoregressive: (n, B, W) */
    int32_t *fixed; /* (static columns, the larger of T and H, B) */
    real *shift, *scale, *target, *weight; /* (values) */
    real *factor;                          /* (values): weight, by the power of scale that the loss asks for */
    double *base;                          /* (B, n): the last known level */
    const rondo__forecast *forecast;
    const rondo__seen_set *set;
    const rondo__window *window; /* (windows) */
} rondo__forecast_batch;

struct rondo__forecast {
    rondo__task_object base; /* first */
    rondo__forecast_facts facts;
    rondo_recurrent *encoder, *decoder;
    int weight, bias, path_weight, path_bias, fixed[RONDO__LIST]; /* parameters, -1: none */
    int64_t N, n, columns, covariates, future, calendars, fixed_columns, W, H, p, F, K, P, T;
    const char *calendar[RONDO__LIST];
    int masks, mask[RONDO__COLUMNS]; /* columns with a mask channel; of an independent target: -1 */
    bool recursive, decodes, cumulative;
    int lead;                       /* steps before a window that it also needs: 1 with differences and returns */
    double level[RONDO__QUANTILES]; /* that evaluations look at */
    real trained[RONDO__QUANTILES]; /* the same as numbers of the loss */
    int levels;
    rondo__text report; /* of the last evaluation */
    /* of training only */
    rondo__seen_set data;
    rondo__windows train, valid;
    int64_t *order, order_epoch;
    rondo__window *picked;         /* (2, batch) */
    rondo__forecast_batch room[2]; /* of base.slot: the batch in use */
};

/* ---- data (forecast_data.c) ---- */
/* The recipe's file: facts, series, windows' parts. */
rondo_status rondo__forecast_read(rondo__forecast *f, rondo_error *err);
/* Another file by the facts of the model, with room for `more` steps after its end. */
rondo_status rondo__forecast_open(const rondo__forecast *f, rondo__seen_set *out, const char *path, int64_t more,
                                  rondo_error *err);
/* The recipe's own file, of a model that was opened from its file, with the parts that its splits make. */
rondo_status rondo__forecast_open_own(const rondo__forecast *f, rondo__seen_set *out, rondo_error *err);
void rondo__seen_free(rondo__seen_set *set);

/* ---- one series (forecast_seen.c) ---- */
/* What the transform makes of a level and the one before it; NaN where one of the two is missing. */
double rondo__transformed(const rondo__forecast *f, double level, double before);
bool rondo__is_weekend(double time);
/* Room for a series of so many steps. */
rondo_status rondo__seen_make(const rondo__forecast *f, rondo__seen *s, int64_t capacity, rondo_error *err);
void rondo__seen_clear(rondo__seen *s);
/* Why the transform or the distribution cannot have this level; NULL: it can. */
const char *rondo__level_fault(const rondo__forecast *f, double level);
/* Step k is given as a row of the file (columns; NaN: missing); steps before it are there. */
void rondo__seen_put(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *row);
/* Step k is taken for known: levels (N); covariates are missing, future covariates stay. */
void rondo__seen_feed(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *level);
/* Future covariates of step k. */
void rondo__seen_future(const rondo__forecast *f, rondo__seen *s, int64_t k, const double *value);
/* Time and calendar of steps [from, to) go on from step from - 1. */
void rondo__seen_times(const rondo__forecast *f, rondo__seen *s, int64_t from, int64_t to);
/* Midnight has its hour, too, where steps are shorter than days. */
void rondo__forecast_print_time(const rondo__forecast *f, double time, char out[32]);
void rondo__seen_calendar(const rondo__forecast *f, rondo__seen *s, int64_t k);

/* ---- facts (forecast_facts.c) ---- */
rondo_status rondo__facts_json(const rondo__forecast *f, rondo__text *json);
rondo_status rondo__facts_parse(rondo__forecast *f, const char *json, const char *path, rondo_error *err);
void rondo__facts_free(rondo__forecast_facts *facts);

/* ---- windows (forecast_windows.c) ---- */
/* Sizes that the recipe and the facts fix. */
void rondo__forecast_sizes(rondo__forecast *f);
/* Windows of set whose horizon lies in [from, to) of each series: 0 training, 1 validation, 2 all. */
rondo_status rondo__windows_make(const rondo__forecast *f, rondo__windows *out, const rondo__seen_set *set, int part,
                                 rondo_error *err);
rondo_status rondo__batch_make(const rondo__forecast *f, rondo__forecast_batch *batch, int64_t windows,
                               rondo_error *err);
void rondo__batch_free(rondo__forecast_batch *batch);
void rondo__batch_fill(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen_set *set,
                       int64_t windows, const rondo__window *window);
/* The same, but what is left is *work, one window at a time. */
void rondo__batch_begin_fill(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen_set *set,
                             int64_t windows, const rondo__window *window, rondo__work *work);
int64_t rondo__batch_counted(const rondo__forecast_batch *batch); /* targets with a weight */
/* Place of value (b, h, j) among the values. */
static inline int64_t rondo__value_at(const rondo__forecast *f, int64_t B, int64_t b, int64_t h, int64_t j) {
    return f->recursive ? (h * B + b) * f->n + j : (b * f->H + h) * f->n + j;
}
static inline int64_t rondo__target_of(const rondo__forecast *f, int64_t b, int64_t j) { return b % (f->N / f->n) + j; }

/* ---- the model (forecast_model.c) ---- */
rondo_status rondo__forecast_build(rondo__forecast *f, const rondo__safetensors *file, const char *path,
                                   rondo_error *err);
/* Raw outputs (values, P); of a recursive model each step knows the true one before it. */
rondo_var *rondo__forecast_outputs(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *batch);
/* Its loss, divided by divide_by (0: the number of counted targets). */
rondo_var *rondo__forecast_loss(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *batch,
                                rondo_var *raw, real divide_by);
/* Parts that the recursive forecast needs. Embedded categories beside x (steps, B, .): fixed (static columns, stride).
 */
rondo_var *rondo__forecast_inputs(rondo__forecast *f, rondo_tape *tape, rondo_var *x, int64_t steps, int64_t B,
                                  const int32_t *fixed, int64_t stride);
/* The stack over the first steps of x; over one step. */
rondo_var *rondo__forecast_encode(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *batch,
                                  int64_t steps, rondo_states *final_states);
rondo_var *rondo__forecast_step(rondo__forecast *f, rondo_tape *tape, rondo_var *x, const rondo_states *before,
                                rondo_states *after);
/* The output layer; beside: NULL, or what else it sees. */
rondo_var *rondo__forecast_head(rondo__forecast *f, rondo_tape *tape, rondo_var *y, rondo_var *beside);
static inline bool rondo__is_distribution(const rondo__forecast *f) {
    const int output = f->base.recipe.model.output;
    return output >= RONDO__OUTPUT_GAUSSIAN && output <= RONDO__OUTPUT_NEGATIVE_BINOMIAL;
}
static inline rondo_distribution rondo__distribution_of(const rondo__forecast *f) {
    return (rondo_distribution)(f->base.recipe.model.output - RONDO__OUTPUT_GAUSSIAN);
}

/* ---- in the unit of the data (forecast_levels.c) ---- */
typedef struct rondo__levels {
    int64_t windows; /* at most */
    int levels;
    double level[RONDO__QUANTILES];
    double standard[RONDO__QUANTILES]; /* the same of a standard Gaussian */
    double *point;                     /* (windows, N, H) */
    double *quantile;                  /* (windows, N, H, levels), NULL: none */
    double *truth;                     /* (windows, N, H) */
    double *crps;                      /* (windows, N, H), NULL: none */
    int64_t paths;                     /* recursive: sample paths */
    uint64_t seed;
    /* room of recursive forecasts */
    double *draw;  /* (paths) */
    double *drawn; /* (paths, values) */
    double *at;    /* (paths B n): the level that a path stands at */
    real *state;   /* states of the paths */
    real *feed;    /* (paths B, F): the next input */
    int32_t *fixed;
} rondo__levels;
rondo_status rondo__levels_make(const rondo__forecast *f, rondo__levels *out, int64_t windows, bool scores,
                                rondo_error *err);
void rondo__levels_free(rondo__levels *levels);
/* The levels that a caller wants: rising, and known to the model. */
rondo_status rondo__levels_choose(const rondo__forecast *f, rondo__levels *out, int count, const double *level,
                                  rondo_error *err);
/* How many futures a recursive model draws (0: the usual number), and from which seed. */
rondo_status rondo__levels_choose_paths(const rondo__forecast *f, rondo__levels *out, int64_t paths, uint64_t seed,
                                        rondo_error *err);
/* Runs the model on a filled batch and fills out in. loss: NULL, or receives the sum of losses. */
rondo_status rondo__forecast_run(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *batch,
                                 rondo__levels *out, double *loss, bool same_parameters, rondo_error *err);
/* What level does z-unit value u of column mean, h steps (from 1) after base? */
double rondo__level_of(const rondo__forecast *f, double base, double t);
/* Of one value: shift and scale in units of t. */
typedef struct rondo__frame {
    double shift, scale;
} rondo__frame;
rondo__frame rondo__frame_of(const rondo__forecast *f, const rondo__forecast_batch *batch, int64_t value, int64_t h,
                             int64_t column);
/* Quantile of a sorted list of values at rising levels, straight between them and beyond the last two. */
double rondo__between_levels(int count, const double *level, const double *value, double wanted);
/* The trained quantiles (rising) of raw outputs as values of t. */
void rondo__sorted_quantiles(const rondo__forecast *f, const real *raw, rondo__frame frame, double *out);
/* CRPS by 19 quantiles. */
#define RONDO__CRPS_LEVELS 19
double rondo__crps_of_quantiles(const double *quantile, double truth);
void rondo__sort_doubles(int64_t count, double *x);

/* ---- recursive (forecast_recursive.c) ---- */
rondo_status rondo__levels_make_paths(const rondo__forecast *f, rondo__levels *out, rondo_error *err);
rondo_status rondo__forecast_paths(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *batch,
                                   rondo__levels *out, rondo_error *err);

/* ---- evaluation (forecast_evaluate.c, forecast_report.c) ---- */
#define RONDO__RIVALS 3
extern const char *const rondo__forecast_metrics[];
typedef struct rondo__forecast_scores {
    double loss;
    int64_t windows, counted;
    rondo_series_score scaled, units;
    rondo_series_score rival_scaled[RONDO__RIVALS], rival_units[RONDO__RIVALS]; /* by rondo_baseline */
} rondo__forecast_scores;
rondo_status rondo__forecast_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                      rondo_metrics *metrics, rondo_error *err);
void rondo__forecast_write_report(rondo__forecast *f, const rondo__forecast_scores *scores);

/* ---- what is deployed (forecast_deploy.c) ---- */
rondo_status rondo__forecast_network(rondo__task_object *task, struct rondo__network *out, rondo_error *err);

extern const struct rondo__look_class rondo__forecast_look; /* forecast_look.c */
extern const rondo__task_class rondo__forecast_class;

#endif
