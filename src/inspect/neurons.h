/* The inside of the view `neurons`:
 *   neurons.c        which unit follows what
 *   neurons_show.c   its panels
 *   neurons_like.c   where are the units as in a stretch that is given? */
#ifndef RONDO_INSPECT_NEURONS_H
#define RONDO_INSPECT_NEURONS_H

#include "inspect/correlation.h"
#include "inspect/inspect.h"
#include "inspect/picks.h"
#include "inspect/units.h"

enum { RONDO__NEURON_BINS = 40, RONDO__NEURON_STEPS = 60, RONDO__NEURON_LIMIT = 10 };

typedef struct rondo__neurons {
    rondo_inspection *inspection;
    const rondo_view_options *options;
    rondo_view *view;
    int stack;
    rondo__units units;
    rondo__patterns patterns; /* of the passage that is laid out */
    rondo__correlation correlation;
    rondo__picks picks;
    double *state, *value, *score;                              /* of that passage: (T, units), (T), (T) */
    int64_t room;                                               /* steps that these have room for */
    int64_t passages, steps;                                    /* gone through */
    int pattern;                                                /* that is looked at; -1: none */
    int64_t unit;                                               /* the same */
    bool turned;                                                /* it falls where the pattern rises */
    double bin[RONDO__NEURON_BINS], in_bin[RONDO__NEURON_BINS]; /* sums of the unit by the pattern's value, steps */
} rondo__neurons;

/* ---- neurons.c ---- */
const rondo__look_stack *rondo__neurons_stack(const rondo__neurons *n);
int64_t rondo__neurons_limit(const rondo__neurons *n);
bool rondo__neurons_wants(const rondo__neurons *n, const rondo__units_part *part);
/* Lays passage i of those gone through out, with its states. *index: which one that is of all. */
rondo_status rondo__neurons_passage(rondo__neurons *n, int64_t i, int64_t *index, rondo_error *err);
/* The same of passage `index` of all, with its patterns. */
rondo_status rondo__neurons_lay(rondo__neurons *n, int64_t index, rondo_error *err);
/* The bin of a value of the pattern looked at; -1: unknown. */
int rondo__neurons_bin(const rondo__neurons *n, double value);
int rondo__neurons_bins(const rondo__neurons *n); /* how many its values fill */

/* ---- neurons_show.c: "layer 1, c 17" ---- */
const char *rondo__neurons_name(const rondo__neurons *n, int64_t unit);
rondo_status rondo__neurons_show(rondo__neurons *n, rondo_error *err);
void rondo__neurons_show_picks(rondo__neurons *n, const char *title, double low, double high);

/* ---- neurons_like.c ---- */
rondo_status rondo__neurons_like(rondo__neurons *n, rondo_error *err);

#endif
