/* Two calls at the same time, each on one thread: for operators whose own way of using all threads costs more, such as
 * the two directions of a small recurrent layer. */
#ifndef RONDO_AUTOGRAD_BESIDE_H
#define RONDO_AUTOGRAD_BESIDE_H

#include "core/core.h"
#include "rondo/op.h"

/* Whether both may compute at once: they have nothing in common but, perhaps, in[0], and neither reads what the other
 * one makes. */
bool rondo__are_apart(const rondo_call *a, const rondo_call *b);

typedef rondo_status (*rondo__call_part)(rondo_call *call, rondo_error *err);
/* part of both; the first failure. A worker that is late costs no more than the calls in turn. */
rondo_status rondo__run_beside(rondo_call *const calls[2], rondo__call_part part, rondo_error *err);

#endif
