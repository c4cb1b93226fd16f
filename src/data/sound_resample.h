/* Resampling by any factor; see sound_resample.c. */
#ifndef RONDO_DATA_SOUND_RESAMPLE_H
#define RONDO_DATA_SOUND_RESAMPLE_H

#include "core/core.h"
#include "rondo/audio.h"

/* A resampler that is kept: what it needs is allocated once. */
typedef struct rondo__stretcher {
    void *state;
} rondo__stretcher;
/* quick: for training, where few see the difference. */
rondo_status rondo__stretcher_make(rondo__stretcher *out, bool quick, rondo_error *err);
void rondo__stretcher_free(rondo__stretcher *stretcher);
/* out (out_count) from sample (count), ratio times as many; what the filter does not reach at the end is 0. The same
 * bits whatever it has stretched before. */
rondo_status rondo__stretch(rondo__stretcher *stretcher, float *out, int64_t out_count, const float *sample,
                            int64_t count, double ratio, rondo_error *err);

/* Gives sound `count` samples in place of its own; the rate stays. On failure sound is as it was. */
rondo_status rondo__sound_stretch(rondo_sound *sound, int64_t count, double ratio, bool quick, rondo_error *err);

#endif
