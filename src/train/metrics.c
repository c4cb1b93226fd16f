#include "train/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/json_text.h"
#include "train/loop.h"

static int find(const rondo_metrics *metrics, const char *name) {
    for (int i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->item[i].name, name) == 0)
            return i;
    }
    return -1;
}

double rondo_metrics_get(const rondo_metrics *metrics, const char *name) {
    const int i = metrics && name ? find(metrics, name) : -1;
    return i < 0 ? NAN : metrics->item[i].value;
}

void rondo__metrics_set(rondo_metrics *metrics, const char *name, double value) {
    int i = find(metrics, name);
    if (i < 0 && metrics->count < RONDO_MAX_METRICS) {
        i = metrics->count++;
        snprintf(metrics->item[i].name, sizeof metrics->item[i].name, "%s", name);
    }
    if (i >= 0)
        metrics->item[i].value = value;
}

void rondo__json_real(rondo__text *text, double value) {
    if (isfinite(value))
        rondo__json_number(text, value);
    else
        rondo__text_add(text, "null", 4);
}

void rondo__metrics_json(const rondo_metrics *metrics, rondo__text *text) {
    rondo__text_add(text, "{", 1);
    for (int i = 0; i < metrics->count; i++) {
        rondo__text_add(text, ", ", i ? 2 : 0);
        rondo__json_string(text, metrics->item[i].name, strlen(metrics->item[i].name));
        rondo__text_add(text, ": ", 2);
        rondo__json_real(text, metrics->item[i].value);
    }
    rondo__text_add(text, "}", 1);
}

static bool knows(const rondo__task_class *class, const char *metric) {
    bool known = strcmp(metric, "valid_loss") == 0 || strcmp(metric, "train_loss") == 0;
    for (const char *const *name = class->metrics; *name && !known; name++)
        known = strcmp(metric, *name) == 0;
    return known;
}

rondo_status rondo__metric_check(const rondo__task_class *class, const char *metric, rondo_error *err) {
    rondo__text names = {0};
    if (knows(class, metric))
        return RONDO_OK;
    for (const char *const *name = class->metrics; *name; name++)
        rondo__text_format(&names, ", %s", *name);
    rondo_status status = names.failed ? rondo__fail(err, RONDO_MEMORY, "train: no memory to list the metrics")
                                       : rondo__fail(err, RONDO_ARGUMENT,
                                                     "train.metric is '%s' (must be one of: valid_loss, train_loss%s)",
                                                     metric, names.data ? names.data : "");
    rondo__text_free(&names);
    return status;
}
