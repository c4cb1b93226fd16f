/* Sets of frames from recordings and CSV files, their moments, and batches. Needs: SNDFILE SAMPLERATE KISSFFT. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "data/frames.h"
#include "support/test.h"

enum { SOUNDS = 7 };
static rondo_context *context[2];

static int make_contexts(void **state) {
    (void)state;
    rondo_context_create(&context[0], &(rondo_context_options){.threads = 1}, NULL);
    return rondo_context_create(&context[1], &(rondo_context_options){.threads = 3}, NULL);
}

static int drop_contexts(void **state) {
    (void)state;
    rondo_context_destroy(&context[0]);
    rondo_context_destroy(&context[1]);
    return 0;
}

/* Recording i: a tone of its own with noise; number 3 has no samples, number 5 another rate. */
static void write_sounds(void) {
    rondo__text list = {0};
    rondo__text_format(&list, "path\tlabel\tspeaker\n");
    for (int i = 0; i < SOUNDS; i++) {
        char name[32];
        const int64_t rate = i == 5 ? 16000 : 8000, count = i == 3 ? 0 : i == 6 ? 40 : 1000 + 371 * i;
        rondo_sound sound = {count, rate, rondo__calloc((size_t)count + 1, sizeof(float)), 1};
        for (int64_t t = 0; t < count; t++)
            sound.sample[t] = (float)(0.3 * sin(0.05 * (double)((i + 1) * t)) +
                                      0.01 * rondo__random_normal(1, (uint64_t)i, (uint64_t)t));
        snprintf(name, sizeof name, "sound%d.wav", i);
        rondo_error err = {0};
        if (rondo_sound_write(&sound, test_path(name), &err))
            fail_msg("%s", err.message);
        rondo_sound_free(&sound);
        rondo__text_format(&list, "%s\t%d\t%s\n", name, i % 2, i < 4 ? "ann" : i == 4 ? "" : "theo");
    }
    test_write("sounds.tsv", list.data, list.size);
    rondo__text_free(&list);
}

static rondo__labelled list_sounds(void) {
    rondo__labelled items;
    rondo_error err = {0};
    if (rondo__labelled_read(&items, test_path("sounds.tsv"), &(rondo__labelled_spec){0}, &err))
        fail_msg("%s", err.message);
    return items;
}

static rondo__frame_set compute(int threads, rondo_audio_normalise normalise) {
    rondo__labelled items = list_sounds();
    rondo__frame_set set;
    rondo_audio_config config = {.mels = 12, .normalise = normalise};
    rondo_frontend *frontend;
    assert_int_equal(rondo__frames_read_sounds(&set, context[threads], &items, &config, NULL), RONDO_OK);
    assert_int_equal(config.rate, 8000);
    assert_int_equal(rondo_frontend_create(&frontend, &config, NULL), RONDO_OK);
    assert_int_equal(rondo__frames_compute(&set, context[threads], frontend, normalise, NULL), RONDO_OK);
    rondo_frontend_destroy(&frontend);
    rondo__labelled_free(&items);
    return set;
}

static void test_sounds(void **state) {
    (void)state;
    write_sounds();
    rondo__frame_set set = compute(0, RONDO_NORMALISE_NONE), many = compute(1, RONDO_NORMALISE_NONE);
    assert_int_equal(set.count, SOUNDS);
    assert_int_equal(set.width, 12);
    assert_int_equal(set.empty, 1);
    assert_int_equal(set.length[3], 1);
    assert_int_equal(set.length[6], 1); /* shorter than a window */
    assert_int_equal(set.speakers, 2);
    assert_int_equal(set.speaker[0], 0);
    assert_int_equal(set.speaker[4], -1);
    assert_int_equal(set.speaker[5], 1);
    assert_int_equal(set.sound[5].rate, 8000); /* resampled */
    for (int k = 0; k < 12; k++)
        assert_true(set.frame[3][k] == 0);
    for (int i = 0; i < SOUNDS; i++) {
        assert_int_equal(set.length[i], many.length[i]);
        assert_memory_equal(set.frame[i], many.frame[i], (size_t)(set.length[i] * 12) * sizeof(float));
    }
    rondo__frames_free(&set);
    rondo__frames_free(&many);
}

