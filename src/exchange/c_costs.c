/* What an exported file takes: constant data, state, multiply-adds. */
#include "exchange/c_file.h"
#include "nn/recurrent.h"

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

int64_t rondo__c_widest(const rondo__network *network) {
    int64_t widest = rondo__network_widest(network);
    rondo__c_inner inner;
    for (int i = 0; i < network->count; i++)
        if (rondo__c_inner_of(&network->block[i], &inner))
            widest = rondo__c_larger(widest,
                                     rondo__c_larger(rondo__network_widest(&inner.network), inner.network.block[0].in));
    return widest;
}

int64_t rondo__c_room(const rondo__network *network) {
    int64_t room = rondo__c_widest(network);
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        for (int l = 0; b->net && l < b->net->config.layers * b->net->directions; l++)
            room = rondo__c_larger(room, layer_room(&b->net->config, &b->net->layer[l]));
        if (b->kind == RONDO__ADAPTIVE)
            room = rondo__c_larger(room, rondo__c_adaptive_room(b->adaptive));
    }
    return room;
}

/* Numbers in products of one step of a layer. */
static int64_t layer_products(const rondo__network_block *b, const rondo__recurrent_layer *p) {
    switch (b->net->config.cell) {
    case RONDO_ELMAN:
        return p->H * (p->I + p->H);
    case RONDO_JORDAN:
        return p->H * (p->I + p->state) + p->R * p->H + (rondo__network_feedback(b) ? p->R * p->state : 0);
    case RONDO_LSTM:
        return 4 * p->H * (p->I + p->R) + (p->w_hr >= 0 ? p->R * p->H : 0);
    default:
        return 3 * p->H * (p->I + p->H);
    }
}

/* Rows of its matrices: of whole numbers each has a step. */
static int64_t layer_rows(const rondo__network_block *b, const rondo__recurrent_layer *p) {
    switch (b->net->config.cell) {
    case RONDO_ELMAN:
        return 2 * p->H;
    case RONDO_JORDAN:
        return 2 * p->H + p->R + (rondo__network_feedback(b) ? p->state : 0);
    case RONDO_LSTM:
        return 8 * p->H + (p->w_hr >= 0 ? p->R : 0);
    default:
        return 6 * p->H;
    }
}

/* Vectors that stay float. */
static int64_t layer_floats(const rondo_recurrent *net, const rondo__recurrent_layer *p) {
    const int index[] = {p->b_ih,   p->b_hh,   p->b_o,    p->peephole, p->gain_x,
                         p->gain_h, p->gain_c, p->bias_c, p->h0,       p->c0};
    const bool one_bias = net->config.cell != RONDO_GRU || net->config.reset_before; /* the two are summed */
    int64_t count = 0;
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        if (index[i] >= 0 && !(i == 1 && p->b_ih >= 0 && one_bias))
            count += rondo_tensor_count(&rondo_params_at(net->params, index[i])->value);
    return count;
}

static void add_recurrent(rondo__c_cost *cost, const rondo__network_block *b, int64_t bytes) {
    for (int l = 0; l < b->net->config.layers * b->net->directions; l++) {
        const rondo__recurrent_layer *p = &b->net->layer[l];
        const int64_t products = layer_products(b, p);
        cost->products += products;
        cost->weight_bytes += products * bytes + layer_floats(b->net, p) * 4 + (bytes < 4 ? 4 * layer_rows(b, p) : 0);
        cost->state_floats += p->state + p->cell;
    }
    cost->state_floats += b->taught; /* has it heard a symbol? */
}

/* Stacks inside of blocks; their products are not those of a step. */
static void add_inner(rondo__c_cost *cost, const rondo__horizon *h, const rondo__network_block *b, int64_t bytes) {
    const int64_t products = cost->products;
    add_recurrent(cost, b, bytes);
    cost->inner_products = cost->products - products;
    cost->products = products;
    if (b->kind == RONDO__SPELLING) {
        cost->weight_bytes += b->symbols * b->width * bytes + (bytes < 4 ? 4 * b->symbols : 0);
        return;
    }
    const int64_t width = h->patch * h->n * h->P;
    cost->inner_products += width * rondo_recurrent_output_size(b->net);
    cost->weight_bytes += width * rondo_recurrent_output_size(b->net) * bytes + 4 * width * (bytes < 4 ? 2 : 1);
}

rondo__c_cost rondo__c_costs(const rondo__network *n, rondo_c_precision precision) {
    const int64_t bytes = precision == RONDO_C_FLOAT32 ? 4 : precision == RONDO_C_INT8 ? 1 : 2;
    rondo__c_cost cost = {0};
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->kind == RONDO__EMBEDDING || b->kind == RONDO__LINEAR)
            cost.weight_bytes += b->in * b->out * bytes + (b->bias ? 4 * b->out : 0) +
                                 (bytes < 4 ? 4 * (b->kind == RONDO__LINEAR ? b->out : b->in) : 0);
        if (b->kind == RONDO__LINEAR)
            cost.products += b->in * b->out;
        if (b->kind == RONDO__RECURRENT)
            add_recurrent(&cost, b, bytes);
        if (b->kind == RONDO__SPELLING || b->kind == RONDO__DECODE)
            add_inner(&cost, &n->horizon, b, bytes);
        if (b->kind == RONDO__ADAPTIVE)
            rondo__c_adaptive_costs(b->adaptive, bytes, &cost);
        if (b->kind == RONDO__BEST_PATH)
            cost.weight_bytes += 4 * b->in * (b->in + 2) + (b->allowed ? b->in * (b->in + 1) : 0);
        if (b->kind == RONDO__OWN_PAST)
            cost.weight_bytes += 4 * n->horizon.H * (n->horizon.W + 1);
        if (b->kind == RONDO__FIXED)
            for (int c = 0; c < n->horizon.fixed; c++)
                cost.weight_bytes += 4 * n->horizon.categories[c] * n->horizon.fixed_width;
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
        for (int l = 0; n->block[i].net && l < n->block[i].net->config.layers * n->block[i].net->directions; l++) {
            const rondo__recurrent_layer *p = &n->block[i].net->layer[l];
            widest = rondo__c_larger(widest, rondo__c_larger(p->I, rondo__c_larger(p->H, p->state)));
        }
    return widest;
}
