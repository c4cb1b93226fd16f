/* One RNN, GRU or LSTM node becomes the next layer, where Rondo's cells compute what it asks for.
 *
 *   RNN   gate i;        W (D, H, I)    R (D, H, H)    B (D, 2H)
 *   GRU   gates z r h;   W (D, 3H, I)   R (D, 3H, H)   B (D, 6H)   linear_before_reset 1: reset after the product
 *   LSTM  gates i o f c; W (D, 4H, I)   R (D, 4H, H)   B (D, 8H)   P (D, 3H): i o f
 *
 * The first half of B is bias_ih, the second bias_hh.
 *
 * input_forget is f = 1 - i, our coupled gates are i = 1 - f: with -a_i in the place of a_f, f = σ(-a_i) = 1 - i, and
 * the other of the two stands idle on either side. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exchange/import_onnx.h"

typedef struct cell {
    int kind; /* 0 RNN, 1 GRU, 2 LSTM */
    int64_t D, G, I, H;
    bool batch_first, coupled;
    double clip;    /* of what goes into functions; infinite: none */
    int w, r, b, p; /* places in theirs; -1: absent */
} cell;

/* From here on both functions are as good as 0, 1 or -1 (they are off by 1e-14): clipping changes no float. */
#define SATURATED 32

static const char *const kinds[] = {"RNN", "GRU", "LSTM"};
static const char *const orders[] = {"", "zrn", "iofg", "foig"}; /* the last one coupled, f turned */

static int kind_of(const rondo__onnx_node *node) {
    for (int k = 0; k < 3; k++)
        if (strcmp(node->op, kinds[k]) == 0)
            return k;
    return -1;
}

bool rondo__chain_is_cell(const rondo__onnx_node *node) { return kind_of(node) >= 0; }

/* ---- attributes ---- */

