/* From a recipe to parameters, from a batch to scores of labels. */
#include <math.h>

#include "tasks/stack.h"
#include "tasks/tag.h"

/* As wide as Glorot's for a table of vectors: the sum over a vector has the same size at any width. */
static rondo_init table_init(int64_t width) { return (rondo_init){RONDO_INIT_UNIFORM, (real)sqrt(3 / (double)width)}; }

/* Words are spelt by one LSTM in both directions, whatever cell reads the sentence. */
static rondo_status add_characters(rondo__tag *t, rondo_error *err) {
    const rondo__recipe_model *m = &t->base.recipe.model;
    const rondo_recurrent_config config = {.cell = RONDO_LSTM,
                                           .input_size = m->characters.embedding_size,
                                           .hidden_size = m->characters.hidden_size,
                                           .layers = 1,
                                           .bidirectional = true};
    const int64_t dims[2] = {t->vocabulary.characters.count + 1, config.input_size};
    rondo_status status = rondo_params_add(t->base.params, "characters.embedding.weight", 2, dims,
                                           table_init(config.input_size), &t->character_embedding, err);
    return status ? status : rondo_recurrent_create(&t->spelling, t->base.params, "characters.rnn.", &config, err);
}

static rondo_status declare(rondo__tag *t, rondo_error *err) {
    const rondo__recipe_model *m = &t->base.recipe.model;
    const int64_t dims[2] = {t->V, m->embedding_size};
    rondo_params *params = t->base.params;
    rondo_status status =
        rondo_params_add(params, "embedding.weight", 2, dims, table_init(m->embedding_size), &t->embedding, err);
    if (!status && m->characters.hidden_size > 0)
        status = add_characters(t, err);
    const rondo_recurrent_config config = rondo__stack_config(m, m->embedding_size + 2 * m->characters.hidden_size);
    if (!status)
        status = rondo_recurrent_create(&t->net, params, "rnn.", &config, err);
    if (status)
        return status;
    t->W = rondo_recurrent_output_size(t->net);
    const int64_t out[2] = {t->K, t->W};
    status = rondo_params_add(params, "output.weight", 2, out,
                              (rondo_init){RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)t->W))}, &t->weight, err);
    if (!status)
        status = rondo_params_add(params, "output.bias", 1, out, (rondo_init){RONDO_INIT_ZEROS, 0}, &t->bias, err);
    return status || !m->crf ? status : rondo_crf_create(&t->crf, params, "crf.", t->K, err);
}

rondo_status rondo__tag_build(rondo__tag *t, const rondo__safetensors *file, const char *path, rondo_error *err) {
    static const char *const allowed[] = {NULL};
    t->embedding = t->character_embedding = t->weight = t->bias = -1;
    t->V = t->vocabulary.words.count + 1;
    t->K = t->vocabulary.labels.count;
    rondo_status status = rondo_params_create(&t->base.params, err);
    if (!status)
        status = declare(t, err);
    if (!status)
        status = file ? rondo__model_fill(t->base.params, file, path, allowed, err)
                      : rondo_params_finish(t->base.params, t->base.recipe.train.seed, err);
    return status ? status : rondo__tag_rules_make(&t->rules, &t->vocabulary, t->base.recipe.model.legal_spans, err);
}

/* The last states of both directions over the characters of each form, (U, 2H). */
static rondo_var *spell(rondo__tag *t, rondo_tape *tape) {
    const rondo__tag_batch *b = &t->batch;
    const int64_t dims[2] = {b->C, b->U};
    rondo_states last = {0};
    const rondo_recurrent_input input = {.lengths = b->spelt, .final_states = &last};
    rondo_var *table = rondo_params_use(t->base.params, tape, t->character_embedding);
    rondo_recurrent_forward(t->spelling, tape, rondo_embedding(tape, table, b->characters, 2, dims), &input);
    return rondo_concat(tape, 1, 2, (rondo_var *const[]){last.h[0], last.h[1]});
}

/* (T, B, I) */
static rondo_var *input_of(rondo__tag *t, rondo_tape *tape) {
    const rondo__recipe_model *m = &t->base.recipe.model;
    const rondo__tag_batch *b = &t->batch;
    const int64_t dims[2] = {b->T, b->B};
    rondo_var *part[2] = {NULL, NULL};
    part[0] = rondo_embedding(tape, rondo_params_use(t->base.params, tape, t->embedding), b->words, 2, dims);
    if (t->spelling) {
        part[1] = rondo_embedding(tape, spell(t, tape), b->forms, 2, dims);
        part[1] = rondo_dropout(tape, part[1], (real)m->characters.dropout, false);
        part[0] = rondo_concat(tape, 2, 2, part);
    }
    return rondo_dropout(tape, part[0], (real)m->embedding_dropout, m->variational);
}

rondo_var *rondo__tag_emission(rondo__tag *t, rondo_tape *tape) {
    const rondo__recipe_model *m = &t->base.recipe.model;
    rondo_params *params = t->base.params;
    rondo_var *x = input_of(t, tape);
    x = rondo_recurrent_forward(t->net, tape, x, &(rondo_recurrent_input){.lengths = t->batch.lengths});
    x = rondo_dropout(tape, x, (real)m->output_dropout, m->variational);
    return rondo_linear(tape, x, rondo_params_use(params, tape, t->weight), rondo_params_use(params, tape, t->bias));
}

rondo_var *rondo__tag_loss(rondo__tag *t, rondo_tape *tape) {
    const rondo_cross_entropy_options options = {.label_smoothing = (real)t->base.recipe.train.label_smoothing};
    rondo_var *emission = rondo__tag_emission(t, tape);
    if (!t->crf)
        return rondo_cross_entropy(tape, emission, t->batch.targets, &options);
    const rondo_crf_weights weights = rondo_crf_use(t->crf, tape);
    return rondo_crf_loss(tape, emission, t->batch.targets, &weights,
                          &(rondo_crf_options){.lengths = t->batch.lengths});
}
