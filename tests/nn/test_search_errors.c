/* What cannot be asked, what a model may not say, and failures on the way. */
#include <stdlib.h>

#include "search_model.h"

enum { B = 3, S = 3 };
static const int32_t lengths[B] = {3, 2, 3};
static const int32_t two[] = {3, 4}, ends[] = {3, TOY_END}, outside[] = {99}, negative[] = {-1};
static const int32_t *const good_prefix[B] = {two, NULL, two}, *const ending[B] = {ends, two, two},
                            *const far[B] = {two, outside, two}, *const below[B] = {two, two, negative},
                            *const missing[B] = {two, NULL, two};
static const int64_t counts[B] = {2, 0, 2}, ones[B] = {1, 1, 1}, twos[B] = {2, 2, 2}, minus[B] = {0, -1, 0};

static toy fresh(void) { return (toy){.seed = 2, .V = 6, .S = S, .lengths = lengths}; }

static void expect(rondo_status status, const char *part, const rondo_search_model *model, int64_t sources,
                   const int32_t *of, const rondo_search_options *o) {
    rondo_search_result result = {.sources = 7};
    rondo_error err = {0};
    const int64_t live = rondo__alloc_live();
    assert_int_equal(rondo_search(&result, model, sources, of, o, &err), status);
    assert_int_equal(rondo_search(&result, model, sources, of, o, NULL), status);
    assert_int_equal(rondo__alloc_live(), live);
    assert_true(result.sources == 0 && result.hypothesis == NULL);
    assert_memory_equal(err.message, "rondo_search: ", 14);
    if (!strstr(err.message, part))
        fail_msg("'%s' does not name '%s'", err.message, part);
}

static void test_bad_options(void **state) {
    (void)state;
    const struct {
        rondo_search_options o;
        const char *part;
    } bad[] = {
        {{.beam = -1}, "beam"},
        {{.best = -1}, "best"},
        {{.best = 2}, "best is 2"},
        {{.beam = 3, .best = 4}, "best is 4"},
        {{.beam = INT64_MAX}, "hypotheses"},
        {{.sample = true, .best = INT32_MAX}, "hypotheses"},
        {{.length_penalty = -0.1}, "length_penalty"},
        {{.length_penalty = NAN}, "length_penalty"},
        {{.length_penalty = INFINITY}, "length_penalty"},
        {{.coverage_penalty = -1}, "coverage_penalty"},
        {{.min_length = -1}, "min_length"},
        {{.max_length = -1}, "max_length"},
        {{.max_length = INT64_MAX}, "max_length"},
        {{.min_length = 5, .max_length = 4}, "min_length is 5"},
        {{.no_repeat_ngram = -1}, "no_repeat_ngram"},
        {{.sample = true, .temperature = -1}, "temperature"},
        {{.sample = true, .top_p = 2}, "top_p"},
        {{.sample = true, .top_k = -2}, "top_k"},
        {{.prefix = good_prefix}, "prefix_count"},
        {{.prefix = good_prefix, .prefix_count = counts, .max_length = 1}, "prefix of source 0 has 2 symbols"},
        {{.prefix = ending, .prefix_count = twos}, "symbol 1 in the prefix of source 0"},
        {{.prefix = far, .prefix_count = ones}, "symbol 0 in the prefix of source 1"},
        {{.prefix = below, .prefix_count = ones}, "prefix of source 2"},
        {{.prefix = missing, .prefix_count = ones}, "prefix of source 1"},
        {{.prefix = good_prefix, .prefix_count = minus}, "prefix of source 1"},
    };
    toy m = fresh();
    const rondo_search_model model = toy_model(&m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(RONDO_ARGUMENT, bad[i].part, &model, B, lengths, &bad[i].o);
    assert_int_equal(m.calls, 0);
}

static void test_bad_arguments(void **state) {
    (void)state;
    toy m = fresh();
    const rondo_search_model good = toy_model(&m);
    rondo_search_model bad[] = {good, good, good, good, good, good, good};
    bad[0].step = NULL;
    bad[1].V = 0;
    bad[2].S = -1;
    bad[3].end = -1;
    bad[4].end = 6;
    bad[5].unknown = 6;
    bad[6].unknown = -2;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(RONDO_ARGUMENT, "", &bad[i], B, lengths, NULL);
    expect(RONDO_ARGUMENT, "NULL", NULL, B, lengths, NULL);
    expect(RONDO_ARGUMENT, "-1 sources", &good, -1, lengths, NULL);
    expect(RONDO_ARGUMENT, "lengths is NULL", &good, B, NULL, NULL);
    expect(RONDO_ARGUMENT, "lengths is NULL", &good, B, NULL,
           &(rondo_search_options){.max_length = 3, .coverage_penalty = 1});
    expect(RONDO_ARGUMENT, "source 1 has length -3", &good, B, (const int32_t[]){1, -3, 1}, NULL);
    expect(RONDO_ARGUMENT, "source 2 has length 4", &good, B, (const int32_t[]){1, 1, 4},
           &(rondo_search_options){.coverage_penalty = 1});
    bad[0] = good;
    bad[0].S = 0;
    expect(RONDO_ARGUMENT, "no weights", &bad[0], B, lengths, &(rondo_search_options){.coverage_penalty = 1});
    expect(RONDO_ARGUMENT, "no weights", &bad[0], B, lengths, &(rondo_search_options){.want_weights = true});
    assert_int_equal(rondo_search(NULL, &good, B, lengths, NULL, NULL), RONDO_ARGUMENT);
    rondo_search_result none = toy_search(&m, 0, NULL);
    assert_true(none.sources == 0 && none.best == 1);
    rondo_search_free(&none);
    rondo_search_free(&none);
    rondo_search_free(NULL);
}

/* NaN and +INFINITY are found wherever they stand, a symbol that is forbidden anyway included. */
static void test_broken_numbers(void **state) {
    (void)state;
    const rondo_search_options kinds[] = {{0},
                                          {.beam = 3, .no_unknown = true, .min_length = 4},
                                          {.sample = true, .no_unknown = true, .min_length = 4},
                                          {.beam = 2, .prefix = good_prefix, .prefix_count = counts}};
    for (int k = 0; k < 4; k++) {
        for (int32_t symbol = 0; symbol < 6; symbol++) {
            for (int i = 0; i < 2; i++) {
                toy m = fresh();
                m.spoil = (real)(i ? NAN : INFINITY);
                m.spoil_source = 2;
                m.spoil_step = 1;
                m.spoil_symbol = symbol;
                const rondo_search_model model = toy_model(&m);
                rondo_search_result result;
                rondo_error err = {0};
                assert_int_equal(rondo_search(&result, &model, B, lengths, &kinds[k], &err), RONDO_NUMERIC);
                assert_non_null(strstr(err.message, "source 2 at step 0"));
            }
        }
    }
}

typedef struct table {
    int64_t V;
    const real *scores; /* (V) the same in each step */
} table;
static rondo_status table_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                               rondo_real *scores, rondo_real *weights, rondo_error *err) {
    const table *t = model;
    (void)parent, (void)symbols, (void)err;
    for (int64_t r = 0; r < rows; r++)
        memcpy(scores + r * t->V, t->scores, (size_t)t->V * sizeof *scores);
    for (int64_t r = 0; weights && r < rows; r++)
        weights[r] = (real)NAN;
    return RONDO_OK;
}

