#include "nn/cell.h"

#include <assert.h>
#include <string.h>

/* ---- checks ---- */

rondo_status rondo__expect_inputs(const rondo_call *call, int count, const rondo__expected *expected,
                                  rondo_error *err) {
    for (int i = 0; i < count; i++) {
        const rondo__expected *e = &expected[i];
        if (!call->in[i] && e->optional)
            continue;
        rondo_status status = rondo__expect_rank(call->op->name, e->name, call->in[i], e->rank, err);
        if (status == RONDO_OK)
            status = rondo__expect_dims(call->op->name, e->name, call->in[i], e->rank, e->dims, err);
        if (status != RONDO_OK)
            return status;
    }
    return RONDO_OK;
}

rondo_status rondo__expect_sequence(const rondo_call *call, const rondo_sequence_options *options, int weight,
                                    const char *name, rondo_error *err) {
    const char *op = call->op->name;
    rondo_status status = rondo__expect_rank(op, "x", call->in[0], 3, err);
    if (status == RONDO_OK)
        status = rondo__expect_rank(op, name, call->in[weight], 2, err);
    if (status != RONDO_OK)
        return status;
    const int64_t *x = call->in[0]->value.dims, *w = call->in[weight]->value.dims;
    if (x[2] < 1 || w[0] < 1 || w[1] < 1)
        return rondo__fail(err, RONDO_SHAPE, "%s: x is %lld wide and %s is (%lld, %lld), none may be empty", op,
                           (long long)x[2], name, (long long)w[0], (long long)w[1]);
    return rondo__sequence_check(op, x[0], x[1], options, err);
}

void rondo__set_shape(rondo_var *var, int rank, int64_t d0, int64_t d1, int64_t d2) {
    const int64_t dims[3] = {d0, d1, d2};
    assert(rank <= 3);
    var->value.rank = rank;
    for (int i = 0; i < rank; i++)
        var->value.dims[i] = dims[i];
}

/* ---- packed views ---- */

int64_t rondo__count_rows(int64_t T, int64_t B, const rondo_sequence_options *options, bool *dense) {
    int64_t rows = 0;
    *dense = true;
    if (!options->lengths)
        return T * B;
    for (int64_t b = 0; b < B; b++) {
        rows += options->lengths[b];
        *dense = *dense && options->lengths[b] == T;
    }
    return rows;
}

bool rondo__walks_in_steps(int64_t T, int64_t B, const rondo_sequence_options *options) {
    bool dense;
    rondo__count_rows(T, B, options, &dense);
    return dense && !options->reverse;
}

const real *rondo__packed_view(rondo_context *context, const rondo__plan *plan, int64_t n, const real *padded,
                               real *room) {
    if (plan->dense)
        return padded;
    rondo__gather_rows(context, plan, n, room, padded);
    return room;
}

typedef struct masking {
    const rondo__plan *plan;
    const rondo__kernels *kernels;
    int64_t n;
    real *packed;
    const real *mask;
} masking;

static void mask_steps(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    const masking *m = arg;
    for (int64_t s = begin; s < end; s++) {
        real *rows = m->packed + m->plan->start[s] * m->n;
        m->kernels->mul(m->plan->active[s] * m->n, rows, rows, m->mask);
    }
}

void rondo__mask_rows(rondo_context *context, const rondo__plan *plan, int64_t n, real *packed, const real *mask) {
    masking m = {plan, context->kernels, n, packed, mask};
    if (mask)
        rondo__parallel(context, plan->steps, 1 + 16384 / (plan->B * n + 1), mask_steps, &m);
}

const real *rondo__masked(const rondo__kernels *kernels, int64_t count, real *room, const real *in, const real *mask) {
    if (!mask)
        return in;
    kernels->mul(count, room, in, mask);
    return room;
}

void rondo__recurrent_back(const rondo__kernels *kernels, int64_t rows, rondo__units u, int64_t K, real *dh,
                           const real *da, int64_t ld, const real *packed, const real *mask, real *room,
                           bool accumulate) {
    rondo__gates_product(kernels, rows, 1, u, K, da, ld, packed, mask ? room : dh, u.H, NULL, accumulate && !mask);
    if (mask)
        rondo__on_units(accumulate ? kernels->mul_add : kernels->mul, rows, u, dh, room, mask);
}

/* ---- the product of all inputs ---- */

enum { INPUT_ROWS = 96 }; /* of a block of steps */

void rondo__input_product(rondo_context *context, const rondo__inputs *in) {
    const int64_t G = in->gates * in->H;
    if (rondo__in_steps(context))
        return;
    rondo__product(context, in->plan->rows, G, in->I, in->x, in->I, 1, in->packed, in->y, G, in->bias, false);
}

/* In any plan the rows of neighbouring steps lie together, later ones before or behind. */
void rondo__input_units(const rondo__kernels *kernels, const rondo__inputs *in, rondo__units u, int64_t s,
                        int64_t *ready) {
    const rondo__plan *plan = in->plan;
    const int64_t I = in->I, G = in->gates * in->H;
    const int64_t most = rondo__block_rows(in->context, plan->rows, INPUT_ROWS);
    int64_t rows = 0, row = plan->start[s];
    if (s < *ready)
        return;
    do {
        row = plan->start[*ready] < row ? plan->start[*ready] : row;
        rows += plan->active[(*ready)++];
    } while (*ready < plan->steps && rows + plan->active[*ready] <= most);
    rondo__steps_await(in->context, *ready);
    rondo__gates_product(kernels, rows, in->gates, u, I, in->x + row * I, I, in->packed, in->y + row * G, G, in->bias,
                         false);
}

