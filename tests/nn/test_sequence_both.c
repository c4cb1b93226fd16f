/* The plan of rows, the moves between padded and packed arrays, and the masks. */
#include "nn/walk.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

enum { T = 5, B = 4, W = 3 };
static const int32_t lengths[B] = {2, 5, 0, 5};

static rondo_context *context(int threads) {
    rondo_context *c = NULL;
    assert_int_equal(rondo_context_create(&c, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return c;
}

static rondo__plan make_plan(const int32_t *of, bool reverse) {
    rondo__plan plan;
    void *memory = aligned_alloc(RONDO_ALIGN, rondo__plan_bytes(T, B));
    rondo__plan_make(&plan, memory, T, B, &(rondo_sequence_options){.lengths = of, .reverse = reverse});
    return plan;
}

static void drop(rondo__plan *plan) { free(plan->start); }

static void test_ragged_plan(void **state) {
    (void)state;
    rondo__plan plan = make_plan(lengths, false);
    const int32_t order[B] = {1, 3, 0, 2}, sorted[B] = {5, 5, 2, 0}, active[T] = {3, 3, 2, 2, 2};
    const int64_t start[T] = {0, 3, 6, 8, 10};
    assert_int_equal(plan.rows, 12);
    assert_int_equal(plan.steps, 5);
    assert_false(plan.dense);
    assert_memory_equal(plan.order, order, sizeof order);
    assert_memory_equal(plan.length, sorted, sizeof sorted);
    assert_memory_equal(plan.active, active, sizeof active);
    assert_memory_equal(plan.start, start, sizeof start);
    assert_int_equal(rondo__plan_running(&plan, 0, 1, 3), 2);
    assert_int_equal(rondo__plan_running(&plan, 4, 2, 2), 0);
    drop(&plan);
}

static void test_dense_plan(void **state) {
    (void)state;
    const int32_t full[B] = {T, T, T, T};
    for (int given = 0; given < 2; given++) {
        rondo__plan plan = make_plan(given ? full : NULL, true);
        assert_true(plan.dense);
        assert_int_equal(plan.rows, T * B);
        for (int s = 0; s < T; s++)
            assert_int_equal(plan.start[s], (T - 1 - s) * B);
        for (int b = 0; b < B; b++)
            assert_int_equal(plan.order[b], b);
        drop(&plan);
    }
}

static void test_empty_plans(void **state) {
    (void)state;
    rondo__plan plan;
    _Alignas(RONDO_ALIGN) char memory[512];
    rondo__plan_make(&plan, memory, 0, 3, &(rondo_sequence_options){0});
    assert_int_equal(plan.steps, 0);
    assert_int_equal(plan.rows, 0);
    rondo__plan_make(&plan, memory, 3, 0, &(rondo_sequence_options){0});
    assert_int_equal(plan.steps, 0);
    assert_int_equal(plan.rows, 0);
}

static void check_round_trip(rondo_context *c, bool reverse) {
    rondo__plan plan = make_plan(lengths, reverse);
    real padded[T * B * W], packed[T * B * W], back[T * B * W];
    for (int j = 0; j < T * B * W; j++) {
        padded[j] = (real)(j + 1);
        back[j] = (real)-5;
    }
    rondo__gather_rows(c, &plan, W, packed, padded);
    /* row 1 of the batch stands first: its first step is its last one when reversed */
    assert_true(packed[0] == padded[((reverse ? 4 : 0) * B + 1) * W]);
    /* row 0 (length 2) stands at place 2 */
    assert_true(packed[2 * W] == padded[((reverse ? 1 : 0) * B + 0) * W]);
    rondo__scatter_rows(c, &plan, W, back, packed, false);
    for (int t = 0; t < T; t++)
        for (int b = 0; b < B; b++)
            for (int j = 0; j < W; j++)
                assert_true(back[(t * B + b) * W + j] == (t < lengths[b] ? padded[(t * B + b) * W + j] : 0));
    rondo__scatter_rows(c, &plan, W, back, packed, true);
    assert_true(back[(0 * B + 1) * W] == 2 * padded[(0 * B + 1) * W]);
    assert_true(back[(0 * B + 2) * W] == 0);
    drop(&plan);
}

static void test_moves(void **state) {
    (void)state;
    for (int threads = 1; threads < 4; threads++) {
        rondo_context *c = context(threads);
        check_round_trip(c, false);
        check_round_trip(c, true);
        rondo_context_destroy(&c);
    }
}

static void test_states(void **state) {
    (void)state;
    rondo_context *c = context(2);
    rondo__plan plan = make_plan(lengths, false);
    real batch[B], ordered[B], values[12], previous[12], last[B], back[B] = {0};
    for (int b = 0; b < B; b++)
        batch[b] = (real)(100 + b);
    for (int r = 0; r < 12; r++)
        values[r] = (real)r;
    rondo__order_rows(&plan, 1, ordered, batch);
    assert_true(ordered[0] == 101 && ordered[1] == 103 && ordered[2] == 100 && ordered[3] == 102);
    rondo__previous_rows(c, &plan, 1, previous, ordered, values);
    const real entering[12] = {101, 103, 100, 0, 1, 2, 3, 4, 6, 7, 8, 9};
    for (int r = 0; r < 12; r++)
        assert_true(previous[r] == entering[r]);
    rondo__previous_rows(c, &plan, 1, previous, NULL, values);
    assert_true(previous[0] == 0 && previous[2] == 0 && previous[3] == 0 && previous[4] == 1);
    rondo__final_rows(&plan, 1, last, ordered, values);
    assert_true(last[0] == 5 && last[1] == 10 && last[2] == 102 && last[3] == 11);
    rondo__unorder_rows(&plan, 1, back, ordered, true);
    rondo__unorder_rows(&plan, 1, back, ordered, true);
    for (int b = 0; b < B; b++)
        assert_true(back[b] == 2 * batch[b]);
    drop(&plan);
    rondo_context_destroy(&c);
}

typedef struct visits {
    int32_t places[B];
} visits;
static void visit(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    for (int64_t i = first; i < first + count; i++)
        ((visits *)arg)->places[i]++;
}

static void test_walk_visits_each_place_once(void **state) {
    (void)state;
    static const int32_t none[B] = {0};
    for (int threads = 1; threads < 9; threads++) {
        rondo_context *c = context(threads);
        for (int k = 0; k < 3; k++) {
            rondo__plan plan = make_plan(k == 0 ? NULL : k == 1 ? lengths : none, false);
            visits v = {0};
            rondo__walk_rows(c, &plan, visit, &v);
            for (int i = 0; i < B; i++)
                assert_int_equal(v.places[i], 1);
            drop(&plan);
        }
        rondo_context_destroy(&c);
    }
}

/* Steps of rows that the chunks of a walk count, by chunk. */
typedef struct work {
    const rondo__plan *plan;
    _Atomic int64_t total, largest;
} work;
static void count_work(void *arg, int64_t first, int64_t count, int worker) {
    (void)worker;
    work *w = arg;
    int64_t mine = 0;
    for (int64_t s = 0; s < w->plan->steps; s++)
        mine += rondo__plan_running(w->plan, s, first, count);
    w->total += mine;
    for (int64_t seen = w->largest; mine > seen && !atomic_compare_exchange_weak(&w->largest, &seen, mine);)
        ;
}

typedef struct unit_visits {
    rondo_context *context;
    _Atomic int32_t units[100], meetings;
} unit_visits;
static void visit_units(void *arg, int64_t first, int64_t end, int worker) {
    unit_visits *v = arg;
    for (int64_t i = first; i < end; i++)
        v->units[i]++;
    rondo__pool_meet(v->context->pool, worker);
    v->meetings++;
}

static void test_walk_by_units_visits_each_once(void **state) {
    (void)state;
    for (int threads = 1; threads < 9; threads++)
        for (int64_t H = 1; H < 100; H += 9) {
            rondo_context *c = context(threads);
            rondo__plan plan = make_plan(NULL, false);
            unit_visits v = {.context = c};
            const rondo__walk walk = {.units = H, .products = 10, .by_units = visit_units, .arg = &v};
            c->cut = RONDO__CUT_UNITS;
            rondo__walk_steps(c, &plan, &walk);
            for (int i = 0; i < 100; i++)
                assert_int_equal(v.units[i], i < H);
            assert_int_equal(v.meetings, threads);
            drop(&plan);
            rondo_context_destroy(&c);
        }
}

/* One long row: by units, as soon as a step is worth meeting for. Many rows: by rows. Little to do: by rows. */
static void test_cut_goes_by_cost(void **state) {
    (void)state;
    rondo_context *c = context(2), *alone = context(1);
    for (int kind = 0; kind < 4; kind++) {
        const int64_t rows = kind == 1 ? 64 : 1, H = kind == 2 ? 8 : 256;
        rondo__plan plan;
        void *memory = aligned_alloc(RONDO_ALIGN, rondo__plan_bytes(100, 64));
        rondo__plan_make(&plan, memory, 100, rows, &(rondo_sequence_options){0});
        const rondo__walk walk = {.units = H, .products = 4 * H * H, .by_units = visit_units};
        assert_int_equal(rondo__walk_cut(kind == 3 ? alone : c, &plan, &walk),
                         kind ? RONDO__CUT_ROWS : RONDO__CUT_UNITS);
        free(memory);
    }
    rondo_context_destroy(&alone);
    rondo_context_destroy(&c);
}

/* Two calls at the same time: where one alone cannot use both threads, not on one thread, not for nothing; behind each
 * other not where the rows already keep the threads busy, and one that waits is not put on a crowded machine. */
static void test_together_goes_by_cost(void **state) {
    (void)state;
    static const int32_t none[4] = {0}, some[4] = {5, 64, 3, 9};
    static const struct {
        int threads;
        int64_t T, B, H;
        const int32_t *lengths;
        bool beside, behind;
    } cases[] = {
        {2, 64, 1, 64, NULL, true, true},    {1, 64, 1, 64, NULL, false, false}, {2, 4, 1, 8, NULL, false, false},
        {2, 64, 16, 256, NULL, true, false}, {2, 64, 4, 64, some, true, true},   {2, 64, 4, 64, none, false, false},
        {2, 0, 4, 64, NULL, false, false},   {2, 64, 0, 64, NULL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rondo_context *c = context(cases[i].threads);
        const int64_t H = cases[i].H;
        const rondo__walk_size size = {.T = cases[i].T,
                                       .B = cases[i].B,
                                       .lengths = cases[i].lengths,
                                       .units = H,
                                       .products = 4 * H * H,
                                       .inputs = 4 * H * H,
                                       .has_units = true};
        assert_int_equal(rondo__walk_together(c, &size, &size, false), cases[i].beside);
        if (rondo__pool_fits(c->pool))
            assert_int_equal(rondo__walk_together(c, &size, &size, true), cases[i].behind);
        rondo_context_destroy(&c);
    }
    rondo_context *crowd = context(2 * rondo__cpu_cores());
    const rondo__walk_size size = {.T = 64, .B = 1, .units = 64, .products = 16384, .inputs = 16384};
    assert_false(rondo__walk_together(crowd, &size, &size, true));
    rondo_context_destroy(&crowd);
}

/* No work for padding: the rows that are walked are the sum of the lengths, whatever they are, and every thread has its
 * share of them but for one row more or less. */
static void test_work_is_the_sum_of_lengths(void **state) {
    (void)state;
    enum { LONG = 100, MANY = 64 };
    int32_t of[MANY];
    for (int kind = 0; kind < 5; kind++) {
        int64_t sum = 0;
        for (int b = 0; b < MANY; b++) {
            uint32_t random = rondo__random_u32(3, (uint64_t)kind, (uint64_t)b);
            const int32_t lengths_of_kind[] = {(int32_t)(random % (LONG + 1)), b == 40 ? LONG : 1, b % 2 ? LONG : 0,
                                               (int32_t)b, LONG};
            of[b] = lengths_of_kind[kind];
            sum += of[b];
        }
        rondo__plan plan;
        void *memory = aligned_alloc(RONDO_ALIGN, rondo__plan_bytes(LONG, MANY));
        rondo__plan_make(&plan, memory, LONG, MANY, &(rondo_sequence_options){.lengths = of});
        assert_int_equal(plan.rows, sum);
        for (int threads = 1; threads < 6; threads++) {
            rondo_context *c = context(threads);
            work w = {.plan = &plan};
            rondo__walk_rows(c, &plan, count_work, &w);
            assert_int_equal(w.total, sum);
            assert_true(w.largest <= sum / threads + LONG);
            rondo_context_destroy(&c);
        }
        free(memory);
    }
}

static void test_checks(void **state) {
    (void)state;
    rondo_error err = {0};
    const int32_t low[B] = {1, -1, 2, 3}, high[B] = {1, 2, 3, 6};
    assert_int_equal(rondo__sequence_check("cell", T, B, &(rondo_sequence_options){.lengths = lengths}, &err),
                     RONDO_OK);
    assert_int_equal(rondo__sequence_check("cell", T, B, &(rondo_sequence_options){.lengths = low}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "lengths[1] is -1"));
    assert_int_equal(rondo__sequence_check("cell", T, B, &(rondo_sequence_options){.lengths = high}, &err),
                     RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "lengths[3] is 6"));
    const real wrong[] = {1, (real)-0.1, (real)NAN, 2};
    for (int i = 0; i < 4; i++) {
        rondo_sequence_options one[3] = {
            {.recurrent_dropout = wrong[i]}, {.zoneout = wrong[i]}, {.zoneout_cell = wrong[i]}};
        for (int k = 0; k < 3; k++)
            assert_int_equal(rondo__sequence_check("cell", T, B, &one[k], NULL), RONDO_ARGUMENT);
    }
}

/* A mask of dropout has the mean 1, and the same numbers for a row of the batch wherever it stands. */
static void test_recurrent_mask(void **state) {
    (void)state;
    enum { MANY = 1000 };
    rondo__plan ragged = make_plan(lengths, false), dense = make_plan(NULL, false);
    static real a[B * MANY], b[B * MANY];
    double sum = 0;
    rondo_context *c = context(1);
    rondo__recurrent_mask(c, &ragged, MANY, a, (real)0.25, 1, 2);
    rondo__recurrent_mask(c, &dense, MANY, b, (real)0.25, 1, 2);
    rondo_context_destroy(&c);
    for (int j = 0; j < B * MANY; j++) {
        assert_true(a[j] == 0 || fabs((double)a[j] - 4.0 / 3) < 1e-6);
        sum += (double)a[j];
    }
    assert_true(fabs(sum / (B * MANY) - 1) < 0.05);
    for (int i = 0; i < B; i++)
        assert_memory_equal(a + i * MANY, b + ragged.order[i] * MANY, MANY * sizeof(real));
    drop(&ragged);
    drop(&dense);
}

static void test_zoneout_mask(void **state) {
    (void)state;
    enum { MANY = 500 };
    rondo__plan ragged = make_plan(lengths, true), dense = make_plan(NULL, false);
    static real a[T * B * MANY], b[T * B * MANY];
    rondo_context *c = context(3);
    rondo__zoneout_mask(c, &ragged, MANY, a, (real)0.3, true, 1, 2);
    rondo__zoneout_mask(c, &dense, MANY, b, (real)0.3, true, 1, 2);
    double sum = 0;
    for (int64_t r = 0; r < ragged.rows * MANY; r++) {
        assert_true(a[r] == 0 || a[r] == 1);
        sum += (double)a[r];
    }
    assert_true(fabs(sum / (double)(ragged.rows * MANY) - 0.3) < 0.05);
    /* by time and row of the batch: place 2 is row 0, whose step 0 is time 1 when reversed */
    assert_memory_equal(a + 2 * MANY, b + (1 * B + 0) * MANY, MANY * sizeof(real));
    rondo__zoneout_mask(c, &ragged, MANY, a, (real)0.3, false, 1, 2);
    for (int64_t r = 0; r < ragged.rows * MANY; r++)
        assert_true(a[r] == (real)0.3);
    rondo_context_destroy(&c);
    drop(&ragged);
    drop(&dense);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ragged_plan),
        cmocka_unit_test(test_dense_plan),
        cmocka_unit_test(test_empty_plans),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_walk_visits_each_place_once),
        cmocka_unit_test(test_walk_by_units_visits_each_once),
        cmocka_unit_test(test_cut_goes_by_cost),
        cmocka_unit_test(test_together_goes_by_cost),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_recurrent_mask),
        cmocka_unit_test(test_zoneout_mask),
        cmocka_unit_test(test_work_is_the_sum_of_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
