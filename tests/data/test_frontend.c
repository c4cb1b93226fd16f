/* The front end: librosa's values, a stream gives what the whole gives, normalisations, what is refused.
 * Needs: KISSFFT JANSSON. */
#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/audio.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static rondo_frontend *make(const rondo_audio_config *config) {
    rondo_error err = {0};
    rondo_frontend *frontend = NULL;
    must(rondo_frontend_create(&frontend, config, &err), &err);
    return frontend;
}

static float *make_sound(int64_t count) {
    float *sample = rondo__calloc((size_t)count + 1, sizeof *sample);
    assert_non_null(sample);
    for (int64_t i = 0; i < count; i++)
        sample[i] = (float)(0.3 * sin(0.07 * (double)i * (1 + 1e-4 * (double)i)) +
                            0.1 * rondo__random_normal(3, 0, (uint64_t)i));
    return sample;
}

/* (frames, width) */
static float *apply(const rondo_frontend *f, int64_t samples, const float *sample) {
    rondo_error err = {0};
    const int64_t count = rondo_frontend_frames(f, samples) * rondo_frontend_width(f);
    float *frame = rondo__calloc((size_t)count, sizeof *frame);
    assert_non_null(frame);
    must(rondo_frontend_apply(f, frame, samples, sample, &err), &err);
    return frame;
}

/* ---- librosa ---- */
static double number(const rondo__safetensors *file, const char *key) {
    const char *text = rondo__safetensors_metadata(file, key);
    assert_non_null(text);
    return atof(text);
}

static double number_or_none(const rondo__safetensors *file, const char *key) {
    return rondo__safetensors_metadata(file, key) ? number(file, key) : 0;
}

static rondo_audio_config config_of(const rondo__safetensors *file) {
    return (rondo_audio_config){
        .rate = (int64_t)number(file, "rate"),
        .features = strcmp(rondo__safetensors_metadata(file, "features"), "mfcc") == 0 ? RONDO_MFCC : RONDO_LOG_MEL,
        .window_ms = number(file, "window_ms"),
        .hop_ms = number(file, "hop_ms"),
        .mels = (int64_t)number(file, "mels"),
        .coefficients = (int64_t)number(file, "coefficients"),
        .deltas = (int64_t)number(file, "deltas"),
        .low_hz = number(file, "low_hz"),
        .high_hz = number(file, "high_hz"),
        .preemphasis = number(file, "preemphasis"),
        .warp = number_or_none(file, "warp"),
    };
}

static void same_as_librosa(const char *name) {
    char path[512];
    rondo_error err = {0};
    rondo__safetensors *file;
    snprintf(path, sizeof path, "%s/tests/golden/audio_%s.safetensors", RONDO_SOURCE_DIR, name);
    must(rondo__safetensors_read(&file, path, &err), &err);
    const rondo_audio_config config = config_of(file);
    rondo_frontend *f = make(&config);
    const rondo_tensor *sample = &rondo__safetensors_find(file, "sample")->tensor;
    const rondo_tensor *expected = &rondo__safetensors_find(file, "frame")->tensor;
    assert_int_equal(rondo_frontend_frames(f, sample->dims[0]), expected->dims[0]);
    assert_int_equal(rondo_frontend_width(f), expected->dims[1]);
    float *frame = apply(f, sample->dims[0], sample->data);
    for (int64_t i = 0; i < rondo_tensor_count(expected); i++) {
        const double want = (double)((const float *)expected->data)[i];
        if (!(fabs((double)frame[i] - want) <= 2e-4))
            fail_msg("%s: number %lld is %.7g, librosa has %.7g", name, (long long)i, (double)frame[i], want);
    }
    rondo__free(frame);
    rondo_frontend_destroy(&f);
    rondo__safetensors_free(&file);
}

static void librosa(void **state) {
    (void)state;
    static const char *const names[] = {"plain", "deltas",    "mfcc",    "odd_rate",
                                        "wide",  "long_hops", "warp_up", "warp_down"};
    for (size_t i = 0; i < COUNT(names); i++)
        same_as_librosa(names[i]);
}

