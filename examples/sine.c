/* A model of your own: a GRU learns to continue sine waves, then runs free, one value at a time.
 *
 * Shows the explicit interface: declare parameters, build the loss on a tape, run it back, let the optimiser step; then
 * stream with weights packed once and nothing allocated per step. */
#include <math.h>
#include <stdio.h>

#include "rondo/optim.h"
#include "rondo/rondo.h"

enum { T = 40, B = 16, H = 24, STEPS = 400 };

typedef struct model {
    rondo_params *params;
    rondo_recurrent *gru;
    int w, b; /* output layer (1, H), (1) */
} model;

static rondo_status declare(model *m, rondo_error *err) {
    rondo_recurrent_config config = {.cell = RONDO_GRU, .input_size = 1, .hidden_size = H};
    rondo_init init = {RONDO_INIT_XAVIER, 1};
    rondo_status status = rondo_params_create(&m->params, err);
    if (!status)
        status = rondo_recurrent_create(&m->gru, m->params, "gru.", &config, err);
    if (!status)
        status = rondo_params_add(m->params, "output.weight", 2, (int64_t[]){1, H}, init, &m->w, err);
    if (!status)
        status = rondo_params_add(m->params, "output.bias", 1, (int64_t[]){1}, (rondo_init){0}, &m->b, err);
    return status ? status : rondo_params_finish(m->params, 1, err);
}

/* B waves of different speed; y is x one step later, negated so that adding it gives the error. */
static void waves(int step, rondo_real x[T * B], rondo_real minus_y[T * B]) {
    for (int i = 0; i < T * B; i++) {
        double phase = 0.7 * (step * B + i % B), speed = 0.15 + 0.02 * (i % B % 8);
        x[i] = (rondo_real)sin(phase + speed * (i / B));
        minus_y[i] = (rondo_real)-sin(phase + speed * (i / B + 1));
    }
}

static rondo_var *squared_error(model *m, rondo_tape *tape, rondo_real *x, rondo_real *minus_y) {
    rondo_tensor input = rondo_tensor_view(RONDO_REAL, x, 3, (int64_t[]){T, B, 1});
    rondo_tensor target = rondo_tensor_view(RONDO_REAL, minus_y, 3, (int64_t[]){T, B, 1});
    rondo_var *h = rondo_recurrent_forward(m->gru, tape, rondo_leaf(tape, &input, NULL), NULL);
    rondo_var *y =
        rondo_linear(tape, h, rondo_params_use(m->params, tape, m->w), rondo_params_use(m->params, tape, m->b));
    rondo_var *error = rondo_add(tape, y, rondo_leaf(tape, &target, NULL));
    return rondo_mean(tape, rondo_mul(tape, error, error));
}

static rondo_status train(model *m, rondo_tape *tape, rondo_optimizer *adam, rondo_error *err) {
    static rondo_real x[T * B], minus_y[T * B];
    for (int step = 0; step < STEPS; step++) {
        waves(step, x, minus_y);
        rondo_tape_begin(tape, &(rondo_step){.training = true, .recording = true, .seed = 1, .step = (uint64_t)step});
        rondo_var *loss = squared_error(m, tape, x, minus_y);
        rondo_params_clear_grads(m->params);
        rondo_status status = rondo_tape_status(tape, err);
        if (!status)
            status = rondo_backward(tape, loss, 1);
        if (!status)
            status = rondo_optimizer_step(adam, &(rondo_optimizer_update){.clip_norm = 1}, NULL, err);
        if (status)
            return status;
        if (step % 100 == 0 || step == STEPS - 1)
            printf("step %3d  mean squared error %.5f\n", step, (double)*(rondo_real *)loss->value.data);
    }
    return RONDO_OK;
}

/* Hears 20 values of a wave, then goes on by itself: each output is the next input. */
static rondo_status run_free(model *m, rondo_context *context, rondo_error *err) {
    rondo_stream *stream = NULL;
    rondo_status status = rondo_stream_open(&stream, context, m->gru, 1, NULL, err);
    if (status)
        return status;
    const rondo_real *w = rondo_params_at(m->params, m->w)->value.data,
                     *b = rondo_params_at(m->params, m->b)->value.data;
    rondo_real x = 0, h[H];
    for (int t = 0; t < 40; t++) {
        rondo_real truth = (rondo_real)sin(0.2 * t);
        x = t < 20 ? truth : x;
        if (t >= 20 && t % 4 == 0)
            printf("t %2d  wave %+.3f  network %+.3f\n", t, (double)truth, (double)x);
        rondo_stream_step(stream, &x, h);
        x = b[0];
        for (int j = 0; j < H; j++)
            x += w[j] * h[j];
    }
    rondo_stream_close(&stream);
    return RONDO_OK;
}

int main(void) {
    rondo_error err = {0};
    rondo_context *context = NULL;
    rondo_tape *tape = NULL;
    rondo_optimizer *adam = NULL;
    model m = {0};
    rondo_optimizer_options options = {.kind = RONDO_OPTIMIZER_ADAM, .learning_rate = 0.01};
    rondo_status status = rondo_context_create(&context, NULL, &err);
    if (!status)
        status = declare(&m, &err);
    if (!status)
        status = rondo_tape_create(&tape, context, &err);
    if (!status)
        status = rondo_optimizer_create(&adam, context, m.params, &options, &err);
    if (!status)
        status = train(&m, tape, adam, &err);
    if (!status)
        status = run_free(&m, context, &err);
    if (status)
        fprintf(stderr, "sine: %s\n", err.message);
    rondo_optimizer_destroy(&adam);
    rondo_tape_destroy(&tape);
    rondo_recurrent_destroy(&m.gru);
    rondo_params_destroy(&m.params);
    rondo_context_destroy(&context);
    return status != RONDO_OK;
}
