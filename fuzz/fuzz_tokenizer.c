/* Fuzz target, see fuzz/README.md: any bytes as a vocabulary. */
#include "data/tokenizer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__tokenizer *tokenizer;
    char *json = rondo__alloc(size + 1);
    if (!json)
        return 0;
    memcpy(json, data, size);
    json[size] = 0;
    rondo__tokenizer_from_json(&tokenizer, json, NULL, 0, NULL);
    rondo__tokenizer_free(&tokenizer);
    rondo__free(json);
    return 0;
}
