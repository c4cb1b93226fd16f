/* The view `states`: what every unit of a stack does at each step of one passage, a heatmap for each gate, the cell and
 * the hidden units of each layer and direction, all in one order of units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "inspect/inspect.h"
#include "inspect/order.h"

enum { USUAL_STEPS = 60 };

typedef struct states {
    const rondo_view_options *options;
    const rondo__passage *passage;
    rondo_view *view;
    int stack;
    int64_t from, steps; /* the cut */
    const rondo__trace_layer *at;
    int64_t *order; /* (units): of the heatmaps' rows */
    int64_t units;
} states;

/* ---- one heatmap ---- */

/* Values run from low to high; both 0: from -x to x, as large as they usually are. */
typedef struct quantity {
    const char *name;
    const double *value; /* (T, width) */
    int64_t width;
    double low, high;
} quantity;

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What 98 of 100 values do not pass: a few units that count for ever would leave the others without any shade. */
static double usual_size(const states *s, const quantity *q) {
    const int64_t n = s->units * s->steps;
    double *size = rondo__view_room(s->view, n, sizeof *size);
    for (int64_t i = 0; size && i < n; i++)
        size[i] = fabs(q->value[(s->from + i % s->steps) * q->width + s->order[i / s->steps]]);
    if (!size)
        return 1;
    qsort(size, (size_t)n, sizeof *size, by_size);
    const double high = size[(n - 1) - (n - 1) / 50];
    return high > 0 ? high : size[n - 1] > 0 ? size[n - 1] : 1;
}

static void add_names(const states *s, rondo__view_heatmap *map) {
    const rondo__look_axis *axis = &s->passage->stack[s->stack].axis;
    map->rows.label = "unit";
    map->columns.label = axis->unit;
    if (!rondo__view_side_names(s->view, &map->rows) || !rondo__view_side_names(s->view, &map->columns))
        return;
    for (int64_t i = 0; i < s->units; i++)
        map->rows.name[i] = rondo__view_text(s->view, "%lld", (long long)s->order[i]);
    for (int64_t t = 0; t < s->steps; t++)
        map->columns.name[t] = rondo__view_text(s->view, "%s", axis->label[s->from + t]);
}

static void add_map(const states *s, const quantity *q) {
    const char *group = rondo__inspect_layer_name(s->view, s->passage, s->stack, s->at->layer, s->at->direction);
    const char *title = rondo__view_text(s->view, "%s: %s", group, q->name);
    rondo__view_heatmap *map = rondo__view_add_heatmap(s->view, title, s->units, s->steps);
    if (!map)
        return;
    const bool even = q->low == 0 && q->high == 0;
    map->group = group;
    map->name = q->name;
    map->high = even ? usual_size(s, q) : q->high;
    map->low = even ? -map->high : q->low;
    map->diverging = map->low < 0;
    add_names(s, map);
    for (int64_t i = 0; i < s->units; i++)
        for (int64_t t = 0; t < s->steps; t++)
            map->value[i * s->steps + t] = q->value[(s->from + t) * q->width + s->order[i]];
}

/* ---- what a layer has ---- */

enum { QUANTITIES = 8 };

/* The bounds of what the cells' equations make. */
static int quantities(const rondo__look_stack *stack, const rondo__trace_layer *at, int64_t T,
                      quantity out[QUANTITIES]) {
    const rondo_recurrent_config *config = &stack->net->config;
    const bool plain = config->cell == RONDO_ELMAN || config->cell == RONDO_JORDAN;
    const bool tanh_units = !plain || config->activation == RONDO_TANH,
               sigmoid_units = config->activation == RONDO_SIGMOID;
    const double low = tanh_units ? -1 : 0, high = tanh_units || sigmoid_units ? 1 : 0;
    int n = 0;
    for (int g = 0; g < at->gates && !plain; g++) {
        const bool candidate = strcmp(at->gate_name[g], "candidate") == 0;
        out[n++] = (quantity){at->gate_name[g], at->gate + g * T * at->H, at->H, candidate ? -1 : 0, 1};
    }
    if (at->cell)
        out[n++] = (quantity){"cell", at->cell, at->H, 0, 0};
    out[n++] = (quantity){"hidden", at->hidden, at->H, high == 0 ? 0 : low, high};
    if (at->state)
        out[n++] = (quantity){"state", at->state, at->Q, 0, 0};
    if (at->R != at->H || config->cell == RONDO_JORDAN)
        out[n++] = (quantity){"output", at->output, at->R, 0, 0};
    return n;
}

static bool is_wanted(const states *s, const char *name) {
    return !s->options->gate || strncasecmp(name, s->options->gate, strlen(s->options->gate)) == 0;
}

/* How far unit j moves about its mean. */
static double spread_of(const states *s, const quantity *q, int64_t j) {
    double mean = 0, sum = 0;
    for (int64_t t = s->from; t < s->from + s->steps; t++)
        mean += q->value[t * q->width + j] / (double)s->steps;
    for (int64_t t = s->from; t < s->from + s->steps; t++)
        sum += (q->value[t * q->width + j] - mean) * (q->value[t * q->width + j] - mean);
    return isnan(sum) ? INFINITY : sum;
}

