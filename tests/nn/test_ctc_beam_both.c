/* Prefix beam search with narrow beams against the plain algorithm: a list of prefixes, merged where they are equal. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/ctc.h"
#include "support/test.h"

enum { T = 40, V = 4, MOST = 16 * (V + 1) };

typedef struct prefix {
    int count, symbol[T];
    double b, n;
} prefix;

static double add(double a, double b) {
    const double high = fmax(a, b);
    return high == -INFINITY ? high : high + log(exp(a - high) + exp(b - high));
}

static double draw(uint64_t stream, int64_t i) { return rondo__random_uniform(31, stream, (uint64_t)i); }

static prefix *find(prefix *list, int *count, const prefix *like, int more) {
    prefix wanted = *like;
    if (more >= 0)
        wanted.symbol[wanted.count++] = more;
    for (int i = 0; i < *count; i++)
        if (list[i].count == wanted.count &&
            memcmp(list[i].symbol, wanted.symbol, (size_t)wanted.count * sizeof *wanted.symbol) == 0)
            return &list[i];
    wanted.b = wanted.n = -INFINITY;
    list[*count] = wanted;
    return &list[(*count)++];
}

static double score(const prefix *x, double bonus) { return add(x->b, x->n) + bonus * x->count; }

static int step(prefix *kept, int count, const rondo_real *p, int beam, double bonus) {
    static prefix next[MOST];
    int found = 0;
    for (int i = 0; i < count; i++) {
        const prefix *x = &kept[i];
        const int last = x->count ? x->symbol[x->count - 1] : -1;
        prefix *stay = find(next, &found, x, -1);
        stay->b = add(stay->b, add(x->b, x->n) + (double)p[0]);
        if (last >= 0)
            stay->n = add(stay->n, x->n + (double)p[last]);
        for (int k = 1; k < V; k++) {
            prefix *on = find(next, &found, x, k);
            on->n = add(on->n, (k == last ? x->b : add(x->b, x->n)) + (double)p[k]);
        }
    }
    int taken = 0;
    for (; taken < beam && taken < found; taken++) {
        int best = 0;
        for (int i = 1; i < found; i++)
            if (score(&next[i], bonus) > score(&next[best], bonus))
                best = i;
        if (score(&next[best], bonus) == -INFINITY)
            break;
        kept[taken] = next[best];
        next[best].b = next[best].n = -INFINITY;
    }
    return taken;
}

static void narrow_beams(void **state) {
    static prefix kept[16];
    static rondo_real p[T * V];
    (void)state;
    for (int trial = 0; trial < 80; trial++) {
        const int beam = 2 + trial % 9;
        const double bonus = trial % 3 * 0.5, peak = 1 + trial % 7;
        rondo_ctc_hypothesis out[16];
        int count = 1;
        for (int t = 0; t < T; t++) {
            double total = 0;
            for (int k = 0; k < V; k++)
                total += exp(peak * draw((uint64_t)trial, t * V + k));
            for (int k = 0; k < V; k++)
                p[t * V + k] = (rondo_real)(peak * draw((uint64_t)trial, t * V + k) - log(total));
        }
        kept[0] = (prefix){.b = 0, .n = -INFINITY};
        for (int t = 0; t < T; t++)
            count = step(kept, count, p + t * V, beam, bonus);
        const rondo_ctc_search search = {.beam = beam, .best = beam, .symbol_bonus = bonus};
        assert_int_equal(rondo_ctc_decode(out, T, V, p, &search, NULL), RONDO_OK);
        for (int i = 0; i < beam; i++) {
            assert_int_equal(out[i].count, kept[i].count);
            assert_memory_equal(out[i].symbol, kept[i].symbol, (size_t)kept[i].count * sizeof *kept[i].symbol);
            assert_true(fabs(out[i].score - score(&kept[i], bonus)) < 1e-9 * (1 + fabs(out[i].score)));
            rondo_ctc_hypothesis_free(&out[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(narrow_beams)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
