/* Band-limited resampling by libsamplerate's windowed sinc. */
#include "core/core.h"
#include "rondo/audio.h"

#define MAX_COUNT ((int64_t)1 << 30)

#ifdef RONDO_HAVE_SAMPLERATE
#include <samplerate.h>

/* Gives sound `count` samples in place of its own; the rate stays. On failure sound is as it was. */
static rondo_status resample(rondo_sound *sound, int64_t count, double ratio, rondo_error *err) {
    if (!src_is_valid_ratio(ratio))
        return rondo__fail(err, RONDO_UNSUPPORTED, "cannot resample by a factor of %g (1/256 to 256)", ratio);
    if (count > MAX_COUNT)
        return rondo__fail(err, RONDO_ARGUMENT, "%lld samples after resampling (at most %lld)", (long long)count,
                           (long long)MAX_COUNT);
    float *sample = rondo__calloc(count > 0 ? (size_t)count : 1, sizeof *sample);
    if (!sample)
        return rondo__fail(err, RONDO_MEMORY, "no memory for %lld samples", (long long)count);
    /* what the filter does not reach at the end stays 0 */
    SRC_DATA data = {.data_in = sound->sample,
                     .data_out = sample,
                     .input_frames = (long)sound->count,
                     .output_frames = (long)count,
                     .src_ratio = ratio};
    const int code = sound->count > 0 && count > 0 ? src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1) : 0;
    if (code) {
        rondo__free(sample);
        return rondo__fail(err, RONDO_MEMORY, "cannot resample: %s", src_strerror(code));
    }
    rondo__free(sound->sample);
    sound->sample = sample;
    sound->count = count;
    return RONDO_OK;
}
#else
static rondo_status resample(rondo_sound *sound, int64_t count, double ratio, rondo_error *err) {
    (void)sound, (void)count, (void)ratio;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "this build has no libsamplerate, which resamples (install libsamplerate0-dev and build again)");
}
#endif

rondo_status rondo_sound_resample(rondo_sound *sound, int64_t rate, rondo_error *err) {
    rondo_error story = {0};
    if (!sound || (!sound->sample && sound->count > 0) || sound->count < 0 || sound->count > MAX_COUNT)
        return rondo__fail(err, RONDO_ARGUMENT, "sound: %s",
                           !sound           ? "sound is NULL"
                           : !sound->sample ? "sample is NULL"
                                            : "its count is out of range");
    if (rate < 1 || rate > RONDO_MAX_RATE || sound->rate < 1 || sound->rate > RONDO_MAX_RATE)
        return rondo__fail(err, RONDO_ARGUMENT, "sound: from %lld to %lld Hz (both must be 1 to %d)",
                           (long long)sound->rate, (long long)rate, RONDO_MAX_RATE);
    if (rate == sound->rate)
        return RONDO_OK;
    const int64_t count = (sound->count * rate + sound->rate / 2) / sound->rate; /* below 2^30 · 2^19 */
    const rondo_status status = resample(sound, count, (double)rate / (double)sound->rate, &story);
    if (status)
        return rondo__fail(err, status, "from %lld to %lld Hz: %s", (long long)sound->rate, (long long)rate,
                           story.message);
    sound->rate = rate;
    return RONDO_OK;
}
