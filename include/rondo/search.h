/* Search: which sequence does a model find likeliest? Greedy, beam, sampling, over anything that tells the
 * log-probabilities of the next symbol. */
#ifndef RONDO_SEARCH_H
#define RONDO_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rondo/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a search asks of a model; rondo_decoding_step has this form. The first call has one row per source in order,
 * parent[r] = r; later row r goes on from row parent[r] of the call before. */
typedef rondo_status (*rondo_search_step_fn)(void *model, int64_t rows, const int32_t *parent, const int32_t *symbols,
                                             rondo_real *log_probabilities /* (rows, V) */,
                                             rondo_real *weights /* (rows, S) or NULL */, rondo_error *err);
typedef struct rondo_search_model {
    rondo_search_step_fn step;
    void *model;
    int64_t V;       /* width of log_probabilities */
    int64_t S;       /* width of weights; 0: the model has none */
    int32_t start;   /* told first */
    int32_t end;     /* ends a sequence */
    int32_t unknown; /* -1: none */
} rondo_search_model;

/* Zero means the default.
 *
 * Beam search: the K likeliest live hypotheses go on, those that end among the K likeliest continuations of a step are
 * kept, and the search stops when nothing alive can reach a better score than the `best` kept ones, however it goes on
 * up to max_length. So a beam as wide as the number of hypotheses finds the true best. Ties go to the hypothesis that
 * was ahead, then to the lower symbol. A beam of 1 is greedy: the likeliest symbol at each step, up to the first end
 * symbol. */
typedef struct rondo_search_options {
    int64_t beam;            /* K; 0: 1, greedy */
    int64_t best;            /* hypotheses given back per source, at most beam; 0: 1 */
    double length_penalty;   /* alpha of GNMT (Wu 2016, eq. 14): score = log p / ((5 + |Y|) / 6)^alpha + ...; |Y| counts
                                the end symbol; 0: none */
    double coverage_penalty; /* beta: ... + beta * sum over s of log(min(sum over t of weights_ts, 1)), at least 1e-10
                                in the logarithm; needs weights. Ranks what has ended, not what is still growing */
    int64_t min_length;      /* symbols before the end symbol may come */
    int64_t max_length;      /* symbols without the end symbol; 0: 2 * source length + 50 */
    int64_t no_repeat_ngram; /* no n-gram comes twice; 0: off */
    bool no_unknown;         /* the unknown symbol is never chosen */
    bool sample;             /* draw in place of searching: `best` independent samples per source, beam is ignored */
    double temperature;      /* of sampling; 0: 1 */
    int64_t top_k;           /* 0: all */
    double top_p;            /* 0: 1 */
    uint64_t seed;           /* a source's draws depend on (seed, its number, sample, step) only */
    uint64_t first_source;   /* number of the first source of this call */
    const int32_t *const *prefix; /* NULL, or per source what its sequence must begin with (NULL where it is empty). It
                                     counts in every length, and goes before no_unknown and no_repeat_ngram */
    const int64_t *prefix_count;  /* (sources) at most max_length */
    bool want_weights;            /* give back where each symbol looked */
} rondo_search_options;

typedef struct rondo_hypothesis {
    int64_t count;          /* symbols, without start and end */
    int32_t *symbols;       /* (count) */
    rondo_real *weights;    /* (count + ended, S): the end symbol's row comes last; NULL unless wanted */
    double log_probability; /* of all symbols, the end symbol included; of samples, too, what the model says */
    double score;           /* what the search ranks by; without an end symbol |Y| is count */
    bool ended;             /* false: cut at max_length, or where no symbol could follow */
} rondo_hypothesis;
typedef struct rondo_search_result {
    int64_t sources, best;
    rondo_hypothesis *hypothesis; /* (sources, best), the best first, every ended one before the cut ones: one that was
                                     cut is given only where not enough have ended. Samples stand in the order of
                                     their numbers. There may be fewer than asked, or none (a prefix of probability
                                     0): such an entry has score -INFINITY and count 0. One block of memory */
} rondo_search_result;
/* Searches for all sources side by side; each source's result is the one it has alone, bit for bit (as far as the
 * model's rows are). lengths (sources): source lengths, for max_length and the coverage penalty; NULL where neither
 * needs them. options NULL: all defaults. RONDO_NUMERIC: the model gave NaN or +INFINITY; -INFINITY is a symbol that
 * cannot come. A failure of the step function is passed on. On success *out is the caller's, until rondo_search_free.
 */
RONDO_API rondo_status rondo_search(rondo_search_result *out, const rondo_search_model *model, int64_t sources,
                                    const int32_t *lengths, const rondo_search_options *options, rondo_error *err);
RONDO_API void rondo_search_free(rondo_search_result *result);

/* Several models as one (an ensemble): the log of the mean of their probabilities, the mean of the weights of those
 * that have any. All have the same vocabulary. member (count) stays the caller's and outlives it; V, S and model in it
 * may be set anew for each batch, before rondo_ensemble_model. */
typedef struct rondo_ensemble rondo_ensemble;
RONDO_API rondo_status rondo_ensemble_create(rondo_ensemble **out, int count, const rondo_search_model *member,
                                             rondo_error *err);
RONDO_API void rondo_ensemble_destroy(rondo_ensemble **ensemble);
RONDO_API rondo_search_model rondo_ensemble_model(rondo_ensemble *ensemble);

#ifdef __cplusplus
}
#endif
#endif
