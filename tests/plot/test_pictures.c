/* Pictures, read again by cairo: sizes, the place of the darkest cell, gaps, the same bytes twice, refusals, and every
 * failure on the way. Needs: CAIRO. */
#include "support/test.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "plot/picture.h"
#include "rondo/plot.h"

static const char *const target[] = {"I", "am", "a", "robot"};
static const char *const source[] = {"私", "は", "ロボット", "です", "。"};
static rondo_real attention[20] = {0.9, 0.1, 0, 0, 0, 0, 0.2, 0.1, 0.6, 0.1, 0, 0.1, 0.8, 0.1, 0, 0, 0, 1, 0, 0};
static const rondo_plot_axes words = {.title = "Attention", .x_label = "source", .y_label = "target"};

/* Fonts without Japanese are no failure of Rondo: the message is checked, and the tests do with Latin. */
static bool japanese;

static int find_japanese(void **state) {
    (void)state;
    const rondo_plot_axes axes = {.title = "私はロボットです。"};
    rondo_error err;
    const rondo_status status =
        rondo_plot_heatmap(test_path("has.png"), &axes, &(rondo_plot_grid){1, 1, attention}, &err);
    if (status == RONDO_NOT_FOUND)
        assert_non_null(strstr(err.message, "'私' (U+79C1)"));
    else
        assert_int_equal(status, RONDO_OK);
    japanese = status == RONDO_OK;
    return 0;
}

static rondo_plot_grid make_grid(void) {
    return (rondo_plot_grid){4, 5, attention, target, japanese ? source : NULL, 0, 1};
}

static char *read_file(const char *path, size_t *size) {
    char *data;
    assert_int_equal(rondo__file_read(path, 0, &data, size, NULL), RONDO_OK);
    return data;
}

static void png_file(void **state) {
    (void)state;
    const char *path = test_path("file.png");
    const rondo_plot_grid grid = make_grid();
    size_t size;
    assert_int_equal(rondo_plot_heatmap(path, &words, &grid, NULL), RONDO_OK);
    unsigned char *data = (unsigned char *)read_file(path, &size);
    assert_true(size > 1000);
    assert_memory_equal(data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    const picture p = open_png(path);
    assert_int_equal(data[16] << 24 | data[17] << 16 | data[18] << 8 | data[19], p.width);
    assert_int_equal(data[20] << 24 | data[21] << 16 | data[22] << 8 | data[23], p.height);
    assert_true(p.width > 5 * 2 * 40 && p.width < 1200 && p.height > 4 * 2 * 40 && p.height < 800);
    assert_int_equal(data[24], 8); /* bits */
    assert_int_equal(data[25], 2); /* red, green, blue */
    cairo_surface_destroy(p.surface);
    rondo__free(data);
}

/* Cells without labels stand 16 points from the left, 20 from the top, 40 apart; a point is two pixels. */
static uint32_t cell_pixel(const picture *p, int row, int column) {
    return pixel_at(p, 2 * (16 + 40 * column + 20), 2 * (20 + 40 * row + 20));
}

static void darkest_is_largest(void **state) {
    (void)state;
    rondo_real value[12];
    for (int largest = 0; largest < 12; largest++) {
        for (int i = 0; i < 12; i++)
            value[i] = i == largest ? 2 : (rondo_real)0.1 * (rondo_real)i - 3;
        const char *path = test_path("dark.png");
        assert_int_equal(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){3, 4, value}, NULL), RONDO_OK);
        const picture p = open_png(path);
        for (int i = 0; i < 12; i++) {
            const int here = grey(cell_pixel(&p, i / 4, i % 4)), best = grey(cell_pixel(&p, largest / 4, largest % 4));
            assert_true(i == largest || here > best + 200);
        }
        cairo_surface_destroy(p.surface);
    }
}

