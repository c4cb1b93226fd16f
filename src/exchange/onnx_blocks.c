/* The blocks of a network as nodes. */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

#include "nn/adaptive.h"
#include "nn/recurrent.h"

/* What stands for minus infinity: sums of two stay finite. */
#define NEVER (-1e30)

static int op2(const rondo__onnx_net *n, const char *op, int a, int b) { return rondo__onnx_op(n->o, op, a, b, 0); }
static int op3(const rondo__onnx_net *n, const char *op, int a, int b, int c) {
    return rondo__onnx_op(n->o, op, a, b, c);
}
static int number(const rondo__onnx_net *n, double x) { return rondo__onnx_number(n->o, x); }
static int zeros_where_not(const rondo__onnx_net *n, int live, int x) { return op3(n, "Where", live, x, number(n, 0)); }

static int live_of(rondo__onnx_net *n, int x) {
    if (!n->live)
        n->live = rondo__onnx_live(n->o, x, n->lengths);
    return n->live;
}

/* ---- symbols ---- */

static int embedding(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    const int64_t dims[2] = {b->in, b->out};
    const int table = rondo__onnx_floats(n->o, n->table_name ? n->table_name : "embedding.weight", 2, dims, b->weight);
    rondo__onnx_remember(n->o, b->weight, table);
    n->symbols = x;
    return op2(n, "Gather", table, x);
}

/* characters (T, B, C), negative behind each end -> (T, B, 2H) beside x */
static int spell(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    rondo__onnx_out *o = n->o;
    const int64_t dims[2] = {b->symbols, b->width}, flat[2] = {-1, 0}, H = b->net->layer[0].H;
    const int columns = rondo__onnx_dim(o, n->characters, 2);
    const int forms_by_letter[2] = {rondo__onnx_list(o, 1, flat), columns};
    const int forms = op2(n, "Reshape", n->characters, rondo__onnx_joined(o, 0, 2, forms_by_letter)); /* (TB, C) */
    const int there = op2(n, "GreaterOrEqual", forms, rondo__onnx_whole(o, 0));
    const int lengths = rondo__onnx_reduce(o, "ReduceSum", rondo__onnx_cast(o, there, RONDO_I32), 1, false);
    const int letters = rondo__onnx_turn(o, op2(n, "Max", forms, rondo__onnx_whole(o, 0)), 2, (const int64_t[]){1, 0});
    const int table = rondo__onnx_floats(o, "characters.embedding.weight", 2, dims, b->weight);
    rondo__onnx_stack s = {.net = b->net,
                           .name = "characters.rnn.",
                           .x = op2(n, "Gather", table, letters),
                           .batch = rondo__onnx_dim(o, letters, 1),
                           .lengths = lengths,
                           .ends = true};
    rondo__onnx_stack_put(o, &s);
    const int last = rondo__onnx_joined(o, 1, 2, s.h); /* (TB, 2H) */
    const int shape[3] = {rondo__onnx_dim(o, x, 0), n->batch, rondo__onnx_list(o, 1, (const int64_t[]){2 * H})};
    const int beside[2] = {x, op2(n, "Reshape", last, rondo__onnx_joined(o, 0, 3, shape))};
    return rondo__onnx_joined(o, 2, 2, beside);
}

/* ---- the stack ---- */

/* bool (T, 1): the first step. */
static int first_step(const rondo__onnx_net *n, int x) {
    rondo__onnx_out *o = n->o;
    const int steps = rondo__onnx_squeeze(o, rondo__onnx_dim(o, x, 0), 0);
    const int range = op3(n, "Range", rondo__onnx_whole(o, 0), steps, rondo__onnx_whole(o, 1));
    return rondo__onnx_unsqueeze(o, op2(n, "Equal", range, rondo__onnx_whole(o, 0)), 1);
}

/* Each symbol that has one before it stands for what was said there. */
static void teach(const rondo__onnx_net *n, const rondo__network_block *b, rondo__onnx_stack *s) {
    rondo__onnx_out *o = n->o;
    const int first = rondo__onnx_unsqueeze(o, first_step(n, n->symbols), 2); /* (T, 1, 1) */
    const int heard = op3(n, "Where", first, rondo__onnx_unsqueeze(o, n->heard, 0), number(n, 1));
    const int range = op3(n, "Range", rondo__onnx_whole(o, 0), rondo__onnx_whole(o, b->out), rondo__onnx_whole(o, 1));
    const int known =
        b->feedback ? op2(n, "Gather", rondo__onnx_find(o, b->feedback), n->symbols)
                    : rondo__onnx_cast(o, op2(n, "Equal", rondo__onnx_unsqueeze(o, n->symbols, 2), range), RONDO_F32);
    s->told = op2(n, "Mul", heard, known);
    s->left = op2(n, "Sub", number(n, 1), op2(n, "Mul", heard, number(n, 1 - (double)b->net->config.decay)));
}

