/* What tests of pictures share: a PNG read again by cairo, the shape of an SVG, refusals. */
#ifndef TESTS_PLOT_PICTURE_H
#define TESTS_PLOT_PICTURE_H

#include "support/test.h"

#include <cairo.h>
#include <stdbool.h>
#include <string.h>

#include "rondo/status.h"

typedef struct picture {
    cairo_surface_t *surface;
    const unsigned char *data;
    int width, height, stride;
} picture;

static inline picture open_png(const char *path) {
    picture p = {.surface = cairo_image_surface_create_from_png(path)};
    assert_int_equal(cairo_surface_status(p.surface), CAIRO_STATUS_SUCCESS);
    p.data = cairo_image_surface_get_data(p.surface);
    p.width = cairo_image_surface_get_width(p.surface);
    p.height = cairo_image_surface_get_height(p.surface);
    p.stride = cairo_image_surface_get_stride(p.surface);
    return p;
}

static inline uint32_t pixel_at(const picture *p, int x, int y) {
    uint32_t pixel;
    memcpy(&pixel, p->data + (size_t)y * (size_t)p->stride + 4 * (size_t)x, 4);
    return pixel & 0xFFFFFF;
}

static inline int grey(uint32_t c) { return (int)((c >> 16) + 2 * (c >> 8 & 255) + (c & 255)); }

/* Tags nest and attributes are quoted: enough for what cairo writes. */
static inline void check_xml(const char *at) {
    char open[64][32];
    int depth = 0, elements = 0;
    while ((at = strchr(at, '<'))) {
        const char *end = at + 1;
        for (bool quoted = false; *end && (quoted || *end != '>'); end++)
            quoted = *end == '"' ? !quoted : quoted;
        assert_int_equal(*end, '>');
        char name[32] = {0};
        const bool closes = at[1] == '/';
        const char *begin = at + 1 + closes;
        memcpy(name, begin, strcspn(begin, " />\n") < 31 ? strcspn(begin, " />\n") : 31);
        if (closes) {
            assert_true(depth > 0);
            assert_string_equal(open[--depth], name);
        } else if (at[1] != '?' && at[1] != '!' && end[-1] != '/') {
            assert_true(depth < 64);
            memcpy(open[depth++], name, sizeof name);
        }
        elements++;
        at = end;
    }
    assert_int_equal(depth, 0);
    assert_true(elements > 20);
}

static inline void refuse(rondo_status got, const rondo_error *err, rondo_status wanted, const char *part) {
    if (got != wanted || !strstr(err->message, part))
        fail_msg("%s '%s', not %s '%s'", rondo_status_name(got), err->message, rondo_status_name(wanted), part);
}

#endif
