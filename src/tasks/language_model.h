/* The language model: what comes next?
 *
 *   symbol -> embedding -> dropout -> recurrent stack -> dropout -> linear (or tied, or adaptive softmax) ->
 * cross-entropy
 *
 * A Jordan network needs no output layer: its last layer's output units are the symbols (logits a_t), and what it feeds
 * back is the distribution softmax(a_t) or, with feedback: embedding, the embedding expected under it. With
 * teacher_forcing the known symbol (one-hot, or its embedding) takes that place, in training and evaluation; in
 * generation the drawn symbol.
 *
 * Parameters: embedding.weight (V, E); rnn.* as rondo_recurrent names them; output.weight (V, W; absent when tied),
 * output.bias (V); or with adaptive softmax output.head.weight, output.tail.I.0.weight, output.tail.I.1.weight. W is
 * the width of what leaves the stack. */
#ifndef RONDO_TASKS_LANGUAGE_MODEL_H
#define RONDO_TASKS_LANGUAGE_MODEL_H

#include "data/batches.h"
#include "data/tokenizer.h"
#include "train/model_file.h"
#include "train/task.h"

/* States that go from chunk to chunk, for B rows; detached: no gradient runs through them. */
typedef struct rondo__lm_memory {
    int64_t B;
    int layers;
    int64_t h_width[RONDO_MAX_LAYERS], c_width[RONDO_MAX_LAYERS];
    real *h[RONDO_MAX_LAYERS]; /* (B, h_width) */
    real *c[RONDO_MAX_LAYERS]; /* (B, c_width), NULL without a cell state */
} rondo__lm_memory;

typedef struct rondo__lm {
    rondo__task_object base; /* first */
    rondo__tokenizer *tokenizer;
    rondo_recurrent *net;
    rondo_adaptive *adaptive; /* NULL: plain softmax */
    int embedding, weight,
        bias; /* parameters; weight and bias -1 for Jordan and adaptive softmax; weight = embedding: tied */
    int64_t V, E, W;
    bool jordan, teacher, feeds_embedding;

    /* of training only */
    int32_t *train, *valid; /* ids */
    int64_t train_count, valid_count, valid_characters;
    rondo__batches batches;
    int64_t *order; /* (chunks) order of this epoch where no state is carried, else NULL */
    int64_t order_epoch;
    int32_t *x, *y, *lengths; /* (T, B), (T, B), (B) */
    rondo__lm_memory memory;
    rondo_states final_states; /* of the batch just run */
} rondo__lm;

/* ---- the model (language_model.c) ---- */
rondo_status rondo__lm_build(rondo__lm *lm, const rondo__safetensors *file, const char *path, rondo_error *err);
/* One chunk: inputs (T, B), targets (T, B; -1: not counted), known (T, B): what follows each input, -1 at padding. */
typedef struct rondo__lm_chunk {
    int64_t T, B;
    const int32_t *inputs, *targets, *known, *lengths;
    const rondo_states *initial; /* NULL: the start of a text */
    rondo_states *final_states;
    rondo_cross_entropy_options loss;
} rondo__lm_chunk;
rondo_var *rondo__lm_loss(rondo__lm *lm, rondo_tape *tape, const rondo__lm_chunk *chunk);

/* ---- carried states (language_model_memory.c) ---- */
rondo_status rondo__lm_memory_make(rondo__lm_memory *memory, const rondo_recurrent *net, int64_t B, rondo_error *err);
void rondo__lm_memory_free(rondo__lm_memory *memory);
void rondo__lm_memory_use(const rondo__lm_memory *memory, rondo_tape *tape, rondo_states *out);
void rondo__lm_memory_take(rondo__lm_memory *memory, const rondo_states *from);
int rondo__lm_memory_list(const rondo__lm_memory *memory, int max, rondo__named *out);

/* ---- data (language_model_data.c) ---- */
/* Reads the recipe's texts, builds the tokenizer, and lays out the batches. */
rondo_status rondo__lm_read(rondo__lm *lm, rondo_error *err);
/* A text file as ids. */
rondo_status rondo__lm_encode_file(const rondo__lm *lm, const char *path, int32_t **ids, int64_t *count,
                                   int64_t *characters, rondo_error *err);

/* ---- evaluation (language_model_evaluate.c), writing (generate.c) ---- */
extern const char *const rondo__lm_metrics[];
rondo_status rondo__lm_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                rondo_metrics *metrics, rondo_error *err);
rondo_status rondo__lm_generate(rondo__lm *lm, const rondo_generate_options *options, rondo_text_fn write, void *arg,
                                rondo_error *err);

extern const struct rondo__look_class rondo__language_model_look; /* language_model_look.c */
extern const rondo__task_class rondo__language_model;

#endif
