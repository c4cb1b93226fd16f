/* CTC decoding: the best path, prefix beam search against all labellings, streams against the whole. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "rondo/ctc.h"
#include "support/test.h"

enum { T = 5, V = 4, WORDS = 1 + 3 + 9 + 27 + 81 + 243, LONG = 60, WIDE = 9 };
static const double tolerance = sizeof(rondo_real) == 4 ? 1e-5 : 1e-11;

static double draw(uint64_t stream, int64_t i) { return rondo__random_uniform(23, stream, (uint64_t)i); }

/* Log-probabilities of frames; peak: how sure they are. */
static void fill(rondo_real *p, int frames, int width, uint64_t stream, double peak) {
    for (int t = 0; t < frames; t++) {
        double x[WIDE], total = 0;
        for (int k = 0; k < width; k++)
            total += x[k] = exp(peak * draw(stream, t * width + k));
        for (int k = 0; k < width; k++)
            p[t * width + k] = (rondo_real)log(x[k] / total);
    }
}

/* ---- a bigram scorer: the state is the last symbol + 1 ---- */

static double bigram(int64_t state, int32_t symbol) {
    double total = 0;
    for (int k = 0; k < V; k++)
        total += exp(3 * draw(70, state * 17 + k));
    return log(exp(3 * draw(70, state * 17 + symbol)) / total);
}

static int asked, fail_at;
static rondo_status score(void *arg, int64_t state, int32_t symbol, double *log_probability, int64_t *next,
                          rondo_error *err) {
    (void)arg;
    if (++asked == fail_at)
        return rondo__fail(err, RONDO_IO, "the scorer is tired");
    *log_probability = bigram(state, symbol);
    *next = symbol + 1;
    return RONDO_OK;
}
static rondo_status end(void *arg, int64_t state, double *log_probability, rondo_error *err) {
    (void)arg;
    (void)err;
    *log_probability = -2 * draw(71, state);
    return RONDO_OK;
}
static const rondo_ctc_scorer scorer = {.score = score, .end = end};

/* ---- all labellings ---- */

/* Probability of every sequence of symbols, as a number in base V whose first digit is 1. */
typedef struct table {
    double probability[1 << 12]; /* 4^6 */
} table;

static int key_of(const int *said, int count) {
    int key = 1;
    for (int i = 0; i < count; i++)
        key = key * V + said[i];
    return key;
}

static void enumerate(table *all, const rondo_real *p, int blank) {
    memset(all, 0, sizeof *all);
    for (int path = 0; path < 1 << (2 * T); path++) {
        int said[T], count = 0, last = -1, rest = path;
        double product = 1;
        for (int t = 0; t < T; t++, rest /= V) {
            const int k = rest % V;
            product *= exp((double)p[t * V + k]);
            if (k != blank && k != last)
                said[count++] = k;
            last = k;
        }
        all->probability[key_of(said, count)] += product;
    }
}

static double with_scorer(double log_p, int key, const rondo_ctc_search *s) {
    int said[T + 1], count = 0;
    double scored = 0;
    int64_t state = 0;
    for (; key > 1; key /= V)
        said[count++] = key % V;
    for (int i = count - 1; i >= 0; i--) {
        scored += bigram(state, said[i]);
        state = said[i] + 1;
    }
    scored += -2 * draw(71, state);
    return log_p + (s->scorer ? s->scorer_weight * scored : 0) + s->symbol_bonus * count;
}

