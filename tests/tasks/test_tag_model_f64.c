/* The tagger's model in double: a batch equals the same thing composed of plain operators, word by word and sentence by
 * sentence, and its gradients equal finite differences. Needs: YAML. */
#include <math.h>

#include "tasks/tag.h"
#include "tiny_tags.h"

static rondo_context *context;
static rondo_tape *tape;

static rondo__tag *make_tagger(const char *const *sets) {
    tiny t = tiny_tags_make("model", NULL);
    rondo__recipe recipe;
    rondo__task_object *task;
    rondo_error err;
    int count = 0;
    while (sets[count])
        count++;
    if (rondo__recipe_read(&recipe, t.recipe, count, sets, &err) ||
        rondo__task_create(&task, &rondo__tag_class, context, &recipe, &err))
        fail_msg("%s", err.message);
    return (rondo__tag *)task;
}

static void drop_tagger(rondo__tag *t) {
    rondo__task_object *task = &t->base;
    rondo__task_destroy(&task);
}

static rondo_var *leaf(const rondo__tag *t, const char *name) {
    return rondo_leaf(tape, &rondo_params_at(t->base.params, rondo_params_find(t->base.params, name))->value, NULL);
}

/* One direction of an LSTM over x (T, 1, I). */
static rondo_lstm_result lstm(const rondo__tag *t, const char *prefix, const char *suffix, bool reverse, rondo_var *x) {
    static const char *const parts[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    rondo_var *w[4];
    for (int i = 0; i < 4; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s%s_l0%s", prefix, parts[i], suffix);
        w[i] = leaf(t, name);
    }
    const rondo_lstm_weights weights = {.w_ih = w[0], .w_hh = w[1], .b_ih = w[2], .b_hh = w[3]};
    return rondo_lstm(tape, x, NULL, NULL, &weights, &(rondo_lstm_options){.sequence = {.reverse = reverse}});
}

/* (1, 1, E + 2H) of one word. */
static rondo_var *word_vector(rondo__tag *t, int64_t word) {
    const rondo__tag_set *set = &t->train;
    const int64_t one[2] = {1, 1}, begin = set->spelling[set->form[word]];
    const int64_t letters[2] = {set->spelling[set->form[word] + 1] - begin, 1};
    rondo_var *x = rondo_embedding(tape, leaf(t, "characters.embedding.weight"), set->characters + begin, 2, letters);
    rondo_var *part[3] = {rondo_embedding(tape, leaf(t, "embedding.weight"), &set->word[word], 2, one)};
    const int64_t row[3] = {1, 1, t->base.recipe.model.characters.hidden_size};
    part[1] = rondo_reshape(tape, lstm(t, "characters.rnn.", "", false, x).h, 3, row);
    part[2] = rondo_reshape(tape, lstm(t, "characters.rnn.", "_reverse", true, x).h, 3, row);
    return rondo_concat(tape, 2, 3, part);
}

static void composed(void **state) {
    (void)state;
    rondo__tag *t = make_tagger((const char *const[]){NULL});
    const int64_t sentence[] = {4, 0, 7, 2};
    rondo_error err;
    assert_int_equal(rondo__tag_fill(t, &t->train, 4, sentence, -1, &err), RONDO_OK);
    assert_true(t->batch.U > 1 && t->batch.U < t->train.words);
    rondo_tape_begin(tape, NULL);
    const real *batch = rondo__tag_emission(t, tape)->value.data;
    for (int r = 0; r < 4; r++) {
        rondo_var *word[16], *both[2];
        const int64_t n = t->train.length[sentence[r]], first = t->train.start[sentence[r]];
        for (int64_t i = 0; i < n; i++)
            word[i] = word_vector(t, first + i);
        rondo_var *x = rondo_concat(tape, 0, (int)n, word);
        both[0] = lstm(t, "rnn.", "", false, x).output;
        both[1] = lstm(t, "rnn.", "_reverse", true, x).output;
        const rondo_var *y =
            rondo_linear(tape, rondo_concat(tape, 2, 2, both), leaf(t, "output.weight"), leaf(t, "output.bias"));
        assert_int_equal(rondo_tape_status(tape, &err), RONDO_OK);
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < t->K; k++)
                assert_true(fabs(((real *)y->value.data)[i * t->K + k] - batch[(i * 4 + r) * t->K + k]) < 1e-13);
    }
    drop_tagger(t);
}