/* ---- streams ---- */
static const float means[] = {-3, -4, -5, 0.1f, 0, 1, 0.2f, 0, 0}, deviations[] = {2, 3, 0, 1, 1, 2, 0.5f, 1, 1};
static const rondo_audio_config streamed[] = {
    {.rate = 8000, .window_ms = 4, .hop_ms = 1, .mels = 3},
    {.rate = 8000, .window_ms = 4, .hop_ms = 1.5, .mels = 3, .deltas = 1, .preemphasis = 0.97},
    {.rate = 8000, .window_ms = 4, .hop_ms = 4, .mels = 3, .deltas = 2, .preemphasis = 0.5},
    {.rate = 8000,
     .window_ms = 4,
     .hop_ms = 4.125,
     .mels = 5,
     .features = RONDO_MFCC,
     .coefficients = 3,
     .deltas = 2,
     .preemphasis = 0.9},
    {.rate = 8000, .window_ms = 4, .hop_ms = 9, .mels = 4, .deltas = 1, .preemphasis = 0.9},
    {.rate = 8000,
     .window_ms = 4,
     .hop_ms = 2,
     .mels = 3,
     .deltas = 2,
     .normalise = RONDO_NORMALISE_GLOBAL,
     .mean = means,
     .deviation = deviations},
    {.rate = 8000,
     .window_ms = 4,
     .hop_ms = 2,
     .mels = 3,
     .deltas = 2,
     .normalise = RONDO_NORMALISE_RUNNING,
     .prior = 3,
     .mean = means,
     .deviation = deviations},
    {.rate = 8000, .window_ms = 8, .hop_ms = 2, .mels = 3, .deltas = 1, .warp = 1.2},
    {.rate = 8000, .window_ms = 3.875, .hop_ms = 2, .mels = 3, .normalise = RONDO_NORMALISE_RUNNING},
};

/* Feeds pieces of so many samples; the frames must be those of the whole, in number and bits. */
static void stream_pieces(rondo_frontend_stream *s, const rondo_frontend *f, int64_t samples, const float *sample,
                          int64_t piece, const float *whole) {
    const int64_t width = rondo_frontend_width(f), frames = rondo_frontend_frames(f, samples);
    const float *frame;
    int64_t t = 0;
    for (int64_t i = 0; i < samples;) {
        const int64_t given = piece < samples - i ? piece : samples - i;
        const int64_t taken = rondo_frontend_stream_feed(s, given, sample + i, &frame);
        assert_true(taken <= given && (taken == given || frame));
        i += taken;
        if (frame)
            assert_memory_equal(frame, whole + t++ * width, (size_t)width * sizeof *frame);
    }
    for (;;) {
        rondo_frontend_stream_finish(s, &frame);
        if (!frame)
            break;
        assert_true(t < frames);
        assert_memory_equal(frame, whole + t++ * width, (size_t)width * sizeof *frame);
    }
    assert_int_equal(t, frames);
    assert_int_equal(rondo_frontend_stream_feed(s, 1, sample, &frame), 1); /* after the end, until a reset */
    assert_null(frame);
}

static void one_config(const rondo_audio_config *config) {
    static const int64_t lengths[] = {0, 1, 31, 32, 33, 36, 40, 64, 71, 100, 300, 777}, pieces[] = {1, 7, 33, 1000};
    rondo_error err = {0};
    rondo_frontend_stream *s = NULL;
    rondo_frontend *f = make(config);
    float *sample = make_sound(1000);
    must(rondo_frontend_stream_open(&s, f, &err), &err);
    const uint64_t allocations = rondo__alloc_count();
    int64_t applied = 0;
    for (size_t n = 0; n < COUNT(lengths); n++) {
        float *whole = apply(f, lengths[n], sample);
        applied += 2; /* the frames, the work */
        for (size_t p = 0; p < COUNT(pieces); p++) {
            rondo_frontend_stream_reset(s);
            stream_pieces(s, f, lengths[n], sample, pieces[p], whole);
        }
        rondo__free(whole);
    }
    assert_int_equal(rondo__alloc_count() - allocations, applied); /* none in streaming */
    rondo_frontend_stream_close(&s);
    rondo_frontend_stream_close(&s);
    rondo__free(sample);
    rondo_frontend_destroy(&f);
}

