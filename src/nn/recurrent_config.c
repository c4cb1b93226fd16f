/* What a configuration of a recurrent stack may say. Every refusal is one line that names the field. */
#include "nn/recurrent.h"

#include <math.h>
#include <stdio.h>

const char *const rondo__cell_names[] = {"elman", "jordan", "lstm", "gru"};
static const char *const activation_names[] = {"tanh", "relu", "sigmoid", "identity", "softmax"};

static rondo_status check_size(const char *field, int64_t value, rondo_error *err) {
    if (value >= 1 && value <= INT32_MAX)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "recurrent: %s is %lld (must be 1 or more%s)", field, (long long)value,
                       value > 1 ? ", and below 2^31" : "");
}

static rondo_status check_rate(const char *field, real value, rondo_error *err) {
    if (value >= 0 && value < 1)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "recurrent: %s is %g (must be from 0 to below 1)", field, (double)value);
}

static rondo_status resolve_sizes(rondo_recurrent_config *config, rondo_error *err) {
    if ((unsigned)config->cell > RONDO_GRU)
        return rondo__fail(err, RONDO_ARGUMENT, "recurrent: cell is %d (must be one of rondo_cell)", (int)config->cell);
    if (config->layers == 0)
        config->layers = 1;
    if (config->layers < 1 || config->layers > RONDO_MAX_LAYERS)
        return rondo__fail(err, RONDO_ARGUMENT, "recurrent: layers is %d (must be 1 to %d)", config->layers,
                           RONDO_MAX_LAYERS);
    rondo_status status = check_size("input_size", config->input_size, err);
    for (int l = 0; l < config->layers && !status; l++) {
        bool own = config->hidden_sizes[l] != 0;
        if (!own)
            config->hidden_sizes[l] = config->hidden_size;
        char field[32];
        snprintf(field, sizeof(field), own ? "hidden_sizes[%d]" : "hidden_size", l);
        status = check_size(field, config->hidden_sizes[l], err);
    }
    if (!status && config->cell == RONDO_JORDAN) {
        if (config->output_size == 0)
            config->output_size = config->hidden_sizes[config->layers - 1];
        status = check_size("output_size", config->output_size, err);
        if (!status && config->feedback_size)
            status = check_size("feedback_size", config->feedback_size, err);
    }
    if (!status && config->projection_size)
        status = check_size("projection_size", config->projection_size, err);
    return status;
}

static rondo_status check_without(const rondo_recurrent_config *config, rondo_error *err) {
    if ((unsigned)config->without_gate > RONDO_WITHOUT_OUTPUT)
        return rondo__fail(err, RONDO_ARGUMENT, "recurrent: without_gate is %d (must be one of rondo_without)",
                           (int)config->without_gate);
    if (config->without_gate != RONDO_WITHOUT_NONE && config->no_bias)
        return rondo__fail(err, RONDO_ARGUMENT, "recurrent: without_gate needs biases (leave no_bias out)");
    if (config->without_gate == RONDO_WITHOUT_INPUT && config->coupled_gates)
        return rondo__fail(
            err, RONDO_ARGUMENT,
            "recurrent: with coupled_gates there is no input gate to do without (leave one of them out)");
    return RONDO_OK;
}

static rondo_status check_rates(const rondo_recurrent_config *config, rondo_error *err) {
    rondo_status status = check_rate("dropout", config->dropout, err);
    if (!status)
        status = check_rate("recurrent_dropout", config->recurrent_dropout, err);
    if (!status)
        status = check_rate("zoneout", config->zoneout, err);
    if (!status)
        status = check_rate("zoneout_cell", config->zoneout_cell, err);
    if (!status)
        status = check_rate("decay", config->decay, err);
    if (!status && !(config->cell_clip >= 0))
        status = rondo__fail(err, RONDO_ARGUMENT, "recurrent: cell_clip is %g (must be 0, none, or more)",
                             (double)config->cell_clip);
    if (!status && !isfinite((double)config->forget_bias))
        status = rondo__fail(err, RONDO_ARGUMENT, "recurrent: forget_bias is %g (must be a number; 0 means 1)",
                             (double)config->forget_bias);
    if (!status && (unsigned)config->merge > RONDO_MERGE_AVERAGE)
        status =
            rondo__fail(err, RONDO_ARGUMENT, "recurrent: merge is %d (must be one of rondo_merge)", (int)config->merge);
    return status ? status : check_without(config, err);
}

