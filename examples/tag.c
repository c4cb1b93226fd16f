/* Names in sentences: `tag` makes a small text in two columns, trains a tagger with a CRF on it, and lets it mark the
 * people and places of sentences with names that it has never seen. `tag MODEL WORD...` uses a model that is there.
 *
 * The labels are BIO: B-PER begins a person, I-PER goes on with it, O is neither. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rondo/rondo.h"

enum { SENTENCES = 240 };
static const char *const files[] = {"model.safetensors", "last.safetensors", "metrics.jsonl",
                                    "recipe.yaml",       "names.yaml",       "names.txt"};
enum { FILES = sizeof files / sizeof *files };

static int draw(unsigned *state, int n) {
    *state = *state * 1664525u + 1013904223u;
    return (int)((*state >> 16) % (unsigned)n);
}

/* A name of drawn syllables; places end in -ton or -burg. */
static void write_name(FILE *out, unsigned *state, int place) {
    static const char *const first[] = {"Ka", "Mi", "So", "Ru", "Te", "No", "Al", "Be"};
    static const char *const more[] = {"la", "ra", "ni", "do", "mes", "vin"};
    fprintf(out, "%s%s", first[draw(state, 8)], more[draw(state, 6)]);
    if (place)
        fputs(draw(state, 2) ? "ton" : "burg", out);
}

static void write_sentence(FILE *out, unsigned *state) {
    static const char *const verbs[] = {"lives in", "comes from", "went to", "has never seen"};
    const int family = draw(state, 2);
    const char *verb = verbs[draw(state, 4)];
    write_name(out, state, 0);
    fputs(" B-PER\n", out);
    if (family) {
        write_name(out, state, 0);
        fputs(" I-PER\n", out);
    }
    for (size_t size; *verb; verb += size + (verb[size] == ' ')) {
        size = strcspn(verb, " ");
        fprintf(out, "%.*s O\n", (int)size, verb);
    }
    if (draw(state, 3) == 0)
        fputs("New B-LOC\n", out), write_name(out, state, 1), fputs(" I-LOC\n", out);
    else
        write_name(out, state, 1), fputs(" B-LOC\n", out);
    fputs(". O\n\n", out);
}

static rondo_status make_model(const char *folder, rondo_error *err) {
    static const char recipe[] = "task: tag\n"
                                 "data: {train: names.txt, valid_fraction: 0.2, words: {min_count: 3}}\n"
                                 "model: {bidirectional: true, embedding_size: 16, hidden_size: 16, crf: true,\n"
                                 "        characters: {embedding_size: 8, hidden_size: 16}, word_dropout: 0.1}\n"
                                 "train: {optimizer: {type: adamw, learning_rate: 0.02}, batch_size: 8, epochs: 12}\n";
    char path[256];
    unsigned state = 1;
    snprintf(path, sizeof path, "%s/names.txt", folder);
    FILE *text = fopen(path, "w");
    snprintf(path, sizeof path, "%s/names.yaml", folder);
    FILE *yaml = fopen(path, "w");
    for (int i = 0; text && i < SENTENCES; i++)
        write_sentence(text, &state);
    if (yaml)
        fputs(recipe, yaml);
    const int whole = text && yaml;
    if (text)
        fclose(text);
    if (yaml)
        fclose(yaml);
    if (!whole)
        return RONDO_IO;
    rondo_train_result result;
    rondo_status status = rondo_train(path, &(rondo_train_options){.folder = folder, .threads = 1}, &result, err);
    if (!status)
        printf("span F1 on sentences that were held out: %.3f\n", rondo_metrics_get(&result.best, "span_f1"));
    return status;
}

static rondo_status tag(const char *path, int count, const char *const *words, rondo_error *err) {
    const rondo_sentence sentence = {count, words};
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_tagging found = {0};
    rondo_status status = rondo_context_create(&context, NULL, err);
    if (!status)
        status = rondo_model_open(&model, context, path, err);
    if (!status)
        status = rondo_model_tag(model, 1, &sentence, &(rondo_tag_options){.probabilities = true}, &found, err);
    for (int i = 0; i < count && !status; i++)
        printf("%-12s %-6s %.3f\n", words[i], found.label[i], found.probability[i]);
    rondo_tagging_free(&found);
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return status;
}

int main(int argc, char **argv) {
    static const char *const words[] = {"Tomira", "Valdo", "lives", "in", "New", "Kestenburg", "."};
    char folder[] = "/tmp/rondo-tag-XXXXXX", path[256];
    rondo_error err = {0};
    if (argc > 2) {
        const rondo_status status = tag(argv[1], argc - 2, (const char *const *)argv + 2, &err);
        if (status)
            fprintf(stderr, "tag: %s\n", err.message);
        return status != RONDO_OK;
    }
    if (!mkdtemp(folder))
        return 1;
    rondo_status status = make_model(folder, &err);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    if (!status)
        status = tag(path, sizeof words / sizeof *words, words, &err);
    if (status)
        fprintf(stderr, "tag: %s\n", err.message);
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
    return status != RONDO_OK;
}
