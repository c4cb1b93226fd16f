/* A network as one C file: how its pieces get to disk.
 *
 *   c_file.c    text, parts of the run time (src/exchange/c), arrays of numbers
 *   c_layers.c  weights and layers as constant data
 *   c_glue.c    state, init, step, run
 *   c_costs.c   memory and work
 *   c_check.c   test vectors and the main function that compares
 *   c_source.c  the whole, in order, with what it costs in the first comment
 *   c_encdec.c  c_encdec_step.c  c_pointer.c   the same of an encoder-decoder */
#ifndef RONDO_EXCHANGE_C_FILE_H
#define RONDO_EXCHANGE_C_FILE_H

#include "core/core.h"
#include "exchange/around.h"
#include "exchange/encdec.h"
#include "rondo/deploy.h"

/* How large what matrices are multiplied with gets, by where their weights stand. */
typedef struct rondo__c_limits {
    int count;
    const real **from; /* (count) */
    int64_t *size;     /* (count) numbers from there on */
    float *most;       /* (count) 0: unknown */
} rondo__c_limits;

typedef struct rondo__c_file {
    rondo__writer *writer;
    rondo_error *err;
    rondo_status status;           /* the first failure: all that follows is passed over */
    const rondo__network *network; /* the one at hand: of an encoder-decoder one after the other */
    const char *part;              /* what its layers' names begin with: "", or "decoder_" */
    const rondo__encdec *encdec;   /* or NULL */
    const rondo__around *around;   /* or NULL */
    const rondo__c_limits *limits; /* int8, calibrated; or NULL */
    char name[64], upper[64];      /* what identifiers begin with */
    rondo_c_precision precision;
} rondo__c_file;

