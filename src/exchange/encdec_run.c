/* Greedy decoding from a model's arrays alone, by operators of the tape: what exported files are compared with. */
#include <string.h>

#include "autograd/tape.h"
#include "exchange/encdec.h"
#include "nn/recurrent.h"
#include "nn/rows.h"
#include "rondo/attention.h"

/* What one step hands to the next: plain memory, as the tape begins anew at each step. */
typedef struct carried {
    real *h[RONDO_MAX_LAYERS], *c[RONDO_MAX_LAYERS];
    real *fed, *coverage, *context; /* (A), (S), (C) */
    real *keys, *values;            /* (S, A), (S, W) */
    real *memory;                   /* (S, M): a Transformer's */
} carried;

/* What runs takes it for one that could learn. */
static rondo_transformer *changeable(const rondo_transformer *net) { return (rondo_transformer *)(uintptr_t)net; }

typedef struct run {
    const rondo__encdec *pair;
    rondo_tape *tape;
    int64_t S;
    const int32_t *copy; /* (S), for a pointer */
    rondo_var *weights;  /* (1, 1, S): where the step at hand looked */
    carried now;
    int64_t told;
    int32_t *symbols; /* (max): what a Transformer was told so far */
    real *block;      /* all of `now` */
} run;

static rondo_var *constant(const run *r, const real *data, int rank, const int64_t *dims) {
    if (!data)
        return NULL;
    const rondo_tensor view = rondo_tensor_view(RONDO_REAL, (void *)data, rank, dims);
    return rondo_leaf(r->tape, &view, NULL);
}

static rondo_var *vector(const run *r, const real *data, int64_t n) { return constant(r, data, 1, &n); }

static rondo_var *map(const run *r, const rondo__affine *a, rondo_var *x) {
    if (!a->weight)
        return x;
    return rondo_linear(r->tape, x, constant(r, a->weight, 2, (int64_t[]){a->out, a->in}), vector(r, a->bias, a->out));
}

static rondo_var *concat(const run *r, int count, rondo_var *const *all) {
    rondo_var *given[4] = {NULL};
    int n = 0;
    for (int i = 0; i < count; i++)
        if (all[i])
            given[n++] = all[i];
    return n == 1 ? given[0] : rondo_concat(r->tape, given[0]->value.rank - 1, n, given);
}

static void keep(const run *r, real *to, const rondo_var *from) {
    if (to && from && !rondo__tape_failed(r->tape))
        memcpy(to, from->value.data, (size_t)rondo_tensor_count(&from->value) * sizeof *to);
}

/* ---- memory ---- */

static rondo_status make_room(run *r, rondo_error *err) {
    const rondo__encdec *p = r->pair;
    const rondo_recurrent *decoder = rondo__encdec_decoder(p);
    const int64_t S = r->S;
    const bool transformer = p->decoder_transformer != NULL;
    size_t count = (size_t)(p->A + p->C + S * (1 + p->look.A + p->look.W + (transformer ? p->M : 0)));
    for (int l = 0; decoder && l < decoder->config.layers; l++)
        count += (size_t)(decoder->layer[l].state + decoder->layer[l].cell);
    real *at = r->block = rondo__calloc(count, sizeof *at);
    if (!at)
        return rondo__fail(err, RONDO_MEMORY, "export: out of memory");
    for (int l = 0; decoder && l < decoder->config.layers; l++) {
        r->now.h[l] = at;
        r->now.c[l] = decoder->layer[l].cell ? at + decoder->layer[l].state : NULL;
        at += decoder->layer[l].state + decoder->layer[l].cell;
    }
    r->now.fed = at;
    r->now.context = at += p->A;
    r->now.coverage = at += p->C;
    r->now.keys = at += S;
    r->now.values = at + S * p->look.A;
    r->now.memory = transformer ? r->now.values + S * p->look.W : NULL;
    return RONDO_OK;
}

/* ---- encode ---- */

static rondo_var *first_state(const run *r, const rondo__first *first, const rondo_states *of, int learned,
                              int64_t width) {
    const rondo_recurrent *encoder = rondo__encdec_encoder(r->pair);
    const int D = encoder ? encoder->directions : 1, place = first->layer * D;
    rondo_var *const *from = (first->cell ? of->c : of->h) + place;
    rondo_var *joined = D == 2 && first->kind != RONDO__FIRST_SUM ? rondo_concat(r->tape, 1, 2, from) : from[0];
    switch (first->kind) {
    case RONDO__FIRST_SUM:
        return D == 2 ? rondo_add(r->tape, from[0], from[1]) : from[0];
    case RONDO__FIRST_JOINED:
        return joined;
    case RONDO__FIRST_LINEAR:
        return rondo_tanh(r->tape, map(r, &first->map, joined));
    default:
        return learned >= 0 ? rondo_params_use(rondo__encdec_decoder(r->pair)->params, r->tape, learned)
                            : rondo_zeros(r->tape, 1, &width);
    }
}

