/* Reading a recurrent node: attributes, activations, shapes. Everything that does not fit is told by name. */
#include <string.h>
#include <strings.h>

#include "exchange/recurrent.h"

static rondo_status read_direction(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err) {
    const char *name = rondo__attribute_text(call->node, "direction", "forward");
    n->D = 1;
    if (strcasecmp(name, "bidirectional") == 0) {
        n->D = 2;
        n->reverse[1] = true;
    } else if (strcasecmp(name, "reverse") == 0) {
        n->reverse[0] = true;
    } else if (strcasecmp(name, "forward") != 0) {
        return rondo__bad(call, err, RONDO_FORMAT, "its direction is '%s' (forward, reverse or bidirectional)",
                          rondo__show(name).text);
    }
    return RONDO_OK;
}

/* alpha and beta are two lists, each of which only those functions draw from that have such a number, in their order;
 * where a list ends the function's own value stands. */
static rondo_status read_functions(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err) {
    static const rondo__function usual[3][3] = {
        {RONDO__TANH}, {RONDO__SIGMOID, RONDO__TANH}, {RONDO__SIGMOID, RONDO__TANH, RONDO__TANH}};
    const rondo__onnx_attribute *names = rondo__attribute(call->node, "activations"),
                                *alpha = rondo__attribute(call->node, "activation_alpha"),
                                *beta = rondo__attribute(call->node, "activation_beta");
    int64_t alphas = 0, betas = 0;
    n->functions = n->kind == RONDO__NODE_RNN ? 1 : n->kind == RONDO__NODE_GRU ? 2 : 3;
    if (names && names->count != n->functions * n->D)
        return rondo__bad(call, err, RONDO_FORMAT, "names %lld activations, it needs %lld", (long long)names->count,
                          (long long)(n->functions * n->D));
    for (int i = 0; i < n->functions * (int)n->D; i++) {
        int function = (int)usual[n->kind][i % n->functions];
        if (names)
            function = rondo__find_function(names->strings[i]);
        if (function < 0)
            return rondo__bad(call, err, RONDO_UNSUPPORTED, "the activation '%s' is not one of ONNX's",
                              rondo__show(names->strings[i]).text);
        const rondo__function_facts *facts = &rondo__function_table[function];
        rondo__activation *out = &n->function[i / n->functions][i % n->functions];
        *out = (rondo__activation){(rondo__function)function, facts->alpha, facts->beta};
        if (facts->has_alpha && alpha && alphas < alpha->count)
            out->alpha = (double)alpha->floats[alphas++];
        if (facts->has_beta && beta && betas < beta->count)
            out->beta = (double)beta->floats[betas++];
    }
    return RONDO_OK;
}

static rondo_status read_attributes(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err) {
    const rondo__onnx_attribute *clip = rondo__attribute(call->node, "clip");
    const int64_t layout = rondo__attribute_int(call->node, "layout", 0);
    n->kind = (rondo__recurrent_kind)call->kind;
    n->G = n->kind == RONDO__NODE_RNN ? 1 : n->kind == RONDO__NODE_GRU ? 3 : 4;
    n->batch_first = layout == 1;
    n->clipped = clip != NULL;
    n->clip = clip ? (double)clip->f : 0;
    n->input_forget = rondo__attribute_int(call->node, "input_forget", 0) != 0;
    n->linear_before_reset = rondo__attribute_int(call->node, "linear_before_reset", 0) != 0;
    if (layout != 0 && layout != 1)
        return rondo__bad(call, err, RONDO_FORMAT, "its layout is %lld (0 or 1)", (long long)layout);
    if (n->clipped && !(n->clip >= 0))
        return rondo__bad(call, err, RONDO_FORMAT, "its clip is %g (0 or more)", n->clip);
    rondo_status status = read_direction(call, n, err);
    return status ? status : read_functions(call, n, err);
}