static void streams(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(streamed); i++)
        one_config(&streamed[i]);
}

/* The frames of a beginning are those of the whole: no later sample reaches an earlier frame. */
static void nothing_from_the_future(void **state) {
    (void)state;
    rondo_frontend *f = make(&streamed[6]);
    float *sample = make_sound(800);
    float *all = apply(f, 800, sample), *part = apply(f, 400, sample);
    const int64_t settled =
        rondo_frontend_frames(f, 400) - 4; /* two orders of differences look two frames ahead each */
    assert_memory_equal(all, part, (size_t)(settled * rondo_frontend_width(f)) * sizeof *all);
    rondo__free(all);
    rondo__free(part);
    rondo__free(sample);
    rondo_frontend_destroy(&f);
}

/* ---- normalisation ---- */
static double moment(const float *frame, int64_t frames, int64_t width, int64_t i, double mean, int power) {
    double sum = 0;
    for (int64_t t = 0; t < frames; t++)
        sum += pow((double)frame[t * width + i] - mean, power) / (double)frames;
    return sum;
}

static void of_recording(void **state) {
    (void)state;
    rondo_frontend *f =
        make(&(rondo_audio_config){.rate = 8000, .mels = 9, .deltas = 1, .normalise = RONDO_NORMALISE_RECORDING});
    float *sample = make_sound(3000), *frame = apply(f, 3000, sample);
    const int64_t width = rondo_frontend_width(f), frames = rondo_frontend_frames(f, 3000);
    for (int64_t i = 0; i < width; i++) {
        assert_true(fabs(moment(frame, frames, width, i, 0, 1)) < 1e-5);
        assert_true(fabs(moment(frame, frames, width, i, 0, 2) - 1) < 1e-5);
    }
    rondo__free(frame);
    memset(sample, 0, 3000 * sizeof *sample); /* silence: nothing changes, and nothing is divided by nothing */
    frame = apply(f, 3000, sample);
    for (int64_t i = 0; i < frames * width; i++)
        assert_true(fabsf(frame[i]) < 1e-5f);
    rondo__free(frame);
    rondo__free(sample);
    rondo_frontend_destroy(&f);
}

static void of_training_set(void **state) {
    (void)state;
    rondo_audio_config config = {.rate = 8000, .window_ms = 4, .hop_ms = 2, .mels = 3};
    rondo_frontend *plain = make(&config);
    config.normalise = RONDO_NORMALISE_GLOBAL;
    config.mean = means;
    config.deviation = deviations;
    rondo_frontend *scaled = make(&config);
    float *sample = make_sound(200), *x = apply(plain, 200, sample), *y = apply(scaled, 200, sample);
    for (int64_t i = 0; i < 3 * rondo_frontend_frames(plain, 200); i++) {
        const float spread = deviations[i % 3] > 0 ? deviations[i % 3] : 1; /* a constant feature is not scaled */
        assert_true(fabsf(y[i] - (x[i] - means[i % 3]) / spread) < 1e-5f);
    }
    rondo__free(x);
    rondo__free(y);
    rondo__free(sample);
    rondo_frontend_destroy(&plain);
    rondo_frontend_destroy(&scaled);
}

/* Sums over all frames so far and the prior ones, the slow way. */
static void running(void **state) {
    (void)state;
    rondo_audio_config config = {.rate = 8000, .window_ms = 4, .hop_ms = 2, .mels = 1};
    rondo_frontend *plain = make(&config);
    config.normalise = RONDO_NORMALISE_RUNNING;
    config.mean = means;
    config.deviation = deviations;
    config.prior = 5;
    rondo_frontend *scaled = make(&config);
    float *sample = make_sound(400), *x = apply(plain, 400, sample), *y = apply(scaled, 400, sample);
    double sum = 5 * -3.0, squares = 5 * (9 + 4.0);
    for (int64_t t = 0; t < rondo_frontend_frames(plain, 400); t++) {
        sum += (double)x[t];
        squares += (double)x[t] * (double)x[t];
        const double n = 6 + (double)t, mean = sum / n;
        assert_true(fabs((double)y[t] - ((double)x[t] - mean) / sqrt(squares / n - mean * mean)) < 1e-4);
    }
    rondo__free(x);
    rondo__free(y);
    rondo__free(sample);
    rondo_frontend_destroy(&plain);
    rondo_frontend_destroy(&scaled);
}

