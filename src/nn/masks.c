/* Random masks of the cells. Every draw has a place of its own, (stream, t, batch row, unit), so a mask depends neither
 * on the threads nor on how rows were sorted, nor on how much padding stands behind them. */
#include "nn/sequence.h"

/* Recurrent masks draw from the upper half of the stream's indices, zoneout from the lower: one stream serves both. */
#define RECURRENT_BASE (UINT64_C(1) << 62)

/* out[j] = draw (base + j) < rate ? hit : miss. */
static void draw_row(const rondo__kernels *kernels, int64_t n, real *out, real rate, real hit, real miss, uint64_t seed,
                     uint64_t stream, uint64_t base) {
    const uint64_t below = (uint64_t)((double)rate * 4294967296.0); /* of a 32-bit draw */
    uint8_t missed[256];
    for (int64_t j = 0; j < n; j += (int64_t)sizeof missed) {
        const int64_t count = n - j < (int64_t)sizeof missed ? n - j : (int64_t)sizeof missed;
        kernels->draw_mask(count, missed, seed, stream, base + (uint64_t)j, below);
        for (int64_t k = 0; k < count; k++)
            out[j + k] = missed[k] ? miss : hit;
    }
}

void rondo__recurrent_mask(rondo_context *context, const rondo__plan *plan, int64_t n, real *mask, real rate,
                           uint64_t seed, uint64_t stream) {
    for (int64_t i = 0; i < plan->B; i++)
        draw_row(context->kernels, n, mask + i * n, rate, 0, 1 / (1 - rate), seed, stream,
                 RECURRENT_BASE + (uint64_t)(plan->order[i] * n));
}

typedef struct zoneout {
    const rondo__kernels *kernels;
    const rondo__plan *plan;
    int64_t n;
    real *keep;
    real rate;
    uint64_t seed, stream;
} zoneout;

static void zoneout_steps(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const zoneout *z = arg;
    const rondo__plan *plan = z->plan;
    for (int64_t s = begin; s < end; s++)
        for (int64_t i = 0; i < plan->active[s]; i++) {
            int64_t t = plan->reverse ? plan->length[i] - 1 - s : s;
            draw_row(z->kernels, z->n, z->keep + (plan->start[s] + i) * z->n, z->rate, 1, 0, z->seed, z->stream,
                     (uint64_t)((t * plan->B + plan->order[i]) * z->n));
        }
}

void rondo__zoneout_mask(rondo_context *context, const rondo__plan *plan, int64_t n, real *keep, real rate,
                         bool training, uint64_t seed, uint64_t stream) {
    if (!training) {
        for (int64_t k = 0; k < plan->rows * n; k++)
            keep[k] = rate;
        return;
    }
    zoneout z = {context->kernels, plan, n, keep, rate, seed, stream};
    rondo__parallel(context, plan->steps, 1, zoneout_steps, &z);
}
