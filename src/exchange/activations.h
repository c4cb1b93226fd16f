/* The activation functions that ONNX names for its recurrent operators; most are operators of their own, too. */
#ifndef RONDO_EXCHANGE_ACTIVATIONS_H
#define RONDO_EXCHANGE_ACTIVATIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum rondo__function {
    RONDO__RELU,
    RONDO__TANH,
    RONDO__SIGMOID,
    RONDO__AFFINE,
    RONDO__LEAKY_RELU,
    RONDO__THRESHOLDED_RELU,
    RONDO__SCALED_TANH,
    RONDO__HARD_SIGMOID,
    RONDO__ELU,
    RONDO__SOFTSIGN,
    RONDO__SOFTPLUS,
    RONDO__FUNCTIONS
} rondo__function;

/* alpha and beta: those that stand where none is given. */
typedef struct rondo__function_facts {
    const char *name;
    bool has_alpha, has_beta;
    double alpha, beta;
} rondo__function_facts;
extern const rondo__function_facts rondo__function_table[RONDO__FUNCTIONS];
/* By name, whatever the case of its letters, as old exporters differ; -1: unknown. */
int rondo__find_function(const char *name);

typedef struct rondo__activation {
    rondo__function function;
    double alpha, beta;
} rondo__activation;
/* x (n), in place. */
void rondo__apply_function(const rondo__activation *f, int64_t n, double *x);

#endif
