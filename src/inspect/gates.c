/* The view `gates`, over many passages: how often each gate is nearly shut or nearly open, units that never move, and
 * how long a unit keeps what it has.
 *
 * What a unit keeps of its state from step to step is f (LSTM) or z (GRU; with zoneout p it is p + (1 - p) f). Over n
 * steps that is their product, exp(sum ln f): as if each step kept exp(mean ln f). The time constant is the number of
 * steps after which 1/e of it is left, -1 / mean ln f: 9.49 steps where f is always 0.9. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "inspect/inspect.h"
#include "inspect/order.h"

enum { USUAL_STEPS = 5000, USUAL_UNITS = 10, MOST_GATES = 4, SPANS = 11, LISTED = 12 };
enum { BINS = 10 }; /* the first is what counts as shut, the last as open */
#define SHUT 0.1
#define OPEN 0.9
#define STILL 0.01 /* a unit whose hidden value never moves by more is dead */

/* Of one layer and direction; arrays (gates, H) and (H). */
typedef struct layer_sums {
    int gates, keeper; /* keeper: the gate that keeps the state; -1: none */
    int64_t H, steps, histogram[MOST_GATES][BINS];
    bool gated[MOST_GATES]; /* false: a candidate */
    const char *name[MOST_GATES];
    double zone;                /* what zoneout keeps whatever the gate says */
    double *mean, *shut, *open; /* sums over the steps */
    double *kept;               /* sum of ln f */
    double *low, *high;         /* of the hidden value */
} layer_sums;

typedef struct gates {
    const rondo_view_options *options;
    rondo_view *view;
    int64_t steps, passages;
    const rondo__passage *passage;
    layer_sums *layer[RONDO__LOOK_STACKS]; /* (layers * directions); NULL: not wanted */
    int64_t rows;
    rondo__view_table *table; /* one row for each gate, once they are counted */
} gates;

/* ---- sums ---- */

static bool make_layer(gates *g, layer_sums *sums, const rondo__look_stack *stack, int place) {
    const rondo_recurrent_config *config = &stack->net->config;
    const char *const *name = rondo__trace_gates(config->cell, &sums->gates);
    const int64_t H = stack->net->layer[place].H;
    sums->H = H;
    sums->keeper = 1; /* forget gate, update gate */
    sums->zone = (double)(config->cell == RONDO_LSTM ? config->zoneout_cell : config->zoneout);
    for (int k = 0; k < sums->gates; k++) {
        sums->name[k] = name[k];
        sums->gated[k] = strcmp(name[k], "candidate") != 0;
    }
    sums->mean = rondo__view_room(g->view, sums->gates * H, sizeof(double));
    sums->shut = rondo__view_room(g->view, sums->gates * H, sizeof(double));
    sums->open = rondo__view_room(g->view, sums->gates * H, sizeof(double));
    sums->kept = rondo__view_room(g->view, H, sizeof(double));
    sums->low = rondo__view_room(g->view, H, sizeof(double));
    sums->high = rondo__view_room(g->view, H, sizeof(double));
    for (int64_t j = 0; sums->high && j < H; j++) {
        sums->low[j] = INFINITY;
        sums->high[j] = -INFINITY;
    }
    return !g->view->failed;
}

static rondo_status make_stack(gates *g, int s, rondo_error *err) {
    const rondo__look_stack *stack = &g->passage->stack[s];
    const int places = stack->net->config.layers * stack->net->directions;
    if (stack->net->config.cell != RONDO_LSTM && stack->net->config.cell != RONDO_GRU)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "inspect: the %s is %s network, which has no gates (states shows its units)", stack->name,
                           stack->net->config.cell == RONDO_ELMAN ? "an Elman" : "a Jordan");
    g->layer[s] = rondo__view_room(g->view, places, sizeof *g->layer[s]);
    for (int i = 0; g->layer[s] && i < places; i++)
        if (!make_layer(g, &g->layer[s][i], stack, i))
            break;
    return rondo__view_check(g->view, err);
}

static void add_gate(layer_sums *sums, int k, int64_t T, const double *value) {
    const int64_t H = sums->H;
    for (int64_t i = 0; i < T * H; i++) {
        const double x = value[i];
        const int64_t at = k * H + i % H;
        const int bin = x >= 0 ? (int)(x * BINS) : 0;
        sums->mean[at] += x;
        sums->shut[at] += x < SHUT;
        sums->open[at] += x > OPEN;
        sums->histogram[k][bin < BINS ? bin : BINS - 1]++;
    }
}

static void add_layer(layer_sums *sums, int64_t T, const rondo__trace_layer *at) {
    const int64_t H = sums->H;
    sums->steps += T;
    const double *f = at->gate + sums->keeper * T * H;
    for (int k = 0; k < sums->gates; k++)
        if (sums->gated[k])
            add_gate(sums, k, T, at->gate + k * T * H);
    for (int64_t i = 0; i < T * H; i++) {
        const int64_t j = i % H;
        sums->kept[j] += log(sums->zone + (1 - sums->zone) * f[i]);
        sums->low[j] = fmin(sums->low[j], at->hidden[i]);
        sums->high[j] = fmax(sums->high[j], at->hidden[i]);
    }
}

