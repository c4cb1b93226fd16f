/* The tables of a front end: window, mel bands, cosine transform, statistics.
 *
 * Slaney's mel scale (Auditory Toolbox, 1998; librosa's default): below 1000 Hz a mel is 200/3 Hz, above it 27 mels are
 * a factor of 6.4. Band m rises from edge m to edge m+1 and falls to edge m+2 of M+2 edges that are evenly spaced in
 * mel, and is scaled by 2 / (its width in Hz), so that all bands have the same area. */
#include <math.h>
#include <string.h>

#include "data/audio.h"

static const double knee_hz = 1000, knee_mel = 15, hz_of_mel = 200.0 / 3,
                    log_step = 0.068751777420949120; /* ln 6.4 / 27 */

static double hz_to_mel(double hz) { return hz < knee_hz ? hz / hz_of_mel : knee_mel + log(hz / knee_hz) / log_step; }
static double mel_to_hz(double mel) {
    return mel < knee_mel ? mel * hz_of_mel : knee_hz * exp(log_step * (mel - knee_mel));
}

/* Straight up to a knee, then straight to rate / 2. The knee lies where neither it nor its image is above 0.8 of that.
 */
static double warped(const rondo_audio_config *c, double hz) {
    const double top = (double)c->rate / 2, knee = 0.8 * top * (c->warp < 1 ? 1 : 1 / c->warp);
    if (c->warp == 1 || hz >= top)
        return hz;
    return hz <= knee ? c->warp * hz : top - (top - c->warp * knee) * (top - hz) / (top - knee);
}

/* Edge m of M + 2. */
static double edge_hz(const rondo_audio_config *c, int64_t m) {
    const double low = hz_to_mel(c->low_hz), high = hz_to_mel(c->high_hz);
    return warped(c, mel_to_hz(low + (high - low) * (double)m / (double)(c->mels + 1)));
}

static double band_weight(const rondo_frontend *f, int64_t m, int64_t bin) {
    const double hz = (double)bin * (double)f->config.rate / (double)f->N;
    const double low = edge_hz(&f->config, m), top = edge_hz(&f->config, m + 1), high = edge_hz(&f->config, m + 2);
    const double rise = (hz - low) / (top - low), fall = (high - hz) / (high - top);
    const double weight = rise < fall ? rise : fall;
    return weight > 0 ? weight * 2 / (high - low) : 0;
}

/* The bins that band m weighs; they follow each other. */
static void find_bins(const rondo_frontend *f, int64_t m, rondo__band *band) {
    const double of_hz = (double)f->N / (double)f->config.rate;
    int64_t first = (int64_t)(edge_hz(&f->config, m) * of_hz), end = (int64_t)(edge_hz(&f->config, m + 2) * of_hz) + 2;
    if (end > f->bins)
        end = f->bins;
    while (first < end && band_weight(f, m, first) <= 0)
        first++;
    while (end > first && band_weight(f, m, end - 1) <= 0)
        end--;
    band->first = first;
    band->count = end - first;
}

static rondo_status make_bands(rondo_frontend *f, rondo_error *err) {
    const int64_t M = f->config.mels;
    int64_t weights = 0;
    f->band = rondo__calloc((size_t)M, sizeof *f->band);
    for (int64_t m = 0; f->band && m < M; m++) {
        find_bins(f, m, &f->band[m]);
        f->band[m].weight = weights;
        weights += f->band[m].count;
        if (f->band[m].count == 0)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "audio: mel band %lld of %lld lies between two bins of the FFT, which are %.4g Hz apart "
                               "(fewer mels, or a longer window%s)",
                               (long long)m + 1, (long long)M, (double)f->config.rate / (double)f->N,
                               f->config.warp < 1 ? ", or less warp" : "");
    }
    f->weight = rondo__calloc((size_t)weights, sizeof *f->weight);
    if (!f->band || !f->weight)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for %lld mel bands", (long long)M);
    for (int64_t m = 0; m < M; m++) {
        const rondo__band *band = &f->band[m];
        for (int64_t k = 0; k < band->count; k++)
            f->weight[band->weight + k] = (float)band_weight(f, m, band->first + k);
    }
    return RONDO_OK;
}