static int recur(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    rondo__onnx_stack s = {.net = b->net,
                           .feedback = rondo__network_feedback(b),
                           .name = n->stack_name ? n->stack_name : "rnn.",
                           .x = x,
                           .batch = n->batch,
                           .lengths = n->lengths,
                           .live = n->live,
                           .ends = n->ends};
    if (n->carries) {
        memcpy(s.h, n->h, sizeof s.h);
        memcpy(s.c, n->c, sizeof s.c);
    }
    if (b->taught)
        teach(n, b, &s);
    const int y = rondo__onnx_stack_put(n->o, &s);
    n->live = s.live;
    n->last = s;
    return y;
}

/* ---- pooling ---- */

static int lengths_column(const rondo__onnx_net *n) { return rondo__onnx_unsqueeze(n->o, n->lengths, 1); } /* (B, 1) */

/* Rows without a step give zeros. */
static int if_any(const rondo__onnx_net *n, int y) {
    return zeros_where_not(n, op2(n, "Greater", lengths_column(n), rondo__onnx_whole32(n->o, 0)), y);
}

/* The last live step: live here, and not at the next. */
static int last_of(rondo__onnx_net *n, int x) {
    const int live = live_of(n, x);
    const int shorter = rondo__onnx_live(n->o, x, op2(n, "Sub", n->lengths, rondo__onnx_whole32(n->o, 1)));
    const int is_last = op2(n, "And", live, rondo__onnx_op(n->o, "Not", shorter, 0, 0));
    return rondo__onnx_reduce(n->o, "ReduceSum", zeros_where_not(n, is_last, x), 0, false);
}

static int last_of_both(rondo__onnx_net *n, int x, int64_t width) {
    const int first = rondo__onnx_op_with(n->o, "Gather", x, rondo__onnx_whole(n->o, 0), 0,
                                          (rondo__onnx_give)RONDO__GIVE_INT("axis", 0));
    const int part[2] = {rondo__onnx_cut(n->o, last_of(n, x), 1, 0, width / 2),
                         if_any(n, rondo__onnx_cut(n->o, first, 1, width / 2, width))};
    return rondo__onnx_joined(n->o, 1, 2, part);
}

static int mean_of(rondo__onnx_net *n, int x) {
    const int sum = rondo__onnx_reduce(n->o, "ReduceSum", zeros_where_not(n, live_of(n, x), x), 0, false);
    const int count = op2(n, "Max", lengths_column(n), rondo__onnx_whole32(n->o, 1));
    return op2(n, "Div", sum, rondo__onnx_cast(n->o, count, RONDO_F32));
}

static int max_of(rondo__onnx_net *n, int x) {
    const int low = op3(n, "Where", live_of(n, x), x, number(n, NEVER));
    return if_any(n, rondo__onnx_reduce(n->o, "ReduceMax", low, 0, false));
}

static int attended(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    const int score = rondo__onnx_linear(n->o, "attention.", x, 1, b->in, b->weight, NULL);
    const int low = op3(n, "Where", live_of(n, x), score, number(n, NEVER));
    const int share = rondo__onnx_op_with(n->o, "Softmax", low, 0, 0, (rondo__onnx_give)RONDO__GIVE_INT("axis", 0));
    const int parts = op2(n, "Mul", share, zeros_where_not(n, live_of(n, x), x));
    return rondo__onnx_reduce(n->o, "ReduceSum", parts, 0, false);
}

static int pool(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    n->rank = 2;
    switch (b->pooling) {
    case RONDO_POOL_MEAN:
        return mean_of(n, x);
    case RONDO_POOL_MAX:
        return max_of(n, x);
    case RONDO_POOL_ATTENTION:
        return attended(n, b, x);
    default:
        return n->last.net && n->last.net->directions == 2 ? last_of_both(n, x, b->in) : last_of(n, x);
    }
}

/* ---- outputs ---- */

