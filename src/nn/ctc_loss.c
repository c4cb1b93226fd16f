/* ctc_loss (Graves 2006): the probability of a row of symbols when nobody says at which frame each one stands. Equals
 * nn.CTCLoss on log_softmax(logits).
 *
 * A path gives every frame a symbol or the blank; what it says is itself with repeats merged and blanks dropped. The
 * row's probability is the sum over all paths that say its symbols. These walk through S = 2L + 1 places,
 *
 *   place    0      1      2      3    ...   2L
 *   symbol   blank  y_1    blank  y_2  ...   blank
 *
 * from place 0 or 1 to place S - 1 or S - 2; a step stays, goes on by one, or passes over a blank that stands between
 * two different symbols. With p_t(s) = log_softmax(logits_t)[symbol of s], all in logarithms:
 *
 *   forward    alpha_t(s) = p_t(s) + log(e^alpha_{t-1}(s) + e^alpha_{t-1}(s-1) + [may pass] e^alpha_{t-1}(s-2))
 *              log p = log(e^alpha_{T-1}(S-1) + e^alpha_{T-1}(S-2));   row loss = -log p
 *   backward   beta_t(s) = log(e^(beta_{t+1}(s) + p_{t+1}(s)) + ... (s+1) + [may pass] ... (s+2)),  beta_{T-1} = 0
 *              dlogits_t[k] += dloss / divisor * (softmax_t[k] - sum over s with symbol k of
 *                                                 e^(alpha_t(s) + beta_t(s) - log p))
 *
 * The softmax's own backward is in that formula, because the occupancies of a frame sum to 1. alpha and beta are sums
 * over whole recordings, some thousands in size, whose differences matter: they are double in every build.
 *
 * Only places from which the end can be reached, and which can be reached, are visited: s in [S - 2(T - t), 2t + 2).
 * Saved: lse (T, B); a record of each row; alpha (T_b, S_b) of each row, of which two frames suffice where nothing is
 * recorded. Scratch: row losses (B), or beta of two frames for each worker.
 *
 * A row with fewer frames than it needs (symbols, and one more between two equal ones) has probability 0 whatever its
 * frames hold. No frames and no symbols: probability 1. */
#include "nn/ctc.h"

#include <string.h>

#include "autograd/op_tools.h"
#include "nn/expect.h"

typedef struct loss_options {
    const int32_t *target, *target_lengths;
    rondo_ctc_options user;
} loss_options;

typedef struct row {
    const int32_t *target;
    int64_t T, S, B, V; /* frames, places; rows and width of the logits */
    int64_t alpha;      /* where its alpha begins */
    double log_p;       /* -inf: impossible */
} row;

static int64_t frames_of(const rondo_call *call, int64_t b) {
    const loss_options *options = call->options;
    return options->user.lengths ? options->user.lengths[b] : call->in[0]->value.dims[0];
}

/* ---- checks ---- */

static rondo_status check_row(const rondo_call *call, int64_t b, const int32_t *target, rondo_error *err) {
    const loss_options *options = call->options;
    const int64_t *dims = call->in[0]->value.dims;
    const int32_t L = options->target_lengths[b], blank = options->user.blank;
    if (frames_of(call, b) < 0 || frames_of(call, b) > dims[0])
        return rondo__fail(err, RONDO_ARGUMENT, "ctc_loss: length %lld is %lld (it must be in [0, %lld])", (long long)b,
                           (long long)frames_of(call, b), (long long)dims[0]);
    if (L < 0 || (L > 0 && !options->target))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc_loss: target length %lld is %d, %s", (long long)b, (int)L,
                           L < 0 ? "which is negative (0 is the least)" : "but target is NULL");
    for (int32_t i = 0; i < L; i++)
        if (target[i] < 0 || target[i] >= dims[2] || target[i] == blank)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "ctc_loss: symbol %d of row %lld is %d (it must be in [0, %lld) and not the blank, %d)",
                               (int)i, (long long)b, (int)target[i], (long long)dims[2], (int)blank);
    return RONDO_OK;
}

static int64_t kept_frames(const rondo_call *call, int64_t T) { return call->recording || T < 2 ? T : 2; }

