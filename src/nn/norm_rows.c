#include "nn/norm_rows.h"

#include <string.h>

typedef struct norm {
    const rondo__kernels *kernels;
    int64_t M, N, ld;
    real *out;        /* (M, ld), or dgain (N) */
    const real *dout; /* (M, ld) */
    const real *x;    /* (M, ld) */
    const real *gain, *bias, *in_stats;
    real *stats; /* (M, 2) */
} norm;

static int64_t row_grain(int64_t N) { return N > 4096 ? 1 : 4096 / (N + 1) + 1; }

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const norm *m = arg;
    for (int64_t r = begin; r < end; r++)
        m->kernels->layer_norm_row(m->N, m->out + r * m->ld, m->x + r * m->ld, m->gain, m->bias, RONDO_NORM_EPS,
                                   m->stats + 2 * r);
}

void rondo__norm_rows(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *out, const real *x,
                      const real *gain, const real *bias, real *stats) {
    norm m = {context->kernels, M, N, ld, out, NULL, x, gain, bias, NULL, stats};
    rondo__parallel(context, M, row_grain(N), forward_rows, &m);
}

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const norm *m = arg;
    for (int64_t r = begin; r < end; r++) {
        real *dx = m->out + r * m->ld;
        memset(dx, 0, (size_t)m->N * sizeof *dx);
        m->kernels->layer_norm_backward_row(m->N, dx, NULL, NULL, m->dout + r * m->ld, m->x + r * m->ld, m->gain,
                                            m->in_stats + 2 * r);
    }
}

void rondo__norm_rows_backward(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *dx, const real *dout,
                               const real *x, const real *gain, const real *stats) {
    norm m = {context->kernels, M, N, ld, dx, dout, x, gain, NULL, stats, NULL};
    rondo__parallel(context, M, row_grain(N), backward_rows, &m);
}

static void gain_columns(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const norm *m = arg;
    m->kernels->layer_norm_gains(m->M, end - begin, m->ld, m->out + begin, m->dout + begin, m->x + begin, m->in_stats);
}

void rondo__norm_gain_sums(rondo_context *context, int64_t M, int64_t N, int64_t ld, real *dgain, const real *dout,
                           const real *x, const real *stats) {
    norm m = {context->kernels, M, N, ld, dgain, dout, x, NULL, NULL, stats, NULL};
    rondo__parallel(context, N, 64, gain_columns, &m);
}
