/* The laws: what every cell must obey, run from one table (test_laws_both.c) of cases, each a cell with options and
 * shapes. A cell joins with one file of its own: which arrays it takes, how its operator is called, one step of it
 * composed from basic operators, and its streaming layer (cell_lstm.c is the example); and with lines in the table. */
#ifndef TESTS_LAWS_LAW_H
#define TESTS_LAWS_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "nn/step.h"
#include "rondo/cells.h"
#include "rondo/ops.h"

#define LAW_ARRAYS 16
#define LAW_RESULTS 4

/* A cell reads the options it has. */
typedef struct law_case {
    const char *name;
    const struct law_cell *cell;
    int64_t T, B, I, H, P, Q; /* P: LSTM's projection (0: none), Jordan's output width; Q: Jordan's feedback width */
    const int32_t *lengths;   /* (B) or NULL */
    bool reverse, no_bias, norm, peephole, coupled, reset_before, teacher;
    real clip, recurrent_dropout, zoneout, zoneout_cell, decay;
    rondo_activation activation, output;
    bool gradients; /* the finite differences of law 1 are run (small cases) */
} law_case;

typedef enum law_role {
    LAW_SEQUENCE, /* (T, B, .): the first declared is x */
    LAW_STATE,    /* (B, .) */
    LAW_PARAMETER
} law_role;

typedef struct law_array {
    law_role role;
    int rank;
    int64_t dims[3];
    real centre; /* values are drawn within 0.7 of it */
} law_array;

typedef struct law_cell {
    const char *name;
    int results; /* of apply and compose */
    /* Fills in the arrays and returns their number. */
    int (*declare)(const law_case *c, law_array *arrays);
    /* Calls the operator on all arrays, in the order declared. out: sequences (rank 3) first, then the final states in
     * the order of the initial ones. */
    void (*apply)(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out);
    /* One step of one row from basic operators, outside of training: sequences are given and returned as (1, .). */
    void (*compose)(rondo_tape *tape, const law_case *c, rondo_var *const *in, rondo_var **out);
    /* Options and weights of the streaming layer, from the arrays and the same as parameters; B, I, H, kernels and
     * context are set. NULL: none. */
    void (*open_step)(const law_case *c, real *const *values, const rondo_param *param, rondo__step_layer *layer,
                      rondo__step_weights *weights);
    const rondo__step_class *step;
} law_cell;

extern const law_cell law_elman, law_jordan, law_lstm, law_gru;

/* ---- tools (law_tools.c); all memory is from malloc, a failed test leaks ---- */
typedef struct law_data {
    int count;
    law_array arrays[LAW_ARRAYS];
    real *values[LAW_ARRAYS];
} law_data;
law_data law_make(const law_case *c);
void law_drop(law_data *data);
int64_t law_count(const law_array *array);

typedef struct law_result {
    int results, arrays;
    int64_t counts[LAW_RESULTS];
    real *out[LAW_RESULTS];
    int64_t grad_counts[LAW_ARRAYS];
    real *grads[LAW_ARRAYS]; /* NULL after a forward run */
} law_result;
typedef struct law_mode {
    bool training, gradients, composed;
} law_mode;
/* Runs a step: leaves, cell, a loss that weighs every result by fixed random numbers, backward. Returns the tape's
 * status; result is filled in only when that is RONDO_OK. */
rondo_status law_try(rondo_tape *tape, const law_case *c, const law_data *data, law_mode mode, law_result *result);
/* The same, which must not fail. */
law_result law_run(rondo_tape *tape, const law_case *c, const law_data *data, law_mode mode);
void law_forget(law_result *result);
/* The loss of given leaves, as in law_try. */
rondo_var *law_loss(rondo_tape *tape, const law_case *c, rondo_var *const *leaves, law_mode mode, rondo_var **out);

rondo_tape *law_tape(int threads, const char *isa);
void law_end(rondo_tape *tape); /* with its context */

void law_same_bits(const law_case *c, const char *what, int64_t n, const real *a, const real *b);
/* |a - b| <= bound * (1 + largest |b|) */
void law_near(const law_case *c, const char *what, int64_t n, const real *a, const real *b, double bound);
/* All results, and all gradients where both have them. bound < 0: the same bits. */
void law_compare(const law_case *c, const law_result *a, const law_result *b, double bound);

/* ---- the laws, numbered as in DESIGN.md ---- */
void law_1_gradients(const law_case *c);
void law_2_composition(const law_case *c);
void law_4_instruction_sets(const law_case *c);
void law_5_chunks(const law_case *c);
void law_6_padding(const law_case *c);
void law_7_permutation(const law_case *c);
void law_8_threads(const law_case *c);
void law_9_memory(const law_case *c);
void law_10_streaming(const law_case *c);
/* beyond them */
void law_no_steps_no_rows(const law_case *c);
void law_nan_arrives(const law_case *c);
void law_no_work_for_padding(const law_case *c);

#endif
