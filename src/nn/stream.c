/* A recurrent network one step at a time.
 *
 * Everything lies in one block of memory that open sizes and allocates; a step only computes:
 *
 *     rondo_stream | states h, c of each layer | s before the last step (Jordan) | rows A, rows B | each layer's memory
 *
 * A layer's memory (packed weights, scratch) belongs to its cell's step class, see step.h. Layers pass their rows on
 * through A and B in turn; a residual layer adds the rows that it read. Each operation is the kernel that the sequence
 * operators use, so the bits are theirs. */
#include "nn/carve.h"
#include "nn/jordan.h"
#include "nn/params.h"
#include "nn/recurrent.h"
#include "nn/step.h"
#include "nn/walk.h"
#include "tensor/context.h"

#include <string.h>

struct rondo_stream {
    rondo_context *context;
    rondo_recurrent *net;
    const rondo__step_class *class;
    int64_t B;
    rondo__step_layer layer[RONDO_MAX_LAYERS];
    real *before;  /* (B, Q) state units of Jordan's last layer before the last step; NULL for other cells */
    real *rows[2]; /* (B, widest layer) */
    bool shared;   /* rondo_stream_share */
    bool stepped;  /* `before` holds a step that teach may correct */
};

static const rondo__step_class *class_of(rondo_cell cell) {
    switch (cell) {
    case RONDO_ELMAN:
        return &rondo__elman_step;
    case RONDO_JORDAN:
        return &rondo__jordan_step;
    case RONDO_LSTM:
        return &rondo__lstm_step;
    default:
        return &rondo__gru_step;
    }
}

static const real *values_of(const rondo_recurrent *net, int index) { return rondo__param_values(net->params, index); }

static const rondo_param *matrix_of(const rondo_recurrent *net, int index) {
    return rondo_params_at(net->params, index);
}

static rondo__step_weights weights_of(const rondo_recurrent *net, int l, const real *feedback) {
    const rondo__recurrent_layer *p = &net->layer[l];
    return (rondo__step_weights){.w_ih = matrix_of(net, p->w_ih),
                                 .w_hh = matrix_of(net, p->w_hh),
                                 .b_ih = values_of(net, p->b_ih),
                                 .b_hh = values_of(net, p->b_hh),
                                 .w_hr = matrix_of(net, p->w_hr),
                                 .peephole = values_of(net, p->peephole),
                                 .gain_x = values_of(net, p->gain_x),
                                 .gain_h = values_of(net, p->gain_h),
                                 .gain_c = values_of(net, p->gain_c),
                                 .bias_c = values_of(net, p->bias_c),
                                 .w_sh = matrix_of(net, p->w_sh),
                                 .w_ho = matrix_of(net, p->w_ho),
                                 .b_o = values_of(net, p->b_o),
                                 .feedback = l == net->config.layers - 1 ? feedback : NULL};
}

static void describe_layer(rondo_stream *stream, int l) {
    const rondo_recurrent *net = stream->net;
    const rondo__recurrent_layer *p = &net->layer[l];
    rondo__step_layer *layer = &stream->layer[l];
    rondo_sequence_options sequence = rondo__recurrent_sequence(net, NULL, 0);
    *layer = (rondo__step_layer){.kernels = stream->context->kernels,
                                 .context = stream->context,
                                 .B = stream->B,
                                 .I = p->I,
                                 .H = p->H,
                                 .R = p->R,
                                 .O = p->R,
                                 .Q = p->state};
    switch (net->config.cell) {
    case RONDO_ELMAN:
        layer->options.elman = rondo__recurrent_elman(net, sequence);
        break;
    case RONDO_JORDAN:
        layer->options.jordan = rondo__recurrent_jordan(net, l, sequence);
        break;
    case RONDO_LSTM:
        layer->options.lstm = rondo__recurrent_lstm(net, sequence);
        break;
    case RONDO_GRU:
        layer->options.gru = rondo__recurrent_gru(net, sequence);
        break;
    }
}

static int64_t widest(const rondo_recurrent *net) {
    int64_t width = 0;
    for (int l = 0; l < net->config.layers; l++)
        width = net->layer[l].R > width ? net->layer[l].R : width;
    return width;
}

