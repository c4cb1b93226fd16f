/* A tiny transcriber to train in a test: letters are tones, recordings are a few of them in a row, a list names them.
 */
#ifndef TESTS_TASKS_TINY_SPEECH_H
#define TESTS_TASKS_TINY_SPEECH_H

#include <math.h>

#include "rondo/audio.h"
#include "rondo/transcribe.h"
#include "tiny.h"

enum { SOUNDS_RATE = 4000, SOUNDS_TRAIN = 90, SOUNDS_VALID = 12, SOUNDS_LETTER = 240 };

/* "abca", from 1 to 4 letters */
static inline void sounds_text(int number, char out[8]) {
    const int count = 1 + (int)(rondo__random_u32(17, 1, (uint64_t)number) % 4);
    for (int i = 0; i < count; i++)
        out[i] = (char)('a' + rondo__random_u32(17, 2, (uint64_t)(number * 8 + i)) % 3);
    out[count] = '\0';
}

static inline float sounds_noise(int number, int64_t k) {
    return (float)(0.01 * (rondo__random_uniform(17, 100 + (uint64_t)number, (uint64_t)k) - 0.5));
}

/* 60 ms for each letter, a third of it silence; the caller frees. */
static inline rondo_sound sounds_make(int number, const char *text) {
    static const double tones[] = {300, 800, 1500};
    const int64_t letters = (int64_t)strlen(text), count = (letters + 1) * SOUNDS_LETTER;
    rondo_sound out = {.count = count, .rate = SOUNDS_RATE, .channels = 1};
    out.sample = rondo__alloc((size_t)count * sizeof *out.sample);
    for (int64_t k = 0; k < count; k++) {
        const int64_t letter = k / SOUNDS_LETTER;
        const bool sounds = letter < letters && k % SOUNDS_LETTER >= SOUNDS_LETTER / 3;
        const double tone = sounds ? 0.5 * sin(6.283185307 * tones[text[letter] - 'a'] * (double)k / SOUNDS_RATE) : 0;
        out.sample[k] = (float)tone + sounds_noise(number, k);
    }
    return out;
}

static inline rondo_sound sounds_number(int number) {
    char text[8];
    sounds_text(number, text);
    return sounds_make(number, text);
}

static inline const char *sounds_file(int number) {
    char name[32];
    snprintf(name, sizeof name, "s%d.wav", number);
    return test_path(name);
}

/* A list of recordings [begin, end), which are written beside it. */
static inline void sounds_list(const char *name, int begin, int end, const char *more) {
    rondo__text text = {0};
    rondo__text_format(&text, "path\tlabel\tspeaker\n");
    for (int i = begin; i < end; i++) {
        char label[8];
        rondo_error err = {0};
        sounds_text(i, label);
        if (!rondo__file_exists(sounds_file(i))) {
            rondo_sound sound = sounds_number(i);
            if (rondo_sound_write(&sound, sounds_file(i), &err))
                fail_msg("%s", err.message);
            rondo_sound_free(&sound);
        }
        rondo__text_format(&text, "s%d.wav\t%s\t%s\n", i, label, i % 2 ? "odd" : "even");
    }
    rondo__text_add(&text, more, strlen(more));
    test_write(name, text.data, text.size);
    rondo__text_free(&text);
}

static inline tiny sounds_tiny(const char *folder, const char *const *sets) {
    static const char recipe[] = "task: transcribe\n"
                                 "data:\n"
                                 "  train: train.tsv\n"
                                 "  valid: valid.tsv\n"
                                 "  audio: {window_ms: 20, hop_ms: 10, mels: 12, normalise: global}\n"
                                 "model: {cell: gru, hidden_size: 16, delay: 1}\n"
                                 "train:\n"
                                 "  optimizer: {type: adamw, learning_rate: 0.03}\n"
                                 "  batch_size: 9\n"
                                 "  epochs: 12\n"
                                 "  clip_norm: 5\n";
    tiny t = {0};
    sounds_list("train.tsv", 0, SOUNDS_TRAIN, "");
    sounds_list("valid.tsv", SOUNDS_TRAIN, SOUNDS_TRAIN + SOUNDS_VALID, "");
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("sounds.yaml", recipe, sizeof recipe - 1));
    snprintf(t.folder, sizeof t.folder, "%s", test_path(folder));
    for (; sets && sets[t.options.sets]; t.options.sets++)
        t.set[t.options.sets] = sets[t.options.sets];
    t.options.threads = 1;
    tiny_clean(&t);
    return t;
}

static inline rondo_model *sounds_open(const tiny *t, rondo_context *owner) {
    char path[400];
    rondo_model *model;
    rondo_error err = {0};
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    if (rondo_model_open(&model, owner, path, &err))
        fail_msg("%s", err.message);
    return model;
}

#endif
