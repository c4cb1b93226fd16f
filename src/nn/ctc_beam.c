/* Prefix beam search (Hannun 2014, "First-pass large vocabulary continuous speech recognition using bi-directional
 * recurrent DNNs"): many paths say the same, and it is the sum over them that counts.
 *
 * A kept prefix y knows two sums over its paths so far, in logarithms: those that end with a blank, b, and those that
 * end with its last symbol, n. One frame with log-probabilities p:
 *
 *   stays     b' = (b + n) p[blank],   n' = n p[last] + what its own parent x, if it is kept, adds to it:
 *                                           (y's last symbol is x's ? b_x : b_x + n_x) p[last]
 *   goes on   by a symbol c:  n' = (c is last ? b : b + n) p[c],  unless that child is kept itself (above)
 *
 * Of all these the K with the highest log(b' + n') + weight * scorer + bonus * symbols are kept; equals stand in the
 * order in which they are tried: prefixes that stay, the best first, then those that go on, by prefix and symbol.
 *
 * Prefixes are nodes of a tree from which whatever leads to no kept prefix is cut, so a chain of single children at its
 * root is what all kept prefixes agree on. A prefix that had been dropped and is found again while one of its
 * continuations is still kept is the same node: the two must meet.
 *
 * The scorer is asked last, and only for what could still be kept if the scorer found it certain. */
#include <string.h>

#include "nn/ctc.h"

#define NONE (-1)
#define UNUSED (-2)

typedef struct node {
    int64_t parent, child, sibling; /* child: the first; sibling: the next. Of unused nodes: sibling is the next one */
    int64_t kept;                   /* place among the kept, NONE, or UNUSED */
    int64_t state;                  /* the scorer's */
    double scored;                  /* the scorer's log-probability of all symbols */
    int64_t length;
    int32_t symbol; /* NONE at the start of the text */
} node;

typedef struct entry {
    int64_t node;
    double b, n, total, extra, score; /* total: log(b + n); extra: of scorer and bonus */
} entry;

/* What an entry may become. */
typedef struct candidate {
    int64_t from;   /* entry */
    int32_t symbol; /* NONE: stays */
    int64_t state;
    double b, n, scored, score;
} candidate;

struct rondo__ctc_beam {
    int64_t V, K;
    rondo_ctc_search search;
    rondo_ctc_scorer scorer; /* score is NULL: none */
    node *nodes;
    int64_t capacity, unused; /* unused: the first of a list */
    int64_t root, count, candidates;
    entry *entries;       /* (K) the best first */
    candidate *candidate; /* (K) */
    int64_t *replaced;    /* (K) nodes */
    int32_t *allowed;     /* (V) symbols that are not pruned in this frame */
    int64_t *taken;       /* (V) the last entry whose child of this symbol is kept, counted over all frames */
    int64_t stamp;
};

/* ---- the tree ---- */

static void give_node(rondo__ctc_beam *beam, int64_t n) {
    beam->nodes[n].sibling = beam->unused;
    beam->nodes[n].kept = UNUSED;
    beam->unused = n;
}

static rondo_status reserve_nodes(rondo__ctc_beam *beam, int64_t more, rondo_error *err) {
    int64_t unused = 0;
    for (int64_t n = beam->unused; n != NONE && unused < more; n = beam->nodes[n].sibling)
        unused++;
    if (unused >= more)
        return RONDO_OK;
    const int64_t wanted = beam->capacity + (beam->capacity > more ? beam->capacity : more);
    size_t bytes = 0;
    node *nodes = NULL;
    if (rondo__size_mul((size_t)wanted, sizeof *nodes, &bytes))
        nodes = rondo__realloc(beam->nodes, (size_t)beam->capacity * sizeof *nodes, bytes);
    if (!nodes)
        return rondo__fail(err, RONDO_MEMORY, "ctc: no memory for %lld prefixes", (long long)wanted);
    beam->nodes = nodes;
    for (int64_t n = wanted; n-- > beam->capacity;)
        give_node(beam, n);
    beam->capacity = wanted;
    return RONDO_OK;
}

