/* The frame of lines and bars. Every margin comes from the measured width of what stands in it. */
#include "plot/frame.h"

#include <math.h>
#include <stdio.h>

#define LINE_HEIGHT 20.0
#define GAP 7.0 /* between an axis and its labels */

rondo__colour rondo__ink(void) { return (rondo__colour){0.13, 0.13, 0.13}; }
rondo__colour rondo__faint(void) { return (rondo__colour){0.87, 0.87, 0.87}; }

bool rondo__plot_said(const char *text) { return text && *text; }

double rondo__title_room(const char *title) {
    return RONDO__MARGIN + (rondo__plot_said(title) ? 1.7 * RONDO__TITLE_SIZE : 0);
}

void rondo__title_draw(rondo__canvas *canvas, const char *title, double x) {
    rondo__canvas_colour(canvas, rondo__ink());
    rondo__text_draw(canvas, RONDO__TITLE_SIZE, title,
                     (rondo__text_place){x, RONDO__MARGIN + 0.5 * RONDO__TITLE_SIZE, 0, 0});
}

double rondo__frame_y(const rondo__frame *f, double at) { return f->y + f->height * (1 - at); }

rondo__colour rondo__frame_colour(const rondo__frame *f, int i) {
    return f->over_bands ? rondo__colour_over_bands(i) : rondo__colour_of_series(i);
}

/* ---- the legend: rows of samples with names, over the area ---- */
#define SAMPLE 27.0
#define BOX 16.0
#define AFTER_NAME 20.0

static const char *legend_name(const rondo__frame *f, int i, char room[400]) {
    const char *name = rondo__plot_said(f->name[i]) ? f->name[i] : "-";
    if (f->first_right == 0 || i < f->first_right)
        return name;
    snprintf(room, 400, "%.380s (right)", name);
    return room;
}

static bool has_legend(const rondo__frame *f) {
    return f->names > 1 || (f->names == 1 && rondo__plot_said(f->name[0]));
}

static void draw_sample(const rondo__frame *f, int i, double x, double y) {
    if (f->boxes) {
        rondo__canvas_bar(f->canvas, x, y - 6, BOX, 12, i);
        return;
    }
    if (i >= f->names - f->bands) {
        rondo__canvas_band(f->canvas, x, y - 6, SAMPLE - 6, 12, i - (f->names - f->bands), f->bands);
        return;
    }
    rondo__canvas_colour(f->canvas, rondo__frame_colour(f, i));
    rondo__path_begin(f->canvas, x, y);
    rondo__path_to(f->canvas, x + SAMPLE - 6, y);
    rondo__path_stroke(f->canvas, 2, i);
}

/* Returns the rows it takes; draws when asked to. */
static int legend(const rondo__frame *f, double top, bool draw) {
    double x = 0;
    int rows = has_legend(f) ? 1 : 0;
    const double sample = f->boxes ? BOX + 6 : SAMPLE;
    for (int i = 0; i < f->names && rows > 0; i++) {
        char room[400];
        const char *name = legend_name(f, i, room);
        const double width = sample + rondo__text_width(f->canvas, RONDO__TEXT_SIZE, name);
        if (x > 0 && x + width > f->width) {
            x = 0;
            rows++;
        }
        if (draw) {
            const double y = top + (rows - 0.5) * LINE_HEIGHT;
            draw_sample(f, i, f->x + x, y);
            rondo__canvas_colour(f->canvas, rondo__ink());
            rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, name, (rondo__text_place){f->x + x + sample, y, 0, 0});
        }
        x += width + AFTER_NAME;
    }
    return rows;
}

/* ---- vertical axes ---- */
static double widest_label(rondo__canvas *canvas, const rondo__scale *scale) {
    double tick[RONDO__MOST_TICKS], widest = 0;
    const int count = rondo__scale_ticks(scale, tick);
    for (int i = 0; i < count; i++) {
        char label[32];
        rondo__scale_label(scale, tick[i], label);
        widest = fmax(widest, rondo__text_width(canvas, RONDO__TEXT_SIZE, label));
    }
    return widest;
}

/* Room beside the area for an axis and the words along it. */
static double axis_room(const rondo__frame *f, const rondo__scale *scale, const char *words) {
    return RONDO__MARGIN + widest_label(f->canvas, scale) + GAP + (rondo__plot_said(words) ? LINE_HEIGHT : 0);
}

static void draw_grid_line(const rondo__frame *f, double y) {
    rondo__canvas_colour(f->canvas, rondo__faint());
    rondo__canvas_line(f->canvas, f->x, y, f->x + f->width, y, 1);
}

void rondo__frame_grid(const rondo__frame *f) {
    double tick[RONDO__MOST_TICKS];
    const int count = rondo__scale_ticks(&f->left, tick);
    for (int i = 0; i < count; i++)
        draw_grid_line(f, rondo__frame_y(f, rondo__scale_at(&f->left, tick[i])));
}

static void draw_axis(const rondo__frame *f, const rondo__scale *scale, bool right) {
    double tick[RONDO__MOST_TICKS];
    const int count = rondo__scale_ticks(scale, tick);
    for (int i = 0; i < count; i++) {
        char label[32];
        const double y = rondo__frame_y(f, rondo__scale_at(scale, tick[i]));
        rondo__scale_label(scale, tick[i], label);
        if (!right && !f->over_bands)
            draw_grid_line(f, y);
        rondo__canvas_colour(f->canvas, rondo__ink());
        if (right)
            rondo__canvas_line(f->canvas, f->x + f->width, y, f->x + f->width + 4, y, 1);
        rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, label,
                         (rondo__text_place){right ? f->x + f->width + GAP : f->x - GAP, y, right ? 0 : 1, 0});
    }
}

static void draw_words(const rondo__frame *f, double total_width, double total_height) {
    const double middle = f->y + f->height / 2, edge = RONDO__MARGIN + 0.4 * RONDO__TEXT_SIZE;
    rondo__canvas_colour(f->canvas, rondo__ink());
    rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, f->axes.y_label, (rondo__text_place){edge, middle, 0.5, -90});
    if (f->first_right > 0)
        rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, f->right_label,
                         (rondo__text_place){total_width - edge, middle, 0.5, -90});
    rondo__text_draw(f->canvas, RONDO__TEXT_SIZE, f->axes.x_label,
                     (rondo__text_place){f->x + f->width / 2, total_height - edge, 0.5, 0});
}

void rondo__frame_begin(rondo__frame *f) {
    rondo__canvas *c = f->canvas;
    const double legend_top = rondo__title_room(f->axes.title);
    const double title = rondo__text_width(c, RONDO__TITLE_SIZE, f->axes.title);
    f->x = fmax(f->beside, axis_room(f, &f->left, f->axes.y_label));
    f->y = legend_top + legend(f, 0, false) * LINE_HEIGHT + 10;
    const double right = f->first_right > 0 ? axis_room(f, &f->right, f->right_label) : RONDO__MARGIN + 14;
    const double width = fmax(f->x + f->width + right, f->x + title + RONDO__MARGIN);
    const double bottom = f->below + (rondo__plot_said(f->axes.x_label) ? LINE_HEIGHT + 2 : 0) + RONDO__MARGIN;
    const double height = f->y + f->height + bottom;
    rondo__canvas_size(c, width, height);
    rondo__title_draw(c, f->axes.title, f->x);
    legend(f, legend_top, true);
    draw_axis(f, &f->left, false);
    if (f->first_right > 0)
        draw_axis(f, &f->right, true);
    draw_words(f, ceil(width), ceil(height));
}
