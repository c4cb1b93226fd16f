/* The laws of the Transformer: parameters and their names, places, padding, permuted batches, causality, steps one by
 * one with what is kept of the past, shared memory, refusals. */
#include "nn/transformer_net.h"

/* ---- parameters ---- */

static void names(void **unused) {
    (void)unused;
    static const struct {
        net_case about;
        const char *names;
    } cases[] = {
        {{"pre", {.size = 4, .layers = 1, .positions = RONDO_POSITIONS_LEARNED, .max_length = 3}},
         "positions.weight(3,4) layers.0.self_attn.q_proj.weight(4,4) layers.0.self_attn.q_proj.bias(4) "
         "layers.0.self_attn.k_proj.weight(4,4) layers.0.self_attn.k_proj.bias(4) "
         "layers.0.self_attn.v_proj.weight(4,4) layers.0.self_attn.v_proj.bias(4) "
         "layers.0.self_attn.out_proj.weight(4,4) layers.0.self_attn.out_proj.bias(4) layers.0.linear1.weight(16,4) "
         "layers.0.linear1.bias(16) layers.0.linear2.weight(4,16) layers.0.linear2.bias(4) layers.0.norm1.weight(4) "
         "layers.0.norm1.bias(4) layers.0.norm2.weight(4) layers.0.norm2.bias(4) norm.weight(4) norm.bias(4) "},
        {{"post", {.size = 2, .memory_size = 3, .post_norm = true, .feed_forward_size = 5}},
         "layers.0.self_attn.q_proj.weight(2,2) layers.0.self_attn.q_proj.bias(2) "
         "layers.0.self_attn.k_proj.weight(2,2) layers.0.self_attn.k_proj.bias(2) "
         "layers.0.self_attn.v_proj.weight(2,2) layers.0.self_attn.v_proj.bias(2) "
         "layers.0.self_attn.out_proj.weight(2,2) layers.0.self_attn.out_proj.bias(2) "
         "layers.0.multihead_attn.q_proj.weight(2,2) layers.0.multihead_attn.q_proj.bias(2) "
         "layers.0.multihead_attn.k_proj.weight(2,3) layers.0.multihead_attn.k_proj.bias(2) "
         "layers.0.multihead_attn.v_proj.weight(2,3) layers.0.multihead_attn.v_proj.bias(2) "
         "layers.0.multihead_attn.out_proj.weight(2,2) layers.0.multihead_attn.out_proj.bias(2) "
         "layers.0.linear1.weight(5,2) layers.0.linear1.bias(5) layers.0.linear2.weight(2,5) layers.0.linear2.bias(2) "
         "layers.0.norm1.weight(2) layers.0.norm1.bias(2) layers.0.norm2.weight(2) layers.0.norm2.bias(2) "
         "layers.0.norm3.weight(2) layers.0.norm3.bias(2) "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net n;
        char found[2048] = "";
        net_open(&n, &cases[i].about, 1);
        for (int k = 0; k < rondo_params_count(n.params); k++) {
            const rondo_param *p = rondo_params_at(n.params, k);
            size_t used = strlen(found);
            assert_memory_equal(p->name, "net.", 4);
            snprintf(found + used, sizeof found - used, p->value.rank == 2 ? "%s(%d,%d) " : "%s(%d) ", p->name + 4,
                     (int)p->value.dims[0], (int)p->value.dims[1]);
        }
        assert_string_equal(found, cases[i].names);
        net_close(&n);
    }
}

static void every_parameter_learns(void **unused) {
    (void)unused;
    static net_run r;
    for (size_t i = 0; i < NET_CASES; i++) {
        net n;
        net_open(&n, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        net_go(&n, &r);
        for (int k = 0; k < rondo_params_count(n.params); k++) {
            const rondo_param *p = rondo_params_at(n.params, k);
            double largest = 0;
            for (int64_t j = 0; j < rondo_tensor_count(&p->value); j++)
                largest = fmax(largest, fabs((double)p->grad[j]));
            if (!(largest > 1e-9) && !strstr(p->name, "k_proj.bias")) /* the softmax does not see it */
                fail_msg("%s: %s has no gradient", n.about->name, p->name);
        }
        net_close(&n);
    }
}

/* ---- places ---- */

/* Attention without positions gives every step of one repeated symbol the same output; positions tell them apart. */
static void places_tell_steps_apart(void **unused) {
    (void)unused;
    static const rondo_positions kinds[] = {RONDO_POSITIONS_NONE, RONDO_POSITIONS_SINUSOIDAL, RONDO_POSITIONS_LEARNED};
    static net_run r;
    for (size_t i = 0; i < 3; i++) {
        net_case about = {"places", {.size = 6, .heads = 2, .positions = kinds[i], .max_length = NET_T}};
        net n;
        net_open(&n, &about, 1);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        for (int64_t k = 0; k < NET_T * NET_B * r.N; k++)
            r.x[k] = net_number(1, 0, 0, k % r.N);
        net_go(&n, &r);
        for (int t = 1; t < r.lengths[1]; t++) {
            double d = net_distance(r.N, r.y + NET_B * r.N, r.y + (t * NET_B + 1) * r.N); /* step 1 to step t */
            assert_true(t == 1 || (d > 1e-3) == (i > 0));
        }
        net_close(&n);
    }
}

/* ---- padding ---- */

static bool is_zero(const rondo_real *x, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (!(x[i] == 0))
            return false;
    return true;
}

static void check_padding(const net *n, const net_run *r, const net_run *wide) {
    const size_t row = (size_t)r->N * sizeof(rondo_real);
    for (int64_t t = 0; t < wide->T; t++)
        for (int64_t b = 0; b < NET_B; b++) {
            const int64_t at = (t * NET_B + b) * r->N, seen = (t * NET_B + b) * r->S, far = (t * NET_B + b) * wide->S;
            if (t >= r->lengths[b]) {
                assert_true(is_zero(wide->y + at, r->N) && is_zero(wide->dx + at, r->N));
                assert_true(is_zero(wide->weights + far, wide->S));
                continue;
            }
            assert_memory_equal(wide->y + at, r->y + at, row);
            assert_true(net_distance(r->N, r->dx + at, wide->dx + at) <= 1e-5);
            if (!net_decodes(n))
                continue;
            assert_memory_equal(wide->weights + far, r->weights + seen, (size_t)r->S * sizeof(rondo_real));
            assert_true(is_zero(wide->weights + far + r->memory_lengths[b], wide->S - r->memory_lengths[b]));
        }
    for (int64_t s = 0; net_decodes(n) && s < wide->S; s++)
        for (int64_t b = 0; b < NET_B; b++)
            assert_true(s < r->memory_lengths[b] || is_zero(wide->dmemory + (s * NET_B + b) * NET_M, NET_M));
}

/* More padding, full of NaN, changes nothing; in padding the output and all gradients are zero, although dy there is
 * not. A memory's padding holds numbers: its projections are made of them before attention passes them by. */
static void padding(void **unused) {
    (void)unused;
    static net_run r, wide;
    for (size_t i = 0; i < NET_CASES; i++) {
        net n, other;
        net_open(&n, &net_cases[i], 2);
        net_open(&other, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        net_draw(&wide, &n, NET_T + 2, NET_S + 2, NULL);
        for (int64_t k = 0; k < wide.T * NET_B * wide.N; k++)
            if (k / wide.N / NET_B >= wide.lengths[k / wide.N % NET_B])
                wide.x[k] = (rondo_real)NAN;
        for (int64_t k = 0; k < wide.T * NET_B * wide.S; k++) { /* what the longer rows of weights begin with */
            const int64_t s = k % wide.S, row = k / wide.S;
            wide.dweights[k] = s < r.S && row < r.T * NET_B ? r.dweights[row * r.S + s] : 0;
        }
        net_go(&n, &r);
        net_go(&other, &wide);
        check_padding(&n, &r, &wide);
        net_same_grads(&n, &other, "padding");
        net_close(&n);
        net_close(&other);
    }
}

/* ---- order of the batch ---- */

static void permuted(void **unused) {
    (void)unused;
    static net_run r, turned;
    static const int row[NET_B] = {2, 0, 3, 1};
    for (size_t i = 0; i < NET_CASES; i++) {
        net n, other;
        net_open(&n, &net_cases[i], 2);
        net_open(&other, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        net_draw(&turned, &n, NET_T, NET_S, row);
        net_go(&n, &r);
        net_go(&other, &turned);
        for (int64_t t = 0; t < NET_T; t++)
            for (int64_t b = 0; b < NET_B; b++) {
                const int64_t to = (t * NET_B + b) * r.N, from = (t * NET_B + row[b]) * r.N;
                assert_memory_equal(turned.y + to, r.y + from, (size_t)r.N * sizeof(rondo_real));
                assert_memory_equal(turned.dx + to, r.dx + from, (size_t)r.N * sizeof(rondo_real));
                assert_memory_equal(turned.weights + (t * NET_B + b) * r.S, r.weights + (t * NET_B + row[b]) * r.S,
                                    (size_t)r.S * sizeof(rondo_real));
            }
        net_same_grads(&n, &other, "another order");
        net_close(&n);
        net_close(&other);
    }
}

/* ---- causality ---- */

static void future(void **unused) {
    (void)unused;
    static net_run r, changed;
    for (size_t i = 0; i < NET_CASES; i++) {
        net n;
        const bool causal = net_cases[i].config.causal || net_cases[i].config.memory_size;
        const int64_t from = 2;
        net_open(&n, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        net_draw(&changed, &n, NET_T, NET_S, NULL);
        for (int64_t k = from * NET_B * r.N; k < NET_T * NET_B * r.N; k++)
            changed.x[k] = -2 * changed.x[k];
        net_go(&n, &r);
        net_go(&n, &changed);
        const size_t bytes = (size_t)(from * NET_B * r.N) * sizeof(rondo_real);
        assert_int_equal(memcmp(r.y, changed.y, bytes) == 0, causal);
        assert_int_equal(memcmp(r.weights, changed.weights, (size_t)(from * NET_B * r.S) * sizeof(rondo_real)), 0);
        net_close(&n);
    }
}

/* ---- what is kept of the past ---- */

enum { CHUNKINGS = 3 };
static const int chunks[CHUNKINGS][NET_T] = {{1, 1, 1, 1, 1}, {2, 3}, {1, 3, 1}};

/* The same run in chunks on one tape, all rows as long as T, so that none ends in the past. */
static void run_in_chunks(net *n, net_run *r, const int *chunk) {
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    rondo_transformer_past past = {0};
    rondo_var *out[2 * NET_T];
    const rondo_real *grad[2 * NET_T];
    int count = 0;
    rondo_error err = {0};
    rondo_tape_begin(n->tape, &r->step);
    rondo_var *x = net_leaf(n, r->x, r->dx, r->T, r->B, r->N);
    if (net_decodes(n))
        rondo_transformer_prepare(n->net, n->tape, net_leaf(n, r->memory, r->dmemory, r->S, r->B, NET_M),
                                  r->memory_lengths, memory);
    for (int64_t t = 0, i = 0; t < r->T; t += chunk[i++]) {
        rondo_transformer_input input = {.memory = net_decodes(n) ? memory : NULL, .past = &past, .now = &past};
        rondo_var *weights;
        grad[count] = r->dy + t * r->B * r->N;
        out[count++] =
            rondo_transformer_forward(n->net, n->tape, rondo_slice(n->tape, x, 0, t, t + chunk[i]), &input, &weights);
        if (rondo_tape_status(n->tape, &err))
            fail_msg("%s: %s", n->about->name, err.message);
        const size_t bytes = (size_t)(chunk[i] * r->B) * sizeof(rondo_real);
        memcpy(r->y + t * r->B * r->N, out[count - 1]->value.data, bytes * (size_t)r->N);
        assert_int_equal(past.steps, t + chunk[i]);
        if (!weights)
            continue;
        grad[count] = r->dweights + t * r->B * r->S;
        out[count++] = weights;
        memcpy(r->weights + t * r->B * r->S, weights->value.data, bytes * (size_t)r->S);
    }
    rondo_params_clear_grads(n->params);
    assert_int_equal(rondo_backward_from(n->tape, count, out, grad), RONDO_OK);
}

static void steps(void **unused) {
    (void)unused;
    static net_run whole, parts;
    for (size_t i = 0; i < NET_CASES; i++) {
        net n, other;
        if (!net_cases[i].config.causal && !net_cases[i].config.memory_size)
            continue;
        net_open(&n, &net_cases[i], 2);
        net_open(&other, &net_cases[i], 2);
        net_draw(&whole, &n, NET_T, NET_S, NULL);
        for (int b = 0; b < NET_B; b++)
            whole.lengths[b] = NET_T;
        net_go(&n, &whole);
        for (int k = 0; k < CHUNKINGS; k++) {
            net_draw(&parts, &n, NET_T, NET_S, NULL);
            run_in_chunks(&other, &parts, chunks[k]);
            assert_memory_equal(parts.y, whole.y, sizeof whole.y);
            assert_memory_equal(parts.weights, whole.weights, sizeof whole.weights);
            assert_true(net_distance(NET_ROOM, whole.dx, parts.dx) <= 1e-5);
            assert_true(net_distance(NET_ROOM, whole.dmemory, parts.dmemory) <= 1e-5);
            net_same_grads(&n, &other, "chunks");
        }
        net_close(&n);
        net_close(&other);
    }
}

/* Chunks with lengths: a row that ends in the second one has the bits of the whole. */
static void ends_in_a_later_chunk(void **unused) {
    (void)unused;
    static net_run r;
    static const int32_t ends[NET_B] = {3, 5, 2, 4}, later[NET_B] = {1, 3, 0, 2};
    for (size_t i = 2; i < NET_CASES; i++) {
        net n;
        rondo_attention_memory memory[RONDO_MAX_LAYERS];
        rondo_transformer_past past = {0};
        net_open(&n, &net_cases[i], 1);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        memcpy(r.lengths, ends, sizeof ends);
        net_go(&n, &r);
        rondo_tape_begin(n.tape, NULL);
        const int64_t first = 2 * NET_B * r.N;
        rondo_transformer_input input = {.past = &past, .now = &past, .memory = net_decodes(&n) ? memory : NULL};
        if (net_decodes(&n))
            rondo_transformer_prepare(n.net, n.tape, net_leaf(&n, r.memory, NULL, r.S, r.B, NET_M), r.memory_lengths,
                                      memory);
        rondo_transformer_forward(n.net, n.tape, net_leaf(&n, r.x, NULL, 2, NET_B, r.N), &input, NULL);
        input.lengths = later;
        rondo_var *y =
            rondo_transformer_forward(n.net, n.tape, net_leaf(&n, r.x + first, NULL, 3, NET_B, r.N), &input, NULL);
        assert_int_equal(rondo_tape_status(n.tape, NULL), RONDO_OK);
        assert_memory_equal(y->value.data, r.y + first, (size_t)(3 * NET_B * r.N) * sizeof(rondo_real));
        net_close(&n);
    }
}

/* Many rows that look at one memory give the bits of rows with a memory each. */
static void shared_memory(void **unused) {
    (void)unused;
    static net_run r;
    static const int32_t memory_of[NET_B] = {1, 0, 1, 1};
    for (size_t i = 0; i < NET_CASES; i++) {
        net n;
        rondo_attention_memory memory[RONDO_MAX_LAYERS];
        rondo_real two[NET_ROOM];
        net_open(&n, &net_cases[i], 2);
        net_draw(&r, &n, NET_T, NET_S, NULL);
        for (int64_t k = 0; k < NET_S * 2 * NET_M; k++)
            two[k] = net_number(3, k / NET_M % 2, k / NET_M / 2, k % NET_M);
        for (int64_t k = 0; k < NET_S * NET_B * NET_M; k++)
            r.memory[k] = net_number(3, memory_of[k / NET_M % NET_B], k / NET_M / NET_B, k % NET_M);
        for (int b = 0; b < NET_B; b++)
            r.memory_lengths[b] = net_memory_lengths[memory_of[b]];
        if (net_decodes(&n)) {
            net_go(&n, &r);
            rondo_tape_begin(n.tape, NULL);
            rondo_transformer_prepare(n.net, n.tape, net_leaf(&n, two, NULL, NET_S, 2, NET_M), net_memory_lengths,
                                      memory);
            const rondo_transformer_input input = {.lengths = r.lengths, .memory = memory, .memory_of = memory_of};
            rondo_var *weights, *y = rondo_transformer_forward(
                                    n.net, n.tape, net_leaf(&n, r.x, NULL, NET_T, NET_B, r.N), &input, &weights);
            assert_non_null(y);
            assert_memory_equal(y->value.data, r.y, (size_t)(NET_T * NET_B * r.N) * sizeof(rondo_real));
            assert_memory_equal(weights->value.data, r.weights, (size_t)(NET_T * NET_B * NET_S) * sizeof(rondo_real));
        }
        net_close(&n);
    }
}

/* ---- refusals ---- */

static void refused_configs(void **unused) {
    (void)unused;
    static const rondo_transformer_config bad[] = {
        {.size = 0},
        {.size = (int64_t)1 << 40},
        {.size = 4, .heads = 3},
        {.size = 4, .heads = -1},
        {.size = 4, .layers = RONDO_MAX_LAYERS + 1},
        {.size = 4, .layers = -1},
        {.size = 4, .feed_forward_size = -1},
        {.size = 4, .memory_size = -1},
        {.size = 4, .positions = RONDO_POSITIONS_LEARNED},
        {.size = 4, .positions = (rondo_positions)3},
        {.size = 4, .dropout = 1},
        {.size = 4, .dropout = (rondo_real)NAN},
        {.size = 4, .attention_dropout = -1},
    };
    rondo_params *params;
    rondo_transformer *made;
    rondo_error err = {0};
    assert_int_equal(rondo_params_create(&params, NULL), RONDO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(rondo_transformer_create(&made, params, "a.", &bad[i], &err), RONDO_ARGUMENT);
        assert_null(made);
        assert_int_equal(rondo_params_count(params), 0);
        assert_true(strlen(err.message) > 10 && !strchr(err.message, '\n'));
    }
    const rondo_transformer_config *good = &net_cases[0].config;
    char long_prefix[200];
    memset(long_prefix, 'x', sizeof long_prefix - 1);
    long_prefix[sizeof long_prefix - 1] = 0;
    assert_int_equal(rondo_transformer_create(NULL, params, "", good, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_transformer_create(&made, NULL, "", good, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_transformer_create(&made, params, "", NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_transformer_create(&made, params, long_prefix, good, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_params_count(params), 0);
    rondo_transformer *second;
    assert_int_equal(rondo_transformer_create(&made, params, NULL, good, &err), RONDO_OK);
    int count = rondo_params_count(params);
    assert_int_equal(rondo_transformer_create(&second, params, "", good, &err), RONDO_ARGUMENT); /* same names */
    assert_int_equal(rondo_params_count(params), count);
    rondo_transformer_destroy(&made);
    rondo_transformer_destroy(&made);
    rondo_transformer_destroy(NULL);
    rondo_params_destroy(&params);
}

typedef struct call {
    rondo_transformer_input input;
    int64_t T, N;
    bool no_net, no_x;
} call;

static void refuse(net *n, const call *c, rondo_status status, const char *part) {
    static rondo_real numbers[NET_ROOM];
    rondo_error err = {0};
    rondo_var *weights = (rondo_var *)&err;
    rondo_tape_begin(n->tape, NULL);
    rondo_var *x = c->no_x ? NULL : net_leaf(n, numbers, NULL, c->T, NET_B, c->N);
    assert_null(rondo_transformer_forward(c->no_net ? NULL : n->net, n->tape, x, &c->input, &weights));
    assert_null(weights);
    assert_int_equal(rondo_tape_status(n->tape, &err), status);
    if (!strstr(err.message, part))
        fail_msg("%s: '%s' does not say '%s'", n->about->name, err.message, part);
}

static void refused_calls(void **unused) {
    (void)unused;
    static const int32_t bad[NET_B] = {0, 6, 1, 1}, zeros[NET_B];
    const rondo_attention_memory memory[RONDO_MAX_LAYERS] = {{0}};
    rondo_transformer_past past = {.steps = 2}, negative = {.steps = -1}, huge = {.steps = INT32_MAX};
    net n;
    net_open(&n, &net_cases[1], 1);
    refuse(&n, &(call){.T = 5, .N = 6, .no_net = true}, RONDO_ARGUMENT, "net");
    refuse(&n, &(call){.T = 5, .N = 6, .no_x = true}, RONDO_ARGUMENT, "x");
    refuse(&n, &(call){.T = 5, .N = 5}, RONDO_SHAPE, "6");
    refuse(&n, &(call){.T = 5, .N = 6, .input.lengths = bad}, RONDO_ARGUMENT, "length 1 is 6");
    refuse(&n, &(call){.T = 10, .N = 6}, RONDO_ARGUMENT, "max_length");
    refuse(&n, &(call){.T = 5, .N = 6, .input.memory = memory}, RONDO_ARGUMENT, "encoder");
    refuse(&n, &(call){.T = 5, .N = 6, .input.memory_of = zeros}, RONDO_ARGUMENT, "encoder");
    refuse(&n, &(call){.T = 5, .N = 6, .input.past = &past}, RONDO_ARGUMENT, "causal");
    refuse(&n, &(call){.T = 5, .N = 6, .input.now = &past}, RONDO_ARGUMENT, "causal");
    rondo_transformer_prepare(n.net, n.tape, NULL, NULL, NULL);
    net_close(&n);
    net_open(&n, &net_cases[5], 1);
    refuse(&n, &(call){.T = 5, .N = 6}, RONDO_ARGUMENT, "memory");
    refuse(&n, &(call){.T = 5, .N = 6, .input = {.memory = memory}}, RONDO_ARGUMENT, "attention");
    refuse(&n, &(call){.T = 5, .N = 6, .input = {.memory = memory, .past = &past}}, RONDO_SHAPE, "past");
    refuse(&n, &(call){.T = 5, .N = 6, .input = {.memory = memory, .past = &negative}}, RONDO_ARGUMENT, "past");
    refuse(&n, &(call){.T = 5, .N = 6, .input = {.memory = memory, .past = &huge}}, RONDO_ARGUMENT, "past");
    net_close(&n);
}

static void refused_memories(void **unused) {
    (void)unused;
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    static rondo_real numbers[NET_ROOM];
    rondo_error err = {0};
    net n;
    net_open(&n, &net_cases[4], 1);
    rondo_tape_begin(n.tape, NULL);
    rondo_transformer_prepare(n.net, n.tape, net_leaf(&n, numbers, NULL, NET_S, NET_B, NET_M + 1), NULL, memory);
    assert_int_equal(rondo_tape_status(n.tape, NULL), RONDO_SHAPE);
    assert_null(memory[0].keys);
    rondo_tape_begin(n.tape, NULL);
    rondo_transformer_prepare(n.net, n.tape, NULL, NULL, memory);
    assert_int_equal(rondo_tape_status(n.tape, NULL), RONDO_ARGUMENT);
    rondo_tape_begin(n.tape, NULL);
    rondo_transformer_prepare(n.net, n.tape, net_leaf(&n, numbers, NULL, NET_S, NET_B, NET_M), NULL, NULL);
    assert_int_equal(rondo_tape_status(n.tape, &err), RONDO_ARGUMENT);
    net_close(&n);
    net_open(&n, &net_cases[0], 1);
    rondo_tape_begin(n.tape, NULL);
    rondo_transformer_prepare(n.net, n.tape, net_leaf(&n, numbers, NULL, NET_S, NET_B, NET_M), NULL, memory);
    assert_int_equal(rondo_tape_status(n.tape, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "memory_size"));
    net_close(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),         cmocka_unit_test(every_parameter_learns),
        cmocka_unit_test(padding),       cmocka_unit_test(places_tell_steps_apart),
        cmocka_unit_test(permuted),      cmocka_unit_test(future),
        cmocka_unit_test(steps),         cmocka_unit_test(ends_in_a_later_chunk),
        cmocka_unit_test(shared_memory), cmocka_unit_test(refused_configs),
        cmocka_unit_test(refused_calls), cmocka_unit_test(refused_memories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