/* Adds the numbers of row b's alpha; false: more than can be addressed. */
static bool add_alpha(const rondo_call *call, int64_t b, size_t *total) {
    const size_t S = 2 * (size_t)((const loss_options *)call->options)->target_lengths[b] + 1;
    size_t numbers = 0;
    return rondo__size_mul((size_t)kept_frames(call, frames_of(call, b)), S, &numbers) &&
           rondo__size_add(*total, numbers, total) && *total < PTRDIFF_MAX / 2 / sizeof(double);
}

static rondo_status check_options(const rondo_call *call, rondo_error *err) {
    const loss_options *options = call->options;
    const int64_t *dims = call->in[0]->value.dims;
    if (!(options->user.divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "ctc_loss: divide_by is %g (it must not be negative)",
                           (double)options->user.divide_by);
    if (options->user.blank < 0 || options->user.blank >= dims[2])
        return rondo__fail(err, RONDO_ARGUMENT, "ctc_loss: blank is %d (it must be in [0, %lld))",
                           (int)options->user.blank, (long long)dims[2]);
    if (dims[1] > 0 && !options->target_lengths)
        return rondo__fail(err, RONDO_ARGUMENT, "ctc_loss: target_lengths is NULL");
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const loss_options *options = call->options;
    rondo_status status = rondo__expect_rank("ctc_loss", "logits", call->in[0], 3, err);
    if (!status)
        status = check_options(call, err);
    const int32_t *target = options->target;
    size_t numbers = 0;
    for (int64_t b = 0; !status && b < call->in[0]->value.dims[1]; b++) {
        status = check_row(call, b, target, err);
        if (!status && !add_alpha(call, b, &numbers))
            status = rondo__fail(err, RONDO_SHAPE, "ctc_loss: frames times symbols are more than can be addressed");
        if (!status && target)
            target += options->target_lengths[b];
    }
    call->out[0]->value.rank = 0;
    return status;
}

/* ---- memory ---- */

static size_t padded(size_t bytes) { return (bytes + RONDO_ALIGN - 1) / RONDO_ALIGN * RONDO_ALIGN; }

static row *rows_of(const rondo_call *call) { return call->saved; }
static real *lse_of(const rondo_call *call) {
    return (real *)((char *)call->saved + padded((size_t)call->in[0]->value.dims[1] * sizeof(row)));
}
static double *alpha_of(const rondo_call *call) {
    const int64_t *dims = call->in[0]->value.dims;
    return (double *)((char *)lse_of(call) + padded((size_t)(dims[0] * dims[1]) * sizeof(real)));
}

static size_t saved_bytes(const rondo_call *call) {
    const int64_t *dims = call->in[0]->value.dims;
    size_t numbers = 0;
    for (int64_t b = 0; b < dims[1]; b++)
        (void)add_alpha(call, b, &numbers);
    return padded((size_t)dims[1] * sizeof(row)) + padded((size_t)(dims[0] * dims[1]) * sizeof(real)) +
           numbers * sizeof(double);
}

static int64_t most_places(const rondo_call *call) {
    int64_t most = 1;
    for (int64_t b = 0; b < call->in[0]->value.dims[1]; b++) {
        const int64_t S = 2 * (int64_t)((const loss_options *)call->options)->target_lengths[b] + 1;
        most = S > most ? S : most;
    }
    return most;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    return backward ? (size_t)call->context->threads * 2 * (size_t)most_places(call) * sizeof(double)
                    : (size_t)call->in[0]->value.dims[1] * sizeof(double);
}

static void lay_out_rows(const rondo_call *call) {
    const loss_options *options = call->options;
    const int64_t *dims = call->in[0]->value.dims;
    const int32_t *target = options->target;
    int64_t at = 0;
    for (int64_t b = 0; b < dims[1]; b++) {
        const int64_t L = options->target_lengths[b];
        row *r = rows_of(call) + b;
        *r = (row){.target = target, .T = frames_of(call, b), .S = 2 * L + 1, .B = dims[1], .V = dims[2], .alpha = at};
        at += kept_frames(call, r->T) * r->S;
        target = target ? target + L : NULL;
    }
}

/* ---- the walk through the places ---- */

static int64_t first_place(const row *r, int64_t t) { return r->S > 2 * (r->T - t) ? r->S - 2 * (r->T - t) : 0; }
static int64_t end_place(const row *r, int64_t t) { return r->S < 2 * t + 2 ? r->S : 2 * t + 2; }

/* May a path go from place s - 2 to s? */
static bool passes(const row *r, int64_t s) { return s % 2 == 1 && s >= 3 && r->target[s / 2] != r->target[s / 2 - 1]; }

static bool impossible(const row *r) {
    int64_t needed = r->S / 2;
    for (int64_t i = 1; i < r->S / 2; i++)
        needed += r->target[i] == r->target[i - 1];
    return needed > r->T;
}

/* Log-probabilities of one row's symbols at frame t. */
typedef struct emission {
    const row *r;
    const real *logits;
    double lse, blank;
} emission;

static emission emission_at(const rondo_call *call, const row *r, int64_t b, int64_t t) {
    const int32_t blank = ((const loss_options *)call->options)->user.blank;
    emission e = {r, rondo__data(call->in[0]) + (t * r->B + b) * r->V, (double)lse_of(call)[t * r->B + b], 0};
    e.blank = (double)e.logits[blank] - e.lse;
    return e;
}

static inline double emitted(const emission *e, int64_t s) {
    return s % 2 ? (double)e->logits[e->r->target[s / 2]] - e->lse : e->blank;
}

static void clear(double *x, int64_t count) {
    for (int64_t s = 0; s < count; s++)
        x[s] = -INFINITY;
}

static void alpha_step(const emission *e, double *alpha, const double *before, int64_t t) {
    const row *r = e->r;
    clear(alpha, r->S);
    for (int64_t s = first_place(r, t), end = end_place(r, t); s < end; s++) {
        double total = t == 0 ? 0 : before[s];
        if (t > 0 && s >= 1)
            total = rondo__log_add(total, before[s - 1]);
        if (t > 0 && passes(r, s))
            total = rondo__log_add(total, before[s - 2]);
        alpha[s] = total + emitted(e, s);
    }
}

/* beta of frame t - 1 from that of frame t, with what frame t emits. */
static void beta_step(const emission *e, double *beta, double *after, int64_t t) {
    const row *r = e->r;
    for (int64_t s = first_place(r, t), end = end_place(r, t); s < end; s++)
        after[s] += emitted(e, s);
    clear(beta, r->S);
    for (int64_t s = first_place(r, t - 1), end = end_place(r, t - 1); s < end; s++) {
        double total = after[s];
        if (s + 1 < r->S)
            total = rondo__log_add(total, after[s + 1]);
        if (s + 2 < r->S && passes(r, s + 2))
            total = rondo__log_add(total, after[s + 2]);
        beta[s] = total;
    }
}

/* ---- forward ---- */

static void forward_lse(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const int64_t *dims = call->in[0]->value.dims;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        if (i / dims[1] < frames_of(call, i % dims[1]))
            lse_of(call)[i] = call->context->kernels->logsumexp_row(dims[2], rondo__data(call->in[0]) + i * dims[2]);
}

static double row_forward(const rondo_call *call, const row *r, int64_t b) {
    double *alpha = alpha_of(call) + r->alpha;
    const int64_t kept = kept_frames(call, r->T);
    if (impossible(r))
        return -INFINITY;
    if (r->T == 0)
        return 0;
    for (int64_t t = 0; t < r->T; t++) {
        const emission e = emission_at(call, r, b, t);
        alpha_step(&e, alpha + t % kept * r->S, alpha + (t + kept - 1) % kept * r->S, t);
    }
    const double *last = alpha + (r->T - 1) % kept * r->S;
    return r->S == 1 ? last[0] : rondo__log_add(last[r->S - 1], last[r->S - 2]);
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo_ctc_options *options = &((const loss_options *)call->options)->user;
    (void)worker;
    for (int64_t b = begin; b < end; b++) {
        row *r = rows_of(call) + b;
        r->log_p = row_forward(call, r, b);
        const double loss = r->log_p == 0 ? 0 : -r->log_p; /* no -0 */
        ((double *)call->scratch)[b] = options->skip_impossible && loss == INFINITY ? 0 : loss;
        if (options->row_losses)
            options->row_losses[b] = (real)loss;
    }
}

static double divisor(const rondo_call *call) {
    const real by = ((const loss_options *)call->options)->user.divide_by;
    return by > 0 ? (double)by : (double)call->in[0]->value.dims[1];
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const int64_t *dims = call->in[0]->value.dims;
    (void)err;
    lay_out_rows(call);
    rondo__parallel(call->context, dims[0] * dims[1], rondo__row_grain(dims[2]), forward_lse, call);
    rondo__parallel(call->context, dims[1], 1, forward_rows, call);
    *rondo__data(call->out[0]) = rondo__total_loss(dims[1], call->scratch, divisor(call));
    return RONDO_OK;
}

/* ---- backward ---- */

typedef struct job {
    const rondo_call *call;
    double scale; /* gradient of a row's loss */
} job;

/* dlogits of one frame: softmax, less the share of the paths at each symbol. */
static void frame_backward(const job *j, const emission *e, real *grad, const double *alpha, const double *beta,
                           int64_t t) {
    const row *r = e->r;
    double blank = 0;
    j->call->context->kernels->cross_entropy_backward_row(r->V, grad, e->logits, (real)e->lse, -1, 0, (real)j->scale);
    for (int64_t s = first_place(r, t), end = end_place(r, t); s < end; s++) {
        const double share = exp(alpha[s] + beta[s] - r->log_p);
        if (s % 2)
            grad[r->target[s / 2]] -= (real)(j->scale * share);
        else
            blank += share;
    }
    grad[((const loss_options *)j->call->options)->user.blank] -= (real)(j->scale * blank);
}

/* An infinite loss has no gradient: as in PyTorch, it is not a number. */
static void refuse_row(const job *j, const row *r, int64_t b) {
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t k = 0; k < r->V; k++)
            j->call->in[0]->grad[(t * r->B + b) * r->V + k] = (real)NAN;
}

