/* Places in a sequence: what tells attention, which has no order of its own, where a step stands.
 *
 *   y_tb = scale * x_tb + place_{t + offset}        for t < lengths[b], else 0
 *   sinusoidal   place_{p, 2i} = sin(p / 10000^(2i/N)), place_{p, 2i+1} = cos(same)        (Vaswani 2017, 3.5)
 *   learned      place_p = row p of a table
 *   backward:    dx_tb += scale * dy_tb,  dtable_p += sum over the valid b of dy_tb, b rising
 *
 * Sinusoids are computed in double for each call: T * N of them, for T * B * N numbers. The work is cut by steps, so
 * that each row of the table is summed by one worker. */
#include <math.h>
#include <string.h>

#include "autograd/op_tools.h"
#include "nn/expect.h"
#include "nn/transformer.h"

enum { X, TABLE, INPUTS };

void rondo__position_frequencies(int64_t N, double *frequencies) {
    for (int64_t i = 0; i < (N + 1) / 2; i++)
        frequencies[i] = pow(10000, -2.0 * (double)i / (double)N);
}

/* ---- checks ---- */

/* Steps that are really used. */
static int64_t longest(const rondo_call *call) {
    const int32_t *lengths = ((const rondo__positions *)call->options)->lengths;
    const int64_t *dims = call->in[X]->value.dims;
    int64_t most = lengths ? 0 : dims[0];
    for (int64_t b = 0; lengths && b < dims[1]; b++)
        most = lengths[b] > most ? lengths[b] : most;
    return most;
}

static rondo_status check_table(const rondo_call *call, rondo_error *err) {
    const int64_t needed = ((const rondo__positions *)call->options)->offset + longest(call);
    const rondo_tensor *table = &call->in[TABLE]->value;
    rondo_status status = rondo__expect_dims("positions", "the table", call->in[TABLE], 2,
                                             (int64_t[]){table->dims[0], call->in[X]->value.dims[2]}, err);
    if (!status && needed > table->dims[0])
        status = rondo__fail(err, RONDO_ARGUMENT,
                             "positions: a sequence of %lld steps, but places for %lld were learned (make max_length "
                             "larger, or the sequence shorter)",
                             (long long)needed, (long long)table->dims[0]);
    return status;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const int32_t *lengths = ((const rondo__positions *)call->options)->lengths;
    rondo_status status = rondo__expect_rank("positions", "x", call->in[X], 3, err);
    if (!status)
        status = rondo__shape_like_x(call, err);
    if (status)
        return status;
    const int64_t *dims = call->in[X]->value.dims;
    for (int64_t b = 0; lengths && b < dims[1]; b++)
        if (lengths[b] < 0 || lengths[b] > dims[0])
            return rondo__fail(err, RONDO_ARGUMENT, "positions: length %lld is %d (it must be in [0, %lld])",
                               (long long)b, (int)lengths[b], (long long)dims[0]);
    return call->in[TABLE] ? check_table(call, err) : RONDO_OK;
}

/* ---- the two passes, over the steps ---- */

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    const rondo__positions *options = call->options;
    const size_t row = (size_t)rondo__width(&call->in[X]->value) * sizeof(real);
    return options->frequencies && !backward ? (size_t)call->context->threads * row : 0;
}

/* The place of step t (N); NULL: nothing is added. `room` (N) may hold it. */
static const real *place_of(const rondo_call *call, int64_t t, real *room) {
    const rondo__positions *options = call->options;
    const int64_t N = rondo__width(&call->in[X]->value), p = t + options->offset;
    if (call->in[TABLE])
        return rondo__data(call->in[TABLE]) + p * N;
    for (int64_t j = 0; options->frequencies && j < N; j++) {
        const double angle = (double)p * options->frequencies[j / 2];
        room[j] = (real)(j % 2 ? cos(angle) : sin(angle));
    }
    return options->frequencies ? room : NULL;
}

static bool is_padding(const rondo_call *call, int64_t t, int64_t b) {
    const int32_t *lengths = ((const rondo__positions *)call->options)->lengths;
    return lengths && t >= lengths[b];
}

static void forward_steps(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__kernels *kernels = call->context->kernels;
    const int64_t B = call->in[X]->value.dims[1], N = call->in[X]->value.dims[2];
    for (int64_t t = begin; t < end && t < longest(call); t++) {
        const real *place = place_of(call, t, (real *)call->scratch + worker * N);
        for (int64_t b = 0; b < B; b++) {
            real *y = rondo__data(call->out[0]) + (t * B + b) * N;
            if (is_padding(call, t, b))
                memset(y, 0, (size_t)N * sizeof *y);
            else
                kernels->affine(N, y, rondo__data(call->in[X]) + (t * B + b) * N,
                                ((const rondo__positions *)call->options)->scale, 0);
            if (place && !is_padding(call, t, b))
                kernels->add(N, y, y, place);
        }
    }
    for (int64_t t = begin > longest(call) ? begin : longest(call); t < end; t++)
        memset(rondo__data(call->out[0]) + t * B * N, 0, (size_t)(B * N) * sizeof(real));
}

static void backward_steps(void *arg, int64_t begin, int64_t end, int worker) {
    const rondo_call *call = arg;
    const rondo__kernels *kernels = call->context->kernels;
    const rondo__positions *options = call->options;
    const int64_t B = call->in[X]->value.dims[1], N = call->in[X]->value.dims[2];
    real *dx = call->in[X]->grad, *dtable = call->in[TABLE] ? call->in[TABLE]->grad : NULL;
    (void)worker;
    for (int64_t row = begin * B; row < end * B; row++) {
        const real *dy = call->out[0]->grad + row * N;
        if (is_padding(call, row / B, row % B))
            continue;
        if (dx)
            kernels->axpy(N, dx + row * N, options->scale, dy);
        if (dtable)
            kernels->axpy(N, dtable + (row / B + options->offset) * N, 1, dy);
    }
}

static rondo_status run(rondo_call *call, rondo__range_task task) {
    const int64_t *dims = call->in[X]->value.dims;
    rondo__parallel(call->context, dims[0], rondo__row_grain(dims[1] * dims[2]), task, call);
    return RONDO_OK;
}

static rondo_status forward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, forward_steps);
}

static rondo_status backward(rondo_call *call, rondo_error *err) {
    (void)err;
    return run(call, backward_steps);
}

static const rondo_op positions = {.name = "positions",
                                   .options_size = sizeof(rondo__positions),
                                   .shape = shape,
                                   .scratch_bytes = scratch_bytes,
                                   .device[RONDO_CPU] = {forward, backward}};

rondo_var *rondo__add_positions(rondo_tape *tape, rondo_var *x, rondo_var *table, const rondo__positions *options) {
    return rondo__apply(tape, &positions, options, INPUTS, (rondo_var *[]){[X] = x, [TABLE] = table});
}

rondo_var *rondo__mask_padding(rondo_tape *tape, rondo_var *x, const int32_t *lengths) {
    return lengths ? rondo__add_positions(tape, x, NULL, &(rondo__positions){.lengths = lengths, .scale = 1}) : x;
}
