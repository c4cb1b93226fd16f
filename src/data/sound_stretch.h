/* Other speeds, for augmentation; see sound_stretch.c. */
#ifndef RONDO_DATA_SOUND_STRETCH_H
#define RONDO_DATA_SOUND_STRETCH_H

#include "core/core.h"

#define RONDO__STRETCH_POINTS 8194
void rondo__stretch_points(float *h); /* (RONDO__STRETCH_POINTS) of the filter, the same for all */
/* Numbers of room for ratios from this one on. */
size_t rondo__stretch_room(double least_ratio);
/* out (out_count) from sample (count): ratio times as many for the same sound. */
void rondo__stretch(float *out, int64_t out_count, const float *sample, int64_t count, double ratio, const float *h,
                    float *room);

#endif
