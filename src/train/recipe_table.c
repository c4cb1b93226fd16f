/* The table of all keys. Rows that several sections share stand in recipe_tokenizer.inc, recipe_cell.inc and
 * recipe_transformer.inc. */
#include "rondo/seq2seq.h"
#include "train/recipe_schema.h"

#include <math.h>

#define AT(member) offsetof(rondo__recipe, member)
#define BIT(value) (1u << (value))
#define ALL (~0u)
#define LANGUAGE_MODEL BIT(RONDO__LANGUAGE_MODEL)
#define TRANSLATE BIT(RONDO__TRANSLATE)
#define CLASSIFY BIT(RONDO__CLASSIFY)
#define TAG BIT(RONDO__TAG)
#define FORECAST BIT(RONDO__FORECAST)
#define TRANSCRIBE BIT(RONDO__TRANSCRIBE)
#define NETWORK BIT(RONDO__NETWORK)
#define AUDIO (CLASSIFY | TRANSCRIBE)
#define STACKED (ALL & ~TRANSLATE) /* one stack of cells, under model */
#define TEXTS (LANGUAGE_MODEL | TRANSLATE | CLASSIFY | TAG | TRANSCRIBE)
#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: exact in JSON everywhere */

static const char *const tasks[] = {"language_model", "translate",  "classify", "tag",
                                    "forecast",       "transcribe", "network",  NULL};
static const char *const tokenizers[] = {"char", "word", "sentencepiece", "none", NULL};
static const char *const piece_types[] = {"unigram", "bpe", NULL};
static const char *const cells[] = {"elman", "jordan", "lstm", "gru", NULL};
static const char *const stacks[] = {"elman", "jordan", "lstm", "gru", "transformer", NULL};
static const char *const merges[] = {"concat", "sum", "average", NULL};
static const char *const gates[] = {"none", "input", "forget", "output", NULL};
static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
static const char *const output_activations[] = {"tanh", "relu", "sigmoid", "identity", "softmax", NULL};
static const char *const feedbacks[] = {"distribution", "embedding", NULL};
static const char *const outputs[] = {"softmax",   "adaptive_softmax",  "point",     "gaussian",
                                      "student_t", "negative_binomial", "quantiles", NULL};
static const char *const steps[] = {"time", "rows", NULL};
static const char *const scalings[] = {"standard", "robust", "none", NULL};
static const char *const transforms[] = {"levels", "logs", "differences", "returns", NULL};
static const char *const features[] = {"log_mel", "mfcc", NULL};
static const char *const normalisations[] = {"none", "global", "recording", "speaker", "running", NULL};
static const char *const inputs[] = {"audio", "text", "series", NULL};
static const char *const class_weights[] = {"none", "balanced", NULL};
static const char *const modes[] = {"direct", "recursive", "encoder_decoder", NULL};
static const char *const losses[] = {"mse", "mae", "huber", NULL};
static const char *const instance_norms[] = {"none", "mean_scale", "reversible", NULL};
static const char *const poolings[] = {"last", "mean", "max", "attention", NULL};
static const char *const formats[] = {"lines", "dictionary", NULL};
static const char *const positions[] = {"sinusoidal", "learned", "none", NULL};
static const char *const attentions[] = {"none",   "dot",      "scaled_dot", "general",
                                         "concat", "additive", "multihead",  NULL};
static const char *const placements[] = {"after", "before", NULL};
static const char *const bridges[] = {"copy", "linear", "zero", NULL};
static const char *const contexts[] = {"initial", "every_step", NULL};
static const char *const ties[] = {"none", "target", "all", NULL};
static const char *const samplings[] = {"none", "linear", "exponential", "inverse_sigmoid", NULL};
static const char *const precisions[] = {"f32", "bf16", NULL};
static const char *const prefetches[] = {"auto", "on", "off", NULL};
static const char *const optimizers[] = {"sgd", "adam", "adamw", "rmsprop", "adagrad", NULL};
static const char *const schedules[] = {"constant", "step", "cosine", "inverse_sqrt", "one_cycle", "plateau", NULL};

