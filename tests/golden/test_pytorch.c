/* Law 3: values within 1e-5 and gradients within 1e-4 of PyTorch's (relative to the largest of the tensor), from the
 * files that scripts/make-fixtures.py wrote. */
#include "formats/safetensors.h"
#include "rondo/nn.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rig {
    const char *name;
    rondo__safetensors *file;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
} rig;

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static void rig_open(rig *r, const char *name) {
    char path[512];
    rondo_error err = {0};
    *r = (rig){.name = name};
    snprintf(path, sizeof(path), "%s/tests/golden/%s.safetensors", RONDO_SOURCE_DIR, name);
    must(rondo__safetensors_read(&r->file, path, &err), &err);
    must(rondo_context_create(&r->context, &(rondo_context_options){.threads = 2}, &err), &err);
    must(rondo_tape_create(&r->tape, r->context, &err), &err);
    must(rondo_params_create(&r->params, &err), &err);
}

static void rig_close(rig *r) {
    rondo_params_destroy(&r->params);
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
    rondo__safetensors_free(&r->file);
}

static const rondo_tensor *stored(const rig *r, const char *prefix, const char *name) {
    char full[160];
    snprintf(full, sizeof(full), "%s%s", prefix, name);
    const rondo__named *found = rondo__safetensors_find(r->file, full);
    if (!found)
        fail_msg("%s: no tensor %s", r->name, full);
    return &found->tensor;
}

static void close_to(const rig *r, const char *what, int64_t n, const rondo_real *got, const float *want,
                     double tolerance) {
    double largest = 1e-3, worst = 0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)want[i]));
    for (int64_t i = 0; i < n; i++)
        worst = fabs((double)got[i] - (double)want[i]) <= worst ? worst : fabs((double)got[i] - (double)want[i]);
    if (!(worst <= tolerance * largest))
        fail_msg("%s: %s is off by %g of %g", r->name, what, worst, largest);
}

static void load_params(rig *r) {
    rondo_error err = {0};
    must(rondo_params_finish(r->params, 1, &err), &err);
    for (int i = 0; i < rondo_params_count(r->params); i++) {
        rondo_param *p = rondo_params_at(r->params, i);
        must(rondo__safetensors_copy(r->file, p->name, &p->value, &err), &err);
    }
}

static void check_param_grads(rig *r) {
    for (int i = 0; i < rondo_params_count(r->params); i++) {
        rondo_param *p = rondo_params_at(r->params, i);
        close_to(r, p->name, rondo_tensor_count(&p->value), p->grad, stored(r, "grad.", p->name)->data, 1e-4);
    }
}

static int number(const rig *r, const char *key) {
    const char *text = rondo__safetensors_metadata(r->file, key);
    return text ? atoi(text) : 0;
}

static rondo_recurrent_config config_of(const rig *r) {
    const char *cell = rondo__safetensors_metadata(r->file, "cell");
    return (rondo_recurrent_config){.cell = !strcmp(cell, "elman")  ? RONDO_ELMAN
                                            : !strcmp(cell, "lstm") ? RONDO_LSTM
                                                                    : RONDO_GRU,
                                    .input_size = number(r, "input_size"),
                                    .hidden_size = number(r, "hidden_size"),
                                    .layers = number(r, "layers"),
                                    .bidirectional = number(r, "bidirectional") != 0,
                                    .projection_size = number(r, "projection_size"),
                                    .no_bias = number(r, "no_bias") != 0,
                                    .activation = (rondo_activation)number(r, "activation")};
}

enum { MAX_STATES = 2 * RONDO_MAX_LAYERS };

/* Leaves over the slices (L*D, B, n) of a stored state, with gradients into grad. */
static void split_state(rig *r, const char *name, rondo_var **out, rondo_real *grad) {
    const rondo_tensor *all = stored(r, "", name);
    int64_t n = all->dims[1] * all->dims[2];
    for (int64_t i = 0; i < all->dims[0]; i++) {
        rondo_tensor slice = rondo_tensor_view(RONDO_REAL, (float *)all->data + i * n, 2, all->dims + 1);
        out[i] = rondo_leaf(r->tape, &slice, grad + i * n);
    }
}

typedef struct seeds {
    int count;
    rondo_var *var[2 * MAX_STATES + 1];
    const rondo_real *grad[2 * MAX_STATES + 1];
} seeds;

