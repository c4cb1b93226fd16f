/* One call of the attention operator for the tests: a case says which kind, att_open draws its arrays, att_go runs it
 * forward and backward and keeps outputs and gradients. */
#ifndef TESTS_NN_ATTENTION_RUN_H
#define TESTS_NN_ATTENTION_RUN_H

#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "rondo/attention.h"

typedef struct att_case {
    const char *name;
    int64_t T, B, S, A, W;
    bool ragged, u, coverage;
    double position; /* 0: none; else every position lies in [0, position] */
    rondo_attention_options options;
} att_case;

static const att_case att_cases[] = {
    {"dot", 4, 3, 5, 7, 6, .options = {.score = RONDO_SCORE_DOT}},
    {"dot, ragged", 3, 4, 9, 5, 3, .ragged = true, .options = {.score = RONDO_SCORE_DOT, .scale = (rondo_real)0.7}},
    {"dot, wide", 15, 2, 70, 67, 69, .ragged = true, .options = {.score = RONDO_SCORE_DOT, .scale = (rondo_real)0.2}},
    {"dot, heads", 5, 3, 7, 12, 6, .ragged = true,
     .options = {.score = RONDO_SCORE_DOT, .heads = 3, .scale = (rondo_real)0.5}},
    {"dot, causal", 6, 3, 6, 8, 8, .options = {.score = RONDO_SCORE_DOT, .heads = 2, .causal = true}},
    {"dot, causal later", 3, 4, 9, 5, 3, .ragged = true,
     .options = {.score = RONDO_SCORE_DOT, .causal = true, .causal_offset = 2}},
    {"dot, coverage", 4, 4, 5, 3, 2, .ragged = true, .coverage = true, .options = {.score = RONDO_SCORE_DOT}},
    {"dot, position", 4, 4, 11, 5, 3, .ragged = true, .position = 1,
     .options = {.score = RONDO_SCORE_DOT, .window = 3}},
    {"heads, position", 3, 3, 9, 4, 6, .position = 0.9,
     .options = {.score = RONDO_SCORE_DOT, .heads = 2, .window = 20}},
    {"additive", 4, 4, 5, 7, 6, .ragged = true, .options = {.score = RONDO_SCORE_ADDITIVE}},
    {"additive, causal", 3, 4, 7, 19, 5, .ragged = true, .options = {.score = RONDO_SCORE_ADDITIVE, .causal = true}},
    {"additive, feature", 4, 4, 5, 7, 6, .ragged = true, .u = true, .options = {.score = RONDO_SCORE_ADDITIVE}},
    {"additive, all", 5, 3, 6, 17, 4, .u = true, .coverage = true, .options = {.score = RONDO_SCORE_ADDITIVE}},
    {"additive, position", 4, 4, 9, 7, 6, .ragged = true, .u = true, .coverage = true, .position = 1,
     .options = {.score = RONDO_SCORE_ADDITIVE, .window = 4}},
};
enum { ATT_CASES = sizeof att_cases / sizeof *att_cases, ATT_IN = 7, ATT_OUT = 3, ATT_MOST_B = 8 };

typedef struct att_run {
    att_case about;
    int32_t lengths[ATT_MOST_B];
    rondo_tensor in[ATT_IN]; /* data NULL: absent */
    rondo_real *grad[ATT_IN];
    rondo_real *out[ATT_OUT], *seed[ATT_OUT]; /* seed: gradient that backward starts from */
    int64_t out_count[ATT_OUT];
} att_run;

typedef rondo_attention_result (*att_fn)(rondo_tape *, const rondo_attention_input *, const rondo_attention_options *);

static inline rondo_real *att_numbers(int64_t n, uint64_t stream, double low, double high) {
    rondo_real *x = rondo__calloc((size_t)n + 1, sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n && high > low; i++)
        x[i] = (rondo_real)(low + (high - low) * rondo__random_uniform(11, stream, (uint64_t)i));
    return x;
}

static inline void att_input(att_run *r, int i, bool present, double low, double high, int rank, const int64_t *dims) {
    r->in[i] = rondo_tensor_view(RONDO_REAL, NULL, rank, dims);
    if (!present)
        return;
    int64_t n = rondo_tensor_count(&r->in[i]);
    r->in[i].data = att_numbers(n, (uint64_t)i, low, high);
    r->grad[i] = att_numbers(n, 0, 0, 0);
}

