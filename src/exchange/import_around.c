/* The layers around the stack: which of the tensors that are left is the embedding, which the output layer?
 *
 * Shape decides: the embedding is as wide as what the first layer reads, the output layer's rows as what the last one
 * gives; a matrix beside which a bias of its rows stands under the same name (fc.weight, fc.bias) is no embedding.
 * Where shape leaves it open, words in the names do. What is still open stays open: it is then reported as left over.
 */
#include <stdio.h>
#include <string.h>

#include "exchange/import.h"

static bool any_word(const char *name, const char *const *words) {
    for (; *words; words++)
        if (rondo__name_holds(name, *words))
            return true;
    return false;
}

static bool sounds_like_embedding(const char *name) {
    static const char *const words[] = {"emb", "lookup", "wte", "encoder.weight", "tok", NULL};
    return any_word(name, words);
}

static bool sounds_like_output(const char *name) {
    static const char *const words[] = {"out",   "fc",    "lin", "head",      "decoder.", "proj", "dense",
                                        "class", "logit", "cls", "generator", "tag",      NULL};
    return any_word(name, words);
}

/* Place of the free vector "STEM.bias" of `rows` numbers that stands beside the matrix "STEM.weight"; -1: none. */
static int bias_beside(const rondo__import *in, int matrix) {
    const rondo__theirs *m = &in->theirs[matrix];
    const char *dot = strrchr(m->key, '.');
    const size_t stem = dot ? (size_t)(dot - m->key) + 1 : 0;
    for (int i = 0; i < in->count; i++) {
        const rondo__theirs *t = &in->theirs[i];
        if (rondo__import_free(t) && t->array.rank == 1 && t->array.dims[0] == m->array.dims[0] &&
            strncmp(t->key, m->key, stem) == 0 && strcmp(t->key + stem, "bias") == 0)
            return i;
    }
    return -1;
}

static bool is_matrix(const rondo__theirs *t, int64_t columns) {
    return rondo__import_free(t) && t->array.rank == 2 && t->array.dims[1] == columns && t->array.count > 0;
}

/* The one matrix that fits, by name where several do; -1: none, or it stays open. */
static int choose(const rondo__import *in, int64_t columns, bool embedding) {
    int fit = 0, sound = 0, first = -1, named = -1;
    for (int i = 0; i < in->count; i++) {
        const char *key = in->theirs[i].key;
        const bool mine = embedding ? sounds_like_embedding(key) : sounds_like_output(key),
                   other = embedding ? sounds_like_output(key) && !mine : sounds_like_embedding(key) && !mine;
        if (!is_matrix(&in->theirs[i], columns) || other || (embedding && bias_beside(in, i) >= 0))
            continue;
        first = i;
        fit++;
        if (mine) {
            named = i;
            sound++;
        }
    }
    return sound == 1 ? named : fit == 1 ? first : -1;
}

static rondo_status add_output(rondo__import *in, int at) {
    const int bias = bias_beside(in, at);
    const int64_t rows = in->theirs[at].array.dims[0];
    rondo_status status;
    in->output = rows;
    if (!rondo__import_add(in, at, "output.weight", &status))
        return status;
    if (bias >= 0)
        rondo__import_add(in, bias, "output.bias", &status);
    else if (!rondo__import_piece(in, "output.bias"))
        rondo__import_add_part(in, -1, "output.bias", 0, rows, 0, &status);
    return status;
}

/* Of a network: width of what enters and of what leaves the stack. */
static int64_t width_out(const rondo__import *in) {
    const rondo_recurrent_config *c = &in->config;
    const int64_t last = c->hidden_sizes[c->layers - 1], width = c->projection_size ? c->projection_size : last;
    return c->bidirectional && in->merge == RONDO_MERGE_CONCAT ? 2 * width : width;
}

