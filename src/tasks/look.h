/* Looking into a model: one passage of data (a sentence, a recording, a window, a stretch of text) runs through the
 * task's own forward, and what entered each recurrent stack, what left it, where attention looked and what each step
 * cost is kept. Nothing of a model is written twice for it: stacks and attention layers show their passes to a watch.
 *
 *   look.c          open, passages, running one
 *   look_axis.c     what the steps of a sequence are called
 *   NAME_look.c     the hook of each task
 *
 * Memory is that of the data as the task reads it (symbols, frames), and of one passage. */
#ifndef RONDO_TASKS_LOOK_H
#define RONDO_TASKS_LOOK_H

#include "nn/attention.h"
#include "nn/recurrent.h"
#include "train/task.h"

/* Where passages come from: files as `rondo eval --data` takes them, or a text, or (neither) the recipe's own
 * validation data. target: of a translation; NULL: what the model itself writes. */
typedef struct rondo__look_data {
    int files;
    const char *const *file;
    const char *text, *target;
} rondo__look_data;

/* A number that is known of each step beside its name: "energy", a column of the table. */
typedef struct rondo__look_feature {
    const char *name;
    const double *value; /* (T), NaN: missing */
} rondo__look_feature;
#define RONDO__LOOK_FEATURES 16

typedef struct rondo__look_axis {
    const char *unit; /* what a step is: "symbol", "word", "piece", "second", "date", "step" */
    int64_t T;
    const char **label; /* (T) for people: blanks and line ends as signs */
    const char **text;  /* (T) as they stand, so that all in a row are the text; NULL: the steps are no text */
    const double *time; /* (T) seconds, of a recording or since 1970 (dated); NULL: none */
    bool dated;
    int features;
    rondo__look_feature feature[RONDO__LOOK_FEATURES];
} rondo__look_axis;

/* One recurrent stack over the passage. Arrays are filled by rondo__look_run. */
typedef struct rondo__look_stack {
    const char *name; /* "stack", "encoder", "decoder" */
    rondo_recurrent *net;
    rondo__look_axis axis;
    double *x;                       /* (T, I): as fed, what a decoder makes of its own past included */
    double *y;                       /* (T, W): what left it */
    double *h[2 * RONDO_MAX_LAYERS]; /* first states by layer * directions + direction; NULL: learned, or zeros */
    double *c[2 * RONDO_MAX_LAYERS];
    const real *feedback; /* Jordan's matrix (O, Q), or NULL */
    double *teacher;      /* (T, Q) what a taught Jordan network was told, or NULL */
    int64_t seen, passes; /* steps; in how many passes: a decoder that feeds itself has one a step */
    int64_t rows;         /* B: 1, or as many targets as are forecast apart; the first is shown */
} rondo__look_stack;
#define RONDO__LOOK_STACKS 2

typedef struct rondo__look_attention {
    const char *name; /* "attention", "encoder self-attention", "decoder self-attention" */
    int layers;
    int64_t heads;
    const rondo__look_axis *target, *source;
    double *weight; /* (layers, heads, T of target, T of source) */
    const rondo_attention_layer *layer[RONDO_MAX_LAYERS];
    int64_t seen[RONDO_MAX_LAYERS]; /* steps of target */
} rondo__look_attention;
#define RONDO__LOOK_ATTENTIONS 3

typedef struct rondo__passage {
    int64_t index;
    const char *title;  /* the passage in a few words: its text, its label, its dates */
    const char *answer; /* what it should be told apart as, or turned into; NULL: nothing of that kind */
    int stacks;
    rondo__look_stack stack[RONDO__LOOK_STACKS];
    int attentions;
    rondo__look_attention attention[RONDO__LOOK_ATTENTIONS];
    rondo__look_axis source, target; /* of an encoder-decoder that has no stack of its own for them */
    /* Losses, as many as the task has of its own kind: of each step of an axis, or (axis NULL) one of the whole. */
    const rondo__look_axis *loss_axis;
    int64_t losses;
    real *loss;        /* (losses) nats (a forecast: its loss), 0 where nothing is counted */
    double nats;       /* their sum */
    int64_t counted;   /* what evaluations divide it by */
    rondo__arena room; /* all that is pointed to */
} rondo__passage;

typedef struct rondo__look {
    rondo__task_object *task;
    rondo_tape *tape;
    void *reading; /* of the task */
    int64_t passages;
    rondo__passage passage; /* laid out now */
} rondo__look;

