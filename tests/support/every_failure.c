#include "core/core.h"
#include "support/test.h"

void test_every_failure(int (*body)(void *arg), void *arg) {
    int64_t live = rondo__alloc_live();
    uint64_t before = rondo__alloc_count();
    assert_int_equal(body(arg), RONDO_OK);
    assert_int_equal(rondo__alloc_live(), live);
    int64_t allocations = (int64_t)(rondo__alloc_count() - before);
    for (int64_t nth = 1; nth <= allocations; nth++) {
        rondo__alloc_fail_at(nth);
        int status = body(arg);
        rondo__alloc_fail_at(0);
        if (status != RONDO_MEMORY || rondo__alloc_live() != live)
            fail_msg("allocation %lld of %lld failed: status %s, %lld allocations left over", (long long)nth,
                     (long long)allocations, rondo_status_name((rondo_status)status),
                     (long long)(rondo__alloc_live() - live));
    }
    assert_int_equal(body(arg), RONDO_OK);
}
