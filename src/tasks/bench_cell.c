/* Times one recurrent layer or stack. A run is one whole pass (forward and backward; forward; or `steps` is ignored and
 * one streaming step is taken). Runs before the measured ones warm memory, caches and the clock of the CPU. */
#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/model.h"
#include "rondo/nn.h"

#include <stdlib.h>

#define MAX_RUNS 100000

typedef struct bench {
    rondo_context *context;
    const rondo_bench_options *options;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    rondo_stream *stream;
    bool shared;      /* steps on all threads */
    bool packed;      /* the weights, once, as in use */
    rondo_tensor x;   /* (T, B, I) */
    rondo_real *dx;   /* (T, B, I) or NULL */
    rondo_real *dy;   /* (T, B, D*H): gradient of the output */
    rondo_real *y;    /* (B, H): a streaming step's output */
    double *seconds;  /* of each run */
    int32_t *lengths; /* (B) or NULL: all sequences have all steps */
} bench;

static rondo_status run_sequence(bench *b, rondo_error *err) {
    bool train = b->options->pass == RONDO_BENCH_TRAIN;
    rondo_step step = {.training = train, .recording = train, .same_parameters = !train && b->packed};
    rondo_tape_begin(b->tape, &step);
    b->packed = true;
    const rondo_recurrent_input input = {.lengths = b->lengths};
    rondo_var *y = rondo_recurrent_forward(b->net, b->tape, rondo_leaf(b->tape, &b->x, b->dx), &input);
    rondo_status status = rondo_tape_status(b->tape, err);
    if (status || !train)
        return status;
    rondo_params_clear_grads(b->params);
    const rondo_real *dy = b->dy;
    rondo_backward_from(b->tape, 1, &y, &dy);
    return rondo_tape_status(b->tape, err);
}

static rondo_status run_once(bench *b, rondo_error *err) {
    if (b->options->pass != RONDO_BENCH_STEP)
        return run_sequence(b, err);
    rondo_stream_step(b->stream, b->x.data, b->y);
    return RONDO_OK;
}

static void fill(rondo_real *x, int64_t n, uint64_t stream) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (rondo_real)(2 * rondo__random_uniform(1, stream, (uint64_t)i) - 1);
}

/* The lengths of a ragged batch. bench/peer.py draws the same ones, so that a peer has the same work. */
static int32_t drawn_length(int64_t sequence, int64_t steps) {
    uint32_t h = (uint32_t)(sequence + 1) * 2654435761u;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    h ^= h >> 16;
    return (int32_t)(1 + ((uint64_t)h * (uint64_t)steps >> 32));
}

static rondo_status make_lengths(bench *b, rondo_error *err) {
    const rondo_bench_options *o = b->options;
    if (!o->ragged)
        return RONDO_OK;
    b->lengths = rondo__calloc((size_t)o->batch, sizeof *b->lengths);
    if (!b->lengths)
        return rondo__fail(err, RONDO_MEMORY, "bench: out of memory");
    for (int64_t i = 0; i < o->batch; i++)
        b->lengths[i] = drawn_length(i, o->steps);
    return RONDO_OK;
}

/* Steps of all sequences together. */
static int64_t real_steps(const bench *b) {
    const rondo_bench_options *o = b->options;
    int64_t sum = 0;
    if (!b->lengths)
        return o->pass == RONDO_BENCH_STEP ? o->batch : o->batch * o->steps;
    for (int64_t i = 0; i < o->batch; i++)
        sum += b->lengths[i];
    return sum;
}

