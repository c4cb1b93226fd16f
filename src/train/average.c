#include "train/average.h"

#define BLOCK 16384

typedef struct average_work {
    real *average;
    const real *values;
    real rate;
} average_work;

static void average_block(void *arg, int64_t begin, int64_t end, int worker) {
    const average_work *work = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        work->average[i] += work->rate * (work->values[i] - work->average[i]);
}

void rondo__average_update(rondo_context *context, int64_t n, real *average, const real *values, double decay,
                           int64_t step) {
    const double early = (1 + (double)step) / (10 + (double)step);
    average_work work = {average, values, (real)(1 - (early < decay ? early : decay))};
    rondo__parallel(context, n, BLOCK, average_block, &work);
}

void rondo__blocks_swap(int64_t n, real *a, real *b) {
    for (int64_t i = 0; i < n; i++) {
        const real kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}
