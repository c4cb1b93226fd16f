/* Classifiers in use: a label for each recording, text or series, and while a recording is still being made. */
#ifndef RONDO_CLASSIFY_H
#define RONDO_CLASSIFY_H

#include "rondo/audio.h"
#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The labels of a model, by number; count may be NULL. NULL where the model is no classifier. They live as long as the
 * model. */
RONDO_API const char *const *rondo_model_labels(const rondo_model *model, int64_t *count);
/* What a classifier takes: "audio", "text" or "series"; "" where the model is none. */
RONDO_API const char *rondo_model_input(const rondo_model *model);

/* One thing to classify; exactly one member is set. */
typedef struct rondo_classify_input {
    const char *file;         /* audio: a recording; series: a CSV file */
    const char *text;         /* text */
    const rondo_sound *sound; /* audio, at any rate */
    const float *rows;        /* series: (count, columns) in the model's order of columns, at least one row */
    int64_t count;            /* of rows */
} rondo_classify_input;
typedef struct rondo_classification {
    int32_t label; /* the most probable */
    const char *name;
    double probability;
    double *probabilities; /* (labels) */
} rondo_classification;
/* out (inputs). What is alone or beside others gets the same numbers. A recording without samples and a text
 * without symbols are legal. A recording normalised by speaker counts as a speaker of its own. On
 * success free with rondo_classifications_free; on failure nothing needs to be freed. */
RONDO_API rondo_status rondo_model_classify(rondo_model *model, int64_t inputs, const rondo_classify_input *input,
                                            rondo_classification *out, rondo_error *err);
RONDO_API void rondo_classifications_free(int64_t count, rondo_classification *classification);

/* ---- streaming: what it is so far, after each hop ---- */
typedef struct rondo_classify_stream rondo_classify_stream;
/* For audio (samples at the model's rate) and series (rows). RONDO_UNSUPPORTED where the model reads in both directions
 * or normalises by recording or speaker, which need the end. The model must stay open and unchanged. */
RONDO_API rondo_status rondo_classify_stream_open(rondo_classify_stream **out, rondo_model *model, rondo_error *err);
RONDO_API void rondo_classify_stream_close(rondo_classify_stream **stream);
/* Begins another recording. */
RONDO_API void rondo_classify_stream_reset(rondo_classify_stream *stream);
/* Samples per second, and between two frames; series: 0 and 1. */
RONDO_API int64_t rondo_classify_stream_rate(const rondo_classify_stream *stream);
RONDO_API int64_t rondo_classify_stream_hop(const rondo_classify_stream *stream);
/* Takes up to count samples (series: rows of as many numbers as it has columns) and returns how many it took. It stops
 * where the network made a step: *probability (labels) then tells what the recording is so far, else it is NULL; valid
 * until the next call. Call again with the rest. Nothing is allocated. */
RONDO_API int64_t rondo_classify_stream_feed(rondo_classify_stream *stream, int64_t count, const float *sample,
                                             const double **probability);
/* After the last sample: *probability is that of the whole, as rondo_model_classify gives it (NULL: a series without
 * rows). Then reset. */
RONDO_API void rondo_classify_stream_finish(rondo_classify_stream *stream, const double **probability);

#ifdef __cplusplus
}
#endif
#endif
