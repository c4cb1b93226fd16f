/* Beam search finds what enumerating every hypothesis finds, under every rule and penalty; a beam of 1 is the step-wise
 * argmax. */
#include "nn/search.h"

#include <stdlib.h>

#include "search_model.h"

enum { L = 4, S = 3, ALL = 400 };
static const int32_t lengths[] = {3, 2, 1, 3};

typedef struct found {
    double log_p, score;
    bool ended;
    int32_t symbols[L];
    int64_t count;
} found;
typedef struct listing {
    const toy *m;
    const rondo_search_options *o;
    int64_t source, count;
    found all[ALL];
} listing;

static void list_one(listing *l, const found *f, const double *coverage, double log_p, bool ended) {
    double penalty = 0;
    for (int64_t s = 0; s < lengths[l->source]; s++)
        penalty += log(fmin(fmax(coverage[s], 1e-10), 1));
    found *to = &l->all[l->count++];
    *to = *f;
    to->ended = ended;
    to->log_p = log_p;
    to->score = log_p / pow((5.0 + (double)(f->count + ended)) / 6, l->o->length_penalty);
    if (l->o->coverage_penalty > 0)
        to->score += l->o->coverage_penalty * penalty;
}

static bool repeats(const listing *l, const found *f, int32_t symbol) {
    const int64_t n = l->o->no_repeat_ngram;
    int32_t with[L + 1];
    memcpy(with, f->symbols, sizeof f->symbols);
    with[f->count] = symbol;
    for (int64_t i = 0; n > 0 && i + n <= f->count; i++) {
        if (memcmp(with + i, with + f->count + 1 - n, (size_t)n * sizeof *with) == 0)
            return true;
    }
    return false;
}

static bool allowed(const listing *l, const found *f, int32_t symbol) {
    if (l->o->prefix && f->count < l->o->prefix_count[l->source])
        return symbol == l->o->prefix[l->source][f->count];
    if (symbol == TOY_END)
        return f->count >= l->o->min_length;
    return f->count < l->o->max_length && !(l->o->no_unknown && symbol == TOY_UNKNOWN) && !repeats(l, f, symbol);
}

static void enumerate(listing *l, const found *f, const double *before, uint64_t state) {
    real scores[TOY_V], weights[S];
    double coverage[S];
    toy_scores(l->m, state, scores);
    toy_weights(l->m, state, l->source, weights);
    for (int s = 0; s < S; s++)
        coverage[s] = before[s] + (double)weights[s];
    if (f->count == l->o->max_length && !allowed(l, f, TOY_END))
        list_one(l, f, before, f->log_p, false);
    for (int32_t j = 0; j < l->m->V; j++) {
        if (!allowed(l, f, j))
            continue;
        const double log_p = f->log_p + (double)scores[j];
        if (j == TOY_END) {
            list_one(l, f, coverage, log_p, true);
            continue;
        }
        found on = *f;
        on.symbols[on.count++] = j;
        on.log_p = log_p;
        enumerate(l, &on, coverage, toy_told(state, j));
    }
}

static int by_rank(const void *a, const void *b) {
    const found *x = a, *y = b;
    if (x->ended != y->ended)
        return x->ended ? -1 : 1;
    return x->score > y->score ? -1 : x->score < y->score;
}

static listing list;

/* The search's `best` hypotheses are the head of the whole list. */
static void expect_exhaustive(toy *m, const rondo_search_options *o) {
    rondo_search_result result = toy_search(m, 4, o);
    for (int64_t b = 0; b < 4; b++) {
        list = (listing){.m = m, .o = o, .source = b};
        enumerate(&list, &(found){.log_p = 0}, (double[S]){0}, toy_begin(m, b));
        qsort(list.all, (size_t)list.count, sizeof *list.all, by_rank);
        for (int64_t i = 0; i < o->best; i++) {
            const rondo_hypothesis *h = &result.hypothesis[b * o->best + i];
            if (i >= list.count) {
                assert_true(h->score == -INFINITY && h->count == 0);
                continue;
            }
            assert_int_equal(h->ended, list.all[i].ended);
            assert_true(fabs(h->score - list.all[i].score) <= 1e-12 * fabs(h->score));
            assert_true(h->log_probability == list.all[i].log_p);
            assert_int_equal(h->count, list.all[i].count);
            assert_memory_equal(h->symbols, list.all[i].symbols, (size_t)h->count * sizeof(int32_t));
        }
    }
    rondo_search_free(&result);
}

static void test_exhaustive(void **state) {
    (void)state;
    static const int32_t one[] = {3, 0}, two[] = {2};
    static const int32_t *const prefix[] = {one, NULL, two, one};
    static const int64_t prefix_count[] = {2, 0, 1, 1};
    const rondo_search_options kinds[] = {{0},
                                          {.length_penalty = 0.6},
                                          {.length_penalty = 1},
                                          {.length_penalty = 2.5},
                                          {.coverage_penalty = 0.3},
                                          {.coverage_penalty = 2, .length_penalty = 1},
                                          {.min_length = 2},
                                          {.min_length = L, .length_penalty = 1},
                                          {.no_repeat_ngram = 1},
                                          {.no_repeat_ngram = 2, .length_penalty = 1.5},
                                          {.no_repeat_ngram = 3},
                                          {.no_unknown = true, .length_penalty = 0.5},
                                          {.prefix = prefix, .prefix_count = prefix_count, .length_penalty = 1},
                                          {.prefix = prefix, .prefix_count = prefix_count, .no_unknown = true}};
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            for (int64_t best = 1; best <= ALL; best = best < 4 ? 4 : best * 100) {
                toy m = {.seed = seed, .V = 4, .S = S, .lengths = lengths, .sharpness = seed % 2 ? 8 : 3};
                rondo_search_options o = kinds[i];
                o.beam = ALL;
                o.best = best;
                o.max_length = L;
                expect_exhaustive(&m, &o);
            }
        }
    }
}

