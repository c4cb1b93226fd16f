/* Series as the network sees them, and the facts that the training rows tell of them. Nothing after the training part
 * has a say in the facts. */
#include "tasks/forecast.h"

#include <math.h>
#include <string.h>

#include "data/times.h"
#include "formats/json_text.h"

typedef struct lists {
    const char *target[RONDO__LIST + 1], *covariate[RONDO__LIST + 1], *future[RONDO__LIST + 1], *fixed[RONDO__LIST + 1];
} lists;

static void list_names(const rondo__names names, const char *out[RONDO__LIST + 1]) {
    int count = 0;
    while (count < RONDO__LIST && names[count][0]) {
        out[count] = names[count];
        count++;
    }
    out[count] = NULL;
}

static rondo__series_spec spec_of(const rondo__recipe_series *r, lists *names) {
    list_names(r->targets, names->target);
    list_names(r->covariates, names->covariate);
    list_names(r->future_covariates, names->future);
    list_names(r->fixed, names->fixed);
    return (rondo__series_spec){.time = r->time,
                                .series = r->series,
                                .target = names->target,
                                .covariate = names->covariate,
                                .future_covariate = names->future,
                                .fixed = names->fixed,
                                .rows = r->steps == 1};
}

/* ---- checks ---- */

static rondo_status check_levels(const rondo__forecast *f, const rondo__series_set *set, const rondo__series *s,
                                 rondo_error *err) {
    for (int64_t k = 0; k < s->count; k++) {
        for (int64_t c = 0; c < f->N; c++) {
            const double level = s->value[k * set->columns + c];
            const char *fault = rondo__level_fault(f, level);
            char time[32] = "";
            if (!fault)
                continue;
            if (f->base.recipe.data.series.time[0])
                rondo__forecast_print_time(f, s->time[k], time);
            return rondo__fail(err, RONDO_FORMAT, "%s: column '%s': %g in step %lld%s%s %s", s->path,
                               rondo__show(set->column_name[c]).text, level, (long long)k, *time ? ", " : "", time,
                               fault);
        }
    }
    return RONDO_OK;
}

/* What is too large for the network's numbers would be infinite there, and every state would be saturated. */
static rondo_status check_scaled(const rondo__forecast *f, const rondo__seen *s, const rondo__series_set *set,
                                 const rondo__series *from, rondo_error *err) {
    for (int64_t i = 0; i < from->count * f->columns; i++) {
        const int64_t k = i / f->columns, c = i % f->columns;
        if (isinf(s->z[i]))
            return rondo__fail(err, RONDO_FORMAT,
                               "%s: column '%s': %g in step %lld is too far from the training rows to be scaled (is it "
                               "in the same unit?)",
                               from->path, rondo__show(set->column_name[c]).text, from->value[k * set->columns + c],
                               (long long)k);
    }
    return RONDO_OK;
}

/* ---- from a table to series ---- */

static rondo_status take_series(const rondo__forecast *f, rondo__seen *s, const rondo__series_set *set,
                                const rondo__series *from, int64_t more, rondo_error *err) {
    rondo_status status = rondo__seen_make(f, s, from->count + f->H + more, err);
    if (status)
        return status;
    memcpy(s->time, from->time, (size_t)from->count * sizeof *s->time);
    for (int64_t k = 0; k < from->count; k++) {
        rondo__seen_put(f, s, k, from->value + k * set->columns);
        rondo__seen_calendar(f, s, k);
    }
    status = check_scaled(f, s, set, from, err);
    if (status)
        return status;
    s->known = from->known;
    rondo__seen_times(f, s, from->count, s->capacity);
    s->name = rondo__strdup(from->name);
    s->path = rondo__strdup(from->path);
    return s->name && s->path ? RONDO_OK
                              : rondo__fail(err, RONDO_MEMORY, "forecast: no memory for the name of a series");
}

