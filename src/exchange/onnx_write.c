/* A network as an ONNX file.
 *
 *   in, always      x                     symbols (T, B) int64, or vectors (T, B, I); of a forecast (W, B, columns)
 *       may be      lengths               int32 (B): steps of each row; all T where it is left out
 *                   h_l0, c_l0, ...       states (B, width) to begin with, where the network goes step by step
 *                   heard                 state (B, 1) of a network that is taught by symbols: 1 behind the first
 *       where read  characters, fixed     (T, B, C), (B, S), int64
 *                   ahead                 (H, B, columns)
 *
 *   out, always     y                     (T, B, V), pooled (B, V), of a forecast (B, H, n, P)
 *        where made labels                (T, B) int64: the best path
 *                   h_l0_out, c_l0_out, ..., heard_out
 *
 * An input that may be left out has one row as its default, which is stretched to the batch. */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

#include "nn/recurrent.h"

static bool has_lengths(const rondo__onnx_net *n) { return n->network->horizon.n == 0; }

static int input_x(const rondo__onnx_net *n) {
    const rondo__network_block *b = &n->network->block[0];
    const int64_t W = n->network->horizon.W;
    if (b->kind == RONDO__EMBEDDING)
        return rondo__onnx_input(n->o, "x", RONDO_I64, &(rondo__onnx_shape){2, {-1, -1}, {"T", "B"}});
    return rondo__onnx_input(n->o, "x", RONDO_F32, &(rondo__onnx_shape){3, {W ? W : -1, -1, b->in}, {"T", "B"}});
}

int rondo__onnx_lengths_input(rondo__onnx_out *o, int x, int batch) {
    static const int32_t all = INT32_MAX;
    static const int64_t one = 1;
    const int given = rondo__onnx_input(o, "lengths", RONDO_I32, &(rondo__onnx_shape){1, {-1}, {"B_lengths"}});
    rondo__onnx_default(o, given, RONDO_I32, 1, &one, &all);
    const int steps = rondo__onnx_cast(o, rondo__onnx_dim(o, x, 0), RONDO_I32);
    return rondo__onnx_op(o, "Min", rondo__onnx_op(o, "Expand", given, batch, 0), steps, 0);
}

/* ---- states ---- */

static int add_state(rondo__onnx_net *n, const rondo_recurrent *net, int l, bool cell) {
    const int64_t width = cell ? net->layer[l].cell : net->layer[l].state, dims[2] = {1, width};
    const real *learned = rondo__onnx_first_state(net, l, cell);
    char name[24];
    snprintf(name, sizeof name, "%c_l%d", cell ? 'c' : 'h', l);
    const int given = rondo__onnx_input(n->o, name, RONDO_F32, &(rondo__onnx_shape){2, {-1, width}, {"B_state"}});
    float *first = rondo__calloc((size_t)width, sizeof *first);
    if (!first)
        rondo__onnx_out_fail(n->o, RONDO_MEMORY, "onnx: no memory for a state");
    for (int64_t i = 0; first && learned && i < width; i++)
        first[i] = (float)learned[i];
    if (first)
        rondo__onnx_default(n->o, given, RONDO_F32, 2, dims, first);
    rondo__free(first);
    const int shape[2] = {n->batch, rondo__onnx_list(n->o, 1, &width)};
    return rondo__onnx_op(n->o, "Expand", given, rondo__onnx_joined(n->o, 0, 2, shape), 0);
}

/* The stack whose states come and go: the only one, of a network that goes step by step. */
static const rondo_recurrent *streamed(const rondo__network *network) {
    const rondo__network_block *b = rondo__network_find(network, RONDO__RECURRENT);
    int stacks = 0;
    for (int i = 0; i < network->count; i++)
        stacks += network->block[i].kind == RONDO__RECURRENT;
    return stacks == 1 && rondo__network_streams(network) && !rondo__network_is_pooled(network) ? b->net : NULL;
}

static bool is_taught(const rondo__network *network) {
    const rondo__network_block *b = rondo__network_find(network, RONDO__RECURRENT);
    return b && b->taught;
}

static void add_states(rondo__onnx_net *n, const rondo_recurrent *net) {
    for (int l = 0; net && l < net->config.layers; l++) {
        n->h[l] = add_state(n, net, l, false);
        if (net->layer[l].cell)
            n->c[l] = add_state(n, net, l, true);
    }
}

/* 0: no symbol was heard before. */
static void add_heard(rondo__onnx_net *n) {
    static const float none = 0;
    static const int64_t dims[2] = {1, 1};
    n->heard = rondo__onnx_input(n->o, "heard", RONDO_F32, &(rondo__onnx_shape){2, {-1, 1}, {"B_state"}});
    rondo__onnx_default(n->o, n->heard, RONDO_F32, 2, dims, &none);
}

