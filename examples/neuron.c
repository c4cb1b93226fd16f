/* One neuron learns "or" (docs/guide, chapter 1): plain C and nothing else. Everything that a large network does when
 * it learns is here: an output, a loss, a gradient, a small step against it. */
#include <math.h>
#include <stdio.h>

enum { EXAMPLES = 4 };

static const double input[EXAMPLES][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const double truth[EXAMPLES] = {0, 1, 1, 1};

typedef struct neuron {
    double w[2], b;
} neuron;

/* How sure the neuron is that the answer is yes. */
static double output(const neuron *n, const double x[2]) {
    double a = n->w[0] * x[0] + n->w[1] * x[1] + n->b;
    return 1 / (1 + exp(-a));
}

/* Mean of -ln p, where p is what the neuron gave to the right answer. */
static double loss(const neuron *n) {
    double sum = 0;
    for (int i = 0; i < EXAMPLES; i++) {
        double y = output(n, input[i]);
        sum -= log(truth[i] > 0 ? y : 1 - y);
    }
    return sum / EXAMPLES;
}

/* How the loss moves with each weight. The derivative of -ln p by a is y - truth, and a moves with w as x does. */
static neuron gradient(const neuron *n) {
    neuron d = {{0, 0}, 0};
    for (int i = 0; i < EXAMPLES; i++) {
        double da = (output(n, input[i]) - truth[i]) / EXAMPLES;
        d.w[0] += da * input[i][0];
        d.w[1] += da * input[i][1];
        d.b += da;
    }
    return d;
}

static void learn(neuron *n, double rate) {
    neuron d = gradient(n);
    n->w[0] -= rate * d.w[0];
    n->w[1] -= rate * d.w[1];
    n->b -= rate * d.b;
}

/* The same derivative by trying it out: a little more, a little less. */
static double by_trying(neuron n) {
    const double little = 1e-5;
    n.w[0] += little;
    double more = loss(&n);
    n.w[0] -= 2 * little;
    return (more - loss(&n)) / (2 * little);
}

int main(void) {
    neuron n = {{0, 0}, 0};
    printf("d loss / d w0 by the rule %.6f, by trying %.6f\n", gradient(&n).w[0], by_trying(n));
    for (int step = 0; step <= 1000; step++) {
        if (step == 0 || step == 10 || step == 100 || step == 1000)
            printf("step %4d  loss %.4f  w %.2f %.2f  b %.2f\n", step, loss(&n), n.w[0], n.w[1], n.b);
        learn(&n, 1);
    }
    for (int i = 0; i < EXAMPLES; i++)
        printf("%g or %g: %.3f\n", input[i][0], input[i][1], output(&n, input[i]));
    return 0;
}
