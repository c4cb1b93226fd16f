/* The losses. */
#include "differential/differ.h"

static rondo_cross_entropy_options entropy_options(differ *d, int64_t V) {
    return (rondo_cross_entropy_options){
        .label_smoothing = (rondo_real)(differ_is(d, "smooth") ? 0.125 : 0),
        .divide_by = (rondo_real)(differ_is(d, "divide") ? 7 : 0),
        .class_weights = differ_is(d, "weights") ? differ_numbers(d, V, 1, 0.7) : NULL,
    };
}

static void cross_entropy(differ *d) {
    const int64_t M = differ_get(d, "M"), V = differ_get(d, "V");
    rondo_var *x = differ_leaf(d, 2, (int64_t[]){M, V}, 0, 5);
    const rondo_cross_entropy_options options = entropy_options(d, V);
    differ_result(d, rondo_cross_entropy(d->tape, x, differ_ints(d, M, -1, V - 1), &options));
}

static void linear_cross_entropy(differ *d) {
    const int64_t M = differ_get(d, "M"), V = differ_get(d, "V"), K = differ_get(d, "K");
    rondo_var *x = LEAF(d, M, K), *w = LEAF(d, V, K), *b = LEAF_IF(d, "bias", V);
    const rondo_cross_entropy_options options = entropy_options(d, V);
    differ_result(d, rondo_linear_cross_entropy(d->tape, x, w, b, differ_ints(d, M, -1, V - 1), &options));
}

static void adaptive_free(void *object) {
    rondo_adaptive *adaptive = object;
    rondo_adaptive_destroy(&adaptive);
}

static void adaptive(differ *d) {
    const int64_t M = differ_get(d, "M"), K = differ_get(d, "K"), V = differ_get(d, "V");
    const int64_t cuts[2] = {V / 4, V / 2};
    rondo_params *params = differ_params(d);
    rondo_adaptive *adaptive = NULL;
    rondo_adaptive_create(&adaptive, params, "", K, V, (int)differ_get(d, "cuts"), cuts, 2, &d->err);
    differ_later(d, adaptive_free, adaptive);
    differ_finish(d, params);
    rondo_var *x = LEAF(d, M, K);
    if (differ_is(d, "all"))
        differ_result(d, rondo_adaptive_log_probabilities(adaptive, d->tape, x));
    differ_result(d, rondo_adaptive_loss(adaptive, d->tape, x, differ_ints(d, M, -1, V - 1), NULL));
}

/* Targets lie away from the predictions, so that no kink is met. */
static void points(differ *d) {
    const int64_t M = differ_get(d, "M"), Q = differ_get(d, "Q");
    const int64_t kind = differ_pick(d, "kind", 4);
    static const rondo_real levels[] = {(rondo_real)0.125, (rondo_real)0.5, (rondo_real)0.75};
    const rondo_real *target = differ_numbers(d, M, 3, 0.7);
    const rondo_loss_options options = {.weight = differ_is(d, "weights") ? differ_numbers(d, M, 1, 0.7) : NULL};
    rondo_var *p = kind == 3 ? LEAF(d, M, Q) : LEAF(d, M);
    switch (kind) {
    case 0:
        p = rondo_squared_loss(d->tape, p, target, &options);
        break;
    case 1:
        p = rondo_absolute_loss(d->tape, p, target, &options);
        break;
    case 2:
        p = rondo_huber_loss(d->tape, p, target, 1, &options);
        break;
    default:
        p = rondo_quantile_loss(d->tape, p, target, Q, levels, &options);
    }
    differ_result(d, p);
}

static void distribution(differ *d) {
    const rondo_distribution kind = (rondo_distribution)differ_pick(d, "kind", 3);
    const int64_t M = differ_get(d, "M"), P = rondo_distribution_parameters(kind);
    rondo_real *target = differ_numbers(d, M, 1, 3);
    for (int64_t i = 0; kind == RONDO_NEGATIVE_BINOMIAL && i < M; i++)
        target[i] = (rondo_real)(int)((target[i] < 0 ? -target[i] : target[i]) * 4);
    const rondo_real *shift = differ_is(d, "scaled") ? differ_numbers(d, M, 0, 1) : NULL;
    const rondo_real *scale = differ_is(d, "scaled") ? differ_numbers(d, M, 2, 1) : NULL;
    differ_result(d, rondo_distribution_loss(d->tape, kind, LEAF(d, M, P), target, shift, scale, NULL));
}

static void ctc(differ *d) {
    const int64_t B = differ_get(d, "B"), V = differ_get(d, "V"), most = differ_get(d, "symbols");
    const int64_t T = 2 * most + differ_get(d, "T");
    int32_t *lengths = differ_ints(d, B, 0, most), *frames = differ_ints(d, B, 2 * most, T);
    int64_t count = 0;
    for (int64_t b = 0; b < B; b++)
        count += lengths[b];
    const rondo_ctc_options options = {.lengths = differ_is(d, "ragged") ? frames : NULL, .skip_impossible = true};
    rondo_var *x = differ_leaf(d, 3, (int64_t[]){T, B, V}, 0, 2);
    differ_result(d, rondo_ctc_loss(d->tape, x, differ_ints(d, count, 1, V - 1), lengths, &options));
}

static void crf(differ *d) {
    const int64_t T = differ_get(d, "T"), B = differ_get(d, "B"), V = differ_get(d, "V");
    rondo_var *x = LEAF(d, T, B, V);
    const rondo_crf_weights weights = {LEAF(d, V, V), LEAF(d, V), LEAF(d, V)};
    const rondo_crf_options options = {.lengths = differ_lengths(d, B, T), .divide_by = 3};
    differ_result(d, rondo_crf_loss(d->tape, x, differ_ints(d, T * B, 0, V - 1), &weights, &options));
}

#define ENTROPY                                                                                                        \
    {"smooth", 0, 1}, {"divide", 0, 1}, { "weights", 0, 1 }
const differ_family differ_losses[] = {
    {"cross_entropy", 1e-5, cross_entropy, {{"M", 1, 30}, {"V", 2, 150}, ENTROPY}},
    {"linear_cross_entropy",
     1e-5,
     linear_cross_entropy,
     {{"M", 1, 60}, {"V", 2, 150}, {"K", 1, 70}, {"bias", 0, 1}, ENTROPY}},
    {"adaptive", 2e-5, adaptive, {{"M", 1, 30}, {"V", 8, 100}, {"K", 8, 40}, {"cuts", 1, 2}, {"all", 0, 1}}},
    {"points", 1e-5, points, {{"M", 1, 90}, {"Q", 1, 3}, {"kind", 0, 3}, {"weights", 0, 1}}},
    {"distribution", 5e-5, distribution, {{"M", 1, 90}, {"kind", 0, 2}, {"scaled", 0, 1}}},
    {"ctc", 5e-5, ctc, {{"T", 1, 12}, {"B", 1, 6}, {"V", 2, 30}, {"symbols", 0, 6}, {"ragged", 0, 1}}},
    {"crf", 5e-5, crf, {{"T", 1, 12}, {"B", 1, 6}, {"V", 1, 30}, {"ragged", 0, 1}}},
    {0},
};
