/* Gradients of whole encoder-decoders equal finite differences in double, every parameter of every kind. */
#include "autograd/gradients.h"
#include "nn/seq2seq_model.h"

typedef struct checked {
    model m;
    model_batch batch;
    rondo_seq2seq_loss_options options;
} checked;

static rondo_var *scalar(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    checked *c = arg;
    for (int i = 0; i < count; i++) /* values are in place, gradients are where the check keeps them */
        rondo_params_at(c->m.params, i)->grad = leaves[i]->grad;
    return rondo_seq2seq_loss(c->m.net, tape, &c->batch.batch, &c->options);
}

/* A ReLU has no derivative where it bends, so a Transformer's units stand clear of it, on either side. */
static void leave_the_bend(const rondo_param *p) {
    for (int64_t j = 0; strstr(p->name, "linear1.bias") && j < p->value.dims[0]; j++)
        ((rondo_real *)p->value.data)[j] += j % 2 ? 5 : -5;
}

static void check(const model_case *about, const rondo_seq2seq_loss_options *options, bool training) {
    checked c = {.options = *options};
    rondo_tensor tensors[96];
    rondo_error err = {0};
    double worst = 0;
    model_open(&c.m, about, 1);
    model_pairs(&c.batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    int count = rondo_params_count(c.m.params);
    assert_true(count <= 96);
    for (int i = 0; i < count; i++) {
        tensors[i] = rondo_params_at(c.m.params, i)->value;
        leave_the_bend(rondo_params_at(c.m.params, i));
    }
    rondo_step step = {.training = training, .recording = true, .seed = 3, .step = 5};
    if (rondo_gradient_check(c.m.tape, scalar, &c, count, tensors, &step, 0, &worst, &err))
        fail_msg("%s: %s", about->name, err.message);
    if (!(worst <= GRADIENT_LIMIT))
        fail_msg("%s: relative error %g (at most %g)", about->name, worst, GRADIENT_LIMIT);
    model_close(&c.m);
}

static void without_attention(void **unused) {
    (void)unused;
    for (size_t i = 0; i < MODEL_PLAIN; i++)
        check(&model_plain[i], &(rondo_seq2seq_loss_options){.label_smoothing = 0.1f}, false);
}

static void with_attention(void **unused) {
    (void)unused;
    for (size_t i = 0; i < MODEL_ATTENTIVE; i++)
        check(&model_attentive[i], &(rondo_seq2seq_loss_options){.divide_by = 4}, false);
}

/* Dropout of every kind; symbols that were drawn are constants to the gradient. */
static void in_training(void **unused) {
    (void)unused;
    model_case dropping = model_plain[1];
    dropping.config.embedding_dropout = dropping.config.output_dropout = 0.25f;
    check(&dropping, &(rondo_seq2seq_loss_options){.divide_by = 4}, true);
    for (size_t i = 1; i < 6; i++)
        check(&model_attentive[i], &(rondo_seq2seq_loss_options){.sampling = 0.5f}, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_attention), cmocka_unit_test(with_attention),
                                       cmocka_unit_test(in_training)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