/* A beam wide enough for all gives the best ones of all, with their scores, in order. */
static void against_all(const rondo_ctc_search *search, uint64_t stream) {
    static table all;
    rondo_real p[T * V];
    rondo_ctc_hypothesis out[5];
    fill(p, T, V, stream, 4);
    enumerate(&all, p, search->blank);
    assert_int_equal(rondo_ctc_decode(out, T, V, p, search, NULL), RONDO_OK);
    for (int n = 0; n < 5; n++) {
        int best = 1;
        double best_score = -INFINITY;
        for (int key = 1; key < 1 << 12; key++) {
            const double score_of = with_scorer(log(all.probability[key]), key, search);
            if (all.probability[key] > 0 && score_of > best_score)
                best = key, best_score = score_of;
        }
        int said[T + 1];
        assert_in_range(out[n].count, 0, T);
        for (int i = 0; i < out[n].count; i++)
            said[i] = out[n].symbol[i];
        assert_int_equal(key_of(said, (int)out[n].count), best);
        assert_true(fabs(out[n].score - best_score) <= tolerance * (1 + fabs(best_score)));
        all.probability[best] = 0;
        rondo_ctc_hypothesis_free(&out[n]);
    }
}

static void all_labellings(void **state) {
    (void)state;
    for (uint64_t stream = 0; stream < 8; stream++) {
        const int32_t blank = (int32_t)(stream % 3);
        against_all(&(rondo_ctc_search){.beam = WORDS, .best = 5, .blank = blank}, stream);
        against_all(&(rondo_ctc_search){.beam = WORDS, .best = 5, .blank = blank, .symbol_bonus = 0.7}, stream);
        against_all(&(rondo_ctc_search){.beam = WORDS,
                                        .best = 5,
                                        .blank = blank,
                                        .scorer = &scorer,
                                        .scorer_weight = 0.8,
                                        .symbol_bonus = -0.3},
                    stream);
    }
}

/* ---- paths, frames ---- */

/* log-probabilities that nearly fix a path */
static void fill_path(rondo_real *p, const char *path) {
    for (int t = 0; path[t]; t++)
        for (int k = 0; k < V; k++)
            p[t * V + k] = (rondo_real)log(path[t] - '0' == k ? 0.91 : 0.03);
}

static void frames_of_symbols(void **state) {
    static const int32_t symbols[] = {1, 2, 2, 3}, frames[] = {1, 3, 6, 8};
    rondo_real p[10 * V];
    (void)state;
    fill_path(p, "0112202033");
    for (int beam = 1; beam <= 12; beam++) {
        rondo_ctc_hypothesis out = {0};
        assert_int_equal(rondo_ctc_decode(&out, 10, V, p, &(rondo_ctc_search){.beam = beam}, NULL), RONDO_OK);
        assert_int_equal(out.count, 4);
        assert_memory_equal(out.symbol, symbols, sizeof symbols);
        assert_memory_equal(out.frame, frames, sizeof frames);
        assert_true(beam > 1 || fabs(out.score - 10 * log(0.91)) < tolerance * 10);
        assert_true(beam == 1 || out.score > 10 * log(0.91));
        rondo_ctc_hypothesis_free(&out);
        rondo_ctc_hypothesis_free(&out);
    }
}

/* Fewer labellings than asked for; no frames; frames where nothing is possible. */
static void too_little(void **state) {
    rondo_ctc_hypothesis out[3];
    rondo_real p[2] = {-INFINITY, -INFINITY};
    (void)state;
    for (int beam = 1; beam <= 3; beam += 2) {
        const rondo_ctc_search search = {.beam = beam, .best = beam};
        assert_int_equal(rondo_ctc_decode(out, 0, 2, NULL, &search, NULL), RONDO_OK);
        assert_true(out[0].count == 0 && out[0].score == 0);
        assert_true(beam == 1 || (out[1].count == -1 && out[2].count == -1));
        rondo_ctc_hypothesis_free(&out[0]);
        assert_int_equal(rondo_ctc_decode(out, 1, 2, p, &search, NULL), RONDO_OK);
        assert_true(beam == 1 ? out[0].score == -INFINITY : out[0].count == -1);
        rondo_ctc_hypothesis_free(&out[0]);
    }
}

/* ---- streams ---- */

static int64_t stream_all(rondo_ctc_stream *stream, const rondo_real *p, int32_t *out) {
    const int32_t *symbols;
    int64_t count, total = 0;
    for (int t = 0; t <= LONG; t++) {
        if (t < LONG)
            assert_int_equal(rondo_ctc_stream_step(stream, p + t * WIDE, &symbols, &count, NULL), RONDO_OK);
        else
            assert_int_equal(rondo_ctc_stream_finish(stream, &symbols, &count, NULL), RONDO_OK);
        for (int64_t i = 0; i < count; i++)
            out[total++] = symbols[i];
    }
    return total;
}

