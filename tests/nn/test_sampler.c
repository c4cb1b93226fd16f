/* Drawing a symbol: all, the k likeliest, the likeliest of share p, greedily. */
#include "nn/sampler.h"

#include <math.h>

#include "support/test.h"

static int32_t draw(rondo__sampler_options o, const real *logits, int32_t banned, double u) {
    rondo__sampler sampler;
    assert_int_equal(rondo__sampler_make(&sampler, "test", 4, &o, NULL), RONDO_OK);
    const int32_t id = rondo__sampler_draw(&sampler, logits, banned, u);
    rondo__sampler_free(&sampler);
    return id;
}

static void test_sampler(void **state) {
    (void)state;
    const real logits[4] = {(real)log(0.1), (real)log(0.4), (real)log(0.2), (real)log(0.3)};
    const rondo__sampler_options all = {0}, greedy = {.greedy = true}, two = {.top_k = 2}, most = {.top_p = 0.6},
                                 cold = {.temperature = 1e-4};
    assert_int_equal(draw(all, logits, -1, 0.05), 0);
    assert_int_equal(draw(all, logits, -1, 0.45), 1);
    assert_int_equal(draw(all, logits, -1, 0.55), 2);
    assert_int_equal(draw(all, logits, -1, 0.9999), 3);
    assert_int_equal(draw(all, logits, 3, 0.9999), 2);
    assert_int_equal(draw(greedy, logits, -1, 0.99), 1);
    assert_int_equal(draw(greedy, logits, 1, 0.99), 3);
    assert_int_equal(draw(cold, logits, -1, 0.99), 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(draw(i ? two : most, logits, -1, 0), 1);
        assert_int_equal(draw(i ? two : most, logits, -1, 0.57), 1);
        assert_int_equal(draw(i ? two : most, logits, -1, 0.58), 3);
        assert_int_equal(draw(i ? two : most, logits, -1, 0.9999), 3);
    }
    const real broken[4] = {(real)NAN, (real)NAN, (real)NAN, (real)NAN},
               one[4] = {(real)NAN, 0, (real)-INFINITY, (real)NAN};
    assert_int_equal(draw(all, broken, -1, 0.5), -1);
    assert_int_equal(draw(all, one, -1, 0.99), 1);
}

static void test_bad_options(void **state) {
    (void)state;
    const rondo__sampler_options bad[] = {{.temperature = -1},      {.temperature = NAN}, {.top_p = -0.1},
                                          {.top_p = 1.1},           {.top_p = NAN},       {.top_k = -1},
                                          {.temperature = INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rondo__sampler sampler;
        rondo_error err;
        assert_int_equal(rondo__sampler_make(&sampler, "here", 4, &bad[i], &err), RONDO_ARGUMENT);
        assert_memory_equal(err.message, "here: ", 6);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sampler), cmocka_unit_test(test_bad_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
