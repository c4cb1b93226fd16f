/* Gradients of whole stacks equal finite differences in double, for the input, every parameter, initial states that are
 * learned or given, Jordan's teacher and feedback matrix. */
#include "autograd/gradients.h"
#include "rondo/nn.h"

#include <stdlib.h>

enum { T = 4, B = 3, I = 3, MOST = 64 };
static const int32_t lengths[B] = {2, 4, 0};

typedef struct checked {
    const char *name;
    rondo_recurrent_config config;
    bool teacher, given_states, training;
} checked;

typedef struct rig {
    const checked *about;
    rondo_params *params;
    rondo_recurrent *net;
    int count;
    rondo_tensor tensors[MOST];
    int feedback, teacher, states; /* places of the tensors that are not parameters; x is 0, parameters follow it */
    int places;
} rig;

static int add_tensor(rig *r, int rank, int64_t d0, int64_t d1, int64_t d2) {
    assert_true(r->count < MOST);
    rondo_tensor t = rondo_tensor_view(RONDO_REAL, NULL, rank, (int64_t[]){d0, d1, d2});
    rondo_real *data = calloc((size_t)rondo_tensor_count(&t), sizeof *data);
    assert_non_null(data);
    for (int64_t i = 0; i < rondo_tensor_count(&t); i++)
        data[i] = (rondo_real)(2 * gradients_random((uint64_t)r->count, i) - 1);
    t.data = data;
    r->tensors[r->count] = t;
    return r->count++;
}

static void rig_open(rig *r, const checked *about) {
    rondo_error err = {0};
    *r = (rig){.about = about};
    assert_int_equal(rondo_params_create(&r->params, NULL), RONDO_OK);
    if (rondo_recurrent_create(&r->net, r->params, "", &about->config, &err))
        fail_msg("%s: %s", about->name, err.message);
    assert_int_equal(rondo_params_finish(r->params, 1, NULL), RONDO_OK);
    int D = about->config.bidirectional ? 2 : 1;
    r->places = D * about->config.layers;
    add_tensor(r, 3, T, B, I);
    for (int i = 0; i < rondo_params_count(r->params); i++) {
        const int64_t *dims = rondo_params_at(r->params, i)->value.dims;
        add_tensor(r, rondo_params_at(r->params, i)->value.rank, dims[0], dims[1], 1);
    }
    int64_t h, c;
    rondo_recurrent_state_size(r->net, about->config.layers - 1, &h, NULL);
    if (about->config.feedback_size)
        r->feedback = add_tensor(r, 2, about->config.output_size, h, 1);
    if (about->teacher)
        r->teacher = add_tensor(r, 3, T, B, h);
    r->states = r->count;
    for (int i = 0; about->given_states && i < r->places; i++) {
        rondo_recurrent_state_size(r->net, i / D, &h, &c);
        add_tensor(r, 2, B, h, 1);
        if (c)
            add_tensor(r, 2, B, c, 1);
    }
}

static void rig_close(rig *r) {
    while (r->count)
        free(r->tensors[--r->count].data);
    rondo_recurrent_destroy(&r->net);
    rondo_params_destroy(&r->params);
}

/* The network reads its parameters where the check keeps them, and leaves their gradients where the check looks. */
static void lend_params(rig *r, rondo_var *const *leaves) {
    for (int i = 0; i < rondo_params_count(r->params); i++) {
        rondo_param *p = rondo_params_at(r->params, i);
        p->value.data = leaves[1 + i]->value.data;
        p->grad = leaves[1 + i]->grad;
    }
}

/* Every element of the output and of the final states tells apart. */
static rondo_var *stack_scalar(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    rig *r = arg;
    rondo_states initial = {0}, final_states;
    (void)count;
    lend_params(r, leaves);
    rondo_recurrent_input input = {.lengths = lengths,
                                   .initial = &initial,
                                   .final_states = &final_states,
                                   .feedback = r->feedback ? leaves[r->feedback] : NULL,
                                   .teacher = r->teacher ? leaves[r->teacher] : NULL};
    for (int i = 0, k = r->states; r->about->given_states && i < r->places; i++) {
        initial.h[i] = leaves[k++];
        if (r->about->config.cell == RONDO_LSTM)
            initial.c[i] = leaves[k++];
    }
    rondo_var *y = gradients_scalar(tape, rondo_recurrent_forward(r->net, tape, leaves[0], &input));
    for (int i = 0; i < r->places && y; i++) {
        y = rondo_add(tape, y, gradients_scalar(tape, final_states.h[i]));
        if (final_states.c[i])
            y = rondo_add(tape, y, gradients_scalar(tape, final_states.c[i]));
    }
    return y;
}

static void check(const checked *about) {
    rig r;
    rondo_context *context;
    rondo_tape *tape;
    rondo_error err = {0};
    double worst;
    rig_open(&r, about);
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    rondo_step step = {.recording = true, .training = about->training, .seed = 3, .step = 5};
    if (rondo_gradient_check(tape, stack_scalar, &r, r.count, r.tensors, &step, 0, &worst, &err))
        fail_msg("%s: %s", about->name, err.message);
    if (!(worst <= GRADIENT_LIMIT))
        fail_msg("%s: relative error %g (at most %g)", about->name, worst, GRADIENT_LIMIT);
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
    rig_close(&r);
}

#define BOTH .input_size = I, .hidden_size = 3, .layers = 2, .bidirectional = true
#define DROPPED .dropout = 0.3, .recurrent_dropout = 0.2, .variational = true

static const checked cases[] = {
    {"elman", {.cell = RONDO_ELMAN, BOTH, .residual = true, .learned_initial_state = true, DROPPED}, .training = true},
    {"lstm learned", {.cell = RONDO_LSTM, BOTH, .residual = true, .learned_initial_state = true}},
    {"lstm given", {.cell = RONDO_LSTM, BOTH, .residual = true, .zoneout = 0.2, DROPPED}, false, true, true},
    {"lstm all",
     {.cell = RONDO_LSTM, BOTH, .merge = RONDO_MERGE_SUM, .residual = true, .peepholes = true, .layer_norm = true}},
    {"lstm projected", {.cell = RONDO_LSTM, BOTH, .projection_size = 2, .merge = RONDO_MERGE_AVERAGE}, false, true},
    {"gru learned", {.cell = RONDO_GRU, BOTH, .residual = true, .learned_initial_state = true}},
    {"gru given", {.cell = RONDO_GRU, BOTH, .residual = true, .reset_before = true, DROPPED}, false, true, true},
    {"jordan learned", {.cell = RONDO_JORDAN, BOTH, .residual = true, .learned_initial_state = true, .decay = 0.5}},
    {"jordan feedback",
     {.cell = RONDO_JORDAN, BOTH, .output_size = 4, .feedback_size = 2, .output_activation = RONDO_SOFTMAX},
     .given_states = true},
    {"jordan teacher", {.cell = RONDO_JORDAN, BOTH, .output_size = 2, .decay = 0.25, DROPPED}, true, true, true},
};

static void gradients(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