static rondo_status flat(void *arg, int64_t state, int32_t symbol, double *log_probability, int64_t *next,
                         rondo_error *err) {
    (void)arg;
    (void)err;
    *log_probability = -3 * draw(75, state * 31 + symbol);
    *next = symbol + 1;
    return RONDO_OK;
}

static void stream_is_the_whole(void **state) {
    static const rondo_ctc_scorer wide = {.score = flat};
    static rondo_real p[LONG * WIDE];
    int32_t got[LONG];
    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        const rondo_ctc_search search = {.beam = 1 + trial % 7,
                                         .blank = trial % 2 * 5,
                                         .prune = trial % 5 == 0 ? -3 : 0,
                                         .scorer = trial % 3 == 0 && trial % 7 ? &wide : NULL,
                                         .scorer_weight = 0.5,
                                         .symbol_bonus = 0.1};
        rondo_ctc_hypothesis out = {0};
        rondo_ctc_stream *stream = NULL;
        fill(p, LONG, WIDE, (uint64_t)trial, 2 + trial % 6 * 2);
        assert_int_equal(rondo_ctc_decode(&out, LONG, WIDE, p, &search, NULL), RONDO_OK);
        assert_int_equal(rondo_ctc_stream_open(&stream, WIDE, &search, NULL), RONDO_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(stream_all(stream, p, got), out.count);
            assert_memory_equal(got, out.symbol, (size_t)out.count * sizeof *got);
            assert_int_equal(rondo_ctc_stream_finish(stream, &(const int32_t *){NULL}, &(int64_t){0}, NULL),
                             RONDO_STATE);
            rondo_ctc_stream_reset(stream);
        }
        rondo_ctc_stream_close(&stream);
        rondo_ctc_hypothesis_free(&out);
    }
}

/* Sure frames settle soon, whatever the beam. */
static void symbols_settle(void **state) {
    rondo_real p[12 * V];
    (void)state;
    fill_path(p, "011002200330");
    for (int beam = 1; beam <= 4; beam++) {
        rondo_ctc_stream *stream = NULL;
        const int32_t *symbols;
        int64_t count, total = 0;
        assert_int_equal(rondo_ctc_stream_open(&stream, V, &(rondo_ctc_search){.beam = beam}, NULL), RONDO_OK);
        for (int t = 0; t < 12; t++) {
            assert_int_equal(rondo_ctc_stream_step(stream, p + t * V, &symbols, &count, NULL), RONDO_OK);
            total += count;
        }
        assert_true(beam == 1 ? total == 3 : total >= 1);
        rondo_ctc_stream_close(&stream);
    }
}

static void greedy_allocates_nothing(void **state) {
    static rondo_real p[LONG * WIDE];
    rondo_ctc_stream *stream = NULL;
    int32_t got[LONG];
    (void)state;
    fill(p, LONG, WIDE, 3, 6);
    assert_int_equal(rondo_ctc_stream_open(&stream, WIDE, NULL, NULL), RONDO_OK);
    const uint64_t before = rondo__alloc_count();
    (void)stream_all(stream, p, got);
    rondo_ctc_stream_reset(stream);
    (void)stream_all(stream, p, got);
    assert_true(rondo__alloc_count() == before);
    rondo_ctc_stream_close(&stream);
}

/* ---- refusals ---- */

