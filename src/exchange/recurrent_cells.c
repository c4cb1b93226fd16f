/* Recurrent nodes by Rondo's own cells: the usual activations, no clip, in the library's numbers.
 *
 * The cells want their gates in PyTorch's order, one direction at a time, time-major. Weights that are constants of the
 * file are put into that order once and kept with the step. */
#include <string.h>

#include "exchange/recurrent.h"
#include "exchange/strided.h"
#include "rondo/cells.h"

/* Block k of ours is block order[k] of the file's. */
static const int orders[3][4] = {
    [RONDO__NODE_RNN] = {0},
    [RONDO__NODE_GRU] = {1, 0, 2},     /* r z n from z r h */
    [RONDO__NODE_LSTM] = {0, 2, 3, 1}, /* i f g o from i o f c */
};

typedef struct cell_weights {
    real *w, *r, *wb, *rb, *p; /* as the file's, each by direction: (D, G*H, I) ... (D, 3, H); NULL: absent */
} cell_weights;

static void weights_free(void *weights) {
    cell_weights *c = weights;
    if (!c)
        return;
    rondo__free(c->w);
    rondo__free(c->r);
    rondo__free(c->wb);
    rondo__free(c->rb);
    rondo__free(c->p);
    rondo__free(c);
}

/* Gate blocks of `block` numbers each in our order. The file's directions are `apart` numbers apart. */
static real *ordered(const rondo__recurrent_node *n, const rondo__array *from, int64_t first, int64_t block,
                     int64_t apart, int64_t gates, const int *order) {
    size_t count;
    real *out;
    if (!rondo__size_mul((size_t)(n->D * gates), (size_t)block, &count) || !(out = rondo__calloc(count, sizeof *out)))
        return NULL;
    for (int64_t d = 0; d < n->D; d++)
        for (int64_t k = 0; k < gates; k++)
            memcpy(out + (d * gates + k) * block, (const real *)from->data + d * apart + first + order[k] * block,
                   (size_t)block * sizeof *out);
    return out;
}

static cell_weights *make_weights(const rondo__recurrent_node *n) {
    static const int peepholes[] = {0, 2, 1}; /* i f o from i o f */
    const int64_t G = n->G, H = n->H;
    const int *order = orders[n->kind];
    cell_weights *c = rondo__calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->w = ordered(n, n->w, 0, H * n->I, G * H * n->I, G, order);
    c->r = ordered(n, n->r, 0, H * H, G * H * H, G, order);
    c->wb = n->b ? ordered(n, n->b, 0, H, 2 * G * H, G, order) : NULL;
    c->rb = n->b ? ordered(n, n->b, G * H, H, 2 * G * H, G, order) : NULL;
    c->p = n->p ? ordered(n, n->p, 0, H, 3 * H, 3, peepholes) : NULL;
    if (c->w && c->r && (!n->b || (c->wb && c->rb)) && (!n->p || c->p))
        return c;
    weights_free(c);
    return NULL;
}

static cell_weights *take_weights(const rondo__graph_call *call, const rondo__recurrent_node *n, bool *kept) {
    *kept =
        rondo__in_fixed(call, 1) && rondo__in_fixed(call, 2) && rondo__in_fixed(call, 3) && rondo__in_fixed(call, 7);
    if (!*kept || !call->step->kept) {
        cell_weights *made = make_weights(n);
        if (!*kept)
            return made;
        call->step->kept = made;
        call->step->kept_free = weights_free;
    }
    return call->step->kept;
}

static bool usual(const rondo__recurrent_node *n, int d) {
    const rondo__function f = n->function[d][0].function;
    if (n->kind == RONDO__NODE_RNN)
        return f == RONDO__TANH || f == RONDO__RELU || f == RONDO__SIGMOID;
    return f == RONDO__SIGMOID && n->function[d][1].function == RONDO__TANH &&
           (n->kind == RONDO__NODE_GRU || n->function[d][2].function == RONDO__TANH);
}

