/* Keys of the task forecast that do not fit together. */
#include <string.h>

#include "data/series.h"
#include "train/recipe_check.h"

void rondo__recipe_resolve_forecast(const rondo__recipe_checking *c) {
    rondo__recipe_model *m = &c->recipe->model;
    if (!rondo__recipe_given(c, "model.output"))
        m->output = RONDO__OUTPUT_POINT;
    if (m->output == RONDO__OUTPUT_NEGATIVE_BINOMIAL && !rondo__recipe_given(c, "model.instance_norm"))
        m->instance_norm = RONDO__MEAN_SCALE;
    if (m->output == RONDO__OUTPUT_QUANTILES && m->quantiles[0] == 0) {
        m->quantiles[0] = 0.1;
        m->quantiles[1] = 0.5;
        m->quantiles[2] = 0.9;
    }
}

static rondo_status check_data(const rondo__recipe_checking *c) {
    const rondo__recipe_series *r = &c->recipe->data.series;
    if (r->targets[0][0] == '\0')
        return rondo__recipe_refuse(c, "data.targets", NULL, "data.targets is empty (name a column to forecast)");
    if (r->calendar[0][0] && r->time[0] == '\0')
        return rondo__recipe_refuse(c, "data.calendar", "data.time",
                                    "data.calendar needs data.time (without it rows have no dates)");
    for (int i = 0; i < RONDO__LIST && r->calendar[i][0]; i++) {
        if (!rondo__calendar_known(r->calendar[i]))
            return rondo__fail(c->err, RONDO_FORMAT,
                               "%s: data.calendar: '%s' is no feature of the time (there are minute, hour, weekday, "
                               "monthday, yearday, month)",
                               rondo__recipe_place(c, "data.calendar", NULL).text, r->calendar[i]);
    }
    if (r->splits[0][0] && r->splits[1][0] && r->splits[2][0])
        return rondo__recipe_refuse(
            c, "data.splits", NULL,
            "data.splits has a third part (name training and validation; the rest is left alone)");
    return RONDO_OK;
}

static rondo_status check_mode(const rondo__recipe_checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    if (m->bidirectional && m->mode != RONDO__DIRECT)
        return rondo__recipe_refuse(
            c, "model.bidirectional", "model.mode",
            "model.bidirectional needs model.mode direct (other modes go on from the last state)");
    if (m->mode == RONDO__RECURSIVE && m->patch > 1)
        return rondo__recipe_refuse(
            c, "model.patch", "model.mode",
            "model.patch above 1 does not go with model.mode recursive, which forecasts step by step");
    if (m->mode == RONDO__RECURSIVE && m->autoregressive)
        return rondo__recipe_refuse(c, "model.autoregressive", "model.mode",
                                    "model.autoregressive needs model.mode direct or encoder_decoder");
    if (m->mode == RONDO__RECURSIVE && c->recipe->data.series.covariates[0][0])
        return rondo__recipe_refuse(c, "data.covariates", "model.mode",
                                    "model.mode recursive would have to know data.covariates ahead (use "
                                    "data.future_covariates, or another mode)");
    if (m->window % m->patch != 0)
        return rondo__fail(
            c->err, RONDO_FORMAT, "%s: model.patch must divide model.window (%lld is no multiple of %lld)",
            rondo__recipe_place(c, "model.patch", "model.window").text, (long long)m->window, (long long)m->patch);
    if (m->mode == RONDO__ENCODER_DECODER && m->horizon % m->patch != 0)
        return rondo__fail(c->err, RONDO_FORMAT,
                           "%s: the decoder says model.patch steps at once: it must divide model.horizon (%lld is no "
                           "multiple of %lld)",
                           rondo__recipe_place(c, "model.patch", "model.horizon").text, (long long)m->horizon,
                           (long long)m->patch);
    return RONDO_OK;
}

static rondo_status check_counts(const rondo__recipe_checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    if (m->output != RONDO__OUTPUT_NEGATIVE_BINOMIAL)
        return RONDO_OK;
    if (c->recipe->data.series.transform != RONDO__LEVELS)
        return rondo__recipe_refuse(c, "data.transform", "model.output",
                                    "model.output negative_binomial is of counts: data.transform must be levels");
    if (m->instance_norm == RONDO__REVERSIBLE)
        return rondo__recipe_refuse(c, "model.instance_norm", "model.output",
                                    "model.output negative_binomial cannot be shifted: model.instance_norm must be "
                                    "mean_scale or none");
    if (m->autoregressive)
        return rondo__recipe_refuse(c, "model.autoregressive", "model.output",
                                    "model.autoregressive does not go with model.output negative_binomial");
    return RONDO_OK;
}

/* A point has no interval, and would never be better than before. */
static rondo_status check_metric(const rondo__recipe_checking *c) {
    static const char *const of_quantiles[] = {"crps", "pinball", "coverage"};
    const char *metric = c->recipe->train.metric;
    for (size_t i = 0; i < sizeof of_quantiles / sizeof *of_quantiles; i++) {
        if (c->recipe->model.output == RONDO__OUTPUT_POINT && strcmp(metric, of_quantiles[i]) == 0)
            return rondo__fail(c->err, RONDO_FORMAT,
                               "%s: train.metric %s needs quantiles or a distribution (of model.output point, take "
                               "mae)",
                               rondo__recipe_place(c, "train.metric", "model.output").text, metric);
    }
    return RONDO_OK;
}

static rondo_status check_output(const rondo__recipe_checking *c) {
    const rondo__recipe_model *m = &c->recipe->model;
    if (m->output < RONDO__OUTPUT_POINT)
        return rondo__recipe_refuse(
            c, "model.output", NULL,
            "the model.output of a forecast is point, gaussian, student_t, negative_binomial or "
            "quantiles");
    for (int i = 1; i < RONDO__QUANTILES && m->quantiles[i] != 0; i++) {
        if (m->quantiles[i] <= m->quantiles[i - 1])
            return rondo__recipe_refuse(c, "model.quantiles", NULL, "model.quantiles must rise");
    }
    if (c->recipe->train.label_smoothing > 0)
        return rondo__recipe_refuse(c, "train.label_smoothing", NULL,
                                    "train.label_smoothing is for symbols (a forecast has none)");
    return check_counts(c);
}

rondo_status rondo__recipe_check_forecast(const rondo__recipe_checking *c) {
    rondo_status status = check_data(c);
    if (!status)
        status = check_mode(c);
    if (!status)
        status = check_output(c);
    if (!status)
        status = check_metric(c);
    return status ? status : rondo__recipe_check_model(c);
}
