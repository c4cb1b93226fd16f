/* One step of an LSTM whose input is nothing but the embedding of a symbol: a decoder in use.
 *
 *   gates = (W_ih · y + b_ih + b_hh) + W_hh · h,   y = embedding[symbol]
 *
 * What stands in brackets hangs on the symbol alone, so it is made when a symbol is first told and kept: a row of a
 * table. Of the products of a decoder as wide as its output layer that is an eighth, and where one sentence is
 * translated at a time, an eighth less to be read from memory. A chain of multiply-adds goes on where the table's row
 * ended: the bits are those of rondo_lstm on the embedding.
 *
 * The table grows to TABLE_NUMBERS at most (or to what one step needs); then it begins anew. */
#include <assert.h>
#include <string.h>

#include "autograd/op_tools.h"
#include "nn/cell.h"
#include "nn/lstm.h"
#include "nn/seq2seq.h"

#define TABLE_NUMBERS ((int64_t)16 << 20)

enum { EMBEDDING, W_IH, W_HH, B_IH, B_HH, PEEPHOLE, H_BEFORE, C_BEFORE, INPUTS };
enum { H_AFTER, C_AFTER, OUTPUTS };

typedef struct told_options {
    rondo__told *told;
    const int32_t *symbols; /* (B) */
    real clip;
    bool coupled;
} told_options;

/* B rows, embedding (V, E), gates (B, 4H) */
typedef struct sizes {
    int64_t V, E, B, H;
} sizes;

static sizes sizes_of(const rondo_call *call) {
    const rondo_tensor *embedding = &call->in[EMBEDDING]->value, *h = &call->in[H_BEFORE]->value;
    return (sizes){embedding->dims[0], embedding->dims[1], h->dims[0], h->dims[1]};
}

/* ---- the table ---- */

void rondo__told_free(rondo__told *told) {
    rondo__block_free(&told->place);
    rondo__block_free(&told->rows);
    *told = (rondo__told){.most = told->most};
}

static void forget(rondo__told *told, int64_t V) {
    int32_t *place = told->place.data;
    for (int64_t v = 0; v < V; v++)
        place[v] = -1;
    told->count = 0;
}

/* Symbols of a step that have no row yet, one that comes twice counted twice. */
static int64_t count_fresh(const rondo__told *told, int64_t B, const int32_t *symbols) {
    const int32_t *place = told->place.data;
    int64_t fresh = 0;
    for (int64_t r = 0; r < B; r++)
        fresh += place[symbols[r]] < 0;
    return fresh;
}

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Room for the rows of all symbols of a step; G: width of a row. */
static bool reserve(rondo__told *told, int64_t V, int64_t G, int64_t B, const int32_t *symbols) {
    const size_t row = (size_t)G * sizeof(real);
    const int64_t most = (told->most ? told->most : TABLE_NUMBERS) / G;
    size_t bytes;
    if (!told->place.data) {
        if (!rondo__block_reserve(&told->place, 0, (size_t)V * sizeof(int32_t)))
            return false;
        forget(told, V);
    }
    int64_t needed = min64(told->count + count_fresh(told, B, symbols), V);
    if (needed <= told->room)
        return true;
    if (needed > most) {
        forget(told, V);
        needed = min64(B, V);
    }
    int64_t room = min64(2 * told->room, min64(most, V));
    room = room > needed ? room : needed;
    if (!rondo__size_mul((size_t)room, row, &bytes) ||
        !rondo__block_reserve(&told->rows, (size_t)told->count * row, bytes))
        return false;
    told->room = room > told->room ? room : told->room;
    return true;
}

/* ---- the operator ---- */

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const sizes s = sizes_of(call);
    (void)err;
    assert(call->in[W_IH]->value.dims[0] == 4 * s.H && call->in[W_IH]->value.dims[1] == s.E);
    call->out[H_AFTER]->value = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){1, s.B, s.H});
    call->out[C_AFTER]->value = rondo_tensor_view(RONDO_REAL, NULL, 2, (int64_t[]){s.B, s.H});
    return RONDO_OK;
}

typedef struct scratch {
    rondo__form ih, hh;
    real *bias;     /* (4H) */
    int32_t *fresh; /* (B) symbols that get their rows now */
    real *y;        /* (B, E) their embeddings */
    real *gates;    /* (B, 4H) */
    real *tanh_c;   /* (B, H) */
} scratch;

static scratch lay_out(const rondo_call *call, rondo__carver *carver) {
    const sizes s = sizes_of(call);
    scratch m = {.bias = rondo__carve(carver, 4 * s.H)};
    m.fresh = rondo__carve_bytes(carver, (size_t)s.B * sizeof *m.fresh);
    m.y = rondo__carve(carver, s.B * s.E);
    m.gates = rondo__carve(carver, s.B * 4 * s.H);
    m.tanh_c = rondo__carve(carver, s.B * s.H);
    m.ih = rondo__carve_form(carver, call,
                             (rondo__form){.input = W_IH, .M = 4 * s.H, .K = s.E, .transposed = true, .uses = s.B});
    m.hh = rondo__carve_form(carver, call,
                             (rondo__form){.input = W_HH, .M = 4 * s.H, .K = s.H, .transposed = true, .uses = s.B});
    return m;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    rondo__carver carver = {0};
    if (!backward)
        lay_out(call, &carver);
    return carver.used;
}

