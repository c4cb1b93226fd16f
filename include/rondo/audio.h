/* Sound to frames: recordings, log-mel energies and cepstral coefficients, whole or sample by sample.
 *
 *   samples -> pre-emphasis -> windows (Hann) -> |FFT|² -> mel bands -> log -> (DCT) -> (differences) -> (mean,
 * variance)
 *
 * Frame t holds samples [t·hop, t·hop + window): a whole recording and a stream give the same frames, bit for bit. A
 * recording shorter than a window, also one of no samples, is one frame, padded with zeros. Mel bands are those of
 * librosa (Slaney's scale, area norm); log is of max(energy, 1e-10). Numbers are float in every build.
 * RONDO_UNSUPPORTED where KissFFT (features), libsndfile (files) or libsamplerate (other rates) are not built in. */
#ifndef RONDO_AUDIO_H
#define RONDO_AUDIO_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- recordings ---- */
typedef struct rondo_sound {
    int64_t count; /* samples */
    int64_t rate;  /* per second */
    float *sample; /* (count), mono, full scale is 1 */
    int channels;  /* that the file had; they are averaged */
} rondo_sound;
#define RONDO_MAX_RATE 384000
/* WAV, FLAC and what else libsndfile reads (not MPEG); rate 0: as the file is, else resampled. Errors name the file: no
 * sound file, a rate of 0 or above RONDO_MAX_RATE, more than 64 channels, fewer samples than the header promises,
 * samples that are not finite. Zero samples are legal. Memory is taken by what is there, not by what a header claims.
 */
RONDO_API rondo_status rondo_sound_read(rondo_sound *out, const char *path, int64_t rate, rondo_error *err);
/* The same from memory; name is for messages. */
RONDO_API rondo_status rondo_sound_decode(rondo_sound *out, const char *name, const void *data, int64_t size,
                                          int64_t rate, rondo_error *err);
/* 16-bit WAV, written whole or not at all. */
RONDO_API rondo_status rondo_sound_write(const rondo_sound *sound, const char *path, rondo_error *err);
RONDO_API void rondo_sound_free(rondo_sound *sound);
/* Band-limited resampling: out has round(count · to / from) samples. */
RONDO_API rondo_status rondo_sound_resample(rondo_sound *sound, int64_t rate, rondo_error *err);

/* ---- frames ---- */
typedef enum rondo_audio_features { RONDO_LOG_MEL, RONDO_MFCC } rondo_audio_features;
typedef enum rondo_audio_normalise {
    RONDO_NORMALISE_NONE,
    RONDO_NORMALISE_GLOBAL,    /* mean and deviation of a training set, kept with the model */
    RONDO_NORMALISE_RECORDING, /* of this recording; cannot stream */
    RONDO_NORMALISE_SPEAKER,   /* of all recordings of its speaker; the caller's to collect; cannot stream */
    RONDO_NORMALISE_RUNNING    /* of the frames so far, beginning from given ones as if seen `prior` times */
} rondo_audio_normalise;
typedef struct rondo_audio_config {
    int64_t rate; /* Hz, above 0 */
    rondo_audio_features features;
    double window_ms, hop_ms;   /* 0: 25, 10 */
    int64_t mels, coefficients; /* 0: 40, 13 */
    int64_t deltas;             /* 0, 1, 2: appended; regression over ±2 frames, the ends repeated (a stream lags by 2
                                   frames for each) */
    double low_hz, high_hz;     /* high 0: rate / 2 */
    double warp;                /* edges of the mel bands are moved by this factor, as another length of the vocal tract
                                   moves what they hear (Jaitly and Hinton 2013): 0.5 to 2; 0 or 1: not. Above 0.8 of
                                   rate / 2 the map runs straight to rate / 2, which stays where it is */
    double preemphasis;         /* y_t = x_t - preemphasis · x_{t-1}, x_{-1} = 0; 0: none */
    rondo_audio_normalise normalise;
    const float *mean, *deviation; /* (width) of GLOBAL, and where RUNNING begins; copied. NULL: 0 and 1. Deviations
                                      below 1e-5, of features that do not change, count as 1 */
    int64_t prior;                 /* RUNNING: 0: 100 frames */
} rondo_audio_config;

