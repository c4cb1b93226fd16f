/* Calls of the attention operator with one thing wrong each: a status, one line that says what, and no result. */
#include "nn/attention_run.h"

typedef struct wrong {
    const char *says; /* part of the message */
    rondo_status status;
    void (*spoil)(rondo_attention_input *in, rondo_attention_options *o, rondo_var *const *other);
} wrong;

/* other: a (2, 2) and a (2, 2, 2), of no use anywhere. */
#define WRONG(name, statement)                                                                                         \
    static void name(rondo_attention_input *in, rondo_attention_options *o, rondo_var *const *other) {                 \
        (void)in, (void)o, (void)other;                                                                                \
        statement;                                                                                                     \
    }
static const int32_t too_long[] = {1, 2, 99, 0, 0, 0}, negative[] = {0, -1, 0, 0, 0, 0}, first[] = {0, 0, 0, 0, 0, 0};

WRONG(no_query, in->query = NULL)
WRONG(no_keys, in->keys = NULL)
WRONG(no_values, in->values = NULL)
WRONG(flat_query, in->query = other[0])
WRONG(narrow_keys, in->keys = other[1])
WRONG(other_rows, in->query = other[1]; in->keys = in->values)
WRONG(unknown_score, o->score = (rondo_attention_score)7)
WRONG(negative_heads, o->heads = -1)
WRONG(odd_heads, o->heads = 5)
WRONG(infinite_scale, o->scale = (rondo_real)INFINITY)
WRONG(full_dropout, o->dropout = 1)
WRONG(nan_dropout, o->dropout = (rondo_real)NAN)
WRONG(negative_offset, o->causal = true; o->causal_offset = -1)
WRONG(long_length, o->lengths = too_long)
WRONG(negative_length, o->lengths = negative)
WRONG(recorded_memory, o->memory_of = first)
WRONG(dot_with_v, in->v = other[0])
WRONG(window_alone, o->window = 2)
WRONG(no_window, in->position = other[0]; o->window = 0)
WRONG(causal_window, in->position = other[0]; o->window = 2; o->causal = true)
WRONG(wide_position, in->position = other[0]; o->window = 2)
WRONG(wide_coverage, in->coverage = other[0])
WRONG(coverage_of_heads, in->coverage = other[0]; o->heads = 2)
WRONG(additive_without_v, o->score = RONDO_SCORE_ADDITIVE)
WRONG(additive_heads, o->score = RONDO_SCORE_ADDITIVE; o->heads = 2)
WRONG(additive_wide_v, o->score = RONDO_SCORE_ADDITIVE; in->v = other[0])

static const wrong all[] = {
    {"query", RONDO_ARGUMENT, no_query},
    {"keys", RONDO_ARGUMENT, no_keys},
    {"values", RONDO_ARGUMENT, no_values},
    {"query", RONDO_SHAPE, flat_query},
    {"keys", RONDO_SHAPE, narrow_keys},
    {"rows of queries", RONDO_SHAPE, other_rows},
    {"score 7", RONDO_ARGUMENT, unknown_score},
    {"heads", RONDO_ARGUMENT, negative_heads},
    {"heads", RONDO_SHAPE, odd_heads},
    {"scale", RONDO_ARGUMENT, infinite_scale},
    {"dropout", RONDO_ARGUMENT, full_dropout},
    {"dropout", RONDO_ARGUMENT, nan_dropout},
    {"causal_offset", RONDO_ARGUMENT, negative_offset},
    {"length 2 is 99", RONDO_ARGUMENT, long_length},
    {"length 1 is -1", RONDO_ARGUMENT, negative_length},
    {"memory_of", RONDO_UNSUPPORTED, recorded_memory},
    {"v and u", RONDO_ARGUMENT, dot_with_v},
    {"window", RONDO_ARGUMENT, window_alone},
    {"window", RONDO_ARGUMENT, no_window},
    {"window", RONDO_ARGUMENT, causal_window},
    {"position", RONDO_SHAPE, wide_position},
    {"coverage", RONDO_SHAPE, wide_coverage},
    {"coverage", RONDO_ARGUMENT, coverage_of_heads},
    {"v is NULL", RONDO_ARGUMENT, additive_without_v},
    {"heads", RONDO_ARGUMENT, additive_heads},
    {"v is", RONDO_SHAPE, additive_wide_v},
};

static void check(rondo_tape *tape, att_run *r, const wrong *w) {
    rondo_var *in[ATT_IN];
    rondo_error err = {0};
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    for (int i = 0; i < ATT_IN; i++)
        in[i] = r->in[i].data ? rondo_leaf(tape, &r->in[i], r->grad[i]) : NULL;
    rondo_attention_input input = {.query = in[0], .keys = in[1], .values = in[2]};
    rondo_attention_options options = r->about.options;
    rondo_var *const other[] = {rondo_zeros(tape, 2, (int64_t[]){2, 2}), rondo_zeros(tape, 3, (int64_t[]){2, 2, 8})};
    w->spoil(&input, &options, other);
    rondo_attention_result got = rondo_attention(tape, &input, &options);
    assert_true(!got.context && !got.weights && !got.coverage);
    assert_int_equal(rondo_tape_status(tape, &err), w->status);
    if (!strstr(err.message, w->says) || strchr(err.message, '\n') || strncmp(err.message, "attention: ", 11) != 0)
        fail_msg("'%s' does not speak of '%s'", err.message, w->says);
}

static void one_thing_wrong(void **state) {
    static const att_case right = {"right", 3, 3, 4, 8, 8, .options = {.score = RONDO_SCORE_DOT}};
    rondo_context *context;
    rondo_tape *tape;
    att_run r;
    (void)state;
    att_tape(&context, &tape, 1, NULL);
    att_open(&r, &right);
    assert_int_equal(att_go(&r, tape, false, rondo_attention), RONDO_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check(tape, &r, &all[i]);
    rondo_tape_begin(tape, NULL);
    assert_null(rondo_attention(tape, NULL, NULL).context);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_ARGUMENT);
    assert_null(rondo_attention(NULL, NULL, NULL).context);
    att_close(&r);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_thing_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
