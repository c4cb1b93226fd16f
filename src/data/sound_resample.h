/* Resampling by any factor; see sound_resample.c. */
#ifndef RONDO_DATA_SOUND_RESAMPLE_H
#define RONDO_DATA_SOUND_RESAMPLE_H

#include "core/core.h"
#include "rondo/audio.h"

/* Gives sound `count` samples in place of its own; the rate stays. quick: for training, where few see the difference.
 * On failure sound is as it was. */
rondo_status rondo__sound_stretch(rondo_sound *sound, int64_t count, double ratio, bool quick, rondo_error *err);

#endif
