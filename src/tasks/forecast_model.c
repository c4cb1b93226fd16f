/* The network of a forecast.
 *
 *   direct            x (T, B, p F) -> stack -> last state [; future covariates] -> linear -> (B, H n P)
 *   recursive         x (W + H - 1, B, F) -> stack -> linear -> (., B, n P): step k forecasts k + 1
 *   encoder_decoder   x -> stack -> its final states begin the decoder, which takes p steps of the horizon at once: the
 *                     values that it said last (of its own, in training too: it meets nothing new in use) and what is
 *                     known ahead -> linear -> (B, p n P) each time
 *
 * Each static column has an embedding, which stands beside the input of every step. A stack that reads both ways gives
 * its last and its first step. A Jordan network's output goes through tanh. The linear path adds to every value one
 * product of the target's own past (B, W) with (H, W), the same for all targets: to the location of a distribution, to
 * each quantile.
 *
 * Losses are of z, not of x, so that windows of all sizes weigh alike as they are measured. Squared, absolute and
 * quantile losses are homogeneous: they are taken of x with the weight times size², size.
 *
 * Parameters: rnn.*, decoder.* as rondo_recurrent names them, output.weight, output.bias, static.I.weight, path.weight
 * (H, W), path.bias (H). */
#include "tasks/forecast.h"

#include <stdio.h>
#include <string.h>

#include "nn/declare.h"
#include "tasks/stack.h"

enum { PARTS = 16, DEPTH = 6 }; /* what rondo_concat takes; 16^6 parts */

/* ---- parameters ---- */

static int64_t embedded(const rondo__forecast *f) {
    return f->fixed_columns * f->base.recipe.model.fixed_embedding_size;
}

static rondo_status declare_stacks(rondo__forecast *f, rondo_error *err) {
    rondo_recurrent_config config = rondo__stack_config(&f->base.recipe.model, f->p * f->F + embedded(f));
    rondo_status status = rondo_recurrent_create(&f->encoder, f->base.params, "rnn.", &config, err);
    if (status || !f->decodes)
        return status;
    config.input_size = f->p * (f->n + f->K) + embedded(f);
    config.learned_initial_state = false;
    return rondo_recurrent_create(&f->decoder, f->base.params, "decoder.", &config, err);
}

static void declare_rest(rondo__forecast *f, rondo__declarer *d) {
    const rondo__recipe_model *m = &f->base.recipe.model;
    const int64_t directions = m->bidirectional ? 2 : 1;
    const int64_t steps = f->recursive ? 1 : f->decodes ? f->p : f->H, rows = steps * f->n * f->P;
    int64_t seen = rondo_recurrent_output_size(f->decodes ? f->decoder : f->encoder) * directions;
    if (!f->recursive && !f->decodes)
        seen += f->H * f->future;
    f->weight = rondo__declare(d, "output.weight", rows, seen, rondo__linear_init(seen));
    f->bias = rondo__declare(d, "output.bias", 0, rows, (rondo_init){RONDO_INIT_ZEROS, 0});
    for (int64_t c = 0; c < f->fixed_columns; c++) {
        char name[RONDO__NAME];
        snprintf(name, sizeof name, "static.%d.weight", (int)c);
        f->fixed[c] = rondo__declare(d, name, f->facts.category[c].count, m->fixed_embedding_size,
                                     (rondo_init){RONDO_INIT_NORMAL, (real)0.1});
    }
    if (!m->autoregressive)
        return;
    /* The mean of the past to begin with, as DLinear does (Zeng 2023). */
    f->path_weight =
        rondo__declare(d, "path.weight", f->H, f->W, (rondo_init){RONDO_INIT_CONSTANT, (real)1 / (real)f->W});
    f->path_bias = rondo__declare(d, "path.bias", 0, f->H, (rondo_init){RONDO_INIT_ZEROS, 0});
}

rondo_status rondo__forecast_build(rondo__forecast *f, const rondo__safetensors *file, const char *path,
                                   rondo_error *err) {
    rondo_status status = rondo_params_create(&f->base.params, err);
    f->path_weight = f->path_bias = -1;
    if (!status)
        status = declare_stacks(f, err);
    if (status)
        return status;
    rondo__declarer d = {.where = "forecast", .params = f->base.params, .prefix = "", .err = err};
    declare_rest(f, &d);
    if (d.status)
        return d.status;
    return file ? rondo__model_fill(f->base.params, file, path, NULL, err)
                : rondo_params_finish(f->base.params, f->base.recipe.train.seed, err);
}

/* ---- tools ---- */

static rondo_var *leaf(rondo_tape *tape, const real *data, int rank, int64_t d0, int64_t d1, int64_t d2) {
    const int64_t dims[3] = {d0, d1, d2};
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, (real *)(uintptr_t)data, rank, dims);
    return rondo_leaf(tape, &tensor, NULL);
}

static rondo_var *shaped(rondo_tape *tape, rondo_var *x, int rank, int64_t d0, int64_t d1, int64_t d2) {
    return rondo_reshape(tape, x, rank, (const int64_t[3]){d0, d1, d2});
}

