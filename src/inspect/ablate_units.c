/* Units silenced by the hundred: each is one row of a batch that is the same sequence otherwise. The layer they are in
 * runs step by step, and after each step row r loses its own unit's output, which is also what the next step starts
 * from; the layers below run once, those above over all rows. The equations are those of the cells in use. */
#include "inspect/ablate.h"

#include <string.h>

bool rondo__silencing_fits(const rondo__look_stack *stack) {
    const rondo_recurrent_config *config = &stack->net->config;
    const bool lstm = config->cell == RONDO_LSTM;
    return config->cell != RONDO_JORDAN && !config->residual && stack->passes == 1 && stack->rows == 1 &&
           !(lstm && (config->projection_size > 0 || config->zoneout > 0));
}

static int place_of(const rondo__silencing *s, int layer, int direction) {
    return layer * s->stack->net->directions + direction;
}

/* Layers [from, to) of the network, all directions, or one as if there were no other. */
static rondo_recurrent part_of(const rondo_recurrent *net, int from, int to, int direction) {
    rondo_recurrent part = *net;
    part.watch = NULL;
    part.config.layers = to - from;
    part.config.input_size = net->layer[from * net->directions].I;
    if (direction < 0) {
        memmove(part.layer, net->layer + from * net->directions,
                (size_t)((to - from) * net->directions) * sizeof *part.layer);
        return part;
    }
    part.directions = 1;
    part.config.bidirectional = false;
    part.layer[0] = net->layer[from * net->directions + direction];
    return part;
}

/* ---- room ---- */

void rondo__silencing_free(rondo__silencing *s) {
    rondo__free(s->y);
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__free(s->h[i]);
        rondo__free(s->c[i]);
        s->h[i] = s->c[i] = NULL;
    }
    s->y = NULL;
}

static real *make(int64_t a, int64_t b, int64_t c) {
    size_t count;
    return rondo__size_mul((size_t)a, (size_t)b, &count) && rondo__size_mul(count, (size_t)c, &count)
               ? rondo__calloc(count, sizeof(real))
               : NULL;
}

static rondo_status no_memory(rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory to silence units");
}

/* The states that each row begins with: given, learned, or zeros. */
static void begin_states(const rondo__silencing *s, int place) {
    const rondo_recurrent *net = s->stack->net;
    const rondo__recurrent_layer *p = &net->layer[place];
    for (int k = 0; k < 2; k++) {
        const double *given = k ? s->stack->c[place] : s->stack->h[place];
        const int learned = k ? p->c0 : p->h0;
        const int64_t width = k ? p->cell : p->state;
        const real *own = learned < 0 ? NULL : rondo_params_at(net->params, learned)->value.data;
        real *to = k ? s->c[place] : s->h[place];
        for (int64_t i = 0; i < s->count * width; i++)
            to[i] = given ? (real)given[i % width] : own ? own[i % width] : 0;
    }
}

static bool make_room(rondo__silencing *s) {
    const rondo_recurrent *net = s->stack->net;
    bool fine = true;
    if (s->y)
        return true;
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        fine = (s->h[i] = make(s->count, net->layer[i].state, 1)) && fine;
        fine = (s->c[i] = make(s->count, net->layer[i].cell, 1)) && fine;
    }
    s->y = make(s->count, s->stack->axis.T, rondo_recurrent_output_size(net));
    return fine && s->y;
}

/* ---- a pass on the tape ---- */

static rondo_var *leaf(const rondo__silencing *s, const real *data, int rank, int64_t d0, int64_t d1, int64_t d2) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, (void *)(uintptr_t)data, rank, (int64_t[]){d0, d1, d2});
    return rondo_leaf(s->tape, &tensor, NULL);
}

static void keep(real *to, const rondo_var *from, int64_t count) {
    if (from && count > 0)
        memcpy(to, from->value.data, (size_t)count * sizeof *to);
}

