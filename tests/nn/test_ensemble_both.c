/* An ensemble says the mean of what its members say. */
#include "search_model.h"

enum { V = 23, S = 3, N = 3, B = 2 };
static const int32_t lengths[B] = {3, 2};

static void members(toy m[N], rondo_search_model model[N]) {
    for (int i = 0; i < N; i++) {
        m[i] = (toy){.seed = (uint64_t)(40 + i), .V = V, .S = i == 1 ? 0 : S, .lengths = lengths};
        model[i] = toy_model(&m[i]);
    }
}

static void ask(const rondo_search_model *model, real *scores, real *weights) {
    const int32_t parent[B] = {0, 1}, start[B] = {TOY_START, TOY_START};
    assert_int_equal(model->step(model->model, B, parent, start, scores, weights, NULL), RONDO_OK);
}

static void test_mean_of_probabilities(void **state) {
    (void)state;
    static toy m[N];
    rondo_search_model model[N];
    real each[N][B * V], looked[N][B * S] = {{0}}, scores[B * V], weights[B * S];
    members(m, model);
    for (int i = 0; i < N; i++)
        ask(&model[i], each[i], model[i].S ? looked[i] : NULL);
    members(m, model);
    rondo_ensemble *ensemble;
    assert_int_equal(rondo_ensemble_create(&ensemble, N, model, NULL), RONDO_OK);
    const rondo_search_model one = rondo_ensemble_model(ensemble);
    assert_true(one.V == V && one.S == S && one.end == TOY_END && one.unknown == TOY_UNKNOWN);
    ask(&one, scores, weights);
    const double near = sizeof(real) == 8 ? 1e-14 : 2e-6;
    for (int j = 0; j < B * V; j++) {
        double sum = 0;
        for (int i = 0; i < N; i++)
            sum += exp((double)each[i][j]) / N;
        assert_true(fabs((double)scores[j] - log(sum)) < near);
    }
    for (int j = 0; j < B * S; j++) /* the member without attention has no say */
        assert_true(fabs((double)weights[j] - ((double)looked[0][j] + (double)looked[2][j]) / 2) < near);
    rondo_ensemble_destroy(&ensemble);
    assert_null(ensemble);
}

/* A model that says the same numbers at each step. */
typedef struct table {
    const real *scores;
} table;
static rondo_status table_step(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                               rondo_real *scores, rondo_real *weights, rondo_error *err) {
    (void)parent, (void)symbols, (void)weights, (void)err;
    for (int64_t r = 0; r < rows; r++)
        memcpy(scores + r * 4, ((table *)model)->scores, 4 * sizeof *scores);
    return RONDO_OK;
}

static void test_extremes(void **state) {
    (void)state;
    const real a[4] = {(real)-200, (real)-INFINITY, (real)NAN, (real)-INFINITY},
               b[4] = {(real)-201, (real)-INFINITY, 0, (real)-0.25};
    table ta = {a}, tb = {b};
    const rondo_search_model pair[2] = {{.step = table_step, .model = &ta, .V = 4, .unknown = -1},
                                        {.step = table_step, .model = &tb, .V = 4, .unknown = -1}};
    for (int swap = 0; swap < 2; swap++) {
        const rondo_search_model both[2] = {pair[swap], pair[!swap]};
        rondo_ensemble *ensemble;
        real scores[4];
        assert_int_equal(rondo_ensemble_create(&ensemble, 2, both, NULL), RONDO_OK);
        const rondo_search_model one = rondo_ensemble_model(ensemble);
        assert_int_equal(one.step(one.model, 1, &(int32_t){0}, &(int32_t){0}, scores, NULL, NULL), RONDO_OK);
        assert_true(fabs((double)scores[0] - (-200 + log((1 + exp(-1)) / 2))) < 2e-5);
        assert_true(scores[1] == (real)-INFINITY);
        assert_true(isnan(scores[2]));
        assert_true(fabs((double)scores[3] - (-0.25 - log(2))) < 1e-6);
        rondo_ensemble_destroy(&ensemble);
    }
}

