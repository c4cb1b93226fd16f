/* Text to the symbols of a model's network and back, by the tokenizer that it was trained with. */
#include "tasks/classify.h"
#include "tasks/language_model.h"
#include "tasks/model.h"
#include "tasks/transcribe.h"

static rondo_status find_tokenizer(const rondo_model *model, const rondo__tokenizer **out, const char *what,
                                   rondo_error *err) {
    const rondo__task_object *task = model->task;
    *out = NULL;
    if (task->class == &rondo__language_model)
        *out = ((const rondo__lm *)task)->tokenizer;
    else if (task->class == &rondo__classify_class)
        *out = ((const rondo__classify *)task)->tokenizer;
    else if (task->class == &rondo__transcribe_class)
        *out = ((const rondo__transcribe *)task)->tokenizer;
    return *out ? RONDO_OK
                : rondo__fail(err, RONDO_UNSUPPORTED,
                              "%s: %s: a model of task %s has no one tokenizer between texts and its network",
                              model->path, what, task->class->name);
}

rondo_status rondo_model_encode(rondo_model *model, const char *text, size_t size, int32_t **symbols, int64_t *count,
                                rondo_error *err) {
    const rondo__tokenizer *tokenizer;
    if (symbols)
        *symbols = NULL;
    if (count)
        *count = 0;
    if (!model || (!text && size > 0) || !symbols || !count)
        return rondo__fail(err, RONDO_ARGUMENT, "encode: model, text, symbols or count is NULL");
    rondo_status status = find_tokenizer(model, &tokenizer, "encode", err);
    if (status || size == 0)
        return status;
    return rondo__model_name_file(rondo__tokenizer_encode(tokenizer, text, size, symbols, count, err), model->path,
                                  err);
}

static rondo_status check_symbols(const rondo_model *model, const rondo__tokenizer *tokenizer, int64_t count,
                                  const int32_t *symbols, rondo_error *err) {
    const int64_t V = rondo__tokenizer_size(tokenizer);
    for (int64_t i = 0; i < count; i++)
        if (symbols[i] < 0 || symbols[i] >= V)
            return rondo__fail(err, RONDO_ARGUMENT, "%s: decode: symbol %d (symbols are 0 to %lld)", model->path,
                               (int)symbols[i], (long long)V - 1);
    return RONDO_OK;
}

rondo_status rondo_model_decode(rondo_model *model, int64_t count, const int32_t *symbols, char **text, size_t *size,
                                rondo_error *err) {
    const rondo__tokenizer *tokenizer;
    rondo__text made = {0};
    if (text)
        *text = NULL;
    if (size)
        *size = 0;
    if (!model || count < 0 || (!symbols && count > 0) || !text)
        return rondo__fail(err, RONDO_ARGUMENT, "decode: model, symbols or text is NULL, or there are %lld symbols",
                           (long long)count);
    rondo_status status = find_tokenizer(model, &tokenizer, "decode", err);
    if (!status)
        status = check_symbols(model, tokenizer, count, symbols, err);
    if (status)
        return status;
    rondo__text_add(&made, "", 0);
    status = rondo__tokenizer_decode(tokenizer, symbols, count, true, &made);
    if (status || made.failed) {
        rondo__text_free(&made);
        return rondo__fail(err, status ? status : RONDO_MEMORY, "%s: decode: no memory for the text", model->path);
    }
    *text = made.data;
    if (size)
        *size = made.size;
    return RONDO_OK;
}

void rondo_model_coded_free(void *made) { rondo__free(made); }
