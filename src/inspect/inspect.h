/* The inside of an inspection, shared by its views:
 *   inspect.c      open, options, the public face
 *   views.c        the table of views
 *   states.c, gates.c, ablate.c ...   one view each
 *   view*.c        what a view computed, and how it is written */
#ifndef RONDO_INSPECT_INSPECT_H
#define RONDO_INSPECT_INSPECT_H

#include "inspect/trace.h"
#include "inspect/view.h"
#include "tasks/look.h"
#include "tasks/model.h"

struct rondo_inspection {
    rondo_model *model, *floats; /* the caller's; the same, or opened anew with floats */
    rondo__look *look;
};

/* Options that a view knows, as bits; the others are refused when they are given. */
enum {
    RONDO__VIEW_STACK = 1 << 0,
    RONDO__VIEW_LAYER = 1 << 1, /* layer and direction */
    RONDO__VIEW_GATE = 1 << 2,
    RONDO__VIEW_PASSAGE = 1 << 3,
    RONDO__VIEW_PASSAGES = 1 << 4,
    RONDO__VIEW_STEPS = 1 << 5, /* from and steps */
    RONDO__VIEW_ORDER = 1 << 6,
    RONDO__VIEW_UNIT = 1 << 7,
    RONDO__VIEW_LIMIT = 1 << 8,
    RONDO__VIEW_LAGS = 1 << 9,
    RONDO__VIEW_PATTERN = 1 << 10,
    RONDO__VIEW_LIKE = 1 << 11
};

/* A view: fills `view`, which has its kind already. Options were checked against the bits and against the model's
 * stacks and layers; options is never NULL. */
typedef struct rondo__view_class {
    const char *name, *summary;
    unsigned options;
    bool stacks; /* needs a recurrent stack */
    rondo_status (*make)(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                         rondo_error *err);
} rondo__view_class;
extern const rondo__view_class rondo__views[]; /* ends with a name of NULL */

rondo_status rondo__view_states(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                rondo_error *err);
rondo_status rondo__view_gates(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                               rondo_error *err);
rondo_status rondo__view_ablate(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                rondo_error *err);
rondo_status rondo__view_gradients(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                   rondo_error *err);
rondo_status rondo__view_attention(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                   rondo_error *err);
rondo_status rondo__view_neurons(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                 rondo_error *err);

/* ---- what views share (inspect.c) ---- */
/* What a stack of the passage that is laid out was run on. */
rondo__trace_input rondo__inspect_input(const rondo__look_stack *stack, const rondo__alter *alter);
/* The trace of one stack of the passage that is laid out. alter may be NULL. */
rondo_status rondo__inspect_trace(const rondo__look_stack *stack, const rondo__alter *alter, rondo__trace *out,
                                  rondo_error *err);
/* Do the options choose this stack; this layer and direction? */
bool rondo__inspect_wants_stack(const rondo_view_options *options, const rondo__look_stack *stack);
bool rondo__inspect_wants_layer(const rondo_view_options *options, int layer, int direction);
/* "layer 0, forward", with the stack's name before it where the passage has several. */
const char *rondo__inspect_layer_name(rondo_view *view, const rondo__passage *passage, int stack, int layer,
                                      int direction);
/* How many passages a view over all data uses: options->passages, or `usual` at most. */
int64_t rondo__inspect_passages(const rondo_inspection *inspection, const rondo_view_options *options, int64_t usual);
/* The k-th passage of a sample: all of them in an order whose begin is spread evenly over the data, which often are
 * sorted (by label, by time). */
int64_t rondo__inspect_pick(const rondo_inspection *inspection, int64_t k);

#endif
