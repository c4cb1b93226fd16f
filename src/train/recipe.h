/* A recipe: what to train, on what, how. One schema table (recipe.c) maps keys to the fields below: reading, defaults,
 * checks, "did you mean", --set and writing back all come from it. */
#ifndef RONDO_TRAIN_RECIPE_H
#define RONDO_TRAIN_RECIPE_H

#include "core/core.h"
#include "rondo/nn.h"

#define RONDO__PATH 1024
#define RONDO__NAME 64
#define RONDO__SPOT 256
#define RONDO__LIST 64
typedef char rondo__names[RONDO__LIST][RONDO__NAME]; /* a list of texts; an empty one ends it */

typedef enum rondo__task_kind {
    RONDO__LANGUAGE_MODEL,
    RONDO__TRANSLATE,
    RONDO__CLASSIFY,
    RONDO__TAG,
    RONDO__FORECAST,
    RONDO__TRANSCRIBE,
    RONDO__NETWORK /* none: a network alone */
} rondo__task_kind;
typedef enum rondo__optimizer_kind {
    RONDO__SGD,
    RONDO__ADAM,
    RONDO__ADAMW,
    RONDO__RMSPROP,
    RONDO__ADAGRAD
} rondo__optimizer_kind;
typedef enum rondo__schedule_kind {
    RONDO__CONSTANT,
    RONDO__STEP,
    RONDO__COSINE,
    RONDO__INVERSE_SQRT,
    RONDO__ONE_CYCLE,
    RONDO__PLATEAU
} rondo__schedule_kind;

typedef struct rondo__recipe_tokenizer {
    int type; /* rondo__tokenizer_kind */
    bool lowercase;
    int64_t min_count, max_size, vocab_size;
    char model[RONDO__PATH];
    int model_type; /* 0 unigram, 1 bpe */
} rondo__recipe_tokenizer;

/* forecast: where the series stand and how they are prepared */
typedef enum rondo__scaling { RONDO__SCALE_STANDARD, RONDO__SCALE_ROBUST, RONDO__SCALE_NONE } rondo__scaling;
typedef enum rondo__transform { RONDO__LEVELS, RONDO__LOGS, RONDO__DIFFERENCES, RONDO__RETURNS } rondo__transform;
typedef struct rondo__recipe_series {
    char file[RONDO__PATH];                            /* a CSV file, or a folder of them */
    char time[RONDO__NAME];                            /* column; "": rows are steps */
    char series[RONDO__NAME];                          /* column that tells the series of one file apart; "": one */
    rondo__names targets;                              /* columns */
    rondo__names covariates, future_covariates, fixed; /* seen up to now; known ahead; categories of a series */
    rondo__names calendar;                             /* hour, weekday, month, ... */
    int steps;                                         /* 0 time: regular steps are checked; 1 rows */
    int scaling, transform;                            /* rondo__scaling, rondo__transform */
    int64_t season;                                    /* steps of the seasonal-naive baseline; 0: by the time step */
    rondo__names
        splits; /* of training, validation (and a rest): rows each, fractions, or the dates at which they end */
} rondo__recipe_series;

/* classify, transcribe: sound to frames */
typedef struct rondo__recipe_audio {
    int64_t rate; /* Hz: recordings are resampled to it; 0: that of the first training recording */
    int features; /* rondo_audio_features of audio.h */
    double window_ms, hop_ms;
    int64_t mels, coefficients, deltas;
    double low_hz, high_hz, preemphasis;
    int normalise; /* rondo_audio_normalise */
} rondo__recipe_audio;
typedef struct rondo__recipe_augment {
    double noise_db, speed, gain_db; /* least signal-to-noise ratio; largest change of speed; of loudness; 0: off */
    double warp;                     /* largest change of the mel bands' factor; 0: off */
    int64_t time_masks, time_width, feature_masks, feature_width; /* SpecAugment (Park 2019) */
} rondo__recipe_augment;
typedef enum rondo__input_kind { RONDO__INPUT_AUDIO, RONDO__INPUT_TEXT, RONDO__INPUT_SERIES } rondo__input_kind;

typedef enum rondo__pairs_format { RONDO__PAIR_LINES, RONDO__PAIR_DICTIONARY } rondo__pairs_format;
typedef struct rondo__recipe_data {
    char folder[RONDO__PATH]; /* where else to look: an absolute path, or relative to the recipe; "": nowhere */
    char train[RONDO__PATH], valid[RONDO__PATH]; /* a text, or a dictionary */
    double valid_fraction;                       /* where valid is empty: the last part of train; default 0.05 */
    rondo__recipe_tokenizer tokenizer;
    /* translate */
    int format;  /* rondo__pairs_format */
    bool stress; /* dictionary: keep the stress digits */
    char train_source[RONDO__PATH], train_target[RONDO__PATH], valid_source[RONDO__PATH], valid_target[RONDO__PATH];
    rondo__recipe_tokenizer source_tokenizer, target_tokenizer;
    bool shared_vocabulary;      /* source_tokenizer serves both sides */
    rondo__recipe_series series; /* forecast */
    /* classify, transcribe */
    int input; /* rondo__input_kind */
    rondo__recipe_audio audio;
    rondo__recipe_augment augment;
    char pattern[RONDO__PATH]; /* of file names, such as {label}_{speaker}_{index} */
    char where[RONDO__PATH];   /* which recordings count: speaker!=theo */
    rondo__names columns;      /* series to classify: columns of each CSV file; empty: all */
    rondo__names spelling;     /* transcribe: label=text */
    int class_weights;         /* classify: 0 none, 1 balanced */
    /* tag */
    char tag_column[RONDO__NAME];  /* CoNLL-U: its name; other files: its number */
    char word_column[RONDO__NAME]; /* its number */
    struct {
        bool lowercase;
        int64_t min_count, max_size;
    } words;
} rondo__recipe_data;

