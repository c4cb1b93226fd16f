/* A model's weights on their way to low precision: which, the rounded numbers, and what is measured of them. */
#ifndef RONDO_TASKS_QUANTISE_H
#define RONDO_TASKS_QUANTISE_H

#include "kernels/observe.h"
#include "nn/params.h"
#include "rondo/quantise.h"
#include "tasks/model.h"

/* One parameter. */
typedef struct rondo__rounded {
    bool may, chosen;
    rondo__stored stored; /* chosen: data and scale are memory of its own */
    float input_scale;    /* calibrated; 0: none */
    rondo__observer *observer;
} rondo__rounded;

typedef struct rondo__rounding {
    rondo_model *model;
    const rondo_quantise_options *options;
    int count; /* parameters */
    rondo__rounded *of;
    rondo_error *err;
} rondo__rounding;

/* quantise.c: checks the options, chooses, rounds, measures (report may be NULL). Drop it whatever comes of it. */
rondo_status rondo__rounding_make(rondo__rounding *r, rondo_quantise_report *report);
void rondo__rounding_drop(rondo__rounding *r);
/* quantise_measure.c: finds the inputs' scales from data, and fills the report (NULL: only scales). */
rondo_status rondo__rounding_measure(rondo__rounding *r, rondo_quantise_report *report);
/* quantise_observe.c: runs the model on the files, on one thread, with every chosen parameter watched. */
rondo_status rondo__rounding_observe(rondo__rounding *r, int files, const char *const *file, bool compare);
void rondo__observer_free(rondo__observer **observer);
/* Signal to noise in dB: of what was compared, else of the weights themselves. */
double rondo__rounding_noise(const rondo__rounding *r, int index);

#endif
