/* A transcriber that listens: `transcribe_stream MODEL FILE.wav` plays a recording to a trained model in hops of 10 ms
 * and writes each symbol as soon as it is settled. Greedy, nothing is allocated between open and close.
 *
 * Without arguments it makes a model first: words of two letters, each a tone of its own, and a list that says which
 * recording says what. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rondo/rondo.h"

enum { RATE = 8000, LETTER = RATE / 8, RECORDINGS = 48, MOST = 4 };
static const char *const files[] = {"model.safetensors", "last.safetensors", "metrics.jsonl",
                                    "recipe.yaml",       "tones.yaml",       "tones.tsv"};

/* One to four letters of "ab", another word for each i. */
static void word_of(int i, char word[MOST + 1]) {
    const int letters = 1 + i % MOST;
    for (int k = 0; k < letters; k++)
        word[k] = (char)('a' + (i / MOST >> k & 1));
    word[letters] = '\0';
}

/* Each letter is a tone of 440 or 1320 Hz, with silence before it and after the word. */
static rondo_status write_word(const char *folder, int i, FILE *list, rondo_error *err) {
    static float sample[(MOST + 1) * LETTER];
    char word[MOST + 1], path[256];
    word_of(i, word);
    const rondo_sound sound = {
        .count = ((int64_t)strlen(word) + 1) * LETTER, .rate = RATE, .sample = sample, .channels = 1};
    for (int64_t t = 0; t < sound.count; t++) {
        const bool sounds = t / LETTER < (int64_t)strlen(word) && t % LETTER > LETTER / 3;
        const double hertz = sounds && word[t / LETTER] == 'a' ? 440 : 1320;
        sample[t] = sounds ? (float)(0.3 * sin(2 * 3.14159265358979 * hertz * (double)t / RATE)) : 0;
    }
    snprintf(path, sizeof path, "%s/%d.wav", folder, i);
    fprintf(list, "%d.wav\t%s\n", i, word);
    return rondo_sound_write(&sound, path, err);
}

static rondo_status make_model(const char *folder, rondo_error *err) {
    static const char recipe[] = "task: transcribe\n"
                                 "data: {train: tones.tsv, valid: tones.tsv, audio: {mels: 16}}\n"
                                 "model: {cell: lstm, hidden_size: 24, stack: 2}\n"
                                 "train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 8, epochs: 20}\n";
    char path[256];
    snprintf(path, sizeof path, "%s/tones.tsv", folder);
    FILE *list = fopen(path, "w");
    rondo_status status = list ? RONDO_OK : RONDO_IO;
    for (int i = 0; i < RECORDINGS && !status; i++)
        status = write_word(folder, i, list, err);
    if (list)
        fclose(list);
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
    for (int i = 0; i < RECORDINGS; i++) {
        snprintf(path, sizeof path, "%s/%d.wav", folder, i);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* As a microphone would: hop by hop. */
static rondo_status play(rondo_transcribe_stream *stream, const rondo_sound *sound, rondo_error *err) {
    const int64_t hop = sound->rate / 100;
    const char *text;
    rondo_status status = RONDO_OK;
    for (int64_t at = 0; at < sound->count && !status; at += hop) {
        const int64_t left = sound->count - at;
        status = rondo_transcribe_stream_feed(stream, left < hop ? left : hop, sound->sample + at, &text, err);
        if (!status && *text)
            printf("%6.2f s  %s\n", (double)at / (double)sound->rate, text);
    }
    if (!status)
        status = rondo_transcribe_stream_finish(stream, &text, err);
    if (!status)
        printf("   end   %s\n", text);
    return status;
}

static rondo_status listen(const char *model_path, const char *sound_path, rondo_error *err) {
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_transcribe_stream *stream = NULL;
    rondo_sound sound = {0};
    rondo_status status = rondo_context_create(&context, NULL, err);
    if (!status)
        status = rondo_model_open(&model, context, model_path, err);
    if (!status)
        status = rondo_transcribe_stream_open(&stream, model, NULL, err);
    if (!status)
        status = rondo_sound_read(&sound, sound_path, rondo_transcribe_stream_rate(stream), err);
    if (!status)
        status = play(stream, &sound, err);
    rondo_sound_free(&sound);
    rondo_transcribe_stream_close(&stream);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

int main(int argc, char **argv) {
    rondo_error err = {0};
    if (argc == 3)
        return listen(argv[1], argv[2], &err) ? fprintf(stderr, "%s\n", err.message), 1 : 0;
    char folder[] = "/tmp/rondo-example-XXXXXX", model[256], sound[256];
    if (!mkdtemp(folder))
        return 1;
    snprintf(model, sizeof model, "%s/model.safetensors", folder);
    snprintf(sound, sizeof sound, "%s/%d.wav", folder, 27); /* "abba" */
    rondo_status status = make_model(folder, &err);
    if (!status)
        status = listen(model, sound, &err);
    clean(folder);
    if (status == RONDO_UNSUPPORTED) { /* built without a library */
        fprintf(stderr, "%s\n", err.message);
        return 0;
    }
    return status ? fprintf(stderr, "%s\n", err.message), 1 : 0;
}
