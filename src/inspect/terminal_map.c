/* Heatmaps and passages in a terminal. A heatmap with more rows than fit shows those that move most, in its order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inspect/order.h"
#include "inspect/terminal.h"

enum { MOST_ROWS = 24, WIDEST_CELL = 8, WIDEST_NAME = 24 };

static double shade_at(const rondo__view_heatmap *m, int64_t row, int64_t column) {
    return (m->value[row * m->columns.count + column] - m->low) / (m->high - m->low);
}

/* ---- rows ---- */

/* Of the shades, so that what is beyond the scale does not count. */
static double spread_of(const rondo__view_heatmap *m, int64_t row) {
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < m->columns.count; i++) {
        const double t = fmin(fmax(shade_at(m, row, i), 0), 1);
        mean += isnan(t) ? 0 : t / (double)m->columns.count;
    }
    for (int64_t i = 0; i < m->columns.count; i++) {
        const double t = fmin(fmax(shade_at(m, row, i), 0), 1);
        sum += isnan(t) ? 0 : (t - mean) * (t - mean);
    }
    return sum;
}

/* The rows that are shown, by index; NULL: out of memory. */
static rondo__ranked *choose_rows(const rondo__view_heatmap *m, int64_t *shown, int64_t most) {
    rondo__ranked *row = rondo__calloc((size_t)m->rows.count, sizeof *row);
    *shown = m->rows.count < most ? m->rows.count : most;
    for (int64_t i = 0; row && i < m->rows.count; i++)
        row[i] = (rondo__ranked){*shown < m->rows.count ? spread_of(m, i) : 0, i};
    if (!row || *shown == m->rows.count)
        return row;
    rondo__rank(m->rows.count, row, true);
    for (int64_t i = 0; i < *shown; i++)
        row[i].key = (double)row[i].index;
    rondo__rank(*shown, row, false);
    return row;
}

/* ---- columns ---- */

typedef struct layout {
    int name, cell; /* cells of row names, of a column */
    int64_t columns;
} layout;

static int widest(const rondo__view_side *side, int most) {
    char room[24];
    int width = 0;
    for (int64_t i = 0; i < side->count; i++) {
        const int cells = rondo__cells(rondo__view_side_name(side, i, room));
        width = cells > width ? cells : width;
    }
    return width < most ? width : most;
}

static layout lay_out(const rondo__screen *s, const rondo__view_heatmap *m) {
    layout l = {.name = widest(&m->rows, WIDEST_NAME)};
    const int64_t room = s->width - l.name - 1;
    const int wanted = widest(&m->columns, WIDEST_CELL) + 1;
    l.cell = wanted <= 2 ? wanted - 1 : wanted;
    if (m->columns.count * l.cell > room)
        l.cell = (int)(room / (m->columns.count > 0 ? m->columns.count : 1));
    l.cell = l.cell < 1 ? 1 : l.cell;
    l.columns = room / l.cell < m->columns.count ? room / l.cell : m->columns.count;
    return l;
}

/* Each name at its column, where it does not run into the one before. */
static void put_column_names(const rondo__screen *s, const rondo__view_heatmap *m, const layout *l) {
    char room[24];
    int64_t at = 0;
    rondo__put_repeated(s, " ", l->name + 1);
    for (int64_t i = 0; i < l->columns; i++) {
        const char *name = rondo__view_side_name(&m->columns, i, room);
        const int cells = rondo__cells(name), cut = l->cell > 2 && cells > l->cell - 1 ? l->cell - 1 : cells;
        const int64_t place = i * l->cell;
        if (place < at || place + cut > l->columns * l->cell)
            continue;
        rondo__put_repeated(s, " ", place - at);
        rondo__put_cells(s, name, cut, false);
        at = place + cut + (cut > l->cell);
        rondo__put_repeated(s, " ", cut > l->cell);
    }
    rondo__put(s, "\n");
}

/* ---- one line ---- */

static void put_row(const rondo__screen *s, const rondo__view_heatmap *m, const layout *l, int64_t row) {
    char room[24];
    rondo__put_cells(s, rondo__view_side_name(&m->rows, row, room), l->name, true);
    rondo__put(s, " ");
    for (int64_t i = 0; i < l->columns; i++) {
        const double t = shade_at(m, row, i);
        rondo__shade_begin(s, t, m->diverging);
        rondo__put_repeated(s, s->colour ? " " : rondo__shade_sign(t, m->diverging), l->cell);
    }
    rondo__shade_end(s);
    rondo__put(s, "\n");
}

