/* Tiny tables to forecast in a test: hourly rows of two shops, with two targets, counts, a covariate and a plan. */
#ifndef TESTS_TASKS_TINY_SERIES_H
#define TESTS_TASKS_TINY_SERIES_H

#include <math.h>

#include "rondo/forecast.h"
#include "tasks/forecast.h"
#include "tasks/model.h"
#include "tiny.h"

enum { SERIES_ROWS = 96, SERIES_TRAIN = 60, SERIES_VALID = 24 };

/* What a table is like beyond the plain one. */
typedef struct series_plan {
    int rows;        /* 0: SERIES_ROWS */
    int changed;     /* from this row on all values are other ones; 0: none */
    bool missing;    /* some cells are empty */
    bool noon_lacks; /* rows 30 to 32 are not there */
    bool empty_noon; /* rows 30 to 32 are there, without values */
    int ahead;       /* rows after the end that hold the plan alone */
} series_plan;

static inline double series_value(int shop, int row, int column, bool changed) {
    const double noise = rondo__random_uniform(5, (uint64_t)(shop * 8 + column), (uint64_t)row);
    const double wave = sin(6.283185307179586 * (row % 24) / 24 + column);
    const double value = 20 + 5 * shop + 6 * wave + 2 * noise + 0.05 * row;
    return changed ? 3 * value + 11 : value;
}

static inline void series_cell(rondo__text *t, const series_plan *p, int shop, int row, int column) {
    const bool changed = p->changed && row >= p->changed;
    if ((p->missing && (row * 7 + column * 3 + shop) % 11 == 0) || (p->empty_noon && row >= 30 && row < 33) ||
        row >= (p->rows ? p->rows : SERIES_ROWS))
        rondo__text_format(t, ",");
    else if (column == 2)
        rondo__text_format(t, ",%d", (int)(series_value(shop, row, column, changed) / 4));
    else
        rondo__text_format(t, ",%.4f", series_value(shop, row, column, changed));
}

/* time,shop,kind,a,b,n,c,plan */
static inline const char *series_write(const char *name, const series_plan *plan) {
    const series_plan plain = {0}, *p = plan ? plan : &plain;
    const int rows = (p->rows ? p->rows : SERIES_ROWS) + p->ahead;
    rondo__text t = {0};
    rondo__text_format(&t, "time,shop,kind,a,b,n,c,plan\n");
    for (int shop = 0; shop < 2; shop++) {
        for (int row = 0; row < rows; row++) {
            if (p->noon_lacks && row >= 30 && row < 33)
                continue;
            rondo__text_format(&t, "2020-03-%02d %02d:00,%s,%s", 1 + row / 24, row % 24, shop ? "south" : "north",
                               shop ? "small" : "large");
            for (int column = 0; column < 4; column++)
                series_cell(&t, p, shop, row, column);
            rondo__text_format(&t, p->empty_noon && row >= 30 && row < 33 ? ",\n" : ",%d\n", row % 5 == 0);
        }
    }
    const char *path = test_write(name, t.data, t.size);
    rondo__text_free(&t);
    return path;
}

/* sets end with NULL */
static inline tiny tiny_series_make(const char *folder, const char *const *sets) {
    static const char recipe[] =
        "task: forecast\n"
        "data: {file: series.csv, time: time, series: shop, targets: [a, b], splits: [60, 24]}\n"
        "model: {cell: lstm, hidden_size: 5, window: 12, horizon: 6}\n"
        "train:\n"
        "  optimizer: {type: adamw, learning_rate: 0.01}\n"
        "  batch_size: 16\n"
        "  epochs: 9\n"
        "  max_steps: 8\n"
        "  evaluate_every: 4\n";
    tiny t = {0};
    series_write("series.csv", NULL);
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("series.yaml", recipe, sizeof recipe - 1));
    snprintf(t.folder, sizeof t.folder, "%s", test_path(folder));
    for (; sets && sets[t.options.sets]; t.options.sets++)
        t.set[t.options.sets] = sets[t.options.sets];
    t.options.threads = 1;
    tiny_clean(&t);
    return t;
}

