/* Weights of Keras as an .npz file has them: numpy.savez(FILE, **{w.path: w.numpy() for w in model.weights}).
 *
 * Names are paths, LAYER/CELL/kernel (older versions end them in ":0"); layers come in the order of the file. A kernel
 * is the transpose of ours: (inputs, gates * units). The differences, cell by cell:
 *
 *   SimpleRNN  kernel, recurrent_kernel, bias (H)
 *   LSTM       gates i f c o, which are our i f g o; one bias (4H)
 *   GRU        gates z r h, ours r z n; reset_after=True: bias (2, 3H), of the input and of the state, reset after the
 *              product; reset_after=False: one bias (3H), reset before the product
 *   Bidirectional   forward_... and backward_... below one layer
 *   Embedding  embeddings;   Dense  kernel (W, O), bias (O)
 *
 * One bias becomes bias_ih, and bias_hh is zero. */
#include <stdio.h>
#include <string.h>

#include "exchange/import.h"
#include "formats/json_text.h"

typedef struct keras_name {
    size_t prefix; /* bytes up to and with the last '/' */
    char last[32]; /* "kernel" */
} keras_name;

static bool parse(const char *key, keras_name *out) {
    const char *slash = strrchr(key, '/'), *last = slash ? slash + 1 : key;
    const size_t size = strcspn(last, ":");
    out->prefix = (size_t)(last - key);
    if (size >= sizeof out->last)
        return false;
    snprintf(out->last, sizeof out->last, "%.*s", (int)size, last);
    return true;
}

static bool is_called(const char *key, const char *last) {
    keras_name name;
    return parse(key, &name) && strcmp(name.last, last) == 0;
}

bool rondo__import_is_keras(const rondo__import *in) {
    for (int i = 0; i < in->count; i++)
        if (is_called(in->theirs[i].key, "recurrent_kernel"))
            return true;
    return false;
}

/* The free tensor `last` beside theirs[at]; -1: none. */
static int beside(const rondo__import *in, int at, const char *last) {
    keras_name mine, other;
    parse(in->theirs[at].key, &mine);
    for (int i = 0; i < in->count; i++)
        if (rondo__import_free(&in->theirs[i]) && parse(in->theirs[i].key, &other) && other.prefix == mine.prefix &&
            strcmp(other.last, last) == 0 && strncmp(in->theirs[i].key, in->theirs[at].key, mine.prefix) == 0)
            return i;
    return -1;
}

typedef struct layer {
    rondo__import *in;
    int place; /* 0: the first */
    bool reverse;
    int kernel, recurrent, bias; /* bias -1: none */
    int64_t I, H, G;
    rondo_status status;
} layer;

static void add(layer *l, int from, const char *what, int64_t first, int64_t rows, int64_t columns) {
    char name[RONDO__IMPORT_NAME];
    if (l->status)
        return;
    rondo__cell_name_make(name, "rnn.", what, l->place, l->reverse);
    rondo__piece *p = rondo__import_add_part(l->in, from, name, first, rows, columns, &l->status);
    if (!p)
        return;
    p->transposed = columns > 0;
    if (from >= 0 && l->G == 3)
        memcpy(p->gates, "zrn", 4);
    if (from < 0)
        p->note = "Keras has one bias";
}

static rondo_status bad_shape(const layer *l, int from) {
    const rondo__array *a = &l->in->theirs[from].array;
    return rondo__import_bad(l->in, from, RONDO_FORMAT, "has shape %s, which does not fit the cell's other weights",
                             rondo__dims_show(a->rank, a->dims).text);
}

/* recurrent_kernel (H, G*H), kernel (I, G*H) */
static rondo_status size_up(layer *l) {
    const rondo__array *u = &l->in->theirs[l->recurrent].array, *w = &l->in->theirs[l->kernel].array;
    if (u->rank != 2 || u->dims[0] < 1 || u->dims[1] % u->dims[0] != 0)
        return bad_shape(l, l->recurrent);
    l->H = u->dims[0];
    l->G = u->dims[1] / l->H;
    if (l->G != 1 && l->G != 3 && l->G != 4)
        return bad_shape(l, l->recurrent);
    if (w->rank != 2 || w->dims[1] != u->dims[1] || w->dims[0] < 1)
        return bad_shape(l, l->kernel);
    l->I = w->dims[0];
    return RONDO_OK;
}

/* All GRUs of a stack must be of one kind. */
static rondo_status note_reset(layer *l, bool before) {
    if (l->place > 0 || l->reverse) {
        if (before != l->in->reset_before)
            return rondo__import_bad(l->in, l->bias, RONDO_UNSUPPORTED,
                                     "is of a GRU with reset_after=%s, those before it have the other",
                                     before ? "False" : "True");
        return RONDO_OK;
    }
    if (l->in->options->reset_before && !before)
        return rondo__import_bad(l->in, l->bias, RONDO_FORMAT,
                                 "has two rows: this GRU resets after the product (leave --reset-before out)");
    l->in->reset_before = before;
    return RONDO_OK;
}

