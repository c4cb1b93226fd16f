/* What a sound file claims to be, looked at before libsndfile does; see sound_check.c. */
#ifndef RONDO_DATA_SOUND_CHECK_H
#define RONDO_DATA_SOUND_CHECK_H

#include "core/core.h"

/* RONDO_FORMAT: no sound file, a rate of 0, or more samples promised than are there. */
rondo_status rondo__sound_check(const char *name, const void *data, size_t size, rondo_error *err);

#endif