/* Those that move most, in the order that they have; by their mean: the first. */
static rondo_status choose_units(states *s, const quantity *q, int64_t limit, rondo_error *err) {
    rondo__ranked *item = rondo__calloc((size_t)s->units, sizeof *item);
    if (!item)
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory to order %lld units", (long long)q->width);
    for (int64_t i = 0; i < s->units; i++)
        item[i] = (rondo__ranked){s->options->order == RONDO_ORDER_MEAN ? 0 : spread_of(s, q, s->order[i]), i};
    rondo__rank(s->units, item, true);
    for (int64_t i = 0; i < limit; i++)
        item[i].key = (double)item[i].index;
    rondo__rank(limit, item, false);
    for (int64_t i = 0; i < limit; i++)
        s->order[i] = s->order[item[i].index]; /* index >= i */
    s->units = limit;
    rondo__free(item);
    return RONDO_OK;
}

/* Rows: those of the hidden units' order that are wanted; a quantity of another width keeps its own order. */
static rondo_status order_units(states *s, const quantity *q, rondo_error *err) {
    const int64_t unit = s->options->unit, limit = s->options->limit;
    s->order = rondo__view_room(s->view, q->width, sizeof *s->order);
    s->units = q->width;
    if (!s->order ||
        !rondo__order_units(s->order, s->steps, q->width, q->value + s->from * q->width, s->options->order))
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory to order %lld units", (long long)q->width);
    if (unit) {
        s->order[0] = unit - 1 < q->width ? unit - 1 : 0;
        s->units = 1;
        return RONDO_OK;
    }
    return limit && limit < s->units ? choose_units(s, q, limit, err) : RONDO_OK;
}

static rondo_status add_layer(states *s, const rondo__trace_layer *at, int64_t T, int *maps, rondo_error *err) {
    quantity q[QUANTITIES], hidden = {"hidden", at->hidden, at->H, 0, 0};
    const int n = quantities(&s->passage->stack[s->stack], at, T, q);
    s->at = at;
    rondo_status status = order_units(s, &hidden, err);
    for (int i = 0; i < n && !status; i++) {
        if (!is_wanted(s, q[i].name) || s->options->unit > q[i].width)
            continue;
        if (q[i].width != at->H)
            status = order_units(s, &q[i], err);
        if (!status)
            add_map(s, &q[i]);
        ++*maps;
    }
    return status;
}

/* ---- all layers ---- */

static rondo_status refuse_gate(const states *s, rondo_error *err) {
    quantity q[QUANTITIES];
    rondo__text list = {0};
    rondo__trace trace;
    const rondo__look_stack *stack = &s->passage->stack[s->stack];
    rondo_status status = rondo__inspect_trace(stack, NULL, &trace, err);
    if (status)
        return status;
    const int n = quantities(stack, &trace.at[0], trace.T, q);
    for (int i = 0; i < n; i++)
        rondo__text_format(&list, "%s%s", i ? ", " : "", q[i].name);
    status = rondo__fail(err, RONDO_ARGUMENT, "inspect: there is no '%.60s' in the %s (it has %s)", s->options->gate,
                         stack->name, list.failed ? "others" : list.data);
    rondo__text_free(&list);
    rondo__trace_free(&trace);
    return status;
}

static rondo_status add_stack(states *s, int *maps, rondo_error *err) {
    const rondo__look_stack *stack = &s->passage->stack[s->stack];
    const int64_t T = stack->axis.T, wanted = s->options->steps ? s->options->steps : USUAL_STEPS;
    rondo__trace trace;
    s->from = s->options->from;
    s->steps = T - s->from < wanted ? T - s->from : wanted;
    if (s->steps < 1)
        return T == 0 ? rondo__fail(err, RONDO_ARGUMENT, "inspect: passage %lld has no steps (choose another one)",
                                    (long long)s->passage->index)
                      : rondo__fail(err, RONDO_ARGUMENT,
                                    "inspect: step %lld is not there (the %s of passage %lld has %lld)",
                                    (long long)s->from, stack->name, (long long)s->passage->index, (long long)T);
    rondo__look_stack part = *stack;
    if (stack->net->directions == 1) /* what comes later has no say */
        part.axis.T = s->from + s->steps;
    rondo_status status = rondo__inspect_trace(&part, NULL, &trace, err);
    for (int i = 0; !status && i < trace.layers * trace.directions; i++)
        if (rondo__inspect_wants_layer(s->options, trace.at[i].layer, trace.at[i].direction))
            status = add_layer(s, &trace.at[i], trace.T, maps, err);
    if (!status)
        rondo__view_fact_add(
            s->view, s->passage->stacks > 1 ? rondo__view_text(s->view, "steps of the %s", stack->name) : "steps",
            "%lld to %lld of %lld", (long long)s->from, (long long)(s->from + s->steps - 1), (long long)T);
    rondo__trace_free(&trace);
    return status;
}

rondo_status rondo__view_states(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                rondo_error *err) {
    static const char *const orders[] = {"units that act alike together", "by number", "by their mean",
                                         "by the step of their peak"};
    states s = {.options = options, .passage = &inspection->look->passage, .view = view};
    int maps = 0;
    rondo_status status = RONDO_OK;
    rondo__view_title(view, "%s", s.passage->title);
    if (s.passage->answer)
        rondo__view_fact_add(view, s.passage->target.T ? "target" : "truth", "%s", s.passage->answer);
    rondo__view_fact_add(view, "passage", "%lld of %lld", (long long)s.passage->index,
                         (long long)inspection->look->passages);
    for (s.stack = 0; s.stack < s.passage->stacks && !status; s.stack++)
        if (rondo__inspect_wants_stack(options, &s.passage->stack[s.stack]))
            status = add_stack(&s, &maps, err);
    rondo__view_fact_add(view, "order of units", "%s", orders[options->order]);
    if (!status && maps == 0) {
        s.stack = options->stack && strcmp(options->stack, s.passage->stack[0].name) != 0;
        return refuse_gate(&s, err);
    }
    return status;
}
