/* What a loss asks of states, by the task's own tape and the way back through the stacks: equal to finite differences
 * of the task's loss, whatever ways a state has to it (attention before and after, input feeding, a pointer, a bridge).
 * Needs: JANSSON YAML. */
#include "../tasks/tiny_pairs.h"

#include "inspect/gradients.h"
#include "inspect/inspect.h"
#include "nn/recurrent.h"

#include <math.h>

typedef struct opened {
    rondo_context *context;
    rondo_model *model;
    rondo_inspection *inspection;
    rondo__look *look;
} opened;

static opened open_pairs(const char *const *sets) {
    static const char *const files[] = {"dev.src", "dev.tgt"};
    opened o = {0};
    rondo_error err = {0};
    tiny t = tiny_pairs_make("run", sets);
    t.set[t.options.sets++] = "train.max_steps=4";
    t.set[t.options.sets++] = "train.evaluate_every=4";
    t.set[t.options.sets++] = "train.metric=valid_loss";
    tiny_run(&t);
    o.context = tiny_context(1);
    o.model = tiny_open(&t, o.context);
    char path[2][256];
    const char *named[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s", test_path(files[i]));
        named[i] = path[i];
    }
    if (rondo_inspection_open(&o.inspection, o.model, &(rondo_inspect_data){.files = 2, .file = named}, &err))
        fail_msg("%s", err.message);
    o.look = o.inspection->look;
    return o;
}

static void close_all(opened *o) {
    rondo_inspection_close(&o->inspection);
    rondo_model_close(&o->model);
    rondo_context_destroy(&o->context);
}

/* ---- by differences ---- */

/* One unit of the top layer of one direction, as a step hands it on and as it leaves: moved by `by`. */
typedef struct moving {
    int stack, place;
    int64_t step, unit;
    real by;
    bool leaves, stays; /* what is moved: what leaves, what is handed on */
} moving;

static rondo_var *moved(rondo_tape *tape, rondo_var *var, int64_t at, real by) {
    rondo_var *more = rondo_zeros(tape, var->value.rank, var->value.dims);
    ((real *)more->value.data)[at] = by;
    return rondo_add(tape, var, more);
}

static rondo_var *move(void *arg, int stack, int64_t at, rondo_tape *tape, rondo_var *x,
                       const rondo_recurrent_input *input, rondo_var *y) {
    const moving *m = arg;
    const int64_t W = y->value.dims[2] * y->value.dims[1], n = y->value.dims[0];
    (void)x;
    if (stack != m->stack || m->step < at || m->step >= at + n)
        return y;
    if (m->stays)
        input->final_states->h[m->place] = moved(tape, input->final_states->h[m->place], m->unit, m->by);
    return m->leaves ? moved(tape, y, (m->step - at) * W + m->unit, m->by) : y;
}

static double loss_moved(const opened *o, moving m, int64_t only, double by) {
    rondo_var *loss;
    rondo_error err = {0};
    m.by = (real)by;
    if (rondo__look_again(o->look, &(rondo__look_run){.seen = move, .arg = &m, .only = only}, &loss, &err))
        fail_msg("%s", err.message);
    return (double)*(const real *)loss->value.data;
}

static double slope(const opened *o, moving m, int64_t only) {
    const double h = 1e-5;
    return (loss_moved(o, m, only, h) - loss_moved(o, m, only, -h)) / (2 * h);
}

static void agree(const char *what, int64_t i, double given, double numeric) {
    if (!(fabs(given - numeric) <= 1e-6 * (fabs(given) + fabs(numeric)) + 1e-9))
        fail_msg("%s %lld: %.10g, by differences %.10g", what, (long long)i, given, numeric);
}

/* ---- the decoder, which runs step by step: all of ∂loss_T-1/∂h_{T-1-k} ---- */

static void lags_agree(const opened *o, rondo__asks *asks, int stack) {
    const rondo__look_stack *s = &o->look->passage.stack[stack];
    const int64_t T = s->axis.T, top = s->net->config.layers - 1, H = s->net->layer[top].R;
    rondo__lags lags;
    assert_int_equal(rondo__lags_make(&lags, s->net, T, NULL), RONDO_OK);
    assert_int_equal(rondo__lags_add(&lags, asks, stack, 1, NULL), RONDO_OK);
    assert_true(lags.own && lags.followed == 1);
    assert_int_equal(asks->stack[stack].passes, T);
    for (int64_t k = 0; k < T; k++) {
        double sum = 0;
        for (int64_t j = 0; j < H; j++) {
            const double d = slope(o, (moving){stack, (int)top, T - 1 - k, j, 0, true, true}, T - 1);
            sum += d * d;
        }
        agree("lag", k, lags.norm[top][RONDO__OF_H][k], sqrt(sum));
    }
    rondo__lags_free(&lags);
}

/* ---- a stack in one pass: what its outputs and its last states are asked ---- */

static void pass_agrees(const opened *o, rondo__asks *asks, int stack, int64_t only) {
    const rondo__look_stack *s = &o->look->passage.stack[stack];
    const int64_t T = s->axis.T, W = rondo_recurrent_output_size(s->net);
    assert_int_equal(rondo__asks_of(asks, only, NULL), RONDO_OK);
    const rondo__asks_pass *pass = &asks->stack[stack].pass[0];
    for (int64_t i = 0; i < T * W; i++)
        agree("output", i, (double)pass->dy[i], slope(o, (moving){stack, 0, i / W, i % W, 0, true, false}, only));
    for (int place = 0; place < s->net->directions; place++)
        for (int64_t j = 0; pass->h[place] && j < s->net->layer[place].state; j++)
            agree("last state", j, (double)pass->h[place][j],
                  slope(o, (moving){stack, place, T - 1, j, 0, false, true}, only));
}

static void one_kind(const char *const *sets, bool stepwise) {
    opened o = open_pairs(sets);
    rondo__asks asks = {0};
    int64_t index = 0;
    do /* of some length */
        assert_int_equal(rondo__look_at(o.look, index++, NULL), RONDO_OK);
    while (o.look->passage.stack[0].axis.T < 3);
    assert_int_equal(rondo__asks_begin(&asks, o.look, NULL), RONDO_OK);
    const int64_t T = o.look->passage.losses;
    pass_agrees(&o, &asks, 0, -1);
    pass_agrees(&o, &asks, 0, T - 1);
    assert_int_equal(asks.stack[1].passes > 1, stepwise);
    if (stepwise)
        lags_agree(&o, &asks, 1);
    else
        pass_agrees(&o, &asks, 1, T - 2);
    rondo__asks_end(&asks);
    close_all(&o);
}

static void decoders(void **state) {
    (void)state;
    static const char *const kinds[][6] = {
        {"model.attention=dot", "model.decoder.cell=gru", "model.encoder.cell=gru"},
        {"model.attention=scaled_dot", "model.decoder.input_feeding=true"},
        {"model.attention={type: additive, placement: before}", "model.decoder.layers=2", "model.bridge=linear"},
        {"model.attention=none", "model.encoder.cell=elman", "model.decoder.cell=elman"},
        {"model.copy=true", "model.decoder.input_feeding=true", "data.source_tokenizer={type: word, max_size: 5}",
         "data.target_tokenizer={type: word, max_size: 5}"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        one_kind(kinds[i], i == 1 || i == 2 || i == 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(decoders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
