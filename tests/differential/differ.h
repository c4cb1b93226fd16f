/* The differential harness: random shapes and options for every operator and cell, computed by the float library with
 * its fast kernels and by the double library, which is the definition, and compared: results and all gradients.
 *
 * The same sources are built twice. differ_f32 draws the cases, computes each, asks a running differ_f64 for the same,
 * and compares. A case is a family and a few whole numbers, so one that fails is made smaller field by field as long as
 * it goes on failing, and printed as a line that repeats it:
 *
 *   differ_f32 --against differ_f64 --case "lstm seed=123 T=2 B=1 I=3 H=5 peephole=1" */
#ifndef TESTS_DIFFERENTIAL_DIFFER_H
#define TESTS_DIFFERENTIAL_DIFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/rondo.h"

#define DIFFER_FIELDS 20

/* A field is drawn between low and high; low is what a case shrinks to. */
typedef struct differ_field {
    const char *name;
    int64_t low, high;
} differ_field;

struct differ;
typedef struct differ_family {
    const char *name;
    double bound; /* |a - b| <= bound * (1 + largest |b|) of each array */
    void (*build)(struct differ *d);
    differ_field fields[DIFFER_FIELDS]; /* ends with name NULL */
} differ_family;

typedef struct differ_case {
    const differ_family *family;
    uint64_t seed;
    int64_t value[DIFFER_FIELDS];
} differ_case;

/* What a family builds with. Values depend on the case alone and are floats in both builds. */
typedef struct differ {
    const differ_case *c;
    rondo_tape *tape;
    rondo_var *loss;
    rondo_error err; /* for what makes objects */
    uint64_t draws;  /* streams used so far */
    struct differ_block *blocks;
    struct differ_array *gradients, *results;
} differ;

int64_t differ_get(const differ *d, const char *field);
bool differ_is(const differ *d, const char *field);
/* A leaf with a gradient that is compared; values within spread of centre. */
rondo_var *differ_leaf(differ *d, int rank, const int64_t *dims, double centre, double spread);
#define LEAF(d, ...)                                                                                                   \
    differ_leaf(d, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}, 0, 0.7)
/* The same, or NULL where the field is 0. */
#define LEAF_IF(d, field, ...) (differ_is(d, field) ? LEAF(d, __VA_ARGS__) : NULL)
/* Numbers that are no leaf. */
rondo_real *differ_numbers(differ *d, int64_t count, double centre, double spread);
/* Whole numbers in [low, high]. */
int32_t *differ_ints(differ *d, int64_t count, int64_t low, int64_t high);
/* NULL unless the field "ragged" is set; else B lengths of 0 to T. */
const int32_t *differ_lengths(differ *d, int64_t B, int64_t T);
/* One of several. */
int64_t differ_pick(const differ *d, const char *field, int64_t count);
/* Memory until the case is over. */
void *differ_memory(differ *d, int64_t bytes);
/* A result: compared, and a part of the loss. NULL is passed over. */
void differ_result(differ *d, rondo_var *result);
/* Parameters in place of leaves: finish them with this (values are drawn), and they are compared. */
rondo_params *differ_params(differ *d);
void differ_finish(differ *d, rondo_params *params);
/* Runs at the end of the case, for objects. */
void differ_later(differ *d, void (*destroy)(void *object), void *object);

extern const differ_family differ_basic[], differ_losses[], differ_sequences[], differ_attention[];

#endif
