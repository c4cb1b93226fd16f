/* The tape.
 *
 * One arena holds, in the order of the calls, each call's record, its options, its outputs and what it saved; backward
 * pushes gradients behind them. rondo_tape_begin rewinds all of it. On top stands the scratch memory of the operator
 * that runs, and what it saved where it is not recorded: both are taken back after it, so that the scratch of forward
 * and the gradients, which are not there at the same time, share memory. What operators pack of parameters stands apart
 * (packs.c).
 *
 *     | record options out0 out1 saved | record options out0 saved | ... | gradients (backward) | scratch |
 *
 * What the last call saved (a loss: megabytes) serves no longer once its backward has run, which is first: where it
 * stands on top the gradients begin upon it, and those that come later take its place.
 *
 * Records form a list from the last call to the first, which is the order backward wants (tape_backward.c).
 *
 * A call that is held back (tape.h) waits in tape->held and is linked when it runs; a pair that ran together stands
 * together in the list, and backward, which visits the later one, takes the earlier one with it.
 *
 * Invariants: a failed call leaves the step arena as it found it. Only calls with recording on and at least one input
 * that needs a gradient are linked into the list. The number of a call counts calls of every kind, so that random
 * numbers do not depend on what is recorded. */
#include <stdio.h>
#include <string.h>

#include "autograd/tape_inside.h"

/* ---- life and state ---- */

rondo_status rondo_tape_create(rondo_tape **out, rondo_context *context, rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tape_create: out is NULL");
    *out = NULL;
    if (!context)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tape_create: context is NULL (rondo_context_create makes one)");
    rondo_tape *tape = rondo__calloc(1, sizeof *tape);
    if (!tape)
        return rondo__fail(err, RONDO_MEMORY, "rondo_tape_create: out of memory");
    tape->context = context;
    rondo__arena_init(&tape->step);
    rondo__packs_init(&tape->packs);
    *out = tape;
    return RONDO_OK;
}

void rondo_tape_destroy(rondo_tape **tape) {
    if (!tape || !*tape)
        return;
    rondo__arena_free(&(*tape)->step);
    rondo__packs_free(&(*tape)->packs);
    rondo__free(*tape);
    *tape = NULL;
}

void rondo_tape_begin(rondo_tape *tape, const rondo_step *step) {
    tape->now = step ? *step : (rondo_step){0};
    tape->calls = 0;
    tape->last = tape->held = NULL;
    tape->holding = tape->walked = false;
    tape->failure = (rondo_error){0};
    rondo__arena_clear(&tape->step);
    rondo__packs_begin(&tape->packs, tape->now.same_parameters);
    if (tape->now.recording && rondo_context_precision(tape->context) == RONDO_PRECISION_INT8)
        rondo__fail(&tape->failure, RONDO_UNSUPPORTED,
                    "rondo_tape_begin: int8 is for use, not for training (make the context with bf16 or f32)");
}

rondo_status rondo_tape_status(const rondo_tape *tape, rondo_error *err) {
    if (!tape)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_tape_status: the tape is NULL");
    if (err && tape->failure.status)
        *err = tape->failure;
    return tape->failure.status;
}

rondo_context *rondo_tape_context(const rondo_tape *tape) { return tape->context; }
bool rondo_tape_training(const rondo_tape *tape) { return tape->now.training; }
size_t rondo_tape_peak_bytes(const rondo_tape *tape) { return tape->step.peak; }
size_t rondo__tape_held(const rondo_tape *tape) { return tape->step.used; }

bool rondo__tape_failed(const rondo_tape *tape) { return !tape || tape->failure.status != RONDO_OK; }

void rondo__tape_fail(rondo_tape *tape, rondo_status status, const char *format, ...) {
    if (rondo__tape_failed(tape))
        return;
    tape->failure.status = status;
    va_list list;
    va_start(list, format);
    vsnprintf(tape->failure.message, sizeof tape->failure.message, format, list);
    va_end(list);
}

void rondo__tape_keep_failure(rondo_tape *tape, const char *op, rondo_status status) {
    tape->failure.status = status;
    if (!tape->failure.message[0])
        rondo__fail(&tape->failure, status, "%s: %s", op, rondo_status_sentence(status));
}

void rondo__tape_release(rondo_tape *tape) {
    rondo_tape_begin(tape, NULL);
    rondo__packs_begin(&tape->packs, false);
    rondo__arena_free(&tape->step);
    rondo__packs_free(&tape->packs);
}

