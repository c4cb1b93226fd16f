/* One to four threads give the same bits, in values and gradients, over shapes that are cut into many tasks. */
#include "autograd/model.h"

static void run(model *m, int threads, rondo_real *loss) {
    rondo_context *context;
    rondo_tape *tape;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    assert_int_equal(model_step(m, tape, 1, loss), RONDO_OK);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

static void compare_threads(model_sizes sizes) {
    model one;
    rondo_real loss_one = 0;
    model_make(&one, sizes);
    run(&one, 1, &loss_one);
    for (int threads = 2; threads <= 4; threads++) {
        model other;
        rondo_real loss = 0;
        model_make(&other, sizes);
        run(&other, threads, &loss);
        assert_memory_equal(&loss, &loss_one, sizeof loss);
        for (int i = 0; i < MODEL_PARTS; i++)
            assert_memory_equal(other.grads[i], one.grads[i],
                                (size_t)rondo_tensor_count(&one.values[i]) * sizeof(rondo_real));
        model_free(&other);
    }
    model_free(&one);
}

static void test_same_bits(void **state) {
    (void)state;
    compare_threads((model_sizes){.T = 9, .B = 13, .E = 131, .V = 333});
    compare_threads((model_sizes){.T = 1, .B = 1, .E = 3, .V = 5});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
