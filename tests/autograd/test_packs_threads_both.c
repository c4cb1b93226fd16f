/* Packed forms of parameters, which the tape keeps: the same bits as packing anew, kept as long as promised and no
 * longer, and clean when memory runs out. */
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/rondo.h"
#include "support/test.h"

enum { T = 3, B = 2, I = 7, H = 5, P = 3, O = 4, Q = 6, MOST_WEIGHTS = 4, WIDE = 64, MOST_ROWS = 1030 };

/* One step of a network: x (1, B, I) -> y, on weights w, with states that it reads and leaves behind. */
typedef struct network {
    const char *name;
    int weights;
    int64_t dims[MOST_WEIGHTS][2];
    rondo_var *(*step)(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state);
} network;

static rondo_var *linear(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    (void)state;
    return rondo_linear(tape, x, w[0], NULL);
}

static rondo_var *matmul(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    (void)state;
    return rondo_matmul(tape, x, w[0]);
}

static rondo_var *elman(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    rondo_elman_result r = rondo_elman(tape, x, state[0], &(rondo_elman_weights){.w_ih = w[0], .w_hh = w[1]}, NULL);
    state[0] = r.h;
    return r.output;
}

static rondo_var *lstm(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    rondo_lstm_result r =
        rondo_lstm(tape, x, state[0], state[1], &(rondo_lstm_weights){.w_ih = w[0], .w_hh = w[1], .w_hr = w[2]}, NULL);
    state[0] = r.h;
    state[1] = r.c;
    return r.output;
}

static rondo_var *gru(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state, bool before) {
    rondo_gru_result r = rondo_gru(tape, x, state[0], &(rondo_gru_weights){.w_ih = w[0], .w_hh = w[1]},
                                   &(rondo_gru_options){.reset_before = before});
    state[0] = r.h;
    return r.output;
}

static rondo_var *gru_after(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    return gru(tape, x, w, state, false);
}

static rondo_var *gru_before(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    return gru(tape, x, w, state, true);
}

static rondo_var *jordan_step(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state,
                              rondo_var *teacher) {
    rondo_jordan_weights weights = {.w_ih = w[0], .w_sh = w[1], .w_ho = w[2], .feedback = w[3]};
    rondo_jordan_result r = rondo_jordan(tape, x, state[0], teacher, &weights,
                                         &(rondo_jordan_options){.output = RONDO_TANH, .decay = (real)0.5});
    state[0] = r.s;
    return r.output;
}

static rondo_var *jordan(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    return jordan_step(tape, x, w, state, NULL);
}

static rondo_var *jordan_taught(rondo_tape *tape, rondo_var *x, rondo_var *const *w, rondo_var **state) {
    return jordan_step(tape, x, w, state, rondo_zeros(tape, 3, (int64_t[]){1, B, Q}));
}

static const network networks[] = {
    {"linear", 1, {{WIDE, I}}, linear},
    {"matmul", 1, {{I, WIDE}}, matmul},
    {"elman", 2, {{H, I}, {H, H}}, elman},
    {"lstm", 2, {{4 * H, I}, {4 * H, H}}, lstm},
    {"lstm wide", 2, {{4 * WIDE, I}, {4 * WIDE, WIDE}}, lstm}, /* its forms fill more than one chunk of an arena */
    {"lstm projected", 3, {{4 * H, I}, {4 * H, P}, {P, H}}, lstm},
    {"gru reset after", 2, {{3 * H, I}, {3 * H, H}}, gru_after},
    {"gru reset before", 2, {{3 * H, I}, {3 * H, H}}, gru_before},
    {"jordan", 4, {{H, I}, {H, Q}, {O, H}, {O, Q}}, jordan},
    {"jordan taught", 4, {{H, I}, {H, Q}, {O, H}, {O, Q}}, jordan_taught},
};
#define NETWORKS ((int)(sizeof networks / sizeof *networks))

/* A network with its parameters, on a tape of its own. */
typedef struct run {
    const network *net;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    bool leaves; /* weights as plain leaves: nothing is kept */
    real x[T * B * I], dx[T * B * I], y[T * B * WIDE], dy[B * WIDE];
} run;

static void fill_weights(run *r, uint64_t seed) {
    real *values = rondo_params_values(r->params);
    for (int64_t i = 0; i < rondo_params_size(r->params); i++)
        values[i] = (real)(rondo__random_uniform(seed, 1, (uint64_t)i) - 0.5);
}