/* Places for the symbols that have none. Returns how many there are. */
static int64_t place_fresh(const told_options *options, int64_t B, int32_t *fresh) {
    int32_t *place = options->told->place.data;
    int64_t count = 0;
    for (int64_t r = 0; r < B; r++) {
        const int32_t symbol = options->symbols[r];
        if (place[symbol] >= 0)
            continue;
        place[symbol] = (int32_t)(options->told->count + count);
        fresh[count++] = symbol;
    }
    return count;
}

static void add_rows(const rondo_call *call, const sizes *s, scratch *m) {
    const told_options *options = call->options;
    rondo__told *told = options->told;
    const int64_t count = place_fresh(options, s->B, m->fresh);
    if (count == 0)
        return;
    assert(told->count + count <= told->room);
    for (int64_t i = 0; i < count; i++)
        rondo__row_of(call->in[EMBEDDING], m->fresh[i], m->y + i * s->E);
    const real *bias = rondo__bias_sum(4 * s->H, m->bias, rondo__lstm_value(call, B_IH), rondo__lstm_value(call, B_HH));
    rondo__product(call->context, count, 4 * s->H, s->E, m->y, s->E, 1, rondo__form_packed(call, &m->ih),
                   (real *)told->rows.data + told->count * 4 * s->H, 4 * s->H, bias, false);
    told->count += count;
}

typedef struct run {
    const rondo_call *call;
    sizes s;
    scratch m;
} run;

static void look_up(void *arg, int64_t begin, int64_t end, int worker) {
    const run *r = arg;
    const told_options *options = r->call->options;
    const int64_t G = 4 * r->s.H;
    const int32_t *place = options->told->place.data;
    (void)worker;
    for (int64_t b = begin; b < end; b++)
        memcpy(r->m.gates + b * G, (const real *)options->told->rows.data + place[options->symbols[b]] * G,
               (size_t)G * sizeof(real));
}

static void gate(void *arg, int64_t begin, int64_t end, int worker) {
    const run *r = arg;
    const told_options *options = r->call->options;
    const int64_t H = r->s.H;
    (void)worker;
    for (int64_t b = begin; b < end; b++)
        r->call->context->kernels->lstm_gates(H, H, r->m.gates + b * 4 * H, rondo__data(r->call->in[C_BEFORE]) + b * H,
                                              rondo__data(r->call->out[C_AFTER]) + b * H, r->m.tanh_c + b * H,
                                              rondo__data(r->call->out[H_AFTER]) + b * H,
                                              rondo__lstm_value(r->call, PEEPHOLE), options->clip, options->coupled);
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    run r = {.call = call, .s = sizes_of(call), .m = lay_out(call, &(rondo__carver){.base = call->scratch})};
    const int64_t B = r.s.B, H = r.s.H, grain = rondo__row_grain(4 * H);
    (void)err;
    add_rows(call, &r.s, &r.m);
    rondo__parallel(call->context, B, grain, look_up, &r);
    rondo__product(call->context, B, 4 * H, H, rondo__data(call->in[H_BEFORE]), H, 1, rondo__form_packed(call, &r.m.hh),
                   r.m.gates, 4 * H, NULL, true);
    rondo__parallel(call->context, B, grain, gate, &r);
    return RONDO_OK;
}

static const rondo_op told_lstm = {.name = "told lstm",
                                   .options_size = sizeof(told_options),
                                   .shape = shape,
                                   .scratch_bytes = scratch_bytes,
                                   .device[RONDO_CPU] = {.forward = forward},
                                   .weights = 1 << EMBEDDING | 1 << W_IH | 1 << W_HH};

/* ---- the decoder's step ---- */

bool rondo__told_fits(const rondo_seq2seq *net) {
    const rondo_seq2seq_config *config = &net->config;
    const rondo_recurrent_config *c = &config->decoder;
    return net->decoder && c->cell == RONDO_LSTM && net->decoder->config.layers == 1 && !c->layer_norm &&
           c->projection_size == 0 && c->zoneout == 0 && c->zoneout_cell == 0 && !config->attention_before &&
           !config->input_feeding && config->context != RONDO_CONTEXT_EVERY_STEP && !config->pointer;
}

rondo_var *rondo__told_step(rondo_seq2seq *net, rondo_tape *tape, rondo__told *told, int64_t B, const int32_t *symbols,
                            rondo_states *states) {
    const rondo__recurrent_layer *p = &net->decoder->layer[0];
    const rondo_recurrent_config *c = &net->decoder->config;
    if (rondo__tape_failed(tape))
        return NULL;
    if (!reserve(told, net->config.target_vocabulary, 4 * p->H, B, symbols)) {
        rondo__tape_fail(tape, RONDO_MEMORY, "decoding: no memory for %lld symbols", (long long)B);
        return NULL;
    }
    const int index[C_BEFORE] = {net->target_table, p->w_ih, p->w_hh, p->b_ih, p->b_hh, p->peephole};
    rondo_var *in[INPUTS] = {[H_BEFORE] = states->h[0], [C_BEFORE] = states->c[0]}, *out[OUTPUTS];
    for (int i = EMBEDDING; i <= PEEPHOLE; i++)
        in[i] = rondo_params_use(net->params, tape, index[i]);
    const told_options options = {told, symbols, c->cell_clip, c->coupled_gates};
    rondo_apply(tape, &told_lstm, &options, INPUTS, in, OUTPUTS, out);
    states->h[0] = out[H_AFTER];
    states->c[0] = out[C_AFTER];
    return out[H_AFTER];
}
