#include <math.h>
#include <string.h>

#include "inspect/neurons.h"

enum { FEWEST = 5 }; /* steps of which a mean is shown */

static rondo__view_cell text(const char *text) { return (rondo__view_cell){.text = text}; }
static rondo__view_cell number(double x) { return (rondo__view_cell){.number = x}; }

const char *rondo__neurons_name(const rondo__neurons *n, int64_t unit) {
    const rondo__units_part *part = rondo__units_find(&n->units, unit);
    const bool both = n->units.net->directions == 2;
    return rondo__view_text(n->view, "layer %d%s, %s %lld", part->layer,
                            !both             ? ""
                            : part->direction ? ", backward"
                                              : ", forward",
                            part->cell ? "c" : "h", (long long)(unit - part->first));
}

/* ---- ranks ---- */

/* Something and the correlation it is ranked by. */
typedef struct ranked {
    int64_t unit;
    int pattern;
    double r;
} ranked;

/* Puts one in its place by falling |r|; the last falls out of a full list. */
static void rank(ranked *list, int64_t *count, int64_t limit, ranked one) {
    int64_t at = *count;
    if (isnan(one.r) || (at == limit && fabs(one.r) <= fabs(list[at - 1].r)))
        return;
    at = *count < limit ? (*count)++ : limit - 1;
    for (; at > 0 && fabs(list[at - 1].r) < fabs(one.r); at--)
        list[at] = list[at - 1];
    list[at] = one;
}

static void rank_units(const rondo__neurons *n, int pattern, ranked *list, int64_t *count, int64_t limit) {
    for (int p = 0; p < n->units.parts; p++) {
        const rondo__units_part *part = &n->units.part[p];
        for (int64_t u = part->first; rondo__neurons_wants(n, part) && u < part->first + part->count; u++)
            rank(list, count, limit, (ranked){u, pattern, rondo__correlation_of(&n->correlation, pattern, u)});
    }
}

/* What the tables and the heatmap are about: of a pattern its units, of a unit its patterns, else of each pattern its
 * best unit. */
static ranked *make_list(const rondo__neurons *n, int64_t *count) {
    const bool of_pattern = n->options->pattern && !n->options->unit;
    const int64_t limit = of_pattern ? rondo__neurons_limit(n) : RONDO__PATTERNS;
    ranked *list = rondo__view_room(n->view, limit, sizeof *list);
    *count = 0;
    if (!list)
        return NULL;
    if (of_pattern) {
        rank_units(n, n->pattern, list, count, limit);
        return list;
    }
    for (int p = 0; p < n->correlation.patterns; p++) {
        ranked best = {0};
        int64_t found = 0;
        if (n->options->unit)
            rank(list, count, limit, (ranked){n->unit, p, rondo__correlation_of(&n->correlation, p, n->unit)});
        else
            rank_units(n, p, &best, &found, 1);
        if (found)
            rank(list, count, limit, best);
    }
    return list;
}

/* ---- panels ---- */

static const char *pattern_name(const rondo__neurons *n, int pattern) {
    return rondo__view_text(n->view, "%s", n->patterns.pattern[pattern].name);
}

static void add_table(const rondo__neurons *n, const ranked *list, int64_t count) {
    static const char *const columns[] = {"pattern", "unit", "correlation", "mean of the pattern"};
    const char *title = n->options->unit      ? "what it follows"
                        : n->options->pattern ? "the units that follow it"
                                              : "the unit that follows each pattern best";
    rondo__view_table *table = rondo__view_add_table(n->view, title, 4, columns, count);
    for (int64_t i = 0; table && i < count; i++) {
        const int p = list[i].pattern;
        table->cell[4 * i] = text(pattern_name(n, p));
        table->cell[4 * i + 1] = text(rondo__neurons_name(n, list[i].unit));
        table->cell[4 * i + 2] = number(list[i].r);
        table->cell[4 * i + 3] = number(n->correlation.shift[p] + n->correlation.y[p] / n->correlation.n[p]);
    }
}

static bool is_listed(const ranked *list, int64_t before, int64_t unit) {
    for (int64_t i = 0; i < before; i++)
        if (list[i].unit == unit)
            return true;
    return false;
}

/* The table above says which unit it is. */
static const char *row_name(const rondo__neurons *n, const ranked *one) {
    return n->options->pattern || n->options->unit ? rondo__neurons_name(n, one->unit) : pattern_name(n, one->pattern);
}

/* c has no bounds: it is drawn in proportion to what is largest here. */
static void fill_row(const rondo__neurons *n, rondo__view_heatmap *map, int64_t row, int64_t unit, int64_t from) {
    const int64_t steps = map->columns.count;
    const double *state = n->state + from * n->units.count + unit;
    double most = 1;
    if (rondo__units_find(&n->units, unit)->cell) {
        most = 0;
        for (int64_t t = 0; t < steps; t++)
            most = fmax(most, fabs(state[t * n->units.count]));
    }
    for (int64_t t = 0; t < steps; t++)
        map->value[row * steps + t] = most > 0 ? state[t * n->units.count] / most : 0;
}

