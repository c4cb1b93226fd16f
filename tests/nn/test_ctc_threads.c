/* CTC loss: any number of threads gives the same bits. */
#include "nn/ctc_rig.h"

static void run(rig *r, int threads) {
    assert_int_equal(rig_make(r, 3, threads, NULL), RONDO_OK);
    rondo_var *loss = rig_loss(r, &(rondo_ctc_options){.skip_impossible = true});
    r->loss = rig_value(loss);
    assert_int_equal(rondo_backward(r->tape, loss, 1), RONDO_OK);
    rig_close(r);
}

static void same_bits(void **state) {
    static rig one, many;
    (void)state;
    run(&one, 1);
    for (int threads = 2; threads <= 3; threads++) {
        run(&many, threads);
        assert_memory_equal(one.grad, many.grad, sizeof one.grad);
        assert_memory_equal(one.row_losses, many.row_losses, sizeof one.row_losses);
        assert_true(one.loss == many.loss);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
