/* What one round of the soak does, over the public interface alone. */
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

enum { STREAMED = 400 };

struct soak_life {
    char folder[3072];
    int threads;
    rondo_context *context;
    /* open from the first round to the last */
    rondo_model *writer, *listener;
    rondo_model_stream *writing;
    rondo_classify_stream *listening;
    int64_t symbols;
    uint64_t mixed;
    soak_tally tally;
};

void soak_must(rondo_status status, const rondo_error *err, const char *where) {
    if (status) {
        fprintf(stderr, "soak: %s: %s\n", where, err->message[0] ? err->message : rondo_status_sentence(status));
        exit(1);
    }
}

const soak_tally *soak_life_tally(const soak_life *life) { return &life->tally; }

static void mix(soak_life *life, const void *data, size_t size) { /* FNV-1a */
    const unsigned char *byte = data;
    for (size_t i = 0; i < size; i++)
        life->mixed = (life->mixed ^ byte[i]) * 1099511628211u;
}

static void mix_file(soak_life *life, const char *path) {
    FILE *file = fopen(path, "rb");
    char part[4096];
    size_t size;
    if (!file)
        soak_must(RONDO_NOT_FOUND, &(rondo_error){0}, path);
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        mix(life, part, size);
    fclose(file);
}

/* ---- training ---- */

static bool until_half(const rondo_event *event, void *arg) {
    (void)arg;
    return event->kind != RONDO_EVENT_STEP || 2 * event->step < event->steps;
}

static int sweep(const char *path, const struct stat *about, int flag, struct FTW *at) {
    (void)about, (void)flag, (void)at;
    return remove(path);
}

static void checked(const char *path, rondo_verdict verdict, const char *why, void *arg) {
    soak_life *life = arg;
    rondo_error err = {0};
    snprintf(err.message, sizeof err.message, "%s", why);
    life->tally.files_verified++;
    soak_must(verdict == RONDO_WHOLE ? RONDO_OK : RONDO_FORMAT, &err, path);
}

/* NAME.yaml -> the folder NAME, with a model in it */
static void train(soak_life *life, const char *name) {
    char recipe[4096], run[4096], model[4200];
    rondo_error err = {0};
    rondo_train_result result = {0};
    snprintf(recipe, sizeof recipe, "%s/%s.yaml", life->folder, name);
    snprintf(run, sizeof run, "%s/run-%s", life->folder, name);
    snprintf(model, sizeof model, "%s/model.safetensors", run);
    nftw(run, sweep, 8, FTW_DEPTH | FTW_PHYS);

    rondo_train_options options = {.folder = run, .threads = life->threads, .event = until_half};
    const rondo_status stopped = rondo_train(recipe, &options, NULL, &err);
    soak_must(stopped == RONDO_INTERRUPTED ? RONDO_OK : stopped ? stopped : RONDO_STATE, &err, "a run to be stopped");
    options = (rondo_train_options){.folder = run, .threads = life->threads, .resume = true};
    soak_must(rondo_train(recipe, &options, &result, &err), &err, "going on");
    soak_must(rondo_verify(run, checked, life, &err), &err, "verifying");
    mix_file(life, model);
    life->tally.trainings++;
    life->tally.steps += result.steps;
}

/* ---- use ---- */

static bool keep_text(const char *text, size_t size, void *arg) {
    mix(arg, text, size);
    return true;
}

static void stream_model(soak_life *life, rondo_model_stream *stream) {
    const rondo_model_stream_sizes size = rondo_model_stream_get_sizes(stream);
    rondo_error err = {0};
    int32_t symbol = 0;
    rondo_real *y = calloc((size_t)size.out, sizeof *y);
    for (int i = 0; y && i < STREAMED; i++) {
        symbol = (int32_t)((symbol + 7) % (int32_t)size.symbols);
        soak_must(rondo_model_stream_step(stream, &symbol, NULL, y, &err), &err, "a step of a stream");
    }
    if (y)
        mix(life, y, (size_t)size.out * sizeof *y);
    free(y);
    life->tally.streamed += STREAMED;
}

static void stream_sound(soak_life *life, rondo_classify_stream *stream) {
    const int64_t hop = rondo_classify_stream_hop(stream);
    const double *probability = NULL;
    float sample[64];
    for (int64_t at = 0; at < STREAMED * hop;) {
        for (int i = 0; i < 64; i++)
            sample[i] = (float)(0.2 * sin(0.3 * (double)(at + i)));
        at += rondo_classify_stream_feed(stream, 64, sample, &probability);
    }
    rondo_classify_stream_finish(stream, &probability);
    if (probability)
        mix(life, probability, sizeof *probability);
    rondo_classify_stream_reset(stream);
    life->tally.streamed += STREAMED;
}

static void use_language_model(soak_life *life, rondo_model *model) {
    rondo_error err = {0};
    rondo_model_stream *stream = NULL;
    soak_must(rondo_model_generate(model, &(rondo_generate_options){.tokens = 80, .seed = 3}, keep_text, life, &err),
              &err, "writing");
    soak_must(rondo_model_stream_open(&stream, model, 1, &err), &err, "a stream");
    stream_model(life, stream);
    rondo_model_stream_close(&stream);
}

static void use_tagger(soak_life *life, rondo_model *model) {
    static const char *const words[] = {"the", "cat", "sees", "a", "house", "."};
    rondo_error err = {0};
    rondo_tagging tagging = {0};
    const rondo_sentence sentence = {6, words};
    soak_must(rondo_model_tag(model, 1, &sentence, NULL, &tagging, &err), &err, "tagging");
    mix(life, tagging.number, (size_t)tagging.count * sizeof *tagging.number);
    rondo_tagging_free(&tagging);
}

