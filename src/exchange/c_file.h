/* A network as one C file: how its pieces get to disk.
 *
 *   c_file.c    text, parts of the run time (src/exchange/c), arrays of numbers
 *   c_layers.c  weights and layers as constant data
 *   c_glue.c    state, init, step, run
 *   c_check.c   test vectors and the main function that compares
 *   c_source.c  the whole, in order, with what it costs in the first comment */
#ifndef RONDO_EXCHANGE_C_FILE_H
#define RONDO_EXCHANGE_C_FILE_H

#include "core/core.h"
#include "exchange/network.h"
#include "rondo/deploy.h"

typedef struct rondo__c_file {
    rondo__writer *writer;
    rondo_error *err;
    rondo_status status; /* the first failure: all that follows is passed over */
    const rondo__network *network;
    char name[64], upper[64]; /* what identifiers begin with */
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
    RONDO__C_GRU
} rondo__c_part;
void rondo__c_put_part(rondo__c_file *file, rondo__c_part part);
/* static const float NAME[n] = {...}; data NULL: nothing. A number that is none is refused. */
void rondo__c_put_floats(rondo__c_file *file, const char *name, int64_t n, const real *data);
/* The arrays of W (N, K), rows `stride` apart: NAME_w (and NAME_step), in the order of the precision's product. */
void rondo__c_put_matrix(rondo__c_file *file, const char *name, int64_t N, int64_t K, int64_t stride, const real *w);
/* Its value in an initialiser: {NAME_w} or {NAME_w, NAME_step}. */
void rondo__c_put_use(rondo__c_file *file, const char *name, bool present);

/* ---- c_layers.c ---- */
void rondo__c_put_layers(rondo__c_file *file);
/* ---- c_glue.c ---- */
void rondo__c_put_state(rondo__c_file *file);
void rondo__c_put_functions(rondo__c_file *file);
/* ---- c_check.c ---- */
void rondo__c_put_check(rondo__c_file *file, rondo_context *context, int64_t steps);

/* What it costs. */
typedef struct rondo__c_cost {
    int64_t weight_bytes, state_bytes, products; /* multiply-adds of a step */
} rondo__c_cost;
rondo__c_cost rondo__c_costs(const rondo__c_file *file);
/* Numbers of scratch that the largest layer's step takes. */
int64_t rondo__c_room(const rondo__network *network);
/* The layer's identifier: model_LETTERB_L or, of the second direction, ..._back. */
typedef struct rondo__c_name {
    char text[48];
} rondo__c_name;
rondo__c_name rondo__c_layer_name(int block, int layer, int direction);

rondo_status rondo__c_write(const rondo__network *network, rondo_context *context, const char *path,
                            const rondo_c_options *options, rondo_error *err);

#endif
