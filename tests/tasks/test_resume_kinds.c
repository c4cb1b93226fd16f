/* Stopped and resumed at many steps, in the middle of epochs and at their ends, a run of every kind ends with the bits
 * of the uninterrupted one: the best model, the log, and the full state. Needs: JANSSON YAML. */
#include "resume.h"

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

static void try_kind(const char *const *kind) {
    static const int64_t stops[] = {1, 11, 26, 0};
    const char *sets[MOST + 4] = {"train.batch_size=12", "train.steps_per_sequence=12", "train.max_steps=27",
                                  "train.epochs=9"};
    for (int i = 0; i < MOST && kind[i]; i++)
        sets[4 + i] = kind[i];
    tiny whole = tiny_make("whole", sets), parts = tiny_make("parts", sets);
    resume_same(&whole, &parts, stops);
    print_message("%s\n", kind[0]);
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
