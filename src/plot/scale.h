/* Axes as numbers: round ticks, their labels, where a value stands. And the colours. Needs no library. */
#ifndef RONDO_PLOT_SCALE_H
#define RONDO_PLOT_SCALE_H

#include <stdbool.h>
#include <stdint.h>

/* Beyond this a value is a gap, as NaN is: differences of such numbers overflow. */
#define RONDO__PLOT_LARGEST 1e300
bool rondo__plot_usable(double value);

/* Running extent of data; low > high: nothing yet. */
typedef struct rondo__extent {
    double low, high;
} rondo__extent;
rondo__extent rondo__extent_none(void);
void rondo__extent_add(rondo__extent *extent, double value); /* what is not usable is passed over */

#define RONDO__MOST_TICKS 24
typedef struct rondo__scale {
    double low, high; /* of the axis; low < high */
    double step;      /* between ticks; log: decades between ticks, 0: 1, 2, 5, 10 ..., -1: 1, 2, 3, 4 ... */
    bool log;
} rondo__scale;
/* An axis over the extent with about `wanted` steps. Tight: it ends where the data end, else at round numbers. */
rondo__scale rondo__scale_linear(rondo__extent extent, int wanted, bool tight);
/* Powers of ten, or 1, 2, 5 times them over few decades; the extent must be positive. */
rondo__scale rondo__scale_log(rondo__extent extent, int wanted);
double rondo__scale_at(const rondo__scale *scale, double value); /* 0 at low, 1 at high; NaN where it has no place */
int rondo__scale_ticks(const rondo__scale *scale, double tick[RONDO__MOST_TICKS]);
void rondo__scale_label(const rondo__scale *scale, double tick, char out[32]);

/* ---- an axis of time (scale_time.c): seconds since 1970, in UTC ---- */
typedef struct rondo__tick {
    double at;
    char label[32];
    char under[32]; /* the part of the date that label lacks, where it is new; else "" */
} rondo__tick;
bool rondo__time_fits(rondo__extent x);          /* years 1 to 9999, and not empty */
rondo__scale rondo__scale_time(rondo__extent x); /* ends where the data end; a single point gets room */
/* Ticks at round times: about half of `wanted` to that many and one. */
int rondo__time_ticks(const rondo__scale *scale, int wanted, rondo__tick tick[RONDO__MOST_TICKS]);

typedef struct rondo__colour {
    double red, green, blue;
} rondo__colour;
/* Of series number i: Okabe and Ito's colours, in an order whose neighbours also differ in grey. */
rondo__colour rondo__colour_of_series(int i);
/* Likewise for lines over bands, whose blue they stand off from. */
rondo__colour rondo__colour_over_bands(int i);
/* Of forecast band i of n, the widest first: lighter the wider; and of its edge. */
rondo__colour rondo__colour_of_band(int i, int n);
rondo__colour rondo__colour_of_band_edge(int i, int n);
/* t from 0 (nearly white) to 1 (dark blue), even to the eye: lightness falls in a straight line. */
rondo__colour rondo__colour_of_value(double t);
/* t from 0 (dark blue) over 0.5 (nearly white) to 1 (dark orange-red), as even on both sides. */
rondo__colour rondo__colour_of_difference(double t);

#endif
