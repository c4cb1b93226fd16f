/* The view `attention`: where each step of the target looked in the source, a heatmap for every head; how spread that
 * is (entropy); and which source symbol each target symbol goes with (Pharaoh's i-j). */
#include <math.h>
#include <string.h>

#include "inspect/alignment.h"
#include "inspect/inspect.h"

typedef struct looking {
    const rondo_view_options *options;
    const rondo__passage *passage;
    rondo_view *view;
} looking;

/* ---- which ---- */

static bool is_wanted(const looking *l, int index) {
    const char *name = l->passage->attention[index].name, *stack = l->options->stack;
    if (stack)
        return strncmp(name, stack, strlen(stack)) == 0;
    return index == 0 || strcmp(l->passage->attention[0].name, "attention") != 0;
}

static bool wants_layer(const looking *l, int layer) { return !l->options->layer || l->options->layer == layer + 1; }

static bool several(const looking *l) {
    int wanted = 0;
    for (int i = 0; i < l->passage->attentions; i++)
        wanted += is_wanted(l, i);
    return wanted > 1;
}

/* "layer 0", with the attention's name where there are several. */
static const char *group_of(const looking *l, const rondo__look_attention *a, int layer) {
    const bool named = several(l), layered = a->layers > 1;
    if (named)
        return layered ? rondo__view_text(l->view, "%s, layer %d", a->name, layer) : a->name;
    return layered ? rondo__view_text(l->view, "layer %d", layer) : a->name;
}

/* Heads of a layer, then, where there are several, their mean. */
static int64_t shown_heads(const rondo__look_attention *a) { return a->heads > 1 ? a->heads + 1 : 1; }

static const char *head_name(const looking *l, const rondo__look_attention *a, int64_t head) {
    return a->heads == 1      ? "weights"
           : head == a->heads ? "mean"
                              : rondo__view_text(l->view, "head %lld", (long long)head);
}

/* ---- heatmaps ---- */

static void name_side(const looking *l, rondo__view_side *side, const rondo__look_axis *axis) {
    side->label = axis->unit;
    if (rondo__view_side_names(l->view, side))
        for (int64_t t = 0; t < axis->T; t++)
            side->name[t] = rondo__view_text(l->view, "%s", axis->label[t]);
}

static void add_map(const looking *l, const rondo__look_attention *a, int layer, int64_t head) {
    const char *group = group_of(l, a, layer), *name = head_name(l, a, head);
    const char *title = a->heads == 1 ? group : rondo__view_text(l->view, "%s: %s", group, name);
    rondo__view_heatmap *map = rondo__view_add_heatmap(l->view, title, a->target->T, a->source->T);
    if (!map)
        return;
    map->group = group;
    map->name = name;
    name_side(l, &map->rows, a->target);
    name_side(l, &map->columns, a->source);
    map->rows.label = rondo__view_text(l->view, "%s%s", a->target == a->source ? "" : "target ", a->target->unit);
    map->columns.label = rondo__view_text(l->view, "%s%s", a->target == a->source ? "" : "source ", a->source->unit);
    rondo__attention_weights(a, layer, head, map->value);
}

/* ---- entropy ---- */

static void add_entropy(const looking *l, const rondo__look_attention *a, int layer) {
    const int64_t heads = shown_heads(a), T = a->target->T;
    const char *title = rondo__view_text(l->view, "%s: entropy", group_of(l, a, layer));
    rondo__view_bars *bars = rondo__view_add_bars(l->view, title, T, (int)heads, false);
    if (!bars)
        return;
    name_side(l, &bars->x, a->target);
    bars->y_label = "bits";
    for (int64_t h = 0; h < heads; h++) {
        bars->serie[h].name = head_name(l, a, h);
        for (int64_t t = 0; t < T; t++)
            bars->serie[h].value[t] = rondo__attention_entropy(a, layer, h, t);
    }
}

static double mean_entropy(const rondo__look_attention *a, int layer, int64_t head) {
    double sum = 0;
    for (int64_t t = 0; t < a->target->T; t++)
        sum += rondo__attention_entropy(a, layer, head, t);
    return sum / (double)a->target->T;
}

static rondo__view_cell number(double x) { return (rondo__view_cell){.number = x}; }