bool rondo__recurrent_is_cell(const rondo__graph_call *call, const rondo__recurrent_node *n) {
    if (call->graph->options.plain_recurrent || n->x->dtype != RONDO_REAL || n->clipped || n->input_forget)
        return false;
    if (n->T < 1 || n->B < 1 || n->I < 1 || n->T > INT32_MAX)
        return false;
    return usual(n, 0) && (n->D == 1 || usual(n, 1));
}

/* ---- arrays in and out ---- */

/* What stands by direction, or by batch first, as a matrix of the tape: (B, H) of a state. */
static real *state_rows(const rondo__recurrent_node *n, const rondo__array *from, int64_t d) {
    real *rows = rondo__calloc((size_t)(n->B * n->H), sizeof *rows);
    for (int64_t b = 0; rows && b < n->B; b++)
        memcpy(rows + b * n->H, (const real *)from->data + rondo__state_at(n, d, b), (size_t)n->H * sizeof *rows);
    return rows;
}

static real *time_major(const rondo__recurrent_node *n) {
    real *x = rondo__calloc((size_t)n->x->count, sizeof *x);
    for (int64_t t = 0; x && t < n->T; t++)
        for (int64_t b = 0; b < n->B; b++)
            memcpy(x + (t * n->B + b) * n->I, (const real *)n->x->data + rondo__x_at(n, t, b),
                   (size_t)n->I * sizeof *x);
    return x;
}

static void put_output(const rondo__recurrent_node *n, int64_t d, const real *y) {
    for (int64_t t = 0; t < n->T; t++)
        for (int64_t b = 0; b < n->B; b++)
            memcpy((real *)n->y->data + rondo__y_at(n, t, d, b), y + (t * n->B + b) * n->H, (size_t)n->H * sizeof *y);
}

static void put_state(const rondo__recurrent_node *n, const rondo__array *to, int64_t d, const real *rows) {
    for (int64_t b = 0; b < n->B; b++)
        memcpy((real *)to->data + rondo__state_at(n, d, b), rows + b * n->H, (size_t)n->H * sizeof *rows);
}

/* ---- one direction ---- */

/* What all directions share, in the tape's shapes. */
typedef struct cell_run {
    rondo_tape *tape;
    const cell_weights *weights;
    rondo_var *x;
    const int32_t *lengths;
} cell_run;

typedef struct cell_result {
    rondo_var *y, *h, *c;
} cell_result;

static rondo_var *leaf(rondo_tape *tape, real *data, int rank, int64_t a, int64_t b) {
    const int64_t dims[] = {a, b};
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, data, rank, dims);
    return data ? rondo_leaf(tape, &tensor, NULL) : NULL;
}

static real *part(real *all, int64_t d, int64_t count) { return all ? all + d * count : NULL; }

static cell_result run_cell(const rondo__recurrent_node *n, const cell_run *r, int64_t d, rondo_var *h0,
                            rondo_var *c0) {
    const int64_t H = n->H, G = n->G * H;
    const cell_weights *all = r->weights;
    const rondo_sequence_options sequence = {.lengths = r->lengths, .reverse = n->reverse[d]};
    rondo_var *w = leaf(r->tape, part(all->w, d, G * n->I), 2, G, n->I),
              *u = leaf(r->tape, part(all->r, d, G * H), 2, G, H), *wb = leaf(r->tape, part(all->wb, d, G), 1, G, 0),
              *rb = leaf(r->tape, part(all->rb, d, G), 1, G, 0);
    if (n->kind == RONDO__NODE_LSTM) {
        const rondo_lstm_weights weights = {w, u, wb, rb, .peephole = leaf(r->tape, part(all->p, d, 3 * H), 2, 3, H)};
        const rondo_lstm_options options = {.sequence = sequence};
        const rondo_lstm_result out = rondo_lstm(r->tape, r->x, h0, c0, &weights, &options);
        return (cell_result){out.output, out.h, out.c};
    }
    if (n->kind == RONDO__NODE_GRU) {
        const rondo_gru_weights weights = {w, u, wb, rb};
        const rondo_gru_options options = {.sequence = sequence, .reset_before = !n->linear_before_reset};
        const rondo_gru_result out = rondo_gru(r->tape, r->x, h0, &weights, &options);
        return (cell_result){out.output, out.h, NULL};
    }
    const rondo__function f = n->function[d][0].function;
    const rondo_elman_weights weights = {w, u, wb, rb};
    const rondo_elman_options options = {sequence, f == RONDO__TANH   ? RONDO_TANH
                                                   : f == RONDO__RELU ? RONDO_RELU
                                                                      : RONDO_SIGMOID};
    const rondo_elman_result out = rondo_elman(r->tape, r->x, h0, &weights, &options);
    return (cell_result){out.output, out.h, NULL};
}

