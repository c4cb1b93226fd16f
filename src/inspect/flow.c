/* The walk back over layers and directions; the cells are in flow_cells.c. */
#include "inspect/flow.h"

#include <string.h>

#include "inspect/plain.h"
#include "nn/recurrent.h"

static rondo_status no_memory(rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the gradients");
}

/* ---- a flow ---- */

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* The state that entered step t. */
static const double *entered_h(const rondo__flow *flow, int place, int64_t t) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    const int64_t before = at->direction ? t + 1 : t - 1;
    if (at->state)
        return at->state + t * at->Q;
    return before < 0 || before >= flow->trace->T ? flow->h0[place] : at->output + before * at->R;
}

static const double *entered_c(const rondo__flow *flow, int place, int64_t t) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    const int64_t before = at->direction ? t + 1 : t - 1;
    if (!at->cell)
        return NULL;
    return before < 0 || before >= flow->trace->T ? flow->c0[place] : at->cell + before * at->H;
}

static void fill_products(rondo__flow *flow, int place, double *room) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    const rondo__recurrent_layer *p = &flow->net->layer[place];
    const bool before = flow->net->config.cell == RONDO_GRU && flow->net->config.reset_before;
    const real *w_ih = rondo_params_at(flow->net->params, p->w_ih)->value.data;
    const real *w_hh = rondo_params_at(flow->net->params, p->w_hh)->value.data;
    const int64_t H = at->H, R = at->R, N = at->gates * H, T = flow->trace->T;
    for (int64_t t = 0; t < T; t++) {
        const double *h = entered_h(flow, place, t), *r = at->gate + t * H;
        if (flow->px[place])
            rondo__plain_product(N, at->I, w_ih, flow->trace->input[at->layer] + t * at->I, flow->px[place] + t * N);
        rondo__plain_product(before ? 2 * H : N, R, w_hh, h, flow->ph[place] + t * N);
        for (int64_t j = 0; before && j < H; j++)
            room[j] = r[j] * h[j];
        if (before)
            rondo__plain_product(H, H, w_hh + 2 * H * H, room, flow->ph[place] + t * N + 2 * H);
    }
}

static bool make_place(rondo__flow *flow, int place, const rondo__trace_input *input) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    const rondo__recurrent_layer *p = &flow->net->layer[place];
    const int64_t N = at->gates * at->H, T = flow->trace->T;
    bool px, ph;
    rondo__back_wants(flow->net, &px, &ph);
    if (!rondo__plain_make(&flow->h0[place], 1, p->state) || !rondo__plain_make(&flow->c0[place], 1, p->cell) ||
        (px && !rondo__plain_make(&flow->px[place], T, N)) || (ph && !rondo__plain_make(&flow->ph[place], T, N)))
        return false;
    rondo__trace_initial(flow->net, input, place, flow->h0[place], flow->c0[place]);
    return true;
}

rondo_status rondo__flow_open(rondo__flow *out, const rondo_recurrent *net, const rondo__trace *trace,
                              const rondo__trace_input *input, rondo_error *err) {
    double *room = NULL;
    *out = (rondo__flow){.net = net,
                         .trace = trace,
                         .feedback = input->feedback,
                         .taught = input->teacher != NULL,
                         .places = trace->layers * trace->directions,
                         .widest = trace->width};
    for (int i = 0; i < out->places; i++) {
        const rondo__trace_layer *at = &trace->at[i];
        out->widest = max64(max64(out->widest, max64(at->I, at->H)), max64(at->R, at->Q));
    }
    bool made = rondo__plain_make(&room, 1, out->widest);
    for (int i = 0; made && i < out->places; i++)
        made = make_place(out, i, input);
    for (int i = 0; made && i < out->places; i++)
        if (out->ph[i])
            fill_products(out, i, room);
    rondo__free(room);
    if (made)
        return RONDO_OK;
    rondo__flow_close(out);
    return no_memory(err);
}

void rondo__flow_close(rondo__flow *flow) {
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__free(flow->px[i]);
        rondo__free(flow->ph[i]);
        rondo__free(flow->h0[i]);
        rondo__free(flow->c0[i]);
    }
    *flow = (rondo__flow){0};
}

