/* When did each symbol begin? The likeliest of the paths that say them, by Viterbi over the same places as the loss
 * (ctc_loss.c): blank, y_1, blank, y_2, ..., blank. */
#include "nn/ctc.h"

typedef struct alignment {
    int64_t V, S;
    const int32_t *symbol;
    int32_t blank;
    double *best, *other; /* (S) of this frame and of the one before */
    unsigned char *step;  /* (T, S): how many places the best path came forward */
} alignment;

static double emitted(const alignment *a, const real *p, int64_t s) {
    return (double)p[s % 2 ? a->symbol[s / 2] : a->blank];
}

static void step(const alignment *a, int64_t t, const real *p) {
    for (int64_t s = 0; s < a->S; s++) {
        const bool may_pass = s % 2 == 1 && s >= 3 && a->symbol[s / 2] != a->symbol[s / 2 - 1];
        int from = 0;
        for (int d = 1; d <= (may_pass ? 2 : 1) && d <= s; d++)
            if (a->other[s - d] > a->other[s - from])
                from = d;
        a->step[t * a->S + s] = (unsigned char)from;
        a->best[s] = a->other[s - from] + emitted(a, p, s);
    }
}

static void walk_back(const alignment *a, int32_t *frame, int64_t T, int64_t s) {
    for (int64_t t = T - 1; t >= 0; t--) {
        if (s % 2)
            frame[s / 2] = (int32_t)t;
        s -= a->step[t * a->S + s];
    }
}

static void run(alignment *a, int32_t *frame, int64_t T, const real *p) {
    for (int64_t s = 0; s < a->S; s++)
        a->other[s] = -INFINITY;
    for (int64_t t = 0; t < T; t++) {
        step(a, t, p + t * a->V);
        if (t == 0)
            for (int64_t s = 0; s < a->S; s++)
                a->best[s] = s < 2 ? emitted(a, p, s) : -INFINITY;
        double *swap = a->best;
        a->best = a->other;
        a->other = swap;
    }
    const double *last = a->other;
    const int64_t end = a->S > 1 && last[a->S - 2] > last[a->S - 1] ? a->S - 2 : a->S - 1;
    if (last[end] != -INFINITY)
        walk_back(a, frame, T, end);
}

rondo_status rondo__ctc_align(int32_t *frame, int64_t T, int64_t V, const real *log_probabilities, int64_t count,
                              const int32_t *symbol, int32_t blank, rondo_error *err) {
    alignment a = {.V = V, .S = 2 * count + 1, .symbol = symbol, .blank = blank};
    size_t bytes = 0;
    for (int64_t i = 0; i < count; i++)
        frame[i] = -1;
    double *memory = rondo__calloc((size_t)a.S, 2 * sizeof *memory);
    if (rondo__size_mul((size_t)T, (size_t)a.S, &bytes))
        a.step = rondo__alloc(bytes);
    if (memory && a.step) {
        a.best = memory;
        a.other = memory + a.S;
        run(&a, frame, T, log_probabilities);
    }
    const bool failed = !memory || !a.step;
    rondo__free(memory);
    rondo__free(a.step);
    return failed ? rondo__fail(err, RONDO_MEMORY, "ctc: no memory to align %lld frames", (long long)T) : RONDO_OK;
}
