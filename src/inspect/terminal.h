/* What the parts of a view's text share: cells of a terminal, colours. */
#ifndef RONDO_INSPECT_TERMINAL_H
#define RONDO_INSPECT_TERMINAL_H

#include "inspect/view.h"

typedef struct rondo__screen {
    rondo__text *out;
    int width;
    bool colour;
} rondo__screen;

/* Cells that a text takes: 2 for characters of East Asia, 0 for marks over the one before. */
int rondo__cells(const char *text);
/* As much of it as fits into `width` cells, then blanks; right: blanks first. */
void rondo__put_cells(const rondo__screen *screen, const char *text, int width, bool right);
void rondo__put(const rondo__screen *screen, const char *text);
void rondo__put_repeated(const rondo__screen *screen, const char *text, int64_t times);

/* ---- shades: t in [0, 1]; NaN: none ---- */
/* What follows has this background (and, under: this foreground), until rondo__shade_end. Nothing without colour. */
void rondo__shade_begin(const rondo__screen *screen, double t, bool diverging);
void rondo__shade_pair(const rondo__screen *screen, double over, double under, bool diverging);
void rondo__shade_end(const rondo__screen *screen);
/* Without colour: a character that is the darker the higher t; diverging: the farther from the middle, of another kind
 * below it. */
const char *rondo__shade_sign(double t, bool diverging);
/* Ink of series i, until rondo__shade_end. */
void rondo__ink_begin(const rondo__screen *screen, int i);

/* ---- panels ---- */
void rondo__terminal_heatmap(const rondo__screen *screen, const rondo__view_heatmap *map);
void rondo__terminal_lines(const rondo__screen *screen, const rondo__view_lines *lines);
void rondo__terminal_bars(const rondo__screen *screen, const rondo__view_bars *bars);
void rondo__terminal_table(const rondo__screen *screen, const rondo__view_table *table);
void rondo__terminal_passages(const rondo__screen *screen, const rondo__view_passages *passages);

#endif
