/* The Jordan cell's streaming step: one layer, one step, free running, on the arithmetic of jordan.c. The layer's
 * memory holds
 *
 *     jordan_stream | W_ihᵀ, W_shᵀ, W_hoᵀ, F packed | b_ih (H) | b_o (O) | of one step: h (B, H), a, y (B, O) */
#include <string.h>

#include "nn/jordan.h"
#include "nn/step.h"

typedef struct jordan_stream {
    rondo__jordan_net net;
    real *w_ih, *w_sh, *w_ho, *feedback; /* packed */
    real *b_ih;                          /* (H) or NULL */
    real *b_o;                           /* (O) or NULL */
    real *h;                             /* (B, H) */
    real *a, *y;                         /* (B, O) */
} jordan_stream;

static size_t carve(const rondo__step_layer *layer, const rondo__step_weights *weights, jordan_stream *stream,
                    bool place) {
    rondo__carver c = {place ? layer->memory : NULL, 0};
    const int64_t B = layer->B, I = layer->I, H = layer->H, O = layer->O, Q = layer->Q;
    rondo__carve_bytes(&c, sizeof *stream);
    stream->w_ih = rondo__carve(&c, rondo__packed_count(I, H));
    stream->w_sh = rondo__carve(&c, rondo__packed_count(Q, H));
    stream->w_ho = rondo__carve(&c, rondo__packed_count(H, O));
    stream->feedback = rondo__carve_if(&c, weights->feedback != NULL, rondo__packed_count(O, Q));
    stream->b_ih = rondo__carve_if(&c, weights->b_ih != NULL, H);
    stream->b_o = rondo__carve_if(&c, weights->b_o != NULL, O);
    stream->h = rondo__carve(&c, B * H);
    stream->a = rondo__carve(&c, B * O);
    stream->y = rondo__carve(&c, B * O);
    return c.used;
}

static size_t jordan_stream_bytes(const rondo__step_layer *layer, const rondo__step_weights *weights) {
    jordan_stream stream;
    return carve(layer, weights, &stream, false);
}

static void jordan_stream_pack(rondo__step_layer *layer, const rondo__step_weights *weights) {
    jordan_stream *stream = layer->memory;
    const rondo__kernels *kernels = layer->kernels;
    const rondo_jordan_options *options = &layer->options.jordan;
    const int64_t H = layer->H, O = layer->O, Q = layer->Q;
    carve(layer, weights, stream, true);
    rondo__param_pack(weights->w_ih, layer->context, stream->w_ih);
    rondo__param_pack(weights->w_sh, layer->context, stream->w_sh);
    rondo__param_pack(weights->w_ho, layer->context, stream->w_ho);
    if (stream->feedback)
        kernels->pack(stream->feedback, weights->feedback, Q, 1, O, Q, 0, Q);
    if (stream->b_ih)
        memcpy(stream->b_ih, weights->b_ih, (size_t)H * sizeof(real));
    if (stream->b_o)
        memcpy(stream->b_o, weights->b_o, (size_t)O * sizeof(real));
    stream->net = (rondo__jordan_net){.kernels = kernels,
                                      .H = H,
                                      .O = O,
                                      .Q = Q,
                                      .activation = options->activation,
                                      .output = options->output,
                                      .decay = options->decay,
                                      .w_sh = stream->w_sh,
                                      .w_ho = stream->w_ho,
                                      .feedback = stream->feedback,
                                      .b_o = stream->b_o};
}

static void jordan_stream_step(rondo__step_layer *layer, const real *x, real *y) {
    const jordan_stream *stream = layer->memory;
    const int64_t B = layer->B, I = layer->I, H = layer->H;
    layer->kernels->gemm(B, H, I, x, I, 1, stream->w_ih, 0, H, stream->h, H, stream->b_ih, false);
    const rondo__jordan_rows rows = {B, layer->h, stream->h, stream->a, stream->y, layer->h};
    rondo__jordan_step_rows(&stream->net, &rows);
    memcpy(y, stream->a, (size_t)(B * layer->O) * sizeof *y);
}

const rondo__step_class rondo__jordan_step = {jordan_stream_bytes, jordan_stream_pack, jordan_stream_step};
