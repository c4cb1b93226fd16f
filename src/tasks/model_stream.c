/* A trained model's network one step at a time (rondo_model_stream): the blocks of exchange/network.h, each as its
 * step.
 *
 *   one block of memory: what each layer of cells holds (rondo_stream, its own), packed weights of each linear block,
 *   pooling so far, and two rows (B, widest) that blocks read from and write to in turn
 *
 * Every step is the kernel of the operator that rondo_model_apply calls, in its order: the bits are its. */
#include <math.h>
#include <string.h>

#include "exchange/network.h"
#include "nn/recurrent.h"
#include "tasks/model.h"
#include "tensor/context.h"

struct rondo_model_stream {
    rondo_model *model;
    rondo__network network;
    rondo_model_stream_sizes sizes;
    rondo_stream *net[RONDO__BLOCKS]; /* RECURRENT */
    real *packed[RONDO__BLOCKS];      /* LINEAR */
    real *pooled[RONDO__BLOCKS];      /* POOL: (B, in), the sum or the largest so far */
    real *known[RONDO__BLOCKS];       /* RECURRENT that is taught: (B, Q) */
    real *rows[2];                    /* (B, widest) */
    int64_t steps;                    /* since the reset */
};

/* ---- open and close ---- */

static real *numbers(int64_t rows, int64_t width) {
    size_t count;
    return rondo__size_mul((size_t)rows, (size_t)width, &count) ? rondo__calloc(count, sizeof(real)) : NULL;
}

/* Width of what a network that is taught hears of a symbol. */
static int64_t width_known(const rondo__network_block *b) {
    return b->feedback ? b->net->config.feedback_size : b->out;
}

static rondo_status open_block(rondo_model_stream *s, int i, rondo_error *err) {
    const rondo__network_block *b = &s->network.block[i];
    rondo_context *context = s->model->task->context;
    switch (b->kind) {
    case RONDO__RECURRENT:
        s->known[i] = b->taught ? numbers(s->sizes.batch, width_known(b)) : NULL;
        if (b->taught && !s->known[i])
            return RONDO_MEMORY;
        return rondo_stream_open(&s->net[i], context, b->net, s->sizes.batch, b->feedback, err);
    case RONDO__POOL:
        s->pooled[i] = numbers(s->sizes.batch, b->in);
        return s->pooled[i] ? RONDO_OK : RONDO_MEMORY;
    case RONDO__LINEAR:
        s->packed[i] = numbers(1, rondo__packed_count(b->in, b->out));
        if (s->packed[i])
            rondo__network_pack(&s->network, context, b->weight, b->out, b->in, s->packed[i]);
        return s->packed[i] ? RONDO_OK : RONDO_MEMORY;
    default:
        return RONDO_OK;
    }
}

static rondo_status open_blocks(rondo_model_stream *s, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < 2; i++)
        s->rows[i] = numbers(s->sizes.batch, rondo__network_widest(&s->network));
    if (!s->rows[0] || !s->rows[1])
        status = RONDO_MEMORY;
    for (int i = 0; !status && i < s->network.count; i++)
        status = open_block(s, i, err);
    return status == RONDO_MEMORY ? rondo__fail(err, RONDO_MEMORY, "%s: no memory for a stream", s->model->path)
                                  : rondo__model_name_file(status, s->model->path, err);
}

/* BEST_PATH leaves the scores as they are. */
static bool has_step(const rondo__network_block *b) {
    const bool multiplies = b->kind == RONDO__EMBEDDING || b->kind == RONDO__LINEAR;
    return (b->kind <= RONDO__ACTIVATION && (b->weight || !multiplies)) || b->kind == RONDO__BEST_PATH;
}

