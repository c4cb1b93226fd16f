/* Pictures: the public functions. They check, open a canvas, let one file draw, and close. */
#include "rondo/plot.h"

#include "plot/frame.h"

enum { MOST_SERIES = 200, MOST_GROUPS = 2000 };

static bool has_curve(const rondo_plot_series *s) {
    for (int64_t i = 0; i < s->count; i++) {
        if (rondo__plot_usable(s->x[i]) && rondo__plot_usable(s->y[i]))
            return true;
    }
    return false;
}

static bool has_band(const rondo_plot_band *b) {
    for (int64_t i = 0; i < b->count; i++) {
        if (rondo__plot_usable(b->x[i]) && rondo__plot_usable(b->low[i]) && rondo__plot_usable(b->high[i]))
            return true;
    }
    return false;
}

static rondo_status check_series(const char *path, int count, const rondo_plot_series *series, bool *any,
                                 rondo_error *err) {
    for (int s = 0; s < count; s++) {
        if (series[s].count < 0 || (series[s].count > 0 && (!series[s].x || !series[s].y)))
            return rondo__fail(err, RONDO_ARGUMENT, "%s: line %d has no x or no y, or a negative count", path, s);
        *any = *any || has_curve(&series[s]);
    }
    return RONDO_OK;
}

static rondo_status check_lines(const char *path, int count, const rondo_plot_series *series, int right,
                                rondo_error *err) {
    if (!path || !series)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_plot_lines: path or series is NULL");
    if (count < 1 || count > MOST_SERIES)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %d lines to draw (1 to %d can be)", path, count, MOST_SERIES);
    if (right < 0 || right >= count)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "%s: the right axis begins at line %d of %d (0: none; the left needs one)", path, right,
                           count);
    bool any = false;
    const rondo_status status = check_series(path, count, series, &any, err);
    if (status || any)
        return status;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: nothing to draw: no line has a point", path);
}

static rondo_status check_bands(const char *path, int bands, const rondo_plot_band *band, int count,
                                const rondo_plot_series *series, rondo_error *err) {
    if (!path || (bands > 0 && !band) || (count > 0 && !series))
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_plot_bands: path, band or series is NULL");
    if (bands < 0 || count < 0 || bands > MOST_SERIES || count > MOST_SERIES || bands + count < 1)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %d bands and %d lines to draw (one, and up to %d each, can be)",
                           path, bands, count, MOST_SERIES);
    bool any = false;
    for (int i = 0; i < bands; i++) {
        const rondo_plot_band *b = &band[i];
        if (b->count < 0 || (b->count > 0 && (!b->x || !b->low || !b->high)))
            return rondo__fail(err, RONDO_ARGUMENT, "%s: band %d has no x, low or high, or a negative count", path, i);
        any = any || has_band(b);
    }
    const rondo_status status = check_series(path, count, series, &any, err);
    if (status || any)
        return status;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: nothing to draw: no line and no band has a point", path);
}

static rondo_status check_bars(const char *path, int groups, int series, const double *value, rondo_error *err) {
    if (!path || !value)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_plot_bars: path or value is NULL");
    if (groups < 1 || series < 1 || groups > MOST_GROUPS || series > MOST_SERIES)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %d groups of %d bars to draw (1 to %d of 1 to %d can be)", path,
                           groups, series, MOST_GROUPS, MOST_SERIES);
    for (int64_t i = 0; i < (int64_t)groups * series; i++) {
        if (rondo__plot_usable(value[i]))
            return RONDO_OK;
    }
    return rondo__fail(err, RONDO_ARGUMENT, "%s: nothing to draw: no bar has a value", path);
}

static rondo_status check_grid(const char *path, const rondo_plot_grid *grid, rondo_error *err) {
    if (!path || !grid || !grid->value)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_plot_heatmap: path, grid or its value is NULL");
    if (grid->rows < 1 || grid->columns < 1 || grid->rows > RONDO__PLOT_MOST_PIXELS ||
        grid->columns > RONDO__PLOT_MOST_PIXELS)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: a grid of %lld x %lld to draw (1 to %d a side can be)", path,
                           (long long)grid->rows, (long long)grid->columns, RONDO__PLOT_MOST_PIXELS);
    const bool fixed = grid->low != 0 || grid->high != 0;
    if (fixed && !(grid->low < grid->high && rondo__plot_usable(grid->low) && rondo__plot_usable(grid->high)))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: the scale goes from %g to %g (low must be below high)", path,
                           grid->low, grid->high);
    return RONDO_OK;
}

