/* The view `ablate`: the task's own loss once a gate is frozen at its mean (each unit at its own, over the same data),
 * once a unit is silenced (its output is always 0), once a direction is dropped - less the loss of the whole network.
 */
#include "inspect/ablate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { USUAL_STEPS = 400, SLOW_STEPS = 40, USUAL_UNITS = 20, AT_A_TIME = 32, MOST_GATES = 4 };

/* One thing left out, and what the loss becomes. */
typedef struct change {
    rondo__alter alter;
    int stack;
    const char *name;
    double nats;
} change;

typedef struct ablation {
    rondo_inspection *inspection;
    const rondo_view_options *options;
    rondo_view *view;
    const rondo__passage *passage;
    int64_t passages, steps, counted;
    double nats;
    int64_t gates, directions, units; /* changes, in this order */
    change *change;
    double *mean[RONDO__LOOK_STACKS]; /* sums of the gates' values: by place, gate and unit, widest H apart */
    int64_t H[RONDO__LOOK_STACKS];
    int64_t total[RONDO__LOOK_STACKS]; /* steps that they sum over */
} ablation;

static int gates_of(const rondo_recurrent *net) {
    return net->config.cell == RONDO_LSTM ? 4 : net->config.cell == RONDO_GRU ? 3 : 0;
}

static int places_of(const rondo_recurrent *net) { return net->config.layers * net->directions; }

static bool wants_place(const ablation *a, int s, int place) {
    const rondo__look_stack *stack = &a->passage->stack[s];
    return rondo__inspect_wants_stack(a->options, stack) &&
           rondo__inspect_wants_layer(a->options, place / stack->net->directions, place % stack->net->directions);
}

/* ---- what is to be left out ---- */

/* The first call, without memory, counts. */
static change *next(ablation *a, int64_t *count) {
    static change nowhere;
    return a->change ? &a->change[(*count)++] : (++*count, &nowhere);
}

static rondo__alter alter_of(const ablation *a, int layer, int direction) {
    return (rondo__alter){.on = true,
                          .layer = layer,
                          .direction = direction,
                          .gate = -1,
                          .unit = a->options->unit ? a->options->unit - 1 : -1};
}

static void list_gates(ablation *a, int64_t *count) {
    for (int s = 0; s < a->passage->stacks; s++) {
        const rondo_recurrent *net = a->passage->stack[s].net;
        int gates;
        const char *const *name = rondo__trace_gates(net->config.cell, &gates);
        for (int p = 0; p < places_of(net); p++) {
            for (int g = 0; g < gates_of(net) && wants_place(a, s, p); g++) {
                const char *wanted = a->options->gate;
                if (wanted && strncasecmp(name[g], wanted, strlen(wanted)) != 0)
                    continue;
                change *c = next(a, count);
                c->stack = s;
                c->alter = alter_of(a, p / net->directions, p % net->directions);
                c->alter.gate = g;
                c->alter.values = a->mean[s] + (p * MOST_GATES + g) * a->H[s];
                c->name = rondo__view_text(
                    a->view, "%s: %s",
                    rondo__inspect_layer_name(a->view, a->passage, s, p / net->directions, p % net->directions),
                    name[g]);
            }
        }
    }
}

static void list_directions(ablation *a, int64_t *count) {
    const rondo_view_options *o = a->options;
    for (int s = 0; s < a->passage->stacks; s++) {
        const rondo__look_stack *stack = &a->passage->stack[s];
        for (int d = 0; d < 2 && stack->net->directions == 2 && !o->gate && !o->unit; d++) {
            if (!rondo__inspect_wants_stack(o, stack) || (o->direction && o->direction != d + 1))
                continue;
            change *c = next(a, count);
            c->stack = s;
            c->alter = alter_of(a, o->layer - 1, d);
            c->alter.drop = true;
            c->name = rondo__view_text(a->view, "%s%s%s", a->passage->stacks > 1 ? stack->name : "",
                                       a->passage->stacks > 1 ? ", " : "", d ? "backward" : "forward");
        }
    }
}

