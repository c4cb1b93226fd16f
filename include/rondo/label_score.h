/* Scores of labels: per class, over a ranking, over spans. */
#ifndef RONDO_LABEL_SCORE_H
#define RONDO_LABEL_SCORE_H

#include <stdint.h>

#include "rondo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* confusion (classes, classes): [truth][prediction]; adds count pairs to it. Labels outside [0, classes):
 * RONDO_ARGUMENT and nothing is added. */
RONDO_API rondo_status rondo_confusion_add(int64_t *confusion, int64_t classes, int64_t count, const int32_t *truth,
                                           const int32_t *prediction, rondo_error *err);
typedef struct rondo_class_score {
    int64_t support, predicted, right;
    double precision, recall, f1; /* 0 where the divisor is 0, as scikit-learn does */
} rondo_class_score;
typedef struct rondo_label_result {
    int64_t count;
    double accuracy, macro_precision, macro_recall,
        macro_f1; /* macro: over classes that occur in truth or prediction */
} rondo_label_result;
/* per_class (classes) may be NULL. */
RONDO_API rondo_label_result rondo_confusion_score(const int64_t *confusion, int64_t classes,
                                                   rondo_class_score *per_class);

/* Area under the ROC curve of one class: score (count) of being it, truth (count) 1 or 0; ties count half. NaN: one of
 * the two does not occur; NaN scores: NaN. RONDO_MEMORY is possible. */
RONDO_API rondo_status rondo_roc_auc(double *out, int64_t count, const double *score, const int32_t *truth,
                                     rondo_error *err);
/* probability (count, classes): mean over the classes that occur (one against the rest); two classes: that of class 1.
 * Equals sklearn.metrics.roc_auc_score(multi_class="ovr") where all classes occur. */
RONDO_API rondo_status rondo_roc_auc_classes(double *out, int64_t count, int64_t classes, const double *probability,
                                             const int32_t *truth, rondo_error *err);

/* Spans of BIO and IOBES labels ("B-PER", "I-PER", "E-PER", "S-PER", "O"), read as conlleval does: I- after another
 * type or after O begins a span. */
typedef struct rondo_span_score {
    int64_t truth, predicted, right;
    double precision, recall, f1;
} rondo_span_score;
/* One sentence; add to *score (begin with zeros), then rondo_span_finish sets the ratios. */
RONDO_API void rondo_span_add(rondo_span_score *score, int64_t count, const char *const *truth,
                              const char *const *prediction);
RONDO_API void rondo_span_finish(rondo_span_score *score);
/* Do these labels look like BIO? All are "O" or have such a prefix, and at least one begins with "B-". */
RONDO_API int rondo_labels_are_spans(int64_t count, const char *const *label);

#ifdef __cplusplus
}
#endif
#endif
