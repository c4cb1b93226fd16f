/* Windows: which there are, and one as the network's arrays. A window [o - W, o + H) reads nothing but its past and
 * what is known ahead; its shift and size come from the past alone.
 *
 * Features of a step k: n targets, the covariates, the future covariates, the calendar (two numbers for each name),
 * then for each column with missing values 1 or 0: is it there? What is missing is 0. In a recursive model, whose step
 * k forecasts k + 1, future covariates and calendar are those of k + 1. */
#include <math.h>
#include <string.h>

#include "tasks/forecast.h"
#include "tensor/context.h"

static int64_t names_count(const rondo__names names) {
    int64_t n = 0;
    while (n < RONDO__LIST && names[n][0])
        n++;
    return n;
}

/* Channels that say where a value is there. Of independent targets one serves them all. */
static void list_masks(rondo__forecast *f) {
    bool some = false;
    f->masks = 0;
    for (int64_t c = 0; c < f->N; c++) {
        some = some || f->facts.masked[c];
        if (f->n == f->N && f->facts.masked[c])
            f->mask[f->masks++] = (int)c;
    }
    if (f->n != f->N && some)
        f->mask[f->masks++] = -1;
    for (int64_t c = f->N; c < f->columns; c++) {
        if (f->facts.masked[c])
            f->mask[f->masks++] = (int)c;
    }
}

/* What evaluations look at. */
static void list_levels(rondo__forecast *f) {
    static const double usual[] = {0.1, 0.5, 0.9};
    const rondo__recipe_model *m = &f->base.recipe.model;
    f->levels = 0;
    if (m->output == RONDO__OUTPUT_POINT)
        return;
    for (int i = 0; i < RONDO__QUANTILES && m->output == RONDO__OUTPUT_QUANTILES && m->quantiles[i] > 0; i++)
        f->level[f->levels++] = m->quantiles[i];
    for (int i = 0; i < 3 && f->levels < 3 && m->output != RONDO__OUTPUT_QUANTILES; i++)
        f->level[f->levels++] = usual[i];
    for (int i = 0; i < f->levels; i++)
        f->trained[i] = (real)f->level[i];
}

void rondo__forecast_sizes(rondo__forecast *f) {
    const rondo__recipe_model *m = &f->base.recipe.model;
    const rondo__recipe_series *r = &f->base.recipe.data.series;
    f->N = names_count(r->targets);
    f->n = m->independent ? 1 : f->N;
    f->covariates = names_count(r->covariates);
    f->future = names_count(r->future_covariates);
    f->columns = f->N + f->covariates + f->future;
    f->calendars = names_count(r->calendar);
    f->fixed_columns = names_count(r->fixed);
    for (int64_t i = 0; i < f->calendars; i++)
        f->calendar[i] = r->calendar[i];
    f->W = m->window;
    f->H = m->horizon;
    f->p = m->patch;
    f->recursive = m->mode == RONDO__RECURSIVE;
    f->decodes = m->mode == RONDO__ENCODER_DECODER;
    f->T = f->recursive ? f->W + f->H - 1 : f->W / f->p;
    f->lead = r->transform >= RONDO__DIFFERENCES ? 1 : 0;
    f->cumulative = f->lead && !f->recursive;
    list_masks(f);
    list_levels(f);
    f->K = f->future + 2 * f->calendars;
    f->F = f->n + f->covariates + f->K + f->masks;
    f->P = rondo__is_distribution(f) ? rondo_distribution_parameters(rondo__distribution_of(f))
                                     : (f->levels ? f->levels : 1);
}

/* ---- which windows ---- */

static bool has_level(const rondo__forecast *f, const rondo__seen *s, int64_t from, int64_t to) {
    for (int64_t c = 0; c < f->N; c++) {
        for (int64_t k = from; k < to; k++) {
            if (!isnan(s->level[c * s->capacity + k]))
                return true;
        }
    }
    return false;
}

/* Origins of one series, [*first, *last]. */
static void origins(const rondo__forecast *f, const rondo__seen *s, int part, int64_t *first, int64_t *last) {
    const int64_t least = f->W + f->lead;
    *first = part == 1 && s->train_end > least ? s->train_end : least;
    *last = (part == 0 ? s->train_end : part == 1 ? s->valid_end : s->known) - f->H;
}

