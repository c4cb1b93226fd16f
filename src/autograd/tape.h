/* What wrappers of operators share with the tape. */
#ifndef RONDO_AUTOGRAD_TAPE_H
#define RONDO_AUTOGRAD_TAPE_H

#include "core/core.h"
#include "rondo/op.h"
#include "tensor/stored.h"

/* Keeps the failure (if it is the tape's first) with its message. For functions that build on the tape and find a wrong
 * argument before any operator is applied: rondo__tape_fail(...); return NULL; */
void rondo__tape_fail(rondo_tape *tape, rondo_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True when tape is NULL or has failed: the caller returns NULL at once. */
bool rondo__tape_failed(const rondo_tape *tape);

/* Gives all memory back, as if the tape were new: before something else needs room for a while. */
void rondo__tape_release(rondo_tape *tape);

/* rondo_leaf for a parameter: what operators pack of it is kept for the other calls of the step (packs.h). */
rondo_var *rondo__leaf_parameter(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad);
/* The same for weights in low precision: an input for operators whose description names it among its weights. */
rondo_var *rondo__leaf_stored(rondo_tape *tape, const rondo_tensor *value, const rondo__stored *stored);
bool rondo__is_parameter(const rondo_var *var);
/* NULL for a variable that holds numbers. */
const rondo__stored *rondo__stored_of(const rondo_var *var);
size_t rondo__tape_held(const rondo_tape *tape); /* bytes, now */

/* In place of x, whose value is lost: where nobody reads it any more, as what an embedding or a linear layer made. */
rondo_var *rondo__dropout_in_place(rondo_tape *tape, rondo_var *x, rondo_real rate, bool shared_steps);
rondo_var *rondo__tanh_in_place(rondo_tape *tape, rondo_var *x);

/* Two calls at the same time (beside.h). After rondo__tape_hold the next call of an operator with .together is held
 * back: its outputs have shapes and memory, but no numbers before the next such call, which runs with it if it can
 * (each on one thread; backward likewise), or another one needs them, or until rondo__tape_let_go. Bits and random
 * numbers are those of calls in turn. */
void rondo__tape_hold(rondo_tape *tape);
void rondo__tape_let_go(rondo_tape *tape);

/* rondo_tensor_check for a shape that has no memory yet. */
rondo_status rondo__shape_check(const rondo_tensor *shape, rondo_error *err);

#endif
