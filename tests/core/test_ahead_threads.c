/* A job in the background: every index once, whoever does it, however early or late it is asked for. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/core.h"
#include "support/test.h"

enum { MOST = 200 };

typedef struct counts {
    int hits[MOST]; /* plain memory: ThreadSanitizer watches */
    _Atomic int begun;
    int workers;
    atomic_bool bad_worker;
    int64_t nap; /* of each index, in ns */
} counts;

static void sleep_for(int64_t ns) { nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL); }

static void hit(void *arg, int64_t index, int worker) {
    counts *c = arg;
    atomic_fetch_add(&c->begun, 1);
    c->hits[index]++;
    if (worker < 0 || worker >= c->workers)
        atomic_store(&c->bad_worker, true);
    if (c->nap)
        sleep_for(c->nap);
}

static void check_jobs(int threads) {
    static const int64_t sizes[] = {1, 2, 5, MOST}, naps[] = {0, 50000}, waits[] = {0, 100000, 3000000};
    rondo__pool *pool = NULL;
    rondo__ahead *ahead;
    static counts c;
    if (threads > 1)
        assert_int_equal(rondo__pool_create(&pool, threads, NULL), RONDO_OK);
    assert_int_equal(rondo__ahead_create(&ahead, threads, NULL), RONDO_OK);
    for (int i = 0; i < 4 * 2 * 3; i++) {
        const int64_t n = sizes[i % 4];
        memset(&c, 0, sizeof c);
        c.workers = threads + 1;
        c.nap = naps[i / 4 % 2];
        rondo__ahead_begin(ahead, &(rondo__work){n, hit, &c});
        if (waits[i / 8])
            sleep_for(waits[i / 8]);
        rondo__ahead_end(ahead, pool);
        for (int64_t k = 0; k < MOST; k++)
            assert_int_equal(c.hits[k], k < n);
        assert_false(c.bad_worker);
    }
    rondo__ahead_destroy(&ahead);
    assert_null(ahead);
    rondo__pool_destroy(&pool);
}

static void every_index_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 3; threads++)
        check_jobs(threads);
}

/* All is done by the thread itself when it is given time. */
static void works_alone(void **state) {
    (void)state;
    rondo__ahead *ahead;
    static counts c = {.workers = 8};
    assert_int_equal(rondo__ahead_create(&ahead, 7, NULL), RONDO_OK);
    rondo__ahead_begin(ahead, &(rondo__work){20, hit, &c});
    while (atomic_load(&c.begun) < 20)
        sleep_for(100000);
    rondo__ahead_end(ahead, NULL);
    rondo__ahead_destroy(&ahead);
}

/* A job that is given up ends soon; what was not begun stays undone. */
static void given_up(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        rondo__ahead *ahead;
        static counts c;
        memset(&c, 0, sizeof c);
        c.workers = 2;
        c.nap = 200000;
        assert_int_equal(rondo__ahead_create(&ahead, 1, NULL), RONDO_OK);
        rondo__ahead_begin(ahead, &(rondo__work){MOST, hit, &c});
        if (i % 2)
            sleep_for(300000);
        rondo__ahead_destroy(&ahead);
        assert_true(atomic_load(&c.begun) < MOST);
    }
    rondo__ahead *none = NULL;
    rondo__ahead_destroy(&none);
    rondo__ahead_destroy(NULL);
}

static int make_one(void *arg) {
    rondo__ahead *ahead;
    (void)arg;
    const rondo_status status = rondo__ahead_create(&ahead, 1, NULL);
    rondo__ahead_destroy(&ahead);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    test_every_failure(make_one, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_index_once), cmocka_unit_test(works_alone),
                                       cmocka_unit_test(given_up), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
