/* Optimiser updates, with the formulas of torch.optim. */
#include "kernels/maths.h"
#include "kernels/scalar.h"

/* The gradient that an update sees; decoupled weight decay shrinks *w instead. */
static inline real prepare(real g, real *w, const rondo__update *u) {
    g *= u->grad_scale;
    if (u->clip_value > 0)
        g = rondo__limit(g, u->clip_value);
    if (u->decoupled)
        *w *= (real)1 - u->learning_rate * u->weight_decay;
    else
        g += u->weight_decay * *w;
    return g;
}

static void update_sgd(int64_t n, real *w, const real *g, real *m, const rondo__update *u) {
    for (int64_t i = 0; i < n; i++) {
        real x = w[i], d = prepare(g[i], &x, u);
        if (m) {
            m[i] = u->momentum * m[i] + d;
            d = u->nesterov ? d + u->momentum * m[i] : m[i];
        }
        w[i] = x - u->learning_rate * d;
    }
}

static void update_adam(int64_t n, real *w, const real *g, real *m, real *v, const rondo__update *u) {
    for (int64_t i = 0; i < n; i++) {
        real x = w[i], d = prepare(g[i], &x, u);
        m[i] = u->beta1 * m[i] + ((real)1 - u->beta1) * d;
        v[i] = u->beta2 * v[i] + ((real)1 - u->beta2) * (d * d);
        real step = m[i] * u->correct1 / (rondo__sqrt(v[i] * u->correct2) + u->epsilon);
        w[i] = x - u->learning_rate * step;
    }
}

static void update_rmsprop(int64_t n, real *w, const real *g, real *v, real *m, real *average, const rondo__update *u) {
    for (int64_t i = 0; i < n; i++) {
        real x = w[i], d = prepare(g[i], &x, u);
        v[i] = u->beta2 * v[i] + ((real)1 - u->beta2) * (d * d);
        real spread = v[i];
        if (average) {
            average[i] = u->beta2 * average[i] + ((real)1 - u->beta2) * d;
            spread -= average[i] * average[i];
            spread = spread < 0 ? 0 : spread; /* rounding alone makes it negative */
        }
        real step = d / (rondo__sqrt(spread) + u->epsilon);
        if (m)
            step = m[i] = u->momentum * m[i] + step;
        w[i] = x - u->learning_rate * step;
    }
}

static void update_adagrad(int64_t n, real *w, const real *g, real *v, const rondo__update *u) {
    for (int64_t i = 0; i < n; i++) {
        real x = w[i], d = prepare(g[i], &x, u);
        v[i] += d * d;
        w[i] = x - u->learning_rate * (d / (rondo__sqrt(v[i]) + u->epsilon));
    }
}

void rondo__scalar_updates(rondo__kernels *table) {
    table->update_sgd = update_sgd;
    table->update_adam = update_adam;
    table->update_rmsprop = update_rmsprop;
    table->update_adagrad = update_adagrad;
}