/* The embedding is the output layer, too: its weights are told by a bias alone. */
static rondo_status add_tied(rondo__import *in) {
    const rondo__piece *table = rondo__import_piece(in, "embedding.weight");
    rondo_status status = RONDO_OK;
    int bias = -1, fit = 0;
    if (!table || table->transposed || rondo__import_piece(in, "output.weight") || in->config.cell == RONDO_JORDAN ||
        table->dims[1] != width_out(in))
        return RONDO_OK;
    for (int i = 0; i < in->count; i++)
        if (rondo__import_free(&in->theirs[i]) && in->theirs[i].array.rank == 1 &&
            in->theirs[i].array.dims[0] == table->dims[0] && rondo__name_holds(in->theirs[i].key, "bias")) {
            bias = i;
            fit++;
        }
    if (fit != 1)
        return RONDO_OK;
    in->output = table->dims[0];
    rondo__piece *p =
        rondo__import_add_part(in, table->from, "output.weight", 0, table->dims[0], table->dims[1], &status);
    if (p)
        p->note = "tied to the embedding";
    if (p)
        rondo__import_add(in, bias, "output.bias", &status);
    return status;
}

static rondo_status around_network(rondo__import *in) {
    rondo_status status = RONDO_OK;
    if (!rondo__import_piece(in, "output.weight") && in->config.cell != RONDO_JORDAN) {
        const int embedding = choose(in, in->config.input_size, true), output = choose(in, width_out(in), false);
        if (output >= 0 && output != embedding)
            status = add_output(in, output);
    }
    if (!status && !rondo__import_piece(in, "embedding.weight")) {
        const int embedding = choose(in, in->config.input_size, true);
        if (embedding >= 0)
            rondo__import_add(in, embedding, "embedding.weight", &status);
        if (embedding >= 0 && !status)
            in->vocabulary = in->theirs[embedding].array.dims[0];
    }
    return status ? status : add_tied(in);
}

/* ---- a task's model: parameters that are left, and tensors that are left, of one shape ---- */

static const rondo_param *param_at(const rondo__import *in, int i) {
    return rondo_params_at((rondo_params *)(uintptr_t)in->wanted, i);
}

/* With a vocabulary file, symbols that they do not know may stand behind theirs. */
static bool may_be(const rondo__import *in, const rondo__array *a, const rondo_param *p) {
    if (a->rank != p->value.rank)
        return false;
    for (int d = 0; d < a->rank; d++) {
        const int64_t spare = p->value.dims[d] - a->dims[d];
        if (spare != 0 && !(d == 0 && in->spare && spare > 0 && spare <= 2))
            return false;
    }
    return true;
}

/* Does nothing in the names speak against it? */
static bool sounds_right(const char *theirs, const char *ours) {
    const bool table = sounds_like_embedding(ours);
    return table ? !sounds_like_output(theirs) || sounds_like_embedding(theirs) : !sounds_like_embedding(theirs);
}

static int candidates(const rondo__import *in, const rondo_param *p, bool by_name, int *place) {
    int count = 0;
    for (int i = 0; i < in->count; i++) {
        const rondo__theirs *t = &in->theirs[i];
        if (!rondo__import_free(t) || !rondo__is_float(t->array.dtype) || !may_be(in, &t->array, p) ||
            (by_name && !sounds_right(t->key, p->name)))
            continue;
        *place = i;
        count++;
    }
    return count;
}

/* How many other parameters that are left could take theirs[at]? */
static int rivals(const rondo__import *in, int at, const rondo_param *mine, bool by_name) {
    int count = 0;
    for (int i = 0; i < rondo_params_count(in->wanted); i++) {
        const rondo_param *p = param_at(in, i);
        count += p != mine && !rondo__import_piece(in, p->name) && may_be(in, &in->theirs[at].array, p) &&
                 (!by_name || sounds_right(in->theirs[at].key, p->name));
    }
    return count;
}

static rondo_status take_for(rondo__import *in, const rondo_param *p, bool *taken) {
    rondo_status status = RONDO_OK;
    for (int by_name = 0; by_name < 2; by_name++) {
        int at = -1;
        if (candidates(in, p, by_name, &at) != 1 || rivals(in, at, p, by_name) > 0)
            continue;
        rondo__import_add(in, at, p->name, &status);
        *taken = true;
        break;
    }
    return status;
}

static rondo_status around_task(rondo__import *in) {
    rondo_status status = RONDO_OK;
    bool taken = true;
    while (taken && !status) {
        taken = false;
        for (int i = 0; i < rondo_params_count(in->wanted) && !status; i++)
            if (!rondo__import_piece(in, param_at(in, i)->name))
                status = take_for(in, param_at(in, i), &taken);
    }
    return status;
}

rondo_status rondo__import_around(rondo__import *in) { return in->wanted ? around_task(in) : around_network(in); }
