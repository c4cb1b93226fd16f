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

typedef struct rondo__colour {
    double red, green, blue;
} rondo__colour;
/* Of series number i: Okabe and Ito's colours, in an order whose neighbours also differ in grey. */
rondo__colour rondo__colour_of_series(int i);
/* t from 0 (nearly white) to 1 (dark blue), even to the eye: lightness falls in a straight line. */
rondo__colour rondo__colour_of_value(double t);

#endif
