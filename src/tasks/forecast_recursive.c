/* Forecasts one step after the other. The stack reads the past of every row once; then its states are copied for each
 * sample path, and a path feeds back what it drew (DeepAR, Salinas 2020). A model of points has one path, which feeds
 * back its point. What a draw is depends on (seed, series, origin, target, path, step) alone, not on the batch. */
#include <math.h>
#include <string.h>

#include "tasks/forecast.h"

typedef struct walk {
    rondo__forecast *f;
    const rondo__forecast_batch *b;
    rondo__levels *out;
    int64_t paths, rows;                             /* rows = paths B */
    real *h[RONDO_MAX_LAYERS], *c[RONDO_MAX_LAYERS]; /* (rows, width) in out->state */
    int64_t h_width[RONDO_MAX_LAYERS], c_width[RONDO_MAX_LAYERS];
} walk;

static int64_t paths_of(const rondo__forecast *f, const rondo__levels *out) { return f->levels ? out->paths : 1; }

static int64_t state_width(const rondo__forecast *f) {
    int64_t all = 0, h, c;
    for (int l = 0; l < rondo_recurrent_get_config(f->encoder)->layers; l++) {
        rondo_recurrent_state_size(f->encoder, l, &h, &c);
        all += h + c;
    }
    return all;
}

rondo_status rondo__levels_make_paths(const rondo__forecast *f, rondo__levels *out, rondo_error *err) {
    size_t rows, values, feed, state, fixed, at;
    const size_t B = (size_t)(out->windows * (f->N / f->n)), paths = (size_t)paths_of(f, out);
    const bool fits =
        rondo__size_mul(B, paths, &rows) && rondo__size_mul(rows, (size_t)(f->n * f->H), &values) &&
        rondo__size_mul(rows, (size_t)f->F, &feed) && rondo__size_mul(rows, (size_t)state_width(f), &state) &&
        rondo__size_mul(rows, (size_t)f->fixed_columns, &fixed) && rondo__size_mul(rows, (size_t)f->n, &at);
    if (fits) {
        out->draw = rondo__calloc(paths, sizeof *out->draw);
        out->drawn = rondo__calloc(values, sizeof *out->drawn);
        out->at = rondo__calloc(at, sizeof *out->at);
        out->state = rondo__calloc(state, sizeof *out->state);
        out->feed = rondo__calloc(feed, sizeof *out->feed);
        out->fixed = rondo__calloc(fixed, sizeof *out->fixed);
    }
    if (out->draw && out->drawn && out->at && out->state && out->feed && out->fixed)
        return RONDO_OK;
    return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld sample paths of %lld windows", (long long)paths,
                       (long long)out->windows);
}

/* ---- states between the steps ---- */

static void lay_out(walk *k) {
    real *at = k->out->state;
    for (int l = 0; l < rondo_recurrent_get_config(k->f->encoder)->layers; l++) {
        rondo_recurrent_state_size(k->f->encoder, l, &k->h_width[l], &k->c_width[l]);
        k->h[l] = at;
        k->c[l] = at + k->rows * k->h_width[l];
        at = k->c[l] + k->rows * k->c_width[l];
    }
}

/* from has `rows` rows: those of the batch at first, then those of all paths. */
static void take(real *to, const rondo_var *from, int64_t all, int64_t rows, int64_t width) {
    for (int64_t r = 0; from && r < all; r += rows)
        memcpy(to + r * width, from->value.data, (size_t)(rows * width) * sizeof *to);
}

static void take_states(walk *k, const rondo_states *from, int64_t rows) {
    for (int l = 0; l < rondo_recurrent_get_config(k->f->encoder)->layers; l++) {
        take(k->h[l], from->h[l], k->rows, rows, k->h_width[l]);
        take(k->c[l], from->c[l], k->rows, rows, k->c_width[l]);
    }
}

