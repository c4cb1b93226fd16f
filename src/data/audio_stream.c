/* Frames as the samples come.
 *
 * `held` keeps the sample before the next window and the window as far as it is there. When it is full the frame's base
 * features enter a ring of rows; differences of each order follow two rows behind the order before, and a row goes out
 * once it has all of them. At the end the rows that are missing count as repeats of the last one.
 *
 *   order 0 (base)  . . . . . . . . #      made[0] rows
 *   order 1         . . . . . . #          made[1] = made[0] - 2
 *   order 2         . . . . #              made[2] = made[1] - 2: the next row to go out is 2 behind what order 1 has
 */
#include <string.h>

#include "data/audio.h"

#define ROWS 16 /* a row of order 2 reaches from 4 rows ahead to 4 behind; a power of two */

struct rondo_frontend_stream {
    const rondo_frontend *frontend;
    float *held; /* (window + 1) */
    float *ring; /* (ROWS, width) */
    float *out;  /* (width): the frame that was handed out */
    float *work;
    int64_t count, skip; /* samples in held; to be left out before more go in (where hops are longer than windows) */
    int64_t made[3];     /* rows of each order */
    int64_t given;       /* rows that went out */
    bool finished;
    rondo__running running;
};

static size_t stream_floats(const rondo_frontend *f) {
    return (size_t)(f->window + 1 + (ROWS + 1) * f->width + rondo__frontend_work(f));
}

rondo_status rondo_frontend_stream_open(rondo_frontend_stream **out, const rondo_frontend *f, rondo_error *err) {
    if (!out || !f)
        return rondo__fail(err, RONDO_ARGUMENT, "audio: %s is NULL", out ? "frontend" : "out");
    *out = NULL;
    if (f->config.normalise == RONDO_NORMALISE_RECORDING || f->config.normalise == RONDO_NORMALISE_SPEAKER)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "audio: normalise: %s needs the whole recording and cannot stream (global and running can)",
                           f->config.normalise == RONDO_NORMALISE_SPEAKER ? "speaker" : "recording");
    const size_t doubles = 2 * (size_t)f->width * sizeof(double);
    rondo_frontend_stream *s = rondo__calloc(1, sizeof *s);
    double *memory = s ? rondo__alloc(doubles + stream_floats(f) * sizeof(float)) : NULL;
    if (!memory) {
        rondo__free(s);
        return rondo__fail(err, RONDO_MEMORY, "audio: no memory for a stream");
    }
    s->frontend = f;
    s->running = (rondo__running){.mean = memory, .square = memory + f->width};
    s->held = (float *)(memory + 2 * f->width);
    s->ring = s->held + f->window + 1;
    s->out = s->ring + ROWS * f->width;
    s->work = s->out + f->width;
    rondo_frontend_stream_reset(s);
    *out = s;
    return RONDO_OK;
}

void rondo_frontend_stream_close(rondo_frontend_stream **stream) {
    if (!stream || !*stream)
        return;
    rondo__free((*stream)->running.mean); /* all of it */
    rondo__free(*stream);
    *stream = NULL;
}

void rondo_frontend_stream_reset(rondo_frontend_stream *s) {
    s->held[0] = 0; /* before the first sample is silence */
    s->count = 1;
    s->skip = 0;
    s->given = 0;
    s->finished = false;
    memset(s->made, 0, sizeof s->made);
    rondo__running_start(&s->running, s->frontend);
}

/* Order k of row t; rows before the first and, at the end, behind the last repeat it. */
static float *row_at(const rondo_frontend_stream *s, int64_t t, int64_t order) {
    const int64_t last = s->made[0] - 1;
    t = t < 0 ? 0 : s->finished && t > last ? last : t;
    return s->ring + (t & (ROWS - 1)) * s->frontend->width + order * s->frontend->base;
}

static void make_differences(rondo_frontend_stream *s) {
    for (int64_t order = 1; order <= s->frontend->config.deltas; order++) {
        int64_t *made = &s->made[order];
        const int64_t end = s->finished ? s->made[0] : s->made[order - 1] - 2;
        for (; *made < end; ++*made) {
            const int64_t t = *made;
            rondo__frontend_slope(s->frontend->base, row_at(s, t, order), row_at(s, t - 2, order - 1),
                                  row_at(s, t - 1, order - 1), row_at(s, t + 1, order - 1),
                                  row_at(s, t + 2, order - 1));
        }
    }
}

/* The next row that has all its differences, normalised; NULL: none. */
static const float *give(rondo_frontend_stream *s) {
    if (s->given == s->made[s->frontend->config.deltas])
        return NULL;
    memcpy(s->out, row_at(s, s->given++, 0), (size_t)s->frontend->width * sizeof *s->out);
    rondo__frontend_normalise(s->frontend, &s->running, s->out);
    return s->out;
}

static void make_row(rondo_frontend_stream *s) {
    const int64_t t = s->made[0];
    rondo__frontend_base(s->frontend, row_at(s, t, 0), s->held + 1, s->held[0], s->work);
    s->made[0] = t + 1;
    make_differences(s);
}

/* Keeps what the next window shares with this one, and the sample before it. */
static void move_on(rondo_frontend_stream *s) {
    const int64_t window = s->frontend->window, hop = s->frontend->hop;
    const int64_t kept = hop <= window ? window + 1 - hop : 0;
    memmove(s->held, s->held + hop * (kept > 0), (size_t)kept * sizeof *s->held);
    s->count = kept;
    s->skip = kept ? 0 : hop - window - 1;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t rondo_frontend_stream_feed(rondo_frontend_stream *s, int64_t count, const float *sample, const float **frame) {
    int64_t taken = 0;
    *frame = NULL;
    if (s->finished)
        return count;
    while (taken < count && !*frame) {
        const int64_t skipped = least(s->skip, count - taken);
        s->skip -= skipped;
        taken += skipped;
        const int64_t more = least(s->frontend->window + 1 - s->count, count - taken);
        memcpy(s->held + s->count, sample + taken, (size_t)more * sizeof *sample);
        s->count += more;
        taken += more;
        if (s->count <= s->frontend->window)
            break;
        make_row(s);
        move_on(s);
        *frame = give(s);
    }
    return taken;
}

void rondo_frontend_stream_finish(rondo_frontend_stream *s, const float **frame) {
    if (!s->finished) {
        const int64_t missing = s->frontend->window + 1 - s->count;
        if (s->made[0] == 0) { /* shorter than a window */
            memset(s->held + s->count, 0, (size_t)missing * sizeof *s->held);
            make_row(s);
        }
        s->finished = true;
        make_differences(s);
    }
    *frame = give(s);
}
