/* The x axis and the curves. */
#include "plot/curves.h"

#include <math.h>

#define TICKS 8
#define ROW 16.0 /* from one line of labels to the next */
#define BETWEEN 10.0

rondo__x_axis rondo__x_axis_over(rondo__extent x, const rondo_plot_axes *axes) {
    rondo__x_axis axis = {.count = 0};
    if (axes->time_x && rondo__time_fits(x)) {
        axis.scale = rondo__scale_time(x);
        axis.count = rondo__time_ticks(&axis.scale, TICKS, axis.tick);
    } else {
        double at[RONDO__MOST_TICKS];
        const bool log = axes->log_x && x.low > 0;
        axis.scale = log ? rondo__scale_log(x, TICKS) : rondo__scale_linear(x, TICKS, true);
        axis.count = rondo__scale_ticks(&axis.scale, at);
        for (int i = 0; i < axis.count; i++) {
            axis.tick[i].at = at[i];
            rondo__scale_label(&axis.scale, at[i], axis.tick[i].label);
        }
    }
    for (int i = 0; i < axis.count; i++)
        axis.two_rows = axis.two_rows || axis.tick[i].under[0];
    return axis;
}

double rondo__x_axis_room(const rondo__x_axis *axis) { return axis->two_rows ? 22 + ROW : 22; }

double rondo__frame_x(const rondo__frame *f, const rondo__x_axis *axis, double value) {
    return f->x + f->width * rondo__scale_at(&axis->scale, value);
}

/* Centred under the tick, but not over the picture's right edge. */
static double middle_of(const rondo__frame *f, const rondo__x_axis *axis, int i, double width) {
    return fmin(rondo__frame_x(f, axis, axis->tick[i].at), f->x + f->width + RONDO__MARGIN + 10 - width / 2);
}

/* From the right, so that where two do not fit the first goes: it is the one that stands at no change of date. */
static void draw_second_row(const rondo__frame *f, const rondo__x_axis *axis, double y) {
    double free = INFINITY;
    for (int i = axis->count; i-- > 0;) {
        const char *text = axis->tick[i].under;
        const double width = rondo__text_width(f->canvas, RONDO__TEXT_SIZE, text);
        const double x = middle_of(f, axis, i, width);
        if (!text[0] || x + width / 2 > free)
            continue;
        rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, text, (rondo__text_place){x, y, 0.5, 0});
        free = x - width / 2 - BETWEEN;
    }
}

void rondo__x_axis_draw(const rondo__frame *f, const rondo__x_axis *axis) {
    const double bottom = f->y + f->height;
    rondo__canvas_colour(f->canvas, rondo__ink());
    for (int i = 0; i < axis->count; i++) {
        const double x = rondo__frame_x(f, axis, axis->tick[i].at);
        rondo__canvas_line(f->canvas, x, bottom, x, bottom + 4, 1);
        rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, axis->tick[i].label, (rondo__text_place){x, bottom + 14, 0.5, 0});
    }
    draw_second_row(f, axis, bottom + 14 + ROW);
    rondo__canvas_line(f->canvas, f->x, bottom, f->x + f->width, bottom, 1);
    rondo__canvas_line(f->canvas, f->x, f->y, f->x, bottom, 1);
    if (f->first_right > 0)
        rondo__canvas_line(f->canvas, f->x + f->width, f->y, f->x + f->width, bottom, 1);
}

bool rondo__curve_has(const rondo_plot_series *s, int64_t i, bool log) {
    return rondo__plot_usable(s->x[i]) && rondo__plot_usable(s->y[i]) && (!log || s->y[i] > 0);
}

void rondo__curve_extents(const rondo_plot_series *s, bool log, rondo__extent *x, rondo__extent *y) {
    for (int64_t i = 0; i < s->count; i++) {
        if (rondo__curve_has(s, i, log)) {
            rondo__extent_add(x, s->x[i]);
            rondo__extent_add(y, s->y[i]);
        }
    }
}

rondo__scale rondo__left_scale(const rondo_plot_axes *axes, rondo__extent extent) {
    if (axes->log_y)
        return rondo__scale_log(extent, 7);
    if (axes->from_zero)
        rondo__extent_add(&extent, 0);
    return rondo__scale_linear(extent, 7, false);
}

/* A point alone between gaps has no line, so it always gets a dot. */
void rondo__curve_draw(const rondo__frame *f, const rondo__x_axis *axis, const rondo__scale *y_scale,
                       const rondo_plot_series *s, int style, bool dots) {
    bool on = false;
    rondo__canvas_colour(f->canvas, rondo__frame_colour(f, style));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < s->count; i++) {
            const bool is = rondo__curve_has(s, i, y_scale->log);
            if (!is) {
                on = false;
                continue;
            }
            const double x = rondo__frame_x(f, axis, s->x[i]);
            const double y = rondo__frame_y(f, rondo__scale_at(y_scale, s->y[i]));
            const bool alone = !on && (i + 1 == s->count || !rondo__curve_has(s, i + 1, y_scale->log));
            if (pass == 1 && (alone || dots))
                rondo__canvas_dot(f->canvas, x, y, 3);
            else if (pass == 0 && on)
                rondo__path_to(f->canvas, x, y);
            else if (pass == 0)
                rondo__path_begin(f->canvas, x, y);
            on = true;
        }
        on = false;
        if (pass == 0)
            rondo__path_stroke(f->canvas, 2, style);
    }
}
