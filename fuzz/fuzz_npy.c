/* Fuzz target, see fuzz/README.md: any bytes as an array. */
#include "formats/npy.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo_tensor tensor;
    if (rondo__npy_parse(&tensor, "fuzz", data, size, NULL) == RONDO_OK)
        rondo__free(tensor.data);
    return 0;
}
