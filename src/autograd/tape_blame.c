/* Where did numbers stop being finite? Asked once a run is lost, so nothing is watched before and speed does not
 * matter.
 *
 * The values of a step still stand on the tape: the first call whose output is spoilt is to blame. Where all of them
 * are finite it was backward, whose gradients share memory and are gone: it is done again, looking at each call, after
 * every forward was run once more, as backward writes over what they had saved. A masked place may be -inf by right, so
 * that counts only where nothing else is found. */
#include <math.h>
#include <stdio.h>

#include "autograd/tape_blame.h"
#include "autograd/tape_inside.h"

static bool is_spoilt(real x, bool also_minus) { return isnan(x) || (isinf(x) && (x > 0 || also_minus)); }

static void place(const rondo_tensor *shape, int64_t at, rondo__blame *out) {
    out->shape = *shape;
    for (int i = shape->rank - 1; i >= 0; i--) {
        out->index[i] = at % shape->dims[i];
        at /= shape->dims[i];
    }
}

static bool find_in(const rondo_tensor *shape, const real *x, bool also_minus, const char *op, rondo__blame *out) {
    const int64_t n = x ? rondo_tensor_count(shape) : 0;
    int64_t at = 0;
    while (at < n && !is_spoilt(x[at], also_minus))
        at++;
    if (at == n)
        return false;
    out->op = op;
    place(shape, at, out);
    return true;
}

/* A sum over all rows has none of its own: it is that of what weighs most in it. */
static void find_largest(const rondo_call *call, rondo__blame *out) {
    real largest = -1;
    for (int i = 0; i < call->inputs; i++) {
        if (!call->in[i] || rondo__is_parameter(call->in[i]))
            continue;
        const rondo_tensor *value = &call->in[i]->value;
        const real *x = value->data;
        for (int64_t at = 0; at < rondo_tensor_count(value); at++) {
            if (fabs((double)x[at]) > (double)largest) {
                largest = x[at] < 0 ? -x[at] : x[at];
                place(value, at, out);
            }
        }
    }
}

/* The list runs from the last call to the first, so the last find is the first one spoilt. */
static bool find_value(const rondo_tape *tape, bool also_minus, rondo__blame *out) {
    const rondo__record *first = NULL;
    for (const rondo__record *r = tape->last; r; r = r->previous) {
        for (int i = 0; i < r->call.outputs; i++) {
            const rondo_tensor *value = &r->call.out[i]->value;
            if (find_in(value, value->data, also_minus, r->call.op->name, out)) {
                first = r;
                break;
            }
        }
    }
    if (first && out->shape.rank == 0)
        find_largest(&first->call, out);
    return first != NULL;
}

void rondo__blame_call(const rondo_call *call, rondo__blame *out) {
    for (int i = 0; i < call->inputs && !out->op; i++) {
        if (call->in[i] && !rondo__is_parameter(call->in[i]))
            find_in(&call->in[i]->value, call->in[i]->grad, true, call->op->name, out);
    }
}

/* As if backward had not been called. */
static void forget_walk(rondo_tape *tape) {
    tape->walked = false;
    for (rondo__record *r = tape->last; r; r = r->previous) {
        r->reached = r->taken = false;
        for (int i = 0; i < r->call.outputs; i++) {
            rondo__node *n = (rondo__node *)r->call.out[i];
            n->placed = n->cleared = false;
            n->var.grad = NULL;
        }
    }
}

/* Turns the list of records round; the other end, or the last one again. */
static rondo__record *turn(rondo__record *last) {
    rondo__record *turned = NULL;
    while (last) {
        rondo__record *next = last->previous;
        last->previous = turned;
        turned = last;
        last = next;
    }
    return turned;
}

/* Puts back all outputs and all that was saved. What is done in place finds its input as it was, for the call that made
 * it has just been run. */
static bool forward_again(rondo_tape *tape) {
    rondo_status status = RONDO_OK;
    rondo__record *first = turn(tape->last);
    for (rondo__record *r = first; r && !status; r = r->previous) {
        const rondo__mark mark = rondo__arena_mark(&tape->step);
        status = rondo__tape_push_scratch(tape, &r->call, false);
        if (!status)
            status = r->call.op->device[RONDO_CPU].forward(&r->call, NULL);
        rondo__arena_rewind(&tape->step, mark);
    }
    turn(first);
    return !status;
}

static bool find_gradient(rondo_tape *tape, rondo__blame *out) {
    rondo_var *loss = tape->last ? tape->last->call.out[0] : NULL;
    if (!tape->walked || !loss || rondo_tensor_count(&loss->value) != 1)
        return false;
    forget_walk(tape);
    if (!forward_again(tape))
        return false;
    tape->blame = out;
    out->backward = true;
    rondo_backward(tape, loss, 1);
    tape->blame = NULL;
    return out->op != NULL;
}

bool rondo__tape_blame(rondo_tape *tape, rondo__blame *out) {
    *out = (rondo__blame){0};
    if (rondo__tape_failed(tape))
        return false;
    if (find_value(tape, false, out) || find_gradient(tape, out))
        return true;
    *out = (rondo__blame){0};
    return find_value(tape, true, out);
}

const char *rondo__blame_text(const rondo__blame *blame, char *out, size_t size) {
    const int64_t *index = blame->index;
    const char *way = blame->backward ? "backward of " : "";
    if (blame->shape.rank == 3)
        snprintf(out, size, "%s'%s' at row %lld, time step %lld", way, blame->op, (long long)index[1] + 1,
                 (long long)index[0] + 1);
    else if (blame->shape.rank > 0)
        snprintf(out, size, "%s'%s' at %s %lld of %lld", way, blame->op, blame->shape.rank > 1 ? "row" : "number",
                 (long long)index[0] + 1, (long long)blame->shape.dims[0]);
    else
        snprintf(out, size, "%s'%s'", way, blame->op);
    return out;
}
