/* The one-call interface: train a recipe, open a model, evaluate it, let it write. */
#ifndef RONDO_MODEL_H
#define RONDO_MODEL_H

#include "rondo/audio.h"
#include "rondo/context.h"
#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_MAX_METRICS 32
typedef struct rondo_metric {
    char name[32]; /* "valid_loss", "perplexity", ... */
    double value;
} rondo_metric;
typedef struct rondo_metrics {
    int count;
    rondo_metric item[RONDO_MAX_METRICS];
} rondo_metrics;
RONDO_API double rondo_metrics_get(const rondo_metrics *metrics, const char *name); /* NaN: absent */

/* ---- training ---- */
typedef enum rondo_event_kind {
    RONDO_EVENT_START,    /* data and model are ready: message says what they are */
    RONDO_EVENT_STEP,     /* after each optimiser step */
    RONDO_EVENT_EVALUATE, /* after each evaluation: metrics */
    RONDO_EVENT_SAVE,     /* a file was written: message is its path */
    RONDO_EVENT_NOTE,     /* something worth a line: message */
    RONDO_EVENT_END       /* message says why it ended */
} rondo_event_kind;
typedef struct rondo_event {
    rondo_event_kind kind;
    int64_t step, steps;   /* done, in all */
    int64_t epoch, epochs; /* current from 1, in all */
    double train_loss;     /* running mean since the last evaluation, nats per symbol */
    double gradient_norm, learning_rate;
    double seconds, symbols_per_second, seconds_left;
    const char *symbol;           /* "symbols", "tokens", ... */
    const rondo_metrics *metrics; /* EVALUATE */
    bool best;                    /* EVALUATE: the best so far */
    const char *message;
} rondo_event;
/* Called on the training thread. Return false to stop after this step: everything is saved, RONDO_INTERRUPTED returned.
 */
typedef bool (*rondo_event_fn)(const rondo_event *event, void *arg);

typedef struct rondo_train_options {
    const char *folder; /* DIR; created when absent. Must not be NULL */
    int sets;           /* overrides "key.path=value" */
    const char *const *set;
    bool resume;          /* go on from DIR/last.safetensors, or begin again where a run was ended before it wrote one;
                              RONDO_NOT_FOUND where there was no run */
    int threads;          /* 0: the recipe's */
    rondo_event_fn event; /* may be NULL */
    void *event_arg;
    /* Bytes that the library may hold while it trains, data and all, in this process; 0: no limit. It is the process's:
     * one training at a time may set it. A first look at the largest batch tells, before the first step, what the
     * recipe needs: RONDO_MEMORY when that is more, and what was saved stays whole when more is asked for later. */
    size_t memory_limit;
} rondo_train_options;
typedef struct rondo_train_result {
    int64_t steps, epochs;
    double seconds;
    rondo_metrics best; /* of the evaluation that model.safetensors holds */
} rondo_train_result;
/* Trains the recipe and writes DIR/model.safetensors, last.safetensors, metrics.jsonl, recipe.yaml. A folder takes one
 * run at a time: RONDO_STATE while another one, of any process, is writing there. result may be NULL. */
RONDO_API rondo_status rondo_train(const char *recipe, const rondo_train_options *options, rondo_train_result *result,
                                   rondo_error *err);

/* ---- are the files what was written? ---- */
typedef enum rondo_verdict {
    RONDO_WHOLE,    /* its checksum is right */
    RONDO_UNSIGNED, /* it carries none, as files of other programs and of older versions do */
    RONDO_DAMAGED   /* it carries another, or cannot be read at all */
} rondo_verdict;
/* Called for each file; why is "" unless damaged. */
typedef void (*rondo_verify_fn)(const char *path, rondo_verdict verdict, const char *why, void *arg);
/* Checks a model file, or each file in the folder of a run (model files, metrics.jsonl, recipe.yaml), against the
 * checksum it carries: CRC-32 over all its bytes. RONDO_FORMAT when one is damaged. report may be NULL. Model files are
 * checked each time they are opened, too. */
