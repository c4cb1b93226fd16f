/* Loss, gradients and best paths equal pytorch-crf's (tests/nn/make_crf_fixtures.py wrote them). Needs: JANSSON. */
#include <math.h>
#include <stdio.h>

#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/crf.h"
#include "support/test.h"

#define FIXTURES RONDO_SOURCE_DIR "/tests/golden/crf.safetensors"
#define LIMIT 1e-5 /* relative to the largest number of the array */

static rondo__safetensors *file;

static const rondo_tensor *stored(const char *name, const char *part) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, part);
    const rondo__named *found = rondo__safetensors_find(file, full);
    if (!found)
        fail_msg("%s is not in the fixtures", full);
    return &found->tensor;
}

static void compare(const char *name, const char *part, const rondo_real *got) {
    const rondo_tensor *expected = stored(name, part);
    const float *e = expected->data;
    double largest = 0;
    for (int64_t i = 0; i < rondo_tensor_count(expected); i++)
        largest = fmax(largest, fabs((double)e[i]));
    for (int64_t i = 0; i < rondo_tensor_count(expected); i++)
        if (!(fabs((double)got[i] - (double)e[i]) <= LIMIT * largest))
            fail_msg("%s.%s[%d] is %g, pytorch-crf has %g", name, part, (int)i, (double)got[i], (double)e[i]);
}

typedef struct leaves {
    rondo_real *grad[4];
    rondo_var *var[4];
} leaves;
static const char *const parts[] = {"emission", "transitions", "start_transitions", "end_transitions"};

static leaves make_leaves(rondo_tape *tape, const char *name) {
    leaves l;
    for (int i = 0; i < 4; i++) {
        const rondo_tensor *value = stored(name, parts[i]);
        l.grad[i] = rondo__calloc((size_t)rondo_tensor_count(value), sizeof *l.grad[i]);
        l.var[i] = rondo_leaf(tape, value, l.grad[i]);
    }
    return l;
}

static void check_loss(rondo_context *context, const char *name) {
    rondo_tape *tape;
    rondo_real rows[8];
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    leaves l = make_leaves(tape, name);
    rondo_crf_options options = {.lengths = stored(name, "lengths")->data, .row_losses = rows};
    rondo_var *loss = rondo_crf_loss(tape, l.var[0], stored(name, "target")->data,
                                     &(rondo_crf_weights){l.var[1], l.var[2], l.var[3]}, &options);
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    compare(name, "loss", loss->value.data);
    compare(name, "rows", rows);
    for (int i = 0; i < 4; i++) {
        char part[32];
        snprintf(part, sizeof part, "d%s", parts[i]);
        compare(name, part, l.grad[i]);
        rondo__free(l.grad[i]);
    }
    rondo_tape_destroy(&tape);
}

static void check_paths(rondo_context *context, const char *name) {
    const rondo_tensor *e = stored(name, "emission"), *paths = stored(name, "paths");
    int32_t label[64];
    assert_true(rondo_tensor_count(paths) <= 64);
    assert_int_equal(rondo_crf_decode(context, label, NULL, e->dims[0], e->dims[1], e->dims[2], e->data,
                                      stored(name, "lengths")->data, stored(name, parts[1])->data,
                                      stored(name, parts[2])->data, stored(name, parts[3])->data, NULL, NULL, NULL),
                     RONDO_OK);
    assert_memory_equal(label, paths->data, (size_t)rondo_tensor_count(paths) * sizeof *label);
}

static void test_all(void **state) {
    rondo_context *context;
    rondo_error err = {0};
    (void)state;
    if (rondo__safetensors_read(&file, FIXTURES, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo_context_create(&context, NULL, NULL), RONDO_OK);
    check_loss(context, "small");
    check_loss(context, "tags");
    check_paths(context, "small");
    check_paths(context, "tags");
    rondo_context_destroy(&context);
    rondo__safetensors_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
