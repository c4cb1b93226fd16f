/* The attention operator against finite differences, every kind of it, with the gradients of all inputs through all
 * three outputs. */
#include "autograd/gradients.h"

#include "nn/attention_run.h"

/* Leaves come in the order of the inputs, without the absent ones. */
static rondo_var *through_all(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    att_run *r = arg;
    rondo_var *in[ATT_IN];
    int next = 0;
    for (int i = 0; i < ATT_IN; i++)
        in[i] = r->in[i].data ? leaves[next++] : NULL;
    assert_int_equal(next, count);
    rondo_attention_input input = {in[0], in[1], in[2], in[3], in[4], in[5], in[6]};
    rondo_attention_result got = rondo_attention(tape, &input, &r->about.options);
    rondo_var *all = rondo_add(tape, gradients_scalar(tape, got.context), gradients_scalar(tape, got.weights));
    return r->about.options.heads > 1 ? all : rondo_add(tape, all, gradients_scalar(tape, got.coverage));
}

/* A window's edge and the clip of its centre are steps, which no difference may straddle: positions are drawn from
 * where no length of the cases has one. */
static void check(att_run *r, bool training) {
    gradient_case c = {.name = r->about.name, .fn = through_all, .arg = r, .training = training};
    int next = 0;
    for (int i = 0; i < ATT_IN; i++) {
        if (!r->in[i].data)
            continue;
        gradient_input *input = &c.inputs[next++];
        input->rank = r->in[i].rank;
        memcpy(input->dims, r->in[i].dims, sizeof input->dims);
        input->low = i == 6 ? 0.62 : i == 5 ? 0 : -1;
        input->high = i == 6 ? 0.635 : 1;
    }
    gradients_run(&c, 1);
}

static void every_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < ATT_CASES; i++) {
        att_case small = att_cases[i];
        if (small.S > 20) /* finite differences of every number: keep it short */
            small.T = 2, small.S = 18, small.A = 17, small.W = 18;
        att_run r;
        att_open(&r, &small);
        check(&r, false);
        r.about.options.dropout = (rondo_real)0.3;
        if (i % 3 == 0)
            check(&r, true);
        att_close(&r);
    }
}

/* One variable as query, keys and values: three gradients meet in it. */
static rondo_var *self(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    rondo_attention_input input = {leaves[0], leaves[0], leaves[0], count > 1 ? leaves[1] : NULL};
    rondo_attention_result got = rondo_attention(tape, &input, arg);
    return rondo_add(tape, gradients_scalar(tape, got.context), gradients_scalar(tape, got.weights));
}

static void self_attention(void **state) {
    static const int32_t lengths[] = {5, 0, 3};
    static rondo_attention_options dot = {.heads = 2, .causal = true};
    static rondo_attention_options additive = {.score = RONDO_SCORE_ADDITIVE, .lengths = lengths};
    const gradient_case cases[] = {
        {"self, dot", self, &dot, .inputs = {GRADIENT_INPUT(5, 3, 8)}},
        {"self, additive", self, &additive, .inputs = {GRADIENT_INPUT(5, 3, 7), GRADIENT_INPUT(7)}},
    };
    (void)state;
    gradients_run(cases, sizeof cases / sizeof *cases);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind), cmocka_unit_test(self_attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
