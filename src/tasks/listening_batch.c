/* Padded batches. Rows are made by themselves, each from its own random numbers, and then laid side by side. */
#include <string.h>

#include "tasks/listening.h"
#include "tensor/context.h"

typedef struct rondo__listening_row {
    const float *frame;
    float *own; /* what was made for this batch */
    int64_t length;
    rondo_status status;
} row;

int64_t *rondo__listening_lengths(const rondo__frame_set *set) {
    int64_t *out = rondo__calloc((size_t)set->count, sizeof *out);
    for (int64_t i = 0; out && i < set->count; i++) {
        int64_t grain = 1;
        while (grain <= set->length[i] / 16)
            grain *= 2;
        out[i] = set->length[i] / grain * grain;
    }
    return out;
}

typedef struct filling {
    const rondo__listening *l;
    rondo__listening_batch *batch;
    const rondo__frame_set *set;
    const int64_t *example;
    uint64_t seed;
    int64_t epoch;
    bool training;
} filling;

static uint64_t stream_of(const filling *f, int64_t example, bool frames) {
    return (uint64_t)0x61 << 56 ^ (uint64_t)f->epoch << 32 ^ (uint64_t)example << 1 ^ (uint64_t)frames;
}

static bool copy_sound(rondo_sound *out, const rondo_sound *sound) {
    *out = *sound;
    out->sample = rondo__alloc((size_t)sound->count * sizeof *out->sample);
    if (out->sample)
        memcpy(out->sample, sound->sample, (size_t)sound->count * sizeof *out->sample);
    return out->sample != NULL;
}

static rondo_status frames_of(const filling *f, int64_t example, const rondo_sound *sound, row *out) {
    const rondo__frame_set *set = f->set;
    const int64_t warp = rondo_audio_augment_warp(f->seed, stream_of(f, example, false));
    const rondo_frontend *frontend = f->l->warped[warp] ? f->l->warped[warp] : f->l->frontend;
    const float *moments = f->l->warped_moments[warp] ? f->l->warped_moments[warp] : set->speaker_moments;
    const int32_t speaker = set->speaker[example];
    size_t count;
    out->length = rondo_frontend_frames(frontend, sound->count);
    if (!rondo__size_mul((size_t)out->length, (size_t)set->width, &count) ||
        !(out->own = rondo__alloc(count * sizeof(float))))
        return RONDO_MEMORY;
    rondo_status status = rondo_frontend_apply(frontend, out->own, sound->count, sound->sample, NULL);
    if (!status && f->l->normalise == RONDO_NORMALISE_SPEAKER && speaker >= 0 && moments)
        rondo__frames_normalise(out->own, out->length, set->width, moments + speaker * 2 * set->width);
    return status;
}

static rondo_status alter_sound(const filling *f, int64_t example, row *out) {
    rondo_sound sound = {0};
    if (!copy_sound(&sound, &f->set->sound[example]))
        return RONDO_MEMORY;
    rondo_status status =
        rondo_audio_augment_sound(&sound, &f->l->augment, f->seed, stream_of(f, example, false), NULL);
    if (!status)
        status = frames_of(f, example, &sound, out);
    rondo_sound_free(&sound);
    return status;
}

static rondo_status make_row(const filling *f, int64_t b) {
    const int64_t example = f->example[b], width = f->set->width;
    row *out = &f->batch->rows[b];
    rondo_status status = RONDO_OK;
    *out = (row){.frame = f->set->frame[example], .length = f->set->length[example]};
    if (!f->training)
        return RONDO_OK;
    if (f->l->alters_sound && f->set->sound && f->set->sound[example].count > 0)
        status = alter_sound(f, example, out);
    else if (f->l->alters_frames) {
        out->own = rondo__alloc((size_t)(out->length * width) * sizeof(float));
        if (out->own)
            memcpy(out->own, out->frame, (size_t)(out->length * width) * sizeof(float));
        status = out->own ? RONDO_OK : RONDO_MEMORY;
    }
    if (!status && out->own && f->l->alters_frames)
        rondo_audio_augment_frames(out->own, out->length, width, &f->l->augment, f->seed, stream_of(f, example, true));
    out->frame = out->own ? out->own : out->frame;
    return status;
}

