/* The LSTM gives the same bits however its steps are shared out: inputs multiplied before, or in blocks by rows or by
 * units, with so many rows that there are several blocks. */
#include "rondo/nn.h"
#include "support/test.h"
#include "tensor/context.h"

#include <stdlib.h>
#include <string.h>

enum { T = 11, B = 13, I = 5, H = 70, LONG = 400 };

typedef struct result {
    rondo_real *y, *grads;
    size_t y_bytes, grad_bytes;
} result;

static result run(int64_t steps, int threads, rondo__cut cut, bool ragged, bool reverse) {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_recurrent *net;
    static int32_t lengths[B];
    const rondo_recurrent_config config = {.cell = RONDO_LSTM,
                                           .input_size = I,
                                           .hidden_size = H,
                                           .layers = 1,
                                           .bidirectional = reverse,
                                           .peepholes = true,
                                           .recurrent_dropout = 0.2f,
                                           .zoneout = 0.1f};
    for (int b = 0; b < B; b++)
        lengths[b] = (int32_t)((7 * b + 3) % steps);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    context->cut = cut;
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&net, params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(params, 7, NULL), RONDO_OK);
    rondo_real *x = malloc((size_t)(steps * B * I) * sizeof *x);
    for (int64_t i = 0; i < steps * B * I; i++)
        x[i] = (rondo_real)rondo__random_normal(1, 2, (uint64_t)i);
    rondo_tensor view = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){steps, B, I});
    rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = true, .seed = 5, .step = 2});
    const rondo_recurrent_input input = {.lengths = ragged ? lengths : NULL};
    rondo_var *y = rondo_recurrent_forward(net, tape, rondo_leaf(tape, &view, NULL), &input);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    const rondo_real *dy = y->value.data; /* any numbers of its shape */
    result r = {.y_bytes = (size_t)rondo_tensor_count(&y->value) * sizeof *x,
                .grad_bytes = (size_t)rondo_params_size(params) * sizeof *x};
    r.y = malloc(r.y_bytes);
    r.grads = malloc(r.grad_bytes);
    memcpy(r.y, y->value.data, r.y_bytes);
    rondo_params_clear_grads(params);
    rondo_backward_from(tape, 1, &y, &dy);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    memcpy(r.grads, rondo_params_grads(params), r.grad_bytes);
    free(x);
    rondo_recurrent_destroy(&net);
    rondo_params_destroy(&params);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return r;
}

static void forget(result *r) {
    free(r->y);
    free(r->grads);
}

static void same_however_shared_out(void **state) {
    (void)state;
    static const struct {
        int threads;
        rondo__cut cut;
    } ways[] = {{1, RONDO__CUT_ROWS},  {2, RONDO__CUT_ROWS},  {3, RONDO__CUT_BY_COST}, {1, RONDO__CUT_UNITS},
                {2, RONDO__CUT_UNITS}, {3, RONDO__CUT_UNITS}, {5, RONDO__CUT_UNITS},   {2, RONDO__CUT_CALLS}};
    for (int kind = 0; kind < 5; kind++) {
        const int64_t steps = kind == 4 ? LONG : T;
        result want = run(steps, 4, RONDO__CUT_BY_COST, kind % 2, kind / 2 % 2);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            result got = run(steps, ways[i].threads, ways[i].cut, kind % 2, kind / 2 % 2);
            assert_memory_equal(got.y, want.y, want.y_bytes);
            assert_memory_equal(got.grads, want.grads, want.grad_bytes);
            forget(&got);
        }
        forget(&want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_however_shared_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