RONDO_API rondo_status rondo_verify(const char *path, rondo_verify_fn report, void *arg, rondo_error *err);

/* The training curve of a run's folder, from its metrics.jsonl: training and validation loss over steps, and on the
 * right the task's own metric (bleu, chrf, accuracy or perplexity) where there is one. A run may still be writing:
 * a last line that is cut off is passed over. path ends in .png or .svg, see plot.h. */
RONDO_API rondo_status rondo_plot_training(const char *folder, const char *path, rondo_error *err);

/* ---- a trained model ---- */
typedef struct rondo_model rondo_model;
/* context must outlive the model. */
RONDO_API rondo_status rondo_model_open(rondo_model **out, rondo_context *context, const char *path, rondo_error *err);
RONDO_API void rondo_model_close(rondo_model **model);
RONDO_API const char *rondo_model_task(const rondo_model *model);
/* Everything about it, as JSON text that lives as long as the model: task, cell, sizes, parameters, vocabulary size,
 * tensors with shapes, recipe, metrics. */
RONDO_API const char *rondo_model_info(rondo_model *model);
/* The vocabulary as it stands in the model file: JSON text that lives as long as the model. NULL: no memory. */
RONDO_API const char *rondo_model_vocabulary(rondo_model *model);
/* The parameters by number: names as in the file, values that live as long as the model and must not be changed. NULL:
 * there is no such one. */
RONDO_API int rondo_model_tensors(const rondo_model *model);
RONDO_API const char *rondo_model_tensor_name(const rondo_model *model, int index);
RONDO_API const rondo_tensor *rondo_model_tensor(const rondo_model *model, int index);
/* Of a matrix that is RONDO_I8 (quantise.h): what each of its rows is multiplied with; otherwise NULL. */
RONDO_API const float *rondo_model_tensor_scale(const rondo_model *model, int index);
RONDO_API rondo_status rondo_model_evaluate(rondo_model *model, int files, const char *const *file,
                                            rondo_metrics *metrics, rondo_error *err);

/* What the last evaluation found beyond its metrics, as lines of text: a confusion matrix, a forecast beside the
 * trivial ones and whether it beats them. "" where there is nothing. Lives until the next evaluation or the model's
 * end. */
RONDO_API const char *rondo_model_report(rondo_model *model);
/* Only examples whose fields fit count in evaluations from now on: "speaker=theo, index=3|4", "speaker!=theo"; NULL or
 * "": all. For classify and transcribe (data.where of recipes). */
RONDO_API rondo_status rondo_model_select(rondo_model *model, const char *where, rondo_error *err);

/* The network alone, as it is deployed, on an array: x is symbols (T) or (T, B) as whole numbers, or vectors (T, I) or
 * (T, B, I); y becomes (T, out) or (T, B, out), and (out) or (B, out) where a sequence has one result. y->data is freed
 * by rondo_model_apply_free. RONDO_UNSUPPORTED where a model is no such function (encoder-decoders, forecasts). */
RONDO_API rondo_status rondo_model_apply(rondo_model *model, const rondo_tensor *x, rondo_tensor *y, rondo_error *err);
RONDO_API void rondo_model_apply_free(rondo_tensor *y);

/* The symbols of a text, as the network of a language model or a classifier of texts reads them (a transcriber writes
 * them): size bytes of UTF-8 -> *symbols (*count), and back: *text (size may be NULL) ends in a NUL, too. What was made
 * is freed by rondo_model_coded_free. RONDO_UNSUPPORTED where no one tokenizer stands before the network. */
RONDO_API rondo_status rondo_model_encode(rondo_model *model, const char *text, size_t size, int32_t **symbols,
                                          int64_t *count, rondo_error *err);
RONDO_API rondo_status rondo_model_decode(rondo_model *model, int64_t count, const int32_t *symbols, char **text,
                                          size_t *size, rondo_error *err);
RONDO_API void rondo_model_coded_free(void *made);

