/* Models as ONNX graphs: what its files share.
 *
 *   onnx_layers.c     products, norms, masks: a few nodes each
 *   onnx_stack.c      a recurrent stack: layers, directions, states; what ONNX's own RNN, GRU and LSTM can say
 *   onnx_cells.c      the other cells as the body of a Scan
 *   onnx_blocks.c     the blocks of a network (network.h)
 *   onnx_forecast.c   those of forecasts
 *   onnx_write.c      a network as a file
 *   onnx_pair.c, onnx_greedy.c   encoder-decoders
 *   onnx_transformer.c           those with a Transformer
 *
 * Sequences are (T, B, ·). Lengths are int32 (B). States are (B, width). */
#ifndef RONDO_EXCHANGE_ONNX_WRITE_H
#define RONDO_EXCHANGE_ONNX_WRITE_H

#include "exchange/encdec.h"
#include "formats/onnx_out.h"

/* ---- onnx_layers.c ---- */
int rondo__onnx_vector(rondo__onnx_out *o, const char *name, int64_t n, const real *data); /* (n); NULL: 0 */
/* The array (rows, columns), transposed for products from the right; one that stands in the file already is turned by a
 * node. */
int rondo__onnx_turned(rondo__onnx_out *o, const char *name, int64_t rows, int64_t columns, const real *data);
/* x Wᵀ + b; bias NULL: none */
int rondo__onnx_linear(rondo__onnx_out *o, const char *name, int x, int64_t out, int64_t in, const real *weight,
                       const real *bias);
int rondo__onnx_plus(rondo__onnx_out *o, int x, int y); /* x where y is absent */
int rondo__onnx_activation(rondo__onnx_out *o, int x, rondo_activation kind);
int rondo__onnx_norm(rondo__onnx_out *o, int x, int gain, int bias);
int rondo__onnx_cut(rondo__onnx_out *o, int x, int64_t axis, int64_t from, int64_t to); /* Slice */
int rondo__onnx_dim(rondo__onnx_out *o, int x, int64_t axis);                           /* int64 (1) */
int rondo__onnx_unsqueeze(rondo__onnx_out *o, int x, int64_t axis);
int rondo__onnx_squeeze(rondo__onnx_out *o, int x, int64_t axis);
int rondo__onnx_turn(rondo__onnx_out *o, int x, int rank, const int64_t *order); /* Transpose */
/* To `rank` dimensions, each a number, -1 (the rest) or 0 (as it was). */
int rondo__onnx_reshape(rondo__onnx_out *o, int x, int rank, const int64_t *dims);
int rondo__onnx_cast(rondo__onnx_out *o, int x, rondo_dtype dtype);
/* bool (T, B, 1): is step t of x before the end of row b? */
int rondo__onnx_live(rondo__onnx_out *o, int x, int lengths);
/* ReduceX over one axis, which goes away (or stays as 1). */
int rondo__onnx_reduce(rondo__onnx_out *o, const char *op, int x, int64_t axis, bool keep);

/* ---- onnx_stack.c ---- */
typedef struct rondo__onnx_stack {
    const rondo_recurrent *net;
    const real *feedback;
    int told, left;    /* Jordan's last layer where it is taught, at each step: what is fed to its state (T, B, Q), and
                          how much is left of that (T, B, 1). 0: it feeds itself */
    const char *name;  /* what its arrays begin with, as "rnn." */
    int x;             /* (T, B, I) */
    int batch;         /* int64 (1): B */
    int lengths, live; /* 0: all rows are T long; live is found when it is asked for */
    int h[2 * RONDO_MAX_LAYERS], c[2 * RONDO_MAX_LAYERS]; /* states (B, width) to begin with, 0: the network's own; then
                                                             the final ones */
    bool ends;                                            /* final states are wanted */
} rondo__onnx_stack;
/* (T, B, output) */
int rondo__onnx_stack_put(rondo__onnx_out *o, rondo__onnx_stack *s);
/* What a state is without being given one: learned or zeros, (1, width). NULL: zeros. */
const real *rondo__onnx_first_state(const rondo_recurrent *net, int place, bool cell);

/* ---- onnx_cells.c ---- */
/* One layer in one direction over x by Scan -> (T, B, R). h, c: its states, there and final. */
int rondo__onnx_scan_cell(rondo__onnx_out *o, const rondo__onnx_stack *s, int layer, int direction, int x, int *h,
                          int *c);

