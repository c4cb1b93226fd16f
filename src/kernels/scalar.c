/* The definition of every kernel, in plain C for float and double: this file has the elementwise ones and the sums, its
 * neighbours scalar_*.c the other families. A CPU without a vector file runs on it, so loops are written to vectorise.
 */
#include "kernels/scalar.h"

#include "kernels/maths.h"

static void add(int64_t n, real *out, const real *a, const real *b) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] + b[i];
}

static void mul(int64_t n, real *out, const real *a, const real *b) {
    for (int64_t i = 0; i < n; i++)
        out[i] = a[i] * b[i];
}

static void mul_add(int64_t n, real *out, const real *a, const real *b) {
    for (int64_t i = 0; i < n; i++)
        out[i] += a[i] * b[i];
}

static void axpy(int64_t n, real *y, real alpha, const real *x) {
    for (int64_t i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

static void affine(int64_t n, real *out, const real *x, real factor, real offset) {
    for (int64_t i = 0; i < n; i++)
        out[i] = factor * x[i] + offset;
}

static void tanh_forward(int64_t n, real *out, const real *x) {
    for (int64_t i = 0; i < n; i++)
        out[i] = rondo__tanh(x[i]);
}

static void sigmoid_forward(int64_t n, real *out, const real *x) {
    for (int64_t i = 0; i < n; i++)
        out[i] = rondo__sigmoid(x[i]);
}

static void relu_forward(int64_t n, real *out, const real *x) {
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i] < 0 ? 0 : x[i];
}

static void exp_forward(int64_t n, real *out, const real *x) {
    for (int64_t i = 0; i < n; i++)
        out[i] = rondo__exp(x[i]);
}

static void tanh_backward(int64_t n, real *dx, const real *y, const real *dy) {
    for (int64_t i = 0; i < n; i++)
        dx[i] += dy[i] * ((real)1 - y[i] * y[i]);
}

static void sigmoid_backward(int64_t n, real *dx, const real *y, const real *dy) {
    for (int64_t i = 0; i < n; i++)
        dx[i] += dy[i] * (y[i] * ((real)1 - y[i]));
}

static void relu_backward(int64_t n, real *dx, const real *y, const real *dy) {
    for (int64_t i = 0; i < n; i++)
        dx[i] += y[i] > 0 ? dy[i] : 0;
}

static double sum(int64_t n, const real *x) {
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += x[i];
    return s;
}

static double sum_squares(int64_t n, const real *x) {
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (double)x[i] * x[i];
    return s;
}

static double dot(int64_t n, const real *a, const real *b) {
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (double)a[i] * b[i];
    return s;
}

void rondo__kernels_scalar(rondo__kernels *table) {
    table->isa = "scalar";
    table->add = add;
    table->mul = mul;
    table->mul_add = mul_add;
    table->axpy = axpy;
    table->affine = affine;
    table->tanh = tanh_forward;
    table->sigmoid = sigmoid_forward;
    table->relu = relu_forward;
    table->exp = exp_forward;
    table->tanh_backward = tanh_backward;
    table->sigmoid_backward = sigmoid_backward;
    table->relu_backward = relu_backward;
    table->sum = sum;
    table->sum_squares = sum_squares;
    table->dot = dot;
    rondo__scalar_product(table);
    rondo__scalar_random(table);
    rondo__scalar_rows(table);
    rondo__scalar_gates(table);
    rondo__scalar_attention(table);
    rondo__scalar_updates(table);
}