/* ---- variables ---- */

rondo_status rondo__shape_check(const rondo_tensor *shape, rondo_error *err) {
    rondo_tensor with_data = *shape;
    with_data.data = &with_data; /* never read */
    return rondo_tensor_check(&with_data, err);
}

static rondo__node *push_node(rondo_tape *tape) {
    rondo__node *n = rondo__arena_push(&tape->step, sizeof *n);
    if (n)
        *n = (rondo__node){0};
    return n;
}

rondo_var *rondo_leaf(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad) {
    if (rondo__tape_failed(tape))
        return NULL;
    rondo_status status = rondo_tensor_check(value, &tape->failure);
    if (status) {
        rondo__tape_keep_failure(tape, "leaf", status);
        return NULL;
    }
    if (value->dtype != RONDO_REAL) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "leaf: its numbers are %s (they must be %s)",
                         rondo_dtype_name(value->dtype), rondo_dtype_name(RONDO_REAL));
        return NULL;
    }
    rondo__node *n = push_node(tape);
    if (!n) {
        rondo__tape_fail(tape, RONDO_MEMORY, "leaf: out of memory");
        return NULL;
    }
    bool needs_grad = grad && tape->now.recording;
    *n = (rondo__node){.var = {.value = *value, .grad = needs_grad ? grad : NULL, .needs_grad = needs_grad},
                       .cleared = true};
    return &n->var;
}

rondo_var *rondo__leaf_parameter(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad) {
    rondo_var *var = rondo_leaf(tape, value, grad);
    if (var)
        ((rondo__node *)var)->parameter = true;
    return var;
}

rondo_var *rondo__leaf_stored(rondo_tape *tape, const rondo_tensor *value, const rondo__stored *stored) {
    rondo__node *n = rondo__tape_failed(tape) ? NULL : push_node(tape);
    if (!n) {
        rondo__tape_fail(tape, RONDO_MEMORY, "leaf: out of memory");
        return NULL;
    }
    *n = (rondo__node){.var = {.value = *value}, .cleared = true, .parameter = true, .stored = stored};
    return &n->var;
}

bool rondo__is_parameter(const rondo_var *var) { return ((const rondo__node *)var)->parameter; }

const rondo__stored *rondo__stored_of(const rondo_var *var) { return ((const rondo__node *)var)->stored; }

rondo_var *rondo_zeros(rondo_tape *tape, int rank, const int64_t *dims) {
    if (rondo__tape_failed(tape))
        return NULL;
    if (rank < 0 || rank > RONDO_MAX_RANK || (rank && !dims)) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "zeros: rank %d (it must be 0 to %d)", rank, RONDO_MAX_RANK);
        return NULL;
    }
    rondo_tensor value = rondo_tensor_view(RONDO_REAL, NULL, rank, dims);
    rondo_status status = rondo__shape_check(&value, &tape->failure);
    if (status) {
        rondo__tape_keep_failure(tape, "zeros", status);
        return NULL;
    }
    rondo__mark mark = rondo__arena_mark(&tape->step);
    rondo__node *n = push_node(tape);
    value.data = n ? rondo__arena_push(&tape->step, rondo__tensor_bytes(&value)) : NULL;
    if (!value.data) {
        rondo__arena_rewind(&tape->step, mark);
        rondo__tape_fail(tape, RONDO_MEMORY, "zeros: out of memory");
        return NULL;
    }
    memset(value.data, 0, rondo__tensor_bytes(&value));
    n->var.value = value;
    return &n->var;
}

/* ---- applying an operator ---- */

/* Unlike (step, call) give unlike streams, and streams of a tape do not fall on the small numbers that others use: the
 * finalizer of splitmix64 is a bijection of 64 bits. */
