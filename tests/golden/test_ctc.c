/* The CTC loss gives PyTorch's values and gradients (tests/nn/make_ctc_fixtures.py wrote them). Needs: JANSSON. */
#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/ctc.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 2e-5

static rondo__safetensors *file;
static rondo_context *context;
static rondo_tape *tape;

static const rondo_tensor *stored(const char *name, const char *part) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, part);
    const rondo__named *found = rondo__safetensors_find(file, full);
    if (!found)
        fail_msg("%s is not in the fixtures", full);
    return &found->tensor;
}

static void compare(const char *name, const char *part, const rondo_real *got) {
    const rondo_tensor *want = stored(name, part);
    const float *w = want->data;
    for (int64_t i = 0; i < rondo_tensor_count(want); i++) {
        const double x = (double)got[i], y = (double)w[i];
        if (isnan(x) != isnan(y) || isinf(x) != isinf(y) || fabs(x - y) > LIMIT * (1 + fabs(y)))
            fail_msg("%s.%s[%d] is %g, PyTorch has %g", name, part, (int)i, x, y);
    }
}

static void run(const char *name, bool skip) {
    const rondo_tensor *logits = stored(name, "logits");
    rondo_real *grad = rondo__calloc((size_t)rondo_tensor_count(logits), sizeof *grad);
    rondo_real *rows = rondo__calloc((size_t)logits->dims[1], sizeof *rows);
    const rondo_ctc_options options = {.lengths = stored(name, "lengths")->data,
                                       .blank = *(int32_t *)stored(name, "blank")->data,
                                       .divide_by = 1,
                                       .skip_impossible = skip,
                                       .row_losses = rows};
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_var *loss = rondo_ctc_loss(tape, rondo_leaf(tape, logits, grad), stored(name, "target")->data,
                                     stored(name, "counts")->data, &options);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    compare(name, "rows", rows);
    compare(name, skip ? "grad" : "grad_strict", grad);
    rondo__free(grad);
    rondo__free(rows);
}

static void same_as_pytorch(void **state) {
    static const char *const cases[] = {"plain", "repeated", "zero", "impossible", "blank_last", "wide"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(cases[i], true);
        run(cases[i], false);
    }
}

static int begin(void **state) {
    rondo_error err = {0};
    (void)state;
    if (rondo__safetensors_read(&file, RONDO_SOURCE_DIR "/tests/golden/ctc.safetensors", &err) ||
        rondo_context_create(&context, NULL, &err) || rondo_tape_create(&tape, context, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    rondo__safetensors_free(&file);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_pytorch)};
    return cmocka_run_group_tests(tests, begin, end);
}
