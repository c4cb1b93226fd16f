/* Backward of the tape, in three passes over the list of records: the first finds the records that the loss depends on
 * and plans where gradients stand (places.h: those needed at different times share memory); the second gets all the
 * memory; the third only computes. So when memory runs out no leaf's gradient has been touched. Gradients are cleared
 * just before their first use, while the cache still wants them, and forgotten after their last. */
#include <string.h>

#include "autograd/tape_inside.h"

static bool plan_gradient(rondo_tape *tape, rondo_var *var) {
    rondo__node *n = (rondo__node *)var;
    if (!var || !var->needs_grad || var->grad || n->placed)
        return true;
    n->placed = true;
    return rondo__place_take(&tape->places, &n->place, rondo__tensor_bytes(&var->value));
}

static bool is_reached(const rondo__record *r) {
    bool reached = false;
    for (int i = 0; i < r->call.outputs; i++)
        reached |= ((const rondo__node *)r->call.out[i])->placed;
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
        rondo__place_give_back(&tape->places, &((rondo__node *)call->out[i])->place);
}

/* One record, or two: is it reached, and from when to when does it need which gradients. */
static rondo_status plan_reached(rondo_tape *tape, rondo__record *r) {
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

/* First pass, one record. The first of them gives back what it saved. */
static rondo_status plan(rondo_tape *tape, rondo__record *r) {
    const rondo_status status = plan_reached(tape, r);
    if (r == tape->last && tape->hole.bytes > 0) {
        rondo__place_give_back(&tape->places, &tape->hole);
        tape->hole.bytes = 0;
    }
    return status;
}

static void point_gradient(char *block, rondo_var *var) {
    rondo__node *n = (rondo__node *)var;
    if (var && n->placed)
        var->grad = (rondo_real *)(block + n->place.offset);
}

/* Second pass, one record: its gradients, and memory for the scratch and the packed weights that it needs. */
static rondo_status prepare(rondo_tape *tape, rondo__record *r) {
    const rondo__mark mark = rondo__arena_mark(&tape->step);
    rondo_status status = RONDO_OK;
    for (rondo__record *one = r; one && !status; one = one == r ? r->beside : NULL) {
        rondo_call *call = &one->call;
        for (int i = 0; i < call->outputs; i++)
            point_gradient(tape->gradients, call->out[i]);
        for (int i = 0; i < call->inputs; i++)
            point_gradient(tape->gradients, call->in[i]);
        status = rondo__tape_push_scratch(tape, call, true);
    }
    rondo__arena_rewind(&tape->step, mark);
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
    rondo__node *n = (rondo__node *)var;
    if (!var || !var->grad || n->cleared)
        return;
    clearing job = {(char *)var->grad};
    rondo__parallel(tape->context, (int64_t)rondo__tensor_bytes(&var->value), 1 << 20, clear_range, &job);
    n->cleared = true;
}

/* The sums of in[0]'s gradient come in the order of calls in turn. */
static rondo_status run_both_backward(rondo_tape *tape, rondo__record *r) {
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
static rondo_status run_backward(rondo_tape *tape, rondo__record *r) {
    const rondo__mark mark = rondo__arena_mark(&tape->step);
    rondo_status status = RONDO_OK;
    for (rondo__record *one = r; one && !status; one = one == r ? r->beside : NULL) {
        for (int i = 0; i < one->call.outputs; i++)
            clear_gradient(tape, one->call.out[i]);
        for (int i = 0; i < one->call.inputs; i++)
            clear_gradient(tape, one->call.in[i]);
        status = rondo__tape_push_scratch(tape, &one->call, true);
    }
    if (!status)
        status =
            r->beside ? run_both_backward(tape, r) : r->call.op->device[RONDO_CPU].backward(&r->call, &tape->failure);
    rondo__arena_rewind(&tape->step, mark);
    if (tape->blame)
        rondo__blame_call(&r->call, tape->blame);
    for (rondo__record *one = r; one; one = one == r ? r->beside : NULL)
        for (int i = 0; i < one->call.outputs; i++)
            one->call.out[i]->grad = NULL; /* others stand there from now on */
    return status;
}

typedef rondo_status (*pass)(rondo_tape *tape, rondo__record *r);

static rondo_status walk(rondo_tape *tape, pass each) {
    for (rondo__record *r = tape->last; r; r = r->previous) {
        rondo_status status = !r->taken && (each == plan || r->reached) ? each(tape, r) : RONDO_OK;
        if (status) {
            rondo__tape_keep_failure(tape, r->call.op->name, status);
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

/* The gradients' block: behind what the tape holds, or upon what its last call saved. */
static rondo_status push_gradients(rondo_tape *tape, int count, rondo_var *const *vars) {
    rondo__record *last = tape->last;
    const size_t saved = last ? last->saved_bytes : 0;
    const bool upon = saved && rondo__arena_stretch(&tape->step, last->call.saved, saved, saved); /* on top? */
    bool fits = true;
    tape->places = (rondo__places){0};
    tape->hole = (rondo__place){0};
    if (upon)
        fits = rondo__place_take(&tape->places, &tape->hole, saved);
    for (int i = 0; i < count; i++)
        fits &= plan_gradient(tape, vars[i]);
    rondo_status status = fits ? walk(tape, plan) : RONDO_MEMORY;
    if (status)
        return status;
    if (upon && rondo__arena_stretch(&tape->step, last->call.saved, saved, tape->places.height))
        tape->gradients = last->call.saved;
    else
        tape->gradients = rondo__arena_push(&tape->step, tape->places.height);
    return tape->gradients ? RONDO_OK : RONDO_MEMORY;
}

/* The first two passes. */
static rondo_status make_gradients(rondo_tape *tape, int count, rondo_var *const *vars) {
    rondo_status status = push_gradients(tape, count, vars);
    if (!status)
        status = walk(tape, prepare);
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
