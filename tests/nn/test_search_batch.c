/* A source's result is the one it has alone; what is given back with it; no allocation per step; big vocabularies. */
#include <stdlib.h>

#include "search_model.h"

enum { B = 6, S = 5 };
static const int32_t lengths[B] = {3, 5, 0, 1, 4, 5};
static const int32_t begins[] = {4, 5, 6};
static const int32_t *const prefix[B] = {NULL, begins, NULL, begins, begins, NULL};
static const int64_t prefix_count[B] = {0, 3, 0, 1, 2, 0};

static toy fresh(void) { return (toy){.seed = 31, .V = 9, .S = S, .lengths = lengths}; }

static const rondo_search_options kinds[] = {
    {.want_weights = true},
    {.beam = 4, .best = 3, .want_weights = true},
    {.beam = 5, .best = 2, .length_penalty = 1, .coverage_penalty = 0.4, .want_weights = true},
    {.beam = 5, .best = 5, .max_length = 6, .no_repeat_ngram = 2, .no_unknown = true, .min_length = 3},
    {.beam = 3, .prefix = prefix, .prefix_count = prefix_count, .want_weights = true},
    {.sample = true, .best = 3, .seed = 8, .want_weights = true},
    {.sample = true, .best = 2, .seed = 9, .top_k = 3, .temperature = 0.7, .coverage_penalty = 1},
    {.sample = true, .best = 4, .top_p = 0.6, .prefix = prefix, .prefix_count = prefix_count},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void expect_same_alone(const rondo_search_options *o) {
    toy all = fresh();
    const int64_t best = o->best ? o->best : 1;
    rondo_search_result together = toy_search(&all, B, o);
    for (int64_t b = 0; b < B; b++) {
        toy one = fresh();
        rondo_search_options mine = *o;
        one.first = b;
        one.lengths = lengths + b;
        mine.first_source = (uint64_t)b;
        mine.prefix = o->prefix ? o->prefix + b : NULL;
        mine.prefix_count = o->prefix ? o->prefix_count + b : NULL;
        rondo_search_result alone = toy_search(&one, 1, &mine);
        for (int64_t i = 0; i < best; i++)
            toy_same(&together.hypothesis[b * best + i], &alone.hypothesis[i], S);
        rondo_search_free(&alone);
    }
    rondo_search_free(&together);
}

static void test_alone_as_in_a_batch(void **state) {
    (void)state;
    for (int i = 0; i < KINDS; i++)
        expect_same_alone(&kinds[i]);
}

static bool repeats(const rondo_hypothesis *h, int64_t n) {
    for (int64_t i = 0; i + n <= h->count; i++)
        for (int64_t j = i + 1; j + n <= h->count; j++)
            if (memcmp(h->symbols + i, h->symbols + j, (size_t)n * sizeof *h->symbols) == 0)
                return true;
    return false;
}

/* Everything in a hypothesis follows from its symbols. */
static void expect_consistent(const toy *m, const rondo_hypothesis *h, int64_t b, const rondo_search_options *o) {
    uint64_t at = toy_begin(m, b);
    double log_p = 0;
    for (int64_t t = 0; t < h->count + h->ended; t++) {
        real scores[TOY_V], weights[S];
        const int32_t symbol = t < h->count ? h->symbols[t] : TOY_END;
        toy_scores(m, at, scores);
        toy_weights(m, at, b, weights);
        log_p += (double)scores[symbol];
        if (o->want_weights)
            assert_memory_equal(h->weights + t * S, weights, sizeof weights);
        assert_true(t == h->count || symbol != TOY_END);
        assert_false(o->no_unknown && symbol == TOY_UNKNOWN);
        at = toy_told(at, symbol);
    }
    assert_true(log_p == h->log_probability);
    assert_true(h->count >= o->min_length);
    assert_false(o->no_repeat_ngram > 0 && repeats(h, o->no_repeat_ngram));
    if (o->prefix)
        assert_memory_equal(h->symbols, prefix[b], (size_t)prefix_count[b] * sizeof(int32_t));
}

static void test_what_is_given_back(void **state) {
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        const rondo_search_options *o = &kinds[k];
        toy m = fresh();
        const int64_t best = o->best ? o->best : 1;
        rondo_search_result result = toy_search(&m, B, o);
        assert_int_equal(result.sources, B);
        assert_int_equal(result.best, best);
        for (int64_t i = 0; i < B * best; i++) {
            const rondo_hypothesis *h = &result.hypothesis[i];
            assert_true(isfinite(h->score));
            assert_int_equal(h->weights != NULL, o->want_weights);
            expect_consistent(&m, h, i / best, o);
            if (i % best > 0 && !o->sample) {
                assert_true(h[-1].ended >= h->ended);
                assert_true(h[-1].ended > h->ended || h[-1].score >= h->score);
            }
        }
        rondo_search_free(&result);
    }
}

