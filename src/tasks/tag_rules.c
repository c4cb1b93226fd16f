/* Labels that mark spans: which may follow which.
 *
 * BIO: I-X goes on from B-X or I-X. With E-X or S-X among the labels (IOBES) a span that was begun also has to go on,
 * to I-X or E-X, and no other label may stand in between. A label that nothing could follow, because the labels it
 * waits for do not exist, may be followed by anything. With IOBES no sentence ends in a span that stays open. */
#include <math.h>
#include <string.h>

#include "tasks/tag.h"

void rondo__tag_rules_free(rondo__tag_rules *rules) {
    rondo__free(rules->allowed);
    rondo__free(rules->start);
    rondo__free(rules->none);
    rondo__free(rules->end);
    *rules = (rondo__tag_rules){0};
}

static bool goes_on(const char *label) { return (*label == 'I' || *label == 'E') && label[1] == '-'; }

static bool is_open(const char *label) { return (*label == 'B' || *label == 'I') && label[1] == '-'; }

static bool may_follow(const char *from, const char *to, bool closed) {
    const bool same = is_open(from) && goes_on(to) && strcmp(from + 1, to + 1) == 0;
    if (goes_on(to))
        return same;
    return !closed || !is_open(from);
}

static void fill(rondo__tag_rules *rules, int64_t K, const char *const *label) {
    bool closed = false;
    int64_t starts = 0;
    for (int64_t k = 0; k < K; k++)
        closed = closed || ((*label[k] == 'E' || *label[k] == 'S') && label[k][1] == '-');
    for (int64_t i = 0; i < K; i++) {
        int64_t followed = 0;
        for (int64_t k = 0; k < K; k++)
            followed += rules->allowed[i * K + k] = may_follow(label[i], label[k], closed);
        if (followed == 0)
            memset(rules->allowed + i * K, 1, (size_t)K);
        else if (closed && is_open(label[i]))
            rules->end[i] = -INFINITY;
        starts += rules->start[i] = !goes_on(label[i]);
    }
    if (starts == 0)
        memset(rules->start, 1, (size_t)K);
}

rondo_status rondo__tag_rules_make(rondo__tag_rules *out, const rondo__tag_vocabulary *vocabulary, bool legal,
                                   rondo_error *err) {
    const int64_t K = vocabulary->labels.count;
    *out = (rondo__tag_rules){.spans = rondo_labels_are_spans(K, vocabulary->label)};
    if (!out->spans || !legal || K > RONDO__TAG_MANY)
        return RONDO_OK;
    out->allowed = rondo__calloc((size_t)(K * K), 1);
    out->start = rondo__calloc((size_t)K, 1);
    out->none = rondo__calloc((size_t)(K * K), sizeof *out->none);
    out->end = rondo__calloc((size_t)K, sizeof *out->end);
    if (!out->allowed || !out->start || !out->none || !out->end) {
        rondo__tag_rules_free(out);
        return rondo__fail(err, RONDO_MEMORY, "tag: no memory for the rules of %lld labels", (long long)K);
    }
    fill(out, K, vocabulary->label);
    return RONDO_OK;
}
