/* Law 3: values within 1e-5 and gradients within 1e-4 of PyTorch's (relative to the largest of the tensor), from the
 * files that scripts/make-fixtures.py wrote; and the losses of short trainings, step by step. A new fixture of a
 * recurrent network needs its name in the table, no more: the file says what network it is of. Needs: JANSSON. */
#include "core/core.h"
#include "formats/safetensors.h"
#include "rondo/nn.h"
#include "rondo/optim.h"
#include "rondo/seq2seq.h"
#include "rondo/transformer.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WIDENED 128

typedef struct rig {
    const char *name;
    rondo__safetensors *file;
    rondo_context *context;
    rondo_tape *tape;
    rondo_params *params;
    rondo_tensor widened[MAX_WIDENED]; /* tensors of the file that are not stored as real, in our memory */
    const rondo__named *widened_from[MAX_WIDENED];
    int widened_count;
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
    while (r->widened_count)
        rondo__free(r->widened[--r->widened_count].data);
    rondo_params_destroy(&r->params);
    rondo_tape_destroy(&r->tape);
    rondo_context_destroy(&r->context);
    rondo__safetensors_free(&r->file);
}

/* bfloat16 as real, converted once. */
static const rondo_tensor *widen(rig *r, const rondo__named *named) {
    rondo_error err = {0};
    for (int i = 0; i < r->widened_count; i++)
        if (r->widened_from[i] == named)
            return &r->widened[i];
    assert_true(r->widened_count < MAX_WIDENED);
    rondo_tensor *wide = &r->widened[r->widened_count];
    *wide = named->tensor;
    wide->dtype = RONDO_REAL;
    wide->data = rondo__calloc((size_t)rondo_tensor_count(wide), sizeof(rondo_real));
    assert_non_null(wide->data);
    r->widened_from[r->widened_count++] = named;
    must(rondo__safetensors_copy(r->file, named->name, wide, &err), &err);
    return wide;
}

/* NULL: the file has none. */
static const rondo_tensor *find(rig *r, const char *prefix, const char *name) {
    char full[160];
    snprintf(full, sizeof(full), "%s%s", prefix, name);
    const rondo__named *found = rondo__safetensors_find(r->file, full);
    return !found ? NULL : found->tensor.dtype == RONDO_BF16 ? widen(r, found) : &found->tensor;
}

static const rondo_tensor *stored(rig *r, const char *prefix, const char *name) {
    const rondo_tensor *found = find(r, prefix, name);
    if (!found)
        fail_msg("%s: no tensor %s%s", r->name, prefix, name);
    return found;
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
        bool nought = strstr(p->name, "k_proj.bias") != NULL; /* no softmax sees it: all is rounding */
        close_to(r, p->name, rondo_tensor_count(&p->value), p->grad, stored(r, "grad.", p->name)->data,
                 nought ? 1e-2 : 1e-4);
    }
}

static double number(const rig *r, const char *key) {
    const char *text = rondo__safetensors_metadata(r->file, key);
    return text ? atof(text) : 0;
}

static rondo_cell cell_of(const rig *r) {
    static const char *const names[] = {
        [RONDO_ELMAN] = "elman", [RONDO_JORDAN] = "jordan", [RONDO_LSTM] = "lstm", [RONDO_GRU] = "gru"};
    for (int cell = RONDO_ELMAN; cell <= RONDO_GRU; cell++)
        if (!strcmp(rondo__safetensors_metadata(r->file, "cell"), names[cell]))
            return (rondo_cell)cell;
    fail_msg("%s: unknown cell", r->name);
    return RONDO_ELMAN;
}

static rondo_recurrent_config config_of(const rig *r) {
    return (rondo_recurrent_config){.cell = cell_of(r),
                                    .input_size = (int64_t)number(r, "input_size"),
                                    .hidden_size = (int64_t)number(r, "hidden_size"),
                                    .layers = (int)number(r, "layers"),
                                    .bidirectional = number(r, "bidirectional") != 0,
                                    .merge = (rondo_merge)number(r, "merge"),
                                    .residual = number(r, "residual") != 0,
                                    .no_bias = number(r, "no_bias") != 0,
                                    .layer_norm = number(r, "layer_norm") != 0,
                                    .activation = (rondo_activation)number(r, "activation"),
                                    .projection_size = (int64_t)number(r, "projection_size"),
                                    .peepholes = number(r, "peepholes") != 0,
                                    .coupled_gates = number(r, "coupled_gates") != 0,
                                    .cell_clip = (rondo_real)number(r, "cell_clip"),
                                    .reset_before = number(r, "reset_before") != 0,
                                    .output_size = (int64_t)number(r, "output_size"),
                                    .output_activation = (rondo_activation)number(r, "output_activation"),
                                    .decay = (rondo_real)number(r, "decay"),
                                    .feedback_size = (int64_t)number(r, "feedback_size")};
}

