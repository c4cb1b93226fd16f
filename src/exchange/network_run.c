/* The reference run of a deployed network: block after block, by operators of the tape and plain loops. What exported
 * files are compared with. */
#include <string.h>

#include "autograd/tape.h"
#include "exchange/network.h"
#include "nn/params.h"
#include "nn/recurrent.h"
#include "nn/rows.h"

typedef struct network_run {
    const rondo__network *network;
    const rondo__network_input *input;
    rondo_context *context;
    rondo_tape *tape;
    rondo_states states; /* final ones of the last RECURRENT */
    rondo_var *window;   /* (W, F) of a forecast */
    double shift[RONDO__FEATURES], size[RONDO__FEATURES];
    int32_t *labels;
    rondo_status status; /* of what is no operator */
    rondo_error *err;
} network_run;

static rondo_var *constant(const network_run *r, const real *data, int64_t rows, int64_t columns) {
    const int64_t dims[2] = {rows, columns};
    const rondo__stored *stored = rondo__params_stored_at(r->network->params, data);
    if (!data)
        return NULL;
    if (stored) {
        const rondo_tensor bytes = rondo_tensor_view(stored->dtype, (void *)(uintptr_t)data, 2, dims);
        return rondo__leaf_stored(r->tape, &bytes, stored);
    }
    const rondo_tensor view = rows ? rondo_tensor_view(RONDO_REAL, (void *)data, 2, dims)
                                   : rondo_tensor_view(RONDO_REAL, (void *)data, 1, dims + 1);
    return rondo_leaf(r->tape, &view, NULL);
}

static rondo_var *shaped(const network_run *r, rondo_var *x, int64_t d0, int64_t d1, int64_t d2) {
    return rondo_reshape(r->tape, x, 3, (const int64_t[3]){d0, d1, d2});
}

static rondo_var *beside(const network_run *r, rondo_var *a, rondo_var *b) {
    return rondo_concat(r->tape, 2, 2, (rondo_var *const[]){a, b});
}

/* ---- blocks of all tasks ---- */

static rondo_var *scale(const rondo__network_block *b, rondo_var *x) {
    real *data = x ? x->value.data : NULL; /* nothing is recorded: in place */
    for (int64_t i = 0; x && i < rondo_tensor_count(&x->value); i++)
        data[i] = data[i] * (b->weight ? b->weight[i % b->in] : 1) + (b->bias ? b->bias[i % b->in] : 0);
    return x;
}

static rondo_var *pool(const network_run *r, const rondo__network_block *b, rondo_var *x, int directions) {
    rondo_var *score = NULL;
    if (b->pooling == RONDO_POOL_ATTENTION)
        score = rondo_linear(r->tape, x, constant(r, b->weight, 1, b->in), NULL);
    return rondo_pool(r->tape, x, score, &(rondo_pool_options){.kind = b->pooling, .directions = directions});
}

static rondo_var *activate(const network_run *r, rondo_var *x, rondo_activation kind) {
    switch (kind) {
    case RONDO_TANH:
        return rondo_tanh(r->tape, x);
    case RONDO_RELU:
        return rondo_relu(r->tape, x);
    case RONDO_SIGMOID:
        return rondo_sigmoid(r->tape, x);
    case RONDO_SOFTMAX:
        return rondo_softmax(r->tape, x);
    default:
        return x;
    }
}

/* What stands for the symbol behind each step, (T, 1, Q); nothing behind the last. */
static rondo_var *teach(const network_run *r, const rondo__network_block *b, rondo_var *feedback) {
    const int64_t T = r->input->T, dims[3] = {T, 1, b->out};
    if (feedback) {
        int32_t *next = rondo__step_memory(r->tape, T, sizeof *next);
        for (int64_t t = 0; next && t < T; t++)
            next[t] = t + 1 < T ? r->input->symbols[t + 1] : -1;
        return next ? rondo_embedding(r->tape, feedback, next, 2, dims) : NULL;
    }
    rondo_var *known = rondo_zeros(r->tape, 3, dims);
    for (int64_t t = 0; known && t + 1 < T; t++)
        ((real *)known->value.data)[t * b->out + r->input->symbols[t + 1]] = 1;
    return known;
}

