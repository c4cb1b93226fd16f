/* Additive attention: the score of one query and one key, and its gradients. */
#include "kernels/maths.h"
#include "kernels/scalar.h"

static inline real hidden(real q, real k, const real *u, int64_t i, real c) {
    return rondo__tanh(u ? q + k + c * u[i] : q + k);
}

static double additive_score(int64_t n, const real *q, const real *k, const real *u, real c, const real *v) {
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += v[i] * hidden(q[i], k[i], u, i, c);
    return total;
}

static double additive_backward(int64_t n, real *dq, real *dk, real *du, real *dv, const real *q, const real *k,
                                const real *u, real c, const real *v, real de) {
    double dc = 0;
    for (int64_t i = 0; i < n; i++) {
        real y = hidden(q[i], k[i], u, i, c), g = de * v[i] * ((real)1 - y * y);
        if (dq)
            dq[i] += g;
        if (dk)
            dk[i] += g;
        if (dv)
            dv[i] += de * y;
        if (u && du)
            du[i] += c * g;
        if (u)
            dc += (double)g * u[i];
    }
    return dc;
}

void rondo__scalar_attention(rondo__kernels *table) {
    table->additive_score = additive_score;
    table->additive_backward = additive_backward;
}