/* ---- gradients ---- */

static bool make_grads(rondo__flow_grads *g, const rondo__flow *flow) {
    const int64_t T = flow->trace->T, width = flow->widest;
    bool made = rondo__plain_make(&g->above, T, width) && rondo__plain_make(&g->below, T, width) &&
                rondo__plain_make(&g->dy, 1, width) && rondo__plain_make(&g->dh, 1, width) &&
                rondo__plain_make(&g->dc, 1, width) && rondo__plain_make(&g->a, 4, width) &&
                rondo__plain_make(&g->b, 4, width) && rondo__plain_make(&g->x, T, flow->trace->at[0].I);
    for (int i = 0; made && i < flow->places; i++) {
        const rondo__recurrent_layer *p = &flow->net->layer[i];
        made = rondo__plain_make(&g->h[i], T, p->state) && rondo__plain_make(&g->h0[i], 1, p->state) &&
               (!p->cell || (rondo__plain_make(&g->c[i], T, p->cell) && rondo__plain_make(&g->c0[i], 1, p->cell)));
    }
    return made;
}

rondo_status rondo__flow_grads_make(rondo__flow_grads *out, const rondo__flow *flow, rondo_error *err) {
    *out = (rondo__flow_grads){.places = flow->places};
    if (make_grads(out, flow))
        return RONDO_OK;
    rondo__flow_grads_free(out);
    return no_memory(err);
}

void rondo__flow_grads_free(rondo__flow_grads *g) {
    double *const all[] = {g->x, g->above, g->below, g->dy, g->dh, g->dc, g->a, g->b};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        rondo__free(all[i]);
    for (int i = 0; i < 2 * RONDO_MAX_LAYERS; i++) {
        rondo__free(g->h[i]);
        rondo__free(g->c[i]);
        rondo__free(g->h0[i]);
        rondo__free(g->c0[i]);
    }
    *g = (rondo__flow_grads){0};
}

static rondo__back_step step_of(const rondo__flow *flow, int place, int64_t t, rondo__flow_grads *g) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    return (rondo__back_step){.net = flow->net,
                              .p = &flow->net->layer[place],
                              .at = at,
                              .feedback = flow->feedback,
                              .taught = flow->taught,
                              .T = flow->trace->T,
                              .t = t,
                              .h = entered_h(flow, place, t),
                              .c = entered_c(flow, place, t),
                              .px = flow->px[place],
                              .ph = flow->ph[place],
                              .is_last = at->layer == flow->trace->layers - 1,
                              .dy = g->dy,
                              .dh = g->dh,
                              .dc = g->dc,
                              .a = g->a,
                              .b = g->b};
}

/* dy (R): what of the merged output's gradient, above (T, width), belongs to this direction at step t */
static void split(const rondo__flow *flow, int place, const double *above, int64_t width, int64_t t, double *dy) {
    const rondo_recurrent_config *config = &flow->net->config;
    const rondo__trace_layer *at = &flow->trace->at[place];
    const bool two = flow->trace->directions == 2, concat = two && config->merge == RONDO_MERGE_CONCAT;
    const double factor = two && config->merge == RONDO_MERGE_AVERAGE ? 0.5 : 1;
    const double *from = above + t * width + (concat && at->direction ? at->R : 0);
    for (int64_t j = 0; j < at->R; j++)
        dy[j] = factor * from[j];
}