static void scale_is_kept(void **state) {
    (void)state;
    rondo_real value[4] = {0, 1, -5, INFINITY};
    const char *path = test_path("scale.png");
    assert_int_equal(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){1, 4, value, NULL, NULL, 0, 1}, NULL), RONDO_OK);
    picture p = open_png(path);
    assert_int_equal(cell_pixel(&p, 0, 0), cell_pixel(&p, 0, 2));
    assert_int_equal(cell_pixel(&p, 0, 1), cell_pixel(&p, 0, 3));
    cairo_surface_destroy(p.surface);
    value[1] = (rondo_real)NAN;
    assert_int_equal(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){1, 4, value, NULL, NULL, 0, 1}, NULL), RONDO_OK);
    p = open_png(path);
    assert_int_equal(pixel_at(&p, 2 * (16 + 60), 2 * (20 + 6)), 0xFFFFFF);
    assert_int_not_equal(cell_pixel(&p, 0, 1), 0xFFFFFF); /* the cross */
    cairo_surface_destroy(p.surface);
}

/* Pixels of the colour in columns [from, to) of the area. */
static int count_colour(const picture *p, uint32_t colour, int from, int to) {
    int count = 0;
    for (int y = 0; y < p->height; y++) {
        for (int x = from; x < to; x++)
            count += pixel_at(p, x, y) == colour;
    }
    return count;
}

/* On two logarithmic axes a power is a straight line: at the middle of both axes its own colour. A point at 0 turns the
 * axis of x into a linear one. */
static void powers_are_straight(void **state) {
    (void)state;
    double x[] = {1, 10, 100}, y[] = {1, 100, 10000};
    const char *path = test_path("power.png");
    const rondo_plot_series series = {NULL, 3, x, y};
    const rondo_plot_axes axes = {.log_x = true, .log_y = true};
    for (int zero = 0; zero < 2; zero++) {
        x[0] = zero ? 0 : 1;
        assert_int_equal(rondo_plot_lines(path, &axes, 1, &series, 0, NULL, NULL), RONDO_OK);
        const picture p = open_png(path);
        const int left = p.width - 2 * (16 + 14 + 720), middle = left + 720;
        assert_int_equal(count_colour(&p, 0x0072B2, middle - 10, middle + 10) > 0, true);
        const int dots_at_a_tenth = count_colour(&p, 0x0072B2, left + 140, left + 148);
        const int by_the_middle = count_colour(&p, 0x0072B2, middle - 4, middle + 4);
        assert_int_equal(by_the_middle > dots_at_a_tenth + 20, !zero); /* where the dot of the second point stands */
        cairo_surface_destroy(p.surface);
    }
}

static void gaps(void **state) {
    (void)state;
    enum { N = 100 };
    double x[N], y[N];
    for (int i = 0; i < N; i++) {
        x[i] = i;
        y[i] = i == 99 ? 0.5 : i >= 40 ? NAN : 0.2; /* a line up to the middle, one point alone */
    }
    const char *path = test_path("gap.png");
    const rondo_plot_series series = {NULL, N, x, y};
    assert_int_equal(rondo_plot_lines(path, NULL, 1, &series, 0, NULL, NULL), RONDO_OK);
    const picture p = open_png(path);
    const int left = p.width - 2 * (16 + 14 + 720), unit = 2 * 720;
    assert_true(count_colour(&p, 0x0072B2, left, left + unit * 4 / 10) > 2 * unit * 3 / 10);
    assert_int_equal(count_colour(&p, 0x0072B2, left + unit * 42 / 100, left + unit * 85 / 100), 0);
    assert_true(count_colour(&p, 0x0072B2, left + unit * 85 / 100, p.width) > 20);
    cairo_surface_destroy(p.surface);
}

static void bars_have_heights(void **state) {
    (void)state;
    const double value[3] = {10, NAN, 5};
    const char *path = test_path("bars.png");
    assert_int_equal(rondo_plot_bars(path, NULL, 1, NULL, 3, NULL, value, NULL), RONDO_OK);
    const picture p = open_png(path);
    int high = 0, low = 0;
    for (int y = 0; y < p.height; y++) {
        int blue = 0, green = 0;
        for (int x = 0; x < p.width; x++) {
            blue += pixel_at(&p, x, y) == 0x0072B2;
            green += pixel_at(&p, x, y) == 0x009E73;
        }
        high += blue > 20;
        low += green > 20;
    }
    assert_true(abs(high - 2 * 360) <= 3 && abs(low - 360) <= 3);
    assert_int_equal(count_colour(&p, 0xE69F00, 0, p.width), 0);
    cairo_surface_destroy(p.surface);
}