static void add_bias(layer *l) {
    const rondo__array *b = &l->in->theirs[l->bias].array;
    const int64_t rows = l->G * l->H;
    const bool two = l->G == 3 && b->rank == 2 && b->dims[0] == 2 && b->dims[1] == rows;
    if (!two && (b->rank != 1 || b->dims[0] != rows)) {
        l->status = bad_shape(l, l->bias);
        return;
    }
    if (l->G == 3)
        l->status = note_reset(l, !two);
    add(l, l->bias, "bias_ih", 0, rows, 0);
    add(l, two ? l->bias : -1, "bias_hh", two ? rows : 0, rows, 0);
    if (!l->status && two) {
        l->in->piece[l->in->pieces - 2].note = "row 0 of 2";
        l->in->piece[l->in->pieces - 1].note = "row 1 of 2";
    }
}

static rondo_status add_layer(layer *l) {
    rondo_status status = size_up(l);
    if (status)
        return status;
    add(l, l->kernel, "weight_ih", 0, l->G * l->H, l->I);
    add(l, l->recurrent, "weight_hh", 0, l->G * l->H, l->H);
    if (l->bias >= 0)
        add_bias(l);
    return l->status;
}

/* Is a part of the path "backward_..."? */
static bool runs_backward(const char *key) {
    for (; key; key = strchr(key, '/') ? strchr(key, '/') + 1 : NULL)
        if (strncmp(key, "backward_", 9) == 0)
            return true;
    return false;
}

static bool counts(char c) { return c == '_' || (c >= '0' && c <= '9'); }

/* Paths that differ in their numbers alone (lstm/..., lstm_1/...) are layers on top of each other; others may be an
 * encoder and a decoder. */
static rondo_status check_alike(const rondo__import *in, int first, int at) {
    keras_name a, b;
    const char *x = in->theirs[first].key, *y = in->theirs[at].key;
    parse(x, &a);
    parse(y, &b);
    const char *end_x = x + a.prefix, *end_y = y + b.prefix;
    for (;; x++, y++) {
        while (x < end_x && counts(*x))
            x++;
        while (y < end_y && counts(*y))
            y++;
        if (x == end_x || y == end_y || *x != *y)
            break;
    }
    if (x == end_x && y == end_y)
        return RONDO_OK;
    return rondo__import_bad(
        in, at, RONDO_FORMAT,
        "belongs to another layer than '%s': are they stacked? (then name them alike, as lstm_1 and "
        "lstm_2; else choose one by --prefix)",
        rondo__show(in->theirs[first].name).text);
}

/* Place behind the last tensor that a cell took. */
static rondo_status add_stack(rondo__import *in, int *behind) {
    int layers = 0, first = -1;
    rondo_status status = RONDO_OK;
    *behind = 0;
    for (int i = 0; i < in->count && !status; i++) {
        const char *key = in->theirs[i].key;
        if (!rondo__import_free(&in->theirs[i]) || !is_called(key, "recurrent_kernel"))
            continue;
        layer l = {.in = in, .recurrent = i, .reverse = runs_backward(key)};
        l.kernel = beside(in, i, "kernel");
        l.bias = beside(in, i, "bias");
        l.place = l.reverse ? layers - 1 : layers++;
        first = first < 0 ? i : first;
        if (!l.reverse)
            status = check_alike(in, first, i);
        if (status)
            return status;
        if (layers > RONDO_MAX_LAYERS)
            status = rondo__import_bad(in, i, RONDO_UNSUPPORTED, "is of more layers than there may be (at most %d)",
                                       RONDO_MAX_LAYERS);
        else if (l.kernel < 0)
            status = rondo__import_bad(in, i, RONDO_FORMAT, "has no kernel beside it");
        else if (l.place < 0)
            status = rondo__import_bad(in, i, RONDO_FORMAT, "is the second direction of no layer");
        else
            status = add_layer(&l);
        *behind = l.bias > i ? l.bias : i;
    }
    return status;
}

static rondo_status add_dense(rondo__import *in, int at) {
    const rondo__array *w = &in->theirs[at].array;
    const int bias = beside(in, at, "bias");
    rondo_status status;
    if (w->rank != 2 || w->count == 0 || rondo__import_piece(in, "output.weight"))
        return RONDO_OK; /* left over */
    rondo__piece *p = rondo__import_add_part(in, at, "output.weight", 0, w->dims[1], w->dims[0], &status);
    if (!p)
        return status;
    p->transposed = true;
    if (bias >= 0)
        rondo__import_add(in, bias, "output.bias", &status);
    else
        rondo__import_add_part(in, -1, "output.bias", 0, w->dims[1], 0, &status);
    return status;
}

rondo_status rondo__import_keras(rondo__import *in) {
    int behind;
    rondo_status status = add_stack(in, &behind);
    for (int i = 0; i < in->count && !status; i++) {
        if (!rondo__import_free(&in->theirs[i]))
            continue;
        if (is_called(in->theirs[i].key, "embeddings") && !rondo__import_piece(in, "embedding.weight"))
            rondo__import_add(in, i, "embedding.weight", &status);
        else if (i > behind && is_called(in->theirs[i].key, "kernel"))
            status = add_dense(in, i);
    }
    if (!status && !in->wanted)
        status = rondo__import_network(in);
    return status;
}