static void take_categories(const rondo__forecast *f, rondo__seen *s, const rondo__series_set *set,
                            const rondo__series *from, rondo__text *notes) {
    for (int64_t c = 0; c < f->fixed_columns; c++) {
        const char *name = set->category[c].name[from->fixed[c]];
        s->fixed[c] = rondo__symbols_find(&f->facts.category[c], name, strlen(name));
        if (s->fixed[c] < 0)
            rondo__text_format(
                notes, "series '%s': category '%s' of '%s' was not in the training data (it counts as none)\n",
                rondo__show(from->name).text, rondo__show(name).text, f->base.recipe.data.series.fixed[c]);
    }
}

static rondo_status take_all(const rondo__forecast *f, rondo__seen_set *out, rondo__series_set *set, int64_t more,
                             rondo_error *err) {
    rondo_status status = RONDO_OK;
    out->step = set->step;
    out->series = rondo__calloc((size_t)set->count, sizeof *out->series);
    if (!out->series)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld series", (long long)set->count);
    for (int64_t i = 0; i < set->count && !status; i++) {
        status = take_series(f, &out->series[out->count++], set, &set->series[i], more, err);
        if (!status)
            take_categories(f, &out->series[i], set, &set->series[i], &out->notes);
    }
    if (set->notes.size)
        rondo__text_add(&out->notes, set->notes.data, set->notes.size);
    return status              ? status
           : out->notes.failed ? rondo__fail(err, RONDO_MEMORY, "forecast: no memory for notes")
                               : RONDO_OK;
}

void rondo__seen_free(rondo__seen_set *set) {
    for (int64_t i = 0; i < set->count; i++) {
        rondo__seen *s = &set->series[i];
        rondo__seen_clear(s);
    }
    rondo__free(set->series);
    rondo__text_free(&set->notes);
    *set = (rondo__seen_set){0};
}

static rondo_status read_set(const rondo__forecast *f, rondo__series_set *set, const char *path, rondo_error *err) {
    lists names;
    const rondo__series_spec spec = spec_of(&f->base.recipe.data.series, &names);
    char room[RONDO__PATH];
    rondo_status status = rondo__series_read(set, rondo__data_find(path, room), &spec, err);
    for (int64_t i = 0; !status && i < set->count; i++)
        status = check_levels(f, set, &set->series[i], err);
    if (status)
        rondo__series_free(set);
    return status;
}

/* The same time step as in training? A single row tells none. */
static rondo_status check_step(const rondo__forecast *f, const rondo__series_set *set, const char *path,
                               rondo_error *err) {
    const rondo__time_step *was = &f->facts.step, *is = &set->step;
    char old[32], new[32];
    if ((was->seconds == is->seconds && was->months == is->months) || (is->seconds == 0 && is->months == 0) ||
        f->base.recipe.data.series.steps == 1)
        return RONDO_OK;
    rondo__time_step_print(*was, old);
    rondo__time_step_print(*is, new);
    return rondo__fail(err, RONDO_FORMAT, "%s: its steps are of %s, those that the model knows of %s (give rows of %s)",
                       path, new, old, old);
}

rondo_status rondo__forecast_open(const rondo__forecast *f, rondo__seen_set *out, const char *path, int64_t more,
                                  rondo_error *err) {
    rondo__series_set set = {0};
    *out = (rondo__seen_set){0};
    rondo_status status = read_set(f, &set, path, err);
    if (status)
        return status;
    status = check_step(f, &set, path, err);
    if (!status)
        status = take_all(f, out, &set, more, err);
    rondo__series_free(&set);
    if (status)
        rondo__seen_free(out);
    return status;
}

/* ---- facts ---- */

static rondo_status find_splits(const rondo__forecast *f, const rondo__series_set *set, int64_t *train, int64_t *valid,
                                rondo_error *err) {
    const char *part[RONDO__LIST + 1];
    int parts = 0;
    rondo_status status = RONDO_OK;
    list_names(f->base.recipe.data.series.splits, part);
    while (part[parts])
        parts++;
    for (int64_t i = 0; i < set->count && !status; i++)
        status = rondo__splits_find(&set->series[i], parts, part, &train[i], &valid[i], err);
    return status;
}