static void refusals(void **state) {
    static const rondo_ctc_scorer empty = {0};
    static const rondo_ctc_search wrong[] = {{.beam = -1},
                                             {.best = 2},
                                             {.beam = 4, .best = 5},
                                             {.blank = V},
                                             {.blank = -1},
                                             {.prune = 1},
                                             {.prune = NAN},
                                             {.beam = 2, .scorer_weight = -1},
                                             {.beam = 2, .symbol_bonus = INFINITY},
                                             {.scorer = &scorer},
                                             {.beam = 2, .scorer = &empty}};
    rondo_ctc_hypothesis out[8];
    rondo_error err = {0};
    rondo_real p[T * V];
    (void)state;
    fill(p, T, V, 1, 2);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rondo_ctc_stream *stream = NULL;
        assert_int_equal(rondo_ctc_decode(out, T, V, p, &wrong[i], &err), RONDO_ARGUMENT);
        assert_true(strncmp(err.message, "ctc: ", 5) == 0);
        assert_int_equal(rondo_ctc_stream_open(&stream, V, &wrong[i], NULL), RONDO_ARGUMENT);
        assert_null(stream);
    }
    assert_int_equal(rondo_ctc_decode(NULL, T, V, p, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_ctc_decode(out, T, V, NULL, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_ctc_decode(out, -1, V, p, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_ctc_decode(out, T, 0, p, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_ctc_stream_open(NULL, V, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_ctc_stream_step(NULL, p, NULL, NULL, NULL), RONDO_ARGUMENT);
}

static void bad_numbers(void **state) {
    rondo_ctc_hypothesis out = {0};
    rondo_ctc_stream *stream = NULL;
    rondo_real p[T * V];
    const int32_t *symbols;
    int64_t count;
    (void)state;
    for (int beam = 1; beam < 4; beam++) {
        const rondo_ctc_search search = {.beam = beam};
        fill(p, T, V, 1, 2);
        p[2 * V + 3] = beam == 1 ? (rondo_real)NAN : (rondo_real)INFINITY;
        assert_int_equal(rondo_ctc_decode(&out, T, V, p, &search, NULL), RONDO_NUMERIC);
        assert_int_equal(rondo_ctc_stream_open(&stream, V, &search, NULL), RONDO_OK);
        assert_int_equal(rondo_ctc_stream_step(stream, p + 2 * V, &symbols, &count, NULL), RONDO_NUMERIC);
        assert_int_equal(rondo_ctc_stream_step(stream, p, &symbols, &count, NULL), RONDO_STATE);
        rondo_ctc_stream_close(&stream);
    }
    const rondo_ctc_search search = {.beam = 3, .scorer = &scorer, .scorer_weight = 1};
    fill(p, T, V, 1, 2);
    asked = 0, fail_at = 4;
    assert_int_equal(rondo_ctc_decode(&out, T, V, p, &search, NULL), RONDO_IO);
    fail_at = 0;
}

static int whole(void *arg) {
    rondo_ctc_hypothesis out[4] = {{0}};
    rondo_ctc_stream *stream = NULL;
    const int32_t *symbols;
    int64_t count;
    static rondo_real p[LONG * WIDE];
    const rondo_ctc_search search = {.beam = *(int *)arg, .best = *(int *)arg};
    fill(p, LONG, WIDE, 8, 6);
    rondo_status status = rondo_ctc_decode(out, LONG, WIDE, p, &search, NULL);
    for (int n = 0; n < 4; n++)
        rondo_ctc_hypothesis_free(&out[n]);
    if (!status)
        status = rondo_ctc_stream_open(&stream, WIDE, &search, NULL);
    for (int t = 0; !status && t < LONG; t++)
        status = rondo_ctc_stream_step(stream, p + t * WIDE, &symbols, &count, NULL);
    if (!status)
        status = rondo_ctc_stream_finish(stream, &symbols, &count, NULL);
    rondo_ctc_stream_close(&stream);
    return (int)status;
}

static void failing_memory(void **state) {
    (void)state;
    for (int beam = 1; beam <= 4; beam += 3)
        test_every_failure(whole, &beam);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_labellings), cmocka_unit_test(frames_of_symbols),
                                       cmocka_unit_test(too_little),     cmocka_unit_test(stream_is_the_whole),
                                       cmocka_unit_test(symbols_settle), cmocka_unit_test(greedy_allocates_nothing),
                                       cmocka_unit_test(refusals),       cmocka_unit_test(bad_numbers),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
