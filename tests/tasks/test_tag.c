/* A trained tagger in use: alone as in batches, long words, CoNLL-U in and out, threads, what is refused, and every
 * allocation that may fail. Needs: JANSSON YAML. */
#include <math.h>

#include "tiny_tags.h"

static tiny run, chained; /* chained: with a CRF */
static rondo_context *context;
static rondo_model *model, *chain;

static int make_model(void **state) {
    (void)state;
    run = tiny_tags_make("run", (const char *const[]){"train.max_steps=120", "train.evaluate_every=60", NULL});
    tiny_run(&run);
    chained = tiny_tags_make("chained", (const char *const[]){"train.max_steps=60", "model.crf=true", NULL});
    tiny_run(&chained);
    context = tiny_context(1);
    model = tiny_open(&run, context);
    chain = tiny_open(&chained, context);
    return 0;
}

static int drop_model(void **state) {
    (void)state;
    rondo_model_close(&model);
    rondo_model_close(&chain);
    rondo_context_destroy(&context);
    tiny_clean(&run);
    tiny_clean(&chained);
    return 0;
}

enum { SENTENCES = 5 };
static const rondo_sentence sentences[SENTENCES] = {
    {3, (const char *const[]){"kas", "mis", "soed"}},
    {0, NULL},
    {1, (const char *const[]){"r\xc3\xbc"}},
    {6, (const char *const[]){"mily", "kas", "nos", "brandnews", "teed", "wa"}},
    {2, (const char *const[]){"kas", "mis"}},
};

static void learns(void **state) {
    (void)state;
    assert_true(rondo_metrics_get(&run.result.best, "accuracy") > 0.9);
    assert_true(rondo_metrics_get(&run.result.best, "valid_loss") < 0.4);
    int64_t count;
    const char *const *labels = rondo_model_tags(model, &count);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++)
        assert_true(strlen(labels[i]) > 0);
    assert_string_equal(rondo_model_task(model), "tag");
    assert_null(rondo_model_tags(NULL, &count));
    assert_int_equal(count, 0);
}

static void compare_with_alone(rondo_model *with, rondo_tagging *all) {
    const rondo_tag_options sure = {.probabilities = true};
    rondo_tagging one;
    assert_int_equal(rondo_model_tag(with, SENTENCES, sentences, &sure, all, NULL), RONDO_OK);
    for (int i = 0; i < SENTENCES; i++) {
        assert_int_equal(all[i].count, sentences[i].count);
        assert_int_equal(rondo_model_tag(with, 1, &sentences[i], &sure, &one, NULL), RONDO_OK);
        for (int64_t k = 0; k < one.count; k++) {
            assert_string_equal(one.label[k], all[i].label[k]);
            assert_true(one.probability[k] == all[i].probability[k]);
            assert_true(one.probability[k] > 0.1 && one.probability[k] <= 1);
        }
        rondo_tagging_free(&one);
    }
}

static void alone_as_in_batches(void **state) {
    (void)state;
    rondo_tagging all[SENTENCES];
    for (int m = 0; m < 2; m++) {
        compare_with_alone(m ? chain : model, all);
        assert_string_equal(all[0].label[0], "B-N");
        assert_string_equal(all[0].label[1], "I-N");
        assert_string_equal(all[0].label[2], "B-V");
        for (int i = 0; i < SENTENCES; i++)
            rondo_tagging_free(&all[i]);
    }
    assert_int_equal(rondo_model_tag(model, 0, NULL, NULL, NULL, NULL), RONDO_OK);
    rondo_tagging_free(NULL);
}

/* Of a long word the first and last letters count; a long sentence is no matter. */
static void long_ones(void **state) {
    (void)state;
    enum { N = 9000 };
    char *word[2] = {rondo__calloc(100001, 1), rondo__calloc(100001, 1)};
    const char **many = rondo__calloc(N, sizeof *many);
    for (int i = 0; i < 2; i++) {
        memset(word[i], 'k', 100000);
        memcpy(word[i] + 99999, "s", 1);
        word[i][50000] = i ? 'a' : 'k';
    }
    for (int i = 0; i < N; i++)
        many[i] = i % 2 ? "kas" : "soed";
    const rondo_sentence in[] = {{1, (const char *const *)&word[0]}, {1, (const char *const *)&word[1]}, {N, many}};
    const rondo_tag_options sure = {.probabilities = true};
    rondo_tagging out[3];
    assert_int_equal(rondo_model_tag(model, 3, in, &sure, out, NULL), RONDO_OK);
    assert_true(out[0].probability[0] == out[1].probability[0]);
    assert_int_equal(out[2].count, N);
    for (int i = 0; i < 3; i++)
        rondo_tagging_free(&out[i]);
    rondo__free(word[0]);
    rondo__free(word[1]);
    rondo__free(many);
}