static int64_t take_node(rondo__ctc_beam *beam, int64_t parent, int32_t symbol) {
    const int64_t n = beam->unused;
    beam->unused = beam->nodes[n].sibling;
    beam->nodes[n] = (node){.parent = parent, .child = NONE, .sibling = NONE, .kept = NONE, .symbol = symbol};
    if (parent != NONE) {
        beam->nodes[n].length = beam->nodes[parent].length + 1;
        beam->nodes[n].sibling = beam->nodes[parent].child;
        beam->nodes[parent].child = n;
    }
    return n;
}

static int64_t find_child(const rondo__ctc_beam *beam, int64_t parent, int32_t symbol) {
    int64_t n = beam->nodes[parent].child;
    while (n != NONE && beam->nodes[n].symbol != symbol)
        n = beam->nodes[n].sibling;
    return n;
}

/* Cuts n and what stands above it, as far as it leads to nothing. */
static void cut(rondo__ctc_beam *beam, int64_t n) {
    while (n != beam->root && beam->nodes[n].kept == NONE && beam->nodes[n].child == NONE) {
        const int64_t parent = beam->nodes[n].parent;
        int64_t *link = &beam->nodes[parent].child;
        while (*link != n)
            link = &beam->nodes[*link].sibling;
        *link = beam->nodes[n].sibling;
        give_node(beam, n);
        n = parent;
    }
}

/* ---- candidates ---- */

static void offer(rondo__ctc_beam *beam, candidate c, double extra) {
    c.score = rondo__log_add(c.b, c.n) + extra;
    if (c.score == -INFINITY || (beam->candidates == beam->K && c.score <= beam->candidate[beam->K - 1].score))
        return;
    int64_t at = beam->candidates < beam->K ? beam->candidates++ : beam->K - 1;
    for (; at > 0 && c.score > beam->candidate[at - 1].score; at--)
        beam->candidate[at] = beam->candidate[at - 1];
    beam->candidate[at] = c;
}

static bool is_allowed(const rondo__ctc_beam *beam, const real *p, int32_t symbol) {
    return symbol != NONE && (beam->search.prune == 0 || (double)p[symbol] >= beam->search.prune);
}

static int64_t list_allowed(rondo__ctc_beam *beam, const real *p) {
    int64_t count = 0;
    for (int32_t c = 0; c < beam->V; c++)
        if (c != beam->search.blank && is_allowed(beam, p, c))
            beam->allowed[count++] = c;
    return count;
}

/* Sum of e's paths after which symbol begins anew. */
static double before(const rondo__ctc_beam *beam, const entry *e, int32_t symbol) {
    return beam->nodes[e->node].symbol == symbol ? e->b : e->total;
}

static void offer_stay(rondo__ctc_beam *beam, int64_t i, const real *p) {
    const entry *e = &beam->entries[i];
    const node *n = &beam->nodes[e->node];
    candidate c = {.from = i, .symbol = NONE, .state = n->state, .scored = n->scored, .n = -INFINITY};
    c.b = e->total + (double)p[beam->search.blank];
    if (is_allowed(beam, p, n->symbol)) {
        c.n = e->n + (double)p[n->symbol];
        if (n->parent != NONE && beam->nodes[n->parent].kept != NONE)
            c.n = rondo__log_add(c.n, before(beam, &beam->entries[beam->nodes[n->parent].kept], n->symbol) +
                                          (double)p[n->symbol]);
    }
    offer(beam, c, e->extra);
}

static rondo_status ask(const rondo__ctc_beam *beam, candidate *c, int64_t state, rondo_error *err) {
    double log_p = NAN;
    rondo_status status = beam->scorer.score(beam->scorer.arg, state, c->symbol, &log_p, &c->state, err);
    if (!status && !(log_p < INFINITY))
        status = rondo__fail(err, RONDO_NUMERIC, "ctc: the scorer gave symbol %d a log-probability of %g",
                             (int)c->symbol, log_p);
    c->scored += log_p;
    return status;
}

