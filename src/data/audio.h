/* Inside of the front end: the tables that a configuration gives, and the work on one frame that whole recordings and
 * streams share, so that both give the same bits. Letters: N size of the FFT, W samples of a window, M mel bands. */
#ifndef RONDO_DATA_AUDIO_H
#define RONDO_DATA_AUDIO_H

#include "core/core.h"
#include "rondo/audio.h"

/* ---- audio_fft.c: squared magnitudes of a real transform of even size N ---- */
typedef struct rondo__fft rondo__fft;
int64_t rondo__fft_good_size(int64_t least); /* the next even N whose half has no other factors than 2, 3, 5 */
rondo_status rondo__fft_create(rondo__fft **out, int64_t N, rondo_error *err);
void rondo__fft_destroy(rondo__fft **fft);
/* power (N/2 + 1), x (N), work (N). Writes to its arguments alone. */
void rondo__fft_power(const rondo__fft *fft, float *power, const float *x, float *work);

/* ---- audio_tables.c ---- */
typedef struct rondo__band {
    int64_t first, count; /* bins of the FFT */
    int64_t weight;       /* where its weights begin */
} rondo__band;
struct rondo_frontend {
    rondo_audio_config config; /* without zeros that stand for defaults; mean and deviation are NULL, see below */
    int64_t window, hop, N, bins;
    int64_t base, width; /* numbers of a frame before and after the differences are appended */
    rondo__fft *fft;
    float *hann;                       /* (W) */
    rondo__band *band;                 /* (M) */
    float *weight;                     /* of all bands, one after the other */
    float *cosine;                     /* (M, coefficients) or NULL */
    float *mean, *scale;               /* (width): of GLOBAL; scale is 1 / deviation */
    double *first_mean, *first_square; /* (width): where RUNNING begins; squared differences from the mean in all */
};
/* Everything of the front end that depends on the checked configuration. */
rondo_status rondo__frontend_tables(rondo_frontend *frontend, rondo_error *err);

/* ---- audio_frame.c ---- */
int64_t rondo__frontend_work(const rondo_frontend *frontend); /* numbers that one frame needs to be made */
/* out (base): features of sample (W); before: the sample before it. */
void rondo__frontend_base(const rondo_frontend *frontend, float *out, const float *sample, float before, float *work);
/* out (n): slope over the rows two before to two after. */
void rondo__frontend_slope(int64_t n, float *out, const float *before2, const float *before1, const float *after1,
                           const float *after2);
/* Mean and variance as they run. */
typedef struct rondo__running {
    double seen;
    double *mean, *square; /* (width) */
} rondo__running;
void rondo__running_start(rondo__running *running, const rondo_frontend *frontend);
/* Normalises a whole row (width) as far as that is possible row by row: GLOBAL, RUNNING. */
void rondo__frontend_normalise(const rondo_frontend *frontend, rondo__running *running, float *row);
/* What features that do not change are divided by: 1. */
double rondo__deviation_or_one(double deviation);

/* ---- audio_frontend.c: rondo_frontend_apply in the caller's memory, of rondo__frontend_room bytes ---- */
size_t rondo__frontend_room(const rondo_frontend *frontend);
void rondo__frontend_make(const rondo_frontend *frontend, float *frame, int64_t samples, const float *sample,
                          void *memory);

/* ---- audio_augment.c: rondo_audio_augment_sound from one place to another; its numbers are taken for checked ---- */
/* Samples that come out, and at most. */
int64_t rondo__augment_count(const rondo_audio_augment *augment, int64_t count, uint64_t seed, uint64_t stream);
int64_t rondo__augment_most(const rondo_audio_augment *augment, int64_t count);
size_t rondo__augment_room(const rondo_audio_augment *augment); /* numbers */
/* out (rondo__augment_count), not sample where speed is above 0. h: rondo__stretch_points. */
void rondo__augment_into(float *out, int64_t out_count, const float *sample, int64_t count,
                         const rondo_audio_augment *augment, uint64_t seed, uint64_t stream, const float *h,
                         float *room);

#endif