/* A wide beam on a sharp model stops long before the maximal length when nothing can win any more. */
static void test_stops_early(void **state) {
    (void)state;
    toy m = {.seed = 5, .V = 4, .S = S, .lengths = lengths, .sharpness = 9};
    rondo_search_result result = toy_search(&m, 4, &(rondo_search_options){.beam = 5});
    assert_in_range(m.calls, 2, 30);
    assert_true(m.last_rows < 4 * 5);
    for (int b = 0; b < 4; b++)
        assert_true(result.hypothesis[b].ended);
    rondo_search_free(&result);
}

/* Ending at once scores -1; ten times symbol 0 costs 1.3 at the first step and nothing later: -1.3 / (16 / 6). With a
 * shorter limit, of 3 symbols, the bound tells at once that it cannot win: -1.3 / (9 / 6) < -0.8. */
typedef struct slow {
    int64_t calls;
    real end, on;
} slow;
static rondo_status slow_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                              rondo_real *scores, rondo_real *weights, rondo_error *err) {
    slow *m = model;
    (void)parent, (void)symbols, (void)weights, (void)err;
    for (int64_t r = 0; r < rows; r++) {
        scores[2 * r] = m->calls == 0 ? m->on : m->calls < 10 ? 0 : (real)-9;
        scores[2 * r + 1] = m->calls == 0 ? m->end : m->calls < 10 ? (real)-9 : 0;
    }
    m->calls++;
    return RONDO_OK;
}

static void test_late_winner(void **state) {
    (void)state;
    slow m = {0, (real)-1, (real)-1.3};
    const rondo_search_model model = {.step = slow_step, .model = &m, .V = 2, .end = 1, .unknown = -1};
    rondo_search_options o = {.beam = 2, .length_penalty = 1, .max_length = 12};
    rondo_search_result result;
    assert_int_equal(rondo_search(&result, &model, 1, NULL, &o, NULL), RONDO_OK);
    assert_int_equal(result.hypothesis[0].count, 10);
    assert_true(result.hypothesis[0].ended);
    assert_true(fabs(result.hypothesis[0].score + 1.3 * 6 / 16) < 1e-7);
    rondo_search_free(&result);
    m = (slow){0, (real)-0.8, (real)-1.3};
    o.max_length = 3;
    assert_int_equal(rondo_search(&result, &model, 1, NULL, &o, NULL), RONDO_OK);
    assert_int_equal(result.hypothesis[0].count, 0);
    assert_true(result.hypothesis[0].ended && result.hypothesis[0].score == (double)m.end);
    assert_int_equal(m.calls, 1);
    rondo_search_free(&result);
}

static void test_greedy_is_argmax(void **state) {
    (void)state;
    toy m = {.seed = 9, .V = 7, .S = S, .lengths = lengths};
    rondo_search_result result = toy_search(&m, 4, &(rondo_search_options){.length_penalty = 1});
    for (int64_t b = 0; b < 4; b++) {
        const rondo_hypothesis *h = &result.hypothesis[b];
        uint64_t at = toy_begin(&m, b);
        double log_p = 0;
        for (int64_t t = 0; t <= h->count; t++) {
            real scores[TOY_V];
            int32_t best = 0;
            toy_scores(&m, at, scores);
            for (int32_t j = 1; j < m.V; j++)
                best = scores[j] > scores[best] ? j : best;
            if (t == h->count && !h->ended)
                assert_int_equal(t, 2 * lengths[b] + 50);
            else
                log_p += (double)scores[best];
            if (t == h->count)
                assert_true(h->ended == (best == TOY_END));
            else
                assert_int_equal(h->symbols[t], best);
            at = toy_told(at, best);
        }
        assert_true(h->log_probability == log_p);
    }
    rondo_search_free(&result);
}

/* ((5 + n) / 6)^alpha, by hand */
static void test_penalties_by_hand(void **state) {
    (void)state;
    const struct {
        double alpha, value;
        int64_t n;
    } known[] = {{0, 1, 9}, {1, 1, 1}, {0.6, 1, 1}, {1, 2.5, 10}, {2, 6.25, 10}, {0.5, 2, 19}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(fabs(rondo__length_penalty(known[i].alpha, known[i].n) - known[i].value) < 1e-15);
    }
    /* 0.2 * (log 0.5 + log 0.25 + log 1), what is above 1 counts as 1; log 1e-10 where nobody looked */
    assert_true(fabs(rondo__coverage_penalty(0.2, 3, (double[]){0.5, 0.25, 1.75}) + 0.2 * 2.0794415416798357) < 1e-15);
    assert_true(fabs(rondo__coverage_penalty(1, 1, (double[]){0}) + 23.025850929940457) < 1e-13);
    assert_true(rondo__coverage_penalty(1, 0, NULL) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exhaustive), cmocka_unit_test(test_stops_early),
                                       cmocka_unit_test(test_late_winner), cmocka_unit_test(test_greedy_is_argmax),
                                       cmocka_unit_test(test_penalties_by_hand)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
