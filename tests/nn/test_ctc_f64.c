/* CTC loss against finite differences. */
#include "autograd/gradients.h"

#include "rondo/ctc.h"

enum { T = 7, B = 5, V = 5 };
static const int32_t lengths[B] = {7, 4, 0, 6, 2}, counts[B] = {3, 2, 0, 0, 3};
static const int32_t target[] = {1, 1, 4, 3, 2, 4, 4, 2};

typedef struct setting {
    rondo_ctc_options options;
    const int32_t *counts;
} setting;

static rondo_var *loss(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    const setting *s = arg;
    (void)count;
    return rondo_ctc_loss(tape, in[0], target, s->counts ? s->counts : counts, &s->options);
}

static void gradients(void **state) {
    static const int32_t no_symbols[B] = {0}, one[1] = {4}, whole[B] = {1, 1, 1, 1, 1};
    static setting ragged = {{.lengths = lengths, .skip_impossible = true}, NULL};
    static setting divided = {{.lengths = lengths, .skip_impossible = true, .divide_by = 9}, NULL};
    static setting blanks = {{.blank = 3}, no_symbols}, full = {{.blank = 0}, whole}, single = {{0}, one};
    const gradient_case cases[] = {
        {"ragged", loss, &ragged, .inputs = {GRADIENT_INPUT(T, B, V)}},
        {"far out", loss, &divided, .inputs = {GRADIENT_INPUT_IN(-8, 8, T, B, V)}},
        {"only blanks", loss, &blanks, .inputs = {GRADIENT_INPUT(T, B, V)}},
        {"whole", loss, &full, .inputs = {GRADIENT_INPUT(T, B, V)}},
        {"one row", loss, &single, .inputs = {GRADIENT_INPUT(11, 1, V)}},
    };
    (void)state;
    gradients_run(cases, sizeof cases / sizeof *cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