static int scale(const rondo__onnx_net *n, const rondo__network_block *b, int x) {
    if (b->weight)
        x = op2(n, "Mul", x, rondo__onnx_vector(n->o, "scale", b->in, b->weight));
    return b->bias ? op2(n, "Add", x, rondo__onnx_vector(n->o, "shift", b->in, b->bias)) : x;
}

static int log_softmax(const rondo__onnx_net *n, int x) {
    return rondo__onnx_op_with(n->o, "LogSoftmax", x, 0, 0, (rondo__onnx_give)RONDO__GIVE_INT("axis", -1));
}

static int product_of(const rondo__onnx_net *n, const char *name, int x, const rondo_param *w) {
    return op2(n, "MatMul", x, rondo__onnx_turned(n->o, name, w->value.dims[0], w->value.dims[1], w->value.data));
}

/* Head first; each cluster's symbols by what the head says of it. */
static int adaptive(const rondo__onnx_net *n, const rondo__network_block *b, int x) {
    const rondo_adaptive *a = b->adaptive;
    int part[RONDO__CLUSTERS + 1];
    char name[64];
    const int head = log_softmax(n, product_of(n, "output.head.weight", x, rondo_params_at(a->params, a->head)));
    part[0] = rondo__onnx_cut(n->o, head, -1, 0, a->cutoff[0]);
    for (int i = 0; i < a->clusters; i++) {
        snprintf(name, sizeof name, "output.tail.%d.0.weight", i);
        const int narrow = product_of(n, name, x, rondo_params_at(a->params, a->project[i]));
        snprintf(name, sizeof name, "output.tail.%d.1.weight", i);
        const int tail = log_softmax(n, product_of(n, name, narrow, rondo_params_at(a->params, a->score[i])));
        part[i + 1] = op2(n, "Add", tail, rondo__onnx_cut(n->o, head, -1, a->cutoff[0] + i, a->cutoff[0] + i + 1));
    }
    return rondo__onnx_joined(n->o, -1, a->clusters + 1, part);
}

/* ---- the best path ---- */

/* Scores (rows, K) with what is not allowed far down. */
static int scores(const rondo__onnx_net *n, const char *name, int64_t rows, int64_t K, const real *a, const real *b,
                  const uint8_t *allowed) {
    real *all = rondo__calloc((size_t)(rows * K), sizeof *all);
    if (!all)
        rondo__onnx_out_fail(n->o, RONDO_MEMORY, "onnx: no memory for transitions");
    for (int64_t i = 0; all && i < rows * K; i++) {
        const double sum = (a ? (double)a[i] : 0) + (b ? (double)b[i] : 0);
        all[i] = (real)(sum < NEVER || (allowed && !allowed[i]) ? NEVER : sum);
    }
    const int64_t dims[2] = {rows, K};
    const int value = all ? rondo__onnx_floats(n->o, name, 2, dims, all) : 0;
    rondo__free(all);
    return value;
}

/* d (B, K), e (B, K), live (B, 1) -> d, from (B, K): Viterbi's recursion; rows that have ended keep d, each label
 * coming from itself. */
static void put_forward(const rondo__onnx_net *n, int64_t K, int transition, int first, rondo__text *body) {
    rondo__onnx_out *o = n->o;
    const rondo__onnx_shape row = {2, {-1, K}, {"B"}}, mark = {2, {-1, 1}, {"B"}}, one = {1, {1}, {NULL}};
    const int itself = rondo__onnx_unsqueeze(
        o, op3(n, "Range", rondo__onnx_whole(o, 0), rondo__onnx_whole(o, K), rondo__onnx_whole(o, 1)), 0);
    rondo__onnx_body_begin(o);
    const int d = rondo__onnx_input(o, "d", RONDO_F32, &row), e = rondo__onnx_input(o, "e", RONDO_F32, &row);
    const int live = rondo__onnx_input(o, "live", RONDO_BOOL, &mark),
              begins = rondo__onnx_input(o, "begins", RONDO_BOOL, &one);
    const int all = op2(n, "Add", rondo__onnx_unsqueeze(o, d, 2), transition); /* (B, from, to) */
    const int best = rondo__onnx_reduce(o, "ReduceMax", all, 1, false);
    const rondo__onnx_give axis[3] = {RONDO__GIVE_INT("axis", 1), RONDO__GIVE_INT("keepdims", 0), {.name = NULL}};
    int from;
    rondo__onnx_node_put(o, "ArgMax", 1, &all, 1, &from, axis);
    const int before = op3(n, "Where", begins, first, best);
    rondo__onnx_output(o, op3(n, "Where", live, op2(n, "Add", before, e), d), "d", RONDO_F32, &row);
    rondo__onnx_output(o, op3(n, "Where", live, from, itself), "from", RONDO_I64, &row);
    rondo__onnx_body_end(o, body);
}