static void list_units(ablation *a, int64_t *count) {
    for (int s = 0; s < a->passage->stacks && !a->options->gate; s++) {
        const rondo_recurrent *net = a->passage->stack[s].net;
        for (int p = 0; p < places_of(net); p++) {
            const int64_t only = a->options->unit;
            const char *layer =
                rondo__inspect_layer_name(a->view, a->passage, s, p / net->directions, p % net->directions);
            for (int64_t j = 0; j < net->layer[p].H && wants_place(a, s, p); j++) {
                if (only && j != only - 1)
                    continue;
                change *c = next(a, count);
                c->stack = s;
                c->alter = alter_of(a, p / net->directions, p % net->directions);
                c->alter.unit = j;
                c->alter.silence = true;
                c->name = layer;
            }
        }
    }
}

static bool list_all(ablation *a) {
    for (int pass = 0; pass < 2; pass++) {
        int64_t count = 0;
        list_gates(a, &count);
        a->gates = count;
        list_directions(a, &count);
        a->directions = count - a->gates;
        list_units(a, &count);
        a->units = count - a->gates - a->directions;
        if (!pass)
            a->change = rondo__view_room(a->view, count, sizeof *a->change);
        if (!a->change)
            return false;
    }
    return true;
}

/* ---- means ---- */

static bool make_means(ablation *a) {
    for (int s = 0; s < a->passage->stacks; s++) {
        const rondo_recurrent *net = a->passage->stack[s].net;
        for (int p = 0; p < places_of(net); p++)
            a->H[s] = net->layer[p].H > a->H[s] ? net->layer[p].H : a->H[s];
        a->mean[s] = rondo__view_room(a->view, places_of(net) * MOST_GATES * a->H[s], sizeof(double));
    }
    return !a->view->failed;
}

static rondo_status add_means(ablation *a, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int s = 0; s < a->passage->stacks && !status; s++) {
        const rondo__look_stack *stack = &a->passage->stack[s];
        rondo__trace trace;
        if (!gates_of(stack->net) || !rondo__inspect_wants_stack(a->options, stack) || stack->axis.T == 0)
            continue;
        status = rondo__inspect_trace(stack, NULL, &trace, err);
        for (int p = 0; p < places_of(stack->net) && !status; p++) {
            const rondo__trace_layer *at = &trace.at[p];
            for (int64_t i = 0; i < at->gates * trace.T * at->H; i++)
                a->mean[s][(p * MOST_GATES + i / (trace.T * at->H)) * a->H[s] + i % at->H] += at->gate[i];
        }
        a->total[s] += stack->axis.T;
        rondo__trace_free(&trace);
    }
    return status;
}

static int64_t longest(const rondo__passage *passage) {
    int64_t T = 0;
    for (int s = 0; s < passage->stacks; s++)
        T = passage->stack[s].axis.T > T ? passage->stack[s].axis.T : T;
    return T;
}

/* Units of what must be traced pass by pass take long. */
static int64_t usual_steps(const ablation *a) {
    for (int s = 0; s < a->passage->stacks && !a->options->gate && !a->options->unit; s++)
        if (rondo__inspect_wants_stack(a->options, &a->passage->stack[s]) &&
            !rondo__silencing_fits(&a->passage->stack[s]))
            return SLOW_STEPS;
    return USUAL_STEPS;
}

/* Chooses the passages, and finds the means of the gates over them. */
static rondo_status survey(ablation *a, rondo_error *err) {
    const int64_t most = rondo__inspect_passages(a->inspection, a->options, INT64_MAX), enough = usual_steps(a);
    rondo_status status = RONDO_OK;
    for (; a->passages < most && !status && (a->options->passages || a->steps < enough); a->passages++) {
        const int64_t index = rondo__inspect_pick(a->inspection, a->passages);
        if (a->passage->index != index)
            status = rondo__look_at(a->inspection->look, index, err);
        if (!status)
            status = add_means(a, err);
        a->steps += longest(a->passage);
        a->counted += a->passage->counted;
        a->nats += a->passage->counted ? a->passage->nats : 0;
    }
    for (int s = 0; s < a->passage->stacks && !status; s++)
        for (int64_t i = 0; a->total[s] && i < places_of(a->passage->stack[s].net) * MOST_GATES * a->H[s]; i++)
            a->mean[s][i] /= (double)a->total[s];
    if (!status && a->counted == 0)
        status = rondo__fail(err, RONDO_ARGUMENT,
                             "inspect: ablate needs to know what is right, to have a loss (give data with answers)");
    return status;
}

