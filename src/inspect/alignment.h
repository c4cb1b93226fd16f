/* Numbers of attention: weights by head, entropy, alignments. */
#ifndef RONDO_INSPECT_ALIGNMENT_H
#define RONDO_INSPECT_ALIGNMENT_H

#include "tasks/look.h"

/* out (T of target, T of source); head a->heads: the mean of all. */
void rondo__attention_weights(const rondo__look_attention *a, int layer, int64_t head, double *out);
/* Of target step t, in bits. NaN where a weight is NaN. */
double rondo__attention_entropy(const rondo__look_attention *a, int layer, int64_t head, int64_t t);
/* "0-0 2-1 ...": for each target symbol the source symbol that it looked at most (mean of the heads), source first,
 * numbered from 0. End symbols take no part: what looks there goes with nothing. */
void rondo__attention_align(const rondo__look_attention *a, int layer, rondo__text *out);

#endif
