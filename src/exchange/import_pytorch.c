/* State dicts of PyTorch: nn.RNN, nn.LSTM, nn.GRU and their single cells under any prefix.
 *
 * Weights of one prefix are a group, one module. A bare network takes one group, or several whose prefixes differ in a
 * number alone (lstm1., lstm2.; cells.0., cells.1.): these lie on top of each other, in the order of the numbers. A
 * task's model has groups of its own, and each takes that group of theirs which has the same names and shapes. What is
 * then left belongs to the layers around (import_around.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/import.h"
#include "formats/json_text.h"

enum { MOST_GROUPS = 64 };

typedef struct group {
    const char *name; /* of its first tensor; its first `size` bytes are the prefix */
    size_t size;
    int tensors, layers;
    bool taken;
} group;

typedef struct groups {
    int count;
    group item[MOST_GROUPS];
} groups;

static bool in_group(const group *g, const char *name, const rondo__cell_name *part) {
    return part->prefix == g->size && strncmp(name, g->name, g->size) == 0;
}

/* False: there are too many. */
static bool add_to_group(groups *all, const char *name) {
    rondo__cell_name part;
    int i = 0;
    if (!rondo__cell_name_parse(name, &part))
        return true;
    while (i < all->count && !in_group(&all->item[i], name, &part))
        i++;
    if (i == MOST_GROUPS)
        return false;
    if (i == all->count)
        all->item[all->count++] = (group){.name = name, .size = part.prefix};
    group *g = &all->item[i];
    g->tensors++;
    g->layers = part.layer >= g->layers ? part.layer + 1 : g->layers;
    return true;
}

static rondo__shown prefix_of(const group *g) {
    char text[RONDO__SHOWN];
    snprintf(text, sizeof text, "%.*s", (int)(g->size < sizeof text ? g->size : sizeof text - 1), g->name);
    return rondo__show(text);
}

static rondo_status too_many(const rondo__import *in) {
    return rondo__fail(in->err, RONDO_FORMAT, "%s: holds more than %d recurrent modules (choose one by --prefix)",
                       in->path, MOST_GROUPS);
}

static rondo_status their_groups(const rondo__import *in, groups *all) {
    for (int i = 0; i < in->count; i++)
        if (rondo__import_free(&in->theirs[i]) && !add_to_group(all, in->theirs[i].key))
            return too_many(in);
    return RONDO_OK;
}

/* All tensors of a group under our prefix, their layers `above` others. */
static rondo_status take_group(rondo__import *in, const group *g, const char *prefix, int above) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < in->count && !status; i++) {
        rondo__cell_name part;
        char name[RONDO__IMPORT_NAME];
        if (!rondo__import_free(&in->theirs[i]) || !rondo__cell_name_parse(in->theirs[i].key, &part) ||
            !in_group(g, in->theirs[i].key, &part))
            continue;
        if (part.layer + above >= RONDO_MAX_LAYERS)
            return rondo__import_bad(in, i, RONDO_UNSUPPORTED, "is of more layers than there may be (at most %d)",
                                     RONDO_MAX_LAYERS);
        if (!rondo__cell_name_make(name, prefix, part.what, part.layer + above, part.reverse))
            return rondo__import_bad(in, i, RONDO_FORMAT, "would get too long a name");
        rondo__import_add(in, i, name, &status);
    }
    return status;
}

/* ---- a bare network ---- */

/* Equal but for the numbers in them. */
static bool same_but_numbers(const group *a, const group *b) {
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a->size && a->name[i] >= '0' && a->name[i] <= '9')
            i++;
        while (j < b->size && b->name[j] >= '0' && b->name[j] <= '9')
            j++;
        if (i == a->size || j == b->size)
            return i == a->size && j == b->size;
        if (a->name[i++] != b->name[j++])
            return false;
    }
}

static int by_number(const void *a, const void *b) {
    return rondo__compare_natural(((const group *)a)->name, ((const group *)b)->name);
}

static rondo_status name_groups(const rondo__import *in, const groups *all) {
    rondo__text names = {0};
    for (int i = 0; i < all->count && i < 8; i++)
        rondo__text_format(&names, "%s'%s'", i ? ", " : "", prefix_of(&all->item[i]).text);
    const rondo_status status =
        names.failed ? rondo__import_no_memory(in)
                     : rondo__fail(in->err, RONDO_FORMAT,
                                   "%s: holds %d recurrent modules, %s: which is meant? (choose one by --prefix, or "
                                   "write a mapping file)",
                                   in->path, all->count, names.data);
    rondo__text_free(&names);
    return status;
}