static rondo_status find_network(rondo_model_stream *s, rondo_error *err) {
    rondo_model *model = s->model;
    if (!model->task->class->network)
        return rondo__fail(err, RONDO_UNSUPPORTED, "%s: a model of task %s is no function of one array", model->path,
                           model->task->class->name);
    s->network.params = model->task->params;
    rondo_status status = model->task->class->network(model->task, &s->network, err);
    if (status)
        return rondo__model_name_file(status, model->path, err);
    if (!rondo__network_streams(&s->network))
        return rondo__fail(
            err, RONDO_UNSUPPORTED,
            "%s: the model needs the whole sequence, for it reads in both directions or weighs all steps "
            "(use rondo_model_apply)",
            model->path);
    for (int i = 0; i < s->network.count; i++)
        if (!has_step(&s->network.block[i]))
            return rondo__fail(err, RONDO_UNSUPPORTED,
                               "%s: the model has parts that no stream has: spelling, a forecast's window, an adaptive "
                               "softmax (use rondo_model_apply, or the task's own calls)",
                               model->path);
    const rondo__network_block *first = &s->network.block[0];
    s->sizes.symbols = rondo__network_reads_symbols(&s->network) ? first->in : 0;
    s->sizes.in = s->sizes.symbols ? 0 : first->in;
    s->sizes.out = rondo__network_output(&s->network);
    return RONDO_OK;
}

rondo_status rondo_model_stream_open(rondo_model_stream **out, rondo_model *model, int64_t batch, rondo_error *err) {
    if (!out)
        return rondo__fail(err, RONDO_ARGUMENT, "stream: out is NULL");
    *out = NULL;
    if (!model || batch < 0 || batch > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "stream: model is NULL, or batch %lld is not 1 to %d (0: 1)",
                           (long long)batch, INT32_MAX);
    rondo_model_stream *s = rondo__calloc(1, sizeof *s);
    if (!s)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for a stream", model->path);
    s->model = model;
    s->sizes.batch = batch ? batch : 1;
    rondo_status status = find_network(s, err);
    if (!status)
        status = open_blocks(s, err);
    if (status)
        rondo_model_stream_close(&s);
    *out = s;
    return status;
}

void rondo_model_stream_close(rondo_model_stream **stream) {
    rondo_model_stream *s = stream ? *stream : NULL;
    if (!s)
        return;
    for (int i = 0; i < s->network.count; i++) {
        rondo_stream_close(&s->net[i]);
        rondo__free(s->packed[i]);
        rondo__free(s->pooled[i]);
        rondo__free(s->known[i]);
    }
    rondo__free(s->rows[0]);
    rondo__free(s->rows[1]);
    rondo__free(s);
    *stream = NULL;
}

rondo_model_stream_sizes rondo_model_stream_get_sizes(const rondo_model_stream *stream) {
    return stream ? stream->sizes : (rondo_model_stream_sizes){0};
}

void rondo_model_stream_reset(rondo_model_stream *s) {
    for (int i = 0; s && i < s->network.count; i++)
        if (s->net[i])
            rondo_stream_reset(s->net[i]);
    if (s)
        s->steps = 0;
}

/* ---- one step ---- */

static void scale(const rondo__network_block *b, int64_t B, const real *x, real *y) {
    for (int64_t i = 0; i < B * b->in; i++)
        y[i] = x[i] * (b->weight ? b->weight[i % b->in] : 1) + (b->bias ? b->bias[i % b->in] : 0);
}

static void keep_largest(int64_t n, real *largest, const real *x) {
    for (int64_t i = 0; i < n; i++)
        if (x[i] > largest[i] || (isnan(x[i]) && !isnan(largest[i])))
            largest[i] = x[i];
}

static void pool(const rondo_model_stream *s, int i, const real *x, real *y) {
    const rondo__network_block *b = &s->network.block[i];
    const rondo__kernels *kernels = s->model->task->context->kernels;
    const int64_t n = s->sizes.batch * b->in;
    real *kept = s->pooled[i];
    if (b->pooling == RONDO_POOL_LAST) {
        memcpy(y, x, (size_t)n * sizeof *y);
    } else if (b->pooling == RONDO_POOL_MAX) {
        if (s->steps == 0)
            memcpy(kept, x, (size_t)n * sizeof *y);
        else
            keep_largest(n, kept, x);
        memcpy(y, kept, (size_t)n * sizeof *y);
    } else {
        if (s->steps == 0)
            memset(kept, 0, (size_t)n * sizeof *y);
        kernels->axpy(n, kept, 1, x);
        kernels->affine(n, y, kept, (real)(1 / (double)(s->steps + 1)), 0);
    }
}