static void add_table(const looking *l, const rondo__look_attention *a) {
    static const char *const columns[] = {"layer", "head", "mean entropy (bits)", "symbols looked at"};
    int64_t rows = 0, row = 0;
    for (int i = 0; i < a->layers; i++)
        rows += wants_layer(l, i) ? shown_heads(a) : 0;
    const char *title =
        rondo__view_text(l->view, "%s: how spread (at most %.2f bits)", a->name, log2(fmax(1, (double)a->source->T)));
    rondo__view_table *table = rondo__view_add_table(l->view, title, 4, columns, rows);
    for (int i = 0; table && i < a->layers; i++)
        for (int64_t h = 0; wants_layer(l, i) && h < shown_heads(a); h++) {
            rondo__view_cell *cell = table->cell + 4 * row++;
            const double entropy = mean_entropy(a, i, h);
            cell[0] = number(i);
            cell[1] = (rondo__view_cell){.text = head_name(l, a, h)};
            cell[2] = number(entropy);
            cell[3] = number(exp2(entropy));
        }
}

static void add_attention(const looking *l, const rondo__look_attention *a) {
    for (int i = 0; i < a->layers; i++)
        for (int64_t h = 0; wants_layer(l, i) && h < shown_heads(a); h++)
            add_map(l, a, i, h);
    for (int i = 0; i < a->layers; i++)
        if (wants_layer(l, i))
            add_entropy(l, a, i);
    add_table(l, a);
}

/* ---- alignment ---- */

/* Of the attention from target to source; layer: the last, unless one is chosen. */
static void align(const looking *l, rondo__text *out) {
    const rondo__look_attention *a = &l->passage->attention[0];
    const int layer = l->options->layer ? l->options->layer - 1 : a->layers - 1;
    if (a->target != a->source && layer < a->layers) /* of the encoder there may be more layers than of this one */
        rondo__attention_align(a, layer, out);
}

/* A line for each passage that is asked for; the one that is shown is laid out when this ends. */
static rondo_status align_all(looking *l, rondo_inspection *inspection, rondo_error *err) {
    const int64_t n = rondo__inspect_passages(inspection, l->options, 1), shown = l->passage->index;
    rondo__text text = {0};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        if (l->options->passages)
            status = rondo__look_at(inspection->look, i, err);
        if (status)
            break;
        align(l, &text);
        rondo__text_add(&text, "\n", 1);
    }
    if (!status && l->passage->index != shown)
        status = rondo__look_at(inspection->look, shown, err);
    if (!status && text.failed)
        status = rondo__fail(err, RONDO_MEMORY, "inspect: no memory for alignments");
    char *copy = status ? NULL : rondo__view_room(l->view, (int64_t)text.size + 1, 1); /* with its line ends */
    if (copy && text.size)
        memcpy(copy, text.data, text.size);
    l->view->alignment = copy;
    rondo__text_free(&text);
    return status;
}

static void add_facts(const looking *l, const rondo_inspection *inspection) {
    rondo__text line = {0};
    if (l->passage->answer)
        rondo__view_fact_add(l->view, l->passage->target.T ? "target" : "truth", "%s", l->passage->answer);
    rondo__view_fact_add(l->view, "passage", "%lld of %lld", (long long)l->passage->index,
                         (long long)inspection->look->passages);
    align(l, &line);
    if (line.failed)
        l->view->failed = true;
    else if (line.size)
        rondo__view_fact_add(l->view, "alignment", "%s", line.data);
    rondo__text_free(&line);
}

/* Is there an attention and a layer as the options say? */
static rondo_status check(const looking *l, rondo_error *err) {
    const rondo__look_attention *first = &l->passage->attention[0], *wanted = NULL;
    if (l->passage->attentions == 0)
        return rondo__fail(err, RONDO_UNSUPPORTED, "inspect: this model has no attention (look at its states)");
    for (int i = 0; i < l->passage->attentions; i++) {
        if (!is_wanted(l, i))
            continue;
        wanted = &l->passage->attention[i];
        if (l->options->layer <= wanted->layers)
            return RONDO_OK;
    }
    if (!wanted)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: there is no attention '%.60s' (there is: %s%s%s)",
                           l->options->stack, first->name, l->passage->attentions > 1 ? ", " : "",
                           l->passage->attentions > 1 ? l->passage->attention[1].name : "");
    return rondo__fail(err, RONDO_ARGUMENT, "inspect: layer %d is not there (%s has %d, from 0 on)",
                       l->options->layer - 1, wanted->name, wanted->layers);
}

rondo_status rondo__view_attention(rondo_inspection *inspection, const rondo_view_options *options, rondo_view *view,
                                   rondo_error *err) {
    looking l = {.options = options, .passage = &inspection->look->passage, .view = view};
    rondo_status status = check(&l, err);
    if (!status)
        status = align_all(&l, inspection, err);
    if (status)
        return status;
    rondo__view_title(view, "%s", l.passage->title);
    add_facts(&l, inspection);
    for (int i = 0; i < l.passage->attentions; i++)
        if (is_wanted(&l, i))
            add_attention(&l, &l.passage->attention[i]);
    return RONDO_OK;
}
