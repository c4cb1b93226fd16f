/* Fuzz target, see fuzz/README.md: any bytes as a recipe. */
#include "train/recipe.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__recipe recipe;
    rondo_error err;
    rondo__recipe_parse(&recipe, "fuzz", (const char *)data, size, 0, NULL, &err);
    return 0;
}
