/* Values and gradients equal PyTorch's (make_fixtures.py wrote them). Needs: JANSSON. */
#include "support/golden.h"

#include "formats/safetensors.h"
#include "rondo/ops.h"

#define FIXTURES RONDO_SOURCE_DIR "/tests/golden/autograd.safetensors"

static rondo__safetensors *file;
static rondo_context *context;
static rondo_tape *tape;

static const int32_t ids[] = {2, 0, 4, 2, 2, 1};
static const int32_t targets[] = {1, -1, 6, 0, -1, 3};

static const rondo_tensor *stored(const char *name, const char *part) { return golden_stored(file, name, part); }

static void compare(const char *name, const char *part, const rondo_real *values) {
    golden_compare(file, name, part, values);
}

typedef rondo_var *(*operator)(rondo_var *const *in);

static void check(const char *name, operator run, int count, const char *const *parts) {
    rondo_var *in[4];
    rondo_real *grads[4];
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    for (int i = 0; i < count; i++) {
        const rondo_tensor *value = stored(name, parts[i]);
        grads[i] = rondo__calloc((size_t)rondo_tensor_count(value), sizeof *grads[i]);
        in[i] = rondo_leaf(tape, value, grads[i]);
    }
    rondo_var *out = run(in);
    assert_int_equal(rondo_tape_status(tape, NULL), RONDO_OK);
    assert_int_equal(rondo_tensor_count(&out->value), rondo_tensor_count(stored(name, "out")));
    compare(name, "out", out->value.data);
    const rondo_real *dout = stored(name, "dout")->data;
    assert_int_equal(rondo_backward_from(tape, 1, &out, &dout), RONDO_OK);
    for (int i = 0; i < count; i++) {
        char part[16];
        snprintf(part, sizeof part, "d%s", parts[i]);
        compare(name, part, grads[i]);
        rondo__free(grads[i]);
    }
}

static rondo_var *linear(rondo_var *const *in) { return rondo_linear(tape, in[0], in[1], in[2]); }
static rondo_var *layer_norm(rondo_var *const *in) {
    return rondo_layer_norm(tape, in[0], in[1], in[2], (rondo_real)1e-5);
}
static rondo_var *embedding(rondo_var *const *in) { return rondo_embedding(tape, in[0], ids, 2, (int64_t[]){3, 2}); }
static rondo_var *entropy(rondo_var *const *in) { return rondo_cross_entropy(tape, in[0], targets, NULL); }
static rondo_var *entropy_smooth(rondo_var *const *in) {
    return rondo_cross_entropy(tape, in[0], targets,
                               &(rondo_cross_entropy_options){.label_smoothing = (rondo_real)0.1});
}
static const rondo_real class_weights[] = {(rondo_real)0.5, 2, 1, 0, 3, (rondo_real)1.25, (rondo_real)0.75};
static rondo_var *entropy_weights(rondo_var *const *in) {
    return rondo_cross_entropy(tape, in[0], targets, &(rondo_cross_entropy_options){.class_weights = class_weights});
}
static rondo_var *entropy_weights_smooth(rondo_var *const *in) {
    return rondo_cross_entropy(
        tape, in[0], targets,
        &(rondo_cross_entropy_options){.class_weights = class_weights, .label_smoothing = (rondo_real)0.1});
}
static const int32_t lengths[] = {3, 0, 5, 1};
static rondo_var *pool_last(rondo_var *const *in) {
    return rondo_pool(tape, in[0], NULL, &(rondo_pool_options){RONDO_POOL_LAST, lengths, 1});
}
static rondo_var *pool_both(rondo_var *const *in) {
    return rondo_pool(tape, in[0], NULL, &(rondo_pool_options){RONDO_POOL_LAST, lengths, 2});
}
static rondo_var *pool_mean(rondo_var *const *in) {
    return rondo_pool(tape, in[0], NULL, &(rondo_pool_options){.kind = RONDO_POOL_MEAN, .lengths = lengths});
}
static rondo_var *pool_max(rondo_var *const *in) {
    return rondo_pool(tape, in[0], NULL, &(rondo_pool_options){.kind = RONDO_POOL_MAX, .lengths = lengths});
}
static rondo_var *pool_attention(rondo_var *const *in) {
    return rondo_pool(tape, in[0], in[1], &(rondo_pool_options){.kind = RONDO_POOL_ATTENTION, .lengths = lengths});
}
static rondo_var *softmax(rondo_var *const *in) { return rondo_softmax(tape, in[0]); }
static rondo_var *log_softmax(rondo_var *const *in) { return rondo_log_softmax(tape, in[0]); }

static void test_all(void **state) {
    (void)state;
    check("linear", linear, 3, (const char *[]){"x", "w", "b"});
    check("layer_norm", layer_norm, 3, (const char *[]){"x", "gain", "bias"});
    check("embedding", embedding, 1, (const char *[]){"table"});
    check("cross_entropy", entropy, 1, (const char *[]){"x"});
    check("cross_entropy_smooth", entropy_smooth, 1, (const char *[]){"x"});
    check("cross_entropy_weights", entropy_weights, 1, (const char *[]){"x"});
    check("cross_entropy_weights_smooth", entropy_weights_smooth, 1, (const char *[]){"x"});
    check("pool_last", pool_last, 1, (const char *[]){"x"});
    check("pool_both", pool_both, 1, (const char *[]){"x"});
    check("pool_mean", pool_mean, 1, (const char *[]){"x"});
    check("pool_max", pool_max, 1, (const char *[]){"x"});
    check("pool_attention", pool_attention, 2, (const char *[]){"x", "score"});
    check("softmax", softmax, 1, (const char *[]){"x"});
    check("log_softmax", log_softmax, 1, (const char *[]){"x"});
}

static int begin(void **state) {
    rondo_error err = {0};
    (void)state;
    if (rondo__safetensors_read(&file, FIXTURES, &err) || rondo_context_create(&context, NULL, &err) ||
        rondo_tape_create(&tape, context, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int end(void **state) {
    (void)state;
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    rondo__safetensors_free(&file);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, begin, end);
}
