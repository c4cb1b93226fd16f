/* Keys of the front end that do not fit together: told before any recording is read, with their lines. */
#include "rondo/audio.h"
#include "train/recipe_check.h"

static rondo_status check_bands(const rondo__recipe_checking *c) {
    const rondo__recipe_audio *a = &c->recipe->data.audio;
    const double top = a->high_hz > 0 ? a->high_hz : (double)a->rate / 2;
    if (a->rate > 0 && a->high_hz > (double)a->rate / 2)
        return rondo__fail(
            c->err, RONDO_FORMAT, "%s: data.audio.high_hz is %g (must be at most half of data.audio.rate, %g)",
            rondo__recipe_place(c, "data.audio.high_hz", "data.audio.rate").text, a->high_hz, (double)a->rate / 2);
    if (top > 0 && a->low_hz >= top)
        return rondo__fail(c->err, RONDO_FORMAT, "%s: data.audio.low_hz is %g (must be below where the bands end, %g)",
                           rondo__recipe_place(c, "data.audio.low_hz", "data.audio.high_hz").text, a->low_hz, top);
    return RONDO_OK;
}

rondo_status rondo__recipe_check_audio(const rondo__recipe_checking *c) {
    const rondo__recipe_audio *a = &c->recipe->data.audio;
    if (a->features == RONDO_MFCC && a->coefficients > a->mels)
        return rondo__fail(c->err, RONDO_FORMAT,
                           "%s: data.audio.coefficients is %lld (must be at most data.audio.mels, %lld)",
                           rondo__recipe_place(c, "data.audio.coefficients", "data.audio.mels").text,
                           (long long)a->coefficients, (long long)a->mels);
    return check_bands(c);
}
