/* A recurrent stack: one cell, L layers, one or two directions. This file declares the parameters.
 *
 * Every layer and direction has its own; names are PyTorch's with the prefix before them: "weight_ih_l0",
 * "weight_hh_l1_reverse". They start as in PyTorch, uniform in [-1/sqrt(H), 1/sqrt(H)], but for the LSTM's forget gate,
 * which starts open (its bias at 1), so that an untrained memory holds on (Jozefowicz 2015). Gains start at 1, learned
 * initial states at 0.
 *
 *     x -> layer 0, direction 0 ->|              |-> dropout -> layer 1 ... -> output
 *       -> layer 0, direction 1 ->| concat/sum/avg |                            (the last layer without dropout)  */
#include "nn/recurrent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Declares the parameters of one layer and direction; keeps the first failure. */
typedef struct declarer {
    rondo_recurrent *net;
    const char *prefix;
    int layer, direction;
    rondo_status status;
    rondo_error *err;
} declarer;

/* rows 0: a vector of `columns`. */
static int declare(declarer *d, const char *name, int64_t rows, int64_t columns, rondo_init init) {
    if (d->status)
        return -1;
    char full[256];
    int length = snprintf(full, sizeof(full), "%s%s_l%d%s", d->prefix, name, d->layer, d->direction ? "_reverse" : "");
    if (length < 0 || (size_t)length >= sizeof(full)) {
        d->status = rondo__fail(d->err, RONDO_ARGUMENT,
                                "recurrent: prefix '%.40s...' is too long (at most 90 characters)", d->prefix);
        return -1;
    }
    int64_t dims[2] = {rows ? rows : columns, columns};
    int index = -1;
    d->status = rondo_params_add(d->net->params, full, rows ? 2 : 1, dims, init, &index, d->err);
    return index;
}

static int declare_bias(declarer *d, const char *name, int64_t n, rondo_init init) {
    return d->net->config.no_bias ? -1 : declare(d, name, 0, n, init);
}

static rondo_init constant(real value) { return (rondo_init){RONDO_INIT_CONSTANT, value}; }

static void declare_gates(declarer *d, rondo__recurrent_layer *layer, int64_t G, rondo_init init) {
    int64_t rows = G * layer->H;
    layer->w_ih = declare(d, "weight_ih", rows, layer->I, init);
    layer->w_hh = declare(d, "weight_hh", rows, layer->R, init);
    layer->b_ih = declare_bias(d, "bias_ih", rows, init);
    layer->b_hh = declare_bias(d, "bias_hh", rows, init);
    if (d->net->config.layer_norm) {
        layer->gain_x = declare(d, "gain_x", 0, rows, constant(1));
        layer->gain_h = declare(d, "gain_h", 0, rows, constant(1));
    }
}

/* The forget gate is rows [H, 2H) of the biases; its whole value goes into b_ih. */
static void preset_forget_gate(declarer *d, const rondo__recurrent_layer *layer) {
    real value = d->net->config.forget_bias;
    if (d->status || layer->b_ih < 0 || value == RONDO_NO_FORGET_BIAS)
        return;
    rondo_params *params = d->net->params;
    int64_t H = layer->H;
    d->status = rondo__params_preset(params, layer->b_ih, H, H, value != 0 ? value : 1, d->err);
    if (!d->status)
        d->status = rondo__params_preset(params, layer->b_hh, H, H, 0, d->err);
}

static void preset(declarer *d, int param, int64_t begin, int64_t count, real value) {
    if (!d->status && param >= 0)
        d->status = rondo__params_preset(d->net->params, param, begin, count, value, d->err);
}

/* The gate that the network does without is open, and no gradient comes through it. */
static void preset_without_gate(declarer *d, const rondo__recurrent_layer *layer) {
    static const int block[] = {[RONDO_WITHOUT_INPUT] = 0, [RONDO_WITHOUT_FORGET] = 1, [RONDO_WITHOUT_OUTPUT] = 3};
    const rondo_without without = d->net->config.without_gate;
    if (without == RONDO_WITHOUT_NONE)
        return;
    const int64_t H = layer->H, first = block[without] * H;
    preset(d, layer->w_ih, first * layer->I, H * layer->I, 0);
    preset(d, layer->w_hh, first * layer->R, H * layer->R, 0);
    preset(d, layer->b_ih, first, H, 1000);
    preset(d, layer->b_hh, first, H, 0);
    preset(d, layer->peephole, ((int64_t)without - 1) * H, H, 0);
}

static void declare_lstm(declarer *d, rondo__recurrent_layer *layer, rondo_init init) {
    const rondo_recurrent_config *config = &d->net->config;
    declare_gates(d, layer, 4, init);
    preset_forget_gate(d, layer);
    if (config->projection_size)
        layer->w_hr = declare(d, "weight_hr", layer->R, layer->H, init);
    if (config->peepholes)
        layer->peephole = declare(d, "peephole", 3, layer->H, init);
    if (config->layer_norm) {
        layer->gain_c = declare(d, "gain_c", 0, layer->H, constant(1));
        layer->bias_c = declare(d, "bias_c", 0, layer->H, constant(0));
    }
    preset_without_gate(d, layer);
}