static rondo_status make_arrays(bench *b, rondo_error *err) {
    const rondo_bench_options *o = b->options;
    int64_t steps = o->pass == RONDO_BENCH_STEP ? 1 : o->steps, O = rondo_recurrent_output_size(b->net);
    int64_t rows, inputs, outputs;
    if (__builtin_mul_overflow(steps, o->batch, &rows) || __builtin_mul_overflow(rows, o->input_size, &inputs) ||
        __builtin_mul_overflow(rows, O, &outputs))
        return rondo__fail(err, RONDO_ARGUMENT, "bench: steps times batch is too large (make one smaller)");
    bool train = o->pass == RONDO_BENCH_TRAIN;
    b->x = rondo_tensor_view(RONDO_REAL, rondo__calloc((size_t)inputs, sizeof(real)), 3,
                             (int64_t[]){steps, o->batch, o->input_size});
    b->dx = train && o->input_gradient ? rondo__calloc((size_t)inputs, sizeof(real)) : NULL;
    b->dy = train ? rondo__calloc((size_t)outputs, sizeof(real)) : NULL;
    b->y = train ? NULL : rondo__calloc((size_t)outputs, sizeof(real));
    b->seconds = rondo__calloc(MAX_RUNS, sizeof(double));
    if (!b->x.data || !b->seconds || (train ? !b->dy : !b->y) || (train && o->input_gradient && !b->dx))
        return rondo__fail(err, RONDO_MEMORY, "bench: out of memory");
    fill(b->x.data, inputs, 1);
    if (b->dy)
        fill(b->dy, outputs, 2);
    return RONDO_OK;
}

static rondo_status make_net(bench *b, rondo_error *err) {
    const rondo_bench_options *o = b->options;
    if (o->layers < 0 || o->layers > RONDO_MAX_LAYERS)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: layers is %lld (must be 1 to %d)", (long long)o->layers,
                           RONDO_MAX_LAYERS);
    rondo_recurrent_config config = {.cell = (rondo_cell)o->cell,
                                     .input_size = o->input_size,
                                     .hidden_size = o->hidden_size,
                                     .layers = (int)o->layers,
                                     .bidirectional = o->bidirectional,
                                     .peepholes = o->peepholes,
                                     .layer_norm = o->layer_norm,
                                     .projection_size = o->projection_size};
    rondo_status status = rondo_params_create(&b->params, err);
    if (!status)
        status = rondo_recurrent_create(&b->net, b->params, "", &config, err);
    return status ? status : rondo_params_finish(b->params, 1, err);
}

static rondo_status check(const rondo_bench_options *o, rondo_error *err) {
    if ((unsigned)o->pass > RONDO_BENCH_STEP)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: pass is %d (must be one of rondo_bench_pass)", (int)o->pass);
    if (o->batch < 1 || o->batch > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: batch is %lld (must be 1 or more)", (long long)o->batch);
    if (o->pass != RONDO_BENCH_STEP && (o->steps < 1 || o->steps > INT32_MAX))
        return rondo__fail(err, RONDO_ARGUMENT, "bench: steps is %lld (must be 1 or more)", (long long)o->steps);
    if (o->ragged && o->pass == RONDO_BENCH_STEP)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: ragged with the pass step (one step has no lengths)");
    if (o->least_runs < 0 || o->least_runs > MAX_RUNS)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: least_runs is %lld (must be 0, the default, to %d)",
                           (long long)o->least_runs, MAX_RUNS);
    if (!(o->seconds >= 0))
        return rondo__fail(err, RONDO_ARGUMENT, "bench: seconds is %g (must be 0, the default, or more)", o->seconds);
    return RONDO_OK;
}

static rondo_status make(bench *b, rondo_error *err) {
    rondo_status status = check(b->options, err);
    if (!status)
        status = make_net(b, err);
    if (!status)
        status = make_arrays(b, err);
    if (!status)
        status = make_lengths(b, err);
    if (!status && b->options->pass == RONDO_BENCH_STEP) {
        status = rondo_stream_open(&b->stream, b->context, b->net, b->options->batch, NULL, err);
        b->shared = !status && b->options->shared_steps && rondo_stream_share(b->stream, true) == RONDO_OK;
        return status;
    }
    return status ? status : rondo_tape_create(&b->tape, b->context, err);
}

