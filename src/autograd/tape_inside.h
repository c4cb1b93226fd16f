/* The inside of the tape, shared by its files:
 *   tape.c            life, variables, applying an operator
 *   tape_backward.c   gradients
 *   tape_blame.c      where numbers stopped being finite */
#ifndef RONDO_AUTOGRAD_TAPE_INSIDE_H
#define RONDO_AUTOGRAD_TAPE_INSIDE_H

#include "autograd/beside.h"
#include "autograd/packs.h"
#include "autograd/places.h"
#include "autograd/tape.h"
#include "autograd/tape_blame.h"

/* Every variable of a tape is the first member of one of these. */
typedef struct rondo__node {
    rondo_var var;
    bool cleared;   /* its gradient holds meaningful numbers (a leaf's always does) */
    bool parameter; /* its value stands still for the whole step */
    const rondo__stored *stored;
    bool placed; /* its gradient has had a place in the block of this step */
    rondo__place place;
} rondo__node;

typedef struct rondo__record {
    rondo_call call;
    struct rondo__record *previous;
    struct rondo__record *beside; /* the one before, where both ran at the same time, */
    bool behind;                  /* this one behind that one */
    size_t saved_bytes;
    bool reached; /* the loss depends on an output */
    bool taken;   /* backward does it with the one that ran beside it */
} rondo__record;

struct rondo_tape {
    rondo_context *context;
    rondo__arena step;
    rondo__packs packs;
    rondo__places places; /* of gradients, while backward plans */
    rondo__place hole; /* the beginning of their block, while the last call's saved memory stands there; or 0 bytes */
    char *gradients;   /* their block */
    rondo_step now;
    uint64_t calls; /* since begin */
    rondo__record *last;
    rondo__record *held; /* made but not computed */
    bool holding;        /* the next operator that can be is held back */
    bool walked;         /* backward has run since begin */
    rondo__blame *blame; /* backward is done again to fill it */
    rondo_error failure;
};

static inline size_t rondo__tensor_bytes(const rondo_tensor *tensor) {
    return (size_t)rondo_tensor_count(tensor) * rondo_dtype_bytes(tensor->dtype);
}

/* Gives the call its scratch of forward or backward. */
rondo_status rondo__tape_push_scratch(rondo_tape *tape, rondo_call *call, bool backward);
/* After a function of op returned status with tape->failure as its error record. */
void rondo__tape_keep_failure(rondo_tape *tape, const char *op, rondo_status status);

#endif
