/* Networks that drive something: what they say at each step is checked against a controller that they have to imitate.
 * `rondo` has no task whose Jordan network is fed with what it says to the outside (but the language model), so this
 * small program makes it: control TASK CELL HIDDEN STEPS --seed N prints one JSON object.
 *
 * An input u_t wanders in [-1, 1]; the wanted output y_t is
 *   follow   a drive that cannot jump: y_t = y_{t-1} + at most 0.15 towards u_t. The past counts only through y_{t-1},
 *            which the network itself has just said
 *   relay    a thermostat: on (1) above 0.3, off (-1) below -0.3, between them as before. Again the past is y_{t-1}
 *   echo     y_t = u_{t-3}: the past counts, but not through what was said
 *   now      y_t = u_t^2: the past does not count
 * Every batch is new. The network runs free: nothing but u ever enters it from outside. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/rondo.h>

enum { T = 50, B = 32, TEST_BATCHES = 16 };

typedef enum task { FOLLOW, RELAY, ECHO, NOW, TASKS } task;
static const char *const task_names[TASKS] = {"follow", "relay", "echo", "now"};
/* told: a Jordan network that in training is fed with the right outputs, not its own (teacher forcing). */
enum { TOLD = RONDO_GRU + 1, CELLS };
static const char *const cell_names[CELLS] = {"elman", "jordan", "lstm", "gru", "told"};

typedef struct learner {
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_optimizer *optimizer;
    int weight, bias; /* of the output layer; a Jordan network has its own: -1 */
    int told;
} learner;

static rondo_real inputs[T * B], wanted[T * B], weights[T * B], losses[T * B]; /* (T, B) */

/* xorshift64*: in (-1, 1) */
static double draw(uint64_t *state) {
    *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
    return (double)((*state * 2685821657736338717u) >> 11) / 4503599627370496.0 - 1;
}

static double answer(task what, const double *u, int t, double before) {
    switch (what) {
    case FOLLOW:
        return before + fmax(-0.15, fmin(0.15, u[t] - before));
    case RELAY:
        return u[t] > 0.3 ? 1 : u[t] < -0.3 ? -1 : before;
    case ECHO:
        return t >= 3 ? u[t - 3] : 0;
    default:
        return u[t] * u[t];
    }
}

/* Set points that stay for a while and then jump, for the drive; a slow walk with noise for all others. The first three
 * steps of an echo ask for nothing. */
static void make_batch(task what, uint64_t *state) {
    double u[T], y;
    for (int b = 0; b < B; b++) {
        double level = draw(state);
        for (int t = 0; t < T; t++) {
            if (what == FOLLOW)
                level = draw(state) > 0.8 ? draw(state) : level;
            else
                level = fmax(-1, fmin(1, level + 0.4 * draw(state)));
            u[t] = level;
        }
        y = what == RELAY ? -1 : 0;
        for (int t = 0; t < T; t++) {
            y = answer(what, u, t, y);
            inputs[t * B + b] = (rondo_real)u[t];
            wanted[t * B + b] = (rondo_real)y;
            weights[t * B + b] = what == ECHO && t < 3 ? 0 : 1;
        }
    }
}

static rondo_status build(learner *l, int kind, int64_t H, uint64_t seed, rondo_error *err) {
    const rondo_optimizer_options adam = {.kind = RONDO_OPTIMIZER_ADAM};
    const rondo_cell cell = kind == TOLD ? RONDO_JORDAN : (rondo_cell)kind;
    rondo_recurrent_config config = {.cell = cell, .input_size = 1, .hidden_size = H, .layers = 1};
    l->weight = l->bias = -1;
    l->told = kind == TOLD;
    if (cell == RONDO_JORDAN) { /* one output unit, and that is what comes back */
        config.output_size = 1;
        config.output_activation = RONDO_IDENTITY;
    }
    rondo_status status = rondo_context_create(&l->context, &(rondo_context_options){.threads = 1}, err);
    if (!status)
        status = rondo_tape_create(&l->tape, l->context, err);
    if (!status)
        status = rondo_params_create(&l->params, err);
    if (!status)
        status = rondo_recurrent_create(&l->net, l->params, "rnn.", &config, err);
    const rondo_init init = {RONDO_INIT_UNIFORM, (rondo_real)(1 / sqrt((double)H))};
    if (!status && cell != RONDO_JORDAN)
        status = rondo_params_add(l->params, "output.weight", 2, (const int64_t[2]){1, H}, init, &l->weight, err);
    if (!status && cell != RONDO_JORDAN)
        status = rondo_params_add(l->params, "output.bias", 1, (const int64_t[1]){1}, init, &l->bias, err);
    if (!status)
        status = rondo_params_finish(l->params, seed, err);
    return status ? status : rondo_optimizer_create(&l->optimizer, l->context, l->params, &adam, err);
}