static double mean_of(const rondo__frame_set *set, int32_t speaker, int k, double *deviation) {
    double sum = 0, square = 0, n = 0;
    for (int i = 0; i < SOUNDS; i++) {
        if (set->speaker[i] != speaker || set->sound[i].count == 0)
            continue;
        for (int64_t t = 0; t < set->length[i]; t++) {
            const double x = (double)set->frame[i][t * set->width + k];
            sum += x, square += x * x, n += 1;
        }
    }
    *deviation = sqrt(square / n - sum / n * sum / n);
    return sum / n;
}

static void test_moments(void **state) {
    (void)state;
    float mean[12], deviation[12];
    rondo__frame_set set = compute(0, RONDO_NORMALISE_NONE);
    assert_int_equal(rondo__frames_moments(&set, mean, deviation, NULL), RONDO_OK);
    for (int k = 0; k < 12; k++) {
        double sum = 0, square = 0, n = 0;
        for (int i = 0; i < SOUNDS; i++) {
            for (int64_t t = 0; t < set.length[i] && set.sound[i].count > 0; t++) {
                const double x = (double)set.frame[i][t * 12 + k];
                sum += x, square += x * x, n += 1;
            }
        }
        assert_true(fabs(sum / n - (double)mean[k]) < 1e-5);
        assert_true(fabs(sqrt(square / n - sum / n * sum / n) - (double)deviation[k]) < 1e-4);
    }
    rondo__frames_free(&set);
    set = compute(1, RONDO_NORMALISE_SPEAKER);
    for (int32_t speaker = -1; speaker < 2; speaker++) {
        for (int k = 0; k < 12; k++) {
            double spread;
            assert_true(fabs(mean_of(&set, speaker, k, &spread)) < 1e-4);
            assert_true(fabs(spread - 1) < 1e-3);
        }
    }
    for (int k = 0; k < 12; k++)
        assert_true(set.frame[3][k] == 0);
    rondo__frames_free(&set);
    float constant[6] = {2, 3, 2, 3, 2, 3}, *frames[1] = {constant};
    int64_t length[1] = {3};
    rondo__frame_set flat = {.count = 1, .width = 2, .length = length, .frame = frames};
    assert_int_equal(rondo__frames_moments(&flat, mean, deviation, NULL), RONDO_OK);
    assert_true(mean[0] == 2 && mean[1] == 3 && deviation[0] == 1 && deviation[1] == 1);
}

static void test_wrong_sounds(void **state) {
    (void)state;
    rondo_audio_config config = {.rate = 8000};
    rondo__frame_set set;
    rondo_error err = {0};
    test_write("bad.wav", "RIFFxxxxWAVEjunk", 16);
    static const char list[] = "sound0.wav\ta\nbad.wav\tb\nsound1.wav\tc\n";
    test_write("bad.tsv", list, sizeof list - 1);
    rondo__labelled items;
    assert_int_equal(rondo__labelled_read(&items, test_path("bad.tsv"), &(rondo__labelled_spec){0}, &err), RONDO_OK);
    const int64_t live = rondo__alloc_live();
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(rondo__frames_read_sounds(&set, context[i], &items, &config, &err), RONDO_OK);
        assert_non_null(strstr(err.message, "bad.wav"));
        assert_int_equal(rondo__alloc_live(), live);
    }
    unlink(test_path("sound1.wav"));
    rondo__labelled_free(&items);
    write_sounds();
}

static int read_all(void *arg) {
    rondo__labelled items;
    rondo__frame_set set = {0};
    rondo_audio_config config = {.mels = 8};
    rondo_frontend *frontend = NULL;
    (void)arg;
    rondo_status status = rondo__labelled_read(&items, test_path("sounds.tsv"), &(rondo__labelled_spec){0}, NULL);
    if (!status)
        status = rondo__frames_read_sounds(&set, context[0], &items, &config, NULL);
    if (!status)
        status = rondo_frontend_create(&frontend, &config, NULL);
    if (!status)
        status = rondo__frames_compute(&set, context[0], frontend, RONDO_NORMALISE_SPEAKER, NULL);
    rondo_frontend_destroy(&frontend);
    rondo__frames_free(&set);
    rondo__labelled_free(&items);
    return status;
}

static void test_memory(void **state) {
    (void)state;
    test_every_failure(read_all, NULL);
}

