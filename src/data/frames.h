/* Sequences of frames for training: features of recordings, or the rows of CSV files, in batches by length. */
#ifndef RONDO_DATA_FRAMES_H
#define RONDO_DATA_FRAMES_H

#include "data/labelled.h"
#include "rondo/audio.h"
#include "rondo/context.h"

/* Sounds (or rows) of a set of examples, in memory. */
typedef struct rondo__frame_set {
    int64_t count, width;
    rondo_sound *sound; /* (count) audio; else NULL */
    int64_t *length;    /* (count) frames, without augmentation */
    float **frame;      /* (count): (length, width) */
    int32_t *speaker;   /* (count), by order of first appearance; of a recording without one: -1, itself alone */
    int64_t speakers;
    float *speaker_moments; /* (speakers, 2, width) mean and deviation, once frames were computed for SPEAKER */
    double seconds;         /* of sound in all */
    int64_t empty;          /* recordings without samples: kept, one frame of zeros, and noted */
} rondo__frame_set;

/* Reads every recording of the list at config's rate (0: that of the first one, written into config). */
rondo_status rondo__frames_read_sounds(rondo__frame_set *out, rondo_context *context, const rondo__labelled *items,
                                       rondo_audio_config *config, rondo_error *err);
/* Sounds of the caller, copied, at their own rates; rows of the caller, (count[i], width) each, copied; at least
 * one. */
rondo_status rondo__frames_take_sounds(rondo__frame_set *out, const rondo__labelled *items,
                                       const rondo_sound *const *sound, rondo_error *err);
rondo_status rondo__frames_take_rows(rondo__frame_set *out, const rondo__labelled *items, int64_t width,
                                     const float *const *rows, const int64_t *count, rondo_error *err);
/* CSV files: numbers of the given columns (NULL or none: all of the first file, which the others must have, too).
 * *names (may be NULL): the columns, NULL-ended; rondo__frames_names_free. Missing values, and files without rows, are
 * refused with their place. */
rondo_status rondo__frames_read_series(rondo__frame_set *out, const rondo__labelled *items, const char *const *columns,
                                       char ***names, rondo_error *err);
void rondo__frames_names_free(char ***names);
void rondo__frames_free(rondo__frame_set *set);
/* Mean and deviation (width) over all frames: of a training set, for GLOBAL and RUNNING. A constant feature has
 * deviation 1. */
rondo_status rondo__frames_moments(const rondo__frame_set *set, float *mean, float *deviation, rondo_error *err);
/* Computes set->frame with the front end (recordings over the context's threads), normalised as it says; SPEAKER by the
 * speakers of the set, whose moments are kept. Anew, where it was done before. */
rondo_status rondo__frames_compute(rondo__frame_set *set, rondo_context *context, const rondo_frontend *frontend,
                                   rondo_audio_normalise normalise, rondo_error *err);
/* x -> (x - mean) / deviation, in place; moments (2, width). */
void rondo__frames_normalise(float *frame, int64_t length, int64_t width, const float *moments);

/* Batches: examples sorted by length and cut; equal lengths change places from epoch to epoch, and so do the batches;
 * all of it depends on (seed, epoch) alone. shuffle false: by length, always the same. */
typedef struct rondo__frame_batches {
    int64_t count, size, batches; /* examples, of a batch, batches */
    const int64_t *length;
    uint64_t seed;
    bool shuffle;
    int64_t *sorted, *order; /* (count) by length; of the epoch */
    int64_t *start;          /* (batches): which cut comes n-th in this epoch */
    int64_t epoch;
} rondo__frame_batches;
rondo_status rondo__frame_batches_make(rondo__frame_batches *out, int64_t count, const int64_t *length, int64_t size,
                                       bool shuffle, uint64_t seed, rondo_error *err);
void rondo__frame_batches_free(rondo__frame_batches *batches);
/* The examples of a batch: returns their number, *example points to their indices (valid until another epoch is asked
 * for). */
int64_t rondo__frame_batches_get(rondo__frame_batches *batches, int64_t epoch, int64_t batch, const int64_t **example);
/* Steps of the longest, times examples. */
int64_t rondo__frame_batches_cells(rondo__frame_batches *batches, int64_t epoch, int64_t batch);

#endif
