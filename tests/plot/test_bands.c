/* Forecasts with bands, and axes of time, as pictures: where the bands stand, gaps, odd ones, the same bytes twice,
 * refusals, failing memory. Needs: CAIRO. */
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "plot/picture.h"
#include "rondo/plot.h"

/* One band of one third of the height in the middle third of the width, with a gap in it; a wider one about it. */
static void bands_have_places(void **state) {
    enum { N = 90 };
    double x[N], low[N], high[N], least[N], most[N], ends[3] = {0, 1, N - 1}, level[3] = {0, NAN, 9};
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = i;
        low[i] = i == 45 || i < 30 || i >= 60 ? NAN : 3;
        high[i] = 6;
        least[i] = low[i] - 1;
        most[i] = high[i] + 1;
    }
    const rondo_plot_band bands[2] = {{"95 %", N, x, least, most}, {"50 %", N, x, low, high}};
    const rondo_plot_series corners = {NULL, 3, ends, level};
    const char *path = test_path("bands.png");
    assert_int_equal(rondo_plot_bands(path, NULL, 2, bands, 1, &corners, NULL), RONDO_OK);
    const picture p = open_png(path);
    const int unit = 2 * 760, left = p.width - 2 * (16 + 14) - unit, top = p.height - 2 * (16 + 22 + 380);
    int shade[2] = {0};
    for (int i = 1; i < N - 1; i++) {
        const int at = left + unit * i / (N - 1), row = top + 2 * 380 * 55 / 100;
        const uint32_t narrow = pixel_at(&p, at, row), wide = pixel_at(&p, at, top + 2 * 380 * 35 / 100);
        if (i > 31 && i < 43) {
            shade[0] = grey(wide);
            shade[1] = grey(narrow);
        } else if (i == 45 || i < 29 || i > 60) {
            assert_int_equal(narrow, 0xFFFFFF);
            assert_int_equal(wide, 0xFFFFFF);
        }
    }
    assert_true(shade[1] < shade[0] - 40 && shade[0] < 4 * 255 - 80 && shade[1] > 4 * 120); /* also in grey print */
    cairo_surface_destroy(p.surface);
}

/* Whatever is odd about them, bands and dates are drawn. */
static void odd_bands(void **state) {
    const double x[3] = {1e9, 1e9 + 60, 1e9 + 120}, low[3] = {1, NAN, -2}, high[3] = {2, 3, -5}, far[3] = {0, 1e200, 5};
    const rondo_plot_band crossed = {"crossed", 3, x, low, high}, empty = {"", 0, NULL, NULL, NULL};
    const rondo_plot_band beyond = {NULL, 3, far, low, high}, both[2] = {crossed, empty};
    const rondo_plot_series truth = {"truth", 3, x, high}, one = {"one", 1, x, high};
    const rondo_plot_axes time = {.time_x = true, .x_label = "time"}, log_time = {.time_x = true, .log_y = true};
    const char *path = test_path("odd-bands.png");
    (void)state;
    assert_int_equal(rondo_plot_bands(path, &time, 2, both, 1, &truth, NULL), RONDO_OK);
    assert_int_equal(rondo_plot_bands(path, &log_time, 2, both, 1, &truth, NULL), RONDO_OK);
    assert_int_equal(rondo_plot_bands(path, &time, 1, &beyond, 0, NULL, NULL), RONDO_OK); /* not dates: numbers */
    assert_int_equal(rondo_plot_bands(path, &time, 0, NULL, 1, &one, NULL), RONDO_OK);
    assert_int_equal(rondo_plot_lines(path, &time, 1, &truth, 0, NULL, NULL), RONDO_OK);
    const rondo_plot_series negative = {"x", 1, x, low + 2};
    assert_int_equal(rondo_plot_bands(path, &log_time, 0, NULL, 1, &negative, NULL), RONDO_OK); /* an empty frame */
}

static rondo_status draw(const char *path) {
    static const double days[3] = {86400 * 364.5, 86400 * 366, 86400 * 368}, y[6] = {3, 1, 2, 30, 20, NAN};
    const rondo_plot_series history = {"history", 3, days, y};
    const rondo_plot_band bands[2] = {{"80 %", 3, days, y, y + 3}, {"<50 %>", 3, days, y, y + 2}};
    const rondo_plot_axes dates = {.title = "Days", .time_x = true};
    return rondo_plot_bands(path, &dates, 2, bands, 1, &history, NULL);
}

static void same_bytes(void **state) {
    (void)state;
    for (int svg = 0; svg < 2; svg++) {
        const char *path = test_path(svg ? "same.svg" : "same.png");
        char *data[2];
        size_t size[2];
        for (int i = 0; i < 2; i++) {
            assert_int_equal(draw(path), RONDO_OK);
            assert_int_equal(rondo__file_read(path, 0, &data[i], &size[i], NULL), RONDO_OK);
        }
        assert_int_equal(size[0], size[1]);
        assert_memory_equal(data[0], data[1], size[0]);
        if (svg) {
            check_xml(data[0]);
            assert_null(strstr(data[0], "nan"));
        }
        rondo__free(data[0]);
        rondo__free(data[1]);
    }
}

static void refusals(void **state) {
    rondo_error e;
    const double gap = NAN, one = 1;
    const char *png = test_path("refused.png");
    const rondo_plot_series gaps_only = {"x", 1, &one, &gap}, good = {"x", 1, &one, &one};
    const rondo_plot_series broken = {"x", 2, &one, NULL};
    (void)state;
    const rondo_plot_band gap_band = {"x", 1, &one, &one, &gap}, broken_band = {"x", 1, &one, &one, NULL};
#define BANDS(path, bands, band, count, series) rondo_plot_bands(path, NULL, bands, band, count, series, &e)
    refuse(BANDS(NULL, 1, &gap_band, 0, NULL), &e, RONDO_ARGUMENT, "NULL");
    refuse(BANDS(png, 1, NULL, 1, &good), &e, RONDO_ARGUMENT, "NULL");
    refuse(BANDS(png, 1, &gap_band, 1, NULL), &e, RONDO_ARGUMENT, "NULL");
    refuse(BANDS(png, 0, NULL, 0, NULL), &e, RONDO_ARGUMENT, "0 bands and 0 lines");
    refuse(BANDS(png, -1, NULL, 1, &good), &e, RONDO_ARGUMENT, "-1 bands");
    refuse(BANDS(png, 1, &gap_band, 1, &gaps_only), &e, RONDO_ARGUMENT, "nothing to draw");
    refuse(BANDS(png, 1, &broken_band, 1, &good), &e, RONDO_ARGUMENT, "band 0 has no x, low or high");
    refuse(BANDS(png, 1, &gap_band, 1, &broken), &e, RONDO_ARGUMENT, "line 0 has no x or no y");
    assert_int_equal(test_count_files("refused"), 0);
}

static int draw_one(void *path) { return draw(path); }

static void failing_memory(void **state) {
    char path[200];
    (void)state;
    snprintf(path, sizeof path, "%s", test_path("memory.svg"));
    test_every_failure(draw_one, path);
    assert_int_equal(test_count_files(".tmp-"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_have_places), cmocka_unit_test(odd_bands),      cmocka_unit_test(same_bytes),
        cmocka_unit_test(refusals),          cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
