/* The places in all data that score highest, kept with what stands around them while passages come and go. */
#ifndef RONDO_INSPECT_PICKS_H
#define RONDO_INSPECT_PICKS_H

#include "tasks/look.h"

typedef struct rondo__pick {
    double score;
    int64_t passage, begin, count; /* steps [begin, begin + count) of it are kept */
    int64_t from, to;              /* of those, the ones that scored */
    char place[64];                /* "symbol 38", where it scored */
    const char **name;             /* (count) */
    double *value;                 /* (count) */
} rondo__pick;
typedef struct rondo__picks {
    int64_t limit, count;
    rondo__pick *pick; /* (limit) falling */
} rondo__picks;

rondo_status rondo__picks_make(rondo__picks *out, int64_t limit, rondo_error *err);
void rondo__picks_free(rondo__picks *picks);
/* Scores of all windows of `length` steps in a passage (score[i]: of [i, i + length); NaN: not to be picked), which are
 * used up: of windows that overlap or stand closer than they are long the highest is taken. value (T) is kept of those
 * that are picked. */
rondo_status rondo__picks_offer(rondo__picks *picks, int64_t passage, const rondo__look_axis *axis, const double *value,
                                int64_t length, double *score, rondo_error *err);
/* Does a blank go before step t in a row of them? Words have one. */
bool rondo__picks_blank(const rondo__look_axis *axis, int64_t t);

#endif
