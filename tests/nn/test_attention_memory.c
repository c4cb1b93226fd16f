/* Attention while memory fails, allocation by allocation: a clean RONDO_MEMORY, nothing left over. */
#include "nn/attention_layers.h"

static int operator(void *arg) {
    att_run *r = arg;
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_status status = rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL);
    if (!status)
        status = rondo_tape_create(&tape, context, NULL);
    if (!status)
        status = att_go(r, tape, true, rondo_attention);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return (int)status;
}

static void every_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_run r;
        att_open(&r, &att_cases[i]);
        test_every_failure(operator, & r);
        att_close(&r);
    }
}

static int layer(void *arg) {
    layer_rig r;
    rondo_status status = layer_open(&r, arg, 2);
    if (!status) {
        rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
        rondo_attention_result got =
            layer_attend(&r, rondo_leaf(r.tape, &r.query, r.dquery), rondo_leaf(r.tape, &r.memory, r.dmemory), NULL);
        rondo_var *loss = got.context ? layer_loss(&r, &got) : NULL;
        status = rondo_tape_status(r.tape, NULL);
        if (!status)
            status = rondo_backward(r.tape, loss, 1);
    }
    layer_close(&r);
    return (int)status;
}

static void every_type(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++)
        test_every_failure(layer, (void *)&layer_cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind), cmocka_unit_test(every_type)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
