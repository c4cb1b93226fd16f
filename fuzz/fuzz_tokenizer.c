/* Fuzz target, see fuzz/README.md: any bytes as a vocabulary. One that is read can be used, and written as it was. */
#include "data/tokenizer.h"

#include <string.h>

static void use_tokenizer(const rondo__tokenizer *tokenizer) {
    static const char line[] = "a <unk> \xe2\x98\x83\xcc\x81 B e\n\n<eos> x";
    rondo__text text = {0};
    int32_t *ids;
    int64_t count;
    if (rondo__tokenizer_encode(tokenizer, line, sizeof line - 1, &ids, &count, NULL))
        __builtin_trap();
    for (int64_t i = 0; i < count; i++) {
        if (ids[i] < 0 || ids[i] >= rondo__tokenizer_size(tokenizer))
            __builtin_trap();
    }
    rondo__free(ids);
    for (int32_t id = 0; id < rondo__tokenizer_size(tokenizer); id++) {
        if (rondo__tokenizer_decode(tokenizer, &id, 1, false, &text))
            __builtin_trap();
    }
    rondo__text_free(&text);
}

static void tokenizer_again(const rondo__tokenizer *tokenizer) {
    rondo__tokenizer *again;
    rondo__text once = {0}, twice = {0};
    if (rondo__tokenizer_json(tokenizer, &once) || rondo__tokenizer_from_json(&again, once.data, NULL, 0, NULL) ||
        rondo__tokenizer_json(again, &twice) || strcmp(once.data, twice.data) != 0)
        __builtin_trap();
    rondo__tokenizer_free(&again);
    rondo__text_free(&once);
    rondo__text_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__tokenizer *tokenizer;
    char *json = rondo__alloc(size + 1);
    if (!json)
        return 0;
    memcpy(json, data, size);
    json[size] = 0;
    if (rondo__tokenizer_from_json(&tokenizer, json, NULL, 0, NULL) == RONDO_OK) {
        use_tokenizer(tokenizer);
        tokenizer_again(tokenizer);
    }
    rondo__tokenizer_free(&tokenizer);
    rondo__free(json);
    return 0;
}
