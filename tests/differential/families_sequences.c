/* Recurrent networks of all cells with all their options, stacked and in both directions; Transformers. */
#include "differential/differ.h"

static void recurrent_free(void *object) {
    rondo_recurrent *net = object;
    rondo_recurrent_destroy(&net);
}

static rondo_recurrent_config plain_config(const differ *d, rondo_cell cell) {
    return (rondo_recurrent_config){
        .cell = cell,
        .input_size = differ_get(d, "I"),
        .hidden_size = differ_get(d, "H"),
        .layers = (int)differ_get(d, "layers"),
        .bidirectional = differ_is(d, "both"),
        .merge = (rondo_merge)differ_pick(d, "merge", 3),
        .residual = differ_is(d, "residual"),
        .no_bias = differ_is(d, "no_bias"),
        .dropout = (rondo_real)(differ_is(d, "dropout") ? 0.25 : 0),
        .recurrent_dropout = (rondo_real)(differ_is(d, "dropout") ? 0.125 : 0),
        .learned_initial_state = differ_is(d, "learned"),
    };
}

/* The norm of one or two numbers is almost a step function: what float rounds away decides it. */
static void use_norm(differ *d, rondo_recurrent_config *config) {
    config->layer_norm = differ_is(d, "norm");
    config->hidden_size += config->layer_norm ? 3 : 0;
}

static void run(differ *d, const rondo_recurrent_config *config) {
    const int64_t T = differ_get(d, "T"), B = differ_get(d, "B");
    rondo_params *params = differ_params(d);
    rondo_recurrent *net = NULL;
    rondo_states last = {{0}, {0}};
    rondo_recurrent_create(&net, params, "", config, &d->err);
    differ_later(d, recurrent_free, net);
    differ_finish(d, params);
    const rondo_recurrent_input input = {.lengths = differ_lengths(d, B, T), .final_states = &last};
    differ_result(d, rondo_recurrent_forward(net, d->tape, LEAF(d, T, B, config->input_size), &input));
    for (int i = 0; i < config->layers * (config->bidirectional ? 2 : 1); i++) {
        differ_result(d, last.h[i]);
        differ_result(d, last.c[i]);
    }
}

static void elman(differ *d) {
    static const rondo_activation kinds[] = {RONDO_TANH, RONDO_SIGMOID, RONDO_RELU};
    rondo_recurrent_config config = plain_config(d, RONDO_ELMAN);
    config.activation = kinds[differ_pick(d, "activation", 2)]; /* ReLU has kinks: not drawn */
    config.zoneout = (rondo_real)(differ_is(d, "zoneout") ? 0.25 : 0);
    run(d, &config);
}

static void jordan(differ *d) {
    static const rondo_activation outputs[] = {RONDO_TANH, RONDO_SIGMOID, RONDO_IDENTITY, RONDO_SOFTMAX};
    rondo_recurrent_config config = plain_config(d, RONDO_JORDAN);
    config.output_activation = outputs[differ_pick(d, "output", 4)];
    config.output_size = differ_get(d, "O");
    config.decay = (rondo_real)(differ_is(d, "decay") ? 0.375 : 0);
    run(d, &config);
}

static void lstm(differ *d) {
    rondo_recurrent_config config = plain_config(d, RONDO_LSTM);
    use_norm(d, &config);
    config.projection_size = differ_is(d, "projection") ? config.hidden_size / 2 : 0;
    config.peepholes = differ_is(d, "peepholes");
    config.coupled_gates = differ_is(d, "coupled");
    config.zoneout = (rondo_real)(differ_is(d, "zoneout") ? 0.25 : 0);
    config.zoneout_cell = config.zoneout;
    run(d, &config);
}

static void gru(differ *d) {
    rondo_recurrent_config config = plain_config(d, RONDO_GRU);
    config.reset_before = differ_is(d, "reset_before");
    use_norm(d, &config);
    config.zoneout = (rondo_real)(differ_is(d, "zoneout") ? 0.25 : 0);
    run(d, &config);
}

static void transformer_free(void *object) {
    rondo_transformer *net = object;
    rondo_transformer_destroy(&net);
}

static void transformer(differ *d) {
    const int64_t T = differ_get(d, "T"), B = differ_get(d, "B"), heads = differ_get(d, "heads");
    const int64_t size = heads * differ_get(d, "width");
    const rondo_transformer_config config = {.size = size,
                                             .heads = heads,
                                             .feed_forward_size = differ_get(d, "F"),
                                             .layers = (int)differ_get(d, "layers"),
                                             .post_norm = differ_is(d, "post_norm"),
                                             .positions = (rondo_positions)differ_pick(d, "positions", 3),
                                             .max_length = T,
                                             .causal = differ_is(d, "causal")};
    rondo_params *params = differ_params(d);
    rondo_transformer *net = NULL;
    rondo_transformer_create(&net, params, "", &config, &d->err);
    differ_later(d, transformer_free, net);
    differ_finish(d, params);
    const rondo_transformer_input input = {.lengths = differ_lengths(d, B, T)};
    differ_result(d, rondo_transformer_forward(net, d->tape, LEAF(d, T, B, size), &input, NULL));
}

#define NETWORK                                                                                                        \
    {"T", 1, 9}, {"B", 1, 20}, {"I", 1, 40}, {"H", 1, 70}, {"layers", 1, 2}, {"both", 0, 1}, {"merge", 0, 2},          \
        {"residual", 0, 1}, {"no_bias", 0, 1}, {"dropout", 0, 1}, {"learned", 0, 1}, {                                 \
        "ragged", 0, 1                                                                                                 \
    }
const differ_family differ_sequences[] = {
    {"elman", 1e-4, elman, {NETWORK, {"activation", 0, 1}, {"zoneout", 0, 1}}},
    {"jordan", 2e-4, jordan, {NETWORK, {"output", 0, 3}, {"O", 1, 20}, {"decay", 0, 1}}},
    {"lstm",
     1e-4,
     lstm,
     {NETWORK, {"projection", 0, 1}, {"peepholes", 0, 1}, {"coupled", 0, 1}, {"norm", 0, 1}, {"zoneout", 0, 1}}},
    {"gru", 1e-4, gru, {NETWORK, {"reset_before", 0, 1}, {"norm", 0, 1}, {"zoneout", 0, 1}}},
    {"transformer",
     5e-4,
     transformer,
     {{"T", 1, 9},
      {"B", 1, 6},
      {"heads", 1, 4},
      {"width", 2, 10},
      {"F", 1, 40},
      {"layers", 1, 2},
      {"post_norm", 0, 1},
      {"positions", 0, 2},
      {"causal", 0, 1},
      {"ragged", 0, 1}}},
    {0},
};