static rondo_status run_direction(const rondo__graph_call *call, const rondo__recurrent_node *n, const cell_run *r,
                                  int64_t d, rondo_error *err) {
    real *h0 = n->h0 ? state_rows(n, n->h0, d) : NULL, *c0 = n->c0 ? state_rows(n, n->c0, d) : NULL;
    rondo_status status = RONDO_OK;
    rondo_error inner = {0};
    if ((n->h0 && !h0) || (n->c0 && !c0)) {
        status = rondo__no_memory(call, err);
    } else {
        const cell_result out = run_cell(n, r, d, leaf(r->tape, h0, 2, n->B, n->H), leaf(r->tape, c0, 2, n->B, n->H));
        status = rondo_tape_status(r->tape, &inner);
        if (status)
            status = rondo__bad(call, err, status, "%s", inner.message);
        if (!status && n->y)
            put_output(n, d, out.y->value.data);
        if (!status && n->yh)
            put_state(n, n->yh, d, out.h->value.data);
        if (!status && n->yc)
            put_state(n, n->yc, d, out.c->value.data);
    }
    rondo__free(h0);
    rondo__free(c0);
    return status;
}

/* ---- the node ---- */

static rondo_status make_lengths(const rondo__graph_call *call, const rondo__recurrent_node *n, int32_t **out,
                                 rondo_error *err) {
    *out = NULL;
    if (!n->lengths)
        return RONDO_OK;
    *out = rondo__calloc((size_t)n->B, sizeof **out);
    for (int64_t b = 0; *out && b < n->B; b++)
        (*out)[b] = (int32_t)rondo__length_of(n, b);
    return *out ? RONDO_OK : rondo__no_memory(call, err);
}

static rondo_status run_directions(const rondo__graph_call *call, const rondo__recurrent_node *n, cell_run *r, real *x,
                                   rondo_error *err) {
    const int64_t dims[] = {n->T, n->B, n->I};
    const rondo_tensor input = rondo_tensor_view(RONDO_REAL, x, 3, dims);
    rondo_status status = RONDO_OK;
    for (int64_t d = 0; !status && d < n->D; d++) {
        rondo_tape_begin(r->tape, NULL);
        r->x = rondo_leaf(r->tape, &input, NULL);
        status = run_direction(call, n, r, d, err);
    }
    return status;
}

rondo_status rondo__recurrent_cells(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err) {
    rondo_graph *g = call->graph;
    rondo_status status = g->tape ? RONDO_OK : rondo_tape_create(&g->tape, g->context, err);
    int32_t *lengths = NULL;
    bool kept = true;
    if (status)
        return status;
    cell_weights *weights = take_weights(call, n, &kept);
    real *x = n->batch_first ? time_major(n) : n->x->data;
    status = weights && x ? make_lengths(call, n, &lengths, err) : rondo__no_memory(call, err);
    if (!status) {
        cell_run r = {.tape = g->tape, .weights = weights, .lengths = lengths};
        status = run_directions(call, n, &r, x, err);
    }
    rondo__free(lengths);
    if (n->batch_first)
        rondo__free(x);
    if (!kept)
        weights_free(weights);
    return status;
}
