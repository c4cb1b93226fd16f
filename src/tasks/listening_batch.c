/* Padded batches. Their sizes are known before anything is altered: what changes a recording's length is drawn from its
 * own random numbers. So all memory is there when the rows begin, and each is one piece of work: altered at a worker's
 * desk (sound, frames and what the front end and the resampler need) and laid into its column. */
#include <string.h>

#include "data/audio.h"
#include "data/sound_stretch.h"
#include "tasks/listening.h"
#include "tensor/context.h"

typedef struct rondo__listening_row {
    int64_t example, samples, length; /* samples: of altered sound; length: frames */
} row;

typedef struct rondo__listening_desk {
    float *sample, *frame; /* of one recording */
    void *frontend;        /* of rondo__frontend_make */
    float *stretch;        /* of rondo__augment_into */
} desk;

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

/* ---- one row ---- */

static uint64_t stream_of(const rondo__listening_order *o, int64_t example, bool frames) {
    return (uint64_t)0x61 << 56 ^ (uint64_t)o->epoch << 32 ^ (uint64_t)example << 1 ^ (uint64_t)frames;
}

static bool alters_sound(const rondo__listening_order *o, int64_t example) {
    return o->training && o->listening->alters_sound && o->set->sound && o->set->sound[example].count > 0;
}

/* The draw of moved bands is the recording's, too. */
static void make_frames(const rondo__listening_order *o, const row *r, const desk *d) {
    const rondo__listening *l = o->listening;
    const int64_t example = r->example;
    const int64_t warp = rondo_audio_augment_warp(o->seed, stream_of(o, example, false)), width = o->set->width;
    const rondo_frontend *frontend = l->warped[warp] ? l->warped[warp] : l->frontend;
    const float *moments = l->warped_moments[warp] ? l->warped_moments[warp] : o->set->speaker_moments;
    const int32_t speaker = o->set->speaker[example];
    rondo__frontend_make(frontend, d->frame, r->samples, d->sample, d->frontend);
    if (l->normalise == RONDO_NORMALISE_SPEAKER && speaker >= 0 && moments)
        rondo__frames_normalise(d->frame, r->length, width, moments + speaker * 2 * width);
}

/* Frames of a row as they enter the network: the set's, or altered ones at the desk. */
static const float *alter(const rondo__listening_batch *batch, const row *r, const desk *d) {
    const rondo__listening_order *o = &batch->order;
    const rondo__listening *l = o->listening;
    const rondo__frame_set *set = o->set;
    const float *frame = set->frame[r->example];
    if (alters_sound(o, r->example)) {
        const rondo_sound *sound = &set->sound[r->example];
        rondo__augment_into(d->sample, r->samples, sound->sample, sound->count, &l->augment, o->seed,
                            stream_of(o, r->example, false), batch->stretch, d->stretch);
        make_frames(o, r, d);
        frame = d->frame;
    }
    if (!o->training || !l->alters_frames)
        return frame;
    if (frame != d->frame)
        memcpy(d->frame, frame, (size_t)(r->length * set->width) * sizeof(float));
    rondo_audio_augment_frames(d->frame, r->length, set->width, &l->augment, o->seed, stream_of(o, r->example, true));
    return d->frame;
}

/* Step t holds frames [t · stack, (t + 1) · stack): they lie one behind the other in the row as in the step. */
static void lay_row(const rondo__listening_batch *batch, int64_t b, const float *frame) {
    const int64_t input = rondo__listening_input(batch->order.listening), B = batch->B;
    const int64_t count = batch->rows[b].length * batch->order.set->width;
    for (int64_t t = 0; t < batch->T; t++) {
        real *to = batch->x + (t * B + b) * input;
        for (int64_t k = 0; k < input; k++)
            to[k] = t * input + k < count ? (real)frame[t * input + k] : 0;
    }
}

static void make_row(void *arg, int64_t b, int worker) {
    rondo__listening_batch *batch = arg;
    lay_row(batch, b, alter(batch, &batch->rows[b], batch->desks ? &batch->desks[worker] : NULL));
}

/* ---- room ---- */

/* Not cleared, so that what is never touched costs nothing. */
static bool make_room(void **memory, size_t *room, size_t count, size_t bytes) {
    size_t all;
    if (count <= *room)
        return true;
    rondo__free(*memory);
    *memory = rondo__size_mul(count, bytes, &all) ? rondo__alloc(all) : NULL;
    *room = *memory ? count : 0;
    return *memory != NULL;
}

/* So that each part begins a cache line. */
static size_t rounded(size_t numbers) { return (numbers + 15) / 16 * 16; }

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* The most samples and frames that any recording of the set can have, however it is altered. */
static void measure_set(const rondo__listening_order *o, int64_t *samples, int64_t *frames) {
    const rondo__listening *l = o->listening;
    *samples = *frames = 0;
    for (int64_t i = 0; i < o->set->count; i++) {
        *frames = larger(*frames, o->set->length[i]);
        if (!alters_sound(o, i))
            continue;
        *samples = larger(*samples, rondo__augment_most(&l->augment, o->set->sound[i].count));
        *frames = larger(*frames, rondo_frontend_frames(l->frontend, *samples));
    }
}

/* Numbers of one desk's parts, each rounded. */
typedef struct desk_plan {
    size_t sample, frame, frontend, stretch, all;
} desk_plan;

