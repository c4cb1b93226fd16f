/* Transcribers in use: recordings in, texts out; whole, or sample by sample. */
#ifndef RONDO_TRANSCRIBE_H
#define RONDO_TRANSCRIBE_H

#include "rondo/audio.h"
#include "rondo/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means the default. */
typedef struct rondo_transcribe_options {
    int64_t beam;                /* prefixes kept side by side; 0 or 1: greedy. With a language model 0 is 16 */
    int64_t best;                /* texts wanted of each recording, at most beam; 0: 1 */
    rondo_model *language_model; /* of characters; it must stay open, of a stream until that is closed. NULL: none */
    double lm_weight;            /* of its log-probability; 0: 0.5 */
    double symbol_bonus;         /* added for each symbol: above 0 longer texts, below shorter ones */
    double prune;                /* symbols below this log-probability in a step are passed over; 0: none is */
    int64_t batch;               /* recordings at a time, at most 64; 0: 16. Changes no result */
} rondo_transcribe_options;

/* What one recording says; the best text first. */
typedef struct rondo_transcript {
    int64_t count; /* texts: as many as were wanted, fewer where there are no more */
    char **text;   /* (count) UTF-8 */
    double *score; /* (count) log-probability; greedy: of the best path; of a beam: of all paths kept, with the language
                      model's part and the bonus */
    double seconds;  /* of the recording */
    int64_t symbols; /* of the first text */
    char **symbol;   /* (symbols) as they stand in it */
    double *time;    /* (symbols) seconds at which each begins */
} rondo_transcript;
/* Sounds at any rate; out (sounds). Each one alone gives what it gives beside others, bit for bit. A recording without
 * samples is legal. options may be NULL. On success free each transcript; on failure nothing needs to be freed. */
RONDO_API rondo_status rondo_model_transcribe(rondo_model *model, int64_t sounds, const rondo_sound *sound,
                                              const rondo_transcribe_options *options, rondo_transcript *out,
                                              rondo_error *err);
/* The same from files (WAV, FLAC, ...); errors name the file. */
RONDO_API rondo_status rondo_model_transcribe_files(rondo_model *model, int64_t files, const char *const *file,
                                                    const rondo_transcribe_options *options, rondo_transcript *out,
                                                    rondo_error *err);
RONDO_API void rondo_transcript_free(rondo_transcript *transcript);

/* ---- while it is being said ---- */
typedef struct rondo_transcribe_stream rondo_transcribe_stream;
/* For models that read in one direction and whose normalisation can stream (data.audio.normalise: none, global,
 * running); else RONDO_UNSUPPORTED. options->best and batch are not used. The model must outlive the stream, unchanged.
 * One user at a time. */
RONDO_API rondo_status rondo_transcribe_stream_open(rondo_transcribe_stream **out, rondo_model *model,
                                                    const rondo_transcribe_options *options, rondo_error *err);
RONDO_API void rondo_transcribe_stream_close(rondo_transcribe_stream **stream);
/* Begins another recording. */
RONDO_API void rondo_transcribe_stream_reset(rondo_transcribe_stream *stream);
/* Samples per second that it must be fed with. */
RONDO_API int64_t rondo_transcribe_stream_rate(const rondo_transcribe_stream *stream);
/* Takes all count samples. *text is what has been settled by them ("" at most calls): it never changes any more, and
 * put together it is what rondo_model_transcribe writes, bit for bit. Valid until the next call. Greedy, nothing is
 * allocated, but for a longer *text than a call of so many samples ever had; that is done at open for up to a second.
 */
RONDO_API rondo_status rondo_transcribe_stream_feed(rondo_transcribe_stream *stream, int64_t count, const float *sample,
                                                    const char **text, rondo_error *err);
/* No more samples: the rest of the text. Then reset or close. */
RONDO_API rondo_status rondo_transcribe_stream_finish(rondo_transcribe_stream *stream, const char **text,
                                                      rondo_error *err);

#ifdef __cplusplus
}
#endif
#endif
