/* Running a case, and writing it down. */
#ifndef TESTS_DIFFERENTIAL_RUN_H
#define TESTS_DIFFERENTIAL_RUN_H

#include <stddef.h>

#include "differential/differ.h"

typedef struct differ_array {
    struct differ_array *next;
    const rondo_real *data;
    int64_t count;
} differ_array;
void differ_end(differ *d);

/* The case that a number stands for; false: there is no such family. */
void case_draw(differ_case *c, uint64_t seed);
bool case_read(differ_case *c, const char *line);
void case_write(const differ_case *c, char *line, size_t size);
int case_families(void);

/* All results, then all gradients, last made first. status: RONDO_OK, or why there are none. */
typedef struct outcome {
    rondo_status status;
    char message[512];
    int64_t arrays, results;
    int64_t *counts;
    double **data;
} outcome;
void case_run(const differ_case *c, outcome *out);
void outcome_free(outcome *out);

#endif