/* ---- zoneout ---- */

/* Two products and no difference, so that keep 1 and 0 give the old and the new value exactly. */
void rondo__mix_units(int64_t rows, rondo__units u, real *h, const real *keep, const real *h_prev, const real *fresh) {
    for (int64_t row = 0; row < rows * u.H; row += u.H)
        for (int64_t j = row + u.first; j < row + u.end; j++)
            h[j] = keep[j] * h_prev[j] + (1 - keep[j]) * fresh[j];
}

/* Row by row, so that what is copied is still at hand when it is cleared. */
void rondo__split_units(int64_t rows, rondo__units u, real *fresh, real *dh, const real *keep) {
    const size_t bytes = (size_t)(u.end - u.first) * sizeof *dh;
    for (int64_t row = 0; row < rows * u.H; row += u.H) {
        if (!keep) {
            memcpy(fresh + row + u.first, dh + row + u.first, bytes);
            memset(dh + row + u.first, 0, bytes);
            continue;
        }
        for (int64_t j = row + u.first; j < row + u.end; j++) {
            fresh[j] = (1 - keep[j]) * dh[j];
            dh[j] = keep[j] * dh[j];
        }
    }
}

/* ---- gradients of a product ---- */

size_t rondo__weight_grad_scratch(int64_t M, int64_t K, int64_t N) { return rondo__product_scratch(M, K, N); }

void rondo__weight_grad(rondo_context *context, void *scratch, rondo_var *w, int64_t row, int64_t M, int64_t K,
                        int64_t N, const real *dy, int64_t ld, const real *x) {
    if (rondo__wants_grad(w) && N > 0)
        rondo__product_any(context, scratch, M, K, N, dy, 1, ld, x, K, 1, w->grad + row * K, K, true);
}

void rondo__bias_grad(rondo_context *context, rondo_var *b, int64_t M, int64_t N, const real *dy) {
    if (rondo__wants_grad(b) && N > 0)
        rondo__column_sums(context, N, M, dy, M, b->grad);
}

void rondo__bias_grads(rondo_context *context, rondo_var *a, rondo_var *b, int64_t M, int64_t N, const real *dy,
                       real *sums) {
    if (!rondo__wants_grad(a) || !rondo__wants_grad(b)) {
        rondo__bias_grad(context, rondo__wants_grad(a) ? a : b, M, N, dy);
        return;
    }
    memset(sums, 0, (size_t)M * sizeof *sums);
    rondo__column_sums(context, N, M, dy, M, sums);
    context->kernels->add(M, a->grad, a->grad, sums);
    context->kernels->add(M, b->grad, b->grad, sums);
}

void rondo__recurrent_weight_grad(rondo_context *context, void *scratch, const rondo__plan *plan, rondo_var *w,
                                  int64_t M, int64_t H, const real *dy, const real *initial, const real *values,
                                  const real *mask, real *prev) {
    const int64_t N = plan->rows, B = plan->B, later = plan->reverse ? 0 : B, earlier = B - later;
    if (!rondo__wants_grad(w) || N == 0)
        return;
    if (prev) {
        rondo__previous_rows(context, plan, H, prev, initial, values);
        rondo__mask_rows(context, plan, H, prev, mask);
        rondo__weight_grad(context, scratch, w, 0, M, H, N, dy, M, prev);
        return;
    }
    if (initial) /* the first step, then all that follow one */
        rondo__weight_grad(context, scratch, w, 0, M, H, B, dy + plan->start[0] * M, M, initial);
    rondo__weight_grad(context, scratch, w, 0, M, H, N - B, dy + later * M, M, values + earlier * H);
}

void rondo__input_grad(rondo__input_back *back) {
    const rondo__plan *plan = back->plan;
    if (!back->packed || plan->rows == 0 || back->done == plan->steps)
        return;
    real *dx = plan->dense ? back->x->grad : back->room;
    rondo__product(back->context, plan->rows, back->K, back->M, back->dy, back->M, 1, back->packed, dx, back->K, NULL,
                   plan->dense);
    if (!plan->dense)
        rondo__scatter_rows(back->context, plan, back->K, back->x->grad, dx, true);
}

void rondo__input_grad_steps(rondo__input_back *back, int64_t s) {
    const rondo__plan *plan = back->plan;
    if (!back->packed || !back->context->behind)
        return;
    const int64_t done = plan->steps - s, rows = (done - back->done) * plan->B, row = plan->start[s];
    if (s > 0 && rows < rondo__block_rows(back->context, plan->rows, INPUT_ROWS))
        return;
    rondo__product(back->context, rows, back->K, back->M, back->dy + row * back->M, back->M, 1, back->packed,
                   back->x->grad + row * back->K, back->K, NULL, true);
    back->done = done;
    rondo__steps_done(back->context, done);
}

const real *rondo__bias_sum(int64_t n, real *room, const real *a, const real *b) {
    if (!a || !b)
        return a ? a : b;
    for (int64_t j = 0; j < n; j++)
        room[j] = a[j] + b[j];
    return room;
}
