/* crf_loss: the negative log-likelihood of label paths under a linear-chain conditional random field (Lafferty 2001;
 * the recurrent tagger of Collobert 2011, Lample 2016); equals pytorch-crf.
 *
 *   e (T, B, V) emissions, A (V, V) transitions from row to column, s, f (V) start and end, y (T, B) the truth
 *   score(y) = s[y_1] + sum_t e_t[y_t] + sum_t A[y_t][y_{t+1}] + f[y_T]
 *   a_1 = s + e_1,   a_{t+1}[j] = e_{t+1}[j] + log sum_i exp(a_t[i] + A[i][j]),   log Z = log sum_j exp(a_T[j] + f[j])
 *   row loss = log Z - score(y);  loss = sum over rows / divisor
 *
 * Each a_t is kept less its largest element, and what was taken off is summed in double. So single precision does not
 * suffer from long rows, where log Z and score(y) are large and nearly equal.
 *
 * Backward. Differentiating the recursion gives the marginals: with E[i][j] = exp(a_t[i] + A[i][j] - m[j]), m[j] the
 * largest exponent of the column, S[j] = sum_i E[i][j], and p_t[j] = P(y_t = j),
 *
 *   p_T = softmax(a_T + f),   P(y_t = i, y_{t+1} = j) = E[i][j] p_{t+1}[j] / S[j],   p_t[i] = sum_j of it
 *
 * This is the forward-backward algorithm with the backward scores left implicit: every column is divided by its own
 * sum, so the marginals of a step sum to 1 however long the row is, and no second table of logarithms is needed.
 *   de_t[j] += g (p_t[j] - [y_t = j]),  dA[i][j] += g sum_t (P(y_t = i, y_{t+1} = j) - [y_t = i, y_{t+1} = j]),
 *   ds += g (p_1 - [y_1]),  df += g (p_T - [y_T]),  g = dloss / divisor
 *
 * A score of -inf forbids: such paths have probability 0 and no gradient. Saved: a, as (B, T, V). Rows are independent.
 * For the gradients of A, s, f they are cut into at most GROUPS groups by their number alone; each group sums its rows
 * in order, and the groups are summed in order: the same bits whatever the threads. */
#include <math.h>
#include <string.h>

#include "autograd/op_tools.h"
#include "nn/carve.h"
#include "nn/expect.h"
#include "rondo/crf.h"

enum { EMISSION, TRANSITION, START, END, INPUTS };
enum { GROUPS = 16 };

typedef struct loss_options {
    const int32_t *target; /* (T, B) */
    rondo_crf_options user;
} loss_options;

static const loss_options *options_of(const rondo_call *call) { return call->options; }
static const int64_t *dims_of(const rondo_call *call) { return call->in[EMISSION]->value.dims; }
static int64_t length_of(const rondo_call *call, int64_t b) {
    const int32_t *lengths = options_of(call)->user.lengths;
    return lengths ? lengths[b] : dims_of(call)[0];
}

/* ---- shape ---- */

