/* The pool: every index once, every worker once, and barriers that hold, for 1 to 8 threads. */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "support/test.h"

#define MOST 5000

typedef struct counts {
    _Atomic int hits[MOST];
    atomic_bool bad_worker;
    int threads;
} counts;

static void count_hit(void *arg, int64_t index, int worker) {
    counts *c = arg;
    atomic_fetch_add_explicit(&c->hits[index], 1, memory_order_relaxed);
    if (worker < 0 || worker >= c->threads)
        atomic_store(&c->bad_worker, true);
}

static void check_run(rondo__pool *pool, int64_t n) {
    static counts c;
    memset(&c, 0, sizeof c);
    c.threads = rondo__pool_threads(pool);
    rondo__pool_run(pool, n, count_hit, &c);
    for (int64_t i = 0; i < MOST; i++)
        assert_int_equal(c.hits[i], i < n);
    assert_false(c.bad_worker);
}

static void test_every_index_once(void **state) {
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 64, 1000, MOST};
    for (int threads = 1; threads <= 8; threads++) {
        rondo__pool *pool;
        assert_int_equal(rondo__pool_create(&pool, threads, NULL), RONDO_OK);
        assert_int_equal(rondo__pool_threads(pool), threads);
        for (int round = 0; round < 5; round++)
            for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
                check_run(pool, sizes[i]);
        rondo__pool_destroy(&pool);
        assert_null(pool);
    }
}

static void test_without_pool(void **state) {
    (void)state;
    assert_int_equal(rondo__pool_threads(NULL), 1);
    check_run(NULL, 100);
    rondo__pool *none = NULL;
    rondo__pool_destroy(&none);
    rondo__pool_destroy(NULL);
}

/* Plain memory written by one worker and read by the others after they met: ThreadSanitizer watches. */
typedef struct walk {
    rondo__pool *pool;
    int64_t state[2][8];
    _Atomic int entered, wrong;
} walk;

static void walk_steps(void *arg, int64_t index, int worker) {
    walk *w = arg;
    int threads = rondo__pool_threads(w->pool);
    atomic_fetch_add(&w->entered, 1);
    if (index != worker)
        atomic_fetch_add(&w->wrong, 1);
    for (int step = 1; step <= 40; step++) {
        int64_t sum = 0;
        for (int i = 0; i < threads; i++)
            sum += w->state[(step - 1) & 1][i];
        w->state[step & 1][worker] = sum % 1000003 + worker;
        rondo__pool_meet(w->pool, worker);
    }
}

static void test_region_and_meetings(void **state) {
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        rondo__pool *pool;
        assert_int_equal(rondo__pool_create(&pool, threads, NULL), RONDO_OK);
        int64_t expected[2][8] = {{0}};
        for (int step = 1; step <= 40; step++) {
            int64_t sum = 0;
            for (int i = 0; i < threads; i++)
                sum += expected[(step - 1) & 1][i];
            for (int i = 0; i < threads; i++)
                expected[step & 1][i] = sum % 1000003 + i;
        }
        for (int round = 0; round < 10; round++) {
            walk w = {.pool = pool};
            rondo__pool_region(pool, walk_steps, &w);
            assert_int_equal(w.entered, threads);
            assert_int_equal(w.wrong, 0);
            assert_memory_equal(w.state, expected, sizeof expected);
        }
        rondo__pool_destroy(&pool);
    }
}

/* Workers that have gone to sleep must wake for the next job. */
static void test_after_sleep(void **state) {
    (void)state;
    rondo__pool *pool;
    assert_int_equal(rondo__pool_create(&pool, 4, NULL), RONDO_OK);
    for (int round = 0; round < 5; round++) {
        usleep(3000);
        check_run(pool, 50);
        usleep(3000);
        walk w = {.pool = pool};
        rondo__pool_region(pool, walk_steps, &w);
        assert_int_equal(w.entered, 4);
    }
    rondo__pool_destroy(&pool);
}

static void test_create_fails_cleanly(void **state) {
    (void)state;
    rondo_error err;
    rondo__pool *pool;
    assert_int_equal(rondo__pool_create(&pool, 0, &err), RONDO_ARGUMENT);
    assert_null(pool);
    assert_string_equal(err.message, "threads: 0 is outside 1..1024");
    assert_int_equal(rondo__pool_create(&pool, 100000, &err), RONDO_ARGUMENT);
    int64_t live = rondo__alloc_live();
    for (int nth = 1; nth <= 2; nth++) {
        rondo__alloc_fail_at(nth);
        assert_int_equal(rondo__pool_create(&pool, 3, &err), RONDO_MEMORY);
        rondo__alloc_fail_at(0);
        assert_null(pool);
        assert_int_equal(rondo__alloc_live(), live);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_index_once),     cmocka_unit_test(test_without_pool),
        cmocka_unit_test(test_region_and_meetings),  cmocka_unit_test(test_after_sleep),
        cmocka_unit_test(test_create_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
