/* A language model writes: prompt in, then one symbol after another, each fed back in.
 *
 * A step is one streaming step of the stack and one product with the output layer, packed once; nothing is allocated
 * but the text itself. The text of each symbol goes through a small buffer that lets out whole characters only, since a
 * piece may hold part of one. */
#include <assert.h>
#include <string.h>

#include "nn/sampler.h"
#include "tasks/language_model.h"
#include "tensor/context.h"

#define DEFAULT_TOKENS 200

typedef struct generator {
    rondo__lm *lm;
    rondo_stream *stream;
    rondo_tape *tape; /* adaptive softmax only */
    real *packed;     /* output layer */
    real *y;          /* (W) what leaves the stack */
    real *logits;     /* (V) */
    real *known;      /* (V or E) what a Jordan network is taught */
    rondo__sampler sampler;
    rondo__text text; /* not yet written */
    bool fresh;       /* at the start of a text or line: no blank goes before a word */
} generator;

static real *values_of(const rondo__lm *lm, int index) {
    return index < 0 ? NULL : rondo_params_at(lm->base.params, index)->value.data;
}

static rondo_status pack_output(generator *g, rondo_error *err) {
    rondo__lm *lm = g->lm;
    rondo_context *context = lm->base.context;
    if (lm->adaptive)
        return rondo_tape_create(&g->tape, context, err);
    if (lm->jordan)
        return RONDO_OK;
    g->packed = rondo__calloc((size_t)rondo__packed_count(lm->W, lm->V), sizeof(real));
    if (!g->packed)
        return rondo__fail(err, RONDO_MEMORY, "generate: no memory for the output layer");
    rondo__pack(context, g->packed, values_of(lm, lm->weight), 1, lm->W, lm->W, lm->V);
    return RONDO_OK;
}

static rondo_status open_generator(generator *g, const rondo_generate_options *options, rondo_error *err) {
    rondo__lm *lm = g->lm;
    const int64_t Q = lm->feeds_embedding ? lm->E : lm->V;
    const rondo__sampler_options drawing = {.temperature = options->temperature,
                                            .top_p = options->top_p,
                                            .top_k = options->top_k,
                                            .greedy = options->greedy};
    if (options->tokens < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "generate: tokens is %lld (must not be negative)",
                           (long long)options->tokens);
    rondo_status status = rondo__sampler_make(&g->sampler, "generate", lm->V, &drawing, err);
    if (status)
        return status;
    g->y = rondo__calloc((size_t)lm->W, sizeof(real));
    g->logits = rondo__calloc((size_t)lm->V, sizeof(real));
    g->known = lm->teacher ? rondo__calloc((size_t)Q, sizeof(real)) : NULL;
    if (!g->y || !g->logits || (lm->teacher && !g->known))
        return rondo__fail(err, RONDO_MEMORY, "generate: no memory");
    status = pack_output(g, err);
    if (status)
        return status;
    return rondo_stream_open(&g->stream, lm->base.context, lm->net, 1,
                             lm->feeds_embedding ? values_of(lm, lm->embedding) : NULL, err);
}

static void close_generator(generator *g) {
    rondo_stream_close(&g->stream);
    rondo_tape_destroy(&g->tape);
    rondo__sampler_free(&g->sampler);
    rondo__text_free(&g->text);
    rondo__free(g->packed);
    rondo__free(g->y);
    rondo__free(g->logits);
    rondo__free(g->known);
}

/* Where the network is taught, id takes the place of what its last step fed back. */
static rondo_status teach(generator *g, int32_t id) {
    rondo__lm *lm = g->lm;
    const real *row = values_of(lm, lm->embedding) + id * lm->E;
    if (!lm->teacher)
        return RONDO_OK;
    if (lm->feeds_embedding)
        return rondo_stream_teach(g->stream, row);
    assert(g->known); /* a teacher without embedding has it */
    memset(g->known, 0, (size_t)lm->V * sizeof(real));
    g->known[id] = 1;
    return rondo_stream_teach(g->stream, g->known);
}

static void feed(generator *g, int32_t id) {
    rondo_stream_step(g->stream, values_of(g->lm, g->lm->embedding) + id * g->lm->E, g->y);
}

