/* Sound to frames: a recording is read, made into log-mel frames whole, and then again as if it came from a microphone,
 * a few samples at a time. Both give the same numbers.
 *
 *   example_frames [FILE.wav]      without a file: half a second of a rising tone, written and read again */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rondo/rondo.h"

static rondo_status write_tone(const char *path, rondo_error *err) {
    static float sample[4000];
    const rondo_sound tone = {.count = 4000, .rate = 8000, .sample = sample};
    for (int i = 0; i < 4000; i++)
        sample[i] = (float)(0.3 * sin(0.1 * i + 1e-4 * i * i));
    return rondo_sound_write(&tone, path, err);
}

/* A line for each tenth frame: its time and the loudest of its bands. */
static void print_frame(int64_t t, const float *frame, int64_t width) {
    int64_t loudest = 0;
    for (int64_t i = 1; i < width; i++)
        loudest = frame[i] > frame[loudest] ? i : loudest;
    if (t % 10 == 0)
        printf("%5.2f s  band %2lld of %lld  %+.2f\n", 0.01 * (double)t, (long long)loudest + 1, (long long)width,
               (double)frame[loudest]);
}

/* Returns how many frames of the stream were not those of the whole. */
static int64_t compare(rondo_frontend_stream *stream, const rondo_sound *sound, const float *whole, int64_t width) {
    const float *frame;
    int64_t t = 0, wrong = 0;
    for (int64_t i = 0; i < sound->count;) {
        const int64_t left = sound->count - i;
        i += rondo_frontend_stream_feed(stream, left < 100 ? left : 100, sound->sample + i, &frame);
        if (frame)
            wrong += memcmp(frame, whole + t++ * width, (size_t)width * sizeof *frame) != 0;
    }
    for (rondo_frontend_stream_finish(stream, &frame); frame; rondo_frontend_stream_finish(stream, &frame))
        wrong += memcmp(frame, whole + t++ * width, (size_t)width * sizeof *frame) != 0;
    printf("%lld frames as a stream, %lld differ\n", (long long)t, (long long)wrong);
    return wrong;
}

static rondo_status make_frames(const rondo_frontend *frontend, const rondo_sound *sound, int64_t *wrong,
                                rondo_error *err) {
    const int64_t width = rondo_frontend_width(frontend), frames = rondo_frontend_frames(frontend, sound->count);
    rondo_frontend_stream *stream = NULL;
    float *whole = calloc((size_t)(frames * width), sizeof *whole);
    if (!whole)
        return RONDO_MEMORY;
    rondo_status status = rondo_frontend_apply(frontend, whole, sound->count, sound->sample, err);
    for (int64_t t = 0; !status && t < frames; t++)
        print_frame(t, whole + t * width, width);
    if (!status)
        status = rondo_frontend_stream_open(&stream, frontend, err);
    if (!status)
        *wrong = compare(stream, sound, whole, width);
    rondo_frontend_stream_close(&stream);
    free(whole);
    return status;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "example_frames.wav";
    rondo_error err = {0};
    rondo_sound sound = {0};
    rondo_frontend *frontend = NULL;
    int64_t wrong = 0;
    rondo_status status = argc > 1 ? RONDO_OK : write_tone(path, &err);
    if (!status)
        status = rondo_sound_read(&sound, path, 0, &err);
    if (argc == 1)
        remove(path);
    if (!status)
        status = rondo_frontend_create(&frontend, &(rondo_audio_config){.rate = sound.rate, .preemphasis = 0.97}, &err);
    if (!status)
        status = make_frames(frontend, &sound, &wrong, &err);
    if (status)
        fprintf(stderr, "frames: %s\n", err.message);
    rondo_frontend_destroy(&frontend);
    rondo_sound_free(&sound);
    if (status == RONDO_UNSUPPORTED)
        return 77; /* built without libsndfile or KissFFT */
    return status != RONDO_OK || wrong != 0;
}
