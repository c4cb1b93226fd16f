/* Layers of attention: parameters and widths of every type, their parts composed by hand, single steps, gradients that
 * reach every parameter, refusals. */
#include "nn/attention_layers.h"

static void parameters(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++) {
        layer_rig r;
        char found[512] = "";
        assert_int_equal(layer_open(&r, &layer_cases[i], 1), RONDO_OK);
        for (int k = 0; k < rondo_params_count(r.params); k++) {
            const rondo_param *p = rondo_params_at(r.params, k);
            size_t used = strlen(found);
            assert_memory_equal(p->name, "a.", 2);
            snprintf(found + used, sizeof found - used, p->value.rank == 2 ? "%s(%d,%d) " : "%s(%d) ", p->name + 2,
                     (int)p->value.dims[0], (int)p->value.dims[1]);
        }
        assert_string_equal(found, layer_cases[i].params);
        layer_close(&r);
    }
}

static rondo_var *param(layer_rig *r, const char *name) {
    return rondo_params_use(r->params, r->tape, rondo_params_find(r->params, name));
}

static rondo_var *linear(layer_rig *r, rondo_var *x, const char *weight, const char *bias) {
    rondo_var *w = param(r, weight);
    return w ? rondo_linear(r->tape, x, w, param(r, bias)) : x;
}

/* The layer written out: every projection that the type has a parameter for. */
static rondo_attention_result by_hand(layer_rig *r, const layer_case *c, rondo_var *query, rondo_var *memory) {
    const rondo_attention_config *config = &c->config;
    bool multihead = config->type == RONDO_ATTENTION_MULTIHEAD;
    int64_t A = config->size ? config->size : config->query_size;
    rondo_attention_input in = {.query = linear(r, query, multihead ? "a.q_proj.weight" : "a.query.weight",
                                                multihead ? "a.q_proj.bias" : "a.query.bias"),
                                .keys =
                                    linear(r, memory, multihead ? "a.k_proj.weight" : "a.key.weight", "a.k_proj.bias"),
                                .values = linear(r, memory, "a.v_proj.weight", "a.v_proj.bias"),
                                .v = param(r, "a.v"),
                                .u = param(r, "a.coverage")};
    rondo_attention_options options = {.score = in.v ? RONDO_SCORE_ADDITIVE : RONDO_SCORE_DOT,
                                       .heads = config->heads,
                                       .lengths = layer_lengths,
                                       .window = config->window};
    if (config->type == RONDO_ATTENTION_SCALED_DOT)
        options.scale = (rondo_real)(1 / sqrt((double)config->memory_size));
    if (multihead)
        options.scale = (rondo_real)(1 / sqrt((double)A / (double)(config->heads ? config->heads : 1)));
    if (config->window) {
        rondo_var *hidden = rondo_tanh(r->tape, linear(r, query, "a.position.weight", "a."));
        rondo_var *v = rondo_reshape(r->tape, param(r, "a.position_v"), 2, (int64_t[]){A, 1});
        in.position = rondo_reshape(r->tape, rondo_sigmoid(r->tape, rondo_matmul(r->tape, hidden, v)), 2,
                                    (int64_t[]){LAYER_T, LAYER_B});
    }
    rondo_attention_result got = rondo_attention(r->tape, &in, &options);
    got.context = linear(r, got.context, "a.out_proj.weight", "a.out_proj.bias");
    return got;
}

static void compare(const rondo_var *a, const rondo_var *b) {
    assert_int_equal(a != NULL, b != NULL);
    if (!a || !b)
        return;
    assert_int_equal(a->value.rank, b->value.rank);
    assert_memory_equal(a->value.dims, b->value.dims, (size_t)a->value.rank * sizeof a->value.dims[0]);
    int64_t n = rondo_tensor_count(&a->value);
    assert_true(att_distance_of(n, a->value.data, b->value.data) <= (sizeof(rondo_real) == 4 ? 1e-5 : 1e-12));
}