static const char format[] = "data.format", cell[] = "model.cell", output[] = "model.output";
static const char attention[] = "model.attention.type", sampling[] = "train.scheduled_sampling.type";
static const char optimizer_type[] = "train.optimizer.type", schedule_type[] = "train.schedule.type";
#define ANY_ATTENTION (ALL & ~BIT(RONDO_ATTENTION_NONE))
#define ADAM (BIT(RONDO__ADAM) | BIT(RONDO__ADAMW))

/* clang-format off */
const rondo__field rondo__recipe_fields[] = {
    {"task", RONDO__CHOICE, AT(task), .names = tasks, .required = ALL, .help = "What is learned; `network`: nothing, this is a network alone that `rondo import` made."},

    {"data.folder", RONDO__TEXT, AT(data.folder), .size = RONDO__PATH, .local = true,
     .help = "Another folder to look for the files in: absolute, or relative to the recipe."},
    {"data.format", RONDO__CHOICE, AT(data.format), .tasks = TRANSLATE, .names = formats,
     .help = "Parallel files, line by line; or one pronunciation dictionary, `WORD SYMBOL SYMBOL ...` (CMU's), read letter by letter."},
    {"data.train", RONDO__TEXT, AT(data.train), .tasks = TEXTS, .required = LANGUAGE_MODEL | CLASSIFY | TAG | TRANSCRIBE, .size = RONDO__PATH, .file = true,
     .help = "What to train on: a text, a dictionary, sentences with tags, a `.tsv` list, or a folder or archive of recordings. "
             "Relative to the recipe, to `data.folder`, or to $RONDO_DATA; `.gz` is unpacked."},
    {"data.valid", RONDO__TEXT, AT(data.valid), .tasks = TEXTS, .size = RONDO__PATH, .file = true,
     .help = "The same to validate on."},
    {"data.train_source", RONDO__TEXT, AT(data.train_source), .tasks = TRANSLATE, .size = RONDO__PATH, .file = true, .only = format,
     .only_values = BIT(RONDO__PAIR_LINES), .help = "The sentences to translate from; line n of both files belong together."},
    {"data.train_target", RONDO__TEXT, AT(data.train_target), .tasks = TRANSLATE, .size = RONDO__PATH, .file = true, .only = format,
     .only_values = BIT(RONDO__PAIR_LINES), .help = "Their translations."},
    {"data.valid_source", RONDO__TEXT, AT(data.valid_source), .tasks = TRANSLATE, .size = RONDO__PATH, .file = true, .only = format,
     .only_values = BIT(RONDO__PAIR_LINES), .help = "The same for validation."},
    {"data.valid_target", RONDO__TEXT, AT(data.valid_target), .tasks = TRANSLATE, .size = RONDO__PATH, .file = true, .only = format,
     .only_values = BIT(RONDO__PAIR_LINES), .help = "Their translations."},
    {"data.valid_fraction", RONDO__NUMBER, AT(data.valid_fraction), .tasks = TEXTS, .low = 0, .above_low = true, .high = 0.5,
     .number = 0.05, .help = "Without files for validation: this last part of the training data is kept for it; of the examples of classify and transcribe a part that is drawn once and for all."},
    {"data.stress", RONDO__BOOL, AT(data.stress), .tasks = TRANSLATE, .only = format, .only_values = BIT(RONDO__PAIR_DICTIONARY),
     .help = "Keep the stress digits of the phones (`AH0`)."},
    {"data.shared_vocabulary", RONDO__BOOL, AT(data.shared_vocabulary), .tasks = TRANSLATE,
     .help = "One vocabulary for both sides, by `data.source_tokenizer`."},
#include "train/recipe_series.inc"
    {"data.input", RONDO__CHOICE, AT(data.input), .tasks = CLASSIFY, .names = inputs,
     .help = "What is classified: recordings, texts, or series (a CSV file each)."},
    {"data.columns", RONDO__TEXTS, AT(data.columns), .tasks = CLASSIFY, .only = "data.input", .only_values = BIT(RONDO__INPUT_SERIES),
     .help = "The columns of the CSV files that are used; empty: all."},
    {"data.class_weights", RONDO__CHOICE, AT(data.class_weights), .tasks = CLASSIFY, .names = class_weights,
     .help = "`balanced`: rare labels weigh as much as frequent ones in training."},
    {"data.spelling", RONDO__TEXTS, AT(data.spelling), .tasks = TRANSCRIBE,
     .help = "What labels are spelt like: `[0=zero, 1=one]`; a label without one is its own spelling."},
    {"data.tag_column", RONDO__TEXT, AT(data.tag_column), .tasks = TAG, .size = RONDO__NAME,
     .help = "The column of the tag: of CoNLL-U `upos` (the default), `xpos`, `feats`, `deprel`, ...; of other files its number, the last one by default."},
    {"data.word_column", RONDO__TEXT, AT(data.word_column), .tasks = TAG, .size = RONDO__NAME,
     .help = "The column of the word, `form` or a number; the first one by default, of CoNLL-U `form`."},
    {"data.words.lowercase", RONDO__BOOL, AT(data.words.lowercase), .tasks = TAG,
     .help = "Words are looked up in lower case; characters keep theirs."},
    {"data.words.min_count", RONDO__WHOLE, AT(data.words.min_count), .tasks = TAG, .low = 1, .high = WHOLE_MAX, .number = 1,
     .help = "Rarer words become the unknown word."},
    {"data.words.max_size", RONDO__WHOLE, AT(data.words.max_size), .tasks = TAG, .low = 0, .high = 1e8,
     .help = "Keep at most so many words; 0: all."},
#include "train/recipe_audio.inc"
#define KEY(key) "data.tokenizer." key
#define MEMBER(field) AT(data.tokenizer.field)
#define TASKS LANGUAGE_MODEL | CLASSIFY | TRANSCRIBE
#include "train/recipe_tokenizer.inc"
#undef KEY
#undef MEMBER
#undef TASKS
#define TASKS TRANSLATE
#define KEY(key) "data.source_tokenizer." key
#define MEMBER(field) AT(data.source_tokenizer.field)
#include "train/recipe_tokenizer.inc"
#undef KEY
#undef MEMBER
#define KEY(key) "data.target_tokenizer." key
#define MEMBER(field) AT(data.target_tokenizer.field)
#include "train/recipe_tokenizer.inc"
#undef KEY
#undef MEMBER
#undef TASKS

#define TASKS STACKED
#define CELLS cells
#define RECURRENT
#define DROPOUT_HELP "Dropout between layers."
#define KEY(key) "model." key
#define MEMBER(field) AT(model.field)
#include "train/recipe_cell.inc"
#undef TASKS
#undef CELLS
#undef RECURRENT
#undef DROPOUT_HELP
#undef KEY
#undef MEMBER
    {"model.bidirectional", RONDO__BOOL, AT(model.bidirectional), .tasks = STACKED, .help = "Read the sequence in both directions."},
    {"model.merge", RONDO__CHOICE, AT(model.merge), .tasks = STACKED, .names = merges, .help = "How the two directions are joined."},
    {"model.learned_initial_state", RONDO__BOOL, AT(model.learned_initial_state), .tasks = STACKED, .help = "The first state is learned, not zero."},
    {"model.tie_weights", RONDO__BOOL, AT(model.tie_weights), .tasks = LANGUAGE_MODEL, .help = "The output layer uses the embedding's weights."},
    {"model.bias", RONDO__BOOL, AT(model.bias), .tasks = STACKED, .number = 1, .help = "The cells have bias terms."},
    {"model.feedback", RONDO__CHOICE, AT(model.feedback), .tasks = LANGUAGE_MODEL, .names = feedbacks, .only = cell, .only_values = BIT(RONDO_JORDAN),
     .help = "What is fed back: the output distribution, or the embedding expected under it."},
    {"model.teacher_forcing", RONDO__BOOL, AT(model.teacher_forcing), .tasks = LANGUAGE_MODEL, .only = cell, .only_values = BIT(RONDO_JORDAN),
     .help = "Feed back the known symbol in training."},
    {"model.output", RONDO__CHOICE, AT(model.output), .tasks = LANGUAGE_MODEL | FORECAST, .names = outputs,
     .help = "The output layer: of a language model `softmax` or `adaptive_softmax`; of a forecast `point` (its default), a distribution, or `quantiles`."},
    {"model.cutoffs", RONDO__WHOLES, AT(model.cutoffs), .tasks = LANGUAGE_MODEL, .size = 8, .low = 1, .high = 1e8, .only = output, .only_values = BIT(1),
     .help = "Rising symbol ids at which the clusters of the adaptive softmax end."},
    {"model.embedding_size", RONDO__WHOLE, AT(model.embedding_size), .tasks = TEXTS, .low = 1, .high = 65536, .number = 128,
     .help = "Width of the vector of each symbol."},
    {"model.embedding_dropout", RONDO__NUMBER, AT(model.embedding_dropout), .tasks = TEXTS, .low = 0, .high = 1, .below_high = true,
     .help = "Dropout on the embedded input."},
    {"model.output_dropout", RONDO__NUMBER, AT(model.output_dropout), .low = 0, .high = 1, .below_high = true,
     .help = "Dropout before the output layer."},
    {"model.window", RONDO__WHOLE, AT(model.window), .tasks = FORECAST, .low = 1, .high = 1e6, .number = 96,
     .help = "Steps of the past that the network sees."},
    {"model.horizon", RONDO__WHOLE, AT(model.horizon), .tasks = FORECAST, .low = 1, .high = 1e5, .number = 24,
     .help = "Steps to forecast."},
    {"model.mode", RONDO__CHOICE, AT(model.mode), .tasks = FORECAST, .names = modes,
     .help = "All steps at once from the last state; one after the other, each fed back; or by a decoder over the horizon."},
    {"model.loss", RONDO__CHOICE, AT(model.loss), .tasks = FORECAST, .names = losses, .only = output, .only_values = BIT(RONDO__OUTPUT_POINT),
     .help = "Squared error, absolute error, or Huber's."},
    {"model.huber_delta", RONDO__NUMBER, AT(model.huber_delta), .tasks = FORECAST, .low = 0, .above_low = true, .high = 1e6, .number = 1,
     .only = "model.loss", .only_values = BIT(2), .help = "Where Huber's loss turns from squared to absolute."},
    {"model.quantiles", RONDO__NUMBERS, AT(model.quantiles), .tasks = FORECAST, .size = RONDO__QUANTILES, .low = 0, .above_low = true,
     .high = 1, .below_high = true, .only = output, .only_values = BIT(RONDO__OUTPUT_QUANTILES),
     .help = "Rising quantiles that are forecast; empty: `[0.1, 0.5, 0.9]`."},
    {"model.instance_norm", RONDO__CHOICE, AT(model.instance_norm), .tasks = FORECAST, .names = instance_norms,
     .help = "Each window by itself: divided by its mean size (DeepAR, Salinas 2020), or less its mean over its deviation, and back (Kim 2022)."},
    {"model.independent", RONDO__BOOL, AT(model.independent), .tasks = FORECAST,
     .help = "Each target is forecast from its own past alone; all share the weights."},
    {"model.patch", RONDO__WHOLE, AT(model.patch), .tasks = FORECAST, .low = 1, .high = 1e5, .number = 1,
     .help = "So many steps enter the network at once; it divides the window."},
    {"model.autoregressive", RONDO__BOOL, AT(model.autoregressive), .tasks = FORECAST,
     .help = "A linear path from the window to the forecast beside the network (LSTNet, Lai 2018)."},
    {"model.static_embedding_size", RONDO__WHOLE, AT(model.fixed_embedding_size), .tasks = FORECAST, .low = 1, .high = 65536, .number = 8,
     .help = "Width of the vector of each category of `data.static`."},
    {"model.pooling", RONDO__CHOICE, AT(model.pooling), .tasks = CLASSIFY, .names = poolings,
     .help = "What stands for the whole sequence: the last state, the mean or the largest of all steps, or a learned weighting."},
    {"model.stack", RONDO__WHOLE, AT(model.stack), .tasks = AUDIO, .low = 1, .high = 64, .number = 1,
     .help = "So many frames enter the network at once, and the sequence is shorter by that."},
    {"model.delay", RONDO__WHOLE, AT(model.delay), .tasks = TRANSCRIBE, .low = 0, .high = 10000,
     .help = "What is said at a step is written so many steps later (Graves 2005): a network that reads in one direction hears what follows."},
    {"model.characters.embedding_size", RONDO__WHOLE, AT(model.characters.embedding_size), .tasks = TAG, .low = 1, .high = 65536, .number = 32,
     .help = "Width of the vector of each character."},
    {"model.characters.hidden_size", RONDO__WHOLE, AT(model.characters.hidden_size), .tasks = TAG, .low = 0, .high = 65536, .number = 64,
     .help = "Hidden units of each direction over a word's characters; 0: words are not spelt."},
    {"model.characters.dropout", RONDO__NUMBER, AT(model.characters.dropout), .tasks = TAG, .low = 0, .high = 1, .below_high = true,
     .help = "Dropout on what the characters say."},
    {"model.word_dropout", RONDO__NUMBER, AT(model.word_dropout), .tasks = TAG, .low = 0, .high = 1, .below_high = true,
     .help = "Rate with which a word is unknown in training, so that its characters must do."},
    {"model.crf", RONDO__BOOL, AT(model.crf), .tasks = TAG,
     .help = "A linear-chain conditional random field over the tags (Lafferty 2001)."},
    {"model.legal_spans", RONDO__BOOL, AT(model.legal_spans), .tasks = TAG, .number = 1,
     .help = "Where tags mark spans (`B-X`, `I-X`, `O`): only what may follow is written, so no `I-X` after `O`."},
    {"model.input_size", RONDO__WHOLE, AT(model.input_size), .tasks = NETWORK, .low = 1, .high = 1e6, .number = 1,
     .help = "Width of what the first layer reads: of the vectors, or of the embedding."},
    {"model.vocabulary_size", RONDO__WHOLE, AT(model.vocabulary_size), .tasks = NETWORK, .low = 0, .high = 1e8,
     .help = "Symbols that the embedding knows; 0: the network reads vectors."},
    {"model.output_size", RONDO__WHOLE, AT(model.output_size), .tasks = NETWORK, .low = 0, .high = 1e8,
     .help = "Width of the linear layer behind the stack (of a Jordan network: its own output units); 0: none."},
    {"model.output_activation", RONDO__CHOICE, AT(model.output_activation), .tasks = NETWORK, .names = output_activations,
     .only = cell, .only_values = BIT(RONDO_JORDAN), .help = "Of the output units, before they are fed back."},

#define TASKS TRANSLATE
#define CELLS stacks
#define RECURRENT .only = KEY("cell"), .only_values = ALL & ~BIT(RONDO__TRANSFORMER),
#define TRANSFORMER .only = KEY("cell"), .only_values = BIT(RONDO__TRANSFORMER),
#define DROPOUT_HELP "Dropout between layers; of a Transformer, on the embedded input and on each part's output."
#define KEY(key) "model.encoder." key
#define MEMBER(field) AT(model.encoder.field)
#include "train/recipe_cell.inc"
    {KEY("bidirectional"), RONDO__BOOL, MEMBER(bidirectional), .tasks = TASKS, RECURRENT .help = "Read the source in both directions."},
    {KEY("merge"), RONDO__CHOICE, MEMBER(merge), .tasks = TASKS, .names = merges, RECURRENT
     .help = "How the two directions are joined."},
#include "train/recipe_transformer.inc"
#undef KEY
#undef MEMBER
#define KEY(key) "model.decoder." key
#define MEMBER(field) AT(model.decoder.field)
#include "train/recipe_cell.inc"
    {KEY("input_feeding"), RONDO__BOOL, MEMBER(input_feeding), .tasks = TASKS, RECURRENT
     .help = "What left the decoder enters its next step beside the symbol (Luong 2015); runs step by step."},
#include "train/recipe_transformer.inc"
#undef TASKS
#undef CELLS
#undef RECURRENT
#undef TRANSFORMER
#undef DROPOUT_HELP
#undef KEY
#undef MEMBER
    {"model.attention.type", RONDO__CHOICE, AT(model.attention.type), .tasks = TRANSLATE, .names = attentions,
     .number = RONDO_ATTENTION_GENERAL, .help = "How the decoder looks at the source; a Transformer brings its own."},
    {"model.attention.placement", RONDO__CHOICE, AT(model.attention.placement), .tasks = TRANSLATE, .names = placements,
     .only = attention, .only_values = ANY_ATTENTION,
     .help = "After the cell (Luong 2015), or before it with the context as input (Bahdanau 2015), the default for `additive`."},
    {"model.attention.size", RONDO__WHOLE, AT(model.attention.size), .tasks = TRANSLATE, .low = 0, .high = 65536, .only = attention,
     .only_values = BIT(RONDO_ATTENTION_CONCAT) | BIT(RONDO_ATTENTION_ADDITIVE) | BIT(RONDO_ATTENTION_MULTIHEAD),
     .help = "Width of queries and keys; 0: the decoder's."},
    {"model.attention.heads", RONDO__WHOLE, AT(model.attention.heads), .tasks = TRANSLATE, .low = 1, .high = 1024, .number = 1,
     .only = attention, .only_values = BIT(RONDO_ATTENTION_MULTIHEAD), .help = "Heads; they divide its size."},
    {"model.attention.window", RONDO__WHOLE, AT(model.attention.window), .tasks = TRANSLATE, .low = 0, .high = 65536,
     .only = attention, .only_values = ANY_ATTENTION,
     .help = "Look only so far around a place that is predicted (local-p, Luong 2015); 0: everywhere."},
    {"model.attention.coverage", RONDO__BOOL, AT(model.attention.coverage), .tasks = TRANSLATE, .only = attention,
     .only_values = BIT(RONDO_ATTENTION_CONCAT) | BIT(RONDO_ATTENTION_ADDITIVE),
     .help = "Where it has looked so far enters the scores (See 2017)."},
    {"model.attention.coverage_loss", RONDO__NUMBER, AT(model.attention.coverage_loss), .tasks = TRANSLATE, .low = 0, .high = 1000,
     .only = attention, .only_values = ANY_ATTENTION, .help = "Factor of the loss for looking twice (See 2017); 0: none."},
    {"model.attention.dropout", RONDO__NUMBER, AT(model.attention.dropout), .tasks = TRANSLATE, .low = 0, .high = 1,
     .below_high = true, .only = attention, .only_values = ANY_ATTENTION, .help = "Dropout on the weights."},
    {"model.bridge", RONDO__CHOICE, AT(model.bridge), .tasks = TRANSLATE, .names = bridges,
     .help = "How the encoder's last state starts the decoder: as it is, through a learned layer, or not at all."},
    {"model.context", RONDO__CHOICE, AT(model.context), .tasks = TRANSLATE, .names = contexts,
     .help = "Without attention: the source enters the first state only (Sutskever 2014), or every step (Cho 2014)."},
    {"model.combine_size", RONDO__WHOLE, AT(model.combine_size), .tasks = TRANSLATE, .low = 0, .high = 65536,
     .help = "Width of what enters the output layer, with attention; 0: the decoder's, or with tied embeddings theirs."},
    {"model.copy", RONDO__BOOL, AT(model.copy), .tasks = TRANSLATE,
     .help = "Words can be copied from the source (pointer-generator, See 2017)."},
    {"model.tie_embeddings", RONDO__CHOICE, AT(model.tie_embeddings), .tasks = TRANSLATE, .names = ties,
     .help = "The output layer uses the target's embedding; `all`: the source's too (with `data.shared_vocabulary`)."},

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
    {"train.steps_per_sequence", RONDO__WHOLE, AT(train.steps_per_sequence), .tasks = LANGUAGE_MODEL, .low = 1, .high = 1e6, .number = 64,
     .help = "Length of truncated back-propagation through time."},
    {"train.batch_tokens", RONDO__WHOLE, AT(train.batch_tokens), .tasks = TRANSLATE, .low = 0, .high = 1e7,
     .help = "Target symbols per batch, padding included, in place of `train.batch_size` sentences; 0: off."},
    {"train.max_length", RONDO__WHOLE, AT(train.max_length), .tasks = TRANSLATE, .low = 0, .high = 1e6,
     .help = "Pairs with more symbols on a side are left out of training; 0: none are."},
    {"train.scheduled_sampling.type", RONDO__CHOICE, AT(train.scheduled_sampling.type), .tasks = TRANSLATE, .names = samplings,
     .help = "Tell the decoder its own symbols at a rising rate (Bengio 2015). After i batches the known one is told at the rate: "
             "`linear` 1 - i / k, `exponential` k^i, `inverse_sigmoid` k / (k + exp(i / k))."},
    {"train.scheduled_sampling.k", RONDO__NUMBER, AT(train.scheduled_sampling.k), .tasks = TRANSLATE, .low = 0, .high = 1e12,
     .only = sampling, .only_values = ALL & ~BIT(RONDO__NO_SAMPLING), .help = "The k of the formula."},
    {"train.scheduled_sampling.minimum", RONDO__NUMBER, AT(train.scheduled_sampling.minimum), .tasks = TRANSLATE, .low = 0, .high = 1,
     .only = sampling, .only_values = ALL & ~BIT(RONDO__NO_SAMPLING), .help = "The rate does not fall below this."},
    {"train.epochs", RONDO__WHOLE, AT(train.epochs), .low = 1, .high = 1e9, .number = 10, .help = "Passes over the data."},
    {"train.max_steps", RONDO__WHOLE, AT(train.max_steps), .low = 0, .high = WHOLE_MAX,
     .help = "Stop after so many steps; 0: no limit."},
    {"train.evaluate_every", RONDO__WHOLE, AT(train.evaluate_every), .low = 0, .high = WHOLE_MAX,
     .help = "Steps between evaluations; 0: after each epoch."},
    {"train.save_every", RONDO__WHOLE, AT(train.save_every), .low = 0, .high = WHOLE_MAX,
     .help = "Steps between writings of last.safetensors; 0: after each evaluation."},
    {"train.keep", RONDO__WHOLE, AT(train.keep), .low = 0, .high = 10000,
     .help = "Keep the last so many evaluated models as step-N.safetensors (for `rondo average`)."},
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
    {"train.prefetch", RONDO__CHOICE, AT(train.prefetch), .names = prefetches,
     .help = "A further thread makes the next batch (of recordings, their altered copies; of series, windows) while a step runs. `auto`: where the machine has more cores than `train.threads`. The result is the same."},
    {"train.precision", RONDO__CHOICE, AT(train.precision), .names = precisions,
     .help = "What products compute with. `bf16`: operands are rounded to bfloat16, sums and weights stay float; faster where the CPU has AVX-512 BF16."},
    {"train.carry_state", RONDO__BOOL, AT(train.carry_state), .tasks = LANGUAGE_MODEL, .number = 1,
     .help = "The state at the end of a chunk starts the next one."},
};
/* clang-format on */
const int rondo__recipe_field_count = (int)(sizeof rondo__recipe_fields / sizeof rondo__recipe_fields[0]);
_Static_assert(sizeof rondo__recipe_fields / sizeof rondo__recipe_fields[0] <= RONDO__FIELDS_MAX, "raise the maximum");
