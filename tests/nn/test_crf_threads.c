/* Pooling and conditional random field: the same bits with any number of threads. */
#include <string.h>

#include "core/core.h"
#include "rondo/crf.h"
#include "rondo/ops.h"
#include "support/test.h"

enum { T = 23, B = 37, V = 19 };

typedef struct result {
    rondo_real loss, losses[B], de[T * B * V], da[V * V], dstart[V], dend[V], score[B];
    rondo_real dpooled[4][T * B * V], dscore[T * B], pooled[4][B * V];
    int32_t label[T * B];
} result;

static rondo_real e[T * B * V], a[V * V], start[V], end[V], step_score[T * B];
static int32_t y[T * B], lengths[B];

static void draw(rondo_real *x, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (rondo_real)(6 * rondo__random_uniform(5, stream, (uint64_t)i) - 3);
}

static rondo_var *leaf(rondo_tape *tape, rondo_real *x, rondo_real *dx, int rank, int64_t d0, int64_t d1, int64_t d2) {
    rondo_tensor tensor = rondo_tensor_view(RONDO_REAL, x, rank, (int64_t[]){d0, d1, d2});
    return rondo_leaf(tape, &tensor, dx);
}

static void pool(rondo_tape *tape, result *r, rondo_pooling kind) {
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_var *score = kind == RONDO_POOL_ATTENTION ? leaf(tape, step_score, r->dscore, 2, T, B, 0) : NULL;
    rondo_var *x = leaf(tape, e, r->dpooled[kind], 3, T, B, V);
    rondo_var *pooled = rondo_pool(tape, x, score, &(rondo_pool_options){.kind = kind, .lengths = lengths});
    assert_int_equal(rondo_backward(tape, rondo_sum(tape, rondo_tanh(tape, pooled)), 1), RONDO_OK);
    memcpy(r->pooled[kind], pooled->value.data, sizeof r->pooled[kind]);
}

static void run(result *r, int threads) {
    rondo_context *context;
    rondo_tape *tape;
    memset(r, 0, sizeof *r);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_crf_weights w = {leaf(tape, a, r->da, 2, V, V, 0), leaf(tape, start, r->dstart, 1, V, 0, 0),
                           leaf(tape, end, r->dend, 1, V, 0, 0)};
    rondo_var *loss = rondo_crf_loss(tape, leaf(tape, e, r->de, 3, T, B, V), y, &w,
                                     &(rondo_crf_options){.lengths = lengths, .row_losses = r->losses});
    assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    r->loss = *(rondo_real *)loss->value.data;
    for (rondo_pooling kind = RONDO_POOL_LAST; kind <= RONDO_POOL_ATTENTION; kind++)
        pool(tape, r, kind);
    assert_int_equal(
        rondo_crf_decode(context, r->label, r->score, T, B, V, e, lengths, a, start, end, NULL, NULL, NULL), RONDO_OK);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

static void test_same_bits(void **state) {
    static result one, other;
    (void)state;
    draw(e, (int64_t)T * B * V, 1);
    draw(a, (int64_t)V * V, 2);
    draw(start, V, 3);
    draw(end, V, 4);
    draw(step_score, (int64_t)T * B, 5);
    for (int64_t i = 0; i < (int64_t)T * B; i++)
        y[i] = (int32_t)rondo__random_below(5, 6, (uint64_t)i, V);
    for (int64_t b = 0; b < B; b++)
        lengths[b] = (int32_t)rondo__random_below(5, 7, (uint64_t)b, T + 1);
    run(&one, 1);
    for (int threads = 2; threads <= 4; threads++) {
        run(&other, threads);
        assert_memory_equal(&other, &one, sizeof one);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