#define BIT(cell) (1u << (cell))
#define LSTM_ONLY BIT(RONDO_LSTM)
#define GRU_ONLY BIT(RONDO_GRU)
#define JORDAN_ONLY BIT(RONDO_JORDAN)

/* Options that only some cells have. */
static rondo_status check_cell_options(const rondo_recurrent_config *config, rondo_error *err) {
    const struct {
        const char *field;
        bool used;
        unsigned cells;
        const char *who;
    } option[] = {
        {"layer_norm", config->layer_norm, LSTM_ONLY | GRU_ONLY, "lstm and gru"},
        {"activation", config->activation != RONDO_TANH, BIT(RONDO_ELMAN) | JORDAN_ONLY, "elman and jordan"},
        {"zoneout", config->zoneout > 0, ~JORDAN_ONLY, "elman, lstm and gru"},
        {"zoneout_cell", config->zoneout_cell > 0, LSTM_ONLY, "lstm"},
        {"projection_size", config->projection_size > 0, LSTM_ONLY, "lstm"},
        {"peepholes", config->peepholes, LSTM_ONLY, "lstm"},
        {"coupled_gates", config->coupled_gates, LSTM_ONLY, "lstm"},
        {"without_gate", config->without_gate != RONDO_WITHOUT_NONE, LSTM_ONLY, "lstm"},
        {"cell_clip", config->cell_clip > 0, LSTM_ONLY, "lstm"},
        {"reset_before", config->reset_before, GRU_ONLY, "gru"},
        {"output_size", config->output_size != 0, JORDAN_ONLY, "jordan"},
        {"output_activation", config->output_activation != RONDO_TANH, JORDAN_ONLY, "jordan"},
        {"decay", config->decay > 0, JORDAN_ONLY, "jordan"},
        {"feedback_size", config->feedback_size != 0, JORDAN_ONLY, "jordan"},
    };
    for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
        if (option[i].used && !(option[i].cells & BIT(config->cell)))
            return rondo__fail(err, RONDO_UNSUPPORTED,
                               "recurrent: %s is not an option of %s (only of %s; leave it out)", option[i].field,
                               rondo__cell_names[config->cell], option[i].who);
    return RONDO_OK;
}

static rondo_status check_activation(const char *field, rondo_activation value, unsigned allowed, rondo_error *err) {
    if ((unsigned)value <= RONDO_SOFTMAX && (allowed & BIT(value)))
        return RONDO_OK;
    return rondo__fail(err, RONDO_UNSUPPORTED, "recurrent: %s is %s (must be tanh, %s)", field,
                       (unsigned)value <= RONDO_SOFTMAX ? activation_names[value] : "unknown",
                       allowed & BIT(RONDO_SOFTMAX) ? "sigmoid, identity or softmax" : "relu or sigmoid");
}

rondo_status rondo__recurrent_resolve(rondo_recurrent_config *config, rondo_error *err) {
    const unsigned hidden = BIT(RONDO_TANH) | BIT(RONDO_RELU) | BIT(RONDO_SIGMOID);
    const unsigned output = BIT(RONDO_TANH) | BIT(RONDO_SIGMOID) | BIT(RONDO_IDENTITY) | BIT(RONDO_SOFTMAX);
    rondo_status status = resolve_sizes(config, err);
    if (!status)
        status = check_rates(config, err);
    if (!status)
        status = check_cell_options(config, err);
    if (!status)
        status = check_activation("activation", config->activation, hidden, err);
    if (!status)
        status = check_activation("output_activation", config->output_activation, output, err);
    for (int l = 0; !status && l < config->layers; l++)
        if (config->projection_size >= config->hidden_sizes[l])
            status =
                rondo__fail(err, RONDO_ARGUMENT, "recurrent: projection_size is %lld (must be below hidden_size, %lld)",
                            (long long)config->projection_size, (long long)config->hidden_sizes[l]);
    return status;
}