static void declare_jordan(declarer *d, rondo__recurrent_layer *layer, rondo_init init) {
    layer->w_ih = declare(d, "weight_ih", layer->H, layer->I, init);
    layer->w_sh = declare(d, "weight_sh", layer->H, layer->state, init);
    layer->b_ih = declare_bias(d, "bias_ih", layer->H, init);
    layer->w_ho = declare(d, "weight_ho", layer->R, layer->H, init);
    layer->b_o = declare_bias(d, "bias_o", layer->R, init);
}

static void declare_layer(declarer *d, rondo__recurrent_layer *layer) {
    rondo_init init = {RONDO_INIT_UNIFORM, (real)(1.0 / sqrt((double)layer->H))};
    switch (d->net->config.cell) {
    case RONDO_ELMAN:
        declare_gates(d, layer, 1, init);
        break;
    case RONDO_JORDAN:
        declare_jordan(d, layer, init);
        break;
    case RONDO_LSTM:
        declare_lstm(d, layer, init);
        break;
    case RONDO_GRU:
        declare_gates(d, layer, 3, init);
        break;
    }
    if (d->net->config.learned_initial_state) {
        layer->h0 = declare(d, "h0", 0, layer->state, constant(0));
        if (layer->cell)
            layer->c0 = declare(d, "c0", 0, layer->cell, constant(0));
    }
}

/* Width of what layer l (0: the first) passes on, both directions merged. */
static int64_t merged_width(const rondo_recurrent *net, int l) {
    bool joined = net->directions == 2 && net->config.merge == RONDO_MERGE_CONCAT;
    return net->layer[l * net->directions].R * (joined ? 2 : 1);
}

static void size_layer(const rondo_recurrent *net, int l, rondo__recurrent_layer *layer) {
    const rondo_recurrent_config *config = &net->config;
    bool last = l == config->layers - 1;
    layer->I = l ? merged_width(net, l - 1) : config->input_size;
    layer->H = config->hidden_sizes[l];
    layer->R = config->projection_size ? config->projection_size : layer->H;
    layer->state = layer->R;
    if (config->cell == RONDO_JORDAN && last) {
        layer->R = config->output_size;
        layer->state = config->feedback_size ? config->feedback_size : layer->R;
    }
    layer->cell = config->cell == RONDO_LSTM ? layer->H : 0;
}

static rondo_status declare_all(rondo_recurrent *net, const char *prefix, rondo_error *err) {
    declarer d = {.net = net, .prefix = prefix ? prefix : "", .err = err};
    for (int l = 0; l < net->config.layers; l++)
        for (int direction = 0; direction < net->directions; direction++) {
            rondo__recurrent_layer *layer = &net->layer[l * net->directions + direction];
            *layer =
                (rondo__recurrent_layer){-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0};
            size_layer(net, l, layer);
            d.layer = l;
            d.direction = direction;
            declare_layer(&d, layer);
        }
    return d.status;
}

rondo_status rondo_recurrent_create(rondo_recurrent **out, rondo_params *params, const char *prefix,
                                    const rondo_recurrent_config *config, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params || !config)
        return rondo__fail(err, RONDO_ARGUMENT, "recurrent: %s is NULL",
                           !out      ? "out"
                           : !params ? "params (rondo_params_create makes it)"
                                     : "config");
    rondo_recurrent_config resolved = *config;
    rondo_status status = rondo__recurrent_resolve(&resolved, err);
    if (status)
        return status;
    rondo_recurrent *net = rondo__calloc(1, sizeof(*net));
    if (!net)
        return rondo__fail(err, RONDO_MEMORY, "recurrent: out of memory");
    net->config = resolved;
    net->params = params;
    net->directions = resolved.bidirectional ? 2 : 1;
    int before = rondo_params_count(params);
    status = declare_all(net, prefix, err);
    if (status) {
        rondo__params_truncate(params, before);
        rondo_recurrent_destroy(&net);
        return status;
    }
    *out = net;
    return RONDO_OK;
}

void rondo_recurrent_destroy(rondo_recurrent **net) {
    if (!net || !*net)
        return;
    rondo__free(*net);
    *net = NULL;
}

const rondo_recurrent_config *rondo_recurrent_get_config(const rondo_recurrent *net) { return &net->config; }

int64_t rondo_recurrent_output_size(const rondo_recurrent *net) { return merged_width(net, net->config.layers - 1); }

void rondo_recurrent_state_size(const rondo_recurrent *net, int layer, int64_t *h, int64_t *c) {
    bool known = layer >= 0 && layer < net->config.layers;
    if (h)
        *h = known ? net->layer[layer * net->directions].state : 0;
    if (c)
        *c = known ? net->layer[layer * net->directions].cell : 0;
}

bool rondo__recurrent_is_residual(const rondo_recurrent *net, int layer) {
    return net->config.residual && layer > 0 && net->layer[layer * net->directions].I == merged_width(net, layer);
}