static rondo_status check_labels(const rondo_call *call, rondo_error *err) {
    const loss_options *options = options_of(call);
    const int64_t *dims = dims_of(call);
    if (!(options->user.divide_by >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "crf_loss: divide_by is %g (it must not be negative)",
                           (double)options->user.divide_by);
    if (!options->target && dims[0] * dims[1] > 0)
        return rondo__fail(err, RONDO_ARGUMENT, "crf_loss: target is NULL (it is not optional)");
    for (int64_t b = 0; b < dims[1]; b++) {
        int64_t length = length_of(call, b);
        if (length < 0 || length > dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "crf_loss: row %lld has length %lld (it must be 0 to %lld)",
                               (long long)b, (long long)length, (long long)dims[0]);
        for (int64_t t = 0; t < length; t++) {
            int32_t y = options->target[t * dims[1] + b];
            if (y < 0 || y >= dims[2])
                return rondo__fail(err, RONDO_ARGUMENT,
                                   "crf_loss: the target of step %lld, row %lld is %d (it must be 0 to %lld)",
                                   (long long)t, (long long)b, (int)y, (long long)dims[2] - 1);
        }
    }
    return RONDO_OK;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    static const char *const names[] = {"emission", "transition", "start", "end"};
    rondo_status status = rondo__expect_rank("crf_loss", "emission", call->in[EMISSION], 3, err);
    for (int i = TRANSITION; i < INPUTS && !status; i++) {
        int64_t V = dims_of(call)[2];
        status = rondo__need(call, i, names[i], err);
        if (!status)
            status =
                rondo__expect_dims("crf_loss", names[i], call->in[i], i == TRANSITION ? 2 : 1, (int64_t[]){V, V}, err);
    }
    if (status)
        return status;
    if (dims_of(call)[2] < 1)
        return rondo__fail(err, RONDO_SHAPE, "crf_loss: emission has no labels (V must be 1 or more)");
    call->out[0]->value.rank = 0;
    return check_labels(call, err);
}

static double divisor(const rondo_call *call) {
    if (options_of(call)->user.divide_by > 0)
        return (double)options_of(call)->user.divide_by;
    int64_t labels = 0;
    for (int64_t b = 0; b < dims_of(call)[1]; b++)
        labels += length_of(call, b);
    return (double)labels;
}

/* ---- memory ---- */

static size_t saved_bytes(const rondo_call *call) { return (size_t)rondo__count(call->in[EMISSION]) * sizeof(real); }

static int64_t groups_of(const rondo_call *call) { return dims_of(call)[1] < GROUPS ? dims_of(call)[1] : GROUPS; }

/* What one worker uses. */
typedef struct worker_memory {
    real *exponential; /* (V, V): E */
    real *largest;     /* (V): m */
    double *sum;       /* (V): S */
    real *p, *weight;  /* (V): marginals of a step; p / S */
} worker_memory;

typedef struct memory {
    double *losses;      /* (B); forward */
    real *partial;       /* (groups, V*V + 2V): gradients of transition, start, end; backward */
    char *workers;       /* the first of as many blocks as threads */
    size_t worker_bytes; /* of one block */
} memory;

static worker_memory carve_worker(rondo__carver *carver, int64_t V) {
    worker_memory w;
    w.exponential = rondo__carve(carver, V * V);
    w.largest = rondo__carve(carver, V);
    w.sum = rondo__carve_bytes(carver, (size_t)V * sizeof(double));
    w.p = rondo__carve(carver, V);
    w.weight = rondo__carve(carver, V);
    return w;
}

static int64_t partial_count(int64_t V) { return V * V + 2 * V; }

static memory carve_memory(const rondo_call *call, rondo__carver *carver, bool backward) {
    int64_t V = dims_of(call)[2];
    rondo__carver worker = {0};
    memory m = {0};
    carve_worker(&worker, V);
    m.worker_bytes = worker.used;
    if (backward)
        m.partial = rondo__carve(carver, groups_of(call) * partial_count(V));
    else
        m.losses = rondo__carve_bytes(carver, (size_t)dims_of(call)[1] * sizeof(double));
    m.workers = rondo__carve_bytes(carver, (size_t)call->context->threads * m.worker_bytes);
    return m;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    rondo__carver carver = {0};
    carve_memory(call, &carver, backward);
    return carver.used;
}

typedef struct job {
    const rondo_call *call;
    memory memory;
    real scale; /* backward: dloss / divisor */
} job;

static worker_memory memory_of(const job *j, int worker) {
    rondo__carver carver = {.base = j->memory.workers + (size_t)worker * j->memory.worker_bytes};
    return carve_worker(&carver, dims_of(j->call)[2]);
}

/* ---- a step ---- */

/* m, E and S of the header from a (V), A (V, V). A column without any path has m 0 and S 0. */
static void step_weights(const rondo__kernels *kernels, int64_t V, const worker_memory *w, const real *a,
                         const real *transition) {
    real *E = w->exponential, *m = w->largest;
    for (int64_t j = 0; j < V; j++)
        m[j] = -(real)INFINITY;
    for (int64_t i = 0; i < V; i++)
        for (int64_t j = 0; j < V; j++) {
            real x = a[i] + transition[i * V + j];
            E[i * V + j] = x;
            m[j] = x > m[j] ? x : m[j];
        }
    for (int64_t j = 0; j < V; j++)
        m[j] = isinf(m[j]) ? 0 : m[j];
    for (int64_t i = 0; i < V; i++)
        for (int64_t j = 0; j < V; j++)
            E[i * V + j] -= m[j];
    kernels->exp(V * V, E, E);
    memset(w->sum, 0, (size_t)V * sizeof *w->sum);
    for (int64_t i = 0; i < V; i++)
        for (int64_t j = 0; j < V; j++)
            w->sum[j] += (double)E[i * V + j];
}

/* a = x less its largest element, which is returned; 0 where there is no finite one. */
static double take_largest(int64_t V, real *a, const double *x) {
    double largest = -INFINITY;
    for (int64_t j = 0; j < V; j++)
        largest = x[j] > largest ? x[j] : largest;
    largest = isinf(largest) ? 0 : largest;
    for (int64_t j = 0; j < V; j++)
        a[j] = (real)(x[j] - largest);
    return largest;
}

static const real *emission_at(const rondo_call *call, int64_t t, int64_t b) {
    const int64_t *dims = dims_of(call);
    return rondo__data(call->in[EMISSION]) + (t * dims[1] + b) * dims[2];
}
static int32_t target_at(const rondo_call *call, int64_t t, int64_t b) {
    return options_of(call)->target[t * dims_of(call)[1] + b];
}
/* a_t of row b. */
static real *alpha_at(const rondo_call *call, int64_t t, int64_t b) {
    const int64_t *dims = dims_of(call);
    return (real *)call->saved + (b * dims[0] + t) * dims[2];
}

/* ---- forward ---- */

static double log_partition(const rondo_call *call, int64_t b, int64_t length, const worker_memory *w) {
    int64_t V = dims_of(call)[2];
    const real *start = rondo__data(call->in[START]), *end = rondo__data(call->in[END]);
    double taken = 0, total = 0;
    for (int64_t t = 0; t < length; t++) {
        const real *e = emission_at(call, t, b);
        if (t > 0)
            step_weights(call->context->kernels, V, w, alpha_at(call, t - 1, b), rondo__data(call->in[TRANSITION]));
        for (int64_t j = 0; j < V; j++)
            w->sum[j] = (double)e[j] + (t > 0 ? (double)w->largest[j] + log(w->sum[j]) : (double)start[j]);
        taken += take_largest(V, alpha_at(call, t, b), w->sum);
    }
    for (int64_t j = 0; j < V; j++)
        w->sum[j] = (double)alpha_at(call, length - 1, b)[j] + (double)end[j];
    taken += take_largest(V, w->p, w->sum);
    for (int64_t j = 0; j < V; j++)
        total += exp((double)w->p[j]);
    return taken + log(total);
}

static double path_score(const rondo_call *call, int64_t b, int64_t length) {
    int64_t V = dims_of(call)[2];
    double score = (double)rondo__data(call->in[START])[target_at(call, 0, b)] +
                   (double)rondo__data(call->in[END])[target_at(call, length - 1, b)];
    for (int64_t t = 0; t < length; t++) {
        int32_t y = target_at(call, t, b);
        score += (double)emission_at(call, t, b)[y];
        if (t > 0)
            score += (double)rondo__data(call->in[TRANSITION])[target_at(call, t - 1, b) * V + y];
    }
    return score;
}

static void forward_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    const rondo_call *call = j->call;
    worker_memory w = memory_of(j, worker);
    for (int64_t b = begin; b < end; b++) {
        int64_t length = length_of(call, b);
        double loss = length ? log_partition(call, b, length, &w) - path_score(call, b, length) : 0;
        loss = loss < 0 ? 0 : loss; /* no path is likelier than all together: rounding */
        j->memory.losses[b] = loss;
        if (options_of(call)->user.row_losses)
            options_of(call)->user.row_losses[b] = (real)loss;
    }
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    const int64_t *dims = dims_of(call);
    rondo__carver carver = {.base = call->scratch};
    job j = {.call = call, .memory = carve_memory(call, &carver, false)};
    (void)err;
    rondo__parallel(call->context, dims[1], 1, forward_rows, &j);
    *rondo__data(call->out[0]) = rondo__total_loss(dims[1], j.memory.losses, divisor(call));
    return RONDO_OK;
}