static rondo_var *recur(network_run *r, const rondo__network_block *b, rondo_var *x) {
    rondo_var *feedback = b->feedback ? constant(r, b->feedback, b->out, b->net->config.feedback_size) : NULL;
    const rondo_recurrent_input input = {
        .feedback = feedback, .teacher = b->taught ? teach(r, b, feedback) : NULL, .final_states = &r->states};
    if (b->taught && !input.teacher)
        return NULL;
    return rondo_recurrent_forward(b->net, r->tape, x, &input);
}

static rondo_var *linear(const network_run *r, const rondo__network_block *b, rondo_var *x) {
    return rondo_linear(r->tape, x, constant(r, b->weight, b->out, b->in), constant(r, b->bias, 0, b->out));
}

static rondo_var *clusters(const network_run *r, const rondo__network_block *b, rondo_var *x) {
    const int64_t rows[2] = {x ? x->value.dims[0] : 0, b->in};
    rondo_adaptive *adaptive = (rondo_adaptive *)(uintptr_t)b->adaptive;
    return rondo_adaptive_log_probabilities(adaptive, r->tape, rondo_reshape(r->tape, x, 2, rows));
}

/* ---- taggers ---- */

static rondo_var *spell(network_run *r, const rondo__network_block *b, rondo_var *x) {
    const int64_t T = r->input->T, C = r->input->C;
    int32_t *turned = rondo__step_memory(r->tape, T * C, sizeof *turned),
            *lengths = rondo__step_memory(r->tape, T, sizeof *lengths);
    if (!turned || !lengths)
        return NULL;
    for (int64_t t = 0; t < T; t++) {
        lengths[t] = 0;
        for (int64_t c = 0; c < C; c++) {
            turned[c * T + t] = r->input->characters[t * C + c];
            lengths[t] += turned[c * T + t] >= 0;
        }
    }
    rondo_states last = {0};
    const rondo_recurrent_input input = {.lengths = lengths, .final_states = &last};
    rondo_var *letters =
        rondo_embedding(r->tape, constant(r, b->weight, b->symbols, b->width), turned, 2, (int64_t[]){C, T});
    if (!rondo_recurrent_forward(b->net, r->tape, letters, &input))
        return NULL;
    rondo_var *form = rondo_concat(r->tape, 1, 2, (rondo_var *const[]){last.h[0], last.h[1]});
    return beside(r, x, shaped(r, form, T, 1, b->out - b->in));
}

static rondo_var *find_path(network_run *r, const rondo__network_block *b, rondo_var *x) {
    const real *end = b->end ? b->end : b->forbidden_end;
    if (!x || !r->labels || rondo__tape_failed(r->tape))
        return x;
    if (b->end && b->forbidden_end) {
        real *both = rondo__step_memory(r->tape, b->in, sizeof *both);
        for (int64_t k = 0; both && k < b->in; k++)
            both[k] = b->end[k] + b->forbidden_end[k];
        if (!both)
            return NULL;
        end = both;
    }
    r->status = rondo_crf_decode(r->context, r->labels, NULL, r->input->T, 1, b->in, x->value.data, NULL, b->transition,
                                 b->start, end, b->allowed, b->allowed_start, r->err);
    return x;
}

/* ---- forecasts ---- */

static rondo_var *window(network_run *r, const rondo__network_block *b, rondo_var *x) {
    const rondo__horizon *h = &r->network->horizon;
    const int64_t T = r->input->T, width = b->in + h->masks, patch = h->W ? h->patch : 1;
    rondo_var *out = rondo_zeros(r->tape, 3, (const int64_t[]){T, 1, width});
    if (!x || !out)
        return NULL;
    rondo__window_fill(h, T, b->in, x->value.data, out->value.data, r->shift, r->size);
    r->window = out;
    return shaped(r, out, T / patch, 1, patch * width);
}

static rondo_var *fixed(const network_run *r, rondo_var *x) {
    const rondo__horizon *h = &r->network->horizon;
    for (int i = 0; i < h->fixed && x; i++) {
        const int64_t T = x->value.dims[0];
        int32_t *ids = rondo__step_memory(r->tape, T, sizeof *ids);
        for (int64_t t = 0; ids && t < T; t++)
            ids[t] = r->input->fixed[i];
        x = ids ? beside(r, x,
                         rondo_embedding(r->tape, constant(r, h->fixed_table[i], h->categories[i], h->fixed_width), ids,
                                         2, (int64_t[]){T, 1}))
                : NULL;
    }
    return x;
}

