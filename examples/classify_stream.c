/* A classifier that listens: `classify_stream MODEL FILE.wav` plays a recording to a trained model in hops of 10 ms and
 * says whenever it changes its mind. Nothing is allocated between open and close.
 *
 * Without arguments it makes a model first: tones that rise and tones that fall, written as WAV files, and a recipe
 * that finds the label in their names. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rondo/rondo.h"

enum { RATE = 8000, SECONDS = 1, TONES = 24 };
static const char *const files[] = {"model.safetensors", "last.safetensors", "metrics.jsonl", "recipe.yaml",
                                    "tones.yaml"};

static rondo_status write_tone(const char *folder, int i, rondo_error *err) {
    static float sample[RATE * SECONDS];
    const rondo_sound sound = {.count = RATE * SECONDS / 2 + 100 * i, .rate = RATE, .sample = sample, .channels = 1};
    char path[256];
    double phase = 0;
    snprintf(path, sizeof path, "%s/%s-%d.wav", folder, i % 2 ? "rises" : "falls", i);
    for (int64_t t = 0; t < sound.count; t++) {
        const double part = (double)t / (double)sound.count;
        phase += 2 * 3.14159265358979 * (500 + 20 * i + 800 * (i % 2 ? part : 1 - part)) / RATE;
        sample[t] = (float)(0.3 * sin(phase));
    }
    return rondo_sound_write(&sound, path, err);
}

static rondo_status make_model(const char *folder, rondo_error *err) {
    static const char recipe[] = "task: classify\n"
                                 "data: {train: ., valid_fraction: 0.25, pattern: \"{label}-{index}\",\n"
                                 "       audio: {mels: 16, normalise: running}, augment: {noise_db: 20, gain_db: 6}}\n"
                                 "model: {cell: lstm, hidden_size: 16, pooling: last}\n"
                                 "train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 6, epochs: 12}\n";
    char path[256];
    rondo_status status = RONDO_OK;
    for (int i = 0; i < TONES && !status; i++)
        status = write_tone(folder, i, err);
    snprintf(path, sizeof path, "%s/tones.yaml", folder);
    FILE *file = status ? NULL : fopen(path, "w");
    if (!file)
        return status ? status : RONDO_IO;
    fputs(recipe, file);
    fclose(file);
    return rondo_train(path, &(rondo_train_options){.folder = folder, .threads = 1}, NULL, err);
}

static void clean(const char *folder) {
    char path[256];
    for (int i = 0; i < TONES; i++) {
        snprintf(path, sizeof path, "%s/%s-%d.wav", folder, i % 2 ? "rises" : "falls", i);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

static int best_of(const double *probability, int64_t labels) {
    int best = 0;
    for (int k = 1; k < labels; k++)
        best = probability[k] > probability[best] ? k : best;
    return best;
}

/* As a microphone would: hop by hop. */
static void play(rondo_classify_stream *stream, const rondo_sound *sound, const char *const *label, int64_t labels) {
    const int64_t hop = rondo_classify_stream_hop(stream);
    const double *probability;
    int last = -1;
    for (int64_t at = 0; at < sound->count;) {
        const int64_t left = sound->count - at;
        at += rondo_classify_stream_feed(stream, left < hop ? left : hop, sound->sample + at, &probability);
        if (probability && best_of(probability, labels) != last) {
            last = best_of(probability, labels);
            printf("%6.2f s  %s (%.2f)\n", (double)at / (double)sound->rate, label[last], probability[last]);
        }
    }
    rondo_classify_stream_finish(stream, &probability);
    last = best_of(probability, labels);
    printf("   end   %s (%.2f)\n", label[last], probability[last]);
}

static rondo_status listen(const char *model_path, const char *sound_path, rondo_error *err) {
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_classify_stream *stream = NULL;
    rondo_sound sound = {0};
    int64_t labels;
    rondo_status status = rondo_context_create(&context, &(rondo_context_options){.threads = 1}, err);
    if (!status)
        status = rondo_model_open(&model, context, model_path, err);
    if (!status)
        status = rondo_classify_stream_open(&stream, model, err);
    if (!status)
        status = rondo_sound_read(&sound, sound_path, rondo_classify_stream_rate(stream), err);
    const char *const *label = rondo_model_labels(model, &labels);
    if (!status)
        play(stream, &sound, label, labels);
    rondo_sound_free(&sound);
    rondo_classify_stream_close(&stream);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/rondo-tones-XXXXXX", model[64], sound[64];
    rondo_error err = {0};
    rondo_status status;
    if (argc == 3)
        status = listen(argv[1], argv[2], &err);
    else {
        if (!mkdtemp(folder))
            return 1;
        snprintf(model, sizeof model, "%s/model.safetensors", folder);
        snprintf(sound, sizeof sound, "%s/rises-5.wav", folder);
        status = make_model(folder, &err);
        if (!status)
            status = listen(model, sound, &err);
        clean(folder);
    }
    if (status == RONDO_UNSUPPORTED)
        return puts("this build lacks what the example needs (recipes, sound files)"), 0;
    if (status)
        fprintf(stderr, "%s\n", err.message);
    return status != RONDO_OK;
}
