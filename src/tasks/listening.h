/* What the tasks over recordings share: the recipe's front end with the moments that normalise it, augmentation in
 * training, and padded batches of frames. Series (CSV files) go the same way, without a front end.
 *
 * A model file keeps the moments as tensors "listening.mean" and "listening.deviation" (width), where the recipe's
 * normalise is global or running; the rate that was found stands in the recipe (data.audio.rate). */
#ifndef RONDO_TASKS_LISTENING_H
#define RONDO_TASKS_LISTENING_H

#include "data/frames.h"
#include "formats/safetensors.h"
#include "kernels/kernels.h"
#include "rondo/audio.h"
#include "train/recipe.h"

#define RONDO__LISTENING_MEAN "listening.mean"
#define RONDO__LISTENING_DEVIATION "listening.deviation"
extern const char *const rondo__recording_endings[]; /* of recordings in folders and archives */

typedef struct rondo__listening {
    rondo_context *context;
    rondo_audio_config config;                 /* of audio; mean and deviation point to those below */
    rondo_frontend *frontend;                  /* NULL: series */
    rondo_frontend *warped[RONDO_AUDIO_WARPS]; /* of data.augment.warp, for the training set alone; NULL: as frontend */
    float *warped_moments[RONDO_AUDIO_WARPS];  /* the training set's speakers', as set->speaker_moments, through each */
    rondo_audio_normalise normalise;
    rondo_audio_augment augment;
    bool alters_sound, alters_frames; /* in training */
    int64_t width, stack;             /* of a frame; frames that enter the network at once (model.stack) */
    int64_t batch_size;               /* in training */
    float *moments;                   /* (2, width) mean and deviation; NULL where none are kept */
} rondo__listening;

/* ---- lists of recordings ---- */
/* Reads data.train and data.valid (or the part of the former that data.valid_fraction says), with data.pattern and
 * data.where. */
rondo_status rondo__listening_lists(const rondo__recipe *recipe, bool texts, const char *const *ending,
                                    rondo__labelled *train, rondo__labelled *valid, rondo_error *err);
/* The second of them alone: of a model that was opened from its file. */
rondo_status rondo__listening_valid(const rondo__recipe *recipe, bool texts, const char *const *ending,
                                    rondo__labelled *valid, rondo_error *err);
/* Other files: the path as it stands, or below $RONDO_DATA. where NULL: none. */
rondo_status rondo__listening_list(const rondo__recipe *recipe, const char *path, const char *where, bool texts,
                                   const char *const *ending, rondo__labelled *out, rondo_error *err);

/* ---- the front end ---- */
/* For training: reads the recordings, finds the rate (into recipe) and the moments, and computes the frames. */
rondo_status rondo__listening_begin(rondo__listening *out, rondo_context *context, rondo__recipe *recipe,
                                    const rondo__labelled *items, rondo__frame_set *set, rondo_error *err);
/* The same for series that have been read. */
rondo_status rondo__listening_begin_series(rondo__listening *out, rondo_context *context, const rondo__recipe *recipe,
                                           rondo__frame_set *set, rondo_error *err);
/* From a model file. series: columns, 0: audio. */
rondo_status rondo__listening_load(rondo__listening *out, rondo_context *context, const rondo__recipe *recipe,
                                   int64_t series, const rondo__safetensors *file, const char *path, rondo_error *err);
void rondo__listening_free(rondo__listening *listening);
/* The moments for the model file: returns how many (0 or 2). */
int rondo__listening_tensors(const rondo__listening *listening, int max, rondo__named *out);
/* Other recordings, as frames. Series: normalises what was read. */
rondo_status rondo__listening_read(const rondo__listening *listening, const rondo__labelled *items,
                                   rondo__frame_set *out, rondo_error *err);
rondo_status rondo__listening_series(const rondo__listening *listening, rondo__frame_set *set, rondo_error *err);
/* Sounds, at any rates, that the caller keeps. */
rondo_status rondo__listening_sounds(const rondo__listening *listening, const rondo__labelled *items,
                                     const rondo_sound *const *sound, rondo__frame_set *out, rondo_error *err);
/* Numbers that enter the network at each step: stack · width. */
int64_t rondo__listening_input(const rondo__listening *listening);
/* Steps of so many frames: length / stack, rounded up. */
int64_t rondo__listening_steps(const rondo__listening *listening, int64_t length);
/* Lines about a set: recordings, length in time, those without samples. */
void rondo__listening_notes(const rondo__frame_set *set, const char *name, rondo__text *lines);

/* ---- batches ---- */
/* Lengths coarse enough that batches by length change their company: one step in eight. count of the set; rondo__free.
 */
int64_t *rondo__listening_lengths(const rondo__frame_set *set);

/* What a batch is filled with: examples [0, count) of a set; training: augmented as (seed, epoch, example) say. */
typedef struct rondo__listening_order {
    const rondo__listening *listening;
    const rondo__frame_set *set;
    int64_t count;
    const int64_t *example;
    bool training;
    uint64_t seed;
    int64_t epoch;
} rondo__listening_order;

/* Padded input of a batch; its memory grows to what the largest of its kind will need and serves again. */
typedef struct rondo__listening_batch {
    int64_t T, B;
    real *x;          /* (T, B, input); what is behind a row's end is 0 */
    int32_t *lengths; /* (B) steps */
    size_t x_room, lengths_room, rows_room;
    struct rondo__listening_row *rows;   /* (B) */
    struct rondo__listening_desk *desks; /* where altering is done: one for each worker; NULL: nothing is altered */
    float *stretch;                      /* rondo__stretch_points; behind them the desks' memory */
    bool furnished;                      /* for all batches of training */
    rondo__listening_order order;
} rondo__listening_batch;
/* Sizes and memory; the rows are *work, which any thread may do (workers up to the context's threads, and that number
 * itself: one beside them). What order points to must stay until that is done. */
rondo_status rondo__listening_begin_fill(rondo__listening_batch *batch, const rondo__listening_order *order,
                                         rondo__work *work, rondo_error *err);
void rondo__listening_batch_free(rondo__listening_batch *batch);

#endif
