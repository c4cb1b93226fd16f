/* Decoding frame by frame: the same steps as rondo_ctc_decode, so what is settled, put together, is its best
 * hypothesis. Settled are the symbols that no further frame can change: greedy, each one as it begins; with a beam,
 * what all kept prefixes have in common. */
#include <string.h>

#include "nn/ctc.h"

struct rondo_ctc_stream {
    int64_t V, frames;
    int32_t blank;
    rondo__ctc_greedy greedy;
    rondo__ctc_beam *beam; /* NULL: greedy */
    int32_t one;           /* of greedy */
    int32_t *settled;
    int64_t count, capacity;
    bool ended; /* finished, or failed */
};

rondo_status rondo_ctc_stream_open(rondo_ctc_stream **out, int64_t V, const rondo_ctc_search *options,
                                   rondo_error *err) {
    const rondo_ctc_search plain = {0};
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: out is NULL");
    *out = NULL;
    if (!options)
        options = &plain;
    rondo_status status = rondo__ctc_check_search(V, options, err);
    if (status)
        return status;
    rondo_ctc_stream *stream = rondo__calloc(1, sizeof *stream);
    if (!stream)
        return rondo__fail(err, RONDO_MEMORY, "ctc: no memory for a stream");
    *stream = (rondo_ctc_stream){.V = V, .blank = options->blank};
    if (options->beam > 1)
        status = rondo__ctc_beam_create(&stream->beam, V, options, err);
    if (status)
        rondo_ctc_stream_close(&stream);
    else
        rondo_ctc_stream_reset(stream);
    *out = stream;
    return status;
}

void rondo_ctc_stream_close(rondo_ctc_stream **stream) {
    if (!stream || !*stream)
        return;
    rondo__ctc_beam_destroy(&(*stream)->beam);
    rondo__free((*stream)->settled);
    rondo__free(*stream);
    *stream = NULL;
}

void rondo_ctc_stream_reset(rondo_ctc_stream *stream) {
    if (!stream)
        return;
    stream->greedy = (rondo__ctc_greedy){.last = stream->blank};
    stream->frames = stream->count = 0;
    stream->ended = false;
    if (stream->beam)
        rondo__ctc_beam_reset(stream->beam);
}

static rondo_status reserve(rondo_ctc_stream *stream, int64_t count, rondo_error *err) {
    if (count <= stream->capacity)
        return RONDO_OK;
    const int64_t wanted = 2 * count + 16;
    int32_t *settled =
        rondo__realloc(stream->settled, (size_t)stream->capacity * sizeof *settled, (size_t)wanted * sizeof *settled);
    if (!settled)
        return rondo__fail(err, RONDO_MEMORY, "ctc: no memory for %lld symbols", (long long)wanted);
    stream->settled = settled;
    stream->capacity = wanted;
    return RONDO_OK;
}

static rondo_status step_beam(rondo_ctc_stream *stream, const real *log_probabilities, rondo_error *err) {
    rondo_status status = rondo__ctc_beam_step(stream->beam, log_probabilities, err);
    stream->count = 0;
    while (!status) {
        status = reserve(stream, stream->count + 1, err);
        const int32_t symbol = status ? -1 : rondo__ctc_beam_settle(stream->beam);
        if (symbol < 0)
            break;
        stream->settled[stream->count++] = symbol;
    }
    return status;
}

static rondo_status check(const rondo_ctc_stream *stream, const int32_t **symbols, const int64_t *count,
                          rondo_error *err) {
    if (!stream || !symbols || !count)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc: stream, symbols or count is NULL");
    *symbols = NULL;
    if (stream->ended)
        return rondo__fail(err, RONDO_STATE, "ctc: this stream has ended (reset it)");
    return RONDO_OK;
}

rondo_status rondo_ctc_stream_step(rondo_ctc_stream *stream, const rondo_real *log_probabilities,
                                   const int32_t **symbols, int64_t *count, rondo_error *err) {
    rondo_status status = check(stream, symbols, count, err);
    if (!status && !log_probabilities)
        status = rondo__fail(err, RONDO_ARGUMENT, "ctc: log_probabilities is NULL");
    if (status)
        return status;
    *count = 0;
    status = rondo__ctc_check_frame(stream->frames, stream->V, log_probabilities, err);
    if (!status && stream->beam)
        status = step_beam(stream, log_probabilities, err);
    stream->ended = status != RONDO_OK;
    if (status)
        return status;
    if (!stream->beam) {
        stream->one = rondo__ctc_greedy_step(&stream->greedy, stream->V, log_probabilities, stream->blank);
        stream->count = stream->one >= 0;
    }
    stream->frames++;
    *symbols = stream->beam ? stream->settled : &stream->one;
    *count = stream->count;
    return RONDO_OK;
}

rondo_status rondo_ctc_stream_finish(rondo_ctc_stream *stream, const int32_t **symbols, int64_t *count,
                                     rondo_error *err) {
    rondo_status status = check(stream, symbols, count, err);
    int64_t prefixes = 0;
    double score = 0;
    if (status)
        return status;
    *count = 0;
    stream->ended = true;
    if (!stream->beam)
        return RONDO_OK;
    status = rondo__ctc_beam_finish(stream->beam, &prefixes, err);
    if (status || prefixes == 0)
        return status;
    status = reserve(stream, rondo__ctc_beam_get(stream->beam, 0, NULL, &score), err);
    if (status)
        return status;
    *count = rondo__ctc_beam_get(stream->beam, 0, stream->settled, &score);
    *symbols = stream->settled;
    return RONDO_OK;
}
