/* A trained model opened and used on any machine, by any build: also without Jansson and libyaml, on 64-bit ARM and in
 * WebAssembly. tests/golden/writer.safetensors was made by
 *
 *   tests/support/sentences 300 > text.txt && rondo train writer.yaml --out run
 *
 * from task: language_model, data: {train: text.txt, valid_fraction: 0.1, tokenizer: {type: char}}, model: {cell: gru,
 * embedding_size: 6, hidden_size: 20}, train: {optimizer: {type: adamw, learning_rate: 0.03}, batch_size: 8,
 * steps_per_sequence: 32, epochs: 20, max_steps: 400, seed: 7}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rondo/rondo.h"

static char text[1000];

static bool add(const char *piece, size_t size, void *arg) {
    (void)arg;
    strncat(text, piece, size);
    return true;
}

/* Its scores for a few symbols: probabilities sum to 1, so the softmax of what a step gives must. */
static bool applies(rondo_model *model, rondo_error *err) {
    int32_t symbols[3] = {1, 2, 3};
    const int64_t dims[1] = {3};
    rondo_tensor y, x = rondo_tensor_view(RONDO_I32, symbols, 1, dims);
    if (rondo_model_apply(model, &x, &y, err))
        return false;
    const bool good = y.rank == 2 && y.dims[0] == 3 && y.dims[1] > 20;
    rondo_model_apply_free(&y);
    return good;
}

int main(void) {
    static const char *const path = RONDO_SOURCE_DIR "/tests/golden/writer.safetensors";
    static const char *const want = " hill.\nThe sea the house see sea the hou";
    rondo_context *context = NULL;
    rondo_model *model = NULL;
    rondo_error err = {0};
    int wrong = 0;
    wrong += rondo_context_create(&context, &(rondo_context_options){.threads = 1}, &err) != RONDO_OK;
    if (wrong || rondo_model_open(&model, context, path, &err)) {
        printf("not opened: %s\n", err.message);
        return 1;
    }
    wrong += !strstr(rondo_model_info(model), "\"cell\": \"gru\"");
    wrong += !applies(model, &err);
    const rondo_generate_options how = {.prompt = "the", .tokens = 40, .greedy = true};
    wrong += rondo_model_generate(model, &how, add, NULL, &err) != RONDO_OK;
    if (wrong || strcmp(text, want) != 0) {
        printf("it wrote '%s': %s\n", text, err.message);
        wrong++;
    }
    rondo_model_close(&model);
    rondo_context_destroy(&context);
    return wrong != 0;
}