/* Checks final states against stored ones, and adds them to what backward starts from. */
static void check_state(rig *r, const char *name, rondo_var *const *vars, seeds *from) {
    const rondo_tensor *all = stored(r, "", name);
    const float *weight = stored(r, "weight.", name)->data;
    int64_t n = all->dims[1] * all->dims[2];
    for (int64_t i = 0; i < all->dims[0]; i++) {
        close_to(r, name, n, vars[i]->value.data, (float *)all->data + i * n, 1e-5);
        from->var[from->count] = vars[i];
        from->grad[from->count++] = weight + i * n;
    }
}

static void check_recurrent(const char *name) {
    rig r;
    rondo_error err = {0};
    rig_open(&r, name);
    rondo_recurrent_config config = config_of(&r);
    bool lstm = config.cell == RONDO_LSTM;
    rondo_recurrent *net;
    must(rondo_recurrent_create(&net, r.params, "", &config, &err), &err);
    load_params(&r);
    const rondo_tensor *x = stored(&r, "", "x"), *y = stored(&r, "", "y");
    int64_t nx = rondo_tensor_count(x), nh = rondo_tensor_count(stored(&r, "", "h0"));
    int64_t nc = lstm ? rondo_tensor_count(stored(&r, "", "c0")) : 0;
    rondo_real *grads = calloc((size_t)(nx + nh + nc), sizeof(*grads));
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
    rondo_states initial = {0}, final_states;
    split_state(&r, "h0", initial.h, grads + nx);
    if (lstm)
        split_state(&r, "c0", initial.c, grads + nx + nh);
    rondo_recurrent_input input = {
        .lengths = stored(&r, "", "lengths")->data, .initial = &initial, .final_states = &final_states};
    rondo_var *out = rondo_recurrent_forward(net, r.tape, rondo_leaf(r.tape, x, grads), &input);
    must(rondo_tape_status(r.tape, &err), &err);
    close_to(&r, "y", rondo_tensor_count(y), out->value.data, y->data, 1e-5);
    seeds from = {.count = 1, .var = {out}, .grad = {stored(&r, "weight.", "y")->data}};
    check_state(&r, "hn", final_states.h, &from);
    if (lstm)
        check_state(&r, "cn", final_states.c, &from);
    assert_int_equal(rondo_backward_from(r.tape, from.count, from.var, from.grad), RONDO_OK);
    check_param_grads(&r);
    close_to(&r, "dx", nx, grads, stored(&r, "grad.", "x")->data, 1e-4);
    close_to(&r, "dh0", nh, grads + nx, stored(&r, "grad.", "h0")->data, 1e-4);
    if (lstm)
        close_to(&r, "dc0", nc, grads + nx + nh, stored(&r, "grad.", "c0")->data, 1e-4);
    free(grads);
    rondo_recurrent_destroy(&net);
    rig_close(&r);
}

static void recurrent_stacks(void **unused) {
    (void)unused;
    const char *const names[] = {"elman_tanh",   "elman_relu", "lstm", "lstm_both_ragged", "lstm_projected",
                                 "lstm_no_bias", "lstm_large", "gru",  "gru_both_ragged",  "gru_large"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check_recurrent(names[i]);
}

static void adaptive_softmax(void **unused) {
    (void)unused;
    rig r;
    rondo_error err = {0};
    rondo_adaptive *adaptive;
    rig_open(&r, "adaptive");
    const rondo_tensor *x = stored(&r, "", "x"), *table = stored(&r, "", "log_probabilities");
    must(rondo_adaptive_create(&adaptive, r.params, "", x->dims[1], table->dims[1], 2, (int64_t[]){7, 15}, 2, &err),
         &err);
    load_params(&r);
    rondo_real dx[13 * 12] = {0}, rows[13];
    assert_int_equal(rondo_tensor_count(x), 13 * 12);
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
    rondo_var *leaf = rondo_leaf(r.tape, x, dx);
    rondo_cross_entropy_options options = {.row_losses = rows};
    rondo_var *loss = rondo_adaptive_loss(adaptive, r.tape, leaf, stored(&r, "", "targets")->data, &options);
    rondo_var *all = rondo_adaptive_log_probabilities(adaptive, r.tape, leaf);
    must(rondo_tape_status(r.tape, &err), &err);
    close_to(&r, "loss", 1, loss->value.data, stored(&r, "", "loss")->data, 1e-5);
    close_to(&r, "row losses", 13, rows, stored(&r, "", "row_losses")->data, 1e-5);
    close_to(&r, "log-probabilities", rondo_tensor_count(table), all->value.data, table->data, 1e-5);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    check_param_grads(&r);
    close_to(&r, "dx", 13 * 12, dx, stored(&r, "grad.", "x")->data, 1e-4);
    rondo_adaptive_destroy(&adaptive);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(recurrent_stacks), cmocka_unit_test(adaptive_softmax)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