static rondo_var *ends(const network_run *r, const rondo__network_block *b, rondo_var *x) {
    const int64_t T = x ? x->value.dims[0] : 0;
    rondo_var *last = x ? rondo_slice(r->tape, x, 0, T - 1, T) : NULL;
    return b->out == b->in ? last : beside(r, last, rondo_slice(r->tape, x, 0, 0, 1));
}

/* (H, ahead) as (rows, 1, what is beside each other) */
static rondo_var *ahead(const network_run *r, int64_t rows) {
    const rondo__horizon *h = &r->network->horizon;
    rondo_var *out = rondo_zeros(r->tape, 3, (const int64_t[]){rows, 1, h->H * h->ahead / rows});
    if (out)
        rondo__ahead_fill(h, r->input->ahead, out->value.data);
    return out;
}

/* The last `patch` steps of the targets: (1, 1, patch n). */
static rondo_var *last_known(const network_run *r) {
    const rondo__horizon *h = &r->network->horizon;
    rondo_var *out = rondo_zeros(r->tape, 3, (const int64_t[]){1, 1, h->patch * h->n});
    const real *from = r->window ? r->window->value.data : NULL;
    const int64_t width = r->window ? r->window->value.dims[2] : 0;
    for (int64_t i = 0; out && from && i < h->patch * h->n; i++)
        ((real *)out->value.data)[i] = from[(h->W - h->patch + i / h->n) * width + i % h->n];
    return out;
}

/* What stands for each value when it is told: of quantiles the middle one. */
static rondo_var *told(const network_run *r, rondo_var *raw) {
    const rondo__horizon *h = &r->network->horizon;
    const int64_t values = h->patch * h->n, middle = h->outcome == RONDO__RISING ? h->P / 2 : 0;
    if (h->P == 1)
        return raw;
    raw = rondo_slice(r->tape, shaped(r, raw, 1, values, h->P), 2, middle, middle + 1);
    return shaped(r, raw, 1, 1, values);
}

static rondo_var *decode(network_run *r, const rondo__network_block *b) {
    const rondo__horizon *h = &r->network->horizon;
    const int64_t steps = h->H / h->patch, width = h->patch * h->n * h->P;
    rondo_var *known = h->ahead ? ahead(r, steps) : NULL, *last = last_known(r),
              *out = rondo_zeros(r->tape, 3, (const int64_t[]){1, 1, b->out});
    const rondo__network_block head = {
        .in = rondo_recurrent_output_size(b->net), .out = width, .weight = b->weight, .bias = b->bias};
    rondo_states states = r->states, after = {0};
    const rondo_recurrent_input input = {.initial = &states, .final_states = &after};
    for (int64_t i = 0; i < steps && last && out; i++) {
        rondo_var *x = known ? beside(r, last, rondo_slice(r->tape, known, 0, i, i + 1)) : last;
        rondo_var *y = rondo_recurrent_forward(b->net, r->tape, fixed(r, x), &input);
        if (b->net->config.cell == RONDO_JORDAN)
            y = rondo_tanh(r->tape, y);
        y = linear(r, &head, y);
        if (y && !rondo__tape_failed(r->tape))
            memcpy((real *)out->value.data + i * width, y->value.data, (size_t)width * sizeof(real));
        states = after;
        last = told(r, y);
    }
    return out;
}

/* In place: the past's product goes to each value, of a distribution to its location alone. */
static rondo_var *own_past(const network_run *r, const rondo__network_block *b, rondo_var *x) {
    const rondo__horizon *h = &r->network->horizon;
    const bool all = h->outcome <= RONDO__RISING;
    const real *past = r->window ? r->window->value.data : NULL;
    real *to = x ? x->value.data : NULL;
    const int64_t width = r->window ? r->window->value.dims[2] : 0;
    real *w = rondo__step_memory(r->tape, h->W, sizeof *w);
    for (int64_t i = 0; past && to && w && i < h->H * h->n; i++) {
        if (i % h->n == 0)
            rondo__network_row(r->network, b->weight, i / h->n, h->W, w);
        double sum = (double)b->bias[i / h->n];
        for (int64_t k = 0; k < h->W; k++)
            sum += (double)w[k] * (double)past[k * width + i % h->n];
        for (int64_t q = 0; q < (all ? h->P : 1); q++)
            to[i * h->P + q] += (real)sum;
    }
    return x;
}