static int64_t longest(const rondo__seen_set *set, int part) {
    int64_t most = 0;
    for (int64_t i = 0; i < set->count; i++) {
        const rondo__seen *s = &set->series[i];
        const int64_t steps = part == 0 ? s->train_end : part == 1 ? s->valid_end - s->train_end : s->known;
        most = steps > most ? steps : most;
    }
    return most;
}

static rondo_status refuse(const rondo__forecast *f, const rondo__seen_set *set, int part, rondo_error *err) {
    static const char *const parts[] = {"the training part", "the validation part", "the file"};
    if (part == 1)
        return rondo__fail(
            err, RONDO_FORMAT,
            "%s: no window fits into the validation part (it has %lld steps; the horizon of %lld must lie in it, "
            "after a window of %lld: change data.splits or model.horizon)",
            set->series[0].path, (long long)longest(set, part), (long long)f->H, (long long)f->W);
    return rondo__fail(
        err, RONDO_FORMAT,
        "%s: shorter than one window: %s has %lld steps, window and horizon take %lld (give more rows, or "
        "make model.window or model.horizon smaller)",
        set->series[0].path, parts[part], (long long)longest(set, part), (long long)(f->W + f->H + f->lead));
}

rondo_status rondo__windows_make(const rondo__forecast *f, rondo__windows *out, const rondo__seen_set *set, int part,
                                 rondo_error *err) {
    int64_t most = 0, first, last;
    *out = (rondo__windows){0};
    for (int64_t i = 0; i < set->count; i++) {
        origins(f, &set->series[i], part, &first, &last);
        most += last >= first ? last - first + 1 : 0;
    }
    out->window = rondo__calloc((size_t)most, sizeof *out->window);
    if (!out->window)
        return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for %lld windows", (long long)most);
    for (int64_t i = 0; i < set->count; i++) {
        const rondo__seen *s = &set->series[i];
        origins(f, s, part, &first, &last);
        for (int64_t o = first; o <= last; o++) {
            if (has_level(f, s, o, o + f->H) && has_level(f, s, o - f->W, o)) /* the short part first */
                out->window[out->count++] = (rondo__window){i, o};
        }
    }
    if (out->count > 0)
        return RONDO_OK;
    rondo__free(out->window);
    out->window = NULL;
    return refuse(f, set, part, err);
}

/* ---- room ---- */

void rondo__batch_free(rondo__forecast_batch *b) {
    rondo__free(b->x);
    rondo__free(b->ahead);
    rondo__free(b->last);
    rondo__free(b->path);
    rondo__free(b->fixed);
    rondo__free(b->shift);
    rondo__free(b->scale);
    rondo__free(b->target);
    rondo__free(b->weight);
    rondo__free(b->factor);
    rondo__free(b->base);
    rondo__free(b->counted);
    *b = (rondo__forecast_batch){0};
}

/* a b c numbers of so many bytes; NULL: no memory, or more than there can be. */
static void *room(int64_t a, int64_t b, int64_t c, size_t bytes) {
    size_t n;
    if (!rondo__size_mul((size_t)a, (size_t)b, &n) || !rondo__size_mul(n, (size_t)c, &n))
        return NULL;
    return rondo__calloc(n, bytes);
}

/* Numbers known ahead that the output layer or the decoder sees, of one row. */
static int64_t ahead_size(const rondo__forecast *f) {
    return f->decodes ? f->H * f->K : f->recursive ? 0 : f->H * f->future;
}

rondo_status rondo__batch_make(const rondo__forecast *f, rondo__forecast_batch *b, int64_t windows, rondo_error *err) {
    const int64_t B = windows * (f->N / f->n), steps = f->T > f->H ? f->T : f->H;
    const bool path = f->base.recipe.model.autoregressive;
    *b = (rondo__forecast_batch){.most = windows};
    b->x = room(f->T * f->p, B, f->F, sizeof *b->x);
    b->ahead = room(ahead_size(f), B, 1, sizeof *b->ahead);
    b->last = room(f->p, B, f->n, sizeof *b->last);
    b->path = room(path ? f->W : 0, B, f->n, sizeof *b->path);
    b->fixed = room(steps, B, f->fixed_columns, sizeof *b->fixed);
    b->shift = room(f->H, B, f->n, sizeof *b->shift);
    b->scale = room(f->H, B, f->n, sizeof *b->scale);
    b->target = room(f->H, B, f->n, sizeof *b->target);
    b->weight = room(f->H, B, f->n, sizeof *b->weight);
    b->factor = room(f->H, B, f->n, sizeof *b->factor);
    b->base = room(B, f->n, 1, sizeof *b->base);
    b->counted = room(windows, 1, 1, sizeof *b->counted);
    if (b->x && b->ahead && b->last && b->path && b->fixed && b->shift && b->scale && b->target && b->weight &&
        b->factor && b->base && b->counted)
        return RONDO_OK;
    rondo__batch_free(b);
    return rondo__fail(err, RONDO_MEMORY, "forecast: no memory for a batch of %lld windows", (long long)windows);
}

