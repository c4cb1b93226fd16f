/* The tape.
 *
 * Two arenas. The step arena holds, in the order of the calls, each call's record, its options, its outputs and what it
 * saved; backward pushes gradients behind them. rondo_tape_begin rewinds all of it. The scratch arena is emptied after
 * every function of an operator; a call that is not recorded has its saved memory there too. What operators pack of
 * parameters stands apart from both (packs.c).
 *
 *     step arena | record options out0 out1 saved | record options out0 saved | ... | gradients (backward) |
 *
 * Records form a list from the last call to the first, which is the order backward wants. Backward takes three passes:
 * the first finds the records that the loss depends on and plans where gradients stand (places.h: those needed at
 * different times share memory); the second gets all the memory; the third only computes. So when memory runs out no
 * leaf's gradient has been touched. Gradients are cleared just before their first use, while the cache still wants
 * them, and forgotten after their last.
 *
 * A call that is held back (tape.h) waits in tape->held and is linked when it runs; a pair that ran together stands
 * together in the list, and backward, which visits the later one, takes the earlier one with it.
 *
 * Invariants: a failed call leaves the step arena as it found it. Only calls with recording on and at least one input
 * that needs a gradient are linked into the list. The number of a call counts calls of every kind, so that random
 * numbers do not depend on what is recorded. */
#include <stdio.h>
#include <string.h>

#include "autograd/beside.h"
#include "autograd/packs.h"
#include "autograd/places.h"
#include "autograd/tape.h"
#include "tensor/context.h"

/* Every variable of a tape is the first member of one of these. */
typedef struct node {
    rondo_var var;
    bool cleared;   /* its gradient holds meaningful numbers (a leaf's always does) */
    bool parameter; /* its value stands still for the whole step */
    bool placed;    /* its gradient has had a place in the block of this step */
    rondo__place place;
} node;

typedef struct record {
    rondo_call call;
    struct record *previous;
    struct record *beside; /* the one before, where both ran at the same time, */
    bool behind;           /* this one behind that one */
    size_t saved_bytes;
    bool reached; /* the loss depends on an output */
    bool taken;   /* backward does it with the one that ran beside it */
} record;

struct rondo_tape {
    rondo_context *context;
    rondo__arena step, scratch;
    rondo__packs packs;
    rondo__places places; /* of gradients, while backward plans */
    char *gradients;      /* their block */
    rondo_step now;
    uint64_t calls; /* since begin */
    record *last;
    record *held; /* made but not computed */
    bool holding; /* the next operator that can be is held back */
    bool walked;  /* backward has run since begin */
    rondo_error failure;
};

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
    rondo__arena_init(&tape->scratch);
    rondo__packs_init(&tape->packs);
    *out = tape;
    return RONDO_OK;
}

void rondo_tape_destroy(rondo_tape **tape) {
    if (!tape || !*tape)
        return;
    rondo__arena_free(&(*tape)->step);
    rondo__arena_free(&(*tape)->scratch);
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

/* After a function of op returned status with tape->failure as its error record. */
static void keep_failure(rondo_tape *tape, const char *op, rondo_status status) {
    tape->failure.status = status;
    if (!tape->failure.message[0])
        rondo__fail(&tape->failure, status, "%s: %s", op, rondo_status_sentence(status));
}

void rondo__tape_release(rondo_tape *tape) {
    rondo_tape_begin(tape, NULL);
    rondo__packs_begin(&tape->packs, false);
    rondo__arena_free(&tape->step);
    rondo__arena_free(&tape->scratch);
    rondo__packs_free(&tape->packs);
}

/* ---- variables ---- */

static size_t tensor_bytes(const rondo_tensor *tensor) {
    return (size_t)rondo_tensor_count(tensor) * rondo_dtype_bytes(tensor->dtype);
}

rondo_status rondo__shape_check(const rondo_tensor *shape, rondo_error *err) {
    rondo_tensor with_data = *shape;
    with_data.data = &with_data; /* never read */
    return rondo_tensor_check(&with_data, err);
}

static node *push_node(rondo_tape *tape) {
    node *n = rondo__arena_push(&tape->step, sizeof *n);
    if (n)
        *n = (node){0};
    return n;
}

rondo_var *rondo_leaf(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad) {
    if (rondo__tape_failed(tape))
        return NULL;
    rondo_status status = rondo_tensor_check(value, &tape->failure);
    if (status) {
        keep_failure(tape, "leaf", status);
        return NULL;
    }
    if (value->dtype != RONDO_REAL) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "leaf: its numbers are %s (they must be %s)",
                         rondo_dtype_name(value->dtype), rondo_dtype_name(RONDO_REAL));
        return NULL;
    }
    node *n = push_node(tape);
    if (!n) {
        rondo__tape_fail(tape, RONDO_MEMORY, "leaf: out of memory");
        return NULL;
    }
    bool needs_grad = grad && tape->now.recording;
    *n = (node){.var = {.value = *value, .grad = needs_grad ? grad : NULL, .needs_grad = needs_grad}, .cleared = true};
    return &n->var;
}

