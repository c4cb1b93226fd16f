/* Lines over a common x axis. */
#include "plot/curves.h"

#define AREA_WIDTH 720.0
#define AREA_HEIGHT 400.0
#define FEW_POINTS 40 /* up to here each point gets a dot */

static void draw(rondo__canvas *canvas, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                 int right, const char *right_label, const char **name) {
    const int lefts = right > 0 ? right : count;
    rondo__extent x = rondo__extent_none(), left = x, beyond = x;
    for (int i = 0; i < count; i++) {
        rondo__curve_extents(&series[i], i < lefts && axes->log_y, &x, i < lefts ? &left : &beyond);
        name[i] = series[i].name;
    }
    const rondo__x_axis x_axis = rondo__x_axis_over(x, axes);
    rondo__frame f = {
        .canvas = canvas,
        .axes = *axes,
        .left = rondo__left_scale(axes, left),
        .right = rondo__scale_linear(beyond, 7, false),
        .right_label = right_label,
        .names = count,
        .name = name,
        .first_right = right,
        .width = AREA_WIDTH,
        .height = AREA_HEIGHT,
        .below = rondo__x_axis_room(&x_axis),
    };
    rondo__frame_begin(&f);
    rondo__x_axis_draw(&f, &x_axis);
    for (int i = 0; i < count; i++)
        rondo__curve_draw(&f, &x_axis, i < lefts ? &f.left : &f.right, &series[i], i, series[i].count <= FEW_POINTS);
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
