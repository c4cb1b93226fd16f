/* Fuzz target, see fuzz/README.md: any bytes as a sound file. What was read becomes frames, whole and as a stream, and
 * both must be the same. */
#include "core/core.h"
#include "rondo/audio.h"

#include <string.h>

static void same_frames(const rondo_frontend *frontend, const rondo_sound *sound, const float *whole) {
    const int64_t width = rondo_frontend_width(frontend);
    rondo_frontend_stream *stream;
    const float *frame;
    int64_t t = 0;
    if (rondo_frontend_stream_open(&stream, frontend, NULL))
        __builtin_trap();
    for (int64_t i = 0; i < sound->count;) {
        i += rondo_frontend_stream_feed(stream, sound->count - i, sound->sample + i, &frame);
        if (frame && memcmp(frame, whole + t++ * width, (size_t)width * sizeof *frame) != 0)
            __builtin_trap();
    }
    rondo_frontend_stream_close(&stream);
}

static void make_frames(const rondo_sound *sound) {
    const rondo_audio_config config = {.rate = sound->rate, .mels = 3, .deltas = 1, .preemphasis = 0.97};
    rondo_frontend *frontend;
    if (sound->count > 1 << 16 || rondo_frontend_create(&frontend, &config, NULL))
        return;
    const int64_t frames = rondo_frontend_frames(frontend, sound->count);
    float *whole = rondo__calloc((size_t)(frames * rondo_frontend_width(frontend)), sizeof *whole);
    if (whole && rondo_frontend_apply(frontend, whole, sound->count, sound->sample, NULL) == RONDO_OK)
        same_frames(frontend, sound, whole);
    rondo__free(whole);
    rondo_frontend_destroy(&frontend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo_sound sound;
    rondo_error err = {0};
    const rondo_status status = rondo_sound_decode(&sound, "fuzz", data, (int64_t)size, 0, &err);
    if (status == RONDO_OK) {
        make_frames(&sound);
        rondo_sound_free(&sound);
    } else if (strchr(err.message, '\n'))
        __builtin_trap();
    return 0;
}
