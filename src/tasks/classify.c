#include "tasks/classify.h"

#include <math.h>

#include "tasks/stack.h"

static rondo_status declare(rondo__classify *c, rondo_error *err) {
    const rondo__recipe_model *m = &c->base.recipe.model;
    const rondo_recurrent_config config = rondo__stack_config(m, c->I);
    rondo_params *params = c->base.params;
    rondo_status status = RONDO_OK;
    if (c->tokenizer) {
        const int64_t dims[2] = {rondo__tokenizer_size(c->tokenizer), c->I};
        status = rondo_params_add(params, "embedding.weight", 2, dims, (rondo_init){RONDO_INIT_NORMAL, 1},
                                  &c->embedding, err);
    }
    if (!status)
        status = rondo_recurrent_create(&c->net, params, "rnn.", &config, err);
    if (status)
        return status;
    c->W = rondo_recurrent_output_size(c->net);
    const rondo_init uniform = {RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)c->W))};
    const int64_t row[2] = {1, c->W}, out[2] = {c->C, c->W};
    if (m->pooling == RONDO_POOL_ATTENTION)
        status = rondo_params_add(params, "attention.weight", 2, row, uniform, &c->attention, err);
    if (!status)
        status = rondo_params_add(params, "output.weight", 2, out, uniform, &c->weight, err);
    return status ? status
                  : rondo_params_add(params, "output.bias", 1, out, (rondo_init){RONDO_INIT_ZEROS, 0}, &c->bias, err);
}

rondo_status rondo__classify_build(rondo__classify *c, const rondo__safetensors *file, const char *path,
                                   rondo_error *err) {
    static const char *const allowed[] = {"sentencepiece_model", RONDO__LISTENING_MEAN, RONDO__LISTENING_DEVIATION,
                                          NULL};
    const rondo__recipe *recipe = &c->base.recipe;
    c->embedding = c->attention = c->weight = c->bias = -1;
    c->C = c->labels.count;
    c->I = c->tokenizer ? recipe->model.embedding_size : rondo__listening_input(&c->listening);
    rondo_status status = rondo_params_create(&c->base.params, err);
    if (!status)
        status = declare(c, err);
    if (status)
        return status;
    return file ? rondo__model_fill(c->base.params, file, path, allowed, err)
                : rondo_params_finish(c->base.params, recipe->train.seed, err);
}

/* (T, B, I) */
static rondo_var *input_of(rondo__classify *c, rondo_tape *tape) {
    const rondo__classify_room *r = &c->room[c->base.slot];
    if (c->tokenizer) {
        const int64_t dims[2] = {r->T, r->B};
        return rondo_embedding(tape, rondo_params_use(c->base.params, tape, c->embedding), r->ids, 2, dims);
    }
    const int64_t dims[3] = {r->T, r->B, c->I};
    const rondo_tensor frames = rondo_tensor_view(RONDO_REAL, r->frames.x, 3, dims);
    return rondo_leaf(tape, &frames, NULL);
}

rondo_var *rondo__classify_logits(rondo__classify *c, rondo_tape *tape) {
    const rondo__recipe_model *m = &c->base.recipe.model;
    const rondo__classify_room *r = &c->room[c->base.slot];
    rondo_params *params = c->base.params;
    const int32_t *lengths = c->tokenizer ? r->lengths : r->frames.lengths;
    const int64_t dims[2] = {r->T, r->B};
    rondo_var *x = rondo_dropout(tape, input_of(c, tape), (real)m->embedding_dropout, m->variational), *score = NULL;
    x = rondo_recurrent_forward(c->net, tape, x, &(rondo_recurrent_input){.lengths = lengths});
    if (c->attention >= 0)
        score = rondo_reshape(tape, rondo_linear(tape, x, rondo_params_use(params, tape, c->attention), NULL), 2, dims);
    const rondo_pool_options pool = {
        .kind = (rondo_pooling)m->pooling, .lengths = lengths, .directions = m->bidirectional ? 2 : 1};
    x = rondo_pool(tape, x, score, &pool);
    x = rondo_dropout(tape, x, (real)m->output_dropout, false);
    return rondo_linear(tape, x, rondo_params_use(params, tape, c->weight), rondo_params_use(params, tape, c->bias));
}
