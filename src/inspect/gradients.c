/* The view `gradients`: norms of ∂loss_t/∂state_{t-k} by lag k, of the model as it is trained and as it was at its
 * start (the values that its recipe's seed gives), the lag at which they fall below 1 %, and the spectral radius of a
 * step. */
#include "inspect/gradients.h"

#include <math.h>
#include <string.h>

#include "inspect/inspect.h"
#include "nn/params.h"

enum { TRAINED, START, MODELS };
enum { USUAL_LAGS = 100, MOST_LAGS = 100000, USUAL_PASSAGES = 8, FEWEST = 8, MOST = 64 };
#define PRODUCTS 6e9 /* how many multiplications the usual number of losses may cost */

static const char *const model_names[MODELS] = {"as trained", "at its start"};

typedef struct gradients {
    rondo_inspection *inspection;
    const rondo_view_options *options;
    rondo_view *view;
    rondo__asks asks;
    rondo__lags lags[MODELS][RONDO__LOOK_STACKS];
    int64_t passages, losses; /* of them; of each at most */
} gradients;

/* ---- measuring ---- */

static int64_t lags_of(const gradients *g) {
    const int64_t lags = g->options->lags ? g->options->lags : USUAL_LAGS;
    return lags < MOST_LAGS ? lags : MOST_LAGS;
}

/* Multiplications of following one loss back; where both directions hang together all steps of the passage are run. */
static double cost_of(const gradients *g, const rondo__look_stack *stack) {
    const rondo_recurrent *net = stack->net;
    const int64_t steps = net->directions == 2 && stack->axis.T > lags_of(g) ? stack->axis.T : lags_of(g);
    double sum = 0;
    for (int i = 0; i < net->config.layers * net->directions; i++) {
        const rondo_param *w_ih = rondo_params_at(net->params, net->layer[i].w_ih);
        sum += (double)w_ih->value.dims[0] * (double)(net->layer[i].I + net->layer[i].R);
    }
    return sum * (double)steps;
}

/* As many losses as may be had for PRODUCTS, spread over the passages. */
static rondo_status plan(gradients *g, rondo_error *err) {
    const rondo__passage *passage = &g->inspection->look->passage;
    double cost = 0;
    rondo_status status = RONDO_OK;
    for (int i = 0; i < passage->stacks; i++)
        if (rondo__inspect_wants_stack(g->options, &passage->stack[i]))
            cost += cost_of(g, &passage->stack[i]);
    const double wanted = fmax(FEWEST, fmin(MOST, PRODUCTS / fmax(cost, 1)));
    g->passages = rondo__inspect_passages(g->inspection, g->options, USUAL_PASSAGES);
    g->losses = (int64_t)ceil(wanted / (double)g->passages);
    for (int m = 0; m < MODELS; m++)
        for (int i = 0; i < passage->stacks && !status; i++)
            status = rondo__lags_make(&g->lags[m][i], passage->stack[i].net, lags_of(g), err);
    return status;
}

static rondo_status measure(gradients *g, int model, rondo_error *err) {
    rondo__look *look = g->inspection->look;
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < g->passages && !status; i++) {
        status = rondo__look_at(look, rondo__inspect_pick(g->inspection, i), err);
        if (!status)
            status = rondo__asks_begin(&g->asks, look, err);
        for (int k = 0; k < look->passage.stacks && !status; k++)
            if (rondo__inspect_wants_stack(g->options, &look->passage.stack[k]))
                status = rondo__lags_add(&g->lags[model][k], &g->asks, k, g->losses, err);
    }
    return status;
}

/* Nothing that was made of the weights, packed forms on the tape and the passage, may outlive them. */
static void forget_weights(gradients *g) {
    rondo_tape_begin(g->inspection->look->tape, NULL);
    g->inspection->look->passage.index = -1;
}

/* The weights themselves are exchanged and put back: passages are laid out as the model is at that time. */
static rondo_status measure_start(gradients *g, rondo_error *err) {
    rondo__task_object *task = g->inspection->floats->task;
    const size_t bytes = (size_t)rondo_params_size(task->params) * sizeof(real);
    real *values = rondo_params_values(task->params), *kept = rondo__alloc(bytes);
    if (!kept)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for a second set of weights");
    memcpy(kept, values, bytes);
    rondo_status status = rondo__params_start(task->params, task->recipe.train.seed, err);
    forget_weights(g);
    if (!status)
        status = measure(g, START, err);
    memcpy(values, kept, bytes);
    forget_weights(g);
    rondo__free(kept);
    return status;
}

/* ---- showing ---- */

static const char *state_name(const rondo_recurrent *net, int state) {
    return state == RONDO__OF_C ? "c" : net->config.cell == RONDO_JORDAN ? "s" : "h";
}

static void add_place(gradients *g, const rondo__passage *passage, int stack, int place) {
    const rondo__lags *lags = g->lags[TRAINED];
    const int64_t longest = rondo__lags_longest(&lags[stack]);
    const rondo_recurrent *net = passage->stack[stack].net;
    const int states = lags[stack].cells ? 2 : 1;
    const char *title =
        rondo__inspect_layer_name(g->view, passage, stack, place / net->directions, place % net->directions);
    rondo__view_lines *lines = rondo__view_add_lines(g->view, title, longest + 1, MODELS * states);
    if (!lines)
        return;
    lines->x_label = "lag (steps)";
    lines->y_label = "gradient, relative to lag 0";
    lines->log_y = true;
    for (int64_t k = 0; k <= longest; k++)
        lines->x[k] = (double)k;
    for (int i = 0; i < MODELS * states; i++) {
        const int model = i / states, state = i % states;
        lines->serie[i].name = rondo__view_text(g->view, "%s %s", state_name(net, state), model_names[model]);
        for (int64_t k = 0; k <= longest; k++)
            lines->serie[i].value[k] = rondo__lags_at(&g->lags[model][stack], place, state, k);
    }
    const int64_t horizon = rondo__lags_horizon(&lags[stack], place, states - 1);
    if (horizon >= 0)
        rondo__view_mark_add(g->view, lines, 'x', (double)horizon,
                             rondo__view_text(g->view, "%s below 1 %%", state_name(net, states - 1)));
}