/* ---- one passage ---- */

static rondo_status run_change(ablation *a, change *c, rondo__altered *altered, rondo_error *err) {
    double nats;
    altered->index = c->stack;
    altered->stack = &a->passage->stack[c->stack];
    altered->alter = c->alter;
    const rondo_status status = rondo__ablate_loss(a->inspection, altered, &nats, err);
    c->nats += status ? 0 : nats;
    return status;
}

/* Changes [first, first + n): units of one layer and direction. */
static rondo_status run_units(ablation *a, rondo__silencing *s, change *first, int64_t n, rondo_error *err) {
    const rondo_recurrent *net = s->stack->net;
    const int64_t W = rondo_recurrent_output_size(net), T = s->stack->axis.T;
    int64_t unit[AT_A_TIME];
    for (int64_t r = 0; r < n; r++)
        unit[r] = first[r].alter.unit;
    rondo_status status = rondo__silencing_run(s, n, unit, err);
    for (int64_t r = 0; r < n && !status; r++) {
        rondo__altered altered = {.y = s->y + r * T * W};
        for (int i = 0; i < places_of(net); i++) {
            altered.h[i] = s->h[i] + r * net->layer[i].state;
            altered.c[i] = s->c[i] + r * net->layer[i].cell;
        }
        status = run_change(a, &first[r], &altered, err);
    }
    return status;
}

/* How many changes from first on are units of the same layer and direction. */
static int64_t alike(const change *first, int64_t left) {
    int64_t n = 1;
    while (n < left && first[n].stack == first->stack && first[n].alter.layer == first->alter.layer &&
           first[n].alter.direction == first->alter.direction)
        n++;
    return n;
}

/* All units of one layer and direction. */
static rondo_status run_layer(ablation *a, rondo_tape *tape, change *first, int64_t n, rondo_error *err) {
    rondo__silencing s = {.stack = &a->passage->stack[first->stack],
                          .layer = first->alter.layer,
                          .direction = first->alter.direction,
                          .tape = tape,
                          .count = n < AT_A_TIME ? n : AT_A_TIME};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < n && !status;) {
        if (!rondo__silencing_fits(s.stack)) {
            status = run_change(a, &first[i++], &(rondo__altered){0}, err);
            continue;
        }
        const int64_t batch = n - i < s.count ? n - i : s.count;
        status = run_units(a, &s, first + i, batch, err);
        i += batch;
    }
    rondo__silencing_free(&s);
    return status;
}

static rondo_status run_passage(ablation *a, rondo_tape *tape, rondo_error *err) {
    const int64_t plain = a->gates + a->directions;
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < plain && !status; i++)
        status = run_change(a, &a->change[i], &(rondo__altered){0}, err);
    for (int64_t i = 0, n; i < a->units && !status; i += n) {
        change *first = &a->change[plain + i];
        n = alike(first, a->units - i);
        status = run_layer(a, tape, first, n, err);
    }
    return status;
}

static rondo_status run_all(ablation *a, rondo_error *err) {
    rondo_tape *tape = NULL;
    rondo_status status = rondo_tape_create(&tape, a->inspection->floats->task->context, err);
    for (int64_t i = 0; i < a->passages && !status; i++) {
        const int64_t index = rondo__inspect_pick(a->inspection, i);
        if (a->passage->index != index)
            status = rondo__look_at(a->inspection->look, index, err);
        if (!status && a->passage->counted && longest(a->passage) > 0)
            status = run_passage(a, tape, err);
    }
    rondo_tape_destroy(&tape);
    return status;
}

/* ---- what is shown ---- */

static double rise(const ablation *a, const change *c) { return (c->nats - a->nats) / (double)a->counted; }

static void show_bars(ablation *a, const char *title, const change *first, int64_t n) {
    rondo__view_bars *bars = n ? rondo__view_add_bars(a->view, title, n, 1, false) : NULL;
    if (!bars || !rondo__view_side_names(a->view, &bars->x))
        return;
    bars->y_label = "change of the loss";
    for (int64_t i = 0; i < n; i++) {
        bars->x.name[i] = first[i].name;
        bars->serie[0].value[i] = rise(a, &first[i]);
    }
}

/* A loss that is no number is the worst. */
static double worth(const change *c) { return isnan(c->nats) ? INFINITY : c->nats; }