/* Any number of parts, joined 16 at a time. */
typedef struct joint {
    rondo_tape *tape;
    int axis, count[DEPTH];
    rondo_var *part[DEPTH][PARTS];
} joint;

static void join(joint *j, rondo_var *part) {
    for (int depth = 0; depth < DEPTH; depth++) {
        j->part[depth][j->count[depth]++] = part;
        if (j->count[depth] < PARTS)
            return;
        part = rondo_concat(j->tape, j->axis, PARTS, j->part[depth]);
        j->count[depth] = 0;
    }
}

/* Deeper parts stand before what is still shallow. */
static rondo_var *joined(joint *j) {
    rondo_var *all = NULL;
    for (int depth = 0; depth < DEPTH; depth++) {
        const int count = j->count[depth];
        if (count == 0)
            continue;
        if (all)
            j->part[depth][count] = all;
        all = count + (all != NULL) == 1 ? j->part[depth][0]
                                         : rondo_concat(j->tape, j->axis, count + (all != NULL), j->part[depth]);
    }
    return all;
}

/* ---- input ---- */

rondo_var *rondo__forecast_inputs(rondo__forecast *f, rondo_tape *tape, rondo_var *x, int64_t steps, int64_t B,
                                  const int32_t *fixed, int64_t stride) {
    joint all = {.tape = tape, .axis = 2};
    const int64_t dims[2] = {steps, B};
    if (f->fixed_columns == 0)
        return x;
    join(&all, x);
    for (int64_t c = 0; c < f->fixed_columns; c++)
        join(&all,
             rondo_embedding(tape, rondo_params_use(f->base.params, tape, f->fixed[c]), fixed + c * stride, 2, dims));
    return joined(&all);
}

static int64_t fixed_stride(const rondo__forecast *f, const rondo__forecast_batch *b) {
    return (f->T > f->H ? f->T : f->H) * b->B;
}

rondo_var *rondo__forecast_head(rondo__forecast *f, rondo_tape *tape, rondo_var *y, rondo_var *beside) {
    const rondo__recipe_model *m = &f->base.recipe.model;
    rondo_var *const both[2] = {y, beside};
    y = rondo_dropout(tape, y, (real)m->output_dropout, false);
    if (beside)
        y = rondo_concat(tape, 1, 2, (rondo_var *const[]){y, both[1]});
    return rondo_linear(tape, y, rondo_params_use(f->base.params, tape, f->weight),
                        rondo_params_use(f->base.params, tape, f->bias));
}

static rondo_var *run_stack(rondo__forecast *f, rondo_recurrent *net, rondo_tape *tape, rondo_var *x,
                            const rondo_states *initial, rondo_states *final_states) {
    const rondo_recurrent_input input = {.initial = initial, .final_states = final_states};
    rondo_var *y = rondo_recurrent_forward(net, tape, x, &input);
    return f->base.recipe.model.cell == RONDO_JORDAN ? rondo_tanh(tape, y) : y;
}

rondo_var *rondo__forecast_encode(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b, int64_t steps,
                                  rondo_states *final_states) {
    rondo_var *x = leaf(tape, b->x, 3, steps, b->B, f->p * f->F);
    x = rondo__forecast_inputs(f, tape, x, steps, b->B, b->fixed, fixed_stride(f, b));
    return run_stack(f, f->encoder, tape, x, NULL, final_states);
}

rondo_var *rondo__forecast_step(rondo__forecast *f, rondo_tape *tape, rondo_var *x, const rondo_states *before,
                                rondo_states *after) {
    return run_stack(f, f->decodes ? f->decoder : f->encoder, tape, x, before, after);
}

/* ---- the three modes: (values, P) ---- */

static rondo_var *at_step(rondo_tape *tape, rondo_var *y, int64_t step, int64_t B) {
    return shaped(tape, rondo_slice(tape, y, 0, step, step + 1), 2, B, -1, 0);
}

static rondo_var *direct(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b) {
    rondo_var *y = rondo__forecast_encode(f, tape, b, f->T, NULL), *state = at_step(tape, y, f->T - 1, b->B);
    if (f->base.recipe.model.bidirectional)
        state = rondo_concat(tape, 1, 2, (rondo_var *const[]){state, at_step(tape, y, 0, b->B)});
    rondo_var *ahead = f->future ? leaf(tape, b->ahead, 2, b->B, f->H * f->future, 0) : NULL;
    return rondo__forecast_head(f, tape, state, ahead);
}

static rondo_var *recursive(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b) {
    rondo_var *y = rondo__forecast_encode(f, tape, b, f->T, NULL);
    return rondo__forecast_head(f, tape, rondo_slice(tape, y, 0, f->W - 1, f->T), NULL);
}

/* What stands for a value among its P numbers when it is told to the decoder. */
static rondo_var *location(const rondo__forecast *f, rondo_tape *tape, rondo_var *raw, int64_t B) {
    const int64_t middle = f->base.recipe.model.output == RONDO__OUTPUT_QUANTILES ? f->P / 2 : 0;
    if (f->P == 1)
        return raw;
    raw = rondo_slice(tape, shaped(tape, raw, 2, B * f->p * f->n, f->P, 0), 1, middle, middle + 1);
    return shaped(tape, raw, 2, B, f->p * f->n, 0);
}

