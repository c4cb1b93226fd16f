/* Adaptive softmax (Grave 2017), with the arithmetic and parameter names of PyTorch's AdaptiveLogSoftmaxWithLoss.
 *
 * Symbols stand in falling order of frequency. The head scores the `cutoff[0]` most frequent ones and one entry for
 * each tail cluster; cluster i scores its own symbols from x projected to width / div^(i+1):
 *
 *     log p(w) = head[w]                                       w in the head
 *     log p(w) = head[cutoff[0] + i] + tail_i[w - cutoff[i]]   w in cluster i = [cutoff[i], cutoff[i+1])
 *
 * The loss sends only those rows through a tail whose target lies in it, which is where the time is saved. */
#include "nn/adaptive.h"
#include "autograd/tape.h"
#include "nn/params.h"
#include "nn/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static rondo_status check_create(int64_t width, int64_t V, int cutoffs, const int64_t *cutoff, double div,
                                 rondo_error *err) {
    if (width < 1 || width > INT32_MAX || V < 2 || V > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "adaptive softmax: width is %lld and V is %lld (must be 1 and 2 or more)", (long long)width,
                           (long long)V);
    if (cutoffs < 1 || cutoffs > RONDO__CLUSTERS)
        return rondo__fail(err, RONDO_ARGUMENT, "adaptive softmax: %d cutoffs (must be 1 to %d)", cutoffs,
                           RONDO__CLUSTERS);
    for (int i = 0; i < cutoffs; i++)
        if (cutoff[i] <= (i ? cutoff[i - 1] : 0) || cutoff[i] >= V)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "adaptive softmax: cutoff %d is %lld (cutoffs must rise, from 1 to below V = %lld)", i,
                               (long long)cutoff[i], (long long)V);
    if (!(div >= 1) || (double)width / pow(div, cutoffs) < 1)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "adaptive softmax: div is %g (must be 1 or more, and leave the last cluster some width)",
                           div);
    return RONDO_OK;
}

/* nn.Linear's start: uniform within 1/sqrt(fan-in). */
static rondo_status declare(rondo_adaptive *a, const char *prefix, const char *name, int64_t rows, int64_t columns,
                            int *index, rondo_error *err) {
    char full[256];
    int length = snprintf(full, sizeof(full), "%s%s", prefix ? prefix : "", name);
    if (length < 0 || (size_t)length >= sizeof(full))
        return rondo__fail(err, RONDO_ARGUMENT, "adaptive softmax: the prefix is too long (at most 90 characters)");
    rondo_init init = {RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)columns))};
    return rondo_params_add(a->params, full, 2, (int64_t[]){rows, columns}, init, index, err);
}

static rondo_status declare_all(rondo_adaptive *a, const char *prefix, double div, rondo_error *err) {
    rondo_status status = declare(a, prefix, "head.weight", a->cutoff[0] + a->clusters, a->width, &a->head, err);
    for (int i = 0; i < a->clusters && !status; i++) {
        char name[64];
        int64_t narrow = (int64_t)((double)a->width / pow(div, i + 1));
        snprintf(name, sizeof(name), "tail.%d.0.weight", i);
        status = declare(a, prefix, name, narrow, a->width, &a->project[i], err);
        snprintf(name, sizeof(name), "tail.%d.1.weight", i);
        if (!status)
            status = declare(a, prefix, name, a->cutoff[i + 1] - a->cutoff[i], narrow, &a->score[i], err);
    }
    return status;
}

rondo_status rondo_adaptive_create(rondo_adaptive **out, rondo_params *params, const char *prefix, int64_t width,
                                   int64_t V, int cutoffs, const int64_t *cutoff, double div, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params || !cutoff)
        return rondo__fail(err, RONDO_ARGUMENT, "adaptive softmax: %s is NULL",
                           !out      ? "out"
                           : !params ? "params (rondo_params_create makes it)"
                                     : "cutoff");
    rondo_status status = check_create(width, V, cutoffs, cutoff, div, err);
    if (status)
        return status;
    rondo_adaptive *a = rondo__calloc(1, sizeof(*a));
    if (!a)
        return rondo__fail(err, RONDO_MEMORY, "adaptive softmax: out of memory");
    *a = (rondo_adaptive){.params = params, .width = width, .V = V, .clusters = cutoffs};
    memcpy(a->cutoff, cutoff, (size_t)cutoffs * sizeof(*cutoff));
    a->cutoff[cutoffs] = V;
    int before = rondo_params_count(params);
    status = declare_all(a, prefix, div, err);
    if (status) {
        rondo__params_truncate(params, before);
        rondo_adaptive_destroy(&a);
        return status;
    }
    *out = a;
    return RONDO_OK;
}

void rondo_adaptive_destroy(rondo_adaptive **adaptive) {
    if (!adaptive || !*adaptive)
        return;
    rondo__free(*adaptive);
    *adaptive = NULL;
}

/* x as cluster i sees it. */
static rondo_var *narrow(rondo_adaptive *a, rondo_tape *tape, int i, rondo_var *x) {
    return rondo_linear(tape, x, rondo_params_use(a->params, tape, a->project[i]), NULL);
}

