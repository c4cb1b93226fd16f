/* The only malloc and the arenas on it. */
#include <stdint.h>
#include <string.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "core/core.h"
#include "support/test.h"

static void test_alignment_and_counts(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    uint64_t count = rondo__alloc_count();
    void *p[4] = {rondo__alloc(0), rondo__alloc(1), rondo__calloc(3, 21), rondo__strdup("")};
    for (int i = 0; i < 4; i++) {
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % RONDO_ALIGN, 0);
    }
    for (int i = 0; i < 63; i++)
        assert_int_equal(((char *)p[2])[i], 0);
    assert_int_equal(rondo__alloc_live(), live + 4);
    assert_int_equal(rondo__alloc_count(), count + 4);
    for (int i = 0; i < 4; i++)
        rondo__free(p[i]);
    rondo__free(NULL);
    assert_int_equal(rondo__alloc_live(), live);
}

static void test_overflow(void **state) {
    (void)state;
    size_t out;
    assert_null(rondo__alloc(SIZE_MAX));
    assert_null(rondo__alloc(SIZE_MAX - 63));
    assert_null(rondo__calloc(SIZE_MAX / 2, 3));
    assert_false(rondo__size_mul(SIZE_MAX, 2, &out));
    assert_false(rondo__size_add(SIZE_MAX, 1, &out));
    assert_true(rondo__size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(rondo__size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
}

static void test_growing(void **state) {
    (void)state;
    char *p = rondo__realloc(NULL, 0, 4);
    memcpy(p, "abc", 4);
    rondo__alloc_fail_at(1);
    assert_null(rondo__realloc(p, 4, 100));
    assert_string_equal(p, "abc");
    p = rondo__realloc(p, 4, 100);
    assert_string_equal(p, "abc");
    p = rondo__realloc(p, 100, 2);
    assert_memory_equal(p, "ab", 2);
    rondo__free(p);
}

static void test_limit(void **state) {
    (void)state;
    const size_t held = rondo__alloc_bytes();
    rondo__alloc_peak(true);
    void *p = rondo__alloc(1 << 20);
    assert_true(rondo__alloc_bytes() >= held + (1 << 20));
    rondo__alloc_limit(rondo__alloc_bytes() + 4096);
    assert_null(rondo__alloc(1 << 20));
    void *small = rondo__alloc(1024);
    assert_non_null(small);
    rondo__alloc_limit(0);
    void *large = rondo__alloc(1 << 20);
    assert_non_null(large);
    rondo__free(p);
    rondo__free(small);
    rondo__free(large);
    assert_int_equal(rondo__alloc_bytes(), held);
    assert_true(rondo__alloc_peak(true) >= held + (2 << 20));
}

static void test_fails_once_at_the_nth(void **state) {
    (void)state;
    for (int nth = 1; nth <= 4; nth++) {
        rondo__alloc_fail_at(nth);
        for (int i = 1; i <= 6; i++) {
            void *p = rondo__alloc(8);
            assert_true((p == NULL) == (i == nth));
            rondo__free(p);
        }
    }
    rondo__alloc_fail_at(2);
    rondo__alloc_fail_at(0);
    for (int i = 0; i < 4; i++) {
        void *p = rondo__alloc(8);
        assert_non_null(p);
        rondo__free(p);
    }
}

/* One "training step": pieces of many sizes, nested marks, all of it written to. */
static bool step(rondo__arena *arena, size_t scale) {
    char *outer = rondo__arena_push(arena, 1000 * scale);
    if (!outer)
        return false;
    memset(outer, 1, 1000 * scale);
    rondo__mark mark = rondo__arena_mark(arena);
    for (size_t i = 0; i < 40; i++) {
        char *piece = rondo__arena_push(arena, i * 37 * scale);
        if (!piece)
            return false;
        assert_int_equal((uintptr_t)piece % RONDO_ALIGN, 0);
        memset(piece, 2, i * 37 * scale);
    }
    rondo__arena_rewind(arena, mark);
    char *after = rondo__arena_push(arena, 5000 * scale);
    if (!after)
        return false;
    memset(after, 3, 5000 * scale);
    for (size_t i = 0; i < 1000 * scale; i++)
        assert_int_equal(outer[i], 1);
    return true;
}

static void test_arena_grows_and_rests(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    rondo__arena arena;
    rondo__arena_init(&arena);
    rondo__mark empty = rondo__arena_mark(&arena);
    assert_true(step(&arena, 20));
    assert_true(rondo__alloc_live() > live + 1);
    uint64_t count = rondo__alloc_count();
    for (int i = 0; i < 5; i++) {
        rondo__arena_rewind(&arena, empty);
        assert_int_equal(arena.used, 0);
        assert_true(step(&arena, 20));
        rondo__arena_clear(&arena);
        assert_true(step(&arena, 3));
    }
    assert_int_equal(rondo__alloc_count(), count);
    rondo__arena_free(&arena);
    assert_int_equal(rondo__alloc_live(), live);
}

/* Single pieces, as of scratch memory: the largest has the only chunk. A pair for which a chunk was appended finds one
 * for both of them next time. */
static void test_arena_of_scratch(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    uint64_t count = 0;
    rondo__arena arena;
    rondo__arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 1; i < 9; i++) {
            assert_non_null(rondo__arena_push(&arena, i << 20));
            rondo__arena_clear(&arena);
        }
        assert_int_equal(rondo__alloc_live(), live + 1);
        assert_non_null(rondo__arena_push(&arena, (size_t)5 << 20));
        assert_non_null(rondo__arena_push(&arena, (size_t)5 << 20));
        rondo__arena_clear(&arena);
        assert_true(round < 2 || rondo__alloc_count() == count);
        count = rondo__alloc_count();
    }
    rondo__arena_free(&arena);
    assert_int_equal(rondo__alloc_live(), live);
}