static rondo_status add_passage(gates *g, rondo_error *err) {
    rondo_status status = RONDO_OK;
    int64_t longest = 0;
    for (int s = 0; s < g->passage->stacks && !status; s++) {
        const rondo__look_stack *stack = &g->passage->stack[s];
        rondo__trace trace;
        longest = stack->axis.T > longest ? stack->axis.T : longest;
        if (!g->layer[s] || stack->axis.T == 0)
            continue;
        status = rondo__inspect_trace(stack, NULL, &trace, err);
        for (int i = 0; !status && i < trace.layers * trace.directions; i++)
            add_layer(&g->layer[s][i], trace.T, &trace.at[i]);
        rondo__trace_free(&trace);
    }
    g->steps += longest;
    g->passages++;
    return status;
}

/* All passages that were asked for, or as many as have a good number of steps. */
static rondo_status add_all(gates *g, rondo_inspection *inspection, rondo_error *err) {
    const int64_t most = rondo__inspect_passages(inspection, g->options, INT64_MAX);
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < most && !status && (g->options->passages || g->steps < USUAL_STEPS); i++) {
        const int64_t index = rondo__inspect_pick(inspection, i);
        if (g->passage->index != index)
            status = rondo__look_at(inspection->look, index, err);
        if (!status)
            status = add_passage(g, err);
    }
    return status;
}

/* ---- what is shown ---- */

static bool is_wanted(const gates *g, const layer_sums *sums, int k) {
    const char *gate = g->options->gate;
    return sums->gated[k] && (!gate || strncasecmp(sums->name[k], gate, strlen(gate)) == 0);
}

/* Steps after which 1/e of what unit j has is left. */
static double time_constant(const layer_sums *sums, int64_t j) {
    const double mean = sums->kept[j] / (double)sums->steps;
    return isnan(mean) ? NAN : mean < 0 ? -1 / mean : INFINITY;
}

static void add_dead(gates *g, const layer_sums *sums, const char *layer) {
    rondo__text list = {0};
    int64_t dead = 0;
    for (int64_t j = 0; j < sums->H; j++) {
        if (sums->high[j] - sums->low[j] > STILL)
            continue;
        if (dead++ < LISTED)
            rondo__text_format(&list, "%s%lld", list.size ? ", " : "", (long long)j);
    }
    rondo__view_fact_add(g->view, rondo__view_text(g->view, "dead units, %s", layer), "%lld of %lld%s%s%s",
                         (long long)dead, (long long)sums->H, dead ? ": " : "", dead && !list.failed ? list.data : "",
                         dead > LISTED ? ", ..." : "");
    g->view->failed = g->view->failed || list.failed;
    rondo__text_free(&list);
}

static void add_histogram(gates *g, const layer_sums *sums, const char *layer) {
    int wanted[MOST_GATES], count = 0;
    for (int k = 0; k < sums->gates; k++)
        if (is_wanted(g, sums, k))
            wanted[count++] = k;
    const char *title = rondo__view_text(g->view, "%s: how far gates are open", layer);
    rondo__view_bars *bars = rondo__view_add_bars(g->view, title, BINS, count, true);
    if (!bars)
        return;
    bars->x.label = "value of the gate";
    bars->y_label = "share of the time";
    for (int b = 0; b <= BINS; b++)
        bars->edge[b] = (double)b / BINS;
    for (int i = 0; i < count; i++) {
        bars->serie[i].name = sums->name[wanted[i]];
        for (int b = 0; b < BINS; b++)
            bars->serie[i].value[b] = (double)sums->histogram[wanted[i]][b] / (double)(sums->steps * sums->H);
    }
}

