/* Encoder-decoders give the same bits with any number of threads: loss, gradients, steps in use; and at these widths,
 * too, a row in use has the bits of that row alone. */
#include "nn/seq2seq_model.h"

/* Wide and long enough that every product and every row-wise operator is cut into several tasks. */
enum { S = 9, T = 11, B = 40, V = 300, H = 24 };

typedef struct outcome {
    rondo_real loss, *grads; /* (count) */
    int64_t count;
    rondo_real scores[B * V], weights[B * S];
} outcome;

static rondo_seq2seq_config config_of(const model_case *about) {
    rondo_seq2seq_config config = about->config;
    config.source_vocabulary = config.target_vocabulary = V;
    config.source_embedding_size = config.target_embedding_size = H;
    return config;
}

typedef struct pairs {
    int32_t source[S * B], source_lengths[B], inputs[T * B], targets[T * B], target_lengths[B];
} pairs;

static void draw_batch(pairs *p) {
    for (int b = 0; b < B; b++) {
        p->source_lengths[b] = 1 + b % S;
        p->target_lengths[b] = 1 + (b * 7) % T;
        for (int s = 0; s < S; s++)
            p->source[s * B + b] = s < p->source_lengths[b] ? (b * 13 + s * 31) % V : -1;
        for (int t = 0; t < T; t++) {
            const bool inside = t < p->target_lengths[b];
            p->targets[t * B + b] = inside ? (b * 17 + t * 23) % V : -1;
            p->inputs[t * B + b] = !inside ? -1 : t ? p->targets[(t - 1) * B + b] : 0;
        }
    }
}

static void train(model *m, const pairs *p, outcome *out) {
    const rondo_pairs_batch batch = {.S = S,
                                     .T = T,
                                     .B = B,
                                     .source = p->source,
                                     .source_lengths = p->source_lengths,
                                     .inputs = p->inputs,
                                     .targets = p->targets,
                                     .target_lengths = p->target_lengths,
                                     .copy = p->source,
                                     .copy_targets = p->targets};
    rondo_tape_begin(m->tape, &(rondo_step){.training = true, .recording = true, .seed = 2});
    rondo_var *loss = rondo_seq2seq_loss(m->net, m->tape, &batch, &(rondo_seq2seq_loss_options){.sampling = 0.3f});
    assert_int_equal(rondo_backward(m->tape, loss, 1), RONDO_OK);
    out->loss = *(rondo_real *)loss->value.data;
    out->count = rondo_params_size(m->params);
    out->grads = rondo__alloc((size_t)out->count * sizeof *out->grads);
    assert_non_null(out->grads);
    memcpy(out->grads, rondo_params_grads(m->params), (size_t)out->count * sizeof *out->grads);
}

static void decode(model *m, const pairs *p, outcome *out) {
    const bool pointer = rondo_seq2seq_get_config(m->net)->pointer;
    int32_t order[B];
    rondo_decoding *d;
    for (int b = 0; b < B; b++)
        order[b] = (b * 3) % B;
    assert_int_equal(rondo_decoding_open(&d, m->context, m->net, NULL), RONDO_OK);
    assert_int_equal(
        rondo_decoding_begin(d, S, B, p->source, p->source_lengths, pointer ? p->source : NULL, pointer ? V : 0, NULL),
        RONDO_OK);
    for (int t = 0; t < 2; t++)
        assert_int_equal(rondo_decoding_step(d, B, order, order, out->scores, out->weights, NULL), RONDO_OK);
    rondo_decoding_close(&d);
}

/* Row b of the first step in use, alone and among all. */
static void row_alone(model *m, const pairs *p, int b) {
    const bool pointer = rondo_seq2seq_get_config(m->net)->pointer;
    static rondo_real crowd[B * V], alone[V];
    int32_t parent[B], source[S];
    rondo_decoding *d;
    for (int i = 0; i < B; i++)
        parent[i] = i;
    for (int s = 0; s < S; s++)
        source[s] = p->source[s * B + b];
    assert_int_equal(rondo_decoding_open(&d, m->context, m->net, NULL), RONDO_OK);
    assert_int_equal(
        rondo_decoding_begin(d, S, B, p->source, p->source_lengths, pointer ? p->source : NULL, pointer ? V : 0, NULL),
        RONDO_OK);
    assert_int_equal(rondo_decoding_step(d, B, parent, parent, crowd, NULL, NULL), RONDO_OK);
    assert_int_equal(
        rondo_decoding_begin(d, S, 1, source, &p->source_lengths[b], pointer ? source : NULL, pointer ? V : 0, NULL),
        RONDO_OK);
    assert_int_equal(rondo_decoding_step(d, 1, (int32_t[]){0}, &parent[b], alone, NULL, NULL), RONDO_OK);
    if (memcmp(alone, crowd + b * V, sizeof alone))
        fail_msg("%s: row %d has other bits alone", m->name, b);
    rondo_decoding_close(&d);
}

static void run(const model_case *about, int threads, outcome *out) {
    static pairs p;
    const rondo_seq2seq_config config = config_of(about);
    model m = {.name = about->name};
    draw_batch(&p);
    assert_int_equal(rondo_context_create(&m.context, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&m.tape, m.context, NULL), RONDO_OK);
    assert_int_equal(rondo_params_create(&m.params, NULL), RONDO_OK);
    assert_int_equal(rondo_seq2seq_create(&m.net, m.params, "", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(m.params, 3, NULL), RONDO_OK);
    train(&m, &p, out);
    decode(&m, &p, out);
    row_alone(&m, &p, 7 * threads);
    model_close(&m);
}

static void check(const model_case *about) {
    static outcome one, more;
    run(about, 1, &one);
    for (int threads = 2; threads <= 3; threads++) {
        run(about, threads, &more);
        assert_int_equal(one.count, more.count);
        if (memcmp(&one.loss, &more.loss, sizeof one.loss) ||
            memcmp(one.grads, more.grads, (size_t)one.count * sizeof *one.grads) ||
            memcmp(one.scores, more.scores, sizeof one.scores) || memcmp(one.weights, more.weights, sizeof one.weights))
            fail_msg("%s: other bits with %d threads", about->name, threads);
        rondo__free(more.grads);
    }
    rondo__free(one.grads);
}

static void same_bits_for_any_threads(void **unused) {
    (void)unused;
    for (size_t i = 0; i < MODEL_PLAIN; i++)
        if (model_plain[i].config.tie == RONDO_TIE_NONE)
            check(&model_plain[i]);
    for (size_t i = 0; i < MODEL_ATTENTIVE; i++)
        if (model_attentive[i].config.tie == RONDO_TIE_NONE)
            check(&model_attentive[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits_for_any_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
