/* Keys of a language model that do not fit together. */
#include "train/recipe_check.h"

static rondo_status check_use(const rondo__recipe_checking *c) {
    if (c->recipe->model.bidirectional)
        return rondo__recipe_refuse(
            c, "model.bidirectional", NULL,
            "a language model cannot be bidirectional (it would see the future that it predicts)");
    if (c->recipe->data.tokenizer.type == RONDO__NO_TOKENIZER)
        return rondo__recipe_refuse(c, "data.tokenizer.type", NULL,
                                    "a language model needs a tokenizer (char, word or sentencepiece)");
    return RONDO_OK;
}

static rondo_status check_tied(const rondo__recipe_checking *c) {
    const rondo__recipe_model *model = &c->recipe->model;
    const int64_t last = model->hidden_sizes[0] ? model->hidden_sizes[model->layers - 1] : model->hidden_size;
    const int64_t width = model->projection_size ? model->projection_size : last;
    if (!model->tie_weights)
        return RONDO_OK;
    if (model->cell == RONDO_JORDAN)
        return rondo__recipe_refuse(
            c, "model.tie_weights", "model.cell",
            "model.tie_weights does not go with a Jordan network (its output layer is part of the cell)");
    if (model->output != 0)
        return rondo__recipe_refuse(c, "model.tie_weights", "model.output",
                                    "model.tie_weights needs model.output softmax");
    if (width != model->embedding_size)
        return rondo__fail(
            c->err, RONDO_FORMAT,
            "%s: model.tie_weights needs equal widths (embedding_size is %lld, the output's width is %lld)",
            rondo__recipe_place(c, "model.tie_weights", NULL).text, (long long)model->embedding_size, (long long)width);
    return RONDO_OK;
}

static rondo_status check_output(const rondo__recipe_checking *c) {
    const int64_t *cutoffs = c->recipe->model.cutoffs;
    if (c->recipe->model.output > RONDO__OUTPUT_ADAPTIVE_SOFTMAX)
        return rondo__recipe_refuse(c, "model.output", NULL,
                                    "the model.output of a language model is softmax or adaptive_softmax");
    if (c->recipe->model.output == RONDO__OUTPUT_SOFTMAX)
        return RONDO_OK;
    if (c->recipe->model.cell == RONDO_JORDAN)
        return rondo__recipe_refuse(
            c, "model.output", "model.cell",
            "model.output adaptive_softmax does not go with a Jordan network (its output is fed back)");
    if (cutoffs[0] == 0)
        return rondo__recipe_refuse(c, "model.output", NULL,
                                    "model.output adaptive_softmax needs model.cutoffs, such as [2000, 10000]");
    for (int i = 1; i < 8 && cutoffs[i] != 0; i++) {
        if (cutoffs[i] <= cutoffs[i - 1])
            return rondo__recipe_refuse(c, "model.cutoffs", NULL, "model.cutoffs must rise");
    }
    if (c->recipe->train.label_smoothing > 0)
        return rondo__recipe_refuse(c, "train.label_smoothing", "model.output",
                                    "train.label_smoothing does not go with model.output adaptive_softmax");
    return RONDO_OK;
}

rondo_status rondo__recipe_check_language_model(const rondo__recipe_checking *c) {
    rondo_status status = check_use(c);
    if (!status)
        status = rondo__recipe_check_model(c);
    if (!status)
        status = check_tied(c);
    return status ? status : check_output(c);
}
