/* MatMul and Gemm. Numbers of the library's own type go through its parallel products; all others through double. */
#include <string.h>

#include "exchange/broadcast.h"

/* One product: C (M, N) = A (M, K) · B (K, N), elements a[m*ars + k*acs], b[k*brs + n*bcs]. */
typedef struct product {
    rondo_dtype dtype;
    int64_t M, N, K, ars, acs, brs, bcs;
    void *scratch; /* of the fast way, */
    double *a, *b; /* or all of both inputs in double */
    double *row;   /* and a row of the result (N) */
    rondo_context *context;
} product;

static bool is_fast(const product *p) { return p->dtype == RONDO_REAL; }

static void product_close(product *p) {
    rondo__free(p->scratch);
    rondo__free(p->a);
    rondo__free(p->b);
    rondo__free(p->row);
}

static rondo_status product_open(const rondo__graph_call *call, product *p, const rondo__array *a,
                                 const rondo__array *b, rondo_error *err) {
    size_t bytes;
    p->context = call->graph->context;
    p->dtype = a->dtype;
    if (!rondo__is_float(a->dtype) || a->dtype != b->dtype)
        return rondo__bad(call, err, RONDO_UNSUPPORTED,
                          "its inputs are %s and %s (floats of one type can be multiplied)", rondo_dtype_name(a->dtype),
                          rondo_dtype_name(b->dtype));
    if (is_fast(p)) {
        p->scratch = rondo__alloc(rondo__product_scratch(p->M, p->N, p->K));
        return p->scratch ? RONDO_OK : rondo__no_memory(call, err);
    }
    p->a = rondo__array_doubles(a);
    p->b = rondo__array_doubles(b);
    p->row = rondo__size_mul((size_t)p->N, sizeof *p->row, &bytes) ? rondo__alloc(bytes) : NULL;
    return p->a && p->b && p->row ? RONDO_OK : rondo__no_memory(call, err);
}

/* From element a_at of a and b_at of b into c_at of c. */
static void product_run(const product *p, const rondo__array *a, int64_t a_at, const rondo__array *b, int64_t b_at,
                        const rondo__array *c, int64_t c_at) {
    if (is_fast(p)) {
        if (p->K > 0)
            rondo__product_any(p->context, p->scratch, p->M, p->N, p->K, (const real *)a->data + a_at, p->ars, p->acs,
                               (const real *)b->data + b_at, p->brs, p->bcs, (real *)c->data + c_at, p->N, false);
        else
            memset((real *)c->data + c_at, 0, (size_t)(p->M * p->N) * sizeof(real));
        return;
    }
    for (int64_t m = 0; m < p->M; m++) {
        memset(p->row, 0, (size_t)p->N * sizeof *p->row);
        for (int64_t k = 0; k < p->K; k++) {
            const double x = p->a[a_at + m * p->ars + k * p->acs], *w = p->b + b_at + k * p->brs;
            for (int64_t n = 0; n < p->N; n++)
                p->row[n] += x * w[n * p->bcs];
        }
        rondo__array_write(c, c_at + m * p->N, p->N, p->row);
    }
}

/* Inputs of one dimension become a row and a column, whose dimension goes again in the end. */
typedef struct matmul {
    rondo__array a, b;
    int rank; /* of the result, both matrix dimensions there */
    int64_t dims[RONDO__ONNX_RANK];
    int64_t a_step[RONDO__ONNX_RANK], b_step[RONDO__ONNX_RANK]; /* per batch dimension */
} matmul;

static bool find_batches(matmul *m) {
    m->rank = m->a.rank > m->b.rank ? m->a.rank : m->b.rank;
    for (int d = 0; d < m->rank - 2; d++) {
        const int ad = d - (m->rank - m->a.rank), bd = d - (m->rank - m->b.rank);
        const int64_t an = ad < 0 ? 1 : m->a.dims[ad], bn = bd < 0 ? 1 : m->b.dims[bd];
        if (an != bn && an != 1 && bn != 1)
            return false;
        m->dims[d] = an == 1 ? bn : an;
        m->a_step[d] = an == 1 ? 0 : rondo__span(m->a.dims, ad + 1, m->a.rank);
        m->b_step[d] = bn == 1 ? 0 : rondo__span(m->b.dims, bd + 1, m->b.rank);
    }
    m->dims[m->rank - 2] = m->a.dims[m->a.rank - 2];
    m->dims[m->rank - 1] = m->b.dims[m->b.rank - 1];
    return m->a.dims[m->a.rank - 1] == m->b.dims[m->b.rank - 2];
}

static void run_batches(const product *p, const matmul *m, const rondo__array *c) {
    int64_t index[RONDO__ONNX_RANK] = {0};
    for (int64_t c_at = 0; c_at < c->count; c_at += p->M * p->N) {
        int64_t a_at = 0, b_at = 0;
        for (int d = 0; d < m->rank - 2; d++) {
            a_at += index[d] * m->a_step[d];
            b_at += index[d] * m->b_step[d];
        }
        product_run(p, &m->a, a_at, &m->b, b_at, c, c_at);
        for (int d = m->rank - 3; d >= 0 && ++index[d] == m->dims[d]; d--)
            index[d] = 0;
    }
}