/* What is given to the network besides its parameters; a file holds those that its network takes. */
enum { X, H0, C0, FEEDBACK, TEACHER, LEAVES };
static const char *const leaf_names[LEAVES] = {"x", "h0", "c0", "feedback", "teacher"};

typedef struct leaf {
    const rondo_tensor *value; /* NULL: not of this network */
    rondo_real *grad;
} leaf;

static void open_leaves(rig *r, leaf *leaves) {
    for (int i = 0; i < LEAVES; i++) {
        leaves[i] = (leaf){.value = find(r, "", leaf_names[i])};
        if (leaves[i].value)
            leaves[i].grad = calloc((size_t)rondo_tensor_count(leaves[i].value), sizeof(rondo_real));
    }
}

static rondo_var *use(rig *r, const leaf *l) { return l->value ? rondo_leaf(r->tape, l->value, l->grad) : NULL; }

/* The slices (L*D, B, n) of a stored state, each a leaf. */
static void split_state(rig *r, const leaf *state, rondo_var **out) {
    int64_t n = state->value ? state->value->dims[1] * state->value->dims[2] : 0;
    for (int64_t i = 0; state->value && i < state->value->dims[0]; i++) {
        rondo_tensor slice =
            rondo_tensor_view(RONDO_REAL, (rondo_real *)state->value->data + i * n, 2, state->value->dims + 1);
        out[i] = rondo_leaf(r->tape, &slice, state->grad + i * n);
    }
}

enum { MAX_STATES = 2 * RONDO_MAX_LAYERS };

typedef struct seeds {
    int count;
    rondo_var *var[2 * MAX_STATES + 1];
    const rondo_real *grad[2 * MAX_STATES + 1];
} seeds;

/* Checks final states against stored ones, and adds them to what backward starts from. */
static void check_state(rig *r, const char *name, rondo_var *const *vars, seeds *from) {
    const rondo_tensor *all = stored(r, "", name);
    const rondo_real *weight = stored(r, "weight.", name)->data;
    int64_t n = all->dims[1] * all->dims[2];
    for (int64_t i = 0; i < all->dims[0]; i++) {
        close_to(r, name, n, vars[i]->value.data, (float *)all->data + i * n, 1e-5);
        from->var[from->count] = vars[i];
        from->grad[from->count++] = weight + i * n;
    }
}

static void check_leaves(rig *r, leaf *leaves) {
    for (int i = 0; i < LEAVES; i++)
        if (leaves[i].value) {
            close_to(r, leaf_names[i], rondo_tensor_count(leaves[i].value), leaves[i].grad,
                     stored(r, "grad.", leaf_names[i])->data, 1e-4);
            free(leaves[i].grad);
        }
}

static void check_recurrent(const char *name) {
    rig r;
    leaf leaves[LEAVES];
    rondo_error err = {0};
    rig_open(&r, name);
    rondo_recurrent_config config = config_of(&r);
    rondo_recurrent *net;
    must(rondo_recurrent_create(&net, r.params, "", &config, &err), &err);
    load_params(&r);
    open_leaves(&r, leaves);
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
    rondo_states initial = {0}, final_states;
    split_state(&r, &leaves[H0], initial.h);
    split_state(&r, &leaves[C0], initial.c);
    rondo_recurrent_input input = {.lengths = stored(&r, "", "lengths")->data,
                                   .initial = &initial,
                                   .final_states = &final_states,
                                   .feedback = use(&r, &leaves[FEEDBACK]),
                                   .teacher = use(&r, &leaves[TEACHER])};
    rondo_var *out = rondo_recurrent_forward(net, r.tape, use(&r, &leaves[X]), &input);
    must(rondo_tape_status(r.tape, &err), &err);
    const rondo_tensor *y = stored(&r, "", "y");
    close_to(&r, "y", rondo_tensor_count(y), out->value.data, y->data, 1e-5);
    seeds from = {.count = 1, .var = {out}, .grad = {stored(&r, "weight.", "y")->data}};
    check_state(&r, "hn", final_states.h, &from);
    if (leaves[C0].value)
        check_state(&r, "cn", final_states.c, &from);
    assert_int_equal(rondo_backward_from(r.tape, from.count, from.var, from.grad), RONDO_OK);
    check_param_grads(&r);
    check_leaves(&r, leaves);
    rondo_recurrent_destroy(&net);
    rig_close(&r);
}