static void written_out(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++) {
        layer_rig r;
        int64_t keys, values;
        assert_int_equal(layer_open(&r, &layer_cases[i], 2), RONDO_OK);
        rondo_tape_begin(r.tape, NULL);
        rondo_var *query = rondo_leaf(r.tape, &r.query, NULL), *memory = rondo_leaf(r.tape, &r.memory, NULL);
        rondo_attention_result got = layer_attend(&r, query, memory, NULL);
        rondo_attention_result want = by_hand(&r, &layer_cases[i], query, memory);
        assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
        compare(want.context, got.context);
        compare(want.weights, got.weights);
        compare(want.coverage, got.coverage);
        assert_int_equal(got.context->value.dims[2], rondo_attention_layer_output_size(r.layer));
        rondo_attention_memory made = rondo_attention_layer_prepare(r.layer, r.tape, memory, NULL);
        rondo_attention_layer_memory_size(r.layer, &keys, &values);
        assert_int_equal(made.keys->value.dims[2], keys);
        assert_int_equal(made.values->value.dims[2], values);
        layer_close(&r);
    }
}

/* Single steps over one prepared memory give the bits of all steps at once. */
static void steps(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++) {
        layer_rig r;
        assert_int_equal(layer_open(&r, &layer_cases[i], 2), RONDO_OK);
        rondo_tape_begin(r.tape, NULL);
        rondo_var *query = rondo_leaf(r.tape, &r.query, NULL), *memory = rondo_leaf(r.tape, &r.memory, NULL);
        bool causal = layer_cases[i].config.window == 0;
        rondo_attend_options options = {.causal = causal, .causal_offset = 1};
        rondo_attention_result all = layer_attend(&r, query, memory, &options);
        rondo_attention_memory made = rondo_attention_layer_prepare(r.layer, r.tape, memory, layer_lengths);
        for (int64_t t = 0; t < LAYER_T; t++) {
            options.causal_offset = 1 + t;
            rondo_attention_result one =
                rondo_attention_layer_attend(r.layer, r.tape, rondo_slice(r.tape, query, 0, t, t + 1), &made, &options);
            assert_int_equal(rondo_tape_status(r.tape, NULL), RONDO_OK);
            int64_t n = rondo_tensor_count(&one.context->value), w = rondo_tensor_count(&one.weights->value);
            assert_memory_equal(one.context->value.data, (rondo_real *)all.context->value.data + t * n,
                                (size_t)n * sizeof(rondo_real));
            assert_memory_equal(one.weights->value.data, (rondo_real *)all.weights->value.data + t * w,
                                (size_t)w * sizeof(rondo_real));
            options.coverage = one.coverage;
        }
        layer_close(&r);
    }
}

static void every_parameter_learns(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++) {
        layer_rig r;
        assert_int_equal(layer_open(&r, &layer_cases[i], 2), RONDO_OK);
        rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
        rondo_attention_result got =
            layer_attend(&r, rondo_leaf(r.tape, &r.query, r.dquery), rondo_leaf(r.tape, &r.memory, r.dmemory), NULL);
        assert_int_equal(rondo_backward(r.tape, layer_loss(&r, &got), 1), RONDO_OK);
        for (int k = 0; k < rondo_params_count(r.params); k++) {
            const rondo_param *p = rondo_params_at(r.params, k);
            double largest = 0;
            for (int64_t j = 0; j < rondo_tensor_count(&p->value); j++)
                largest = fmax(largest, fabs((double)p->grad[j]));
            if (!(largest > 1e-9) && !strstr(p->name, "k_proj.bias")) /* the softmax does not see it */
                fail_msg("%s: %s has no gradient", layer_cases[i].name, p->name);
        }
        layer_close(&r);
    }
}

