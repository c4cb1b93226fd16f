/* Networks with random weights, for the tests of exporters: a recurrent stack of any cell and option between an input
 * and an output. Each test has a table of its own, `kinds`. */
#ifndef TESTS_EXCHANGE_NETWORKS_H
#define TESTS_EXCHANGE_NETWORKS_H

#include <string.h>

#include "core/core.h"
#include "exchange/network.h"
#include "support/test.h"

typedef struct kind {
    const char *name;
    rondo_recurrent_config config;
    bool symbols, pooled, adaptive; /* read and pooled so; with an adaptive softmax, from a width of 16 */
    bool taught;                    /* by the symbols, one-hot or with a feedback size by their embedding */
    rondo_pooling pooling;
} kind;

enum { INPUT = 5, SYMBOLS = 11, CLASSES = 3, MOST = 20 }; /* MOST: symbols of an adaptive softmax */

typedef struct made {
    rondo_params *params;
    rondo_recurrent *net;
    rondo_adaptive *adaptive;
    rondo__network network;
    real table[SYMBOLS * INPUT], weight[64 * CLASSES], bias[CLASSES], feedback[64], attention[64];
} made;

static void fill(real *to, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        to[i] = (real)(rondo__random_uniform(7, stream, (uint64_t)i) - 0.5);
}

static void add(made *m, rondo__network_block block) {
    assert_int_equal(rondo__network_add(&m->network, block, NULL), RONDO_OK);
}

static void add_output(made *m, const kind *k) {
    const int64_t width = rondo_recurrent_output_size(m->net);
    const real *attention = k->pooling == RONDO_POOL_ATTENTION ? m->attention : NULL;
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__POOL, .pooling = k->pooling, .weight = attention});
    if (k->adaptive)
        add(m, (rondo__network_block){.kind = RONDO__ADAPTIVE, .out = MOST, .adaptive = m->adaptive});
    else
        add(m, (rondo__network_block){
                   .kind = RONDO__LINEAR, .in = width, .out = CLASSES, .weight = m->weight, .bias = m->bias});
    if (k->pooled)
        add(m, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_SOFTMAX});
}

static void make(made *m, const kind *k) {
    memset(m, 0, sizeof *m);
    rondo_recurrent_config config = k->config;
    config.input_size = INPUT;
    assert_int_equal(rondo_params_create(&m->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&m->net, m->params, "rnn.", &config, NULL), RONDO_OK);
    if (k->adaptive)
        assert_int_equal(
            rondo_adaptive_create(&m->adaptive, m->params, "output.", 16, MOST, 2, (const int64_t[]){4, 9}, 2, NULL),
            RONDO_OK);
    assert_int_equal(rondo_params_finish(m->params, 3, NULL), RONDO_OK);
    fill(rondo_params_values(m->params), rondo_params_size(m->params), 1);
    fill(m->table, SYMBOLS * INPUT, 2);
    fill(m->weight, 64 * CLASSES, 3);
    fill(m->bias, CLASSES, 4);
    fill(m->feedback, 64, 5);
    fill(m->attention, 64, 6);
    if (k->symbols)
        add(m, (rondo__network_block){.kind = RONDO__EMBEDDING, .in = SYMBOLS, .out = INPUT, .weight = m->table});
    else
        add(m, (rondo__network_block){.kind = RONDO__SCALE, .in = INPUT, .weight = m->table, .bias = m->table + INPUT});
    const real *feedback = k->taught ? m->table : m->feedback;
    add(m, (rondo__network_block){.kind = RONDO__RECURRENT,
                                  .net = m->net,
                                  .feedback = config.feedback_size ? feedback : NULL,
                                  .taught = k->taught});
    add_output(m, k);
}

static void destroy(made *m) {
    rondo_adaptive_destroy(&m->adaptive);
    rondo_recurrent_destroy(&m->net);
    rondo_params_destroy(&m->params);
}

#endif