/* Like printf; "model_" and "MODEL_" become the model's name. */
void rondo__c_put(rondo__c_file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
typedef enum rondo__c_part {
    RONDO__C_MATHS,
    RONDO__C_SIGMOID,
    RONDO__C_ACTIVATION,
    RONDO__C_PRODUCT_F32,
    RONDO__C_PRODUCT_INT,
    RONDO__C_VECTORS,
    RONDO__C_MIX,
    RONDO__C_NORM,
    RONDO__C_ELMAN,
    RONDO__C_JORDAN,
    RONDO__C_LSTM,
    RONDO__C_GRU,
    RONDO__C_ATTENTION,
    RONDO__C_POINTER,
    RONDO__C_PREPARE,
    RONDO__C_TRANSFORMER,
    RONDO__C_TRANSFORMER_PLACES,
    RONDO__C_TRANSFORMER_ENCODER,
    RONDO__C_TRANSFORMER_DECODER,
    RONDO__C_ROW_F32,
    RONDO__C_ROW_INT,
    RONDO__C_SQRT,
    RONDO__C_LOG,
    RONDO__C_FFT,
    RONDO__C_EAR_BANDS,
    RONDO__C_EAR_MEL,
    RONDO__C_EAR_COSINE,
    RONDO__C_EAR_PLAIN,
    RONDO__C_EAR_GLOBAL,
    RONDO__C_EAR_RUNNING,
    RONDO__C_EAR_WHOLE,
    RONDO__C_EAR,
    RONDO__C_ADAPTIVE,
    RONDO__C_PATH,
    RONDO__C_WINDOW,
    RONDO__C_MEASURE,
    RONDO__C_SOFTPLUS,
    RONDO__C_UNIT_POINTS,
    RONDO__C_UNIT_SPREAD,
    RONDO__C_UNIT_COUNTS
} rondo__c_part;
void rondo__c_put_part(rondo__c_file *file, rondo__c_part part);
/* The first failure, unless there was one. */
void rondo__c_no_memory(rondo__c_file *file);
/* #define MODEL_NAME value, with what it is (or NULL) in a comment. */
void rondo__c_put_define(rondo__c_file *file, const char *name, int64_t value, const char *what);
/* static const int NAME[n] = {...}; n 0: of one 0. */
void rondo__c_put_wholes(rondo__c_file *file, const char *name, int64_t n, const int32_t *value);
/* static const float NAME[n] = {...}; data NULL: nothing. A number that is none is refused. */
void rondo__c_put_floats(rondo__c_file *file, const char *name, int64_t n, const real *data);
/* The arrays of W (N, K), rows `stride` apart: NAME_w (and NAME_step), in the order of the precision's product. */
void rondo__c_put_matrix(rondo__c_file *file, const char *name, int64_t N, int64_t K, int64_t stride, const real *w);
/* Its value in an initialiser: {NAME_w} or {NAME_w, NAME_step}. */
void rondo__c_put_use(rondo__c_file *file, const char *name, bool present);

/* ---- c_layers.c: of file->network ---- */
void rondo__c_put_layers(rondo__c_file *file);
/* NAME_w ... and `static const model_matrix NAME`; y = W x + b: and NAME_bias. */
void rondo__c_put_affine(rondo__c_file *file, const char *name, const rondo__affine *a);
/* The layer's identifier: model_LETTERB_L or, of the second direction, ..._back. Without "model_" its member. */
typedef struct rondo__c_name {
    char text[64];
} rondo__c_name;
rondo__c_name rondo__c_layer_name(const rondo__c_file *file, int block, int layer, int direction);
rondo__c_name rondo__c_member_name(const rondo__c_file *file, int block, int layer, int direction);

/* ---- c_glue.c ---- */
void rondo__c_put_state(rondo__c_file *file);
void rondo__c_put_functions(rondo__c_file *file);
/* Its pieces: the members of the layers' states, and how they begin; a function that looks a symbol up. */
void rondo__c_put_members(rondo__c_file *file);
void rondo__c_put_starts(rondo__c_file *file);
void rondo__c_put_lookup(rondo__c_file *file);
/* Blocks [from, to) on one row at `in`; the last one's result goes to `out` (C expressions). */
void rondo__c_put_row(rondo__c_file *file, int from, int to, const char *in, const char *out, const char *indent);
/* Blocks [from, to) on all T rows at `a`, or of symbols, from buffer to buffer (p, q); the last one's result goes to
 * `out`, or where that is NULL stays. Returns where it is. */
const char *rondo__c_put_rows(rondo__c_file *file, int from, int to, const char *a, const char *out);
/* Block i's row of a symbol at `out`. */
void rondo__c_put_embedding(rondo__c_file *file, int i, const char *out, const char *symbol, const char *indent);
/* Layer 0 of block 0 in one direction on the row at `in`. */
void rondo__c_put_direction(rondo__c_file *file, int direction, const char *in, const char *out, const char *indent);
/* Do [from, to) of file->network use an index i? */
bool rondo__c_uses_index(const rondo__network *n, int from, int to);

/* ---- c_check.c, c_encdec_check.c ---- */
void rondo__c_put_check(rondo__c_file *file, rondo_context *context, int64_t steps);
void rondo__c_put_encdec_check(rondo__c_file *file, rondo_context *context, int64_t steps);
/* What a difference may be beside a largest value of 1. */
double rondo__c_tolerance(const rondo__c_file *file);

/* ---- c_inner.c: stacks inside of other blocks: the speller of words, a forecast's decoder ---- */
typedef struct rondo__c_inner {
    rondo__network network;
    const char *part;
} rondo__c_inner;
/* False: the block has none. */
bool rondo__c_inner_of(const rondo__network_block *block, rondo__c_inner *out);
/* What stands at hand is the inner network now; rondo__c_leave with what it returned. */
typedef struct rondo__c_outer {
    const rondo__network *network;
    const char *part;
} rondo__c_outer;
rondo__c_outer rondo__c_enter(rondo__c_file *file, const rondo__c_inner *inner);
void rondo__c_leave(rondo__c_file *file, rondo__c_outer outer);

/* ---- c_tag.c ---- */
bool rondo__c_spells(const rondo__c_file *file);
/* ", const int *characters, int C" where words are spelt. */
const char *rondo__c_spelling_arguments(const rondo__c_file *file);
void rondo__c_put_spelling(rondo__c_file *file);
void rondo__c_put_path_declarations(rondo__c_file *file);
void rondo__c_put_path(rondo__c_file *file);

/* ---- c_adaptive.c ---- */
void rondo__c_put_adaptive_layers(rondo__c_file *file, const rondo_adaptive *adaptive);
/* On the row at `in`: log-probabilities to `out`. */
void rondo__c_put_adaptive(rondo__c_file *file, const rondo_adaptive *adaptive, const char *in, const char *out,
                           const char *indent);
int64_t rondo__c_adaptive_room(const rondo_adaptive *adaptive);
struct rondo__c_cost;
void rondo__c_adaptive_costs(const rondo_adaptive *adaptive, int64_t bytes, struct rondo__c_cost *cost);

/* ---- c_forecast.c, c_forecast_check.c: where file->network forecasts ---- */
bool rondo__c_forecasts(const rondo__c_file *file);
void rondo__c_put_forecast_types(rondo__c_file *file);
void rondo__c_put_forecast_doubles(rondo__c_file *file); /* first, as they are aligned */
void rondo__c_put_forecast_members(rondo__c_file *file);
void rondo__c_put_forecast_declarations(rondo__c_file *file);
void rondo__c_put_forecast(rondo__c_file *file);
void rondo__c_put_forecast_check(rondo__c_file *file, rondo_context *context);
int64_t rondo__c_forecast_floats(const rondo__network *network);
int64_t rondo__c_forecast_work(const rondo__network *network);

/* ---- c_costs.c ---- */
static inline int64_t rondo__c_larger(int64_t a, int64_t b) { return a > b ? a : b; }
typedef struct rondo__c_cost {
    int64_t weight_bytes, state_floats;
    int64_t products, inner_products; /* multiply-adds of a step; of one of a stack inside of a block */
} rondo__c_cost;
/* Of a network's blocks alone. */
rondo__c_cost rondo__c_costs(const rondo__network *network, rondo_c_precision precision);
/* Numbers of scratch that the largest layer's step takes; of the widest vector that a product rounds. */
int64_t rondo__c_room(const rondo__network *network);
int64_t rondo__c_widest(const rondo__network *network); /* row */
int64_t rondo__c_widest_product(const rondo__network *network);

/* ---- c_ear.c: the front end, where file->around has one ---- */
void rondo__c_put_ear_costs(rondo__c_file *file);
void rondo__c_put_ear_types(rondo__c_file *file);
void rondo__c_put_ear_declarations(rondo__c_file *file);
/* sqrt_there: another part has put it in. */
void rondo__c_put_ear(rondo__c_file *file, bool sqrt_there);
void rondo__c_put_ear_check(rondo__c_file *file);
/* ---- c_texts.c: symbols and labels as texts, behind MODEL_VOCABULARY ---- */
void rondo__c_put_texts_declarations(rondo__c_file *file);
void rondo__c_put_texts(rondo__c_file *file);

/* ---- c_source.c ---- */
typedef struct rondo__c_needs {
    bool cell[RONDO_GRU + 1], activation, attention, pointer, prepare, row, sqrt, norm, log;
    bool encoder, decoder, places; /* Transformers */
} rondo__c_needs;
void rondo__c_need(rondo__c_needs *needs, const rondo__network *network);
void rondo__c_put_parts(rondo__c_file *file, const rondo__c_needs *needs);
/* The types of whole numbers. widest: the longest vector that a product rounds. */
void rondo__c_put_whole_numbers(rondo__c_file *file, int64_t widest);
/* Does it go step by step? */
bool rondo__c_streams(const rondo__c_file *file);
/* The end of the declarations: those of texts, and what closes them. */
void rondo__c_put_declared(rondo__c_file *file);
void rondo__c_put_promises(rondo__c_file *file);
extern const char *const rondo__c_precisions[];

/* One of network and encdec. */
typedef struct rondo__c_model {
    const rondo__network *network;
    const rondo__encdec *encdec;
    const rondo__around *around;   /* or NULL */
    const rondo__c_limits *limits; /* or NULL */
} rondo__c_model;
rondo_status rondo__c_write(const rondo__c_model *model, rondo_context *context, const char *path,
                            const rondo_c_options *options, rondo_error *err);
/* ---- c_encdec.c: all but the check ---- */
void rondo__c_put_encdec(rondo__c_file *file);
/* ---- c_transformer.c: name: "encoder" or "decoder"; net may be NULL ---- */
void rondo__c_put_transformer(rondo__c_file *file, const rondo_transformer *net, const char *name);
/* inner_products: what is made of a symbol of the memory, once. */
rondo__c_cost rondo__c_transformer_costs(const rondo_transformer *net, rondo_c_precision precision);
int64_t rondo__c_transformer_room(const rondo_transformer *net);
int64_t rondo__c_transformer_widest(const rondo_transformer *net);
void rondo__c_put_transformer_encode(rondo__c_file *file);
void rondo__c_put_transformer_prepare(rondo__c_file *file, const char *memory, const char *second);
void rondo__c_put_transformer_step(rondo__c_file *file);

/* ---- c_pointer.c: where the decoder has a pointer ---- */
void rondo__c_put_pointer_declarations(rondo__c_file *file);
int64_t rondo__c_twins_bytes(const rondo__c_file *file);
/* Of a step: the symbol it is told; what the gate sees of it; y (MODEL_TARGET + S) from logits. */
void rondo__c_put_told(rondo__c_file *file);
void rondo__c_put_pointed(rondo__c_file *file);
void rondo__c_put_point(rondo__c_file *file);
/* What source symbols stand for: by number; by text, behind the texts. */
void rondo__c_put_copies(rondo__c_file *file);
void rondo__c_put_text_copies(rondo__c_file *file);

/* ---- c_encdec_step.c ---- */
void rondo__c_put_encode(rondo__c_file *file);
void rondo__c_put_decode(rondo__c_file *file);
/* Numbers of room for each source symbol: buffers of the encoder, of which the second is then keys, values, weights. */
typedef struct rondo__c_layout {
    int64_t width, keys, values, coverage, second;
    int64_t past;     /* for each symbol said */
    int64_t said;     /* behind all: words that are copied */
    bool memory_in_p; /* which of the two holds the memory */
} rondo__c_layout;
/* Of one more source symbol, two more may be said. */
static inline int64_t rondo__c_room_of_symbol(const rondo__c_layout *l) {
    return l->width + l->second + 2 * l->past + l->said;
}
rondo__c_layout rondo__c_layout_of(const rondo__encdec *encdec);

#endif
