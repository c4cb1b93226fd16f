/* WAV files as bytes, right and wrong ones. */
#ifndef TESTS_DATA_SOUND_FILES_H
#define TESTS_DATA_SOUND_FILES_H

#include <stdint.h>
#include <string.h>

#define WAV_MAX 65536
typedef struct wav {
    unsigned char bytes[WAV_MAX];
    size_t size;
} wav;

static inline void wav_put(wav *w, uint32_t x, int bytes) {
    for (int i = 0; i < bytes; i++)
        w->bytes[w->size++] = (unsigned char)(x >> 8 * i);
}

static inline void wav_set(wav *w, size_t at, uint32_t x) {
    for (int i = 0; i < 4; i++)
        w->bytes[at + (size_t)i] = (unsigned char)(x >> 8 * i);
}

enum { WAV_PCM = 1, WAV_FLOAT = 3, WAV_AT_RATE = 24, WAV_AT_BYTES = 40 };

/* 44 bytes; what follows is `bytes` of data. */
static inline void wav_begin(wav *w, int format, uint32_t rate, int channels, int bits, uint32_t bytes) {
    const uint32_t row = (uint32_t)(channels * bits / 8);
    w->size = 0;
    memcpy(w->bytes, "RIFF", 4);
    w->size = 4;
    wav_put(w, 36 + bytes, 4);
    memcpy(w->bytes + 8, "WAVEfmt ", 8);
    w->size = 16;
    wav_put(w, 16, 4);
    wav_put(w, (uint32_t)format, 2);
    wav_put(w, (uint32_t)channels, 2);
    wav_put(w, rate, 4);
    wav_put(w, rate * row, 4);
    wav_put(w, row, 2);
    wav_put(w, (uint32_t)bits, 2);
    memcpy(w->bytes + w->size, "data", 4);
    w->size += 4;
    wav_put(w, bytes, 4);
}

/* x in [-1, 1), in the format that wav_begin announced. */
static inline void wav_sample(wav *w, int format, int bits, double x) {
    if (format == WAV_FLOAT && bits == 32) {
        const float f = (float)x;
        uint32_t u;
        memcpy(&u, &f, 4);
        wav_put(w, u, 4);
    } else if (format == WAV_FLOAT) {
        uint64_t u;
        memcpy(&u, &x, 8);
        wav_put(w, (uint32_t)u, 4);
        wav_put(w, (uint32_t)(u >> 32), 4);
    } else if (bits == 8)
        wav_put(w, (uint32_t)(int32_t)(x * 128 + 128), 1);
    else
        wav_put(w, (uint32_t)(int32_t)(x * (double)((int64_t)1 << (bits - 1))), bits / 8);
}

#endif
