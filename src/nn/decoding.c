/* The decoder in use: one step at a time over rows that share sources, split, change places and end.
 *
 * A slot holds one part of every row's state, (rows, width), twice: a step gathers `now` by parent into `next`, runs
 * the decoder upon `next`, writes the new state there, and only then exchanges the two. So a step that fails leaves all
 * as it was. What the encoder made of the sources is copied out of the tape once and serves every step; source_of says
 * which source a row looks at, and is a slot like the others.
 *
 *     slot 0  source_of (rows) | h of each layer | c of each layer | a_{t-1} | coverage | context
 *
 * What a Transformer keeps grows with each step: transformer_past.c holds it by the same rules.
 *
 * Memory grows with the largest number of rows and of source symbols seen, and is kept. */
#include <string.h>

#include "autograd/op_tools.h"
#include "nn/rows.h"
#include "nn/seq2seq.h"

enum { SOURCE_OF, FIRST_FIELD, FIELDS = 2 * RONDO_MAX_LAYERS + 3, SLOTS = FIRST_FIELD + FIELDS };

typedef struct slot {
    size_t row_bytes; /* 0: this network has no such part */
    int rank;         /* of the variable: 2, or 3 with one step before the rows */
    rondo__block now, next;
} slot;

struct rondo_decoding {
    rondo_context *context;
    rondo_seq2seq *net;
    rondo_tape *tape;
    bool packed; /* a step has run: the parameters are as they were */
    bool begun;
    int32_t unknown;
    int64_t S, B, rows;
    int64_t width; /* of log-probabilities: V or X */
    int memories;  /* what the decoder looks at; 0: no attention */
    /* (S, B, .) over the blocks; values may be the keys */
    rondo_tensor keys[RONDO_MAX_LAYERS], values[RONDO_MAX_LAYERS];
    rondo__block key_block[RONDO_MAX_LAYERS], value_block[RONDO_MAX_LAYERS];
    rondo__past_store past;     /* Transformer */
    rondo__told told;           /* LSTM */
    rondo__block lengths, copy; /* (B), (S, B) */
    bool has_lengths;
    slot slot[SLOTS];
};

/* ---- memory ---- */

static bool slots_reserve(rondo_decoding *d, int64_t rows) {
    size_t bytes;
    for (int i = 0; i < SLOTS; i++) {
        slot *s = &d->slot[i];
        if (!s->row_bytes)
            continue;
        if (!rondo__size_mul(s->row_bytes, (size_t)rows, &bytes) ||
            !rondo__block_reserve(&s->now, s->row_bytes * (size_t)d->rows, bytes) ||
            !rondo__block_reserve(&s->next, 0, bytes))
            return false;
    }
    return true;
}

/* ---- the decoder's state as slots ---- */

/* The places of all parts of a state, in the order of the slots behind the first. */
static void list_fields(rondo__decoder_state *state, rondo_var **field[FIELDS]) {
    for (int l = 0; l < RONDO_MAX_LAYERS; l++) {
        field[l] = &state->states.h[l];
        field[RONDO_MAX_LAYERS + l] = &state->states.c[l];
    }
    field[2 * RONDO_MAX_LAYERS] = &state->fed;
    field[2 * RONDO_MAX_LAYERS + 1] = &state->coverage;
    field[2 * RONDO_MAX_LAYERS + 2] = &state->context;
}

static bool slots_begin(rondo_decoding *d, rondo__decoder_state *start) {
    rondo_var **field[FIELDS];
    list_fields(start, field);
    d->slot[SOURCE_OF].row_bytes = sizeof(int32_t);
    for (int i = 0; i < FIELDS; i++) {
        const rondo_var *var = *field[i];
        slot *s = &d->slot[FIRST_FIELD + i];
        s->rank = var ? var->value.rank : 0;
        s->row_bytes = var ? (size_t)var->value.dims[s->rank - 1] * sizeof(real) : 0;
    }
    d->rows = 0;
    if (!slots_reserve(d, d->B))
        return false;
    for (int64_t b = 0; b < d->B; b++)
        ((int32_t *)d->slot[SOURCE_OF].now.data)[b] = (int32_t)b;
    for (int i = 0; i < FIELDS; i++) {
        slot *s = &d->slot[FIRST_FIELD + i];
        if (s->row_bytes)
            memcpy(s->now.data, (*field[i])->value.data, s->row_bytes * (size_t)d->B);
    }
    d->rows = d->B;
    return true;
}

typedef struct gathering {
    const slot *s;
    const int32_t *parent;
} gathering;

