/* Times the audio front end: a run is ten seconds of noise, taken whole or in hops as a stream. */
#include "core/core.h"
#include "rondo/model.h"

#include <stdlib.h>

#define MAX_RUNS 100000
#define SOUND_SECONDS 10

typedef struct bench {
    rondo_frontend *frontend;
    rondo_frontend_stream *stream; /* NULL: this configuration cannot stream */
    int64_t samples;
    float *sample;   /* (samples) */
    float *frame;    /* (frames, width) */
    double *seconds; /* of each run */
} bench;

static rondo_status make(bench *b, const rondo_audio_config *config, rondo_error *err) {
    rondo_status status = rondo_frontend_create(&b->frontend, config, err);
    if (status)
        return status;
    b->samples = SOUND_SECONDS * config->rate;
    const int64_t frames = rondo_frontend_frames(b->frontend, b->samples);
    b->sample = rondo__calloc((size_t)b->samples, sizeof *b->sample);
    b->frame = rondo__calloc((size_t)(frames * rondo_frontend_width(b->frontend)), sizeof *b->frame);
    b->seconds = rondo__calloc(MAX_RUNS, sizeof *b->seconds);
    if (!b->sample || !b->frame || !b->seconds)
        return rondo__fail(err, RONDO_MEMORY, "bench: out of memory");
    for (int64_t i = 0; i < b->samples; i++)
        b->sample[i] = (float)(0.2 * rondo__random_uniform(1, 0, (uint64_t)i) - 0.1);
    if (config->normalise == RONDO_NORMALISE_RECORDING || config->normalise == RONDO_NORMALISE_SPEAKER)
        return RONDO_OK;
    return rondo_frontend_stream_open(&b->stream, b->frontend, err);
}

static void clean(bench *b) {
    rondo_frontend_stream_close(&b->stream);
    rondo_frontend_destroy(&b->frontend);
    rondo__free(b->sample);
    rondo__free(b->frame);
    rondo__free(b->seconds);
}

static rondo_status run_whole(bench *b, rondo_error *err) {
    return rondo_frontend_apply(b->frontend, b->frame, b->samples, b->sample, err);
}

static rondo_status run_stream(bench *b, rondo_error *err) {
    const int64_t hop = rondo_frontend_hop(b->frontend);
    const float *frame;
    (void)err;
    rondo_frontend_stream_reset(b->stream);
    for (int64_t i = 0; i < b->samples;) {
        const int64_t left = b->samples - i;
        i += rondo_frontend_stream_feed(b->stream, left < hop ? left : hop, b->sample + i, &frame);
    }
    return RONDO_OK;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Repeats run for so many seconds, after a quarter of that to warm up. */
static rondo_status measure(bench *b, rondo_status (*run)(bench *, rondo_error *), double seconds, double *median,
                            int64_t *runs, rondo_error *err) {
    const double begin = rondo__clock_seconds();
    double now = begin;
    int64_t n = 0;
    while (n < MAX_RUNS && (n < 3 || now - begin < 1.25 * seconds)) {
        const rondo_status status = run(b, err);
        const double end = rondo__clock_seconds();
        if (status)
            return status;
        b->seconds[n] = end - now;
        n += end - begin > seconds / 4 || end - begin > 1;
        now = end;
    }
    qsort(b->seconds, (size_t)n, sizeof *b->seconds, compare);
    *median = b->seconds[n / 2] > 0 ? b->seconds[n / 2] : 1e-9;
    *runs = n;
    return RONDO_OK;
}

rondo_status rondo_bench_audio(const rondo_audio_config *config, double seconds, rondo_bench_audio_result *result,
                               rondo_error *err) {
    bench b = {0};
    double whole = 0, stream = 0;
    int64_t streams;
    if (!config || !result)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: %s is NULL", config ? "result" : "config");
    *result = (rondo_bench_audio_result){0};
    if (!(seconds >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "bench: seconds is %g (must be 0, the default, or more)", seconds);
    seconds = seconds > 0 ? seconds / 2 : 1;
    rondo_status status = make(&b, config, err);
    if (!status)
        status = measure(&b, run_whole, seconds, &whole, &result->runs, err);
    if (!status && b.stream)
        status = measure(&b, run_stream, seconds, &stream, &streams, err);
    if (!status) {
        result->median_ms = 1e3 * whole;
        result->times_real_time = SOUND_SECONDS / whole;
        result->stream_times_real_time = b.stream ? SOUND_SECONDS / stream : 0;
        result->frames_per_second = (double)rondo_frontend_frames(b.frontend, b.samples) / whole;
    }
    clean(&b);
    return status;
}
