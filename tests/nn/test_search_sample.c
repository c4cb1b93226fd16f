/* Sampling: frequencies are the model's, filters keep what they should, and draws depend on nothing but seed, source,
 * sample and step. */
#include "search_model.h"

enum { S = 2, MANY = 20000 };
static const int32_t lengths[] = {2, 2};

static toy fresh(void) { return (toy){.seed = 4, .V = 5, .S = S, .lengths = lengths}; }

/* How often each first symbol comes (the end symbol: an empty hypothesis). */
static void count_first(double share[5], rondo_search_options o) {
    toy m = fresh();
    rondo_search_model model = toy_model(&m);
    rondo_search_result result;
    int count[5] = {0};
    o.sample = true;
    o.best = 2000; /* TOY_ROWS bounds what one call may ask */
    o.max_length = 1;
    for (int call = 0; call < MANY / 2000; call++) {
        m.calls = 0;
        o.seed = (uint64_t)call;
        assert_int_equal(rondo_search(&result, &model, 1, lengths, &o, NULL), RONDO_OK);
        for (int i = 0; i < 2000; i++) {
            const rondo_hypothesis *h = &result.hypothesis[i];
            count[h->count == 0 ? TOY_END : h->symbols[0]]++;
        }
        rondo_search_free(&result);
    }
    for (int j = 0; j < 5; j++)
        share[j] = count[j] / (double)MANY;
}

static void expect_share(const rondo_search_options *o, double power, const bool *kept) {
    toy m = fresh();
    real scores[TOY_V];
    double p[5], sum = 0, share[5];
    toy_scores(&m, toy_begin(&m, 0), scores);
    for (int j = 0; j < 5; j++)
        sum += p[j] = kept[j] ? exp((double)scores[j] * power) : 0;
    count_first(share, *o);
    for (int j = 0; j < 5; j++) {
        const double q = p[j] / sum;
        assert_true(fabs(share[j] - q) <= 4.5 * sqrt(q * (1 - q) / MANY));
    }
}

static void test_frequencies(void **state) {
    (void)state;
    const bool all[5] = {1, 1, 1, 1, 1}, known[5] = {1, 1, 0, 1, 1}, on[5] = {1, 0, 1, 1, 1};
    bool two[5] = {0};
    toy m = fresh();
    real scores[TOY_V];
    toy_scores(&m, toy_begin(&m, 0), scores);
    for (int j = 0; j < 5; j++) {
        int above = 0;
        for (int i = 0; i < 5; i++)
            above += scores[i] > scores[j];
        two[j] = above < 2;
    }
    expect_share(&(rondo_search_options){0}, 1, all);
    expect_share(&(rondo_search_options){.temperature = 2}, 0.5, all);
    expect_share(&(rondo_search_options){.top_k = 2, .temperature = 0.5}, 2, two);
    expect_share(&(rondo_search_options){.no_unknown = true}, 1, known);
    expect_share(&(rondo_search_options){.min_length = 1}, 1, on);
}

/* A sample is the same whatever stands beside it: other sources, more samples. */
static void test_draws_are_independent(void **state) {
    (void)state;
    toy m = fresh();
    const rondo_search_options few = {.sample = true, .best = 2, .seed = 5},
                               more = {.sample = true, .best = 7, .seed = 5},
                               other = {.sample = true, .best = 7, .seed = 6};
    rondo_search_result a = toy_search(&m, 2, &few), b = toy_search(&m, 2, &more), c = toy_search(&m, 2, &other);
    int differ = 0;
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < 2; i++)
            toy_same(&a.hypothesis[2 * s + i], &b.hypothesis[7 * s + i], S);
        for (int i = 0; i < 7; i++) {
            const rondo_hypothesis *x = &b.hypothesis[7 * s + i], *y = &c.hypothesis[7 * s + i];
            differ += x->log_probability != y->log_probability;
        }
    }
    assert_true(differ > 7);
    rondo_search_free(&a);
    rondo_search_free(&b);
    rondo_search_free(&c);
}

/* A cold sample, or one of a single symbol, is the greedy hypothesis. */
static void test_cold_is_greedy(void **state) {
    (void)state;
    toy m = fresh();
    const rondo_search_options cold = {.sample = true, .temperature = 1e-5}, one = {.sample = true, .top_k = 1};
    rondo_search_result greedy = toy_search(&m, 2, NULL), a = toy_search(&m, 2, &cold), b = toy_search(&m, 2, &one);
    for (int s = 0; s < 2; s++) {
        toy_same(&greedy.hypothesis[s], &a.hypothesis[s], S);
        toy_same(&greedy.hypothesis[s], &b.hypothesis[s], S);
    }
    rondo_search_free(&greedy);
    rondo_search_free(&a);
    rondo_search_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frequencies), cmocka_unit_test(test_draws_are_independent),
                                       cmocka_unit_test(test_cold_is_greedy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
