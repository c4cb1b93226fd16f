/* Runs that are stopped and go on, next to one that is not. */
#ifndef TESTS_TASKS_RESUME_H
#define TESTS_TASKS_RESUME_H

#include "formats/safetensors.h"
#include "tiny.h"

static inline bool stop_at(const rondo_event *event, void *arg) {
    const int64_t *step = arg;
    return !(event->kind == RONDO_EVENT_STEP && event->step == *step);
}

static inline rondo__safetensors *open_last(const tiny *t) {
    char path[400];
    rondo__safetensors *file;
    rondo_error err;
    snprintf(path, sizeof path, "%s/last.safetensors", t->folder);
    if (rondo__safetensors_read(&file, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return file;
}

/* Every tensor of last.safetensors but the seconds, the third of train.numbers. */
static inline void same_state(const tiny *a, const tiny *b) {
    rondo__safetensors *x = open_last(a), *y = open_last(b);
    assert_int_equal(rondo__safetensors_count(x), rondo__safetensors_count(y));
    for (int i = 0; i < rondo__safetensors_count(x); i++) {
        const rondo__named *p = rondo__safetensors_at(x, i), *q = rondo__safetensors_find(y, p->name);
        assert_non_null(q);
        const size_t bytes = (size_t)rondo_tensor_count(&p->tensor) * rondo_dtype_bytes(p->tensor.dtype);
        if (strcmp(p->name, "train.numbers") == 0)
            memcpy((double *)p->tensor.data + 2, (double *)q->tensor.data + 2, sizeof(double));
        assert_int_equal(bytes, (size_t)rondo_tensor_count(&q->tensor) * rondo_dtype_bytes(q->tensor.dtype));
        if (memcmp(p->tensor.data, q->tensor.data, bytes) != 0)
            fail_msg("tensor '%s' is not the same", p->name);
    }
    rondo__safetensors_free(&x);
    rondo__safetensors_free(&y);
}

/* whole and parts are runs of the same recipe; stops: steps, ending with 0. */
static inline void resume_same(tiny *whole, tiny *parts, const int64_t *stops) {
    tiny_run(whole);
    parts->options.event = stop_at;
    for (; *stops; stops++) {
        parts->options.event_arg = (void *)(uintptr_t)stops;
        if (tiny_train(parts) != RONDO_INTERRUPTED)
            fail_msg("%s: stop %d: '%s'", parts->set[0], (int)*stops, parts->err.message);
        parts->options.resume = true;
    }
    parts->options.event = NULL;
    tiny_run(parts);
    assert_int_equal(whole->result.epochs, parts->result.epochs);
    assert_true(whole->result.epochs >= 1);
    tiny_same_model(whole, parts);
    tiny_same_log(whole, parts);
    same_state(whole, parts);
    tiny_clean(whole);
    tiny_clean(parts);
}

#endif