static rondo_status take_stack(rondo__import *in, groups *all) {
    int above = 0;
    rondo_status status = RONDO_OK;
    for (int i = 1; i < all->count; i++)
        if (!same_but_numbers(&all->item[0], &all->item[i]))
            return name_groups(in, all);
    qsort(all->item, (size_t)all->count, sizeof *all->item, by_number);
    for (int i = 0; i < all->count && !status; i++) {
        status = take_group(in, &all->item[i], "rnn.", above);
        above += all->item[i].layers;
    }
    return status;
}

/* ---- a task's model ---- */

/* What is called so itself. */
static rondo_status take_namesakes(rondo__import *in) {
    rondo_status status = RONDO_OK;
    for (int i = 0; i < in->count && !status; i++)
        if (rondo__import_free(&in->theirs[i]) && rondo_params_find(in->wanted, in->theirs[i].key) >= 0 &&
            !rondo__import_piece(in, in->theirs[i].key))
            rondo__import_add(in, i, in->theirs[i].key, &status);
    return status;
}

static bool same_shape(const rondo__array *a, const rondo_tensor *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)b->rank * sizeof *b->dims) == 0;
}

static const rondo_param *param_at(const rondo__import *in, int i) {
    return rondo_params_at((rondo_params *)(uintptr_t)in->wanted, i);
}

/* Has the group of theirs the names and shapes of ours? */
static bool group_fits(const rondo__import *in, const group *theirs, const group *ours) {
    if (theirs->tensors != ours->tensors)
        return false;
    for (int i = 0; i < in->count; i++) {
        rondo__cell_name part;
        char prefix[RONDO__IMPORT_NAME], name[RONDO__IMPORT_NAME];
        const char *key = in->theirs[i].key;
        if (!rondo__import_free(&in->theirs[i]) || !rondo__cell_name_parse(key, &part) || !in_group(theirs, key, &part))
            continue;
        snprintf(prefix, sizeof prefix, "%.*s", (int)ours->size, ours->name);
        if (!rondo__cell_name_make(name, prefix, part.what, part.layer, part.reverse))
            return false;
        const int at = rondo_params_find(in->wanted, name);
        if (at < 0 || !same_shape(&in->theirs[i].array, &param_at(in, at)->value))
            return false;
    }
    return true;
}

/* Two names that say the same side of an encoder-decoder. */
static bool same_side(const group *a, const group *b) {
    static const char *const words[] = {"enc", "dec", "char"};
    const rondo__shown x = prefix_of(a), y = prefix_of(b);
    for (int i = 0; i < 3; i++)
        if (rondo__name_holds(x.text, words[i]) != rondo__name_holds(y.text, words[i]))
            return false;
    return true;
}

/* The one group of theirs that fits ours, or NULL. */
static group *find_group(const rondo__import *in, groups *theirs, const group *ours) {
    group *found = NULL, *sided = NULL;
    int fit = 0, side = 0;
    for (int i = 0; i < theirs->count; i++) {
        group *g = &theirs->item[i];
        if (g->taken || !group_fits(in, g, ours))
            continue;
        found = g;
        fit++;
        if (same_side(g, ours)) {
            sided = g;
            side++;
        }
    }
    return fit == 1 ? found : side == 1 ? sided : NULL;
}

static rondo_status take_groups(rondo__import *in, groups *theirs) {
    static const groups none;
    groups ours = none;
    rondo_status status = RONDO_OK;
    for (int i = 0; i < rondo_params_count(in->wanted); i++)
        if (!rondo__import_piece(in, param_at(in, i)->name) && !add_to_group(&ours, param_at(in, i)->name))
            return too_many(in);
    for (int i = 0; i < ours.count && !status; i++) {
        char prefix[RONDO__IMPORT_NAME];
        group *found = find_group(in, theirs, &ours.item[i]);
        snprintf(prefix, sizeof prefix, "%.*s", (int)ours.item[i].size, ours.item[i].name);
        if (!found)
            continue;
        found->taken = true;
        status = take_group(in, found, prefix, 0);
    }
    return status;
}

rondo_status rondo__import_pytorch(rondo__import *in) {
    groups all = {0};
    rondo_status status = in->wanted ? take_namesakes(in) : RONDO_OK;
    if (!status)
        status = their_groups(in, &all);
    if (!status && all.count)
        status = in->wanted ? take_groups(in, &all) : take_stack(in, &all);
    if (!status && !in->wanted)
        status = rondo__import_network(in);
    return status ? status : rondo__import_around(in);
}