static int32_t *step_ints(rondo_tape *tape, int64_t n) { return rondo__step_memory(tape, n, sizeof(int32_t)); }

/* Loss of the rows whose target lies in cluster i; adds each row's to row_losses. NULL when there is no such row. */
static rondo_var *tail_loss(rondo_adaptive *a, rondo_tape *tape, int i, rondo_var *x, const int32_t *targets,
                            const rondo_cross_entropy_options *options) {
    int64_t rows = x->value.dims[0], low = a->cutoff[i], high = a->cutoff[i + 1], n = 0;
    for (int64_t r = 0; r < rows; r++)
        n += targets[r] >= low && targets[r] < high;
    if (n == 0)
        return NULL;
    int32_t *index = step_ints(tape, n), *local = step_ints(tape, n);
    rondo_var *losses = options->row_losses ? rondo_zeros(tape, 1, &n) : NULL;
    if (rondo_tape_status(tape, NULL))
        return NULL;
    for (int64_t r = 0, k = 0; r < rows; r++)
        if (targets[r] >= low && targets[r] < high) {
            index[k] = (int32_t)r;
            local[k++] = (int32_t)(targets[r] - low);
        }
    rondo_cross_entropy_options own = {.divide_by = options->divide_by,
                                       .row_losses = losses ? losses->value.data : NULL};
    rondo_var *picked = rondo__pick_rows(tape, x, n, index);
    rondo_var *score = rondo_params_use(a->params, tape, a->score[i]);
    rondo_var *loss = rondo_linear_cross_entropy(tape, narrow(a, tape, i, picked), score, NULL, local, &own);
    for (int64_t k = 0; loss && losses && k < n; k++)
        options->row_losses[index[k]] += own.row_losses[k];
    return loss;
}

/* Targets as the head sees them; -1 stays. Counts those that are not ignored. */
static bool head_targets(const rondo_adaptive *a, rondo_tape *tape, int64_t rows, int32_t *head, const int32_t *targets,
                         int64_t *counted) {
    *counted = 0;
    for (int64_t r = 0; r < rows; r++) {
        if (targets[r] < -1 || targets[r] >= a->V) {
            rondo__tape_fail(tape, RONDO_ARGUMENT, "adaptive softmax: target %d of row %lld is not in 0..%lld or -1",
                             targets[r], (long long)r, (long long)a->V - 1);
            return false;
        }
        int clusters = 0; /* that begin at or below the target */
        while (clusters < a->clusters && targets[r] >= a->cutoff[clusters])
            clusters++;
        head[r] = clusters ? (int32_t)(a->cutoff[0] + clusters - 1) : targets[r];
        *counted += targets[r] != -1;
    }
    return true;
}

static bool check_x(const rondo_adaptive *a, rondo_tape *tape, const rondo_var *x) {
    if (!x || x->value.rank != 2 || x->value.dims[1] != a->width || x->value.dims[0] > INT32_MAX)
        rondo__tape_fail(tape, RONDO_SHAPE, "adaptive softmax: x must be (rows, %lld)", (long long)a->width);
    return !rondo__tape_failed(tape);
}

rondo_var *rondo_adaptive_loss(rondo_adaptive *a, rondo_tape *tape, rondo_var *x, const int32_t *targets,
                               const rondo_cross_entropy_options *options) {
    static const rondo_cross_entropy_options defaults;
    rondo_cross_entropy_options own = options ? *options : defaults;
    if (!check_x(a, tape, x))
        return NULL;
    if (own.label_smoothing != 0) {
        rondo__tape_fail(tape, RONDO_UNSUPPORTED, "adaptive softmax: label_smoothing must be 0");
        return NULL;
    }
    int64_t rows = x->value.dims[0], counted;
    int32_t *head = step_ints(tape, rows);
    if (!head || !head_targets(a, tape, rows, head, targets, &counted))
        return NULL;
    if (own.divide_by == 0) /* a batch of nothing but padding: the sum, 0, over 1 */
        own.divide_by = (real)(counted ? counted : 1);
    rondo_var *w = rondo_params_use(a->params, tape, a->head);
    rondo_var *loss = rondo_linear_cross_entropy(tape, x, w, NULL, head, &own);
    for (int i = 0; i < a->clusters && loss; i++) {
        rondo_var *tail = tail_loss(a, tape, i, x, targets, &own);
        loss = tail ? rondo_add(tape, loss, tail) : loss;
    }
    return rondo__tape_failed(tape) ? NULL : loss;
}

rondo_var *rondo_adaptive_log_probabilities(rondo_adaptive *a, rondo_tape *tape, rondo_var *x) {
    if (!check_x(a, tape, x))
        return NULL;
    rondo_var *part[RONDO__CLUSTERS + 1];
    part[0] = rondo_log_softmax(tape, rondo_linear(tape, x, rondo_params_use(a->params, tape, a->head), NULL));
    for (int i = 0; i < a->clusters; i++) {
        rondo_var *score = rondo_params_use(a->params, tape, a->score[i]);
        part[i + 1] = rondo_log_softmax(tape, rondo_linear(tape, narrow(a, tape, i, x), score, NULL));
    }
    return rondo__join_clusters(tape, a->clusters, part);
}