/* The names of all functions, in both directions the same. */
static rondo_status read_functions(rondo__chain *c, const cell *n, rondo_activation *activation) {
    static const char *const usual[3][3] = {{"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}};
    static const char *const plain[] = {"Tanh", "Relu", "Sigmoid"};
    const rondo__onnx_attribute *names = rondo__attribute(c->node, "activations");
    const int each = n->kind + 1;
    *activation = RONDO_TANH;
    if (!names)
        return RONDO_OK;
    if (names->kind != RONDO__ONNX_STRINGS || names->count != each * n->D)
        return rondo__chain_bad(c, "has activations that do not fit it");
    for (int i = 0; i < each * n->D; i++) {
        int k = 0;
        while (k < 3 && strcasecmp(names->strings[i], plain[k]) != 0)
            k++;
        const bool own = n->kind == 0 ? k < 3 && (i == 0 || (int)*activation == k)
                                      : strcasecmp(names->strings[i], usual[n->kind][i % each]) == 0;
        if (!own)
            return rondo__chain_bad(c, "has the activation %s", rondo__show(names->strings[i]).text);
        if (n->kind == 0)
            *activation = (rondo_activation)k;
    }
    return RONDO_OK;
}

static rondo_status read_attributes(rondo__chain *c, cell *n) {
    const char *direction = rondo__attribute_text(c->node, "direction", "forward");
    n->D = strcasecmp(direction, "bidirectional") == 0 ? 2 : 1;
    n->G = n->kind == 0 ? 1 : n->kind + 2;
    n->batch_first = rondo__attribute_int(c->node, "layout", 0) == 1;
    if (n->D == 1 && strcasecmp(direction, "forward") != 0)
        return rondo__chain_bad(c, "runs in direction '%s'", rondo__show(direction).text);
    n->clip = rondo__attribute_float(c->node, "clip", rondo__attribute(c->node, "clip") ? -1 : INFINITY);
    n->coupled = n->kind == 2 && rondo__attribute_int(c->node, "input_forget", 0) != 0;
    return RONDO_OK;
}

/* Our cell_clip bounds the state of the cell, which is another function. */
static rondo_status check_clip(rondo__chain *c, const cell *n, rondo_activation activation) {
    const bool harmless = n->clip >= SATURATED && activation != RONDO_RELU;
    if ((isinf(n->clip) && n->clip > 0) || harmless)
        return RONDO_OK;
    if (!(n->clip >= 0))
        return rondo__chain_bad(c, "has a clip that is no bound");
    return rondo__chain_bad(c, "clips its gates at %g, which none of our cells does", n->clip);
}

/* What a stack has only once must be the same in all of its layers. */
static rondo_status agree(rondo__chain *c, const cell *n, rondo_activation activation) {
    rondo__import *in = c->in;
    const bool before = n->kind == 1 && rondo__attribute_int(c->node, "linear_before_reset", 0) == 0;
    const rondo_import_options *asked = in->options;
    if ((asked->reset_before && !before) || (asked->activation && asked->activation != activation) ||
        (asked->merge && n->D == 2) || (asked->coupled_gates && !n->coupled))
        return rondo__chain_bad(
            c, "says itself what it is (leave --reset-before, --activation, --coupled-gates and --merge out)");
    if (c->layers == 0) {
        in->reset_before = before;
        in->coupled = n->coupled;
        in->activation = activation;
        c->directions = (int)n->D;
        return RONDO_OK;
    }
    if (before != in->reset_before)
        return rondo__chain_bad(c, "has another linear_before_reset than the layer below");
    if (n->coupled != in->coupled)
        return rondo__chain_bad(c, "has another input_forget than the layer below");
    if (activation != in->activation)
        return rondo__chain_bad(c, "has another activation than the layer below");
    if (n->D != c->directions)
        return rondo__chain_bad(c, "has not as many directions as the layer below");
    return RONDO_OK;
}

/* ---- weights ---- */

static rondo_status check_shape(rondo__chain *c, int at, const char *name, int64_t d0, int64_t d1, int64_t d2) {
    const int64_t dims[] = {d0, d1, d2};
    if (at < 0)
        return RONDO_OK;
    const rondo__array *a = &c->in->theirs[at].array;
    if (memcmp(a->dims, dims, (size_t)a->rank * sizeof *dims) == 0)
        return RONDO_OK;
    return rondo__chain_bad(c, "has %s of shape %s, not %s", name, rondo__dims_show(a->rank, a->dims).text,
                            rondo__dims_show(a->rank, dims).text);
}

static rondo_status read_weights(rondo__chain *c, cell *n) {
    rondo_status status = rondo__chain_weight(c, 1, 3, "W", &n->w);
    if (!status)
        status = rondo__chain_weight(c, 2, 3, "R", &n->r);
    if (!status)
        status = rondo__chain_weight(c, 3, 2, "B", &n->b);
    if (!status)
        status = rondo__chain_weight(c, 7, 2, "P", &n->p);
    if (!status && (n->w < 0 || n->r < 0))
        status = rondo__chain_bad(c, "has no W or no R");
    if (status)
        return status;
    n->I = c->in->theirs[n->w].array.dims[2];
    n->H = c->in->theirs[n->r].array.dims[2];
    const int64_t said = rondo__attribute_int(c->node, "hidden_size", n->H);
    if (n->I < 1 || n->H < 1 || n->H > INT32_MAX || said != n->H)
        return rondo__chain_bad(c, "has hidden_size %lld, R says %lld", (long long)said, (long long)n->H);
    status = check_shape(c, n->w, "W", n->D, n->G * n->H, n->I);
    if (!status)
        status = check_shape(c, n->r, "R", n->D, n->G * n->H, n->H);
    if (!status)
        status = check_shape(c, n->b, "B", n->D, 2 * n->G * n->H, 0);
    return status ? status : check_shape(c, n->p, "P", n->D, 3 * n->H, 0);
}

static rondo_status add(rondo__chain *c, int from, const char *what, int d, int64_t first, int64_t rows,
                        int64_t columns, const char *gates) {
    static const char *const notes[] = {"direction 0 of 2", "direction 1 of 2"};
    static const char *const turned[] = {"our f is minus their i", "direction 0 of 2, our f is minus their i",
                                         "direction 1 of 2, our f is minus their i"};
    char name[RONDO__IMPORT_NAME];
    rondo_status status;
    rondo__cell_name_make(name, "rnn.", what, c->layers, d == 1);
    rondo__piece *p = rondo__import_add_part(c->in, from, name, first, rows, columns, &status);
    if (!p)
        return status;
    memcpy(p->gates, gates, strlen(gates) + 1);
    p->turned = c->in->coupled && *gates ? 'f' : '\0';
    p->note = p->turned ? turned[c->directions == 2 ? 1 + d : 0] : c->directions == 2 ? notes[d] : "";
    return RONDO_OK;
}

static rondo_status add_direction(rondo__chain *c, const cell *n, int d) {
    const int64_t rows = n->G * n->H;
    const char *gates = orders[n->kind + n->coupled];
    rondo_status status = add(c, n->w, "weight_ih", d, d * rows * n->I, rows, n->I, gates);
    if (!status)
        status = add(c, n->r, "weight_hh", d, d * rows * n->H, rows, n->H, gates);
    if (!status && n->b >= 0)
        status = add(c, n->b, "bias_ih", d, d * 2 * rows, rows, 0, gates);
    if (!status && n->b >= 0)
        status = add(c, n->b, "bias_hh", d, d * 2 * rows + rows, rows, 0, gates);
    if (!status && n->p >= 0)
        status = add(c, n->p, "peephole", d, d * 3 * n->H, 3, n->H, n->coupled ? "foi" : "iof");
    return status;
}

/* ---- what goes in and out ---- */

/* The first layer reads the input, each other what the one below gives. */
static rondo_status check_input(rondo__chain *c, const cell *n) {
    const rondo__chain_value *x = rondo__chain_in(c, 0);
    if (!x || (x->kind != RONDO__CHAIN_STREAM && !(x->kind == RONDO__CHAIN_INPUT && x->plain)))
        return rondo__chain_bad(c, "reads neither the input as it is nor a layer");
    if ((x->kind == RONDO__CHAIN_INPUT) != (c->layers == 0) ||
        (x->kind == RONDO__CHAIN_STREAM && (x->layers != c->layers || x->linear)))
        return rondo__chain_bad(c, "does not read what the layer below gives");
    if (x->kind == RONDO__CHAIN_STREAM && strcmp(x->axes, n->batch_first ? "BTF" : "TBF") != 0)
        return rondo__chain_bad(c, "reads the output of the layer below in another layout (axes %s)", x->axes);
    if (c->layers == RONDO_MAX_LAYERS)
        return rondo__chain_bad(c, "is one layer too many (at most %d)", RONDO_MAX_LAYERS);
    return RONDO_OK;
}

static bool is_zero(const rondo__array *a) {
    for (int64_t i = 0; i < a->count; i++)
        if (rondo__array_at(a, i) != 0)
            return false;
    return true;
}

/* States that the caller gives, or zeros: a stack starts from zeros. */
static rondo_status check_start(rondo__chain *c, int i, const char *name) {
    const rondo__chain_value *v = rondo__chain_in(c, i);
    if (i >= c->node->inputs || !*c->node->input[i] || (v && v->kind == RONDO__CHAIN_INPUT))
        return RONDO_OK;
    if (v && ((v->kind == RONDO__CHAIN_SIDE && v->zero) ||
              (v->kind == RONDO__CHAIN_WEIGHT && is_zero(&c->in->theirs[v->at].array))))
        return RONDO_OK;
    return rondo__chain_bad(c, "starts from an %s that is not zero", name);
}

rondo_status rondo__chain_cell(rondo__chain *c) {
    cell n = {.kind = kind_of(c->node)};
    rondo_activation activation = RONDO_TANH;
    rondo_status status = read_attributes(c, &n);
    if (!status)
        status = read_functions(c, &n, &activation);
    if (!status)
        status = check_clip(c, &n, activation);
    if (!status)
        status = check_input(c, &n);
    if (!status)
        status = read_weights(c, &n);
    if (!status)
        status = agree(c, &n, activation);
    if (!status)
        status = check_start(c, 5, "initial_h");
    if (!status)
        status = check_start(c, 6, "initial_c");
    for (int d = 0; d < n.D && !status; d++)
        status = add_direction(c, &n, d);
    if (status)
        return status;
    c->layers++;
    c->width = n.D * n.H;
    rondo__chain_value *y = rondo__chain_out(c, 0, RONDO__CHAIN_STREAM);
    y->layers = c->layers;
    memcpy(y->axes, n.batch_first ? "BTDH" : "TDBH", 5);
    rondo__chain_out(c, 1, RONDO__CHAIN_STATE);
    rondo__chain_out(c, 2, RONDO__CHAIN_STATE);
    return RONDO_OK;
}
