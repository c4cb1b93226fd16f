/* Checks at the door of the layers' operators. */
#ifndef RONDO_NN_EXPECT_H
#define RONDO_NN_EXPECT_H

#include "rondo/tape.h"

/* RONDO_SHAPE, naming op and what, unless var holds real numbers of exactly these dims. var must not be NULL. */
rondo_status rondo__expect_dims(const char *op, const char *what, const rondo_var *var, int rank, const int64_t *dims,
                                rondo_error *err);
/* RONDO_ARGUMENT when a needed variable is NULL, RONDO_SHAPE when it does not have rank dimensions of real numbers. */
rondo_status rondo__expect_rank(const char *op, const char *what, const rondo_var *var, int rank, rondo_error *err);
/* RONDO_SHAPE when 32 arrays (T, B, width), more than a cell saves and works with, cannot be addressed. */
rondo_status rondo__expect_room(const char *op, int64_t T, int64_t B, int64_t width, rondo_error *err);

#endif