static void test_series(void **state) {
    (void)state;
    test_write("a.csv", "x,y,z\n1,2,3\n4,5,6\n", 18);
    test_write("b.csv", "z;y;x\n0.5;1.5;2.5\n", 18);
    test_write("c.csv", "x,y\n1,2\n", 8);
    test_write("d.csv", "x,y,z\n1,,3\n", 11);
    test_write("e.csv", "x,y,z\n", 6);
    test_write("series.tsv", "a.csv\tu\nb.csv\tv\n", 16);
    rondo__labelled items;
    assert_int_equal(rondo__labelled_read(&items, test_path("series.tsv"), &(rondo__labelled_spec){0}, NULL), RONDO_OK);
    rondo__frame_set set;
    char **names = NULL;
    assert_int_equal(rondo__frames_read_series(&set, &items, NULL, &names, NULL), RONDO_OK);
    assert_int_equal(set.width, 3);
    assert_int_equal(set.length[0], 2);
    assert_true(set.frame[0][3] == 4 && set.frame[1][0] == 2.5f && set.frame[1][2] == 0.5f);
    assert_string_equal(names[2], "z");
    assert_null(names[3]);
    rondo__frames_free(&set);
    rondo__frames_names_free(&names);
    assert_int_equal(rondo__frames_read_series(&set, &items, (const char *const[]){"z", "x", NULL}, NULL, NULL),
                     RONDO_OK);
    assert_int_equal(set.width, 2);
    assert_true(set.frame[0][0] == 3 && set.frame[0][1] == 1);
    rondo__frames_free(&set);
    static const char *const wrong[][2] = {{"c.csv", "no column 'z'"},
                                           {"d.csv", "d.csv:2: column 'y'"},
                                           {"e.csv", "e.csv: there is no row"},
                                           {"absent.csv", "absent.csv"}};
    for (size_t i = 0; i < 4; i++) {
        rondo_error err = {0};
        rondo__free(items.item[1].text);
        items.item[1].text = rondo__strdup(test_path(wrong[i][0]));
        const int64_t live = rondo__alloc_live();
        assert_int_not_equal(rondo__frames_read_series(&set, &items, NULL, &names, &err), RONDO_OK);
        if (!strstr(err.message, wrong[i][1]))
            fail_msg("'%s', not '%s'", err.message, wrong[i][1]);
        assert_int_equal(rondo__alloc_live(), live);
    }
    rondo__labelled_free(&items);
}

static void test_batches(void **state) {
    (void)state;
    int64_t length[23], seen[23];
    for (int i = 0; i < 23; i++)
        length[i] = 5 + (i * 7) % 4;
    rondo__frame_batches b, other;
    assert_int_equal(rondo__frame_batches_make(&b, 23, length, 5, true, 9, NULL), RONDO_OK);
    assert_int_equal(rondo__frame_batches_make(&other, 23, length, 5, true, 9, NULL), RONDO_OK);
    assert_int_equal(b.batches, 5);
    int64_t moved = 0, first[2] = {-1, -1};
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        memset(seen, 0, sizeof seen);
        for (int64_t k = 0; k < b.batches; k++) {
            const int64_t *x, *y;
            const int64_t n = rondo__frame_batches_get(&b, epoch, k, &x);
            int64_t shortest = 99, longest = 0;
            assert_int_equal(rondo__frame_batches_get(&other, epoch, k, &y), n);
            for (int64_t i = 0; i < n; i++) {
                assert_int_equal(x[i], y[i]);
                seen[x[i]]++;
                shortest = length[x[i]] < shortest ? length[x[i]] : shortest;
                longest = length[x[i]] > longest ? length[x[i]] : longest;
            }
            assert_true(longest - shortest <= 1);
            moved += epoch > 0 && first[0] != x[0];
            first[epoch] = k == 0 ? x[0] : first[epoch];
        }
        for (int i = 0; i < 23; i++)
            assert_int_equal(seen[i], 1);
    }
    assert_true(moved > 0);
    const int64_t *x; /* back to an epoch: the same again */
    rondo__frame_batches_get(&b, 0, 0, &x);
    assert_int_equal(x[0], first[0]);
    rondo__frame_batches_free(&b);
    rondo__frame_batches_free(&other);
    assert_int_equal(rondo__frame_batches_make(&b, 23, length, 64, false, 9, NULL), RONDO_OK);
    assert_int_equal(b.batches, 1);
    assert_int_equal(rondo__frame_batches_get(&b, 0, 0, &x), 23);
    for (int i = 1; i < 23; i++)
        assert_true(length[x[i - 1]] <= length[x[i]]);
    rondo__frame_batches_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sounds), cmocka_unit_test(test_moments), cmocka_unit_test(test_wrong_sounds),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_series),  cmocka_unit_test(test_batches),
    };
    return cmocka_run_group_tests(tests, make_contexts, drop_contexts);
}
