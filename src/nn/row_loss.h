/* What the losses of forecasts share: a loss and its slopes for each row, weights, the sum in order, and backward. */
#ifndef RONDO_NN_ROW_LOSS_H
#define RONDO_NN_ROW_LOSS_H

#include "autograd/op_tools.h"
#include "rondo/losses.h"

typedef struct rondo__row_loss_options rondo__row_loss_options;
/* The loss of row r with its predictions (width); slope (width), unless NULL, receives the derivatives. What is not
 * finite stays so, in both. */
typedef double (*rondo__row_loss)(const rondo__row_loss_options *options, int64_t r, const real *prediction,
                                  real *slope);

struct rondo__row_loss_options {
    rondo__row_loss row;
    int64_t width; /* predictions of a row; 1: whatever the shape, each number is a row */
    int64_t cost;  /* of one prediction, in additions or so: how rows are cut into tasks */
    const real *target;
    rondo_loss_options user;
    real delta;           /* of Huber */
    const real *quantile; /* (width) */
    rondo_distribution kind;
    const real *shift, *scale; /* (rows), NULL: 0 and 1 */
};

/* Parts of the operators' descriptors. */
rondo_status rondo__row_loss_shape(rondo_call *call, rondo_error *err);
size_t rondo__row_loss_saved(const rondo_call *call);
size_t rondo__row_loss_scratch(const rondo_call *call, bool backward);
rondo_status rondo__row_loss_forward(rondo_call *call, rondo_error *err);
rondo_status rondo__row_loss_backward(rondo_call *call, rondo_error *err);
#define RONDO__ROW_LOSS(op_name, op_shape)                                                                             \
    {                                                                                                                  \
        .name = (op_name), .options_size = sizeof(rondo__row_loss_options), .shape = (op_shape),                       \
        .saved_bytes = rondo__row_loss_saved, .scratch_bytes = rondo__row_loss_scratch,                                \
        .device[RONDO_CPU] = {rondo__row_loss_forward, rondo__row_loss_backward},                                      \
    }

#endif