#define RONDO__TRANSFORMER (RONDO_GRU + 1) /* in place of a rondo_cell */
/* The encoder, the decoder. */
typedef struct rondo__recipe_stack {
    int cell;                                                    /* rondo_cell, or RONDO__TRANSFORMER */
    int64_t hidden_size, hidden_sizes[RONDO_MAX_LAYERS], layers; /* hidden_size: a number or a list */
    bool bidirectional;                                          /* encoder */
    int merge;
    bool residual, layer_norm, variational;
    double dropout, recurrent_dropout, zoneout, zoneout_cell;
    int activation;
    int64_t projection_size;
    bool peepholes, coupled_gates;
    int without_gate; /* rondo_without */
    double cell_clip, forget_bias;
    bool reset_before;
    double decay;
    int64_t heads, feed_forward_size, max_length; /* transformer */
    bool post_norm;
    int positions; /* rondo_positions */
    double attention_dropout;
    bool input_feeding; /* decoder */
} rondo__recipe_stack;

typedef struct rondo__recipe_attention {
    int type; /* rondo_attention_type */
    int64_t size, heads, window;
    bool coverage;
    double coverage_loss, dropout;
    int placement; /* 0 after the cell, 1 before it */
} rondo__recipe_attention;

typedef enum rondo__prefetch { RONDO__PREFETCH_AUTO, RONDO__PREFETCH_ON, RONDO__PREFETCH_OFF } rondo__prefetch;
typedef enum rondo__sampling_kind {
    RONDO__NO_SAMPLING,
    RONDO__SAMPLING_LINEAR,
    RONDO__SAMPLING_EXPONENTIAL,
    RONDO__SAMPLING_INVERSE_SIGMOID
} rondo__sampling_kind;

typedef enum rondo__output_kind {
    RONDO__OUTPUT_SOFTMAX, /* language_model */
    RONDO__OUTPUT_ADAPTIVE_SOFTMAX,
    RONDO__OUTPUT_POINT, /* forecast, from here on */
    RONDO__OUTPUT_GAUSSIAN,
    RONDO__OUTPUT_STUDENT_T,
    RONDO__OUTPUT_NEGATIVE_BINOMIAL,
    RONDO__OUTPUT_QUANTILES
} rondo__output_kind;
typedef enum rondo__forecast_mode {
    RONDO__DIRECT,         /* the last state gives all steps at once */
    RONDO__RECURSIVE,      /* one step after the other, each fed back */
    RONDO__ENCODER_DECODER /* a decoder over the horizon sees what is known ahead, and its own last value */
} rondo__forecast_mode;
typedef enum rondo__instance_norm {
    RONDO__NO_INSTANCE_NORM,
    RONDO__MEAN_SCALE,
    RONDO__REVERSIBLE
} rondo__instance_norm;
#define RONDO__QUANTILES 32

typedef struct rondo__recipe_model {
    int cell;                                                                    /* rondo_cell */
    int64_t embedding_size, hidden_size, hidden_sizes[RONDO_MAX_LAYERS], layers; /* hidden_size: a number or a list */
    bool bidirectional, residual, layer_norm, learned_initial_state, tie_weights, variational, bias;
    int merge;
    double dropout, embedding_dropout, output_dropout, recurrent_dropout, zoneout, zoneout_cell;
    int activation; /* Elman, Jordan */
    int64_t projection_size;
    bool peepholes, coupled_gates;
    int without_gate; /* rondo_without */
    double cell_clip, forget_bias;
    bool reset_before;
    double decay;         /* Jordan */
    int feedback;         /* Jordan: 0 distribution, 1 embedding */
    bool teacher_forcing; /* Jordan */
    int output;           /* rondo__output_kind */
    int64_t cutoffs[8];   /* adaptive softmax; zeros end the list */
    /* translate */
    rondo__recipe_stack encoder, decoder;
    rondo__recipe_attention attention;
    int bridge, context, tie_embeddings; /* rondo_bridge, rondo_context_use, rondo_tie */
    int64_t combine_size;
    bool copy; /* pointer-generator */
    /* forecast */
    int64_t window, horizon, patch; /* steps; patch: so many steps enter the network at once */
    int mode, loss;                 /* rondo__forecast_mode; loss of point outputs: 0 mse, 1 mae, 2 huber */
    double huber_delta;
    double quantiles[RONDO__QUANTILES]; /* zeros end it */
    int instance_norm;                  /* rondo__instance_norm */
    bool independent;                   /* each target is a series of its own; all share the weights */
    bool autoregressive;                /* a linear path beside the network (LSTNet, Lai 2018) */
    int64_t fixed_embedding_size;
    /* classify */
    int pooling; /* rondo_pooling of ops.h */
    /* transcribe */
    int64_t stack; /* so many frames enter the network at once */
    int64_t delay; /* steps from what is heard to what is written */
    /* tag */
    struct {
        int64_t embedding_size, hidden_size; /* hidden_size 0: no characters */
        double dropout;
    } characters;
    double word_dropout;
    bool crf;
    bool legal_spans; /* decoding takes no illegal step between labels of spans */
    /* network */
    int64_t input_size, vocabulary_size, output_size; /* 0 of the last two: no embedding, no output layer */
    int output_activation;                            /* rondo_activation of Jordan's output units */
} rondo__recipe_model;

