/* Shared by the files that make series out of CSV. */
#ifndef RONDO_DATA_SERIES_BUILD_H
#define RONDO_DATA_SERIES_BUILD_H

#include "data/series.h"
#include "data/symbols.h"

/* A set that grows. Until the steps are laid out, a series has one step for each row of its file. */
typedef struct rondo__series_build {
    rondo__series_set *set;
    const rondo__series_spec *spec;
    int64_t capacity;         /* of series and line */
    int64_t **line;           /* (set->count) (rows): where each row stands in its file */
    rondo__symbols *category; /* (fixed columns) */
    rondo_error *err;
} rondo__series_build;

/* The series of one file (series_rows.c). base: the name of a series that has no other. */
rondo_status rondo__series_add(rondo__series_build *b, const rondo__csv *csv, const char *base);
/* set->step, and every series laid out on it, gaps filled with NaN (series_steps.c). */
rondo_status rondo__series_lay_out(rondo__series_build *b);
/* What set->step is (series_step.c); refuses times that fit no step. */
rondo_status rondo__series_find_step(rondo__series_build *b);
/* Steps from one time to a later one; 0: they do not fit. */
int64_t rondo__series_steps_between(rondo__time_step step, double from, double to);
/* Sets known of all series and counts missing cells, before gaps are filled (series_notes.c). */
rondo_status rondo__series_note_columns(rondo__series_build *b, rondo__text *notes);
#define RONDO__SERIES_NOTES 9 /* lines about gaps, about columns; then one that counts the rest */

static inline rondo_status rondo__series_no_memory(const rondo__series_build *b, const char *path) {
    return rondo__fail(b->err, RONDO_MEMORY, "%s: no memory for its series", path);
}
/* All of it for one file that is open already: for tests and fuzzing. */
rondo_status rondo__series_from_csv(rondo__series_set *out, const rondo__csv *csv, const rondo__series_spec *spec,
                                    rondo_error *err);

#endif
