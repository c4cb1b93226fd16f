/* Training examples through moved mel bands: each is what the drawn front end makes of it, normalised as its voice is
 * through that front end; the same on any number of threads; memory may end anywhere.
 * Needs: JANSSON YAML SNDFILE SAMPLERATE KISSFFT. */
#include "tasks/listening.h"
#include "tensor/context.h"
#include "tiny_sounds.h"

enum { COUNT = 6, SEED = 3, EPOCH = 2 };
static const char *list = "sounds.tsv";

typedef struct heard {
    rondo_context *context;
    rondo__labelled items;
    rondo__recipe recipe;
    rondo__frame_set set;
    rondo__listening listening;
    rondo__listening_batch batch;
} heard;

static int make_files(void **state) {
    (void)state;
    tiny_sounds_files();
    return 0;
}

static rondo_status hear(heard *h, int threads, const char *normalise, const char *warp, rondo_error *err) {
    static const rondo__labelled_spec spec = {0};
    const char *const sets[] = {normalise, warp};
    const char *recipe = "task: classify\ndata: {input: audio, train: sounds.tsv, valid_fraction: 0.1,\n"
                         "  audio: {mels: 6, deltas: 1}}\n";
    *h = (heard){0};
    rondo_status status = rondo_context_create(&h->context, &(rondo_context_options){.threads = threads}, err);
    if (!status)
        status = rondo__labelled_read(&h->items, test_path(list), &spec, err);
    if (!status)
        status = rondo__recipe_parse(&h->recipe, "r.yaml", recipe, strlen(recipe), 2, sets, err);
    return status ? status : rondo__listening_begin(&h->listening, h->context, &h->recipe, &h->items, &h->set, err);
}

static rondo_status fill(heard *h, rondo_error *err) {
    int64_t example[COUNT];
    for (int i = 0; i < COUNT; i++)
        example[i] = 5 * i % h->set.count;
    const rondo__listening_order order = {.listening = &h->listening,
                                          .set = &h->set,
                                          .count = COUNT,
                                          .example = example,
                                          .training = true,
                                          .seed = SEED,
                                          .epoch = EPOCH};
    rondo__work work;
    rondo_status status = rondo__listening_begin_fill(&h->batch, &order, &work, err);
    if (!status)
        rondo__pool_run(h->context->pool, work.n, work.task, work.arg);
    return status;
}

static void leave(heard *h) {
    rondo__listening_batch_free(&h->batch);
    rondo__listening_free(&h->listening);
    rondo__frames_free(&h->set);
    rondo__labelled_free(&h->items);
    rondo_context_destroy(&h->context);
}

static heard must_hear(int threads, const char *normalise, const char *warp) {
    heard h;
    rondo_error err = {0};
    if (hear(&h, threads, normalise, warp, &err) || fill(&h, &err))
        fail_msg("%s", err.message);
    return h;
}

/* Does row b of the batch hold these frames? */
static bool holds(const heard *h, int64_t b, const float *frame, int64_t length) {
    const int64_t width = h->listening.width;
    bool same = h->batch.lengths[b] == length;
    for (int64_t t = 0; t < length && same; t++) {
        for (int64_t k = 0; k < width && same; k++)
            same = h->batch.x[(t * COUNT + b) * width + k] == (real)frame[t * width + k];
    }
    return same;
}

/* All recordings through the front end of factor i, as if it were the model's own; which rows do they equal? */
static void mark_rows(const heard *h, const char *normalise, int64_t i, int found[COUNT]) {
    rondo_error err = {0};
    rondo_frontend *f;
    heard own;
    const rondo_audio_augment augment = {.warp = 0.25};
    if (hear(&own, 1, normalise, "data.augment.warp=0", &err))
        fail_msg("%s", err.message);
    rondo_audio_config config = own.listening.config;
    config.warp = rondo_audio_augment_factor(&augment, i);
    assert_int_equal(rondo_frontend_create(&f, &config, &err), RONDO_OK);
    assert_int_equal(rondo__frames_compute(&own.set, own.context, f, own.listening.normalise, &err), RONDO_OK);
    for (int b = 0; b < COUNT; b++)
        found[b] += holds(h, b, own.set.frame[5 * b], own.set.length[5 * b]);
    rondo_frontend_destroy(&f);
    leave(&own);
}

static void through_moved_bands(void **state) {
    (void)state;
    static const char *const kinds[] = {"data.audio.normalise=speaker", "data.audio.normalise=recording",
                                        "data.audio.normalise=global", "data.audio.normalise=running"};
    for (int k = 0; k < 4; k++) {
        int found[COUNT] = {0}, plain[COUNT] = {0}, moved = 0;
        heard h = must_hear(1, kinds[k], "data.augment.warp=0.25");
        for (int64_t i = 0; i < RONDO_AUDIO_WARPS; i++)
            mark_rows(&h, kinds[k], i, i == RONDO_AUDIO_WARPS / 2 ? plain : found);
        for (int b = 0; b < COUNT; b++) {
            assert_int_equal(found[b] + plain[b], 1);
            moved += found[b];
        }
        assert_true(moved > 0);
        leave(&h);
    }
}

static void threads(void **state) {
    (void)state;
    heard one = must_hear(1, "data.audio.normalise=speaker", "data.augment.warp=0.25");
    for (int n = 2; n <= 3; n++) {
        heard more = must_hear(n, "data.audio.normalise=speaker", "data.augment.warp=0.25");
        assert_int_equal(one.batch.T, more.batch.T);
        assert_memory_equal(one.batch.x, more.batch.x,
                            (size_t)(one.batch.T * COUNT * one.listening.width) * sizeof *one.batch.x);
        leave(&more);
    }
    leave(&one);
}

static int use_all(void *arg) {
    heard h;
    rondo_error err = {0};
    rondo_status status = hear(&h, 1, arg, "data.augment.warp=0.25", &err);
    if (!status)
        status = fill(&h, &err);
    leave(&h);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    static const char few[] = "path\tlabel\tspeaker\nhigh-0.wav\thigh\tann\nlow-1.wav\tlow\ttheo\n";
    test_write("few.tsv", few, sizeof few - 1);
    list = "few.tsv";
    test_every_failure(use_all, (void *)"data.audio.normalise=speaker");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(through_moved_bands),
        cmocka_unit_test(threads),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
