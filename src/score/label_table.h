/* What became of each label, as text for people. */
#ifndef RONDO_SCORE_LABEL_TABLE_H
#define RONDO_SCORE_LABEL_TABLE_H

#include "core/core.h"
#include "rondo/label_score.h"

/* Adds to out a line for each class (count, precision, recall, F1; "-" where there is nothing to divide by), the mean
 * over the classes that occur, the accuracy, and, up to RONDO__MATRIX_CLASSES classes, the matrix of truth by
 * prediction, beyond them the most frequent mistakes. confusion (classes, classes): [truth][prediction]. name
 * (classes), or NULL: numbers. Every line ends with a newline. */
#define RONDO__MATRIX_CLASSES 24
void rondo__label_table(rondo__text *out, int64_t classes, const char *const *name, const int64_t *confusion);

/* Of one class (confusion.c). */
rondo_class_score rondo__class_score(const int64_t *confusion, int64_t classes, int64_t c);

#endif