static void recurrent_stacks(void **unused) {
    (void)unused;
    /* clang-format off */
    const char *const names[] = {
        "elman_tanh", "elman_relu", "elman_sigmoid",
        "lstm", "lstm_both_ragged", "lstm_projected", "lstm_no_bias", "lstm_large",
        "lstm_peepholes", "lstm_coupled", "lstm_norm", "lstm_clip", "lstm_all",
        "gru", "gru_both_ragged", "gru_large", "gru_reset_before", "gru_norm", "gru_norm_before", "gru_residual_sum",
        "jordan_softmax", "jordan_tanh", "jordan_feedback", "jordan_teacher", "jordan_stack",
    };
    /* clang-format on */
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
    rondo_var *rows_x = rondo_leaf(r.tape, x, dx);
    rondo_cross_entropy_options options = {.row_losses = rows};
    rondo_var *loss = rondo_adaptive_loss(adaptive, r.tape, rows_x, stored(&r, "", "targets")->data, &options);
    rondo_var *all = rondo_adaptive_log_probabilities(adaptive, r.tape, rows_x);
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

/* A whole encoder-decoder: the loss of a ragged batch, row by row, and all gradients. */
static void check_seq2seq(const char *name, const rondo_seq2seq_config *config, rondo_real label_smoothing) {
    rig r;
    rondo_error err = {0};
    rondo_seq2seq *net;
    rondo_real rows[64];
    rig_open(&r, name);
    must(rondo_seq2seq_create(&net, r.params, "", config, &err), &err);
    load_params(&r);
    const rondo_tensor *source = stored(&r, "", "source"), *targets = stored(&r, "", "targets");
    assert_true(rondo_tensor_count(targets) <= 64);
    const rondo_pairs_batch batch = {.S = source->dims[0],
                                     .T = targets->dims[0],
                                     .B = targets->dims[1],
                                     .source = source->data,
                                     .source_lengths = stored(&r, "", "source_lengths")->data,
                                     .inputs = stored(&r, "", "inputs")->data,
                                     .targets = targets->data,
                                     .target_lengths = stored(&r, "", "target_lengths")->data};
    const rondo_seq2seq_loss_options options = {.label_smoothing = label_smoothing, .row_losses = rows};
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
    rondo_var *loss = rondo_seq2seq_loss(net, r.tape, &batch, &options);
    must(rondo_tape_status(r.tape, &err), &err);
    close_to(&r, "loss", 1, loss->value.data, stored(&r, "", "loss")->data, 1e-5);
    close_to(&r, "row losses", rondo_tensor_count(targets), rows, stored(&r, "", "row_losses")->data, 1e-5);
    assert_int_equal(rondo_backward(r.tape, loss, 1), RONDO_OK);
    check_param_grads(&r);
    rondo_seq2seq_destroy(&net);
    rig_close(&r);
}

static void encoder_decoders(void **unused) {
    (void)unused;
    rondo_seq2seq_config config = {.source_vocabulary = 9,
                                   .target_vocabulary = 11,
                                   .source_embedding_size = 4,
                                   .target_embedding_size = 4,
                                   .encoder = {.cell = RONDO_LSTM, .hidden_size = 3, .bidirectional = true},
                                   .decoder = {.cell = RONDO_LSTM, .hidden_size = 6},
                                   .combine_size = 5,
                                   .attention = {.type = RONDO_ATTENTION_GENERAL},
                                   .input_feeding = true};
    check_seq2seq("seq2seq_feeding", &config, (rondo_real)0.1);
    config.encoder.cell = config.decoder.cell = RONDO_GRU;
    config.bridge = RONDO_BRIDGE_LINEAR;
    config.attention = (rondo_attention_config){.type = RONDO_ATTENTION_ADDITIVE, .size = 5};
    config.input_feeding = false;
    config.attention_before = true;
    check_seq2seq("seq2seq_before", &config, 0);
}

static void transformer_encoder_decoders(void **unused) {
    (void)unused;
    rondo_transformer_config stack = {.heads = 2, .feed_forward_size = 6, .layers = 2};
    rondo_seq2seq_config config = {.source_vocabulary = 9,
                                   .target_vocabulary = 11,
                                   .source_embedding_size = 8,
                                   .target_embedding_size = 8,
                                   .encoder_transformer = &stack,
                                   .decoder_transformer = &stack,
                                   .tie = RONDO_TIE_TARGET};
    check_seq2seq("seq2seq_transformer", &config, (rondo_real)0.1);
    stack = (rondo_transformer_config){.heads = 3, .feed_forward_size = 8, .layers = 2, .post_norm = true};
    config.source_embedding_size = config.target_embedding_size = 6;
    config.tie = RONDO_TIE_NONE;
    check_seq2seq("seq2seq_transformer_post", &config, 0);
}

/* A Transformer of its own: values, where a decoder looked, and all gradients. */
static void check_transformer(const char *name, const rondo_transformer_config *config) {
    rig r;
    rondo_error err = {0};
    rondo_transformer *net;
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    rondo_var *weights;
    rondo_real dx[256] = {0}, dmemory[256] = {0};
    rig_open(&r, name);
    must(rondo_transformer_create(&net, r.params, "", config, &err), &err);
    load_params(&r);
    rondo_tape_begin(r.tape, &(rondo_step){.recording = true, .training = true});
    const rondo_tensor *x = stored(&r, "", "x"), *source = find(&r, "", "memory"), *y = stored(&r, "", "y");
    assert_true(rondo_tensor_count(x) <= 256 && (!source || rondo_tensor_count(source) <= 256));
    rondo_transformer_input input = {.lengths = stored(&r, "", "lengths")->data, .memory = source ? memory : NULL};
    if (source)
        rondo_transformer_prepare(net, r.tape, rondo_leaf(r.tape, source, dmemory),
                                  stored(&r, "", "memory_lengths")->data, memory);
    rondo_var *out = rondo_transformer_forward(net, r.tape, rondo_leaf(r.tape, x, dx), &input, &weights);
    must(rondo_tape_status(r.tape, &err), &err);
    close_to(&r, "y", rondo_tensor_count(y), out->value.data, y->data, 1e-5);
    seeds from = {.count = 1, .var = {out}, .grad = {stored(&r, "weight.", "y")->data}};
    if (source) {
        close_to(&r, "weights", rondo_tensor_count(&weights->value), weights->value.data,
                 stored(&r, "", "looked")->data, 1e-5);
        from.var[1] = weights;
        from.grad[from.count++] = stored(&r, "weight.", "looked")->data;
    }
    assert_int_equal(rondo_backward_from(r.tape, from.count, from.var, from.grad), RONDO_OK);
    check_param_grads(&r);
    close_to(&r, "dx", rondo_tensor_count(x), dx, stored(&r, "grad.", "x")->data, 1e-4);
    if (source)
        close_to(&r, "dmemory", rondo_tensor_count(source), dmemory, stored(&r, "grad.", "memory")->data, 1e-4);
    rondo_transformer_destroy(&net);
    rig_close(&r);
}

static void transformers(void **unused) {
    (void)unused;
    const rondo_transformer_config two = {.size = 8, .heads = 2, .feed_forward_size = 10, .layers = 2};
    const rondo_transformer_config one = {
        .size = 6, .heads = 3, .feed_forward_size = 10, .positions = RONDO_POSITIONS_LEARNED};
    rondo_transformer_config config = two;
    check_transformer("transformer_encoder", &config);
    config.memory_size = 8;
    config.post_norm = true;
    check_transformer("transformer_decoder_post", &config);
    config = one;
    config.max_length = 8;
    config.post_norm = true;
    check_transformer("transformer_encoder_post", &config);
    config.max_length = 7;
    config.post_norm = false;
    config.memory_size = 6;
    check_transformer("transformer_decoder", &config);
}

/* A language model of an embedding, two LSTM layers and a linear layer. */
enum { STEPS = 10, T = 6, B = 4, V = 13, E = 7, H = 9 };

typedef struct language_model {
    int table, weight, bias;
    rondo_recurrent *lstm;
} language_model;

static void make_model(rig *r, language_model *m) {
    rondo_error err = {0};
    rondo_init zeros = {RONDO_INIT_ZEROS, 0};
    rondo_recurrent_config config = {.cell = RONDO_LSTM, .input_size = E, .hidden_size = H, .layers = 2};
    must(rondo_params_add(r->params, "embedding.weight", 2, (int64_t[]){V, E}, zeros, &m->table, &err), &err);
    must(rondo_recurrent_create(&m->lstm, r->params, "lstm.", &config, &err), &err);
    must(rondo_params_add(r->params, "out.weight", 2, (int64_t[]){V, H}, zeros, &m->weight, &err), &err);
    must(rondo_params_add(r->params, "out.bias", 1, (int64_t[]){V}, zeros, &m->bias, &err), &err);
    load_params(r);
}

/* The loss of one batch, with its gradients in place of those before. */
static rondo_real train_batch(rig *r, const language_model *m, const int32_t *ids, const int32_t *targets) {
    rondo_error err = {0};
    rondo_tape_begin(r->tape, &(rondo_step){.recording = true, .training = true});
    rondo_var *x = rondo_embedding(r->tape, rondo_params_use(r->params, r->tape, m->table), ids, 2, (int64_t[]){T, B});
    rondo_var *hidden = rondo_recurrent_forward(m->lstm, r->tape, x, NULL);
    rondo_var *logits = rondo_linear(r->tape, hidden, rondo_params_use(r->params, r->tape, m->weight),
                                     rondo_params_use(r->params, r->tape, m->bias));
    logits = rondo_reshape(r->tape, logits, 2, (int64_t[]){T * B, V});
    rondo_var *loss = rondo_cross_entropy(r->tape, logits, targets, NULL);
    must(rondo_tape_status(r->tape, &err), &err);
    rondo_params_clear_grads(r->params);
    must(rondo_backward(r->tape, loss, 1), &err);
    return *(rondo_real *)loss->value.data;
}

/* The losses of ten steps, and the parameters after them. */
static void check_training(const char *name, const rondo_optimizer_options *options) {
    rig r;
    language_model m;
    rondo_error err = {0};
    rondo_optimizer *optimizer;
    rig_open(&r, name);
    make_model(&r, &m);
    must(rondo_optimizer_create(&optimizer, r.context, r.params, options, &err), &err);
    const int32_t *ids = stored(&r, "", "ids")->data, *targets = stored(&r, "", "targets")->data;
    const float *losses = stored(&r, "", "losses")->data;
    for (int step = 0; step < STEPS; step++) {
        double loss = (double)train_batch(&r, &m, ids, targets);
        if (!(fabs(loss - (double)losses[step]) <= 1e-5 * (double)losses[step]))
            fail_msg("%s: the loss of step %d is %.8g, not %.8g", name, step, loss, (double)losses[step]);
        must(rondo_optimizer_step(optimizer, NULL, NULL, &err), &err);
    }
    for (int i = 0; i < rondo_params_count(r.params); i++) {
        rondo_param *p = rondo_params_at(r.params, i);
        close_to(&r, p->name, rondo_tensor_count(&p->value), p->value.data, stored(&r, "last.", p->name)->data, 1e-4);
    }
    rondo_optimizer_destroy(&optimizer);
    rondo_recurrent_destroy(&m.lstm);
    rig_close(&r);
}

static void training(void **unused) {
    (void)unused;
    check_training("training_sgd", &(rondo_optimizer_options){.learning_rate = 0.5, .momentum = 0.9});
    check_training("training_adamw", &(rondo_optimizer_options){
                                         .kind = RONDO_OPTIMIZER_ADAMW, .learning_rate = 0.03, .weight_decay = 0.1});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(recurrent_stacks),
                                       cmocka_unit_test(adaptive_softmax),
                                       cmocka_unit_test(encoder_decoders),
                                       cmocka_unit_test(transformers),
                                       cmocka_unit_test(transformer_encoder_decoders),
                                       cmocka_unit_test(training)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