static rondo_var *outcome(const network_run *r, rondo_var *x) {
    if (x && !rondo__tape_failed(r->tape))
        rondo__outcome_fill(&r->network->horizon, x->value.dims[0], r->shift, r->size, x->value.data);
    return x;
}

/* ---- all of it ---- */

static rondo_var *run_block(network_run *r, int i, rondo_var *x) {
    const rondo__network_block *b = &r->network->block[i];
    switch (b->kind) {
    case RONDO__SCALE:
        return scale(b, x);
    case RONDO__RECURRENT:
        return recur(r, b, x);
    case RONDO__POOL:
        return pool(r, b, x, rondo__network_directions(r->network, i));
    case RONDO__LINEAR:
        return linear(r, b, x);
    case RONDO__ACTIVATION:
        return activate(r, x, b->activation);
    case RONDO__ADAPTIVE:
        return clusters(r, b, x);
    case RONDO__SPELLING:
        return spell(r, b, x);
    case RONDO__BEST_PATH:
        return find_path(r, b, x);
    case RONDO__WINDOW:
        return window(r, b, x);
    case RONDO__FIXED:
        return fixed(r, x);
    case RONDO__ENDS:
        return ends(r, b, x);
    case RONDO__AHEAD:
        return beside(r, x, ahead(r, 1));
    case RONDO__DECODE:
        return decode(r, b);
    case RONDO__OWN_PAST:
        return own_past(r, b, x);
    case RONDO__OUTCOME:
        return outcome(r, x);
    default:
        return x;
    }
}

static rondo_var *begin(const network_run *r) {
    const rondo__network_block *b = &r->network->block[0];
    const rondo__network_input *in = r->input;
    const int64_t dims[3] = {in->T, 1, in->symbols ? b->out : b->in};
    rondo_var *y = rondo_zeros(r->tape, 3, dims);
    if (!y)
        return NULL;
    real *to = y->value.data;
    if (!in->symbols)
        memcpy(to, in->x, (size_t)(in->T * b->in) * sizeof *to);
    for (int64_t t = 0; in->symbols && t < in->T; t++)
        rondo__network_row(r->network, b->weight, in->symbols[t], b->out, to + t * b->out);
    return y;
}

rondo_status rondo__network_run_on(const rondo__network *network, rondo_context *context,
                                   const rondo__network_input *input, real *out, int32_t *labels, rondo_error *err) {
    network_run r = {.network = network, .input = input, .context = context, .labels = labels, .err = err};
    if (network->horizon.W > 0 && input->T != network->horizon.W)
        return rondo__fail(err, RONDO_SHAPE, "network: x has %lld steps (a window is %lld)", (long long)input->T,
                           (long long)network->horizon.W);
    for (int c = 0; c < RONDO__FEATURES; c++)
        r.size[c] = 1;
    rondo_status status = rondo_tape_create(&r.tape, context, err);
    if (status)
        return status;
    rondo_tape_begin(r.tape, NULL);
    rondo_var *y = begin(&r);
    for (int i = input->symbols ? 1 : 0; i < network->count && !r.status; i++)
        y = run_block(&r, i, y);
    status = r.status ? r.status : rondo_tape_status(r.tape, err);
    if (!status && y)
        memcpy(out, y->value.data, (size_t)rondo_tensor_count(&y->value) * sizeof *out);
    rondo_tape_destroy(&r.tape);
    return status;
}

rondo_status rondo__network_run(const rondo__network *network, rondo_context *context, int64_t T,
                                const int32_t *symbols, const real *x, real *out, rondo_error *err) {
    const rondo__network_input input = {.T = T, .symbols = symbols, .x = x};
    return rondo__network_run_on(network, context, &input, out, NULL, err);
}
