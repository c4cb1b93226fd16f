/* Small tools that the operators share: how work is cut, how shapes are checked and told.
 *
 * Work is cut by shape alone: blocks of RONDO__BLOCK numbers, or as many whole rows as come near that. */
#ifndef RONDO_AUTOGRAD_OP_TOOLS_H
#define RONDO_AUTOGRAD_OP_TOOLS_H

#include "autograd/tape.h"
#include "tensor/context.h"

#define RONDO__BLOCK 16384

static inline int64_t rondo__blocks(int64_t n) { return (n + RONDO__BLOCK - 1) / RONDO__BLOCK; }

/* Rows of the given width that make a task's worth of work. */
static inline int64_t rondo__row_grain(int64_t width) {
    return width >= RONDO__BLOCK ? 1 : RONDO__BLOCK / (width > 0 ? width : 1);
}

/* The last dimension, 1 for a scalar; and all others taken together. */
static inline int64_t rondo__width(const rondo_tensor *x) { return x->rank ? x->dims[x->rank - 1] : 1; }
static inline int64_t rondo__rows(const rondo_tensor *x) {
    int64_t rows = 1;
    for (int i = 0; i + 1 < x->rank; i++)
        rows *= x->dims[i];
    return rows;
}

static inline real *rondo__data(const rondo_var *var) { return var->value.data; }
static inline int64_t rondo__count(const rondo_var *var) { return rondo_tensor_count(&var->value); }

/* Row i of a matrix (rows, width), stored or not, into out. */
void rondo__row_of(const rondo_var *matrix, int64_t i, real *out);

bool rondo__same_shape(const rondo_tensor *a, const rondo_tensor *b);
/* "(3, 4, 5)" into text; returns it. */
typedef struct rondo__shape_text {
    char text[96];
} rondo__shape_text;
rondo__shape_text rondo__shape_of(const rondo_tensor *x);

/* RONDO_ARGUMENT when input i is absent. */
rondo_status rondo__need(const rondo_call *call, int i, const char *name, rondo_error *err);
/* RONDO_SHAPE unless input i is absent or of shape (width). */
rondo_status rondo__need_vector(const rondo_call *call, int i, const char *name, int64_t width, rondo_error *err);
/* Checks input 0, named x, and gives output 0 its shape. */
rondo_status rondo__shape_like_x(rondo_call *call, rondo_error *err);
/* Likewise, and x must have a last dimension. */
rondo_status rondo__shape_like_rows(rondo_call *call, rondo_error *err);

/* rondo_apply for operators with one output. */
rondo_var *rondo__apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in);

/* The sum of the rows' losses, in order, divided by `by`; 0 where nothing counts and by is 0. */
real rondo__total_loss(int64_t rows, const double *losses, double by);

/* dst += src, in parallel. */
void rondo__accumulate(rondo_context *context, int64_t n, real *dst, const real *src);
/* to = from, or to += from where add is set: rows of n numbers, which stand to_row and from_row apart. In parallel. */
void rondo__move_rows(rondo_context *context, int64_t rows, int64_t n, real *to, int64_t to_row, const real *from,
                      int64_t from_row, bool add);

#endif
