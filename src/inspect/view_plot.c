/* A view as a picture: title and facts, then its panels; those of one group stand in a row of their own. */
#include "inspect/view_plot.h"

#include <math.h>
#include <string.h>

#ifdef RONDO_HAVE_CAIRO

enum { ACROSS = 3 };
#define LINE 20.0
#define BETWEEN 10.0
#define FACT_SIZE 13.0

typedef struct box {
    double x, y, width, height;
} box;

static void draw_panel(rondo__canvas *canvas, const rondo__panel *panel) {
    switch (panel->kind) {
    case RONDO__HEATMAP:
        rondo__picture_heatmap(canvas, panel);
        break;
    case RONDO__LINES:
        rondo__picture_lines(canvas, panel);
        break;
    case RONDO__BARS:
        rondo__picture_bars(canvas, panel);
        break;
    case RONDO__TABLE:
        rondo__picture_table(canvas, panel);
        break;
    case RONDO__PASSAGES:
        rondo__picture_passages(canvas, panel);
        break;
    }
}

/* ---- where everything stands ---- */

static const char *group_of(const rondo__panel *panel) {
    return panel->kind == RONDO__HEATMAP && panel->heatmap.group ? panel->heatmap.group : "";
}

static bool begins_row(const rondo_view *view, int i, int in_row) {
    const rondo__panel *panel = view->panel[i];
    if (i == 0 || in_row == ACROSS || strcmp(group_of(panel), group_of(view->panel[i - 1])) != 0)
        return true;
    return panel->kind != view->panel[i - 1]->kind || panel->kind == RONDO__PASSAGES ||
           (in_row == 2 && panel->kind != RONDO__HEATMAP);
}

/* Sizes are there; gives the sheet's. */
static box lay_out(const rondo_view *view, box *at, double top, double width) {
    double x = 0, y = top, height = 0;
    int in_row = 0;
    for (int i = 0; i < view->panels; i++) {
        if (begins_row(view, i, in_row)) {
            y += height + (i ? BETWEEN : 0);
            x = height = 0;
            in_row = 0;
        }
        at[i].x = x;
        at[i].y = y;
        x += at[i].width + BETWEEN;
        height = fmax(height, at[i].height);
        width = fmax(width, x);
        in_row++;
    }
    return (box){0, 0, width, y + height};
}

static double head_height(const rondo_view *view) {
    return RONDO__MARGIN + (*view->title ? 1.7 * RONDO__TITLE_SIZE : 0) + LINE * view->facts + 4;
}

static double name_width(rondo__canvas *canvas, const rondo_view *view) {
    double width = 0;
    for (int i = 0; i < view->facts; i++)
        width = fmax(width, rondo__text_width(canvas, FACT_SIZE, view->fact[i].name));
    return width;
}

static double head_width(rondo__canvas *canvas, const rondo_view *view) {
    const double names = name_width(canvas, view);
    double width = rondo__text_width(canvas, RONDO__TITLE_SIZE, view->title);
    for (int i = 0; i < view->facts; i++)
        width = fmax(width, names + 14 + rondo__text_width(canvas, FACT_SIZE, view->fact[i].text));
    return width + 2 * RONDO__MARGIN;
}

static void draw_head(rondo__canvas *canvas, const rondo_view *view) {
    const double names = name_width(canvas, view);
    double y = RONDO__MARGIN + (*view->title ? 1.7 * RONDO__TITLE_SIZE : 0) + LINE / 2;
    rondo__title_draw(canvas, view->title, RONDO__MARGIN);
    for (int i = 0; i < view->facts; i++, y += LINE) {
        rondo__canvas_colour(canvas, (rondo__colour){0.4, 0.4, 0.4});
        rondo__text_draw(canvas, FACT_SIZE, view->fact[i].name, (rondo__text_place){RONDO__MARGIN, y, 0, 0});
        rondo__canvas_colour(canvas, rondo__ink());
        rondo__text_draw(canvas, FACT_SIZE, view->fact[i].text,
                         (rondo__text_place){RONDO__MARGIN + names + 14, y, 0, 0});
    }
}

static void draw_sheet(rondo__canvas *canvas, const rondo_view *view, box *at) {
    for (int i = 0; i < view->panels; i++) {
        rondo__sheet_measure(canvas, &at[i].width, &at[i].height);
        draw_panel(canvas, view->panel[i]);
    }
    const box sheet = lay_out(view, at, head_height(view), head_width(canvas, view));
    rondo__sheet_size(canvas, sheet.width, sheet.height);
    draw_head(canvas, view);
    for (int i = 0; i < view->panels; i++) {
        rondo__sheet_place(canvas, at[i].x, at[i].y);
        draw_panel(canvas, view->panel[i]);
    }
}

rondo_status rondo__view_plot(const rondo_view *view, const char *path, rondo_error *err) {
    rondo__canvas *canvas = NULL;
    box *at = rondo__calloc((size_t)view->panels + 1, sizeof *at);
    rondo_status status = at ? rondo__canvas_open(&canvas, path, err)
                             : rondo__fail(err, RONDO_MEMORY, "%s: no memory for a picture", path);
    if (!status) {
        draw_sheet(canvas, view, at);
        status = rondo__canvas_close(&canvas, err);
    }
    rondo__free(at);
    return status;
}

#else
rondo_status rondo__view_plot(const rondo_view *view, const char *path, rondo_error *err) {
    (void)view;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "%s: this build of Rondo cannot draw (install libcairo2-dev and build again)", path);
}
#endif
