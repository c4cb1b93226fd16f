/* Places of gradients: those taken at one time never overlap, and the block stays as low as it can in simple cases. */
#include "support/test.h"

#include "autograd/places.h"

enum { PLACES = 200 };

typedef struct some {
    rondo__place place[PLACES];
    size_t bytes[PLACES];
    bool taken[PLACES];
} some;

static void no_overlap(const some *s, const rondo__places *places) {
    for (int i = 0; i < PLACES; i++)
        for (int j = 0; j < PLACES && s->taken[i]; j++) {
            const rondo__place *a = &s->place[i], *b = &s->place[j];
            if (i != j && s->taken[j] && s->bytes[i] && s->bytes[j])
                assert_true(a->offset + s->bytes[i] <= b->offset || b->offset + s->bytes[j] <= a->offset);
            assert_true(a->offset + s->bytes[i] <= places->height && a->offset % RONDO_ALIGN == 0);
        }
}

static void test_never_overlap(void **state) {
    static some s;
    rondo__places places = {0};
    uint32_t random = 1;
    (void)state;
    for (int turn = 0; turn < 4000; turn++) {
        random = random * 1664525u + 1013904223u;
        const int i = (int)(random >> 8) % PLACES;
        if (s.taken[i])
            rondo__place_give_back(&places, &s.place[i]);
        else
            assert_true(rondo__place_take(&places, &s.place[i], s.bytes[i] = (random >> 20) % 5 * (random >> 26)));
        s.taken[i] = !s.taken[i];
        if (turn % 50 == 0)
            no_overlap(&s, &places);
    }
    for (int i = 0; i < PLACES; i++)
        if (s.taken[i])
            rondo__place_give_back(&places, &s.place[i]);
    assert_null(places.last);
}

/* A chain: each gradient is given back once the next one was taken. Two stand side by side, whatever the length. */
static void test_chain(void **state) {
    rondo__place place[PLACES];
    rondo__places places = {0};
    (void)state;
    for (int i = 0; i < PLACES; i++) {
        assert_true(rondo__place_take(&places, &place[i], 1024));
        if (i > 0)
            rondo__place_give_back(&places, &place[i - 1]);
    }
    assert_int_equal(places.height, 2048);
}

/* Of the gaps of 512, 256 and 1024 bytes the one of 256 is the tightest for 200. */
static void test_tightest_gap(void **state) {
    static const size_t bytes[] = {512, 64, 256, 64, 1024, 64};
    rondo__place place[6], next;
    rondo__places places = {0};
    (void)state;
    for (int i = 0; i < 6; i++)
        assert_true(rondo__place_take(&places, &place[i], bytes[i]));
    for (int i = 0; i < 6; i += 2)
        rondo__place_give_back(&places, &place[i]);
    assert_true(rondo__place_take(&places, &next, 200));
    assert_int_equal(next.offset, 576);
    assert_false(rondo__place_take(&places, &place[0], SIZE_MAX));
    assert_false(rondo__place_take(&places, &place[0], SIZE_MAX / RONDO_ALIGN * RONDO_ALIGN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_overlap),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_tightest_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
