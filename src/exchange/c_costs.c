/* What an exported file takes: constant data, state, multiply-adds. */
#include "exchange/c_file.h"
#include "nn/recurrent.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t layer_room(const rondo_recurrent_config *c, const rondo__recurrent_layer *p) {
    switch (c->cell) {
    case RONDO_ELMAN:
        return p->H;
    case RONDO_JORDAN: /* its output first */
        return p->R + p->H + p->R + p->state;
    case RONDO_LSTM:
        return 8 * p->H + p->R;
    default:
        return 7 * p->H;
    }
}

int64_t rondo__c_room(const rondo__network *network) {
    int64_t room = rondo__network_widest(network);
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        for (int l = 0; b->kind == RONDO__RECURRENT && l < b->net->config.layers * b->net->directions; l++)
            room = larger(room, layer_room(&b->net->config, &b->net->layer[l]));
    }
    return room;
}

/* Numbers in products of one step of a layer. */
static int64_t layer_products(const rondo__network_block *b, const rondo__recurrent_layer *p) {
    switch (b->net->config.cell) {
    case RONDO_ELMAN:
        return p->H * (p->I + p->H);
    case RONDO_JORDAN:
        return p->H * (p->I + p->state) + p->R * p->H + (b->feedback ? p->R * p->state : 0);
    case RONDO_LSTM:
        return 4 * p->H * (p->I + p->R) + (p->w_hr >= 0 ? p->R * p->H : 0);
    default:
        return 3 * p->H * (p->I + p->H);
    }
}

/* Vectors that stay float. */
static int64_t layer_floats(const rondo_recurrent *net, const rondo__recurrent_layer *p) {
    const int index[] = {p->b_ih,   p->b_hh,   p->b_o,    p->peephole, p->gain_x,
                         p->gain_h, p->gain_c, p->bias_c, p->h0,       p->c0};
    int64_t count = 0;
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        if (index[i] >= 0 && !(i == 1 && p->b_ih >= 0 && net->config.cell != RONDO_GRU))
            count += rondo_tensor_count(&rondo_params_at(net->params, index[i])->value);
    return count;
}

static void add_recurrent(rondo__c_cost *cost, const rondo__network_block *b, int64_t bytes) {
    for (int l = 0; l < b->net->config.layers * b->net->directions; l++) {
        const rondo__recurrent_layer *p = &b->net->layer[l];
        const int64_t products = layer_products(b, p);
        cost->products += products;
        cost->weight_bytes += products * bytes + layer_floats(b->net, p) * 4;
        cost->state_floats += p->state + p->cell;
    }
}

rondo__c_cost rondo__c_costs(const rondo__network *n, rondo_c_precision precision) {
    const int64_t bytes = precision == RONDO_C_FLOAT32 ? 4 : precision == RONDO_C_INT8 ? 1 : 2;
    rondo__c_cost cost = {0};
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->kind == RONDO__EMBEDDING || b->kind == RONDO__LINEAR)
            cost.weight_bytes += b->in * b->out * bytes + (b->bias ? 4 * b->out : 0);
        if (b->kind == RONDO__LINEAR)
            cost.products += b->in * b->out;
        if (b->kind == RONDO__RECURRENT)
            add_recurrent(&cost, b, bytes);
        if (b->kind == RONDO__POOL)
            cost.state_floats += b->in;
        if (b->kind == RONDO__SCALE || b->kind == RONDO__POOL)
            cost.weight_bytes += 4 * b->in * ((b->weight != NULL) + (b->bias != NULL));
    }
    return cost;
}

/* Widest vector that a product rounds. */
int64_t rondo__c_widest_product(const rondo__network *n) {
    int64_t widest = rondo__network_widest(n);
    for (int i = 0; i < n->count; i++)
        for (int l = 0; n->block[i].kind == RONDO__RECURRENT && l < n->block[i].net->config.layers; l++)
            widest = larger(widest, larger(n->block[i].net->layer[l].H, n->block[i].net->layer[l].state));
    return widest;
}