static uint64_t stream_of(uint64_t step, uint64_t call) {
    uint64_t z = (step << 24) + call + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The record of a call: inputs and options copied, outputs made but without shape or data. NULL: out of memory. */
static rondo__record *make_record(rondo_tape *tape, const rondo_op *op, const void *options, int n_in,
                                  rondo_var *const *in, int n_out) {
    rondo__record *r = rondo__arena_push(&tape->step, sizeof *r);
    if (!r)
        return NULL;
    *r = (rondo__record){0};
    rondo_call *call = &r->call;
    call->op = op;
    call->inputs = n_in;
    call->outputs = n_out;
    call->context = tape->context;
    call->packs = &tape->packs;
    call->training = tape->now.training;
    call->seed = tape->now.seed;
    call->stream = stream_of(tape->now.step, tape->calls++);
    for (int i = 0; i < n_in; i++) {
        call->in[i] = in[i];
        call->recording |= tape->now.recording && in[i] && in[i]->needs_grad;
    }
    if (op->options_size) {
        void *copy = rondo__arena_push(&tape->step, op->options_size);
        if (!copy)
            return NULL;
        memcpy(copy, options, op->options_size);
        call->options = copy;
    }
    for (int i = 0; i < n_out; i++) {
        rondo__node *n = push_node(tape);
        if (!n)
            return NULL;
        n->var.value.dtype = RONDO_REAL;
        n->var.needs_grad = call->recording;
        call->out[i] = &n->var;
    }
    return r;
}

static rondo_status push_outputs(rondo_tape *tape, rondo_call *call) {
    for (int i = 0; i < call->outputs; i++) {
        rondo_tensor *value = &call->out[i]->value;
        rondo_status status = rondo__shape_check(value, &tape->failure);
        if (status)
            return status;
        value->data = call->op->in_place && i == 0 ? call->in[0]->value.data
                                                   : rondo__arena_push(&tape->step, rondo__tensor_bytes(value));
        if (!value->data)
            return RONDO_MEMORY;
    }
    return RONDO_OK;
}

rondo_status rondo__tape_push_scratch(rondo_tape *tape, rondo_call *call, bool backward) {
    size_t bytes = call->op->scratch_bytes ? call->op->scratch_bytes(call, backward) : 0;
    call->scratch = bytes ? rondo__arena_push(&tape->step, bytes) : NULL;
    return (bytes && !call->scratch) || tape->packs.failed ? RONDO_MEMORY : RONDO_OK;
}

static rondo_status make_outputs(rondo_tape *tape, rondo__record *r) {
    rondo_status status = r->call.op->shape(&r->call, &tape->failure);
    return status ? status : push_outputs(tape, &r->call);
}

static rondo_status push_saved(rondo_tape *tape, rondo__record *r) {
    rondo_call *call = &r->call;
    r->saved_bytes = call->op->saved_bytes ? call->op->saved_bytes(call) : 0;
    call->saved = r->saved_bytes ? rondo__arena_push(&tape->step, r->saved_bytes) : NULL;
    return r->saved_bytes && !call->saved ? RONDO_MEMORY : RONDO_OK;
}

static void link_record(rondo_tape *tape, rondo__record *r) {
    if (!r->call.recording)
        return;
    r->previous = tape->last;
    tape->last = r;
}

static rondo_status run_forward(rondo_tape *tape, rondo__record *r) {
    rondo__mark kept = rondo__arena_mark(&tape->step);
    rondo_status status = push_saved(tape, r);
    if (r->call.recording)
        kept = rondo__arena_mark(&tape->step);
    if (!status)
        status = rondo__tape_push_scratch(tape, &r->call, false);
    if (!status)
        status = r->call.op->device[RONDO_CPU].forward(&r->call, &tape->failure);
    rondo__arena_rewind(&tape->step, kept);
    if (!status)
        link_record(tape, r);
    return status;
}

static rondo_status run_both_forward(rondo_tape *tape, rondo__record *first, rondo__record *r, bool behind) {
    rondo__mark kept = rondo__arena_mark(&tape->step);
    rondo_status status = push_saved(tape, first);
    if (!status)
        status = push_saved(tape, r);
    if (first->call.recording || r->call.recording)
        kept = rondo__arena_mark(&tape->step);
    if (!status)
        status = rondo__tape_push_scratch(tape, &first->call, false);
    if (!status)
        status = rondo__tape_push_scratch(tape, &r->call, false);
    if (!status)
        status = rondo__run_together((rondo_call *[]){&first->call, &r->call}, behind,
                                     r->call.op->device[RONDO_CPU].forward, &tape->failure);
    rondo__arena_rewind(&tape->step, kept);
    if (status)
        return status;
    link_record(tape, first);
    link_record(tape, r);
    r->beside = first->call.recording && r->call.recording ? first : NULL;
    r->behind = behind;
    return RONDO_OK;
}

/* ---- holding back ---- */

void rondo__tape_hold(rondo_tape *tape) { tape->holding = true; }

/* What r needs is computed before it. */
static void release_for(rondo_tape *tape, const rondo__record *r) {
    rondo__record *held = tape->held;
    if (!held || (r && !r->call.op->together && rondo__may_pass(&held->call, &r->call)))
        return;
    tape->held = NULL;
    rondo_status status = rondo__tape_failed(tape) ? RONDO_OK : run_forward(tape, held);
    if (status)
        rondo__tape_keep_failure(tape, held->call.op->name, status);
}

void rondo__tape_let_go(rondo_tape *tape) {
    release_for(tape, NULL);
    tape->holding = false;
}

/* ---- applying ---- */

static bool check_apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, int n_out) {
    if (!op || !op->name || !op->shape)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "rondo_apply: the operator is NULL, or has no name or shape function");
    else if (n_in < 0 || n_in > RONDO_MAX_INPUTS || n_out < 1 || n_out > RONDO_MAX_OUTPUTS)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "%s: %d inputs and %d outputs (at most %d and 1 to %d)", op->name, n_in,
                         n_out, RONDO_MAX_INPUTS, RONDO_MAX_OUTPUTS);
    else if (op->options_size && !options)
        rondo__tape_fail(tape, RONDO_ARGUMENT, "%s: options are NULL", op->name);
    else if (!op->device[RONDO_CPU].forward)
        rondo__tape_fail(tape, RONDO_UNSUPPORTED, "%s: this device cannot do it", op->name);
    return !rondo__tape_failed(tape);
}

