/* The forward pass of a recurrent stack over whole sequences: each layer and direction is one operator of its cell. */
#include "autograd/tape.h"
#include "nn/recurrent.h"
#include "nn/rows.h"
#include "nn/walk.h"

#include <string.h>

/* What one layer and direction is given and gives back. */
typedef struct layer_run {
    rondo_recurrent *net;
    rondo_tape *tape;
    const rondo_recurrent_input *input; /* never NULL */
    int layer, direction;
    rondo_var *x;       /* (T, B, I) */
    rondo_var *h0, *c0; /* (B, width) or NULL */
    rondo_var *output;  /* (T, B, R) */
    rondo_var *h, *c;   /* (B, width); c NULL but for the LSTM */
} layer_run;

rondo_sequence_options rondo__recurrent_sequence(const rondo_recurrent *net, const int32_t *lengths, int direction) {
    return (rondo_sequence_options){.lengths = lengths,
                                    .reverse = direction == 1,
                                    .recurrent_dropout = net->config.recurrent_dropout,
                                    .zoneout = net->config.zoneout,
                                    .zoneout_cell = net->config.zoneout_cell};
}

rondo_elman_options rondo__recurrent_elman(const rondo_recurrent *net, rondo_sequence_options sequence) {
    return (rondo_elman_options){.sequence = sequence, .activation = net->config.activation};
}

/* Only the last layer feeds back the chosen function of its output; a lower one feeds back what it emits, tanh. */
rondo_jordan_options rondo__recurrent_jordan(const rondo_recurrent *net, int layer, rondo_sequence_options sequence) {
    bool last = layer == net->config.layers - 1;
    return (rondo_jordan_options){.sequence = sequence,
                                  .activation = net->config.activation,
                                  .output = last ? net->config.output_activation : RONDO_TANH,
                                  .decay = net->config.decay};
}

rondo_lstm_options rondo__recurrent_lstm(const rondo_recurrent *net, rondo_sequence_options sequence) {
    return (rondo_lstm_options){
        .sequence = sequence, .cell_clip = net->config.cell_clip, .coupled_gates = net->config.coupled_gates};
}

rondo_gru_options rondo__recurrent_gru(const rondo_recurrent *net, rondo_sequence_options sequence) {
    return (rondo_gru_options){.sequence = sequence, .reset_before = net->config.reset_before};
}

static rondo_var *use(const layer_run *run, int index) { return rondo_params_use(run->net->params, run->tape, index); }

static void run_elman(layer_run *run, const rondo__recurrent_layer *p, rondo_sequence_options sequence) {
    rondo_elman_weights weights = {
        .w_ih = use(run, p->w_ih), .w_hh = use(run, p->w_hh), .b_ih = use(run, p->b_ih), .b_hh = use(run, p->b_hh)};
    rondo_elman_options options = rondo__recurrent_elman(run->net, sequence);
    rondo_elman_result result = rondo_elman(run->tape, run->x, run->h0, &weights, &options);
    run->output = result.output;
    run->h = result.h;
}

static void run_jordan(layer_run *run, const rondo__recurrent_layer *p, rondo_sequence_options sequence) {
    bool last = run->layer == run->net->config.layers - 1;
    rondo_jordan_weights weights = {.w_ih = use(run, p->w_ih),
                                    .w_sh = use(run, p->w_sh),
                                    .b_ih = use(run, p->b_ih),
                                    .w_ho = use(run, p->w_ho),
                                    .b_o = use(run, p->b_o),
                                    .feedback = last ? run->input->feedback : NULL};
    rondo_jordan_options options = rondo__recurrent_jordan(run->net, run->layer, sequence);
    rondo_jordan_result result =
        rondo_jordan(run->tape, run->x, run->h0, last ? run->input->teacher : NULL, &weights, &options);
    run->output = result.output;
    run->h = result.s;
}

static void run_lstm(layer_run *run, const rondo__recurrent_layer *p, rondo_sequence_options sequence) {
    rondo_lstm_weights weights = {.w_ih = use(run, p->w_ih),
                                  .w_hh = use(run, p->w_hh),
                                  .b_ih = use(run, p->b_ih),
                                  .b_hh = use(run, p->b_hh),
                                  .w_hr = use(run, p->w_hr),
                                  .peephole = use(run, p->peephole),
                                  .gain_x = use(run, p->gain_x),
                                  .gain_h = use(run, p->gain_h),
                                  .gain_c = use(run, p->gain_c),
                                  .bias_c = use(run, p->bias_c)};
    rondo_lstm_options options = rondo__recurrent_lstm(run->net, sequence);
    rondo_lstm_result result = rondo_lstm(run->tape, run->x, run->h0, run->c0, &weights, &options);
    run->output = result.output;
    run->h = result.h;
    run->c = result.c;
}

