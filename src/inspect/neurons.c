/* The view `neurons`: which units follow a pattern of the input (correlation), where a unit is most active, and where
 * the units are as they are in a given stretch. Data are gone through twice: once for the correlations, once for the
 * places where the unit that is chosen by them is most active. */
#include "inspect/neurons.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { MOST_ROWS = 10000, STEPS = 4096, MOST_PASSAGES = 512 }; /* that are gone through, unless their number is given */

const rondo__look_stack *rondo__neurons_stack(const rondo__neurons *n) {
    return &n->inspection->look->passage.stack[n->stack];
}

int64_t rondo__neurons_limit(const rondo__neurons *n) {
    const int64_t limit = n->options->limit ? n->options->limit : RONDO__NEURON_LIMIT;
    return limit < MOST_ROWS ? limit : MOST_ROWS;
}

/* ---- units ---- */

bool rondo__neurons_wants(const rondo__neurons *n, const rondo__units_part *part) {
    const char *gate = n->options->gate;
    return rondo__inspect_wants_layer(n->options, part->layer, part->direction) &&
           (!gate || strncasecmp(part->cell ? "cell" : "hidden", gate, strlen(gate)) == 0);
}

static rondo_status check_parts(const rondo__neurons *n, rondo_error *err) {
    for (int p = 0; p < n->units.parts; p++)
        if (rondo__neurons_wants(n, &n->units.part[p]))
            return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "inspect: neurons has no '%.60s' (it has hidden%s)", n->options->gate,
                       n->units.parts > 1 && n->units.part[1].cell ? " and cell" : "");
}

/* The best of all units that are wanted. */
static int64_t best_unit(const rondo__neurons *n, int pattern) {
    int64_t best = -1;
    for (int p = 0; p < n->units.parts; p++) {
        const rondo__units_part *part = &n->units.part[p];
        if (!rondo__neurons_wants(n, part))
            continue;
        const int64_t unit = rondo__correlation_best(&n->correlation, pattern, part->first, part->first + part->count);
        if (unit >= 0 && (best < 0 || fabs(rondo__correlation_of(&n->correlation, pattern, unit)) >
                                          fabs(rondo__correlation_of(&n->correlation, pattern, best))))
            best = unit;
    }
    return best;
}

/* ---- passages ---- */

static bool make_room(rondo__neurons *n, int64_t T) {
    size_t cells, bytes;
    if (T <= n->room)
        return true;
    if (!rondo__size_mul((size_t)T, (size_t)n->units.count, &cells) || !rondo__size_mul(cells, sizeof(double), &bytes))
        return false;
    rondo__free(n->state);
    rondo__free(n->value);
    rondo__free(n->score);
    n->room = 0;
    n->state = rondo__alloc(bytes);
    n->value = rondo__calloc((size_t)T, sizeof *n->value);
    n->score = rondo__calloc((size_t)T, sizeof *n->score);
    n->room = n->state && n->value && n->score ? T : 0;
    return n->room == T;
}

rondo_status rondo__neurons_lay(rondo__neurons *n, int64_t index, rondo_error *err) {
    rondo__look *look = n->inspection->look;
    rondo_status status = look->passage.index == index ? RONDO_OK : rondo__look_at(look, index, err);
    if (status)
        return status;
    const rondo__look_stack *stack = rondo__neurons_stack(n);
    if (!make_room(n, stack->axis.T))
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the states of %lld steps",
                           (long long)stack->axis.T);
    status = rondo__units_run(&n->units, stack, n->state, err);
    return status ? status : rondo__patterns_of(&n->patterns, &stack->axis, n->options->pattern, err);
}

rondo_status rondo__neurons_passage(rondo__neurons *n, int64_t i, int64_t *index, rondo_error *err) {
    *index = rondo__inspect_pick(n->inspection, i);
    return rondo__neurons_lay(n, *index, err);
}

static rondo_status correlate(rondo__neurons *n, rondo_error *err) {
    rondo_status status = RONDO_OK;
    int64_t index;
    for (int64_t i = 0; i < n->passages && !status; i++) {
        status = rondo__neurons_passage(n, i, &index, err);
        if (status)
            break;
        n->steps += rondo__neurons_stack(n)->axis.T;
        rondo__correlation_add(&n->correlation, rondo__neurons_stack(n)->axis.T, n->state, &n->patterns);
    }
    return status;
}

/* ---- what is looked at ---- */

static rondo_status no_pattern(const rondo__neurons *n, rondo_error *err) {
    const char *names[RONDO__PATTERNS], *wanted = n->options->pattern;
    rondo__text list = {0};
    for (int p = 0; p < n->patterns.count; p++) {
        names[p] = n->patterns.pattern[p].name;
        rondo__text_format(&list, "%s%s", p ? ", " : "", names[p]);
    }
    const char *near = rondo__nearest_name(wanted, names, n->patterns.count);
    const rondo_status status =
        near ? rondo__fail(err, RONDO_ARGUMENT, "inspect: there is no pattern '%.60s' (did you mean '%s'?)", wanted,
                           near)
             : rondo__fail(err, RONDO_ARGUMENT, "inspect: there is no pattern '%.60s' (there are: %s)", wanted,
                           list.failed ? "" : list.data);
    rondo__text_free(&list);
    return status;
}

/* Of the first part that is wanted: layer 0, forward, h, unless others are chosen. */
static rondo_status choose_unit(rondo__neurons *n, rondo_error *err) {
    int p = 0;
    while (!rondo__neurons_wants(n, &n->units.part[p]))
        p++;
    const rondo__units_part *part = &n->units.part[p];
    if (n->options->unit > part->count) /* behind a projection there are fewer */
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: unit %lld is not there (%s of layer %d has %lld, from 0 on)",
                           (long long)(n->options->unit - 1), part->cell ? "c" : "h", part->layer,
                           (long long)part->count);
    n->unit = part->first + n->options->unit - 1;
    return RONDO_OK;
}