/* The hook of a task (rondo__task_class.look). */
typedef struct rondo__look_class {
    rondo_status (*open)(rondo__look *look, const rondo__look_data *data,
                         rondo_error *err); /* sets reading, passages */
    void (*close)(rondo__look *look);       /* however far open came */
    /* Makes the passage the task's batch of one, and tells of it: stacks, attentions, axes, title, losses. The passage
     * is empty but for its index. */
    rondo_status (*lay)(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err);
    /* The task's own forward on a tape that has begun: the sum of the losses; only: of that one alone (-1: all). loss
     * (losses) receives each, or is NULL. */
    rondo_var *(*run)(rondo__look *look, int64_t only, real *loss);
} rondo__look_class;

/* task and tape outlive it. RONDO_UNSUPPORTED, told in a sentence, where a task cannot be looked into. */
rondo_status rondo__look_open(rondo__look **out, rondo__task_object *task, rondo_tape *tape,
                              const rondo__look_data *data, rondo_error *err);
void rondo__look_close(rondo__look **look);
/* Lays a passage out (in place of the one before) and runs it once: look->passage is complete then. */
rondo_status rondo__look_at(rondo__look *look, int64_t index, rondo_error *err);

/* Runs the passage again. instead, seen (either may be NULL): called with each pass of a stack, from step `at` of it on
 * (a decoder that feeds itself has one pass a step), see rondo__recurrent_watch.
 * recording: so that rondo_backward can follow. *loss: the sum of the losses, or the one of `only` (-1: all); on
 * look->tape until its next step. */
typedef struct rondo__look_run {
    rondo_var *(*instead)(void *arg, int stack, int64_t at, rondo_tape *tape, rondo_var *x,
                          const rondo_recurrent_input *input);
    rondo_var *(*seen)(void *arg, int stack, int64_t at, rondo_tape *tape, rondo_var *x,
                       const rondo_recurrent_input *input, rondo_var *y);
    void *arg;
    bool recording;
    int64_t only;
    real *losses; /* (passage.losses) or NULL: receives each */
} rondo__look_run;
rondo_status rondo__look_again(rondo__look *look, const rondo__look_run *run, rondo_var **loss, rondo_error *err);

/* ---- for hooks ---- */
rondo_status rondo__look_no_memory(rondo_error *err);
/* Cleared room of the passage; NULL: out of memory. */
void *rondo__look_room(rondo__passage *passage, int64_t count, size_t bytes);
char *rondo__look_text(rondo__passage *passage, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a stack, or an attention of layers that stand in net->layer order; its axes must stay where they are. */
rondo__look_stack *rondo__look_add_stack(rondo__passage *passage, const char *name, rondo_recurrent *net);
rondo__look_attention *rondo__look_add_attention(rondo__passage *passage, const char *name);
/* n losses, each of a step of axis (NULL: n is 1). False: out of memory. */
bool rondo__look_losses(rondo__passage *passage, int64_t n, const rondo__look_axis *axis);
/* Which of several lists holds passage *index, which becomes the place in it. */
int rondo__look_part(int parts, const int64_t *count, int64_t *index);
/* The recipe's data are not one file that can be named: what a user must give. */
rondo_status rondo__look_give_data(const rondo__look *look, const char *what, rondo_error *err);

/* ---- axes (look_axis.c). False: out of memory ---- */
struct rondo__tokenizer;
/* Symbols of a tokenizer; end: what stands for the end symbol id (-1: none). */
bool rondo__axis_symbols(rondo__look_axis *out, rondo__passage *passage, const struct rondo__tokenizer *tokenizer,
                         int64_t T, const int32_t *ids);
bool rondo__axis_words(rondo__look_axis *out, rondo__passage *passage, int64_t T, char *const *word);
/* Steps of a recording, `step` seconds each. */
bool rondo__axis_seconds(rondo__look_axis *out, rondo__passage *passage, int64_t T, double step);
/* The same of one of a set, with its energy (listening_look.c). */
struct rondo__listening;
struct rondo__frame_set;
bool rondo__axis_heard(rondo__look_axis *out, rondo__passage *passage, const struct rondo__listening *listening,
                       const struct rondo__frame_set *set, int64_t example, int64_t T);
bool rondo__axis_numbers(rondo__look_axis *out, rondo__passage *passage, int64_t T);
/* A feature of T numbers to be filled in; NULL: out of memory, or there are RONDO__LOOK_FEATURES already. */
double *rondo__axis_feature(rondo__look_axis *axis, rondo__passage *passage, const char *name);
/* One label, as people see it. NULL: out of memory. */
const char *rondo__axis_label(rondo__passage *passage, const char *text, size_t size);

#endif
