/* Gradients of the losses of forecasts against finite differences, in double: odd numbers of rows, with weights, shift
 * and scale, and far from the middle. */
#include "autograd/gradients.h"

#include "rondo/losses.h"

enum { ROWS = 7 };
static const rondo_real target[ROWS] = {0.3, -1.2, 2.5, -0.1, 7, 0.9, -3}, count[ROWS] = {0, 3, 17, 1, 400, 2, 60},
                        weight[ROWS] = {1, 0.5, 2, 0, 1, 0.25, 3}, shift[ROWS] = {0.5, -1, 0, 3, 10, 0, -2},
                        scale[ROWS] = {1, 2, 0.5, 0.1, 30, 4, 7}, level[3] = {0.1, 0.5, 0.95};
static const rondo_loss_options weighted = {.weight = weight}, divided = {.weight = weight, .divide_by = 3};

typedef struct call {
    int what; /* squared, absolute, Huber, quantiles */
    rondo_distribution kind;
    bool scaled;
    const rondo_loss_options *options;
} call;

static rondo_var *point(rondo_tape *tape, int n, rondo_var *const *in, void *arg) {
    const call *c = arg;
    (void)n;
    return c->what == 0   ? rondo_squared_loss(tape, in[0], target, c->options)
           : c->what == 1 ? rondo_absolute_loss(tape, in[0], target, c->options)
           : c->what == 2 ? rondo_huber_loss(tape, in[0], target, 0.8, c->options)
                          : rondo_quantile_loss(tape, in[0], target, 3, level, c->options);
}

static rondo_var *likelihood(rondo_tape *tape, int n, rondo_var *const *in, void *arg) {
    const call *c = arg;
    (void)n;
    return rondo_distribution_loss(tape, c->kind, in[0], c->kind == RONDO_NEGATIVE_BINOMIAL ? count : target,
                                   c->scaled ? shift : NULL, c->scaled ? scale : NULL, c->options);
}

static void points(void **state) {
    (void)state;
    for (int what = 0; what < 4; what++)
        for (int o = 0; o < 3; o++) {
            call c = {.what = what, .options = o == 0 ? NULL : o == 1 ? &weighted : &divided};
            const gradient_case of = {"point", point, &c,
                                      .inputs = {what == 3 ? (gradient_input)GRADIENT_INPUT_IN(-2, 2, ROWS, 3)
                                                           : (gradient_input)GRADIENT_INPUT_IN(-2, 2, ROWS)}};
            gradients_run(&of, 1);
        }
}

static void distributions(void **state) {
    static const struct { double low, high; } range[] = {{-1, 1}, {-6, 6}, {3, 9}, {-9, -3}, {20, 60}};
    static const char *const name[] = {"Gaussian", "Student's t", "negative binomial"};
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (size_t i = 0; i < 2 * sizeof range / sizeof *range; i++) {
            call c = {.kind = (rondo_distribution)kind, .scaled = i % 2, .options = i % 2 ? &divided : NULL};
            const gradient_case of = {
                name[kind], likelihood, &c,
                .inputs = {GRADIENT_INPUT_IN(range[i / 2].low, range[i / 2].high, ROWS,
                                             rondo_distribution_parameters((rondo_distribution)kind))}};
            gradients_run(&of, 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(points), cmocka_unit_test(distributions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
