#include "tasks/stack.h"

rondo_recurrent_config rondo__stack_config(const rondo__recipe_model *m, int64_t input_size) {
    rondo_recurrent_config config = {
        .cell = (rondo_cell)m->cell,
        .input_size = input_size,
        .hidden_size = m->hidden_size,
        .layers = (int)m->layers,
        .bidirectional = m->bidirectional,
        .merge = (rondo_merge)m->merge,
        .residual = m->residual,
        .no_bias = !m->bias,
        .dropout = (real)m->dropout,
        .variational = m->variational,
        .recurrent_dropout = (real)m->recurrent_dropout,
        .zoneout = (real)m->zoneout,
        .zoneout_cell = (real)m->zoneout_cell,
        .learned_initial_state = m->learned_initial_state,
        .layer_norm = m->layer_norm,
        .activation = (rondo_activation)m->activation,
        .projection_size = m->projection_size,
        .peepholes = m->peepholes,
        .coupled_gates = m->coupled_gates,
        .without_gate = (rondo_without)m->without_gate,
        .cell_clip = (real)m->cell_clip,
        .forget_bias = m->forget_bias != 0 ? (real)m->forget_bias : (real)1e-30, /* 0 would ask for the default */
        .reset_before = m->reset_before,
        .decay = m->cell == RONDO_JORDAN ? (real)m->decay : 0,
    };
    for (int i = 0; i < RONDO_MAX_LAYERS; i++)
        config.hidden_sizes[i] = m->hidden_sizes[i];
    return config;
}

void rondo__stack_describe(const rondo__recipe *recipe, rondo__text *json) {
    const rondo__recipe_model *m = &recipe->model;
    rondo__text_format(json, "\"cell\": \"%s\", \"layers\": %lld, \"hidden_size\": %lld, \"bidirectional\": %s, ",
                       rondo__recipe_choice(recipe, "model.cell"), (long long)m->layers,
                       (long long)(m->hidden_sizes[0] ? m->hidden_sizes[m->layers - 1] : m->hidden_size),
                       m->bidirectional ? "true" : "false");
}