/* 1, but where a row without steps has heard none. */
static int heard_now(const rondo__onnx_net *n) {
    const int any =
        rondo__onnx_op(n->o, "Greater", rondo__onnx_unsqueeze(n->o, n->lengths, 1), rondo__onnx_whole32(n->o, 0), 0);
    return rondo__onnx_op(n->o, "Where", any, rondo__onnx_number(n->o, 1), n->heard);
}

static void put_states(const rondo__onnx_net *n, const rondo_recurrent *net) {
    for (int l = 0; net && l < net->config.layers; l++) {
        char name[24];
        snprintf(name, sizeof name, "h_l%d_out", l);
        rondo__onnx_output(n->o, n->last.h[l], name, RONDO_F32,
                           &(rondo__onnx_shape){2, {-1, net->layer[l].state}, {"B"}});
        snprintf(name, sizeof name, "c_l%d_out", l);
        if (net->layer[l].cell)
            rondo__onnx_output(n->o, n->last.c[l], name, RONDO_F32,
                               &(rondo__onnx_shape){2, {-1, net->layer[l].cell}, {"B"}});
    }
    if (n->heard)
        rondo__onnx_output(n->o, heard_now(n), "heard_out", RONDO_F32, &(rondo__onnx_shape){2, {-1, 1}, {"B"}});
}

/* ---- what else there is ---- */

static void add_others(rondo__onnx_net *n) {
    const rondo__horizon *h = &n->network->horizon;
    if (rondo__network_find(n->network, RONDO__SPELLING))
        n->characters =
            rondo__onnx_input(n->o, "characters", RONDO_I64, &(rondo__onnx_shape){3, {-1, -1, -1}, {"T", "B", "C"}});
    if (h->fixed)
        n->fixed = rondo__onnx_input(n->o, "fixed", RONDO_I64, &(rondo__onnx_shape){2, {-1, h->fixed}, {"B"}});
    if (h->ahead)
        n->ahead =
            rondo__onnx_input(n->o, "ahead", RONDO_F32, &(rondo__onnx_shape){3, {h->H, -1, h->ahead}, {NULL, "B"}});
}

static void put_result(const rondo__onnx_net *n, int y) {
    const rondo__horizon *h = &n->network->horizon;
    const int64_t V = rondo__network_output(n->network);
    rondo__onnx_shape shape = {3, {-1, -1, V}, {"T", "B"}};
    if (h->n && h->W)
        shape = (rondo__onnx_shape){4, {-1, h->H, h->n, h->P}, {"B"}};
    else if (h->n) {
        y = rondo__onnx_squeeze(n->o, y, 2);
        shape = (rondo__onnx_shape){4, {-1, -1, h->n, h->P}, {"T", "B"}};
    } else if (n->rank == 2)
        shape = (rondo__onnx_shape){2, {-1, V}, {"B"}};
    rondo__onnx_output(n->o, y, "y", RONDO_F32, &shape);
    if (n->labels)
        rondo__onnx_output(n->o, n->labels, "labels", RONDO_I64, &(rondo__onnx_shape){2, {-1, -1}, {"T", "B"}});
}

static void put_network(rondo__onnx_net *n) {
    const rondo_recurrent *net = streamed(n->network);
    int y = input_x(n);
    n->batch = rondo__onnx_dim(n->o, y, 1);
    n->carries = net != NULL;
    n->ends = net || rondo__network_find(n->network, RONDO__DECODE);
    if (has_lengths(n))
        n->lengths = rondo__onnx_lengths_input(n->o, y, n->batch);
    add_states(n, net);
    if (is_taught(n->network))
        add_heard(n);
    add_others(n);
    for (int i = 0; i < n->network->count; i++)
        y = rondo__onnx_block(n, i, y);
    put_result(n, y);
    put_states(n, net);
}

void rondo__onnx_put_notes(rondo__onnx_out *o, const rondo__onnx_notes *notes) {
    const char *const all[3][2] = {
        {"rondo.task", notes->task}, {"rondo.recipe", notes->recipe}, {"rondo.vocabulary", notes->vocabulary}};
    for (int i = 0; i < 3; i++)
        if (all[i][1])
            rondo__onnx_note(o, all[i][0], all[i][1], strlen(all[i][1]));
}

rondo_status rondo__onnx_write(const rondo__network *network, const char *path, const rondo__onnx_notes *notes,
                               bool external, rondo_error *err) {
    rondo__onnx_net n = {.network = network, .rank = 3};
    rondo__onnx_files files = {0};
    rondo_status status = rondo__onnx_out_open(&n.o, err);
    if (status)
        return status;
    put_network(&n);
    rondo__onnx_put_notes(n.o, notes);
    status = rondo__onnx_out_finish(n.o, path, notes->task ? notes->task : "network", external, &files, err);
    if (!status)
        status = rondo__onnx_files_commit(&files, err);
    rondo__onnx_files_abandon(&files);
    rondo__onnx_out_close(&n.o);
    return status;
}
