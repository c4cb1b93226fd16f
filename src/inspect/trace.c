/* The walk over layers and directions; the cells' equations are in trace_cells.c. */
#include "inspect/trace.h"

#include <string.h>

#include "inspect/plain.h"
#include "nn/recurrent.h"

static bool make_layer(rondo__trace_layer *at, const rondo_recurrent *net, int place, int64_t T) {
    const rondo__recurrent_layer *p = &net->layer[place];
    const bool jordan = net->config.cell == RONDO_JORDAN;
    *at = (rondo__trace_layer){.layer = place / net->directions, .direction = place % net->directions};
    at->I = p->I;
    at->H = p->H;
    at->R = at->O = p->R;
    at->Q = jordan ? p->state : 0;
    at->gate_name = rondo__trace_gates(net->config.cell, &at->gates);
    return rondo__plain_make(&at->gate, at->gates * T, at->H) && (!p->cell || rondo__plain_make(&at->cell, T, at->H)) &&
           rondo__plain_make(&at->last_h, 1, p->state) && (!p->cell || rondo__plain_make(&at->last_c, 1, p->cell)) &&
           rondo__plain_make(&at->hidden, T, at->H) && rondo__plain_make(&at->output, T, at->R) &&
           (!jordan || rondo__plain_make(&at->state, T, at->Q));
}

/* What a run needs besides its result. */
typedef struct room {
    double *h, *c, *a, *b, *x, *y;
} room;

static int64_t widest(const rondo_recurrent *net) {
    int64_t most = net->config.input_size;
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        const rondo__recurrent_layer *p = &net->layer[i];
        most = p->H > most ? p->H : most;
        most = p->R * net->directions > most ? p->R * net->directions : most;
        most = p->state > most ? p->state : most;
    }
    return most;
}

static bool make_room(room *r, const rondo_recurrent *net, int64_t T) {
    const int64_t width = widest(net);
    *r = (room){0};
    return rondo__plain_make(&r->h, 1, width) && rondo__plain_make(&r->c, 1, width) &&
           rondo__plain_make(&r->a, 4, width) && rondo__plain_make(&r->b, 4, width) &&
           rondo__plain_make(&r->x, T, width) && rondo__plain_make(&r->y, T, width);
}

static void free_room(room *r) {
    double *const all[] = {r->h, r->c, r->a, r->b, r->x, r->y};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        rondo__free(all[i]);
}

static void begin_state(double *state, int64_t n, const double *given, const rondo_recurrent *net, int learned) {
    const real *own = learned < 0 ? NULL : rondo_params_at(net->params, learned)->value.data;
    for (int64_t i = 0; i < n; i++)
        state[i] = given ? given[i] : own ? (double)own[i] : 0;
}

void rondo__trace_initial(const rondo_recurrent *net, const rondo__trace_input *input, int place, double *h,
                          double *c) {
    const rondo__recurrent_layer *p = &net->layer[place];
    begin_state(h, p->state, input->initial_h ? input->initial_h[place] : NULL, net, p->h0);
    begin_state(c, p->cell, input->initial_c ? input->initial_c[place] : NULL, net, p->c0);
}

static void drop(rondo__trace_layer *at, const rondo__recurrent_layer *p, const rondo__trace_input *input) {
    const rondo__alter *alter = input->alter;
    if (!alter || !alter->on || !alter->drop || (alter->layer >= 0 && alter->layer != at->layer) ||
        (alter->direction >= 0 && alter->direction != at->direction))
        return;
    memset(at->output, 0, (size_t)(input->T * at->R) * sizeof *at->output);
    memset(at->last_h, 0, (size_t)p->state * sizeof *at->last_h);
    if (p->cell)
        memset(at->last_c, 0, (size_t)p->cell * sizeof *at->last_c);
}

static void run_direction(rondo__trace *trace, const rondo_recurrent *net, const rondo__trace_input *input, int place,
                          room *r) {
    const rondo__recurrent_layer *p = &net->layer[place];
    rondo__trace_layer *at = &trace->at[place];
    rondo__trace_cell cell = rondo__trace_cell_of(net->config.cell);
    rondo__trace_step step = {.net = net,
                              .p = p,
                              .input = input,
                              .at = at,
                              .T = input->T,
                              .h = r->h,
                              .c = r->c,
                              .a = r->a,
                              .b = r->b,
                              .is_last = at->layer == net->config.layers - 1};
    rondo__trace_initial(net, input, place, r->h, r->c);
    for (int64_t i = 0; i < input->T; i++) {
        step.t = at->direction ? input->T - 1 - i : i;
        step.x = r->x + step.t * p->I;
        cell(&step);
    }
    memcpy(at->last_h, r->h, (size_t)p->state * sizeof *r->h);
    if (p->cell)
        memcpy(at->last_c, r->c, (size_t)p->cell * sizeof *r->c);
    drop(at, p, input);
}

