/* A view as JSON: what the report embeds (compact), and what `--to x.json` writes. */
#include "inspect/view.h"

#include <math.h>
#include <string.h>

#include "formats/json_text.h"

static void add_string(rondo__text *out, const char *s) { rondo__json_string(out, s ? s : "", strlen(s ? s : "")); }

/* "key": "text" */
static void add_pair(rondo__text *out, const char *key, const char *text) {
    rondo__text_format(out, "\"%s\": ", key);
    add_string(out, text);
}

static void add_number(rondo__text *out, double x) {
    if (isfinite(x))
        rondo__json_number(out, x);
    else
        rondo__text_format(out, "null");
}

static void add_numbers(rondo__text *out, int64_t n, const double *x) {
    rondo__text_format(out, "[");
    for (int64_t i = 0; i < n; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_number(out, x[i]);
    }
    rondo__text_format(out, "]");
}

static void add_strings(rondo__text *out, int64_t n, const char *const *s) {
    rondo__text_format(out, "[");
    for (int64_t i = 0; i < n; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_string(out, s[i]);
    }
    rondo__text_format(out, "]");
}

static void add_names(rondo__text *out, const rondo__view_side *side) {
    char room[24];
    rondo__text_format(out, "[");
    for (int64_t i = 0; i < side->count; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_string(out, rondo__view_side_name(side, i, room));
    }
    rondo__text_format(out, "]");
}

static void add_side(rondo__text *out, const char *key, const rondo__view_side *side) {
    rondo__text_format(out, "\"%s\": {", key);
    add_pair(out, "label", side->label);
    rondo__text_format(out, ", \"names\": ");
    add_names(out, side);
    rondo__text_format(out, "}");
}

/* ---- heatmaps ---- */

/* 0 is low, 255 high; a value that is none is low. */
static unsigned byte_of(const rondo__view_heatmap *map, int64_t i) {
    const double t = (map->value[i] - map->low) / (map->high - map->low);
    return t > 0 ? t < 1 ? (unsigned)lround(t * 255) : 255 : 0;
}

static void add_base64(rondo__text *out, const rondo__view_heatmap *map) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const int64_t n = map->rows.count * map->columns.count;
    rondo__text_format(out, "\"base64\": \"");
    for (int64_t i = 0; i < n; i += 3) {
        const unsigned bits =
            byte_of(map, i) << 16 | (i + 1 < n ? byte_of(map, i + 1) << 8 : 0) | (i + 2 < n ? byte_of(map, i + 2) : 0);
        const char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], i + 1 < n ? digits[bits >> 6 & 63] : '=',
                              i + 2 < n ? digits[bits & 63] : '='};
        rondo__text_add(out, four, 4);
    }
    rondo__text_format(out, "\"");
}

static void add_matrix(rondo__text *out, const rondo__view_heatmap *map, bool compact) {
    rondo__text_format(out, "\"matrix\": {\"rows\": %lld, \"columns\": %lld, \"low\": ", (long long)map->rows.count,
                       (long long)map->columns.count);
    add_number(out, map->low);
    rondo__text_format(out, ", \"high\": ");
    add_number(out, map->high);
    rondo__text_format(out, ", ");
    if (compact)
        add_base64(out, map);
    else
        rondo__text_format(out, "\"values\": [");
    for (int64_t i = 0; !compact && i < map->rows.count; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_numbers(out, map->columns.count, map->value + i * map->columns.count);
    }
    rondo__text_format(out, compact ? "}" : "]}");
}

static void add_heatmap(rondo__text *out, const rondo__view_heatmap *map, bool compact) {
    if (map->group) {
        rondo__text_format(out, ", ");
        add_pair(out, "group", map->group);
    }
    rondo__text_format(out, ", ");
    add_pair(out, "name", map->name);
    rondo__text_format(out, ", \"diverging\": %s, ", map->diverging ? "true" : "false");
    add_side(out, "rows", &map->rows);
    rondo__text_format(out, ", ");
    add_side(out, "columns", &map->columns);
    rondo__text_format(out, ", ");
    add_matrix(out, map, compact);
}

/* ---- lines, bars ---- */

static void add_series(rondo__text *out, int series, const rondo__view_series *serie, int64_t n) {
    rondo__text_format(out, "\"series\": [");
    for (int i = 0; i < series; i++) {
        rondo__text_format(out, "%s{", i ? ", " : "");
        add_pair(out, "name", serie[i].name);
        rondo__text_format(out, ", \"values\": ");
        add_numbers(out, n, serie[i].value);
        rondo__text_format(out, "}");
    }
    rondo__text_format(out, "]");
}

