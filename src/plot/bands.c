/* A forecast: bands between quantiles, and lines over them.
 *
 * A band is a flat shade with an edge, from the same ramp as heat maps, so that it also stands off from the page in
 * grey print; the grid goes on over it. Lines tell themselves apart by dashes, as elsewhere. */
#include "plot/curves.h"

#include <math.h>

#define AREA_WIDTH 760.0
#define AREA_HEIGHT 380.0
#define FEW_POINTS 16 /* up to here, in all lines, points have dots; more would hide the band */
#define ALONE 6.0     /* width of a band of one point */

static bool has(const rondo_plot_band *b, int64_t i, bool log) {
    return rondo__plot_usable(b->x[i]) && rondo__plot_usable(b->low[i]) && rondo__plot_usable(b->high[i]) &&
           (!log || (b->low[i] > 0 && b->high[i] > 0));
}

static void add_extents(const rondo_plot_band *b, bool log, rondo__extent *x, rondo__extent *y) {
    for (int64_t i = 0; i < b->count; i++) {
        if (has(b, i, log)) {
            rondo__extent_add(x, b->x[i]);
            rondo__extent_add(y, b->low[i]);
            rondo__extent_add(y, b->high[i]);
        }
    }
}

typedef struct place {
    const rondo__frame *frame;
    const rondo__x_axis *axis;
    const rondo_plot_band *band;
} place;

static void go(const place *p, int64_t i, const double *side, bool begin) {
    const double x = rondo__frame_x(p->frame, p->axis, p->band->x[i]);
    const double y = rondo__frame_y(p->frame, rondo__scale_at(&p->frame->left, side[i]));
    if (begin)
        rondo__path_begin(p->frame->canvas, x, y);
    else
        rondo__path_to(p->frame->canvas, x, y);
}

static void draw_alone(const place *p, int64_t i, int style) {
    const double x = rondo__frame_x(p->frame, p->axis, p->band->x[i]);
    const double a = rondo__frame_y(p->frame, rondo__scale_at(&p->frame->left, p->band->low[i]));
    const double b = rondo__frame_y(p->frame, rondo__scale_at(&p->frame->left, p->band->high[i]));
    rondo__canvas_band(p->frame->canvas, x - ALONE / 2, fmin(a, b), ALONE, fabs(a - b), style, p->frame->bands);
}

/* Points begin to end - 1, without a gap. */
static void draw_run(const place *p, int64_t begin, int64_t end, int style) {
    rondo__canvas *canvas = p->frame->canvas;
    if (end - begin == 1) {
        draw_alone(p, begin, style);
        return;
    }
    for (int64_t i = begin; i < end; i++)
        go(p, i, p->band->high, i == begin);
    for (int64_t i = end; i-- > begin;)
        go(p, i, p->band->low, false);
    rondo__canvas_colour(canvas, rondo__colour_of_band(style, p->frame->bands));
    rondo__path_fill(canvas);
    rondo__canvas_colour(canvas, rondo__colour_of_band_edge(style, p->frame->bands));
    for (int side = 0; side < 2; side++) {
        for (int64_t i = begin; i < end; i++)
            go(p, i, side ? p->band->high : p->band->low, i == begin);
        rondo__path_stroke(canvas, 1, 0);
    }
}

static void draw_band(const place *p, int style) {
    const bool log = p->frame->left.log;
    for (int64_t begin = 0, end; begin < p->band->count; begin = end + 1) {
        for (end = begin; end < p->band->count && has(p->band, end, log);)
            end++;
        if (end > begin)
            draw_run(p, begin, end, style);
    }
}

static void draw(rondo__canvas *canvas, const rondo_plot_axes *axes, int bands, const rondo_plot_band *band, int count,
                 const rondo_plot_series *series, const char **name) {
    rondo__extent x = rondo__extent_none(), y = x;
    bool few = true;
    for (int i = 0; i < count; i++) {
        few = few && series[i].count <= FEW_POINTS;
        rondo__curve_extents(&series[i], axes->log_y, &x, &y);
        name[i] = series[i].name;
    }
    for (int i = 0; i < bands; i++) {
        add_extents(&band[i], axes->log_y, &x, &y);
        name[count + i] = band[i].name;
    }
    const rondo__x_axis x_axis = rondo__x_axis_over(x, axes);
    rondo__frame f = {
        .canvas = canvas,
        .axes = *axes,
        .left = rondo__left_scale(axes, y),
        .names = count + bands,
        .name = name,
        .over_bands = true,
        .bands = bands,
        .width = AREA_WIDTH,
        .height = AREA_HEIGHT,
        .below = rondo__x_axis_room(&x_axis),
    };
    rondo__frame_begin(&f);
    for (int i = 0; i < bands; i++)
        draw_band(&(place){&f, &x_axis, &band[i]}, i);
    rondo__frame_grid(&f);
    rondo__x_axis_draw(&f, &x_axis);
    for (int i = 0; i < count; i++)
        rondo__curve_draw(&f, &x_axis, &f.left, &series[i], i, few);
}

void rondo__draw_bands(rondo__canvas *canvas, const rondo_plot_axes *axes, int bands, const rondo_plot_band *band,
                       int count, const rondo_plot_series *series) {
    const char **name = rondo__calloc((size_t)count + (size_t)bands, sizeof *name);
    if (!name) {
        rondo__canvas_fail(canvas, RONDO_MEMORY, "no memory for a picture");
        return;
    }
    draw(canvas, axes, bands, band, count, series, name);
    rondo__free(name);
}
