/* The inside of a Transformer, shared by its files:
 *   transformer.c        configuration, parameters, the whole forward
 *   transformer_layer.c  one layer: its parameters and its parts
 *   transformer_past.c   keys and values of the steps before, for decoding
 *   positions.c          places in the sequence, and the masking of padding */
#ifndef RONDO_NN_TRANSFORMER_H
#define RONDO_NN_TRANSFORMER_H

#include "nn/block.h"
#include "nn/declare.h"
#include "rondo/transformer.h"

/* ---- positions.c ---- */
typedef struct rondo__positions {
    const int32_t *lengths;    /* (B) or NULL: all T */
    int64_t offset;            /* steps that came before the first */
    real scale;                /* of x */
    const double *frequencies; /* sinusoidal: ((N + 1) / 2), else NULL */
} rondo__positions;
/* y (T, B, N) = scale * x + the place of step t + offset: a row of table (L, N), or without a table a sinusoid, or
 * nothing. Padding is zero in y, is not read, and gets no gradient. */
rondo_var *rondo__add_positions(rondo_tape *tape, rondo_var *x, rondo_var *table, const rondo__positions *options);
/* x with zeros for padding; x itself where lengths is NULL. */
rondo_var *rondo__mask_padding(rondo_tape *tape, rondo_var *x, const int32_t *lengths);
/* The frequencies of a width of N (Vaswani 2017, 3.5). */
void rondo__position_frequencies(int64_t N, double *frequencies);

/* ---- transformer_layer.c ---- */
/* Parts of a layer, in order; each has a layer norm of its own. */
enum { SELF_ATTENTION, MEMORY_ATTENTION, FEED_FORWARD, LAYER_PARTS };

typedef struct rondo__norm {
    int gain, bias; /* parameters by index, -1: absent */
} rondo__norm;

typedef struct rondo__transformer_layer {
    rondo_attention_layer *self, *memory; /* memory: NULL in an encoder */
    int inner, inner_bias, outer, outer_bias;
    rondo__norm norm[LAYER_PARTS];
} rondo__transformer_layer;

struct rondo_transformer {
    rondo_transformer_config config; /* defaults filled in */
    rondo_params *params;
    int positions;       /* the learned table; -1: absent */
    double *frequencies; /* sinusoidal positions, else NULL */
    rondo__norm norm;    /* at the end; pre-norm only */
    rondo__transformer_layer layer[RONDO_MAX_LAYERS];
};

/* d's prefix is that of the whole network. */
void rondo__transformer_layer_declare(rondo_transformer *net, rondo__declarer *d, int l);
rondo__norm rondo__norm_declare(rondo__declarer *d, const char *name, int64_t size);
rondo_var *rondo__norm_run(const rondo_transformer *net, rondo_tape *tape, rondo__norm norm, rondo_var *x);

/* ---- transformer_past.c ---- */
typedef struct rondo__past_store {
    int arrays; /* keys and values of each layer in turn */
    int64_t N, steps, rows, next_rows;
    bool in_place;                                                      /* the rows stay as they are */
    rondo__block now[2 * RONDO_MAX_LAYERS], next[2 * RONDO_MAX_LAYERS]; /* (steps and more, rows, N) */
} rondo__past_store;
/* rows that have no past yet. The store, cleared at first, keeps its memory. */
void rondo__past_begin(rondo__past_store *store, const rondo_transformer *net, int64_t rows);
/* The next step's row r goes on from row parent[r], each within the rows of the step before. False: out of memory. */
bool rondo__past_gather(rondo__past_store *store, rondo_context *context, int64_t rows, const int32_t *parent);
/* Keys and values of layer l at the next step (1, rows, N) become those of all steps (steps + 1, rows, N). */
void rondo__past_append(const rondo__past_store *store, rondo_tape *tape, int l, rondo_attention_memory *made);
/* The step was made whole: it counts from now on. */
void rondo__past_take(rondo__past_store *store);
void rondo__past_free(rondo__past_store *store);

/* ---- a call ---- */
typedef struct rondo__transformer_run {
    const rondo_transformer *net;
    rondo_tape *tape;
    const rondo_transformer_input *input;
    const rondo__past_store *store; /* the past in place of the input's, or NULL */
    int64_t before;                 /* steps of the past */
    const int32_t *key_lengths;     /* (B): valid steps, those of the past included, or NULL: all */
    rondo_var *weights;             /* receives where the last layer looked in the memory (T, B, [heads,] S) */
} rondo__transformer_run;
rondo_var *rondo__transformer_layer_run(rondo__transformer_run *run, int l, rondo_var *x);
/* rondo_transformer_forward of one step (1, rows, N) whose past is in the store. */
rondo_var *rondo__transformer_step(rondo_transformer *net, rondo_tape *tape, rondo_var *x,
                                   const rondo_transformer_input *input, const rondo__past_store *store,
                                   rondo_var **weights);

#endif
