/* A trained encoder-decoder in use: what each option does, what is refused, ensembles, averages, and every allocation
 * that may fail. Needs: JANSSON YAML. */
#include <math.h>

#include "tiny_pairs.h"

static tiny run, other; /* two seeds */
static rondo_context *context;
static rondo_model *model, *second;

static int make_models(void **state) {
    (void)state;
    run = tiny_pairs_make("run", (const char *const[]){"train.max_steps=40", NULL});
    tiny_run(&run);
    other = tiny_pairs_make("other", (const char *const[]){"train.max_steps=30", "train.seed=2", NULL});
    tiny_run(&other);
    context = tiny_context(1);
    model = tiny_open(&run, context);
    second = tiny_open(&other, context);
    return 0;
}

static int drop_models(void **state) {
    (void)state;
    rondo_model_close(&model);
    rondo_model_close(&second);
    rondo_context_destroy(&context);
    tiny_clean(&run);
    tiny_clean(&other);
    return 0;
}

enum { LINES = 6 };
static const char *const lines[LINES] = {"ichi ni", "san", "", "shi go roku ichi", "  ", "ni ni ni"};

static void translate(const rondo_translate_options *o, int64_t n, rondo_translation *out) {
    rondo_error err;
    if (rondo_model_translate(model, n, lines, o, out, &err))
        fail_msg("%s", err.message);
}

static void free_all(int64_t n, rondo_translation *out) {
    for (int64_t i = 0; i < n; i++)
        rondo_translation_free(&out[i]);
}

/* The same translations whatever stands beside a line: in batches of any size, and alone. */
static void alone_as_in_batches(void **state) {
    (void)state;
    const rondo_search_options searches[] = {{.beam = 1},
                                             {.beam = 4, .best = 4, .length_penalty = 1},
                                             {.sample = true, .seed = 5, .best = 3},
                                             {.sample = true, .seed = 5, .top_k = 3, .temperature = 2},
                                             {.beam = 3, .coverage_penalty = 0.2}};
    for (size_t k = 0; k < sizeof searches / sizeof *searches; k++) {
        rondo_translation whole[LINES], pairs[LINES];
        rondo_translate_options o = {.search = searches[k]};
        translate(&o, LINES, whole);
        o.batch = 2;
        translate(&o, LINES, pairs);
        for (int i = 0; i < LINES; i++) {
            rondo_translation one;
            o.search.first_source = (uint64_t)i;
            assert_int_equal(rondo_model_translate(model, 1, &lines[i], &o, &one, NULL), RONDO_OK);
            assert_int_equal(whole[i].count, one.count);
            for (int64_t h = 0; h < one.count; h++) {
                assert_string_equal(whole[i].text[h], one.text[h]);
                assert_string_equal(whole[i].text[h], pairs[i].text[h]);
                assert_true(whole[i].score[h] == one.score[h] && whole[i].score[h] == pairs[i].score[h]);
            }
            rondo_translation_free(&one);
        }
        free_all(LINES, whole);
        free_all(LINES, pairs);
    }
}

