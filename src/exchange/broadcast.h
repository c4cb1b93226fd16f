/* Element by element over arrays that are stretched to one shape, as NumPy and ONNX do it. */
#ifndef RONDO_EXCHANGE_BROADCAST_H
#define RONDO_EXCHANGE_BROADCAST_H

#include "exchange/graph.h"

/* The shape of the result, with neighbouring dimensions taken together where all arrays run on through them. */
typedef struct rondo__broadcast {
    int inputs;
    const rondo__array *in[3];
    int shape_rank; /* of the result */
    int64_t shape[RONDO__ONNX_RANK];
    int rank; /* of the walk */
    int64_t dims[RONDO__ONNX_RANK];
    int64_t stride[3][RONDO__ONNX_RANK]; /* 0: stretched */
} rondo__broadcast;

typedef union rondo__numbers {
    double d[RONDO__CHUNK];
    int64_t w[RONDO__CHUNK];
} rondo__numbers;

/* One chunk: in[i] hold n numbers of input i, d or w as asked for; fills out. False: a number that cannot be (told by
 * the caller). */
typedef bool (*rondo__chunk)(const void *arg, int64_t n, const rondo__numbers *in, rondo__numbers *out);

rondo_status rondo__broadcast_make(const rondo__graph_call *call, rondo__broadcast *b, int inputs,
                                   const rondo__array *const *in, rondo_error *err);
/* whole[i]: input i is read as whole numbers; out_whole: so are the results. False when a chunk said so. */
bool rondo__broadcast_run(const rondo__broadcast *b, const bool *whole, bool out_whole, rondo__array *out,
                          rondo__chunk chunk, const void *arg);
#endif
