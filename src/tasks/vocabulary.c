#include "tasks/vocabulary.h"

rondo_status rondo__vocabulary_config(const rondo__recipe *recipe, const rondo__recipe_tokenizer *section,
                                      char model[RONDO__PATH], rondo__tokenizer_config *out, rondo_error *err) {
    const bool given = section->model[0] != '\0';
    *out = (rondo__tokenizer_config){.kind = (rondo__tokenizer_kind)section->type,
                                     .lowercase = section->lowercase,
                                     .min_count = section->min_count,
                                     .max_size = section->max_size,
                                     .vocab_size = section->vocab_size,
                                     .model = given ? model : NULL,
                                     .model_type = section->model_type ? "bpe" : "unigram"};
    return given ? rondo__recipe_find(recipe, section->model, model, err) : RONDO_OK;
}

rondo_status rondo__vocabulary_load(rondo__tokenizer **out, const char *json, const rondo__safetensors *file,
                                    const char *tensor, const char *path, rondo_error *err) {
    const rondo__named *pieces = file ? rondo__safetensors_find(file, tensor) : NULL;
    if (pieces && (pieces->tensor.dtype != RONDO_U8 || pieces->tensor.rank != 1))
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' is not a row of bytes", path, tensor);
    return rondo__tokenizer_from_json(out, json, pieces ? pieces->tensor.data : NULL,
                                      pieces ? (size_t)pieces->tensor.dims[0] : 0, err);
}

int rondo__vocabulary_tensor(const rondo__tokenizer *tokenizer, const char *name, int max, rondo__named *out) {
    size_t size = 0;
    const void *model = rondo__tokenizer_piece_model(tokenizer, &size);
    const int64_t dims[1] = {(int64_t)size};
    if (!model || size == 0 || max < 1)
        return 0;
    *out = (rondo__named){name, rondo_tensor_view(RONDO_U8, (void *)(uintptr_t)model, 1, dims)};
    return 1;
}
