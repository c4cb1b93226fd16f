/* The attention operator gives the same bits with any number of threads, values and gradients. */
#include "nn/attention_run.h"

static void any_number_of_threads(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_case about = att_cases[i];
        about.B = 7; /* several tasks of unlike size */
        about.A *= 6;
        about.W *= 6;
        about.options.dropout = (rondo_real)0.2;
        att_run one, many;
        att_open(&one, &about);
        att_run_on(&one, 1, NULL, true, rondo_attention);
        for (int threads = 2; threads <= 4; threads++) {
            att_open(&many, &about);
            att_run_on(&many, threads, NULL, true, rondo_attention);
            att_same(&one, &many, "more threads");
            att_close(&many);
        }
        att_close(&one);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_of_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