static void gather_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const gathering *job = arg;
    const size_t bytes = job->s->row_bytes;
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        memcpy((char *)job->s->next.data + (size_t)r * bytes,
               (const char *)job->s->now.data + (size_t)job->parent[r] * bytes, bytes);
}

static void slots_gather(rondo_decoding *d, int64_t rows, const int32_t *parent) {
    for (int i = 0; i < SLOTS; i++) {
        gathering job = {&d->slot[i], parent};
        if (job.s->row_bytes)
            rondo__parallel(d->context, rows, rondo__row_grain((int64_t)(job.s->row_bytes / sizeof(int32_t))),
                            gather_rows, &job);
    }
}

/* The gathered rows as variables. */
static void slots_use(rondo_decoding *d, int64_t rows, rondo__decoder_state *state) {
    rondo_var **field[FIELDS];
    *state = (rondo__decoder_state){.fed = NULL};
    list_fields(state, field);
    for (int i = 0; i < FIELDS; i++) {
        const slot *s = &d->slot[FIRST_FIELD + i];
        const int64_t dims[3] = {1, rows, (int64_t)(s->row_bytes / sizeof(real))};
        if (!s->row_bytes)
            continue;
        const rondo_tensor value = rondo_tensor_view(RONDO_REAL, s->next.data, s->rank, dims + 3 - s->rank);
        *field[i] = rondo_leaf(d->tape, &value, NULL);
    }
}

/* The state after the step takes the place of the one before it. */
static void slots_take(rondo_decoding *d, int64_t rows, rondo__decoder_state *state) {
    rondo_var **field[FIELDS];
    list_fields(state, field);
    for (int i = 0; i < SLOTS; i++) {
        slot *s = &d->slot[i];
        if (!s->row_bytes)
            continue;
        const rondo_var *var = i >= FIRST_FIELD ? *field[i - FIRST_FIELD] : NULL;
        if (var && var->value.data != s->next.data)
            memcpy(s->next.data, var->value.data, s->row_bytes * (size_t)rows);
        rondo__block now = s->next;
        s->next = s->now;
        s->now = now;
    }
    d->rows = rows;
}

/* ---- open, close ---- */

rondo_status rondo_decoding_open(rondo_decoding **out, rondo_context *context, rondo_seq2seq *net, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !context || !net)
        return rondo__fail(err, RONDO_ARGUMENT, "decoding: out, context or net is NULL");
    if (!rondo_params_values(net->params))
        return rondo__fail(err, RONDO_STATE, "decoding: the parameters have no values yet (call rondo_params_finish)");
    rondo_decoding *d = rondo__calloc(1, sizeof *d);
    if (!d)
        return rondo__fail(err, RONDO_MEMORY, "decoding: out of memory");
    d->context = context;
    d->net = net;
    d->width = net->config.target_vocabulary;
    rondo_status status = rondo_tape_create(&d->tape, context, err);
    if (status) {
        rondo_decoding_close(&d);
        return status;
    }
    *out = d;
    return RONDO_OK;
}

void rondo_decoding_close(rondo_decoding **decoding) {
    if (!decoding || !*decoding)
        return;
    rondo_decoding *d = *decoding;
    for (int i = 0; i < SLOTS; i++) {
        rondo__block_free(&d->slot[i].now);
        rondo__block_free(&d->slot[i].next);
    }
    for (int i = 0; i < RONDO_MAX_LAYERS; i++) {
        rondo__block_free(&d->key_block[i]);
        rondo__block_free(&d->value_block[i]);
    }
    rondo__past_free(&d->past);
    rondo__told_free(&d->told);
    rondo__block_free(&d->lengths);
    rondo__block_free(&d->copy);
    rondo_tape_destroy(&d->tape);
    rondo__free(d);
    *decoding = NULL;
}

void rondo_decoding_set_unknown(rondo_decoding *decoding, int32_t symbol) {
    if (decoding)
        decoding->unknown = symbol;
}

int64_t rondo_decoding_width(const rondo_decoding *decoding) { return decoding ? decoding->width : 0; }

/* ---- begin ---- */

static rondo_status check_copy(const rondo_decoding *d, int64_t S, int64_t B, const int32_t *copy, int64_t extended,
                               rondo_error *err) {
    const int64_t V = d->net->config.target_vocabulary;
    if (!d->net->config.pointer)
        return !copy && extended == 0
                   ? RONDO_OK
                   : rondo__fail(err, RONDO_ARGUMENT,
                                 "decoding: copy and extended are for pointer networks (give NULL and 0)");
    if (!copy || extended < V || extended > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "decoding: a pointer network needs copy, and extended from the vocabulary's %lld on, not "
                           "%lld",
                           (long long)V, (long long)extended);
    for (int64_t i = 0; i < S * B; i++)
        if (copy[i] < -1 || copy[i] >= extended)
            return rondo__fail(err, RONDO_ARGUMENT, "decoding: copy[%lld] is %d (it must be below %lld, or -1)",
                               (long long)i, (int)copy[i], (long long)extended);
    return RONDO_OK;
}