/* ---- one window ---- */

typedef struct norm {
    double shift, size;
} norm;

/* Of column c over the past of a window. */
static norm measure(const rondo__forecast *f, const rondo__seen *s, int64_t origin, int64_t c, int64_t *observed) {
    const int kind = f->base.recipe.model.instance_norm;
    double sum = 0, absolute = 0, squares = 0;
    int64_t count = 0;
    for (int64_t k = origin - f->W; k < origin; k++) {
        const double z = (double)s->z[k * f->columns + c];
        if (!isnan(z)) {
            sum += z;
            absolute += fabs(z);
            count++;
        }
    }
    *observed = count;
    if (kind == RONDO__NO_INSTANCE_NORM || count == 0)
        return (norm){0, 1};
    if (kind == RONDO__MEAN_SCALE)
        return (norm){0, absolute > 0 ? absolute / (double)count : 1};
    const double mean = sum / (double)count;
    for (int64_t k = origin - f->W; k < origin; k++) {
        const double z = (double)s->z[k * f->columns + c];
        squares += isnan(z) ? 0 : (z - mean) * (z - mean);
    }
    return (norm){mean, sqrt(squares / (double)count + 1e-5)};
}

/* Column c of the batch's row whose first target is j. */
static int64_t own(const rondo__forecast *f, int64_t j, int64_t c) {
    return f->n == f->N ? c : c == 0 ? j : c - 1 + f->N;
}

static real value_of(const rondo__forecast *f, const rondo__seen *s, int64_t k, int64_t c, const norm *norms) {
    const double z = (double)s->z[k * f->columns + c];
    return isnan(z) ? 0 : (real)((z - norms[c].shift) / norms[c].size);
}

/* Known ahead of step k: K numbers. */
static void put_ahead(const rondo__forecast *f, const rondo__seen *s, int64_t k, const norm *norms, real *out) {
    for (int64_t c = f->columns - f->future; c < f->columns; c++)
        *out++ = value_of(f, s, k, c, norms);
    if (f->calendars)
        memcpy(out, s->calendar + k * 2 * f->calendars, (size_t)(2 * f->calendars) * sizeof *out);
}

/* The F features of step k for targets [j, j + n). */
static void put_step(const rondo__forecast *f, const rondo__seen *s, int64_t k, int64_t j, const norm *norms,
                     real *out) {
    const int64_t next = k + (f->recursive ? 1 : 0), past = f->n + f->covariates;
    for (int64_t c = 0; c < past; c++)
        *out++ = value_of(f, s, k, own(f, j, c), norms);
    put_ahead(f, s, next, norms, out);
    out += f->K;
    for (int i = 0; i < f->masks; i++) {
        const int64_t c = f->mask[i] < 0 ? j : f->mask[i];
        *out++ = (real)!isnan(s->z[(c < f->N + f->covariates ? k : next) * f->columns + c]);
    }
}

static double last_level(const rondo__forecast *f, const rondo__seen *s, int64_t origin, int64_t c) {
    for (int64_t k = origin - 1; k >= origin - f->W - f->lead; k--) {
        if (!isnan(s->level[c * s->capacity + k]))
            return s->level[c * s->capacity + k];
    }
    return NAN;
}

/* What step h (from 1) should be, in z; NaN: not known. */
static double target_of(const rondo__forecast *f, const rondo__seen *s, int64_t k, int64_t h, int64_t c, double base) {
    const double level = s->level[c * s->capacity + k];
    if (k >= s->count)
        return NAN;
    if (!f->cumulative)
        return (double)s->z[k * f->columns + c];
    const double t = f->base.recipe.data.series.transform == RONDO__RETURNS ? log(level / base) : level - base;
    return (t - (double)h * f->facts.center[c]) / f->facts.scale[c];
}

