/* Every rule equals torch.optim's (fixtures: make_fixtures.py), at any number of threads; what is not finite moves
 * nothing. Needs: JANSSON. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/safetensors.h"
#include "kernels/kernels.h"
#include "rondo/optim.h"

typedef struct fixture {
    const char *name;
    rondo_optimizer_options options;
    double clip_norm;
} fixture;

static const fixture fixtures[] = {
    {"sgd", {.kind = RONDO_OPTIMIZER_SGD, .learning_rate = 0.1}, 0},
    {"sgd_momentum", {.kind = RONDO_OPTIMIZER_SGD, .learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.02}, 0},
    {"sgd_nesterov", {.kind = RONDO_OPTIMIZER_SGD, .learning_rate = 0.05, .momentum = 0.8, .nesterov = true}, 0},
    {"adam",
     {.kind = RONDO_OPTIMIZER_ADAM,
      .learning_rate = 0.02,
      .beta1 = 0.8,
      .beta2 = 0.95,
      .epsilon = 1e-6,
      .weight_decay = 0.03},
     0},
    {"adamw", {.kind = RONDO_OPTIMIZER_ADAMW, .learning_rate = 0.02, .weight_decay = 0.1}, 0},
    {"rmsprop", {.kind = RONDO_OPTIMIZER_RMSPROP, .learning_rate = 0.01, .alpha = 0.9, .weight_decay = 0.01}, 0},
    {"rmsprop_all",
     {.kind = RONDO_OPTIMIZER_RMSPROP, .learning_rate = 0.01, .alpha = 0.9, .momentum = 0.7, .centered = true},
     0},
    {"adagrad", {.kind = RONDO_OPTIMIZER_ADAGRAD, .learning_rate = 0.1, .weight_decay = 0.01}, 0},
    {"clipped", {.kind = RONDO_OPTIMIZER_SGD, .learning_rate = 0.1}, 1.5},
};

static rondo_context *make_context(int threads) {
    rondo_context *context;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return context;
}

static rondo_params *make_params(int64_t n) {
    rondo_params *params;
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_params_add(params, "w", 1, &n, (rondo_init){RONDO_INIT_NORMAL, 1}, NULL, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(params, 3, NULL), RONDO_OK);
    return params;
}

static void run_fixture(const fixture *f, rondo_context *context) {
    char path[512];
    rondo_error err = {0};
    rondo__safetensors *file;
    snprintf(path, sizeof path, "%s/tests/golden/optim_%s.safetensors", RONDO_SOURCE_DIR, f->name);
    assert_int_equal(rondo__safetensors_read(&file, path, &err), RONDO_OK);
    const rondo__named *w = rondo__safetensors_find(file, "w"), *g = rondo__safetensors_find(file, "g");
    const float *out = rondo__safetensors_find(file, "out")->tensor.data;
    const int64_t steps = g->tensor.dims[0], n = g->tensor.dims[1];
    rondo_params *params = make_params(n);
    rondo_optimizer *optimizer;
    assert_int_equal(rondo_optimizer_create(&optimizer, context, params, &f->options, &err), RONDO_OK);
    rondo_param *param = rondo_params_at(params, 0);
    real *value = param->value.data;
    memcpy(value, w->tensor.data, (size_t)n * sizeof(float));
    for (int64_t s = 0; s < steps; s++) {
        for (int64_t i = 0; i < n; i++)
            param->grad[i] = 2 * ((const float *)g->tensor.data)[s * n + i];
        const rondo_optimizer_update update = {.grad_scale = 0.5, .clip_norm = f->clip_norm};
        assert_int_equal(rondo_optimizer_step(optimizer, &update, NULL, &err), RONDO_OK);
        for (int64_t i = 0; i < n; i++) {
            const double got = value[i], want = out[s * n + i];
            if (fabs(got - want) > 2e-6 * (1 + fabs(want)))
                fail_msg("%s, step %d, %d: %.9g, PyTorch has %.9g", f->name, (int)s, (int)i, got, want);
        }
    }
    assert_int_equal(rondo_optimizer_steps(optimizer), steps);
    rondo_optimizer_destroy(&optimizer);
    rondo_params_destroy(&params);
    rondo__safetensors_free(&file);
}

static void test_equals_pytorch(void **state) {
    (void)state;
    rondo_context *context = make_context(2);
    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++)
        run_fixture(&fixtures[i], context);
    rondo_context_destroy(&context);
}

enum { LARGE = 100003 };

static void walk(int threads, double *norm, real *out) {
    rondo_context *context = make_context(threads);
    rondo_params *params = make_params(LARGE);
    rondo_optimizer *optimizer;
    rondo_param *param = rondo_params_at(params, 0);
    for (int i = 0; i < LARGE; i++)
        param->grad[i] = (real)rondo__random_normal(5, 0, (uint64_t)i);
    const rondo_optimizer_options options = {.kind = RONDO_OPTIMIZER_ADAMW};
    assert_int_equal(rondo_optimizer_create(&optimizer, context, params, &options, NULL), RONDO_OK);
    const uint64_t before = rondo__alloc_count();
    for (int s = 0; s < 3; s++)
        assert_int_equal(rondo_optimizer_step(optimizer, &(rondo_optimizer_update){.clip_norm = 1}, norm, NULL),
                         RONDO_OK);
    assert_int_equal(rondo__alloc_count(), before);
    memcpy(out, param->value.data, LARGE * sizeof *out);
    rondo_optimizer_destroy(&optimizer);
    rondo_params_destroy(&params);
    rondo_context_destroy(&context);
}

static void test_same_bits_for_any_threads(void **state) {
    (void)state;
    static real one[LARGE], many[LARGE];
    double norm1, norm;
    walk(1, &norm1, one);
    for (int threads = 2; threads <= 5; threads++) {
        walk(threads, &norm, many);
        assert_true(norm == norm1);
        assert_memory_equal(one, many, sizeof one);
    }
    assert_true(fabs(norm1 - sqrt(LARGE)) < 2);
}

static void test_not_finite_moves_nothing(void **state) {
    (void)state;
    rondo_context *context = make_context(1);
    rondo_params *params = make_params(5);
    rondo_optimizer *optimizer;
    rondo_error err;
    assert_int_equal(rondo_optimizer_create(&optimizer, context, params, NULL, NULL), RONDO_OK);
    rondo_param *param = rondo_params_at(params, 0);
    real before[5];
    memcpy(before, param->value.data, sizeof before);
    param->grad[3] = (real)NAN;
    assert_int_equal(rondo_optimizer_step(optimizer, NULL, NULL, &err), RONDO_NUMERIC);
    assert_non_null(strstr(err.message, "'w'"));
    assert_memory_equal(before, param->value.data, sizeof before);
    assert_int_equal(rondo_optimizer_steps(optimizer), 0);
    rondo_optimizer_destroy(&optimizer);
    rondo_optimizer_destroy(&optimizer);
    rondo_params_destroy(&params);
    rondo_context_destroy(&context);
}

static void test_refuses_wrong_options(void **state) {
    (void)state;
    const rondo_optimizer_options wrong[] = {{.kind = (rondo_optimizer_kind)9},
                                             {.learning_rate = -1},
                                             {.learning_rate = NAN},
                                             {.weight_decay = -1},
                                             {.momentum = 1},
                                             {.kind = RONDO_OPTIMIZER_ADAM, .beta2 = 1.5},
                                             {.nesterov = true}};
    rondo_context *context = make_context(1);
    rondo_params *params = make_params(5);
    rondo_optimizer *optimizer;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(rondo_optimizer_create(&optimizer, context, params, &wrong[i], NULL), RONDO_ARGUMENT);
        assert_null(optimizer);
    }
    assert_int_equal(rondo_optimizer_create(&optimizer, NULL, params, NULL, NULL), RONDO_ARGUMENT);
    rondo_params_destroy(&params);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pytorch),
        cmocka_unit_test(test_same_bits_for_any_threads),
        cmocka_unit_test(test_not_finite_moves_nothing),
        cmocka_unit_test(test_refuses_wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
