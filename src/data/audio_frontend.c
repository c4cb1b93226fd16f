/* The front end as an object, and whole recordings. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "data/audio.h"

#define MAX_WINDOW ((int64_t)1 << 20)
#define MAX_HOP ((int64_t)1 << 24)
#define MAX_MELS 4096

static void fill_defaults(rondo_audio_config *c) {
    c->window_ms = c->window_ms == 0 ? 25 : c->window_ms;
    c->hop_ms = c->hop_ms == 0 ? 10 : c->hop_ms;
    c->mels = c->mels == 0 ? 40 : c->mels;
    c->coefficients = c->coefficients == 0 ? 13 : c->coefficients;
    c->high_hz = c->high_hz == 0 ? (double)c->rate / 2 : c->high_hz;
    c->warp = c->warp == 0 ? 1 : c->warp;
    c->prior = c->prior == 0 ? 100 : c->prior;
}

/* Samples in so many milliseconds, rounded; 0 where they are not in [least, most]. */
static int64_t samples_of(double ms, int64_t rate, int64_t least, int64_t most) {
    const double samples = floor(ms * (double)rate / 1000 + 0.5);
    return samples >= (double)least && samples <= (double)most ? (int64_t)samples : 0;
}

static rondo_status check_choices(const rondo_audio_config *c, rondo_error *err) {
    if ((unsigned)c->features > RONDO_MFCC)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: features is %d (must be one of rondo_audio_features)",
                           (int)c->features);
    if ((unsigned)c->normalise > RONDO_NORMALISE_RUNNING)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: normalise is %d (must be one of rondo_audio_normalise)",
                           (int)c->normalise);
    if (c->rate < 1 || c->rate > RONDO_MAX_RATE)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: rate is %lld Hz (must be 1 to %d)", (long long)c->rate,
                           RONDO_MAX_RATE);
    if (c->mels < 1 || c->mels > MAX_MELS)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: mels is %lld (must be 1 to %d)", (long long)c->mels, MAX_MELS);
    if (c->features == RONDO_MFCC && (c->coefficients < 1 || c->coefficients > c->mels))
        return rondo__fail(err, RONDO_ARGUMENT, "audio: coefficients is %lld (must be 1 to mels, %lld)",
                           (long long)c->coefficients, (long long)c->mels);
    if (c->deltas < 0 || c->deltas > 2)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: deltas is %lld (must be 0, 1 or 2)", (long long)c->deltas);
    if (c->prior < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: prior is %lld (must be 0, the default, or more)",
                           (long long)c->prior);
    return RONDO_OK;
}

static rondo_status check_numbers(const rondo_audio_config *c, rondo_error *err) {
    const double half = (double)c->rate / 2;
    if (!(c->low_hz >= 0 && c->low_hz < c->high_hz))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "audio: bands from %g to %g Hz (low_hz must be 0 or more, and below high_hz)", c->low_hz,
                           c->high_hz);
    if (!(c->high_hz <= half))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "audio: high_hz is %g, but at %lld Hz nothing lies above %g (make it 0, or lower)",
                           c->high_hz, (long long)c->rate, half);
    if (!(c->warp >= 0.5 && c->warp <= 2))
        return rondo__fail(err, RONDO_ARGUMENT, "audio: warp is %g (must be 0.5 to 2, or 0 for none)", c->warp);
    if (!(c->preemphasis >= 0 && c->preemphasis < 1))
        return rondo__fail(err, RONDO_ARGUMENT, "audio: preemphasis is %g (must be 0 or more, and below 1)",
                           c->preemphasis);
    if (!samples_of(c->window_ms, c->rate, 2, MAX_WINDOW))
        return rondo__fail(err, RONDO_ARGUMENT, "audio: window_ms is %g (must be 2 to %lld samples at %lld Hz)",
                           c->window_ms, (long long)MAX_WINDOW, (long long)c->rate);
    if (!samples_of(c->hop_ms, c->rate, 1, MAX_HOP))
        return rondo__fail(err, RONDO_ARGUMENT, "audio: hop_ms is %g (must be 1 to %lld samples at %lld Hz)", c->hop_ms,
                           (long long)MAX_HOP, (long long)c->rate);
    return RONDO_OK;
}

rondo_status rondo_frontend_create(rondo_frontend **out, const rondo_audio_config *config, rondo_error *err) {
    if (!out || !config)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: %s is NULL", out ? "config" : "out");
    *out = NULL;
    rondo_audio_config filled = *config;
    fill_defaults(&filled);
    rondo_status status = check_choices(&filled, err);
    if (!status)
        status = check_numbers(&filled, err);
    if (status)
        return status;
    rondo_frontend *f = rondo__calloc(1, sizeof *f);
    if (!f)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for a front end");
    f->config = filled;
    f->window = samples_of(filled.window_ms, filled.rate, 2, MAX_WINDOW);
    f->hop = samples_of(filled.hop_ms, filled.rate, 1, MAX_HOP);
    status = rondo__frontend_tables(f, err);
    if (status)
        rondo_frontend_destroy(&f);
    *out = f;
    return status;
}