/* ---- backward ---- */

/* The gradients that a group of rows sums up. */
typedef struct sums {
    real *transition, *start, *end;
} sums;

static sums sums_of(const job *j, int64_t group) {
    int64_t V = dims_of(j->call)[2];
    real *transition = j->memory.partial + group * partial_count(V);
    return (sums){transition, transition + V * V, transition + V * V + V};
}

/* d += g (p - [y]) */
static void add_difference(const job *j, real *d, const real *p, int32_t y) {
    j->call->context->kernels->axpy(dims_of(j->call)[2], d, j->scale, p);
    d[y] -= j->scale;
}

/* From p, the marginals of step t + 1, to those of step t; adds to the gradient of the transitions. */
static void step_back(const job *j, const worker_memory *w, const sums *d, int64_t t, int64_t b) {
    const rondo_call *call = j->call;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t V = dims_of(call)[2];
    step_weights(kernels, V, w, alpha_at(call, t, b), rondo__data(call->in[TRANSITION]));
    for (int64_t k = 0; k < V; k++)
        w->weight[k] = w->sum[k] == 0 ? 0 : (real)((double)w->p[k] / w->sum[k]);
    for (int64_t i = 0; i < V; i++)
        w->p[i] = (real)kernels->dot(V, w->exponential + i * V, w->weight);
    kernels->affine(V, w->weight, w->weight, j->scale, 0);
    for (int64_t i = 0; i < V; i++)
        kernels->mul_add(V, d->transition + i * V, w->exponential + i * V, w->weight);
    d->transition[target_at(call, t, b) * V + target_at(call, t + 1, b)] -= j->scale;
}

