/* The core on any machine: what depends on the CPU's memory order, byte order or alignment. Needs no cmocka, so it also
 * runs in the cross build. Prints each failure; exit code 1 when there was one. */
#include <stdio.h>
#include <string.h>

#include "core/core.h"

static int failures;

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                             \
            failures++;                                                                                                \
        }                                                                                                              \
    } while (0)

static void check_random(void) {
    uint32_t out[4];
    rondo__random_u32x4(0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u, out);
    EXPECT(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1);
}

static void check_arena(void) {
    rondo__arena arena;
    rondo__arena_init(&arena);
    for (size_t bytes = 0; bytes < 300; bytes += 7) {
        char *p = rondo__arena_push(&arena, bytes);
        EXPECT(p && (uintptr_t)p % RONDO_ALIGN == 0);
        if (p)
            memset(p, 1, bytes);
    }
    rondo__arena_free(&arena);
    EXPECT(rondo__alloc_live() == 0);
}

typedef struct relay {
    rondo__pool *pool;
    int64_t turn[4]; /* plain memory: only the meetings order it */
    int wrong[4];
} relay;

static void run_relay(void *arg, int64_t index, int worker) {
    relay *r = arg;
    int threads = rondo__pool_threads(r->pool);
    for (int64_t step = 1; step <= 200; step++) {
        r->turn[worker] = step * 10 + index;
        rondo__pool_meet(r->pool, worker);
        for (int i = 0; i < threads; i++)
            r->wrong[worker] += r->turn[i] != step * 10 + i;
        rondo__pool_meet(r->pool, worker);
    }
}

static void square(void *arg, int64_t index, int worker) {
    (void)worker;
    ((int64_t *)arg)[index] += index * index;
}

static void check_pool(int threads) {
    rondo__pool *pool;
    EXPECT(rondo__pool_create(&pool, threads, NULL) == RONDO_OK);
    int64_t sums[500] = {0};
    for (int round = 0; round < 20; round++)
        rondo__pool_run(pool, 500, square, sums);
    for (int64_t i = 0; i < 500; i++)
        EXPECT(sums[i] == 20 * i * i);
    relay r = {.pool = pool};
    rondo__pool_region(pool, run_relay, &r);
    for (int i = 0; i < threads; i++)
        EXPECT(r.wrong[i] == 0);
    rondo__pool_destroy(&pool);
}

int main(void) {
    check_random();
    check_arena();
#ifdef __EMSCRIPTEN__
    check_pool(1);
#else
    for (int threads = 1; threads <= 4; threads++)
        check_pool(threads);
#endif
    EXPECT(rondo__alloc_live() == 0);
    return failures != 0;
}
