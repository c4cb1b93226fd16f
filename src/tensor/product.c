/* Matrix products over the threads of a context.
 *
 * C is cut into tiles of rows x columns whose sizes depend on the shape only, and each tile is computed by one call of
 * the gemm kernel (or several over k, which continue the same chains). Tiles are sized so that one is worth handing to
 * a thread, and so that what is used again (a tile's rows of A, a panel of W) stays in the second-level cache. */
#include <assert.h>
#include <string.h>

#include "tensor/context.h"

enum {
    ROW_UNIT = 6,                  /* row tiles are multiples of what the vector kernels take at once */
    ROW_TILE = 96,                 /* rows of A that share a panel while it is in the cache */
    TASK_PRODUCTS = 256 * 1024,    /* a tile has at least so many multiply-adds (4 µs) ... */
    TASK_NUMBERS = 32 * 1024,      /* ... or reads so many numbers of W */
    LOW_PANELS = 8,                /* low precision rounds A in every tile: such tiles are as wide as this ... */
    LOW_TILES = 8,                 /* ... where so many tiles of rows give the threads enough to do */
    ANY_ROWS = 192,                /* largest tile of product_any: rows, */
    ANY_COLUMNS = 8 * RONDO_PANEL, /* columns, */
    ANY_DEPTH = 256,               /* and block of k */
    ANY_A_ROWS = 48,               /* rows of a transposed A packed at once */
    ANY_AHEAD = 16,                /* its rows are asked for so many k ahead: strides of pages hide from the machine */
    ANY_TASKS = 64,                /* most copied blocks of A */
    ANY_PACKED = 4 * 1024 * 1024,  /* most numbers of B packed at once, but at least a block */
};

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Tile of at most `most` rows such that all tiles of M rows are about equal. */
static int64_t row_tile(int64_t M, int64_t most) {
    int64_t tiles = divide_up(M, most);
    return divide_up(divide_up(M, tiles), ROW_UNIT) * ROW_UNIT;
}

typedef struct range_job {
    rondo__range_task task;
    void *arg;
    int64_t n, grain;
} range_job;

static void run_range(void *arg, int64_t index, int worker) {
    const range_job *job = arg;
    int64_t begin = index * job->grain;
    job->task(job->arg, begin, min64(begin + job->grain, job->n), worker);
}

void rondo__parallel(rondo_context *context, int64_t n, int64_t grain, rondo__range_task task, void *arg) {
    assert(grain > 0);
    if (n <= 0)
        return;
    range_job job = {task, arg, n, grain};
    rondo__pool_run(context->pool, divide_up(n, grain), run_range, &job);
}

/* ---- packing ---- */

typedef struct pack_job {
    const rondo__kernels *kernels;
    real *dst;
    const real *w;
    int64_t rs, cs, K, N;
} pack_job;

static void pack_panels(void *arg, int64_t begin, int64_t end, int worker) {
    const pack_job *job = arg;
    (void)worker;
    job->kernels->pack(job->dst, job->w, job->rs, job->cs, job->K, job->N, begin * RONDO_PANEL,
                       min64(end * RONDO_PANEL, job->N));
}

void rondo__pack(rondo_context *context, real *dst, const real *w, int64_t rs, int64_t cs, int64_t K, int64_t N) {
    pack_job job = {context->kernels, dst, w, rs, cs, K, N};
    int64_t grain = max64(1, TASK_NUMBERS / max64(1, K * RONDO_PANEL));
    rondo__parallel(context, divide_up(N, RONDO_PANEL), grain, pack_panels, &job);
}

/* ---- A · packed W ---- */

typedef struct product_job {
    const rondo__kernels *kernels;
    int64_t M, N, K;
    const real *a;
    int64_t ars, acs;
    const real *packed;
    real *c;
    int64_t ldc;
    const real *bias;
    bool accumulate;
    int64_t rows, columns, row_tiles; /* of a tile; tiles along M */
} product_job;

/* Neighbouring indices share their columns, so that a thread finds the panel in its cache. */
static void product_tile(void *arg, int64_t index, int worker) {
    const product_job *j = arg;
    (void)worker;
    int64_t m = index % j->row_tiles * j->rows, n = index / j->row_tiles * j->columns;
    j->kernels->gemm(min64(j->rows, j->M - m), j->N, j->K, j->a + m * j->ars, j->ars, j->acs, j->packed, n,
                     min64(n + j->columns, j->N), j->c + m * j->ldc, j->ldc, j->bias, j->accumulate);
}