/* Lays the block out; base NULL: only its size. */
static size_t carve(rondo_stream *stream, void *base, const real *feedback) {
    const rondo_recurrent *net = stream->net;
    rondo__carver c = {base, 0};
    int layers = net->config.layers;
    rondo__carve_bytes(&c, sizeof(*stream));
    for (int l = 0; l < layers; l++) {
        stream->layer[l].h = rondo__carve(&c, stream->B * net->layer[l].state);
        stream->layer[l].c = rondo__carve_if(&c, net->layer[l].cell > 0, stream->B * net->layer[l].cell);
    }
    bool jordan = net->config.cell == RONDO_JORDAN;
    stream->before = rondo__carve_if(&c, jordan, stream->B * net->layer[layers - 1].state);
    stream->rows[0] = rondo__carve(&c, stream->B * widest(net));
    stream->rows[1] = rondo__carve(&c, stream->B * widest(net));
    for (int l = 0; l < layers; l++) {
        rondo__step_weights weights = weights_of(net, l, feedback);
        stream->layer[l].memory = rondo__carve_bytes(&c, stream->class->bytes(&stream->layer[l], &weights));
    }
    return c.used;
}

/* Every array of a stream has at most B rows of 16 times a layer's widths: within reach of size_t? */
static bool is_addressable(const rondo_recurrent *net, int64_t batch) {
    int64_t width = 0, numbers;
    for (int l = 0; l < net->config.layers; l++)
        width += 16 * (net->layer[l].I + net->layer[l].H + net->layer[l].R + net->layer[l].state);
    return !__builtin_mul_overflow(width, batch, &numbers) && numbers < INT64_MAX / 64;
}

static rondo_status check_open(const rondo_recurrent *net, int64_t batch, const real *feedback, rondo_error *err) {
    if (net->directions == 2)
        return rondo__fail(err, RONDO_UNSUPPORTED,
                           "stream: the network is bidirectional, which needs the whole sequence (use "
                           "rondo_recurrent_forward)");
    if (batch < 1 || !is_addressable(net, batch))
        return rondo__fail(err, RONDO_ARGUMENT, "stream: batch is %lld (must be 1 or more, and fit into memory)",
                           (long long)batch);
    if (!rondo_params_values(net->params))
        return rondo__fail(err, RONDO_STATE, "stream: the parameters have no values yet (call rondo_params_finish)");
    if ((feedback != NULL) != (net->config.feedback_size > 0))
        return rondo__fail(err, RONDO_ARGUMENT, "stream: feedback is %s but feedback_size is %lld (give both or none)",
                           feedback ? "given" : "NULL", (long long)net->config.feedback_size);
    return RONDO_OK;
}

rondo_status rondo_stream_open(rondo_stream **out, rondo_context *context, rondo_recurrent *net, int64_t batch,
                               const rondo_real *feedback, rondo_error *err) {
    if (!out || !context || !net)
        return rondo__fail(err, RONDO_ARGUMENT, "stream: out, context or net is NULL");
    *out = NULL;
    rondo_status status = check_open(net, batch, feedback, err);
    if (status)
        return status;
    rondo_stream plan = {.context = context, .net = net, .class = class_of(net->config.cell), .B = batch};
    for (int l = 0; l < net->config.layers; l++)
        describe_layer(&plan, l);
    rondo_stream *stream = rondo__alloc(carve(&plan, NULL, feedback));
    if (!stream)
        return rondo__fail(err, RONDO_MEMORY, "stream: out of memory");
    *stream = plan;
    carve(stream, stream, feedback);
    for (int l = 0; l < net->config.layers; l++) {
        rondo__step_weights weights = weights_of(net, l, feedback);
        stream->class->pack(&stream->layer[l], &weights);
    }
    rondo_stream_reset(stream);
    *out = stream;
    return RONDO_OK;
}

void rondo_stream_close(rondo_stream **stream) {
    if (!stream || !*stream)
        return;
    rondo__free(*stream);
    *stream = NULL;
}

/* y = what layer l makes of x; the last layer writes to the caller. */
static void step_layer(rondo_stream *stream, int l, const real *x, real *y) {
    const rondo_recurrent *net = stream->net;
    const rondo__kernels *kernels = stream->layer[l].kernels;
    int64_t n = stream->B * net->layer[l].R;
    stream->class->step(&stream->layer[l], x, y);
    if (net->config.cell == RONDO_JORDAN && l < net->config.layers - 1)
        kernels->tanh(n, y, y);
    if (rondo__recurrent_is_residual(net, l))
        kernels->add(n, y, y, x);
}

/* ---- on several threads: each makes its units of a layer, all meet, the next layer ---- */

