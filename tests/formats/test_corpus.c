/* Every seed of fuzz/corpus goes through its fuzz target, so that the targets stay whole without clang. */
#include "support/test.h"

#include <dirent.h>
#include <stdio.h>

#define LLVMFuzzerTestOneInput fuzz_safetensors
#include "../../fuzz/fuzz_safetensors.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_recipe
#include "../../fuzz/fuzz_recipe.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_npy
#include "../../fuzz/fuzz_npy.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_tokenizer
#include "../../fuzz/fuzz_tokenizer.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_piece
#include "../../fuzz/fuzz_piece.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_model
#include "../../fuzz/fuzz_model.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_pairs
#include "../../fuzz/fuzz_pairs.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_csv
#include "../../fuzz/fuzz_csv.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_sound
#include "../../fuzz/fuzz_sound.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_archive
#include "../../fuzz/fuzz_archive.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_tagged
#include "../../fuzz/fuzz_tagged.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_npz
#include "../../fuzz/fuzz_npz.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_mapping
#include "../../fuzz/fuzz_mapping.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_json
#include "../../fuzz/fuzz_json.c"
#undef LLVMFuzzerTestOneInput
#define look_at look_at_onnx
#define chain chain_onnx
#define LLVMFuzzerTestOneInput fuzz_onnx
#include "../../fuzz/fuzz_onnx.c"
#undef LLVMFuzzerTestOneInput
#undef look_at
#undef chain

#define LLVMFuzzerTestOneInput fuzz_weights
#include "../../fuzz/fuzz_weights.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput fuzz_import
#include "../../fuzz/fuzz_import.c"
#undef LLVMFuzzerTestOneInput

static void replay(const char *name, int (*target)(const uint8_t *, size_t)) {
    const int64_t live = rondo__alloc_live();
    char folder[1024], path[2048];
    const struct dirent *entry;
    int seeds = 0;
    snprintf(folder, sizeof folder, RONDO_SOURCE_DIR "/fuzz/corpus/%s", name);
    DIR *list = opendir(folder);
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL) {
        char *data;
        size_t size;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_int_equal(rondo__file_read(path, 0, &data, &size, NULL), RONDO_OK);
        target((const uint8_t *)data, size);
        rondo__free(data);
        seeds++;
    }
    closedir(list);
    assert_true(seeds > 0);
    assert_int_equal(rondo__alloc_live(), live);
}

static void seeds(void **state) {
    (void)state;
    replay("safetensors", fuzz_safetensors);
    replay("recipe", fuzz_recipe);
    replay("npy", fuzz_npy);
    replay("tokenizer", fuzz_tokenizer);
    replay("model", fuzz_model);
    replay("weights", fuzz_weights);
    replay("piece", fuzz_piece);
    replay("pairs", fuzz_pairs);
    replay("csv", fuzz_csv);
    replay("sound", fuzz_sound);
    replay("archive", fuzz_archive);
    replay("tagged", fuzz_tagged);
    replay("npz", fuzz_npz);
    replay("json", fuzz_json);
    replay("onnx", fuzz_onnx);
    replay("mapping", fuzz_mapping);
    replay("import", fuzz_import);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
