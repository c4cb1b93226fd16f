/* The transform: KissFFT's complex one of half the size on pairs of samples, taken apart into the real one.
 *
 * With z_k = x_{2k} + i·x_{2k+1}, Z its transform of size h = N/2 and w_k = exp(-2πik/N):
 *   E_k = (Z_k + conj Z_{h-k}) / 2,  O_k = -i·(Z_k - conj Z_{h-k}) / 2,  X_k = E_k + w_k·O_k,  X_{h-k} = conj(E_k -
 * w_k·O_k) KissFFT has this too (kiss_fftr), but its plan holds a buffer: one plan could not serve many threads. */
#include <math.h>
#include <string.h>

#include "data/audio.h"

#ifdef RONDO_HAVE_KISSFFT
#include <kiss_fft.h>

struct rondo__fft {
    int64_t half;
    kiss_fft_cfg plan;     /* in our memory; not written to by kiss_fft */
    kiss_fft_cpx *twiddle; /* (half/2 + 1): w_k */
};

int64_t rondo__fft_good_size(int64_t least) { return 2 * (int64_t)kiss_fft_next_fast_size((int)((least + 1) / 2)); }

rondo_status rondo__fft_create(rondo__fft **out, int64_t N, rondo_error *err) {
    size_t bytes = 0;
    rondo__fft *fft = *out = rondo__calloc(1, sizeof *fft);
    kiss_fft_alloc((int)(N / 2), 0, NULL, &bytes);
    if (fft) {
        void *plan = rondo__alloc(bytes);
        fft->half = N / 2;
        fft->plan = plan ? kiss_fft_alloc((int)(N / 2), 0, plan, &bytes) : NULL;
        if (!fft->plan)
            rondo__free(plan);
        fft->twiddle = rondo__calloc((size_t)(N / 4 + 1), sizeof *fft->twiddle);
    }
    if (!fft || !fft->plan || !fft->twiddle) {
        rondo__fft_destroy(out);
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for a transform of %lld samples", (long long)N);
    }
    for (int64_t k = 0; k <= N / 4; k++) {
        const double angle = -6.283185307179586476925 * (double)k / (double)N;
        fft->twiddle[k] = (kiss_fft_cpx){(float)cos(angle), (float)sin(angle)};
    }
    return RONDO_OK;
}

void rondo__fft_destroy(rondo__fft **fft) {
    if (!*fft)
        return;
    rondo__free((*fft)->plan);
    rondo__free((*fft)->twiddle);
    rondo__free(*fft);
    *fft = NULL;
}

void rondo__fft_power(const rondo__fft *fft, float *power, const float *x, float *work) {
    const int64_t half = fft->half;
    const kiss_fft_cpx *w = fft->twiddle, *z = (const kiss_fft_cpx *)work;
    kiss_fft(fft->plan, (const kiss_fft_cpx *)x, (kiss_fft_cpx *)work);
    power[0] = (z[0].r + z[0].i) * (z[0].r + z[0].i);
    power[half] = (z[0].r - z[0].i) * (z[0].r - z[0].i);
    for (int64_t k = 1; k <= half / 2; k++) {
        const kiss_fft_cpx a = z[k], b = z[half - k];
        const float even_r = a.r + b.r, even_i = a.i - b.i, odd_r = a.i + b.i, odd_i = b.r - a.r;
        const float turned_r = w[k].r * odd_r - w[k].i * odd_i, turned_i = w[k].r * odd_i + w[k].i * odd_r;
        const float low_r = even_r + turned_r, low_i = even_i + turned_i;
        const float high_r = even_r - turned_r, high_i = even_i - turned_i;
        power[k] = 0.25f * (low_r * low_r + low_i * low_i);
        power[half - k] = 0.25f * (high_r * high_r + high_i * high_i);
    }
}

#else
int64_t rondo__fft_good_size(int64_t least) { return (least + 1) / 2 * 2; }

rondo_status rondo__fft_create(rondo__fft **out, int64_t N, rondo_error *err) {
    (void)N;
    *out = NULL;
    return rondo__fail(
        err, RONDO_UNSUPPORTED,
        "audio: this build has no KissFFT, which makes frames of sounds (install libkissfft-dev and build "
        "again)");
}

void rondo__fft_destroy(rondo__fft **fft) { *fft = NULL; }

void rondo__fft_power(const rondo__fft *fft, float *power, const float *x, float *work) {
    (void)fft, (void)power, (void)x, (void)work;
}
#endif
