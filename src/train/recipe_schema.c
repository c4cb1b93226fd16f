#include "train/recipe_schema.h"

#include <math.h>
#include <string.h>

#define AT(member) offsetof(rondo__recipe, member)
#define BIT(value) (1u << (value))
#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: exact in JSON everywhere */

static const char *const tasks[] = {"language_model", "translate", "classify", "tag", "forecast", "transcribe", NULL};
static const char *const tokenizers[] = {"char", "word", "sentencepiece", "none", NULL};
static const char *const piece_types[] = {"unigram", "bpe", NULL};
static const char *const cells[] = {"elman", "jordan", "lstm", "gru", NULL};
static const char *const merges[] = {"concat", "sum", "average", NULL};
static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
static const char *const feedbacks[] = {"distribution", "embedding", NULL};
static const char *const outputs[] = {"softmax", "adaptive_softmax", NULL};
static const char *const optimizers[] = {"sgd", "adam", "adamw", "rmsprop", "adagrad", NULL};
static const char *const schedules[] = {"constant", "step", "cosine", "inverse_sqrt", "one_cycle", "plateau", NULL};

static const char tokenizer_type[] = "data.tokenizer.type", cell[] = "model.cell", output[] = "model.output";
static const char optimizer_type[] = "train.optimizer.type", schedule_type[] = "train.schedule.type";
#define ADAM (BIT(RONDO__ADAM) | BIT(RONDO__ADAMW))