/* ---- the same, one step at a time ---- */
typedef struct rondo_model_stream rondo_model_stream;
typedef struct rondo_model_stream_sizes {
    int64_t batch;   /* B: sequences side by side */
    int64_t symbols; /* how many there are; 0: the model reads vectors */
    int64_t in, out; /* widths of x (0: symbols) and y */
} rondo_model_stream_sizes;
/* batch 0: 1. RONDO_UNSUPPORTED where rondo_model_apply says so, and of models that need the whole sequence (both
 * directions, pooling by attention). The model must stay open and unchanged; a stream and its model are used by one
 * thread at a time. */
RONDO_API rondo_status rondo_model_stream_open(rondo_model_stream **out, rondo_model *model, int64_t batch,
                                               rondo_error *err);
RONDO_API void rondo_model_stream_close(rondo_model_stream **stream);
RONDO_API rondo_model_stream_sizes rondo_model_stream_get_sizes(const rondo_model_stream *stream);
/* Begins other sequences. */
RONDO_API void rondo_model_stream_reset(rondo_model_stream *stream);
/* symbols (B) or x (B, in), the other NULL -> y (B, out): of this step; of a model with one result per sequence, what
 * it is so far. The same bits as rondo_model_apply. Allocates nothing. */
RONDO_API rondo_status rondo_model_stream_step(rondo_model_stream *stream, const int32_t *symbols, const rondo_real *x,
                                               rondo_real *y, rondo_error *err);

typedef struct rondo_generate_options {
    const char *prompt; /* begins a line (the line end before it is fed first); NULL or "": none */
    int64_t tokens;     /* 0: 200 */
    double temperature; /* 0: greedy... see greedy; default (0 and !greedy): 1 */
    bool greedy;        /* always the most probable symbol */
    int64_t top_k;      /* 0: all */
    double top_p;       /* 0: 1 */
    uint64_t seed;
} rondo_generate_options;
/* Called for each piece of text as it is written (UTF-8, whole characters). Return false to stop. */
typedef bool (*rondo_text_fn)(const char *text, size_t size, void *arg);
RONDO_API rondo_status rondo_model_generate(rondo_model *model, const rondo_generate_options *options,
                                            rondo_text_fn write, void *arg, rondo_error *err);

/* ---- timing one layer (the command `rondo bench cell`) ---- */
typedef enum rondo_bench_pass { RONDO_BENCH_TRAIN, RONDO_BENCH_FORWARD, RONDO_BENCH_STEP } rondo_bench_pass;
typedef struct rondo_bench_options {
    int cell; /* rondo_cell of nn.h */
    bool bidirectional;
    int64_t input_size, hidden_size, layers, batch, steps;
    rondo_bench_pass pass;
    bool input_gradient; /* train: also the gradient of the input */
    bool shared_steps;   /* step: on all threads of the context (rondo_stream_share), where that can be */
    double seconds;      /* how long to measure; 0: 2 */
    /* variants, as in rondo_recurrent_config */
    bool peepholes, layer_norm;
    int64_t projection_size;
    bool ragged;        /* lengths of the sequences drawn evenly from 1 to steps, in no order; not for step */
    int64_t least_runs; /* measure so many runs, whatever they take; 0: 3 */
} rondo_bench_options;
typedef struct rondo_bench_result {
    double median_ms, min_ms, p99_ms, p999_ms, gflops;
    int64_t runs;
    int threads;
    const char *isa;
    int64_t real_steps; /* of all sequences together: batch * steps, fewer where they are ragged */
} rondo_bench_result;
RONDO_API rondo_status rondo_bench_cell(rondo_context *context, const rondo_bench_options *options,
                                        rondo_bench_result *result, rondo_error *err);
/* The front end on ten seconds of noise, whole and as a stream, on one core (`rondo bench audio`). */
typedef struct rondo_bench_audio_result {
    double frames_per_second, times_real_time, stream_times_real_time; /* of the median run */
    double median_ms;                                                  /* of a whole recording */
    int64_t runs;
} rondo_bench_audio_result;
/* seconds: how long to measure; 0: 2. */
RONDO_API rondo_status rondo_bench_audio(const rondo_audio_config *config, double seconds,
                                         rondo_bench_audio_result *result, rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif
