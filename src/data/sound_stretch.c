/* Other speeds, for augmentation: band-limited interpolation by a windowed sinc (Smith and Gossett, "A flexible
 * sampling-rate conversion method", 1984), quick rather than perfect.
 *
 *   out_i = sum over n of in_n · s·h(s·(n - p_i)),  p_i = i / ratio,  s = PASS · min(1, ratio)
 *   h(u) = sin(πu) / (πu) · kaiser(u / CROSSINGS),  0 from |u| = CROSSINGS on
 *
 * h is computed once, at POINTS places between two crossings. For one ratio it is read out at PHASES places of p
 * between two samples, each a row of the taps that meet the input; an output is the straight line between its two
 * nearest rows. Below PASS / 2 of both rates, less a fifth, tones keep their level; what would fold back is 80 dB down.
 * Only additions and multiplications in a fixed order: the same bits on every machine. */
#include "data/sound_stretch.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { CROSSINGS = 16, POINTS = 512, PHASES = 128, LANES = 8 };
_Static_assert(RONDO__STRETCH_POINTS == CROSSINGS * POINTS + 2, "h has one more point, and one to interpolate with");
#define PASS 0.92
#define BETA 8.0

/* Modified Bessel function of order 0, by its series. */
static double bessel(double x) {
    double term = 1, sum = 1;
    for (int k = 1; term > 1e-12 * sum; k++) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

void rondo__stretch_points(float *h) {
    const double pi = 3.14159265358979323846;
    memset(h, 0, RONDO__STRETCH_POINTS * sizeof *h);
    h[0] = 1;
    for (int i = 1; i < CROSSINGS * POINTS; i++) {
        const double u = (double)i / POINTS, along = u / CROSSINGS;
        h[i] = (float)(sin(pi * u) / (pi * u) * bessel(BETA * sqrt(1 - along * along)) / bessel(BETA));
    }
}

static double width_of(double ratio) { return PASS * (ratio < 1 ? ratio : 1); }

/* A multiple of LANES; half of them lie at or before p. */
static int64_t taps_of(double ratio) {
    const int64_t taps = 2 * (int64_t)ceil(CROSSINGS / width_of(ratio));
    return (taps + LANES - 1) / LANES * LANES;
}

size_t rondo__stretch_room(double least_ratio) { return (size_t)((PHASES + 2) * taps_of(least_ratio)); }

/* Row a: tap j meets the sample j + 1 - taps / 2 behind p's, where p is a / PHASES behind its. Row PHASES - a is its
 * mirror. */
static void lay_out(float *restrict rows, const float *restrict h, int64_t taps, float s) {
    for (int a = 0; a <= PHASES / 2; a++) {
        float *row = rows + a * taps, *mirror = rows + (PHASES - a + 1) * taps - 1;
        for (int64_t j = 0; j < taps; j++) {
            const float u = s * POINTS * fabsf((float)(j + 1 - taps / 2) - (float)a / PHASES);
            const float at = u < CROSSINGS * POINTS ? u : CROSSINGS * POINTS;
            const int i = (int)at;
            *row++ = *mirror-- = s * (h[i] + (at - (float)i) * (h[i + 1] - h[i]));
        }
    }
}

/* Every CPU that a 64-bit build runs on multiplies four floats at once. */
typedef float four __attribute__((vector_size(4 * sizeof(float))));

static four four_at(const float *p) {
    four v;
    memcpy(&v, p, sizeof v);
    return v;
}

static float meet(int64_t taps, const float *row, const float *sample, float along) {
    four near[2] = {{0}}, far[2] = {{0}};
    for (int64_t j = 0; j < taps; j += LANES) {
        const four x0 = four_at(sample + j), x1 = four_at(sample + j + 4);
        near[0] += four_at(row + j) * x0;
        near[1] += four_at(row + j + 4) * x1;
        far[0] += four_at(row + taps + j) * x0;
        far[1] += four_at(row + taps + j + 4) * x1;
    }
    const four start = near[0] + near[1], all = start + along * (far[0] + far[1] - start);
    return (all[0] + all[1]) + (all[2] + all[3]);
}

void rondo__stretch(float *out, int64_t out_count, const float *sample, int64_t count, double ratio, const float *h,
                    float *room) {
    const int64_t taps = taps_of(ratio);
    float *rows = room + taps, *edge = room;
    lay_out(rows, h, taps, (float)width_of(ratio));
    for (int64_t i = 0; i < out_count; i++) {
        const double p = (double)i / ratio, phase = (p - (double)(int64_t)p) * PHASES;
        const int64_t first = (int64_t)p + 1 - taps / 2, a = (int64_t)phase;
        const float *met = sample + first;
        if (first < 0 || first + taps > count) { /* silence before and behind */
            for (int64_t j = 0; j < taps; j++)
                edge[j] = first + j >= 0 && first + j < count ? sample[first + j] : 0;
            met = edge;
        }
        out[i] = meet(taps, rows + a * taps, met, (float)(phase - (double)a));
    }
}
