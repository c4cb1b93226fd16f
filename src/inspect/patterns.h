/* What is known of each step of a sequence, as numbers that units are compared with: where in a line a symbol stands,
 * is it inside quotes, which hour is it, how high is the series. */
#ifndef RONDO_INSPECT_PATTERNS_H
#define RONDO_INSPECT_PATTERNS_H

#include "tasks/look.h"

enum { RONDO__PATTERNS = 64 };

typedef struct rondo__pattern {
    const char *name;
    bool holds;    /* 0 or 1 */
    double *value; /* (T), NaN: unknown */
} rondo__pattern;
typedef struct rondo__patterns {
    int count; /* the same ones, in the same order, for all passages of a stack */
    rondo__pattern pattern[RONDO__PATTERNS];
    rondo__arena room;
} rondo__patterns;

/* Of the steps of a passage. own: a pattern of the caller's, "text:WORDS", which holds where these words stand, or
 * NULL. A patterns that is all zero can be filled, and filled again. */
rondo_status rondo__patterns_of(rondo__patterns *out, const rondo__look_axis *axis, const char *own, rondo_error *err);
void rondo__patterns_free(rondo__patterns *patterns);
/* -1: there is none of this name. */
int rondo__patterns_find(const rondo__patterns *patterns, const char *name);

#endif
