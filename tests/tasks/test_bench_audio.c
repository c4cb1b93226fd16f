/* rondo_bench_audio: sound numbers, wrong arguments are named, memory may fail. Needs: KISSFFT. */
#include "core/core.h"
#include "rondo/model.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

static const rondo_audio_config quick = {.rate = 1000, .window_ms = 20, .hop_ms = 10, .mels = 4};

static void figures(void **state) {
    (void)state;
    rondo_bench_audio_result r;
    rondo_error err = {0};
    if (rondo_bench_audio(&quick, 1e-9, &r, &err))
        fail_msg("%s", err.message);
    assert_true(r.runs >= 3 && r.median_ms > 0 && r.stream_times_real_time > 0);
    assert_true(fabs(r.times_real_time * r.median_ms - 1e4) < 1e-3);         /* ten seconds */
    assert_true(fabs(r.frames_per_second * r.median_ms - 999 * 1e3) < 1e-1); /* 999 frames */
    rondo_audio_config whole = quick;
    whole.normalise = RONDO_NORMALISE_RECORDING; /* has no stream */
    assert_int_equal(rondo_bench_audio(&whole, 1e-9, &r, NULL), RONDO_OK);
    assert_true(r.times_real_time > 0 && r.stream_times_real_time == 0);
}

static void refusals(void **state) {
    (void)state;
    rondo_bench_audio_result r;
    rondo_error err = {0};
    assert_int_equal(rondo_bench_audio(NULL, 1, &r, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_bench_audio(&quick, 1, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_bench_audio(&quick, NAN, &r, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "seconds is nan"));
    assert_int_equal(rondo_bench_audio(&(rondo_audio_config){0}, 1, &r, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "rate is 0"));
}

static int measure(void *unused) {
    rondo_bench_audio_result r;
    (void)unused;
    return (int)rondo_bench_audio(&quick, 1e-9, &r, NULL);
}

static void memory_fails(void **state) {
    (void)state;
    test_every_failure(measure, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures), cmocka_unit_test(refusals),
                                       cmocka_unit_test(memory_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