rondo_status rondo_stream_share(rondo_stream *stream, bool share) {
    if (!stream)
        return RONDO_ARGUMENT;
    for (int l = 0; share && l < stream->net->config.layers; l++)
        if (stream->layer[l].units == 0)
            return RONDO_UNSUPPORTED;
    if (share && stream->context->cut != RONDO__CUT_UNITS && !rondo__pool_fits(stream->context->pool))
        return RONDO_UNSUPPORTED;
    stream->shared = share && stream->context->threads > 1;
    return RONDO_OK;
}

typedef struct shared_step {
    rondo_stream *stream;
    const real *x;
    real *y;
} shared_step;

static void share_step(void *arg, int64_t index, int worker) {
    const shared_step *s = arg;
    rondo_stream *stream = s->stream;
    const real *x = s->x;
    const int last = stream->net->config.layers - 1;
    (void)index;
    for (int l = 0; l <= last; l++) {
        rondo__step_layer *layer = &stream->layer[l];
        real *y = l == last ? s->y : stream->rows[l % 2];
        const int64_t first = rondo__first_unit(layer->units, stream->context->threads, worker);
        const int64_t end = rondo__first_unit(layer->units, stream->context->threads, worker + 1);
        stream->class->step_units(layer, x, y, first, end);
        for (int64_t b = 0; rondo__recurrent_is_residual(stream->net, l) && b < stream->B; b++)
            layer->kernels->add(end - first, y + b * layer->R + first, y + b * layer->R + first,
                                x + b * layer->R + first);
        if (l < last)
            rondo__pool_meet(stream->context->pool, worker);
        x = y;
    }
}

static bool step_on_all(rondo_stream *stream, const real *x, real *y) {
    const rondo_context *context = stream->context;
    if (!stream->shared || !(context->cut == RONDO__CUT_UNITS || rondo__pool_awake(context->pool)))
        return false;
    rondo__pool_region(context->pool, share_step, &(shared_step){stream, x, y});
    for (int l = 0; l < stream->net->config.layers; l++)
        stream->class->finish(&stream->layer[l]);
    return true;
}

void rondo_stream_step(rondo_stream *stream, const rondo_real *x, rondo_real *y) {
    if (step_on_all(stream, x, y)) {
        stream->stepped = true;
        return;
    }
    int last = stream->net->config.layers - 1;
    if (stream->before)
        memcpy(stream->before, stream->layer[last].h,
               (size_t)(stream->B * stream->net->layer[last].state) * sizeof(real));
    for (int l = 0; l <= last; l++) {
        real *to = l == last ? y : stream->rows[l % 2];
        step_layer(stream, l, x, to);
        x = to;
    }
    stream->stepped = true;
}

static void fill_state(real *state, int64_t B, int64_t width, const real *learned) {
    for (int64_t b = 0; b < B; b++, state += width)
        if (learned)
            memcpy(state, learned, (size_t)width * sizeof(real));
        else
            memset(state, 0, (size_t)width * sizeof(real));
}

void rondo_stream_reset(rondo_stream *stream) {
    const rondo_recurrent *net = stream->net;
    for (int l = 0; l < net->config.layers; l++) {
        const rondo__recurrent_layer *p = &net->layer[l];
        fill_state(stream->layer[l].h, stream->B, p->state, values_of(net, p->h0));
        if (stream->layer[l].c)
            fill_state(stream->layer[l].c, stream->B, p->cell, values_of(net, p->c0));
    }
    stream->stepped = false;
}

void rondo_stream_states(rondo_stream *stream, int layer, rondo_real **h, rondo_real **c) {
    bool known = layer >= 0 && layer < stream->net->config.layers;
    if (h)
        *h = known ? stream->layer[layer].h : NULL;
    if (c)
        *c = known ? stream->layer[layer].c : NULL;
}

rondo_status rondo_stream_teach(rondo_stream *stream, const rondo_real *known) {
    if (!stream->before)
        return RONDO_UNSUPPORTED;
    if (!stream->stepped)
        return RONDO_STATE;
    int last = stream->net->config.layers - 1;
    const rondo__step_layer *layer = &stream->layer[last];
    int64_t n = stream->B * stream->net->layer[last].state;
    memcpy(layer->h, stream->before, (size_t)n * sizeof(real));
    rondo__jordan_decay(layer->kernels, n, layer->h, stream->net->config.decay);
    layer->kernels->add(n, layer->h, layer->h, known);
    return RONDO_OK;
}
