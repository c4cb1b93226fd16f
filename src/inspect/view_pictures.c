/* Heatmaps, lines and bars on a sheet: the pictures of src/plot, of what a view holds. */
#include "inspect/view_plot.h"

#ifdef RONDO_HAVE_CAIRO
#include <math.h>
#include <stdio.h>

#include "kernels/kernels.h"

static void fail(rondo__canvas *canvas) { rondo__canvas_fail(canvas, RONDO_MEMORY, "no memory for a picture"); }

/* ---- heatmaps ---- */

void rondo__picture_heatmap(rondo__canvas *canvas, const rondo__panel *panel) {
    const rondo__view_heatmap *map = &panel->heatmap;
    const int64_t cells = map->rows.count * map->columns.count;
    real *value = rondo__calloc((size_t)cells, sizeof *value);
    if (!value) {
        fail(canvas);
        return;
    }
    for (int64_t i = 0; i < cells; i++)
        value[i] = (real)map->value[i];
    const rondo_plot_axes axes = {.title = panel->title, .x_label = map->columns.label, .y_label = map->rows.label};
    const rondo_plot_grid grid = {.rows = map->rows.count,
                                  .columns = map->columns.count,
                                  .value = value,
                                  .row_label = map->rows.name,
                                  .column_label = map->columns.name,
                                  .low = map->low,
                                  .high = map->high,
                                  .diverging = map->diverging};
    rondo__draw_heatmap(canvas, &axes, &grid);
    rondo__free(value);
}

/* ---- lines ---- */

typedef struct extent {
    double low, high;
} extent;

static void extend(extent *e, double x, bool log) {
    if (!isfinite(x) || (log && x <= 0))
        return;
    e->low = fmin(e->low, x);
    e->high = fmax(e->high, x);
}

/* A mark is one more line, straight across. */
static void add_mark(const rondo__view_mark *mark, extent x, extent y, double room[4], rondo_plot_series *out) {
    const bool upright = mark->axis == 'x';
    room[0] = upright ? mark->at : x.low;
    room[1] = upright ? mark->at : x.high;
    room[2] = upright ? y.low : mark->at;
    room[3] = upright ? y.high : mark->at;
    *out = (rondo_plot_series){.name = mark->name, .count = 2, .x = room, .y = room + 2};
}

void rondo__picture_lines(rondo__canvas *canvas, const rondo__panel *panel) {
    const rondo__view_lines *l = &panel->lines;
    extent x = {INFINITY, -INFINITY}, y = x;
    double room[RONDO__VIEW_MARKS][4];
    rondo_plot_series *series = rondo__calloc((size_t)(l->series + l->marks), sizeof *series);
    if (!series) {
        fail(canvas);
        return;
    }
    for (int s = 0; s < l->series; s++) {
        series[s] = (rondo_plot_series){l->serie[s].name, l->count, l->x, l->serie[s].value};
        for (int64_t i = 0; i < l->count; i++) {
            extend(&x, l->x[i], l->log_x);
            extend(&y, l->serie[s].value[i], l->log_y);
        }
    }
    for (int i = 0; i < l->marks; i++)
        add_mark(&l->mark[i], x, y, room[i], &series[l->series + i]);
    const rondo_plot_axes axes = {.title = panel->title,
                                  .x_label = l->x_label,
                                  .y_label = l->y_label,
                                  .log_x = l->log_x && x.low > 0,
                                  .log_y = l->log_y};
    if (x.low <= x.high && y.low <= y.high)
        rondo__draw_lines(canvas, &axes, l->series + l->marks, series, 0, NULL);
    else
        rondo__canvas_size(canvas, 0, 0);
    rondo__free(series);
}

/* ---- bars ---- */

/* A histogram's bars are named by where they begin. */
static const char *bar_name(const rondo__view_bars *b, int64_t i, char room[24]) {
    if (!b->edge)
        return rondo__view_side_name(&b->x, i, room);
    snprintf(room, 24, "%.3g", b->edge[i]);
    return room;
}

static void draw_bars(rondo__canvas *canvas, const rondo__panel *panel, const char **name, const char **series,
                      char (*room)[24], double *value) {
    const rondo__view_bars *b = &panel->bars;
    for (int64_t i = 0; i < b->x.count; i++)
        name[i] = bar_name(b, i, room[i]);
    for (int s = 0; s < b->series; s++)
        series[s] = b->serie[s].name;
    bool any = false;
    for (int64_t i = 0; i < b->x.count; i++) {
        for (int s = 0; s < b->series; s++) {
            value[i * b->series + s] = b->serie[s].value[i];
            any = any || isfinite(b->serie[s].value[i]);
        }
    }
    const rondo_plot_axes axes = {.title = panel->title, .x_label = b->x.label, .y_label = b->y_label};
    if (any)
        rondo__draw_bars(canvas, &axes, (int)b->x.count, name, b->series, b->series > 1 ? series : NULL, value);
    else
        rondo__canvas_size(canvas, 0, 0);
}

void rondo__picture_bars(rondo__canvas *canvas, const rondo__panel *panel) {
    const rondo__view_bars *b = &panel->bars;
    const size_t count = (size_t)b->x.count, series = (size_t)b->series;
    const char **name = rondo__calloc(count, sizeof *name), **of = rondo__calloc(series, sizeof *of);
    char(*room)[24] = rondo__calloc(count, sizeof *room);
    double *value = rondo__calloc(count, series * sizeof *value);
    if (name && of && room && value)
        draw_bars(canvas, panel, name, of, room, value);
    else
        fail(canvas);
    rondo__free(name);
    rondo__free(of);
    rondo__free(room);
    rondo__free(value);
}
#endif
