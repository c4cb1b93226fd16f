/* Augmentation of sounds and frames: within bounds, the same for the same seed, another for another. */
#include "core/core.h"
#include "rondo/audio.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { SAMPLES = 4000 };

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static rondo_sound tone(void) {
    rondo_sound sound = {.count = SAMPLES, .rate = 8000, .sample = rondo__alloc(SAMPLES * sizeof(float))};
    assert_non_null(sound.sample);
    for (int i = 0; i < SAMPLES; i++)
        sound.sample[i] = (float)(0.5 * sin(0.3 * i));
    return sound;
}

static double power_of(const rondo_sound *sound) {
    double sum = 0;
    for (int64_t i = 0; i < sound->count; i++)
        sum += (double)sound->sample[i] * (double)sound->sample[i];
    return sum / (double)sound->count;
}

static rondo_sound augmented(const rondo_audio_augment *augment, uint64_t seed, uint64_t stream) {
    rondo_error err = {0};
    rondo_sound sound = tone();
    must(rondo_audio_augment_sound(&sound, augment, seed, stream, &err), &err);
    assert_int_equal(sound.rate, 8000);
    return sound;
}

static bool same(const rondo_sound *a, const rondo_sound *b) {
    return a->count == b->count && memcmp(a->sample, b->sample, (size_t)a->count * sizeof *a->sample) == 0;
}

static void nothing(void **state) {
    (void)state;
    rondo_sound plain = tone(), sound = augmented(&(rondo_audio_augment){0}, 1, 2);
    assert_true(same(&plain, &sound));
    rondo_sound_free(&plain);
    rondo_sound_free(&sound);
}

static void gain(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.gain_db = 6};
    rondo_sound plain = tone();
    double least = 9, most = -9;
    for (uint64_t stream = 0; stream < 50; stream++) {
        rondo_sound sound = augmented(&augment, 1, stream);
        const double db = 10 * log10(power_of(&sound) / power_of(&plain));
        assert_true(fabs(db) <= 6.001);
        least = fmin(least, db);
        most = fmax(most, db);
        for (int i = 0; i < SAMPLES; i += 97) /* one factor for all */
            assert_true(fabs((double)(sound.sample[i] - plain.sample[i]) -
                             (pow(10, db / 20) - 1) * (double)plain.sample[i]) < 1e-5);
        rondo_sound_free(&sound);
    }
    assert_true(least < -4 && most > 4);
    rondo_sound_free(&plain);
}

static void noise(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.noise_db = 10};
    rondo_sound plain = tone();
    double least = 99, most = 0;
    for (uint64_t stream = 0; stream < 50; stream++) {
        rondo_sound sound = augmented(&augment, 1, stream);
        for (int i = 0; i < SAMPLES; i++)
            sound.sample[i] -= plain.sample[i];
        const double ratio = 10 * log10(power_of(&plain) / power_of(&sound));
        assert_true(ratio > 9.5 && ratio < 30.5);
        least = fmin(least, ratio);
        most = fmax(most, ratio);
        rondo_sound_free(&sound);
    }
    assert_true(least < 14 && most > 26);
    memset(plain.sample, 0, SAMPLES * sizeof(float)); /* silence stays silent */
    must(rondo_audio_augment_sound(&plain, &augment, 1, 1, NULL), &(rondo_error){0});
    assert_true(power_of(&plain) == 0);
    rondo_sound_free(&plain);
}

static void speed(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.speed = 0.1};
    int64_t least = SAMPLES, most = SAMPLES;
    for (uint64_t stream = 0; stream < 50; stream++) {
        rondo_sound sound = augmented(&augment, 1, stream);
        assert_in_range(sound.count, (int)(SAMPLES / 1.1) - 1, (int)(SAMPLES / 0.9) + 1);
        assert_true(fabs(power_of(&sound) / 0.125 - 1) < 0.05);
        least = sound.count < least ? sound.count : least;
        most = sound.count > most ? sound.count : most;
        rondo_sound_free(&sound);
    }
    assert_true(least < 3750 && most > 4250);
}

static void fixed_by_the_seed(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.noise_db = 10, .gain_db = 3, .speed = 0.1};
    rondo_sound a = augmented(&augment, 5, 6), b = augmented(&augment, 5, 6), c = augmented(&augment, 5, 7),
                d = augmented(&augment, 6, 6);
    assert_true(same(&a, &b));
    assert_false(same(&a, &c));
    assert_false(same(&a, &d));
    rondo_sound_free(&a);
    rondo_sound_free(&b);
    rondo_sound_free(&c);
    rondo_sound_free(&d);
}

