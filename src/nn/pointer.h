/* What both operators of the pointer-generator share; the mathematics stand in pointer_loss.c. */
#ifndef RONDO_NN_POINTER_H
#define RONDO_NN_POINTER_H

#include "autograd/op_tools.h"
#include "nn/logs.h"
#include "rondo/attention.h"

enum { LOGITS, GATE, WEIGHTS };

typedef struct rondo__pointer_sizes {
    int64_t T, B, V, S;
} rondo__pointer_sizes;

static inline rondo__pointer_sizes rondo__pointer_sizes_of(const rondo_call *call) {
    const int64_t *logits = call->in[LOGITS]->value.dims;
    return (rondo__pointer_sizes){logits[0], logits[1], logits[2], call->in[WEIGHTS]->value.dims[2]};
}

/* Shapes of the three inputs; copy must be there. */
rondo_status rondo__pointer_check(const rondo_call *call, rondo_error *err);

/* log sigmoid(z); the logarithm of 1 - sigmoid(z) is that of -z. */
static inline double rondo__log_sigmoid(double z) { return z < 0 ? z - log1p(exp(z)) : -log1p(exp(-z)); }

#endif
