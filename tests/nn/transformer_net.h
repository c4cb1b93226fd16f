/* Small Transformers of every kind over ragged batches, and one run of them: what their tests share. */
#ifndef TESTS_NN_TRANSFORMER_NET_H
#define TESTS_NN_TRANSFORMER_NET_H

#include "core/core.h"
#include "rondo/transformer.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NET_T = 5, NET_B = 4, NET_S = 4, NET_M = 5, NET_ROOM = 512 };
static const int32_t net_lengths[NET_B] = {3, 5, 0, 4}, net_memory_lengths[NET_B] = {4, 2, 3, 0};

typedef struct net_case {
    const char *name;
    rondo_transformer_config config;
} net_case;

#define NET_LEARNED .positions = RONDO_POSITIONS_LEARNED, .max_length = 9
static const net_case net_cases[] = {
    {"encoder", {.size = 6, .heads = 2, .layers = 2, .feed_forward_size = 7}},
    {"encoder, post-norm, learned", {.size = 6, .heads = 3, .feed_forward_size = 5, .post_norm = true, NET_LEARNED}},
    {"causal encoder, odd", {.size = 5, .layers = 2, .causal = true}},
    {"causal encoder, no positions", {.size = 4, .heads = 4, .causal = true, .positions = RONDO_POSITIONS_NONE}},
    {"decoder", {.size = 4, .heads = 2, .layers = 2, .memory_size = NET_M, .feed_forward_size = 5}},
    {"decoder, post-norm, learned",
     {.size = 6, .heads = 3, .memory_size = NET_M, .feed_forward_size = 4, .post_norm = true, NET_LEARNED}},
    {"decoder, one head", {.size = 3, .memory_size = NET_M}},
};
enum { NET_CASES = sizeof net_cases / sizeof *net_cases };

typedef struct net {
    const net_case *about;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_transformer *net;
} net;

/* One batch: what is given, what comes out, gradients; (T, B, N), memory (S, B, M), weights (T, B, S). */
typedef struct net_run {
    int64_t T, B, S, N;
    int32_t lengths[NET_B], memory_lengths[NET_B];
    rondo_step step;
    rondo_real x[NET_ROOM], memory[NET_ROOM], dy[NET_ROOM], dweights[NET_ROOM];
    rondo_real y[NET_ROOM], weights[NET_ROOM], dx[NET_ROOM], dmemory[NET_ROOM];
} net_run;

static inline rondo_status net_try(net *n, const net_case *about, int threads) {
    *n = (net){.about = about};
    rondo_status status = rondo_context_create(&n->context, &(rondo_context_options){.threads = threads}, NULL);
    status = status ? status : rondo_tape_create(&n->tape, n->context, NULL);
    status = status ? status : rondo_params_create(&n->params, NULL);
    status = status ? status : rondo_transformer_create(&n->net, n->params, "net.", &about->config, NULL);
    status = status ? status : rondo_params_finish(n->params, 7, NULL);
    for (int i = 0; !status && i < rondo_params_count(n->params); i++) { /* biases and gains, too */
        const rondo_param *p = rondo_params_at(n->params, i);
        for (int64_t j = 0; j < rondo_tensor_count(&p->value); j++)
            ((rondo_real *)p->value.data)[j] +=
                (rondo_real)(0.6 * rondo__random_uniform(19, (uint64_t)i, (uint64_t)j) - 0.3);
    }
    return status;
}

static inline void net_open(net *n, const net_case *about, int threads) {
    assert_int_equal(net_try(n, about, threads), RONDO_OK);
}

static inline void net_close(net *n) {
    rondo_transformer_destroy(&n->net);
    rondo_params_destroy(&n->params);
    rondo_tape_destroy(&n->tape);
    rondo_context_destroy(&n->context);
}

static inline bool net_decodes(const net *n) { return n->about->config.memory_size > 0; }

/* Number j of step t of the row known as `row`: the same wherever the row stands and however it is padded. */
static inline rondo_real net_number(uint64_t stream, int64_t row, int64_t t, int64_t j) {
    return (rondo_real)(2 * rondo__random_uniform(17, stream, (uint64_t)((row * 64 + t) * 64 + j)) - 1);
}

