/* A table of gradient checks, for the double library: each line is a function of a few arrays, whose gradients must
 * equal finite differences to a relative error of 1e-6. Arrays are filled with fixed random numbers in [low, high].
 *
 *   static rondo_var *f(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
 *       return gradients_scalar(tape, rondo_tanh(tape, leaves[0]));
 *   }
 *   static const gradient_case cases[] = {{"tanh", f, .inputs = {GRADIENT_INPUT(3, 5)}}};
 *   gradients_run(cases, sizeof cases / sizeof *cases); */
#ifndef TESTS_AUTOGRAD_GRADIENTS_H
#define TESTS_AUTOGRAD_GRADIENTS_H

#include "support/test.h"

#include "core/core.h"
#include "rondo/op.h"
#include "rondo/ops.h"

#define GRADIENT_INPUTS 16
#define GRADIENT_LIMIT 1e-6

/* One array; rank 0: no more arrays. */
typedef struct gradient_input {
    int rank;
    int64_t dims[RONDO_MAX_RANK];
    double low, high; /* both 0: -1 to 1 */
} gradient_input;
#define GRADIENT_RANK(...) ((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
#define GRADIENT_INPUT(...)                                                                                            \
    {                                                                                                                  \
        .rank = GRADIENT_RANK(__VA_ARGS__), .dims = { __VA_ARGS__ }                                                    \
    }
#define GRADIENT_INPUT_IN(l, h, ...)                                                                                   \
    { .rank = GRADIENT_RANK(__VA_ARGS__), .dims = {__VA_ARGS__}, .low = (l), .high = (h) }

typedef struct gradient_case {
    const char *name;
    rondo_scalar_fn fn;
    void *arg; /* handed to fn */
    bool training;
    gradient_input inputs[GRADIENT_INPUTS];
} gradient_case;

static inline double gradients_random(uint64_t stream, int64_t index) {
    return rondo__random_uniform(7, stream, (uint64_t)index);
}

/* sum of y ∘ w with fixed random w: a scalar whose gradient tells every element of y apart. */
static inline rondo_var *gradients_scalar(rondo_tape *tape, rondo_var *y) {
    if (!y)
        return NULL;
    rondo_var *w = rondo_zeros(tape, y->value.rank, y->value.dims);
    for (int64_t i = 0; w && i < rondo_tensor_count(&w->value); i++)
        ((rondo_real *)w->value.data)[i] = (rondo_real)(2 * gradients_random(99, i) - 1);
    return rondo_sum(tape, rondo_mul(tape, y, w));
}

static inline int gradients_inputs(const gradient_case *c) {
    int count = 0;
    while (count < GRADIENT_INPUTS && c->inputs[count].rank)
        count++;
    return count;
}

/* The largest relative error of one case; the test fails when the check itself does. */
static inline double gradients_worst(rondo_tape *tape, const gradient_case *c) {
    rondo_tensor tensors[GRADIENT_INPUTS] = {{0}};
    int count = gradients_inputs(c);
    for (int i = 0; i < count; i++) {
        const gradient_input *input = &c->inputs[i];
        tensors[i] = rondo_tensor_view(RONDO_REAL, NULL, input->rank, input->dims);
        int64_t n = rondo_tensor_count(&tensors[i]);
        rondo_real *data = rondo__calloc((size_t)n + 1, sizeof *data);
        assert_non_null(data);
        bool given = input->low != 0 || input->high != 0;
        double low = given ? input->low : -1, high = given ? input->high : 1;
        for (int64_t j = 0; j < n; j++)
            data[j] = (rondo_real)(low + (high - low) * gradients_random((uint64_t)i, j));
        tensors[i].data = data;
    }
    rondo_step step = {.training = c->training, .recording = true, .seed = 3, .step = 5};
    double worst = 0;
    rondo_error err = {0};
    rondo_status status = rondo_gradient_check(tape, c->fn, c->arg, count, tensors, &step, 0, &worst, &err);
    if (status)
        fail_msg("%s: %s", c->name, err.message);
    for (int i = 0; i < count; i++)
        rondo__free(tensors[i].data);
    return worst;
}

static inline void gradients_run(const gradient_case *cases, size_t n) {
    rondo_context *context;
    rondo_tape *tape;
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL), RONDO_OK);
    assert_int_equal(rondo_tape_create(&tape, context, NULL), RONDO_OK);
    for (size_t i = 0; i < n; i++) {
        double worst = gradients_worst(tape, &cases[i]);
        if (!(worst <= GRADIENT_LIMIT))
            fail_msg("%s: relative error %g (at most %g)", cases[i].name, worst, GRADIENT_LIMIT);
    }
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

#endif