/* clang-format off */
const rondo__field rondo__recipe_fields[] = {
    {"task", RONDO__CHOICE, AT(task), .names = tasks, .required = true, .help = "What is learned."},

    {"data.folder", RONDO__TEXT, AT(data.folder), .size = RONDO__PATH, .local = true,
     .help = "Another folder to look for the files in: absolute, or relative to the recipe."},
    {"data.train", RONDO__TEXT, AT(data.train), .size = RONDO__PATH, .file = true, .required = true,
     .help = "The text to train on: relative to the recipe, to `data.folder`, or to $RONDO_DATA; `.gz` is unpacked."},
    {"data.valid", RONDO__TEXT, AT(data.valid), .size = RONDO__PATH, .file = true, .help = "The text to validate on."},
    {"data.valid_fraction", RONDO__NUMBER, AT(data.valid_fraction), .low = 0, .above_low = true, .high = 0.5, .number = 0.05,
     .help = "Without `data.valid`: this last part of `data.train` is kept for validation."},
    {"data.tokenizer.type", RONDO__CHOICE, AT(data.tokenizer.type), .names = tokenizers, .number = RONDO__CHAR,
     .help = "How text becomes symbols; `tokenizer: word` is short for `tokenizer: {type: word}`."},
    {"data.tokenizer.lowercase", RONDO__BOOL, AT(data.tokenizer.lowercase), .only = tokenizer_type,
     .only_values = BIT(RONDO__CHAR) | BIT(RONDO__WORD), .help = "Lower-case the text first."},
    {"data.tokenizer.min_count", RONDO__WHOLE, AT(data.tokenizer.min_count), .low = 1, .high = WHOLE_MAX, .number = 1,
     .only = tokenizer_type, .only_values = BIT(RONDO__WORD), .help = "Rarer words become `<unk>`."},
    {"data.tokenizer.max_size", RONDO__WHOLE, AT(data.tokenizer.max_size), .low = 0, .high = 1e8, .only = tokenizer_type,
     .only_values = BIT(RONDO__WORD), .help = "Keep at most so many words, the most frequent ones; 0: all."},
    {"data.tokenizer.vocab_size", RONDO__WHOLE, AT(data.tokenizer.vocab_size), .low = 8, .high = 1e6, .number = 8000,
     .only = tokenizer_type, .only_values = BIT(RONDO__SENTENCEPIECE), .help = "Pieces of a SentencePiece model to train."},
    {"data.tokenizer.model", RONDO__TEXT, AT(data.tokenizer.model), .size = RONDO__PATH, .file = true, .only = tokenizer_type,
     .only_values = BIT(RONDO__SENTENCEPIECE), .help = "A given SentencePiece model; without it one is trained."},
    {"data.tokenizer.model_type", RONDO__CHOICE, AT(data.tokenizer.model_type), .names = piece_types, .only = tokenizer_type,
     .only_values = BIT(RONDO__SENTENCEPIECE), .help = "The kind of SentencePiece model to train."},

    {"model.cell", RONDO__CHOICE, AT(model.cell), .names = cells, .number = RONDO_LSTM, .help = "The recurrent cell."},
    {"model.embedding_size", RONDO__WHOLE, AT(model.embedding_size), .low = 1, .high = 65536, .number = 128,
     .help = "Width of the vector of each symbol."},
    {"model.hidden_size", RONDO__WHOLES, AT(model.hidden_sizes), .size = RONDO_MAX_LAYERS, .scalar = AT(model.hidden_size),
     .low = 1, .high = 65536, .number = 256, .help = "Hidden units of each layer, or a list with one number per layer."},
    {"model.layers", RONDO__WHOLE, AT(model.layers), .low = 1, .high = RONDO_MAX_LAYERS, .number = 1,
     .help = "Recurrent layers on top of each other."},
    {"model.bidirectional", RONDO__BOOL, AT(model.bidirectional), .help = "Read the sequence in both directions."},
    {"model.merge", RONDO__CHOICE, AT(model.merge), .names = merges, .help = "How the two directions are joined."},
    {"model.residual", RONDO__BOOL, AT(model.residual), .help = "Add each layer's input to its output where the widths agree."},
    {"model.layer_norm", RONDO__BOOL, AT(model.layer_norm), .only = cell, .only_values = BIT(RONDO_LSTM) | BIT(RONDO_GRU),
     .help = "Layer normalisation inside the cell."},
    {"model.learned_initial_state", RONDO__BOOL, AT(model.learned_initial_state), .help = "The first state is learned, not zero."},
    {"model.tie_weights", RONDO__BOOL, AT(model.tie_weights), .help = "The output layer uses the embedding's weights."},
    {"model.variational", RONDO__BOOL, AT(model.variational), .help = "One dropout mask per sequence in place of one per step."},
    {"model.bias", RONDO__BOOL, AT(model.bias), .number = 1, .help = "The cells have bias terms."},
    {"model.dropout", RONDO__NUMBER, AT(model.dropout), .low = 0, .high = 1, .below_high = true,
     .help = "Dropout between layers."},
    {"model.embedding_dropout", RONDO__NUMBER, AT(model.embedding_dropout), .low = 0, .high = 1, .below_high = true,
     .help = "Dropout on the embedded input."},
    {"model.output_dropout", RONDO__NUMBER, AT(model.output_dropout), .low = 0, .high = 1, .below_high = true,
     .help = "Dropout before the output layer."},
    {"model.recurrent_dropout", RONDO__NUMBER, AT(model.recurrent_dropout), .low = 0, .high = 1, .below_high = true,
     .help = "Dropout on the state that enters the recurrent product, one mask per sequence."},
    {"model.zoneout", RONDO__NUMBER, AT(model.zoneout), .low = 0, .high = 1, .below_high = true, .only = cell,
     .only_values = BIT(RONDO_ELMAN) | BIT(RONDO_LSTM) | BIT(RONDO_GRU),
     .help = "Rate with which a hidden unit keeps its previous value."},
    {"model.zoneout_cell", RONDO__NUMBER, AT(model.zoneout_cell), .low = 0, .high = 1, .below_high = true, .only = cell,
     .only_values = BIT(RONDO_LSTM), .help = "The same for the cell state."},
    {"model.activation", RONDO__CHOICE, AT(model.activation), .names = activations, .only = cell,
     .only_values = BIT(RONDO_ELMAN) | BIT(RONDO_JORDAN), .help = "Activation of the hidden units."},
    {"model.projection_size", RONDO__WHOLE, AT(model.projection_size), .low = 0, .high = 65536, .only = cell,
     .only_values = BIT(RONDO_LSTM), .help = "Width to which the hidden state is projected; 0: it is not."},
    {"model.peepholes", RONDO__BOOL, AT(model.peepholes), .only = cell, .only_values = BIT(RONDO_LSTM),
     .help = "The gates see the cell state."},
    {"model.coupled_gates", RONDO__BOOL, AT(model.coupled_gates), .only = cell, .only_values = BIT(RONDO_LSTM),
     .help = "The input gate is one minus the forget gate."},
    {"model.cell_clip", RONDO__NUMBER, AT(model.cell_clip), .low = 0, .high = INFINITY, .only = cell,
     .only_values = BIT(RONDO_LSTM), .help = "Bound of the cell state; 0: none."},
    {"model.forget_bias", RONDO__NUMBER, AT(model.forget_bias), .low = -100, .high = 100, .number = 1, .only = cell,
     .only_values = BIT(RONDO_LSTM), .help = "Initial bias of the forget gate."},
    {"model.reset_before", RONDO__BOOL, AT(model.reset_before), .only = cell, .only_values = BIT(RONDO_GRU),
     .help = "The reset gate acts before the recurrent product (Cho 2014), not after it (PyTorch)."},
    {"model.decay", RONDO__NUMBER, AT(model.decay), .low = 0, .high = 1, .below_high = true, .only = cell,
     .only_values = BIT(RONDO_JORDAN), .help = "How much of its own past the state keeps."},
    {"model.feedback", RONDO__CHOICE, AT(model.feedback), .names = feedbacks, .only = cell, .only_values = BIT(RONDO_JORDAN),
     .help = "What is fed back: the output distribution, or the embedding expected under it."},
    {"model.teacher_forcing", RONDO__BOOL, AT(model.teacher_forcing), .only = cell, .only_values = BIT(RONDO_JORDAN),
     .help = "Feed back the known symbol in training."},
    {"model.output", RONDO__CHOICE, AT(model.output), .names = outputs, .help = "The output layer."},
    {"model.cutoffs", RONDO__WHOLES, AT(model.cutoffs), .size = 8, .low = 1, .high = 1e8, .only = output, .only_values = BIT(1),
     .help = "Rising symbol ids at which the clusters of the adaptive softmax end."},

    {"train.optimizer.type", RONDO__CHOICE, AT(train.optimizer.type), .names = optimizers, .number = RONDO__ADAMW,
     .help = "The rule of the steps; `optimizer: sgd` is short for `optimizer: {type: sgd}`."},
    {"train.optimizer.learning_rate", RONDO__NUMBER, AT(train.optimizer.learning_rate), .low = 0, .above_low = true,
     .high = 1e38, .number = 0.001, .help = "Length of the steps (the peak, with a schedule)."},
    {"train.optimizer.weight_decay", RONDO__NUMBER, AT(train.optimizer.weight_decay), .low = 0, .high = 1000,
     .help = "Pull of the weights towards zero; AdamW: apart from the gradient."},
    {"train.optimizer.momentum", RONDO__NUMBER, AT(train.optimizer.momentum), .low = 0, .high = 1, .below_high = true,
     .only = optimizer_type, .only_values = BIT(RONDO__SGD) | BIT(RONDO__RMSPROP), .help = "Decay of the running step."},
    {"train.optimizer.beta1", RONDO__NUMBER, AT(train.optimizer.beta1), .low = 0, .high = 1, .below_high = true, .number = 0.9,
     .only = optimizer_type, .only_values = ADAM, .help = "Decay of the running mean of gradients."},
    {"train.optimizer.beta2", RONDO__NUMBER, AT(train.optimizer.beta2), .low = 0, .high = 1, .below_high = true, .number = 0.999,
     .only = optimizer_type, .only_values = ADAM, .help = "Decay of the running mean of squared gradients."},
    {"train.optimizer.epsilon", RONDO__NUMBER, AT(train.optimizer.epsilon), .low = 0, .above_low = true, .high = 1,
     .number = 1e-8, .only = optimizer_type, .only_values = ADAM | BIT(RONDO__RMSPROP) | BIT(RONDO__ADAGRAD),
     .help = "Added to the divisor."},
    {"train.optimizer.alpha", RONDO__NUMBER, AT(train.optimizer.alpha), .low = 0, .high = 1, .below_high = true, .number = 0.99,
     .only = optimizer_type, .only_values = BIT(RONDO__RMSPROP), .help = "Decay of the running mean of squared gradients."},
    {"train.optimizer.nesterov", RONDO__BOOL, AT(train.optimizer.nesterov), .only = optimizer_type,
     .only_values = BIT(RONDO__SGD), .help = "Nesterov's momentum."},
    {"train.optimizer.centered", RONDO__BOOL, AT(train.optimizer.centered), .only = optimizer_type,
     .only_values = BIT(RONDO__RMSPROP), .help = "Divide by the deviation around the mean gradient."},
    {"train.schedule.type", RONDO__CHOICE, AT(train.schedule.type), .names = schedules,
     .help = "How the learning rate moves; `schedule: cosine` is short for `schedule: {type: cosine}`."},
    {"train.schedule.warmup_steps", RONDO__WHOLE, AT(train.schedule.warmup_steps), .low = 0, .high = WHOLE_MAX,
     .help = "Steps in which the rate rises from near zero."},
    {"train.schedule.step_size", RONDO__WHOLE, AT(train.schedule.step_size), .low = 1, .high = WHOLE_MAX, .number = 1000,
     .only = schedule_type, .only_values = BIT(RONDO__STEP), .help = "Steps between two falls."},
    {"train.schedule.total_steps", RONDO__WHOLE, AT(train.schedule.total_steps), .low = 0, .high = WHOLE_MAX,
     .help = "Steps at which the schedule ends; 0: those of the whole run."},
    {"train.schedule.gamma", RONDO__NUMBER, AT(train.schedule.gamma), .low = 0, .above_low = true, .high = 1, .number = 0.5,
     .only = schedule_type, .only_values = BIT(RONDO__STEP) | BIT(RONDO__PLATEAU), .help = "Factor of each fall."},
    {"train.schedule.minimum", RONDO__NUMBER, AT(train.schedule.minimum), .low = 0, .high = 1,
     .help = "Fraction of the learning rate below which it does not fall."},
    {"train.schedule.patience", RONDO__WHOLE, AT(train.schedule.patience), .low = 0, .high = WHOLE_MAX, .number = 1,
     .only = schedule_type, .only_values = BIT(RONDO__PLATEAU), .help = "Evaluations without progress before a fall."},
    {"train.batch_size", RONDO__WHOLE, AT(train.batch_size), .low = 1, .high = 1e6, .number = 32, .help = "Sequences per batch."},
    {"train.steps_per_sequence", RONDO__WHOLE, AT(train.steps_per_sequence), .low = 1, .high = 1e6, .number = 64,
     .help = "Length of truncated back-propagation through time."},
    {"train.epochs", RONDO__WHOLE, AT(train.epochs), .low = 1, .high = 1e9, .number = 10, .help = "Passes over the data."},
    {"train.max_steps", RONDO__WHOLE, AT(train.max_steps), .low = 0, .high = WHOLE_MAX,
     .help = "Stop after so many steps; 0: no limit."},
    {"train.evaluate_every", RONDO__WHOLE, AT(train.evaluate_every), .low = 0, .high = WHOLE_MAX,
     .help = "Steps between evaluations; 0: after each epoch."},
    {"train.save_every", RONDO__WHOLE, AT(train.save_every), .low = 0, .high = WHOLE_MAX,
     .help = "Steps between writings of last.safetensors; 0: after each evaluation."},
    {"train.accumulate", RONDO__WHOLE, AT(train.accumulate), .low = 1, .high = 1e6, .number = 1,
     .help = "So many batches make one step, which follows the mean over all their symbols."},
    {"train.clip_norm", RONDO__NUMBER, AT(train.clip_norm), .low = 0, .high = INFINITY, .number = 1,
     .help = "Bound of the gradient's norm; 0: none."},
    {"train.clip_value", RONDO__NUMBER, AT(train.clip_value), .low = 0, .high = INFINITY,
     .help = "Bound of each entry of the gradient; 0: none."},
    {"train.label_smoothing", RONDO__NUMBER, AT(train.label_smoothing), .low = 0, .high = 1, .below_high = true,
     .help = "Probability given to all symbols alike."},
    {"train.ema", RONDO__NUMBER, AT(train.ema), .low = 0, .high = 1, .below_high = true,
     .help = "Decay of the averaged weights, which are evaluated and kept; 0: off."},
    {"train.patience", RONDO__WHOLE, AT(train.patience), .low = 0, .high = WHOLE_MAX,
     .help = "Stop after so many evaluations without progress; 0: never."},
    {"train.metric", RONDO__TEXT, AT(train.metric), .size = RONDO__NAME, .text = "valid_loss",
     .help = "The metric that says which model is best."},
    {"train.metric_rises", RONDO__BOOL, AT(train.metric_rises), .help = "Larger values of that metric are better."},
    {"train.seed", RONDO__WHOLE, AT(train.seed), .low = 0, .high = WHOLE_MAX, .number = 1, .help = "Seed of all randomness."},
    {"train.threads", RONDO__WHOLE, AT(train.threads), .low = 0, .high = 1024, .help = "Threads; 0: all cores. The result is the same."},
    {"train.carry_state", RONDO__BOOL, AT(train.carry_state), .number = 1,
     .help = "The state at the end of a chunk starts the next one."},
};
/* clang-format on */
const int rondo__recipe_field_count = (int)(sizeof rondo__recipe_fields / sizeof rondo__recipe_fields[0]);
_Static_assert(sizeof rondo__recipe_fields / sizeof rondo__recipe_fields[0] <= RONDO__FIELDS_MAX, "raise the maximum");

