/* Pictures: one drawing code for PNG and SVG (cairo). A file's ending chooses: .png or .svg. Colours can be told apart
 * by colour-blind readers and in grey print. RONDO_UNSUPPORTED where cairo is not built in, RONDO_NOT_FOUND naming the
 * characters and a package when no installed font has glyphs for a text. Files are written whole or not at all. The
 * same call gives the same bytes where the fonts are the same. Texts are one line of UTF-8, drawn left to right
 * character by character (no shaping of Arabic or Indic scripts); beyond 80 characters they end in "...". axes may be
 * NULL. At most 20 000 pixels a side and 60 million in all; a point of a PNG is 2 pixels. model.h has
 * rondo_plot_training. */
#ifndef RONDO_PLOT_H
#define RONDO_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_plot_series {
    const char *name; /* in the legend */
    int64_t count;
    const double *x, *y; /* NaN in y: a gap */
} rondo_plot_series;
typedef struct rondo_plot_axes {
    const char *title, *x_label, *y_label; /* each may be NULL */
    bool from_zero;                        /* the left axis begins at 0; bars always do */
    bool log_y;                            /* the left axis; values of 0 and below are gaps */
    bool time_x;                           /* x are seconds since 1970: ticks are dates and times */
    bool log_x;                            /* lines and bands, where all x are above 0 */
} rondo_plot_axes;
/* Lines over a common x axis, such as training curves; a second axis on the right for the series from `right` on
 * (0: none). */
RONDO_API rondo_status rondo_plot_lines(const char *path, const rondo_plot_axes *axes, int count,
                                        const rondo_plot_series *series, int right, const char *right_label,
                                        rondo_error *err);
/* A forecast over a common x axis: bands (quantile pairs, widest first, lighter the wider), then lines. NaN: a gap. */
typedef struct rondo_plot_band {
    const char *name; /* in the legend, such as "80 %" */
    int64_t count;
    const double *x, *low, *high;
} rondo_plot_band;
RONDO_API rondo_status rondo_plot_bands(const char *path, const rondo_plot_axes *axes, int bands,
                                        const rondo_plot_band *band, int count, const rondo_plot_series *series,
                                        rondo_error *err);
/* Groups of bars: value (groups, series); NaN: no bar. Names may be NULL. */
RONDO_API rondo_status rondo_plot_bars(const char *path, const rondo_plot_axes *axes, int groups,
                                       const char *const *group_name, int series, const char *const *series_name,
                                       const double *value, rondo_error *err);
/* A grid of shades: value (rows, columns), dark is high; low and high fix the scale (both 0: from the data), values
 * beyond have the shade of its end; NaN: crossed out. Labels may be NULL, as a whole or single ones; column labels
 * stand above, turned where they are long. A cell shrinks to one point where the grid is large. */
typedef struct rondo_plot_grid {
    int64_t rows, columns;
    const rondo_real *value;
    const char *const *row_label, *const *column_label;
    double low, high;
    bool diverging; /* the middle of the scale is white, what lies below blue, above orange-red, both darker outwards */
} rondo_plot_grid;
RONDO_API rondo_status rondo_plot_heatmap(const char *path, const rondo_plot_axes *axes, const rondo_plot_grid *grid,
                                          rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif
