/* How a layer made of many parameters declares them: one after the other, keeping the first failure, so that the code
 * is a plain list of names and shapes and asks once at its end. */
#ifndef RONDO_NN_DECLARE_H
#define RONDO_NN_DECLARE_H

#include "nn/params.h"

#define RONDO__MAX_NAME 128

typedef struct rondo__declarer {
    const char *where; /* of error messages */
    rondo_params *params;
    const char *prefix;
    rondo_status status;
    rondo_error *err;
} rondo__declarer;

/* PREFIXname into full, as the prefix of a part; false after a failure. */
bool rondo__declare_prefix(rondo__declarer *d, const char *name, char full[RONDO__MAX_NAME]);
/* PREFIXname (rows, columns), rows 0: a vector of `columns`; its place, or -1 after a failure. */
int rondo__declare(rondo__declarer *d, const char *name, int64_t rows, int64_t columns, rondo_init init);
/* Uniform within 1/sqrt(inputs), as nn.Linear starts. */
rondo_init rondo__linear_init(int64_t inputs);

#endif
