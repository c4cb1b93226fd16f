/* Lines over a common x axis. */
#include <math.h>

#include "plot/frame.h"

#define AREA_WIDTH 720.0
#define AREA_HEIGHT 400.0
#define FEW_POINTS 40 /* up to here each point gets a dot */
#define TICK_ROOM 22.0

/* A value that has a place on the axis. */
static bool is_point(const rondo_plot_series *s, int64_t i, bool log) {
    return rondo__plot_usable(s->x[i]) && rondo__plot_usable(s->y[i]) && (!log || s->y[i] > 0);
}

static rondo__extent extent_of(const rondo_plot_series *series, int begin, int end, bool log, bool of_x) {
    rondo__extent extent = rondo__extent_none();
    for (int s = begin; s < end; s++) {
        for (int64_t i = 0; i < series[s].count; i++) {
            if (is_point(&series[s], i, log))
                rondo__extent_add(&extent, of_x ? series[s].x[i] : series[s].y[i]);
        }
    }
    return extent;
}

static rondo__scale left_scale(const rondo_plot_axes *axes, rondo__extent extent) {
    if (axes->log_y)
        return rondo__scale_log(extent, 7);
    if (axes->from_zero)
        rondo__extent_add(&extent, 0);
    return rondo__scale_linear(extent, 7, false);
}

static void draw_x_axis(const rondo__frame *f, const rondo__scale *x_scale) {
    double tick[RONDO__MOST_TICKS];
    const int count = rondo__scale_ticks(x_scale, tick);
    const double bottom = f->y + f->height;
    for (int i = 0; i < count; i++) {
        char label[32];
        const double x = f->x + f->width * rondo__scale_at(x_scale, tick[i]);
        rondo__scale_label(x_scale, tick[i], label);
        rondo__canvas_line(f->canvas, x, bottom, x, bottom + 4, 1);
        rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, label, (rondo__text_place){x, bottom + 14, 0.5, 0});
    }
    rondo__canvas_line(f->canvas, f->x, bottom, f->x + f->width, bottom, 1);
    rondo__canvas_line(f->canvas, f->x, f->y, f->x, bottom, 1);
    if (f->first_right > 0)
        rondo__canvas_line(f->canvas, f->x + f->width, f->y, f->x + f->width, bottom, 1);
}

/* A point alone between gaps has no line, so it always gets a dot. */
static void draw_series(const rondo__frame *f, const rondo__scale *x_scale, const rondo__scale *y_scale,
                        const rondo_plot_series *s, int style) {
    bool on = false;
    rondo__canvas_colour(f->canvas, rondo__colour_of_series(style));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < s->count; i++) {
            const bool is = is_point(s, i, y_scale->log);
            if (!is) {
                on = false;
                continue;
            }
            const double x = f->x + f->width * rondo__scale_at(x_scale, s->x[i]);
            const double y = rondo__frame_y(f, rondo__scale_at(y_scale, s->y[i]));
            const bool alone = !on && (i + 1 == s->count || !is_point(s, i + 1, y_scale->log));
            if (pass == 1 && (alone || s->count <= FEW_POINTS))
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

static void draw(rondo__canvas *canvas, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                 int right, const char *right_label, const char **name) {
    const int lefts = right > 0 ? right : count;
    rondo__extent x = extent_of(series, 0, lefts, axes->log_y, true);
    const rondo__extent x_right = extent_of(series, lefts, count, false, true);
    rondo__extent_add(&x, x_right.low);
    rondo__extent_add(&x, x_right.high);
    const rondo__scale x_scale = rondo__scale_linear(x, 8, true);
    rondo__frame f = {
        .canvas = canvas,
        .axes = *axes,
        .left = left_scale(axes, extent_of(series, 0, lefts, axes->log_y, false)),
        .right = rondo__scale_linear(extent_of(series, lefts, count, false, false), 7, false),
        .right_label = right_label,
        .names = count,
        .name = name,
        .first_right = right,
        .width = AREA_WIDTH,
        .height = AREA_HEIGHT,
        .below = TICK_ROOM,
    };
    for (int i = 0; i < count; i++)
        name[i] = series[i].name;
    rondo__frame_begin(&f);
    draw_x_axis(&f, &x_scale);
    for (int i = 0; i < count; i++)
        draw_series(&f, &x_scale, i < lefts ? &f.left : &f.right, &series[i], i);
}

void rondo__draw_lines(rondo__canvas *canvas, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                       int right, const char *right_label) {
    const char **name = rondo__calloc((size_t)count, sizeof *name);
    if (!name) {
        rondo__canvas_fail(canvas, RONDO_MEMORY, "no memory for a picture");
        return;
    }
    draw(canvas, axes, count, series, right, right_label, name);
    rondo__free(name);
}
