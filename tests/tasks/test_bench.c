/* rondo_bench_cell: every cell and pass gives sound numbers, wrong arguments are named, memory may fail. */
#include "core/core.h"
#include "rondo/model.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

static rondo_context *context;

static int open_context(void **unused) {
    (void)unused;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL) != RONDO_OK;
}

static int close_context(void **unused) {
    (void)unused;
    rondo_context_destroy(&context);
    return 0;
}

/* Few runs: so short a time is over after the least number of them. */
static const rondo_bench_options quick = {
    .input_size = 5, .hidden_size = 7, .layers = 1, .batch = 3, .steps = 4, .seconds = 1e-9};

static void every_cell_and_pass(void **unused) {
    (void)unused;
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++)
        for (int k = 0; k < 12; k++) {
            rondo_bench_options options = quick;
            rondo_bench_result result;
            rondo_error err = {0};
            options.cell = cell;
            options.pass = (rondo_bench_pass)(k % 3);
            options.layers = k < 6 ? 0 : 2; /* 0: 1 */
            options.input_gradient = k % 2 == 0;
            options.bidirectional = k % 4 == 3 && options.pass != RONDO_BENCH_STEP;
            if (rondo_bench_cell(context, &options, &result, &err))
                fail_msg("cell %d, pass %d: %s", cell, (int)options.pass, err.message);
            assert_true(result.runs >= 3);
            assert_true(result.min_ms >= 0 && result.min_ms <= result.median_ms && result.median_ms <= result.p99_ms);
            assert_true(isfinite(result.gflops) && result.gflops > 0);
            assert_int_equal(result.threads, options.pass == RONDO_BENCH_STEP ? 1 : 2);
            assert_string_equal(result.isa, rondo_context_isa(context));
        }
}

/* gflops times the median is the work, 2 * T * B * G * H * (I + H) for each layer and direction (and Jordan's output,
 * H * H); three times that with backward. */
static double work(rondo_bench_options options) {
    rondo_bench_result result;
    assert_int_equal(rondo_bench_cell(context, &options, &result, NULL), RONDO_OK);
    return result.gflops * 1e9 * (result.median_ms > 0 ? result.median_ms / 1e3 : 1e-9);
}

static void counts(void **unused) {
    (void)unused;
    static const double gates[] = {[RONDO_ELMAN] = 1, [RONDO_JORDAN] = 1, [RONDO_LSTM] = 4, [RONDO_GRU] = 3};
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++) {
        double out = cell == RONDO_JORDAN ? 7 : 0; /* its output layer is a product more */
        double lower = 2 * 3 * 7 * (gates[cell] * (5 + 7) + out), upper = 2 * 3 * 7 * (gates[cell] * (14 + 7) + out);
        rondo_bench_options options = quick;
        options.cell = cell;
        options.pass = RONDO_BENCH_FORWARD;
        assert_float_equal(work(options), 4 * lower, 1e-3);
        options.pass = RONDO_BENCH_TRAIN;
        assert_float_equal(work(options), 3 * 4 * lower, 1e-3);
        options.pass = RONDO_BENCH_STEP;
        assert_float_equal(work(options), lower, 1e-3);
        options.pass = RONDO_BENCH_FORWARD;
        options.layers = 2;
        options.bidirectional = true;
        assert_float_equal(work(options), 2 * 4 * lower + 2 * 4 * upper, 1e-3);
    }
}

/* Ragged: the same numbers of real steps each time (bench/peer.py draws them, too), and work counted by them. */
static void ragged(void **unused) {
    (void)unused;
    rondo_bench_options options = {.cell = RONDO_GRU,
                                   .input_size = 5,
                                   .hidden_size = 7,
                                   .batch = 32,
                                   .steps = 64,
                                   .seconds = 1e-9,
                                   .ragged = true,
                                   .least_runs = 1};
    rondo_bench_result result;
    for (int pass = RONDO_BENCH_TRAIN; pass <= RONDO_BENCH_FORWARD; pass++) {
        options.pass = (rondo_bench_pass)pass;
        assert_int_equal(rondo_bench_cell(context, &options, &result, NULL), RONDO_OK);
        assert_int_equal(result.runs, 1);
        assert_int_equal(result.real_steps, 1198);
        assert_float_equal(work(options), 1198 * 2.0 * 3 * 7 * (5 + 7) * (pass == RONDO_BENCH_TRAIN ? 3 : 1), 1);
    }
    options.ragged = false;
    assert_int_equal(rondo_bench_cell(context, &options, &result, NULL), RONDO_OK);
    assert_int_equal(result.real_steps, 32 * 64);
}