static void add_lines(rondo__text *out, const rondo__view_lines *lines) {
    rondo__text_format(out, ", \"x\": {");
    add_pair(out, "label", lines->x_label);
    rondo__text_format(out, ", \"log\": %s, \"values\": ", lines->log_x ? "true" : "false");
    add_numbers(out, lines->count, lines->x);
    rondo__text_format(out, "}, \"y\": {");
    add_pair(out, "label", lines->y_label);
    rondo__text_format(out, ", \"log\": %s}, ", lines->log_y ? "true" : "false");
    add_series(out, lines->series, lines->serie, lines->count);
    rondo__text_format(out, ", \"marks\": [");
    for (int i = 0; i < lines->marks; i++) {
        rondo__text_format(out, "%s{\"axis\": \"%c\", \"at\": ", i ? ", " : "", lines->mark[i].axis);
        add_number(out, lines->mark[i].at);
        rondo__text_format(out, ", ");
        add_pair(out, "name", lines->mark[i].name);
        rondo__text_format(out, "}");
    }
    rondo__text_format(out, "]");
}

static void add_bars(rondo__text *out, const rondo__view_bars *bars) {
    rondo__text_format(out, ", \"x\": {");
    add_pair(out, "label", bars->x.label);
    rondo__text_format(out, bars->edge ? ", \"edges\": " : ", \"names\": ");
    if (bars->edge)
        add_numbers(out, bars->x.count + 1, bars->edge);
    else
        add_names(out, &bars->x);
    rondo__text_format(out, "}, \"y\": {");
    add_pair(out, "label", bars->y_label);
    rondo__text_format(out, "}, ");
    add_series(out, bars->series, bars->serie, bars->x.count);
}

/* ---- tables, passages ---- */

static void add_table(rondo__text *out, const rondo__view_table *table) {
    rondo__text_format(out, ", \"columns\": ");
    add_strings(out, table->columns, table->column);
    rondo__text_format(out, ", \"rows\": [");
    for (int64_t r = 0; r < table->rows; r++) {
        rondo__text_format(out, r ? ", [" : "[");
        for (int c = 0; c < table->columns; c++) {
            const rondo__view_cell *cell = &table->cell[r * table->columns + c];
            rondo__text_format(out, "%s", c ? ", " : "");
            if (cell->text)
                add_string(out, cell->text);
            else
                add_number(out, cell->number);
        }
        rondo__text_format(out, "]");
    }
    rondo__text_format(out, "]");
}

static void add_passage(rondo__text *out, const rondo__view_passage *item) {
    rondo__text_format(out, "{");
    add_pair(out, "title", item->title);
    rondo__text_format(out, ", \"names\": ");
    add_strings(out, item->count, item->name);
    rondo__text_format(out, ", \"values\": ");
    add_numbers(out, item->count, item->value);
    rondo__text_format(out, ", \"low\": ");
    add_number(out, item->low);
    rondo__text_format(out, ", \"high\": ");
    add_number(out, item->high);
    rondo__text_format(out, ", \"score\": ");
    add_number(out, item->score);
    if (item->to > item->from)
        rondo__text_format(out, ", \"mark\": [%lld, %lld]", (long long)item->from, (long long)item->to);
    rondo__text_format(out, "}");
}

static void add_passages(rondo__text *out, const rondo__view_passages *passages) {
    rondo__text_format(out, ", \"items\": [");
    for (int64_t i = 0; i < passages->count; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_passage(out, &passages->item[i]);
    }
    rondo__text_format(out, "]");
}

/* ---- all of it ---- */

static void add_panel(rondo__text *out, const rondo__panel *panel, bool compact) {
    static const char *const kinds[] = {[RONDO__HEATMAP] = "heatmap",
                                        [RONDO__LINES] = "lines",
                                        [RONDO__BARS] = "bars",
                                        [RONDO__TABLE] = "table",
                                        [RONDO__PASSAGES] = "passages"};
    rondo__text_format(out, "{\"kind\": \"%s\", ", kinds[panel->kind]);
    add_pair(out, "title", panel->title);
    if (panel->kind == RONDO__HEATMAP)
        add_heatmap(out, &panel->heatmap, compact);
    else if (panel->kind == RONDO__LINES)
        add_lines(out, &panel->lines);
    else if (panel->kind == RONDO__BARS)
        add_bars(out, &panel->bars);
    else if (panel->kind == RONDO__TABLE)
        add_table(out, &panel->table);
    else
        add_passages(out, &panel->passages);
    rondo__text_format(out, "}");
}

void rondo__view_json(const rondo_view *view, bool compact, rondo__text *out) {
    rondo__text_format(out, "{\"kind\": \"%s\", ", view->kind);
    add_pair(out, "title", view->title);
    rondo__text_format(out, ", \"facts\": [");
    for (int i = 0; i < view->facts; i++) {
        rondo__text_format(out, "%s[", i ? ", " : "");
        add_string(out, view->fact[i].name);
        rondo__text_format(out, ", ");
        add_string(out, view->fact[i].text);
        rondo__text_format(out, "]");
    }
    rondo__text_format(out, "], \"panels\": [");
    for (int i = 0; i < view->panels; i++) {
        rondo__text_format(out, "%s", i ? ", " : "");
        add_panel(out, view->panel[i], compact);
    }
    rondo__text_format(out, "]}");
}