static rondo_status offer_next(rondo__ctc_beam *beam, int64_t i, int32_t symbol, const real *p, rondo_error *err) {
    const entry *e = &beam->entries[i];
    const node *n = &beam->nodes[e->node];
    candidate c = {.from = i, .symbol = symbol, .scored = n->scored, .b = -INFINITY};
    c.n = before(beam, e, symbol) + (double)p[symbol];
    double extra = e->extra + beam->search.symbol_bonus;
    if (c.n == -INFINITY || (beam->candidates == beam->K && c.n + extra <= beam->candidate[beam->K - 1].score))
        return RONDO_OK;
    if (beam->scorer.score) {
        rondo_status status = ask(beam, &c, n->state, err);
        if (status)
            return status;
        extra += beam->search.scorer_weight * (c.scored - n->scored);
    }
    offer(beam, c, extra);
    return RONDO_OK;
}

static rondo_status offer_all(rondo__ctc_beam *beam, const real *p, rondo_error *err) {
    const int64_t allowed = list_allowed(beam, p), stamp = beam->stamp;
    rondo_status status = RONDO_OK;
    beam->candidates = 0;
    for (int64_t i = 0; i < beam->count; i++)
        offer_stay(beam, i, p);
    for (int64_t i = 0; i < beam->count; i++) {
        for (int64_t n = beam->nodes[beam->entries[i].node].child; n != NONE; n = beam->nodes[n].sibling)
            if (beam->nodes[n].kept != NONE)
                beam->taken[beam->nodes[n].symbol] = stamp + i + 1;
        for (int64_t k = 0; !status && k < allowed; k++)
            if (beam->taken[beam->allowed[k]] != stamp + i + 1)
                status = offer_next(beam, i, beam->allowed[k], p, err);
    }
    beam->stamp += beam->count;
    return status;
}

/* ---- from candidates to entries ---- */

static entry entry_of(const rondo__ctc_beam *beam, const candidate *c, int64_t n) {
    const rondo_ctc_search *search = &beam->search;
    entry e = {.node = n, .b = c->b, .n = c->n, .total = rondo__log_add(c->b, c->n), .score = c->score};
    e.extra = search->symbol_bonus * (double)beam->nodes[n].length;
    if (beam->scorer.score)
        e.extra += search->scorer_weight * c->scored;
    return e;
}

static int64_t node_of(rondo__ctc_beam *beam, const candidate *c, int64_t from) {
    if (c->symbol == NONE)
        return from;
    int64_t n = find_child(beam, from, c->symbol);
    if (n == NONE)
        n = take_node(beam, from, c->symbol);
    beam->nodes[n].state = c->state;
    beam->nodes[n].scored = c->scored;
    return n;
}

/* Nodes for new prefixes have been reserved: nothing here can fail. */
static void replace(rondo__ctc_beam *beam) {
    const int64_t before_count = beam->count;
    for (int64_t i = 0; i < before_count; i++) {
        beam->replaced[i] = beam->entries[i].node;
        beam->nodes[beam->replaced[i]].kept = NONE;
    }
    for (int64_t k = 0; k < beam->candidates; k++) {
        const candidate *c = &beam->candidate[k];
        const int64_t n = node_of(beam, c, beam->replaced[c->from]);
        beam->nodes[n].kept = k;
        beam->entries[k] = entry_of(beam, c, n);
    }
    beam->count = beam->candidates;
    for (int64_t i = 0; i < before_count; i++)
        if (beam->nodes[beam->replaced[i]].kept == NONE && beam->nodes[beam->replaced[i]].child == NONE)
            cut(beam, beam->replaced[i]);
}

rondo_status rondo__ctc_beam_step(rondo__ctc_beam *beam, const real *log_probabilities, rondo_error *err) {
    rondo_status status = reserve_nodes(beam, beam->K, err);
    if (!status)
        status = offer_all(beam, log_probabilities, err);
    if (!status)
        replace(beam);
    return status;
}