/* A longer time means more runs. */
static void runs(void **unused) {
    (void)unused;
    rondo_bench_options options = quick;
    rondo_bench_result result;
    options.pass = RONDO_BENCH_STEP;
    options.seconds = 0.02;
    assert_int_equal(rondo_bench_cell(context, &options, &result, NULL), RONDO_OK);
    assert_true(result.runs > 3);
}

static void refused(rondo_bench_options options, rondo_status status, const char *says) {
    rondo_bench_result result = {.runs = 77};
    rondo_error err = {0};
    int64_t live = rondo__alloc_live();
    rondo_status got = rondo_bench_cell(context, &options, &result, &err);
    if (got != status || !strstr(err.message, says))
        fail_msg("%s: '%s', not '%s'", rondo_status_name(got), err.message, says);
    assert_true(result.runs == 0 && rondo__alloc_live() == live);
}

#define WITH(...) refused((rondo_bench_options){.input_size = 5, .hidden_size = 7, .batch = 3, .steps = 4, __VA_ARGS__}

static void refusals(void **unused) {
    (void)unused;
    const int64_t most = INT32_MAX;
    rondo_bench_result result;
    WITH(.cell = 4), RONDO_ARGUMENT, "cell is 4");
    WITH(.cell = -1), RONDO_ARGUMENT, "cell is -1");
    WITH(.pass = (rondo_bench_pass)3), RONDO_ARGUMENT, "pass is 3 (must be one of rondo_bench_pass)");
    WITH(.layers = 17), RONDO_ARGUMENT, "layers is 17 (must be 1 to 16)");
    WITH(.layers = ((int64_t)1 << 32) + 1), RONDO_ARGUMENT, "layers is 4294967297 (must be 1 to 16)");
    WITH(.seconds = -1), RONDO_ARGUMENT, "seconds is -1 (must be 0");
    WITH(.seconds = NAN), RONDO_ARGUMENT, "seconds is nan");
    WITH(.pass = RONDO_BENCH_STEP, .ragged = true), RONDO_ARGUMENT, "ragged with the pass step");
    WITH(.least_runs = -1), RONDO_ARGUMENT, "least_runs is -1");
    WITH(.pass = RONDO_BENCH_STEP, .bidirectional = true), RONDO_UNSUPPORTED, "bidirectional");
    refused((rondo_bench_options){.hidden_size = 7, .batch = 3, .steps = 4}, RONDO_ARGUMENT, "input_size is 0");
    refused((rondo_bench_options){.input_size = 5, .hidden_size = (int64_t)1 << 40, .batch = 3, .steps = 4},
            RONDO_ARGUMENT, "hidden_size is 1099511627776");
    refused((rondo_bench_options){.input_size = 5, .hidden_size = 7, .steps = 4}, RONDO_ARGUMENT, "batch is 0");
    refused((rondo_bench_options){.input_size = 5, .hidden_size = 7, .batch = 3}, RONDO_ARGUMENT, "steps is 0");
    refused((rondo_bench_options){.input_size = 5, .hidden_size = 7, .batch = most, .steps = most}, RONDO_ARGUMENT,
            "steps times batch is too large");
    refused((rondo_bench_options){.input_size = 1, .hidden_size = 1, .batch = most, .steps = most}, RONDO_MEMORY,
            "out of memory");
    assert_int_equal(rondo_bench_cell(NULL, &quick, &result, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_bench_cell(context, NULL, &result, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_bench_cell(context, &quick, NULL, NULL), RONDO_ARGUMENT);
}

static int whole(void *arg) {
    rondo_bench_result result;
    return (int)rondo_bench_cell(context, arg, &result, NULL);
}

static void memory_fails(void **unused) {
    (void)unused;
    for (int pass = RONDO_BENCH_TRAIN; pass <= RONDO_BENCH_STEP; pass++) {
        rondo_bench_options options = quick;
        options.cell = RONDO_LSTM;
        options.pass = (rondo_bench_pass)pass;
        options.input_gradient = true;
        options.ragged = pass != RONDO_BENCH_STEP;
        test_every_failure(whole, &options);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_cell_and_pass),
                                       cmocka_unit_test(counts),
                                       cmocka_unit_test(ragged),
                                       cmocka_unit_test(runs),
                                       cmocka_unit_test(refusals),
                                       cmocka_unit_test(memory_fails)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