/* Finished sources leave the batch. */
static void test_batch_shrinks(void **state) {
    (void)state;
    toy m = fresh();
    rondo_search_result result = toy_search(&m, B, &(rondo_search_options){0});
    int64_t longest = 0, fewer = 0;
    for (int b = 0; b < B; b++)
        longest = result.hypothesis[b].count > longest ? result.hypothesis[b].count : longest;
    for (int b = 0; b < B; b++)
        fewer += result.hypothesis[b].count < longest;
    assert_int_equal(m.calls, longest + 1);
    assert_int_equal(m.last_rows, B - fewer);
    rondo_search_free(&result);
}

static uint64_t allocations(int64_t length) {
    toy m = fresh();
    const uint64_t before = rondo__alloc_count();
    rondo_search_result result =
        toy_search(&m, B, &(rondo_search_options){.beam = 4, .min_length = length, .max_length = length});
    rondo_search_free(&result);
    return rondo__alloc_count() - before;
}

static void test_no_allocation_per_step(void **state) {
    (void)state;
    assert_int_equal(allocations(8), allocations(11));
    assert_true(allocations(400) < allocations(10) + 16); /* arrays of nodes double */
}

/* Ties: the row that was ahead, then the lower symbol. */
static rondo_status flat_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                              rondo_real *scores, rondo_real *weights, rondo_error *err) {
    (void)parent, (void)symbols, (void)weights, (void)err;
    for (int64_t i = 0; i < rows * *(int64_t *)model; i++)
        scores[i] = (real)-1;
    return RONDO_OK;
}

static void test_ties(void **state) {
    (void)state;
    int64_t V = 200;
    const rondo_search_model model = {.step = flat_step, .model = &V, .V = V, .end = 199, .unknown = -1};
    const rondo_search_options o = {.beam = 3, .best = 3, .max_length = 3};
    rondo_search_result result;
    assert_int_equal(rondo_search(&result, &model, 2, NULL, &o, NULL), RONDO_OK);
    /* all are as likely: rows 0, 1, 2; then 0 0, 0 1, 0 2; then 0 0 0, 0 0 1, 0 0 2; no end symbol comes so far */
    for (int i = 0; i < 6; i++) {
        const rondo_hypothesis *h = &result.hypothesis[i];
        assert_int_equal(h->count, 3);
        assert_false(h->ended);
        assert_memory_equal(h->symbols, ((int32_t[3]){0, 0, i % 3}), 12);
    }
    rondo_search_free(&result);
}

/* The K best of many, against a full sort. */
static rondo_status wide_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                              rondo_real *scores, rondo_real *weights, rondo_error *err) {
    (void)parent, (void)weights, (void)err;
    const int64_t V = *(int64_t *)model;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < V; j++)
            scores[r * V + j] = (real) - (5 + rondo__random_u32(1, (uint64_t)symbols[r], (uint64_t)j) % 5000 / 5000.0);
    return RONDO_OK;
}

typedef struct pair {
    double log_p;
    int64_t place;
} pair;
static int by_log_p(const void *a, const void *b) {
    const pair *x = a, *y = b;
    return x->log_p != y->log_p ? (x->log_p < y->log_p ? 1 : -1) : (x->place > y->place) - (x->place < y->place);
}

static void test_wide_vocabulary(void **state) {
    (void)state;
    enum { V = 3001, K = 7 };
    int64_t width = V;
    static real scores[K * V];
    static pair all[K * V];
    const rondo_search_model model = {.step = wide_step, .model = &width, .V = V, .end = V - 1, .unknown = -1};
    const rondo_search_options o = {.beam = K, .best = K, .min_length = 2, .max_length = 2};
    rondo_search_result result;
    assert_int_equal(rondo_search(&result, &model, 1, NULL, &o, NULL), RONDO_OK);
    int32_t first[K], zero = 0;
    double log_p[K];
    wide_step(&width, 1, NULL, &zero, scores, NULL, NULL);
    for (int64_t j = 0; j < V; j++)
        all[j] = (pair){j == V - 1 ? -INFINITY : (double)scores[j], j};
    qsort(all, V, sizeof *all, by_log_p);
    for (int k = 0; k < K; k++) {
        first[k] = (int32_t)all[k].place;
        log_p[k] = all[k].log_p;
    }
    wide_step(&width, K, NULL, first, scores, NULL, NULL);
    for (int64_t i = 0; i < (int64_t)K * V; i++)
        all[i] = (pair){i % V == V - 1 ? -INFINITY : log_p[i / V] + (double)scores[i], i};
    qsort(all, (size_t)K * V, sizeof *all, by_log_p);
    for (int k = 0; k < K; k++) { /* each row that was alive at the end is given back, ended or cut */
        int found = 0;
        for (int i = 0; i < K; i++) {
            const rondo_hypothesis *h = &result.hypothesis[i];
            found += h->count == 2 && h->symbols[0] == first[all[k].place / V] && h->symbols[1] == all[k].place % V;
        }
        assert_int_equal(found, 1);
    }
    rondo_search_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_alone_as_in_a_batch),
                                       cmocka_unit_test(test_what_is_given_back),
                                       cmocka_unit_test(test_batch_shrinks),
                                       cmocka_unit_test(test_no_allocation_per_step),
                                       cmocka_unit_test(test_ties),
                                       cmocka_unit_test(test_wide_vocabulary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