static void activate(const rondo_model_stream *s, const rondo__network_block *b, const real *x, real *y) {
    const rondo__kernels *kernels = s->model->task->context->kernels;
    const int64_t B = s->sizes.batch, n = B * b->in;
    switch (b->activation) {
    case RONDO_TANH:
        kernels->tanh(n, y, x);
        break;
    case RONDO_RELU:
        kernels->relu(n, y, x);
        break;
    case RONDO_SIGMOID:
        kernels->sigmoid(n, y, x);
        break;
    case RONDO_SOFTMAX:
        for (int64_t r = 0; r < B; r++)
            kernels->softmax_row(b->in, y + r * b->in, x + r * b->in);
        break;
    default:
        memcpy(y, x, (size_t)n * sizeof *y);
    }
}

static void step_block(rondo_model_stream *s, int i, const real *x, real *y) {
    const rondo__network_block *b = &s->network.block[i];
    switch (b->kind) {
    case RONDO__EMBEDDING: /* step looks symbols up */
        break;
    case RONDO__SCALE:
        scale(b, s->sizes.batch, x, y);
        break;
    case RONDO__RECURRENT:
        rondo_stream_step(s->net[i], x, y);
        break;
    case RONDO__POOL:
        pool(s, i, x, y);
        break;
    case RONDO__LINEAR:
        rondo__product(s->model->task->context, s->sizes.batch, b->out, b->in, x, b->in, 1, s->packed[i], y, b->out,
                       b->bias, false);
        break;
    case RONDO__ACTIVATION:
        activate(s, b, x, y);
        break;
    default: /* BEST_PATH */
        memcpy(y, x, (size_t)(s->sizes.batch * b->out) * sizeof *y);
    }
}

static void look_up(const rondo_model_stream *s, const int32_t *symbols, real *y) {
    const rondo__network_block *b = &s->network.block[0];
    for (int64_t r = 0; r < s->sizes.batch; r++)
        rondo__network_row(&s->network, b->weight, symbols[r], b->out, y + r * b->out);
}

/* The step before hears what was said in truth. */
static rondo_status teach(const rondo_model_stream *s, const int32_t *symbols) {
    rondo_status status = RONDO_OK;
    for (int i = 0; s->steps > 0 && i < s->network.count && !status; i++) {
        const rondo__network_block *b = &s->network.block[i];
        real *known = s->known[i];
        if (!known)
            continue;
        const int64_t width = width_known(b);
        if (!b->feedback)
            memset(known, 0, (size_t)(s->sizes.batch * width) * sizeof *known);
        for (int64_t r = 0; r < s->sizes.batch; r++) {
            if (b->feedback)
                rondo__network_row(&s->network, b->feedback, symbols[r], width, known + r * width);
            else
                known[r * width + symbols[r]] = 1;
        }
        status = rondo_stream_teach(s->net[i], known);
    }
    return status;
}

static rondo_status check_step(const rondo_model_stream *s, const int32_t *symbols, const rondo_real *x,
                               const rondo_real *y, rondo_error *err) {
    if (!s || !y)
        return rondo__fail(err, RONDO_ARGUMENT, "stream: stream or y is NULL");
    if ((s->sizes.symbols > 0) != (symbols != NULL) || (s->sizes.symbols > 0) == (x != NULL))
        return rondo__fail(err, RONDO_ARGUMENT, "%s: stream: the model reads %s (give these, and NULL for the other)",
                           s->model->path, s->sizes.symbols ? "symbols" : "vectors");
    for (int64_t r = 0; symbols && r < s->sizes.batch; r++)
        if (symbols[r] < 0 || symbols[r] >= s->sizes.symbols)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: stream: symbol %d (symbols are 0 to %lld)", s->model->path,
                               (int)symbols[r], (long long)s->sizes.symbols - 1);
    return RONDO_OK;
}

rondo_status rondo_model_stream_step(rondo_model_stream *s, const int32_t *symbols, const rondo_real *x, rondo_real *y,
                                     rondo_error *err) {
    rondo_status status = check_step(s, symbols, x, y, err);
    if (status)
        return status;
    const int last = s->network.count - 1;
    status = teach(s, symbols);
    if (status)
        return rondo__fail(err, status, "%s: stream: %s", s->model->path, rondo_status_sentence(status));
    if (symbols)
        look_up(s, symbols, last ? s->rows[0] : y);
    const real *from = symbols ? s->rows[0] : x;
    for (int i = symbols ? 1 : 0; i <= last; i++) {
        real *to = i == last ? y : from == s->rows[0] ? s->rows[1] : s->rows[0];
        step_block(s, i, from, to);
        from = to;
    }
    s->steps++;
    return RONDO_OK;
}
