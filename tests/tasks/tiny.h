/* A tiny language model to train in a test: a text that a counter writes, a recipe, one call. */
#ifndef TESTS_TASKS_TINY_H
#define TESTS_TASKS_TINY_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "rondo/model.h"
#include "support/test.h"

#define TINY_MOST_SETS 16
static const char *const tiny_files[] = {"model.safetensors", "last.safetensors", "metrics.jsonl", "recipe.yaml"};

typedef struct tiny {
    char recipe[256], folder[256];
    rondo_train_options options;
    const char *set[TINY_MOST_SETS];
    rondo_error err;
    rondo_train_result result;
} tiny;

static inline void tiny_clean(const tiny *t) {
    char path[400];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", t->folder, tiny_files[i]);
        unlink(path);
    }
    for (int step = 0; step < 100; step++) { /* train.keep */
        snprintf(path, sizeof path, "%s/step-%d.safetensors", t->folder, step);
        unlink(path);
    }
    rmdir(t->folder);
}

static inline void tiny_text(void) {
    rondo__text text = {0};
    for (uint64_t i = 0; i < 220; i++) {
        const uint32_t x = rondo__random_u32(3, 0, i);
        rondo__text_format(&text, "%s %s%s\n", x & 1 ? "the cat" : "a dog", x & 2 ? "sees" : "hears",
                           x & 4 ? " it" : "");
    }
    test_write("tiny.txt", text.data, text.size);
    rondo__text_free(&text);
}

/* sets end with NULL */
static inline tiny tiny_make(const char *folder, const char *const *sets) {
    static const char recipe[] = "task: language_model\n"
                                 "data: {train: tiny.txt, valid_fraction: 0.1}\n"
                                 "model: {cell: lstm, embedding_size: 5, hidden_size: 7, dropout: 0.2, layers: 2}\n"
                                 "train:\n"
                                 "  optimizer: {type: adamw, learning_rate: 0.01}\n"
                                 "  batch_size: 6\n"
                                 "  steps_per_sequence: 8\n"
                                 "  epochs: 3\n"
                                 "  max_steps: 30\n"
                                 "  evaluate_every: 10\n";
    tiny t = {0};
    tiny_text();
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("tiny.yaml", recipe, sizeof recipe - 1));
    snprintf(t.folder, sizeof t.folder, "%s", test_path(folder));
    for (; sets && sets[t.options.sets]; t.options.sets++)
        t.set[t.options.sets] = sets[t.options.sets];
    t.options.threads = 1;
    tiny_clean(&t);
    return t;
}

static inline rondo_status tiny_train(tiny *t) {
    t->options.folder = t->folder;
    t->options.set = t->set;
    return rondo_train(t->recipe, &t->options, &t->result, &t->err);
}

static inline void tiny_run(tiny *t) {
    if (tiny_train(t) != RONDO_OK)
        fail_msg("%s", t->err.message);
}

static inline char *tiny_read(const tiny *t, const char *name, size_t *size) {
    char path[400], *data;
    rondo_error err = {0};
    snprintf(path, sizeof path, "%s/%s", t->folder, name);
    if (rondo__file_read(path, 0, &data, size, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return data;
}

static inline void tiny_same_model(const tiny *a, const tiny *b) {
    size_t size_a, size_b;
    char *x = tiny_read(a, "model.safetensors", &size_a), *y = tiny_read(b, "model.safetensors", &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(x, y, size_a);
    rondo__free(x);
    rondo__free(y);
}

/* metrics.jsonl: everything of each line before the seconds. */
static inline void tiny_same_log(const tiny *a, const tiny *b) {
    size_t size_a, size_b;
    char *x = tiny_read(a, "metrics.jsonl", &size_a), *y = tiny_read(b, "metrics.jsonl", &size_b), *rest_x = x,
         *rest_y = y;
    while (*rest_x && *rest_y) {
        const size_t n = (size_t)(strstr(rest_x, "\"seconds\"") - rest_x);
        assert_memory_equal(rest_x, rest_y, n);
        rest_x = strchr(rest_x, '\n') + 1;
        rest_y = strchr(rest_y, '\n') + 1;
    }
    assert_int_equal(*rest_x, *rest_y);
    rondo__free(x);
    rondo__free(y);
}

#endif