static void start(run *r, const rondo_states *of) {
    const rondo_recurrent *decoder = rondo__encdec_decoder(r->pair), *encoder = rondo__encdec_encoder(r->pair);
    for (int l = 0; decoder && l < decoder->config.layers && !rondo__tape_failed(r->tape); l++) {
        const rondo__recurrent_layer *p = &decoder->layer[l];
        keep(r, r->now.h[l], first_state(r, &r->pair->h[l], of, p->h0, p->state));
        if (p->cell > 0)
            keep(r, r->now.c[l], first_state(r, &r->pair->c[l], of, p->c0, p->cell));
    }
    const int top = encoder ? (encoder->config.layers - 1) * encoder->directions : 0;
    for (int d = 0; r->pair->repeats && d < encoder->directions; d++)
        keep(r, r->now.context + d * encoder->layer[top].state, of->h[top + d]);
}

static rondo_status encode(run *r, const int32_t *source, rondo_error *err) {
    const rondo__encdec *p = r->pair;
    const rondo__network_block *symbols = &p->encoder.block[0];
    rondo_states states = {{NULL}, {NULL}};
    rondo_tape_begin(r->tape, NULL);
    rondo_var *x = rondo_embedding(r->tape, constant(r, symbols->weight, 2, (int64_t[]){symbols->in, symbols->out}),
                                   source, 2, (int64_t[]){r->S, 1});
    const rondo_recurrent_input input = {.final_states = &states};
    rondo_var *memory = p->encoder_transformer
                            ? rondo_transformer_forward(changeable(p->encoder_transformer), r->tape, x, NULL, NULL)
                            : rondo_recurrent_forward(rondo__encdec_encoder(p), r->tape, x, &input);
    if (p->encoder.count == 3)
        memory = rondo_tanh(r->tape, memory);
    keep(r, r->now.memory, memory);
    if (p->look.present) {
        keep(r, r->now.keys, map(r, &p->look.key, memory));
        keep(r, r->now.values, map(r, &p->look.value, memory));
    }
    if (!rondo__tape_failed(r->tape))
        start(r, &states);
    return rondo_tape_status(r->tape, err);
}

/* ---- one step ---- */

/* query (1, 1, H) */
static rondo_var *look(run *r, rondo_var *query) {
    const rondo__look *l = &r->pair->look;
    const rondo_attention_options options = {.score = l->v ? RONDO_SCORE_ADDITIVE : RONDO_SCORE_DOT,
                                             .heads = l->heads,
                                             .scale = l->scale,
                                             .window = l->window};
    rondo_attention_input input = {.query = map(r, &l->query, query),
                                   .keys = constant(r, r->now.keys, 3, (int64_t[]){r->S, 1, l->A}),
                                   .values = constant(r, r->now.values, 3, (int64_t[]){r->S, 1, l->W}),
                                   .v = vector(r, l->v, l->A),
                                   .u = vector(r, l->u, l->A)};
    if (l->u)
        input.coverage = constant(r, r->now.coverage, 2, (int64_t[]){1, r->S});
    if (l->window) {
        const rondo__affine v = {1, l->place.out, l->place_v, NULL};
        rondo_var *place = map(r, &v, rondo_tanh(r->tape, map(r, &l->place, query)));
        input.position = rondo_reshape(r->tape, rondo_sigmoid(r->tape, place), 2, (int64_t[]){1, 1});
    }
    const rondo_attention_result result = rondo_attention(r->tape, &input, &options);
    if (l->u)
        keep(r, r->now.coverage, result.coverage);
    r->weights = result.weights;
    return map(r, &l->out, result.context);
}

static rondo_var *run_cells(run *r, rondo_var *x) {
    rondo_recurrent *decoder = rondo__encdec_decoder(r->pair);
    rondo_states states = {{NULL}, {NULL}};
    for (int l = 0; l < decoder->config.layers; l++) {
        states.h[l] = constant(r, r->now.h[l], 2, (int64_t[]){1, decoder->layer[l].state});
        states.c[l] = constant(r, r->now.c[l], 2, (int64_t[]){1, decoder->layer[l].cell});
    }
    const rondo_recurrent_input input = {.initial = &states, .final_states = &states};
    rondo_var *h = rondo_recurrent_forward(decoder, r->tape, x, &input);
    for (int l = 0; l < decoder->config.layers; l++) {
        keep(r, r->now.h[l], states.h[l]);
        keep(r, r->now.c[l], states.c[l]);
    }
    return r->pair->decoder.count == 2 ? rondo_tanh(r->tape, h) : h;
}

static rondo_var *combine(const run *r, rondo_var *y, rondo_var *h, rondo_var *context) {
    const rondo__encdec *p = r->pair;
    rondo_var *const all[] = {p->before ? h : context, p->before ? context : h, p->before ? y : NULL};
    if (!p->combine.weight)
        return h;
    return rondo_tanh(r->tape, map(r, &p->combine, concat(r, 3, all)));
}

