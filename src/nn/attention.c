/* attention: scores, masked softmax and weighted sum as one operator. Dot: Luong 2015, Vaswani 2017; additive: Bahdanau
 * 2015; coverage: See 2017. The equations stand in rondo/attention.h.
 *
 *   query (T, B, A), keys (S, M, A), values (S, M, W); M = B unless memory_of sends many queries to one memory row
 *   weights (T, B, heads, S), context (T, B, W), coverage (B, S)
 *
 * A padded batch of short sequences is B * heads small problems, each of a size that one thread's cache holds. So the
 * work is cut by (batch row, head), each of which runs its products over all T steps at once and reads only its valid
 * keys; what is padding is never looked at. A single step goes the same way.
 *
 *   attention.c           this file: checks at the door, the descriptor
 *   attention_forward.c   attention_backward.c   the two passes over (b, h)
 *   attention_weights.c   one row: softmax, causal mask, window, dropout
 *   attention_products.c  the products
 *   attention_layer.c     the types of attention with their parameters
 *
 * Saved: with a position the softmax before the window (T, B, heads, S). Everything else of backward is made again of
 * inputs and outputs: for additive scores that is a tanh for each number of (T, B, S, A), which takes less time than
 * writing and reading it would. */
#include "nn/attention.h"

#include <math.h>

#include "nn/expect.h"

enum { TASK_WORK = 1 << 16, TANH_WORK = 16 }; /* multiply-adds of a task; of one tanh */

rondo__attention rondo__attention_of(const rondo_call *call) {
    const rondo_attention_options *options = call->options;
    const int64_t *query = call->in[QUERY]->value.dims, *values = call->in[VALUES]->value.dims;
    return (rondo__attention){.call = call,
                              .options = options,
                              .kernels = call->context->exact,
                              .T = query[0],
                              .B = query[1],
                              .M = values[1],
                              .S = values[0],
                              .A = query[2],
                              .W = values[2],
                              .heads = options->heads,
                              .d = query[2] / options->heads,
                              .w = values[2] / options->heads,
                              .dropping = call->training && options->dropout > 0};
}

/* With a position all heads of a row are in one task: they add to one gradient. */
int64_t rondo__attention_grain(const rondo__attention *a) {
    int64_t score = a->options->score == RONDO_SCORE_ADDITIVE ? TANH_WORK * a->d : a->d;
    int64_t work = a->T * a->S * (score + a->w) + 1, grain = work < TASK_WORK ? TASK_WORK / work : 1;
    return a->call->in[POSITION] ? (grain + a->heads - 1) / a->heads * a->heads : grain;
}

/* ---- checks ---- */

static rondo_status check_numbers(const rondo_attention_options *options, rondo_error *err) {
    if (options->score != RONDO_SCORE_DOT && options->score != RONDO_SCORE_ADDITIVE)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: score %d is not known", (int)options->score);
    if (options->heads < 1 || (options->heads > 1 && options->score == RONDO_SCORE_ADDITIVE))
        return rondo__fail(err, RONDO_ARGUMENT, "attention: %lld heads (%s)", (long long)options->heads,
                           options->heads < 1 ? "1 or more" : "additive scores have one");
    if (!isfinite((double)options->scale))
        return rondo__fail(err, RONDO_ARGUMENT, "attention: scale is %g (it must be finite)", (double)options->scale);
    if (!(options->dropout >= 0 && options->dropout < 1))
        return rondo__fail(err, RONDO_ARGUMENT, "attention: dropout is %g (it must be in [0, 1))",
                           (double)options->dropout);
    if (options->causal && options->causal_offset < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: causal_offset is %lld (it must not be negative)",
                           (long long)options->causal_offset);
    return RONDO_OK;
}

static rondo_status check_main(const rondo_call *call, rondo_error *err) {
    static const char *const names[] = {[QUERY] = "query", [KEYS] = "keys", [VALUES] = "values"};
    const rondo_attention_options *options = call->options;
    for (int i = QUERY; i <= VALUES; i++) {
        rondo_status status = rondo__expect_rank("attention", names[i], call->in[i], 3, err);
        if (status)
            return status;
    }
    const int64_t *q = call->in[QUERY]->value.dims, *v = call->in[VALUES]->value.dims;
    rondo_status status =
        rondo__expect_dims("attention", "keys", call->in[KEYS], 3, (int64_t[]){v[0], v[1], q[2]}, err);
    if (!status)
        status = rondo__expect_room("attention", q[0] + v[0], q[2] + v[2], q[0] + v[0] + q[1] + v[1], err);
    if (status)
        return status;
    if (!options->memory_of && q[1] != v[1])
        return rondo__fail(err, RONDO_SHAPE, "attention: %lld rows of queries but %lld of memory (or give memory_of)",
                           (long long)q[1], (long long)v[1]);
    if (q[2] % options->heads || v[2] % options->heads)
        return rondo__fail(err, RONDO_SHAPE, "attention: %lld heads do not divide keys of %lld and values of %lld",
                           (long long)options->heads, (long long)q[2], (long long)v[2]);
    return RONDO_OK;
}

