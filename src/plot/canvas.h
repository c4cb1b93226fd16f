/* What all pictures are drawn on: a surface of cairo for PNG or SVG, and fonts that have every character asked for.
 *
 * A canvas keeps its first failure and lets later calls do nothing, so that a picture checks once, at the end; nothing
 * reaches the disk before. Lengths are in points of the picture; a PNG has RONDO__PLOT_SCALE pixels to each. */
#ifndef RONDO_PLOT_CANVAS_H
#define RONDO_PLOT_CANVAS_H

#include "core/core.h"
#include "plot/scale.h"

#define RONDO__PLOT_SCALE 2
#define RONDO__PLOT_MOST_PIXELS 20000  /* a side */
#define RONDO__PLOT_MOST_AREA 60000000 /* pixels in all: 240 MB while drawing */

typedef struct rondo__canvas rondo__canvas;
/* What the picture is of, for messages, and the file that it will be: the ending says PNG or SVG. */
rondo_status rondo__canvas_open(rondo__canvas **out, const char *path, rondo_error *err);
/* Begins to draw: white, width x height points. Before this call text can only be measured. */
void rondo__canvas_size(rondo__canvas *canvas, double width, double height);
/* A sheet of several pictures: first each is measured (rondo__canvas_size then gives its size to *width and *height and
 * nothing is drawn), then the sheet's own size is set, then each is drawn where it is placed. */
void rondo__sheet_measure(rondo__canvas *canvas, double *width, double *height);
void rondo__sheet_size(rondo__canvas *canvas, double width, double height);
void rondo__sheet_place(rondo__canvas *canvas, double x, double y); /* until the next one */
bool rondo__canvas_is_sheet(const rondo__canvas *canvas);
/* Writes the file when all went well; closes in any case, NULL is allowed. The first failure is returned. */
rondo_status rondo__canvas_close(rondo__canvas **canvas, rondo_error *err);
/* The picture cannot be: keeps the failure. */
void rondo__canvas_fail(rondo__canvas *canvas, rondo_status status, const char *what);

/* ---- text: one line of UTF-8, left to right; longer ones than RONDO__PLOT_TEXT characters end in "..." ---- */
#define RONDO__PLOT_TEXT 80
double rondo__text_width(rondo__canvas *canvas, double size, const char *text); /* 0 for NULL */
typedef struct rondo__text_place {
    double x, y;
    double anchor; /* which part of the text stands at x: 0 its begin, 0.5 its middle, 1 its end */
    double angle;  /* degrees, clockwise, about that point */
} rondo__text_place;
/* y is the middle of the letters' height. */
void rondo__text_draw(rondo__canvas *canvas, double size, const char *text, rondo__text_place place);

/* ---- shapes ---- */
void rondo__canvas_colour(rondo__canvas *canvas, rondo__colour colour);
void rondo__canvas_line(rondo__canvas *canvas, double x0, double y0, double x1, double y1, double width);
void rondo__canvas_box(rondo__canvas *canvas, double x, double y, double width, double height);     /* filled */
void rondo__canvas_outline(rondo__canvas *canvas, double x, double y, double width, double height); /* 1 wide, inside */
void rondo__canvas_dot(rondo__canvas *canvas, double x, double y, double radius);
/* A path of points: begin, then to; a gap is another begin; stroke ends it. Style: dashes, by number of series. */
void rondo__path_begin(rondo__canvas *canvas, double x, double y);
void rondo__path_to(rondo__canvas *canvas, double x, double y);
void rondo__path_stroke(rondo__canvas *canvas, double width, int style);
void rondo__path_fill(rondo__canvas *canvas);
/* A piece of forecast band `style` of `bands`: a shade between two edges. */
void rondo__canvas_band(rondo__canvas *canvas, double x, double y, double width, double height, int style, int bands);
/* A filled box whose texture also tells series apart in grey print. */
void rondo__canvas_bar(rondo__canvas *canvas, double x, double y, double width, double height, int style);
/* Nothing is drawn outside the box until the end. */
void rondo__clip_begin(rondo__canvas *canvas, double x, double y, double width, double height);
void rondo__clip_end(rondo__canvas *canvas);
/* pixel (rows, columns) as 0xRRGGBB, each one a box of the area. */
void rondo__canvas_image(rondo__canvas *canvas, const uint32_t *pixel, int64_t rows, int64_t columns, double x,
                         double y, double width, double height);

#endif
