/* Models of other makers in tests: those of tests/golden/import, made by make_import_fixtures.py. */
#ifndef TESTS_EXCHANGE_IMPORT_CASE_H
#define TESTS_EXCHANGE_IMPORT_CASE_H

#include <string.h>

#include "rondo/import.h"
#include "support/golden.h"

#define IMPORT_FOLDER RONDO_SOURCE_DIR "/tests/golden/import/"
enum { IMPORT_MOST = 64 };

typedef struct import_rig {
    rondo_context *context;
    rondo__safetensors *cases;
} import_rig;

static inline int import_open(void **state) {
    static import_rig rig;
    *state = &rig;
    rondo_status status = rondo_context_create(&rig.context, &(rondo_context_options){.threads = 2}, NULL);
    return status ? (int)status : (int)rondo__safetensors_read(&rig.cases, IMPORT_FOLDER "cases.safetensors", NULL);
}

static inline int import_close(void **state) {
    import_rig *rig = *state;
    rondo__safetensors_free(&rig->cases);
    rondo_context_destroy(&rig->context);
    return 0;
}

/* Writes the weights CASE|NAME under their names, those of `more` (ended by a NULL name) behind them, without `less`
 * (or NULL). */
static inline const char *import_write(const import_rig *rig, const char *name, const rondo__named *more,
                                       const char *less) {
    static rondo__named list[IMPORT_MOST];
    static char kept[4][512]; /* longer valid than what test_path gives */
    static int turn;
    char head[64], *path = kept[turn++ % 4];
    rondo_error err = {0};
    int count = 0;
    const size_t size = (size_t)snprintf(head, sizeof head, "%s|", name);
    for (int i = 0; i < rondo__safetensors_count(rig->cases); i++) {
        const rondo__named *n = rondo__safetensors_at(rig->cases, i);
        if (strncmp(n->name, head, size) == 0 && !(less && strcmp(n->name + size, less) == 0))
            list[count++] = (rondo__named){n->name + size, n->tensor};
    }
    for (; more && more->name; more++)
        list[count++] = *more;
    snprintf(head, sizeof head, "%s.w.safetensors", name);
    snprintf(path, sizeof kept[0], "%s", test_path(head));
    if (rondo__safetensors_write(path, count, list, 0, NULL, &err))
        fail_msg("%s", err.message);
    return path;
}

/* Runs the model on CASE.x and compares with CASE.y. */
static inline void import_compare(const import_rig *rig, const char *path, const char *name) {
    rondo_model *model = NULL;
    rondo_tensor y = {0};
    rondo_error err = {0};
    rondo_status status = rondo_model_open(&model, rig->context, path, &err);
    if (!status)
        status = rondo_model_apply(model, golden_stored(rig->cases, name, "x"), &y, &err);
    if (status)
        fail_msg("%s: %s", name, err.message);
    const rondo_tensor *expected = golden_stored(rig->cases, name, "y");
    assert_int_equal(y.rank, expected->rank);
    assert_memory_equal(y.dims, expected->dims, (size_t)y.rank * sizeof *y.dims);
    golden_compare(rig->cases, name, "y", y.data);
    rondo_model_apply_free(&y);
    rondo_model_close(&model);
}

/* Imports path and compares. */
static inline void import_check(const import_rig *rig, const char *path, const char *name,
                                const rondo_import_options *options) {
    char to[512];
    rondo_error err = {0};
    snprintf(to, sizeof to, "%s", test_path("model.safetensors"));
    const int64_t live = rondo__alloc_live();
    if (rondo_import(rig->context, path, to, options, NULL, &err))
        fail_msg("%s: %s", name, err.message);
    assert_int_equal(rondo__alloc_live(), live);
    import_compare(rig, to, name);
}

/* Must fail so, without a trace. */
static inline void import_refused(const import_rig *rig, const char *path, const rondo_import_options *options,
                                  rondo_status want, const char *part) {
    rondo_error err = {0};
    rondo_import_report *report = NULL;
    const int64_t live = rondo__alloc_live();
    const rondo_status status =
        rondo_import(rig->context, path, test_path("never.safetensors"), options, &report, &err);
    if (status != want || !strstr(err.message, part))
        fail_msg("%s, '%s', not %s, '%s'", rondo_status_name(status), err.message, rondo_status_name(want), part);
    if (strchr(err.message, '\n'))
        fail_msg("more than a line: '%s'", err.message);
    rondo_import_report_free(&report);
    assert_int_equal(rondo__alloc_live(), live);
    assert_int_equal(test_count_files("never"), 0);
}

/* For test_every_failure. */
typedef struct import_call {
    const import_rig *rig;
    const char *path;
    const rondo_import_options *options;
} import_call;

static inline int import_again(void *arg) {
    const import_call *call = arg;
    rondo_import_report *report = NULL;
    const rondo_status status =
        rondo_import(call->rig->context, call->path, test_path("again.safetensors"), call->options, &report, NULL);
    if (!status)
        assert_true(rondo_import_report_count(report) > 0);
    rondo_import_report_free(&report);
    return (int)status;
}

#endif
