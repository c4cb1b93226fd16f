/* Lines, boxes, paths, images on a canvas. */
#include "plot/canvas.h"

#include <math.h>
#include <string.h>

#include "plot/surface.h"

static bool can_draw(const rondo__canvas *c) { return c->cr && c->error.status == RONDO_OK; }

void rondo__canvas_colour(rondo__canvas *c, rondo__colour colour) {
    if (can_draw(c))
        cairo_set_source_rgb(c->cr, colour.red, colour.green, colour.blue);
}

void rondo__canvas_line(rondo__canvas *c, double x0, double y0, double x1, double y1, double width) {
    if (!can_draw(c))
        return;
    cairo_move_to(c->cr, x0, y0);
    cairo_line_to(c->cr, x1, y1);
    cairo_set_line_width(c->cr, width);
    cairo_stroke(c->cr);
}

void rondo__canvas_box(rondo__canvas *c, double x, double y, double width, double height) {
    if (!can_draw(c))
        return;
    cairo_rectangle(c->cr, x, y, width, height);
    cairo_fill(c->cr);
}

void rondo__canvas_outline(rondo__canvas *c, double x, double y, double width, double height) {
    if (!can_draw(c))
        return;
    cairo_rectangle(c->cr, x + 0.5, y + 0.5, width - 1, height - 1);
    cairo_set_line_width(c->cr, 1);
    cairo_stroke(c->cr);
}

void rondo__canvas_dot(rondo__canvas *c, double x, double y, double radius) {
    if (!can_draw(c))
        return;
    cairo_new_sub_path(c->cr);
    cairo_arc(c->cr, x, y, radius, 0, 2 * 3.14159265358979323846);
    cairo_fill(c->cr);
}

void rondo__path_begin(rondo__canvas *c, double x, double y) {
    if (can_draw(c))
        cairo_move_to(c->cr, x, y);
}

void rondo__path_to(rondo__canvas *c, double x, double y) {
    if (can_draw(c))
        cairo_line_to(c->cr, x, y);
}

void rondo__path_stroke(rondo__canvas *c, double width, int style) {
    static const struct {
        int count;
        double length[4];
    } dashes[] = {{0, {0}}, {2, {9, 4}}, {2, {2, 3}}, {4, {9, 3, 2, 3}}, {2, {5, 2}}};
    const size_t which = (size_t)style % (sizeof dashes / sizeof dashes[0]);
    if (!can_draw(c))
        return;
    cairo_save(c->cr);
    cairo_set_line_width(c->cr, width);
    cairo_set_dash(c->cr, dashes[which].length, dashes[which].count, 0);
    cairo_stroke(c->cr);
    cairo_restore(c->cr);
}

void rondo__path_fill(rondo__canvas *c) {
    if (can_draw(c))
        cairo_fill(c->cr);
}

void rondo__canvas_band(rondo__canvas *c, double x, double y, double width, double height, int style, int bands) {
    rondo__canvas_colour(c, rondo__colour_of_band(style, bands));
    rondo__canvas_box(c, x, y, width, height);
    rondo__canvas_colour(c, rondo__colour_of_band_edge(style, bands));
    rondo__canvas_line(c, x, y, x + width, y, 1);
    rondo__canvas_line(c, x, y + height, x + width, y + height, 1);
}

/* Slanting lines across the box: (dx, dy) is the way along one of them. */
static void hatch(rondo__canvas *c, double x, double y, double width, double height, double slope) {
    const double reach = slope == 0 ? 0 : width;
    rondo__clip_begin(c, x, y, width, height);
    rondo__canvas_colour(c, (rondo__colour){1, 1, 1});
    for (double at = -reach; at < height + reach; at += 6)
        rondo__canvas_line(c, x, y + at, x + width, y + at + slope * width, 1.2);
    rondo__clip_end(c);
}

void rondo__canvas_bar(rondo__canvas *c, double x, double y, double width, double height, int style) {
    rondo__canvas_colour(c, rondo__colour_of_series(style));
    rondo__canvas_box(c, x, y, width, height);
    if (style % 4 >= 2)
        hatch(c, x, y, width, height, style % 4 == 2 ? -1 : 1);
    else if (style % 8 >= 4)
        hatch(c, x, y, width, height, 0);
}

void rondo__clip_begin(rondo__canvas *c, double x, double y, double width, double height) {
    if (!can_draw(c))
        return;
    cairo_save(c->cr);
    cairo_rectangle(c->cr, x, y, width, height);
    cairo_clip(c->cr);
}

void rondo__clip_end(rondo__canvas *c) {
    if (can_draw(c))
        cairo_restore(c->cr);
}

static cairo_surface_t *make_image(const uint32_t *pixel, int64_t rows, int64_t columns) {
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)columns, (int)rows);
    unsigned char *data = cairo_image_surface_get_data(image); /* NULL when there is no memory */
    const int stride = cairo_image_surface_get_stride(image);
    for (int64_t r = 0; data && r < rows; r++)
        memcpy(data + r * stride, pixel + r * columns, (size_t)columns * sizeof *pixel);
    if (data)
        cairo_surface_mark_dirty(image);
    return image;
}

void rondo__canvas_image(rondo__canvas *c, const uint32_t *pixel, int64_t rows, int64_t columns, double x, double y,
                         double width, double height) {
    if (!can_draw(c))
        return;
    cairo_surface_t *image = make_image(pixel, rows, columns);
    if (rondo__canvas_check(c, cairo_surface_status(image))) {
        cairo_save(c->cr);
        cairo_translate(c->cr, x, y);
        cairo_scale(c->cr, width / (double)columns, height / (double)rows);
        cairo_set_source_surface(c->cr, image, 0, 0);
        cairo_pattern_set_filter(cairo_get_source(c->cr), CAIRO_FILTER_NEAREST);
        cairo_rectangle(c->cr, 0, 0, (double)columns, (double)rows);
        cairo_fill(c->cr);
        cairo_restore(c->cr);
    }
    cairo_surface_destroy(image);
}
