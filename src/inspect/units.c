#include "inspect/units.h"

#include <string.h>

#include "inspect/inspect.h"

static void add_part(rondo__units *units, int place, bool cell, int64_t count) {
    units->part[units->parts++] = (rondo__units_part){.layer = place / units->net->directions,
                                                      .direction = place % units->net->directions,
                                                      .cell = cell,
                                                      .first = units->count,
                                                      .count = count};
    units->count += count;
}

static void list_parts(rondo__units *units) {
    const rondo_recurrent *net = units->net;
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        const bool jordan = net->config.cell == RONDO_JORDAN; /* its units are the hidden ones */
        add_part(units, i, false, jordan ? net->layer[i].H : net->layer[i].R);
        if (net->layer[i].cell)
            add_part(units, i, true, net->layer[i].cell);
    }
}

rondo_status rondo__units_open(rondo__units *out, rondo_context *context, rondo_recurrent *net, rondo_error *err) {
    *out = (rondo__units){.net = net};
    list_parts(out);
    if (net->directions == 2 || net->config.cell == RONDO_JORDAN)
        return RONDO_OK;
    rondo_status status = rondo_stream_open(&out->stream, context, net, 1, NULL, err);
    out->x = rondo__calloc((size_t)net->config.input_size, sizeof(real));
    out->y = rondo__calloc((size_t)rondo_recurrent_output_size(net), sizeof(real));
    if (!status && (!out->x || !out->y))
        status = rondo__fail(err, RONDO_MEMORY, "inspect: no memory to stream");
    if (status)
        rondo__units_close(out);
    return status;
}

void rondo__units_close(rondo__units *units) {
    rondo_stream_close(&units->stream);
    rondo__free(units->x);
    rondo__free(units->y);
    *units = (rondo__units){0};
}

const rondo__units_part *rondo__units_find(const rondo__units *units, int64_t unit) {
    int i = 0;
    while (i < units->parts - 1 && unit >= units->part[i + 1].first)
        i++;
    return &units->part[i];
}

/* ---- streamed ---- */

static real *state_of(const rondo__units *units, const rondo__units_part *part) {
    real *h, *c;
    rondo_stream_states(units->stream, part->layer, &h, &c);
    return part->cell ? c : h;
}

static void stream(rondo__units *units, const rondo__look_stack *stack, double *out) {
    const int64_t I = units->net->config.input_size;
    rondo_stream_reset(units->stream);
    for (int p = 0; p < units->parts; p++) {
        const rondo__units_part *part = &units->part[p];
        const double *given = part->cell ? stack->c[part->layer] : stack->h[part->layer];
        for (int64_t j = 0; given && j < part->count; j++)
            state_of(units, part)[j] = (real)given[j];
    }
    for (int64_t t = 0; t < stack->axis.T; t++) {
        for (int64_t i = 0; i < I; i++)
            units->x[i] = (real)stack->x[t * I + i];
        rondo_stream_step(units->stream, units->x, units->y);
        for (int p = 0; p < units->parts; p++)
            for (int64_t j = 0; j < units->part[p].count; j++)
                out[t * units->count + units->part[p].first + j] = (double)state_of(units, &units->part[p])[j];
    }
}

/* ---- traced ---- */

static void take(const rondo__units *units, const rondo__trace *trace, double *out) {
    for (int p = 0; p < units->parts; p++) {
        const rondo__units_part *part = &units->part[p];
        const rondo__trace_layer *at = &trace->at[part->layer * trace->directions + part->direction];
        const double *from = part->cell ? at->cell : at->state ? at->hidden : at->output;
        for (int64_t t = 0; t < trace->T; t++)
            memcpy(out + t * units->count + part->first, from + t * part->count, (size_t)part->count * sizeof *out);
    }
}

rondo_status rondo__units_run(rondo__units *units, const rondo__look_stack *stack, double *out, rondo_error *err) {
    rondo__trace trace;
    if (units->stream) {
        stream(units, stack, out);
        return RONDO_OK;
    }
    rondo_status status = rondo__inspect_trace(stack, NULL, &trace, err);
    if (!status)
        take(units, &trace, out);
    rondo__trace_free(&trace);
    return status;
}
