/* The learning rate of every schedule at places where it is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/schedule.h"

static rondo__recipe_train make(int type, int64_t warmup) {
    rondo__recipe_train train = {.optimizer = {.learning_rate = 2}};
    train.schedule.type = type;
    train.schedule.warmup_steps = warmup;
    train.schedule.step_size = 10;
    train.schedule.gamma = 0.5;
    train.schedule.patience = 1;
    return train;
}

static void expect(const rondo__recipe_train *train, int64_t step, double want) {
    const rondo__plateau plateau = {1, NAN, 0};
    const double got = rondo__schedule_rate(train, &plateau, step, 100);
    if (fabs(got - want) > 1e-12)
        fail_msg("type %d, step %d: %.15g, not %.15g", train->schedule.type, (int)step, got, want);
}

static void test_rates(void **state) {
    (void)state;
    rondo__recipe_train t = make(RONDO__CONSTANT, 4);
    expect(&t, 0, 2.0 / 5);
    expect(&t, 3, 8.0 / 5);
    expect(&t, 4, 2);
    expect(&t, 99, 2);
    t = make(RONDO__STEP, 0);
    expect(&t, 9, 2);
    expect(&t, 10, 1);
    expect(&t, 25, 0.5);
    t.schedule.minimum = 0.25;
    expect(&t, 99, 0.5);
    t = make(RONDO__COSINE, 20);
    expect(&t, 20, 2);
    expect(&t, 60, 1);
    expect(&t, 100, 0);
    expect(&t, 500, 0);
    t.schedule.minimum = 0.1;
    expect(&t, 60, 1.1);
    expect(&t, 100, 0.2);
    t = make(RONDO__INVERSE_SQRT, 10);
    expect(&t, 10, 2);
    expect(&t, 40, 1);
    t = make(RONDO__ONE_CYCLE, 0);
    expect(&t, 0, 2.0 / 25); /* torch's OneCycleLR(max_lr=2, total_steps=100): 0.08, 2 at step 29, 8e-6 at the end */
    expect(&t, 29, 2);
    expect(&t, 99, 2.0 / 250000);
}

static void test_plateau(void **state) {
    (void)state;
    const rondo__recipe_train t = make(RONDO__PLATEAU, 0);
    rondo__plateau plateau = {1, NAN, 0};
    const double values[] = {5, 4, 4, 4.5, 3, 3, 3};
    const double factors[] = {1, 1, 1, 0.5, 0.5, 0.5, 0.25};
    for (int i = 0; i < 7; i++) {
        rondo__plateau_observe(&plateau, &t, values[i]);
        assert_true(rondo__schedule_rate(&t, &plateau, i, 100) == 2 * factors[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_plateau)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