/* Alone, or thrice the same: the search finds what the member finds. */
static void test_of_the_same(void **state) {
    (void)state;
    static toy m[N];
    const rondo_search_options o = {.beam = 4, .best = 4, .length_penalty = 1, .want_weights = true};
    for (int count = 1; count <= N; count++) {
        rondo_search_model model[N];
        for (int i = 0; i < N; i++) {
            m[i] = (toy){.seed = 3, .V = V, .S = S, .lengths = lengths};
            model[i] = toy_model(&m[i]);
        }
        rondo_ensemble *ensemble;
        rondo_search_result result;
        assert_int_equal(rondo_ensemble_create(&ensemble, count, model, NULL), RONDO_OK);
        const rondo_search_model one = rondo_ensemble_model(ensemble);
        assert_int_equal(rondo_search(&result, &one, B, lengths, &o, NULL), RONDO_OK);
        rondo_search_result plain = toy_search(&m[0], B, &o);
        for (int i = 0; i < B * 4; i++) {
            if (count == 1)
                toy_same(&result.hypothesis[i], &plain.hypothesis[i], S);
            assert_int_equal(result.hypothesis[i].count, plain.hypothesis[i].count);
            assert_memory_equal(result.hypothesis[i].symbols, plain.hypothesis[i].symbols,
                                (size_t)plain.hypothesis[i].count * sizeof(int32_t));
            assert_true(fabs(result.hypothesis[i].score - plain.hypothesis[i].score) < 1e-4);
        }
        rondo_search_free(&plain);
        rondo_search_free(&result);
        rondo_ensemble_destroy(&ensemble);
    }
}

static void expect_refused(rondo_status status, int count, const rondo_search_model *model) {
    rondo_ensemble *ensemble = (void *)1;
    assert_int_equal(rondo_ensemble_create(&ensemble, count, model, NULL), status);
    assert_null(ensemble);
}

static void test_bad_members(void **state) {
    (void)state;
    static toy m[N];
    rondo_search_model good[N], bad[N];
    members(m, good);
    for (int kind = 0; kind < 5; kind++) {
        memcpy(bad, good, sizeof bad);
        if (kind == 0)
            bad[2].step = NULL;
        bad[2].V += kind == 1;
        bad[2].end += kind == 2;
        bad[2].start += kind == 3;
        bad[2].unknown += kind == 4;
        expect_refused(kind == 0 ? RONDO_ARGUMENT : RONDO_SHAPE, N, bad);
    }
    expect_refused(RONDO_ARGUMENT, 0, good);
    expect_refused(RONDO_ARGUMENT, 2, NULL);
    assert_int_equal(rondo_ensemble_create(NULL, 1, good, NULL), RONDO_ARGUMENT);
    rondo_ensemble *none = NULL;
    rondo_ensemble_destroy(&none);
    rondo_ensemble_destroy(NULL);
    /* widths that change later are seen at the step; a member's failure is passed on */
    rondo_ensemble *ensemble;
    rondo_search_result result;
    assert_int_equal(rondo_ensemble_create(&ensemble, N, good, NULL), RONDO_OK);
    const rondo_search_model one = rondo_ensemble_model(ensemble);
    good[2].S = S + 1;
    assert_int_equal(rondo_search(&result, &one, B, lengths, NULL, NULL), RONDO_SHAPE);
    good[2].S = S;
    m[1].fail_at = 2;
    assert_int_equal(rondo_search(&result, &one, B, lengths, NULL, NULL), RONDO_IO);
    rondo_ensemble_destroy(&ensemble);
}

static int whole(void *arg) {
    static toy m[N];
    rondo_search_model model[N];
    members(m, model);
    rondo_ensemble *ensemble;
    rondo_search_result result = {0};
    rondo_status status = rondo_ensemble_create(&ensemble, N, model, NULL);
    if (status)
        return (int)status;
    const rondo_search_model one = rondo_ensemble_model(ensemble);
    status = rondo_search(&result, &one, B, lengths, arg, NULL);
    rondo_search_free(&result);
    rondo_ensemble_destroy(&ensemble);
    return (int)status;
}

static void test_memory_runs_out(void **state) {
    (void)state;
    test_every_failure(whole, &(rondo_search_options){.beam = 3, .want_weights = true});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mean_of_probabilities), cmocka_unit_test(test_extremes),
                                       cmocka_unit_test(test_of_the_same), cmocka_unit_test(test_bad_members),
                                       cmocka_unit_test(test_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