static rondo_status draw_kind(int kind, const char *path, rondo_error *err) {
    static const double x[3] = {1, 2, 3}, y[6] = {3, 1, 2, 30, 20, NAN};
    static const char *const names[] = {"LSTM", "GRU", "<&>\""};
    const rondo_plot_series series[2] = {{"loss", 3, x, y}, {"BLEU", 3, x, y + 3}};
    static rondo_real large[400 * 300];
    const rondo_plot_grid grid = make_grid();
    switch (kind) {
    case 0:
        return rondo_plot_lines(path, &words, 2, series, 1, "BLEU", err);
    case 1:
        return rondo_plot_bars(path, &words, 2, names, 3, names, y, err);
    case 2:
        return rondo_plot_heatmap(path, &words, &grid, err);
    default:
        return rondo_plot_heatmap(path, &words, &(rondo_plot_grid){400, 300, large}, err);
    }
}

static void same_bytes(void **state) {
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        size_t size[2];
        char *data[2];
        for (int i = 0; i < 2; i++) {
            const char *path = test_path(kind % 2 ? "same.svg" : "same.png");
            assert_int_equal(draw_kind(kind / 2, path, NULL), RONDO_OK);
            data[i] = read_file(path, &size[i]);
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(data[0], data[1], size[0]);
        rondo__free(data[0]);
        rondo__free(data[1]);
    }
}

static void svg_file(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const char *path = test_path("file.svg");
        size_t size;
        assert_int_equal(draw_kind(kind, path, NULL), RONDO_OK);
        char *data = read_file(path, &size);
        assert_int_equal(strlen(data), size);
        assert_memory_equal(data, "<?xml", 5);
        assert_non_null(strstr(data, "<svg "));
        assert_null(strstr(data, "nan"));
        check_xml(data);
        rondo__free(data);
    }
}

static void odd_texts(void **state) {
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *const labels[] = {text, "line\nbreak", "broken \xff\xe7\xa7", "", NULL};
    const rondo_plot_axes axes = {text, text, text, false, false};
    const rondo_plot_grid grid = {4, 5, attention, labels, labels, 0, 0};
    const char *path = test_path("odd.png");
    assert_int_equal(rondo_plot_heatmap(path, &axes, &grid, NULL), RONDO_OK);
    const picture p = open_png(path);
    assert_true(p.width < 5000 && p.height < 3000);
    cairo_surface_destroy(p.surface);
    const double value[5] = {1, 2, 3, 4, 1e6};
    assert_int_equal(rondo_plot_bars(path, &axes, 5, labels, 1, labels, value, NULL), RONDO_OK);
    const rondo_plot_axes log_axes = {.log_y = true};
    assert_int_equal(rondo_plot_bars(path, &log_axes, 5, NULL, 1, NULL, value, NULL), RONDO_OK);
}

static void missing_font(void **state) {
    (void)state;
    const char *path = test_path("missing.png");
    const rondo_plot_axes axes = {.title = "a \U0010FFFD b \U0010FFFD \U0010FFFC"};
    const rondo_plot_grid grid = make_grid();
    rondo_error err;
    assert_int_equal(rondo_plot_heatmap(path, &axes, &grid, &err), RONDO_NOT_FOUND);
    assert_non_null(strstr(err.message, "no installed font has '\U0010FFFD' (U+10FFFD), '\U0010FFFC' (U+10FFFC) ("));
    assert_int_equal(test_count_files("missing"), 0);
}

