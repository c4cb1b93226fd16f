/* Band-limited resampling by libsamplerate's windowed sinc. */
#include "data/sound_resample.h"

#include <math.h>
#include <string.h>

#define MAX_COUNT ((int64_t)1 << 30)

#ifdef RONDO_HAVE_SAMPLERATE
#include <samplerate.h>

rondo_status rondo__stretcher_make(rondo__stretcher *out, bool quick, rondo_error *err) {
    int code = 0;
    out->state = src_new(quick ? SRC_SINC_FASTEST : SRC_SINC_MEDIUM_QUALITY, 1, &code);
    return out->state ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "cannot resample: %s", src_strerror(code));
}

void rondo__stretcher_free(rondo__stretcher *stretcher) {
    if (stretcher->state)
        src_delete(stretcher->state);
    stretcher->state = NULL;
}

rondo_status rondo__stretch(rondo__stretcher *stretcher, float *out, int64_t out_count, const float *sample,
                            int64_t count, double ratio, rondo_error *err) {
    SRC_DATA data = {.data_in = sample,
                     .data_out = out,
                     .input_frames = (long)count,
                     .output_frames = (long)out_count,
                     .src_ratio = ratio,
                     .end_of_input = 1};
    int code = 0;
    if (!src_is_valid_ratio(ratio))
        return rondo__fail(err, RONDO_UNSUPPORTED, "cannot resample by a factor of %g (1/256 to 256)", ratio);
    if (out_count > MAX_COUNT)
        return rondo__fail(err, RONDO_ARGUMENT, "%lld samples after resampling (at most %lld)", (long long)out_count,
                           (long long)MAX_COUNT);
    if (count > 0 && out_count > 0 && !(code = src_reset(stretcher->state)))
        code = src_process(stretcher->state, &data);
    if (code)
        return rondo__fail(err, RONDO_MEMORY, "cannot resample: %s", src_strerror(code));
    memset(out + data.output_frames_gen, 0, (size_t)(out_count - data.output_frames_gen) * sizeof *out);
    return RONDO_OK;
}
#else
rondo_status rondo__stretcher_make(rondo__stretcher *out, bool quick, rondo_error *err) {
    (void)quick;
    out->state = NULL;
    return rondo__fail(err, RONDO_UNSUPPORTED,
                       "this build has no libsamplerate, which resamples (install libsamplerate0-dev and build again)");
}

void rondo__stretcher_free(rondo__stretcher *stretcher) { (void)stretcher; }

rondo_status rondo__stretch(rondo__stretcher *stretcher, float *out, int64_t out_count, const float *sample,
                            int64_t count, double ratio, rondo_error *err) {
    (void)stretcher, (void)out, (void)out_count, (void)sample, (void)count, (void)ratio, (void)err;
    return RONDO_UNSUPPORTED;
}
#endif

rondo_status rondo__sound_stretch(rondo_sound *sound, int64_t count, double ratio, bool quick, rondo_error *err) {
    rondo__stretcher stretcher;
    float *sample = NULL;
    rondo_status status = rondo__stretcher_make(&stretcher, quick, err);
    if (!status && count >= 0 && count <= MAX_COUNT) { /* rondo__stretch refuses more */
        sample = rondo__alloc((size_t)(count > 0 ? count : 1) * sizeof *sample);
        if (!sample)
            status = rondo__fail(err, RONDO_MEMORY, "no memory for %lld samples", (long long)count);
    }
    if (!status)
        status = rondo__stretch(&stretcher, sample, count, sound->sample, sound->count, ratio, err);
    rondo__stretcher_free(&stretcher);
    if (status) {
        rondo__free(sample);
        return status;
    }
    rondo__free(sound->sample);
    sound->sample = sample;
    sound->count = count;
    return RONDO_OK;
}

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
    const rondo_status status = rondo__sound_stretch(sound, count, (double)rate / (double)sound->rate, false, &story);
    if (status)
        return rondo__fail(err, status, "from %lld to %lld Hz: %s", (long long)sound->rate, (long long)rate,
                           story.message);
    sound->rate = rate;
    return RONDO_OK;
}