static rondo_var *state_leaf(rondo_tape *tape, real *data, int64_t rows, int64_t width) {
    const int64_t dims[2] = {rows, width};
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, data, 2, dims);
    return width ? rondo_leaf(tape, &tensor, NULL) : NULL;
}

/* ---- one step ---- */

static uint64_t stream_of(const walk *k, int64_t b, int64_t column) {
    const rondo__window *w = &k->b->window[b / (k->f->N / k->f->n)];
    const int64_t origin = w->origin + k->b->set->series[w->series].offset;
    return ((uint64_t)(w->series * k->f->N + column) << 40) ^ (uint64_t)origin;
}

/* What path r says of value (b, h, j), as t. */
static double draw(const walk *k, const real *raw, rondo__frame frame, int64_t b, int64_t column, int64_t r,
                   int64_t h) {
    const rondo__forecast *f = k->f;
    const uint64_t stream = stream_of(k, b, column), i = (uint64_t)(r * f->H + h);
    if (f->levels == 0)
        return frame.shift + frame.scale * (double)raw[0];
    if (rondo__is_distribution(f)) {
        const rondo_predicted d = rondo_predicted_from(rondo__distribution_of(f), raw, frame.shift, frame.scale);
        return rondo_predicted_draw(&d, k->out->seed, stream, i);
    }
    double t[RONDO__QUANTILES];
    rondo__sorted_quantiles(f, raw, frame, t);
    return rondo__between_levels(f->levels, f->level, t, rondo__random_uniform(k->out->seed, stream, i));
}

/* Step h of row b, path r: where the path is now, and what it feeds back. */
static void go_on(walk *k, const real *raw, int64_t b, int64_t r, int64_t h) {
    rondo__forecast *f = k->f;
    const int64_t row = r * k->b->B + b;
    real *feed = k->out->feed + row * f->F;
    const bool last = h == f->H - 1;
    if (!last)
        memcpy(feed, k->b->x + ((f->W + h) * k->b->B + b) * f->F, (size_t)f->F * sizeof *feed);
    for (int64_t j = 0; j < f->n; j++) {
        const int64_t value = rondo__value_at(f, k->b->B, b, h, j), column = rondo__target_of(f, b, j);
        const rondo__frame frame = rondo__frame_of(f, k->b, value, h + 1, column);
        const double t = draw(k, raw + j * f->P, frame, b, column, r, h);
        double *at = &k->out->at[row * f->n + j];
        *at = rondo__level_of(f, *at, t);
        k->out->drawn[r * k->b->values + value] = *at;
        feed[j] = (real)((t - frame.shift) / frame.scale);
    }
    for (int i = 0; i < f->masks && f->mask[i] < f->N; i++) /* its own values are there */
        feed[f->n + f->covariates + f->K + i] = 1;
}

static rondo_status first(walk *k, rondo_tape *tape, rondo_error *err) {
    rondo__forecast *f = k->f;
    const int64_t B = k->b->B;
    rondo_states states = {0};
    rondo_tape_begin(tape, NULL);
    rondo_var *y = rondo__forecast_encode(f, tape, k->b, f->W, &states);
    rondo_var *raw = rondo__forecast_head(f, tape, rondo_slice(tape, y, 0, f->W - 1, f->W), NULL);
    rondo_status status = rondo_tape_status(tape, err);
    if (status)
        return status;
    take_states(k, &states, B);
    for (int64_t r = 0; r < k->paths; r++) {
        memcpy(k->out->at + r * B * f->n, k->b->base, (size_t)(B * f->n) * sizeof(double));
        for (int64_t b = 0; b < B; b++)
            go_on(k, (const real *)raw->value.data + b * f->n * f->P, b, r, 0);
        for (int64_t c = 0; c < f->fixed_columns; c++)
            memcpy(k->out->fixed + c * k->rows + r * B, k->b->fixed + c * (f->T > f->H ? f->T : f->H) * B,
                   (size_t)B * sizeof(int32_t));
    }
    return RONDO_OK;
}