/* Targets of row b, column c at place j of it. */
static void put_targets(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen *s, int64_t origin,
                        int64_t b, int64_t j, int64_t c, norm n, bool observed) {
    const double base = last_level(f, s, origin, c);
    batch->base[b * f->n + j] = base;
    for (int64_t h = 0; h < f->H; h++) {
        const int64_t at = rondo__value_at(f, batch->B, b, h, j);
        const double target = target_of(f, s, origin + h, h + 1, c, base);
        const bool counts = observed && !isnan(target);
        batch->shift[at] = (real)(f->cumulative ? (double)(h + 1) * n.shift : n.shift);
        batch->scale[at] = (real)(f->cumulative ? sqrt((double)(h + 1)) * n.size : n.size);
        batch->target[at] = counts ? (real)target : 0;
        batch->weight[at] = counts;
        batch->counted[b / (f->N / f->n)] += counts;
    }
}

static void put_row(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen *s, int64_t origin,
                    int64_t b, int64_t j, const norm *norms) {
    const int64_t B = batch->B, F = f->F, p = f->p;
    const int64_t first = origin - f->W;
    for (int64_t t = 0; t < f->T; t++) {
        for (int64_t i = 0; i < p; i++)
            put_step(f, s, first + t * p + i, j, norms, batch->x + (t * B + b) * p * F + i * F);
    }
    for (int64_t i = 0; i < p * f->n; i++)
        batch->last[b * p * f->n + i] = value_of(f, s, origin - p + i / f->n, own(f, j, i % f->n), norms);
    for (int64_t i = 0; f->base.recipe.model.autoregressive && i < f->n; i++) {
        for (int64_t k = 0; k < f->W; k++)
            batch->path[(i * B + b) * f->W + k] = value_of(f, s, first + k, own(f, j, i), norms);
    }
    for (int64_t h = 0; f->decodes && h < f->H; h++)
        put_ahead(f, s, origin + h, norms, batch->ahead + ((h / p) * B + b) * p * f->K + (h % p) * f->K);
    for (int64_t h = 0; !f->decodes && !f->recursive && h < f->H; h++) {
        for (int64_t c = 0; c < f->future; c++)
            batch->ahead[(b * f->H + h) * f->future + c] =
                value_of(f, s, origin + h, f->columns - f->future + c, norms);
    }
}

static void put_window(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen *s, int64_t origin,
                       int64_t w) {
    norm norms[RONDO__COLUMNS];
    int64_t observed[RONDO__COLUMNS];
    const int64_t rows = f->N / f->n, steps = f->T > f->H ? f->T : f->H;
    batch->counted[w] = 0;
    for (int64_t c = 0; c < f->columns; c++) {
        norms[c] = (norm){0, 1};
        observed[c] = 0;
        if (c < f->N + f->covariates)
            norms[c] = measure(f, s, origin, c, &observed[c]);
    }
    for (int64_t r = 0; r < rows; r++) {
        const int64_t b = w * rows + r;
        put_row(f, batch, s, origin, b, r, norms);
        for (int64_t j = 0; j < f->n; j++)
            put_targets(f, batch, s, origin, b, j, r + j, norms[r + j], observed[r + j] > 0);
        for (int64_t c = 0; c < f->fixed_columns; c++) {
            for (int64_t t = 0; t < steps; t++)
                batch->fixed[(c * steps + t) * batch->B + b] = s->fixed[c];
        }
    }
}

static void put_one(void *arg, int64_t w, int worker) {
    rondo__forecast_batch *batch = arg;
    const rondo__window *window = &batch->window[w];
    (void)worker;
    put_window(batch->forecast, batch, &batch->set->series[window->series], window->origin, w);
}

void rondo__batch_begin_fill(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen_set *set,
                             int64_t windows, const rondo__window *window, rondo__work *work) {
    batch->forecast = f;
    batch->set = set;
    batch->window = window;
    batch->windows = windows;
    batch->B = windows * (f->N / f->n);
    batch->values = batch->B * f->H * f->n;
    *work = (rondo__work){windows, put_one, batch};
}

void rondo__batch_fill(const rondo__forecast *f, rondo__forecast_batch *batch, const rondo__seen_set *set,
                       int64_t windows, const rondo__window *window) {
    rondo__work work;
    rondo__batch_begin_fill(f, batch, set, windows, window, &work);
    rondo__pool_run(f->base.context->pool, work.n, work.task, work.arg);
}

int64_t rondo__batch_counted(const rondo__forecast_batch *batch) {
    int64_t counted = 0;
    for (int64_t w = 0; w < batch->windows; w++)
        counted += batch->counted[w];
    return counted;
}
