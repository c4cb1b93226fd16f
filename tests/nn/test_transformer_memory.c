/* Transformers while memory fails, allocation by allocation: a clean RONDO_MEMORY, nothing left over, no gradient
 * touched by a backward that could not finish; and no allocation once a step of the size was made. */
#include "nn/transformer_net.h"

static net_run r;

static void all_zero(const rondo_real *numbers, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        assert_true(numbers[i] == 0);
}

static int whole(void *arg) {
    net n;
    rondo_status status = net_try(&n, arg, 2);
    if (!status) {
        net_draw(&r, &n, NET_T, NET_S, NULL);
        status = net_pass(&n, &r);
    }
    if (status && n.net && rondo_params_grads(n.params)) {
        all_zero(r.dx, NET_ROOM);
        all_zero(r.dmemory, NET_ROOM);
        all_zero(rondo_params_grads(n.params), rondo_params_size(n.params));
    }
    net_close(&n);
    memset(&r, 0, sizeof r);
    return (int)status;
}

static void every_allocation(void **unused) {
    (void)unused;
    for (size_t i = 0; i < NET_CASES; i++)
        test_every_failure(whole, (void *)&net_cases[i]);
}

static void no_more_allocations(void **unused) {
    (void)unused;
    for (size_t i = 0; i < NET_CASES; i++) {
        net n;
        net_open(&n, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        net_go(&n, &r);
        net_go(&n, &r); /* the arena becomes one block */
        const uint64_t before = rondo__alloc_count();
        net_go(&n, &r);
        assert_int_equal(rondo__alloc_count(), before);
        net_close(&n);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation), cmocka_unit_test(no_more_allocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
