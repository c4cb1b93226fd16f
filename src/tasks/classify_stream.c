/* A classifier that listens: after each step, what the recording is so far.
 *
 *   samples -> front end (stream) -> stack frames -> one step of the cells -> pooling so far -> linear -> softmax
 *
 * Each pooling has a form that takes one step at a time: the last state is the newest; mean and attention keep a sum
 * (of attention with weights relative to the largest score so far, so that no exponential overflows), max the largest.
 * Everything is allocated when the stream is opened. */
#include <math.h>
#include <string.h>

#include "nn/params.h"
#include "tasks/classify.h"
#include "tasks/model.h"
#include "tensor/context.h"

struct rondo_classify_stream {
    rondo__classify *model;
    const rondo__kernels *kernels;
    rondo_frontend_stream *front; /* NULL: series */
    rondo_stream *net;
    int64_t held;           /* frames of the step that is being gathered */
    int64_t steps;          /* made */
    bool heard, finished;   /* a sample came; no more will */
    double highest, weight; /* attention: the largest score, the sum of exp(score - highest) */
    real *x, *y;            /* (I), (W) */
    real *sum, *pooled;     /* (W) */
    real *logit;            /* (C) */
    real *output, *score;   /* packed weights */
    double *probability;    /* (C) */
};

static rondo_status check_model(const rondo_model *model, rondo_error *err) {
    if (!model)
        return rondo__fail(err, RONDO_ARGUMENT, "classify: stream: model is NULL");
    if (model->task->class != &rondo__classify_class)
        return rondo__fail(err, RONDO_UNSUPPORTED, "classify: only a classifier tells labels (this one is for %s)",
                           model->task->class->name);
    const rondo__classify *c = (const rondo__classify *)model->task;
    if (c->input == RONDO__INPUT_TEXT)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a classifier of texts does not stream (give whole lines)",
                           model->path);
    if (model->task->recipe.model.bidirectional)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: a bidirectional model cannot stream, it begins at the end (train with "
                           "model.bidirectional: false)",
                           model->path);
    if (c->listening.normalise == RONDO_NORMALISE_RECORDING || c->listening.normalise == RONDO_NORMALISE_SPEAKER)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "%s: features normalised by recording or speaker cannot stream (train with "
                           "data.audio.normalise: running or global)",
                           model->path);
    return RONDO_OK;
}

static real *packed(const rondo__classify *c, int parameter, int64_t rows) {
    real *out = rondo__calloc((size_t)rondo__packed_count(c->W, rows), sizeof *out);
    if (out)
        rondo__param_pack(rondo_params_at(c->base.params, parameter), c->base.context, out);
    return out;
}

static rondo_status make_room(rondo_classify_stream *s, rondo_error *err) {
    const rondo__classify *c = s->model;
    const size_t W = (size_t)c->W, C = (size_t)c->C;
    s->x = rondo__calloc((size_t)c->I, sizeof *s->x);
    s->y = rondo__calloc(W, sizeof *s->y);
    s->sum = rondo__calloc(W, sizeof *s->sum);
    s->pooled = rondo__calloc(W, sizeof *s->pooled);
    s->logit = rondo__calloc(C, sizeof *s->logit);
    s->probability = rondo__calloc(C, sizeof *s->probability);
    s->output = packed(c, c->weight, c->C);
    s->score = c->attention >= 0 ? packed(c, c->attention, 1) : NULL;
    if (!s->x || !s->y || !s->sum || !s->pooled || !s->logit || !s->probability || !s->output ||
        (c->attention >= 0 && !s->score))
        return rondo__fail(err, RONDO_MEMORY, "classify: no memory for a stream");
    return RONDO_OK;
}

rondo_status rondo_classify_stream_open(rondo_classify_stream **out, rondo_model *model, rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "classify: stream: out is NULL");
    *out = NULL;
    rondo_status status = check_model(model, err);
    if (status)
        return status;
    rondo_classify_stream *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "classify: no memory for a stream");
    s->model = (rondo__classify *)model->task;
    s->kernels = s->model->base.context->kernels;
    status = make_room(s, err);
    if (!status)
        status = rondo_stream_open(&s->net, s->model->base.context, s->model->net, 1, NULL, err);
    if (!status && s->model->listening.frontend)
        status = rondo_frontend_stream_open(&s->front, s->model->listening.frontend, err);
    if (status)
        rondo_classify_stream_close(&s);
    else
        rondo_classify_stream_reset(s);
    *out = s;
    return status;
}

void rondo_classify_stream_close(rondo_classify_stream **stream) {
    rondo_classify_stream *s = stream ? *stream : NULL;
    if (!s)
        return;
    rondo_frontend_stream_close(&s->front);
    rondo_stream_close(&s->net);
    rondo__free(s->x);
    rondo__free(s->y);
    rondo__free(s->sum);
    rondo__free(s->pooled);
    rondo__free(s->logit);
    rondo__free(s->probability);
    rondo__free(s->output);
    rondo__free(s->score);
    rondo__free(s);
    *stream = NULL;
}

