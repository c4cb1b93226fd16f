/* Optimisers: each is a row of a table that says which moments it keeps and which kernel moves a block of parameters.
 *
 * All parameters lie in one block, so a step is one loop over fixed pieces of it; the pieces are shared out over the
 * threads and each number is treated alike at any place, so the cut does not show in the bits. The padding between
 * parameters has zero gradients and stays zero under every rule here. */
#include <math.h>
#include <string.h>

#include "train/average.h"
#include "train/optimizer.h"

/* Numbers that a thread takes at once; and that pass through the update and what follows it in the first-level cache:
 * values, gradients and two moments. */
enum { BLOCK = 16384, PIECE = 2048 };

struct rondo_optimizer {
    rondo_context *context;
    rondo_params *params;
    rondo_optimizer_options options;
    int64_t n;                              /* numbers in the block */
    int64_t steps;                          /* done */
    real *moment[RONDO__OPTIMIZER_BUFFERS]; /* (n) each, NULL where the rule keeps none */
    double *partial;
};

/* moment[0], [1], [2]: SGD momentum; Adam mean and square; RMSprop square, momentum, mean; Adagrad sum of squares. */
static void needed_moments(const rondo_optimizer_options *o, bool need[RONDO__OPTIMIZER_BUFFERS]) {
    memset(need, 0, RONDO__OPTIMIZER_BUFFERS * sizeof *need);
    need[0] = o->kind != RONDO_OPTIMIZER_SGD || o->momentum > 0;
    need[1] = o->kind == RONDO_OPTIMIZER_ADAM || o->kind == RONDO_OPTIMIZER_ADAMW ||
              (o->kind == RONDO_OPTIMIZER_RMSPROP && o->momentum > 0);
    need[2] = o->kind == RONDO_OPTIMIZER_RMSPROP && o->centered;
}

static bool is_rate(double x) { return x >= 0 && x < 1; }

static rondo_status check_options(const rondo_optimizer_options *o, rondo_error *err) {
    if ((unsigned)o->kind > RONDO_OPTIMIZER_ADAGRAD)
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: kind is %d (must be one of rondo_optimizer_kind)",
                           (int)o->kind);
    if (!(o->learning_rate > 0) || !isfinite(o->learning_rate))
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: learning_rate is %g (must be above 0)", o->learning_rate);
    if (!(o->weight_decay >= 0) || !isfinite(o->weight_decay))
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: weight_decay is %g (must not be negative)",
                           o->weight_decay);
    if (!is_rate(o->momentum) || !is_rate(o->beta1) || !is_rate(o->beta2) || !is_rate(o->alpha))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "optimizer: momentum, beta1, beta2 and alpha must be from 0 to below 1");
    if (!(o->epsilon >= 0) || !isfinite(o->epsilon))
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: epsilon is %g (must not be negative)", o->epsilon);
    if (o->nesterov && !(o->momentum > 0))
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: nesterov needs a momentum above 0");
    return RONDO_OK;
}

static rondo_status allocate(rondo_optimizer *o, rondo_error *err) {
    bool need[RONDO__OPTIMIZER_BUFFERS];
    needed_moments(&o->options, need);
    o->partial = rondo__calloc((size_t)rondo__norm_blocks(o->n) + 1, sizeof *o->partial);
    bool whole = o->partial != NULL;
    for (int i = 0; i < RONDO__OPTIMIZER_BUFFERS && whole; i++) {
        if (need[i])
            whole = (o->moment[i] = rondo__calloc((size_t)o->n, sizeof(real))) != NULL;
    }
    return whole ? RONDO_OK
                 : rondo__fail(err, RONDO_MEMORY, "optimizer: no memory for %lld parameters", (long long)o->n);
}

rondo_status rondo__optimizer_create(rondo_optimizer **out, rondo_context *context, rondo_params *params,
                                     const rondo_optimizer_options *options, rondo_error *err) {
    *out = NULL;
    rondo_status status = check_options(options, err);
    if (status)
        return status;
    rondo_optimizer *o = rondo__calloc(1, sizeof *o);
    if (!o)
        return rondo__fail(err, RONDO_MEMORY, "optimizer: no memory");
    o->context = context;
    o->params = params;
    o->options = *options;
    o->n = rondo_params_size(params);
    status = allocate(o, err);
    if (status)
        rondo_optimizer_destroy(&o);
    *out = o;
    return status;
}

