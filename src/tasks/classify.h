/* The classifier: which label has a sequence?
 *
 *   audio, series   frames -> dropout ┐
 *   text            symbols -> embedding -> dropout ┴-> recurrent stack -> pooling -> dropout -> linear ->
 * cross-entropy
 *
 * Pooling: the last state (of both directions), the mean or the largest of all steps, or their sum by softmax(v · y_t)
 * (attention; v is learned).
 *
 * Parameters: embedding.weight (V, E) of texts; rnn.* as rondo_recurrent names them; attention.weight (1, W);
 * output.weight (C, W), output.bias (C). W is the width of what leaves the stack, C the number of labels. */
#ifndef RONDO_TASKS_CLASSIFY_H
#define RONDO_TASKS_CLASSIFY_H

#include "data/pairs.h"
#include "data/tokenizer.h"
#include "rondo/classify.h"
#include "rondo/label_score.h"
#include "tasks/label_names.h"
#include "tasks/listening.h"
#include "train/model_file.h"
#include "train/task.h"

/* Examples as the network takes them: frames, or ids. */
typedef struct rondo__classify_part {
    rondo__labelled items;
    rondo__frame_set frames; /* audio, series */
    rondo__id_lines ids;     /* text */
    int32_t *label;          /* (count) */
    int64_t *length;         /* (count) by which batches are cut */
    int64_t count;
} rondo__classify_part;

/* A batch: frames (listening) or symbols, and what is asked of them. */
typedef struct rondo__classify_room {
    rondo__listening_batch frames;
    int64_t T, B;
    int32_t *ids, *lengths; /* (T, B; -1 behind the end), (B): text */
    int32_t *targets;       /* (B) */
    size_t ids_room, lengths_room, targets_room;
} rondo__classify_room;

/* What an evaluation found. */
typedef struct rondo__classify_score {
    int64_t count;
    double nats;
    int64_t *confusion;  /* (C, C) [truth][prediction] */
    double *probability; /* (count, C) */
    int32_t *truth;      /* (count) */
} rondo__classify_score;

typedef struct rondo__classify {
    rondo__task_object base; /* first */
    rondo__input_kind input;
    rondo__listening listening;  /* audio, series */
    rondo__tokenizer *tokenizer; /* text */
    rondo__label_names labels;
    int64_t C, I, W;
    rondo_recurrent *net;
    int embedding, attention, weight, bias; /* parameters; -1: absent */
    rondo__classify_room room[2];           /* of base.slot: the batch in use */
    int64_t *confusion;                     /* (C, C) of the last evaluation, or NULL */

    /* of training only */
    rondo__classify_part train, valid;
    real *class_weights; /* (C) or NULL */
    rondo__frame_batches batches;
} rondo__classify;

/* ---- the model (classify.c) ---- */
rondo_status rondo__classify_build(rondo__classify *c, const rondo__safetensors *file, const char *path,
                                   rondo_error *err);
/* Of the batch in use: (B, C). */
rondo_var *rondo__classify_logits(rondo__classify *c, rondo_tape *tape);

/* ---- data (classify_data.c) ---- */
rondo_status rondo__classify_read(rondo__classify *c, rondo_error *err);
/* Another file's examples; labels must be known. */
rondo_status rondo__classify_open(rondo__classify *c, const char *path, rondo__classify_part *out, rondo_error *err);
/* Frames or ids of items that have been listed, and the lengths that batches go by. */
rondo_status rondo__classify_set_lengths(rondo__classify_part *part, rondo_error *err);
rondo_status rondo__classify_prepare(rondo__classify *c, rondo__classify_part *part, rondo_error *err);
void rondo__classify_part_free(rondo__classify_part *part);
/* Puts examples of a part into the room in use. */
rondo_status rondo__classify_fill(rondo__classify *c, const rondo__classify_part *part, int64_t count,
                                  const int64_t *example, rondo_error *err);
/* A batch of training, as task class prepare; of texts all is done. */
rondo_status rondo__classify_prepare_batch(rondo__task_object *task, int slot, int64_t epoch, int64_t batch,
                                           rondo__work *work, rondo_error *err);
void rondo__classify_room_free(rondo__classify_room *room);
const char *const *rondo__classify_endings(const rondo__classify *c);

/* ---- evaluation (classify_evaluate.c) ---- */
extern const char *const rondo__classify_metrics[];
/* Probabilities (count, C) of a part's examples, in their order; log_likelihood (count) of the targets, or NULL. */
rondo_status rondo__classify_run(rondo__classify *c, rondo_tape *tape, const rondo__classify_part *part,
                                 double *probability, double *log_likelihood, rondo_error *err);
/* Softmax in double of a row of logits (C); returns log(sum exp). */
double rondo__classify_soften(const real *logit, int64_t C, double *out);
int32_t rondo__classify_best(const double *probability, int64_t C);
rondo_status rondo__classify_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                      rondo_metrics *metrics, rondo_error *err);
void rondo__classify_report(const rondo__task_object *task, rondo__text *lines);

extern const struct rondo__look_class rondo__classify_look; /* classify_look.c */
extern const rondo__task_class rondo__classify_class;

#endif
