/* Fuzz target, see fuzz/README.md: any bytes as a recipe. What is read can be written, and read again as the same. */
#include "train/recipe.h"

#include <string.h>

typedef rondo_status (*recipe_writer)(const rondo__recipe *recipe, rondo__text *out);

static void recipe_again(const rondo__recipe *recipe, recipe_writer write) {
    rondo__text once = {0}, twice = {0};
    rondo__recipe again;
    if (write(recipe, &once) || rondo__recipe_parse(&again, "again", once.data, once.size, 0, NULL, NULL) ||
        write(&again, &twice) || once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0)
        __builtin_trap();
    rondo__text_free(&once);
    rondo__text_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__recipe recipe;
    rondo_error err;
    if (rondo__recipe_parse(&recipe, "fuzz", (const char *)data, size, 0, NULL, &err))
        return 0;
    recipe_again(&recipe, rondo__recipe_yaml);
    recipe_again(&recipe, rondo__recipe_json);
    return 0;
}