static int64_t words(const char *text) {
    int64_t count = *text != '\0';
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

static void options(void **state) {
    (void)state;
    rondo_translation out[LINES];
    translate(&(rondo_translate_options){.search = {.min_length = 7, .max_length = 8}}, LINES, out);
    for (int i = 0; i < LINES; i++)
        assert_true(i == 2 || i == 4 ? words(out[i].text[0]) == 0
                                     : words(out[i].text[0]) >= 7 && words(out[i].text[0]) <= 8);
    free_all(LINES, out);
    translate(&(rondo_translate_options){.prefix = "six nonsense six", .search.beam = 2}, LINES, out);
    assert_memory_equal(out[0].text[0], "six nonsense six", 16);
    assert_string_equal(out[2].text[0], "");
    free_all(LINES, out);
    translate(&(rondo_translate_options){.prefix = "nonsense", .replace_unknown = true}, 1, out);
    assert_memory_equal(out[0].text[0], "nonsense", 8);
    free_all(1, out);
    translate(&(rondo_translate_options){.search = {.beam = 5, .best = 5}}, 1, out);
    for (int64_t i = 1; i < out[0].count; i++)
        assert_true(out[0].score[i] <= out[0].score[i - 1] && strcmp(out[0].text[i], out[0].text[0]) != 0);
    assert_true(out[0].count >= 2);
    free_all(1, out);
}

/* A vocabulary of few words: what it lacks is written as <unk>, or as the source word looked at. */
static void unknown_words(void **state) {
    (void)state;
    tiny t = tiny_pairs_make("unknown", (const char *const[]){"data.target_tokenizer={type: word, max_size: 4}",
                                                              "train.max_steps=30", NULL});
    tiny_run(&t);
    rondo_model *small = tiny_open(&t, context);
    rondo_translation plain[LINES], out[LINES];
    const rondo_translate_options o = {.replace_unknown = true};
    int64_t unknown = 0;
    assert_int_equal(rondo_model_translate(small, LINES, lines, NULL, plain, NULL), RONDO_OK);
    assert_int_equal(rondo_model_translate(small, LINES, lines, &o, out, NULL), RONDO_OK);
    for (int i = 0; i < LINES; i++) {
        unknown += strstr(plain[i].text[0], "<unk>") != NULL;
        assert_null(strstr(out[i].text[0], "<unk>"));
        assert_int_equal(words(out[i].text[0]), words(plain[i].text[0]));
    }
    assert_true(unknown > 0);
    free_all(LINES, plain);
    free_all(LINES, out);
    rondo_model_close(&small);
    tiny_clean(&t);
}

static void ensembles(void **state) {
    (void)state;
    rondo_translation one[LINES], both[LINES];
    rondo_error err;
    const rondo_translate_options plain = {.search.beam = 2},
                                  two = {.search = {.beam = 2}, .ensemble = 1, .member = &second},
                                  twice = {.ensemble = 1, .member = &model};
    translate(&plain, LINES, one);
    translate(&two, LINES, both);
    assert_true(both[3].log_probability[0] != one[3].log_probability[0]);
    free_all(LINES, one);
    free_all(LINES, both);
    assert_int_equal(rondo_model_translate(model, LINES, lines, &twice, one, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "twice"));
    tiny t = tiny_pairs_make("strange", (const char *const[]){"data.target_tokenizer=char", "train.max_steps=1", NULL});
    tiny_run(&t);
    rondo_model *strange = tiny_open(&t, context);
    const rondo_translate_options with = {.ensemble = 1, .member = &strange};
    assert_int_equal(rondo_model_translate(model, LINES, lines, &with, one, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "target vocabulary"));
    rondo_model_close(&strange);
    tiny_clean(&t);
}

static void refused(void **state) {
    (void)state;
    rondo_translation out[2];
    rondo_error err;
    const char *const bad[] = {"ichi", "ni\xff"}, *const broken[] = {"a\nb"};
    assert_int_equal(rondo_model_translate(model, 2, bad, NULL, out, &err), RONDO_FORMAT);
    assert_memory_equal(err.message, "line 2: ", 8);
    assert_int_equal(rondo_model_translate(model, 1, broken, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_translate(NULL, 1, bad, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_translate(model, 1, NULL, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_translate(model, 1, bad, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_translate(model, -1, bad, NULL, out, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_translate(model, 0, NULL, NULL, NULL, &err), RONDO_OK);
    const rondo_translate_options wrong[] = {{.batch = -1},
                                             {.ensemble = 1},
                                             {.search.beam = -1},
                                             {.search = {.beam = 2, .best = 3}},
                                             {.search.temperature = NAN, .search.sample = true}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(rondo_model_translate(model, 1, bad, &wrong[i], out, &err), RONDO_ARGUMENT);
    const char *const files[] = {test_path("dev.src")};
    rondo_metrics metrics;
    rondo_translate_report report;
    assert_int_equal(rondo_model_evaluate(model, 1, files, &metrics, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_evaluate_pairs(model, 1, files, NULL, &report, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_generate(model, NULL, NULL, NULL, &err), RONDO_ARGUMENT);
}

/* Where positions are learned, a longer line is refused by its number, and what is written stays within them. */
static void learned_positions(void **state) {
    (void)state;
    static const char *const sets[] = {
        "model.encoder={cell: transformer, heads: 2, hidden_size: 256, bidirectional: false, positions: learned, "
        "max_length: 6}",
        "model.decoder={cell: transformer, heads: 2, hidden_size: 256, positions: learned, max_length: 9}",
        "train.max_steps=2", NULL};
    tiny t = tiny_pairs_make("learned", sets);
    tiny_run(&t);
    rondo_model *bounded = tiny_open(&t, context);
    const char *const two[] = {"ni", "ni ni ni ni ni ni ni"};
    rondo_translation out[2];
    rondo_error err;
    const rondo_translate_options o = {.search = {.min_length = 8, .first_source = 40}};
    assert_int_equal(rondo_model_translate(bounded, 2, two, &o, out, &err), RONDO_ARGUMENT);
    assert_string_equal(err.message, "line 42: 7 symbols are too many for this model (at most 6)");
    assert_int_equal(rondo_model_translate(bounded, 1, two, &o, out, &err), RONDO_OK);
    assert_int_equal(words(out[0].text[0]), 8);
    rondo_translation_free(out);
    rondo_model_close(&bounded);
    tiny_clean(&t);
}

/* Positions bound what is written from a long line; what stands beside it keeps its own bound. */
static void bounds_of_neighbours(void **state) {
    (void)state;
    tiny t = tiny_pairs_make("bounds", (const char *const[]){"model.decoder={cell: transformer, heads: 2, hidden_size: "
                                                             "256, positions: learned, max_length: 71}",
                                                             "train.max_steps=1", NULL});
    tiny_run(&t);
    rondo_model *bounded = tiny_open(&t, context);
    const char *const three[] = {"ni", "ni ni ni ni ni ni ni ni ni ni ni ni", "san"};
    rondo_translation out[3];
    const rondo_translate_options o = {.search = {.min_length = 52, .beam = 2}};
    assert_int_equal(rondo_model_translate(bounded, 3, three, &o, out, NULL), RONDO_OK);
    assert_int_equal(words(out[0].text[0]), 52); /* 2 x 1 + 50 */
    assert_int_equal(words(out[2].text[0]), 52);
    assert_in_range(words(out[1].text[0]), 52, 70);
    free_all(3, out);
    rondo_model_close(&bounded);
    tiny_clean(&t);
}

/* Recipes whose parts do not fit together, or whose data are too long for them, are refused before a step is made. */
static void refused_recipes(void **state) {
    (void)state;
    static const char *const sets[][3] = {
        {"data.train_source=pairs.src", "model.decoder.layers=2", "--set model.decoder.layers: seq2seq: bridge copy"},
        {"data.train_source=nowhere", "model.encoder.cell=gru", "not found"},
        {"model.encoder={cell: transformer, heads: 2, hidden_size: 256, bidirectional: false, positions: learned, "
         "max_length: 4}",
         "train.max_steps=9", "model.encoder.max_length is 4 (raise it, or set train.max_length)"},
        {"model.decoder={cell: transformer, heads: 2, hidden_size: 256, positions: learned, max_length: 5}",
         "train.max_steps=9", "model.decoder.max_length is 5"},
        {"model.decoder={cell: transformer, heads: 2, hidden_size: 256, positions: learned, max_length: 5}",
         "train.max_length=4", "dev.src: pair "}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        tiny t = tiny_pairs_make("never", (const char *const[]){sets[i][0], sets[i][1], NULL});
        assert_int_not_equal(tiny_train(&t), RONDO_OK);
        if (!strstr(t.err.message, sets[i][2]))
            fail_msg("'%s', not '%s'", t.err.message, sets[i][2]);
        assert_int_equal(t.result.steps, 0);
        tiny_clean(&t);
    }
}

static void reports(void **state) {
    (void)state;
    char source[300], target[300];
    snprintf(source, sizeof source, "%s", test_path("dev.src"));
    snprintf(target, sizeof target, "%s", test_path("dev.tgt"));
    const char *const files[] = {source, target};
    rondo_translate_report r;
    rondo_error err;
    const rondo_translate_evaluate_options o = {.search.beam = 2, .tokenizer = RONDO_BLEU_NONE};
    if (rondo_model_evaluate_pairs(model, 2, files, &o, &r, &err))
        fail_msg("%s", err.message);
    assert_int_equal(r.segments, 20);
    assert_int_equal(r.buckets, RONDO_TRANSLATE_BUCKETS);
    assert_int_equal(r.bucket[0].segments, 20);
    assert_true(isnan(r.bucket[5].bleu) && r.bucket[0].bleu == rondo_metrics_get(&r.metrics, "bleu"));
    assert_true(rondo_metrics_get(&r.metrics, "bleu_short") == r.bucket[0].bleu);
    assert_true(rondo_metrics_get(&r.metrics, "ter") >= 0 && rondo_metrics_get(&r.metrics, "chrf") >= 0);
    assert_non_null(strstr(r.signature, "tok:none"));
    rondo_translate_report_free(&r);
    rondo_translate_report_free(NULL);
}

static void averages(void **state) {
    (void)state;
    char a[400], b[400], to[400];
    rondo_error err;
    snprintf(a, sizeof a, "%s/model.safetensors", run.folder);
    snprintf(b, sizeof b, "%s/last.safetensors", other.folder);
    snprintf(to, sizeof to, "%s", test_path("average.safetensors"));
    const char *const both[] = {a, b}, *const twice[] = {a, a}, *const wrong[] = {a, test_path("pairs.src")};
    if (rondo_models_average(2, both, to, &err))
        fail_msg("%s", err.message);
    rondo_model *mean;
    assert_int_equal(rondo_model_open(&mean, context, to, NULL), RONDO_OK);
    rondo_model_close(&mean);
    assert_int_equal(rondo_models_average(2, twice, to, NULL), RONDO_OK); /* the mean of equals is the same model */
    assert_int_equal(rondo_model_open(&mean, context, to, NULL), RONDO_OK);
    rondo_translation x[LINES], y[LINES];
    assert_int_equal(rondo_model_translate(mean, LINES, lines, NULL, x, NULL), RONDO_OK);
    translate(NULL, LINES, y);
    for (int i = 0; i < LINES; i++)
        assert_true(x[i].score[0] == y[i].score[0]);
    free_all(LINES, x);
    free_all(LINES, y);
    rondo_model_close(&mean);
    assert_int_equal(rondo_models_average(2, wrong, to, &err), RONDO_FORMAT);
    assert_int_equal(rondo_models_average(0, both, to, &err), RONDO_ARGUMENT);
}

static int use_body(void *arg) {
    rondo_context *own = NULL;
    rondo_model *opened = NULL;
    rondo_translation out[2];
    rondo_translate_report report;
    const char *const *files = arg;
    const rondo_translate_options o = {.search = {.beam = 2, .want_weights = true}, .prefix = "six"};
    rondo_status status = rondo_context_create(&own, &(rondo_context_options){.threads = 1}, NULL);
    if (!status)
        status = rondo_model_open(&opened, own, files[2], NULL);
    if (!status)
        status = rondo_model_translate(opened, 2, lines, &o, out, NULL);
    if (!status)
        free_all(2, out);
    if (!status)
        status = rondo_model_evaluate_pairs(opened, 2, files, NULL, &report, NULL);
    if (!status)
        rondo_translate_report_free(&report);
    rondo_model_close(&opened);
    rondo_context_destroy(&own);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    char source[300], target[300], path[400];
    snprintf(source, sizeof source, "%s", test_write("few.src", "ni\nsan go\n", 10));
    snprintf(target, sizeof target, "%s", test_write("few.tgt", "two\nfive three\n", 15));
    snprintf(path, sizeof path, "%s/model.safetensors", run.folder);
    const char *files[] = {source, target, path};
    test_every_failure(use_body, files);
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
    tiny t = tiny_pairs_make("oom", (const char *const[]){"train.max_steps=1", "data.train_source=few.src",
                                                          "data.train_target=few.tgt", "data.valid_source=few.src",
                                                          "data.valid_target=few.tgt", "model.copy=true", NULL});
    test_write("few.src", "ni\nsan go\n", 10);
    test_write("few.tgt", "two\nfive three\n", 15);
    test_every_failure(train_body, &t);
}

typedef struct counter {
    uint64_t last;
    int64_t grew;
} counter;

static bool count_allocations(const rondo_event *event, void *arg) {
    counter *c = arg;
    const uint64_t now = rondo__alloc_count();
    c->grew += event->kind == RONDO_EVENT_STEP && event->epoch > 2 && now != c->last;
    c->last = now;
    return true;
}

/* Once an epoch has shown every size of batch, steps allocate nothing. */
static void steps_allocate_nothing(void **state) {
    (void)state;
    static const char *const sets[][3] = {
        {"model.attention=general"},
        {"model.attention=additive", "train.scheduled_sampling={type: linear, k: 9}"},
        {"model.attention=dot", "model.copy=true", "model.decoder.input_feeding=true"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const char *list[6] = {sets[i][0]};
        int n = 1;
        for (int k = 1; k < 3 && sets[i][k]; k++)
            list[n++] = sets[i][k];
        list[n++] = "train.max_steps=60";
        list[n] = "train.evaluate_every=1000";
        counter c = {0};
        tiny t = tiny_pairs_make("steps", list);
        t.options.event = count_allocations;
        t.options.event_arg = &c;
        tiny_run(&t);
        assert_true(t.result.epochs > 2);
        assert_int_equal(c.grew, 0);
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone_as_in_batches),
                                       cmocka_unit_test(options),
                                       cmocka_unit_test(unknown_words),
                                       cmocka_unit_test(ensembles),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(reports),
                                       cmocka_unit_test(averages),
                                       cmocka_unit_test(learned_positions),
                                       cmocka_unit_test(bounds_of_neighbours),
                                       cmocka_unit_test(refused_recipes),
                                       cmocka_unit_test(failing_memory),
                                       cmocka_unit_test(steps_allocate_nothing),
                                       cmocka_unit_test(failing_memory_in_training)};
    return cmocka_run_group_tests(tests, make_models, drop_models);
}
