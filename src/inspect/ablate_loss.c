/* The task's own forward, with one stack's passes replaced: by what was computed beforehand, or, where a pass depends
 * on the ones before (a decoder that feeds itself), by a trace of each pass as it comes. */
#include "inspect/ablate.h"

#include <string.h>

typedef struct replacing {
    const rondo__altered *altered;
    rondo__arena room; /* until the run is over */
    rondo_status status;
    rondo_error *err;
} replacing;

static void *room(replacing *r, int64_t count, size_t bytes) {
    size_t all;
    void *made =
        count >= 0 && rondo__size_mul((size_t)count, bytes, &all) ? rondo__arena_push(&r->room, all + 1) : NULL;
    if (!made)
        r->status = rondo__fail(r->err, RONDO_MEMORY, "inspect: no memory to run a passage");
    return made;
}

static rondo_var *leaf(rondo_tape *tape, const real *data, int rank, int64_t d0, int64_t d1, int64_t d2) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, (void *)(uintptr_t)data, rank, (int64_t[]){d0, d1, d2});
    return rondo_leaf(tape, &tensor, NULL);
}

/* ---- computed beforehand ---- */

static rondo_var *give(const rondo__altered *a, rondo_tape *tape, const rondo_recurrent_input *input) {
    const rondo_recurrent *net = a->stack->net;
    for (int i = 0; input->final_states && i < net->config.layers * net->directions; i++) {
        const rondo__recurrent_layer *p = &net->layer[i];
        input->final_states->h[i] = leaf(tape, a->h[i], 2, 1, p->state, 0);
        input->final_states->c[i] = p->cell ? leaf(tape, a->c[i], 2, 1, p->cell, 0) : NULL;
    }
    return leaf(tape, a->y, 3, a->stack->axis.T, 1, rondo_recurrent_output_size(net));
}

/* ---- traced ---- */

static double *row_of(replacing *r, const rondo_var *var, int64_t b, int64_t n) {
    const int64_t B = var->value.dims[var->value.rank - 2], W = var->value.dims[var->value.rank - 1];
    double *out = room(r, n * W, sizeof *out);
    for (int64_t t = 0; out && t < n; t++)
        for (int64_t j = 0; j < W; j++)
            out[t * W + j] = (double)((const real *)var->value.data)[(t * B + b) * W + j];
    return out;
}

/* One row of the pass; results into y (T, B, W) and, by place, h and c (B, width). */
typedef struct results {
    int64_t T, B, W;
    real *y, *h[2 * RONDO_MAX_LAYERS], *c[2 * RONDO_MAX_LAYERS];
} results;

static void keep_row(const results *to, const rondo_recurrent *net, const rondo__trace *trace, int64_t b) {
    for (int64_t t = 0; t < to->T; t++)
        for (int64_t j = 0; j < to->W; j++)
            to->y[(t * to->B + b) * to->W + j] = t < trace->T ? (real)trace->y[t * to->W + j] : 0;
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        const rondo__recurrent_layer *p = &net->layer[i];
        for (int64_t j = 0; j < p->state; j++)
            to->h[i][b * p->state + j] = (real)trace->at[i].last_h[j];
        for (int64_t j = 0; j < p->cell; j++)
            to->c[i][b * p->cell + j] = (real)trace->at[i].last_c[j];
    }
}

static void trace_row(replacing *r, const rondo_var *x, const rondo_recurrent_input *input, const results *to,
                      int64_t b) {
    const rondo_recurrent *net = r->altered->stack->net;
    const double *h[2 * RONDO_MAX_LAYERS] = {NULL}, *c[2 * RONDO_MAX_LAYERS] = {NULL};
    const int64_t T = input->lengths ? input->lengths[b] : to->T;
    rondo__trace trace;
    for (int i = 0; input->initial && i < net->config.layers * net->directions; i++) {
        h[i] = input->initial->h[i] ? row_of(r, input->initial->h[i], b, 1) : NULL;
        c[i] = input->initial->c[i] ? row_of(r, input->initial->c[i], b, 1) : NULL;
    }
    const rondo__trace_input traced = {.T = T,
                                       .x = row_of(r, x, b, T),
                                       .initial_h = h,
                                       .initial_c = c,
                                       .feedback = input->feedback ? input->feedback->value.data : NULL,
                                       .teacher = input->teacher ? row_of(r, input->teacher, b, T) : NULL,
                                       .alter = &r->altered->alter};
    if (r->status)
        return;
    r->status = rondo__trace_run(&trace, net, &traced, r->err);
    if (r->status)
        return;
    keep_row(to, net, &trace, b);
    rondo__trace_free(&trace);
}

static rondo_var *trace(replacing *r, rondo_tape *tape, const rondo_var *x, const rondo_recurrent_input *input) {
    const rondo_recurrent *net = r->altered->stack->net;
    results to = {.T = x->value.dims[0], .B = x->value.dims[1], .W = rondo_recurrent_output_size(net)};
    to.y = room(r, to.T * to.B * to.W, sizeof *to.y);
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        to.h[i] = room(r, to.B * net->layer[i].state, sizeof(real));
        to.c[i] = room(r, to.B * net->layer[i].cell, sizeof(real));
    }
    for (int64_t b = 0; b < to.B && !r->status; b++)
        trace_row(r, x, input, &to, b);
    if (r->status)
        return NULL;
    for (int i = 0; input->final_states && i < net->config.layers * net->directions; i++) {
        const rondo__recurrent_layer *p = &net->layer[i];
        input->final_states->h[i] = leaf(tape, to.h[i], 2, to.B, p->state, 0);
        input->final_states->c[i] = p->cell ? leaf(tape, to.c[i], 2, to.B, p->cell, 0) : NULL;
    }
    return leaf(tape, to.y, 3, to.T, to.B, to.W);
}

static rondo_var *replace(void *arg, int stack, int64_t at, rondo_tape *tape, rondo_var *x,
                          const rondo_recurrent_input *input) {
    replacing *r = arg;
    (void)at;
    if (stack != r->altered->index || r->status)
        return NULL;
    return r->altered->y ? give(r->altered, tape, input) : trace(r, tape, x, input);
}

rondo_status rondo__ablate_loss(rondo_inspection *inspection, const rondo__altered *altered, double *nats,
                                rondo_error *err) {
    replacing r = {.altered = altered, .err = err};
    rondo_var *loss = NULL;
    const rondo__passage *passage = &inspection->look->passage;
    rondo__arena_init(&r.room);
    real *losses = room(&r, passage->losses, sizeof *losses);
    const rondo__look_run run = {.instead = replace, .arg = &r, .only = -1, .losses = losses};
    if (losses)
        memset(losses, 0, (size_t)passage->losses * sizeof *losses);
    rondo_status status = r.status ? r.status : rondo__look_again(inspection->look, &run, &loss, err);
    status = r.status ? r.status : status;
    *nats = 0;
    for (int64_t i = 0; i < passage->losses && !status; i++)
        *nats += (double)losses[i];
    rondo__arena_free(&r.room);
    return status;
}