#ifdef RONDO_HAVE_CAIRO
static const rondo_plot_axes no_words;

rondo_status rondo_plot_lines(const char *path, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                              int right, const char *right_label, rondo_error *err) {
    rondo__canvas *canvas = NULL;
    rondo_status status = check_lines(path, count, series, right, err);
    if (!status)
        status = rondo__canvas_open(&canvas, path, err);
    if (status)
        return status;
    rondo__draw_lines(canvas, axes ? axes : &no_words, count, series, right, right_label);
    return rondo__canvas_close(&canvas, err);
}

rondo_status rondo_plot_bands(const char *path, const rondo_plot_axes *axes, int bands, const rondo_plot_band *band,
                              int count, const rondo_plot_series *series, rondo_error *err) {
    rondo__canvas *canvas = NULL;
    rondo_status status = check_bands(path, bands, band, count, series, err);
    if (!status)
        status = rondo__canvas_open(&canvas, path, err);
    if (status)
        return status;
    rondo__draw_bands(canvas, axes ? axes : &no_words, bands, band, count, series);
    return rondo__canvas_close(&canvas, err);
}

rondo_status rondo_plot_bars(const char *path, const rondo_plot_axes *axes, int groups, const char *const *group_name,
                             int series, const char *const *series_name, const double *value, rondo_error *err) {
    rondo__canvas *canvas = NULL;
    rondo_status status = check_bars(path, groups, series, value, err);
    if (!status)
        status = rondo__canvas_open(&canvas, path, err);
    if (status)
        return status;
    rondo__draw_bars(canvas, axes ? axes : &no_words, groups, group_name, series, series_name, value);
    return rondo__canvas_close(&canvas, err);
}

rondo_status rondo_plot_heatmap(const char *path, const rondo_plot_axes *axes, const rondo_plot_grid *grid,
                                rondo_error *err) {
    rondo__canvas *canvas = NULL;
    rondo_status status = check_grid(path, grid, err);
    if (!status)
        status = rondo__canvas_open(&canvas, path, err);
    if (status)
        return status;
    rondo__draw_heatmap(canvas, axes ? axes : &no_words, grid);
    return rondo__canvas_close(&canvas, err);
}
#else
static rondo_status no_cairo(const char *path, rondo_error *err) {
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build of Rondo cannot draw (install libcairo2-dev and build again)", path);
}

rondo_status rondo_plot_lines(const char *path, const rondo_plot_axes *axes, int count, const rondo_plot_series *series,
                              int right, const char *right_label, rondo_error *err) {
    (void)axes, (void)right_label;
    const rondo_status status = check_lines(path, count, series, right, err);
    return status ? status : no_cairo(path, err);
}

rondo_status rondo_plot_bands(const char *path, const rondo_plot_axes *axes, int bands, const rondo_plot_band *band,
                              int count, const rondo_plot_series *series, rondo_error *err) {
    (void)axes;
    const rondo_status status = check_bands(path, bands, band, count, series, err);
    return status ? status : no_cairo(path, err);
}

rondo_status rondo_plot_bars(const char *path, const rondo_plot_axes *axes, int groups, const char *const *group_name,
                             int series, const char *const *series_name, const double *value, rondo_error *err) {
    (void)axes, (void)group_name, (void)series_name;
    const rondo_status status = check_bars(path, groups, series, value, err);
    return status ? status : no_cairo(path, err);
}

rondo_status rondo_plot_heatmap(const char *path, const rondo_plot_axes *axes, const rondo_plot_grid *grid,
                                rondo_error *err) {
    (void)axes;
    const rondo_status status = check_grid(path, grid, err);
    return status ? status : no_cairo(path, err);
}
#endif
