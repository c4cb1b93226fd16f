/* 16-bit WAV: 44 bytes of header and the samples. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/audio.h"

#define HEADER 44
#define PIECE 4096

static void put16(unsigned char *to, uint32_t x) {
    to[0] = (unsigned char)x;
    to[1] = (unsigned char)(x >> 8);
}

static void put32(unsigned char *to, uint32_t x) {
    put16(to, x);
    put16(to + 2, x >> 16);
}

static void make_header(unsigned char head[HEADER], uint32_t count, uint32_t rate) {
    memcpy(head, "RIFF....WAVEfmt ", 16);
    put32(head + 4, HEADER - 8 + 2 * count);
    put32(head + 16, 16);
    put16(head + 20, 1); /* PCM */
    put16(head + 22, 1); /* channel */
    put32(head + 24, rate);
    put32(head + 28, 2 * rate);
    put16(head + 32, 2);
    put16(head + 34, 16);
    memcpy(head + 36, "data", 4);
    put32(head + 40, 2 * count);
}

/* Full scale is 32768, as readers have it; what is louder is cut. */
static rondo_status put_samples(rondo__writer *writer, const rondo_sound *sound, rondo_error *err) {
    unsigned char piece[2 * PIECE];
    for (int64_t i = 0; i < sound->count;) {
        int64_t n = 0;
        for (; n < PIECE && i < sound->count; n++, i++) {
            const float x = roundf(sound->sample[i] * 32768);
            put16(piece + 2 * n, (uint32_t)(int32_t)(x > 32767 ? 32767 : x < -32768 ? -32768 : x));
        }
        const rondo_status status = rondo__writer_put(writer, piece, 2 * (size_t)n, err);
        if (status)
            return status;
    }
    return RONDO_OK;
}

static rondo_status check(const rondo_sound *sound, const char *path, rondo_error *err) {
    if (!sound || !path || (!sound->sample && sound->count > 0))
        return rondo__fail(err, RONDO_ARGUMENT, "sound: %s is NULL", !path ? "path" : !sound ? "sound" : "sample");
    if (sound->rate < 1 || sound->rate > RONDO_MAX_RATE)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: the rate is %lld Hz (must be 1 to %d)", path,
                           (long long)sound->rate, RONDO_MAX_RATE);
    if (sound->count < 0 || sound->count > (INT32_MAX - HEADER) / 2)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %lld samples (a WAV file holds 0 to %d)", path,
                           (long long)sound->count, (INT32_MAX - HEADER) / 2);
    for (int64_t i = 0; i < sound->count; i++) {
        if (!isfinite(sound->sample[i]))
            return rondo__fail(err, RONDO_NUMERIC, "%s: sample %lld is not finite", path, (long long)i);
    }
    return RONDO_OK;
}

rondo_status rondo_sound_write(const rondo_sound *sound, const char *path, rondo_error *err) {
    unsigned char head[HEADER];
    rondo__writer *writer;
    rondo_status status = check(sound, path, err);
    if (!status)
        status = rondo__writer_open(&writer, path, err);
    if (status)
        return status;
    make_header(head, (uint32_t)sound->count, (uint32_t)sound->rate);
    status = rondo__writer_put(writer, head, HEADER, err);
    if (!status)
        status = put_samples(writer, sound, err);
    if (!status)
        return rondo__writer_commit(&writer, err);
    rondo__writer_abandon(&writer);
    return status;
}
