/* The norm of all gradients, and who spoilt it; which values are spoilt. */
#include <math.h>

#include "train/optimizer.h"

#define BLOCK 16384

int64_t rondo__norm_blocks(int64_t n) { return (n + BLOCK - 1) / BLOCK; }

typedef struct norm_work {
    const rondo__kernels *kernels;
    const real *x;
    double *partial;
} norm_work;

static void sum_block(void *arg, int64_t begin, int64_t end, int worker) {
    const norm_work *work = arg;
    (void)worker;
    for (; begin < end; begin += BLOCK) {
        const int64_t n = end - begin < BLOCK ? end - begin : BLOCK;
        work->partial[begin / BLOCK] = work->kernels->sum_squares(n, work->x + begin);
    }
}

double rondo__sum_squares(rondo_context *context, int64_t n, const real *x, double *partial) {
    norm_work work = {context->kernels, x, partial};
    rondo__parallel(context, n, BLOCK, sum_block, &work);
    double sum = 0;
    for (int64_t i = 0; i < rondo__norm_blocks(n); i++)
        sum += partial[i];
    return sum;
}

/* Without an early end, so that it runs on vectors. */
bool rondo__all_finite(int64_t n, const real *x) {
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        bad |= !(x[i] - x[i] == 0); /* NaN for both infinities and NaN */
    return !bad;
}

const char *rondo__bad_gradient(rondo_params *params) {
    for (int i = 0; i < rondo_params_count(params); i++) {
        const rondo_param *param = rondo_params_at(params, i);
        if (!rondo__all_finite(rondo_tensor_count(&param->value), param->grad))
            return param->name;
    }
    return NULL;
}

const char *rondo__bad_value(rondo_params *params) {
    for (int i = 0; i < rondo_params_count(params); i++) {
        const rondo_param *param = rondo_params_at(params, i);
        if (!rondo__all_finite(rondo_tensor_count(&param->value), param->value.data))
            return param->name;
    }
    return NULL;
}
