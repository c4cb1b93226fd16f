/* Named numbers of an evaluation. */
#ifndef RONDO_TRAIN_METRICS_H
#define RONDO_TRAIN_METRICS_H

#include "core/core.h"
#include "rondo/model.h"

/* Adds or replaces; further names than RONDO_MAX_METRICS are dropped. */
void rondo__metrics_set(rondo_metrics *metrics, const char *name, double value);
/* A number as JSON; null where it is not finite. */
void rondo__json_real(rondo__text *text, double value);
/* {"name": value, ...} */
void rondo__metrics_json(const rondo_metrics *metrics, rondo__text *text);

#endif
