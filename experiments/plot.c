/* Draws the pictures of docs/experiments with Rondo's own plots:
 *   plot lines FILE.svg TITLE X_LABEL Y_LABEL [log_x] [log_y] [from_zero] < "SERIES<tab>X<tab>Y" a line
 *   plot bars  FILE.svg TITLE X_LABEL Y_LABEL                             < "GROUP<tab>SERIES<tab>VALUE" a line
 * Series and groups stand in the order in which they come first; "nan" is a gap. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/plot.h>

#define MOST_NAMES 32
#define MOST_POINTS 512

typedef struct names {
    char text[MOST_NAMES][80];
    const char *at[MOST_NAMES];
    int count;
} names;

static names groups, series;
static double xs[MOST_NAMES][MOST_POINTS], ys[MOST_NAMES][MOST_POINTS];
static double bars[MOST_NAMES][MOST_NAMES];
static rondo_plot_series lines[MOST_NAMES];

/* -1: there is no more room. */
static int find(names *all, const char *name) {
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->text[i], name) == 0)
            return i;
    }
    if (all->count == MOST_NAMES)
        return -1;
    snprintf(all->text[all->count], sizeof all->text[0], "%.79s", name);
    all->at[all->count] = all->text[all->count];
    return all->count++;
}

static int add_point(const char *name, const char *x, const char *y) {
    const int i = find(&series, name);
    if (i < 0 || lines[i].count == MOST_POINTS)
        return 0;
    const int64_t k = lines[i].count++;
    xs[i][k] = strtod(x, NULL);
    ys[i][k] = strtod(y, NULL);
    lines[i] = (rondo_plot_series){series.at[i], k + 1, xs[i], ys[i]};
    return 1;
}

static int add_bar(const char *group, const char *name, const char *value) {
    const int g = find(&groups, group), s = find(&series, name);
    if (g < 0 || s < 0)
        return 0;
    bars[g][s] = strtod(value, NULL);
    return 1;
}

static int add(char *row, int is_lines) {
    char *second = strchr(row, '\t'), *third = second ? strchr(second + 1, '\t') : NULL;
    if (!third)
        return 0;
    *second++ = *third++ = '\0';
    third[strcspn(third, "\n")] = '\0';
    return is_lines ? add_point(row, second, third) : add_bar(row, second, third);
}

static int read_rows(int is_lines) {
    char row[512];
    for (int g = 0; g < MOST_NAMES; g++) {
        for (int s = 0; s < MOST_NAMES; s++)
            bars[g][s] = NAN;
    }
    while (fgets(row, sizeof row, stdin)) {
        if (!add(row, is_lines)) {
            fprintf(stderr, "plot: a line without three fields, or too many of them: %s\n", row);
            return 0;
        }
    }
    return 1;
}

static rondo_status draw(const char *path, const rondo_plot_axes *axes, int is_lines, rondo_error *err) {
    static double grid[MOST_NAMES * MOST_NAMES];
    if (is_lines)
        return rondo_plot_lines(path, axes, series.count, lines, 0, NULL, err);
    for (int g = 0; g < groups.count; g++)
        memcpy(grid + g * series.count, bars[g], (size_t)series.count * sizeof *grid);
    return rondo_plot_bars(path, axes, groups.count, groups.at, series.count, series.at, grid, err);
}

int main(int argc, char **argv) {
    const int is_lines = argc > 1 && strcmp(argv[1], "lines") == 0;
    if (argc < 6 || (!is_lines && strcmp(argv[1], "bars") != 0)) {
        fputs("usage: plot lines|bars FILE.svg TITLE X_LABEL Y_LABEL [log_x] [log_y] [from_zero] < rows\n", stderr);
        return 2;
    }
    rondo_plot_axes axes = {.title = argv[3], .x_label = argv[4], .y_label = argv[5]};
    for (int i = 6; i < argc; i++) {
        axes.log_x = axes.log_x || strcmp(argv[i], "log_x") == 0;
        axes.log_y = axes.log_y || strcmp(argv[i], "log_y") == 0;
        axes.from_zero = axes.from_zero || strcmp(argv[i], "from_zero") == 0;
    }
    rondo_error err = {0};
    if (!read_rows(is_lines))
        return 2;
    if (draw(argv[2], &axes, is_lines, &err) != RONDO_OK) {
        fprintf(stderr, "plot: %s\n", err.message);
        return 1;
    }
    return 0;
}
