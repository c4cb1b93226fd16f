/* Inside of rondo_search: what its files share. search.c runs the steps, search_rules.c forbids symbols and scores,
 * search_beam.c and search_sample.c choose what goes on, search_result.c keeps what has come to an end.
 *
 *   step t:  rows ---- model ----> log_probabilities (rows, V), weights (rows, S)
 *            each source looks at its own rows only and appends its choices to next[]; some end and enter its pool
 *            next[] becomes rows; a source without rows has left the batch
 *
 * A row told to the model is remembered as a node (the row it came from, the symbol it was told), so a hypothesis is
 * the chain of nodes from its last row back to the start. Nodes are never taken back: together they are the rows of all
 * steps, at most sources * K * (max_length + 1). */
#ifndef RONDO_NN_SEARCH_H
#define RONDO_NN_SEARCH_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "nn/sampler.h"
#include "rondo/search.h"

/* A live hypothesis. */
typedef struct rondo__search_row {
    double log_p;
    double penalty; /* of its coverage so far */
    int64_t node;
    int32_t parent; /* row of the step before */
    int32_t symbol; /* told next */
    int32_t sample; /* number among its source's samples */
    bool ended;     /* its end symbol has been chosen */
} rondo__search_row;

/* One that has come to an end. */
typedef struct rondo__search_end {
    double log_p, score;
    int64_t node;  /* of its last row */
    int64_t count; /* symbols without start and end */
    bool ended;    /* by the end symbol */
} rondo__search_end;

typedef struct rondo__search_source {
    int64_t first, rows; /* its live rows */
    int64_t length;      /* of the source */
    int64_t max_length;
    double most; /* the largest length penalty that a hypothesis can get */
    const int32_t *prefix;
    int64_t prefix_count;
    rondo__search_end *pool; /* (best) of pool */
    int64_t pooled, ended;   /* hypotheses in it, and those of them that ended */
} rondo__search_source;

typedef struct rondo__search_choice {
    double log_p;
    int32_t row, symbol;
} rondo__search_choice;

typedef struct rondo__search {
    const rondo_search_model *model;
    rondo_search_options options; /* defaults filled in */
    int64_t sources, K;
    int64_t t; /* symbols that every live hypothesis has */
    rondo__search_source *source;
    rondo__search_end *pool;       /* (sources, best) ended before cut, then by score; samples: by number */
    rondo__search_row *row, *next; /* (sources * K) */
    int64_t rows, nexts;
    int32_t *parents, *symbols;       /* (sources * K) as the model is told */
    double *coverage, *coverage_next; /* (sources * K, S) or NULL: sums of weights */
    double *covered;                  /* (sources * K) or NULL: coverage penalty with this step's weights */
    rondo__search_choice *choice;     /* (K) */
    rondo__search_choice *end;        /* (K) */
    int32_t *history;                 /* symbols of one row, for blocking; grows */
    int64_t history_room;
    real *log_probabilities; /* (row_room, V) */
    real *weights;           /* (row_room, S) or NULL */
    int64_t row_room;
    int64_t *node_parent;
    int32_t *node_symbol;
    real *node_weights; /* (node_room, S) or NULL */
    int64_t nodes, node_room;
    rondo__sampler sampler;
} rondo__search;

/* ---- search_check.c: fills in the defaults of options (NULL: all), or refuses ---- */
rondo_status rondo__search_check(rondo_search_options *filled, const rondo_search_model *model, int64_t sources,
                                 const int32_t *lengths, const rondo_search_options *options, rondo_error *err);

/* ---- search_rules.c ---- */
/* ((5 + count) / 6)^alpha, count with the end symbol */
double rondo__length_penalty(double alpha, int64_t count);
/* beta * sum over s of log(min(coverage[s], 1)); what is covered by less than 1e-10 counts as that much */
double rondo__coverage_penalty(double beta, int64_t S, const double *coverage);
/* Score of a hypothesis of count symbols (the end symbol included, where it has one). penalty: of its coverage. */
double rondo__search_score(const rondo__search *s, double log_p, int64_t count, double penalty);
/* Sets what may not come next to -INFINITY in the rows of a source. */
rondo_status rondo__search_forbid(rondo__search *s, const rondo__search_source *source, rondo_error *err);
/* No NaN and no +INFINITY among n numbers. */
bool rondo__search_sound(int64_t n, const real *x);
rondo_status rondo__search_unsound(const rondo__search *s, const rondo__search_source *source, rondo_error *err);

/* ---- search_beam.c, search_sample.c: what goes on from the rows of a source, and what ends ---- */
rondo_status rondo__search_beam(rondo__search *s, rondo__search_source *source, rondo_error *err);
rondo_status rondo__search_draw(rondo__search *s, rondo__search_source *source, rondo_error *err);

/* ---- search.c ---- */
static inline const real *rondo__search_scores(const rondo__search *s, int64_t row) {
    return s->log_probabilities + row * s->model->V;
}
/* Row r goes on with symbol, its probability included in log_p. */
void rondo__search_go_on(rondo__search *s, int64_t r, int32_t symbol, double log_p);

/* ---- search_result.c ---- */
/* Row r has ended (log_p includes the end symbol) or was cut: into the pool, where it is among the best. */
void rondo__search_finish(rondo__search *s, rondo__search_source *source, int64_t r, double log_p, bool ended);
/* The same for a sample, which keeps its place. */
void rondo__search_place(rondo__search *s, rondo__search_source *source, int64_t r, double log_p, bool ended,
                         int64_t sample);
rondo_status rondo__search_give(rondo_search_result *out, const rondo__search *s, rondo_error *err);

#endif
