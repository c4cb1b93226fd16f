/* What lines and bars share: title, legend, vertical axes with their grid, and the space for it all. */
#ifndef RONDO_PLOT_FRAME_H
#define RONDO_PLOT_FRAME_H

#include "plot/canvas.h"
#include "rondo/plot.h"

#define RONDO__TEXT_SIZE 13.0
#define RONDO__TITLE_SIZE 17.0
#define RONDO__MARGIN 16.0

typedef struct rondo__frame {
    rondo__canvas *canvas;
    rondo_plot_axes axes;
    rondo__scale left, right;
    const char *right_label;
    int names; /* in the legend */
    const char *const *name;
    int first_right;      /* names from here on belong to the right axis; 0: there is none */
    bool boxes;           /* the legend shows bars, not lines */
    bool over_bands;      /* colours of lines are those that go with bands, and the grid comes later */
    int bands;            /* the last names are those of so many bands */
    double width, height; /* of the area of the data */
    double below;         /* room that labels under the area take */
    double beside;        /* room that they take left of it, at least */
    double x, y;          /* found: the corner of the area */
} rondo__frame;
/* Finds the place of everything and draws all but the data and what stands right under the area. */
void rondo__frame_begin(rondo__frame *frame);
/* Of line number i. */
rondo__colour rondo__frame_colour(const rondo__frame *frame, int i);
/* The grid of a frame over bands, when these have been filled. */
void rondo__frame_grid(const rondo__frame *frame);
/* From a place on an axis in [0, 1] to the height in the picture. */
double rondo__frame_y(const rondo__frame *frame, double at);

rondo__colour rondo__ink(void);   /* of text */
rondo__colour rondo__faint(void); /* of the grid */
/* Distance from the picture's top to what stands under the title. */
double rondo__title_room(const char *title);
void rondo__title_draw(rondo__canvas *canvas, const char *title, double x);
bool rondo__plot_said(const char *text); /* not NULL and not "" */

/* The pictures themselves (lines.c, bands.c, bars.c, heatmap.c); arguments are checked. */
void rondo__draw_lines(rondo__canvas *canvas, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                       int right, const char *right_label);
void rondo__draw_bands(rondo__canvas *canvas, const rondo_plot_axes *axes, int bands, const rondo_plot_band *band,
                       int count, const rondo_plot_series *series);
void rondo__draw_bars(rondo__canvas *canvas, const rondo_plot_axes *axes, int groups, const char *const *group_name,
                      int series, const char *const *series_name, const double *value);
void rondo__draw_heatmap(rondo__canvas *canvas, const rondo_plot_axes *axes, const rondo_plot_grid *grid);

#endif