static inline void net_fill(rondo_real *out, uint64_t stream, int64_t T, int64_t B, int64_t N, const int *row) {
    for (int64_t i = 0; i < T * B * N; i++)
        out[i] = net_number(stream, row ? row[i / N % B] : i / N % B, i / N / B, i % N);
}

/* Rows row[0..B) (NULL: all in order), padded to T and S. Padding holds numbers, too: they must not matter. */
static inline void net_draw(net_run *r, const net *n, int64_t T, int64_t S, const int *row) {
    memset(r, 0, sizeof *r);
    r->T = T, r->B = NET_B, r->S = S, r->N = n->about->config.size;
    assert_true(T * NET_B * r->N <= NET_ROOM && S * NET_B * NET_M <= NET_ROOM && T * NET_B * S <= NET_ROOM);
    for (int b = 0; b < NET_B; b++) {
        r->lengths[b] = net_lengths[row ? row[b] : b];
        r->memory_lengths[b] = net_memory_lengths[row ? row[b] : b];
    }
    net_fill(r->x, 1, T, NET_B, r->N, row);
    net_fill(r->dy, 2, T, NET_B, r->N, row);
    net_fill(r->memory, 3, S, NET_B, NET_M, row);
    net_fill(r->dweights, 4, T, NET_B, S, row);
    r->step = (rondo_step){.recording = true, .training = true, .seed = 5, .step = 2};
}

static inline rondo_var *net_leaf(net *n, rondo_real *value, rondo_real *grad, int64_t T, int64_t B, int64_t N) {
    const rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, value, 3, (int64_t[]){T, B, N});
    return rondo_leaf(n->tape, &tensor, grad);
}

/* Forward and, while recording, backward; gradients of the parameters are in their block. */
static inline rondo_status net_pass(net *n, net_run *r) {
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    const bool decodes = net_decodes(n);
    rondo_transformer_input input = {.lengths = r->lengths, .memory = decodes ? memory : NULL};
    rondo_var *out[2] = {NULL, NULL};
    rondo_tape_begin(n->tape, &r->step);
    if (decodes)
        rondo_transformer_prepare(n->net, n->tape, net_leaf(n, r->memory, r->dmemory, r->S, r->B, NET_M),
                                  r->memory_lengths, memory);
    out[0] = rondo_transformer_forward(n->net, n->tape, net_leaf(n, r->x, r->dx, r->T, r->B, r->N), &input, &out[1]);
    rondo_status status = rondo_tape_status(n->tape, NULL);
    if (status)
        return status;
    memcpy(r->y, out[0]->value.data, (size_t)(r->T * r->B * r->N) * sizeof *r->y);
    if (decodes)
        memcpy(r->weights, out[1]->value.data, (size_t)(r->T * r->B * r->S) * sizeof *r->weights);
    rondo_params_clear_grads(n->params);
    if (!r->step.recording)
        return RONDO_OK;
    return rondo_backward_from(n->tape, decodes ? 2 : 1, out, (const rondo_real *[]){r->dy, r->dweights});
}

static inline void net_go(net *n, net_run *r) {
    rondo_error err = {0};
    if (net_pass(n, r)) {
        rondo_tape_status(n->tape, &err);
        fail_msg("%s: %s", n->about->name, err.message);
    }
}

static inline double net_distance(int64_t count, const rondo_real *a, const rondo_real *b) {
    double largest = 1e-3, worst = 0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)a[i]));
        double d = fabs((double)a[i] - (double)b[i]);
        worst = d <= worst ? worst : d; /* a NaN is the worst */
    }
    return worst / largest;
}

static inline void net_same_grads(const net *n, const net *other, const char *what) {
    double d =
        net_distance(rondo_params_size(n->params), rondo_params_grads(n->params), rondo_params_grads(other->params));
    if (!(d <= (sizeof(rondo_real) == 4 ? 1e-5 : 1e-13)))
        fail_msg("%s: %s: gradients differ by %g", n->about->name, what, d);
}

#endif
