/* What a WAV file claims, looked at before libsndfile does; see sound_wav.c. */
#ifndef RONDO_DATA_SOUND_WAV_H
#define RONDO_DATA_SOUND_WAV_H

#include "core/core.h"

/* RONDO_FORMAT: a rate of 0, or more samples promised than are there. RONDO_OK for all that is no WAV file. */
rondo_status rondo__wav_check(const char *name, const void *data, size_t size, rondo_error *err);

#endif