void rondo__product(rondo_context *context, int64_t M, int64_t N, int64_t K, const real *a, int64_t ars, int64_t acs,
                    const real *packed, real *c, int64_t ldc, const real *bias, bool accumulate) {
    if (M <= 0 || N <= 0)
        return;
    product_job job = {context->kernels, M, N, K, a, ars, acs, packed, c, ldc, bias, accumulate, 0, 0, 0};
    job.rows = row_tile(M, ROW_TILE);
    job.row_tiles = divide_up(M, job.rows);
    int64_t per_panel = max64(1, K * RONDO_PANEL);
    int64_t panels =
        min64(divide_up(TASK_PRODUCTS, min64(job.rows, M) * per_panel), divide_up(TASK_NUMBERS, per_panel));
    if (job.kernels->precision != RONDO__F32 && job.row_tiles >= LOW_TILES)
        panels = max64(panels, LOW_PANELS);
    job.columns = panels * RONDO_PANEL;
    rondo__pool_run(context->pool, job.row_tiles * divide_up(N, job.columns), product_tile, &job);
}

/* ---- A · B, neither packed ----
 * K is walked in runs. Of a run first all of B is packed, in blocks of ANY_DEPTH rows that threads share out; then each
 * tile of C goes over the blocks. So B is packed once, and a tile streams it from the caches. */

typedef struct any_plan {
    int64_t rows, columns, row_tiles, tiles; /* of C */
    int64_t depth, run;                      /* of a block, of a run: multiples of it */
    int64_t block, a_block;                  /* numbers: of a packed block of B; of a copied block of A */
    int64_t copies;                          /* blocks of A: one for each worker, or for each tile */
} any_plan;

static any_plan plan_any(int64_t M, int64_t N, int64_t K) {
    any_plan p = {.rows = row_tile(max64(M, 1), ANY_ROWS), .columns = min64(ANY_COLUMNS, rondo__round16(N))};
    p.depth = min64(ANY_DEPTH, max64(K, 1));
    for (;;) { /* smaller tiles until there is something for each of several threads */
        p.row_tiles = divide_up(M, p.rows);
        p.tiles = p.row_tiles * divide_up(N, p.columns);
        if (p.tiles >= 16 || p.rows * p.columns * K < 4 * (int64_t)TASK_PRODUCTS)
            break;
        if (p.rows > ANY_A_ROWS)
            p.rows = row_tile(p.rows, divide_up(p.rows, 2));
        else if (p.columns > RONDO_PANEL)
            p.columns = divide_up(divide_up(p.columns, 2), RONDO_PANEL) * RONDO_PANEL;
        else
            break;
    }
    p.block = rondo__packed_count(p.depth, N);
    p.run = max64(1, ANY_PACKED / max64(1, p.block)) * p.depth;
    p.run = min64(p.run, divide_up(max64(K, 1), p.depth) * p.depth);
    p.a_block = ANY_A_ROWS * ANY_DEPTH;
    p.copies = min64(p.tiles, ANY_TASKS);
    return p;
}

size_t rondo__product_scratch(int64_t M, int64_t N, int64_t K) {
    any_plan p = plan_any(M, N, K);
    return (size_t)(p.copies * p.a_block + p.run / p.depth * p.block) * sizeof(real);
}

typedef struct any_job {
    const rondo__kernels *kernels;
    int64_t M, N, K;
    const real *a;
    int64_t ars, acs;
    const real *b;
    int64_t brs, bcs;
    real *c;
    int64_t ldc;
    bool accumulate;
    bool by_worker; /* copies of A: the worker's (warm in its cache), or the task's when there are more threads */
    any_plan plan;
    real *a_blocks, *packed;
    int64_t k0, k1; /* of the run */
    int64_t tasks;
} any_job;

static void any_pack(void *arg, int64_t index, int worker) {
    const any_job *j = arg;
    const any_plan *p = &j->plan;
    (void)worker;
    const int64_t k = j->k0 + index * p->depth, depth = min64(p->depth, j->k1 - k);
    j->kernels->pack(j->packed + index * p->block, j->b + k * j->brs, j->brs, j->bcs, depth, j->N, 0, j->N);
}

/* A (rows, depth), whose rows are the short stride, to k-major blocks: no long strides inside the kernel. */
static void pack_a(real *dst, const real *a, int64_t acs, int64_t rows, int64_t depth) {
    for (int64_t k = 0; k < depth; k++) {
        const real *ahead = a + (k + ANY_AHEAD < depth ? k + ANY_AHEAD : depth - 1) * acs;
        for (int64_t i = 0; i < rows; i += 16)
            __builtin_prefetch(ahead + i);
        memcpy(dst + k * ANY_A_ROWS, a + k * acs, (size_t)rows * sizeof(real));
    }
}

