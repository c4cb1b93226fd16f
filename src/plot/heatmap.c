/* A grid of shades. Cells shrink as the grid grows; labels keep them large enough to be read while that is possible,
 * then only every so many labels are shown. Small cells are painted as one image: a file of a million boxes helps
 * nobody. */
#include <math.h>

#include "plot/frame.h"

#define LARGEST_CELL 40.0
#define MOST_WIDENED 72.0
#define WANTED_SIDE 800.0
#define WANTED_ON_SHEET 430.0 /* beside other pictures */
#define LABELLED_SIDE 3000.0
#define LABEL_STEP 19.0 /* least distance of two labels */
#define READABLE 11.0   /* a column on a sheet, as long as they are not too many */
#define SMALLEST_ROOM 6.0
#define SMALLEST_SIZE 7.0    /* of letters */
#define SMALLEST_OF_BOXES 6. /* below, an image */
#define TURN 50.0            /* degrees, of long column labels */
#define BAR_GAP 22.0
#define BAR_WIDTH 14.0

typedef struct map {
    rondo__canvas *canvas;
    const rondo_plot_axes *axes;
    const rondo_plot_grid *grid;
    rondo__scale shades;
    double cell_width, cell_height, width, height, x, y;
    double above, over; /* room of column labels over the grid, and beyond its right edge */
    bool turned;
    double column_size;    /* of the letters of column labels */
    int64_t column_stride; /* which of them are shown */
} map;

static double cell_size(const map *m, int64_t count, bool labelled) {
    const bool sheet = rondo__canvas_is_sheet(m->canvas);
    const double n = (double)count, most = sheet ? LARGEST_CELL / 2 : LARGEST_CELL;
    const double least = labelled && !sheet && n * LABEL_STEP <= LABELLED_SIDE ? LABEL_STEP : 1;
    return fmin(most, fmax(least, floor((sheet ? WANTED_ON_SHEET : WANTED_SIDE) / n)));
}

static int64_t stride_of(double cell) { return (int64_t)ceil(LABEL_STEP / cell - 1e-9); }

static const char *label_at(const char *const *labels, int64_t i, int64_t stride) {
    return i % stride == 0 && rondo__plot_said(labels[i]) ? labels[i] : NULL;
}

static double widest(const map *m, const char *const *labels, int64_t count, int64_t stride) {
    double most = 0;
    for (int64_t i = 0; labels && i < count; i++)
        most = fmax(most, rondo__text_width(m->canvas, RONDO__TEXT_SIZE, label_at(labels, i, stride)));
    return most;
}

/* Single characters over narrow cells are all shown, in smaller letters: they are a text to be read. */
static void choose_columns(map *m) {
    const rondo_plot_grid *g = m->grid;
    const double room = m->cell_width - 1.5;
    m->column_size = RONDO__TEXT_SIZE;
    m->column_stride = stride_of(m->cell_width);
    if (m->column_stride == 1 || !g->column_label || room < SMALLEST_ROOM)
        return;
    const double most = widest(m, g->column_label, g->columns, 1);
    if (most > 0 && most < LABEL_STEP && RONDO__TEXT_SIZE * room / most >= SMALLEST_SIZE) {
        m->column_size = fmin(RONDO__TEXT_SIZE, RONDO__TEXT_SIZE * room / most);
        m->column_stride = 1;
    }
}

/* Column labels: level where each fits over its cell, else turned; then those at the right end lean out of the grid. */
static void measure_columns(map *m) {
    const double most =
        widest(m, m->grid->column_label, m->grid->columns, m->column_stride) * m->column_size / RONDO__TEXT_SIZE;
    const double angle = TURN * 3.14159265358979323846 / 180;
    m->turned = m->column_size == RONDO__TEXT_SIZE && most > m->cell_width * (double)m->column_stride - 4;
    m->above = most == 0 ? 0 : m->turned ? most * sin(angle) + 14 : LABEL_STEP;
    for (int64_t i = 0; m->turned && i < m->grid->columns; i++) {
        const double size =
            rondo__text_width(m->canvas, RONDO__TEXT_SIZE, label_at(m->grid->column_label, i, m->column_stride));
        m->over = fmax(m->over, ((double)i + 0.5) * m->cell_width + size * cos(angle) + 6 - m->width);
    }
}