static void nan_shows(void **state) {
    (void)state;
    rondo_frontend *f = make(&(rondo_audio_config){.rate = 8000, .mels = 4, .hop_ms = 25});
    float *sample = make_sound(400);
    sample[250] = NAN;
    float *frame = apply(f, 400, sample);
    for (int i = 0; i < 8; i++)
        assert_true(isnan(frame[i]) == (i >= 4));
    rondo__free(frame);
    rondo__free(sample);
    rondo_frontend_destroy(&f);
}

/* ---- warp ---- */

/* A tone of so many Hz, through a front end of that warp. */
static float *tone_frame(double hz, double warp, int64_t *width) {
    float sample[200];
    rondo_frontend *f = make(&(rondo_audio_config){.rate = 8000, .warp = warp});
    for (int i = 0; i < 200; i++)
        sample[i] = (float)sin(6.283185307179586 * hz * i / 8000);
    *width = rondo_frontend_width(f);
    float *frame = apply(f, 200, sample);
    rondo_frontend_destroy(&f);
    return frame;
}

static int64_t loudest(double hz, double warp) {
    int64_t width, best = 0;
    float *frame = tone_frame(hz, warp, &width);
    for (int64_t i = 1; i < width; i++)
        best = frame[i] > frame[best] ? i : best;
    rondo__free(frame);
    return best;
}

/* The band that hears a tone hears the moved tone through moved edges; at the top nothing moves. */
static void warp_follows_the_voice(void **state) {
    (void)state;
    static const double factors[] = {0.5, 0.8, 1.2, 2};
    for (size_t i = 0; i < COUNT(factors); i++) {
        for (double hz = 600; hz * factors[i] < 2600 && hz < 2600; hz += 400)
            assert_true(llabs(loudest(hz * factors[i], factors[i]) - loudest(hz, 0)) <= 1);
        assert_int_equal(loudest(3960, factors[i]), 39);
    }
    assert_int_equal(loudest(3960, 0), 39);
}

static void warp_of_one(void **state) {
    (void)state;
    int64_t width;
    float *plain = tone_frame(500, 0, &width), *one = tone_frame(500, 1, &width), *other = tone_frame(500, 1.1, &width);
    assert_memory_equal(plain, one, (size_t)width * sizeof *plain);
    assert_memory_not_equal(plain, other, (size_t)width * sizeof *plain);
    rondo__free(plain);
    rondo__free(one);
    rondo__free(other);
}

