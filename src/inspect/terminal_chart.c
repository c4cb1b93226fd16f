/* Lines, bars and tables in a terminal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/terminal.h"

/* ---- lines: a sign of each series at each column ---- */

enum { CHART_ROWS = 12, CHART_MARGIN = 10, MOST_COLUMNS = 100 };
static const char *const signs[] = {"●", "○", "■", "□", "▲", "△", "◆", "◇"};

typedef struct chart {
    const rondo__view_lines *lines;
    double low_x, high_x, low_y, high_y; /* their logarithms where the axis is one */
    int columns;
    signed char *cell; /* (CHART_ROWS, columns) series, -1: empty */
} chart;

static double place(double x, bool log) { return !log ? x : x > 0 ? log10(x) : NAN; }

static void extend(double *low, double *high, double x) {
    if (!isfinite(x))
        return;
    *low = fmin(*low, x);
    *high = fmax(*high, x);
}

static bool measure(chart *c) {
    const rondo__view_lines *l = c->lines;
    c->low_x = c->low_y = INFINITY;
    c->high_x = c->high_y = -INFINITY;
    for (int64_t i = 0; i < l->count; i++) {
        extend(&c->low_x, &c->high_x, place(l->x[i], l->log_x));
        for (int s = 0; s < l->series; s++)
            extend(&c->low_y, &c->high_y, place(l->serie[s].value[i], l->log_y));
    }
    if (!(c->low_x <= c->high_x && c->low_y <= c->high_y))
        return false;
    c->high_x += c->low_x == c->high_x;
    c->high_y += c->low_y == c->high_y;
    return true;
}

static void draw_series(chart *c, int s) {
    const rondo__view_lines *l = c->lines;
    for (int64_t i = 0; i < l->count; i++) {
        const double x = place(l->x[i], l->log_x), y = place(l->serie[s].value[i], l->log_y);
        if (!isfinite(x) || !isfinite(y))
            continue;
        const int column = (int)lround((x - c->low_x) / (c->high_x - c->low_x) * (c->columns - 1));
        const int row = (int)lround((c->high_y - y) / (c->high_y - c->low_y) * (CHART_ROWS - 1));
        c->cell[row * c->columns + column] = (signed char)s;
    }
}

static void put_height(const rondo__screen *s, const chart *c, int row) {
    const double y = c->high_y - (c->high_y - c->low_y) * row / (CHART_ROWS - 1);
    char label[32] = "";
    if (row % 3 == 0 || row == CHART_ROWS - 1)
        snprintf(label, sizeof label, "%.3g", c->lines->log_y ? pow(10, y) : y);
    rondo__put_cells(s, label, CHART_MARGIN - 2, true);
    rondo__put(s, " │");
}

static void put_chart(const rondo__screen *s, const chart *c) {
    for (int row = 0; row < CHART_ROWS; row++) {
        put_height(s, c, row);
        for (int column = 0; column < c->columns; column++) {
            const int serie = c->cell[row * c->columns + column];
            if (serie < 0) {
                rondo__put(s, " ");
                continue;
            }
            rondo__ink_begin(s, serie);
            rondo__put(s, signs[serie % 8]);
            rondo__shade_end(s);
        }
        rondo__put(s, "\n");
    }
    rondo__put_repeated(s, " ", CHART_MARGIN - 1);
    rondo__put(s, "└");
    rondo__put_repeated(s, "─", c->columns);
    const bool log = c->lines->log_x;
    rondo__text_format(s->out, "\n%*s%-10.4g", CHART_MARGIN, "", log ? pow(10, c->low_x) : c->low_x);
    rondo__put_cells(s, c->lines->x_label, c->columns - 20 > 0 ? c->columns - 20 : 1, false);
    rondo__text_format(s->out, "%10.4g\n", log ? pow(10, c->high_x) : c->high_x);
}

