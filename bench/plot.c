/* Draws the pictures of docs/performance.md with Rondo's own plots:  plot FILE.svg TITLE X_LABEL Y_LABEL < points
 * Both axes are logarithmic. Points, one a line: SERIES<tab>X<tab>Y, in the order in which they are joined; a series is
 * named where its first point stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/plot.h>

#define MOST_SERIES 16
#define MOST_POINTS 256

static char names[MOST_SERIES][80];
static double xs[MOST_SERIES][MOST_POINTS], ys[MOST_SERIES][MOST_POINTS];
static rondo_plot_series series[MOST_SERIES];
static int count;

static int find(const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    if (count == MOST_SERIES)
        return -1;
    snprintf(names[count], sizeof names[count], "%.79s", name);
    series[count] = (rondo_plot_series){names[count], 0, xs[count], ys[count]};
    return count++;
}

static int add(char *line) {
    char *x = strchr(line, '\t'), *y = x ? strchr(x + 1, '\t') : NULL;
    if (!y)
        return 0;
    *x = '\0';
    const int at = find(line);
    if (at < 0 || series[at].count == MOST_POINTS)
        return 0;
    const int64_t i = series[at].count++;
    xs[at][i] = strtod(x + 1, NULL);
    ys[at][i] = strtod(y + 1, NULL);
    return 1;
}

int main(int argc, char **argv) {
    char line[256];
    if (argc != 5) {
        fputs("usage: plot FILE.svg TITLE X_LABEL Y_LABEL < points\n", stderr);
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        if (!add(line)) {
            fprintf(stderr, "plot: a line without SERIES, X and Y, or too many of them: %s", line);
            return 2;
        }
    }
    const rondo_plot_axes axes = {
        .title = argv[2], .x_label = argv[3], .y_label = argv[4], .log_x = true, .log_y = true};
    rondo_error err = {0};
    if (rondo_plot_lines(argv[1], &axes, count, series, 0, NULL, &err) != RONDO_OK) {
        fprintf(stderr, "plot: %s\n", err.message);
        return 1;
    }
    return 0;
}
