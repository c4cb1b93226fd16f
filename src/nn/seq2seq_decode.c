/* The decoder's side: what it is told -> a_t.
 *
 * A chunk is a run of the decoder over some steps at once. Where no step needs what the step before it made (no
 * attention, or attention after the cell without input feeding; a Transformer) all T steps are one chunk; else, and
 * where symbols are sampled, each step is a chunk of its own:
 *
 *     before:  h_{t-1} -> attend -> c ;  [y; c; fed] -> cells -> h
 *     after:   [y; fed] -> cells -> h -> attend -> c
 *
 * Combining to a_t (and the pointer's gate) waits until all steps are joined, unless the next step needs a_t. As every
 * product gives a row the same bits in whatever company, both ways agree bit for bit. */
#include "autograd/tape.h"
#include "nn/rows.h"
#include "nn/seq2seq.h"

/* What a chunk computes, (T', B, .) each. NULL: absent, or not yet. */
enum { SYMBOL, CONTEXT, HIDDEN, COMBINED, WEIGHTS, PARTS };

typedef struct run {
    rondo_seq2seq *net;
    rondo_tape *tape;
    const rondo__decoder_input *input;
    rondo__decoder_state *state;
    rondo_var *embedded; /* (T, B, E); NULL where symbols are sampled */
    bool combines;       /* each chunk makes its own a_t */
} run;

static rondo_var *use(const run *r, int index) { return rondo_params_use(r->net->params, r->tape, index); }

static rondo_var *embed(const run *r, const int32_t *symbols, int64_t T) {
    const rondo_seq2seq_config *config = &r->net->config;
    const int64_t dims[2] = {T, r->input->B};
    rondo_var *y = rondo_embedding(r->tape, use(r, r->net->target_table), symbols, 2, dims);
    return rondo__dropout_in_place(r->tape, y, config->embedding_dropout, config->decoder.variational);
}

/* Attention from query (T', B, H). */
static void look(run *r, rondo_var *query, rondo_var *part[PARTS]) {
    const rondo_attend_options options = {.coverage = r->state->coverage, .memory_of = r->input->source->memory_of};
    rondo_attention_result result =
        rondo_attention_layer_attend(r->net->attention, r->tape, query, r->input->source->memory, &options);
    part[CONTEXT] = result.context;
    part[WEIGHTS] = result.weights;
    if (r->state->coverage)
        r->state->coverage = result.coverage;
}

/* The query of attention before the cell: the last layer's state, as one step. */
static rondo_var *last_state(const run *r) {
    const int64_t dims[3] = {1, r->input->B, r->net->H};
    return rondo_reshape(r->tape, r->state->states.h[r->net->config.decoder.layers - 1], 3, dims);
}

/* The same context (B, C) at each of T steps. */
static rondo_var *repeat(const run *r, rondo_var *context, int64_t T) {
    const int64_t B = r->input->B, C = r->net->C, flat = B * C;
    if (T == 1)
        return rondo_reshape(r->tape, context, 3, (int64_t[]){1, B, C});
    rondo_var *rows = rondo__expand_rows(r->tape, rondo_reshape(r->tape, context, 1, &flat), T);
    return rondo_reshape(r->tape, rows, 3, (int64_t[]){T, B, C});
}

static rondo_var *concat(const run *r, int count, rondo_var *const *all) {
    rondo_var *given[PARTS];
    int n = 0;
    for (int i = 0; i < count; i++)
        if (all[i])
            given[n++] = all[i];
    return n == 1 ? given[0] : rondo_concat(r->tape, 2, n, given);
}

/* part[CONTEXT], where it is known already, enters the cells. */
static void run_cells(run *r, const int32_t *lengths, rondo_var *part[PARTS]) {
    if (r->state->told) {
        part[HIDDEN] =
            rondo__told_step(r->net, r->tape, r->state->told, r->input->B, r->input->symbols, &r->state->states);
        return;
    }
    rondo_var *const all[] = {part[SYMBOL], part[CONTEXT], r->state->fed};
    const rondo_recurrent_input input = {
        .lengths = lengths, .initial = &r->state->states, .final_states = &r->state->states};
    part[HIDDEN] = rondo_recurrent_forward(r->net->decoder, r->tape, concat(r, 3, all), &input);
    if (r->net->config.decoder.cell == RONDO_JORDAN)
        part[HIDDEN] = rondo_tanh(r->tape, part[HIDDEN]);
}

static rondo_var *combine(const run *r, rondo_var *const part[PARTS]) {
    const bool before = r->net->config.attention_before;
    if (r->net->combine < 0)
        return part[HIDDEN];
    rondo_var *context = r->net->attention ? part[CONTEXT] : NULL;
    rondo_var *const all[] = {before ? part[HIDDEN] : context, before ? context : part[HIDDEN],
                              before ? part[SYMBOL] : NULL};
    return rondo__tanh_in_place(r->tape, rondo_linear(r->tape, concat(r, 3, all), use(r, r->net->combine), NULL));
}

/* A Transformer looks at the memory from within. */
static void run_transformer(run *r, const int32_t *lengths, rondo_var *part[PARTS]) {
    rondo__decoder_state *state = r->state;
    const rondo_transformer_input input = {.lengths = lengths,
                                           .memory = r->input->source->memory,
                                           .memory_of = r->input->source->memory_of,
                                           .past = &state->past,
                                           .now = &state->past};
    rondo_transformer *net = r->net->decoder_transformer;
    rondo_var **weights = r->input->want_weights ? &part[WEIGHTS] : NULL;
    part[HIDDEN] = state->store ? rondo__transformer_step(net, r->tape, part[SYMBOL], &input, state->store, weights)
                                : rondo_transformer_forward(net, r->tape, part[SYMBOL], &input, weights);
}

