/* The table: each line is a cell with options and shapes, and obeys every law. To add a cell see law.h. */
#include "laws/law.h"

#include "support/test.h"

static const int32_t ragged[] = {4, 7, 0}, ragged_small[] = {0, 4, 2}, ragged_wide[] = {3, 5, 1, 5, 0, 2, 5, 4, 1},
                     all_empty[] = {0, 0, 0};

/* small odd shapes, where finite differences are run; and wider ones, with full and cut vectors */
#define SMALL .T = 4, .B = 3, .I = 3, .H = 5, .gradients = true
#define ODD .T = 7, .B = 3, .I = 5, .H = 11
#define WIDE .T = 5, .B = 9, .I = 20, .H = 33
#define ALL_LSTM                                                                                                       \
    .peephole = true, .norm = true, .P = 4, .clip = (real)0.9, .recurrent_dropout = (real)0.4, .zoneout = (real)0.3,   \
    .zoneout_cell = (real)0.2
#define ALL_GRU .recurrent_dropout = (real)0.4, .zoneout = (real)0.3
#define JORDAN .P = 4, .decay = (real)0.5

static const law_case table[] = {
    {.name = "lstm", .cell = &law_lstm, ODD, .gradients = true},
    {.name = "lstm no bias", .cell = &law_lstm, SMALL, .no_bias = true},
    {.name = "lstm one step", .cell = &law_lstm, .T = 1, .B = 3, .I = 5, .H = 16, .gradients = true},
    {.name = "lstm one unit", .cell = &law_lstm, .T = 3, .B = 1, .I = 1, .H = 1, .gradients = true},
    {.name = "lstm 16", .cell = &law_lstm, .T = 3, .B = 17, .I = 16, .H = 16},
    {.name = "lstm 33", .cell = &law_lstm, WIDE},
    {.name = "lstm ragged", .cell = &law_lstm, ODD, .lengths = ragged},
    {.name = "lstm ragged 33", .cell = &law_lstm, WIDE, .lengths = ragged_wide},
    {.name = "lstm reverse", .cell = &law_lstm, SMALL, .reverse = true},
    {.name = "lstm reverse 33", .cell = &law_lstm, WIDE, .reverse = true},
    {.name = "lstm ragged reverse", .cell = &law_lstm, SMALL, .reverse = true, .lengths = ragged_small},
    {.name = "lstm empty", .cell = &law_lstm, SMALL, .lengths = all_empty},
    {.name = "lstm peephole", .cell = &law_lstm, SMALL, .peephole = true, .lengths = ragged_small},
    {.name = "lstm projection", .cell = &law_lstm, SMALL, .P = 2},
    {.name = "lstm projection 33", .cell = &law_lstm, WIDE, .P = 17, .lengths = ragged_wide},
    {.name = "lstm coupled", .cell = &law_lstm, SMALL, .coupled = true, .peephole = true},
    {.name = "lstm clip", .cell = &law_lstm, SMALL, .clip = (real)0.5},
    {.name = "lstm norm", .cell = &law_lstm, SMALL, .norm = true},
    {.name = "lstm norm peephole", .cell = &law_lstm, SMALL, .norm = true, .peephole = true, .clip = (real)0.6},
    {.name = "lstm norm 33", .cell = &law_lstm, WIDE, .norm = true, .lengths = ragged_wide},
    {.name = "lstm dropout", .cell = &law_lstm, SMALL, .recurrent_dropout = (real)0.5},
    {.name = "lstm zoneout", .cell = &law_lstm, SMALL, .zoneout = (real)0.3, .zoneout_cell = (real)0.4},
    {.name = "lstm zoneout of h", .cell = &law_lstm, SMALL, .zoneout = (real)0.5},
    {.name = "lstm all", .cell = &law_lstm, SMALL, ALL_LSTM},
    {.name = "lstm all ragged", .cell = &law_lstm, SMALL, ALL_LSTM, .lengths = ragged_small, .coupled = true},
    {.name = "lstm all reverse 33", .cell = &law_lstm, WIDE, ALL_LSTM, .lengths = ragged_wide, .reverse = true},

    {.name = "elman", .cell = &law_elman, ODD, .gradients = true},
    {.name = "elman no bias", .cell = &law_elman, SMALL, .no_bias = true},
    {.name = "elman one unit", .cell = &law_elman, .T = 3, .B = 1, .I = 1, .H = 1, .gradients = true},
    {.name = "elman relu", .cell = &law_elman, WIDE, .activation = RONDO_RELU, .lengths = ragged_wide},
    {.name = "elman sigmoid", .cell = &law_elman, SMALL, .activation = RONDO_SIGMOID, .lengths = ragged_small},
    {.name = "elman reverse 33", .cell = &law_elman, WIDE, .reverse = true},
    {.name = "elman ragged reverse", .cell = &law_elman, SMALL, .reverse = true, .lengths = ragged_small},
    {.name = "elman empty", .cell = &law_elman, SMALL, .lengths = all_empty},
    {.name = "elman dropout", .cell = &law_elman, SMALL, .recurrent_dropout = (real)0.5},
    {.name = "elman zoneout", .cell = &law_elman, SMALL, .zoneout = (real)0.3, .reverse = true},
    {.name = "elman all", .cell = &law_elman, SMALL, ALL_GRU, .lengths = ragged_small},

    {.name = "gru", .cell = &law_gru, ODD, .gradients = true},
    {.name = "gru no bias", .cell = &law_gru, SMALL, .no_bias = true},
    {.name = "gru one step", .cell = &law_gru, .T = 1, .B = 3, .I = 5, .H = 16, .gradients = true},
    {.name = "gru one unit", .cell = &law_gru, .T = 3, .B = 1, .I = 1, .H = 1, .gradients = true},
    {.name = "gru ragged", .cell = &law_gru, ODD, .lengths = ragged},
    {.name = "gru ragged 33", .cell = &law_gru, WIDE, .lengths = ragged_wide},
    {.name = "gru reverse", .cell = &law_gru, SMALL, .reverse = true},
    {.name = "gru ragged reverse", .cell = &law_gru, SMALL, .reverse = true, .lengths = ragged_small},
    {.name = "gru empty", .cell = &law_gru, SMALL, .lengths = all_empty},
    {.name = "gru norm", .cell = &law_gru, SMALL, .norm = true},
    {.name = "gru norm no bias", .cell = &law_gru, SMALL, .norm = true, .no_bias = true},
    {.name = "gru norm 33", .cell = &law_gru, WIDE, .norm = true, .lengths = ragged_wide},
    {.name = "gru all", .cell = &law_gru, SMALL, ALL_GRU, .norm = true, .lengths = ragged_small},
    {.name = "gru before", .cell = &law_gru, SMALL, .reset_before = true},
    {.name = "gru before no bias", .cell = &law_gru, SMALL, .reset_before = true, .no_bias = true},
    {.name = "gru before 33", .cell = &law_gru, WIDE, .reset_before = true, .lengths = ragged_wide, .reverse = true},
    {.name = "gru before norm", .cell = &law_gru, SMALL, .reset_before = true, .norm = true, .lengths = ragged_small},
    {.name = "gru before norm 33", .cell = &law_gru, WIDE, .reset_before = true, .norm = true},
    {.name = "gru before all", .cell = &law_gru, SMALL, ALL_GRU, .reset_before = true, .norm = true, .reverse = true},

    {.name = "jordan", .cell = &law_jordan, ODD, .P = 4, .gradients = true},
    {.name = "jordan identity", .cell = &law_jordan, SMALL, .P = 4, .output = RONDO_IDENTITY, .no_bias = true},
    {.name = "jordan sigmoid", .cell = &law_jordan, SMALL, JORDAN, .output = RONDO_SIGMOID, .lengths = ragged_small},
    {.name = "jordan softmax", .cell = &law_jordan, SMALL, JORDAN, .output = RONDO_SOFTMAX, .reverse = true},
    {.name = "jordan relu 33", .cell = &law_jordan, WIDE, JORDAN, .activation = RONDO_RELU, .lengths = ragged_wide},
    {.name = "jordan F", .cell = &law_jordan, SMALL, JORDAN, .Q = 3, .output = RONDO_SOFTMAX},
    {.name = "jordan F ragged reverse",
     .cell = &law_jordan,
     SMALL,
     JORDAN,
     .Q = 3,
     .output = RONDO_IDENTITY,
     .lengths = ragged_small,
     .reverse = true},
    {.name = "jordan F 33",
     .cell = &law_jordan,
     WIDE,
     .P = 70,
     .Q = 18,
     .output = RONDO_SOFTMAX,
     .lengths = ragged_wide},
    {.name = "jordan empty", .cell = &law_jordan, SMALL, JORDAN, .lengths = all_empty},
    {.name = "jordan dropout",
     .cell = &law_jordan,
     SMALL,
     JORDAN,
     .Q = 3,
     .recurrent_dropout = (real)0.4,
     .output = RONDO_SOFTMAX},
    {.name = "jordan taught", .cell = &law_jordan, SMALL, JORDAN, .teacher = true, .output = RONDO_SOFTMAX},
    {.name = "jordan taught F ragged",
     .cell = &law_jordan,
     SMALL,
     JORDAN,
     .Q = 3,
     .teacher = true,
     .lengths = ragged_small,
     .reverse = true},
    {.name = "jordan taught dropout",
     .cell = &law_jordan,
     SMALL,
     JORDAN,
     .teacher = true,
     .recurrent_dropout = (real)0.4},
    {.name = "jordan taught 33", .cell = &law_jordan, WIDE, .P = 17, .teacher = true, .lengths = ragged_wide},
};