static void run_gru(layer_run *run, const rondo__recurrent_layer *p, rondo_sequence_options sequence) {
    rondo_gru_weights weights = {.w_ih = use(run, p->w_ih),
                                 .w_hh = use(run, p->w_hh),
                                 .b_ih = use(run, p->b_ih),
                                 .b_hh = use(run, p->b_hh),
                                 .gain_x = use(run, p->gain_x),
                                 .gain_h = use(run, p->gain_h)};
    rondo_gru_options options = rondo__recurrent_gru(run->net, sequence);
    rondo_gru_result result = rondo_gru(run->tape, run->x, run->h0, &weights, &options);
    run->output = result.output;
    run->h = result.h;
}

/* A state the caller gave, else the learned one for every row, else NULL: zeros. */
static rondo_var *initial_state(const layer_run *run, rondo_var *given, int learned) {
    if (given || learned < 0)
        return given;
    return rondo__expand_rows(run->tape, use(run, learned), run->x->value.dims[1]);
}

static void run_direction(layer_run *run) {
    const rondo_recurrent *net = run->net;
    int place = run->layer * net->directions + run->direction;
    const rondo__recurrent_layer *p = &net->layer[place];
    const rondo_states *initial = run->input->initial;
    run->h0 = initial_state(run, initial ? initial->h[place] : NULL, p->h0);
    run->c0 = initial_state(run, initial ? initial->c[place] : NULL, p->c0);
    run->h = run->c = NULL;
    rondo_sequence_options sequence = rondo__recurrent_sequence(net, run->input->lengths, run->direction);
    static void (*const cell[])(layer_run *, const rondo__recurrent_layer *, rondo_sequence_options) = {
        [RONDO_ELMAN] = run_elman, [RONDO_JORDAN] = run_jordan, [RONDO_LSTM] = run_lstm, [RONDO_GRU] = run_gru};
    cell[net->config.cell](run, p, sequence);
    if (net->config.cell == RONDO_JORDAN && run->layer < net->config.layers - 1)
        run->output = rondo_tanh(run->tape, run->output);
    if (run->input->final_states) {
        run->input->final_states->h[place] = run->h;
        run->input->final_states->c[place] = run->c;
    }
}

static rondo_var *merge(const rondo_recurrent *net, rondo_tape *tape, rondo_var *const output[2]) {
    if (net->directions == 1)
        return output[0];
    if (net->config.merge == RONDO_MERGE_CONCAT)
        return rondo_concat(tape, 2, 2, output);
    rondo_var *sum = rondo_add(tape, output[0], output[1]);
    return net->config.merge == RONDO_MERGE_SUM ? sum : rondo_affine(tape, sum, (real)0.5, 0);
}

/* What the walk of a layer costs (walk.h); x (T, B, .). */
static rondo__walk_size walk_size(const layer_run *run, int layer, const rondo_var *x) {
    const rondo_recurrent *net = run->net;
    const rondo_recurrent_config *config = &net->config;
    const rondo__recurrent_layer *p = &net->layer[layer * net->directions];
    const int64_t G = config->cell == RONDO_LSTM ? 4 : config->cell == RONDO_GRU ? 3 : 1;
    return (rondo__walk_size){.T = x->value.dims[0],
                              .B = x->value.dims[1],
                              .lengths = run->input->lengths,
                              .units = p->H,
                              .products = p->H * (G * p->R + config->projection_size),
                              .inputs = G * p->H * p->I,
                              .meetings = config->reset_before ? 2 : 1,
                              .has_units = !config->layer_norm && !config->projection_size};
}

/* Whether the directions of a layer run at the same time. */
static bool runs_beside(const layer_run *run) {
    const rondo_recurrent *net = run->net;
    if (net->directions == 1 || net->config.cell == RONDO_JORDAN || !run->x)
        return false;
    const rondo__walk_size size = walk_size(run, run->layer, run->x);
    return rondo__walk_together(rondo_tape_context(run->tape), &size, &size, false);
}

