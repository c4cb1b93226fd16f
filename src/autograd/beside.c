/* Each call gets a context of its own that has one thread. An operator gives the same bits with any number of threads,
 * so they are those of the calls in turn. The pool hands the call in front out first: nobody waits for one that has not
 * begun, and if only one worker comes it simply does one after the other. */
#include "autograd/beside.h"

typedef struct steps {
    _Alignas(RONDO_ALIGN) _Atomic int64_t done;
} steps;

typedef struct side {
    rondo_call *call;
    rondo_context context;
    rondo_error error;
    rondo_status status;
} side;

typedef struct job {
    side sides[2];
    rondo__call_part part;
} job;

/* However the part ended: nobody waits for what does not come. */
static void run_side(void *arg, int64_t index, int worker) {
    job *j = arg;
    side *s = &j->sides[index];
    (void)worker;
    s->status = j->part(s->call, &s->error);
    rondo__steps_done(&s->context, INT64_MAX);
}

rondo_status rondo__run_together(rondo_call *const calls[2], bool behind, rondo__call_part part, rondo_error *err) {
    rondo_context *all = calls[0]->context;
    steps between = {0};
    job j = {.part = part};
    for (int i = 0; i < 2; i++) {
        rondo_context *alone = &j.sides[i].context;
        *alone = *all;
        alone->pool = NULL;
        alone->threads = 1;
        alone->cut = RONDO__CUT_BY_COST;
        j.sides[i].call = calls[i];
        calls[i]->context = alone;
    }
    j.sides[0].context.behind = j.sides[1].context.ahead = behind ? &between.done : NULL;
    rondo__pool_run(all->pool, 2, run_side, &j);
    for (int i = 0; i < 2; i++)
        calls[i]->context = all;
    const side *failed = j.sides[0].status ? &j.sides[0] : &j.sides[1];
    if (failed->status && err)
        *err = failed->error;
    return failed->status;
}

void rondo__tell_steps(const rondo_context *context, int64_t done) {
    atomic_store_explicit(context->behind, done, memory_order_release);
}

void rondo__wait_steps(const rondo_context *context, int64_t done) { rondo__wait_for(context->ahead, done); }

/* ---- who may ---- */

static bool share(const rondo_var *a, const rondo_var *b) {
    return a && b && (a == b || (a->value.data && a->value.data == b->value.data) || (a->grad && a->grad == b->grad));
}

/* Whether call reads what maker makes in inputs from `from` on. */
static bool reads(const rondo_call *call, const rondo_call *maker, int from) {
    for (int i = from; i < call->inputs; i++)
        for (int j = 0; j < maker->outputs; j++)
            if (share(call->in[i], maker->out[j]))
                return true;
    return false;
}

/* Whether they have an input in common; but_first: other than in[0] of both. */
static bool have_in_common(const rondo_call *a, const rondo_call *b, bool but_first) {
    for (int i = 0; i < a->inputs; i++)
        for (int j = 0; j < b->inputs; j++)
            if ((i > 0 || j > 0 || !but_first) && share(a->in[i], b->in[j]))
                return true;
    return false;
}

static bool are_apart(const rondo_call *a, const rondo_call *b, bool but_first) {
    return !have_in_common(a, b, but_first) && !reads(a, b, 0) && !reads(b, a, 0);
}

bool rondo__may_pass(const rondo_call *held, const rondo_call *call) { return are_apart(held, call, false); }

rondo__kinship rondo__kinship_of(const rondo_call *first, const rondo_call *second) {
    const rondo__together *op = first->op->together;
    if (are_apart(first, second, true))
        return RONDO__BESIDE;
    if (second->in[0] == first->out[0] && first->recording == second->recording &&
        !have_in_common(first, second, true) && !reads(second, first, 1) && !reads(first, second, 0) &&
        op->in_steps(first) && op->in_steps(second))
        return RONDO__BEHIND;
    return RONDO__IN_TURN;
}