static rondo_status check_begin(const rondo_decoding *d, int64_t S, int64_t B, const int32_t *source,
                                const int32_t *copy, int64_t extended, rondo_error *err) {
    if (!d || !source)
        return rondo__fail(err, RONDO_ARGUMENT, "decoding: %s is NULL", d ? "source" : "decoding");
    if (S < 1 || B < 1 || B > INT32_MAX / S)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "decoding: S is %lld and B is %lld (each must be 1 or more, all symbols below 2^31)",
                           (long long)S, (long long)B);
    return check_copy(d, S, B, copy, extended, err);
}

static void start_tape(rondo_decoding *d) {
    rondo_tape_begin(d->tape, &(rondo_step){.same_parameters = d->packed});
    d->packed = true;
}

static bool take_tensor(const rondo_var *var, rondo__block *b, rondo_tensor *tensor) {
    if (!rondo__block_take(b, var->value.data, (size_t)rondo_tensor_count(&var->value) * sizeof(real)))
        return false;
    *tensor = var->value;
    tensor->data = b->data;
    return true;
}

static bool take_memory(rondo_decoding *d, int i, const rondo_attention_memory *memory) {
    if (!take_tensor(memory->keys, &d->key_block[i], &d->keys[i]))
        return false;
    d->values[i] = d->keys[i];
    return memory->values->value.data == memory->keys->value.data ||
           take_tensor(memory->values, &d->value_block[i], &d->values[i]);
}

/* Copies what attention made of the sources out of the tape. */
static bool take_source(rondo_decoding *d, const rondo__source *source, const int32_t *lengths, const int32_t *copy) {
    const size_t ints = (size_t)d->B * sizeof(int32_t);
    d->has_lengths = lengths != NULL;
    if ((lengths && !rondo__block_take(&d->lengths, lengths, ints)) ||
        (copy && !rondo__block_take(&d->copy, copy, ints * (size_t)d->S)))
        return false;
    d->memories = source->memories;
    for (int i = 0; i < d->memories; i++)
        if (!take_memory(d, i, &source->memory[i]))
            return false;
    return true;
}

rondo_status rondo_decoding_begin(rondo_decoding *decoding, int64_t S, int64_t B, const int32_t *source,
                                  const int32_t *lengths, const int32_t *copy, int64_t extended, rondo_error *err) {
    rondo_decoding *d = decoding;
    rondo_status status = check_begin(d, S, B, source, copy, extended, err);
    if (status)
        return status;
    rondo__source encoded;
    rondo__decoder_state start;
    d->begun = false;
    d->S = S;
    d->B = B;
    d->width = d->net->config.pointer ? extended : d->net->config.target_vocabulary;
    start_tape(d);
    rondo__seq2seq_encode(d->net, d->tape, S, B, source, lengths, &encoded, &start);
    status = rondo_tape_status(d->tape, err);
    if (status)
        return status;
    if (!take_source(d, &encoded, lengths, copy) || !slots_begin(d, &start))
        return rondo__fail(err, RONDO_MEMORY, "decoding: no memory for %lld sources of %lld symbols", (long long)B,
                           (long long)S);
    if (d->net->decoder_transformer)
        rondo__past_begin(&d->past, d->net->decoder_transformer, B);
    d->begun = true;
    return RONDO_OK;
}

/* ---- one step ---- */

static rondo_status check_step(const rondo_decoding *d, int64_t rows, const int32_t *parent, const int32_t *symbols,
                               const real *log_probabilities, rondo_error *err) {
    if (!d || !parent || !symbols || !log_probabilities)
        return rondo__fail(err, RONDO_ARGUMENT, "decoding: %s is NULL",
                           !d         ? "decoding"
                           : !parent  ? "parent"
                           : !symbols ? "symbols"
                                      : "log_probabilities");
    if (!d->begun)
        return rondo__fail(err, RONDO_STATE, "decoding: no source was read (call rondo_decoding_begin)");
    if (rows < 0 || rows > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "decoding: %lld rows (must be 0 or more, and below 2^31)",
                           (long long)rows);
    for (int64_t r = 0; r < rows; r++) {
        if (parent[r] < 0 || parent[r] >= d->rows)
            return rondo__fail(err, RONDO_ARGUMENT, "decoding: parent[%lld] is %d, the step before had %lld rows",
                               (long long)r, (int)parent[r], (long long)d->rows);
        if (symbols[r] < 0 || symbols[r] >= d->width)
            return rondo__fail(err, RONDO_ARGUMENT, "decoding: symbols[%lld] is %d (it must be in 0..%lld)",
                               (long long)r, (int)symbols[r], (long long)d->width - 1);
    }
    return RONDO_OK;
}