static double loss_of(rondo__tag *t, bool backward) {
    int64_t words;
    rondo_tape_begin(tape, &(rondo_step){.training = true, .recording = true, .seed = 3, .step = 5});
    rondo_var *loss = rondo__tag_class.loss(&t->base, tape, 1, 2, &words);
    rondo_error err;
    if (rondo_tape_status(tape, &err))
        fail_msg("%s", err.message);
    const double value = *(real *)loss->value.data;
    if (backward)
        assert_int_equal(rondo_backward(tape, loss, 1), RONDO_OK);
    return value;
}

/* Every parameter, at its entry of the largest gradient and at a few others; dropout stands still. */
static void gradients(void **state) {
    (void)state;
    const char *const *kinds[] = {(const char *const[]){NULL}, (const char *const[]){"model.cell=gru", NULL},
                                  (const char *const[]){"model.characters.hidden_size=0", NULL},
                                  (const char *const[]){"model.crf=true", NULL}};
    for (int kind = 0; kind < 4; kind++) {
        rondo__tag *t = make_tagger(kinds[kind]);
        rondo_params_clear_grads(t->base.params);
        loss_of(t, true);
        for (int p = 0; p < rondo_params_count(t->base.params); p++) {
            rondo_param *param = rondo_params_at(t->base.params, p);
            const int64_t n = rondo_tensor_count(&param->value);
            real *x = param->value.data;
            int64_t largest = 0;
            for (int64_t i = 0; i < n; i++)
                largest = fabs(param->grad[i]) > fabs(param->grad[largest]) ? i : largest;
            assert_true(fabs(param->grad[largest]) > 1e-8); /* it is reached */
            for (int64_t k = 0; k < 4; k++) {
                const int64_t i = k ? (largest + k * 7) % n : largest;
                const real kept = x[i];
                x[i] = kept + 1e-5;
                const double above = loss_of(t, false);
                x[i] = kept - 1e-5;
                const double slope = (above - loss_of(t, false)) / 2e-5;
                x[i] = kept;
                if (fabs(slope - param->grad[i]) > 1e-6 * (fabs(slope) + 1e-3))
                    fail_msg("%s[%d]: %.12g, not %.12g", param->name, (int)i, param->grad[i], slope);
            }
        }
        drop_tagger(t);
    }
}

/* Score of a path through sentence r of the batch. */
static double score_of(const rondo__tag *t, const real *e, int64_t r, int64_t n, const int *y) {
    static const char *const names[] = {"crf.start_transitions", "crf.end_transitions", "crf.transitions"};
    const real *w[3];
    for (int i = 0; i < 3; i++)
        w[i] = rondo_params_at(t->base.params, rondo_params_find(t->base.params, names[i]))->value.data;
    double score = w[0][y[0]] + w[1][y[n - 1]];
    for (int64_t i = 0; i < n; i++)
        score += e[(i * t->batch.B + r) * t->K + y[i]] + (i ? w[2][y[i - 1] * t->K + y[i]] : 0);
    return score;
}

/* All paths of a sentence, one by one: the best legal one is found, and its labels' probabilities and the loss are
 * shares of the whole. */
static void every_path(void **state) {
    (void)state;
    rondo__tag *t = make_tagger((const char *const[]){"model.crf=true", NULL});
    for (int64_t i = 0; i < rondo_params_size(t->base.params); i++)
        rondo_params_values(t->base.params)[i] *= 3;
    const int K = (int)t->K;
    assert_int_equal(K, 4);
    for (int64_t s = 0; s < 30; s++) {
        const int64_t n = t->train.length[s], pair[2] = {s, s + 1};
        rondo__tag_path path = {0};
        double whole = 0, best = -1e300, share[6][4] = {{0}};
        int found[6] = {0}, y[6], paths = 1;
        for (int64_t i = 0; i < n; i++)
            paths *= K;
        assert_int_equal(rondo__tag_fill(t, &t->train, 2, pair, -1, NULL), RONDO_OK);
        rondo_tape_begin(tape, NULL);
        rondo_var *emission = rondo__tag_emission(t, tape);
        const int64_t cells = t->batch.T * 2 * K;
        real *e = rondo__calloc((size_t)cells, sizeof *e);
        memcpy(e, emission->value.data, (size_t)cells * sizeof *e);
        assert_int_equal(rondo__tag_find_path(t, tape, emission, true, &path, NULL), RONDO_OK);
        assert_true(path.finite);
        for (int p = 0; p < paths; p++) {
            bool legal = true;
            for (int64_t i = 0, rest = p; i < n; i++, rest /= K) {
                y[i] = (int)(rest % K);
                legal = legal && (i < n - 1 || !isinf(t->rules.end[y[i]])) &&
                        (i ? t->rules.allowed[y[i - 1] * K + y[i]] : t->rules.start[y[i]]);
            }
            const double score = score_of(t, e, 0, n, y);
            whole += exp(score);
            for (int64_t i = 0; i < n; i++)
                share[i][y[i]] += exp(score);
            if (legal && score > best) {
                best = score;
                memcpy(found, y, sizeof found);
            }
        }
        for (int64_t i = 0; i < n; i++) {
            y[i] = t->train.label[t->train.start[s] + i];
            assert_int_equal(path.label[2 * i], found[i]);
            assert_true(fabs(path.probability[2 * i] - share[i][found[i]] / whole) < 1e-12);
        }
        assert_true(fabs((double)path.losses[0] - (log(whole) - score_of(t, e, 0, n, y))) < 1e-11);
        rondo__free(e);
    }
    drop_tagger(t);
}

