/* Rondo: recurrent sequence models in C. This header is the tour, from the shortest way to the longest.
 *
 *   1. model.h    one call: rondo_train("recipe.yaml", ...), rondo_model_open, rondo_model_generate
 *   2. nn.h       parameters, recurrent stacks, streaming: build your own model of Rondo's layers
 *   3. search.h   which sequence does it find likeliest? greedy, beam, sampling, ensembles
 *   4. optim.h    move its parameters: SGD, Adam, AdamW, RMSprop, Adagrad
 *   5. cells.h    the four cells as operators over whole batches of sequences
 *   6. attention.h  attention as an operator and as a layer, coverage, pointer-generator
 *   7. ops.h      the generic operators, losses, gradient check
 *   8. tape.h     the tape that all operators record on
 *   9. op.h       describe an operator of your own
 * and below them context.h (threads, instruction set), tensor.h, status.h. */
#ifndef RONDO_RONDO_H
#define RONDO_RONDO_H

#include "rondo/attention.h"
#include "rondo/cells.h"
#include "rondo/context.h"
#include "rondo/model.h"
#include "rondo/nn.h"
#include "rondo/op.h"
#include "rondo/ops.h"
#include "rondo/optim.h"
#include "rondo/search.h"
#include "rondo/status.h"
#include "rondo/tape.h"
#include "rondo/tensor.h"

#endif