static void use_translator(soak_life *life, rondo_model *model) {
    static const char *const lines[] = {"HET ACT EESS A OUSEH", "A OBY"};
    const rondo_translate_options options = {.search = {.beam = 3, .want_weights = true}};
    rondo_error err = {0};
    rondo_translation out[2];
    soak_must(rondo_model_translate(model, 2, lines, &options, out, &err), &err, "translating");
    for (int i = 0; i < 2; i++) {
        mix(life, out[i].text[0], strlen(out[i].text[0]));
        rondo_translation_free(&out[i]);
    }
}

static void use_forecaster(soak_life *life, rondo_model *model) {
    char table[4096];
    rondo_error err = {0};
    rondo_forecast forecast = {0};
    rondo_forecast_stream *stream = NULL;
    snprintf(table, sizeof table, "%s/loads.csv", life->folder);
    soak_must(rondo_model_forecast(model, table, NULL, &forecast, &err), &err, "forecasting");
    mix(life, forecast.series->point, (size_t)(forecast.targets * forecast.horizon) * sizeof(double));
    rondo_forecast_free(&forecast);
    soak_must(rondo_forecast_stream_open(&stream, model, NULL, &err), &err, "a stream of rows");
    const rondo_forecast_stream_sizes size = rondo_forecast_stream_get_sizes(stream);
    double row[2], *point = calloc((size_t)(size.targets * size.horizon), sizeof *point);
    for (int t = 0; point && t < STREAMED; t++) {
        row[0] = 20 + 5 * sin(0.26 * t), row[1] = 3 + 0.1 * (t % 7);
        soak_must(rondo_forecast_stream_step(stream, 3600.0 * t, row, NULL, point, NULL, &err), &err, "a row");
    }
    if (point)
        mix(life, point, (size_t)(size.targets * size.horizon) * sizeof *point);
    free(point);
    rondo_forecast_stream_close(&stream);
    life->tally.streamed += STREAMED;
}

static void use_classifier(soak_life *life, rondo_model *model) {
    rondo_error err = {0};
    rondo_classify_stream *stream = NULL;
    soak_must(rondo_classify_stream_open(&stream, model, &err), &err, "a stream of sound");
    stream_sound(life, stream);
    rondo_classify_stream_close(&stream);
}

static const struct {
    const char *name, *file[2]; /* recipe; what it is evaluated on */
    void (*use)(soak_life *life, rondo_model *model);
} recipes[] = {{"small", {"text.txt"}, use_language_model},
               {"tags", {"dev.conllu"}, use_tagger},
               {"pairs", {"dev.ja", "dev.en"}, use_translator},
               {"series", {"loads.csv"}, use_forecaster},
               {"sounds", {"sounds/dev"}, use_classifier}};
enum { RECIPES = sizeof recipes / sizeof *recipes };

static rondo_model *open_model(soak_life *life, const char *name) {
    char path[4200];
    rondo_error err = {0};
    rondo_model *model = NULL;
    snprintf(path, sizeof path, "%s/run-%s/model.safetensors", life->folder, name);
    soak_must(rondo_model_open(&model, life->context, path, &err), &err, path);
    return model;
}

static void evaluate(soak_life *life, int which, rondo_model *model) {
    char path[2][4200];
    const char *file[2] = {path[0], path[1]};
    int files = 0;
    rondo_error err = {0};
    rondo_metrics metrics = {0};
    for (; files < 2 && recipes[which].file[files]; files++)
        snprintf(path[files], sizeof path[files], "%s/%s", life->folder, recipes[which].file[files]);
    soak_must(rondo_model_evaluate(model, files, file, &metrics, &err), &err, recipes[which].name);
    for (int i = 0; i < metrics.count; i++)
        mix(life, &metrics.item[i].value, sizeof metrics.item[i].value);
    life->tally.evaluations++;
}

void soak_round(soak_life *life, uint64_t *fingerprint) {
    life->mixed = 14695981039346656037u;
    for (int which = 0; which < RECIPES; which++) {
        train(life, recipes[which].name);
        rondo_model *model = open_model(life, recipes[which].name);
        evaluate(life, which, model);
        recipes[which].use(life, model);
        rondo_model_close(&model);
    }
    rondo_model_stream_reset(life->writing);
    stream_model(life, life->writing);
    stream_sound(life, life->listening);
    *fingerprint = life->mixed;
}

/* ---- what stays open ---- */

soak_life *soak_life_open(const char *folder, int threads) {
    soak_life *life = calloc(1, sizeof *life);
    rondo_error err = {0};
    if (!life)
        soak_must(RONDO_MEMORY, &err, "beginning");
    snprintf(life->folder, sizeof life->folder, "%s", folder);
    life->threads = threads;
    soak_must(rondo_context_create(&life->context, &(rondo_context_options){.threads = threads}, &err), &err,
              "a context");
    train(life, "small");
    train(life, "sounds");
    life->writer = open_model(life, "small");
    life->listener = open_model(life, "sounds");
    soak_must(rondo_model_stream_open(&life->writing, life->writer, 1, &err), &err, "a stream");
    soak_must(rondo_classify_stream_open(&life->listening, life->listener, &err), &err, "a stream of sound");
    return life;
}

void soak_life_close(soak_life *life) {
    rondo_classify_stream_close(&life->listening);
    rondo_model_stream_close(&life->writing);
    rondo_model_close(&life->listener);
    rondo_model_close(&life->writer);
    rondo_context_destroy(&life->context);
    free(life);
}