static bool plan_desk(const rondo__listening *l, int64_t samples, int64_t frames, desk_plan *p) {
    size_t numbers;
    if (!rondo__size_mul((size_t)frames, (size_t)l->width, &numbers) || numbers > SIZE_MAX / 64 ||
        (size_t)samples > SIZE_MAX / 64)
        return false;
    p->sample = rounded((size_t)samples);
    p->frame = rounded(numbers);
    p->frontend = l->frontend ? rounded(rondo__frontend_room(l->frontend) / sizeof(float) + 1) : 0;
    p->stretch = rounded(rondo__augment_room(&l->augment));
    p->all = p->sample + p->frame + p->frontend + p->stretch;
    return true;
}

/* Desks for the threads and for one that works ahead; before them what they share. */
static rondo_status make_desks(rondo__listening_batch *batch, int64_t samples, int64_t frames, rondo_error *err) {
    const rondo__listening *l = batch->order.listening;
    const size_t count = (size_t)l->context->threads + 1;
    desk_plan p = {0};
    size_t numbers;
    rondo__free(batch->desks);
    rondo__free(batch->stretch);
    batch->stretch = NULL;
    batch->desks = rondo__calloc(count, sizeof *batch->desks);
    if (plan_desk(l, samples, frames, &p) && rondo__size_mul(p.all, count, &numbers) &&
        rondo__size_add(numbers, rounded(RONDO__STRETCH_POINTS), &numbers) && numbers <= SIZE_MAX / sizeof(float))
        batch->stretch = rondo__alloc(numbers * sizeof(float));
    if (!batch->desks || !batch->stretch)
        return rondo__fail(err, RONDO_MEMORY, "no memory to alter recordings of %lld frames", (long long)frames);
    rondo__stretch_points(batch->stretch);
    for (size_t i = 0; i < count; i++) {
        float *part = batch->stretch + rounded(RONDO__STRETCH_POINTS) + i * p.all;
        batch->desks[i] =
            (desk){part, part + p.sample, part + p.sample + p.frame, part + p.sample + p.frame + p.frontend};
    }
    return RONDO_OK;
}

static bool make_rows_room(rondo__listening_batch *batch, int64_t count) {
    return make_room((void **)&batch->rows, &batch->rows_room, (size_t)count, sizeof *batch->rows) &&
           make_room((void **)&batch->lengths, &batch->lengths_room, (size_t)count, sizeof *batch->lengths);
}

/* steps by rows. */
static rondo_status make_input_room(rondo__listening_batch *batch, int64_t steps, int64_t rows, rondo_error *err) {
    size_t count;
    if (rondo__size_mul((size_t)steps, (size_t)rows, &count) &&
        rondo__size_mul(count, (size_t)rondo__listening_input(batch->order.listening), &count) &&
        make_room((void **)&batch->x, &batch->x_room, count, sizeof *batch->x))
        return RONDO_OK;
    return rondo__fail(err, RONDO_MEMORY, "no memory for a batch of %lld x %lld frames", (long long)steps,
                       (long long)rows);
}

/* Before the first batch of training: for all that follow. */
static rondo_status make_training_room(rondo__listening_batch *batch, rondo_error *err) {
    const rondo__listening_order *o = &batch->order;
    const rondo__listening *l = o->listening;
    const int64_t rows = larger(o->count, smaller(l->batch_size, o->set->count));
    int64_t samples, frames;
    if (!o->training || batch->furnished)
        return RONDO_OK;
    measure_set(o, &samples, &frames);
    if (!make_rows_room(batch, rows))
        return rondo__fail(err, RONDO_MEMORY, "no memory for a batch of %lld sequences", (long long)rows);
    rondo_status status = make_input_room(batch, larger(1, rondo__listening_steps(l, frames)), rows, err);
    if (!status && (l->alters_sound || l->alters_frames))
        status = make_desks(batch, samples, frames, err);
    batch->furnished = !status;
    return status;
}

/* ---- a batch ---- */

static rondo_status measure(rondo__listening_batch *batch, rondo_error *err) {
    const rondo__listening_order *o = &batch->order;
    const rondo__listening *l = o->listening;
    batch->T = 1;
    for (int64_t b = 0; b < batch->B; b++) {
        const int64_t example = o->example[b];
        row r = {.example = example, .length = o->set->length[example]};
        if (alters_sound(o, example)) {
            r.samples =
                rondo__augment_count(&l->augment, o->set->sound[example].count, o->seed, stream_of(o, example, false));
            r.length = rondo_frontend_frames(l->frontend, r.samples);
        }
        const int64_t steps = rondo__listening_steps(l, r.length);
        if (steps > INT32_MAX)
            return rondo__fail(err, RONDO_ARGUMENT, "a sequence of %lld steps is too long", (long long)steps);
        batch->rows[b] = r;
        batch->lengths[b] = (int32_t)steps;
        batch->T = larger(batch->T, steps);
    }
    return RONDO_OK;
}

rondo_status rondo__listening_begin_fill(rondo__listening_batch *batch, const rondo__listening_order *order,
                                         rondo__work *work, rondo_error *err) {
    batch->order = *order;
    batch->B = order->count;
    *work = (rondo__work){order->count, make_row, batch};
    rondo_status status = make_training_room(batch, err);
    if (!status && !make_rows_room(batch, order->count))
        status = rondo__fail(err, RONDO_MEMORY, "no memory for a batch of %lld sequences", (long long)order->count);
    if (!status)
        status = measure(batch, err);
    return status ? status : make_input_room(batch, batch->T, batch->B, err);
}

void rondo__listening_batch_free(rondo__listening_batch *batch) {
    rondo__free(batch->x);
    rondo__free(batch->lengths);
    rondo__free(batch->rows);
    rondo__free(batch->desks);
    rondo__free(batch->stretch);
    *batch = (rondo__listening_batch){0};
}
