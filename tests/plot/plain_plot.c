/* Without cairo (as in the cross build) a picture is refused, after its arguments; with cairo it is drawn. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rondo/context.h"
#include "rondo/plot.h"

int main(void) {
    static const double one = 1;
    static const rondo_real cell = 1;
    const rondo_plot_series line = {NULL, 1, &one, &one};
    const rondo_plot_band band = {NULL, 1, &one, &one, &one};
    const rondo_plot_grid grid = {1, 1, &cell};
    const bool cairo = strstr(rondo_build_parts(), "cairo") != NULL;
    const rondo_status wanted = cairo ? RONDO_OK : RONDO_UNSUPPORTED;
    char path[64];
    rondo_error err;
    int wrong = 0;
    snprintf(path, sizeof path, "/tmp/rondo-plot-%ld.svg", (long)getpid());
    wrong += rondo_plot_lines(path, NULL, 1, &line, 0, NULL, &err) != wanted;
    wrong += rondo_plot_bands(path, NULL, 1, &band, 0, NULL, &err) != wanted;
    wrong += rondo_plot_bars(path, NULL, 1, NULL, 1, NULL, &one, &err) != wanted;
    wrong += rondo_plot_heatmap(path, NULL, &grid, &err) != wanted;
    wrong += !cairo && !strstr(err.message, "libcairo2-dev");
    wrong += rondo_plot_heatmap(path, NULL, NULL, &err) != RONDO_ARGUMENT;
    wrong += rondo_plot_lines(path, NULL, 0, &line, 0, NULL, &err) != RONDO_ARGUMENT;
    wrong += rondo_plot_bands(path, NULL, 0, &band, 0, NULL, &err) != RONDO_ARGUMENT;
    wrong += rondo_plot_bars(path, NULL, 1, NULL, 0, NULL, &one, &err) != RONDO_ARGUMENT;
    if (wrong)
        printf("%d calls did not give what they should; the last said: %s\n", wrong, err.message);
    unlink(path);
    return wrong != 0;
}
