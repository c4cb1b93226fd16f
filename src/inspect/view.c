#include "inspect/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

rondo_view *rondo__view_create(const char *kind) {
    rondo_view *view = rondo__calloc(1, sizeof *view);
    if (!view)
        return NULL;
    view->kind = kind;
    view->title = "";
    rondo__arena_init(&view->room);
    return view;
}

void rondo_view_free(rondo_view **view) {
    if (!view || !*view)
        return;
    rondo__arena_free(&(*view)->room);
    rondo__free((*view)->fact);
    rondo__free((*view)->panel);
    rondo__free(*view);
    *view = NULL;
}

rondo_status rondo__view_check(const rondo_view *view, rondo_error *err) {
    return view->failed ? rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the view '%s'", view->kind) : RONDO_OK;
}

void *rondo__view_room(rondo_view *view, int64_t count, size_t bytes) {
    size_t all;
    void *room = NULL;
    if (!view->failed && count >= 0 && rondo__size_mul((size_t)count, bytes, &all)) {
        room = rondo__arena_push(&view->room, all ? all : 1);
        if (room)
            memset(room, 0, all ? all : 1);
    }
    view->failed = !room;
    return room;
}

/* Texts come from data, names of files and vocabularies: what steers a terminal becomes blanks, what is no UTF-8
 * question marks. */
static void make_harmless(char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        const unsigned char *u = (const unsigned char *)text + at;
        const int length = rondo__utf8_length(u, size - at);
        if (length == 0)
            text[at] = '?';
        else if (u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && u[1] < 0xa0))
            memset(text + at, ' ', (size_t)length);
        at += length > 0 ? (size_t)length : 1;
    }
}

static const char *write_text(rondo_view *view, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : rondo__view_room(view, size + 1, 1);
    if (!text)
        return "";
    vsnprintf(text, (size_t)size + 1, format, args);
    make_harmless(text, (size_t)size);
    return text;
}

const char *rondo__view_text(rondo_view *view, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = write_text(view, format, args);
    va_end(args);
    return text;
}

void rondo__view_title(rondo_view *view, const char *format, ...) {
    va_list args;
    va_start(args, format);
    view->title = write_text(view, format, args);
    va_end(args);
}

/* One more of *array (bytes each), *count of *room in use. NULL: no memory. */
static void *grow(rondo_view *view, void **array, int *count, int *room, size_t bytes) {
    if (*count == *room) {
        const size_t more = *room ? 2 * (size_t)*room : 16;
        void *larger = view->failed ? NULL : rondo__realloc(*array, (size_t)*room * bytes, more * bytes);
        view->failed = !larger;
        if (!larger)
            return NULL;
        *array = larger;
        *room = (int)more;
    }
    return view->failed ? NULL : (char *)*array + (size_t)(*count)++ * bytes;
}

void rondo__view_fact_add(rondo_view *view, const char *name, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const rondo__view_fact made = {rondo__view_text(view, "%s", name), write_text(view, format, args)};
    va_end(args);
    void *list = view->fact;
    rondo__view_fact *fact = grow(view, &list, &view->facts, &view->facts_room, sizeof *fact);
    view->fact = list;
    if (fact)
        *fact = made;
}

static rondo__panel *add(rondo_view *view, rondo__panel_kind kind, const char *title) {
    rondo__panel *panel = rondo__view_room(view, 1, sizeof *panel);
    const char *copy = rondo__view_text(view, "%s", title);
    void *list = view->panel;
    rondo__panel **place = grow(view, &list, &view->panels, &view->panels_room, sizeof(rondo__panel *));
    view->panel = list;
    if (!place)
        return NULL;
    panel->kind = kind;
    panel->title = copy;
    *place = panel;
    return panel;
}

/* ---- panels ---- */

bool rondo__view_side_names(rondo_view *view, rondo__view_side *side) {
    side->name = rondo__view_room(view, side->count, sizeof *side->name);
    for (int64_t i = 0; side->name && i < side->count; i++)
        side->name[i] = "";
    return side->name != NULL;
}

const char *rondo__view_side_name(const rondo__view_side *side, int64_t i, char room[24]) {
    if (side->name)
        return side->name[i];
    snprintf(room, 24, "%lld", (long long)i);
    return room;
}

