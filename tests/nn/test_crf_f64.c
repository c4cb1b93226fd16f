/* Gradients of the conditional random field against finite differences. */
#include "autograd/gradients.h"
#include "rondo/crf.h"

static const int32_t lengths[] = {4, 0, 1, 3, 2};
static const int32_t target[] = {0, 1, 6, 3, 2, 5, 1, 1, 6, 0, 2, 2, 2, 2, 2, 6, 0, 0, 0, 0};

static rondo_var *ragged(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    (void)count;
    return rondo_crf_loss(tape, in[0], target, &(rondo_crf_weights){in[1], in[2], in[3]}, arg);
}

static void test_gradients(void **state) {
    rondo_crf_options some = {.lengths = lengths}, divided = {.lengths = lengths, .divide_by = 3}, all = {0};
    const gradient_case cases[] = {
#define INPUTS(T, B, V)                                                                                                \
    {GRADIENT_INPUT_IN(-3, 3, T, B, V), GRADIENT_INPUT_IN(-2, 2, V, V), GRADIENT_INPUT(V), GRADIENT_INPUT(V)}
        {"crf, ragged", ragged, .arg = &some, .inputs = INPUTS(4, 5, 7)},
        {"crf, divided", ragged, .arg = &divided, .inputs = INPUTS(4, 5, 7)},
        {"crf, whole rows", ragged, .arg = &all, .inputs = INPUTS(2, 10, 7)},
        {"crf, many rows", ragged, .arg = &all, .inputs = INPUTS(1, 20, 9)},
        {"crf, one long row", ragged, .arg = &all, .inputs = INPUTS(20, 1, 8)},
    };
    (void)state;
    gradients_run(cases, sizeof cases / sizeof *cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