static void backward_row(const job *j, const worker_memory *w, const sums *d, int64_t b) {
    const rondo_call *call = j->call;
    const rondo__kernels *kernels = call->context->kernels;
    int64_t B = dims_of(call)[1], V = dims_of(call)[2], length = length_of(call, b);
    if (length == 0)
        return;
    kernels->add(V, w->p, alpha_at(call, length - 1, b), rondo__data(call->in[END]));
    kernels->softmax_row(V, w->p, w->p);
    add_difference(j, d->end, w->p, target_at(call, length - 1, b));
    for (int64_t t = length - 1; t >= 0; t--) {
        if (t < length - 1)
            step_back(j, w, d, t, b);
        if (call->in[EMISSION]->grad)
            add_difference(j, call->in[EMISSION]->grad + (t * B + b) * V, w->p, target_at(call, t, b));
    }
    add_difference(j, d->start, w->p, target_at(call, 0, b));
}

static void backward_groups(void *arg, int64_t begin, int64_t end, int worker) {
    const job *j = arg;
    int64_t B = dims_of(j->call)[1], V = dims_of(j->call)[2], groups = groups_of(j->call);
    worker_memory w = memory_of(j, worker);
    for (int64_t group = begin; group < end; group++) {
        sums d = sums_of(j, group);
        memset(d.transition, 0, (size_t)partial_count(V) * sizeof *d.transition);
        for (int64_t b = group * B / groups; b < (group + 1) * B / groups; b++)
            backward_row(j, &w, &d, b);
    }
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    int64_t V = dims_of(call)[2];
    double by = divisor(call);
    (void)err;
    if (!(by > 0))
        return RONDO_OK;
    rondo__carver carver = {.base = call->scratch};
    job j = {call, carve_memory(call, &carver, true), (real)((double)*call->out[0]->grad / by)};
    rondo__parallel(call->context, groups_of(call), 1, backward_groups, &j);
    for (int64_t group = 0; group < groups_of(call); group++) {
        sums d = sums_of(&j, group);
        if (call->in[TRANSITION]->grad)
            rondo__accumulate(call->context, V * V, call->in[TRANSITION]->grad, d.transition);
        if (call->in[START]->grad)
            rondo__accumulate(call->context, V, call->in[START]->grad, d.start);
        if (call->in[END]->grad)
            rondo__accumulate(call->context, V, call->in[END]->grad, d.end);
    }
    return RONDO_OK;
}

static const rondo_op crf_loss = {.name = "crf_loss",
                                  .options_size = sizeof(loss_options),
                                  .shape = shape,
                                  .saved_bytes = saved_bytes,
                                  .scratch_bytes = scratch_bytes,
                                  .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo_crf_loss(rondo_tape *tape, rondo_var *emission, const int32_t *target,
                          const rondo_crf_weights *weights, const rondo_crf_options *options) {
    static const rondo_crf_weights none;
    const rondo_crf_weights *w = weights ? weights : &none;
    loss_options all = {.target = target};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &crf_loss, &all, INPUTS, (rondo_var *[]){emission, w->transition, w->start, w->end});
}
