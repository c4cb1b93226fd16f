/* Attention, coverage and pointer losses give PyTorch's values and gradients (tests/nn/make_attention_fixtures.py wrote
 * them). Needs: JANSSON. */
#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/attention.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 2e-5 /* relative to the largest number of an array */

static const int32_t lengths[] = {6, 2, 5};

static rondo__safetensors *file;
static rondo_context *context;
static rondo_tape *tape;

/* NULL: the file has none. */
static const rondo_tensor *find(const char *name, const char *group, const char *part) {
    char full[192];
    snprintf(full, sizeof full, "%s.%s%s", name, group, part);
    const rondo__named *found = rondo__safetensors_find(file, full);
    return found ? &found->tensor : NULL;
}

static const rondo_tensor *stored(const char *name, const char *group, const char *part) {
    const rondo_tensor *found = find(name, group, part);
    if (!found)
        fail_msg("%s.%s%s is not in the fixtures", name, group, part);
    return found;
}

static void compare(const char *name, const char *group, const char *part, const rondo_real *got) {
    const rondo_tensor *want = stored(name, group, part);
    const float *w = want->data;
    double largest = 0.02; /* the gradient of k_proj.bias is zero but for rounding */
    for (int64_t i = 0; i < rondo_tensor_count(want); i++)
        largest = fmax(largest, fabs((double)w[i]));
    for (int64_t i = 0; i < rondo_tensor_count(want); i++)
        if (!(fabs((double)got[i] - (double)w[i]) <= LIMIT * largest))
            fail_msg("%s.%s%s[%d] is %g, PyTorch has %g", name, group, part, (int)i, (double)got[i], (double)w[i]);
}

/* Leaves of one case; their gradients are checked at its end. */
typedef struct leaves {
    const char *name;
    int count;
    const char *part[4];
    rondo_real *grad[4];
} leaves;

static rondo_var *leaf(leaves *l, const char *part) {
    const rondo_tensor *value = stored(l->name, "", part);
    l->part[l->count] = part;
    l->grad[l->count] = rondo__calloc((size_t)rondo_tensor_count(value), sizeof(rondo_real));
    return rondo_leaf(tape, value, l->grad[l->count++]);
}

/* Compares outputs (NULL: not of this case), goes backward from their stored seeds, compares the leaves' gradients. */
static void finish(leaves *l, int count, rondo_var *const *outputs, const char *const *parts) {
    rondo_error err = {0};
    rondo_var *vars[4];
    const rondo_real *seeds[4];
    int used = 0;
    if (rondo_tape_status(tape, &err))
        fail_msg("%s: %s", l->name, err.message);
    for (int i = 0; i < count; i++) {
        if (!outputs[i] || !find(l->name, "out.", parts[i]))
            continue;
        compare(l->name, "out.", parts[i], outputs[i]->value.data);
        vars[used] = outputs[i];
        seeds[used++] = stored(l->name, "seed.", parts[i])->data;
    }
    assert_true(used > 0);
    assert_int_equal(rondo_backward_from(tape, used, vars, seeds), RONDO_OK);
    for (int i = 0; i < l->count; i++) {
        compare(l->name, "grad.", l->part[i], l->grad[i]);
        rondo__free(l->grad[i]);
    }
}

static void finish_attention(leaves *l, const rondo_attention_result *got) {
    finish(l, 3, (rondo_var *[]){got->context, got->weights, got->coverage},
           (const char *[]){"context", "weights", "coverage"});
}

static void scaled_dot_product(void **state) {
    (void)state;
    for (int causal = 0; causal < 2; causal++) {
        leaves l = {.name = causal ? "sdpa_causal" : "sdpa"};
        rondo_tape_begin(tape, &(rondo_step){.recording = true});
        rondo_attention_input input = {
            .query = leaf(&l, "query"), .keys = leaf(&l, "keys"), .values = leaf(&l, "values")};
        rondo_attention_options options = {
            .heads = 2, .scale = (rondo_real)0.5, .causal = causal, .lengths = causal ? NULL : lengths};
        rondo_attention_result got = rondo_attention(tape, &input, &options);
        finish_attention(&l, &got);
    }
}

