/* One training run: what the loop, the evaluation, the checkpoint and the log share. */
#ifndef RONDO_TRAIN_LOOP_H
#define RONDO_TRAIN_LOOP_H

#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/task.h"

/* Everything that a resumed run must find again, beside the arrays. Written as two arrays of numbers. */
typedef struct rondo__progress {
    int64_t step;         /* optimiser steps done */
    int64_t epoch, batch; /* the next batch, both from 0 */
    int64_t evaluated;    /* step of the last evaluation, -1: none */
    int64_t lines;        /* of metrics.jsonl */
    int64_t loss_symbols; /* targets since the last evaluation */
    int64_t bad;          /* evaluations since the best */
    int64_t has_best;
    double loss_sum; /* nats since the last evaluation */
    double best;     /* value of the metric that counts */
    double seconds;  /* of training and evaluation so far, over all sittings */
    rondo__plateau plateau;
} rondo__progress;

/* Batches of tasks that prepare them (loop_batches.c). */
typedef struct rondo__batches_ahead {
    rondo__ahead *thread; /* NULL: each is made when it is needed */
    bool begun;           /* the one after that of task->slot is on its way into the other slot */
    int64_t epoch, batch; /* which that is */
    rondo__work work;     /* n = 0: nothing is left of it */
    rondo_status status;  /* of its beginning */
    rondo_error err;
} rondo__batches_ahead;

typedef struct rondo__run {
    rondo__task_object *task;
    const rondo_train_options *options;
    rondo_tape *tape;
    rondo_optimizer *optimizer;
    real *average; /* (size of the parameters' block) or NULL */
    rondo__progress progress;
    rondo__batches_ahead ahead;
    rondo_metrics best;
    int64_t batches, steps_per_epoch, total;
    int64_t first_step;                   /* of this sitting */
    double begun;                         /* clock, less the seconds of earlier sittings */
    double busy, busy_symbols;            /* training only, since the last evaluation */
    double sitting_busy, sitting_symbols; /* training only, of this sitting */
    double last_norm, last_rate;
    bool cleared;  /* the update has left all gradients at zero */
    int lock;      /* on the folder, -1: none */
    bool made;     /* the folder, which was not there */
    bool wrote;    /* recipe.yaml, which was not there */
    char kept[32]; /* what a recipe.yaml of the user's is called now, "" */
    bool stop;     /* the event function asked for it */
    char message[512];
    rondo__text report; /* of the best evaluation */
} rondo__run;

const char *rondo__run_path(const rondo__run *run, const char *name, char out[RONDO__PATH]);
/* "; the last good model is kept in DIR", or nothing where no model was saved yet. */
const char *rondo__run_kept(const rondo__run *run, char out[RONDO__PATH]);
double rondo__run_seconds(const rondo__run *run);
void rondo__run_event(rondo__run *run, rondo_event_kind kind, const rondo_metrics *metrics, bool best,
                      const char *message);

/* A note for each line. */
void rondo__run_notes(rondo__run *run, rondo__text *lines);

rondo_status rondo__batches_open(rondo__run *run, rondo_error *err);
void rondo__batches_close(rondo__run *run);
/* The progress's batch is in task->slot, for the loss; last: no other one follows it. */
rondo_status rondo__batches_take(rondo__run *run, bool last, rondo_error *err);

/* With a limit of memory: one step of the largest batch without its update, to say what the recipe needs (rehearse.c).
 */
rondo_status rondo__run_rehearse(rondo__run *run, rondo_error *err);
/* RONDO_MEMORY under a limit, told as what it is. Others are left alone. */
rondo_status rondo__limit_error(rondo_status status, size_t limit, rondo_error *err);

/* One optimiser step (loop_step.c). */
rondo_status rondo__run_step(rondo__run *run, rondo_error *err);
/* Is an evaluation due that has not been made? */
bool rondo__run_due(const rondo__run *run);
/* Does the task know train.metric? Checked before any data is read (metrics.c). */
rondo_status rondo__metric_check(const rondo__task_class *class, const char *metric, rondo_error *err);
/* Evaluates, logs, keeps the best, saves (loop_evaluate.c). */
rondo_status rondo__run_evaluate(rondo__run *run, rondo_error *err);

/* DIR/last.safetensors (checkpoint.c). Load also brings metrics.jsonl back to the checkpoint's lines. */
rondo_status rondo__checkpoint_save(rondo__run *run, rondo_error *err);
rondo_status rondo__checkpoint_load(rondo__run *run, rondo_error *err);
/* RONDO_STATE naming the key when a run of recipe was cannot go on as recipe now. *changed: first other key that
 * differs, or NULL. */
rondo_status rondo__resume_check(const rondo__recipe *was, const rondo__recipe *now, const char *path,
                                 const char **changed, rondo_error *err);

/* DIR/metrics.jsonl (log.c). */
rondo_status rondo__log_add(const char *path, const rondo__text *line, rondo_error *err);
rondo_status rondo__log_cut(const char *path, int64_t lines, rondo_error *err);
/* DIR (folder.c): may a run begin there? Checked before any data is read. */
rondo_status rondo__folder_check(const rondo_train_options *options, rondo_error *err);
/* Makes the folder and keeps other runs out of it from here on. */
rondo_status rondo__folder_take(rondo__run *run, rondo_error *err);
rondo_status rondo__folder_prepare(rondo__run *run, rondo_error *err);
/* After a run that failed before it had anything to keep: takes away what it made. */
void rondo__folder_leave(const rondo__run *run);
/* Of the files step-N.safetensors there, only the `keep` of the highest N stay. */
void rondo__folder_keep(const char *folder, int64_t keep);

#endif
