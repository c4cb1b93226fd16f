/* The decoder's LSTM that is told symbols: its bits are those of rondo_lstm on the embeddings, whatever was told before
 * and however small the table; its memory is failing memory's like any other. */
#include "nn/seq2seq.h"
#include "nn/seq2seq_model.h"

enum { V = 23, E = 5, H = 6, ROWS = 7, STEPS = 9 };

static const model_case fits[] = {
    {"plain", {MODEL_ENCODER(RONDO_LSTM, H), MODEL_DECODER(RONDO_LSTM, H), .attention.type = RONDO_ATTENTION_DOT}},
    {"peepholes, coupled, clipped",
     {MODEL_ENCODER(RONDO_LSTM, H, .peepholes = true),
      MODEL_DECODER(RONDO_LSTM, H, .peepholes = true, .coupled_gates = true, .cell_clip = 0.1f)}},
    {"no biases", {MODEL_ENCODER(RONDO_LSTM, H), MODEL_DECODER(RONDO_LSTM, H, .no_bias = true)}},
};
static const model_case others[] = {
    {"gru", {MODEL_ENCODER(RONDO_GRU, H), MODEL_DECODER(RONDO_GRU, H)}},
    {"two layers", {MODEL_ENCODER(RONDO_LSTM, H, .layers = 2), MODEL_DECODER(RONDO_LSTM, H, .layers = 2)}},
    {"normalised", {MODEL_ENCODER(RONDO_LSTM, H), MODEL_DECODER(RONDO_LSTM, H, .layer_norm = true)}},
    {"fed",
     {MODEL_ENCODER(RONDO_LSTM, H), MODEL_DECODER(RONDO_LSTM, H), .attention.type = RONDO_ATTENTION_DOT,
      .input_feeding = true}},
    {"every step", {MODEL_ENCODER(RONDO_LSTM, H), MODEL_DECODER(RONDO_LSTM, H), .context = RONDO_CONTEXT_EVERY_STEP}},
};

static rondo_status try_model(model *m, const model_case *about, int threads) {
    rondo_seq2seq_config config = about->config;
    config.source_vocabulary = config.target_vocabulary = V;
    config.source_embedding_size = config.target_embedding_size = E;
    *m = (model){.name = about->name};
    rondo_status status = rondo_context_create(&m->context, &(rondo_context_options){.threads = threads}, NULL);
    if (!status)
        status = rondo_tape_create(&m->tape, m->context, NULL);
    if (!status)
        status = rondo_params_create(&m->params, NULL);
    if (!status)
        status = rondo_seq2seq_create(&m->net, m->params, "", &config, NULL);
    if (!status)
        status = rondo_params_finish(m->params, 1, NULL);
    if (!status)
        model_fill(m->params);
    return status;
}

static int32_t symbol_of(int step, int row) { return (int32_t)((5 * step * step + 3 * row * (step % 3)) % V); }

/* States that no step has made. */
static void fill(rondo_real *x, int64_t n, uint64_t of) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (rondo_real)(2 * rondo__random_uniform(3, of, (uint64_t)i) - 1);
}

typedef struct state {
    rondo_real h[ROWS * H], c[ROWS * H];
} state;

static rondo_states as_variables(model *m, state *s) {
    const rondo_tensor h = rondo_tensor_view(RONDO_REAL, s->h, 2, (int64_t[]){ROWS, H});
    const rondo_tensor c = rondo_tensor_view(RONDO_REAL, s->c, 2, (int64_t[]){ROWS, H});
    return (rondo_states){{rondo_leaf(m->tape, &h, NULL)}, {rondo_leaf(m->tape, &c, NULL)}};
}

static void keep(state *s, const rondo_states *states) {
    memcpy(s->h, states->h[0]->value.data, sizeof s->h);
    memcpy(s->c, states->c[0]->value.data, sizeof s->c);
}

static rondo_status told(model *m, rondo__told *table, const int32_t *symbols, state *s) {
    rondo_tape_begin(m->tape, NULL);
    rondo_states states = as_variables(m, s);
    rondo__told_step(m->net, m->tape, table, ROWS, symbols, &states);
    const rondo_status status = rondo_tape_status(m->tape, NULL);
    if (!status)
        keep(s, &states);
    return status;
}

static void embedded(model *m, const int32_t *symbols, state *s) {
    rondo_tape_begin(m->tape, NULL);
    rondo_states states = as_variables(m, s);
    rondo_var *y = rondo_embedding(m->tape, rondo_params_use(m->params, m->tape, m->net->target_table), symbols, 2,
                                   (int64_t[]){1, ROWS});
    rondo_recurrent_forward(m->net->decoder, m->tape, y,
                            &(rondo_recurrent_input){.initial = &states, .final_states = &states});
    assert_int_equal(rondo_tape_status(m->tape, NULL), RONDO_OK);
    keep(s, &states);
}

static void same_steps(const model_case *about, int64_t most, int threads) {
    model m;
    state a, b;
    rondo__told table = {.most = most};
    assert_int_equal(try_model(&m, about, threads), RONDO_OK);
    assert_true(rondo__told_fits(m.net));
    fill(a.h, ROWS * H, 1);
    fill(a.c, ROWS * H, 2);
    b = a;
    for (int t = 0; t < STEPS; t++) {
        int32_t symbols[ROWS];
        for (int r = 0; r < ROWS; r++)
            symbols[r] = symbol_of(t, r);
        assert_int_equal(told(&m, &table, symbols, &a), RONDO_OK);
        embedded(&m, symbols, &b);
        assert_memory_equal(&a, &b, sizeof a);
    }
    rondo__told_free(&table);
    model_close(&m);
}

static void test_same_bits(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
        for (int threads = 1; threads <= 3; threads++)
            same_steps(&fits[i], 0, threads);
}

/* Less than a step needs, as much as two need, all but one symbol. */
static void test_small_tables(void **unused) {
    (void)unused;
    for (int64_t rows = 1; rows < V; rows++)
        same_steps(&fits[0], rows * 4 * H, 2);
}

static void test_others_do_not_fit(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        model m;
        assert_int_equal(try_model(&m, &others[i], 1), RONDO_OK);
        assert_false(rondo__told_fits(m.net));
        model_close(&m);
    }
}

static int steps(void *arg) {
    model m;
    state s;
    rondo__told table = {.most = 10 * 4 * H};
    rondo_status status = try_model(&m, arg, 1);
    fill(s.h, ROWS * H, 1);
    fill(s.c, ROWS * H, 2);
    for (int t = 0; t < STEPS && !status; t++) {
        int32_t symbols[ROWS];
        for (int r = 0; r < ROWS; r++)
            symbols[r] = symbol_of(t, r);
        status = told(&m, &table, symbols, &s);
    }
    rondo__told_free(&table);
    model_close(&m);
    return (int)status;
}

static void test_memory_fails(void **unused) {
    (void)unused;
    test_every_failure(steps, (void *)&fits[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_small_tables),
                                       cmocka_unit_test(test_others_do_not_fit), cmocka_unit_test(test_memory_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
