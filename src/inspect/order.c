/* Clusters: average linkage (UPGMA) over 1 - |correlation in time|: units that rise and fall together, or against each
 * other, stand together. Merges are found by chains of nearest neighbours (Murtagh 1983), H² time and memory; at each
 * merge the two rows of leaves are turned so that their nearest ends meet. */
#include "inspect/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- by a number of each unit ---- */

static int by_key(const void *a, const void *b) {
    const rondo__ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_falling_key(const void *a, const void *b) {
    const rondo__ranked *x = a, *y = b;
    return x->key == y->key ? by_key(a, b) : by_key(b, a);
}

void rondo__rank(int64_t n, rondo__ranked *item, bool falling) {
    qsort(item, (size_t)n, sizeof *item, falling ? by_falling_key : by_key);
}

static double key_of(int64_t T, int64_t H, const double *value, int64_t unit, rondo_unit_order kind) {
    double sum = 0, most = -1;
    int64_t peak = 0;
    for (int64_t t = 0; t < T; t++) {
        const double x = value[t * H + unit];
        sum += x;
        if (fabs(x) > most) {
            most = fabs(x);
            peak = t;
        }
    }
    return kind == RONDO_ORDER_PEAK ? (double)peak : isnan(sum) ? 0 : -sum;
}

static bool sort_units(int64_t *order, int64_t T, int64_t H, const double *value, rondo_unit_order kind) {
    rondo__ranked *item = rondo__calloc((size_t)H, sizeof *item);
    for (int64_t j = 0; item && j < H; j++)
        item[j] = (rondo__ranked){key_of(T, H, value, j, kind), j};
    if (!item)
        return false;
    rondo__rank(H, item, false);
    for (int64_t j = 0; j < H; j++)
        order[j] = item[j].index;
    rondo__free(item);
    return true;
}

/* ---- clusters ---- */

typedef struct clusters {
    int64_t H;
    double *apart; /* (H, H) between clusters; between units while it is `unit` */
    double *unit;  /* (H, H) between units */
    int64_t *size; /* (H); 0: merged into another */
    int64_t *next; /* (H) leaves of a cluster in a row, from first[] on; -1: the end */
    int64_t *first, *last, *chain;
} clusters;

static void free_clusters(clusters *c) {
    void *const all[] = {c->apart, c->unit, c->size, c->next, c->first, c->last, c->chain};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        rondo__free(all[i]);
}

static bool make_clusters(clusters *c, int64_t H) {
    size_t cells;
    *c = (clusters){.H = H};
    if (!rondo__size_mul((size_t)H, (size_t)H, &cells))
        return false;
    c->apart = rondo__calloc(cells, sizeof *c->apart);
    c->unit = rondo__calloc(cells, sizeof *c->unit);
    int64_t **const lists[] = {&c->size, &c->next, &c->first, &c->last, &c->chain};
    bool fine = c->apart && c->unit;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        fine = (*lists[i] = rondo__calloc((size_t)H, sizeof **lists[i])) && fine;
    for (int64_t j = 0; fine && j < H; j++) {
        c->size[j] = 1;
        c->next[j] = -1;
        c->first[j] = c->last[j] = j;
    }
    return fine;
}

/* z (H, T): each unit less its mean, over its length; a unit that never moves is all 0. */
static void standardise(double *z, int64_t T, int64_t H, const double *value) {
    for (int64_t j = 0; j < H; j++) {
        double mean = 0, squares = 0;
        for (int64_t t = 0; t < T; t++)
            mean += value[t * H + j] / (double)T;
        for (int64_t t = 0; t < T; t++)
            squares += (value[t * H + j] - mean) * (value[t * H + j] - mean);
        for (int64_t t = 0; t < T; t++)
            z[j * T + t] = squares > 1e-24 ? (value[t * H + j] - mean) / sqrt(squares) : 0;
    }
}

static bool measure(clusters *c, int64_t T, const double *value) {
    const int64_t H = c->H;
    double *z = T > 0 ? rondo__calloc((size_t)H, (size_t)T * sizeof *z) : NULL;
    if (!z)
        return T == 0;
    standardise(z, T, H, value);
    for (int64_t i = 0; i < H; i++) {
        for (int64_t j = 0; j < i; j++) {
            double r = 0;
            for (int64_t t = 0; t < T; t++)
                r += z[i * T + t] * z[j * T + t];
            c->unit[i * H + j] = c->unit[j * H + i] = 1 - fabs(r);
        }
    }
    memcpy(c->apart, c->unit, (size_t)(H * H) * sizeof *c->apart);
    rondo__free(z);
    return true;
}

/* The nearest cluster; of equally near ones `before`, then the first. */
static int64_t nearest(const clusters *c, int64_t a, int64_t before) {
    int64_t best = before;
    for (int64_t b = 0; b < c->H; b++)
        if (b != a && c->size[b] && (best < 0 || c->apart[a * c->H + b] < c->apart[a * c->H + best]))
            best = b;
    return best;
}

static void turn(clusters *c, int64_t a) {
    int64_t before = -1;
    for (int64_t leaf = c->first[a]; leaf >= 0;) {
        const int64_t next = c->next[leaf];
        c->next[leaf] = before;
        before = leaf;
        leaf = next;
    }
    const int64_t swap = c->first[a];
    c->first[a] = c->last[a];
    c->last[a] = swap;
}

/* Leaves of a, then of b, in the way in which the ends that meet are nearest. */
static void join_leaves(clusters *c, int64_t a, int64_t b) {
    const int64_t ends_a[2] = {c->last[a], c->first[a]}, ends_b[2] = {c->first[b], c->last[b]};
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (c->unit[ends_a[k & 1] * c->H + ends_b[k >> 1]] < c->unit[ends_a[best & 1] * c->H + ends_b[best >> 1]])
            best = k;
    if (best & 1)
        turn(c, a);
    if (best >> 1)
        turn(c, b);
    c->next[c->last[a]] = c->first[b];
    c->last[a] = c->last[b];
}

static void merge(clusters *c, int64_t a, int64_t b) {
    const int64_t H = c->H;
    const double na = (double)c->size[a], nb = (double)c->size[b];
    for (int64_t k = 0; k < H; k++)
        if (c->size[k] && k != a && k != b)
            c->apart[a * H + k] = c->apart[k * H + a] =
                (na * c->apart[a * H + k] + nb * c->apart[b * H + k]) / (na + nb);
    join_leaves(c, a, b);
    c->size[a] += c->size[b];
    c->size[b] = 0;
}

static void link_all(clusters *c) {
    int64_t length = 0;
    for (int64_t merges = 0; merges < c->H - 1;) {
        for (int64_t j = 0; length == 0; j++)
            if (c->size[j])
                c->chain[length++] = j;
        const int64_t a = c->chain[length - 1], before = length > 1 ? c->chain[length - 2] : -1;
        const int64_t b = nearest(c, a, before);
        if (b != before) {
            c->chain[length++] = b;
            continue;
        }
        length -= 2;
        merge(c, a < b ? a : b, a < b ? b : a);
        merges++;
    }
}

static bool cluster(int64_t *order, int64_t T, int64_t H, const double *value) {
    clusters c;
    const bool fine = make_clusters(&c, H) && measure(&c, T, value);
    if (fine) {
        int64_t root = 0, place = 0;
        link_all(&c);
        while (!c.size[root])
            root++;
        for (int64_t leaf = c.first[root]; leaf >= 0; leaf = c.next[leaf])
            order[place++] = leaf;
    }
    free_clusters(&c);
    return fine;
}

bool rondo__order_units(int64_t *order, int64_t T, int64_t H, const double *value, rondo_unit_order kind) {
    if (kind == RONDO_ORDER_CLUSTER)
        return cluster(order, T, H, value);
    if (kind != RONDO_ORDER_INDEX)
        return sort_units(order, T, H, value, kind);
    for (int64_t j = 0; j < H; j++)
        order[j] = j;
    return true;
}