static void set_ends(rondo__seen_set *set, const int64_t *train, const int64_t *valid) {
    for (int64_t i = 0; i < set->count; i++) {
        set->series[i].train_end = train[i];
        set->series[i].valid_end = valid[i];
    }
}

rondo_status rondo__forecast_open_own(const rondo__forecast *f, rondo__seen_set *out, rondo_error *err) {
    char path[RONDO__PATH];
    rondo__series_set set = {0};
    *out = (rondo__seen_set){0};
    rondo_status status = rondo__recipe_find(&f->base.recipe, f->base.recipe.data.series.file, path, err);
    if (!status)
        status = read_set(f, &set, path, err);
    if (status)
        return status;
    int64_t *end = rondo__calloc((size_t)set.count, 2 * sizeof *end);
    status = end ? find_splits(f, &set, end, end + set.count, err)
                 : rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld series", (long long)set.count);
    if (!status)
        status = take_all(f, out, &set, 0, err);
    if (!status)
        set_ends(out, end, end + set.count);
    rondo__series_free(&set);
    rondo__free(end);
    if (status)
        rondo__seen_free(out);
    return status;
}

static void note_masked(rondo__forecast *f, const rondo__series_set *set, const int64_t *train) {
    for (int64_t i = 0; i < set->count; i++) {
        for (int64_t k = 0; k < train[i]; k++) {
            for (int64_t c = 0; c < set->columns; c++)
                f->facts.masked[c] = f->facts.masked[c] || isnan(set->series[i].value[k * set->columns + c]);
        }
    }
}

/* Days of rows without any Saturday or Sunday in the training part. */
static bool are_weekdays(const rondo__forecast *f, const rondo__series_set *set, const int64_t *train) {
    bool weekdays =
        f->base.recipe.data.series.steps == 1 && f->base.recipe.data.series.time[0] && set->step.seconds == RONDO__DAY;
    int64_t rows = 0;
    for (int64_t i = 0; i < set->count && weekdays; i++) {
        for (int64_t k = 0; k < train[i] && weekdays; k++, rows++)
            weekdays = !rondo__is_weekend(set->series[i].time[k]);
    }
    return weekdays && rows >= 10;
}

/* Mean of the series' own seasonal errors, weighted by their steps. */
static rondo_status find_seasonal_errors(rondo__forecast *f, const rondo__series_set *set, const int64_t *train,
                                         rondo_error *err) {
    int64_t most = 0;
    for (int64_t i = 0; i < set->count; i++)
        most = train[i] > most ? train[i] : most;
    double *level = rondo__calloc((size_t)most, sizeof *level);
    if (!level)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a column");
    for (int64_t c = 0; c < f->N; c++) {
        double sum = 0, steps = 0;
        for (int64_t i = 0; i < set->count; i++) {
            for (int64_t k = 0; k < train[i]; k++)
                level[k] = set->series[i].value[k * set->columns + c];
            const double error = rondo_seasonal_error(train[i], level, f->facts.season);
            if (isfinite(error)) {
                sum += error * (double)train[i];
                steps += (double)train[i];
            }
        }
        f->facts.seasonal_error[c] = steps > 0 ? sum / steps : NAN;
    }
    rondo__free(level);
    return RONDO_OK;
}

static rondo_status fit(rondo__forecast *f, const rondo__series_set *set, const int64_t *train, bool levels,
                        rondo_error *err) {
    rondo__scaler scaler;
    const rondo__recipe *recipe = &f->base.recipe;
    const rondo_status status =
        rondo__scaler_fit(&scaler, (rondo__scaler_kind)recipe->data.series.scaling, set, train, err);
    if (status)
        return status;
    for (int64_t c = 0; c < (levels ? f->N : f->columns); c++) {
        (levels ? f->facts.level_center : f->facts.center)[c] = scaler.center[c];
        (levels ? f->facts.level_scale : f->facts.scale)[c] = scaler.scale[c];
    }
    rondo__scaler_free(&scaler);
    for (int64_t c = 0; c < f->N && !levels; c++) {
        if (recipe->model.instance_norm == RONDO__MEAN_SCALE || recipe->model.output == RONDO__OUTPUT_NEGATIVE_BINOMIAL)
            f->facts.center[c] = 0; /* sizes are what counts */
        if (recipe->model.output == RONDO__OUTPUT_NEGATIVE_BINOMIAL)
            f->facts.scale[c] = 1; /* counts stay counts */
    }
    return RONDO_OK;
}

