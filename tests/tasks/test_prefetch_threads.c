/* Batches made ahead of use: the bits of those made in place, stopped and resumed too; nothing is allocated after the
 * first step, whichever allocation fails is told, and a run that is stopped leaves nothing behind.
 * Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "resume.h"
#include "tiny_series.h"
#include "tiny_sounds.h"
#include "tiny_speech.h"

#define AUGMENT                                                                                                        \
    "data.augment={noise_db: 20, speed: 0.1, gain_db: 6, warp: 0.1, time_masks: 1, feature_masks: 1, feature_width: "  \
    "2}"
enum { CLASSIFY, MASKS, ACCUMULATE, SERIES, TRANSCRIBE, FORECAST, KINDS };

static int make_files(void **state) {
    (void)state;
    tiny_sounds_files();
    return 0;
}

static tiny make(int kind, const char *folder, const char *prefetch) {
    switch (kind) {
    case CLASSIFY:
        return tiny_sounds_make(
            folder, "sounds",
            (const char *[]){prefetch, AUGMENT, "data.audio.normalise=speaker", "train.max_steps=12", NULL});
    case MASKS:
        return tiny_sounds_make(folder, "sounds",
                                (const char *[]){prefetch, "data.augment.time_masks=2", "train.max_steps=12", NULL});
    case ACCUMULATE:
        return tiny_sounds_make(folder, "sounds",
                                (const char *[]){prefetch, AUGMENT, "train.accumulate=3", "train.max_steps=7", NULL});
    case SERIES:
        return tiny_sounds_make(folder, "series", (const char *[]){prefetch, "train.max_steps=12", NULL});
    case TRANSCRIBE:
        return sounds_tiny(folder,
                           (const char *[]){prefetch, AUGMENT, "train.max_steps=12", "train.evaluate_every=5", NULL});
    default:
        return tiny_series_kind(folder, 0, (const char *[]){prefetch, "train.max_steps=9", NULL});
    }
}

static void same_bits(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        tiny off = make(kind, "off", "train.prefetch=off");
        tiny_run(&off);
        for (int threads = 1; threads <= 3; threads += 2) {
            tiny on = make(kind, "on", "train.prefetch=on");
            on.options.threads = threads;
            tiny_run(&on);
            tiny_same_log(&off, &on);
            tiny_clean(&on);
        }
        tiny_clean(&off);
    }
}

/* The recipes differ in train.prefetch, which may change between the sittings of a run, too. */
static void resumed(void **state) {
    static const int64_t stops[] = {1, 4, 5, 0};
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        tiny whole = make(kind, "whole", "train.prefetch=on"), parts = make(kind, "parts", "train.prefetch=on");
        resume_same(&whole, &parts, stops);
    }
    tiny one = make(CLASSIFY, "one", "train.prefetch=on"), other = make(CLASSIFY, "other", "train.prefetch=on");
    int64_t stop = 4;
    tiny_run(&one);
    other.options.event = stop_at;
    other.options.event_arg = &stop;
    assert_int_equal(tiny_train(&other), RONDO_INTERRUPTED);
    other.options.event = NULL;
    other.options.resume = true;
    other.set[0] = "train.prefetch=off";
    tiny_run(&other);
    tiny_same_log(&one, &other);
    tiny_clean(&one);
    tiny_clean(&other);
}

typedef struct counter {
    uint64_t last;
    int64_t steps, grew;
} counter;

static bool count_allocations(const rondo_event *event, void *arg) {
    counter *c = arg;
    const uint64_t now = rondo__alloc_count();
    if (event->kind == RONDO_EVENT_STEP) {
        c->steps++;
        c->grew += c->steps > 1 && now != c->last;
    }
    c->last = now;
    return true;
}

/* All recordings are of one length, so that the tape's memory does not grow. */
static void no_allocation(void **state) {
    static const char *const modes[] = {"train.prefetch=on", "train.prefetch=off"};
    static const char list[] = "path\tlabel\nhigh-0.wav\thigh\nhigh-9.wav\tlow\nhigh-18.wav\thigh\nhigh-27.wav\tlow\n";
    (void)state;
    test_write("sounds.tsv", list, sizeof list - 1);
    test_write("sounds-dev.tsv", list, sizeof list - 1);
    for (int i = 0; i < 2; i++) {
        counter c = {0};
        tiny t = tiny_sounds_make("steps", "sounds",
                                  (const char *[]){modes[i],
                                                   "data.augment={noise_db: 20, gain_db: 3, warp: 0.1, time_masks: 1}",
                                                   "train.evaluate_every=1000", "train.batch_size=2", NULL});
        t.options.event = count_allocations;
        t.options.event_arg = &c;
        tiny_run(&t);
        assert_int_equal(c.steps, 24);
        assert_int_equal(c.grew, 0);
        tiny_clean(&t);
    }
}

static int train_body(void *arg) {
    tiny *t = arg;
    const rondo_status status = tiny_train(t);
    assert_int_equal(test_count_files("tmp"), 0);
    tiny_clean(t);
    return status;
}

static void failing_memory(void **state) {
    static const char few[] = "path\tlabel\tspeaker\nhigh-0.wav\thigh\tann\nlow-1.wav\tlow\ttheo\n";
    (void)state;
    test_write("sounds.tsv", few, sizeof few - 1);
    test_write("sounds-dev.tsv", few, sizeof few - 1);
    tiny t = tiny_sounds_make("oom", "sounds",
                              (const char *[]){"train.prefetch=on", "data.augment={noise_db: 20, speed: 0.1}",
                                               "train.max_steps=3", "train.batch_size=1", NULL});
    test_every_failure(train_body, &t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits), cmocka_unit_test(resumed),
                                       cmocka_unit_test(no_allocation), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, make_files, NULL);
}
