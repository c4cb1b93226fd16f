/* Fuzz target, see fuzz/README.md: any bytes as an .npz file. Names differ, and all numbers are there. */
#include <string.h>

#include "formats/npz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__npz npz;
    rondo_error err = {0};
    if (rondo__npz_parse(&npz, "fuzz", data, size, &err) != RONDO_OK) {
        if (strchr(err.message, '\n'))
            __builtin_trap();
        return 0;
    }
    for (int i = 0; i < npz.count; i++) {
        const rondo_tensor *t = &npz.tensor[i];
        volatile unsigned char sum = 0;
        if (rondo_tensor_check(t, NULL) != RONDO_OK)
            __builtin_trap();
        for (size_t k = 0; k < (size_t)rondo_tensor_count(t) * rondo_dtype_bytes(t->dtype); k++)
            sum = (unsigned char)(sum + ((const unsigned char *)t->data)[k]);
        for (int j = 0; j < i; j++)
            if (strcmp(npz.name[i], npz.name[j]) == 0)
                __builtin_trap();
    }
    rondo__npz_free(&npz);
    return 0;
}
