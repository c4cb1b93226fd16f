/* Contexts and tensor descriptions: defaults, refusals with a reason, failing memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/context.h"

static void a_context_has_threads_and_a_set(void **state) {
    (void)state;
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_context_threads(context), rondo__cpu_cores());
    assert_non_null(strstr(rondo_isa_available(), rondo_context_isa(context)));
    rondo_context_destroy(&context);
    assert_null(context);
    rondo_context_destroy(&context);
    rondo_context_destroy(NULL);
}

static void unknown_sets_name_the_known_ones(void **state) {
    (void)state;
    rondo_context *context;
    rondo_error err;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.isa = "mmx"}, &err), RONDO_UNSUPPORTED);
    assert_null(context);
    assert_non_null(strstr(err.message, rondo_isa_available()));
    setenv("RONDO_ISA", "scalar", 1);
    assert_int_equal(rondo_context_create(&context, NULL, &err), RONDO_OK);
    assert_string_equal(rondo_context_isa(context), "scalar");
    rondo_context_destroy(&context);
    setenv("RONDO_ISA", "z80", 1);
    assert_int_equal(rondo_context_create(&context, NULL, &err), RONDO_UNSUPPORTED);
    unsetenv("RONDO_ISA");
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = -1}, &err), RONDO_ARGUMENT);
}

static void failing_memory_is_reported(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    rondo_status status = RONDO_MEMORY;
    for (int64_t nth = 1; status != RONDO_OK && nth < 100; nth++) {
        rondo_context *context;
        rondo__alloc_fail_at(nth);
        status = rondo_context_create(&context, &(rondo_context_options){.threads = 3}, NULL);
        rondo__alloc_fail_at(0);
        assert_true(status == RONDO_OK || (status == RONDO_MEMORY && !context));
        rondo_context_destroy(&context);
        assert_int_equal(rondo__alloc_live(), live);
    }
    assert_int_equal(status, RONDO_OK);
}

static void tensors_are_checked(void **state) {
    (void)state;
    real x[6];
    rondo_tensor t = rondo_tensor_view(RONDO_REAL, x, 2, (int64_t[]){2, 3});
    assert_int_equal(rondo_tensor_check(&t, NULL), RONDO_OK);
    assert_int_equal(rondo_tensor_count(&t), 6);
    assert_string_equal(rondo_dtype_name(RONDO_I64), "I64");
    t.dims[1] = -3;
    assert_int_equal(rondo_tensor_check(&t, NULL), RONDO_ARGUMENT);
    t.dims[0] = t.dims[1] = INT64_C(1) << 40;
    assert_int_equal(rondo_tensor_check(&t, NULL), RONDO_ARGUMENT);
    t.rank = 5;
    assert_int_equal(rondo_tensor_check(&t, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_tensor_count(&(rondo_tensor){.rank = 0}), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_has_threads_and_a_set), cmocka_unit_test(unknown_sets_name_the_known_ones),
        cmocka_unit_test(failing_memory_is_reported), cmocka_unit_test(tensors_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