void rondo_frontend_destroy(rondo_frontend **frontend) {
    if (!frontend || !*frontend)
        return;
    rondo_frontend *f = *frontend;
    rondo__fft_destroy(&f->fft);
    rondo__free(f->hann);
    rondo__free(f->band);
    rondo__free(f->weight);
    rondo__free(f->cosine);
    rondo__free(f->mean);
    rondo__free(f->scale);
    rondo__free(f->first_mean);
    rondo__free(f->first_square);
    rondo__free(f);
    *frontend = NULL;
}

int64_t rondo_frontend_width(const rondo_frontend *f) { return f->width; }
int64_t rondo_frontend_hop(const rondo_frontend *f) { return f->hop; }
int64_t rondo_frontend_window(const rondo_frontend *f) { return f->window; }
int64_t rondo_frontend_frames(const rondo_frontend *f, int64_t samples) {
    return samples <= f->window ? 1 : 1 + (samples - f->window) / f->hop;
}

/* ---- whole recordings ---- */
static void make_base(const rondo_frontend *f, float *frame, int64_t frames, int64_t samples, const float *sample,
                      float *work, float *padded) {
    if (samples < f->window) { /* one frame */
        if (samples > 0)
            memcpy(padded, sample, (size_t)samples * sizeof *padded);
        memset(padded + samples, 0, (size_t)(f->window - samples) * sizeof *padded);
        sample = padded;
    }
    for (int64_t t = 0; t < frames; t++) {
        const float *from = sample + t * f->hop;
        rondo__frontend_base(f, frame + t * f->width, from, t > 0 ? from[-1] : 0, work);
    }
}

static int64_t within(int64_t t, int64_t frames) { return t < 0 ? 0 : t < frames ? t : frames - 1; }

/* Differences of order k go beside those of order k - 1. */
static void make_slopes(const rondo_frontend *f, float *frame, int64_t frames, int64_t order) {
    const float *from = frame + (order - 1) * f->base;
    for (int64_t t = 0; t < frames; t++)
        rondo__frontend_slope(f->base, frame + t * f->width + order * f->base, from + within(t - 2, frames) * f->width,
                              from + within(t - 1, frames) * f->width, from + within(t + 1, frames) * f->width,
                              from + within(t + 2, frames) * f->width);
}

/* Mean and variance of this recording: 0 and 1. */
static void normalise_recording(int64_t frames, int64_t width, float *frame, double *mean, double *square) {
    memset(mean, 0, (size_t)width * sizeof *mean);
    memset(square, 0, (size_t)width * sizeof *square);
    for (int64_t t = 0; t < frames; t++) {
        for (int64_t i = 0; i < width; i++)
            mean[i] += (double)frame[t * width + i] / (double)frames;
    }
    for (int64_t t = 0; t < frames; t++) {
        for (int64_t i = 0; i < width; i++) {
            const double off = (double)frame[t * width + i] - mean[i];
            square[i] += off * off;
        }
    }
    for (int64_t i = 0; i < width; i++)
        square[i] = 1 / rondo__deviation_or_one(sqrt(square[i] / (double)frames));
    for (int64_t t = 0; t < frames; t++) {
        for (int64_t i = 0; i < width; i++)
            frame[t * width + i] = (float)(((double)frame[t * width + i] - mean[i]) * square[i]);
    }
}

static void normalise(const rondo_frontend *f, float *frame, int64_t frames, rondo__running *running) {
    if (f->config.normalise == RONDO_NORMALISE_RECORDING) {
        normalise_recording(frames, f->width, frame, running->mean, running->square);
        return;
    }
    rondo__running_start(running, f);
    for (int64_t t = 0; t < frames; t++)
        rondo__frontend_normalise(f, running, frame + t * f->width);
}

size_t rondo__frontend_room(const rondo_frontend *f) {
    return 2 * (size_t)f->width * sizeof(double) + (size_t)(rondo__frontend_work(f) + f->window) * sizeof(float);
}

void rondo__frontend_make(const rondo_frontend *f, float *frame, int64_t samples, const float *sample, void *memory) {
    const int64_t frames = rondo_frontend_frames(f, samples);
    double *moments = memory;
    float *numbers = (float *)(moments + 2 * f->width);
    rondo__running running = {.mean = moments, .square = moments + f->width};
    make_base(f, frame, frames, samples, sample, numbers, numbers + rondo__frontend_work(f));
    for (int64_t order = 1; order <= f->config.deltas; order++)
        make_slopes(f, frame, frames, order);
    normalise(f, frame, frames, &running);
}

rondo_status rondo_frontend_apply(const rondo_frontend *f, float *frame, int64_t samples, const float *sample,
                                  rondo_error *err) {
    if (!f || !frame || (!sample && samples > 0) || samples < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: %s",
                           !f            ? "frontend is NULL"
                           : !frame      ? "frame is NULL"
                           : samples < 0 ? "samples is negative"
                                         : "sample is NULL");
    void *memory = rondo__alloc(rondo__frontend_room(f));
    if (!memory)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory to make frames");
    rondo__frontend_make(f, frame, samples, sample, memory);
    rondo__free(memory);
    return RONDO_OK;
}