#define SERIES_KIND_SETS 7
#define SERIES_KINDS 14
static const char *const series_kinds[SERIES_KINDS][SERIES_KIND_SETS] = {
    {"model.mode=direct"},
    {"model.mode=direct", "model.independent=true", "model.instance_norm=reversible", "model.patch=4",
     "model.autoregressive=true", "model.output_dropout=0.2"},
    {"model.mode=direct", "data.covariates=[c]", "data.future_covariates=[plan]", "data.static=[kind]",
     "data.calendar=[hour, weekday]", "model.bidirectional=true"},
    {"model.mode=direct", "model.output=gaussian", "data.transform=logs", "model.cell=gru",
     "model.autoregressive=true"},
    {"model.mode=direct", "model.output=quantiles", "data.transform=returns", "model.layers=2", "model.dropout=0.1"},
    {"model.mode=direct", "model.output=student_t", "data.transform=differences", "model.instance_norm=mean_scale",
     "model.cell=elman"},
    {"model.mode=encoder_decoder", "data.future_covariates=[plan]", "data.calendar=[hour]", "model.patch=3",
     "data.static=[kind]"},
    {"model.mode=encoder_decoder", "model.output=gaussian", "model.instance_norm=reversible", "model.independent=true"},
    {"model.mode=encoder_decoder", "model.output=quantiles", "data.transform=differences", "model.cell=jordan",
     "model.autoregressive=true", "model.quantiles=[0.05, 0.25, 0.5, 0.75, 0.95]"},
    {"model.mode=recursive", "data.future_covariates=[plan]", "data.calendar=[hour]", "data.static=[kind]"},
    {"model.mode=recursive", "model.output=gaussian", "model.instance_norm=reversible", "data.transform=returns"},
    {"model.mode=recursive", "data.targets=[n]", "model.output=negative_binomial", "model.independent=true",
     "model.cell=gru", "data.calendar=[hour]"},
    {"model.mode=recursive", "model.output=quantiles", "model.cell=jordan", "data.scaling=robust"},
    {"model.mode=direct", "model.loss=huber", "model.cell=gru", "data.scaling=robust", "model.instance_norm=reversible",
     "data.steps=rows", "data.season=12"},
};

static inline tiny tiny_series_kind(const char *folder, int kind, const char *const *more) {
    const char *sets[TINY_MOST_SETS + 1] = {NULL};
    int count = 0;
    for (; count < SERIES_KIND_SETS && series_kinds[kind][count]; count++)
        sets[count] = series_kinds[kind][count];
    for (; more && *more; more++)
        sets[count++] = *more;
    return tiny_series_make(folder, sets);
}

static inline rondo_context *series_context(int threads) {
    rondo_context *made;
    rondo_error err;
    if (rondo_context_create(&made, &(rondo_context_options){.threads = threads}, &err))
        fail_msg("%s", err.message);
    return made;
}

static inline rondo_model *series_open(const tiny *t, rondo_context *with) {
    char path[400];
    rondo_model *model;
    rondo_error err;
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    if (rondo_model_open(&model, with, path, &err))
        fail_msg("%s", err.message);
    return model;
}

/* So many futures, of a model that draws any. */
static inline int64_t series_paths(const rondo_model *model, int64_t paths) {
    const rondo__forecast *f = (const rondo__forecast *)model->task;
    return f->recursive && f->levels > 0 ? paths : 0;
}

/* Bits; NaN are equal. */
static inline void series_same(const double *a, const double *b, int64_t count, const char *what) {
    for (int64_t i = 0; i < count; i++) {
        if (!(a[i] == b[i]) && !(isnan(a[i]) && isnan(b[i])))
            fail_msg("%s: number %d is %.17g, not %.17g", what, (int)i, b[i], a[i]);
    }
}

static inline void series_same_forecast(const rondo_forecast *a, const rondo_forecast *b, const char *what) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->quantiles, b->quantiles);
    const int64_t values = a->targets * a->horizon;
    for (int64_t i = 0; i < a->count; i++) {
        series_same(a->series[i].point, b->series[i].point, values, what);
        if (a->quantiles)
            series_same(a->series[i].quantile, b->series[i].quantile, values * a->quantiles, what);
    }
}

static inline rondo_forecast series_forecast(rondo_model *model, const char *path, const rondo_forecast_options *o) {
    rondo_forecast out;
    rondo_error err;
    if (rondo_model_forecast(model, path, o, &out, &err))
        fail_msg("%s", err.message);
    return out;
}

#endif
