/* A small model that uses every operator once, for the tests of memory and threads. */
#ifndef TESTS_AUTOGRAD_MODEL_H
#define TESTS_AUTOGRAD_MODEL_H

#include "support/test.h"

#include "core/core.h"
#include "rondo/ops.h"

typedef struct model_sizes {
    int64_t T, B, E, V;
} model_sizes;

enum { TABLE, GAIN, BIAS, W, B_OUT, ROW, SQUARE, MODEL_PARTS };

typedef struct model {
    model_sizes sizes;
    rondo_tensor values[MODEL_PARTS];
    rondo_real *grads[MODEL_PARTS];
    int32_t *ids, *targets, *lengths; /* (T, B), (T*B), (B) */
} model;

static inline void model_array(model *m, int part, int rank, int64_t d0, int64_t d1) {
    int64_t dims[] = {d0, d1};
    m->values[part] = rondo_tensor_view(RONDO_REAL, NULL, rank, dims);
    int64_t n = rondo_tensor_count(&m->values[part]);
    rondo_real *data = rondo__calloc((size_t)n, sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (rondo_real)(rondo__random_uniform(1, (uint64_t)part, (uint64_t)i) - 0.5);
    m->values[part].data = data;
    m->grads[part] = rondo__calloc((size_t)n, sizeof *data);
}

static inline void model_make(model *m, model_sizes s) {
    *m = (model){.sizes = s};
    model_array(m, TABLE, 2, s.V, s.E);
    model_array(m, GAIN, 1, s.E, 0);
    model_array(m, BIAS, 1, s.E, 0);
    model_array(m, W, 2, s.V, 2 * s.E);
    model_array(m, B_OUT, 1, s.V, 0);
    model_array(m, ROW, 1, s.E, 0);
    model_array(m, SQUARE, 2, s.E, s.E);
    int64_t rows = s.T * s.B;
    m->ids = rondo__calloc((size_t)rows, sizeof *m->ids);
    m->targets = rondo__calloc((size_t)rows, sizeof *m->targets);
    m->lengths = rondo__calloc((size_t)s.B, sizeof *m->lengths);
    for (int64_t i = 0; i < rows; i++) {
        m->ids[i] = (int32_t)rondo__random_below(2, 0, (uint64_t)i, (uint64_t)s.V + 1) - 1;
        m->targets[i] = (int32_t)rondo__random_below(2, 1, (uint64_t)i, (uint64_t)s.V + 1) - 1;
    }
    for (int64_t b = 0; b < s.B; b++)
        m->lengths[b] = (int32_t)rondo__random_below(2, 2, (uint64_t)b, (uint64_t)s.T + 1);
}

static inline void model_free(model *m) {
    for (int i = 0; i < MODEL_PARTS; i++) {
        rondo__free(m->values[i].data);
        rondo__free(m->grads[i]);
    }
    rondo__free(m->ids);
    rondo__free(m->targets);
    rondo__free(m->lengths);
}

/* The loss; NULL when the tape failed. */
static inline rondo_var *model_loss(model *m, rondo_tape *tape) {
    model_sizes s = m->sizes;
    rondo_var *p[MODEL_PARTS];
    for (int i = 0; i < MODEL_PARTS; i++)
        p[i] = rondo_leaf(tape, &m->values[i], m->grads[i]);
    rondo_var *x = rondo_embedding(tape, p[TABLE], m->ids, 2, (int64_t[]){s.T, s.B});
    x = rondo_dropout(tape, x, (rondo_real)0.2, true);
    rondo_var *h = rondo_layer_norm(tape, x, p[GAIN], p[BIAS], (rondo_real)1e-5);
    h = rondo_tanh(tape, rondo_matmul(tape, rondo_mul(tape, h, p[ROW]), p[SQUARE]));
    rondo_var *back = rondo_reverse_time(tape, h, m->lengths);
    back = rondo_dropout(tape, rondo_sigmoid(tape, rondo_affine(tape, back, 2, 1)), (rondo_real)0.3, false);
    rondo_var *both = rondo_concat(tape, 2, 2, (rondo_var *[]){rondo_relu(tape, rondo_add(tape, h, p[ROW])), back});
    rondo_var *flat = rondo_reshape(tape, both, 2, (int64_t[]){s.T * s.B, -1});
    rondo_var *logits = rondo_linear(tape, flat, p[W], p[B_OUT]);
    rondo_var *loss = rondo_cross_entropy(tape, logits, m->targets,
                                          &(rondo_cross_entropy_options){.label_smoothing = (rondo_real)0.1});
    rondo_var *more = rondo_mul(tape, rondo_softmax(tape, logits), rondo_log_softmax(tape, logits));
    loss = rondo_add(tape, loss, rondo_mean(tape, rondo_clip(tape, more, 1)));
    return rondo_add(tape, loss,
                     rondo_affine(tape, rondo_sum(tape, rondo_slice(tape, h, 0, 0, 1)), (rondo_real)0.01, 0));
}

static inline rondo_status model_step(model *m, rondo_tape *tape, uint64_t number, rondo_real *loss) {
    rondo_tape_begin(tape, &(rondo_step){.training = true, .recording = true, .seed = 1, .step = number});
    rondo_var *y = model_loss(m, tape);
    if (y)
        *loss = *(rondo_real *)y->value.data;
    return rondo_backward(tape, y, 1);
}

#endif