/* Every category, also of series that the training part is too short for: the names are no values. */
static rondo_status keep_categories(rondo__forecast *f, const rondo__series_set *set, rondo_error *err) {
    for (int64_t c = 0; c < f->fixed_columns; c++) {
        for (int64_t i = 0; i < set->category[c].count; i++) {
            const char *name = set->category[c].name[i];
            if (rondo__symbols_add(&f->facts.category[c], name, strlen(name), 1) < 0)
                return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for the categories");
        }
    }
    return RONDO_OK;
}

static rondo_status find_facts(rondo__forecast *f, rondo__series_set *set, const int64_t *train, rondo_error *err) {
    const int64_t season = f->base.recipe.data.series.season;
    f->facts.step = set->step;
    f->facts.season = season ? season : rondo__time_step_season(set->step);
    f->facts.weekdays = are_weekdays(f, set, train);
    if (f->facts.weekdays && !season)
        f->facts.season = 5;
    note_masked(f, set, train);
    rondo_status status = keep_categories(f, set, err);
    if (!status)
        status = find_seasonal_errors(f, set, train, err);
    return status ? status : fit(f, set, train, true, err);
}

/* A copy of a series' values with the targets transformed. */
static double *transformed_values(const rondo__forecast *f, const rondo__series_set *set, const rondo__series *s) {
    const int64_t C = set->columns;
    double *out = rondo__calloc((size_t)(s->count * C), sizeof *out); /* as many as there are already */
    for (int64_t i = 0; out && i < s->count * C; i++)
        out[i] = i % C < f->N ? rondo__transformed(f, s->value[i], i >= C ? s->value[i - C] : NAN) : s->value[i];
    return out;
}

/* Scales of what the transform makes of the levels: the set holds that for so long. */
static rondo_status fit_transformed(rondo__forecast *f, rondo__series_set *set, const int64_t *train,
                                    rondo_error *err) {
    double **level = rondo__calloc((size_t)set->count, sizeof *level);
    int64_t done = 0;
    rondo_status status = RONDO_OK;
    if (!level)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld series", (long long)set->count);
    for (; done < set->count && !status; done++) {
        double *values = transformed_values(f, set, &set->series[done]);
        if (!values) {
            status = rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a series");
            break;
        }
        level[done] = set->series[done].value;
        set->series[done].value = values;
    }
    if (!status)
        status = fit(f, set, train, false, err);
    for (int64_t i = 0; i < done; i++) {
        rondo__free(set->series[i].value);
        set->series[i].value = level[i];
    }
    rondo__free(level);
    return status;
}

static rondo_status learn(rondo__forecast *f, rondo__series_set *set, const int64_t *train, const int64_t *valid,
                          rondo_error *err) {
    rondo_status status = find_facts(f, set, train, err);
    if (!status)
        status = fit_transformed(f, set, train, err);
    if (!status) {
        rondo__forecast_sizes(f);
        status = take_all(f, &f->data, set, 0, err);
    }
    if (!status)
        set_ends(&f->data, train, valid);
    return status;
}

rondo_status rondo__forecast_read(rondo__forecast *f, rondo_error *err) {
    char path[RONDO__PATH];
    rondo__series_set set = {0};
    rondo__forecast_sizes(f);
    rondo_status status = rondo__recipe_find(&f->base.recipe, f->base.recipe.data.series.file, path, err);
    if (!status)
        status = read_set(f, &set, path, err);
    if (status)
        return status;
    int64_t *end = rondo__calloc((size_t)set.count, 2 * sizeof *end);
    if (!end)
        status = rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld series", (long long)set.count);
    if (!status)
        status = find_splits(f, &set, end, end + set.count, err);
    if (!status)
        status = learn(f, &set, end, end + set.count, err);
    rondo__series_free(&set);
    rondo__free(end);
    return status;
}
