/* Small operators on rows that layers need. */
#ifndef RONDO_NN_ROWS_H
#define RONDO_NN_ROWS_H

#include "rondo/tape.h"

/* x (n) -> (B, n): the same row B times; the gradient is the sum over the rows. */
rondo_var *rondo__expand_rows(rondo_tape *tape, rondo_var *x, int64_t B);
/* x (M, n) -> (count, n): rows index[0..count) of x; the gradient is added back to these rows in order. Each index is
 * in [0, M); the array must outlive the step. */
rondo_var *rondo__pick_rows(rondo_tape *tape, rondo_var *x, int64_t count, const int32_t *index);
/* Adaptive softmax: part[0] (M, n + clusters) log-probabilities of n frequent symbols and of each cluster, part[i + 1]
 * (M, v_i) those within cluster i -> (M, V) of all symbols. */
rondo_var *rondo__join_clusters(rondo_tape *tape, int clusters, rondo_var *const *part);

/* count (1 or more) variables (1, B, ...) -> (count, B, ...), which are joined where the array `steps` keeps them. */
rondo_var *rondo__join_steps(rondo_tape *tape, int64_t count, rondo_var **steps);
/* Room for count things of the given bytes each, cleared, that lives as long as the step; NULL once the tape failed. */
void *rondo__step_memory(rondo_tape *tape, int64_t count, size_t bytes);

#endif