static double or_default(double value, double other) { return value == 0 ? other : value; }

rondo_status rondo_optimizer_create(rondo_optimizer **out, rondo_context *context, rondo_params *params,
                                    const rondo_optimizer_options *options, rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: out is NULL");
    *out = NULL;
    if (!context || !params)
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: context or params is NULL");
    if (!rondo_params_values(params))
        return rondo__fail(err, RONDO_STATE,
                           "optimizer: the parameters are not finished (call rondo_params_finish first)");
    rondo_optimizer_options full = options ? *options : (rondo_optimizer_options){0};
    full.learning_rate = or_default(full.learning_rate, 0.001);
    full.beta1 = or_default(full.beta1, 0.9);
    full.beta2 = or_default(full.beta2, 0.999);
    full.alpha = or_default(full.alpha, 0.99);
    full.epsilon = or_default(full.epsilon, full.kind == RONDO_OPTIMIZER_ADAGRAD ? 1e-10 : 1e-8);
    return rondo__optimizer_create(out, context, params, &full, err);
}

void rondo_optimizer_destroy(rondo_optimizer **optimizer) {
    if (!optimizer || !*optimizer)
        return;
    for (int i = 0; i < RONDO__OPTIMIZER_BUFFERS; i++)
        rondo__free((*optimizer)->moment[i]);
    rondo__free((*optimizer)->partial);
    rondo__free(*optimizer);
    *optimizer = NULL;
}

int64_t rondo_optimizer_steps(const rondo_optimizer *optimizer) { return optimizer->steps; }
void rondo__optimizer_set_steps(rondo_optimizer *optimizer, int64_t steps) { optimizer->steps = steps; }

int rondo__optimizer_state(rondo_optimizer *optimizer, rondo__named out[RONDO__OPTIMIZER_BUFFERS]) {
    static const char *const names[] = {"train.moment1", "train.moment2", "train.moment3"};
    int count = 0;
    for (int i = 0; i < RONDO__OPTIMIZER_BUFFERS; i++) {
        if (optimizer->moment[i])
            out[count++] =
                (rondo__named){names[i], rondo_tensor_view(RONDO_REAL, optimizer->moment[i], 1, &optimizer->n)};
    }
    return count;
}

typedef struct update_work {
    const rondo_optimizer *optimizer;
    rondo__update update;
    bool updates;
    const rondo__afterwards *after;
    real *w, *g;
} update_work;

static void update_piece(const update_work *work, int64_t begin, int64_t end) {
    const rondo__kernels *kernels = work->optimizer->context->kernels;
    const rondo__update *u = &work->update;
    const int64_t n = end - begin;
    real *w = work->w + begin, *m[RONDO__OPTIMIZER_BUFFERS];
    const real *g = work->g + begin;
    for (int i = 0; i < RONDO__OPTIMIZER_BUFFERS; i++)
        m[i] = work->optimizer->moment[i] ? work->optimizer->moment[i] + begin : NULL;
    switch (work->optimizer->options.kind) {
    case RONDO_OPTIMIZER_SGD:
        kernels->update_sgd(n, w, g, m[0], u);
        break;
    case RONDO_OPTIMIZER_ADAM:
    case RONDO_OPTIMIZER_ADAMW:
        kernels->update_adam(n, w, g, m[0], m[1], u);
        break;
    case RONDO_OPTIMIZER_RMSPROP:
        kernels->update_rmsprop(n, w, g, m[0], m[1], m[2], u);
        break;
    case RONDO_OPTIMIZER_ADAGRAD:
        kernels->update_adagrad(n, w, g, m[0], u);
        break;
    }
}

/* Is every new value finite? */
static bool finish_piece(const update_work *work, int64_t begin, int64_t end) {
    const rondo__afterwards *after = work->after;
    const int64_t n = end - begin;
    if (after->clear_grads)
        memset(work->g + begin, 0, (size_t)n * sizeof *work->g);
    if (after->average)
        rondo__average_update(n, after->average + begin, work->w + begin, after->average_rate);
    return rondo__all_finite(n, work->w + begin);
}