/* Two rows in a line of half blocks. */
static void put_pair(const rondo__screen *s, const rondo__view_heatmap *m, const layout *l, int64_t over,
                     int64_t under) {
    char room[24];
    rondo__put_cells(s, rondo__view_side_name(&m->rows, over, room), l->name, true);
    rondo__put(s, " ");
    for (int64_t i = 0; i < l->columns; i++) {
        rondo__shade_pair(s, shade_at(m, over, i), under < 0 ? NAN : shade_at(m, under, i), m->diverging);
        rondo__put_repeated(s, "▀", l->cell);
    }
    rondo__shade_end(s);
    rondo__put(s, "\n");
}

/* low  .. shades ..  high */
static void put_scale(const rondo__screen *s, const rondo__view_heatmap *m, const layout *l) {
    enum { STEPS = 16 };
    rondo__put_repeated(s, " ", l->name + 1);
    rondo__text_format(s->out, "%.3g ", m->low);
    for (int i = 0; i < STEPS; i++) {
        const double t = i / (STEPS - 1.0);
        rondo__shade_begin(s, t, m->diverging);
        rondo__put(s, s->colour ? " " : rondo__shade_sign(t, m->diverging));
    }
    rondo__shade_end(s);
    rondo__text_format(s->out, " %.3g\n", m->high);
}

void rondo__terminal_heatmap(const rondo__screen *s, const rondo__view_heatmap *m) {
    const layout l = lay_out(s, m);
    const bool pairs = s->colour && m->rows.count > MOST_ROWS;
    int64_t shown;
    rondo__ranked *row = choose_rows(m, &shown, pairs ? 2 * MOST_ROWS : MOST_ROWS);
    if (!row) {
        s->out->failed = true;
        return;
    }
    put_column_names(s, m, &l);
    for (int64_t i = 0; i < shown; i += pairs ? 2 : 1) {
        if (pairs)
            put_pair(s, m, &l, row[i].index, i + 1 < shown ? row[i + 1].index : -1);
        else
            put_row(s, m, &l, row[i].index);
    }
    rondo__free(row);
    put_scale(s, m, &l);
    if (shown < m->rows.count)
        rondo__text_format(s->out, "%*s %lld of %lld %ss, those that move most\n", l.name, "", (long long)shown,
                           (long long)m->rows.count, m->rows.label);
    if (l.columns < m->columns.count)
        rondo__text_format(s->out, "%*s the first %lld of %lld %ss, as the terminal is wide\n", l.name, "",
                           (long long)l.columns, (long long)m->columns.count, m->columns.label);
}

/* ---- passages ---- */

static double shade_of_item(const rondo__view_passage *item, int64_t i) {
    return (item->value[i] - item->low) / (item->high - item->low);
}

/* Without colour: a line of bars under the symbols. */
static void put_bars(const rondo__screen *s, const rondo__view_passage *item, int64_t from, int64_t to) {
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    rondo__put(s, "  ");
    for (int64_t i = from; i < to; i++) {
        const double t = shade_of_item(item, i);
        const char *bar = isnan(t) ? " " : bars[(int)fmin(7, fmax(0, floor(t * 8)))];
        const int cells = rondo__cells(item->name[i]);
        rondo__put_repeated(s, bar, cells > 0 ? cells : 1);
    }
    rondo__put(s, "\n");
}

static void put_marks(const rondo__screen *s, const rondo__view_passage *item, int64_t from, int64_t to) {
    if (item->to <= from || item->from >= to || item->to <= item->from)
        return;
    rondo__put(s, "  ");
    for (int64_t i = from; i < to && i < item->to; i++)
        rondo__put_repeated(s, i < item->from ? " " : "^", rondo__cells(item->name[i]));
    rondo__put(s, "\n");
}

static void put_line(const rondo__screen *s, const rondo__view_passage *item, int64_t from, int64_t to) {
    rondo__put(s, "  ");
    for (int64_t i = from; i < to; i++) {
        rondo__shade_begin(s, shade_of_item(item, i), item->low < 0);
        rondo__put(s, item->name[i]);
        rondo__shade_end(s);
    }
    rondo__put(s, "\n");
    if (!s->colour)
        put_bars(s, item, from, to);
    put_marks(s, item, from, to);
}

void rondo__terminal_passages(const rondo__screen *s, const rondo__view_passages *passages) {
    for (int64_t i = 0; i < passages->count; i++) {
        const rondo__view_passage *item = &passages->item[i];
        rondo__put(s, item->title);
        if (!isnan(item->score))
            rondo__text_format(s->out, "  (%.4g)", item->score);
        rondo__put(s, "\n");
        for (int64_t from = 0, to; from < item->count; from = to) {
            int cells = 2;
            for (to = from; to < item->count; to++) {
                cells += rondo__cells(item->name[to]);
                if (cells > s->width && to > from)
                    break;
            }
            put_line(s, item, from, to);
        }
    }
}