static rondo__scale shades_of(const rondo_plot_grid *grid) {
    rondo__extent extent = {grid->low, grid->high};
    if (grid->low == 0 && grid->high == 0) {
        extent = rondo__extent_none();
        for (int64_t i = 0; i < grid->rows * grid->columns; i++)
            rondo__extent_add(&extent, (double)grid->value[i]);
    }
    return rondo__scale_linear(extent, 5, true);
}

static uint32_t shade(const map *m, double value) {
    if (isnan(value))
        return 0xFFFFFF; /* no value is no ink; a cross tells it from a low one */
    const double t = value <= m->shades.low ? 0 : value >= m->shades.high ? 1 : rondo__scale_at(&m->shades, value);
    const rondo__colour c = m->grid->diverging ? rondo__colour_of_difference(t) : rondo__colour_of_value(t);
    return (uint32_t)(lround(c.red * 255) << 16 | lround(c.green * 255) << 8 | lround(c.blue * 255));
}

static void draw_box(const map *m, int64_t row, int64_t column, double gap) {
    const double value = (double)m->grid->value[row * m->grid->columns + column];
    const double x = m->x + (double)column * m->cell_width, y = m->y + (double)row * m->cell_height;
    const double width = m->cell_width - gap, height = m->cell_height - gap;
    const uint32_t c = shade(m, value);
    rondo__canvas_colour(m->canvas, (rondo__colour){(c >> 16) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0});
    rondo__canvas_box(m->canvas, x, y, width, height);
    if (!isnan(value))
        return;
    rondo__canvas_colour(m->canvas, (rondo__colour){0.6, 0.6, 0.6});
    rondo__canvas_line(m->canvas, x + 2, y + 2, x + width - 2, y + height - 2, 1);
    rondo__canvas_line(m->canvas, x + 2, y + height - 2, x + width - 2, y + 2, 1);
}

static void draw_image(const map *m) {
    const int64_t cells = m->grid->rows * m->grid->columns;
    uint32_t *pixel = rondo__alloc((size_t)cells * sizeof *pixel);
    if (!pixel) {
        rondo__canvas_fail(m->canvas, RONDO_MEMORY, "no memory for a picture");
        return;
    }
    for (int64_t i = 0; i < cells; i++)
        pixel[i] = shade(m, (double)m->grid->value[i]);
    rondo__canvas_image(m->canvas, pixel, m->grid->rows, m->grid->columns, m->x, m->y, m->width, m->height);
    rondo__free(pixel);
}

static void draw_cells(const map *m) {
    const double gap = fmin(m->cell_width, m->cell_height) < SMALLEST_OF_BOXES ? 0 : 1;
    if (gap == 0) {
        draw_image(m);
    } else {
        for (int64_t row = 0; row < m->grid->rows; row++) {
            for (int64_t column = 0; column < m->grid->columns; column++)
                draw_box(m, row, column, gap);
        }
    }
    rondo__canvas_colour(m->canvas, (rondo__colour){0.45, 0.45, 0.45});
    rondo__canvas_outline(m->canvas, m->x - 1, m->y - 1, m->width + 2 - gap, m->height + 2 - gap);
}

static void draw_labels(const map *m) {
    const rondo_plot_grid *g = m->grid;
    rondo__canvas_colour(m->canvas, rondo__ink());
    for (int64_t i = 0; g->row_label && i < g->rows; i++) {
        const rondo__text_place place = {m->x - 8, m->y + ((double)i + 0.5) * m->cell_height, 1, 0};
        rondo__text_draw(m->canvas, RONDO__TEXT_SIZE, label_at(g->row_label, i, stride_of(m->cell_height)), place);
    }
    for (int64_t i = 0; g->column_label && i < g->columns; i++) {
        const double x = m->x + ((double)i + 0.5) * m->cell_width;
        rondo__text_draw(m->canvas, m->column_size, label_at(g->column_label, i, m->column_stride),
                         (rondo__text_place){x, m->y - 11, m->turned ? 0 : 0.5, m->turned ? -TURN : 0});
    }
}

/* ---- the bar of shades, beside the grid ---- */
static double bar_height(const map *m) { return fmin(fmax(m->height, 90), 220); }

static double bar_room(const map *m) {
    double tick[RONDO__MOST_TICKS], most = 0;
    const int count = rondo__scale_ticks(&m->shades, tick);
    for (int i = 0; i < count; i++) {
        char label[32];
        rondo__scale_label(&m->shades, tick[i], label);
        most = fmax(most, rondo__text_width(m->canvas, RONDO__TEXT_SIZE, label));
    }
    return BAR_GAP + BAR_WIDTH + 8 + most;
}