rondo_var *rondo__leaf_parameter(rondo_tape *tape, const rondo_tensor *value, rondo_real *grad) {
    rondo_var *var = rondo_leaf(tape, value, grad);
    if (var)
        ((node *)var)->parameter = true;
    return var;
}

bool rondo__is_parameter(const rondo_var *var) { return ((const node *)var)->parameter; }

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
        keep_failure(tape, "zeros", status);
        return NULL;
    }
    rondo__mark mark = rondo__arena_mark(&tape->step);
    node *n = push_node(tape);
    value.data = n ? rondo__arena_push(&tape->step, tensor_bytes(&value)) : NULL;
    if (!value.data) {
        rondo__arena_rewind(&tape->step, mark);
        rondo__tape_fail(tape, RONDO_MEMORY, "zeros: out of memory");
        return NULL;
    }
    memset(value.data, 0, tensor_bytes(&value));
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
static record *make_record(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in,
                           int n_out) {
    record *r = rondo__arena_push(&tape->step, sizeof *r);
    if (!r)
        return NULL;
    *r = (record){0};
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
        node *n = push_node(tape);
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
        value->data = rondo__arena_push(&tape->step, tensor_bytes(value));
        if (!value->data)
            return RONDO_MEMORY;
    }
    return RONDO_OK;
}

static rondo_status push_scratch(rondo_tape *tape, rondo_call *call, bool backward) {
    size_t bytes = call->op->scratch_bytes ? call->op->scratch_bytes(call, backward) : 0;
    call->scratch = bytes ? rondo__arena_push(&tape->scratch, bytes) : NULL;
    return (bytes && !call->scratch) || tape->packs.failed ? RONDO_MEMORY : RONDO_OK;
}

static rondo_status make_outputs(rondo_tape *tape, record *r) {
    rondo_status status = r->call.op->shape(&r->call, &tape->failure);
    return status ? status : push_outputs(tape, &r->call);
}

/* Memory for what forward saves and scratches. */
static rondo_status make_room(rondo_tape *tape, record *r) {
    rondo_call *call = &r->call;
    r->saved_bytes = call->op->saved_bytes ? call->op->saved_bytes(call) : 0;
    if (r->saved_bytes) {
        call->saved = rondo__arena_push(call->recording ? &tape->step : &tape->scratch, r->saved_bytes);
        if (!call->saved)
            return RONDO_MEMORY;
    }
    return push_scratch(tape, call, false);
}

static void link_record(rondo_tape *tape, record *r) {
    if (!r->call.recording)
        return;
    r->previous = tape->last;
    tape->last = r;
}

static rondo_status run_forward(rondo_tape *tape, record *r) {
    rondo_status status = make_room(tape, r);
    if (!status)
        status = r->call.op->device[RONDO_CPU].forward(&r->call, &tape->failure);
    rondo__arena_clear(&tape->scratch);
    if (!status)
        link_record(tape, r);
    return status;
}

