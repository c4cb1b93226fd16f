/* A transcriber that listens: symbols as soon as nothing can change them any more.
 *
 *   samples -> front end (stream) -> stack frames -> one step of the cells -> linear -> log_softmax -> CTC (stream) ->
 * text
 *
 * Each part is the streaming form of what rondo_model_transcribe runs, with the same kernels: the bits are the same. */
#include <string.h>

#include "nn/params.h"
#include "tasks/model.h"
#include "tasks/transcribe.h"
#include "tensor/context.h"

struct rondo_transcribe_stream {
    rondo__transcribe *t;
    const rondo__kernels *kernels;
    rondo__transcribe_search search;
    rondo_frontend_stream *front;
    rondo_stream *net;
    rondo_ctc_stream *ctc;
    int64_t held;                /* frames of the step that is being gathered */
    int64_t steps;               /* made */
    bool heard, begun, ended;    /* a sample came; a symbol was written; finished or failed */
    real *x, *y, *logit, *log_p; /* (I), (W), (V), (V) */
    real *output;                /* packed weights */
    char *text;                  /* of this call */
    size_t size, capacity;
};

/* ---- life ---- */

static rondo_status check_model(const rondo__transcribe *t, const char *path, rondo_error *err) {
    if (t->base.recipe.model.bidirectional)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: a bidirectional model cannot stream, it begins at the end (train with "
                           "model.bidirectional: false)",
                           path);
    if (t->listening.normalise == RONDO_NORMALISE_RECORDING || t->listening.normalise == RONDO_NORMALISE_SPEAKER)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: features normalised by recording or speaker cannot stream (train with "
                           "data.audio.normalise: running or global)",
                           path);
    return RONDO_OK;
}

static rondo_status reserve(rondo_transcribe_stream *s, size_t bytes, rondo_error *err) {
    if (bytes <= s->capacity)
        return RONDO_OK;
    char *text = rondo__realloc(s->text, s->capacity, 2 * bytes);
    if (!text)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for %zu bytes of text", bytes);
    s->text = text;
    s->capacity = 2 * bytes;
    return RONDO_OK;
}

/* Greedy, a step settles one symbol at most; at the end come frames that waited for others, and the delay. */
static size_t most_text(const rondo_transcribe_stream *s, int64_t samples) {
    const rondo__listening *l = &s->t->listening;
    const int64_t steps = samples / (rondo_frontend_hop(l->frontend) * l->stack) + 8 + s->t->base.recipe.model.delay;
    return (size_t)(steps * s->search.longest + 1);
}

static rondo_status make_room(rondo_transcribe_stream *s, rondo_error *err) {
    const rondo__transcribe *t = s->t;
    s->x = rondo__calloc((size_t)t->I, sizeof *s->x);
    s->y = rondo__calloc((size_t)t->W, sizeof *s->y);
    s->logit = rondo__calloc((size_t)t->V, sizeof *s->logit);
    s->log_p = rondo__calloc((size_t)t->V, sizeof *s->log_p);
    s->output = rondo__calloc((size_t)rondo__packed_count(t->W, t->V), sizeof *s->output);
    if (!s->x || !s->y || !s->logit || !s->log_p || !s->output)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for a stream");
    rondo__param_pack(rondo_params_at(t->base.params, t->weight), t->base.context, s->output);
    return reserve(s, most_text(s, t->listening.config.rate), err);
}

static rondo_status open_parts(rondo_transcribe_stream *s, const rondo_transcribe_options *options, rondo_error *err) {
    rondo__transcribe *t = s->t;
    s->kernels = t->base.context->kernels;
    rondo_status status = rondo__transcribe_search_open(&s->search, t, options, err);
    if (!status)
        status = make_room(s, err);
    if (!status)
        status = rondo_stream_open(&s->net, t->base.context, t->net, 1, NULL, err);
    if (!status)
        status = rondo_frontend_stream_open(&s->front, t->listening.frontend, err);
    return status ? status : rondo_ctc_stream_open(&s->ctc, t->V, &s->search.ctc, err);
}

rondo_status rondo_transcribe_stream_open(rondo_transcribe_stream **out, rondo_model *model,
                                          const rondo_transcribe_options *options, rondo_error *err) {
    rondo__transcribe *t;
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: stream: out is NULL");
    *out = NULL;
    rondo_status status = rondo__transcribe_of(model, &t, err);
    if (!status)
        status = check_model(t, model->path, err);
    if (status)
        return status;
    rondo_transcribe_stream *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for a stream");
    s->t = t;
    status = open_parts(s, options, err);
    if (status)
        rondo_transcribe_stream_close(&s);
    else
        rondo_transcribe_stream_reset(s);
    *out = s;
    return status;
}

void rondo_transcribe_stream_close(rondo_transcribe_stream **stream) {
    rondo_transcribe_stream *s = stream ? *stream : NULL;
    if (!s)
        return;
    rondo_ctc_stream_close(&s->ctc);
    rondo_frontend_stream_close(&s->front);
    rondo_stream_close(&s->net);
    rondo__transcribe_search_close(&s->search);
    rondo__free(s->x);
    rondo__free(s->y);
    rondo__free(s->logit);
    rondo__free(s->log_p);
    rondo__free(s->output);
    rondo__free(s->text);
    rondo__free(s);
    *stream = NULL;
}