static rondo__view_cell text(const char *text) { return (rondo__view_cell){.text = text}; }
static rondo__view_cell number(double x) { return (rondo__view_cell){.number = x}; }

static void add_row(gradients *g, const rondo__passage *passage, int stack, int place, int state,
                    rondo__view_cell *cell) {
    const rondo_recurrent *net = passage->stack[stack].net;
    *cell++ =
        text(rondo__inspect_layer_name(g->view, passage, stack, place / net->directions, place % net->directions));
    *cell++ = text(state_name(net, state));
    for (int m = 0; m < MODELS; m++) {
        const rondo__lags *lags = &g->lags[m][stack];
        const int64_t horizon = rondo__lags_horizon(lags, place, state);
        *cell++ = horizon >= 0 ? number((double)horizon)
                               : text(rondo__view_text(g->view, "over %lld", (long long)rondo__lags_longest(lags)));
    }
    for (int m = 0; m < MODELS; m++) {
        const rondo__lags *lags = &g->lags[m][stack];
        const bool first = state == 0 && lags->radii > 0; /* of the whole step */
        *cell++ = number(first ? lags->radius[place] / (double)lags->radii : NAN);
        *cell++ = number(first ? lags->most[place] : NAN);
    }
}

static bool is_wanted(const gradients *g, const rondo__passage *passage, int stack, int place) {
    const rondo__look_stack *s = &passage->stack[stack];
    return rondo__inspect_wants_stack(g->options, s) &&
           rondo__inspect_wants_layer(g->options, place / s->net->directions, place % s->net->directions) &&
           g->lags[TRAINED][stack].followed > 0;
}

static void add_table(gradients *g, const rondo__passage *passage) {
    static const char *const columns[] = {"layer",       "state",    "horizon",        "at start",
                                          "mean radius", "its most", "at start, mean", "at start, most"};
    int rows = 0;
    for (int i = 0; i < passage->stacks; i++)
        for (int p = 0; p < g->lags[TRAINED][i].places; p++)
            rows += is_wanted(g, passage, i, p) ? 1 + g->lags[TRAINED][i].cells : 0;
    rondo__view_table *table =
        rondo__view_add_table(g->view, "memory horizon (lag of 1 %) and spectral radius of a step", 8, columns, rows);
    int row = 0;
    for (int i = 0; table && i < passage->stacks; i++)
        for (int p = 0; p < g->lags[TRAINED][i].places; p++)
            for (int s = 0; is_wanted(g, passage, i, p) && s < 1 + g->lags[TRAINED][i].cells; s++)
                add_row(g, passage, i, p, s, table->cell + 8 * row++);
}

static void add_facts(gradients *g, const rondo__passage *passage) {
    int64_t followed = 0;
    for (int i = 0; i < passage->stacks; i++) {
        const rondo__lags *lags = &g->lags[TRAINED][i];
        if (!rondo__inspect_wants_stack(g->options, &passage->stack[i]) || lags->followed == 0)
            continue;
        followed += lags->followed;
        rondo__view_fact_add(g->view, passage->stack[i].name, "%s",
                             lags->own
                                 ? "the loss of step t, of the states k steps before, by every way there is"
                                 : "what the whole loss asks of the output of step t, of the states k steps before");
    }
    rondo__view_fact_add(g->view, "passages", "%lld of %lld, spread over the data", (long long)g->passages,
                         (long long)g->inspection->look->passages);
    rondo__view_fact_add(g->view, "losses followed", "%lld", (long long)followed);
    rondo__view_fact_add(g->view, "its start", "the values that seed %llu of its recipe gives",
                         (unsigned long long)g->inspection->floats->task->recipe.train.seed);
}

static rondo_status show(gradients *g, rondo_error *err) {
    const rondo__passage *passage = &g->inspection->look->passage;
    int64_t followed = 0;
    for (int i = 0; i < passage->stacks; i++)
        followed += g->lags[TRAINED][i].followed;
    if (followed == 0)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "inspect: gradients need data with answers, whose losses ask something of the stacks (give "
                           "such)");
    rondo__view_title(g->view, "gradients through time");
    add_facts(g, passage);
    add_table(g, passage);
    for (int i = 0; i < passage->stacks; i++)
        for (int p = 0; p < g->lags[TRAINED][i].places; p++)
            if (is_wanted(g, passage, i, p))
                add_place(g, passage, i, p);
    return RONDO_OK;
}

rondo_status rondo__view_gradients(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                   rondo_error *err) {
    gradients g = {.inspection = inspection, .options = options, .view = view};
    rondo_status status = plan(&g, err);
    if (!status)
        status = measure(&g, TRAINED, err);
    if (!status)
        status = measure_start(&g, err);
    if (!status)
        status = show(&g, err);
    for (int m = 0; m < MODELS; m++)
        for (int i = 0; i < RONDO__LOOK_STACKS; i++)
            rondo__lags_free(&g.lags[m][i]);
    rondo__asks_end(&g.asks);
    return status;
}