static void add_spans(gates *g, const layer_sums *sums, const char *layer) {
    static const double from[SPANS] = {0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    if (!is_wanted(g, sums, sums->keeper))
        return;
    const char *title = rondo__view_text(g->view, "%s: how long units keep their state", layer);
    rondo__view_bars *bars = rondo__view_add_bars(g->view, title, SPANS, 1, false);
    if (!bars || !rondo__view_side_names(g->view, &bars->x))
        return;
    bars->x.label = "time constant in steps";
    bars->y_label = "units";
    bars->serie[0].name = sums->name[sums->keeper];
    for (int i = 0; i < SPANS; i++)
        bars->x.name[i] = i + 1 == SPANS ? "1000 or more" : rondo__view_text(g->view, "%g to %g", from[i], from[i + 1]);
    for (int64_t j = 0; j < sums->H; j++) {
        const double steps = time_constant(sums, j);
        int at = SPANS - 1;
        while (at > 0 && steps < from[at])
            at--;
        bars->serie[0].value[at] += !isnan(steps);
    }
}

/* ---- the units with the longest memory ---- */

static void add_units(gates *g, const layer_sums *sums, const char *layer) {
    static const char *const columns[] = {"unit", "time constant", "mean", "shut", "open"};
    const int64_t limit = g->options->limit ? g->options->limit : USUAL_UNITS, n = sums->H < limit ? sums->H : limit;
    if (!is_wanted(g, sums, sums->keeper))
        return;
    const char *title = rondo__view_text(g->view, "%s: units that keep their state longest, by the %s", layer,
                                         sums->name[sums->keeper]);
    rondo__ranked *item = rondo__view_room(g->view, sums->H, sizeof *item);
    rondo__view_table *table = rondo__view_add_table(g->view, title, 5, columns, n);
    if (!item || !table)
        return;
    for (int64_t j = 0; j < sums->H; j++)
        item[j] = (rondo__ranked){isnan(time_constant(sums, j)) ? -1 : time_constant(sums, j), j};
    rondo__rank(sums->H, item, true);
    for (int64_t i = 0; i < n; i++) {
        rondo__view_cell *row = &table->cell[i * 5];
        const int64_t at = sums->keeper * sums->H + item[i].index;
        row[0].number = (double)item[i].index;
        row[1].number = time_constant(sums, item[i].index);
        row[2].number = sums->mean[at] / (double)sums->steps;
        row[3].number = sums->shut[at] / (double)sums->steps;
        row[4].number = sums->open[at] / (double)sums->steps;
    }
}

/* ---- one line for each gate ---- */

/* Units that are shut, or open, nine tenths of the time. */
static double count_saturated(const layer_sums *sums, const double *share, int k) {
    int64_t count = 0;
    for (int64_t j = 0; j < sums->H; j++)
        count += share[k * sums->H + j] > 0.9 * (double)sums->steps;
    return (double)count;
}

static double mean_of(const layer_sums *sums, const double *sum, int k) {
    double all = 0;
    for (int64_t j = 0; j < sums->H; j++)
        all += sum[k * sums->H + j];
    return all / (double)(sums->H * sums->steps);
}

enum { GATE_COLUMNS = 7 };

static void fill_gates(gates *g, const layer_sums *sums, const char *layer) {
    for (int k = 0; k < sums->gates; k++) {
        if (!is_wanted(g, sums, k))
            continue;
        g->rows++;
        if (!g->table)
            continue;
        rondo__view_cell *row = &g->table->cell[(g->rows - 1) * GATE_COLUMNS];
        row[0].text = layer;
        row[1].text = sums->name[k];
        row[2].number = mean_of(sums, sums->mean, k);
        row[3].number = mean_of(sums, sums->shut, k);
        row[4].number = mean_of(sums, sums->open, k);
        row[5].number = count_saturated(sums, sums->shut, k);
        row[6].number = count_saturated(sums, sums->open, k);
    }
}

/* ---- all layers ---- */

static void each_layer(gates *g, void (*call)(gates *g, const layer_sums *sums, const char *layer)) {
    for (int s = 0; s < g->passage->stacks; s++) {
        const rondo_recurrent *net = g->passage->stack[s].net;
        for (int i = 0; g->layer[s] && i < net->config.layers * net->directions; i++) {
            const int layer = i / net->directions, direction = i % net->directions;
            if (rondo__inspect_wants_layer(g->options, layer, direction) && g->layer[s][i].steps > 0)
                call(g, &g->layer[s][i], rondo__inspect_layer_name(g->view, g->passage, s, layer, direction));
        }
    }
}

static rondo_status show(gates *g, rondo_error *err) {
    static const char *const columns[GATE_COLUMNS] = {
        "layer", "gate", "mean", "shut (< 0.1)", "open (> 0.9)", "units mostly shut", "units mostly open"};
    each_layer(g, fill_gates); /* counts the rows */
    if (g->rows == 0)
        return g->steps == 0
                   ? rondo__fail(err, RONDO_ARGUMENT, "inspect: the passages have no steps (use more of them)")
                   : rondo__fail(err, RONDO_ARGUMENT,
                                 "inspect: there is no gate '%.60s' (an LSTM has input gate, forget "
                                 "gate, output gate, a GRU reset gate, update gate)",
                                 g->options->gate ? g->options->gate : "");
    g->table = rondo__view_add_table(g->view, "gates", GATE_COLUMNS, columns, g->rows);
    g->rows = 0;
    if (g->table)
        each_layer(g, fill_gates);
    each_layer(g, add_dead);
    each_layer(g, add_histogram);
    each_layer(g, add_spans);
    each_layer(g, add_units);
    return RONDO_OK;
}

rondo_status rondo__view_gates(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                               rondo_error *err) {
    gates g = {.options = options, .view = view, .passage = &inspection->look->passage};
    rondo_status status = RONDO_OK;
    for (int s = 0; s < g.passage->stacks && !status; s++)
        if (rondo__inspect_wants_stack(options, &g.passage->stack[s]))
            status = make_stack(&g, s, err);
    if (!status)
        status = add_all(&g, inspection, err);
    if (status)
        return status;
    rondo__view_title(view, "Gates over %lld steps", (long long)g.steps);
    rondo__view_fact_add(view, "passages", "%lld of %lld, spread over the data", (long long)g.passages,
                         (long long)inspection->look->passages);
    return show(&g, err);
}