static rondo_status run_both_forward(rondo_tape *tape, record *first, record *r, bool behind) {
    rondo_status status = make_room(tape, first);
    if (!status)
        status = make_room(tape, r);
    if (!status)
        status = rondo__run_together((rondo_call *[]){&first->call, &r->call}, behind,
                                     r->call.op->device[RONDO_CPU].forward, &tape->failure);
    rondo__arena_clear(&tape->scratch);
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
static void release_for(rondo_tape *tape, const record *r) {
    record *held = tape->held;
    if (!held || (r && !r->call.op->together && rondo__are_apart(&held->call, &r->call)))
        return;
    tape->held = NULL;
    rondo_status status = rondo__tape_failed(tape) ? RONDO_OK : run_forward(tape, held);
    if (status)
        keep_failure(tape, held->call.op->name, status);
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
static rondo_status compute(rondo_tape *tape, record *r) {
    record *held = tape->held;
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

void rondo_apply(rondo_tape *tape, const rondo_op *op, const void *options, int n_in, rondo_var *const *in, int n_out,
                 rondo_var **out) {
    for (int i = 0; i < n_out; i++)
        out[i] = NULL;
    if (rondo__tape_failed(tape) || !check_apply(tape, op, options, n_in, n_out))
        return;
    rondo__mark mark = rondo__arena_mark(&tape->step);
    record *r = make_record(tape, op, options, n_in, in, n_out);
    rondo_status status = r ? make_outputs(tape, r) : RONDO_MEMORY;
    if (!status)
        status = compute(tape, r);
    if (status) {
        rondo__arena_rewind(&tape->step, mark);
        keep_failure(tape, op->name, status);
        return;
    }
    memcpy(out, r->call.out, (size_t)n_out * sizeof *out);
}

/* ---- backward ---- */

static bool plan_gradient(rondo_tape *tape, rondo_var *var) {
    node *n = (node *)var;
    if (!var || !var->needs_grad || var->grad || n->placed)
        return true;
    n->placed = true;
    return rondo__place_take(&tape->places, &n->place, tensor_bytes(&var->value));
}

static bool is_reached(const record *r) {
    bool reached = false;
    for (int i = 0; i < r->call.outputs; i++)
        reached |= ((const node *)r->call.out[i])->placed;
    return reached;
}

static bool take_places(rondo_tape *tape, const rondo_call *call) {
    bool fits = true;
    for (int i = 0; i < call->outputs; i++)
        fits &= plan_gradient(tape, call->out[i]);
    for (int i = 0; i < call->inputs; i++)
        fits &= plan_gradient(tape, call->in[i]);
    return fits;
}

static void give_places_back(rondo_tape *tape, const rondo_call *call) {
    for (int i = 0; i < call->outputs; i++)
        rondo__place_give_back(&tape->places, &((node *)call->out[i])->place);
}

/* First pass, one record, or two: is it reached, and from when to when does it need which gradients. */
static rondo_status plan(rondo_tape *tape, record *r) {
    r->reached = is_reached(r);
    if (!r->reached)
        return RONDO_OK;
    if (!r->call.op->device[RONDO_CPU].backward)
        return rondo__fail(&tape->failure, RONDO_UNSUPPORTED, "%s: it has no backward", r->call.op->name);
    if (r->beside && (r->behind || is_reached(r->beside)))
        r->beside->taken = true;
    else
        r->beside = NULL;
    if (!take_places(tape, &r->call) || (r->beside && !take_places(tape, &r->beside->call)))
        return RONDO_MEMORY;
    give_places_back(tape, &r->call);
    if (r->beside)
        give_places_back(tape, &r->beside->call);
    return RONDO_OK;
}

static void point_gradient(char *block, rondo_var *var) {
    node *n = (node *)var;
    if (var && n->placed)
        var->grad = (rondo_real *)(block + n->place.offset);
}

/* Second pass, one record: its gradients, and memory for the scratch and the packed weights that it needs. */
static rondo_status prepare(rondo_tape *tape, record *r) {
    rondo_status status = RONDO_OK;
    for (record *one = r; one && !status; one = one == r ? r->beside : NULL) {
        rondo_call *call = &one->call;
        for (int i = 0; i < call->outputs; i++)
            point_gradient(tape->gradients, call->out[i]);
        for (int i = 0; i < call->inputs; i++)
            point_gradient(tape->gradients, call->in[i]);
        status = push_scratch(tape, call, true);
    }
    rondo__arena_clear(&tape->scratch);
    return status;
}

typedef struct clearing {
    char *data;
} clearing;

static void clear_range(void *arg, int64_t begin, int64_t end, int worker) {
    (void)worker;
    memset(((clearing *)arg)->data + begin, 0, (size_t)(end - begin));
}

static void clear_gradient(rondo_tape *tape, rondo_var *var) {
    node *n = (node *)var;
    if (!var || !var->grad || n->cleared)
        return;
    clearing job = {(char *)var->grad};
    rondo__parallel(tape->context, (int64_t)tensor_bytes(&var->value), 1 << 20, clear_range, &job);
    n->cleared = true;
}

/* The sums of in[0]'s gradient come in the order of calls in turn. */
static rondo_status run_both_backward(rondo_tape *tape, record *r) {
    const rondo_op *op = r->call.op;
    rondo_call *calls[2] = {&r->call, &r->beside->call};
    if (r->behind)
        return rondo__run_together(calls, true, op->device[RONDO_CPU].backward, &tape->failure);
    rondo_status status = rondo__run_together(calls, false, op->together->backward_own, &tape->failure);
    for (int i = 0; i < 2 && !status; i++)
        status = op->together->backward_in(calls[i], &tape->failure);
    return status;
}

/* Third pass, one record. */
static rondo_status run_backward(rondo_tape *tape, record *r) {
    rondo_status status = RONDO_OK;
    for (record *one = r; one && !status; one = one == r ? r->beside : NULL) {
        for (int i = 0; i < one->call.outputs; i++)
            clear_gradient(tape, one->call.out[i]);
        for (int i = 0; i < one->call.inputs; i++)
            clear_gradient(tape, one->call.in[i]);
        status = push_scratch(tape, &one->call, true);
    }
    if (!status)
        status =
            r->beside ? run_both_backward(tape, r) : r->call.op->device[RONDO_CPU].backward(&r->call, &tape->failure);
    rondo__arena_clear(&tape->scratch);
    for (record *one = r; one; one = one == r ? r->beside : NULL)
        for (int i = 0; i < one->call.outputs; i++)
            one->call.out[i]->grad = NULL; /* others stand there from now on */
    return status;
}

typedef rondo_status (*pass)(rondo_tape *tape, record *r);

static rondo_status walk(rondo_tape *tape, pass each) {
    for (record *r = tape->last; r; r = r->previous) {
        rondo_status status = !r->taken && (each == plan || r->reached) ? each(tape, r) : RONDO_OK;
        if (status) {
            keep_failure(tape, r->call.op->name, status);
            return status;
        }
    }
    return RONDO_OK;
}

static rondo_status check_backward(rondo_tape *tape, int count, rondo_var *const *vars,
                                   const rondo_real *const *grads) {
    if (!tape->now.recording)
        rondo__tape_fail(tape, RONDO_STATE, "backward: nothing was recorded (begin the step with recording on)");
    else if (tape->walked)
        rondo__tape_fail(tape, RONDO_STATE, "backward: called twice in one step (begin a new step)");
    for (int i = 0; i < count && !tape->failure.status; i++)
        if (!vars[i] || !grads[i])
            rondo__tape_fail(tape, RONDO_ARGUMENT, "backward: variable %d or its gradient is NULL", i);
    return tape->failure.status;
}

/* The first two passes. */
static rondo_status make_gradients(rondo_tape *tape, int count, rondo_var *const *vars) {
    bool fits = true;
    tape->places = (rondo__places){0};
    for (int i = 0; i < count; i++)
        fits &= plan_gradient(tape, vars[i]);
    rondo_status status = fits ? walk(tape, plan) : RONDO_MEMORY;
    if (!status)
        tape->gradients = rondo__arena_push(&tape->step, tape->places.height);
    if (!status && tape->gradients)
        status = walk(tape, prepare);
    else if (!status)
        status = RONDO_MEMORY;
    if (status)
        rondo__tape_fail(tape, status, "backward: out of memory"); /* unless a record told its own story */
    return status;
}

rondo_status rondo_backward_from(rondo_tape *tape, int count, rondo_var *const *vars, const rondo_real *const *grads) {
    if (rondo__tape_failed(tape) || check_backward(tape, count, vars, grads))
        return tape ? tape->failure.status : RONDO_ARGUMENT;
    tape->walked = true;
    rondo_status status = make_gradients(tape, count, vars);
    if (status)
        return status;
    for (int i = 0; i < count; i++) {
        clear_gradient(tape, vars[i]);
        if (vars[i]->grad)
            tape->context->kernels->axpy(rondo_tensor_count(&vars[i]->value), vars[i]->grad, 1, grads[i]);
    }
    return walk(tape, run_backward);
}

rondo_status rondo_backward(rondo_tape *tape, rondo_var *loss, rondo_real scale) {
    if (!rondo__tape_failed(tape) && loss && rondo_tensor_count(&loss->value) != 1)
        rondo__tape_fail(tape, RONDO_SHAPE, "backward: the loss has %lld elements (it must be a scalar)",
                         (long long)rondo_tensor_count(&loss->value));
    const rondo_real *seed = &scale;
    return rondo_backward_from(tape, 1, &loss, &seed);
}
