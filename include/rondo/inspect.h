/* Look inside a trained model: what its units and gates do over time, how long it remembers, where it looks, what
 * happens when a part of it is taken away. docs/inspect.md defines every number.
 *
 *   rondo_inspection_open(&inspection, model, &(rondo_inspect_data){.files = 1, .file = (const char *[]){"x.txt"}},
 * &err) rondo_inspection_view(inspection, "states", NULL, &view, &err) rondo_view_write(view, "states.png", &err)
 */
#ifndef RONDO_INSPECT_H
#define RONDO_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the model is shown, passage by passage: the pairs, sentences, recordings or windows of the data; of a language
 * model stretches of 256 symbols. Files are those that rondo_model_evaluate takes. Without files and without a text the
 * validation data of the model's recipe, found as the recipe finds them. */
typedef struct rondo_inspect_data {
    int files;
    const char *const *file;
    const char *text;   /* in place of files, where the model reads text */
    const char *target; /* of a model that translates: what the text should become; NULL: what it itself writes */
} rondo_inspect_data;

typedef struct rondo_inspection rondo_inspection;
/* model must stay open and unused by others meanwhile; data may be NULL. Weights in low precision are read as floats.
 * Files of a network without a task (rondo import without --recipe) are .npy arrays, as rondo_model_apply takes them.
 */
RONDO_API rondo_status rondo_inspection_open(rondo_inspection **out, rondo_model *model, const rondo_inspect_data *data,
                                             rondo_error *err);
RONDO_API void rondo_inspection_close(rondo_inspection **inspection);
RONDO_API int64_t rondo_inspection_passages(const rondo_inspection *inspection);

/* How units of a heatmap are ordered. */
typedef enum rondo_unit_order {
    RONDO_ORDER_CLUSTER, /* those that act alike stand together */
    RONDO_ORDER_INDEX,
    RONDO_ORDER_MEAN, /* falling */
    RONDO_ORDER_PEAK  /* by the step at which they are strongest */
} rondo_unit_order;

/* Zero means the default, or all. An option that a view has no use for is refused by name. */
typedef struct rondo_view_options {
    const char *stack;   /* "encoder", "decoder" */
    int layer;           /* its number + 1 */
    int direction;       /* 1: forward, 2: backward */
    const char *gate;    /* "forget gate", or how it begins; also "cell", "hidden", "output" */
    int64_t passage;     /* which one, from 0: states, attention, neurons */
    int64_t passages;    /* how many of the data are used at most, spread over them: gates, gradients, neurons,
                            ablate; attention: how many are aligned, from the first on (default: the one shown) */
    int64_t from, steps; /* a cut in time */
    rondo_unit_order order;
    int64_t unit;               /* its number + 1 */
    int64_t limit;              /* rows of a table, units of a picture */
    int64_t lags;               /* gradients: the longest */
    const char *pattern;        /* neurons: one by its name; "text:WORDS": where these words stand */
    int64_t like_from, like_to; /* neurons: steps [from, to) of the passage, whose like is searched for */
} rondo_view_options;

typedef struct rondo_view rondo_view;
/* Computes a view by its name. options may be NULL. */
RONDO_API rondo_status rondo_inspection_view(rondo_inspection *inspection, const char *name,
                                             const rondo_view_options *options, rondo_view **view, rondo_error *err);
RONDO_API void rondo_view_free(rondo_view **view);
/* The views there are, by number; NULL: no more. *summary (may be NULL): in a few words. */
RONDO_API const char *rondo_view_name(int index, const char **summary);

/* Writes it, whole or not at all: .png and .svg (pictures), .json (all its numbers), .npy (those of its first panel,
 * float64), .txt; of attention .pharaoh, too (its alignment: a line of i-j for each passage, source first). */
RONDO_API rondo_status rondo_view_write(const rondo_view *view, const char *path, rondo_error *err);

typedef struct rondo_view_text_options {
    int width;   /* columns of the terminal; 0: 80 */
    bool colour; /* ANSI colours */
} rondo_view_text_options;
/* As text of Unicode blocks; freed by rondo_view_text_free. options may be NULL. */
RONDO_API rondo_status rondo_view_text(const rondo_view *view, const rondo_view_text_options *options, char **text,
                                       size_t *size, rondo_error *err);
RONDO_API void rondo_view_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