static void choose_strongest(rondo__neurons *n) {
    double most = -1;
    for (int p = 0; p < n->correlation.patterns; p++) {
        const int64_t unit = best_unit(n, p);
        const double r = unit < 0 ? -1 : fabs(rondo__correlation_of(&n->correlation, p, unit));
        if (r > most) {
            most = r;
            n->pattern = p;
            n->unit = unit;
        }
    }
}

static rondo_status choose(rondo__neurons *n, rondo_error *err) {
    n->pattern = -1;
    n->unit = -1;
    if (n->options->pattern) {
        n->pattern = rondo__patterns_find(&n->patterns, n->options->pattern);
        if (n->pattern < 0)
            return no_pattern(n, err);
        n->unit = best_unit(n, n->pattern);
        if (n->unit < 0)
            return rondo__fail(err, RONDO_ARGUMENT,
                               "inspect: the pattern '%.60s' never changes in these data (give more, or others)",
                               n->options->pattern);
    } else if (!n->options->unit)
        choose_strongest(n);
    rondo_status status = n->options->unit ? choose_unit(n, err) : RONDO_OK;
    n->turned = n->pattern >= 0 && n->unit >= 0 && rondo__correlation_of(&n->correlation, n->pattern, n->unit) < 0;
    return status;
}

/* ---- where it is most active, and by what value of the pattern ---- */

int rondo__neurons_bins(const rondo__neurons *n) {
    const double range = n->correlation.high[n->pattern] - n->correlation.low[n->pattern];
    return range == floor(range) && range < RONDO__NEURON_BINS ? (int)range + 1 : RONDO__NEURON_BINS;
}

int rondo__neurons_bin(const rondo__neurons *n, double value) {
    const double low = n->correlation.low[n->pattern], high = n->correlation.high[n->pattern];
    const int bins = rondo__neurons_bins(n);
    if (isnan(value))
        return -1;
    const double at = high > low ? (value - low) / (high - low) * (bins - 1) : 0;
    return at < 0 ? 0 : at > bins - 1 ? bins - 1 : (int)(at + 0.5);
}

static void add_bins(rondo__neurons *n, int64_t T) {
    for (int64_t t = 0; n->pattern >= 0 && t < T; t++) {
        const int bin = rondo__neurons_bin(n, n->patterns.pattern[n->pattern].value[t]);
        if (bin < 0)
            continue;
        n->bin[bin] += n->value[t];
        n->in_bin[bin]++;
    }
}

static rondo_status find_places(rondo__neurons *n, rondo_error *err) {
    rondo_status status = rondo__picks_make(&n->picks, rondo__neurons_limit(n), err);
    int64_t index;
    for (int64_t i = 0; i < n->passages && !status && n->unit >= 0; i++) {
        status = rondo__neurons_passage(n, i, &index, err);
        if (status)
            break;
        const rondo__look_axis *axis = &rondo__neurons_stack(n)->axis;
        for (int64_t t = 0; t < axis->T; t++) {
            n->value[t] = n->state[t * n->units.count + n->unit];
            n->score[t] = n->turned ? -n->value[t] : n->value[t];
        }
        add_bins(n, axis->T);
        status = rondo__picks_offer(&n->picks, index, axis, n->value, 1, n->score, err);
    }
    return status;
}

/* ---- all of it ---- */

static rondo_status open_stack(rondo__neurons *n, rondo_error *err) {
    rondo__look *look = n->inspection->look;
    while (!rondo__inspect_wants_stack(n->options, rondo__neurons_stack(n)))
        n->stack++;
    const rondo__look_stack *stack = rondo__neurons_stack(n);
    const int64_t each = stack->axis.T > 8 ? stack->axis.T : 8, usual = STEPS / each + 1;
    n->passages = rondo__inspect_passages(n->inspection, n->options, usual < MOST_PASSAGES ? usual : MOST_PASSAGES);
    rondo_status status = rondo__units_open(&n->units, rondo_tape_context(look->tape), stack->net, err);
    return status ? status : check_parts(n, err);
}

static rondo_status follow_patterns(rondo__neurons *n, rondo_error *err) {
    rondo_status status = rondo__neurons_lay(n, n->options->passage, err); /* what patterns are there? */
    if (!status)
        status = rondo__correlation_make(&n->correlation, n->units.count, n->patterns.count, err);
    if (!status)
        status = correlate(n, err);
    if (!status)
        status = choose(n, err);
    if (!status)
        status = find_places(n, err);
    return status ? status : rondo__neurons_show(n, err);
}

rondo_status rondo__view_neurons(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                 rondo_error *err) {
    rondo__neurons n = {.inspection = inspection, .options = options, .view = view, .pattern = -1, .unit = -1};
    const bool like = options->like_to > 0 || options->like_from > 0;
    rondo_status status = open_stack(&n, err);
    if (!status && like && (options->pattern || options->unit))
        status = rondo__fail(err, RONDO_ARGUMENT, "inspect: like goes without a pattern and a unit (leave them out)");
    if (!status)
        status = like ? rondo__neurons_like(&n, err) : follow_patterns(&n, err);
    rondo__units_close(&n.units);
    rondo__patterns_free(&n.patterns);
    rondo__correlation_free(&n.correlation);
    rondo__picks_free(&n.picks);
    rondo__free(n.state);
    rondo__free(n.value);
    rondo__free(n.score);
    return status;
}
