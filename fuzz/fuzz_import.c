/* Fuzz target, see fuzz/README.md: a letter that says what comes and for what, a mapping up to the first 0, and a file
 * of another maker: the whole way into a network, or into a model of a task. What was taken leaves nothing over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/core.h"
#include "rondo/import.h"

/* Files, as the public call reads them. */
typedef struct import_files {
    char file[3][320], mapping[320], recipe[320], symbols[320];
} import_files;
static import_files files;
static char import_folder[256]; /* apart, so that no compiler sees a text printed into itself */

static void drop_files(void) {
    for (int i = 0; i < 3; i++)
        unlink(files.file[i]);
    unlink(files.mapping);
    unlink(files.recipe);
    unlink(files.symbols);
    rmdir(import_folder);
}

static void put_file(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, size, f) != size || fclose(f))
        abort();
}

static void make_files(void) {
    static const char *const endings[] = {"safetensors", "npz", "onnx"};
    static const char recipe[] = "task: language_model\ndata: {train: none.txt, tokenizer: char}\n"
                                 "model: {cell: lstm, embedding_size: 2, hidden_size: 2}\n";
    const char *base = getenv("TMPDIR");
    if (*import_folder)
        return;
    snprintf(import_folder, sizeof import_folder, "%.200s/fuzz-import-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(import_folder))
        abort();
    for (int i = 0; i < 3; i++)
        snprintf(files.file[i], sizeof files.file[i], "%s/in.%s", import_folder, endings[i]);
    snprintf(files.mapping, sizeof files.mapping, "%s/mapping.yaml", import_folder);
    snprintf(files.recipe, sizeof files.recipe, "%s/recipe.yaml", import_folder);
    snprintf(files.symbols, sizeof files.symbols, "%s/symbols.txt", import_folder);
    put_file(files.recipe, recipe, strlen(recipe));
    put_file(files.symbols, "a\nb\nc\n", 6);
    atexit(drop_files);
}

static void look_at_report(const rondo_import_report *report, rondo_status status, const rondo_error *err) {
    if (status && (!*err->message || strchr(err->message, '\n')))
        __builtin_trap();
    for (int i = 0; i < rondo_import_report_count(report); i++) {
        const rondo_import_line *line = rondo_import_report_at(report, i);
        const bool lost = line->fate == RONDO_IMPORT_LEFT_OVER || line->fate == RONDO_IMPORT_MISSING;
        if ((!status && lost) || (!line->theirs && !line->ours) || !line->their_gates || !line->note)
            __builtin_trap();
    }
}

/* Bits of the letter: 0-1 the kind of file, 2 a mapping, 3 a recipe, 4 a prefix. */
static void import(unsigned kind, const char *mapping, const uint8_t *data, size_t size) {
    rondo_context *context = NULL;
    rondo_import_report *report = NULL;
    rondo_error err = {0};
    rondo_import_options options = {.prefix = kind & 16 ? "rnn." : NULL};
    const char *path = files.file[kind % 4 % 3];
    put_file(path, data, size);
    if (kind & 4) {
        put_file(files.mapping, mapping, strlen(mapping));
        options.mapping = files.mapping;
    }
    if (kind & 8) {
        options.recipe = files.recipe;
        options.vocabulary = files.symbols;
    }
    if (!rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL)) {
        const rondo_status status = rondo_import(context, path, NULL, &options, &report, &err);
        look_at_report(report, status, &err);
        rondo_import_report_free(&report);
    }
    rondo_context_destroy(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *end = size > 0 ? memchr(data + 1, 0, size - 1) : NULL;
    if (!end)
        return 0;
    make_files();
    import(data[0], (const char *)data + 1, end + 1, size - (size_t)(end + 1 - data));
    return 0;
}