/* x (T, B, I) through a part whose first place is `place`; states of B rows go in and come back. */
static rondo_status pass(const rondo__silencing *s, rondo_recurrent *part, int place, int64_t T, int64_t B,
                         const real *x, real *y, rondo_error *err) {
    rondo_states states = {{NULL}, {NULL}};
    const int places = part->config.layers * part->directions;
    rondo_tape_begin(s->tape, &(rondo_step){.same_parameters = true});
    for (int i = 0; i < places; i++) {
        states.h[i] = leaf(s, s->h[place + i], 2, B, part->layer[i].state, 0);
        states.c[i] = part->layer[i].cell ? leaf(s, s->c[place + i], 2, B, part->layer[i].cell, 0) : NULL;
    }
    const rondo_recurrent_input input = {.initial = &states, .final_states = &states};
    const rondo_var *out = rondo_recurrent_forward(part, s->tape, leaf(s, x, 3, T, B, part->layer[0].I), &input);
    const rondo_status status = rondo_tape_status(s->tape, err);
    if (status)
        return status;
    keep(y, out, T * B * out->value.dims[2]);
    for (int i = 0; i < places; i++) {
        keep(s->h[place + i], states.h[i], B * part->layer[i].state);
        keep(s->c[place + i], states.c[i], B * part->layer[i].cell);
    }
    return RONDO_OK;
}

/* One row for all: what no unit's silence changes. */
static void spread(const rondo__silencing *s, int place) {
    const rondo__recurrent_layer *p = &s->stack->net->layer[place];
    for (int64_t r = 1; r < s->count; r++) {
        memcpy(s->h[place] + r * p->state, s->h[place], (size_t)p->state * sizeof(real));
        if (p->cell)
            memcpy(s->c[place] + r * p->cell, s->c[place], (size_t)p->cell * sizeof(real));
    }
}

/* ---- the layers in turn ---- */

/* What enters the layer, (T, I). */
static rondo_status run_below(const rondo__silencing *s, real *x, rondo_error *err) {
    const rondo_recurrent *net = s->stack->net;
    const int64_t T = s->stack->axis.T, I = net->config.input_size;
    real *first = s->layer ? make(T, I, 1) : x;
    if (!first)
        return no_memory(err);
    for (int64_t i = 0; i < T * I; i++)
        first[i] = (real)s->stack->x[i];
    if (!s->layer)
        return RONDO_OK;
    rondo_recurrent part = part_of(net, 0, s->layer, -1);
    const rondo_status status = pass(s, &part, 0, T, 1, first, x, err);
    for (int i = 0; i < s->layer * net->directions && !status; i++)
        spread(s, i);
    rondo__free(first);
    return status;
}

/* The layer's silenced direction, step by step: out (T, count, R). */
static rondo_status run_silenced(const rondo__silencing *s, int64_t units, const int64_t *unit, const real *x,
                                 real *out, rondo_error *err) {
    const int place = place_of(s, s->layer, s->direction);
    const int64_t T = s->stack->axis.T;
    rondo_recurrent part = part_of(s->stack->net, s->layer, s->layer + 1, s->direction);
    const int64_t I = part.layer[0].I, H = part.layer[0].H;
    real *row = make(s->count, I, 1);
    rondo_status status = row ? RONDO_OK : no_memory(err);
    for (int64_t i = 0; i < T && !status; i++) {
        const int64_t t = s->direction ? T - 1 - i : i;
        real *y = out + t * s->count * H;
        for (int64_t r = 0; r < s->count; r++)
            memcpy(row + r * I, x + t * I, (size_t)I * sizeof *row);
        status = pass(s, &part, place, 1, s->count, row, y, err);
        for (int64_t r = 0; r < units && !status; r++)
            y[r * H + unit[r]] = s->h[place][r * H + unit[r]] = 0;
    }
    rondo__free(row);
    return status;
}