/* a NULL: absent, which is fine. */
static rondo_status check(const rondo__graph_call *call, const rondo__array *a, rondo_dtype dtype, const char *name,
                          int rank, const int64_t *dims, rondo_error *err) {
    bool fits = !a || a->rank == rank;
    for (int d = 0; a && fits && d < rank; d++)
        fits = a->dims[d] == dims[d];
    if (!fits)
        return rondo__bad(call, err, RONDO_SHAPE, "%s has shape %s, it must be %s", name,
                          rondo__dims_show(a->rank, a->dims).text, rondo__dims_show(rank, dims).text);
    if (a && a->dtype != dtype)
        return rondo__bad(call, err, RONDO_ARGUMENT, "%s holds %s, X holds %s", name, rondo_dtype_name(a->dtype),
                          rondo_dtype_name(dtype));
    return RONDO_OK;
}

static rondo_status check_lengths(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err) {
    if (!n->lengths)
        return RONDO_OK;
    if (rondo__is_float(n->lengths->dtype) || n->lengths->rank != 1 || n->lengths->dims[0] != n->B)
        return rondo__bad(call, err, RONDO_SHAPE, "sequence_lens must be %lld whole numbers", (long long)n->B);
    for (int64_t b = 0; b < n->B; b++) {
        const int64_t length = rondo__length_of(n, b);
        if (length < 0 || length > n->T)
            return rondo__bad(call, err, RONDO_ARGUMENT, "sequence_lens[%lld] is %lld of %lld steps", (long long)b,
                              (long long)length, (long long)n->T);
    }
    return RONDO_OK;
}

static rondo_status check_shapes(const rondo__graph_call *call, const rondo__recurrent_node *n, rondo_error *err) {
    const rondo_dtype type = n->x->dtype;
    const int64_t w[] = {n->D, n->G * n->H, n->I}, r[] = {n->D, n->G * n->H, n->H}, b[] = {n->D, 2 * n->G * n->H},
                  p[] = {n->D, 3 * n->H}, state[] = {n->batch_first ? n->B : n->D, n->batch_first ? n->D : n->B, n->H};
    rondo_status status = check(call, n->w, type, "W", 3, w, err);
    if (!status)
        status = check(call, n->r, type, "R", 3, r, err);
    if (!status)
        status = check(call, n->b, type, "B", 2, b, err);
    if (!status)
        status = check(call, n->p, type, "P", 2, p, err);
    if (!status)
        status = check(call, n->h0, type, "initial_h", 3, state, err);
    if (!status)
        status = check(call, n->c0, type, "initial_c", 3, state, err);
    return status ? status : check_lengths(call, n, err);
}

rondo_status rondo__recurrent_read(const rondo__graph_call *call, rondo__recurrent_node *n, rondo_error *err) {
    memset(n, 0, sizeof *n);
    rondo_status status = read_attributes(call, n, err);
    if (status)
        return status;
    n->x = rondo__in(call, 0);
    n->w = rondo__in(call, 1);
    n->r = rondo__in(call, 2);
    n->b = rondo__in(call, 3);
    n->lengths = rondo__in(call, 4);
    n->h0 = rondo__in(call, 5);
    n->c0 = rondo__in(call, 6);
    n->p = rondo__in(call, 7);
    if (n->x->rank != 3 || n->r->rank != 3 || !rondo__is_float(n->x->dtype))
        return rondo__bad(call, err, RONDO_SHAPE, "X and R must be floats of three dimensions");
    n->T = n->x->dims[n->batch_first];
    n->B = n->x->dims[!n->batch_first];
    n->I = n->x->dims[2];
    n->H = n->r->dims[2];
    const int64_t said = rondo__attribute_int(call->node, "hidden_size", n->H);
    if (said != n->H || n->H < 1 || n->H > INT32_MAX)
        return rondo__bad(call, err, RONDO_SHAPE, "its hidden_size is %lld, R says %lld", (long long)said,
                          (long long)n->H);
    return check_shapes(call, n, err);
}