static rondo_status next(walk *k, rondo_tape *tape, int64_t h, rondo_error *err) {
    rondo__forecast *f = k->f;
    const rondo_step step = {.same_parameters = true};
    const int64_t dims[3] = {1, k->rows, f->F};
    const rondo_tensor feed = rondo_tensor_view(RONDO_REAL, k->out->feed, 3, dims);
    rondo_states before = {0}, after = {0};
    rondo_tape_begin(tape, &step);
    for (int l = 0; l < rondo_recurrent_get_config(f->encoder)->layers; l++) {
        before.h[l] = state_leaf(tape, k->h[l], k->rows, k->h_width[l]);
        before.c[l] = state_leaf(tape, k->c[l], k->rows, k->c_width[l]);
    }
    rondo_var *x = rondo__forecast_inputs(f, tape, rondo_leaf(tape, &feed, NULL), 1, k->rows, k->out->fixed, k->rows);
    rondo_var *raw = rondo__forecast_head(f, tape, rondo__forecast_step(f, tape, x, &before, &after), NULL);
    rondo_status status = rondo_tape_status(tape, err);
    if (status)
        return status;
    take_states(k, &after, k->rows);
    for (int64_t row = 0; row < k->rows; row++)
        go_on(k, (const real *)raw->value.data + row * f->n * f->P, row % k->b->B, row / k->b->B, h);
    return RONDO_OK;
}

/* ---- what the paths say together ---- */

static double between_draws(const walk *k, double level) {
    const double at = level * (double)(k->paths - 1), low = floor(at);
    const int64_t i = (int64_t)low < k->paths - 1 ? (int64_t)low : k->paths - 1;
    const int64_t j = i < k->paths - 1 ? i + 1 : i;
    return k->out->draw[i] + (k->out->draw[j] - k->out->draw[i]) * (at - low);
}

static void sum_up(walk *k, int64_t value, int64_t place) {
    rondo__levels *out = k->out;
    const int transform = k->f->base.recipe.data.series.transform;
    const bool mean = rondo__is_distribution(k->f) && transform != RONDO__LOGS && transform != RONDO__RETURNS;
    double sum = 0, quantile[RONDO__CRPS_LEVELS];
    for (int64_t r = 0; r < k->paths; r++) {
        out->draw[r] = out->drawn[r * k->b->values + value];
        sum += out->draw[r];
    }
    rondo__sort_doubles(k->paths, out->draw);
    out->point[place] = k->paths == 1 ? out->draw[0] : mean ? sum / (double)k->paths : between_draws(k, 0.5);
    for (int i = 0; i < out->levels; i++)
        out->quantile[place * out->levels + i] = between_draws(k, out->level[i]);
    for (int i = 0; i < RONDO__CRPS_LEVELS && out->crps; i++)
        quantile[i] = between_draws(k, (i + 1) / (double)(RONDO__CRPS_LEVELS + 1));
    if (out->crps)
        out->crps[place] = rondo__crps_of_quantiles(quantile, out->truth[place]);
}

rondo_status rondo__forecast_paths(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b,
                                   rondo__levels *out, rondo_error *err) {
    walk k = {.f = f, .b = b, .out = out, .paths = paths_of(f, out)};
    k.rows = k.paths * b->B;
    lay_out(&k);
    rondo_status status = first(&k, tape, err);
    for (int64_t h = 1; h < f->H && !status; h++)
        status = next(&k, tape, h, err);
    for (int64_t row = 0; row < b->B && !status; row++) {
        for (int64_t j = 0; j < f->n; j++) {
            const int64_t w = row / (f->N / f->n), column = rondo__target_of(f, row, j);
            for (int64_t h = 0; h < f->H; h++)
                sum_up(&k, rondo__value_at(f, b->B, row, h, j), (w * f->N + column) * f->H + h);
        }
    }
    return status;
}
