/* Each call gets a context of its own that has one thread. An operator gives the same bits with any number of threads,
 * so they are those of the calls in turn; and as neither waits for the other, a pool whose workers sleep is no harm. */
#include "autograd/beside.h"

#include "tensor/context.h"

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

static void run_side(void *arg, int64_t index, int worker) {
    job *j = arg;
    side *s = &j->sides[index];
    (void)worker;
    s->status = j->part(s->call, &s->error);
}

rondo_status rondo__run_beside(rondo_call *const calls[2], rondo__call_part part, rondo_error *err) {
    rondo_context *all = calls[0]->context;
    job j = {.part = part};
    for (int i = 0; i < 2; i++) {
        j.sides[i] = (side){.call = calls[i], .context = *all};
        j.sides[i].context.pool = NULL;
        j.sides[i].context.threads = 1;
        j.sides[i].context.cut = RONDO__CUT_BY_COST;
        calls[i]->context = &j.sides[i].context;
    }
    rondo__pool_run(all->pool, 2, run_side, &j);
    for (int i = 0; i < 2; i++)
        calls[i]->context = all;
    const side *failed = j.sides[0].status ? &j.sides[0] : &j.sides[1];
    if (failed->status && err)
        *err = failed->error;
    return failed->status;
}

static bool share(const rondo_var *a, const rondo_var *b) {
    return a && b && (a == b || (a->value.data && a->value.data == b->value.data) || (a->grad && a->grad == b->grad));
}

static bool reads(const rondo_call *call, const rondo_call *maker) {
    for (int i = 0; i < call->inputs; i++)
        for (int j = 0; j < maker->outputs; j++)
            if (share(call->in[i], maker->out[j]))
                return true;
    return false;
}

bool rondo__are_apart(const rondo_call *a, const rondo_call *b) {
    for (int i = 0; i < a->inputs; i++)
        for (int j = 0; j < b->inputs; j++)
            if ((i > 0 || j > 0) && share(a->in[i], b->in[j]))
                return false;
    return !reads(a, b) && !reads(b, a);
}