static void run_recurrent(run *r, int64_t T, const int32_t *lengths, rondo_var *part[PARTS]) {
    const bool before = r->net->config.attention_before;
    if (before)
        look(r, last_state(r), part);
    else if (r->state->context)
        part[CONTEXT] = repeat(r, r->state->context, T);
    run_cells(r, lengths, part);
    if (r->net->attention && !before)
        look(r, part[HIDDEN], part);
}

/* T steps at once from part[SYMBOL]. */
static void run_chunk(run *r, int64_t T, const int32_t *lengths, rondo_var *part[PARTS]) {
    if (r->net->decoder_transformer)
        run_transformer(r, lengths, part);
    else
        run_recurrent(r, T, lengths, part);
    if (r->combines)
        part[COMBINED] = combine(r, part);
    if (r->state->fed)
        r->state->fed = part[COMBINED];
}

/* ---- step by step ---- */

/* What step t is told: the true symbols, or some drawn from what the step before would have said. */
static rondo_var *symbol_of(const run *r, int64_t t, rondo_var *const *combined) {
    const int64_t B = r->input->B;
    const int32_t *told = r->input->symbols + t * B;
    if (r->embedded)
        return r->input->T == 1 ? r->embedded : rondo_slice(r->tape, r->embedded, 0, t, t + 1);
    if (t > 0) {
        rondo_var *logits = rondo__seq2seq_logits(r->net, r->tape, rondo__detach(r->tape, combined[t - 1]));
        told = rondo__sample_symbols(r->tape, logits, told, r->input->sampling);
    }
    return rondo__tape_failed(r->tape) ? NULL : embed(r, told, 1);
}

/* lengths of the single steps, (T, B) of 0 and 1, or NULL. */
static int32_t *step_lengths(const run *r) {
    const int64_t T = r->input->T, B = r->input->B;
    if (!r->input->lengths)
        return NULL;
    int32_t *each = rondo__step_memory(r->tape, T * B, sizeof *each);
    for (int64_t i = 0; each && i < T * B; i++)
        each[i] = i / B < r->input->lengths[i % B];
    return each;
}

/* Which parts are needed of all steps. */
static void choose(const run *r, bool wanted[PARTS]) {
    const rondo_seq2seq_config *config = &r->net->config;
    const bool combines_later = !r->combines;
    wanted[HIDDEN] = combines_later || config->pointer;
    wanted[CONTEXT] = r->net->attention && (combines_later || config->pointer);
    wanted[SYMBOL] = !r->embedded && config->pointer;
    wanted[COMBINED] = r->combines;
    wanted[WEIGHTS] = (r->net->attention || r->net->decoder_transformer) && r->input->want_weights;
}

static void run_steps(run *r, rondo_var *part[PARTS]) {
    const int64_t T = r->input->T, B = r->input->B;
    bool wanted[PARTS];
    rondo_var **kept[PARTS]; /* (T) each */
    int32_t *lengths = step_lengths(r);
    for (int p = 0; p < PARTS; p++)
        kept[p] = rondo__step_memory(r->tape, T, sizeof **kept);
    for (int64_t t = 0; t < T && !rondo__tape_failed(r->tape); t++) {
        rondo_var *now[PARTS] = {[SYMBOL] = symbol_of(r, t, kept[COMBINED])};
        run_chunk(r, 1, lengths ? lengths + t * B : NULL, now);
        for (int p = 0; p < PARTS; p++)
            kept[p][t] = now[p];
    }
    choose(r, wanted);
    for (int p = 0; p < PARTS && !rondo__tape_failed(r->tape); p++)
        if (wanted[p])
            part[p] = rondo__join_steps(r->tape, T, kept[p]);
    if (r->embedded)
        part[SYMBOL] = r->embedded;
}

/* ---- all of it ---- */

/* The pointer's gate looks at c_t, h_t and y_t (See 2017, eq. 8). */
static rondo_var *gate(const run *r, rondo_var *const part[PARTS]) {
    const int64_t dims[2] = {r->input->T, r->input->B};
    rondo_var *const all[] = {part[CONTEXT], part[HIDDEN], part[SYMBOL]};
    rondo_var *y = rondo_linear(r->tape, concat(r, 3, all), use(r, r->net->pointer), use(r, r->net->pointer_bias));
    return rondo_reshape(r->tape, y, 2, dims);
}

void rondo__seq2seq_decode(rondo_seq2seq *net, rondo_tape *tape, const rondo__decoder_input *input,
                           rondo__decoder_state *state, rondo__decoder_output *out) {
    const rondo_seq2seq_config *config = &net->config;
    const bool samples = input->sampling > 0;
    *out = (rondo__decoder_output){.a = NULL};
    if (rondo__tape_failed(tape))
        return;
    run r = {.net = net, .tape = tape, .input = input, .state = state, .combines = config->input_feeding || samples};
    rondo_var *part[PARTS] = {NULL};
    if (!samples && !state->told)
        r.embedded = embed(&r, input->symbols, input->T);
    if (samples || config->input_feeding || config->attention_before) {
        run_steps(&r, part);
    } else {
        part[SYMBOL] = r.embedded;
        run_chunk(&r, input->T, input->lengths, part);
    }
    if (rondo__tape_failed(tape))
        return;
    out->a = part[COMBINED] ? part[COMBINED] : combine(&r, part);
    out->weights = input->want_weights ? part[WEIGHTS] : NULL;
    if (config->pointer)
        out->gate = gate(&r, part);
}

rondo_var *rondo__seq2seq_logits(rondo_seq2seq *net, rondo_tape *tape, rondo_var *a) {
    return rondo_linear(tape, a, rondo_params_use(net->params, tape, net->output),
                        rondo_params_use(net->params, tape, net->output_bias));
}
