/* How often each class was taken for each other one, and what follows from it. */
#include "score/label_table.h"

static rondo_status check_labels(int64_t classes, int64_t count, const int32_t *label, const char *what,
                                 rondo_error *err) {
    for (int64_t i = 0; i < count; i++)
        if (label[i] < 0 || label[i] >= classes)
            return rondo__fail(err, RONDO_ARGUMENT, "confusion: %s %lld is %d (it must be 0 to %lld)", what,
                               (long long)i, (int)label[i], (long long)classes - 1);
    return RONDO_OK;
}

rondo_status rondo_confusion_add(int64_t *confusion, int64_t classes, int64_t count, const int32_t *truth,
                                 const int32_t *prediction, rondo_error *err) {
    if (classes < 1 || classes > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "confusion: classes is %lld (it must be 1 to %d)", (long long)classes,
                           INT32_MAX);
    if (count < 0)
        return rondo__fail(err, RONDO_ARGUMENT, "confusion: count is %lld (it must not be negative)", (long long)count);
    if (!confusion || (count && (!truth || !prediction)))
        return rondo__fail(err, RONDO_ARGUMENT, "confusion: %s is NULL (it is not optional)",
                           !confusion ? "confusion"
                           : !truth   ? "truth"
                                      : "prediction");
    rondo_status status = check_labels(classes, count, truth, "truth", err);
    if (!status)
        status = check_labels(classes, count, prediction, "prediction", err);
    for (int64_t i = 0; i < count && !status; i++)
        confusion[truth[i] * classes + prediction[i]]++;
    return status;
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

rondo_class_score rondo__class_score(const int64_t *confusion, int64_t classes, int64_t c) {
    rondo_class_score s = {.right = confusion[c * classes + c]};
    for (int64_t other = 0; other < classes; other++) {
        s.support += confusion[c * classes + other];
        s.predicted += confusion[other * classes + c];
    }
    s.precision = ratio((double)s.right, (double)s.predicted);
    s.recall = ratio((double)s.right, (double)s.support);
    s.f1 = ratio(2 * (double)s.right, (double)s.support + (double)s.predicted);
    return s;
}

rondo_label_result rondo_confusion_score(const int64_t *confusion, int64_t classes, rondo_class_score *per_class) {
    rondo_label_result result = {0};
    int64_t occurring = 0, right = 0;
    for (int64_t c = 0; confusion && c < classes; c++) {
        rondo_class_score s = rondo__class_score(confusion, classes, c);
        if (per_class)
            per_class[c] = s;
        occurring += s.support + s.predicted > 0;
        right += s.right;
        result.count += s.support;
        result.macro_precision += s.precision;
        result.macro_recall += s.recall;
        result.macro_f1 += s.f1;
    }
    result.accuracy = ratio((double)right, (double)result.count);
    result.macro_precision = ratio(result.macro_precision, (double)occurring);
    result.macro_recall = ratio(result.macro_recall, (double)occurring);
    result.macro_f1 = ratio(result.macro_f1, (double)occurring);
    return result;
}