static void run_close(run *r) {
    rondo_tape_destroy(&r->tape);
    rondo_params_destroy(&r->params);
    rondo_context_destroy(&r->context);
}

static rondo_status run_open(run *r, const network *net, int threads, bool leaves) {
    *r = (run){.net = net, .leaves = leaves};
    rondo_status status = rondo_context_create(&r->context, &(rondo_context_options){.threads = threads}, NULL);
    status = status ? status : rondo_tape_create(&r->tape, r->context, NULL);
    status = status ? status : rondo_params_create(&r->params, NULL);
    for (int i = 0; i < net->weights && !status; i++)
        status = rondo_params_add(r->params, (const char *[]){"a", "b", "c", "d"}[i], 2, net->dims[i], (rondo_init){0},
                                  NULL, NULL);
    status = status ? status : rondo_params_finish(r->params, 1, NULL);
    if (!status)
        fill_weights(r, 1);
    for (int i = 0; i < T * B * I; i++)
        r->x[i] = (real)(rondo__random_uniform(2, 1, (uint64_t)i) - 0.5);
    for (int i = 0; i < B * WIDE; i++)
        r->dy[i] = (real)(rondo__random_uniform(3, 1, (uint64_t)i) - 0.5);
    return status;
}

static void use_weights(run *r, rondo_var **w) {
    for (int i = 0; i < MOST_WEIGHTS; i++)
        w[i] = NULL;
    for (int i = 0; i < r->net->weights; i++) {
        rondo_param *p = rondo_params_at(r->params, i);
        w[i] = r->leaves ? rondo_leaf(r->tape, &p->value, p->grad) : rondo_params_use(r->params, r->tape, i);
    }
}

/* T single steps, and backward where recorded, into y, dx and the gradients of the parameters. */
static rondo_status run_steps(run *r, bool recording, bool same) {
    rondo_var *w[MOST_WEIGHTS], *state[2] = {NULL, NULL}, *y[T];
    const real *dy[T];
    memset(r->dx, 0, sizeof r->dx);
    rondo_params_clear_grads(r->params);
    rondo_tape_begin(r->tape, &(rondo_step){.recording = recording, .seed = 1, .same_parameters = same});
    use_weights(r, w);
    for (int t = 0; t < T; t++) {
        rondo_tensor x = rondo_tensor_view(RONDO_REAL, r->x + t * B * I, 3, (int64_t[]){1, B, I});
        y[t] = r->net->step(r->tape, rondo_leaf(r->tape, &x, r->dx + t * B * I), w, state);
        dy[t] = r->dy;
        if (y[t])
            memcpy(r->y + t * B * WIDE, y[t]->value.data, (size_t)rondo_tensor_count(&y[t]->value) * sizeof(real));
    }
    return recording ? rondo_backward_from(r->tape, T, y, dy) : rondo_tape_status(r->tape, NULL);
}

static void expect_same(const run *a, const run *b, bool weights) {
    if (memcmp(a->y, b->y, sizeof a->y) || memcmp(a->dx, b->dx, sizeof a->dx))
        fail_msg("%s: outputs or gradients of x differ", a->net->name);
    if (weights && memcmp(rondo_params_grads(a->params), rondo_params_grads(b->params),
                          (size_t)rondo_params_size(a->params) * sizeof(real)) != 0)
        fail_msg("%s: gradients of the weights differ", a->net->name);
}

static void test_same_bits(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        run plain, kept;
        assert_int_equal(run_open(&plain, &networks[i], 1, true), RONDO_OK);
        assert_int_equal(run_steps(&plain, true, false), RONDO_OK);
        for (int threads = 1; threads <= 3; threads++) {
            assert_int_equal(run_open(&kept, &networks[i], threads, false), RONDO_OK);
            assert_int_equal(run_steps(&kept, true, false), RONDO_OK);
            expect_same(&plain, &kept, true);
            run_close(&kept);
        }
        run_close(&plain);
    }
}

/* A promise that is broken on purpose shows what is kept: every form, forward and backward. */
static void test_kept_as_promised(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        run plain, kept;
        assert_int_equal(run_open(&plain, &networks[i], 2, true), RONDO_OK);
        assert_int_equal(run_open(&kept, &networks[i], 2, false), RONDO_OK);
        assert_int_equal(run_steps(&plain, true, false), RONDO_OK);
        assert_int_equal(run_steps(&kept, true, true), RONDO_OK); /* nothing is there yet */
        expect_same(&plain, &kept, true);
        fill_weights(&kept, 9);
        assert_int_equal(run_steps(&kept, true, true), RONDO_OK);
        expect_same(&plain, &kept, false);
        fill_weights(&plain, 9);
        assert_int_equal(run_steps(&plain, true, false), RONDO_OK);
        assert_int_equal(run_steps(&kept, true, false), RONDO_OK);
        expect_same(&plain, &kept, true);
        run_close(&kept);
        run_close(&plain);
    }
}

