/* Axes as numbers. Steps are 1, 2 or 5 times a power of ten; every tick is computed as whole number times step, so
 * that no error adds up along the axis. */
#include "plot/scale.h"

#include <math.h>
#include <stdio.h>

bool rondo__plot_usable(double value) { return fabs(value) <= RONDO__PLOT_LARGEST; }

rondo__extent rondo__extent_none(void) { return (rondo__extent){INFINITY, -INFINITY}; }

void rondo__extent_add(rondo__extent *extent, double value) {
    if (!rondo__plot_usable(value))
        return;
    extent->low = fmin(extent->low, value);
    extent->high = fmax(extent->high, value);
}

/* The smallest of 1, 2, 5 times a power of ten that is at least `least` > 0. */
static double round_up(double least) {
    const double power = pow(10, floor(log10(least)));
    static const double factors[] = {1, 2, 5};
    for (int i = 0; i < 3; i++) {
        if (factors[i] * power >= least * (1 - 1e-9))
            return factors[i] * power;
    }
    return 10 * power;
}

/* An extent that is one point, up to rounding, becomes an interval about it. */
static rondo__extent widen(rondo__extent e) {
    const double size = fmax(fabs(e.low), fabs(e.high));
    if (e.low > e.high)
        return (rondo__extent){0, 1};
    if (e.high - e.low > 1e-9 * size && e.high - e.low > 1e-290)
        return e;
    const double room = size > 1e-280 ? 0.1 * size : 1;
    return (rondo__extent){e.low - room, e.high + room};
}

rondo__scale rondo__scale_linear(rondo__extent extent, int wanted, bool tight) {
    const rondo__extent e = widen(extent);
    const double step = round_up((e.high - e.low) / wanted);
    rondo__scale scale = {e.low, e.high, step, false};
    if (!tight) {
        scale.low = floor(e.low / step + 1e-9) * step;
        scale.high = ceil(e.high / step - 1e-9) * step;
    }
    return scale;
}

/* Between two powers of ten: which multiples are ticks, by the axis's step (see rondo__scale). */
static const double *multiples(double step, int *count) {
    static const double few[] = {1, 2, 5}, all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    *count = step > 0 ? 1 : step == 0 ? 3 : 9;
    return step < 0 ? all : few;
}

rondo__scale rondo__scale_log(rondo__extent extent, int wanted) {
    rondo__extent e = extent.low > extent.high ? (rondo__extent){1, 10} : extent;
    if (e.high <= e.low * (1 + 1e-9))
        e = (rondo__extent){e.low / 2, e.high * 2};
    const double decades = log10(e.high) - log10(e.low);
    rondo__scale scale = {e.low, e.high, decades < 0.9 ? -1 : 0, true};
    if (decades > 2.5)
        scale.step = fmax(1, ceil(decades / wanted));
    const double low = pow(10, floor(log10(e.low) + 1e-9)), high = pow(10, ceil(log10(e.high) - 1e-9));
    int count;
    const double *multiple = multiples(scale.step, &count);
    scale.low = low;
    scale.high = high;
    for (int i = 0; i < count; i++) { /* the last tick below the data, and the first above */
        if (low * multiple[i] <= e.low * (1 + 1e-9))
            scale.low = low * multiple[i];
        const double above = high / 10 * multiple[count - 1 - i];
        if (above >= e.high * (1 - 1e-9))
            scale.high = above;
    }
    return scale;
}

double rondo__scale_at(const rondo__scale *scale, double value) {
    if (!rondo__plot_usable(value) || (scale->log && value <= 0))
        return NAN;
    if (scale->log)
        return (log10(value) - log10(scale->low)) / (log10(scale->high) - log10(scale->low));
    return (value - scale->low) / (scale->high - scale->low);
}

static int log_ticks(const rondo__scale *scale, double *tick) {
    const double most = scale->high * (1 + 1e-9), least = scale->low * (1 - 1e-9);
    int inside, count = 0;
    const double *factors = multiples(scale->step, &inside);
    for (double power = floor(log10(scale->low) + 1e-9); pow(10, power) <= most; power += fmax(1, scale->step)) {
        for (int i = 0; i < inside && count < RONDO__MOST_TICKS; i++) {
            const double value = factors[i] * pow(10, power);
            if (value >= least && value <= most)
                tick[count++] = value;
        }
    }
    return count;
}