/* Forward of r: now, together with the held one, or later. */
static rondo_status compute(rondo_tape *tape, rondo__record *r) {
    rondo__record *held = tape->held;
    const rondo__kinship kinship =
        held && held->call.op == r->call.op ? rondo__kinship_of(&held->call, &r->call) : RONDO__IN_TURN;
    if (kinship != RONDO__IN_TURN) {
        tape->held = NULL;
        return run_both_forward(tape, held, r, kinship == RONDO__BEHIND);
    }
    release_for(tape, r);
    if (rondo__tape_failed(tape))
        return tape->failure.status;
    if (!tape->holding || !r->call.op->together)
        return run_forward(tape, r);
    tape->held = r;
    return RONDO_OK;
}

static bool needs_gradient(const rondo_tape *tape, int n_in, rondo_var *const *in) {
    bool needed = false;
    for (int i = 0; i < n_in; i++)
        needed |= tape->now.recording && in[i] && in[i]->needs_grad;
    return needed;
}

/* Weights in low precision go only where they are expected and products can take them, and nothing goes back through
 * them. */
static bool check_stored(rondo_tape *tape, const rondo_op *op, int n_in, rondo_var *const *in) {
    for (int i = 0; i < n_in; i++) {
        if (!in[i] || !((const rondo__node *)in[i])->stored)
            continue;
        if (!(op->weights >> i & 1) || !rondo__context_is_mixed(tape->context))
            rondo__tape_fail(tape, RONDO_UNSUPPORTED,
                             "%s: its input %d is a weight stored as %s (keep that one in float)", op->name, i,
                             rondo_dtype_name(in[i]->value.dtype));
        else if (needs_gradient(tape, n_in, in))
            rondo__tape_fail(tape, RONDO_UNSUPPORTED,
                             "%s: its input %d is a weight stored as %s, which has no backward (take the float file)",
                             op->name, i, rondo_dtype_name(in[i]->value.dtype));
    }
    return !rondo__tape_failed(tape);
}

void rondo_apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in, int n_out,
                 rondo_var **out) {
    for (int i = 0; i < n_out; i++)
        out[i] = NULL;
    if (rondo__tape_failed(tape) || !check_apply(tape, op, options, n_in, n_out) || !check_stored(tape, op, n_in, in))
        return;
    rondo__mark mark = rondo__arena_mark(&tape->step);
    rondo__record *r = make_record(tape, op, options, n_in, in, n_out);
    rondo_status status = r ? make_outputs(tape, r) : RONDO_MEMORY;
    if (!status)
        status = compute(tape, r);
    if (status) {
        rondo__arena_rewind(&tape->step, mark);
        rondo__tape_keep_failure(tape, op->name, status);
        return;
    }
    memcpy(out, r->call.out, (size_t)n_out * sizeof *out);
}