/* Rows [m0, m1) x columns [n0, n1) of C: += A[k, k + depth) · packed. */
static void any_block(const any_job *j, real *a_block, const real *packed, int64_t m0, int64_t m1, int64_t n0,
                      int64_t n1, int64_t k, int64_t depth) {
    bool accumulate = j->accumulate || k > 0;
    if (j->ars != 1 || j->acs == 1 || j->kernels->precision != RONDO__F32) { /* low precision copies by itself */
        j->kernels->gemm(m1 - m0, j->N, depth, j->a + m0 * j->ars + k * j->acs, j->ars, j->acs, packed, n0, n1,
                         j->c + m0 * j->ldc, j->ldc, NULL, accumulate);
        return;
    }
    for (int64_t m = m0; m < m1; m += ANY_A_ROWS) {
        int64_t rows = min64(ANY_A_ROWS, m1 - m);
        pack_a(a_block, j->a + m + k * j->acs, j->acs, rows, depth);
        j->kernels->gemm(rows, j->N, depth, a_block, 1, ANY_A_ROWS, packed, n0, n1, j->c + m * j->ldc, j->ldc, NULL,
                         accumulate);
    }
}

static void any_tile(const any_job *j, real *a_block, int64_t tile) {
    const any_plan *p = &j->plan;
    int64_t m0 = tile % p->row_tiles * p->rows, n0 = tile / p->row_tiles * p->columns;
    int64_t m1 = min64(m0 + p->rows, j->M), n1 = min64(n0 + p->columns, j->N), k = j->k0;
    do { /* at least once: K = 0 clears C */
        any_block(j, a_block, j->packed + (k - j->k0) / p->depth * p->block, m0, m1, n0, n1, k,
                  min64(p->depth, j->k1 - k));
        k += p->depth;
    } while (k < j->k1);
}

static void any_task(void *arg, int64_t index, int worker) {
    const any_job *j = arg;
    const any_plan *p = &j->plan;
    real *a_block = j->a_blocks + (j->by_worker ? worker : index) * p->a_block;
    for (int64_t tile = index * p->tiles / j->tasks, end = (index + 1) * p->tiles / j->tasks; tile < end; tile++)
        any_tile(j, a_block, tile);
}

void rondo__product_any(rondo_context *context, void *scratch, int64_t M, int64_t N, int64_t K, const real *a,
                        int64_t ars, int64_t acs, const real *b, int64_t brs, int64_t bcs, real *c, int64_t ldc,
                        bool accumulate) {
    if (M <= 0 || N <= 0)
        return;
    any_job job = {.kernels = context->kernels,
                   .M = M,
                   .N = N,
                   .K = K,
                   .a = a,
                   .ars = ars,
                   .acs = acs,
                   .b = b,
                   .brs = brs,
                   .bcs = bcs,
                   .c = c,
                   .ldc = ldc,
                   .accumulate = accumulate,
                   .plan = plan_any(M, N, K)};
    const any_plan *p = &job.plan;
    job.a_blocks = scratch;
    job.packed = job.a_blocks + p->copies * p->a_block;
    job.by_worker = context->threads <= p->copies;
    job.tasks = job.by_worker ? p->tiles : p->copies;
    do {
        job.k1 = min64(job.k0 + p->run, K);
        rondo__pool_run(context->pool, divide_up(job.k1 - job.k0, p->depth), any_pack, &job);
        rondo__pool_run(context->pool, job.tasks, any_task, &job);
        job.k0 = job.k1;
    } while (job.k0 < K);
}

/* ---- column sums ---- */

enum { SUM_COLUMNS = 128 };

typedef struct sums_job {
    const rondo__kernels *kernels;
    int64_t M;
    const real *x;
    int64_t ld;
    real *out;
} sums_job;

static void sum_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const sums_job *j = arg;
    (void)worker;
    real total[SUM_COLUMNS] = {0};
    for (int64_t m = 0; m < j->M; m++)
        j->kernels->add(end - begin, total, total, j->x + m * j->ld + begin);
    j->kernels->add(end - begin, j->out + begin, j->out + begin, total);
}

void rondo__column_sums(rondo_context *context, int64_t M, int64_t N, const real *x, int64_t ld, real *out) {
    sums_job job = {context->kernels, M, x, ld, out};
    rondo__parallel(context, N, SUM_COLUMNS, sum_columns, &job);
}
