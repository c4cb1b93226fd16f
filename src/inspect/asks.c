#include "inspect/asks.h"

#include <string.h>

static void *room_for(rondo__asks *asks, int64_t count, size_t bytes) {
    size_t all;
    void *room = NULL;
    if (rondo__size_mul((size_t)count, bytes, &all) && (room = rondo__arena_push(&asks->room, all ? all : 1)) != NULL)
        memset(room, 0, all ? all : 1);
    asks->failed = asks->failed || !room;
    return room;
}

static int places_of(const rondo_recurrent *net) { return net->config.layers * net->directions; }

/* One more pass, at the first time that they run. NULL: behind the passage's end. */
static rondo__asks_pass *add_pass(rondo__asks *asks, int stack, int64_t at, const rondo_recurrent_input *input,
                                  const rondo_var *y) {
    rondo__asks_stack *s = &asks->stack[stack];
    const rondo_recurrent *net = asks->look->passage.stack[stack].net;
    if (at >= s->T)
        return NULL;
    rondo__asks_pass *pass = &s->pass[s->passes++];
    *pass = (rondo__asks_pass){.at = at, .n = y->value.dims[0], .B = y->value.dims[1]};
    pass->dy = room_for(asks, rondo_tensor_count(&y->value), sizeof(real));
    for (int i = 0; input->final_states && i < places_of(net); i++) {
        pass->h[i] = room_for(asks, pass->B * net->layer[i].state, sizeof(real));
        pass->c[i] = net->layer[i].cell ? room_for(asks, pass->B * net->layer[i].cell, sizeof(real)) : NULL;
    }
    return pass;
}

/* var + 0, whose gradient is caught. */
static rondo_var *caught(rondo__asks *asks, rondo_tape *tape, rondo_var *var, real *grad) {
    if (!var || !grad)
        return var;
    const rondo_var *zeros = rondo_zeros(tape, var->value.rank, var->value.dims);
    asks->failed = asks->failed || !zeros;
    return zeros ? rondo_add(tape, var, rondo_leaf(tape, &zeros->value, grad)) : var;
}

static rondo_var *seen(void *arg, int stack, int64_t at, rondo_tape *tape, rondo_var *x,
                       const rondo_recurrent_input *input, rondo_var *y) {
    rondo__asks *asks = arg;
    (void)x;
    rondo__asks_stack *s = &asks->stack[stack];
    const int index = asks->passing[stack]++;
    rondo__asks_pass *pass = index < s->passes ? &s->pass[index] : add_pass(asks, stack, at, input, y);
    if (!pass || asks->failed)
        return y;
    for (int i = 0; input->final_states && i < places_of(asks->look->passage.stack[stack].net); i++) {
        input->final_states->h[i] = caught(asks, tape, input->final_states->h[i], pass->h[i]);
        input->final_states->c[i] = caught(asks, tape, input->final_states->c[i], pass->c[i]);
    }
    return caught(asks, tape, y, pass->dy);
}

static rondo_status no_memory(rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for what a loss asks");
}

rondo_status rondo__asks_begin(rondo__asks *asks, rondo__look *look, rondo_error *err) {
    if (asks->look)
        rondo__arena_clear(&asks->room);
    else
        rondo__arena_init(&asks->room);
    asks->look = look;
    asks->failed = false;
    for (int i = 0; i < look->passage.stacks; i++) {
        rondo__asks_stack *s = &asks->stack[i];
        const rondo__look_stack *of = &look->passage.stack[i];
        *s = (rondo__asks_stack){.T = of->axis.T};
        s->pass = room_for(asks, s->T, sizeof *s->pass);
    }
    return asks->failed ? no_memory(err) : RONDO_OK;
}

void rondo__asks_end(rondo__asks *asks) {
    if (asks->look)
        rondo__arena_free(&asks->room);
    *asks = (rondo__asks){0};
}

static void zero(real *x, int64_t n) {
    if (x)
        memset(x, 0, (size_t)n * sizeof *x);
}

static void forget(rondo__asks *asks) {
    for (int i = 0; i < asks->look->passage.stacks; i++) {
        const rondo__asks_stack *s = &asks->stack[i];
        const rondo_recurrent *net = asks->look->passage.stack[i].net;
        asks->passing[i] = 0;
        for (int p = 0; p < s->passes; p++) {
            const rondo__asks_pass *pass = &s->pass[p];
            zero(pass->dy, pass->n * pass->B * rondo_recurrent_output_size(net));
            for (int k = 0; k < places_of(net); k++) {
                zero(pass->h[k], pass->B * net->layer[k].state);
                zero(pass->c[k], pass->B * net->layer[k].cell);
            }
        }
    }
}

rondo_status rondo__asks_of(rondo__asks *asks, int64_t only, rondo_error *err) {
    const rondo__look_run run = {.seen = seen, .arg = asks, .recording = true, .only = only};
    rondo_var *loss;
    forget(asks);
    rondo_status status = rondo__look_again(asks->look, &run, &loss, err);
    if (!status && asks->failed)
        status = no_memory(err);
    if (!status)
        status = rondo_backward(asks->look->tape, loss, 1);
    return status;
}
