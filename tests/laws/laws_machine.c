/* Laws 8 and 9: threads and memory. */
#include "laws/law.h"

#include "support/test.h"
#include "tensor/context.h"

static const law_mode train = {.training = true, .gradients = true};

/* However the steps are shared out, too. */
void law_8_threads(const law_case *c) {
    static const int threads[] = {2, 3, 4, 8, 1, 2, 3};
    static const rondo__cut cuts[] = {0, 0, 0, 0, RONDO__CUT_UNITS, RONDO__CUT_UNITS, RONDO__CUT_UNITS};
    law_data data = law_make(c);
    rondo_tape *tape = law_tape(1, NULL);
    law_result expected = law_run(tape, c, &data, train);
    law_end(tape);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        tape = law_tape(threads[i], NULL);
        rondo_tape_context(tape)->cut = cuts[i] ? cuts[i] : RONDO__CUT_ROWS;
        law_result found = law_run(tape, c, &data, train);
        law_compare(c, &found, &expected, -1);
        law_forget(&found);
        law_end(tape);
    }
    law_forget(&expected);
    law_drop(&data);
}

/* Fails the nth allocation of a first step on a fresh tape, then runs the step again on the same tape. Returns whether
 * the step had so many allocations. */
static bool fail_nth(const law_case *c, const law_data *data, int64_t nth, const law_result *expected) {
    int64_t live = rondo__alloc_live();
    rondo_tape *tape = law_tape(1, NULL);
    law_result result;
    rondo__alloc_fail_at(nth);
    rondo_status status = law_try(tape, c, data, train, &result);
    rondo__alloc_fail_at(0);
    assert_true(status == RONDO_OK || status == RONDO_MEMORY);
    if (status) {
        rondo_error err = {0};
        rondo_tape_status(tape, &err);
        assert_true(err.message[0] != 0);
        result = law_run(tape, c, data, train);
    }
    law_compare(c, &result, expected, -1);
    law_forget(&result);
    law_end(tape);
    assert_int_equal(rondo__alloc_live(), live);
    return status != RONDO_OK;
}

void law_9_memory(const law_case *c) {
    law_data data = law_make(c);
    rondo_tape *tape = law_tape(2, NULL);
    law_result expected = law_run(tape, c, &data, train);
    uint64_t before = rondo__alloc_count();
    law_result again = law_run(tape, c, &data, train);
    assert_int_equal(rondo__alloc_count(), before);
    law_compare(c, &again, &expected, -1);
    law_forget(&again);
    int64_t nth = 1;
    while (fail_nth(c, &data, nth, &expected))
        nth++;
    assert_true(nth > 1);
    law_forget(&expected);
    law_drop(&data);
    law_end(tape);
}
