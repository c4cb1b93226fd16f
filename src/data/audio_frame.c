/* One frame: what whole recordings and streams share. */
#include <math.h>
#include <string.h>

#include "data/audio.h"

#define LEAST_ENERGY 1e-10f

int64_t rondo__frontend_work(const rondo_frontend *f) { return 2 * f->N + f->bins + f->config.mels; }

/* x (N): the window's samples with the one before times a factor taken off, under the Hann window, then zeros. */
static void take_window(const rondo_frontend *f, float *restrict x, const float *restrict sample, float before) {
    const float *restrict hann = f->hann, factor = (float)f->config.preemphasis;
    const int64_t W = f->window;
    x[0] = (sample[0] - factor * before) * hann[0];
    if (factor != 0)
        for (int64_t i = 1; i < W; i++)
            x[i] = (sample[i] - factor * sample[i - 1]) * hann[i];
    else
        for (int64_t i = 1; i < W; i++)
            x[i] = sample[i] * hann[i];
    memset(x + W, 0, (size_t)(f->N - W) * sizeof *x);
}

/* Four sums side by side, as wide bands are long chains otherwise. */
static float band_energy(int64_t count, const float *restrict weight, const float *restrict power) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    int64_t k = 0;
    for (; k + 4 <= count; k += 4) {
        s0 += weight[k] * power[k];
        s1 += weight[k + 1] * power[k + 1];
        s2 += weight[k + 2] * power[k + 2];
        s3 += weight[k + 3] * power[k + 3];
    }
    for (; k < count; k++)
        s0 += weight[k] * power[k];
    return (s0 + s1) + (s2 + s3);
}

static void log_mel(const rondo_frontend *f, float *restrict out, const float *restrict power) {
    for (int64_t m = 0; m < f->config.mels; m++) {
        const rondo__band *band = &f->band[m];
        const float energy = band_energy(band->count, f->weight + band->weight, power + band->first);
        out[m] = energy < LEAST_ENERGY ? LEAST_ENERGY : energy; /* NaN stays */
    }
    for (int64_t m = 0; m < f->config.mels; m++)
        out[m] = logf(out[m]);
}

static void cosine_transform(const rondo_frontend *f, float *restrict out, const float *restrict mel) {
    const int64_t C = f->config.coefficients;
    memset(out, 0, (size_t)C * sizeof *out);
    for (int64_t m = 0; m < f->config.mels; m++) {
        const float *restrict row = f->cosine + m * C;
        for (int64_t c = 0; c < C; c++)
            out[c] += mel[m] * row[c];
    }
}

void rondo__frontend_base(const rondo_frontend *f, float *out, const float *sample, float before, float *work) {
    float *x = work, *z = x + f->N, *power = z + f->N, *mel = power + f->bins;
    take_window(f, x, sample, before);
    rondo__fft_power(f->fft, power, x, z);
    if (!f->cosine) {
        log_mel(f, out, power);
        return;
    }
    log_mel(f, mel, power);
    cosine_transform(f, out, mel);
}

void rondo__frontend_slope(int64_t n, float *out, const float *before2, const float *before1, const float *after1,
                           const float *after2) {
    for (int64_t i = 0; i < n; i++)
        out[i] = 0.1f * ((after1[i] - before1[i]) + 2 * (after2[i] - before2[i]));
}

void rondo__running_start(rondo__running *running, const rondo_frontend *f) {
    const size_t bytes = (size_t)f->width * sizeof(double);
    running->seen = (double)f->config.prior;
    memcpy(running->mean, f->first_mean, bytes);
    memcpy(running->square, f->first_square, bytes);
}

/* Welford's update: the frame counts in its own mean and variance. */
static void normalise_running(rondo__running *running, int64_t width, float *row) {
    const double seen = running->seen += 1;
    for (int64_t i = 0; i < width; i++) {
        const double x = (double)row[i], off = x - running->mean[i];
        running->mean[i] += off / seen;
        running->square[i] += off * (x - running->mean[i]);
        row[i] = (float)((x - running->mean[i]) / rondo__deviation_or_one(sqrt(running->square[i] / seen)));
    }
}

void rondo__frontend_normalise(const rondo_frontend *f, rondo__running *running, float *row) {
    if (f->config.normalise == RONDO_NORMALISE_RUNNING)
        normalise_running(running, f->width, row);
    else if (f->config.normalise == RONDO_NORMALISE_GLOBAL)
        for (int64_t i = 0; i < f->width; i++)
            row[i] = (row[i] - f->mean[i]) * f->scale[i];
}
