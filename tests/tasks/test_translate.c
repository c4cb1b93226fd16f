/* Encoder-decoders from a recipe to translations: every kind trains, opens, measures and writes, with the same bits on
 * any number of threads. Needs: JANSSON YAML. */
#include <math.h>

#include "tiny_pairs.h"

enum { LINES = 5 };
static const char *const lines[LINES] = {"ichi ni san", "", "go", "roku roku nothing shi", "ni"};

typedef struct outcome {
    rondo_metrics metrics;
    rondo_translation line[LINES];
} outcome;

static rondo_status measure(rondo_model *model, bool dictionary, rondo_metrics *metrics, rondo_error *err) {
    char source[300], target[300];
    snprintf(source, sizeof source, "%s", test_path(dictionary ? "words.dict" : "dev.src"));
    snprintf(target, sizeof target, "%s", test_path("dev.tgt"));
    return rondo_model_evaluate(model, dictionary ? 1 : 2, (const char *const[]){source, target}, metrics, err);
}

static outcome use(const tiny *t, bool dictionary, int threads, int64_t batch) {
    rondo_context *context = tiny_context(threads);
    rondo_model *model = tiny_open(t, context);
    const rondo_translate_options o = {.search = {.beam = 3, .best = 2, .length_penalty = 0.6}, .batch = batch};
    outcome out = {0};
    rondo_error err;
    if (measure(model, dictionary, &out.metrics, &err) ||
        rondo_model_translate(model, LINES, lines, &o, out.line, &err))
        fail_msg("%s", err.message);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return out;
}

static void same_and_free(outcome *a, outcome *b) {
    assert_memory_equal(&a->metrics, &b->metrics, sizeof a->metrics);
    for (int i = 0; i < LINES; i++) {
        assert_int_equal(a->line[i].count, b->line[i].count);
        for (int64_t k = 0; k < a->line[i].count; k++) {
            assert_string_equal(a->line[i].text[k], b->line[i].text[k]);
            assert_true(a->line[i].score[k] == b->line[i].score[k]);
            assert_int_equal(rondo__utf8_check(a->line[i].text[k], strlen(a->line[i].text[k])),
                             strlen(a->line[i].text[k]));
        }
        rondo_translation_free(&a->line[i]);
        rondo_translation_free(&b->line[i]);
    }
}

static void test_every_kind(void **state) {
    (void)state;
    for (int i = 0; i < TINY_KINDS; i++) {
        const char *sets[TINY_KIND_SETS + 1] = {NULL};
        memcpy(sets, tiny_kinds[i], sizeof tiny_kinds[i]);
        tiny t = tiny_pairs_make("kind", sets);
        print_message("%s\n", sets[0]);
        tiny_run(&t);
        const bool dictionary = strstr(sets[0], "dictionary") != NULL, own = strstr(sets[0], "residual") != NULL;
        outcome a = use(&t, dictionary, 1, 0), b = use(&t, dictionary, 3, 2);
        assert_string_equal(a.line[1].text[0], "");
        for (int k = 0; k < a.metrics.count; k++) { /* what the run said of its best model holds for the file */
            const double was = rondo_metrics_get(&t.result.best, a.metrics.item[k].name);
            if (!own && was != a.metrics.item[k].value)
                fail_msg("%s: %.17g, not %.17g", a.metrics.item[k].name, a.metrics.item[k].value, was);
        }
        same_and_free(&a, &b);
        tiny_clean(&t);
    }
}

typedef struct curve {
    int evaluations;
    double first, last;
} curve;

static bool note(const rondo_event *event, void *arg) {
    curve *c = arg;
    if (event->kind == RONDO_EVENT_EVALUATE) {
        c->last = rondo_metrics_get(event->metrics, "valid_loss");
        c->first = c->evaluations++ == 0 ? c->last : c->first;
    }
    return true;
}

static void test_it_learns(void **state) {
    (void)state;
    static const char *const sets[] = {"train.max_steps=0",
                                       "train.epochs=30",
                                       "train.evaluate_every=10",
                                       "model.embedding_size=12",
                                       "model.encoder.hidden_size=16",
                                       "model.decoder.hidden_size=32",
                                       "train.metric=bleu",
                                       NULL};
    curve c = {0};
    tiny t = tiny_pairs_make("learns", sets);
    t.options.event = note;
    t.options.event_arg = &c;
    tiny_run(&t);
    assert_true(c.evaluations > 2 && c.last < 0.2 * c.first);
    assert_true(rondo_metrics_get(&t.result.best, "bleu") > 60);
    rondo_context *context = tiny_context(1);
    rondo_model *model = tiny_open(&t, context);
    rondo_translation out[1];
    const char *const line[] = {"ichi ni san"};
    const rondo_translate_options o = {.search.want_weights = true};
    assert_int_equal(rondo_model_translate(model, 1, line, &o, out, NULL), RONDO_OK);
    assert_string_equal(out[0].text[0], "three two one");
    assert_int_equal(out[0].source_count, 3);
    assert_int_equal(out[0].target_count, 4);
    assert_string_equal(out[0].source_symbol[2], "san");
    assert_string_equal(out[0].target_symbol[3], "</s>");
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int s = 0; s < 3; s++)
            sum += (double)out[0].weights[3 * i + s];
        assert_true(fabs(sum - 1) < 1e-5);
    }
    assert_int_equal(rondo_translation_save_attention(out, test_path("a.npy"), NULL), RONDO_OK);
    assert_int_equal(rondo_translation_save_attention(out, test_path("a.gif"), NULL), RONDO_ARGUMENT);
    rondo_translation_free(out);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    tiny_clean(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind), cmocka_unit_test(test_it_learns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