static void check_layer(const char *name, const rondo_attention_config *config) {
    rondo_params *params;
    rondo_attention_layer *layer;
    leaves l = {.name = name};
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    assert_int_equal(rondo_attention_layer_create(&layer, params, "", config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(params, 1, NULL), RONDO_OK);
    for (int i = 0; i < rondo_params_count(params); i++) {
        rondo_param *p = rondo_params_at(params, i);
        const rondo_tensor *value = stored(name, "", p->name);
        assert_int_equal(rondo_tensor_count(value), rondo_tensor_count(&p->value));
        memcpy(p->value.data, value->data, (size_t)rondo_tensor_count(value) * sizeof(rondo_real));
    }
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_var *query = leaf(&l, "query");
    rondo_attention_memory memory = rondo_attention_layer_prepare(layer, tape, leaf(&l, "memory"), lengths);
    rondo_attention_result got = rondo_attention_layer_attend(layer, tape, query, &memory, NULL);
    finish_attention(&l, &got);
    for (int i = 0; i < rondo_params_count(params); i++)
        compare(name, "grad.", rondo_params_at(params, i)->name, rondo_params_at(params, i)->grad);
    rondo_attention_layer_destroy(&layer);
    rondo_params_destroy(&params);
}

static void layers(void **state) {
    (void)state;
    rondo_attention_config c = {.type = RONDO_ATTENTION_GENERAL, .query_size = 4, .memory_size = 5, .size = 6};
    check_layer("general", &c);
    c.window = 2;
    check_layer("local", &c);
    c.window = 0, c.type = RONDO_ATTENTION_CONCAT;
    check_layer("concat", &c);
    c.type = RONDO_ATTENTION_ADDITIVE;
    check_layer("additive", &c);
    c.coverage = true;
    check_layer("coverage", &c);
    check_layer("multihead", &(rondo_attention_config){
                                 .type = RONDO_ATTENTION_MULTIHEAD, .query_size = 6, .memory_size = 5, .heads = 3});
}

static void pointer(void **state) {
    leaves l = {.name = "pointer"};
    (void)state;
    rondo_tape_begin(tape, &(rondo_step){.recording = true});
    rondo_pointer_options options = {.copy = stored("pointer", "", "copy")->data,
                                     .targets = stored("pointer", "", "targets")->data,
                                     .extended = stored("pointer", "", "log_probabilities")->dims[2]};
    rondo_var *logits = leaf(&l, "logits"), *gate = leaf(&l, "gate"), *weights = leaf(&l, "weights");
    rondo_var *all = rondo_pointer_log_probabilities(tape, logits, gate, weights, &options);
    rondo_var *out[] = {rondo_pointer_loss(tape, logits, gate, weights, &options),
                        rondo_coverage_loss(tape, weights, NULL, NULL, 0)};
    finish(&l, 2, out, (const char *[]){"loss", "coverage_loss"});
    const float *want = stored("pointer", "", "log_probabilities")->data;
    for (int64_t i = 0; i < rondo_tensor_count(&all->value); i++) {
        double got = (double)((rondo_real *)all->value.data)[i];
        assert_true(isinf(want[i]) ? isinf(got) : fabs(got - (double)want[i]) <= 1e-5);
    }
}

static int begin(void **state) {
    rondo_error err = {0};
    (void)state;
    if (rondo__safetensors_read(&file, RONDO_SOURCE_DIR "/tests/golden/attention.safetensors", &err) ||
        rondo_context_create(&context, NULL, &err) || rondo_tape_create(&tape, context, &err)) {
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(scaled_dot_product), cmocka_unit_test(layers),
                                       cmocka_unit_test(pointer)};
    return cmocka_run_group_tests(tests, begin, end);
}