/* ---- refusals ---- */
static void refused(void **state) {
    (void)state;
    static const float infinite[40] = {INFINITY}, negative[40] = {-1};
    static const struct {
        rondo_audio_config config;
        const char *story;
    } rows[] = {
        {{.rate = 0}, "rate is 0 Hz"},
        {{.rate = -1}, "rate is -1 Hz"},
        {{.rate = RONDO_MAX_RATE + 1}, "rate is 384001"},
        {{.rate = 8000, .features = 7}, "features is 7"},
        {{.rate = 8000, .normalise = 9}, "normalise is 9"},
        {{.rate = 8000, .mels = -1}, "mels is -1"},
        {{.rate = 8000, .mels = 5000}, "mels is 5000"},
        {{.rate = 8000, .mels = 300}, "lies between two bins"},
        {{.rate = 8000, .features = RONDO_MFCC, .coefficients = 41}, "coefficients is 41"},
        {{.rate = 8000, .deltas = 3}, "deltas is 3"},
        {{.rate = 8000, .prior = -1}, "prior is -1"},
        {{.rate = 8000, .low_hz = -1}, "bands from -1"},
        {{.rate = 8000, .low_hz = 5000}, "bands from 5000 to 4000"},
        {{.rate = 8000, .high_hz = 4001}, "nothing lies above 4000"},
        {{.rate = 8000, .high_hz = NAN}, "bands from"},
        {{.rate = 8000, .preemphasis = 1}, "preemphasis is 1"},
        {{.rate = 8000, .preemphasis = NAN}, "preemphasis is nan"},
        {{.rate = 8000, .warp = 0.49}, "warp is 0.49"},
        {{.rate = 8000, .warp = 2.1}, "warp is 2.1"},
        {{.rate = 8000, .warp = -1}, "warp is -1"},
        {{.rate = 8000, .warp = NAN}, "warp is nan"},
        {{.rate = 8000, .mels = 60, .warp = 0.5}, "or less warp"},
        {{.rate = 8000, .window_ms = 0.01}, "window_ms is 0.01"},
        {{.rate = 8000, .window_ms = 1e300}, "window_ms is 1e+300"},
        {{.rate = 8000, .window_ms = NAN}, "window_ms is nan"},
        {{.rate = 8000, .hop_ms = -3}, "hop_ms is -3"},
        {{.rate = 8000, .hop_ms = INFINITY}, "hop_ms is inf"},
        {{.rate = 8000, .normalise = RONDO_NORMALISE_GLOBAL, .mean = infinite}, "mean 1 of 40 is inf"},
        {{.rate = 8000, .normalise = RONDO_NORMALISE_GLOBAL, .deviation = negative}, "deviation 1 of 40 is -1"},
    };
    const int64_t live = rondo__alloc_live();
    for (size_t i = 0; i < COUNT(rows); i++) {
        rondo_error err = {0};
        rondo_frontend *f;
        assert_int_equal(rondo_frontend_create(&f, &rows[i].config, &err), RONDO_ARGUMENT);
        assert_null(f);
        if (!strstr(err.message, rows[i].story) || strchr(err.message, '\n'))
            fail_msg("row %zu: %s", i, err.message);
    }
    assert_int_equal(rondo_frontend_create(NULL, &rows[0].config, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo__alloc_live(), live);
}

static void refused_calls(void **state) {
    (void)state;
    rondo_error err;
    rondo_frontend_stream *s;
    float frame[64], sample[8] = {0};
    rondo_frontend *f = make(&(rondo_audio_config){.rate = 8000, .normalise = RONDO_NORMALISE_SPEAKER});
    assert_int_equal(rondo_frontend_stream_open(&s, f, &err), RONDO_UNSUPPORTED);
    assert_null(s);
    assert_non_null(strstr(err.message, "speaker"));
    assert_int_equal(rondo_frontend_stream_open(&s, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_frontend_apply(f, frame, -1, sample, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_frontend_apply(f, frame, 8, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_frontend_apply(f, NULL, 8, sample, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_frontend_apply(f, frame, 0, NULL, &err), RONDO_OK); /* no samples: a frame of silence */
    assert_true(fabsf(frame[0] - logf(1e-10f)) < 1e-4f);
    rondo_frontend_destroy(&f);
    rondo_frontend_destroy(&f);
}

/* ---- memory ---- */
static int use_all(void *arg) {
    const float *sample = arg;
    float frame[9 * 64];
    rondo_error err;
    rondo_frontend *f;
    rondo_frontend_stream *s = NULL;
    rondo_audio_config config = streamed[6];
    config.features = RONDO_MFCC;
    config.coefficients = 3;
    rondo_status status = rondo_frontend_create(&f, &config, &err);
    if (!status)
        status = rondo_frontend_apply(f, frame, 100, sample, &err);
    if (!status)
        status = rondo_frontend_stream_open(&s, f, &err);
    rondo_frontend_stream_close(&s);
    rondo_frontend_destroy(&f);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    float *sample = make_sound(100);
    test_every_failure(use_all, sample);
    rondo__free(sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(librosa),
        cmocka_unit_test(streams),
        cmocka_unit_test(nothing_from_the_future),
        cmocka_unit_test(of_recording),
        cmocka_unit_test(of_training_set),
        cmocka_unit_test(running),
        cmocka_unit_test(nan_shows),
        cmocka_unit_test(refused),
        cmocka_unit_test(refused_calls),
        cmocka_unit_test(failing_memory),
        cmocka_unit_test(warp_follows_the_voice),
        cmocka_unit_test(warp_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