/* Whether the next layer runs behind this one, reading its steps as they are made. */
static bool is_followed(const layer_run *run, const rondo_var *x) {
    const rondo_recurrent *net = run->net;
    const rondo_recurrent_config *config = &net->config;
    if (net->directions == 2 || run->layer + 1 == config->layers || config->cell == RONDO_JORDAN ||
        config->layer_norm || (config->dropout > 0 && rondo_tape_training(run->tape)) ||
        rondo__recurrent_is_residual(net, run->layer))
        return false;
    for (int64_t b = 0; run->input->lengths && b < x->value.dims[1]; b++)
        if (run->input->lengths[b] != x->value.dims[0])
            return false;
    const rondo__walk_size first = walk_size(run, run->layer, x), second = walk_size(run, run->layer + 1, x);
    return rondo__walk_together(rondo_tape_context(run->tape), &first, &second, true);
}

/* One layer in all its directions: (T, B, I) -> (T, B, merged width). */
static rondo_var *run_layer(layer_run *run, rondo_var *x) {
    const rondo_recurrent *net = run->net;
    rondo_var *output[2] = {NULL, NULL};
    run->x = x;
    if (run->layer > 0 && net->config.dropout > 0)
        run->x = rondo_dropout(run->tape, x, net->config.dropout, net->config.variational);
    const bool beside = runs_beside(run);
    if (beside)
        rondo__tape_hold(run->tape);
    for (run->direction = 0; run->x && run->direction < net->directions; run->direction++) {
        run_direction(run);
        output[run->direction] = run->output;
    }
    if (beside)
        rondo__tape_let_go(run->tape);
    rondo_var *y = merge(net, run->tape, output);
    return rondo__recurrent_is_residual(net, run->layer) ? rondo_add(run->tape, y, x) : y;
}

static bool check_inputs(const rondo_recurrent *net, rondo_tape *tape, const rondo_var *x,
                         const rondo_recurrent_input *input) {
    const rondo_recurrent_config *config = &net->config;
    if (!x || x->value.rank != 3 || x->value.dims[2] != config->input_size)
        rondo__tape_fail(tape, RONDO_SHAPE, "recurrent: x must be (T, B, %lld)", (long long)config->input_size);
    else if (config->cell != RONDO_JORDAN && (input->feedback || input->teacher))
        rondo__tape_fail(tape, RONDO_ARGUMENT, "recurrent: %s is given to a cell that is not jordan (leave it NULL)",
                         input->feedback ? "feedback" : "teacher");
    else if (input->feedback && !config->feedback_size)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "recurrent: feedback is given but feedback_size is 0 (set it to Q)");
    else if (config->feedback_size && !input->feedback)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "recurrent: feedback_size is %lld but no feedback matrix is given",
                         (long long)config->feedback_size);
    return rondo_tape_status(tape, NULL) == RONDO_OK;
}

rondo_var *rondo_recurrent_forward(rondo_recurrent *net, rondo_tape *tape, rondo_var *x,
                                   const rondo_recurrent_input *input) {
    static const rondo_recurrent_input nothing;
    input = input ? input : &nothing;
    /* final states may be written to where the initial ones are read */
    rondo_states initial, *final_states = input->final_states;
    rondo_recurrent_input own = *input;
    if (input->initial) {
        initial = *input->initial;
        own.initial = &initial;
    }
    if (final_states)
        memset(final_states, 0, sizeof(*final_states));
    if (!check_inputs(net, tape, x, &own))
        return NULL;
    layer_run run = {.net = net, .tape = tape, .input = &own};
    const rondo__recurrent_watch *watch = net->watch;
    rondo_var *const given = x, *other = watch && watch->instead ? watch->instead(watch->arg, tape, x, &own) : NULL;
    if (other)
        return other;
    bool followed = false;
    for (run.layer = 0; run.layer < net->config.layers && x; run.layer++) {
        const bool last = followed; /* of two layers */
        followed = !last && is_followed(&run, x);
        if (followed)
            rondo__tape_hold(tape);
        x = run_layer(&run, x);
        if (last)
            rondo__tape_let_go(tape);
    }
    return x && watch ? watch->seen(watch->arg, tape, given, &own, x) : x;
}
