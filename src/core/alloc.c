/* The only malloc of the library.
 *
 * Process-wide counters stand beside it: they change no result, they let tests see that a step allocates nothing, that
 * nothing leaks, and let any chosen allocation fail; and they hold a limit of bytes for those who set one. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <malloc.h>
#include <sys/mman.h>
#endif

#include "core/core.h"

/* From LARGE bytes on memory is asked for in pages of HUGE bytes: fewer faults when it is first touched, and fewer
 * misses when a product walks over rows that lie pages apart. Where the system has none nothing changes. */
#define HUGE ((size_t)2 << 20)
#define LARGE (2 * HUGE)

static _Atomic uint64_t allocations;
static _Atomic int64_t live;
static _Atomic int64_t fail_countdown; /* 1: the next one fails; 0 or less: none */
static _Atomic size_t held, peak;      /* bytes */
static _Atomic size_t limit;           /* of held; 0: none */

bool rondo__size_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

bool rondo__size_add(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }

static bool told_to_fail(void) {
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0)
        return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

static void *aligned(size_t bytes) {
#ifdef MADV_HUGEPAGE
    if (bytes >= LARGE) {
        void *p = NULL;
        if (posix_memalign(&p, HUGE, bytes))
            return NULL;
        madvise(p, bytes / HUGE * HUGE, MADV_HUGEPAGE);
        return p;
    }
#endif
    return aligned_alloc(RONDO_ALIGN, bytes);
}

/* What the C library has set aside for p; 0 where it cannot tell. */
static size_t size_of(void *p) {
#ifdef __linux__
    return malloc_usable_size(p);
#else
    return (void)p, 0;
#endif
}

static bool is_over_limit(size_t bytes) {
    const size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
    const size_t now = atomic_load_explicit(&held, memory_order_relaxed);
    return most > 0 && (bytes > most || now > most - bytes);
}

static void count(void *p) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    const size_t now = atomic_fetch_add_explicit(&held, size_of(p), memory_order_relaxed) + size_of(p);
    size_t most = atomic_load_explicit(&peak, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now))
        ;
}

void *rondo__alloc(size_t bytes) {
    size_t rounded;
    if (!rondo__size_add(bytes ? bytes : 1, RONDO_ALIGN - 1, &rounded) || rounded > PTRDIFF_MAX || told_to_fail() ||
        is_over_limit(rounded))
        return NULL;
    void *p = aligned(rounded / RONDO_ALIGN * RONDO_ALIGN);
    if (p)
        count(p);
    return p;
}

void *rondo__calloc(size_t count, size_t bytes) {
    size_t total;
    if (!rondo__size_mul(count, bytes, &total))
        return NULL;
    void *p = rondo__alloc(total);
    if (p)
        memset(p, 0, total);
    return p;
}

void *rondo__realloc(void *p, size_t old_bytes, size_t new_bytes) {
    void *grown = rondo__alloc(new_bytes);
    if (grown && p) {
        memcpy(grown, p, old_bytes < new_bytes ? old_bytes : new_bytes);
        rondo__free(p);
    }
    return grown;
}

void rondo__free(void *p) {
    if (!p)
        return;
    atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&held, size_of(p), memory_order_relaxed);
    free(p);
}

char *rondo__strdup(const char *s) {
    size_t bytes = strlen(s) + 1;
    char *copy = rondo__alloc(bytes);
    if (copy)
        memcpy(copy, s, bytes);
    return copy;
}

uint64_t rondo__alloc_count(void) { return atomic_load(&allocations); }

int64_t rondo__alloc_live(void) { return atomic_load(&live); }

void rondo__alloc_fail_at(int64_t nth) { atomic_store(&fail_countdown, nth); }

size_t rondo__alloc_bytes(void) { return atomic_load(&held); }

size_t rondo__alloc_peak(bool begin_anew) {
    const size_t most = atomic_load(&peak);
    if (begin_anew)
        atomic_store(&peak, atomic_load(&held));
    return most;
}

void rondo__alloc_limit(size_t bytes) { atomic_store(&limit, bytes); }