int rondo__field_find(const char *path) {
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        if (strcmp(rondo__recipe_fields[i].path, path) == 0)
            return i;
    }
    return -1;
}

bool rondo__field_is_section(const char *path) {
    const size_t size = strlen(path);
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const char *p = rondo__recipe_fields[i].path;
        if (size == 0 || (strncmp(p, path, size) == 0 && p[size] == '.'))
            return true;
    }
    return false;
}

void rondo__field_set_default(const rondo__field *field, rondo__recipe *recipe) {
    void *at = rondo__field_at(field, recipe);
    switch (field->type) {
    case RONDO__CHOICE:
        *(int *)at = (int)field->number;
        break;
    case RONDO__BOOL:
        *(bool *)at = field->number != 0;
        break;
    case RONDO__WHOLE:
        *(int64_t *)at = (int64_t)field->number;
        break;
    case RONDO__NUMBER:
        *(double *)at = field->number;
        break;
    case RONDO__TEXT:
        memset(at, 0, field->size);
        strncpy(at, field->text ? field->text : "", field->size - 1);
        break;
    case RONDO__WHOLES:
        memset(at, 0, field->size * sizeof(int64_t));
        if (field->scalar)
            *(int64_t *)(void *)((char *)recipe + field->scalar) = (int64_t)field->number;
        break;
    }
}

bool rondo__field_equal(const rondo__field *field, const rondo__recipe *a, const rondo__recipe *b) {
    const void *x = rondo__field_of(field, a), *y = rondo__field_of(field, b);
    switch (field->type) {
    case RONDO__CHOICE:
        return *(const int *)x == *(const int *)y;
    case RONDO__BOOL:
        return *(const bool *)x == *(const bool *)y;
    case RONDO__WHOLE:
        return *(const int64_t *)x == *(const int64_t *)y;
    case RONDO__NUMBER:
        return *(const double *)x == *(const double *)y;
    case RONDO__TEXT:
        return strcmp(x, y) == 0;
    case RONDO__WHOLES:
        return memcmp(x, y, field->size * sizeof(int64_t)) == 0 &&
               (!field->scalar ||
                memcmp((const char *)a + field->scalar, (const char *)b + field->scalar, sizeof(int64_t)) == 0);
    }
    return false;
}

void rondo__recipe_defaults(rondo__recipe *recipe) {
    memset(recipe, 0, sizeof *recipe);
    for (int i = 0; i < rondo__recipe_field_count; i++)
        rondo__field_set_default(&rondo__recipe_fields[i], recipe);
    recipe->folder[0] = '.';
}