/* Steps of ever larger pieces leave chunks behind that are too small for the next; these do not pile up. */
static void test_arena_is_not_wasteful(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    rondo__arena arena;
    rondo__arena_init(&arena);
    for (size_t size = 100000; size < 300000; size += 10000) {
        assert_non_null(rondo__arena_push(&arena, 10));
        for (int i = 0; i < 3; i++)
            assert_non_null(rondo__arena_push(&arena, size));
        assert_true(rondo__alloc_live() < live + 12);
        rondo__arena_clear(&arena);
    }
    rondo__arena_free(&arena);
    assert_int_equal(rondo__alloc_live(), live);
}

static void test_arena_reserve(void **state) {
    (void)state;
    rondo__arena arena;
    rondo__arena_init(&arena);
    assert_non_null(rondo__arena_push(&arena, 100));
    rondo__arena_clear(&arena);
    assert_int_equal(rondo__arena_reserve(&arena, 1 << 20), RONDO_OK);
    uint64_t count = rondo__alloc_count();
    assert_non_null(rondo__arena_push(&arena, 1 << 20));
    assert_int_equal(rondo__alloc_count(), count);
    assert_int_equal(rondo__arena_reserve(&arena, SIZE_MAX), RONDO_MEMORY);
    assert_int_equal(rondo__arena_reserve(&arena, SIZE_MAX - 200), RONDO_MEMORY);
    assert_null(rondo__arena_push(&arena, SIZE_MAX - 100));
    rondo__arena_free(&arena);
}

/* After any failed allocation the arena is as usable as before it. */
static void test_arena_every_failure(void **state) {
    (void)state;
    int64_t live = rondo__alloc_live();
    for (int nth = 1, failed = 1; failed; nth++) {
        rondo__arena arena;
        rondo__arena_init(&arena);
        rondo__alloc_fail_at(nth);
        bool ok = true;
        for (int i = 0; i < 3; i++) {
            ok &= step(&arena, 20);
            rondo__arena_clear(&arena);
        }
        rondo__alloc_fail_at(0);
        failed = !ok;
        assert_true(step(&arena, 20));
        rondo__arena_free(&arena);
        assert_int_equal(rondo__alloc_live(), live);
        assert_in_range(nth, 1, 50);
    }
}

/* Under AddressSanitizer what lies behind a piece, and what was given back, may not be touched. */
static void test_arena_red_zones(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    rondo__arena arena;
    rondo__arena_init(&arena);
    char *first = rondo__arena_push(&arena, 100);
    rondo__mark mark = rondo__arena_mark(&arena);
    char *second = rondo__arena_push(&arena, 64);
    assert_null(__asan_region_is_poisoned(first, 100));
    assert_true(__asan_address_is_poisoned(first + 100));
    assert_true(__asan_address_is_poisoned(second - 1));
    assert_null(__asan_region_is_poisoned(second, 64));
    assert_true(__asan_address_is_poisoned(second + 64));
    rondo__arena_rewind(&arena, mark);
    assert_true(__asan_address_is_poisoned(second));
    assert_null(__asan_region_is_poisoned(first, 100));
    rondo__arena_free(&arena);
#else
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_counts),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_fails_once_at_the_nth),
        cmocka_unit_test(test_arena_grows_and_rests),
        cmocka_unit_test(test_arena_of_scratch),
        cmocka_unit_test(test_arena_is_not_wasteful),
        cmocka_unit_test(test_arena_reserve),
        cmocka_unit_test(test_arena_every_failure),
        cmocka_unit_test(test_arena_red_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
