/* What of a forecast is deployed (exchange/network.h).
 *
 *   direct, encoder_decoder   one window in, the horizon out
 *   recursive                 step by step: the forecast of the next step, in the unit that x has; feeding back is the
 *                             caller's, and so is a window's norm, which is measured before the first step
 *
 * x is the transformed level (logs, differences, ...; the level itself without a transform), missing values are NaN.
 * Where independent targets share one network, x and results are standardised by each one's center and scale, which
 * the model's facts tell. */
#include "exchange/network.h"
#include "nn/params.h"
#include "tasks/forecast.h"

static const real *values(const rondo__forecast *f, int index) { return rondo__param_values(f->base.params, index); }

static rondo__outcome outcome_of(const rondo__forecast *f) {
    switch (f->base.recipe.model.output) {
    case RONDO__OUTPUT_GAUSSIAN:
        return RONDO__GAUSSIAN;
    case RONDO__OUTPUT_STUDENT_T:
        return RONDO__STUDENT;
    case RONDO__OUTPUT_NEGATIVE_BINOMIAL:
        return RONDO__COUNTS;
    case RONDO__OUTPUT_QUANTILES:
        return RONDO__RISING;
    default:
        return RONDO__POINTS;
    }
}

/* Columns of the file -> features of a step. */
static int feature_of(const rondo__forecast *f, int column) {
    return f->n == f->N ? column : column < f->N ? 0 : column - (int)f->N + 1;
}

static void fill_horizon(const rondo__forecast *f, rondo__horizon *h) {
    const rondo__recipe_model *m = &f->base.recipe.model;
    const bool normed = f->recursive && m->instance_norm != RONDO__NO_INSTANCE_NORM;
    *h = (rondo__horizon){.W = f->recursive ? 0 : f->W,
                          .H = f->recursive ? 1 : f->H,
                          .patch = f->p,
                          .n = f->n,
                          .past = f->n + f->covariates,
                          .ahead = f->recursive ? 0
                                   : f->decodes ? f->K
                                                : f->future,
                          .P = f->P,
                          .masks = f->masks,
                          .fixed = (int)f->fixed_columns,
                          .fixed_width = m->fixed_embedding_size,
                          .norm = f->recursive ? RONDO__NORM_NONE : (rondo__window_norm)m->instance_norm,
                          .outcome = outcome_of(f),
                          .cumulative = f->cumulative};
    if (f->n == f->N && !normed) {
        h->columns = f->columns;
        h->center = f->facts.center;
        h->scale = f->facts.scale;
    }
    h->all_targets = f->N;
    h->all_columns = f->columns;
    h->all_center = f->facts.center;
    h->all_scale = f->facts.scale;
    h->measured = normed ? f->W : 0;
    h->all_norm = (rondo__window_norm)m->instance_norm;
    for (int i = 0; i < f->masks; i++)
        h->mask[i] = f->mask[i] < 0 ? 0 : feature_of(f, f->mask[i]);
    for (int c = 0; c < h->fixed; c++) {
        h->categories[c] = f->facts.category[c].count;
        h->fixed_table[c] = values(f, f->fixed[c]);
    }
}

typedef struct builder {
    rondo__network *network;
    rondo_status status;
    rondo_error *err;
} builder;

static void add(builder *b, rondo__network_block block) {
    if (!b->status)
        b->status = rondo__network_add(b->network, block, b->err);
}

static void add_stack(builder *b, const rondo__forecast *f) {
    const rondo__horizon *h = &b->network->horizon;
    const int64_t in = f->F - f->masks;
    add(b, (rondo__network_block){.kind = RONDO__WINDOW, .in = in, .out = h->patch * f->F});
    if (h->fixed)
        add(b, (rondo__network_block){.kind = RONDO__FIXED, .out = h->patch * f->F + h->fixed * h->fixed_width});
    add(b, (rondo__network_block){.kind = RONDO__RECURRENT, .net = f->encoder});
    if (f->base.recipe.model.cell == RONDO_JORDAN)
        add(b, (rondo__network_block){.kind = RONDO__ACTIVATION, .activation = RONDO_TANH});
}

static void add_head(builder *b, const rondo__forecast *f) {
    const int64_t width = rondo_recurrent_output_size(f->encoder) * (f->base.recipe.model.bidirectional ? 2 : 1);
    const int64_t values_out = b->network->horizon.H * f->n * f->P;
    if (!f->recursive)
        add(b, (rondo__network_block){.kind = RONDO__ENDS, .out = width});
    if (!f->recursive && f->future)
        add(b, (rondo__network_block){.kind = RONDO__AHEAD, .out = width + f->H * f->future});
    add(b, (rondo__network_block){
               .kind = RONDO__LINEAR, .out = values_out, .weight = values(f, f->weight), .bias = values(f, f->bias)});
}

rondo_status rondo__forecast_network(rondo__task_object *task, rondo__network *out, rondo_error *err) {
    const rondo__forecast *f = (const rondo__forecast *)task;
    builder b = {.network = out, .err = err};
    if (f->F > RONDO__FEATURES || f->fixed_columns > RONDO__FEATURES / 3)
        return rondo__fail(err, RONDO_UNSUPPORTED, "export: a forecast with more than %d features cannot be written",
                           RONDO__FEATURES);
    fill_horizon(f, &out->horizon);
    add_stack(&b, f);
    if (f->decodes)
        add(&b, (rondo__network_block){.kind = RONDO__DECODE,
                                       .out = f->H * f->n * f->P,
                                       .net = f->decoder,
                                       .weight = values(f, f->weight),
                                       .bias = values(f, f->bias)});
    else
        add_head(&b, f);
    if (f->path_weight >= 0)
        add(&b, (rondo__network_block){
                    .kind = RONDO__OWN_PAST, .weight = values(f, f->path_weight), .bias = values(f, f->path_bias)});
    add(&b, (rondo__network_block){.kind = RONDO__OUTCOME});
    return b.status;
}