void rondo__terminal_lines(const rondo__screen *s, const rondo__view_lines *l) {
    chart c = {.lines = l};
    c.columns = s->width - CHART_MARGIN - 1 < MOST_COLUMNS ? s->width - CHART_MARGIN - 1 : MOST_COLUMNS;
    if (!measure(&c)) {
        rondo__put(s, "  (no values)\n");
        return;
    }
    c.cell = rondo__alloc((size_t)(CHART_ROWS * c.columns));
    if (!c.cell) {
        s->out->failed = true;
        return;
    }
    memset(c.cell, -1, (size_t)(CHART_ROWS * c.columns));
    for (int i = 0; i < l->series; i++)
        draw_series(&c, i);
    put_chart(s, &c);
    rondo__free(c.cell);
    for (int i = 0; i < l->series; i++) {
        rondo__ink_begin(s, i);
        rondo__text_format(s->out, "  %s %s", signs[i % 8], l->serie[i].name);
        rondo__shade_end(s);
    }
    rondo__put(s, "\n");
    for (int i = 0; i < l->marks; i++)
        rondo__text_format(s->out, "  %c = %.4g: %s\n", l->mark[i].axis, l->mark[i].at, l->mark[i].name);
}

/* ---- bars ---- */

static void bar_name(const rondo__view_bars *b, int64_t i, char out[64]) {
    char room[24];
    if (b->edge)
        snprintf(out, 64, "%.3g to %.3g", b->edge[i], b->edge[i + 1]);
    else
        snprintf(out, 64, "%.60s", rondo__view_side_name(&b->x, i, room));
}

/* Eighths of a cell; what is below 0 is hollow. */
static void put_bar(const rondo__screen *s, double cells, bool below) {
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int eighths = (int)lround(cells * 8);
    rondo__put_repeated(s, below ? "░" : "█", eighths / 8);
    rondo__put(s, below ? "" : parts[eighths % 8]);
}

static void put_value(const rondo__screen *s, const rondo__view_bars *b, int serie, int64_t i, double most, int room) {
    const double value = b->serie[serie].value[i];
    if (!isfinite(value)) {
        rondo__put(s, " -\n");
        return;
    }
    rondo__ink_begin(s, serie);
    put_bar(s, most > 0 ? fabs(value) / most * room : 0, value < 0);
    rondo__shade_end(s);
    rondo__text_format(s->out, " %.4g\n", value);
}

void rondo__terminal_bars(const rondo__screen *s, const rondo__view_bars *b) {
    char name[64];
    int width = 0, series = 0;
    double most = 0;
    for (int64_t i = 0; i < b->x.count; i++) {
        bar_name(b, i, name);
        width = rondo__cells(name) > width ? rondo__cells(name) : width;
        for (int k = 0; k < b->series; k++)
            most = isfinite(b->serie[k].value[i]) ? fmax(most, fabs(b->serie[k].value[i])) : most;
    }
    for (int k = 0; k < b->series && b->series > 1; k++)
        series = rondo__cells(b->serie[k].name) > series ? rondo__cells(b->serie[k].name) : series;
    width = width < 40 ? width : 40;
    series = series < 20 ? series : 20;
    const int room = s->width - width - series - 16 > 8 ? s->width - width - series - 16 : 8;
    for (int64_t i = 0; i < b->x.count; i++) {
        for (int k = 0; k < b->series; k++) {
            bar_name(b, i, name);
            rondo__put_cells(s, k ? "" : name, width, true);
            rondo__put(s, " ");
            rondo__put_cells(s, series ? b->serie[k].name : "", series, false);
            rondo__put(s, series ? " " : "");
            put_value(s, b, k, i, most, room);
        }
    }
}

/* ---- tables ---- */

static int column_width(const rondo__view_table *t, int column) {
    char room[32];
    int width = rondo__cells(t->column[column]);
    for (int64_t r = 0; r < t->rows; r++) {
        const int cells = rondo__cells(rondo__view_cell_text(&t->cell[r * t->columns + column], room));
        width = cells > width ? cells : width;
    }
    return width;
}

void rondo__terminal_table(const rondo__screen *s, const rondo__view_table *t) {
    char room[32];
    for (int64_t r = -1; r < t->rows; r++) {
        int left = s->width;
        for (int c = 0; c < t->columns; c++) {
            const rondo__view_cell *cell = r < 0 ? NULL : &t->cell[r * t->columns + c];
            const bool text = t->rows > 0 && t->cell[c].text;
            const int wanted = column_width(t, c), width = wanted < left - 2 ? wanted : left > 10 ? left - 2 : 8;
            rondo__put(s, c ? "  " : "");
            rondo__put_cells(s, cell ? rondo__view_cell_text(cell, room) : t->column[c], width, !text);
            left -= width + 2;
        }
        rondo__put(s, "\n");
    }
}
