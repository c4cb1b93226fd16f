/* The texts of a language model. */
#include <string.h>

#include "data/text.h"
#include "tasks/language_model.h"
#include "tasks/vocabulary.h"

static int64_t count_characters(const char *text, size_t size) {
    int64_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

rondo_status rondo__lm_encode_file(const rondo__lm *lm, const char *path, int32_t **ids, int64_t *count,
                                   int64_t *characters, rondo_error *err) {
    rondo__corpus text = {0};
    *ids = NULL;
    rondo_status status = rondo__corpus_read(&text, path, err);
    if (!status) {
        *characters = count_characters(text.data, text.size);
        status = rondo__tokenizer_encode(lm->tokenizer, text.data, text.size, ids, count, err);
        rondo__corpus_free(&text);
    }
    return status;
}

static rondo_status build_tokenizer(rondo__lm *lm, const char *text, size_t size, const char *path, rondo_error *err) {
    char model[RONDO__PATH];
    rondo__tokenizer_config config;
    rondo_status status =
        rondo__vocabulary_config(&lm->base.recipe, &lm->base.recipe.data.tokenizer, model, &config, err);
    if (status)
        return status;
    return rondo__tokenizer_build(&lm->tokenizer, &config, text, size, path, err);
}

/* The training text; where there is no validation text its last part becomes that. */
static rondo_status read_train(rondo__lm *lm, const char *path, rondo_error *err) {
    const rondo__recipe_data *data = &lm->base.recipe.data;
    rondo__corpus text = {0};
    rondo_status status = rondo__corpus_read(&text, path, err);
    if (status)
        return status;
    const size_t cut = data->valid[0] ? text.size : rondo__corpus_split(text.data, text.size, data->valid_fraction);
    status = build_tokenizer(lm, text.data, cut, path, err);
    if (!status)
        status = rondo__tokenizer_encode(lm->tokenizer, text.data, cut, &lm->train, &lm->train_count, err);
    if (!status && !data->valid[0]) {
        status =
            rondo__tokenizer_encode(lm->tokenizer, text.data + cut, text.size - cut, &lm->valid, &lm->valid_count, err);
        lm->valid_characters = count_characters(text.data + cut, text.size - cut);
    }
    rondo__corpus_free(&text);
    return status;
}

static rondo_status read_valid(rondo__lm *lm, char path[RONDO__PATH], rondo_error *err) {
    const rondo__recipe_data *data = &lm->base.recipe.data;
    rondo_status status = RONDO_OK;
    if (data->valid[0])
        status = rondo__recipe_find(&lm->base.recipe, data->valid, path, err);
    if (!status && data->valid[0])
        status = rondo__lm_encode_file(lm, path, &lm->valid, &lm->valid_count, &lm->valid_characters, err);
    if (!status && lm->valid_count < 2)
        status = rondo__fail(err, RONDO_FORMAT, "%s: too short: %lld symbols for validation (at least 2 are needed%s)",
                             path, (long long)lm->valid_count, data->valid[0] ? "" : "; raise data.valid_fraction");
    return status;
}

rondo_status rondo__lm_read(rondo__lm *lm, rondo_error *err) {
    const rondo__recipe *recipe = &lm->base.recipe;
    char path[RONDO__PATH];
    if (recipe->data.tokenizer.type == RONDO__NO_TOKENIZER)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "data.tokenizer: a language model needs one (char, word or sentencepiece)");
    rondo_status status = rondo__recipe_find(recipe, recipe->data.train, path, err);
    if (!status)
        status = read_train(lm, path, err);
    if (!status)
        status = rondo__batches_make(&lm->batches, path, lm->train, lm->train_count, recipe->train.batch_size,
                                     recipe->train.steps_per_sequence, err);
    return status ? status : read_valid(lm, path, err);
}
