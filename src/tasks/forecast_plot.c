/* A forecast as a picture: history, bands, forecast, and the truth where it is known. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rondo/forecast.h"
#include "rondo/plot.h"

#include "core/core.h"
#include "formats/json_text.h"

enum { MOST_BANDS = 16 };

/* Quantiles 0.1 and 0.9 of target `target`: the i-th from both ends. */
static bool add_band(const rondo_forecast *f, const rondo_forecast_series *s, int64_t target, int i, double *room,
                     char name[32], rondo_plot_band *out) {
    const int other = f->quantiles - 1 - i;
    const double *q = s->quantile + target * f->horizon * f->quantiles;
    if (i >= other)
        return false;
    for (int64_t h = 0; h < f->horizon; h++) {
        room[h] = q[h * f->quantiles + i];
        room[f->horizon + h] = q[h * f->quantiles + other];
    }
    if (fabs(f->level[i] + f->level[other] - 1) < 1e-9)
        snprintf(name, 32, "%.4g %%", 100 * (f->level[other] - f->level[i]));
    else
        snprintf(name, 32, "%.4g to %.4g", f->level[i], f->level[other]);
    *out = (rondo_plot_band){name, f->horizon, s->time, room, room + f->horizon};
    return true;
}

static rondo_status draw(const rondo_forecast *f, const rondo_forecast_series *s, int64_t target, double *room,
                         const char *path, rondo_error *err) {
    rondo_plot_band band[MOST_BANDS];
    rondo_plot_series line[3];
    char names[MOST_BANDS][32], title[256];
    int bands = 0, lines = 0;
    while (bands < MOST_BANDS && s->quantile &&
           add_band(f, s, target, bands, room + 2 * bands * f->horizon, names[bands], &band[bands]))
        bands++;
    if (s->history)
        line[lines++] =
            (rondo_plot_series){"history", s->history, s->history_time, s->history_value + target * s->history};
    line[lines++] = (rondo_plot_series){"forecast", f->horizon, s->time, s->point + target * f->horizon};
    bool known = false;
    for (int64_t h = 0; h < f->horizon; h++)
        known = known || !isnan(s->truth[target * f->horizon + h]);
    if (known)
        line[lines++] = (rondo_plot_series){"truth", f->horizon, s->time, s->truth + target * f->horizon};
    snprintf(title, sizeof title, "%s%s%s", rondo__show(f->target_name[target]).text, *s->name ? ", " : "",
             rondo__show(s->name).text);
    const rondo_plot_axes axes = {.title = title, .time_x = f->has_time, .x_label = f->has_time ? NULL : "row"};
    return rondo_plot_bands(path, &axes, bands, band, lines, line, err);
}

rondo_status rondo_forecast_plot(const rondo_forecast *f, int64_t series, int64_t target, const char *path,
                                 rondo_error *err) {
    size_t count;
    if (!f || !path || !f->series || series < 0 || series >= f->count || target < 0 || target >= f->targets)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "forecast: a picture needs a forecast, a series and a target of it, and a path");
    double *room =
        rondo__size_mul((size_t)f->horizon, 2 * MOST_BANDS, &count) ? rondo__calloc(count, sizeof *room) : NULL;
    if (!room)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the picture", path);
    const rondo_status status = draw(f, &f->series[series], target, room, path, err);
    rondo__free(room);
    return status;
}