void rondo_transcribe_stream_reset(rondo_transcribe_stream *s) {
    if (!s)
        return;
    rondo_frontend_stream_reset(s->front);
    rondo_stream_reset(s->net);
    rondo_ctc_stream_reset(s->ctc);
    if (s->search.scorer)
        rondo__transcribe_scorer_reset(s->search.scorer);
    memset(s->x, 0, (size_t)s->t->I * sizeof *s->x);
    s->held = s->steps = 0;
    s->heard = s->begun = s->ended = false;
}

int64_t rondo_transcribe_stream_rate(const rondo_transcribe_stream *s) { return s ? s->t->listening.config.rate : 0; }

/* ---- samples to symbols to text ---- */

static rondo_status write_symbols(rondo_transcribe_stream *s, int64_t count, const int32_t *symbol, rondo_error *err) {
    for (int64_t i = 0; i < count; i++) {
        const char *text = (s->begun ? s->search.text : s->search.first)[symbol[i]];
        const size_t size = strlen(text);
        rondo_status status = reserve(s, s->size + size + 1, err);
        if (status)
            return status;
        memcpy(s->text + s->size, text, size + 1);
        s->size += size;
        s->begun = true;
    }
    return RONDO_OK;
}

static rondo_status step(rondo_transcribe_stream *s, rondo_error *err) {
    const rondo__transcribe *t = s->t;
    const real *bias = rondo_params_at(t->base.params, t->bias)->value.data;
    const int32_t *symbol;
    int64_t count;
    rondo_stream_step(s->net, s->x, s->y);
    memset(s->x, 0, (size_t)t->I * sizeof *s->x);
    s->held = 0;
    if (s->steps++ < t->base.recipe.model.delay)
        return RONDO_OK;
    s->kernels->gemm(1, t->V, t->W, s->y, t->W, 1, s->output, 0, t->V, s->logit, t->V, bias, false);
    s->kernels->affine(t->V, s->log_p, s->logit, 1, -s->kernels->logsumexp_row(t->V, s->logit));
    rondo_status status = rondo_ctc_stream_step(s->ctc, s->log_p, &symbol, &count, err);
    return status ? status : write_symbols(s, count, symbol, err);
}

static rondo_status take(rondo_transcribe_stream *s, const float *frame, rondo_error *err) {
    const rondo__listening *l = &s->t->listening;
    real *to = s->x + s->held * l->width;
    for (int64_t k = 0; k < l->width; k++)
        to[k] = (real)frame[k];
    return ++s->held < l->stack ? RONDO_OK : step(s, err);
}

static rondo_status begin_call(rondo_transcribe_stream *s, const char **text, rondo_error *err) {
    if (!s || !text)
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: stream or text is NULL");
    *text = "";
    if (s->ended)
        return rondo__fail(err, RONDO_STATE, "transcribe: this stream has ended (reset it)");
    s->size = 0;
    s->text[0] = '\0';
    return RONDO_OK;
}

static rondo_status end_call(rondo_transcribe_stream *s, const char **text, rondo_status status) {
    s->ended = s->ended || status;
    if (!status)
        *text = s->text;
    return status;
}

rondo_status rondo_transcribe_stream_feed(rondo_transcribe_stream *s, int64_t count, const float *sample,
                                          const char **text, rondo_error *err) {
    rondo_status status = begin_call(s, text, err);
    if (status)
        return status;
    if (count < 0 || (count > 0 && !sample))
        return rondo__fail(err, RONDO_ARGUMENT, "transcribe: %lld samples, or sample is NULL", (long long)count);
    for (int64_t i = 0; i < count; i++)
        if (!(sample[i] - sample[i] == 0))
            return rondo__fail(err, RONDO_ARGUMENT, "transcribe: sample %lld is not finite", (long long)i + 1);
    s->heard = s->heard || count > 0;
    status = reserve(s, most_text(s, count), err);
    for (int64_t taken = 0; taken < count && !status;) {
        const float *frame = NULL;
        taken += rondo_frontend_stream_feed(s->front, count - taken, sample + taken, &frame);
        if (frame)
            status = take(s, frame, err);
    }
    return end_call(s, text, status);
}

rondo_status rondo_transcribe_stream_finish(rondo_transcribe_stream *s, const char **text, rondo_error *err) {
    const int32_t *symbol;
    int64_t count = 0;
    rondo_status status = begin_call(s, text, err);
    if (status)
        return status;
    for (const float *frame = NULL; !status && s->heard;) {
        rondo_frontend_stream_finish(s->front, &frame);
        if (!frame)
            break;
        status = take(s, frame, err);
    }
    if (!status && (s->held > 0 || s->steps == 0)) /* the rest of a step, or a recording without samples: zeros */
        status = step(s, err);
    for (int64_t i = 0; i < s->t->base.recipe.model.delay && !status; i++)
        status = step(s, err);
    if (!status)
        status = rondo_ctc_stream_finish(s->ctc, &symbol, &count, err);
    if (!status)
        status = write_symbols(s, count, symbol, err);
    s->ended = true;
    return end_call(s, text, status);
}
