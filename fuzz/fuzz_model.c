/* Fuzz target, see fuzz/README.md: any bytes as the description of a model in the metadata of its file. */
#include "formats/json_text.h"
#include "train/model_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__text file = {0};
    rondo__safetensors *parsed = NULL;
    rondo__model_meta meta;
    rondo_error err;
    rondo__text_add(&file, "\0\0\0\0\0\0\0\0", 8);
    rondo__text_format(&file, "{\"__metadata__\": {\"rondo\": ");
    rondo__json_string(&file, (const char *)data, size);
    rondo__text_format(&file, "}}");
    if (!file.failed) {
        const uint64_t header = file.size - 8;
        memcpy(file.data, &header, 8);
        if (!rondo__safetensors_parse(&parsed, "fuzz", file.data, file.size, NULL) &&
            !rondo__model_meta_read(&meta, parsed, "fuzz", &err))
            rondo__model_meta_free(&meta);
    }
    rondo__safetensors_free(&parsed);
    rondo__text_free(&file);
    return 0;
}