static void make_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const filling *f = arg;
    (void)worker;
    for (int64_t b = begin; b < end; b++)
        f->batch->rows[b].status = make_row(f, b);
}

/* Step t holds frames [t · stack, (t + 1) · stack): they lie one behind the other in the row as in the step. */
static void lay_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const filling *f = arg;
    rondo__listening_batch *batch = f->batch;
    const int64_t input = rondo__listening_input(f->l), B = batch->B;
    (void)worker;
    for (int64_t b = begin; b < end; b++) {
        const row *r = &batch->rows[b];
        const int64_t count = r->length * f->set->width;
        for (int64_t t = 0; t < batch->T; t++) {
            real *to = batch->x + (t * B + b) * input;
            for (int64_t k = 0; k < input; k++)
                to[k] = t * input + k < count ? (real)r->frame[t * input + k] : 0;
        }
    }
}

static bool make_room(void **memory, size_t *room, size_t count, size_t bytes) {
    if (count <= *room)
        return true;
    rondo__free(*memory);
    *memory = rondo__calloc(count, bytes);
    *room = *memory ? count : 0;
    return *memory != NULL;
}

static bool make_rows_room(rondo__listening_batch *batch, int64_t count) {
    return make_room((void **)&batch->rows, &batch->rows_room, (size_t)count, sizeof *batch->rows) &&
           make_room((void **)&batch->lengths, &batch->lengths_room, (size_t)count, sizeof *batch->lengths);
}

static rondo_status measure(filling *f, rondo_error *err) {
    rondo__listening_batch *batch = f->batch;
    size_t count;
    batch->T = 1;
    for (int64_t b = 0; b < batch->B; b++) {
        const int64_t steps = rondo__listening_steps(f->l, batch->rows[b].length);
        if (steps > INT32_MAX)
            return rondo__fail(err, RONDO_ARGUMENT, "a sequence of %lld steps is too long", (long long)steps);
        batch->lengths[b] = (int32_t)steps;
        batch->T = steps > batch->T ? steps : batch->T;
    }
    if (!rondo__size_mul((size_t)batch->T, (size_t)batch->B, &count) ||
        !rondo__size_mul(count, (size_t)rondo__listening_input(f->l), &count) ||
        !make_room((void **)&batch->x, &batch->x_room, count, sizeof *batch->x))
        return rondo__fail(err, RONDO_MEMORY, "no memory for a batch of %lld x %lld frames", (long long)batch->T,
                           (long long)batch->B);
    return RONDO_OK;
}

rondo_status rondo__listening_fill(const rondo__listening *l, rondo__listening_batch *batch,
                                   const rondo__frame_set *set, int64_t count, const int64_t *example, bool training,
                                   uint64_t seed, int64_t epoch, rondo_error *err) {
    filling f = {l, batch, set, example, seed, epoch, training};
    rondo_status status = RONDO_OK;
    batch->B = count;
    if (!make_rows_room(batch, count))
        return rondo__fail(err, RONDO_MEMORY, "no memory for a batch of %lld sequences", (long long)count);
    rondo__parallel(l->context, count, 1, make_rows, &f);
    for (int64_t b = 0; b < count && !status; b++) {
        if (batch->rows[b].status)
            status = rondo__fail(err, batch->rows[b].status, "example %lld: %s", (long long)example[b] + 1,
                                 rondo_status_sentence(batch->rows[b].status));
    }
    if (!status)
        status = measure(&f, err);
    if (!status)
        rondo__parallel(l->context, count, 1, lay_rows, &f);
    for (int64_t b = 0; b < count; b++)
        rondo__free(batch->rows[b].own);
    return status;
}

void rondo__listening_batch_free(rondo__listening_batch *batch) {
    rondo__free(batch->x);
    rondo__free(batch->lengths);
    rondo__free(batch->rows);
    *batch = (rondo__listening_batch){0};
}
