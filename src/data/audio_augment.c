/* Augmentation: what is drawn depends on (seed, stream) alone. */
#include <math.h>
#include <string.h>

#include "data/audio.h"
#include "data/sound_stretch.h"

/* Places in the stream of random numbers; noise begins a block of its own. */
enum { AT_SPEED = 0, AT_GAIN = 1, AT_RATIO = 2, AT_WARP = 3, AT_NOISE = 64 };
#define AT_MASKS ((uint64_t)1 << 40)

/* Uniform in [-1, 1). */
static double swing(uint64_t seed, uint64_t stream, uint64_t index) {
    return 2 * rondo__random_uniform(seed, stream, index) - 1;
}

static double speed_of(const rondo_audio_augment *a, uint64_t seed, uint64_t stream) {
    return 1 + a->speed * swing(seed, stream, AT_SPEED);
}

int64_t rondo__augment_count(const rondo_audio_augment *a, int64_t count, uint64_t seed, uint64_t stream) {
    if (!(a->speed > 0) || count == 0)
        return count;
    return (int64_t)floor((double)count / speed_of(a, seed, stream) + 0.5);
}

static void change_gain(float *sample, int64_t count, double most_db, uint64_t seed, uint64_t stream) {
    const float gain = (float)pow(10, most_db * swing(seed, stream, AT_GAIN) / 20);
    for (int64_t i = 0; i < count; i++)
        sample[i] *= gain;
}

static void add_noise(float *sample, int64_t count, double least_db, uint64_t seed, uint64_t stream) {
    const double ratio_db = least_db + 20 * rondo__random_uniform(seed, stream, AT_RATIO);
    double energy = 0;
    float normal[4];
    for (int64_t i = 0; i < count; i++)
        energy += (double)sample[i] * (double)sample[i];
    if (energy == 0)
        return; /* silence has no signal to measure noise by */
    const float level = (float)(sqrt(energy / (double)count) * pow(10, -ratio_db / 20));
    for (int64_t i = 0; i < count; i += 4) {
        rondo__random_noise(seed, stream, (AT_NOISE + (uint64_t)i) / 4, normal);
        for (int64_t k = 0; k < 4 && i + k < count; k++)
            sample[i + k] += level * normal[k];
    }
}

int64_t rondo__augment_most(const rondo_audio_augment *a, int64_t count) {
    return (int64_t)((double)count / (1 - a->speed)) + 1;
}

size_t rondo__augment_room(const rondo_audio_augment *a) {
    return a->speed > 0 ? rondo__stretch_room(1 / (1 + a->speed)) : 0;
}

void rondo__augment_into(float *out, int64_t out_count, const float *sample, int64_t count,
                         const rondo_audio_augment *a, uint64_t seed, uint64_t stream, const float *h, float *room) {
    if (a->speed > 0 && count > 0)
        rondo__stretch(out, out_count, sample, count, 1 / speed_of(a, seed, stream), h, room);
    else if (count > 0 && out != sample)
        memcpy(out, sample, (size_t)count * sizeof *out);
    if (a->gain_db > 0)
        change_gain(out, out_count, a->gain_db, seed, stream);
    if (a->noise_db > 0)
        add_noise(out, out_count, a->noise_db, seed, stream);
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

/* Samples of another count take the place of the sound's own. */
static rondo_status at_another_speed(rondo_sound *sound, const rondo_audio_augment *augment, uint64_t seed,
                                     uint64_t stream, rondo_error *err) {
    const int64_t count = rondo__augment_count(augment, sound->count, seed, stream);
    const size_t room = RONDO__STRETCH_POINTS + rondo__augment_room(augment);
    float *h = rondo__alloc(room * sizeof *h), *sample = rondo__alloc((size_t)count * sizeof *sample);
    if (!h || !sample) {
        rondo__free(h);
        rondo__free(sample);
        return rondo__fail(err, RONDO_MEMORY, "audio: speed: no memory for %lld samples", (long long)count);
    }
    rondo__stretch_points(h);
    rondo__augment_into(sample, count, sound->sample, sound->count, augment, seed, stream, h,
                        h + RONDO__STRETCH_POINTS);
    rondo__free(h);
    rondo__free(sound->sample);
    sound->sample = sample;
    sound->count = count;
    return RONDO_OK;
}

rondo_status rondo_audio_augment_sound(rondo_sound *sound, const rondo_audio_augment *augment, uint64_t seed,
                                       uint64_t stream, rondo_error *err) {
    rondo_status status = check(sound, augment, err);
    if (status)
        return status;
    if (augment->speed > 0 && sound->count > 0)
        return at_another_speed(sound, augment, seed, stream, err);
    rondo__augment_into(sound->sample, sound->count, sound->sample, sound->count, augment, seed, stream, NULL, NULL);
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