#define NEVER ((real)-INFINITY)
/* -INFINITY is never chosen; where nothing may follow, a hypothesis is cut, or there is none. */
static void test_impossible_symbols(void **state) {
    (void)state;
    const real rows[3][4] = {
        {NEVER, NEVER, NEVER, NEVER}, {(real)-1, NEVER, NEVER, (real)-2}, {NEVER, 0, NEVER, NEVER}};
    for (int sample = 0; sample < 2; sample++) {
        for (int i = 0; i < 3; i++) {
            table t = {4, rows[i]};
            const rondo_search_model model = {.step = table_step, .model = &t, .V = 4, .end = 1, .unknown = -1};
            rondo_search_options o = {.beam = 3, .best = 2, .max_length = 9, .no_repeat_ngram = 1, .sample = sample};
            rondo_search_result result;
            assert_int_equal(rondo_search(&result, &model, 1, NULL, &o, NULL), RONDO_OK);
            const rondo_hypothesis *h = result.hypothesis;
            assert_int_equal(h->ended, i == 2);
            assert_int_equal(h->count, i == 1 ? 2 : 0);
            assert_true(h->log_probability == (i == 0 ? -INFINITY : i == 1 ? -3 : 0));
            rondo_search_free(&result);
        }
    }
    table t = {4, rows[1]};
    const rondo_search_model model = {.step = table_step, .model = &t, .V = 4, .end = 1, .unknown = -1};
    const int32_t impossible = 2, *const prefix[1] = {&impossible};
    const rondo_search_options o = {.max_length = 5, .prefix = prefix, .prefix_count = ones};
    rondo_search_result result;
    assert_int_equal(rondo_search(&result, &model, 1, NULL, &o, NULL), RONDO_OK);
    assert_true(result.hypothesis[0].score == -INFINITY && result.hypothesis[0].count == 0);
    rondo_search_free(&result);
}

static void test_broken_weights(void **state) {
    (void)state;
    const real row[4] = {(real)-1, (real)-1, (real)-2, (real)-2};
    table t = {4, row};
    const rondo_search_model model = {.step = table_step, .model = &t, .V = 4, .S = 1, .end = 1, .unknown = -1};
    expect(RONDO_NUMERIC, "weights of source 0 at step 0", &model, 1, (const int32_t[]){1},
           &(rondo_search_options){.coverage_penalty = 1});
}

static void test_step_fails(void **state) {
    (void)state;
    for (int at = 1; at < 4; at++) {
        toy m = fresh();
        m.fail_at = at;
        const rondo_search_model model = toy_model(&m);
        const int64_t live = rondo__alloc_live();
        rondo_search_result result;
        rondo_error err;
        assert_int_equal(rondo_search(&result, &model, B, lengths,
                                      &(rondo_search_options){.beam = 3, .min_length = 4, .want_weights = true}, &err),
                         RONDO_IO);
        assert_string_equal(err.message, "toy: told to fail");
        assert_null(result.hypothesis);
        assert_int_equal(rondo__alloc_live(), live);
    }
}

static int whole(void *arg) {
    toy m = fresh();
    const rondo_search_model model = toy_model(&m);
    rondo_search_result result;
    rondo_status status = rondo_search(&result, &model, B, lengths, arg, NULL);
    rondo_search_free(&result);
    return (int)status;
}

static void test_memory_runs_out(void **state) {
    (void)state;
    rondo_search_options kinds[] = {
        {0},
        {.beam = 4, .best = 2, .coverage_penalty = 1, .want_weights = true, .no_repeat_ngram = 2, .min_length = 40},
        {.sample = true, .best = 3, .want_weights = true, .no_repeat_ngram = 3}};
    for (int i = 0; i < 3; i++)
        test_every_failure(whole, &kinds[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bad_options),        cmocka_unit_test(test_bad_arguments),
                                       cmocka_unit_test(test_broken_numbers),     cmocka_unit_test(test_broken_weights),
                                       cmocka_unit_test(test_impossible_symbols), cmocka_unit_test(test_step_fails),
                                       cmocka_unit_test(test_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
