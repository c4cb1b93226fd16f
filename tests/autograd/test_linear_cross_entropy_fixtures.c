/* Values and gradients equal PyTorch's (make_linear_cross_entropy_fixtures.py wrote them). Needs: JANSSON. */
#include "support/golden.h"

#include "autograd/entropy.h"
#include "formats/safetensors.h"

#define FIXTURES RONDO_SOURCE_DIR "/tests/golden/linear_cross_entropy.safetensors"

enum { MOST = 64 };
static const int32_t targets[] = {1, -1, 6, 0, -1, 3};
static rondo__safetensors *file;

static const rondo_tensor *stored(const char *name, const char *part) { return golden_stored(file, name, part); }

static void compare(const char *name, const char *part, const rondo_real *values) {
    golden_compare(file, name, part, values);
}

static void check(rondo_tape *tape, const char *name, double smoothing, bool weighted, int64_t block) {
    real dx[MOST] = {0}, dw[MOST] = {0}, db[MOST] = {0};
    rondo__entropy entropy = {.targets = targets, .user = {.label_smoothing = (real)smoothing}};
    if (weighted)
        entropy.user.class_weights = stored(name, "weights")->data;
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_var *loss = rondo__linear_cross_entropy(tape, rondo_leaf(tape, stored(name, "x"), dx),
                                                  rondo_leaf(tape, stored(name, "w"), dw),
                                                  rondo_leaf(tape, stored(name, "b"), db), &entropy, block);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    compare(name, "out", loss->value.data);
    assert_int_equal(rondo_backward(tape, loss, 3), RONDO_OK);
    compare(name, "dx", dx);
    compare(name, "dw", dw);
    compare(name, "db", db);
}

static void test_pytorch(void **state) {
    rondo_context *context;
    rondo_tape *tape;
    (void)state;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    assert_int_equal(rondo__safetensors_read(&file, FIXTURES, NULL), RONDO_OK);
    for (int64_t block = -4; block <= 4; block += 2) {
        check(tape, "plain", 0, false, block);
        check(tape, "smooth", 0.1, false, block);
        check(tape, "weighted", 0.2, true, block);
    }
    rondo__safetensors_free(&file);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