int rondo__scale_ticks(const rondo__scale *scale, double tick[RONDO__MOST_TICKS]) {
    if (scale->log)
        return log_ticks(scale, tick);
    const double first = ceil(scale->low / scale->step - 1e-9), last = floor(scale->high / scale->step + 1e-9);
    int count = 0;
    for (double i = first; i <= last && count < RONDO__MOST_TICKS; i++)
        tick[count++] = i * scale->step + 0.0; /* not -0 */
    return count;
}

void rondo__scale_label(const rondo__scale *scale, double tick, char out[32]) {
    const double largest = fmax(fabs(scale->low), fabs(scale->high));
    const double step = scale->log ? fabs(tick) : scale->step;
    const int decimals = (int)-floor(log10(step) + 1e-9);
    if (largest < 1e7 && step >= 0.99e-5 && tick != 0) {
        snprintf(out, 32, "%.*f", decimals > 0 ? decimals : 0, tick);
    } else {
        const double place = tick != 0 ? floor(log10(fabs(tick)) + 1e-9) : 0;
        const int digits = (int)place + decimals + 1;
        snprintf(out, 32, "%.*g", digits > 15 ? 15 : digits > 1 ? digits : 1, tick);
    }
    for (char *p = out; *p; p++) {
        if (*p == ',') /* of a locale */
            *p = '.';
    }
}

static rondo__colour from_hex(unsigned c) {
    return (rondo__colour){(c >> 16) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0};
}

/* Okabe and Ito (2008), without their yellow, which a white page swallows. */
rondo__colour rondo__colour_of_series(int i) {
    static const unsigned colours[] = {0x0072B2, 0xE69F00, 0x009E73, 0xD55E00, 0x56B4E9, 0xCC79A7, 0x000000};
    return from_hex(colours[i % (int)(sizeof colours / sizeof colours[0])]);
}

/* Theirs again, the vermilion, green and purple darkened for a blue ground. */
rondo__colour rondo__colour_over_bands(int i) {
    static const unsigned colours[] = {0x000000, 0xB34700, 0x00533C, 0x8A3F6B, 0xE69F00, 0x0072B2};
    return from_hex(colours[i % (int)(sizeof colours / sizeof colours[0])]);
}

static double gamma_of(double linear) {
    const double v = fmin(fmax(linear, 0), 1);
    return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* Oklab (Ottosson 2020) to sRGB: lightness L in [0, 1], chroma and hue. */
static rondo__colour from_oklab(double L, double chroma, double hue) {
    const double a = chroma * cos(hue), b = chroma * sin(hue);
    const double l = pow(L + 0.3963377774 * a + 0.2158037573 * b, 3);
    const double m = pow(L - 0.1055613458 * a - 0.0638541728 * b, 3);
    const double s = pow(L - 0.0894841775 * a - 1.2914855480 * b, 3);
    return (rondo__colour){gamma_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                           gamma_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                           gamma_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

rondo__colour rondo__colour_of_value(double t) {
    const double pi = 3.14159265358979323846;
    t = fmin(fmax(t, 0), 1);
    return from_oklab(0.985 - 0.715 * t, 0.012 + 0.118 * sin(pi * fmin(t * 0.72, 0.5)) * (1 - 0.25 * t * t),
                      (235 + 30 * t) * pi / 180);
}

/* Blue and orange stay apart for all who confuse red and green. */
rondo__colour rondo__colour_of_difference(double t) {
    const double pi = 3.14159265358979323846, d = 2 * fmin(fmax(t, 0), 1) - 1, far = fabs(d);
    const double chroma = 0.17 * sin(pi * fmin(far * 0.62, 0.5));
    return d < 0 ? from_oklab(0.985 - 0.60 * far, chroma, (245 + 15 * far) * pi / 180)
                 : from_oklab(0.985 - 0.48 * far, chroma, (70 - 35 * far) * pi / 180);
}

static double band_shade(int i, int n) { return n > 1 ? 0.13 + 0.15 * i / (n - 1) : 0.18; }

rondo__colour rondo__colour_of_band(int i, int n) { return rondo__colour_of_value(band_shade(i, n)); }
rondo__colour rondo__colour_of_band_edge(int i, int n) { return rondo__colour_of_value(band_shade(i, n) + 0.25); }