/* Periodic: as if the window went on at its end with its first sample. */
static rondo_status make_window(rondo_frontend *f, rondo_error *err) {
    f->hann = rondo__calloc((size_t)f->window, sizeof *f->hann);
    if (!f->hann)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for a window of %lld samples", (long long)f->window);
    for (int64_t i = 0; i < f->window; i++)
        f->hann[i] = (float)(0.5 - 0.5 * cos(6.283185307179586476925 * (double)i / (double)f->window));
    return RONDO_OK;
}

/* DCT-II, orthonormal; (M, coefficients), so that the inner loop runs over coefficients. */
static rondo_status make_cosine(rondo_frontend *f, rondo_error *err) {
    const int64_t M = f->config.mels, C = f->config.coefficients;
    if (f->config.features != RONDO_MFCC)
        return RONDO_OK;
    f->cosine = rondo__calloc((size_t)(M * C), sizeof *f->cosine);
    if (!f->cosine)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for %lld coefficients", (long long)C);
    for (int64_t m = 0; m < M; m++) {
        for (int64_t c = 0; c < C; c++)
            f->cosine[m * C + c] =
                (float)(sqrt((c ? 2.0 : 1.0) / (double)M) *
                        cos(3.14159265358979323846 * (double)c * (2.0 * (double)m + 1) / (2.0 * (double)M)));
    }
    return RONDO_OK;
}

double rondo__deviation_or_one(double deviation) { return deviation > 1e-5 ? deviation : 1; }

static rondo_status check_statistic(const char *name, const float *x, int64_t width, bool positive, rondo_error *err) {
    for (int64_t i = 0; x && i < width; i++) {
        if (!isfinite(x[i]) || (positive && x[i] < 0))
            return rondo__fail(err, RONDO_ARGUMENT, "audio: %s %lld of %lld is %g (must be finite%s)", name,
                               (long long)i + 1, (long long)width, (double)x[i], positive ? " and not negative" : "");
    }
    return RONDO_OK;
}

static rondo_status make_statistics(rondo_frontend *f, rondo_error *err) {
    const float *mean = f->config.mean, *deviation = f->config.deviation;
    const size_t width = (size_t)f->width;
    f->config.mean = f->config.deviation = NULL; /* the caller's */
    rondo_status status = check_statistic("mean", mean, f->width, false, err);
    if (!status)
        status = check_statistic("deviation", deviation, f->width, true, err);
    if (status)
        return status;
    f->mean = rondo__calloc(width, sizeof *f->mean);
    f->scale = rondo__calloc(width, sizeof *f->scale);
    f->first_mean = rondo__calloc(width, sizeof *f->first_mean);
    f->first_square = rondo__calloc(width, sizeof *f->first_square);
    if (!f->mean || !f->scale || !f->first_mean || !f->first_square)
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for the statistics of %zu features", width);
    for (size_t i = 0; i < width; i++) {
        const double spread = deviation ? (double)deviation[i] : 1;
        f->mean[i] = mean ? mean[i] : 0;
        f->scale[i] = (float)(1 / rondo__deviation_or_one(spread));
        f->first_mean[i] = (double)f->mean[i];
        f->first_square[i] = (double)f->config.prior * spread * spread;
    }
    return RONDO_OK;
}

rondo_status rondo__frontend_tables(rondo_frontend *f, rondo_error *err) {
    f->N = rondo__fft_good_size(f->window);
    f->bins = f->N / 2 + 1;
    f->base = f->config.features == RONDO_MFCC ? f->config.coefficients : f->config.mels;
    f->width = f->base * (1 + f->config.deltas);
    rondo_status status = rondo__fft_create(&f->fft, f->N, err);
    if (!status)
        status = make_window(f, err);
    if (!status)
        status = make_bands(f, err);
    if (!status)
        status = make_cosine(f, err);
    return status ? status : make_statistics(f, err);
}
