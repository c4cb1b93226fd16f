/* From recordings to frames, and the moments of frames. Every recording is one piece of work: no result hangs on the
 * number of threads. */
#include <math.h>
#include <string.h>

#include "data/frames.h"
#include "tensor/context.h"

/* ---- moments ---- */

typedef struct sums {
    int64_t count, width;
    double *sum, *square; /* (width) */
} sums;

static bool sums_make(sums *s, int64_t width) {
    *s = (sums){.width = width, .sum = rondo__calloc((size_t)width * 2, sizeof(double))};
    s->square = s->sum ? s->sum + width : NULL;
    return s->sum != NULL;
}

/* Around a point near the mean, the first frame, so that little is lost to cancellation. */
static void sums_add(sums *s, const float *frame, int64_t length, const float *around) {
    for (int64_t t = 0; t < length; t++) {
        for (int64_t k = 0; k < s->width; k++) {
            const double x = (double)frame[t * s->width + k] - (double)around[k];
            s->sum[k] += x;
            s->square[k] += x * x;
        }
    }
    s->count += length;
}

static void sums_moments(const sums *s, const float *around, float *mean, float *deviation) {
    const double n = s->count > 0 ? (double)s->count : 1;
    for (int64_t k = 0; k < s->width; k++) {
        const double m = s->sum[k] / n, variance = s->square[k] / n - m * m;
        mean[k] = (float)((double)(s->count ? around[k] : 0) + m);
        deviation[k] = variance > 1e-10 ? (float)sqrt(variance) : 1;
    }
}

void rondo__frames_normalise(float *frame, int64_t length, int64_t width, const float *moments) {
    for (int64_t t = 0; t < length; t++) {
        for (int64_t k = 0; k < width; k++)
            frame[t * width + k] = (frame[t * width + k] - moments[k]) / moments[width + k];
    }
}

/* speaker -2: all of the set. Empty recordings say nothing. */
static bool moments_of(const rondo__frame_set *set, int32_t speaker, float *mean, float *deviation) {
    const float *around = NULL;
    sums s;
    if (!sums_make(&s, set->width))
        return false;
    for (int64_t i = 0; i < set->count; i++) {
        if ((speaker != -2 && set->speaker[i] != speaker) || (set->sound && set->sound[i].count == 0))
            continue;
        around = around ? around : set->frame[i];
        sums_add(&s, set->frame[i], set->length[i], around);
    }
    sums_moments(&s, around, mean, deviation);
    rondo__free(s.sum);
    return true;
}

rondo_status rondo__frames_moments(const rondo__frame_set *set, float *mean, float *deviation, rondo_error *err) {
    return moments_of(set, -2, mean, deviation) ? RONDO_OK
                                                : rondo__fail(err, RONDO_MEMORY, "no memory for moments of frames");
}

/* ---- frames ---- */

typedef struct computing {
    rondo__frame_set *set;
    const rondo_frontend *frontend;
    rondo_status *status;
} computing;

static rondo_status compute_one(const computing *c, int64_t i, rondo_error *err) {
    rondo__frame_set *set = c->set;
    const rondo_sound *sound = &set->sound[i];
    size_t count;
    set->length[i] = sound->count > 0 ? rondo_frontend_frames(c->frontend, sound->count) : 1;
    if (!rondo__size_mul((size_t)set->length[i], (size_t)set->width, &count) ||
        !(set->frame[i] = rondo__calloc(count, sizeof(float))))
        return rondo__fail(err, RONDO_MEMORY, "no memory for %lld frames", (long long)set->length[i]);
    return sound->count > 0 ? rondo_frontend_apply(c->frontend, set->frame[i], sound->count, sound->sample, err)
                            : RONDO_OK;
}

static void compute_range(void *arg, int64_t begin, int64_t end, int worker) {
    const computing *c = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        c->status[i] = compute_one(c, i, NULL);
}

static rondo_status by_speaker(rondo__frame_set *set, rondo_error *err) {
    const int64_t width = set->width;
    size_t count;
    rondo__free(set->speaker_moments);
    set->speaker_moments =
        rondo__size_mul((size_t)set->speakers * 2, (size_t)width, &count) ? rondo__calloc(count, sizeof(float)) : NULL;
    float *own = rondo__calloc((size_t)width * 2, sizeof *own);
    bool whole = own && set->speaker_moments;
    for (int32_t s = 0; s < set->speakers && whole; s++) {
        float *moments = set->speaker_moments + s * 2 * width;
        whole = moments_of(set, s, moments, moments + width);
    }
    for (int64_t i = 0; i < set->count && whole; i++) {
        const rondo__frame_set alone = {.count = 1, .width = width, .length = &set->length[i], .frame = &set->frame[i]};
        const float *moments = own;
        if (set->sound[i].count == 0)
            continue;
        if (set->speaker[i] >= 0)
            moments = set->speaker_moments + set->speaker[i] * 2 * width;
        else
            whole = moments_of(&alone, -2, own, own + width);
        if (whole)
            rondo__frames_normalise(set->frame[i], set->length[i], width, moments);
    }
    rondo__free(own);
    return whole ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "no memory for moments of frames");
}

rondo_status rondo__frames_compute(rondo__frame_set *set, rondo_context *context, const rondo_frontend *frontend,
                                   rondo_audio_normalise normalise, rondo_error *err) {
    computing c = {set, frontend, rondo__calloc((size_t)set->count, sizeof *c.status)};
    rondo_status status = RONDO_OK;
    if (!c.status)
        return rondo__fail(err, RONDO_MEMORY, "no memory for frames of %lld recordings", (long long)set->count);
    for (int64_t i = 0; i < set->count; i++) {
        rondo__free(set->frame[i]);
        set->frame[i] = NULL;
    }
    set->width = rondo_frontend_width(frontend);
    rondo__parallel(context, set->count, 1, compute_range, &c);
    for (int64_t i = 0; i < set->count && !status; i++) {
        if (c.status[i])
            status = rondo__fail(err, c.status[i], "recording %lld: %s", (long long)i + 1,
                                 rondo_status_sentence(c.status[i]));
    }
    rondo__free(c.status);
    return status || normalise != RONDO_NORMALISE_SPEAKER ? status : by_speaker(set, err);
}