/* The units listed over the passage that is chosen. */
static rondo_status add_map(rondo__neurons *n, const ranked *list, int64_t count, rondo_error *err) {
    const int64_t limit = rondo__neurons_limit(n);
    rondo_status status = rondo__neurons_lay(n, n->options->passage, err);
    if (status)
        return status;
    const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
    const int64_t from = n->options->from, most = n->options->steps ? n->options->steps : RONDO__NEURON_STEPS;
    const int64_t steps = axis->T - from < most ? axis->T - from : most;
    int64_t rows = 0, row = 0;
    if (steps < 1)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: step %lld is not there (passage %lld has %lld)",
                           (long long)from, (long long)n->options->passage, (long long)axis->T);
    for (int64_t i = 0; i < count && rows < limit; i++)
        rows += !is_listed(list, i, list[i].unit);
    const char *title = rondo__view_text(n->view, "passage %lld: %s", (long long)n->options->passage,
                                         n->inspection->look->passage.title);
    rondo__view_heatmap *map = rondo__view_add_heatmap(n->view, title, rows, steps);
    if (!map || !rondo__view_side_names(n->view, &map->rows) || !rondo__view_side_names(n->view, &map->columns))
        return RONDO_OK; /* told by the view's check */
    map->low = -1;
    map->high = 1;
    map->diverging = true;
    map->rows.label = "unit";
    map->columns.label = axis->unit;
    for (int64_t t = 0; t < steps; t++)
        map->columns.name[t] = rondo__view_text(n->view, "%s", axis->label[from + t]);
    for (int64_t i = 0; i < count && row < rows; i++) {
        if (is_listed(list, i, list[i].unit))
            continue;
        map->rows.name[row] = row_name(n, &list[i]);
        fill_row(n, map, row++, list[i].unit, from);
    }
    return RONDO_OK;
}

/* The unit's mean by the pattern's value. */
static void add_means(const rondo__neurons *n) {
    const int bins = n->pattern >= 0 ? rondo__neurons_bins(n) : 0;
    const double low = n->correlation.low[n->pattern >= 0 ? n->pattern : 0];
    const double high = n->correlation.high[n->pattern >= 0 ? n->pattern : 0];
    if (n->unit < 0 || bins < 2)
        return;
    const char *name = pattern_name(n, n->pattern);
    const char *title = rondo__view_text(n->view, "%s by %s", rondo__neurons_name(n, n->unit), name);
    rondo__view_lines *lines = rondo__view_add_lines(n->view, title, bins, 1);
    if (!lines)
        return;
    lines->x_label = name;
    lines->y_label = "mean of the unit";
    lines->serie[0].name = "mean";
    for (int b = 0; b < bins; b++) {
        lines->x[b] = low + (high - low) * b / (bins - 1);
        lines->serie[0].value[b] = n->in_bin[b] >= FEWEST ? n->bin[b] / n->in_bin[b] : NAN;
    }
}

void rondo__neurons_show_picks(rondo__neurons *n, const char *title, double low, double high) {
    rondo__view_passages *panel = rondo__view_add_passages(n->view, title, n->picks.count);
    for (int64_t i = 0; panel && i < n->picks.count; i++) {
        const rondo__pick *pick = &n->picks.pick[i];
        rondo__view_passage *item = &panel->item[i];
        if (!rondo__view_passage_begin(n->view, item, pick->count))
            return;
        item->title = rondo__view_text(n->view, "passage %lld, %s", (long long)pick->passage, pick->place);
        item->score = n->turned ? -pick->score : pick->score; /* the unit's value */
        item->from = pick->from;
        item->to = pick->to;
        item->low = low;
        item->high = high;
        for (int64_t t = 0; t < pick->count; t++) {
            item->name[t] = rondo__view_text(n->view, "%s", pick->name[t]);
            item->value[t] = pick->value[t];
        }
    }
}

static double largest(const rondo__picks *picks) {
    double most = 0;
    for (int64_t i = 0; i < picks->count; i++)
        for (int64_t t = 0; t < picks->pick[i].count; t++)
            most = fmax(most, fabs(picks->pick[i].value[t]));
    return most > 0 ? most : 1;
}

static void add_facts(const rondo__neurons *n) {
    if (n->inspection->look->passage.stacks > 1)
        rondo__view_fact_add(n->view, "stack", "%s", rondo__neurons_stack(n)->name);
    rondo__view_fact_add(n->view, "passages", "%lld of %lld, spread over the data, %lld steps", (long long)n->passages,
                         (long long)n->inspection->look->passages, (long long)n->steps);
    if (n->units.part[n->units.parts - 1].cell)
        rondo__view_fact_add(n->view, "heatmap", "c in proportion to its largest");
    if (n->unit >= 0 && n->pattern >= 0)
        rondo__view_fact_add(n->view, "shown", "%s, which %s '%s' (correlation %.3f)", rondo__neurons_name(n, n->unit),
                             n->turned ? "falls with" : "follows", pattern_name(n, n->pattern),
                             rondo__correlation_of(&n->correlation, n->pattern, n->unit));
}

rondo_status rondo__neurons_show(rondo__neurons *n, rondo_error *err) {
    int64_t count;
    const ranked *list = make_list(n, &count);
    rondo__view_title(n->view, "which units follow what");
    add_facts(n);
    if (!list)
        return RONDO_OK; /* told by the view's check */
    add_table(n, list, count);
    rondo_status status = count > 0 ? add_map(n, list, count, err) : RONDO_OK;
    add_means(n);
    if (!status && n->unit >= 0) {
        const double most = largest(&n->picks);
        rondo__neurons_show_picks(n,
                                  rondo__view_text(n->view, "where %s is %s", rondo__neurons_name(n, n->unit),
                                                   n->turned ? "lowest" : "highest"),
                                  -most, most);
    }
    return status;
}
