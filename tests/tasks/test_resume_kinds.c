/* Stopped and resumed at many steps, in the middle of epochs and at their ends, a run of every kind ends with the bits
 * of the uninterrupted one: the best model, the log, and the full state. Needs: JANSSON YAML. */
#include "formats/safetensors.h"
#include "tiny.h"

#define RULE(text) "train.optimizer={type: " text ", learning_rate: 0.02}"
#define MOST 8
static const char *const kinds[][MOST] = {
    /* every rule of the steps, with and without what it may keep */
    {RULE("sgd")},
    {RULE("sgd, momentum: 0.9")},
    {RULE("sgd, momentum: 0.9, nesterov: true"), "train.clip_value=0.01", "train.clip_norm=0"},
    {RULE("adam"), "train.ema=0.9"},
    {RULE("adamw, weight_decay: 0.1"), "train.label_smoothing=0.1"},
    {RULE("rmsprop"), "train.accumulate=2"},
    {RULE("rmsprop, momentum: 0.5, centered: true"), "train.ema=0.99"},
    {RULE("adagrad"), "train.ema=0.5"},
    /* every schedule */
    {"train.schedule={type: step, step_size: 7, gamma: 0.8}"},
    {"train.schedule={type: cosine, warmup_steps: 5, minimum: 0.1}", "train.accumulate=3"},
    {"train.schedule={type: inverse_sqrt, warmup_steps: 4}"},
    {"train.schedule={type: one_cycle}", "train.accumulate=2"},
    {"train.schedule={type: plateau, patience: 0}", RULE("sgd"), "train.evaluate_every=2", "train.metric=perplexity"},
    /* every cell, and how states go on */
    {"model.cell=jordan", "model.decay=0.3"},
    {"model.cell=jordan", "model.feedback=embedding", "train.accumulate=2"},
    {"model.cell=jordan", "model.feedback=embedding", "model.teacher_forcing=true", "train.carry_state=false"},
    {"model.cell=gru", "model.recurrent_dropout=0.3", "model.zoneout=0.2"},
    {"model.cell=gru", "model.zoneout=0.2", "train.carry_state=false", "train.accumulate=2", "model.variational=true"},
    {"model.cell=elman", "model.activation=relu", "model.layer_norm=false", "model.learned_initial_state=true"},
    {"model.zoneout=0.1", "model.zoneout_cell=0.2", "model.projection_size=4", "model.peepholes=true",
     "model.layer_norm=true", "model.embedding_dropout=0.1", "model.output_dropout=0.1"},
    /* every tokenizer and output */
    {"data.tokenizer={type: word, min_count: 2}", "train.steps_per_sequence=3"},
    {"data.tokenizer=word", "model.output=adaptive_softmax", "model.cutoffs=[3, 5]", "model.hidden_size=16",
     "train.steps_per_sequence=3", "train.accumulate=2"},
#ifdef RONDO_HAVE_SENTENCEPIECE
    {"data.tokenizer={type: sentencepiece, vocab_size: 20}"},
#endif
    /* where an evaluation and a checkpoint fall */
    {"train.evaluate_every=0", "train.save_every=4"},
    {"train.evaluate_every=7", "train.save_every=1", "train.ema=0.9", "train.accumulate=2"},
};

static bool stop_at(const rondo_event *event, void *arg) {
    const int64_t *step = arg;
    return !(event->kind == RONDO_EVENT_STEP && event->step == *step);
}

static rondo__safetensors *open_last(const tiny *t) {
    char path[400];
    rondo__safetensors *file;
    rondo_error err;
    snprintf(path, sizeof path, "%s/last.safetensors", t->folder);
    if (rondo__safetensors_read(&file, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return file;
}

/* Every tensor of last.safetensors but the seconds, the third of train.numbers. */
static void same_state(const tiny *a, const tiny *b) {
    rondo__safetensors *x = open_last(a), *y = open_last(b);
    assert_int_equal(rondo__safetensors_count(x), rondo__safetensors_count(y));
    for (int i = 0; i < rondo__safetensors_count(x); i++) {
        const rondo__named *p = rondo__safetensors_at(x, i), *q = rondo__safetensors_find(y, p->name);
        assert_non_null(q);
        const size_t bytes = (size_t)rondo_tensor_count(&p->tensor) * rondo_dtype_bytes(p->tensor.dtype);
        if (strcmp(p->name, "train.numbers") == 0)
            memcpy((double *)p->tensor.data + 2, (double *)q->tensor.data + 2, sizeof(double));
        assert_int_equal(bytes, (size_t)rondo_tensor_count(&q->tensor) * rondo_dtype_bytes(q->tensor.dtype));
        if (memcmp(p->tensor.data, q->tensor.data, bytes) != 0)
            fail_msg("tensor '%s' is not the same", p->name);
    }
    rondo__safetensors_free(&x);
    rondo__safetensors_free(&y);
}

static void try_kind(const char *const *kind) {
    static const int64_t stops[] = {1, 11, 26};
    const char *sets[MOST + 4] = {"train.batch_size=12", "train.steps_per_sequence=12", "train.max_steps=27",
                                  "train.epochs=9"};
    for (int i = 0; i < MOST && kind[i]; i++)
        sets[4 + i] = kind[i];
    tiny whole = tiny_make("whole", sets), parts = tiny_make("parts", sets);
    tiny_run(&whole);
    parts.options.event = stop_at;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        parts.options.event_arg = (void *)(uintptr_t)&stops[i];
        if (tiny_train(&parts) != RONDO_INTERRUPTED)
            fail_msg("%s: stop %d: '%s'", kind[0], (int)stops[i], parts.err.message);
        parts.options.resume = true;
    }
    parts.options.event = NULL;
    tiny_run(&parts);
    print_message("%s\n", kind[0]);
    assert_int_equal(whole.result.epochs, parts.result.epochs);
    assert_true(whole.result.epochs >= 1);
    tiny_same_model(&whole, &parts);
    tiny_same_log(&whole, &parts);
    same_state(&whole, &parts);
    tiny_clean(&whole);
    tiny_clean(&parts);
}

static void test_every_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        try_kind(kinds[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