static rondo_status check_rows(const rondo_call *call, rondo_error *err) {
    const rondo_attention_options *options = call->options;
    const int64_t *q = call->in[QUERY]->value.dims, *v = call->in[VALUES]->value.dims;
    for (int64_t b = 0; options->lengths && b < v[1]; b++)
        if (options->lengths[b] < 0 || options->lengths[b] > v[0])
            return rondo__fail(err, RONDO_ARGUMENT, "attention: length %lld is %d (it must be in [0, %lld])",
                               (long long)b, (int)options->lengths[b], (long long)v[0]);
    if (options->memory_of && call->recording)
        return rondo__fail(err, RONDO_UNSUPPORTED, "attention: memory_of has no backward (do not record)");
    for (int64_t b = 0; options->memory_of && b < q[1]; b++)
        if (options->memory_of[b] < 0 || options->memory_of[b] >= v[1])
            return rondo__fail(err, RONDO_ARGUMENT, "attention: memory_of %lld is %d (it must be in [0, %lld))",
                               (long long)b, (int)options->memory_of[b], (long long)v[1]);
    return RONDO_OK;
}

static rondo_status check_additive(const rondo_call *call, rondo_error *err) {
    const rondo_attention_options *options = call->options;
    int64_t A = call->in[QUERY]->value.dims[2];
    if (options->score == RONDO_SCORE_DOT) {
        if (call->in[V_ROW] || call->in[U_ROW])
            return rondo__fail(err, RONDO_ARGUMENT, "attention: v and u belong to additive scores (leave them NULL)");
        return RONDO_OK;
    }
    rondo_status status = rondo__need(call, V_ROW, "v", err);
    if (!status)
        status = rondo__need_vector(call, V_ROW, "v", A, err);
    return status ? status : rondo__need_vector(call, U_ROW, "u", A, err);
}

static rondo_status check_extras(const rondo_call *call, rondo_error *err) {
    const rondo_attention_options *options = call->options;
    const int64_t *q = call->in[QUERY]->value.dims, S = call->in[VALUES]->value.dims[0];
    const rondo_var *coverage = call->in[COVERAGE], *position = call->in[POSITION];
    if (coverage && options->heads > 1)
        return rondo__fail(err, RONDO_ARGUMENT, "attention: coverage is of one head (there are %lld)",
                           (long long)options->heads);
    if (position ? options->window < 1 || options->causal : options->window != 0)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "attention: window is %lld (with a position it must be 1 or more and not causal, else 0)",
                           (long long)options->window);
    rondo_status status = RONDO_OK;
    if (coverage)
        status = rondo__expect_dims("attention", "coverage", coverage, 2, (int64_t[]){q[1], S}, err);
    if (!status && position)
        status = rondo__expect_dims("attention", "position", position, 2, q, err);
    return status;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    static rondo_status (*const checks[])(const rondo_call *, rondo_error *) = {check_main, check_rows, check_additive,
                                                                                check_extras};
    const rondo_attention_options *options = call->options;
    rondo_status status = check_numbers(options, err);
    for (size_t i = 0; !status && i < sizeof checks / sizeof *checks; i++)
        status = checks[i](call, err);
    if (status)
        return status;
    const int64_t *q = call->in[QUERY]->value.dims, *v = call->in[VALUES]->value.dims;
    call->out[CONTEXT]->value = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){q[0], q[1], v[2]});
    if (options->heads > 1) {
        call->out[WEIGHTS]->value =
            rondo_tensor_view(RONDO_REAL, NULL, 4, (int64_t[]){q[0], q[1], options->heads, v[0]});
        return RONDO_OK;
    }
    call->out[WEIGHTS]->value = rondo_tensor_view(RONDO_REAL, NULL, 3, (int64_t[]){q[0], q[1], v[0]});
    call->out[NEW_COVERAGE]->value = rondo_tensor_view(RONDO_REAL, NULL, 2, (int64_t[]){q[1], v[0]});
    return RONDO_OK;
}

/* ---- descriptor ---- */

static size_t saved_bytes(const rondo_call *call) {
    return call->in[POSITION] ? (size_t)rondo__count(call->out[WEIGHTS]) * sizeof(real) : 0;
}

static size_t scratch_bytes(const rondo_call *call, bool backward) {
    rondo__attention a = rondo__attention_of(call);
    return backward ? rondo__attention_backward_scratch(&a) : rondo__attention_forward_scratch(&a);
}

static const rondo_op attention = {.name = "attention",
                                   .options_size = sizeof(rondo_attention_options),
                                   .shape = shape,
                                   .saved_bytes = saved_bytes,
                                   .scratch_bytes = scratch_bytes,
                                   .device[RONDO_CPU] = {rondo__attention_forward, rondo__attention_backward}};

rondo_attention_result rondo_attention(rondo_tape *tape, const rondo_attention_input *input,
                                       const rondo_attention_options *options) {
    rondo_attention_options own = {0};
    rondo_var *out[ATTENTION_OUTPUTS] = {NULL};
    if (!input) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "attention: input is NULL");
        return (rondo_attention_result){0};
    }
    if (options)
        own = *options;
    own.heads = own.heads ? own.heads : 1;
    own.scale = own.scale != 0 ? own.scale : 1;
    rondo_var *in[ATTENTION_INPUTS] = {
        [QUERY] = input->query, [KEYS] = input->keys,         [VALUES] = input->values,    [V_ROW] = input->v,
        [U_ROW] = input->u,     [COVERAGE] = input->coverage, [POSITION] = input->position};
    rondo_apply(tape, &attention, &own, ATTENTION_INPUTS, in, own.heads == 1 ? 3 : 2, out);
    return (rondo_attention_result){.context = out[CONTEXT], .weights = out[WEIGHTS], .coverage = out[NEW_COVERAGE]};
}