static rondo_var *decode(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b) {
    const int64_t B = b->B, ahead = f->p * f->K;
    joint all = {.tape = tape, .axis = 1};
    rondo_states states = {0};
    rondo_var *last = leaf(tape, b->last, 2, B, f->p * f->n, 0);
    rondo__forecast_encode(f, tape, b, f->T, &states);
    for (int64_t i = 0; i < f->H / f->p; i++) {
        rondo_var *const parts[2] = {last, ahead ? leaf(tape, b->ahead + i * B * ahead, 2, B, ahead, 0) : NULL};
        rondo_var *x = ahead ? rondo_concat(tape, 1, 2, parts) : last;
        rondo_states after = {0};
        x = rondo__forecast_inputs(f, tape, shaped(tape, x, 3, 1, B, f->p * (f->n + f->K)), 1, B, b->fixed,
                                   fixed_stride(f, b));
        x = rondo__forecast_step(f, tape, x, &states, &after);
        x = rondo__forecast_head(f, tape, shaped(tape, x, 2, B, -1, 0), NULL);
        states = after;
        join(&all, x);
        last = location(f, tape, x, B);
    }
    return joined(&all);
}

/* ---- the linear path ---- */

/* (values, 1) -> (values, P) */
static rondo_var *spread(const rondo__forecast *f, rondo_tape *tape, rondo_var *path, int64_t values) {
    joint all = {.tape = tape, .axis = 1};
    const int64_t rest[2] = {values, f->P - 1};
    if (f->P == 1)
        return path;
    join(&all, path);
    if (rondo__is_distribution(f))
        join(&all, rondo_zeros(tape, 2, rest));
    for (int64_t i = 1; i < f->P && !rondo__is_distribution(f); i++)
        join(&all, path);
    return joined(&all);
}

static rondo_var *add_path(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b, rondo_var *raw) {
    joint all = {.tape = tape, .axis = 2};
    rondo_var *weight = rondo_params_use(f->base.params, tape, f->path_weight),
              *bias = rondo_params_use(f->base.params, tape, f->path_bias);
    if (!weight)
        return raw;
    for (int64_t j = 0; j < f->n; j++) {
        rondo_var *y = rondo_linear(tape, leaf(tape, b->path + j * b->B * f->W, 2, b->B, f->W, 0), weight, bias);
        join(&all, shaped(tape, y, 3, b->B, f->H, 1));
    }
    return rondo_add(tape, raw, spread(f, tape, shaped(tape, joined(&all), 2, b->values, 1, 0), b->values));
}

rondo_var *rondo__forecast_outputs(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b) {
    rondo_var *raw = f->recursive ? recursive(f, tape, b) : f->decodes ? decode(f, tape, b) : direct(f, tape, b);
    return add_path(f, tape, b, shaped(tape, raw, 2, b->values, f->P, 0));
}

/* ---- loss ---- */

/* Targets become x, weights what a homogeneous loss of that degree asks for. */
static void by_size(const rondo__forecast_batch *b, int degree) {
    for (int64_t i = 0; i < b->values; i++) {
        b->target[i] = (b->target[i] - b->shift[i]) / b->scale[i];
        b->factor[i] = b->weight[i] * (degree == 2 ? b->scale[i] * b->scale[i] : b->scale[i]);
    }
}

static rondo_var *point_loss(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b, rondo_var *raw,
                             rondo_loss_options *o) {
    const rondo__recipe_model *m = &f->base.recipe.model;
    if (m->loss == 2) {
        raw = rondo_mul(tape, raw, leaf(tape, b->scale, 2, b->values, 1, 0));
        raw = rondo_add(tape, raw, leaf(tape, b->shift, 2, b->values, 1, 0));
        return rondo_huber_loss(tape, raw, b->target, (real)m->huber_delta, o);
    }
    by_size(b, m->loss == 0 ? 2 : 1);
    o->weight = b->factor;
    return m->loss == 0 ? rondo_squared_loss(tape, raw, b->target, o) : rondo_absolute_loss(tape, raw, b->target, o);
}

rondo_var *rondo__forecast_loss(rondo__forecast *f, rondo_tape *tape, const rondo__forecast_batch *b, rondo_var *raw,
                                real divide_by) {
    rondo_loss_options o = {.weight = b->weight,
                            .divide_by = divide_by > 0 ? divide_by : (real)rondo__batch_counted(b)};
    if (o.divide_by == 0)
        o.divide_by = 1;
    if (f->base.recipe.model.output == RONDO__OUTPUT_POINT)
        return point_loss(f, tape, b, raw, &o);
    if (rondo__is_distribution(f))
        return rondo_distribution_loss(tape, rondo__distribution_of(f), raw, b->target, b->shift, b->scale, &o);
    by_size(b, 1);
    o.weight = b->factor;
    return rondo_quantile_loss(tape, raw, b->target, f->P, f->trained, &o);
}