/* From what left the stack to logits (or log-probabilities, which serve as well). */
static rondo_status score(generator *g, const real **logits, rondo_error *err) {
    rondo__lm *lm = g->lm;
    const int64_t dims[2] = {1, lm->W};
    *logits = lm->jordan ? g->y : g->logits;
    if (lm->adaptive) {
        rondo_tape_begin(g->tape, &(rondo_step){.same_parameters = true});
        const rondo_tensor y = rondo_tensor_view(RONDO_REAL, g->y, 2, dims);
        rondo_var *out = rondo_adaptive_log_probabilities(lm->adaptive, g->tape, rondo_leaf(g->tape, &y, NULL));
        if (out)
            *logits = out->value.data;
        return rondo_tape_status(g->tape, err);
    }
    if (!lm->jordan)
        rondo__product(lm->base.context, 1, lm->V, lm->W, g->y, lm->W, 1, g->packed, g->logits, lm->V,
                       values_of(lm, lm->bias), false);
    return RONDO_OK;
}

/* Bytes at the front of the buffer that are whole characters. Broken bytes cannot become whole any more: they are
 * turned into question marks, but for up to three at the end that the next symbol may complete. */
static size_t whole_characters(rondo__text *text, bool end) {
    for (;;) {
        const size_t valid = rondo__utf8_check(text->data, text->size);
        if (valid == text->size || (!end && text->size - valid < 4 && (text->data[valid] & 0xc0) == 0xc0))
            return valid;
        text->data[valid] = '?';
    }
}

/* false: the receiver wants no more. */
static bool write_out(generator *g, rondo_text_fn write, void *arg, bool end) {
    if (g->text.size == 0)
        return true;
    const size_t size = whole_characters(&g->text, end);
    const bool more = size == 0 || write(g->text.data, size, arg);
    memmove(g->text.data, g->text.data + size, g->text.size - size);
    g->text.size -= size;
    return more;
}

static rondo_status warm_up(generator *g, const char *prompt, rondo_error *err) {
    const rondo__tokenizer *tokenizer = g->lm->tokenizer;
    int32_t *ids = NULL, start = rondo__tokenizer_line_end(tokenizer);
    int64_t count = 0;
    const size_t size = prompt ? strlen(prompt) : 0;
    rondo_status status = size ? rondo__tokenizer_encode(tokenizer, prompt, size, &ids, &count, err) : RONDO_OK;
    g->fresh = size == 0 || strchr(" \t\n", prompt[size - 1]) != NULL;
    /* A prompt begins a line. Without the line end before it, its first symbols would meet the state of zeros, which
     * training shows only at the start of its streams: a good model then writes nonsense after "ROMEO:". */
    const bool led = start >= 0 || count == 0;
    if (!status && led)
        feed(g, start >= 0 ? start : 0);
    for (int64_t i = 0; i < count && !status; i++) {
        status = i > 0 || led ? teach(g, ids[i]) : RONDO_OK;
        feed(g, ids[i]);
    }
    rondo__free(ids);
    return status;
}

static rondo_status write_symbols(generator *g, const rondo_generate_options *options, rondo_text_fn write, void *arg,
                                  rondo_error *err) {
    const rondo__tokenizer *tokenizer = g->lm->tokenizer;
    const int64_t tokens = options->tokens ? options->tokens : DEFAULT_TOKENS;
    const uint64_t stream = 0x73616d706c65u; /* "sample": apart from all streams of training */
    for (int64_t i = 0; i < tokens; i++) {
        const real *logits;
        rondo_status status = score(g, &logits, err);
        if (status)
            return status;
        const double u = rondo__random_uniform(options->seed, stream, (uint64_t)i);
        const int32_t id = rondo__sampler_draw(&g->sampler, logits, rondo__tokenizer_unknown(tokenizer), u);
        if (id < 0)
            return rondo__fail(err, RONDO_NUMERIC, "generate: the model's output is not finite");
        status = rondo__tokenizer_decode(tokenizer, &id, 1, g->fresh, &g->text);
        if (status)
            return rondo__fail(err, status, "generate: symbol %d cannot be written", (int)id);
        g->fresh = id == rondo__tokenizer_line_end(tokenizer);
        if (!write_out(g, write, arg, i + 1 == tokens))
            return RONDO_OK;
        status = teach(g, id);
        if (status)
            return rondo__fail(err, status, "generate: %s", rondo_status_sentence(status));
        feed(g, id);
    }
    return RONDO_OK;
}

rondo_status rondo__lm_generate(rondo__lm *lm, const rondo_generate_options *options, rondo_text_fn write, void *arg,
                                rondo_error *err) {
    generator g = {.lm = lm};
    rondo_status status = open_generator(&g, options, err);
    if (!status)
        status = warm_up(&g, options->prompt, err);
    if (!status)
        status = write_symbols(&g, options, write, arg, err);
    close_generator(&g);
    return status;
}