typedef struct rondo_frontend rondo_frontend;
/* Checks the configuration (bands must fit under rate / 2 and hold at least one bin of the FFT). Thread-safe to use for
 * rondo_frontend_apply once created; a stream is one user's. */
RONDO_API rondo_status rondo_frontend_create(rondo_frontend **out, const rondo_audio_config *config, rondo_error *err);
RONDO_API void rondo_frontend_destroy(rondo_frontend **frontend);
RONDO_API int64_t rondo_frontend_width(const rondo_frontend *frontend);                   /* numbers of a frame */
RONDO_API int64_t rondo_frontend_hop(const rondo_frontend *frontend);                     /* samples */
RONDO_API int64_t rondo_frontend_window(const rondo_frontend *frontend);                  /* samples */
RONDO_API int64_t rondo_frontend_frames(const rondo_frontend *frontend, int64_t samples); /* of a whole recording */
/* frame (frames, width). */
RONDO_API rondo_status rondo_frontend_apply(const rondo_frontend *frontend, float *frame, int64_t samples,
                                            const float *sample, rondo_error *err);

/* Samples in, frames out. No allocation after open. RECORDING and SPEAKER: RONDO_UNSUPPORTED. */
typedef struct rondo_frontend_stream rondo_frontend_stream;
RONDO_API rondo_status rondo_frontend_stream_open(rondo_frontend_stream **out, const rondo_frontend *frontend,
                                                  rondo_error *err);
RONDO_API void rondo_frontend_stream_close(rondo_frontend_stream **stream);
RONDO_API void rondo_frontend_stream_reset(rondo_frontend_stream *stream);
/* Takes up to count samples and returns how many it took: it stops after a frame is ready (*frame, else NULL), valid
 * until the next call. Call again with the rest. */
RONDO_API int64_t rondo_frontend_stream_feed(rondo_frontend_stream *stream, int64_t count, const float *sample,
                                             const float **frame);
/* After the last sample: call until *frame is NULL (frames that waited for their neighbours). Samples that are fed then
 * are dropped, until a reset. */
RONDO_API void rondo_frontend_stream_finish(rondo_frontend_stream *stream, const float **frame);

/* ---- augmentation: counter-based, (seed, stream) fixes it ---- */
typedef struct rondo_audio_augment {
    double noise_db; /* white noise at a signal-to-noise ratio drawn from [noise_db, noise_db + 20]; 0: none */
    double speed;    /* resampled by a factor drawn from [1 - speed, 1 + speed] */
    double gain_db;  /* gain drawn from ±gain_db */
    int64_t time_masks, time_width, feature_masks, feature_width; /* SpecAugment (Park 2019): blanked to 0 */
    double warp; /* front ends with rondo_audio_config.warp from [1 - warp, 1 + warp]: below */
} rondo_audio_augment;
/* Sound: speed, gain, noise, in this order. */
RONDO_API rondo_status rondo_audio_augment_sound(rondo_sound *sound, const rondo_audio_augment *augment, uint64_t seed,
                                                 uint64_t stream, rondo_error *err);
/* A front end for each of RONDO_AUDIO_WARPS factors is made once; for every recording one of them is drawn. Factor i
 * lies evenly in [1 - warp, 1 + warp]; the one in the middle is 1. */
#define RONDO_AUDIO_WARPS 9
RONDO_API double rondo_audio_augment_factor(const rondo_audio_augment *augment, int64_t i);
RONDO_API int64_t rondo_audio_augment_warp(uint64_t seed, uint64_t stream); /* 0 to RONDO_AUDIO_WARPS - 1 */
/* Frames (frames, width): the masks. Stretches are never longer than a fifth of the frames. */
RONDO_API void rondo_audio_augment_frames(float *frame, int64_t frames, int64_t width,
                                          const rondo_audio_augment *augment, uint64_t seed, uint64_t stream);

#ifdef __cplusplus
}
#endif
#endif
