/* Fields of a labelled example, from its file's name by a pattern or from the columns of its list, and the choice among
 * examples by them. */
#ifndef RONDO_DATA_LABELLED_FIELDS_H
#define RONDO_DATA_LABELLED_FIELDS_H

#include "core/core.h"

/* Where one example's fields stand: pattern and name, or columns with their cells. */
typedef struct rondo__row {
    const char *pattern, *name; /* name without ending; pattern NULL: none */
    int64_t columns;
    const char *const *column; /* (columns) their names */
    const char *const *cell;   /* (columns) */
} rondo__row;

/* A pattern such as "{label}_{speaker}_{index}": texts, and fields between them. A field is never empty and never holds
 * the text that parts it from its neighbours, so that a name fits in one way or not at all. With "/" in it, it stands
 * for folders, too: "{label}/{speaker}_{index}". */
rondo_status rondo__pattern_check(const char *pattern, rondo_error *err);
/* The part of a path (without ending) that the pattern speaks of: as many components as it has. */
const char *rondo__pattern_name(const char *pattern, const char *path);
bool rondo__pattern_fits(const char *pattern, const char *name);

/* The value of a field; false: there is no such field. The pattern must fit. */
bool rondo__row_field(const rondo__row *row, const char *field, size_t size, const char **value, size_t *value_size);

/* "speaker!=theo, index=3|4": all clauses must hold. Check reads the clauses against one row's fields. */
rondo_status rondo__where_check(const char *where, const rondo__row *row, rondo_error *err);
bool rondo__where_fits(const char *where, const rondo__row *row);

#endif