/* The directions' outputs as the next layer sees them: r->y (T, width), then in the place of r->x. */
static int64_t merge(const rondo__trace *trace, const rondo_recurrent *net, int layer, int64_t in, room *r) {
    const rondo__trace_layer *first = &trace->at[layer * net->directions];
    const rondo__trace_layer *second = net->directions == 2 ? first + 1 : NULL;
    const bool concat = second && net->config.merge == RONDO_MERGE_CONCAT;
    const double factor = second && net->config.merge == RONDO_MERGE_AVERAGE ? 0.5 : 1;
    const int64_t R = first->R, width = concat ? 2 * R : R;
    for (int64_t t = 0; t < trace->T; t++) {
        double *y = r->y + t * width;
        for (int64_t j = 0; j < R; j++) {
            y[j] = factor * (first->output[t * R + j] + (second && !concat ? second->output[t * R + j] : 0));
            if (concat)
                y[R + j] = second->output[t * R + j];
        }
        for (int64_t j = 0; rondo__recurrent_is_residual(net, layer) && j < width; j++)
            y[j] += r->x[t * in + j];
    }
    double *swap = r->x;
    r->x = r->y;
    r->y = swap;
    return width;
}

static bool make_trace(rondo__trace *out, const rondo_recurrent *net, int64_t T) {
    bool made = true;
    *out = (rondo__trace){
        .T = T, .layers = net->config.layers, .directions = net->directions, .width = rondo_recurrent_output_size(net)};
    for (int i = 0; made && i < out->layers * out->directions; i++)
        made = make_layer(&out->at[i], net, i, T);
    for (int layer = 0; made && layer < out->layers; layer++)
        made = rondo__plain_make(&out->input[layer], T, out->at[layer * out->directions].I);
    return made && rondo__plain_make(&out->y, T, out->width);
}

/* The equations read floats. */
static rondo_status check_floats(const rondo_recurrent *net, rondo_error *err) {
    for (int i = 0; i < rondo_params_count(net->params); i++) {
        const rondo_param *param = rondo_params_at(net->params, i);
        if (param->stored)
            return rondo__fail(err, RONDO_UNSUPPORTED, "inspect: '%s' is stored as %s (take the model of floats)",
                               param->name, rondo_dtype_name(param->value.dtype));
    }
    return RONDO_OK;
}

rondo_status rondo__trace_run(rondo__trace *out, const rondo_recurrent *net, const rondo__trace_input *input,
                              rondo_error *err) {
    room r = {0};
    *out = (rondo__trace){0};
    rondo_status status = check_floats(net, err);
    if (status)
        return status;
    const bool made = make_trace(out, net, input->T) && make_room(&r, net, input->T);
    int64_t width = net->layer[input->first * net->directions].I;
    if (made)
        memcpy(r.x, input->x, (size_t)(input->T * width) * sizeof *r.x);
    for (int layer = input->first; made && layer < out->layers; layer++) {
        memcpy(out->input[layer], r.x, (size_t)(input->T * width) * sizeof *r.x);
        for (int d = 0; d < net->directions; d++)
            run_direction(out, net, input, layer * net->directions + d, &r);
        width = merge(out, net, layer, width, &r);
    }
    if (made)
        memcpy(out->y, r.x, (size_t)(input->T * width) * sizeof *r.x);
    free_room(&r);
    if (made)
        return RONDO_OK;
    rondo__trace_free(out);
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the states of %lld steps", (long long)input->T);
}

void rondo__trace_free(rondo__trace *trace) {
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__trace_layer *at = &trace->at[i];
        double *const all[] = {at->gate, at->cell, at->hidden, at->output, at->state, at->last_h, at->last_c};
        for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
            rondo__free(all[k]);
    }
    for (int layer = 0; layer < RONDO_MAX_LAYERS; layer++)
        rondo__free(trace->input[layer]);
    rondo__free(trace->y);
    *trace = (rondo__trace){0};
}
