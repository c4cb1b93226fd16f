/* A tiny language model, and its file with rounded weights. */
#ifndef TESTS_TASKS_ROUNDED_H
#define TESTS_TASKS_ROUNDED_H

#include "hostile.h"
#include "rondo/quantise.h"

typedef struct rig {
    tiny t;
    char path[400], low[400];
    const char *text;
    rondo_model *model;
} rig;

static inline void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static inline rondo_model *open_with(const char *path, rondo_context *with) {
    rondo_error err = {0};
    rondo_model *model;
    must(rondo_model_open(&model, with, path, &err), &err);
    return model;
}

static inline void rig_open(rig *r, const char *const *sets) {
    const char *all[TINY_MOST_SETS] = {"train.max_steps=20", "train.evaluate_every=20"};
    for (int i = 0; sets && sets[i]; i++)
        all[i + 2] = sets[i];
    r->t = tiny_make("quantise", all);
    tiny_run(&r->t);
    snprintf(r->path, sizeof r->path, "%s/model.safetensors", r->t.folder);
    snprintf(r->low, sizeof r->low, "%s", test_path("low.safetensors"));
    r->text = test_path("tiny.txt");
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    r->model = open_with(r->path, context);
}

static inline void rig_close(rig *r) {
    rondo_model_close(&r->model);
    rondo_context_destroy(&context);
    unlink(r->low);
    tiny_clean(&r->t);
}

static inline void quantise(const rig *r, const rondo_quantise_options *options, rondo_quantise_report *report) {
    rondo_error err = {0};
    must(rondo_model_quantise(r->model, r->low, options, report, &err), &err);
}

/* Loss on the text that it learned. */
static inline double loss_of(const char *path, rondo_precision precision, int threads) {
    const char *file_name = test_path("tiny.txt");
    rondo_context *own;
    rondo_metrics metrics = {0};
    rondo_error err = {0};
    assert_int_equal(
        rondo_context_create(&own, &(rondo_context_options){.threads = threads, .precision = precision}, NULL),
        RONDO_OK);
    rondo_model *model = open_with(path, own);
    must(rondo_model_evaluate(model, 1, &file_name, &metrics, &err), &err);
    rondo_model_close(&model);
    rondo_context_destroy(&own);
    return rondo_metrics_get(&metrics, "loss");
}

static inline bool take_text(const char *text, size_t size, void *arg) {
    rondo__text_add(arg, text, size);
    return true;
}

#endif
