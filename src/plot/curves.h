/* What pictures with a common x axis share: the axis itself, of numbers or of time, and lines with gaps. */
#ifndef RONDO_PLOT_CURVES_H
#define RONDO_PLOT_CURVES_H

#include "plot/frame.h"

typedef struct rondo__x_axis {
    rondo__scale scale;
    int count;
    bool two_rows; /* some labels have a second line */
    rondo__tick tick[RONDO__MOST_TICKS];
} rondo__x_axis;
/* Of time where that is asked for and x can be dates; else of numbers, by their logarithms where that is asked for and
 * all are positive. */
rondo__x_axis rondo__x_axis_over(rondo__extent x, const rondo_plot_axes *axes);
double rondo__x_axis_room(const rondo__x_axis *axis); /* under the area, for frame.below */
/* The axis under the area, and the lines at its sides. */
void rondo__x_axis_draw(const rondo__frame *frame, const rondo__x_axis *axis);
double rondo__frame_x(const rondo__frame *frame, const rondo__x_axis *axis, double value);

/* Whether point i has a place on the axes. */
bool rondo__curve_has(const rondo_plot_series *series, int64_t i, bool log);
void rondo__curve_extents(const rondo_plot_series *series, bool log, rondo__extent *x, rondo__extent *y);
/* Style: colour and dashes, by number of series. Dots: at each point, not only at those alone between gaps. */
void rondo__curve_draw(const rondo__frame *frame, const rondo__x_axis *axis, const rondo__scale *y_scale,
                       const rondo_plot_series *series, int style, bool dots);
/* The left axis as the axes want it. */
rondo__scale rondo__left_scale(const rondo_plot_axes *axes, rondo__extent extent);

#endif
