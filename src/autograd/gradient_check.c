/* Gradients of the tape against central differences of fourth order:
 *
 *   f'(x) = (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h + O(h⁴)
 *
 * whose error stays near 1e-12 in double where the plain central difference leaves 1e-10. The relative error of one
 * element is |a - n| / max(|a|, |n|, floor), with a floor of a hundredth of the largest gradient of the same array, and
 * at least 1e-4: gradients that are zero in theory are only rounding in practice. */
#include <math.h>
#include <string.h>

#include "autograd/op_tools.h"
#include "rondo/ops.h"

#define SMALLEST_FLOOR 1e-4

typedef struct check {
    rondo_tape *tape;
    rondo_scalar_fn fn;
    void *arg;
    int count;
    const rondo_tensor *tensors;
    rondo_step step;
    double epsilon;
    rondo_var **leaves; /* (count) */
    real *grads;        /* all arrays one behind the other */
    double *numeric;    /* of the longest array */
} check;

/* Builds the scalar. grads NULL: forward only. */
static rondo_var *build(check *c, real *grads) {
    rondo_step step = c->step;
    step.recording = grads != NULL;
    rondo_tape_begin(c->tape, &step);
    for (int i = 0; i < c->count; i++) {
        c->leaves[i] = rondo_leaf(c->tape, &c->tensors[i], grads);
        if (grads)
            grads += rondo_tensor_count(&c->tensors[i]);
    }
    rondo_var *y = c->fn(c->tape, c->count, c->leaves, c->arg);
    if (y && rondo__count(y) != 1)
        rondo__tape_fail(c->tape, RONDO_SHAPE, "gradient_check: the function's value is %s (it must be a scalar)",
                         rondo__shape_of(&y->value).text);
    else if (!y)
        rondo__tape_fail(c->tape, RONDO_ARGUMENT, "gradient_check: the function returned NULL");
    return rondo__tape_failed(c->tape) ? NULL : y;
}

/* f with *x set to value; false when the tape failed. */
static bool value_at(check *c, real *x, double value, double *f) {
    *x = (real)value;
    rondo_var *y = build(c, NULL);
    *f = y ? (double)*rondo__data(y) : 0;
    return y != NULL;
}

static bool difference(check *c, real *x, double *slope) {
    double h = c->epsilon, f[4];
    real kept = *x;
    double at = (double)kept;
    bool fine = value_at(c, x, at + h, &f[0]) && value_at(c, x, at - h, &f[1]) && value_at(c, x, at + 2 * h, &f[2]) &&
                value_at(c, x, at - 2 * h, &f[3]);
    *x = kept;
    *slope = fine ? (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h) : 0;
    return fine;
}

/* Largest relative error of one array. */
static double worst_of(int64_t n, const real *analytic, const double *numeric) {
    double largest = 0, worst = 0;
    for (int64_t j = 0; j < n; j++)
        largest = fmax(largest, fmax(fabs((double)analytic[j]), fabs(numeric[j])));
    double least = fmax(SMALLEST_FLOOR, largest / 100);
    for (int64_t j = 0; j < n; j++) {
        double scale = fmax(least, fmax(fabs((double)analytic[j]), fabs(numeric[j])));
        double error = fabs((double)analytic[j] - numeric[j]) / scale;
        if (!(error <= worst) && !isnan(worst)) /* a NaN is kept */
            worst = error;
    }
    return worst;
}

static rondo_status run(check *c, int64_t total, double *worst) {
    memset(c->grads, 0, (size_t)total * sizeof(real));
    rondo_var *y = build(c, c->grads);
    if (!y || rondo_backward(c->tape, y, 1))
        return rondo_tape_status(c->tape, NULL);
    const real *grads = c->grads;
    for (int i = 0; i < c->count; i++) {
        int64_t n = rondo_tensor_count(&c->tensors[i]);
        for (int64_t j = 0; j < n; j++)
            if (!difference(c, (real *)c->tensors[i].data + j, &c->numeric[j]))
                return rondo_tape_status(c->tape, NULL);
        double error = worst_of(n, grads, c->numeric);
        if (!(error <= *worst) && !isnan(*worst))
            *worst = error;
        grads += n;
    }
    return RONDO_OK;
}

rondo_status rondo_gradient_check(rondo_tape *tape, rondo_scalar_fn fn, void *arg, int count,
                                  const rondo_tensor *tensors, const rondo_step *step, double epsilon, double *worst,
                                  rondo_error *err) {
    if (!tape || !fn || count < 0 || (count && !tensors) || !worst || !(epsilon >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "gradient_check: a pointer is NULL or a number is negative");
    *worst = 0;
    int64_t total = 0, longest = 0;
    for (int i = 0; i < count; i++) {
        rondo_status status = rondo_tensor_check(&tensors[i], err);
        if (status)
            return status;
        int64_t n = rondo_tensor_count(&tensors[i]);
        total += n;
        longest = n > longest ? n : longest;
    }
    check c = {.tape = tape, .fn = fn, .arg = arg, .count = count, .tensors = tensors};
    c.step = step ? *step : (rondo_step){0};
    c.epsilon = epsilon > 0 ? epsilon : 1e-3;
    c.leaves = rondo__calloc((size_t)count + 1, sizeof *c.leaves);
    c.grads = rondo__calloc((size_t)total + 1, sizeof *c.grads);
    c.numeric = rondo__calloc((size_t)longest + 1, sizeof *c.numeric);
    rondo_status status;
    if (!c.leaves || !c.grads || !c.numeric) {
        status = rondo__fail(err, RONDO_MEMORY, "gradient_check: out of memory");
    } else {
        status = run(&c, total, worst);
        rondo_tape_status(tape, err);
    }
    rondo__free(c.leaves);
    rondo__free(c.grads);
    rondo__free(c.numeric);
    return status;
}