static bool keep(const char *text, size_t size, void *arg) {
    rondo__text_add(arg, text, size);
    return true;
}

static bool stop(const char *text, size_t size, void *arg) {
    (void)text, (void)size, (void)arg;
    return false;
}

#define ROW(id, form, upos) id "\t" form "\tx\t" upos "\ty\tz\t0\tr\t_\t_"

static void universal(void **state) {
    (void)state;
    static const char in[] = "\xef\xbb\xbf# c\r\n" ROW("1-2", "kas", "_") "\r\n" ROW("1", "kas", "_") "\r\n" ROW(
        "2", "mis", "WRONG") "\r\n\r\n# d\n\n" ROW("1", "soed", "_");
    static const char wanted[] = "\xef\xbb\xbf# c\r\n" ROW("1-2", "kas", "_") "\r\n" ROW("1", "kas", "B-N") "\r\n" ROW(
        "2", "mis", "I-N") "\r\n\r\n# d\n\n" ROW("1", "soed", "B-V");
    rondo__text out = {0};
    rondo_error err;
    if (rondo_model_tag_conllu(model, "in", in, sizeof in - 1, keep, &out, &err))
        fail_msg("%s", err.message);
    assert_string_equal(out.data, wanted);
    out.size = 0;
    assert_int_equal(
        rondo_model_tag_conllu(model, test_write("in.conllu", in, sizeof in - 1), NULL, 0, keep, &out, &err), RONDO_OK);
    assert_string_equal(out.data, wanted);
    rondo__text_free(&out);
    assert_int_equal(rondo_model_tag_conllu(model, "in", in, sizeof in - 1, stop, NULL, &err), RONDO_INTERRUPTED);
    assert_int_equal(rondo_model_tag_conllu(model, "in", "1\tx\n", 4, keep, &out, &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "in:1: 2 columns"));
    assert_int_equal(rondo_model_tag_conllu(model, "in", "", 0, keep, &out, &err), RONDO_FORMAT);
    assert_int_equal(rondo_model_tag_conllu(model, "/nowhere", NULL, 0, keep, &out, &err), RONDO_NOT_FOUND);
    assert_int_equal(rondo_model_tag_conllu(model, NULL, in, 3, keep, &out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_tag_conllu(model, "in", in, 3, NULL, &out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_tag_conllu(NULL, "in", in, 3, keep, &out, &err), RONDO_ARGUMENT);
    assert_null(out.data);
}

static void refused(void **state) {
    (void)state;
    rondo_tagging out[3];
    rondo_error err;
    const rondo_tag_options later = {.first = 10};
    const struct {
        rondo_sentence sentence;
        const char *said;
    } wrong[] = {{{-1, NULL}, "sentence 12: a count"},
                 {{2, NULL}, "sentence 12: a count"},
                 {{2, (const char *const[]){"a", NULL}}, "sentence 12: word 2 is NULL"},
                 {{2, (const char *const[]){"a", ""}}, "sentence 12: word 2 is empty"},
                 {{1, (const char *const[]){"\xff"}}, "sentence 12: word 1 is not UTF-8"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const rondo_sentence two[] = {sentences[0], wrong[i].sentence};
        assert_int_equal(rondo_model_tag(model, 2, two, &later, out, &err), RONDO_ARGUMENT);
        if (!strstr(err.message, wrong[i].said))
            fail_msg("'%s', not '%s'", err.message, wrong[i].said);
    }
    assert_int_equal(rondo_model_tag(NULL, 1, sentences, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_tag(model, -1, sentences, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_tag(model, 1, NULL, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_tag(model, 1, sentences, NULL, NULL, &err), RONDO_ARGUMENT);
    tiny other = tiny_make("other", (const char *const[]){"train.max_steps=1", NULL});
    tiny_run(&other);
    rondo_model *writer = tiny_open(&other, context);
    assert_int_equal(rondo_model_tag(writer, 1, sentences, NULL, out, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "language_model"));
    assert_null(rondo_model_tags(writer, NULL));
    rondo_model_close(&writer);
    tiny_clean(&other);
}

static void evaluation(void **state) {
    (void)state;
    static const char strange[] = "1\tkas\t_\tB-N\t_\t_\t0\tr\t_\t_\n2\tmmm\t_\tNEVER\t_\t_\t0\tr\t_\t_\n\n"
                                  "1\tkas\t_\tB-N\t_\t_\t0\tr\t_\t_\n";
    rondo_metrics m = {0};
    rondo_error err;
    const char *path = test_write("strange.conllu", strange, sizeof strange - 1);
    assert_int_equal(rondo_model_evaluate(model, 1, &path, &m, &err), RONDO_OK);
    assert_true(rondo_metrics_get(&m, "words") == 3 && rondo_metrics_get(&m, "unseen_tags") == 1);
    assert_true(fabs(rondo_metrics_get(&m, "accuracy") - 2.0 / 3) < 1e-12);
    assert_true(rondo_metrics_get(&m, "unknown_words") == 1 && rondo_metrics_get(&m, "unknown_accuracy") == 0);
    assert_true(rondo_metrics_get(&m, "known_accuracy") == 1);
    assert_true(rondo_metrics_get(&m, "loss") < 1);
    assert_non_null(strstr(rondo_model_report(model), "B-N"));
    const char *both[] = {path, path};
    char one[300];
    snprintf(one, sizeof one, "%s", path);
    both[0] = both[1] = one;
    assert_int_equal(rondo_model_evaluate(model, 2, both, &m, &err), RONDO_OK);
    assert_true(rondo_metrics_get(&m, "words") == 6);
    path = "/nowhere.conllu";
    assert_int_equal(rondo_model_evaluate(model, 1, &path, &m, &err), RONDO_NOT_FOUND);
}

static void threads_same_bits(void **state) {
    (void)state;
    tiny one = tiny_tags_make("one", (const char *const[]){"train.max_steps=6", NULL});
    tiny_run(&one);
    for (int threads = 2; threads <= 3; threads++) {
        tiny more = tiny_tags_make("more", (const char *const[]){"train.max_steps=6", NULL});
        more.options.threads = threads;
        tiny_run(&more);
        tiny_same_model(&one, &more);
        tiny_clean(&more);
    }
    tiny_clean(&one);
}

static int use(void *arg) {
    rondo_tagging out[SENTENCES];
    rondo__text text = {0};
    const int64_t live = rondo__alloc_live();
    rondo_status status = rondo_model_tag(arg, SENTENCES, sentences, &(rondo_tag_options){true}, out, NULL);
    for (int i = 0; i < SENTENCES && !status; i++)
        rondo_tagging_free(&out[i]);
    static const char in[] = ROW("1", "kas", "_") "\n";
    if (!status)
        status = rondo_model_tag_conllu(arg, "in", in, sizeof in - 1, keep, &text, NULL);
    const bool whole = !text.failed;
    rondo__text_free(&text);
    assert_true(rondo__alloc_live() >= live);
    return whole ? status : RONDO_MEMORY;
}

static int open_and_evaluate(void *arg) {
    char path[400];
    const char *data = test_path("dev.conllu");
    rondo_metrics metrics;
    rondo_model *opened = NULL;
    snprintf(path, sizeof path, "%s/model.safetensors", ((const tiny *)arg)->folder);
    rondo_status status = rondo_model_open(&opened, context, path, NULL);
    if (!status)
        status = rondo_model_evaluate(opened, 1, &data, &metrics, NULL);
    rondo_model_close(&opened);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    test_every_failure(use, model);
    test_every_failure(use, chain);
    test_every_failure(open_and_evaluate, &run);
    test_every_failure(open_and_evaluate, &chained);
}

static int train_body(void *arg) {
    tiny *t = arg;
    const rondo_status status = tiny_train(t);
    assert_int_equal(test_count_files("tmp"), 0);
    tiny_clean(t);
    return status;
}

static void failing_memory_in_training(void **state) {
    (void)state;
    tiny t = tiny_tags_make("oom", (const char *const[]){"train.max_steps=1", "data.train=few.txt",
                                                         "data.valid=few.txt", "data.words.lowercase=true", NULL});
    test_write("few.txt", "ka N\nmi V\n\nka N\n", 16);
    test_every_failure(train_body, &t);
}

typedef struct counter {
    uint64_t last;
    int64_t grew;
} counter;

static bool count_allocations(const rondo_event *event, void *arg) {
    counter *c = arg;
    const uint64_t now = rondo__alloc_count();
    c->grew += event->kind == RONDO_EVENT_STEP && event->epoch > 3 && now != c->last;
    c->last = now;
    return true;
}

/* Once a few epochs have shown every size of batch, steps allocate nothing. */
static void steps_allocate_nothing(void **state) {
    (void)state;
    counter c = {0, 0};
    tiny t = tiny_tags_make("none", (const char *const[]){"train.max_steps=100", "train.evaluate_every=1000", NULL});
    t.options.event = count_allocations;
    t.options.event_arg = &c;
    tiny_run(&t);
    assert_int_equal(c.grew, 0);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(learns),
                                       cmocka_unit_test(alone_as_in_batches),
                                       cmocka_unit_test(long_ones),
                                       cmocka_unit_test(universal),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(evaluation),
                                       cmocka_unit_test(threads_same_bits),
                                       cmocka_unit_test(failing_memory),
                                       cmocka_unit_test(failing_memory_in_training),
                                       cmocka_unit_test(steps_allocate_nothing)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}
