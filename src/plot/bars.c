/* Groups of bars. They begin at zero, so that their lengths compare; on a logarithmic axis, at its bottom. */
#include <math.h>
#include <stdio.h>

#include "plot/frame.h"

#define AREA_WIDTH 640.0
#define AREA_HEIGHT 360.0
#define NARROWEST 6.0 /* bar */
#define WIDEST 46.0
#define VALUE_SIZE 11.0
#define VALUE_ROOM 14.0
#define TURN 45.0 /* degrees, of group names that do not fit side by side */

typedef struct chart {
    rondo__frame frame;
    int groups, series;
    const char *const *group_name;
    const double *value;
    double slot, bar; /* widths */
    bool turned, shows_values;
    int decimals; /* of the values shown */
    double sunk;  /* how much further down the names stand, for values under bars */
} chart;

static rondo__scale scale_of(const chart *k) {
    const bool log = k->frame.axes.log_y;
    rondo__extent extent = rondo__extent_none();
    for (int64_t i = 0; i < (int64_t)k->groups * k->series; i++) {
        if (!log || k->value[i] > 0)
            rondo__extent_add(&extent, k->value[i]);
    }
    if (log)
        return rondo__scale_log(extent, 7);
    rondo__extent_add(&extent, 0);
    return rondo__scale_linear(extent, 7, false);
}

static double widest_name(const chart *k) {
    double widest = 0;
    for (int g = 0; k->group_name && g < k->groups; g++)
        widest = fmax(widest, rondo__text_width(k->frame.canvas, RONDO__TEXT_SIZE, k->group_name[g]));
    return widest;
}

/* Wide enough for the bars, and for the names where that costs little; else the names are turned. */
static void lay_out(chart *k) {
    const double names = widest_name(k);
    const double slope = sin(TURN * 3.14159265358979323846 / 180);
    const double least = k->series * NARROWEST / 0.8;
    k->slot = fmax(fmax(AREA_WIDTH / k->groups, least), fmin(names + 12, 72));
    k->slot = fmin(k->slot, fmax(k->series * WIDEST / 0.6, names + 12));
    k->turned = names + 8 > k->slot;
    if (k->turned)
        k->slot = fmax(k->slot, 1.5 * RONDO__TEXT_SIZE);
    k->bar = fmin(0.8 * k->slot / k->series, WIDEST);
    k->frame.width = k->slot * k->groups;
    k->frame.height = AREA_HEIGHT;
    k->frame.below = !k->group_name ? 6 : k->turned ? names * slope + 22 : 22;
    if (k->turned)
        k->frame.beside = fmax(0, names * slope + RONDO__MARGIN - k->slot / 2);
}

static void value_text(const chart *k, double value, char out[32]) {
    snprintf(out, 32, "%.*f", k->decimals, value);
    for (char *p = out; *p; p++) {
        if (*p == ',') /* of a locale */
            *p = '.';
    }
}

/* Values stand at their bars where all have room: to one place more than the axis shows. */
static void decide_values(chart *k) {
    const rondo__scale *scale = &k->frame.left;
    bool whole = true;
    k->shows_values = !scale->log && scale->high < 1e5 && scale->low > -1e5 && scale->step > 1e-4;
    const int axis = (int)-floor(log10(scale->step) + 1e-9);
    k->decimals = axis > 0 ? axis + 1 : 1;
    for (int64_t i = 0; i < (int64_t)k->groups * k->series; i++)
        whole = whole && (!rondo__plot_usable(k->value[i]) || k->value[i] == floor(k->value[i]));
    if (whole)
        k->decimals = 0;
    for (int64_t i = 0; k->shows_values && i < (int64_t)k->groups * k->series; i++) {
        char text[32];
        if (!rondo__plot_usable(k->value[i]))
            continue;
        value_text(k, k->value[i], text);
        k->shows_values = rondo__text_width(k->frame.canvas, VALUE_SIZE, text) <= k->bar + 1;
    }
    if (k->shows_values && scale->low < 0) {
        k->frame.below += VALUE_ROOM;
        k->sunk = VALUE_ROOM;
    }
}

static void draw_value(const chart *k, double value, double x, double end) {
    char text[32];
    value_text(k, value, text);
    rondo__canvas_colour(k->frame.canvas, rondo__ink());
    rondo__text_draw(k->frame.canvas, VALUE_SIZE, text,
                     (rondo__text_place){x + k->bar / 2, value < 0 ? end + 8 : end - 8, 0.5, 0});
}

static void draw_bar(const chart *k, int g, int s) {
    const rondo__scale *scale = &k->frame.left;
    const double value = k->value[(int64_t)g * k->series + s], at = rondo__scale_at(scale, value);
    if (isnan(at))
        return;
    const double base = rondo__frame_y(&k->frame, scale->log ? 0 : rondo__scale_at(scale, 0));
    const double end = rondo__frame_y(&k->frame, at);
    const double left = k->frame.x + (g + 0.5) * k->slot + (s - 0.5 * k->series) * k->bar;
    const double gap = k->bar > 10 ? 1 : 0;
    rondo__canvas_bar(k->frame.canvas, left + gap / 2, fmin(base, end), k->bar - gap, fabs(base - end), s);
    if (k->shows_values)
        draw_value(k, value, left, end);
}

static void draw_names(const chart *k) {
    const double y = k->frame.y + k->frame.height + 14 + k->sunk;
    rondo__canvas_colour(k->frame.canvas, rondo__ink());
    for (int g = 0; k->group_name && g < k->groups; g++) {
        const double x = k->frame.x + (g + 0.5) * k->slot;
        rondo__text_draw(k->frame.canvas, RONDO__TEXT_SIZE, k->group_name[g],
                         (rondo__text_place){x, y, k->turned ? 1 : 0.5, k->turned ? -TURN : 0});
    }
}

void rondo__draw_bars(rondo__canvas *canvas, const rondo_plot_axes *axes, int groups, const char *const *group_name,
                      int series, const char *const *series_name, const double *value) {
    chart k = {
        .frame =
            {.canvas = canvas, .axes = *axes, .name = series_name, .names = series_name ? series : 0, .boxes = true},
        .groups = groups,
        .series = series,
        .group_name = group_name,
        .value = value,
    };
    lay_out(&k);
    k.frame.left = scale_of(&k);
    decide_values(&k);
    rondo__frame_begin(&k.frame);
    for (int g = 0; g < groups; g++) {
        for (int s = 0; s < series; s++)
            draw_bar(&k, g, s);
    }
    draw_names(&k);
    const double zero = k.frame.left.log ? 0 : rondo__scale_at(&k.frame.left, 0), y = rondo__frame_y(&k.frame, zero);
    rondo__canvas_colour(canvas, rondo__ink());
    rondo__canvas_line(canvas, k.frame.x, y, k.frame.x + k.frame.width, y, 1);
}
