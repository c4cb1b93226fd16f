/* A recurrent network of one unit, unrolled by hand (docs/guide, chapters 2, 4 and 5): forward, back through time, and
 * how much of the error comes back over how many steps. With a file name (.svg, .png) it also draws that. */
#include <math.h>
#include <stdio.h>

#include "rondo/plot.h"

enum { T = 6, LAGS = 61 };

/* ---- one unit: h_t = tanh(w_ih x_t + w_hh h_{t-1}), loss = (h_T - y)^2 / 2 ---- */

typedef struct unit {
    double w_ih, w_hh;
} unit;

static double forward(const unit *u, const double x[T + 1], double h[T + 1]) {
    h[0] = 0;
    for (int t = 1; t <= T; t++)
        h[t] = tanh(u->w_ih * x[t] + u->w_hh * h[t - 1]);
    return h[T];
}

/* Backward through time: the same loop from the end. The weights are the same at every step, so their gradients add up.
 */
static unit backward(const unit *u, const double x[T + 1], const double h[T + 1], double y) {
    unit d = {0, 0};
    double dh = h[T] - y;
    for (int t = T; t >= 1; t--) {
        double da = dh * (1 - h[t] * h[t]);
        d.w_ih += da * x[t];
        d.w_hh += da * h[t - 1];
        dh = da * u->w_hh;
    }
    return d;
}

static double by_trying(unit u, const double x[T + 1], double y) {
    const double little = 1e-5;
    double h[T + 1];
    u.w_hh += little;
    double more = pow(forward(&u, x, h) - y, 2) / 2;
    u.w_hh -= 2 * little;
    double less = pow(forward(&u, x, h) - y, 2) / 2;
    return (more - less) / (2 * little);
}

/* ---- what is left of an error, k steps back ---- */

/* Each step back multiplies with the same factor: w_hh, where the units hardly saturate; f in the cell of an LSTM. */
static void fade(double factor, double left[LAGS]) {
    left[0] = 1;
    for (int k = 1; k < LAGS; k++)
        left[k] = left[k - 1] * factor;
}

static rondo_status draw(const char *path, rondo_error *err) {
    static const double factor[] = {0.5, 0.9, 1.0, 1.1};
    static const char *const name[] = {"0.5", "0.9", "1", "1.1"};
    static double lag[LAGS], left[4][LAGS];
    rondo_plot_series series[4];
    for (int k = 0; k < LAGS; k++)
        lag[k] = k;
    for (int i = 0; i < 4; i++) {
        fade(factor[i], left[i]);
        for (int k = 0; k < LAGS; k++)
            left[i][k] = left[i][k] < 1e-6 ? NAN : left[i][k];
        series[i] = (rondo_plot_series){name[i], LAGS, lag, left[i]};
    }
    return rondo_plot_lines(path, &(rondo_plot_axes){.x_label = "k", .log_y = true}, 4, series, 0, NULL, err);
}

int main(int argc, char **argv) {
    const double x[T + 1] = {0, 1, 0, 0, 0, 0, 0}, y = 1;
    const unit u = {1, 0.9};
    double h[T + 1], left[LAGS];
    forward(&u, x, h);
    unit d = backward(&u, x, h, y);
    printf("h:");
    for (int t = 1; t <= T; t++)
        printf(" %.3f", h[t]);
    printf("\nd loss / d w_ih %.5f\n", d.w_ih);
    printf("d loss / d w_hh %.5f, by trying %.5f\n\n", d.w_hh, by_trying(u, x, y));
    printf("left of an error after   1      10      20      40      60 steps\n");
    for (int i = 0; i < 5; i++) {
        static const double factor[] = {0.5, 0.9, 0.99, 1.0, 1.1};
        fade(factor[i], left);
        printf("    factor %4.2f     %6.4f  %6.4f  %6.4f  %6.4f  %6.4f\n", factor[i], left[1], left[10], left[20],
               left[40], left[60]);
    }
    rondo_error err = {0};
    if (argc > 1 && draw(argv[1], &err) != RONDO_OK) {
        fprintf(stderr, "unrolled: %s\n", err.message);
        return 1;
    }
    return 0;
}