/* Where labels mark spans, and where they do not. */
static void rules(void **state) {
    (void)state;
    static const struct {
        const char *label[6];
        int count;
        const char *start, *end, *allowed;
    } cases[] = {
        {{"O", "B-A", "I-A", "B-B", "I-B"}, 5, "11010", "11111", "11010 11110 11110 11011 11011"},
        {{"O", "B-A", "I-A", "E-A", "S-A"}, 5, "11001", "10011", "11001 00110 00110 11001 11001"},
        {{"O", "B-A", "E-B", "S-B"}, 4, "1101", "1111", "1101 1111 1101 1101"},
        {{"O", "I-A", "B-B"}, 3, "101", "111", "101 111 101"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        rondo__tag_vocabulary v = {.labels.count = cases[c].count, .label = (const char **)(uintptr_t)cases[c].label};
        rondo__tag_rules r;
        const char *at = cases[c].allowed;
        assert_int_equal(rondo__tag_rules_make(&r, &v, true, NULL), RONDO_OK);
        assert_true(r.spans);
        for (int i = 0; i < cases[c].count; i++, at++) {
            assert_int_equal(r.start[i], cases[c].start[i] - '0');
            assert_int_equal(!isinf(r.end[i]), cases[c].end[i] - '0');
            for (int k = 0; k < cases[c].count; k++)
                if (r.allowed[i * cases[c].count + k] != *at++ - '0')
                    fail_msg("case %zu: %s after %s", c, cases[c].label[k], cases[c].label[i]);
        }
        rondo__tag_rules_free(&r);
        assert_int_equal(rondo__tag_rules_make(&r, &v, false, NULL), RONDO_OK);
        assert_true(r.spans && !r.allowed);
        v.label = (const char *[]){"NOUN", "VERB", "B-A", "X", "Y"};
        assert_int_equal(rondo__tag_rules_make(&r, &v, true, NULL), RONDO_OK);
        assert_true(!r.spans && !r.allowed);
    }
}

/* Which words are unknown hangs on (seed, epoch, place) alone, and is near the rate. */
static void unknown_words(void **state) {
    (void)state;
    rondo__tag *t = make_tagger((const char *const[]){"model.word_dropout=0.4", NULL});
    int64_t dropped[2] = {0, 0}, words = 0, changed = 0;
    for (int64_t s = 0; s < t->train.sentences; s++) {
        int32_t first[16];
        for (int epoch = 0; epoch < 2; epoch++) {
            const int64_t pair[2] = {s, (s + 3) % t->train.sentences};
            assert_int_equal(rondo__tag_fill(t, &t->train, 1 + epoch, pair, epoch, NULL), RONDO_OK);
            for (int64_t i = 0; i < t->train.length[s]; i++) {
                const int32_t id = t->batch.words[i * t->batch.B];
                dropped[epoch] += id == 0;
                assert_true(id == 0 || id == t->train.word[t->train.start[s] + i]);
                if (epoch == 0)
                    first[i] = id;
                else
                    changed += first[i] != id;
            }
        }
        words += t->train.length[s];
    }
    assert_true(changed > words / 4);
    for (int epoch = 0; epoch < 2; epoch++)
        assert_true(fabs((double)dropped[epoch] / (double)words - 0.4) < 0.1);
    drop_tagger(t);
}

static int set_up(void **state) {
    (void)state;
    context = tiny_context(1);
    return rondo_tape_create(&tape, context, NULL);
}

static int tear_down(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(composed), cmocka_unit_test(gradients),
                                       cmocka_unit_test(every_path), cmocka_unit_test(rules),
                                       cmocka_unit_test(unknown_words)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
