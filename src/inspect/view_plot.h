/* The panels of a view as pictures on a sheet. */
#ifndef RONDO_INSPECT_VIEW_PLOT_H
#define RONDO_INSPECT_VIEW_PLOT_H

#include "inspect/view.h"

#ifdef RONDO_HAVE_CAIRO
#include "plot/frame.h"

void rondo__picture_heatmap(rondo__canvas *canvas, const rondo__panel *panel);
void rondo__picture_lines(rondo__canvas *canvas, const rondo__panel *panel);
void rondo__picture_bars(rondo__canvas *canvas, const rondo__panel *panel);
void rondo__picture_table(rondo__canvas *canvas, const rondo__panel *panel);
void rondo__picture_passages(rondo__canvas *canvas, const rondo__panel *panel);
#endif

#endif
