#include "train/average.h"

double rondo__average_rate(double decay, int64_t step) {
    const double early = (1 + (double)step) / (10 + (double)step);
    return 1 - (early < decay ? early : decay);
}

void rondo__average_update(int64_t n, real *average, const real *values, double rate) {
    for (int64_t i = 0; i < n; i++)
        average[i] += (real)rate * (values[i] - average[i]);
}

void rondo__blocks_swap(int64_t n, real *a, real *b) {
    for (int64_t i = 0; i < n; i++) {
        const real kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}