int32_t rondo__ctc_beam_settle(rondo__ctc_beam *beam) {
    const node *root = &beam->nodes[beam->root];
    const int64_t child = root->child;
    if (root->kept != NONE || child == NONE || beam->nodes[child].sibling != NONE)
        return NONE;
    give_node(beam, beam->root);
    beam->root = child;
    beam->nodes[child].parent = NONE;
    return beam->nodes[child].symbol;
}

rondo_status rondo__ctc_beam_finish(rondo__ctc_beam *beam, int64_t *count, rondo_error *err) {
    for (int64_t i = 0; i < beam->count; i++) {
        entry e = beam->entries[i];
        double log_p = 0;
        if (beam->scorer.score && beam->scorer.end) {
            rondo_status status = beam->scorer.end(beam->scorer.arg, beam->nodes[e.node].state, &log_p, err);
            if (!status && !(log_p < INFINITY))
                status = rondo__fail(err, RONDO_NUMERIC, "ctc: the scorer gave an end a log-probability of %g", log_p);
            if (status)
                return status;
            e.score += beam->search.scorer_weight * log_p;
        }
        int64_t at = i;
        for (; at > 0 && e.score > beam->entries[at - 1].score; at--)
            beam->entries[at] = beam->entries[at - 1];
        beam->entries[at] = e;
    }
    while (beam->count > 0 && beam->entries[beam->count - 1].score == -INFINITY)
        beam->count--;
    *count = beam->count;
    return RONDO_OK;
}

int64_t rondo__ctc_beam_get(const rondo__ctc_beam *beam, int64_t n, int32_t *symbol, double *score) {
    int64_t count = 0, last = beam->entries[n].node;
    for (int64_t i = last; i != beam->root; i = beam->nodes[i].parent)
        count++;
    *score = beam->entries[n].score;
    for (int64_t i = last, at = count; symbol && at-- > 0; i = beam->nodes[i].parent)
        symbol[at] = beam->nodes[i].symbol;
    return count;
}

/* ---- life ---- */

void rondo__ctc_beam_reset(rondo__ctc_beam *beam) {
    beam->unused = NONE;
    for (int64_t n = beam->capacity; n-- > 0;)
        give_node(beam, n);
    beam->root = take_node(beam, NONE, NONE);
    beam->nodes[beam->root].kept = 0;
    beam->entries[0] = (entry){.node = beam->root, .b = 0, .n = -INFINITY};
    beam->count = 1;
}

static void *room(int64_t count, size_t bytes) { return rondo__calloc((size_t)count, bytes); }

rondo_status rondo__ctc_beam_create(rondo__ctc_beam **out, int64_t V, const rondo_ctc_search *options,
                                    rondo_error *err) {
    rondo__ctc_beam *beam = rondo__calloc(1, sizeof *beam);
    rondo_status status = RONDO_MEMORY;
    if (beam) {
        *beam = (rondo__ctc_beam){.V = V, .K = options->beam, .search = *options, .unused = NONE};
        if (options->scorer && options->scorer_weight > 0)
            beam->scorer = *options->scorer;
        beam->entries = room(beam->K, sizeof *beam->entries);
        beam->candidate = room(beam->K, sizeof *beam->candidate);
        beam->replaced = room(beam->K, sizeof *beam->replaced);
        beam->allowed = room(V, sizeof *beam->allowed);
        beam->taken = room(V, sizeof *beam->taken);
        if (beam->entries && beam->candidate && beam->replaced && beam->allowed && beam->taken)
            status = reserve_nodes(beam, 1, NULL);
    }
    if (status)
        rondo__ctc_beam_destroy(&beam);
    else
        rondo__ctc_beam_reset(beam);
    *out = beam;
    return status ? rondo__fail(err, status, "ctc: no memory for a beam of %lld", (long long)options->beam) : RONDO_OK;
}

void rondo__ctc_beam_destroy(rondo__ctc_beam **beam) {
    if (!*beam)
        return;
    rondo__free((*beam)->nodes);
    rondo__free((*beam)->entries);
    rondo__free((*beam)->candidate);
    rondo__free((*beam)->replaced);
    rondo__free((*beam)->allowed);
    rondo__free((*beam)->taken);
    rondo__free(*beam);
    *beam = NULL;
}
