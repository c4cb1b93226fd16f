/* The context: threads, instruction set, scratch memory. One per independent user; everything else hangs from it. */
#ifndef RONDO_CONTEXT_H
#define RONDO_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_context rondo_context;

/* What matrix products compute with. Parameters, states and everything else stay float. bf16: operands are rounded to
 * bfloat16, sums are float; for training and use, about twice as fast where the CPU has AVX-512 BF16, emulated
 * elsewhere. int8: weights are rounded to 8 bits per unit as they are packed, what they are multiplied with per row as
 * it comes, sums are exact; for use alone (a tape that records fails), and the same bits with every instruction set. */
typedef enum rondo_precision { RONDO_PRECISION_F32, RONDO_PRECISION_BF16, RONDO_PRECISION_INT8 } rondo_precision;

/* Zero means the default. */
typedef struct rondo_context_options {
    int threads; /* 0: one per available core */
    rondo_precision precision;
    /* NULL: environment RONDO_ISA, else the best the CPU has; "scalar", "avx2", "avx512", "neon", "wasm" */
    const char *isa;
} rondo_context_options;

/* Creates a context with its own threads. options may be NULL. On success *out is owned by the caller
 * (rondo_context_destroy); on failure *out is NULL. A context is used by one thread at a time. */
RONDO_API rondo_status rondo_context_create(rondo_context **out, const rondo_context_options *options,
                                            rondo_error *err);
/* Destroys and nulls *context; NULL and *context == NULL are fine. */
RONDO_API void rondo_context_destroy(rondo_context **context);
RONDO_API int rondo_context_threads(const rondo_context *context);
/* Name of the instruction set in use: "scalar", "avx2", "avx512" or "neon". */
RONDO_API const char *rondo_context_isa(const rondo_context *context);

RONDO_API rondo_precision rondo_context_precision(const rondo_context *context);

/* "0.1.0" */
RONDO_API const char *rondo_version(void);
/* Optional parts built in, space separated, for example "yaml json zlib sentencepiece utf8proc". */
RONDO_API const char *rondo_build_parts(void);
/* Every instruction set that this build and this CPU can use, space separated, slowest first. */
RONDO_API const char *rondo_isa_available(void);

#ifdef __cplusplus
}
#endif
#endif