typedef struct rondo__recipe_train {
    struct {
        int type;
        double learning_rate, weight_decay, momentum, beta1, beta2, epsilon, alpha; /* alpha: RMSprop's decay */
        bool nesterov, centered;
    } optimizer;
    struct {
        int type;
        int64_t warmup_steps, step_size, total_steps; /* total_steps 0: the whole run */
        double gamma, minimum;                        /* factor of step/plateau; final fraction of cosine */
        int64_t patience;                             /* plateau, in evaluations */
    } schedule;
    int64_t batch_size, steps_per_sequence, epochs, max_steps;
    int64_t batch_tokens, max_length; /* translate: target symbols of a batch; longest side of a pair; 0: off */
    struct {
        int type;          /* rondo__sampling_kind */
        double k, minimum; /* minimum: of the rate at which the known symbol is told */
    } scheduled_sampling;
    int64_t keep;                                       /* so many evaluated models stay as DIR/step-N.safetensors */
    int64_t evaluate_every, save_every;                 /* in steps; 0: each epoch / off */
    int64_t accumulate;                                 /* gradients of so many batches make one step */
    double clip_norm, clip_value, label_smoothing, ema; /* ema: decay of the averaged weights, 0: off */
    int64_t patience;                                   /* early stopping, in evaluations; 0: off */
    char metric[RONDO__NAME];                           /* what is compared: valid_loss (default) or any task metric */
    bool metric_rises;                                  /* true: larger is better */
    uint64_t seed;
    int64_t threads;
    int prefetch;     /* rondo__prefetch */
    int precision;    /* rondo_precision, f32 or bf16 */
    bool carry_state; /* truncated back-propagation: carry the state from chunk to chunk (default true) */
} rondo__recipe_train;

typedef struct rondo__recipe {
    int task;
    rondo__recipe_data data;
    rondo__recipe_model model;
    rondo__recipe_train train;
    char model_place[RONDO__SPOT]; /* FILE:LINE, or --set, to blame for a model whose parts do not fit; "": unknown */
    char folder[RONDO__PATH];      /* of the recipe file: paths are relative to it, or to $RONDO_DATA */
} rondo__recipe;

void rondo__recipe_defaults(rondo__recipe *recipe);
/* Reads a YAML file, applies sets ("key.path=value"), checks every key, type, range and combination. Errors:
 * "FILE:LINE: unknown key 'hiden_size' (did you mean 'hidden_size'?)"; of a set: "--set model.hiden_size: unknown key
 * ...". */
rondo_status rondo__recipe_read(rondo__recipe *recipe, const char *path, int sets, const char *const *set,
                                rondo_error *err);
/* From text (YAML, and so JSON too), for model files, tests and fuzzing. label stands for the file name in errors. */
rondo_status rondo__recipe_parse(rondo__recipe *recipe, const char *label, const char *text, size_t size, int sets,
                                 const char *const *set, rondo_error *err);
/* The word that a key of choices has: "lstm" of "model.cell". */
const char *rondo__recipe_choice(const rondo__recipe *recipe, const char *path);
/* All keys with their values, defaults included; JSON for the model file, YAML for recipe.yaml as run. */
rondo_status rondo__recipe_json(const rondo__recipe *recipe, rondo__text *out);
rondo_status rondo__recipe_yaml(const rondo__recipe *recipe, rondo__text *out);
/* Finds a data file: as it is when absolute, relative to the recipe's folder, to data.folder, or to $RONDO_DATA;
 * "PATH.gz" also counts.
 * RONDO_NOT_FOUND names every place tried and says how to set RONDO_DATA or run scripts/get-data. */
rondo_status rondo__recipe_find(const rondo__recipe *recipe, const char *name, char found[RONDO__PATH],
                                rondo_error *err);
/* Data that a user names beside a recipe (eval, forecast): path as it is, or, where that is absent and relative, what
 * stands below $RONDO_DATA, written into room. */
const char *rondo__data_find(const char *path, char room[RONDO__PATH]);
/* Sets data.folder so that the recipe, written to another folder, finds the same files. */
void rondo__recipe_pin(rondo__recipe *recipe);
#endif