/* logits, or what a pointer makes of them; hands a on */
static rondo_var *say(const run *r, rondo_var *y, rondo_var *h, rondo_var *context) {
    const rondo__encdec *p = r->pair;
    rondo_var *const all[] = {context, h, y};
    if (rondo__tape_failed(r->tape))
        return NULL;
    rondo_var *a = combine(r, y, h, context), *logits = map(r, &p->output, a);
    keep(r, r->now.fed, p->feeds ? a : NULL);
    if (!p->pointer.weight || rondo__tape_failed(r->tape))
        return logits;
    rondo_var *gate = rondo_reshape(r->tape, map(r, &p->pointer, concat(r, 3, all)), 2, (int64_t[]){1, 1});
    const rondo_pointer_options options = {.copy = r->copy, .extended = rondo__encdec_width(p, r->S)};
    return rondo_pointer_log_probabilities(r->tape, logits, gate, r->weights, &options);
}

static rondo_var *embedded(const run *r, const int32_t *symbols, int64_t T) {
    const rondo__encdec *p = r->pair;
    return rondo_embedding(r->tape, constant(r, p->embedding, 2, (int64_t[]){p->target, p->E}), symbols, 2,
                           (int64_t[]){T, 1});
}

static rondo_var *last_of(const run *r, rondo_var *x, int64_t T) {
    return rondo__tape_failed(r->tape) ? NULL : rondo_slice(r->tape, x, 0, T - 1, T);
}

/* All that was told so far at once; of the last step what it says. */
static rondo_status step_transformer(run *r, const int32_t *symbol, real *logits, rondo_error *err) {
    const rondo__encdec *p = r->pair;
    const int64_t T = ++r->told;
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    rondo_var *weights = NULL;
    r->symbols[T - 1] = *symbol;
    rondo_tape_begin(r->tape, NULL);
    rondo_var *y = embedded(r, r->symbols, T);
    rondo_transformer_prepare(changeable(p->decoder_transformer), r->tape,
                              constant(r, r->now.memory, 3, (int64_t[]){r->S, 1, p->M}), NULL, memory);
    rondo_var *h = rondo_transformer_forward(changeable(p->decoder_transformer), r->tape, y,
                                             &(rondo_transformer_input){.memory = memory}, &weights);
    if (rondo__tape_failed(r->tape))
        return rondo_tape_status(r->tape, err);
    r->weights = last_of(r, weights, T);
    keep(r, logits, say(r, last_of(r, y, T), last_of(r, h, T), NULL));
    return rondo_tape_status(r->tape, err);
}

/* -> logits (width) */
static rondo_status step(run *r, const int32_t *symbol, real *logits, rondo_error *err) {
    const rondo__encdec *p = r->pair;
    if (p->decoder_transformer)
        return step_transformer(r, symbol, logits, err);
    const int top = rondo__encdec_decoder(p)->config.layers - 1;
    rondo_tape_begin(r->tape, NULL);
    rondo_var *context = NULL, *y = embedded(r, symbol, 1);
    if (p->before)
        context = look(r, constant(r, r->now.h[top], 3, (int64_t[]){1, 1, p->H}));
    rondo_var *enters = p->repeats ? constant(r, r->now.context, 3, (int64_t[]){1, 1, p->C}) : context;
    rondo_var *fed = p->feeds ? constant(r, r->now.fed, 3, (int64_t[]){1, 1, p->A}) : NULL;
    rondo_var *const all[] = {y, enters, fed};
    if (rondo__tape_failed(r->tape))
        return rondo_tape_status(r->tape, err);
    rondo_var *h = run_cells(r, concat(r, 3, all));
    if (p->look.present && !p->before)
        context = look(r, h);
    keep(r, logits, say(r, y, h, context));
    return rondo_tape_status(r->tape, err);
}

static int32_t likeliest(int64_t V, const real *logits) {
    int64_t best = 0;
    for (int64_t v = 1; v < V; v++)
        best = logits[v] > logits[best] ? v : best;
    return (int32_t)best;
}

rondo_status rondo__encdec_run(const rondo__encdec *pair, rondo_context *context, int64_t S, const int32_t *source,
                               const int32_t *copy, int64_t max, int32_t *out, int64_t *count, real *logits,
                               rondo_error *err) {
    const int64_t width = rondo__encdec_width(pair, S);
    run r = {.pair = pair, .S = S, .copy = copy};
    real *row = rondo__alloc((size_t)width * sizeof *row);
    r.symbols = rondo__alloc((size_t)(max + 1) * sizeof *r.symbols);
    int32_t said = pair->end;
    *count = 0;
    rondo_status status =
        row && r.symbols ? make_room(&r, err) : rondo__fail(err, RONDO_MEMORY, "export: out of memory");
    if (!status)
        status = rondo_tape_create(&r.tape, context, err);
    if (!status)
        status = encode(&r, source, err);
    while (!status && *count < max) {
        status = step(&r, &said, row, err);
        if (status)
            break;
        if (logits)
            memcpy(logits + *count * width, row, (size_t)width * sizeof *row);
        said = likeliest(width, row);
        if (said == pair->end)
            break;
        out[(*count)++] = said;
        said = said < pair->target ? said : pair->unknown;
    }
    rondo_tape_destroy(&r.tape);
    rondo__free(r.block);
    rondo__free(r.symbols);
    rondo__free(row);
    return status;
}
