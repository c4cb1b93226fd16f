/* Gradients of the adaptive softmax equal finite differences in double: by its loss, and by its table. */
#include "autograd/gradients.h"
#include "rondo/nn.h"

enum { ROWS = 7, WIDTH = 6, V = 13 };

typedef struct model {
    rondo_params *params;
    rondo_adaptive *adaptive;
    const int32_t *targets; /* NULL: the table of log-probabilities */
} model;

static rondo_var *scalar(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    model *m = arg;
    for (int i = 1; i < count; i++) { /* the parameters are where the check keeps them */
        rondo_param *p = rondo_params_at(m->params, i - 1);
        p->value.data = leaves[i]->value.data;
        p->grad = leaves[i]->grad;
    }
    if (m->targets)
        return rondo_adaptive_loss(m->adaptive, tape, leaves[0], m->targets, NULL);
    return gradients_scalar(tape, rondo_adaptive_log_probabilities(m->adaptive, tape, leaves[0]));
}

static void gradients(void **unused) {
    (void)unused;
    model m = {0};
    assert_int_equal(rondo_params_create(&m.params, NULL), RONDO_OK);
    assert_int_equal(rondo_adaptive_create(&m.adaptive, m.params, "", WIDTH, V, 2, (int64_t[]){4, 8}, 2, NULL), 0);
    assert_int_equal(rondo_params_finish(m.params, 1, NULL), RONDO_OK);
    assert_int_equal(rondo_params_count(m.params), 5);
    static const int32_t mixed[ROWS] = {0, 12, -1, 4, 7, 8, 3}, head[ROWS] = {0, 1, 2, 3, 0, 1, 2},
                         tail[ROWS] = {8, 9, 10, 11, 12, -1, -1};
    const int32_t *const targets[] = {mixed, head, tail, NULL};
    for (int i = 0; i < 4; i++) {
        m.targets = targets[i];
        const gradient_case about = {.name = m.targets ? "loss" : "table",
                                     .fn = scalar,
                                     .arg = &m,
                                     .training = true,
                                     .inputs = {GRADIENT_INPUT(ROWS, WIDTH), GRADIENT_INPUT(6, WIDTH),
                                                GRADIENT_INPUT(3, WIDTH), GRADIENT_INPUT(4, 3),
                                                GRADIENT_INPUT(1, WIDTH), GRADIENT_INPUT(5, 1)}};
        gradients_run(&about, 1);
    }
    rondo_adaptive_destroy(&m.adaptive);
    rondo_params_destroy(&m.params);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