static void clean(bench *b) {
    rondo_stream_close(&b->stream);
    rondo_tape_destroy(&b->tape);
    rondo_recurrent_destroy(&b->net);
    rondo_params_destroy(&b->params);
    rondo__free(b->x.data);
    rondo__free(b->dx);
    rondo__free(b->dy);
    rondo__free(b->y);
    rondo__free(b->seconds);
    rondo__free(b->lengths);
}

/* Multiply-adds count two: 2·rows·G·H·(I+H) for each layer and direction, rows being T·B or what is real of it, and
 * 2·rows·H·H more for a Jordan network's output; an inner layer's I is the width below it. With a projection:
 * 2·rows·(G·H·(I+P) + H·P). */
static double flops(const bench *b) {
    const rondo_bench_options *o = b->options;
    static const double gates[] = {[RONDO_ELMAN] = 1, [RONDO_JORDAN] = 1, [RONDO_LSTM] = 4, [RONDO_GRU] = 3};
    double D = o->bidirectional ? 2 : 1, H = (double)o->hidden_size, I = (double)o->input_size, sum = 0;
    double rows = (double)real_steps(b);
    double R = o->projection_size > 0 ? (double)o->projection_size : H;
    double after = o->cell == RONDO_JORDAN || o->projection_size > 0 ? R : 0; /* what leaves the cell by a product */
    for (int64_t l = 0; l < (o->layers ? o->layers : 1); l++, I = D * R)
        sum += D * 2 * rows * H * (gates[o->cell] * (I + R) + after);
    return o->pass == RONDO_BENCH_TRAIN ? 3 * sum : sum;
}

/* The value that a part p of the sorted times lies below. */
static double part(const double *sorted, int64_t n, double p) {
    int64_t at = (int64_t)(p * (double)n);
    return 1e3 * sorted[at < n ? at : n - 1];
}

/* Repeats runs for so many seconds, at least `least` times; keeps each run's time when asked. */
static rondo_status repeat(bench *b, double seconds, int64_t least, double *times, int64_t *runs, rondo_error *err) {
    double start = rondo__clock_seconds(), now = start;
    for (*runs = 0; *runs < MAX_RUNS && (*runs < least || now - start < seconds); ++*runs) {
        rondo_status status = run_once(b, err);
        if (status)
            return status;
        double end = rondo__clock_seconds();
        if (times)
            times[*runs] = end - now;
        now = end;
    }
    return RONDO_OK;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

rondo_status rondo_bench_cell(rondo_context *context, const rondo_bench_options *options, rondo_bench_result *result,
                              rondo_error *err) {
    if (!context || !options || !result)
        return rondo__fail(err, RONDO_ARGUMENT, "bench: %s is NULL",
                           !context   ? "context (rondo_context_create makes it)"
                           : !options ? "options"
                                      : "result");
    bench b = {.context = context, .options = options};
    const double seconds = options->seconds > 0 ? options->seconds : 2;
    const int64_t least = options->least_runs ? options->least_runs : 3;
    int64_t warm;
    *result = (rondo_bench_result){0};
    rondo_status status = make(&b, err);
    if (!status)
        status = repeat(&b, seconds / 4, least > 1 ? 2 : 1, NULL, &warm, err);
    if (!status)
        status = repeat(&b, seconds, least, b.seconds, &result->runs, err);
    if (!status) {
        int64_t n = result->runs;
        qsort(b.seconds, (size_t)n, sizeof(double), compare);
        double median = n % 2 ? b.seconds[n / 2] : (b.seconds[n / 2 - 1] + b.seconds[n / 2]) / 2;
        result->median_ms = 1e3 * median;
        result->min_ms = 1e3 * b.seconds[0];
        result->p99_ms = part(b.seconds, n, 0.99);
        result->p999_ms = part(b.seconds, n, 0.999);
        result->gflops = flops(&b) / (median > 0 ? median : 1e-9) / 1e9;
        result->threads = options->pass == RONDO_BENCH_STEP && !b.shared ? 1 : rondo_context_threads(context);
        result->isa = rondo_context_isa(context);
        result->real_steps = real_steps(&b);
    }
    clean(&b);
    return status;
}