static void every(void (*law)(const law_case *c)) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        law(&table[i]);
}

static void test_1_gradients(void **state) { (void)state, every(law_1_gradients); }
static void test_2_composition(void **state) { (void)state, every(law_2_composition); }
static void test_4_instruction_sets(void **state) { (void)state, every(law_4_instruction_sets); }
static void test_5_chunks(void **state) { (void)state, every(law_5_chunks); }
static void test_6_padding(void **state) { (void)state, every(law_6_padding); }
static void test_7_permutation(void **state) { (void)state, every(law_7_permutation); }
static void test_8_threads(void **state) { (void)state, every(law_8_threads); }
static void test_9_memory(void **state) { (void)state, every(law_9_memory); }
static void test_10_streaming(void **state) { (void)state, every(law_10_streaming); }
static void test_no_steps_no_rows(void **state) { (void)state, every(law_no_steps_no_rows); }
static void test_nan_arrives(void **state) { (void)state, every(law_nan_arrives); }
static void test_no_work_for_padding(void **state) { (void)state, every(law_no_work_for_padding); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_1_gradients),        cmocka_unit_test(test_2_composition),
        cmocka_unit_test(test_4_instruction_sets), cmocka_unit_test(test_5_chunks),
        cmocka_unit_test(test_6_padding),          cmocka_unit_test(test_7_permutation),
        cmocka_unit_test(test_8_threads),          cmocka_unit_test(test_9_memory),
        cmocka_unit_test(test_10_streaming),       cmocka_unit_test(test_no_steps_no_rows),
        cmocka_unit_test(test_nan_arrives),        cmocka_unit_test(test_no_work_for_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
