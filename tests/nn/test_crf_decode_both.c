/* The best path: by walking every path, with and without rules; ties, NaN, refusals, failing memory. */
#include "nn/crf_case.h"

static rondo_context *context;

typedef struct rules {
    uint8_t step[CRF_V * CRF_V], start[CRF_V];
} rules;

static rondo_status decode(const crf_case *c, int32_t *label, rondo_real *score, const rules *r) {
    return rondo_crf_decode(context, label, score, c->T, CRF_B, CRF_V, c->e, crf_lengths, c->a, c->start, c->end,
                            r ? r->step : NULL, r ? r->start : NULL, NULL);
}

static bool is_allowed(const rules *r, const int32_t *path, int64_t length) {
    bool good = !r || r->start[path[0]];
    for (int64_t t = 1; t < length && good; t++)
        good = !r || r->step[path[t - 1] * CRF_V + path[t]];
    return good;
}

static double best_path(const crf_case *c, int64_t b, const rules *r, int32_t *best) {
    int32_t path[CRF_T] = {0};
    double highest = -INFINITY;
    for (int64_t n = 0; n < crf_paths(crf_lengths[b]); n++) {
        crf_path(path, n, crf_lengths[b]);
        double score = crf_score(c, b, path, crf_lengths[b]);
        if (is_allowed(r, path, crf_lengths[b]) && score > highest) {
            highest = score;
            memcpy(best, path, (size_t)crf_lengths[b] * sizeof *best);
        }
    }
    return highest;
}

static void compare(const crf_case *c, const rules *r) {
    int32_t label[(CRF_T + CRF_MORE) * CRF_B], best[CRF_T] = {0};
    rondo_real score[CRF_B];
    assert_int_equal(decode(c, label, score, r), RONDO_OK);
    for (int64_t b = 0; b < CRF_B; b++) {
        double want = crf_lengths[b] ? best_path(c, b, r, best) : 0;
        assert_true(fabs((double)score[b] - want) <= 1e-6 * (1 + fabs(want)));
        for (int64_t t = 0; t < c->T; t++)
            assert_int_equal(label[t * CRF_B + b], t < crf_lengths[b] ? best[t] : -1);
    }
}

static void test_every_path(void **state) {
    static crf_case c;
    (void)state;
    for (int try = 0; try < 30; try++) {
        crf_fill(&c, CRF_T + try % 2 * CRF_MORE);
        crf_draw(c.e, c.T * CRF_B * CRF_V, (uint64_t)(100 + try));
        crf_draw(c.a, (int64_t)CRF_V * CRF_V, (uint64_t)(200 + try));
        compare(&c, NULL);
        rules r;
        for (int i = 0; i < CRF_V * CRF_V; i++)
            r.step[i] = i % CRF_V == i / CRF_V || (try * 7 + i * 5) % 3 != 0;
        for (int i = 0; i < CRF_V; i++)
            r.start[i] = i == try % CRF_V || (try + i) % 4 == 0;
        compare(&c, &r);
    }
}

/* The one path that the rules leave is taken however bad it is, also over a score of -inf. */
static void test_rules(void **state) {
    static crf_case c;
    int32_t label[CRF_T * CRF_B];
    rondo_real score[CRF_B];
    const rules only = {.step = {[0 * CRF_V + 1] = 1, [1 * CRF_V + 2] = 1, [2 * CRF_V + 0] = 1}, .start = {[2] = 1}};
    const rules none = {.step = {[0 * CRF_V + 1] = 1}, .start = {[0] = 1, [2] = 1}};
    rondo_error err = {0};
    (void)state;
    crf_fill(&c, CRF_T);
    c.a[2 * CRF_V] = -(rondo_real)INFINITY;
    assert_int_equal(decode(&c, label, score, &only), RONDO_OK);
    for (int64_t t = 0; t < CRF_T; t++)
        assert_int_equal(label[t * CRF_B], (2 + t) % CRF_V);
    assert_true(isinf(score[0]) && score[0] < 0 && isfinite(score[2]));
    assert_int_equal(rondo_crf_decode(context, label, NULL, CRF_T, CRF_B, CRF_V, c.e, crf_lengths, c.a, c.start, c.end,
                                      none.step, none.start, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "leave row 0 no path"));
}

static void test_ties_and_nan(void **state) {
    static crf_case c;
    int32_t label[CRF_T * CRF_B];
    rondo_real score[CRF_B];
    (void)state;
    crf_fill(&c, CRF_T);
    memset(c.e, 0, sizeof c.e);
    memset(c.a, 0, sizeof c.a);
    assert_int_equal(
        rondo_crf_decode(context, label, score, CRF_T, CRF_B, CRF_V, c.e, NULL, c.a, NULL, NULL, NULL, NULL, NULL),
        RONDO_OK);
    for (int i = 0; i < CRF_T * CRF_B; i++)
        assert_int_equal(label[i], 0);
    c.e[(2 * CRF_B + 3) * CRF_V + 1] = (rondo_real)NAN;
    assert_int_equal(decode(&c, label, score, NULL), RONDO_OK);
    assert_true(isnan(score[3]) && !isnan(score[0]));
    for (int64_t t = 0; t < 3; t++)
        assert_true(label[t * CRF_B + 3] >= 0 && label[t * CRF_B + 3] < CRF_V);
    assert_int_equal(label[2 * CRF_B + 3], 1);
}

static void test_refused(void **state) {
    static crf_case c;
    int32_t label[CRF_T * CRF_B];
    (void)state;
    crf_fill(&c, CRF_T);
#define CALL(context, label, T, B, V, e, lengths, a)                                                                   \
    rondo_crf_decode(context, label, NULL, T, B, V, e, lengths, a, c.start, c.end, NULL, NULL, NULL)
    assert_int_equal(CALL(NULL, label, CRF_T, CRF_B, CRF_V, c.e, NULL, c.a), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, NULL, CRF_T, CRF_B, CRF_V, c.e, NULL, c.a), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, label, CRF_T, CRF_B, CRF_V, NULL, NULL, c.a), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, label, CRF_T, CRF_B, CRF_V, c.e, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, label, -1, CRF_B, CRF_V, c.e, NULL, c.a), RONDO_SHAPE);
    assert_int_equal(CALL(context, label, CRF_T, CRF_B, 0, c.e, NULL, c.a), RONDO_SHAPE);
    assert_int_equal(CALL(context, label, CRF_T, 1, CRF_V, c.e, ((int32_t[]){6}), c.a), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, label, CRF_T, 1, CRF_V, c.e, ((int32_t[]){-1}), c.a), RONDO_ARGUMENT);
    assert_int_equal(CALL(context, label, INT32_MAX, 1, INT32_MAX, c.e, NULL, c.a), RONDO_MEMORY);
    assert_int_equal(CALL(context, NULL, 0, CRF_B, CRF_V, NULL, NULL, NULL), RONDO_OK);
    assert_int_equal(CALL(context, NULL, CRF_T, 0, CRF_V, NULL, NULL, NULL), RONDO_OK);
}

static int body(void *arg) {
    int32_t label[CRF_T * CRF_B];
    return decode(arg, label, NULL, NULL);
}

static void test_memory(void **state) {
    static crf_case c;
    (void)state;
    crf_fill(&c, CRF_T);
    test_every_failure(body, &c);
}

static int begin(void **state) {
    (void)state;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL);
}

static int end(void **state) {
    (void)state;
    rondo_context_destroy(&context);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_path), cmocka_unit_test(test_rules),
                                       cmocka_unit_test(test_ties_and_nan), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, begin, end);
}