/* The steps of one layer and direction, the last that ran first. below (T, I) += */
static void back_direction(const rondo__flow *flow, int place, int64_t width, const rondo__flow_seed *seed,
                           rondo__flow_grads *g) {
    const rondo__trace_layer *at = &flow->trace->at[place];
    const rondo__recurrent_layer *p = &flow->net->layer[place];
    rondo__back_cell cell = rondo__back_cell_of(flow->net->config.cell);
    for (int64_t i = seed->first; i < seed->end; i++) {
        const int64_t t = at->direction ? i : seed->first + seed->end - 1 - i;
        rondo__back_step step = step_of(flow, place, t, g);
        double *kept = g->h[place] + t * p->state;
        split(flow, place, g->above, width, t, g->dy);
        for (int64_t j = 0; !at->state && j < at->R; j++)
            g->dh[j] += g->dy[j];
        if (!at->state)
            memcpy(kept, g->dh, (size_t)p->state * sizeof *kept);
        step.made = at->cell ? g->c[place] + t * p->cell : NULL;
        step.dx = at->layer > 0 || seed->inputs ? g->below + t * at->I : NULL;
        cell(&step);
        if (at->state)
            memcpy(kept, g->dh, (size_t)p->state * sizeof *kept);
    }
    memcpy(g->h0[place], g->dh, (size_t)p->state * sizeof *g->dh);
    if (p->cell)
        memcpy(g->c0[place], g->dc, (size_t)p->cell * sizeof *g->dc);
}

static void begin(double *to, int64_t n, const double *const *from, int place) {
    for (int64_t j = 0; j < n; j++)
        to[j] = from && from[place] ? from[place][j] : 0;
}

static size_t bytes_of(const rondo__flow_seed *seed, int64_t width) {
    return (size_t)((seed->end - seed->first) * width) * sizeof(double);
}

void rondo__flow_back(const rondo__flow *flow, const rondo__flow_seed *seed, rondo__flow_grads *out) {
    const int directions = flow->trace->directions;
    const int64_t first = seed->first;
    int64_t width = flow->trace->width;
    memcpy(out->above + first * width, seed->dy + first * width, bytes_of(seed, width));
    for (int layer = flow->trace->layers - 1; layer >= 0; layer--) {
        const int64_t I = flow->trace->at[layer * directions].I;
        if (rondo__recurrent_is_residual(flow->net, layer)) /* I = width */
            memcpy(out->below + first * I, out->above + first * I, bytes_of(seed, I));
        else
            memset(out->below + first * I, 0, bytes_of(seed, I));
        for (int place = layer * directions; place < (layer + 1) * directions; place++) {
            begin(out->dh, flow->net->layer[place].state, seed->last_h, place);
            begin(out->dc, flow->net->layer[place].cell, seed->last_c, place);
            back_direction(flow, place, width, seed, out);
        }
        double *swap = out->above;
        out->above = out->below;
        out->below = swap;
        width = I;
    }
    memcpy(out->x + first * width, out->above + first * width, bytes_of(seed, width));
}

/* ---- the Jacobian ---- */

typedef struct jacobian {
    const rondo__flow *flow;
    int place;
    int64_t t;
    rondo__flow_grads *g;
} jacobian;

/* The transposed matrix, whose eigenvalues are the same. in, out: h, then c */
static void step_back(void *arg, const double *in, double *out) {
    const jacobian *j = arg;
    const rondo__recurrent_layer *p = &j->flow->net->layer[j->place];
    rondo__flow_grads *g = j->g;
    const rondo__back_step step = step_of(j->flow, j->place, j->t, g);
    memset(g->dy, 0, (size_t)j->flow->widest * sizeof *g->dy);
    memcpy(g->dh, in, (size_t)p->state * sizeof *in);
    memcpy(g->dc, in + p->state, (size_t)p->cell * sizeof *in);
    rondo__back_cell_of(j->flow->net->config.cell)(&step);
    memcpy(out, g->dh, (size_t)p->state * sizeof *in);
    memcpy(out + p->state, g->dc, (size_t)p->cell * sizeof *in);
}

rondo_status rondo__flow_radius(const rondo__flow *flow, int place, int64_t t, rondo__flow_grads *grads, double *out,
                                rondo_error *err) {
    const int64_t n = flow->net->layer[place].state + flow->net->layer[place].cell;
    jacobian j = {flow, place, t, grads};
    double *room;
    if (!rondo__plain_make(&room, 1, rondo__spectral_room(n)))
        return no_memory(err);
    *out = rondo__spectral_radius(n, step_back, &j, room);
    rondo__free(room);
    return RONDO_OK;
}
