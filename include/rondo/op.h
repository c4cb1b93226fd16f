/* How an operator is described, and how to add one. An operator is one const rondo_op: its name, the shapes of its
 * outputs, the bytes it saves from forward to backward, its scratch bytes, and forward and backward for each device. */
#ifndef RONDO_OP_H
#define RONDO_OP_H

#include "rondo/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_MAX_INPUTS 16
#define RONDO_MAX_OUTPUTS 4

typedef struct rondo_op rondo_op;

/* One call of an operator: what its functions get. Pointers are set by the tape before each function is called. */
typedef struct rondo_call {
    const rondo_op *op;
    const void *options; /* the op's own struct, copied by the tape (shallow; arrays inside must outlive the step) */
    int inputs, outputs;
    rondo_var *in[RONDO_MAX_INPUTS];   /* absent optional inputs are NULL */
    rondo_var *out[RONDO_MAX_OUTPUTS]; /* shape() sets value.dims and rank; the tape then gives them memory */
    void *saved;                       /* written by forward, read by backward; 64-byte aligned, not cleared */
    void *scratch;                     /* dead after the function; 64-byte aligned, not cleared */
    rondo_context *context;
    struct rondo__packs *packs; /* the tape's own */
    bool training, recording;
    uint64_t seed, stream; /* for random numbers: stream is unique to this call within the run */
} rondo_call;

typedef struct rondo_kernel_pair {
    rondo_status (*forward)(rondo_call *call, rondo_error *err);
    /* Adds to in[i]->grad where it is not NULL. out[i]->grad is never NULL here (zeros if nobody used the output). */
    rondo_status (*backward)(rondo_call *call, rondo_error *err);
} rondo_kernel_pair;

struct rondo_op {
    const char *name;
    size_t options_size;
    /* Checks inputs and options, sets rank and dims of each out[i]->value (dtype is preset to RONDO_REAL). */
    rondo_status (*shape)(rondo_call *call, rondo_error *err);
    size_t (*saved_bytes)(const rondo_call *call);                  /* NULL: none */
    size_t (*scratch_bytes)(const rondo_call *call, bool backward); /* NULL: none */
    rondo_kernel_pair device[RONDO_DEVICE_COUNT];
    const struct rondo__together *together; /* NULL; the library's own, for two calls at the same time */
    unsigned weights; /* bit i: input i may be a weight of an int8 or bf16 file, whose data are no rondo_real */
    bool in_place; /* out[0] of the size of in[0] takes its place: for an input whose value nobody reads any more, the
                      backward of its maker included */
};

/* Applies an operator. in[] holds n_in variables (NULL for an absent optional input, which shape() must check);
 * out[] receives n_out variables. On failure, or if the tape has failed before, out[] is all NULL. */
RONDO_API void rondo_apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in,
                           int n_out, rondo_var **out);

#ifdef __cplusplus
}
#endif
#endif
