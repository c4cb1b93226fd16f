/* Fuzz target, see fuzz/README.md: any bytes as a model file. */
#include "formats/safetensors.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__safetensors *file;
    rondo__safetensors_parse(&file, "fuzz", data, size, NULL);
    rondo__safetensors_free(&file);
    return 0;
}