static inline void att_open(att_run *r, const att_case *c) {
    int64_t heads = c->options.heads ? c->options.heads : 1;
    bool additive = c->options.score == RONDO_SCORE_ADDITIVE;
    *r = (att_run){.about = *c};
    for (int64_t b = 0; b < c->B; b++)
        r->lengths[b] = (int32_t)(b == 1 ? 0 : c->S - (b * 5) % (c->S > 1 ? c->S : 1));
    if (c->ragged)
        r->about.options.lengths = r->lengths;
    att_input(r, 0, true, -1.5, 1.5, 3, (int64_t[]){c->T, c->B, c->A});
    att_input(r, 1, true, -1.5, 1.5, 3, (int64_t[]){c->S, c->B, c->A});
    att_input(r, 2, true, -1, 1, 3, (int64_t[]){c->S, c->B, c->W});
    att_input(r, 3, additive, -1, 1, 1, (int64_t[]){c->A});
    att_input(r, 4, c->u, -1, 1, 1, (int64_t[]){c->A});
    att_input(r, 5, c->coverage, 0, 1, 2, (int64_t[]){c->B, c->S});
    att_input(r, 6, c->position > 0, 0, c->position, 2, (int64_t[]){c->T, c->B});
    const int64_t counts[ATT_OUT] = {c->T * c->B * c->W, c->T * c->B * heads * c->S, heads == 1 ? c->B * c->S : 0};
    for (int i = 0; i < ATT_OUT; i++) {
        r->out_count[i] = counts[i];
        r->out[i] = att_numbers(counts[i], 0, 0, 0);
        r->seed[i] = att_numbers(counts[i], (uint64_t)(20 + i), -1, 1);
    }
}

static inline void att_close(att_run *r) {
    for (int i = 0; i < ATT_IN; i++) {
        rondo__free(r->in[i].data);
        rondo__free(r->grad[i]);
    }
    for (int i = 0; i < ATT_OUT; i++) {
        rondo__free(r->out[i]);
        rondo__free(r->seed[i]);
    }
}

static inline rondo_attention_result att_forward(att_run *r, rondo_tape *tape, att_fn fn) {
    rondo_var *in[ATT_IN];
    for (int i = 0; i < ATT_IN; i++)
        in[i] = r->in[i].data ? rondo_leaf(tape, &r->in[i], r->grad[i]) : NULL;
    rondo_attention_input input = {in[0], in[1], in[2], in[3], in[4], in[5], in[6]};
    return fn(tape, &input, &r->about.options);
}

/* Forward, backward from r->seed; outputs and gradients stay in r. */
static inline rondo_status att_go(att_run *r, rondo_tape *tape, bool training, att_fn fn) {
    rondo_tape_begin(tape, &(rondo_step){.recording = true, .training = training, .seed = 3, .step = 1});
    rondo_attention_result got = att_forward(r, tape, fn);
    if (rondo_tape_status(tape, NULL))
        return rondo_tape_status(tape, NULL);
    rondo_var *const vars[ATT_OUT] = {got.context, got.weights, got.coverage};
    int outputs = got.coverage ? 3 : 2;
    for (int i = 0; i < outputs; i++)
        memcpy(r->out[i], vars[i]->value.data, (size_t)r->out_count[i] * sizeof(rondo_real));
    return rondo_backward_from(tape, outputs, vars, (const rondo_real *const *)r->seed);
}

static inline void att_tape(rondo_context **context, rondo_tape **tape, int threads, const char *isa) {
    assert_int_equal(rondo_context_create(context, &(rondo_context_options){.threads = threads, .isa = isa}, NULL),
                     RONDO_OK);
    assert_int_equal(rondo_tape_create(tape, *context, NULL), RONDO_OK);
}

static inline void att_run_on(att_run *r, int threads, const char *isa, bool training, att_fn fn) {
    rondo_context *context;
    rondo_tape *tape;
    rondo_error err = {0};
    att_tape(&context, &tape, threads, isa);
    if (att_go(r, tape, training, fn)) {
        rondo_tape_status(tape, &err);
        fail_msg("%s: %s", r->about.name, err.message);
    }
    rondo_tape_destroy(&tape);
    rondo_context_destroy(&context);
}

/* The largest difference of outputs and gradients, relative to the largest number of each array (at least 0.1). */
static inline double att_distance_of(int64_t n, const rondo_real *a, const rondo_real *b) {
    double largest = 0.1, worst = 0;
    for (int64_t i = 0; i < n; i++) {
        double off = fabs((double)a[i] - (double)b[i]);
        largest = fmax(largest, fabs((double)a[i]));
        worst = off <= worst ? worst : off;
    }
    return worst / largest;
}

static inline void att_near(const att_run *a, const att_run *b, double tolerance, const char *what) {
    for (int i = 0; i < ATT_OUT; i++)
        if (!(att_distance_of(a->out_count[i], a->out[i], b->out[i]) <= tolerance))
            fail_msg("%s: output %d differs from %s", a->about.name, i, what);
    for (int i = 0; i < ATT_IN; i++)
        if (a->in[i].data && !(att_distance_of(rondo_tensor_count(&a->in[i]), a->grad[i], b->grad[i]) <= tolerance))
            fail_msg("%s: gradient %d differs from %s", a->about.name, i, what);
}

static inline void att_same(const att_run *a, const att_run *b, const char *what) {
    for (int i = 0; i < ATT_OUT; i++)
        if (memcmp(a->out[i], b->out[i], (size_t)a->out_count[i] * sizeof(rondo_real)))
            fail_msg("%s: output %d has other bits with %s", a->about.name, i, what);
    for (int i = 0; i < ATT_IN; i++)
        if (a->in[i].data && memcmp(a->grad[i], b->grad[i], (size_t)rondo_tensor_count(&a->in[i]) * sizeof(rondo_real)))
            fail_msg("%s: gradient %d has other bits with %s", a->about.name, i, what);
}

#endif