static void row_backward(const job *j, const row *r, int64_t b, double *beta, double *other) {
    const double *alpha = alpha_of(j->call) + r->alpha;
    clear(beta, r->S);
    beta[r->S - 1] = 0;
    if (r->S > 1)
        beta[r->S - 2] = 0;
    for (int64_t t = r->T - 1; t >= 0; t--) {
        const emission e = emission_at(j->call, r, b, t);
        frame_backward(j, &e, j->call->in[0]->grad + (t * r->B + b) * r->V, alpha + t * r->S, beta, t);
        if (t > 0)
            beta_step(&e, other, beta, t);
        double *swap = beta;
        beta = other;
        other = swap;
    }
}

static void backward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const int64_t S = most_places(j->call);
    double *beta = (double *)j->call->scratch + worker * 2 * S;
    for (int64_t b = begin; b < end; b++) {
        const row *r = rows_of(j->call) + b;
        if (r->log_p != -INFINITY)
            row_backward(j, r, b, beta, beta + S);
        else if (!((const loss_options *)j->call->options)->user.skip_impossible)
            refuse_row(j, r, b);
    }
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    const double by = divisor(call);
    (void)err;
    if (by > 0 && call->in[0]->grad) {
        job j = {call, (double)*call->out[0]->grad / by};
        rondo__parallel(call->context, call->in[0]->value.dims[1], 1, backward_rows, &j);
    }
    return RONDO_OK;
}

static const rondo_op ctc_loss = {.name = "ctc_loss",
                                  .options_size = sizeof(loss_options),
                                  .shape = shape,
                                  .saved_bytes = saved_bytes,
                                  .scratch_bytes = scratch_bytes,
                                  .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_ctc_loss(rondo_tape *tape, rondo_var *logits, const int32_t *target, const int32_t *target_lengths,
                          const rondo_ctc_options *options) {
    loss_options all = {.target = target, .target_lengths = target_lengths};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &ctc_loss, &all, 1, &logits);
}