static int by_nats(const void *a, const void *b) {
    const change *x = a, *y = b;
    if (worth(x) != worth(y))
        return worth(x) > worth(y) ? -1 : 1;
    return (x->alter.unit > y->alter.unit) - (x->alter.unit < y->alter.unit);
}

static void show_units(ablation *a, change *first) {
    static const char *const columns[] = {"layer", "unit", "change of the loss"};
    const int64_t limit = a->options->limit ? a->options->limit : USUAL_UNITS, n = a->units < limit ? a->units : limit;
    if (!a->units)
        return;
    qsort(first, (size_t)a->units, sizeof *first, by_nats);
    rondo__view_table *table = rondo__view_add_table(
        a->view, n < a->units ? "units silenced: those that are missed most" : "units silenced", 3, columns, n);
    for (int64_t i = 0; table && i < n; i++) {
        table->cell[i * 3].text = first[i].name;
        table->cell[i * 3 + 1].number = (double)first[i].alter.unit;
        table->cell[i * 3 + 2].number = rise(a, &first[i]);
    }
}

/* 1, 2 or 5 times a power of ten, x or the next above. */
static double round_step(double x) {
    const double ten = pow(10, floor(log10(x)));
    return ten * (x <= ten ? 1 : x <= 2 * ten ? 2 : x <= 5 * ten ? 5 : 10);
}

static rondo__view_bars *add_spread(ablation *a, double low, double high, double *step) {
    enum { BINS = 12 };
    *step = round_step((high - low) / BINS);
    const double first = floor(low / *step), last = floor(high / *step);
    rondo__view_bars *bars =
        rondo__view_add_bars(a->view, "how many units matter how much", (int64_t)(last - first) + 1, 1, true);
    if (!bars)
        return NULL;
    bars->x.label = "change of the loss";
    bars->y_label = "units";
    bars->serie[0].name = "units";
    for (int64_t i = 0; i <= bars->x.count; i++)
        bars->edge[i] = (first + (double)i) * *step;
    return bars;
}

/* How many units matter how much. */
static void show_spread(ablation *a, const change *first) {
    double low = INFINITY, high = -INFINITY, step = 1;
    for (int64_t i = 0; i < a->units; i++) {
        low = fmin(low, rise(a, &first[i]));
        high = fmax(high, rise(a, &first[i]));
    }
    if (a->units < 8 || !(high - low > 1e-12 && isfinite(high - low)))
        return;
    rondo__view_bars *bars = add_spread(a, low, high, &step);
    for (int64_t i = 0; bars && i < a->units; i++) {
        const double x = rise(a, &first[i]), bin = floor(x / step) - floor(low / step);
        if (isfinite(x))
            bars->serie[0].value[(int64_t)bin]++;
    }
}

static void show(ablation *a) {
    const bool nats = strcmp(a->inspection->floats->task->class->name, "forecast") != 0;
    rondo__view_title(a->view, "What the loss becomes without a part of the network");
    rondo__view_fact_add(a->view, "passages", "%lld of %lld, spread over the data", (long long)a->passages,
                         (long long)a->inspection->look->passages);
    rondo__view_fact_add(a->view, "loss of the whole network", "%.4f%s (over %lld %s)", a->nats / (double)a->counted,
                         nats ? " nats" : "", (long long)a->counted, a->inspection->floats->task->class->symbol);
    show_bars(a, "gates frozen at their mean", a->change, a->gates);
    show_bars(a, "directions dropped", a->change + a->gates, a->directions);
    show_units(a, a->change + a->gates + a->directions);
    show_spread(a, a->change + a->gates + a->directions);
}

rondo_status rondo__view_ablate(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                rondo_error *err) {
    ablation a = {.inspection = inspection, .options = options, .view = view, .passage = &inspection->look->passage};
    if (!make_means(&a) || !list_all(&a))
        return rondo__view_check(view, err);
    if (a.gates + a.directions + a.units == 0)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "inspect: there is no gate '%.60s' (an LSTM has input gate, forget gate, "
                           "candidate, output gate, a GRU reset gate, update gate, candidate)",
                           options->gate ? options->gate : "");
    rondo_status status = survey(&a, err);
    if (!status)
        status = run_all(&a, err);
    if (!status)
        show(&a);
    return status;
}