static void refusals(void **state) {
    (void)state;
    rondo_error e;
    const double gap = NAN, one = 1;
    const char *png = test_path("refused.png");
    const rondo_plot_series none = {"x", 0, NULL, NULL}, gaps_only = {"x", 1, &one, &gap}, good = {"x", 1, &one, &one};
    const rondo_plot_series broken = {"x", 2, &one, NULL};
    const rondo_plot_grid grid = {1, 1, attention}, empty = {0, 5, attention}, no_value = {1, 1, NULL};
    const rondo_plot_grid backwards = {1, 1, attention, NULL, NULL, 2, 1};
#define LINES(path, count, series, right) rondo_plot_lines(path, NULL, count, series, right, NULL, &e)
    refuse(LINES(NULL, 1, &good, 0), &e, RONDO_ARGUMENT, "NULL");
    refuse(LINES(png, 1, NULL, 0), &e, RONDO_ARGUMENT, "NULL");
    refuse(LINES(png, 0, &good, 0), &e, RONDO_ARGUMENT, "0 lines");
    refuse(LINES(png, 1, &good, 1), &e, RONDO_ARGUMENT, "right axis");
    refuse(LINES(png, 1, &none, 0), &e, RONDO_ARGUMENT, "nothing to draw");
    refuse(LINES(png, 1, &gaps_only, 0), &e, RONDO_ARGUMENT, "nothing to draw");
    refuse(LINES(png, 1, &broken, 0), &e, RONDO_ARGUMENT, "no y");
    refuse(rondo_plot_bars(png, NULL, 1, NULL, 1, NULL, NULL, &e), &e, RONDO_ARGUMENT, "NULL");
    refuse(rondo_plot_bars(png, NULL, 0, NULL, 1, NULL, &one, &e), &e, RONDO_ARGUMENT, "0 groups");
    refuse(rondo_plot_bars(png, NULL, 1, NULL, 1, NULL, &gap, &e), &e, RONDO_ARGUMENT, "nothing to draw");
    refuse(rondo_plot_heatmap(png, NULL, NULL, &e), &e, RONDO_ARGUMENT, "NULL");
    refuse(rondo_plot_heatmap(png, NULL, &no_value, &e), &e, RONDO_ARGUMENT, "NULL");
    refuse(rondo_plot_heatmap(png, NULL, &empty, &e), &e, RONDO_ARGUMENT, "0 x 5");
    refuse(rondo_plot_heatmap(png, NULL, &backwards, &e), &e, RONDO_ARGUMENT, "low must be below high");
    refuse(rondo_plot_heatmap(test_path("refused.gif"), NULL, &grid, &e), &e, RONDO_ARGUMENT, ".png or .svg");
    refuse(rondo_plot_heatmap("/no/such/folder/refused.png", NULL, &grid, &e), &e, RONDO_IO, "/no/such/folder");
    assert_int_equal(test_count_files("refused"), 0);
}

static void too_large(void **state) {
    (void)state;
    static rondo_real row[20001];
    rondo_error e;
    const char *path = test_path("large.png");
    refuse(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){1, 20001, row}, &e), &e, RONDO_ARGUMENT, "20000");
    refuse(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){1, 15000, row}, &e), &e, RONDO_ARGUMENT, "20000 a side");
    assert_int_equal(rondo_plot_heatmap(path, NULL, &(rondo_plot_grid){1, 3000, row}, NULL), RONDO_OK);
    assert_int_equal(test_count_files("large"), 1);
}

static void full_disk(void **state) {
    (void)state;
    rondo_error e;
    const rondo_plot_grid grid = make_grid();
    const char *link = test_path("full.png");
    if (access("/dev/full", W_OK) || symlink("/dev/full", link))
        skip();
    refuse(rondo_plot_heatmap(link, &words, &grid, &e), &e, RONDO_IO, "No space left");
    assert_int_equal(test_count_files(".tmp-"), 0);
}

typedef struct job {
    int kind;
    char path[200];
} job;

static int draw_one(void *arg) { return draw_kind(((job *)arg)->kind, ((job *)arg)->path, NULL); }

static void failing_memory(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        job one = {.kind = kind};
        snprintf(one.path, sizeof one.path, "%s", test_path(kind == 2 ? "memory.png" : "memory.svg"));
        test_every_failure(draw_one, &one);
    }
    assert_int_equal(test_count_files(".tmp-"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_file),          cmocka_unit_test(darkest_is_largest),
        cmocka_unit_test(scale_is_kept),     cmocka_unit_test(gaps),
        cmocka_unit_test(bars_have_heights), cmocka_unit_test(same_bytes),
        cmocka_unit_test(svg_file),          cmocka_unit_test(powers_are_straight),
        cmocka_unit_test(odd_texts),         cmocka_unit_test(missing_font),
        cmocka_unit_test(refusals),          cmocka_unit_test(too_large),
        cmocka_unit_test(full_disk),         cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, find_japanese, NULL);
}