static void clear(learner *l) {
    rondo_optimizer_destroy(&l->optimizer);
    rondo_recurrent_destroy(&l->net);
    rondo_params_destroy(&l->params);
    rondo_tape_destroy(&l->tape);
    rondo_context_destroy(&l->context);
}

static rondo_var *loss_of(learner *l, int64_t step, int training) {
    const rondo_tensor x = rondo_tensor_view(RONDO_REAL, inputs, 3, (const int64_t[3]){T, B, 1});
    const rondo_tensor known = rondo_tensor_view(RONDO_REAL, wanted, 3, (const int64_t[3]){T, B, 1});
    rondo_tape_begin(l->tape, &(rondo_step){.training = training, .recording = training, .step = (uint64_t)step});
    const rondo_recurrent_input input = {.teacher = training && l->told ? rondo_leaf(l->tape, &known, NULL) : NULL};
    rondo_var *y = rondo_recurrent_forward(l->net, l->tape, rondo_leaf(l->tape, &x, NULL), &input);
    if (l->weight >= 0)
        y = rondo_linear(l->tape, y, rondo_params_use(l->params, l->tape, l->weight),
                         rondo_params_use(l->params, l->tape, l->bias));
    return rondo_squared_loss(l->tape, y, wanted, &(rondo_loss_options){.weight = weights, .row_losses = losses});
}

/* The rate falls in a straight line to a tenth. */
static rondo_status train(learner *l, task what, int64_t steps, double rate, uint64_t *state, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int64_t step = 0; !status && step < steps; step++) {
        make_batch(what, state);
        rondo_params_clear_grads(l->params);
        rondo_var *loss = loss_of(l, step, 1);
        status = rondo_tape_status(l->tape, err);
        if (!status)
            status = rondo_backward(l->tape, loss, 1);
        const double now = rate * (1 - 0.9 * (double)step / (double)steps);
        if (!status)
            status = rondo_optimizer_step(l->optimizer, &(rondo_optimizer_update){.learning_rate = now, .clip_norm = 1},
                                          NULL, err);
    }
    return status;
}

/* The error as a share of the variance of what is wanted: 0 is perfect, 1 is saying the mean. */
static rondo_status measure(learner *l, task what, uint64_t *state, double *share, rondo_error *err) {
    double wrong = 0, sum = 0, squares = 0, count = 0;
    rondo_status status = RONDO_OK;
    for (int batch = 0; !status && batch < TEST_BATCHES; batch++) {
        make_batch(what, state);
        loss_of(l, 0, 0);
        status = rondo_tape_status(l->tape, err);
        for (int i = 0; i < T * B; i++) {
            if (weights[i] == 0)
                continue;
            wrong += (double)losses[i], sum += (double)wanted[i], squares += (double)wanted[i] * (double)wanted[i];
            count++;
        }
    }
    *share = wrong / (squares - sum * sum / count);
    return status;
}

static int find(const char *name, const char *const *all, int count) {
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i], name) == 0)
            return i;
    }
    return -1;
}

int main(int argc, char **argv) {
    const int what = argc == 8 ? find(argv[1], task_names, TASKS) : -1,
              cell = argc == 8 ? find(argv[2], cell_names, CELLS) : -1;
    if (what < 0 || cell < 0 || strcmp(argv[6], "--seed") != 0 || atoll(argv[3]) < 1 || atoll(argv[4]) < 1) {
        fputs("usage: control follow|relay|echo|now elman|jordan|told|lstm|gru HIDDEN STEPS RATE --seed N\n", stderr);
        return 2;
    }
    learner l = {0};
    rondo_error err = {0};
    double share = NAN;
    const uint64_t seed = strtoull(argv[7], NULL, 10);
    uint64_t state = 88172645463325252u + seed * 2654435761u, fresh = 1234567u; /* the test is the same for all seeds */
    rondo_status status = build(&l, cell, atoll(argv[3]), seed, &err);
    if (!status)
        status = train(&l, (task)what, atoll(argv[4]), atof(argv[5]), &state, &err);
    if (!status)
        status = measure(&l, (task)what, &fresh, &share, &err);
    if (status)
        fprintf(stderr, "control: %s\n", err.message);
    else
        printf("{\"parameters\": %lld, \"unexplained\": %.6g}\n", (long long)rondo_params_total(l.params), share);
    clear(&l);
    return status ? 1 : 0;
}