static void update_block(void *arg, int64_t begin, int64_t end, int worker) {
    const update_work *work = arg;
    bool finite = true;
    (void)worker;
    for (int64_t at = begin; at < end; at += PIECE) {
        const int64_t to = at + PIECE < end ? at + PIECE : end;
        if (work->updates)
            update_piece(work, at, to);
        if (work->after)
            finite &= finish_piece(work, at, to);
    }
    work->optimizer->partial[begin / BLOCK] = finite;
}

static void update_all(const rondo_optimizer *optimizer, update_work *work, rondo__afterwards *after) {
    rondo__parallel(optimizer->context, optimizer->n, BLOCK, update_block, work);
    if (!after)
        return;
    after->finite = true;
    for (int64_t i = 0; i < rondo__norm_blocks(optimizer->n); i++)
        after->finite &= optimizer->partial[i] != 0;
}

/* Coefficients of step number t (from 1). */
static rondo__update coefficients(const rondo_optimizer *optimizer, const rondo_optimizer_update *update, double t) {
    const rondo_optimizer_options *o = &optimizer->options;
    const bool adam = o->kind == RONDO_OPTIMIZER_ADAM || o->kind == RONDO_OPTIMIZER_ADAMW;
    return (rondo__update){
        .learning_rate = (real)or_default(update->learning_rate, o->learning_rate),
        .beta1 = (real)o->beta1,
        .beta2 = (real)(o->kind == RONDO_OPTIMIZER_RMSPROP ? o->alpha : o->beta2),
        .epsilon = (real)o->epsilon,
        .weight_decay = (real)o->weight_decay,
        .momentum = (real)o->momentum,
        .correct1 = adam ? (real)(1 / (1 - pow(o->beta1, t))) : (real)1,
        .correct2 = adam ? (real)(1 / (1 - pow(o->beta2, t))) : (real)1,
        .clip_value = (real)update->clip_value,
        .nesterov = o->nesterov,
        .decoupled = o->kind == RONDO_OPTIMIZER_ADAMW,
        .centered = o->centered,
    };
}

static rondo_status refuse_gradient(const rondo_optimizer *optimizer, rondo_error *err) {
    const char *name = rondo__bad_gradient(optimizer->params);
    if (name)
        return rondo__fail(err, RONDO_NUMERIC, "the gradient of '%s' is not finite", name);
    return rondo__fail(err, RONDO_NUMERIC, "the norm of the gradients is not finite");
}

static double norm_of(const rondo_optimizer *optimizer) {
    const real *g = rondo_params_grads(optimizer->params);
    return sqrt(rondo__sum_squares(optimizer->context, optimizer->n, g, optimizer->partial));
}

rondo_status rondo__optimizer_step(rondo_optimizer *optimizer, const rondo_optimizer_update *update,
                                   rondo__afterwards *after, double *norm, rondo_error *err) {
    update_work work = {.optimizer = optimizer,
                        .updates = update != NULL,
                        .after = after,
                        .w = rondo_params_values(optimizer->params),
                        .g = rondo_params_grads(optimizer->params)};
    if (update) {
        double scale = or_default(update->grad_scale, 1), length = norm_of(optimizer) * fabs(scale);
        if (norm)
            *norm = length;
        if (!isfinite(length))
            return refuse_gradient(optimizer, err);
        if (update->clip_norm > 0 && update->clip_norm < length + 1e-6)
            scale *= update->clip_norm / (length + 1e-6); /* torch.nn.utils.clip_grad_norm_ */
        work.update = coefficients(optimizer, update, (double)++optimizer->steps);
        work.update.grad_scale = (real)scale;
    }
    update_all(optimizer, &work, after);
    return RONDO_OK;
}

rondo_status rondo_optimizer_step(rondo_optimizer *optimizer, const rondo_optimizer_update *update, double *norm,
                                  rondo_error *err) {
    static const rondo_optimizer_update plain;
    if (!optimizer)
        return rondo__fail(err, RONDO_ARGUMENT, "optimizer: the optimizer is NULL");
    return rondo__optimizer_step(optimizer, update ? update : &plain, NULL, norm, err);
}