/* Symbols as the decoder knows them. */
static const int32_t *known_symbols(rondo_decoding *d, int64_t rows, const int32_t *symbols) {
    const int64_t V = d->net->config.target_vocabulary;
    if (d->width == V)
        return symbols;
    int32_t *known = rondo__step_memory(d->tape, rows, sizeof *known);
    for (int64_t r = 0; known && r < rows; r++)
        known[r] = symbols[r] < V ? symbols[r] : d->unknown;
    return known;
}

static void use_source(rondo_decoding *d, rondo__source *source) {
    *source = (rondo__source){.memory_of = d->slot[SOURCE_OF].next.data};
    source->memories = d->memories;
    for (int i = 0; i < d->memories; i++)
        source->memory[i] = (rondo_attention_memory){.keys = rondo_leaf(d->tape, &d->keys[i], NULL),
                                                     .values = rondo_leaf(d->tape, &d->values[i], NULL),
                                                     .lengths = d->has_lengths ? d->lengths.data : NULL};
}

static void say(rondo_decoding *d, int64_t rows, const rondo__decoder_output *decoded, real *log_probabilities) {
    if (!d->net->config.pointer) {
        rondo__seq2seq_next(d->net, d->tape, decoded->a, log_probabilities);
        return;
    }
    rondo_var *logits = rondo__seq2seq_logits(d->net, d->tape, decoded->a);
    const rondo_pointer_options options = {
        .copy = d->copy.data, .extended = d->width, .memory_of = d->slot[SOURCE_OF].next.data, .memory_rows = d->B};
    const rondo_var *said = rondo_pointer_log_probabilities(d->tape, logits, decoded->gate, decoded->weights, &options);
    if (said)
        memcpy(log_probabilities, said->value.data, (size_t)(rows * d->width) * sizeof *log_probabilities);
}

/* (rows, S): the mean over the heads, zeros where there is no attention. */
static void tell_weights(const rondo_decoding *d, int64_t rows, const rondo_var *weights, real *out) {
    const int64_t S = d->S, heads = weights && weights->value.rank == 4 ? weights->value.dims[2] : 1;
    memset(out, 0, (size_t)(rows * S) * sizeof *out);
    for (int64_t r = 0; weights && r < rows; r++)
        for (int64_t h = 0; h < heads; h++) {
            const real *from = (const real *)weights->value.data + (r * heads + h) * S;
            for (int64_t s = 0; s < S; s++)
                out[r * S + s] += from[s];
        }
    for (int64_t i = 0; heads > 1 && i < rows * S; i++)
        out[i] /= (real)heads;
}

rondo_status rondo_decoding_step(rondo_decoding *decoding, int64_t rows, const int32_t *parent, const int32_t *symbols,
                                 rondo_real *log_probabilities, rondo_real *weights, rondo_error *err) {
    rondo_decoding *d = decoding;
    rondo_status status = check_step(d, rows, parent, symbols, log_probabilities, err);
    if (status)
        return status;
    if (rows == 0) {
        d->rows = 0;
        return RONDO_OK;
    }
    const bool transformer = d->net->decoder_transformer != NULL;
    if (!slots_reserve(d, rows) || (transformer && !rondo__past_gather(&d->past, d->context, rows, parent)))
        return rondo__fail(err, RONDO_MEMORY, "decoding: no memory for %lld rows", (long long)rows);
    slots_gather(d, rows, parent);
    start_tape(d);
    rondo__source source;
    rondo__decoder_state state;
    rondo__decoder_output decoded;
    use_source(d, &source);
    slots_use(d, rows, &state);
    state.store = transformer ? &d->past : NULL;
    state.told = rondo__told_fits(d->net) ? &d->told : NULL;
    const rondo__decoder_input input = {.T = 1,
                                        .B = rows,
                                        .symbols = known_symbols(d, rows, symbols),
                                        .source = &source,
                                        .want_weights = weights || d->net->config.pointer};
    rondo__seq2seq_decode(d->net, d->tape, &input, &state, &decoded);
    say(d, rows, &decoded, log_probabilities);
    status = rondo_tape_status(d->tape, err);
    if (status)
        return status;
    if (weights)
        tell_weights(d, rows, decoded.weights, weights);
    slots_take(d, rows, &state);
    if (transformer)
        rondo__past_take(&d->past);
    return RONDO_OK;
}
