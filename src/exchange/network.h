/* What of a model is deployed, as a short list of blocks, one after the other, over one running sequence of vectors.
 * Tasks fill it in; exporters write it down. It points into the model and owns nothing.
 *
 *   EMBEDDING   symbols (T) -> (T, out)           weight (symbols, out)
 *   SCALE       (T, in): x * weight + bias        each (in) or NULL
 *   RECURRENT   (T, in) -> (T, out)               net, with Jordan's feedback matrix
 *   POOL        (T, in) -> (1, in)                weight: attention's (in), else NULL
 *   LINEAR      (T, in) -> (T, out)               weight (out, in), bias (out) or NULL
 *   ACTIVATION  (T, in)                           such as the softmax at the end
 */
#ifndef RONDO_EXCHANGE_NETWORK_H
#define RONDO_EXCHANGE_NETWORK_H

#include "kernels/kernels.h"
#include "rondo/nn.h"

typedef enum rondo__block_kind {
    RONDO__EMBEDDING,
    RONDO__SCALE,
    RONDO__RECURRENT,
    RONDO__POOL,
    RONDO__LINEAR,
    RONDO__ACTIVATION
} rondo__block_kind;

typedef struct rondo__network_block {
    rondo__block_kind kind;
    int64_t in, out;
    const real *weight, *bias;
    rondo_recurrent *net;
    const real *feedback; /* (O, Q) or NULL */
    rondo_pooling pooling;
    rondo_activation activation;
} rondo__network_block;

#define RONDO__BLOCKS 16
typedef struct rondo__network {
    int count;
    rondo__network_block block[RONDO__BLOCKS];
} rondo__network; /* a zeroed one is empty */

/* Appends one. RONDO_UNSUPPORTED when there is no room left. */
rondo_status rondo__network_add(rondo__network *network, rondo__network_block block, rondo_error *err);
/* Is the input symbols? */
bool rondo__network_reads_symbols(const rondo__network *network);
/* Has a sequence one result? */
bool rondo__network_is_pooled(const rondo__network *network);
/* Can it go step by step: one direction everywhere, and pooling that needs no second look? */
bool rondo__network_streams(const rondo__network *network);
/* Width of the result; of the widest row on the way. */
int64_t rondo__network_output(const rondo__network *network);
int64_t rondo__network_widest(const rondo__network *network);

/* The reference: symbols (T) or x (T, I) -> out (T, output) or, pooled, (output). */
rondo_status rondo__network_run(const rondo__network *network, rondo_context *context, int64_t T,
                                const int32_t *symbols, const real *x, real *out, rondo_error *err);

#endif