static void as_matrix(rondo__array *out, const rondo__array *x, bool row) {
    const int64_t dims[2] = {row ? 1 : x->count, row ? x->count : 1};
    *out = *x; /* a view, not held */
    if (x->rank == 1) {
        out->rank = 2;
        memcpy(out->dims, dims, sizeof dims);
    }
}

/* One matrix for all batches: all rows of a are one product. */
static void merge_rows(product *p, matmul *m) {
    if (m->b.rank != 2 || m->rank <= 2)
        return;
    p->M = rondo__span(m->dims, 0, m->rank - 1);
    m->rank = 2;
}

static rondo_status run_matmul(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *x = rondo__in(call, 0), *y = rondo__in(call, 1);
    matmul m = {{0}};
    int64_t dims[RONDO__ONNX_RANK];
    int rank = 0;
    rondo__array *out;
    as_matrix(&m.a, x, true);
    as_matrix(&m.b, y, false);
    if (x->rank < 1 || y->rank < 1 || !find_batches(&m))
        return rondo__bad(call, err, RONDO_SHAPE, "%s and %s cannot be multiplied",
                          rondo__dims_show(x->rank, x->dims).text, rondo__dims_show(y->rank, y->dims).text);
    for (int d = 0; d < m.rank; d++)
        if (!(d == m.rank - 2 && x->rank == 1) && !(d == m.rank - 1 && y->rank == 1))
            dims[rank++] = m.dims[d];
    product p = {.M = m.dims[m.rank - 2], .N = m.dims[m.rank - 1], .K = m.a.dims[m.a.rank - 1]};
    p.ars = p.K;
    p.acs = 1;
    p.brs = p.N;
    p.bcs = 1;
    merge_rows(&p, &m);
    rondo_status status = product_open(call, &p, &m.a, &m.b, err);
    if (!status)
        status = rondo__make_out(call, 0, x->dtype, rank, dims, &out, err);
    if (!status && out && out->count > 0)
        run_batches(&p, &m, out);
    product_close(&p);
    return status;
}

/* ---- Gemm: alpha * A' · B' + beta * C ---- */

typedef struct factors {
    double alpha, beta;
} factors;

static bool add_chunk(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out) {
    const factors *f = arg;
    for (int64_t i = 0; i < n; i++)
        out->d[i] = f->alpha * in[0].d[i] + f->beta * in[1].d[i];
    return true;
}

static rondo_status scale_and_add(const rondo__graph_call *call, rondo__array *out, rondo_error *err) {
    static const double nought = 0;
    const rondo__array zero = {.dtype = RONDO_F64, .count = 1, .data = (void *)(uintptr_t)&nought};
    const rondo__array *c = rondo__in(call, 2), *in[2] = {out, c ? c : &zero};
    const factors f = {rondo__attribute_float(call->node, "alpha", 1),
                       c ? rondo__attribute_float(call->node, "beta", 1) : 0};
    const bool whole[2] = {false, false};
    rondo__broadcast b;
    if (!c && f.alpha == 1)
        return RONDO_OK;
    rondo_status status = rondo__broadcast_make(call, &b, 2, in, err);
    if (!status && (b.shape_rank != 2 || b.shape[0] != out->dims[0] || b.shape[1] != out->dims[1]))
        status = rondo__bad(call, err, RONDO_SHAPE, "C of %s does not fit to %s",
                            rondo__dims_show(c->rank, c->dims).text, rondo__dims_show(2, out->dims).text);
    if (!status)
        rondo__broadcast_run(&b, whole, false, out, add_chunk, &f);
    return status;
}

static rondo_status run_gemm(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *a = rondo__in(call, 0), *b = rondo__in(call, 1);
    const bool ta = rondo__attribute_int(call->node, "transA", 0) != 0,
               tb = rondo__attribute_int(call->node, "transB", 0) != 0;
    rondo__array *out;
    if (a->rank != 2 || b->rank != 2 || a->dims[!ta] != b->dims[tb])
        return rondo__bad(call, err, RONDO_SHAPE, "%s and %s cannot be multiplied",
                          rondo__dims_show(a->rank, a->dims).text, rondo__dims_show(b->rank, b->dims).text);
    product p = {.M = a->dims[ta], .N = b->dims[!tb], .K = a->dims[!ta]};
    p.ars = ta ? 1 : p.K;
    p.acs = ta ? p.M : 1;
    p.brs = tb ? 1 : p.N;
    p.bcs = tb ? p.K : 1;
    const int64_t dims[2] = {p.M, p.N};
    rondo_status status = product_open(call, &p, a, b, err);
    if (!status)
        status = rondo__make_out(call, 0, a->dtype, 2, dims, &out, err);
    if (!status && out && out->count > 0) {
        product_run(&p, a, 0, b, 0, out, 0);
        status = scale_and_add(call, out, err);
    }
    product_close(&p);
    return status;
}

const rondo__operator rondo__operators_product[] = {
    {"MatMul", 2, 2, 1, 1, "", run_matmul, 0, 0},
    {"Gemm", 2, 3, 1, 1, " alpha:f beta:f transA:i transB:i ", run_gemm, 0, 0},
    {0},
};
