/* An LSTM without one of its gates: what it computes is the equations with that gate at 1, and training leaves it
 * there. */
#include "support/test.h"

#include <math.h>
#include <string.h>

#include "rondo/optim.h"
#include "rondo/rondo.h"

enum { T = 4, I = 2, H = 3, STEPS = 5 };

typedef struct network {
    rondo_context *context;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    rondo_optimizer *adam;
} network;

static void open_network(network *n, rondo_without without, bool peepholes) {
    const rondo_recurrent_config config = {
        .cell = RONDO_LSTM, .input_size = I, .hidden_size = H, .peepholes = peepholes, .without_gate = without};
    assert_int_equal(rondo_context_create(&n->context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_params_create(&n->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&n->net, n->params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(n->params, 7, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&n->tape, n->context, NULL), RONDO_OK);
    assert_int_equal(
        rondo_optimizer_create(&n->adam, n->context, n->params,
                               &(rondo_optimizer_options){.kind = RONDO_OPTIMIZER_ADAM, .learning_rate = 0.1}, NULL),
        RONDO_OK);
}

static void close_network(network *n) {
    rondo_optimizer_destroy(&n->adam);
    rondo_tape_destroy(&n->tape);
    rondo_recurrent_destroy(&n->net);
    rondo_params_destroy(&n->params);
    rondo_context_destroy(&n->context);
}

static const rondo_real *values(const network *n, const char *name) {
    for (int i = 0; i < rondo_params_count(n->params); i++)
        if (!strcmp(rondo_params_at(n->params, i)->name, name))
            return rondo_params_at(n->params, i)->value.data;
    return NULL;
}

static const rondo_real x[T * I] = {(rondo_real)0.3, -1, (rondo_real)0.8, (rondo_real)0.1, -2, 1, (rondo_real)0.5, 2};

/* One step of training on the sum of the outputs; y (T, H) as they were. */
static void step(network *n, int number, rondo_real *y) {
    const rondo_tensor input = rondo_tensor_view(RONDO_REAL, (void *)x, 3, (int64_t[]){T, 1, I});
    rondo_tape_begin(n->tape, &(rondo_step){.training = true, .recording = true, .step = (uint64_t)number});
    rondo_var *out = rondo_recurrent_forward(n->net, n->tape, rondo_leaf(n->tape, &input, NULL), NULL);
    rondo_var *loss = rondo_mean(n->tape, rondo_mul(n->tape, out, out));
    rondo_params_clear_grads(n->params);
    assert_int_equal(rondo_tape_status(n->tape, NULL), RONDO_OK);
    memcpy(y, out->value.data, T * H * sizeof *y);
    assert_int_equal(rondo_backward(n->tape, loss, 1), RONDO_OK);
    assert_int_equal(rondo_optimizer_step(n->adam, &(rondo_optimizer_update){0}, NULL, NULL), RONDO_OK);
}

static double sigmoid(double a) { return 1 / (1 + exp(-a)); }

/* The equations, the gate that is missing written as 1. */
static void expect(const network *n, rondo_without without, double y[T][H]) {
    const rondo_real *w_ih = values(n, "weight_ih_l0"), *w_hh = values(n, "weight_hh_l0"),
                     *p = values(n, "peephole_l0");
    const rondo_real *b_ih = values(n, "bias_ih_l0"), *b_hh = values(n, "bias_hh_l0");
    double c[H] = {0}, h[H] = {0};
    for (int t = 0; t < T; t++) {
        double a[4 * H];
        for (int g = 0; g < 4 * H; g++) {
            a[g] = (double)b_ih[g] + (double)b_hh[g];
            for (int k = 0; k < I; k++)
                a[g] += (double)w_ih[g * I + k] * (double)x[t * I + k];
            for (int k = 0; k < H; k++)
                a[g] += (double)w_hh[g * H + k] * h[k];
        }
        for (int j = 0; j < H; j++) {
            const double i = sigmoid(a[j] + (p ? (double)p[j] * c[j] : 0));
            const double f = sigmoid(a[H + j] + (p ? (double)p[H + j] * c[j] : 0));
            c[j] = (without == RONDO_WITHOUT_FORGET ? 1 : f) * c[j] +
                   (without == RONDO_WITHOUT_INPUT ? 1 : i) * tanh(a[2 * H + j]);
            const double o = sigmoid(a[3 * H + j] + (p ? (double)p[2 * H + j] * c[j] : 0));
            h[j] = y[t][j] = (without == RONDO_WITHOUT_OUTPUT ? 1 : o) * tanh(c[j]);
        }
    }
}

static void stays(const network *n, rondo_without without) {
    static const int block[] = {0, 0, 1, 3};
    const int first = block[without] * H;
    for (int j = first; j < first + H; j++) {
        for (int k = 0; k < I; k++)
            assert_true(values(n, "weight_ih_l0")[j * I + k] == 0);
        for (int k = 0; k < H; k++)
            assert_true(values(n, "weight_hh_l0")[j * H + k] == 0);
        assert_true(values(n, "bias_ih_l0")[j] == 1000 && values(n, "bias_hh_l0")[j] == 0);
    }
    const rondo_real *p = values(n, "peephole_l0");
    for (int j = 0; p && j < H; j++)
        assert_true(p[((int)without - 1) * H + j] == 0);
}

static void each_gate(void **unused) {
    (void)unused;
    const double tolerance = sizeof(rondo_real) == 4 ? 1e-5 : 1e-13;
    for (int peepholes = 0; peepholes < 2; peepholes++)
        for (rondo_without without = RONDO_WITHOUT_INPUT; without <= RONDO_WITHOUT_OUTPUT; without++) {
            network n;
            open_network(&n, without, peepholes != 0);
            for (int s = 0; s < STEPS; s++) {
                rondo_real y[T * H];
                double expected[T][H];
                expect(&n, without, expected);
                step(&n, s, y);
                for (int k = 0; k < T * H; k++)
                    assert_true(fabs((double)y[k] - expected[k / H][k % H]) <= tolerance);
                stays(&n, without);
            }
            close_network(&n);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_gate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