static void draw_bar(const map *m) {
    enum { STEPS = 128 };
    const double x = m->x + m->width + BAR_GAP, height = bar_height(m);
    double tick[RONDO__MOST_TICKS];
    uint32_t pixel[STEPS];
    for (int i = 0; i < STEPS; i++)
        pixel[i] = shade(m, m->shades.high - (m->shades.high - m->shades.low) * (i + 0.5) / STEPS);
    rondo__canvas_image(m->canvas, pixel, STEPS, 1, x, m->y, BAR_WIDTH, height);
    rondo__canvas_colour(m->canvas, (rondo__colour){0.45, 0.45, 0.45});
    rondo__canvas_outline(m->canvas, x - 1, m->y - 1, BAR_WIDTH + 2, height + 2);
    rondo__canvas_colour(m->canvas, rondo__ink());
    const int count = rondo__scale_ticks(&m->shades, tick);
    for (int i = 0; i < count; i++) {
        char label[32];
        const double y = m->y + height * (1 - rondo__scale_at(&m->shades, tick[i]));
        rondo__scale_label(&m->shades, tick[i], label);
        rondo__canvas_line(m->canvas, x + BAR_WIDTH, y, x + BAR_WIDTH + 4, y, 1);
        rondo__text_draw(m->canvas, RONDO__TEXT_SIZE, label, (rondo__text_place){x + BAR_WIDTH + 7, y, 0, 0});
    }
}

/* Where everything stands; the picture's size. */
static void lay_out(map *m) {
    const rondo_plot_grid *g = m->grid;
    const bool says_y = rondo__plot_said(m->axes->y_label), says_x = rondo__plot_said(m->axes->x_label);
    m->cell_width = cell_size(m, g->columns, g->column_label);
    if (rondo__canvas_is_sheet(m->canvas) && g->column_label && (double)g->columns * READABLE <= WANTED_SIDE)
        m->cell_width = fmax(m->cell_width, READABLE);
    const double level = ceil(widest(m, g->column_label, g->columns, stride_of(m->cell_width))) + 10;
    if (m->cell_width >= LARGEST_CELL / 2 && level > m->cell_width && level <= MOST_WIDENED &&
        (double)g->columns * level <= WANTED_SIDE)
        m->cell_width = level; /* few columns: level labels are worth it */
    m->cell_height = cell_size(m, g->rows, g->row_label);
    m->width = (double)g->columns * m->cell_width;
    m->height = (double)g->rows * m->cell_height;
    choose_columns(m);
    measure_columns(m);
    const double rows = widest(m, g->row_label, g->rows, stride_of(m->cell_height));
    m->x = ceil(RONDO__MARGIN + (says_y ? 22 : 0) + (rows > 0 ? rows + 8 : 0));
    m->y = ceil(rondo__title_room(m->axes->title) + m->above + 4);
    const double right = fmax(m->over, bar_room(m));
    double width =
        fmax(m->x + m->width + right, m->x + rondo__text_width(m->canvas, RONDO__TITLE_SIZE, m->axes->title));
    if (says_x)
        width = fmax(width, m->x + rondo__text_width(m->canvas, RONDO__TEXT_SIZE, m->axes->x_label));
    const double height = fmax(m->height + (says_x ? 26 : 0), bar_height(m) + 4);
    rondo__canvas_size(m->canvas, width + RONDO__MARGIN, m->y + height + RONDO__MARGIN);
}

void rondo__draw_heatmap(rondo__canvas *canvas, const rondo_plot_axes *axes, const rondo_plot_grid *grid) {
    map m = {.canvas = canvas, .axes = axes, .grid = grid, .shades = shades_of(grid)};
    lay_out(&m);
    rondo__title_draw(canvas, axes->title, m.x);
    draw_cells(&m);
    draw_labels(&m);
    draw_bar(&m);
    rondo__canvas_colour(canvas, rondo__ink());
    rondo__text_draw(canvas, RONDO__TEXT_SIZE, axes->x_label,
                     (rondo__text_place){m.x + m.width / 2, m.y + m.height + 16, 0.5, 0});
    rondo__text_draw(canvas, RONDO__TEXT_SIZE, axes->y_label,
                     (rondo__text_place){RONDO__MARGIN + 6, m.y + m.height / 2, 0.5, -90});
}
