/* Networks of every cell and option, written as C, compiled without a warning as C99, C++ and without libm, and run:
 * the result is what Rondo computes (the file's own check). Exit code 77 (skipped) where there is no C compiler. */
#include "support/test.h"

#include <math.h>

#include "exchange/c_networks.h"

/* ---- compile and run ---- */

static void check(const kind *k, rondo_c_precision precision, const char *compiler, rondo_context *context) {
    made m;
    const char *path = test_path("net.c");
    rondo_error err = {0};
    make(&m, k);
    const rondo_c_options options = {.precision = precision, .check_steps = 9};
    rondo_status status = rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path, &options, &err);
    if (status)
        fail_msg("%s: %s", k->name, err.message);
    c_check(k->name, compiler, path);
    destroy(&m);
}

static void test_every_cell(void **state) {
    rondo_context *context = *state;
    for (int i = 0; i < KINDS; i++)
        check(&kinds[i], RONDO_C_FLOAT32, c_compilers[i % C_COMPILERS], context);
}

static void test_whole_numbers(void **state) {
    rondo_context *context = *state;
    for (int i = 0; i < KINDS; i += 3) {
        check(&kinds[i], RONDO_C_INT8, c_compilers[0], context);
        check(&kinds[(i + 1) % KINDS], RONDO_C_INT16, c_compilers[1], context);
    }
}

/* A name that is no identifier, a weight that is no number, a place that is not there: nothing is left behind. */
static void test_refused(void **state) {
    rondo_context *context = *state;
    made m;
    const char *path = test_path("bad.c");
    rondo_error err = {0};
    make(&m, &kinds[0]);
    assert_int_equal(rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path,
                                    &(rondo_c_options){.name = "a b"}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "C identifier"));
    assert_int_equal(rondo__c_write(&(rondo__c_model){.network = &m.network}, context, "/nowhere/at/all.c",
                                    &(rondo_c_options){0}, &err),
                     RONDO_IO);
    m.bias[1] = (real)NAN;
    assert_int_equal(
        rondo__c_write(&(rondo__c_model){.network = &m.network}, context, path, &(rondo_c_options){0}, &err),
        RONDO_FORMAT);
    assert_non_null(strstr(err.message, "bias"));
    assert_false(rondo__file_exists(path));
    destroy(&m);
}

typedef struct attempt {
    made *m;
    rondo_context *context;
} attempt;
static int write_once(void *arg) {
    const attempt *a = arg;
    return (int)rondo__c_write(&(rondo__c_model){.network = &a->m->network}, a->context, test_path("full.c"),
                               &(rondo_c_options){0}, NULL);
}
static void test_out_of_memory(void **state) {
    static const int hard[] = {4, 6, 11}; /* a feedback matrix, summed biases, both */
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        made m;
        make(&m, &kinds[hard[i]]);
        test_every_failure(write_once, &(attempt){&m, *state});
        destroy(&m);
    }
}

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    if (!c_compiler_found())
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_cell), cmocka_unit_test(test_whole_numbers),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
