/* Augmentation: what is drawn depends on (seed, stream) alone. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "data/sound_resample.h"
#include "rondo/audio.h"

/* Places in the stream of random numbers; noise is normal numbers, which take two each. */
enum { AT_SPEED = 0, AT_GAIN = 1, AT_RATIO = 2, AT_WARP = 3, AT_NOISE = 64 };
#define AT_MASKS ((uint64_t)1 << 40)

/* Uniform in [-1, 1). */
static double swing(uint64_t seed, uint64_t stream, uint64_t index) {
    return 2 * rondo__random_uniform(seed, stream, index) - 1;
}

static rondo_status change_speed(rondo_sound *sound, double most, uint64_t seed, uint64_t stream, rondo_error *err) {
    rondo_error story = {0};
    const double factor = 1 + most * swing(seed, stream, AT_SPEED);
    const int64_t count = (int64_t)floor((double)sound->count / factor + 0.5);
    const rondo_status status = rondo__sound_stretch(sound, count, 1 / factor, true, &story);
    return status ? rondo__fail(err, status, "audio: speed: %s", story.message) : RONDO_OK;
}

static void change_gain(rondo_sound *sound, double most_db, uint64_t seed, uint64_t stream) {
    const float gain = (float)pow(10, most_db * swing(seed, stream, AT_GAIN) / 20);
    for (int64_t i = 0; i < sound->count; i++)
        sound->sample[i] *= gain;
}

static void add_noise(rondo_sound *sound, double least_db, uint64_t seed, uint64_t stream) {
    const double ratio_db = least_db + 20 * rondo__random_uniform(seed, stream, AT_RATIO);
    double energy = 0;
    for (int64_t i = 0; i < sound->count; i++)
        energy += (double)sound->sample[i] * (double)sound->sample[i];
    if (energy == 0)
        return; /* silence has no signal to measure noise by */
    const double level = sqrt(energy / (double)sound->count) * pow(10, -ratio_db / 20);
    for (int64_t i = 0; i < sound->count; i++)
        sound->sample[i] += (float)(level * rondo__random_normal(seed, stream, AT_NOISE + (uint64_t)i));
}

static rondo_status check(const rondo_sound *sound, const rondo_audio_augment *a, rondo_error *err) {
    if (!sound || !a || (!sound->sample && sound->count > 0) || sound->count < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: %s",
                           !sound           ? "sound is NULL"
                           : !a             ? "augment is NULL"
                           : !sound->sample ? "sample is NULL"
                                            : "count is negative");
    const struct {
        const char *name;
        double value, most;
    } rows[] = {{"speed", a->speed, 0.9},
                {"gain_db", a->gain_db, 200},
                {"noise_db", a->noise_db, 1000},
                {"warp", a->warp, 0.5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!(rows[i].value >= 0 && rows[i].value <= rows[i].most))
            return rondo__fail(err, RONDO_ARGUMENT, "audio: %s is %g (must be 0 to %g)", rows[i].name, rows[i].value,
                               rows[i].most);
    }
    return RONDO_OK;
}

rondo_status rondo_audio_augment_sound(rondo_sound *sound, const rondo_audio_augment *augment, uint64_t seed,
                                       uint64_t stream, rondo_error *err) {
    rondo_status status = check(sound, augment, err);
    if (!status && augment->speed > 0 && sound->count > 0)
        status = change_speed(sound, augment->speed, seed, stream, err);
    if (status)
        return status;
    if (augment->gain_db > 0)
        change_gain(sound, augment->gain_db, seed, stream);
    if (augment->noise_db > 0)
        add_noise(sound, augment->noise_db, seed, stream);
    return RONDO_OK;
}

double rondo_audio_augment_factor(const rondo_audio_augment *augment, int64_t i) {
    const int64_t middle = RONDO_AUDIO_WARPS / 2;
    return 1 + augment->warp * (double)(i - middle) / (double)middle;
}

int64_t rondo_audio_augment_warp(uint64_t seed, uint64_t stream) {
    return (int64_t)rondo__random_below(seed, stream, AT_WARP, RONDO_AUDIO_WARPS);
}

/* A stretch of 0 to `most` out of `count`. */
static int64_t draw_stretch(int64_t *start, int64_t most, int64_t count, uint64_t seed, uint64_t stream,
                            uint64_t index) {
    const int64_t size = (int64_t)rondo__random_below(seed, stream, 2 * index, (uint64_t)most + 1);
    *start = (int64_t)rondo__random_below(seed, stream, 2 * index + 1, (uint64_t)(count - size) + 1);
    return size;
}

/* 0 where the smaller one is negative. */
static int64_t least(int64_t a, int64_t b) {
    const int64_t c = a < b ? a : b;
    return c > 0 ? c : 0;
}

void rondo_audio_augment_frames(float *frame, int64_t frames, int64_t width, const rondo_audio_augment *a,
                                uint64_t seed, uint64_t stream) {
    uint64_t index = AT_MASKS;
    int64_t start;
    for (int64_t m = 0; m < a->time_masks; m++) {
        const int64_t size = draw_stretch(&start, least(a->time_width, frames / 5), frames, seed, stream, index++);
        memset(frame + start * width, 0, (size_t)(size * width) * sizeof *frame);
    }
    for (int64_t m = 0; m < a->feature_masks; m++) {
        const int64_t size = draw_stretch(&start, least(a->feature_width, width), width, seed, stream, index++);
        for (int64_t t = 0; t < frames; t++)
            memset(frame + t * width + start, 0, (size_t)size * sizeof *frame);
    }
}