/* The other direction, which knows nothing of it: out (T, R). */
static rondo_status run_other(const rondo__silencing *s, const real *x, real *out, rondo_error *err) {
    const int64_t T = s->stack->axis.T;
    const int other = 1 - s->direction, place = place_of(s, s->layer, other);
    rondo_recurrent part = part_of(s->stack->net, s->layer, s->layer + 1, other);
    const int64_t I = part.layer[0].I, H = part.layer[0].H;
    real *turned = other ? make(T, I > H ? I : H, 1) : NULL;
    if (other && !turned)
        return no_memory(err);
    for (int64_t t = 0; other && t < T; t++)
        memcpy(turned + t * I, x + (T - 1 - t) * I, (size_t)I * sizeof *x);
    const rondo_status status = pass(s, &part, place, T, 1, other ? turned : x, out, err);
    for (int64_t t = 0; other && t < T; t++)
        memcpy(turned + t * H, out + (T - 1 - t) * H, (size_t)H * sizeof *out);
    if (other)
        memcpy(out, turned, (size_t)(T * H) * sizeof *out);
    spread(s, place);
    rondo__free(turned);
    return status;
}

/* silenced (T, count, R), other (T, R) or NULL -> (T, count, width) */
static void merge(const rondo__silencing *s, const real *silenced, const real *other, real *out) {
    const rondo_recurrent *net = s->stack->net;
    const int64_t R = net->layer[place_of(s, s->layer, 0)].R, T = s->stack->axis.T;
    const bool concat = other && net->config.merge == RONDO_MERGE_CONCAT;
    const real factor = other && net->config.merge == RONDO_MERGE_AVERAGE ? (real)0.5 : 1;
    const int64_t width = concat ? 2 * R : R, own = concat && s->direction ? R : 0, its = R - own;
    for (int64_t i = 0; i < T * s->count; i++) {
        const real *a = silenced + i * R, *b = other ? other + i / s->count * R : NULL;
        for (int64_t j = 0; j < R; j++) {
            out[i * width + own + j] = concat || !b ? a[j] : factor * (a[j] + b[j]);
            if (concat)
                out[i * width + its + j] = b[j];
        }
    }
}

/* (T, count, W) -> (count, T, W) */
static void turn(const rondo__silencing *s, int64_t W, const real *from) {
    const int64_t T = s->stack->axis.T;
    for (int64_t t = 0; t < T; t++)
        for (int64_t r = 0; r < s->count; r++)
            memcpy(s->y + (r * T + t) * W, from + (t * s->count + r) * W, (size_t)W * sizeof *from);
}

static rondo_status run_above(const rondo__silencing *s, real *x, rondo_error *err) {
    const rondo_recurrent *net = s->stack->net;
    const int64_t T = s->stack->axis.T, W = rondo_recurrent_output_size(net);
    const int above = s->layer + 1;
    if (above == net->config.layers) {
        turn(s, W, x);
        return RONDO_OK;
    }
    real *y = make(T, s->count, W);
    rondo_recurrent part = part_of(net, above, net->config.layers, -1);
    rondo_status status = y ? pass(s, &part, place_of(s, above, 0), T, s->count, x, y, err) : no_memory(err);
    if (!status)
        turn(s, W, y);
    rondo__free(y);
    return status;
}

rondo_status rondo__silencing_run(rondo__silencing *s, int64_t units, const int64_t *unit, rondo_error *err) {
    const rondo_recurrent *net = s->stack->net;
    const rondo__recurrent_layer *p = &net->layer[place_of(s, s->layer, 0)];
    const int64_t T = s->stack->axis.T;
    if (!make_room(s))
        return no_memory(err);
    for (int i = 0; i < net->config.layers * net->directions; i++)
        begin_states(s, i);
    real *x = make(T, p->I, 1), *silenced = make(T, s->count, p->R), *other = make(T, p->R, net->directions - 1);
    real *merged = make(T * s->count, p->R, net->directions);
    rondo_status status = x && silenced && other && merged ? run_below(s, x, err) : no_memory(err);
    if (!status)
        status = run_silenced(s, units, unit, x, silenced, err);
    if (!status && net->directions == 2)
        status = run_other(s, x, other, err);
    if (!status) {
        merge(s, silenced, net->directions == 2 ? other : NULL, merged);
        status = run_above(s, merged, err);
    }
    rondo__free(x);
    rondo__free(silenced);
    rondo__free(other);
    rondo__free(merged);
    return status;
}
