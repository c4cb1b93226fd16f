#include "exchange/activations.h"

#include <math.h>
#include <strings.h>

const rondo__function_facts rondo__function_table[RONDO__FUNCTIONS] = {
    [RONDO__RELU] = {"Relu", false, false, 0, 0},
    [RONDO__TANH] = {"Tanh", false, false, 0, 0},
    [RONDO__SIGMOID] = {"Sigmoid", false, false, 0, 0},
    [RONDO__AFFINE] = {"Affine", true, true, 1, 0},
    [RONDO__LEAKY_RELU] = {"LeakyRelu", true, false, 0.01, 0},
    [RONDO__THRESHOLDED_RELU] = {"ThresholdedRelu", true, false, 1, 0},
    [RONDO__SCALED_TANH] = {"ScaledTanh", true, true, 1, 1},
    [RONDO__HARD_SIGMOID] = {"HardSigmoid", true, true, 0.2, 0.5},
    [RONDO__ELU] = {"Elu", true, false, 1, 0},
    [RONDO__SOFTSIGN] = {"Softsign", false, false, 0, 0},
    [RONDO__SOFTPLUS] = {"Softplus", false, false, 0, 0},
};

int rondo__find_function(const char *name) {
    for (int i = 0; i < RONDO__FUNCTIONS; i++)
        if (strcasecmp(rondo__function_table[i].name, name) == 0)
            return i;
    return -1;
}

/* Overflows neither way. */
static double sigmoid(double x) {
    const double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double one(const rondo__activation *f, double x) {
    switch (f->function) {
    case RONDO__RELU:
        return x < 0 ? 0 : x;
    case RONDO__TANH:
        return tanh(x);
    case RONDO__SIGMOID:
        return sigmoid(x);
    case RONDO__AFFINE:
        return f->alpha * x + f->beta;
    case RONDO__LEAKY_RELU:
        return x < 0 ? f->alpha * x : x;
    case RONDO__THRESHOLDED_RELU:
        return x < f->alpha ? 0 : x;
    case RONDO__SCALED_TANH:
        return f->alpha * tanh(f->beta * x);
    case RONDO__HARD_SIGMOID:
        x = f->alpha * x + f->beta;
        return x < 0 ? 0 : x > 1 ? 1 : x;
    case RONDO__ELU:
        return x < 0 ? f->alpha * expm1(x) : x;
    case RONDO__SOFTSIGN:
        return x / (1 + fabs(x));
    case RONDO__SOFTPLUS:
        return isnan(x) ? x : log1p(exp(-fabs(x))) + (x > 0 ? x : 0);
    case RONDO__FUNCTIONS:
        break;
    }
    return x;
}

void rondo__apply_function(const rondo__activation *f, int64_t n, double *x) {
    for (int64_t i = 0; i < n; i++)
        x[i] = one(f, x[i]);
}