/* Backwards: label (B, 1), from (B, K), live (B, 1) -> the label before, the label. */
static void put_backward(const rondo__onnx_net *n, int64_t K, rondo__text *body) {
    rondo__onnx_out *o = n->o;
    const rondo__onnx_shape row = {2, {-1, K}, {"B"}}, mark = {2, {-1, 1}, {"B"}};
    rondo__onnx_body_begin(o);
    const int label = rondo__onnx_input(o, "label", RONDO_I64, &mark),
              from = rondo__onnx_input(o, "from", RONDO_I64, &row);
    const int live = rondo__onnx_input(o, "live", RONDO_BOOL, &mark);
    const int before =
        rondo__onnx_op_with(o, "GatherElements", from, label, 0, (rondo__onnx_give)RONDO__GIVE_INT("axis", 1));
    rondo__onnx_output(o, before, "label", RONDO_I64, &mark);
    rondo__onnx_output(o, op3(n, "Where", live, label, rondo__onnx_whole(o, -1)), "said", RONDO_I64, &mark);
    rondo__onnx_body_end(o, body);
}

static void best_path(rondo__onnx_net *n, const rondo__network_block *b, int x) {
    rondo__onnx_out *o = n->o;
    const int64_t K = b->in, ways[2] = {1, 1};
    const int transition = scores(n, "transitions", K, K, b->transition, NULL, b->allowed);
    const int start = scores(n, "start_transitions", 1, K, b->start, NULL, b->allowed_start);
    const int end = scores(n, "end_transitions", 1, K, b->end, b->forbidden_end, NULL);
    const int shape[2] = {n->batch, rondo__onnx_list(o, 1, &K)};
    rondo__text body;
    const int in[4] = {op2(n, "Expand", start, rondo__onnx_joined(o, 0, 2, shape)), x, live_of(n, x), first_step(n, x)};
    put_forward(n, K, transition, start, &body);
    const rondo__onnx_give forward[3] = {{.name = "body", .kind = RONDO__ATTR_GRAPH, .graph = &body},
                                         RONDO__GIVE_INT("num_scan_inputs", 3),
                                         {.name = NULL}};
    int out[2], back[2];
    rondo__onnx_node_put(o, "Scan", 4, in, 2, out, forward);
    const int last = rondo__onnx_op_with(o, "ArgMax", op2(n, "Add", out[0], end), 0, 0,
                                         (rondo__onnx_give)RONDO__GIVE_INT("axis", 1)); /* (B, 1) */
    put_backward(n, K, &body);
    const rondo__onnx_give backward[5] = {{.name = "body", .kind = RONDO__ATTR_GRAPH, .graph = &body},
                                          RONDO__GIVE_INT("num_scan_inputs", 2),
                                          RONDO__GIVE_INTS("scan_input_directions", 2, ways),
                                          RONDO__GIVE_INTS("scan_output_directions", 1, ways),
                                          {.name = NULL}};
    rondo__onnx_node_put(o, "Scan", 3, (const int[]){last, out[1], live_of(n, x)}, 2, back, backward);
    n->labels = rondo__onnx_squeeze(o, back[1], 2);
}

/* ---- all of them ---- */

int rondo__onnx_block(rondo__onnx_net *n, int i, int x) {
    const rondo__network_block *b = &n->network->block[i];
    switch (b->kind) {
    case RONDO__EMBEDDING:
        return embedding(n, b, x);
    case RONDO__SCALE:
        return scale(n, b, x);
    case RONDO__RECURRENT:
        return recur(n, b, x);
    case RONDO__POOL:
        return pool(n, b, x);
    case RONDO__LINEAR:
        return rondo__onnx_linear(n->o, "output.", x, b->out, b->in, b->weight, b->bias);
    case RONDO__ACTIVATION:
        return rondo__onnx_activation(n->o, x, b->activation);
    case RONDO__ADAPTIVE:
        return adaptive(n, b, x);
    case RONDO__SPELLING:
        return spell(n, b, x);
    case RONDO__BEST_PATH:
        best_path(n, b, x);
        return x;
    default:
        return rondo__onnx_forecast_block(n, b, x);
    }
}
