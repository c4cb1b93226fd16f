/* The learning rate of each step. */
#ifndef RONDO_TRAIN_SCHEDULE_H
#define RONDO_TRAIN_SCHEDULE_H

#include "train/recipe.h"

/* What plateau remembers; part of the checkpoint. */
typedef struct rondo__plateau {
    double factor; /* of the rate so far; starts at 1 */
    double best;   /* NaN: none yet */
    double bad;    /* evaluations without progress */
} rondo__plateau;

/* The rate of step (from 0) of total steps in the run. */
double rondo__schedule_rate(const rondo__recipe_train *train, const rondo__plateau *plateau, int64_t step,
                            int64_t total);
/* After each evaluation, with the metric that counts; rises: larger is better. */
void rondo__plateau_observe(rondo__plateau *plateau, const rondo__recipe_train *train, double value);

#endif
