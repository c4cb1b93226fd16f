/* One front end serves many threads. Needs: KISSFFT. */
#include "core/core.h"
#include "rondo/audio.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 3000, SOUNDS = 12 };

typedef struct work {
    const rondo_frontend *frontend;
    const float *sample;
    float *frame[SOUNDS];
    rondo_status status[SOUNDS];
} work;

static void one(void *arg, int64_t index, int worker) {
    work *w = arg;
    (void)worker;
    w->status[index] = rondo_frontend_apply(w->frontend, w->frame[index], SAMPLES, w->sample, NULL);
}

static void same_bits(void **state) {
    (void)state;
    rondo_frontend *f;
    rondo__pool *pool;
    work w = {0};
    float sample[SAMPLES];
    const rondo_audio_config config = {
        .rate = 8000, .features = RONDO_MFCC, .deltas = 2, .preemphasis = 0.97, .normalise = RONDO_NORMALISE_RUNNING};
    for (int i = 0; i < SAMPLES; i++)
        sample[i] = (float)sin(0.001 * i * i);
    assert_int_equal(rondo_frontend_create(&f, &config, NULL), RONDO_OK);
    assert_int_equal(rondo__pool_create(&pool, 3, NULL), RONDO_OK);
    const size_t bytes = (size_t)(rondo_frontend_frames(f, SAMPLES) * rondo_frontend_width(f)) * sizeof(float);
    for (int i = 0; i < SOUNDS; i++)
        assert_non_null(w.frame[i] = rondo__calloc(1, bytes));
    w.frontend = f;
    w.sample = sample;
    rondo__pool_run(pool, SOUNDS, one, &w);
    for (int i = 0; i < SOUNDS; i++) {
        assert_int_equal(w.status[i], RONDO_OK);
        assert_memory_equal(w.frame[i], w.frame[0], bytes);
    }
    for (int i = 0; i < SOUNDS; i++)
        rondo__free(w.frame[i]);
    rondo__pool_destroy(&pool);
    rondo_frontend_destroy(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