static void refused_configs(void **state) {
    static const rondo_attention_config bad[] = {
        {.type = RONDO_ATTENTION_NONE, .query_size = 4, .memory_size = 4},
        {.type = (rondo_attention_type)9, .query_size = 4, .memory_size = 4},
        {.type = RONDO_ATTENTION_DOT, .query_size = 4, .memory_size = 5},
        {.type = RONDO_ATTENTION_SCALED_DOT, .query_size = 4, .memory_size = 5},
        {.type = RONDO_ATTENTION_GENERAL, .query_size = 0, .memory_size = 5},
        {.type = RONDO_ATTENTION_GENERAL, .query_size = 4, .memory_size = -1},
        {.type = RONDO_ATTENTION_GENERAL, .query_size = 4, .memory_size = 5, .coverage = true},
        {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 5, .heads = 2},
        {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 5, .window = -1},
        {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 5, .dropout = 1},
        {.type = RONDO_ATTENTION_ADDITIVE, .query_size = 4, .memory_size = 5, .size = (int64_t)1 << 62},
        {.type = RONDO_ATTENTION_MULTIHEAD, .query_size = 4, .memory_size = 5, .heads = 3},
        {.type = RONDO_ATTENTION_MULTIHEAD, .query_size = 4, .memory_size = 5, .heads = -1},
    };
    rondo_params *params;
    rondo_attention_layer *layer;
    rondo_error err = {0};
    (void)state;
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(rondo_attention_layer_create(&layer, params, "a.", &bad[i], &err), RONDO_ARGUMENT);
        assert_null(layer);
        assert_int_equal(rondo_params_count(params), 0);
        assert_true(strlen(err.message) > 10 && !strchr(err.message, '\n'));
    }
    const rondo_attention_config *good = &layer_cases[5].config;
    assert_int_equal(rondo_attention_layer_create(NULL, params, "a.", good, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_attention_layer_create(&layer, NULL, "a.", good, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_attention_layer_create(&layer, params, "a.", NULL, &err), RONDO_ARGUMENT);
    rondo_attention_layer *second;
    assert_int_equal(rondo_attention_layer_create(&layer, params, NULL, good, &err), RONDO_OK);
    int count = rondo_params_count(params);
    assert_int_equal(rondo_attention_layer_create(&second, params, "", good, &err), RONDO_ARGUMENT); /* same names */
    assert_int_equal(rondo_params_count(params), count);
    rondo_attention_layer_destroy(&layer);
    rondo_attention_layer_destroy(&layer);
    rondo_attention_layer_destroy(NULL);
    rondo_params_destroy(&params);
}

static void refused_calls(void **state) {
    layer_rig r;
    (void)state;
    assert_int_equal(layer_open(&r, &layer_cases[3], 1), RONDO_OK);
    for (int what = 0; what < 6; what++) {
        rondo_tape_begin(r.tape, NULL);
        rondo_var *query = rondo_leaf(r.tape, &r.query, NULL), *memory = rondo_leaf(r.tape, &r.memory, NULL);
        rondo_attention_memory made =
            rondo_attention_layer_prepare(what == 0 ? NULL : r.layer, r.tape, what == 1 ? query : memory, NULL);
        rondo_attention_result got = rondo_attention_layer_attend(what == 2 ? NULL : r.layer, r.tape,
                                                                  what == 3   ? NULL
                                                                  : what == 4 ? memory
                                                                              : query,
                                                                  what == 5 ? NULL : &made, NULL);
        assert_null(got.context);
        assert_null(got.weights);
        assert_int_equal(rondo_tape_status(r.tape, NULL), what == 1 || what == 4 ? RONDO_SHAPE : RONDO_ARGUMENT);
    }
    layer_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parameters),      cmocka_unit_test(written_out),
                                       cmocka_unit_test(steps),           cmocka_unit_test(every_parameter_learns),
                                       cmocka_unit_test(refused_configs), cmocka_unit_test(refused_calls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
