/* Encoder-decoders of every kind, written as C, compiled without a warning and run: greedy decoding says what Rondo
 * says, and its logits are Rondo's. Exit code 77 (skipped) where there is no C compiler. */
#include "nn/seq2seq_model.h"

#include "exchange/c_compile.h"
#include "exchange/c_file.h"

enum { END = 2 };

static void check(const model_case *about, rondo_c_precision precision, const char *compiler) {
    model m;
    rondo__encdec encdec;
    rondo_error err = {0};
    const char *path = test_path("net.c");
    model_open(&m, about, 1);
    rondo_status status = rondo__encdec_of(&encdec, m.net, END, &err);
    if (!status)
        status = rondo__c_write(&(rondo__c_model){.encdec = &encdec}, m.context, path,
                                &(rondo_c_options){.precision = precision, .check_steps = 7}, &err);
    if (status)
        fail_msg("%s: %s", about->name, err.message);
    c_check(about->name, compiler, path);
    model_close(&m);
}

static void floats(void **unused) {
    (void)unused;
    for (size_t i = 0; i < MODEL_PLAIN; i++)
        check(&model_plain[i], RONDO_C_FLOAT32, c_compilers[i % C_COMPILERS]);
    for (size_t i = 0; i < MODEL_ATTENTIVE; i++)
        check(&model_attentive[i], RONDO_C_FLOAT32, c_compilers[(i + 1) % C_COMPILERS]);
}

static void whole_numbers(void **unused) {
    (void)unused;
    for (size_t i = 0; i < MODEL_ATTENTIVE; i += 2) {
        check(&model_attentive[i], RONDO_C_INT8, c_compilers[0]);
        check(&model_attentive[i + 1], RONDO_C_INT16, c_compilers[1]);
    }
    check(&model_plain[3], RONDO_C_INT8, c_compilers[2]);
}

typedef struct attempt {
    const model *m;
    rondo__encdec *encdec;
} attempt;
static int write_once(void *arg) {
    const attempt *a = arg;
    return (int)rondo__c_write(&(rondo__c_model){.encdec = a->encdec}, a->m->context, test_path("full.c"),
                               &(rondo_c_options){.check_steps = 2}, NULL);
}
static void out_of_memory(void **unused) {
    (void)unused;
    model m;
    rondo__encdec encdec;
    static const int some[] = {3, 5};
    for (int i = 0; i < 2; i++) {
        model_open(&m, &model_attentive[some[i]], 1);
        assert_int_equal(rondo__encdec_of(&encdec, m.net, END, NULL), RONDO_OK);
        test_every_failure(write_once, &(attempt){&m, &encdec});
        model_close(&m);
    }
}

int main(void) {
    if (!c_compiler_found())
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(floats), cmocka_unit_test(whole_numbers),
                                       cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