/* ---- onnx_blocks.c, onnx_forecast.c ---- */
typedef struct rondo__onnx_net {
    rondo__onnx_out *o;
    const rondo__network *network;
    const char *stack_name, *table_name;                  /* NULL: "rnn.", "embedding.weight" */
    int batch, lengths, live;                             /* as in a stack; live 0: not found yet */
    int symbols, heard;                                   /* input (T, B); (B, 1): 1 where it has heard one before */
    int characters, fixed, ahead;                         /* inputs (T, B, C), (B, S), (H, B, A), where there are */
    int h[2 * RONDO_MAX_LAYERS], c[2 * RONDO_MAX_LAYERS]; /* that the one stack begins with, where it carries states */
    bool ends, carries;
    rondo__onnx_stack last;  /* the last stack that was written */
    int labels;              /* (T, B) or 0 */
    int window, shift, size; /* of a forecast: (W, B, F); (1, B, past) each */
    int rank;                /* of the running value: (B, ·) or (T, B, ·) */
} rondo__onnx_net;
int rondo__onnx_block(rondo__onnx_net *n, int i, int x);
int rondo__onnx_forecast_block(rondo__onnx_net *n, const rondo__network_block *b, int x);

/* ---- onnx_pair.c ---- */
#define RONDO__PAIR_STATES (2 * RONDO_MAX_LAYERS + 3)
#define RONDO__PAIR_MEMORIES (2 * RONDO_MAX_LAYERS)
/* An encoder-decoder at work. keys: additive (B, S, A), else (B, heads, A / heads, S); values (B, heads, S, W / heads).
 */
typedef struct rondo__onnx_pair {
    rondo__onnx_out *o;
    const rondo__encdec *pair;
    int batch, lengths; /* int64 (1), int32 (B) */
    int live;           /* bool (B, S) */
    /* of the memory, once for all steps; a Transformer has some for each layer, made for dot products */
    int keys[RONDO_MAX_LAYERS], values[RONDO_MAX_LAYERS];
    int h[RONDO_MAX_LAYERS], c[RONDO_MAX_LAYERS], fed, coverage, context;
    int past_keys[RONDO_MAX_LAYERS], past_values[RONDO_MAX_LAYERS]; /* of a Transformer's own steps: (P, B, N) */
    int weights;                                                    /* (B, S): where the last step looked */
    int copy; /* a pointer's: int64 (S, B), which word each source symbol stands for; negative: none */
} rondo__onnx_pair;
/* A value by its name among inputs and outputs. */
typedef struct rondo__onnx_handed {
    char name[24];
    int *value;
    rondo__onnx_shape shape;
} rondo__onnx_handed;
/* What a step of the pair hands on; what every step reads of the source. Returns how many. */
int rondo__onnx_pair_hands(rondo__onnx_pair *p, rondo__onnx_handed out[RONDO__PAIR_STATES]);
int rondo__onnx_pair_reads(rondo__onnx_pair *p, rondo__onnx_handed out[RONDO__PAIR_MEMORIES]);
static inline bool rondo__onnx_pair_looks(const rondo__onnx_pair *p) {
    return p->pair->look.present || p->pair->decoder_transformer;
}
/* source (S, B) with p->batch and p->lengths set: fills in all the rest. */
void rondo__onnx_encode(rondo__onnx_pair *p, int source);
void rondo__onnx_see_lengths(rondo__onnx_pair *p, int source_steps); /* live, of int64 (1): S */
/* symbol (B) -> logits (B, V), or with a pointer log-probabilities (B, X) over the extended vocabulary, as far as copy
 * goes; what is handed on is the step's afterwards. */
int rondo__onnx_say(rondo__onnx_pair *p, int symbol);

/* onnx_pair.c, for Transformers: W x + b; attention's heads of (S, B, width): (B, heads, S, width / heads), or the last
 * two turned. */
int rondo__onnx_map(const rondo__onnx_pair *p, const char *name, const rondo__affine *a, int x);
int rondo__onnx_heads(const rondo__onnx_pair *p, int x, int64_t width, int64_t heads, bool turned);
/* ---- onnx_transformer.c ---- */
int rondo__onnx_transformer_encode(rondo__onnx_pair *p, int x); /* embedded (S, B, N) -> memory */
void rondo__onnx_transformer_prepare(rondo__onnx_pair *p, int memory);
int rondo__onnx_transformer_step(rondo__onnx_pair *p, int y); /* (B, N) -> h (B, N) */

/* ---- onnx_write.c ---- */
typedef struct rondo__onnx_notes { /* what goes into the file's metadata; each may be NULL */
    const char *task, *recipe, *vocabulary;
} rondo__onnx_notes;
rondo_status rondo__onnx_write(const rondo__network *network, const char *path, const rondo__onnx_notes *notes,
                               bool external, rondo_error *err);
/* Writes the three files of an encoder-decoder: PATH (greedy decoding), and with -encoder, -decoder before its ending.
 */
rondo_status rondo__onnx_write_pair(const rondo__encdec *pair, const char *path, const rondo__onnx_notes *notes,
                                    bool external, rondo_error *err);
/* The input `lengths` of sequences like x (T, B, ...): int32 (B), no more than T; all T where it is left out. */
int rondo__onnx_lengths_input(rondo__onnx_out *o, int x, int batch);
void rondo__onnx_put_notes(rondo__onnx_out *o, const rondo__onnx_notes *notes);

#endif
