/* Tiny recordings, texts and series to train a classifier on in a test: three labels, each with a tone, words or a
 * slope of its own. */
#ifndef TESTS_TASKS_TINY_SOUNDS_H
#define TESTS_TASKS_TINY_SOUNDS_H

#include <math.h>

#include "rondo/classify.h"
#include "tiny.h"

enum { TINY_LABELS = 3, TINY_TRAIN = 36, TINY_DEV = 9, TINY_SOUNDS = TINY_TRAIN + TINY_DEV };
static const char *const tiny_labels[] = {"high", "low", "middle"};
static const char *const tiny_speakers[] = {"ann", "theo"};

/* Recording i: 0.1 to 0.2 seconds at 8 kHz. */
static inline rondo_sound tiny_sound(int i) {
    static const double tone[] = {1800, 300, 900};
    const int64_t count = 800 + 97 * (i % 9);
    rondo_sound sound = {count, 8000, rondo__calloc((size_t)count, sizeof(float)), 1};
    for (int64_t t = 0; t < count; t++)
        sound.sample[t] = (float)(0.2 * sin(2 * 3.14159265 * tone[i % 3] * (1 + 0.02 * (i % 5)) * (double)t / 8000) +
                                  0.02 * rondo__random_normal(4, (uint64_t)i, (uint64_t)t));
    return sound;
}

static inline void tiny_write_sound(const char *name, const rondo_sound *sound) {
    rondo_error err = {0};
    if (rondo_sound_write(sound, test_path(name), &err))
        fail_msg("%s", err.message);
}

static inline void tiny_write_series(const char *name, int i) {
    rondo__text text = {0};
    rondo__text_format(&text, "a,b\n");
    for (int t = 0; t < 5 + i % 4; t++)
        rondo__text_format(&text, "%.3f,%.3f\n",
                           0.3 * t * (i % 3 - 1) + 0.1 * rondo__random_normal(5, (uint64_t)i, (uint64_t)t), 0.1 * i);
    test_write(name, text.data, text.size);
    rondo__text_free(&text);
}

/* sounds.tsv, sounds-dev.tsv, series.tsv, series-dev.tsv, texts.tsv, texts-dev.tsv and the files that they name */
static inline void tiny_sounds_files(void) {
    static const char *const words[] = {"up above the sky", "down in the deep sea", "right between them"};
    rondo__text list[6] = {{0}};
    static const char *const names[] = {"sounds.tsv",     "sounds-dev.tsv", "series.tsv",
                                        "series-dev.tsv", "texts.tsv",      "texts-dev.tsv"};
    for (int k = 0; k < 6; k++)
        rondo__text_format(&list[k], "%s\tlabel\tspeaker\n", k < 4 ? "path" : "text");
    for (int i = 0; i < TINY_SOUNDS; i++) {
        const int dev = i >= TINY_TRAIN, word = (int)rondo__random_below(7, 1, (uint64_t)i, 3);
        const char *label = tiny_labels[i % 3], *speaker = tiny_speakers[i / 3 % 2];
        char name[32];
        rondo_sound sound = tiny_sound(i);
        snprintf(name, sizeof name, "%s-%d.wav", label, i);
        tiny_write_sound(name, &sound);
        rondo_sound_free(&sound);
        rondo__text_format(&list[dev], "%s\t%s\t%s\n", name, label, speaker);
        snprintf(name, sizeof name, "%s-%d.csv", label, i);
        tiny_write_series(name, i);
        rondo__text_format(&list[2 + dev], "%s\t%s\t%s\n", name, label, speaker);
        rondo__text_format(&list[4 + dev], "%.*s\t%s\t%s\n", 4 + 3 * word, words[i % 3], label, speaker);
    }
    for (int k = 0; k < 6; k++) {
        test_write(names[k], list[k].data, list[k].size);
        rondo__text_free(&list[k]);
    }
}

