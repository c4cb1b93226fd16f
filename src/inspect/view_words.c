/* Tables and passages on a sheet. */
#include "inspect/view_plot.h"

#ifdef RONDO_HAVE_CAIRO
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SIZE RONDO__TEXT_SIZE
#define ROW 21.0
#define GAP 22.0
#define PASSAGE_WIDTH 900.0

/* ---- tables ---- */

static double column_width(rondo__canvas *canvas, const rondo__view_table *t, int c) {
    char room[32];
    double width = rondo__text_width(canvas, SIZE, t->column[c]);
    for (int64_t r = 0; r < t->rows; r++)
        width = fmax(width, rondo__text_width(canvas, SIZE, rondo__view_cell_text(&t->cell[r * t->columns + c], room)));
    return width;
}

void rondo__picture_table(rondo__canvas *canvas, const rondo__panel *panel) {
    const rondo__view_table *t = &panel->table;
    const double top = rondo__title_room(panel->title) + ROW / 2;
    double x = RONDO__MARGIN;
    for (int c = 0; c < t->columns; c++)
        x += column_width(canvas, t, c) + GAP;
    const double width = fmax(x, rondo__text_width(canvas, RONDO__TITLE_SIZE, panel->title) + RONDO__MARGIN);
    rondo__canvas_size(canvas, width + RONDO__MARGIN, top + ROW * (double)(t->rows + 1) + RONDO__MARGIN);
    rondo__title_draw(canvas, panel->title, RONDO__MARGIN);
    x = RONDO__MARGIN;
    for (int c = 0; c < t->columns; c++) {
        const double column = column_width(canvas, t, c);
        const bool text = t->rows > 0 && t->cell[c].text;
        const double at = text ? x : x + column, anchor = text ? 0 : 1;
        rondo__canvas_colour(canvas, (rondo__colour){0.4, 0.4, 0.4});
        rondo__text_draw(canvas, SIZE, t->column[c], (rondo__text_place){at, top, anchor, 0});
        rondo__canvas_colour(canvas, rondo__ink());
        for (int64_t r = 0; r < t->rows; r++) {
            char room[32];
            rondo__text_draw(canvas, SIZE, rondo__view_cell_text(&t->cell[r * t->columns + c], room),
                             (rondo__text_place){at, top + ROW * (double)(r + 1), anchor, 0});
        }
        x += column + GAP;
    }
    rondo__canvas_colour(canvas, rondo__faint());
    rondo__canvas_line(canvas, RONDO__MARGIN, top + ROW / 2, x - GAP, top + ROW / 2, 1);
}

/* ---- passages: each symbol on the shade of its value ---- */

static rondo__colour ground_of(const rondo__view_passage *item, double t) {
    return item->low < 0 ? rondo__colour_of_difference(t) : rondo__colour_of_value(t);
}

/* Is dark ink read on it? */
static bool is_light(rondo__colour c) { return 0.3 * c.red + 0.59 * c.green + 0.11 * c.blue > 0.5; }

static void draw_symbol(rondo__canvas *canvas, const rondo__view_passage *item, int64_t i, double x, double y,
                        double width) {
    const double t = (item->value[i] - item->low) / (item->high - item->low);
    rondo__colour ink = rondo__ink();
    if (!isnan(t)) {
        const rondo__colour ground = ground_of(item, t);
        rondo__canvas_colour(canvas, ground);
        rondo__canvas_box(canvas, x, y - ROW / 2 + 1, width, ROW - 3);
        ink = is_light(ground) ? ink : (rondo__colour){1, 1, 1};
    }
    if (i >= item->from && i < item->to) {
        rondo__canvas_colour(canvas, rondo__ink());
        rondo__canvas_line(canvas, x, y + ROW / 2 - 1, x + width, y + ROW / 2 - 1, 2);
    }
    rondo__canvas_colour(canvas, ink);
    rondo__text_draw(canvas, SIZE, item->name[i], (rondo__text_place){x + 1, y, 0, 0});
}

/* Returns the height below y that the symbols take. */
static double draw_symbols(rondo__canvas *canvas, const rondo__view_passage *item, double y) {
    double x = RONDO__MARGIN, begin = y;
    for (int64_t i = 0; i < item->count; i++) {
        const double width = rondo__text_width(canvas, SIZE, item->name[i]) + 2;
        if (x + width > RONDO__MARGIN + PASSAGE_WIDTH && x > RONDO__MARGIN) {
            x = RONDO__MARGIN;
            y += ROW;
        }
        draw_symbol(canvas, item, i, x, y, width);
        x += width;
    }
    return y + ROW - begin;
}

static double draw_item(rondo__canvas *canvas, const rondo__view_passage *item, double y) {
    char title[200];
    if (isnan(item->score))
        snprintf(title, sizeof title, "%.150s", item->title);
    else
        snprintf(title, sizeof title, "%.150s  (%.4g)", item->title, item->score);
    for (size_t bad; (bad = rondo__utf8_check(title, strlen(title))) < strlen(title);)
        title[bad] = '\0';
    rondo__canvas_colour(canvas, (rondo__colour){0.4, 0.4, 0.4});
    rondo__text_draw(canvas, SIZE, title, (rondo__text_place){RONDO__MARGIN, y, 0, 0});
    return ROW + draw_symbols(canvas, item, y + ROW) + 6;
}

void rondo__picture_passages(rondo__canvas *canvas, const rondo__panel *panel) {
    double y = rondo__title_room(panel->title) + ROW / 2;
    rondo__title_draw(canvas, panel->title, RONDO__MARGIN);
    for (int64_t i = 0; i < panel->passages.count; i++)
        y += draw_item(canvas, &panel->passages.item[i], y);
    rondo__canvas_size(canvas, PASSAGE_WIDTH + 2 * RONDO__MARGIN, y + RONDO__MARGIN);
}
#endif