/* Factors spread evenly around 1, all of them are drawn, and the sound itself stays. */
static void warp(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.warp = 0.2};
    const int64_t middle = RONDO_AUDIO_WARPS / 2;
    int drawn[RONDO_AUDIO_WARPS] = {0};
    assert_true(rondo_audio_augment_factor(&augment, middle) == 1);
    for (int64_t i = 0; i < RONDO_AUDIO_WARPS; i++)
        assert_true(fabs(rondo_audio_augment_factor(&augment, i) - (0.8 + 0.4 * (double)i / 8)) < 1e-12);
    for (uint64_t stream = 0; stream < 900; stream++) {
        const int64_t i = rondo_audio_augment_warp(3, stream);
        assert_in_range(i, 0, RONDO_AUDIO_WARPS - 1);
        assert_int_equal(rondo_audio_augment_warp(3, stream), i);
        drawn[i]++;
    }
    for (int i = 0; i < RONDO_AUDIO_WARPS; i++)
        assert_in_range(drawn[i], 60, 140);
    rondo_sound plain = tone(), sound = augmented(&augment, 1, 2);
    assert_true(same(&plain, &sound));
    rondo_sound_free(&plain);
    rondo_sound_free(&sound);
}

static void no_samples(void **state) {
    (void)state;
    rondo_sound empty = {.rate = 8000};
    const rondo_audio_augment augment = {.noise_db = 10, .gain_db = 3, .speed = 0.1};
    assert_int_equal(rondo_audio_augment_sound(&empty, &augment, 1, 1, NULL), RONDO_OK);
    assert_int_equal(empty.count, 0);
}

static void refused(void **state) {
    (void)state;
    static const rondo_audio_augment rows[] = {
        {.speed = 1},     {.speed = -1},          {.speed = NAN}, {.gain_db = NAN}, {.gain_db = 1000},
        {.noise_db = -3}, {.noise_db = INFINITY}, {.warp = 0.6},  {.warp = -0.1},   {.warp = NAN}};
    rondo_sound sound = tone();
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(rondo_audio_augment_sound(&sound, &rows[i], 1, 1, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_audio_augment_sound(NULL, &rows[0], 1, 1, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_audio_augment_sound(&sound, NULL, 1, 1, NULL), RONDO_ARGUMENT);
    rondo_sound_free(&sound);
}

/* ---- masks ---- */
enum { FRAMES = 50, WIDTH = 12 };

static void masked(float frame[FRAMES * WIDTH], const rondo_audio_augment *augment, uint64_t stream, int64_t frames) {
    for (int i = 0; i < FRAMES * WIDTH; i++)
        frame[i] = 1;
    rondo_audio_augment_frames(frame, frames, WIDTH, augment, 1, stream);
}

static void time_masks(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.time_masks = 1, .time_width = 30};
    float frame[FRAMES * WIDTH];
    int longest = 0;
    for (uint64_t stream = 0; stream < 200; stream++) {
        int blank = 0, changes = 0;
        masked(frame, &augment, stream, FRAMES);
        for (int t = 0; t < FRAMES; t++) {
            const bool is = frame[t * WIDTH] == 0;
            blank += is;
            changes += t > 0 && is != (frame[(t - 1) * WIDTH] == 0);
            for (int i = 1; i < WIDTH; i++)
                assert_true((frame[t * WIDTH + i] == 0) == is);
        }
        assert_true(blank <= FRAMES / 5 && changes <= 2);
        longest = blank > longest ? blank : longest;
    }
    assert_int_equal(longest, FRAMES / 5);
    masked(frame, &augment, 1, 4); /* a fifth of 4 frames is none */
    assert_true(frame[0] == 1 && frame[3 * WIDTH] == 1);
    rondo_audio_augment_frames(frame, 0, WIDTH, &augment, 1, 1);
}

static void feature_masks(void **state) {
    (void)state;
    const rondo_audio_augment augment = {.feature_masks = 2, .feature_width = 3};
    float frame[FRAMES * WIDTH];
    int most = 0;
    for (uint64_t stream = 0; stream < 200; stream++) {
        int blank = 0;
        masked(frame, &augment, stream, FRAMES);
        for (int i = 0; i < WIDTH; i++) {
            blank += frame[i] == 0;
            for (int t = 1; t < FRAMES; t++)
                assert_true(frame[t * WIDTH + i] == frame[i]);
        }
        assert_true(blank <= 6);
        most = blank > most ? blank : most;
    }
    assert_int_equal(most, 6);
    masked(frame, &(rondo_audio_augment){.feature_masks = 1, .feature_width = 1000}, 3, FRAMES);
    masked(frame, &(rondo_audio_augment){.feature_masks = -1, .time_masks = 1, .time_width = -5}, 3, FRAMES);
    for (int i = 0; i < FRAMES * WIDTH; i++)
        assert_true(frame[i] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(gain),
        cmocka_unit_test(noise),
        cmocka_unit_test(speed),
        cmocka_unit_test(fixed_by_the_seed),
        cmocka_unit_test(warp),
        cmocka_unit_test(no_samples),
        cmocka_unit_test(refused),
        cmocka_unit_test(time_masks),
        cmocka_unit_test(feature_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