/* input: "sounds", "texts", "series"; sets end with NULL */
static inline tiny tiny_sounds_make(const char *folder, const char *input, const char *const *sets) {
    tiny t = {0};
    rondo__text recipe = {0};
    bool split = false;
    for (int i = 0; sets && sets[i]; i++)
        split = split || strncmp(sets[i], "data.valid_fraction", 19) == 0;
    rondo__text_format(&recipe,
                       "task: classify\n"
                       "data: {input: %s, train: %s.tsv%s%s%s%s}\n"
                       "model: {cell: lstm, embedding_size: 4, hidden_size: 7, output_dropout: 0.1}\n"
                       "train:\n"
                       "  optimizer: {type: adamw, learning_rate: 0.02}\n"
                       "  batch_size: 5\n"
                       "  epochs: 20\n"
                       "  max_steps: 24\n"
                       "  evaluate_every: 8\n",
                       strcmp(input, "sounds") == 0  ? "audio"
                       : strcmp(input, "texts") == 0 ? "text"
                                                     : input,
                       input, split ? "" : ", valid: ", split ? "" : input, split ? "" : "-dev.tsv",
                       strcmp(input, "sounds") == 0 ? ", audio: {mels: 6}" : "");
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("classify.yaml", recipe.data, recipe.size));
    rondo__text_free(&recipe);
    snprintf(t.folder, sizeof t.folder, "%s", test_path(folder));
    for (; sets && sets[t.options.sets]; t.options.sets++)
        t.set[t.options.sets] = sets[t.options.sets];
    t.options.threads = 1;
    tiny_clean(&t);
    return t;
}

static inline rondo_context *tiny_context(int threads) {
    rondo_context *made;
    assert_int_equal(rondo_context_create(&made, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return made;
}

static inline rondo_model *tiny_open(const tiny *t, rondo_context *with) {
    char path[400];
    rondo_error err;
    rondo_model *model;
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    if (rondo_model_open(&model, with, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return model;
}

/* One kind of model per line: its input, and what it sets beside the recipe. */
#define TINY_KIND_SETS 8
static const char *const tiny_kinds[][TINY_KIND_SETS] = {
    {"sounds", "model.pooling=last"},
    {"sounds", "model.pooling=attention", "model.bidirectional=true", "data.audio.normalise=recording",
     "data.augment={noise_db: 20, speed: 0.1, gain_db: 6, time_masks: 1, feature_masks: 1, feature_width: 2}"},
    {"sounds", "model.pooling=mean", "model.cell=gru",
     "data.audio={mels: 12, features: mfcc, coefficients: 5, deltas: 2, normalise: running}", "model.stack=3"},
    {"sounds", "model.pooling=max", "model.cell=elman", "data.audio.normalise=speaker",
     "data.augment={gain_db: 6, warp: 0.2}", "data.class_weights=balanced", "train.ema=0.9"},
    {"sounds", "model.cell=jordan", "data.where=speaker=ann", "data.augment.time_masks=1", "train.accumulate=2"},
    {"sounds", "model.pooling=last", "model.bidirectional=true", "model.layers=2", "model.dropout=0.1",
     "data.valid_fraction=0.2"},
    {"texts", "model.pooling=attention", "train.label_smoothing=0.1"},
    {"texts", "model.pooling=mean", "data.tokenizer={type: word, min_count: 2}", "model.embedding_dropout=0.1"},
#ifdef RONDO_HAVE_SENTENCEPIECE
    {"texts", "data.tokenizer={type: sentencepiece, vocab_size: 24}", "model.bidirectional=true"},
#endif
    {"series", "model.pooling=last", "model.stack=2"},
    {"series", "model.pooling=mean", "data.columns=[b, a]", "data.audio.normalise=recording",
     "model.bidirectional=true"},
};
enum { TINY_KINDS = sizeof tiny_kinds / sizeof tiny_kinds[0] };

static inline tiny tiny_kind_make(const char *folder, int kind) {
    return tiny_sounds_make(folder, tiny_kinds[kind][0], tiny_kinds[kind] + 1);
}

#endif
