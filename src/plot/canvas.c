/* The canvas: from a file's name to the file. */
#include "plot/canvas.h"

#include <cairo-svg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plot/surface.h"

static bool ends_in(const char *path, const char *ending) {
    const size_t length = strlen(path), size = strlen(ending);
    return length > size && strcasecmp(path + length - size, ending) == 0;
}

bool rondo__canvas_check(rondo__canvas *canvas, cairo_status_t status) {
    if (canvas->error.status != RONDO_OK)
        return false;
    if (status == CAIRO_STATUS_SUCCESS)
        return true;
    const rondo_status kind = status == CAIRO_STATUS_NO_MEMORY ? RONDO_MEMORY : RONDO_IO;
    rondo__canvas_fail(canvas, kind, cairo_status_to_string(status));
    return false;
}

void rondo__canvas_fail(rondo__canvas *canvas, rondo_status status, const char *what) {
    if (canvas->error.status == RONDO_OK)
        rondo__fail(&canvas->error, status, "%s: %s", canvas->path, what);
}

/* No hinting: glyphs have the same widths at any size, so that PNG and SVG have one layout. */
static bool make_options(rondo__canvas *canvas) {
    canvas->options = cairo_font_options_create();
    cairo_font_options_set_antialias(canvas->options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(canvas->options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(canvas->options, CAIRO_HINT_METRICS_OFF);
    return cairo_font_options_status(canvas->options) == CAIRO_STATUS_SUCCESS;
}

static void destroy(rondo__canvas **canvas) {
    rondo__canvas *c = *canvas;
    *canvas = NULL;
    if (c->cr)
        cairo_destroy(c->cr);
    if (c->surface)
        cairo_surface_destroy(c->surface);
    if (c->options)
        cairo_font_options_destroy(c->options);
    rondo__fonts_close(&c->fonts);
    rondo__text_free(&c->bytes);
    rondo__free(c);
}

rondo_status rondo__canvas_open(rondo__canvas **out, const char *path, rondo_error *err) {
    *out = NULL;
    const bool svg = ends_in(path, ".svg");
    if (!svg && !ends_in(path, ".png"))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: a picture's name ends in .png or .svg", path);
    rondo__canvas *c = rondo__calloc(1, sizeof *c);
    if (!c)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for a picture", path);
    c->path = path;
    c->svg = svg;
    rondo_status status = rondo__fonts_open(&c->fonts, path, err);
    if (!status && !make_options(c))
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for a picture", path);
    if (status)
        destroy(&c);
    *out = c;
    return status;
}

static cairo_status_t keep_bytes(void *canvas, const unsigned char *data, unsigned size) {
    rondo__canvas *c = canvas;
    rondo__text_add(&c->bytes, (const char *)data, size);
    return c->bytes.failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void fail_size(rondo__canvas *c, double width, double height) {
    char what[200];
    snprintf(what, sizeof what,
             "the picture would have %.0f x %.0f pixels, more than %d a side or %d million in all (draw fewer rows or "
             "columns)",
             width, height, RONDO__PLOT_MOST_PIXELS, RONDO__PLOT_MOST_AREA / 1000000);
    rondo__canvas_fail(c, RONDO_ARGUMENT, what);
}

void rondo__sheet_measure(rondo__canvas *c, double *width, double *height) {
    *width = *height = 0;
    c->sheet = true;
    c->sheet_width = width;
    c->sheet_height = height;
}

/* A large sheet makes do with one pixel to a point. */
void rondo__sheet_size(rondo__canvas *c, double width, double height) {
    const double pixels = ceil(width) * ceil(height) * RONDO__PLOT_SCALE * RONDO__PLOT_SCALE;
    c->sheet = false;
    c->coarse = pixels > RONDO__PLOT_MOST_AREA || fmax(width, height) * RONDO__PLOT_SCALE > RONDO__PLOT_MOST_PIXELS;
    rondo__canvas_size(c, width, height);
    c->sheet = true;
    c->sheet_width = c->sheet_height = NULL;
}

void rondo__sheet_place(rondo__canvas *c, double x, double y) {
    if (!c->cr || c->error.status != RONDO_OK)
        return;
    cairo_identity_matrix(c->cr);
    cairo_translate(c->cr, x, y);
}

bool rondo__canvas_is_sheet(const rondo__canvas *c) { return c->sheet; }

void rondo__canvas_size(rondo__canvas *c, double width, double height) {
    if (c->sheet) {
        if (c->sheet_width) {
            *c->sheet_width = width;
            *c->sheet_height = height;
        }
        return;
    }
    const double scale = c->coarse ? 1 : RONDO__PLOT_SCALE, wide = ceil(width) * scale, high = ceil(height) * scale;
    if (c->error.status != RONDO_OK)
        return;
    if (!(wide <= RONDO__PLOT_MOST_PIXELS && high <= RONDO__PLOT_MOST_PIXELS && wide * high <= RONDO__PLOT_MOST_AREA)) {
        fail_size(c, wide, high);
        return;
    }
    if (c->svg) {
        c->surface = cairo_svg_surface_create_for_stream(keep_bytes, c, ceil(width), ceil(height));
        cairo_svg_surface_set_document_unit(c->surface, CAIRO_SVG_UNIT_PX);
    } else {
        c->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)wide, (int)high);
        cairo_surface_set_device_scale(c->surface, scale, scale);
    }
    if (!rondo__canvas_check(c, cairo_surface_status(c->surface)))
        return;
    c->cr = cairo_create(c->surface);
    cairo_set_font_options(c->cr, c->options);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_source_rgb(c->cr, 1, 1, 1);
    cairo_paint(c->cr);
}

/* Characters that no font has: named once each, with the package that the first of them needs. */
static void fail_missing(rondo__canvas *c) {
    rondo_error *e = &c->error;
    rondo__text list = {0};
    for (int i = 0; i < c->missing_count; i++) {
        const uint32_t u = c->missing[i];
        char utf8[5] = {0};
        if (u < 0x80) {
            utf8[0] = (char)u;
        } else {
            const int tail = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
            utf8[0] = (char)((0xFF00 >> (tail + 1) & 0xFF) | u >> 6 * tail);
            for (int k = 1; k <= tail; k++)
                utf8[k] = (char)(0x80 | (u >> 6 * (tail - k) & 0x3F));
        }
        rondo__text_format(&list, "%s'%s' (U+%04X)", i ? ", " : "", utf8, (unsigned)u);
    }
    const char *package = rondo__fonts_package(c->missing[0]);
    if (list.failed)
        rondo__fail(e, RONDO_MEMORY, "%s: no memory for a picture", c->path);
    else
        rondo__fail(e, RONDO_NOT_FOUND, "%s: no installed font has %s (%s%s)", c->path, list.data,
                    package ? "install the package " : "install a font that has such characters",
                    package ? package : "");
    rondo__text_free(&list);
}

/* cairo knows only that a write failed; the writer's own story is better. */
typedef struct sink {
    rondo__writer *writer;
    rondo_error error;
} sink;

static cairo_status_t put_bytes(void *arg, const unsigned char *data, unsigned size) {
    sink *s = arg;
    return rondo__writer_put(s->writer, data, size, &s->error) ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void write_file(rondo__canvas *c) {
    sink s = {0};
    if (rondo__writer_open(&s.writer, c->path, &c->error) != RONDO_OK)
        return;
    const cairo_status_t done = c->svg ? put_bytes(&s, (const unsigned char *)c->bytes.data, (unsigned)c->bytes.size)
                                       : cairo_surface_write_to_png_stream(c->surface, put_bytes, &s);
    if (s.error.status != RONDO_OK)
        c->error = s.error;
    else if (rondo__canvas_check(c, done))
        rondo__writer_commit(&s.writer, &c->error);
    rondo__writer_abandon(&s.writer);
}

static void finish(rondo__canvas *c) {
    if (c->error.status == RONDO_OK && c->missing_count > 0)
        fail_missing(c);
    if (c->cr && rondo__canvas_check(c, cairo_status(c->cr)) && c->svg) {
        cairo_surface_finish(c->surface); /* writes the SVG into bytes */
        if (rondo__canvas_check(c, cairo_surface_status(c->surface)))
            rondo__svg_number_names(&c->bytes);
    }
}

rondo_status rondo__canvas_close(rondo__canvas **canvas, rondo_error *err) {
    rondo__canvas *c = *canvas;
    if (!c)
        return RONDO_OK;
    finish(c);
    if (c->error.status == RONDO_OK)
        write_file(c);
    const rondo_status status = c->error.status;
    if (status)
        rondo__fail(err, status, "%s", c->error.message);
    destroy(canvas);
    return status;
}
