/* Sums of probabilities that are held as logarithms. */
#ifndef RONDO_NN_LOGS_H
#define RONDO_NN_LOGS_H

#include <math.h>

/* log(e^a + e^b); what is 40 below is too small for a double to see. -inf and NaN are what they say. */
static inline double rondo__log_add(double a, double b) {
    const double high = a < b ? b : a, low = a < b ? a : b;
    if (low == -INFINITY || low - high < -40)
        return high;
    return high + log1p(exp(low - high));
}

#endif
