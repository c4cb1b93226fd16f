/* Every generic operator against finite differences, in double, over odd shapes. */
#include "autograd/gradients.h"

#define OPERATOR(name, expression)                                                                                     \
    static rondo_var *name(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {                             \
        (void)count;                                                                                                   \
        (void)arg;                                                                                                     \
        return gradients_scalar(tape, expression);                                                                     \
    }

static const int32_t ids[] = {2, 0, -1, 2, 4, 2};
static const int32_t lengths[] = {3, 0, 4, 1};
static const int32_t targets[] = {1, -1, 6, 0, 1};
static const int32_t ignored[] = {-1, -1, -1, -1, -1};

OPERATOR(linear_bias, rondo_linear(tape, in[0], in[1], in[2]))
OPERATOR(linear_plain, rondo_linear(tape, in[0], in[1], NULL))
OPERATOR(matmul, rondo_matmul(tape, in[0], in[1]))
OPERATOR(matmul_square, rondo_matmul(tape, in[0], in[0]))
OPERATOR(add, rondo_add(tape, in[0], in[1]))
OPERATOR(add_self, rondo_add(tape, in[0], in[0]))
OPERATOR(mul, rondo_mul(tape, in[0], in[1]))
OPERATOR(mul_self, rondo_mul(tape, in[0], in[0]))
OPERATOR(affine, rondo_affine(tape, in[0], (rondo_real)-1.7, (rondo_real)0.4))
OPERATOR(tanh_, rondo_tanh(tape, in[0]))
OPERATOR(sigmoid, rondo_sigmoid(tape, in[0]))
OPERATOR(relu, rondo_relu(tape, in[0]))
OPERATOR(clip, rondo_clip(tape, in[0], (rondo_real)0.3))
OPERATOR(softmax, rondo_softmax(tape, in[0]))
OPERATOR(log_softmax, rondo_log_softmax(tape, in[0]))
OPERATOR(layer_norm, rondo_layer_norm(tape, in[0], in[1], in[2], (rondo_real)1e-5))
OPERATOR(layer_norm_gain, rondo_layer_norm(tape, in[0], in[1], NULL, (rondo_real)1e-5))
OPERATOR(layer_norm_bias, rondo_layer_norm(tape, in[0], NULL, in[1], (rondo_real)1e-2))
OPERATOR(layer_norm_plain, rondo_layer_norm(tape, in[0], NULL, NULL, (rondo_real)1e-5))
OPERATOR(slice_0, rondo_slice(tape, in[0], 0, 1, 3))
OPERATOR(slice_1, rondo_slice(tape, in[0], 1, 0, 1))
OPERATOR(slice_2, rondo_slice(tape, in[0], 2, 2, 5))
OPERATOR(concat_0, rondo_concat(tape, 0, 2, in))
OPERATOR(concat_1, rondo_concat(tape, 1, 3, in))
OPERATOR(concat_same, rondo_concat(tape, 1, 3, (rondo_var *[]){in[0], in[1], in[0]}))
OPERATOR(reshape, rondo_tanh(tape, rondo_reshape(tape, in[0], 2, (int64_t[]){3, -1})))
OPERATOR(sum, rondo_sum(tape, rondo_tanh(tape, in[0])))
OPERATOR(mean, rondo_mean(tape, rondo_tanh(tape, in[0])))
OPERATOR(dropout, rondo_tanh(tape, rondo_dropout(tape, in[0], (rondo_real)0.4, false)))
OPERATOR(dropout_shared, rondo_tanh(tape, rondo_dropout(tape, in[0], (rondo_real)0.4, true)))
OPERATOR(embedding, rondo_tanh(tape, rondo_embedding(tape, in[0], ids, 2, (int64_t[]){3, 2})))
OPERATOR(reverse_all, rondo_tanh(tape, rondo_reverse_time(tape, in[0], NULL)))
OPERATOR(reverse_ragged, rondo_tanh(tape, rondo_reverse_time(tape, in[0], lengths)))
OPERATOR(entropy, rondo_cross_entropy(tape, in[0], targets, NULL))
OPERATOR(entropy_smooth,
         rondo_cross_entropy(tape, in[0], targets,
                             &(rondo_cross_entropy_options){.label_smoothing = (rondo_real)0.1, .divide_by = 7}))
OPERATOR(entropy_ignored, rondo_add(tape, rondo_cross_entropy(tape, in[0], ignored, NULL), rondo_sum(tape, in[0])))
static const rondo_real weights[] = {(rondo_real)0.5, 2, 1, 0, 3, (rondo_real)1.25, (rondo_real)0.75};
OPERATOR(entropy_weights,
         rondo_cross_entropy(tape, in[0], targets, &(rondo_cross_entropy_options){.class_weights = weights}))
OPERATOR(entropy_weights_smooth, rondo_cross_entropy(tape, in[0], targets,
                                                     &(rondo_cross_entropy_options){
                                                         .class_weights = weights, .label_smoothing = (rondo_real)0.3}))
OPERATOR(entropy_weights_divided,
         rondo_cross_entropy(tape, in[0], targets,
                             &(rondo_cross_entropy_options){.class_weights = weights, .divide_by = 3}))
/* One variable used by several operators, and an operator used on its own result. */
OPERATOR(reuse, rondo_mul(tape, rondo_tanh(tape, in[0]), rondo_add(tape, in[0], rondo_sigmoid(tape, in[0]))))

#define IN(...) GRADIENT_INPUT(__VA_ARGS__)

static const gradient_case cases[] = {
    {"linear", linear_bias, .inputs = {IN(3, 2, 5), IN(7, 5), IN(7)}},
    {"linear of one row", linear_bias, .inputs = {IN(1), IN(1, 1), IN(1)}},
    {"linear, wide", linear_plain, .inputs = {IN(2, 67), IN(3, 67)}},
    {"linear, tall", linear_plain, .inputs = {IN(17, 3), IN(65, 3)}},
    {"matmul", matmul, .inputs = {IN(2, 3, 5), IN(5, 4)}},
    {"matmul with itself", matmul_square, .inputs = {IN(5, 5)}},
    {"add", add, .inputs = {IN(3, 5), IN(3, 5)}},
    {"add a row", add, .inputs = {IN(2, 3, 5), IN(5)}},
    {"add to itself", add_self, .inputs = {IN(3, 5)}},
    {"mul", mul, .inputs = {IN(3, 5), IN(3, 5)}},
    {"mul by a row", mul, .inputs = {IN(2, 3, 5), IN(5)}},
    {"mul by itself", mul_self, .inputs = {IN(3, 5)}},
    {"affine", affine, .inputs = {IN(19)}},
    {"tanh", tanh_, .inputs = {GRADIENT_INPUT_IN(-3, 3, 3, 7)}},
    {"sigmoid", sigmoid, .inputs = {GRADIENT_INPUT_IN(-5, 5, 3, 7)}},
    {"relu, positive", relu, .inputs = {GRADIENT_INPUT_IN(0.01, 1, 13)}},
    {"relu, negative", relu, .inputs = {GRADIENT_INPUT_IN(-1, -0.01, 13)}},
    {"clip, inside", clip, .inputs = {GRADIENT_INPUT_IN(-0.29, 0.29, 13)}},
    {"clip, above", clip, .inputs = {GRADIENT_INPUT_IN(0.31, 2, 13)}},
    {"softmax", softmax, .inputs = {GRADIENT_INPUT_IN(-3, 3, 2, 3, 7)}},
    {"log_softmax", log_softmax, .inputs = {GRADIENT_INPUT_IN(-3, 3, 2, 3, 7)}},
    {"layer_norm", layer_norm, .inputs = {IN(3, 2, 7), IN(7), IN(7)}},
    {"layer_norm of many rows", layer_norm, .inputs = {IN(67, 3), IN(3), IN(3)}},
    {"layer_norm, gain", layer_norm_gain, .inputs = {IN(5, 7), IN(7)}},
    {"layer_norm, bias", layer_norm_bias, .inputs = {IN(5, 7), IN(7)}},
    {"layer_norm, plain", layer_norm_plain, .inputs = {IN(5, 7)}},
    {"slice of steps", slice_0, .inputs = {IN(4, 3, 5)}},
    {"slice of rows", slice_1, .inputs = {IN(4, 3, 5)}},
    {"slice of columns", slice_2, .inputs = {IN(4, 3, 5)}},
    {"concat of steps", concat_0, .inputs = {IN(2, 3), IN(1, 3)}},
    {"concat of columns", concat_1, .inputs = {IN(3, 2), IN(3, 5), IN(3, 1)}},
    {"concat, one part twice", concat_same, .inputs = {IN(3, 2), IN(3, 5)}},
    {"reshape", reshape, .inputs = {IN(5, 3, 2)}},
    {"sum", sum, .inputs = {IN(5, 3)}},
    {"mean", mean, .inputs = {IN(5, 3)}},
    {"dropout", dropout, .training = true, .inputs = {IN(5, 3, 3)}},
    {"dropout, not training", dropout, .inputs = {IN(5, 3, 3)}},
    {"dropout, shared steps", dropout_shared, .training = true, .inputs = {IN(5, 3, 3)}},
    {"embedding", embedding, .inputs = {IN(5, 67)}},
    {"reverse_time", reverse_all, .inputs = {IN(4, 4, 3)}},
    {"reverse_time, ragged", reverse_ragged, .inputs = {IN(4, 4, 3)}},
    {"cross_entropy", entropy, .inputs = {GRADIENT_INPUT_IN(-3, 3, 5, 7)}},
    {"cross_entropy, smoothed", entropy_smooth, .inputs = {GRADIENT_INPUT_IN(-3, 3, 5, 7)}},
    {"cross_entropy, all ignored", entropy_ignored, .inputs = {IN(5, 7)}},
    {"cross_entropy, weighted", entropy_weights, .inputs = {GRADIENT_INPUT_IN(-3, 3, 5, 7)}},
    {"cross_entropy, weighted, smoothed", entropy_weights_smooth, .inputs = {GRADIENT_INPUT_IN(-3, 3, 5, 7)}},
    {"cross_entropy, weighted, divided", entropy_weights_divided, .inputs = {GRADIENT_INPUT_IN(-3, 3, 5, 7)}},
    {"reuse", reuse, .inputs = {IN(3, 5)}},
};

static void test_operators(void **state) {
    (void)state;
    gradients_run(cases, sizeof cases / sizeof *cases);
}

/* The check must be able to fail: a backward that is wrong by a part in a thousand is caught. */
static rondo_status same_shape(rondo_call *call, rondo_error *err) {
    (void)err;
    call->out[0]->value = call->in[0]->value;
    return RONDO_OK;
}
static rondo_status square(rondo_call *call, rondo_error *err) {
    const rondo_real *x = call->in[0]->value.data;
    (void)err;
    for (int64_t i = 0; i < rondo_tensor_count(&call->in[0]->value); i++)
        ((rondo_real *)call->out[0]->value.data)[i] = x[i] * x[i];
    return RONDO_OK;
}
static rondo_status square_wrong(rondo_call *call, rondo_error *err) {
    const rondo_real *x = call->in[0]->value.data;
    (void)err;
    for (int64_t i = 0; i < rondo_tensor_count(&call->in[0]->value); i++)
        call->in[0]->grad[i] += (rondo_real)2.002 * x[i] * call->out[0]->grad[i];
    return RONDO_OK;
}
static const rondo_op wrong = {.name = "wrong", .shape = same_shape, .device[RONDO_CPU] = {square, square_wrong}};

static rondo_var *use_wrong(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    rondo_var *y;
    (void)count;
    (void)arg;
    rondo_apply(tape, &wrong, NULL, 1, in, 1, &y);
    return gradients_scalar(tape, y);
}

static void test_wrong_backward_is_caught(void **state) {
    rondo_context *context;
    rondo_tape *tape;
    (void)state;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    const gradient_case c = {"wrong", use_wrong, .inputs = {IN(3, 5)}};
    double worst = gradients_worst(tape, &c);
    assert_true(worst > 5e-4 && worst < 2e-3);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_operators),
                                       cmocka_unit_test(test_wrong_backward_is_caught)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
