/* A language model writes: prompt in, then one symbol after another, each fed back in.
 *
 * The text of each symbol goes through a small buffer that lets out whole characters only, since a piece may hold part
 * of one. Nothing is allocated but the text itself. */
#include <string.h>

#include "nn/sampler.h"
#include "tasks/language_model_step.h"

#define DEFAULT_TOKENS 200

typedef struct generator {
    rondo__lm *lm;
    rondo__lm_step step;
    rondo__sampler sampler;
    rondo__text text; /* not yet written */
    bool fresh;       /* at the start of a text or line: no blank goes before a word */
} generator;

static rondo_status open_generator(generator *g, const rondo_generate_options *options, rondo_error *err) {
    const rondo__sampler_options drawing = {.temperature = options->temperature,
                                            .top_p = options->top_p,
                                            .top_k = options->top_k,
                                            .greedy = options->greedy};
    if (options->tokens < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "generate: tokens is %lld (must not be negative)",
                           (long long)options->tokens);
    rondo_status status = rondo__sampler_make(&g->sampler, "generate", g->lm->V, &drawing, err);
    return status ? status : rondo__lm_step_open(&g->step, g->lm, "generate", err);
}

static void close_generator(generator *g) {
    rondo__lm_step_close(&g->step);
    rondo__sampler_free(&g->sampler);
    rondo__text_free(&g->text);
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
        rondo__lm_step_feed(&g->step, start >= 0 ? start : 0);
    for (int64_t i = 0; i < count && !status; i++) {
        status = i > 0 || led ? rondo__lm_step_teach(&g->step, ids[i]) : RONDO_OK;
        rondo__lm_step_feed(&g->step, ids[i]);
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
        rondo_status status = rondo__lm_step_score(&g->step, &logits, err);
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
        status = rondo__lm_step_teach(&g->step, id);
        if (status)
            return rondo__fail(err, status, "generate: %s", rondo_status_sentence(status));
        rondo__lm_step_feed(&g->step, id);
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