static void test_two_tapes(void **state) {
    run a, b;
    (void)state;
    assert_int_equal(run_open(&a, &networks[0], 2, false), RONDO_OK);
    assert_int_equal(run_steps(&a, false, false), RONDO_OK);
    b = a;
    assert_int_equal(rondo_tape_create(&b.tape, a.context, NULL), RONDO_OK);
    fill_weights(&a, 9);
    assert_int_equal(run_steps(&b, false, true), RONDO_OK); /* its first step: new values */
    assert_memory_not_equal(a.y, b.y, sizeof a.y);
    assert_int_equal(run_steps(&a, false, false), RONDO_OK);
    assert_memory_equal(a.y, b.y, sizeof a.y);
    rondo_tape_destroy(&b.tape);
    assert_int_equal(run_steps(&a, false, true), RONDO_OK);
    assert_memory_equal(a.y, b.y, sizeof a.y);
    run_close(&a);
}

/* Over many rows nothing is kept, unless it is there already; a view of a parameter is not one. */
static void test_many_rows(void **state) {
    static real x[MOST_ROWS * I], y[4][MOST_ROWS * WIDE];
    run r;
    (void)state;
    for (int i = 0; i < MOST_ROWS * I; i++)
        x[i] = (real)(rondo__random_uniform(4, 1, (uint64_t)i) - 0.5);
    assert_int_equal(run_open(&r, &networks[0], 2, false), RONDO_OK);
    for (int i = 0; i < 4; i++) {
        rondo_tensor value = rondo_tensor_view(RONDO_REAL, x, 2, (int64_t[]){i == 1 ? 3 : MOST_ROWS, I});
        rondo_tape_begin(r.tape, &(rondo_step){.same_parameters = i > 0});
        rondo_var *w = rondo_params_use(r.params, r.tape, 0);
        if (i == 3)
            w = rondo_reshape(r.tape, w, 2, (int64_t[]){WIDE, I});
        rondo_var *out = rondo_linear(r.tape, rondo_leaf(r.tape, &value, NULL), w, NULL);
        assert_non_null(out);
        memcpy(y[i], out->value.data, (size_t)rondo_tensor_count(&out->value) * sizeof(real));
        if (i == 1)
            fill_weights(&r, 9);
    }
    assert_memory_equal(y[0], y[1], 3 * WIDE * sizeof(real));
    assert_memory_equal(y[0], y[2], sizeof y[0]);
    assert_memory_not_equal(y[0], y[3], sizeof y[0]);
    run_close(&r);
}

static void test_no_allocation_later(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        run r;
        assert_int_equal(run_open(&r, &networks[i], 2, false), RONDO_OK);
        assert_int_equal(run_steps(&r, true, false), RONDO_OK);
        assert_int_equal(run_steps(&r, true, false), RONDO_OK);
        uint64_t before = rondo__alloc_count();
        for (int step = 0; step < 6; step++)
            assert_int_equal(run_steps(&r, step % 3 != 2, step % 2), RONDO_OK);
        assert_int_equal(rondo__alloc_count(), before);
        run_close(&r);
    }
}

/* Where memory runs out nothing has been added to a gradient, and the tape goes on with the next step. */
static int failing_body(void *arg) {
    run r;
    int status = run_open(&r, arg, 2, false);
    if (!status) {
        status = run_steps(&r, true, false);
        for (int64_t i = 0; status && i < rondo_params_size(r.params); i++)
            assert_true(rondo_params_grads(r.params)[i] == 0);
        for (int64_t i = 0; status && i < T * B * I; i++)
            assert_true(r.dx[i] == 0);
        if (status)
            assert_int_equal(run_steps(&r, true, true), RONDO_OK);
    }
    run_close(&r);
    return status;
}

static void test_each_allocation_fails(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        network net = networks[i];
        test_every_failure(failing_body, &net);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),           cmocka_unit_test(test_kept_as_promised),
        cmocka_unit_test(test_two_tapes),           cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_no_allocation_later), cmocka_unit_test(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
