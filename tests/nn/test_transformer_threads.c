/* A Transformer gives the same bits with any number of threads: values, gradients of what it is given and of
 * parameters. */
#include "nn/transformer_net.h"

static net_run first, again;

static void any_number_of_threads(void **unused) {
    (void)unused;
    for (size_t i = 0; i < NET_CASES; i++) {
        net one, many;
        net_case about = net_cases[i];
        about.config.dropout = about.config.attention_dropout = (rondo_real)0.2;
        about.config.feed_forward_size = 700; /* products of several tiles */
        net_open(&one, &about, 1);
        net_draw(&first, &one, NET_T, NET_S, NULL);
        net_go(&one, &first);
        for (int threads = 2; threads <= 4; threads++) {
            net_open(&many, &about, threads);
            net_draw(&again, &many, NET_T, NET_S, NULL);
            net_go(&many, &again);
            assert_memory_equal(&first, &again, sizeof first);
            assert_memory_equal(rondo_params_grads(one.params), rondo_params_grads(many.params),
                                (size_t)rondo_params_size(one.params) * sizeof(rondo_real));
            net_close(&many);
        }
        net_close(&one);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_of_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