void rondo_classify_stream_reset(rondo_classify_stream *s) {
    if (!s)
        return;
    if (s->front)
        rondo_frontend_stream_reset(s->front);
    rondo_stream_reset(s->net);
    memset(s->sum, 0, (size_t)s->model->W * sizeof *s->sum);
    memset(s->x, 0, (size_t)s->model->I * sizeof *s->x);
    s->held = s->steps = 0;
    s->heard = s->finished = false;
    s->highest = -INFINITY;
    s->weight = 0;
}

int64_t rondo_classify_stream_rate(const rondo_classify_stream *s) {
    return s && s->front ? s->model->listening.config.rate : 0;
}

int64_t rondo_classify_stream_hop(const rondo_classify_stream *s) {
    return s && s->front ? rondo_frontend_hop(s->model->listening.frontend) : 1;
}

/* ---- pooling so far ---- */

static void pool_attention(rondo_classify_stream *s) {
    const int64_t W = s->model->W;
    real score;
    s->kernels->gemm(1, 1, W, s->y, W, 1, s->score, 0, 1, &score, 1, NULL, false);
    if ((double)score > s->highest) { /* what was summed shrinks to the new scale */
        const double shrink = exp(s->highest - (double)score);
        for (int64_t k = 0; k < W; k++)
            s->sum[k] *= (real)shrink;
        s->weight *= shrink;
        s->highest = (double)score;
    }
    const double weight = exp((double)score - s->highest);
    s->weight += weight;
    for (int64_t k = 0; k < W; k++) {
        s->sum[k] += (real)weight * s->y[k];
        s->pooled[k] = s->sum[k] / (real)s->weight;
    }
}

static void pool(rondo_classify_stream *s) {
    const int64_t W = s->model->W;
    switch ((rondo_pooling)s->model->base.recipe.model.pooling) {
    case RONDO_POOL_LAST:
        memcpy(s->pooled, s->y, (size_t)W * sizeof *s->y);
        break;
    case RONDO_POOL_MEAN:
        for (int64_t k = 0; k < W; k++) {
            s->sum[k] += s->y[k];
            s->pooled[k] = s->sum[k] / (real)s->steps;
        }
        break;
    case RONDO_POOL_MAX:
        for (int64_t k = 0; k < W; k++)
            s->pooled[k] = s->steps == 1 || s->y[k] > s->pooled[k] ? s->y[k] : s->pooled[k];
        break;
    case RONDO_POOL_ATTENTION:
        pool_attention(s);
        break;
    }
}

static void step(rondo_classify_stream *s) {
    const rondo__classify *c = s->model;
    const real *bias = rondo_params_at(c->base.params, c->bias)->value.data;
    rondo_stream_step(s->net, s->x, s->y);
    s->steps++;
    s->held = 0;
    memset(s->x, 0, (size_t)c->I * sizeof *s->x);
    pool(s);
    s->kernels->gemm(1, c->C, c->W, s->pooled, c->W, 1, s->output, 0, c->C, s->logit, c->C, bias, false);
    rondo__classify_soften(s->logit, c->C, s->probability);
}

/* A frame goes to the step; true: that was made. */
static bool take(rondo_classify_stream *s, const float *frame) {
    const rondo__listening *l = &s->model->listening;
    real *to = s->x + s->held * l->width;
    for (int64_t k = 0; k < l->width; k++)
        to[k] = (real)frame[k];
    if (++s->held < l->stack)
        return false;
    step(s);
    return true;
}

/* A row of a series, normalised as in training. */
static bool take_row(rondo_classify_stream *s, const float *row) {
    const rondo__listening *l = &s->model->listening;
    real *to = s->x + s->held * l->width;
    for (int64_t k = 0; k < l->width; k++)
        to[k] = (real)(l->moments ? (row[k] - l->moments[k]) / l->moments[l->width + k] : row[k]);
    if (++s->held < l->stack)
        return false;
    step(s);
    return true;
}

int64_t rondo_classify_stream_feed(rondo_classify_stream *s, int64_t count, const float *sample,
                                   const double **probability) {
    int64_t taken = 0;
    bool made = false;
    if (probability)
        *probability = NULL;
    if (!s || !sample || s->finished)
        return 0;
    s->heard = s->heard || count > 0;
    while (taken < count && !made) {
        const float *frame = NULL;
        if (!s->front)
            made = take_row(s, sample + taken++ * s->model->listening.width);
        else {
            taken += rondo_frontend_stream_feed(s->front, count - taken, sample + taken, &frame);
            made = frame && take(s, frame);
        }
    }
    if (probability && made)
        *probability = s->probability;
    return taken;
}

void rondo_classify_stream_finish(rondo_classify_stream *s, const double **probability) {
    if (probability)
        *probability = s ? s->probability : NULL;
    if (!s || s->finished)
        return;
    for (const float *frame = NULL; s->front && s->heard;) {
        rondo_frontend_stream_finish(s->front, &frame);
        if (!frame)
            break;
        take(s, frame);
    }
    if (s->held > 0 || (s->steps == 0 && s->front)) /* the rest of a step, or a recording without samples: zeros */
        step(s);
    s->finished = true;
    if (probability && s->steps == 0)
        *probability = NULL;
}
