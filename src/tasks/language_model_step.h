/* A language model one symbol at a time, for one text: writing (generate.c), and scoring what is heard
 * (transcribe_scorer.c). */
#ifndef RONDO_TASKS_LANGUAGE_MODEL_STEP_H
#define RONDO_TASKS_LANGUAGE_MODEL_STEP_H

#include "tasks/language_model.h"

typedef struct rondo__lm_step {
    rondo__lm *lm;
    rondo_stream *stream;
    rondo_tape *tape; /* adaptive softmax only */
    real *packed;     /* output layer */
    real *x;          /* (E) the embedding of what is fed */
    real *y;          /* (W) what leaves the stack */
    real *logits;     /* (V) */
    real *known;      /* (V or E) what a Jordan network is taught */
} rondo__lm_step;

/* user: who asks, for messages. What failed to open can be closed. */
rondo_status rondo__lm_step_open(rondo__lm_step *step, rondo__lm *lm, const char *user, rondo_error *err);
void rondo__lm_step_close(rondo__lm_step *step);
/* Where the network is taught, id takes the place of what its last step fed back. */
rondo_status rondo__lm_step_teach(rondo__lm_step *step, int32_t id);
void rondo__lm_step_feed(rondo__lm_step *step, int32_t id);
/* From what left the stack to logits (V), or log-probabilities, which serve as well. Valid until the next call. */
rondo_status rondo__lm_step_score(rondo__lm_step *step, const real **logits, rondo_error *err);

#endif