rondo__view_heatmap *rondo__view_add_heatmap(rondo_view *view, const char *title, int64_t rows, int64_t columns) {
    int64_t cells;
    rondo__panel *panel = add(view, RONDO__HEATMAP, title);
    if (!panel || __builtin_mul_overflow(rows, columns, &cells))
        return NULL;
    rondo__view_heatmap *map = &panel->heatmap;
    *map =
        (rondo__view_heatmap){.name = panel->title, .rows = {"row", rows, NULL}, .columns = {"column", columns, NULL}};
    map->value = rondo__view_room(view, cells, sizeof *map->value);
    map->high = 1;
    return map->value ? map : NULL;
}

static rondo__view_series *make_series(rondo_view *view, int series, int64_t count) {
    rondo__view_series *serie = rondo__view_room(view, series, sizeof *serie);
    for (int i = 0; serie && i < series; i++) {
        serie[i] = (rondo__view_series){"", rondo__view_room(view, count, sizeof(double))};
        if (!serie[i].value)
            return NULL;
    }
    return serie;
}

rondo__view_lines *rondo__view_add_lines(rondo_view *view, const char *title, int64_t count, int series) {
    rondo__panel *panel = add(view, RONDO__LINES, title);
    if (!panel)
        return NULL;
    rondo__view_lines *lines = &panel->lines;
    *lines = (rondo__view_lines){.x_label = "", .y_label = "", .count = count, .series = series};
    lines->x = rondo__view_room(view, count, sizeof *lines->x);
    lines->serie = make_series(view, series, count);
    return lines->x && lines->serie ? lines : NULL;
}

rondo__view_bars *rondo__view_add_bars(rondo_view *view, const char *title, int64_t count, int series, bool edges) {
    rondo__panel *panel = add(view, RONDO__BARS, title);
    if (!panel)
        return NULL;
    rondo__view_bars *bars = &panel->bars;
    *bars = (rondo__view_bars){.x = {"", count, NULL}, .y_label = "", .series = series};
    bars->edge = edges ? rondo__view_room(view, count + 1, sizeof *bars->edge) : NULL;
    bars->serie = make_series(view, series, count);
    return bars->serie && (!edges || bars->edge) ? bars : NULL;
}

rondo__view_table *rondo__view_add_table(rondo_view *view, const char *title, int columns, const char *const *column,
                                         int64_t rows) {
    int64_t cells;
    rondo__panel *panel = add(view, RONDO__TABLE, title);
    if (!panel || __builtin_mul_overflow(rows, columns, &cells))
        return NULL;
    rondo__view_table *table = &panel->table;
    *table = (rondo__view_table){.columns = columns, .rows = rows};
    table->column = rondo__view_room(view, columns, sizeof *table->column);
    table->cell = rondo__view_room(view, cells, sizeof *table->cell);
    for (int i = 0; table->cell && i < columns; i++)
        table->column[i] = rondo__view_text(view, "%s", column[i]);
    return view->failed ? NULL : table;
}

const char *rondo__view_cell_text(const rondo__view_cell *cell, char room[32]) {
    if (cell->text)
        return cell->text;
    if (isnan(cell->number))
        return "-";
    snprintf(room, 32, cell->number == floor(cell->number) && fabs(cell->number) < 1e15 ? "%.0f" : "%.4g",
             cell->number);
    return room;
}

rondo__view_passages *rondo__view_add_passages(rondo_view *view, const char *title, int64_t count) {
    rondo__panel *panel = add(view, RONDO__PASSAGES, title);
    if (!panel)
        return NULL;
    panel->passages = (rondo__view_passages){count, rondo__view_room(view, count, sizeof(rondo__view_passage))};
    for (int64_t i = 0; panel->passages.item && i < count; i++)
        panel->passages.item[i].title = "";
    return panel->passages.item ? &panel->passages : NULL;
}

bool rondo__view_passage_begin(rondo_view *view, rondo__view_passage *item, int64_t count) {
    item->count = count;
    item->name = rondo__view_room(view, count, sizeof *item->name);
    item->value = rondo__view_room(view, count, sizeof *item->value);
    for (int64_t i = 0; item->value && i < count; i++)
        item->name[i] = "";
    return item->value != NULL;
}

void rondo__view_mark_add(rondo_view *view, rondo__view_lines *lines, char axis, double at, const char *name) {
    if (lines->marks < RONDO__VIEW_MARKS)
        lines->mark[lines->marks++] = (rondo__view_mark){axis, at, rondo__view_text(view, "%s", name)};
}
