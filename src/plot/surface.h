/* The inside of a canvas, for the files that talk to cairo. */
#ifndef RONDO_PLOT_SURFACE_H
#define RONDO_PLOT_SURFACE_H

#include <cairo.h>

#include "plot/canvas.h"
#include "plot/fonts.h"

#define RONDO__MOST_MISSING 4

struct rondo__canvas {
    const char *path;
    bool svg;
    rondo__fonts *fonts;
    cairo_font_options_t *options;
    cairo_surface_t *surface;
    cairo_t *cr;                           /* NULL: only measuring yet, or failed: nothing is drawn */
    rondo_error error;                     /* its status is OK while all is well */
    rondo__text bytes;                     /* the SVG file */
    uint32_t missing[RONDO__MOST_MISSING]; /* characters that no font has */
    int missing_count;
    bool sheet, coarse;                 /* several pictures stand on it; one pixel to a point */
    double *sheet_width, *sheet_height; /* of the one being measured, or NULL */
};

/* Keeps the first failure. Returns false when there is one, old or new. */
bool rondo__canvas_check(rondo__canvas *canvas, cairo_status_t status);
/* Gives the process-wide names inside the SVG file numbers of its own. */
void rondo__svg_number_names(rondo__text *svg);

#endif
