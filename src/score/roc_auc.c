/* Area under the ROC curve: the chance that a random member of the class has a higher score than a random other one,
 * ties counting half (Mann and Whitney 1947). With the pairs in rising order of score, every member counts the others
 * below it, and half of those that tie with it. The counts are whole numbers, so the result does not depend on the
 * order of equal scores. */
#include <math.h>
#include <stdlib.h>

#include "core/core.h"
#include "rondo/label_score.h"

typedef struct scored {
    double score;
    bool member;
} scored;

static int by_score(const void *a, const void *b) {
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

/* Of count pairs without NaN, which are sorted in place; NaN when members or others are missing. */
static double area(scored *pair, int64_t count) {
    double members = 0, others = 0, above = 0; /* whole and half numbers, exact below 2^52 */
    qsort(pair, (size_t)count, sizeof *pair, by_score);
    for (int64_t i = 0; i < count;) {
        int64_t tied_members = 0, begin = i;
        for (; i < count && pair[i].score == pair[begin].score; i++)
            tied_members += pair[i].member;
        double tied_others = (double)(i - begin - tied_members);
        above += (double)tied_members * (others + tied_others / 2);
        members += (double)tied_members;
        others += tied_others;
    }
    return members > 0 && others > 0 ? above / members / others : NAN;
}

static rondo_status no_memory(int64_t count, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "roc_auc: no memory for %lld scores", (long long)count);
}

static scored *new_pairs(int64_t count) {
    size_t bytes;
    return rondo__size_mul((size_t)count, sizeof(scored), &bytes) ? rondo__alloc(bytes) : NULL;
}

/* Of the scores that stand `stride` apart, the members being those whose truth is `label`. */
static double area_of(scored *pair, int64_t count, const double *score, int64_t stride, const int32_t *truth,
                      int32_t label) {
    for (int64_t i = 0; i < count; i++) {
        pair[i] = (scored){score[i * stride], truth[i] == label};
        if (isnan(pair[i].score))
            return NAN;
    }
    return area(pair, count);
}

static rondo_status check(const double *out, int64_t count, const double *score, const int32_t *truth, int64_t classes,
                          rondo_error *err) {
    if (count < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "roc_auc: count is %lld (it must not be negative)", (long long)count);
    if (classes < 1 || classes > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "roc_auc: classes is %lld (it must be 1 to %d)", (long long)classes,
                           INT32_MAX);
    if (!out || (count && (!score || !truth)))
        return rondo__fail(err, RONDO_ARGUMENT, "roc_auc: %s is NULL (it is not optional)",
                           !out     ? "out"
                           : !score ? "the scores"
                                    : "truth");
    for (int64_t i = 0; i < count; i++)
        if (truth[i] < 0 || truth[i] >= classes)
            return rondo__fail(err, RONDO_ARGUMENT, "roc_auc: truth %lld is %d (it must be 0 to %lld)", (long long)i,
                               (int)truth[i], (long long)classes - 1);
    return RONDO_OK;
}

rondo_status rondo_roc_auc(double *out, int64_t count, const double *score, const int32_t *truth, rondo_error *err) {
    rondo_status status = check(out, count, score, truth, 2, err);
    if (status)
        return status;
    scored *pair = new_pairs(count);
    if (!pair)
        return no_memory(count, err);
    *out = area_of(pair, count, score, 1, truth, 1);
    rondo__free(pair);
    return RONDO_OK;
}

static bool occurs(int64_t count, const int32_t *truth, int32_t label) {
    for (int64_t i = 0; i < count; i++)
        if (truth[i] == label)
            return true;
    return false;
}

rondo_status rondo_roc_auc_classes(double *out, int64_t count, int64_t classes, const double *probability,
                                   const int32_t *truth, rondo_error *err) {
    rondo_status status = check(out, count, probability, truth, classes, err);
    if (status)
        return status;
    scored *pair = new_pairs(count);
    if (!pair)
        return no_memory(count, err);
    double total = 0;
    int64_t occurring = 0;
    for (int64_t c = classes == 2; c < classes; c++)
        if (classes == 2 || occurs(count, truth, (int32_t)c)) {
            total += area_of(pair, count, probability + c, classes, truth, (int32_t)c);
            occurring++;
        }
    *out = occurring ? total / (double)occurring : NAN;
    rondo__free(pair);
    return RONDO_OK;
}
