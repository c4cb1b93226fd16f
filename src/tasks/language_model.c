#include "tasks/language_model.h"
#include "tasks/stack.h"

#include <math.h>

static rondo_recurrent_config stack_config(const rondo__lm *lm) {
    const rondo__recipe_model *m = &lm->base.recipe.model;
    rondo_recurrent_config config = rondo__stack_config(m, m->embedding_size);
    if (lm->jordan) {
        config.output_size = lm->V;
        config.output_activation = RONDO_SOFTMAX;
        config.feedback_size = lm->feeds_embedding ? lm->E : 0;
    }
    return config;
}

static rondo_status check_recipe(const rondo__recipe *recipe, rondo_error *err) {
    const rondo__recipe_model *m = &recipe->model;
    const bool jordan = m->cell == RONDO_JORDAN;
    if (m->bidirectional)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "model.bidirectional: a language model reads in one direction (set it to false)");
    if (jordan && (m->tie_weights || m->output))
        return rondo__fail(err, RONDO_ARGUMENT,
                           "model.%s: a Jordan network's own output units are the symbols (leave it out)",
                           m->tie_weights ? "tie_weights" : "output");
    if (m->tie_weights && m->output)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "model.tie_weights does not go with adaptive_softmax (use one of them)");
    if (m->output && recipe->train.label_smoothing > 0)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "train.label_smoothing does not go with adaptive_softmax (set it to 0)");
    return RONDO_OK;
}

/* Each cluster of the adaptive softmax is so many times narrower than the one before (Grave 2017). */
#define NARROWING 4.0

static rondo_status add_adaptive(rondo__lm *lm, rondo_error *err) {
    const int64_t *cutoffs = lm->base.recipe.model.cutoffs;
    int count = 0;
    while (count < 8 && cutoffs[count] > 0)
        count++;
    if (count == 0 || cutoffs[count - 1] >= lm->V)
        return rondo__fail(err, RONDO_ARGUMENT, "model.cutoffs: the last one must be below the vocabulary's size, %lld",
                           (long long)lm->V);
    if (pow(NARROWING, count) > (double)lm->W)
        return rondo__fail(
            err, RONDO_ARGUMENT,
            "model.cutoffs: %d clusters, each a quarter as wide as the one before, need an output of the cells "
            "wider than %lld (raise model.hidden_size, or give fewer cutoffs)",
            count, (long long)lm->W);
    return rondo_adaptive_create(&lm->adaptive, lm->base.params, "output.", lm->W, lm->V, count, cutoffs, NARROWING,
                                 err);
}

static rondo_status add_output(rondo__lm *lm, rondo_error *err) {
    const rondo__recipe_model *m = &lm->base.recipe.model;
    const int64_t dims[2] = {lm->V, lm->W};
    rondo_status status = RONDO_OK;
    if (lm->jordan)
        return RONDO_OK;
    if (m->output)
        return add_adaptive(lm, err);
    if (m->tie_weights && lm->W != lm->E)
        return rondo__fail(
            err, RONDO_ARGUMENT,
            "model.tie_weights: embedding_size is %lld but the output of the cells is %lld wide (make them equal)",
            (long long)lm->E, (long long)lm->W);
    const real bound = (real)(1 / sqrt((double)lm->W));
    if (m->tie_weights)
        lm->weight = lm->embedding;
    else
        status = rondo_params_add(lm->base.params, "output.weight", 2, dims, (rondo_init){RONDO_INIT_UNIFORM, bound},
                                  &lm->weight, err);
    if (!status)
        status = rondo_params_add(lm->base.params, "output.bias", 1, dims, (rondo_init){RONDO_INIT_ZEROS, 0}, &lm->bias,
                                  err);
    return status;
}

static rondo_status declare(rondo__lm *lm, rondo_error *err) {
    const int64_t dims[2] = {lm->V, lm->E};
    const rondo_recurrent_config config = stack_config(lm);
    /* As nn.Embedding starts, but small where the same numbers are the output layer, too. */
    const rondo_init init = {RONDO_INIT_NORMAL, lm->base.recipe.model.tie_weights ? (real)0.1 : (real)1};
    rondo_status status = rondo_params_create(&lm->base.params, err);
    if (!status)
        status = rondo_params_add(lm->base.params, "embedding.weight", 2, dims, init, &lm->embedding, err);
    if (!status)
        status = rondo_recurrent_create(&lm->net, lm->base.params, "rnn.", &config, err);
    if (status)
        return status;
    lm->W = rondo_recurrent_output_size(lm->net);
    return add_output(lm, err);
}

rondo_status rondo__lm_build(rondo__lm *lm, const rondo__safetensors *file, const char *path, rondo_error *err) {
    static const char *const allowed[] = {"sentencepiece_model", NULL};
    const rondo__recipe *recipe = &lm->base.recipe;
    rondo_status status = check_recipe(recipe, err);
    if (status)
        return status;
    lm->V = rondo__tokenizer_size(lm->tokenizer);
    lm->E = recipe->model.embedding_size;
    lm->jordan = recipe->model.cell == RONDO_JORDAN;
    lm->teacher = lm->jordan && recipe->model.teacher_forcing;
    lm->feeds_embedding = lm->jordan && recipe->model.feedback == 1;
    lm->weight = lm->bias = -1;
    status = declare(lm, err);
    if (status)
        return status;
    status = file ? rondo__model_fill(lm->base.params, file, path, allowed, err)
                  : rondo_params_finish(lm->base.params, recipe->train.seed, err);
    if (!status && lm->feeds_embedding && rondo_params_at(lm->base.params, lm->embedding)->stored)
        return rondo__fail(err, RONDO_FORMAT, "%s: tensor '%s' feeds the network back, and must be F32", path,
                           rondo_params_at(lm->base.params, lm->embedding)->name);
    return status;
}

/* What a Jordan network is taught: each known symbol as one-hot (T, B, V) or as its embedding (T, B, E). */
static rondo_var *teach(rondo__lm *lm, rondo_tape *tape, rondo_var *table, const rondo__lm_chunk *chunk) {
    const int64_t dims[3] = {chunk->T, chunk->B, lm->V};
    if (lm->feeds_embedding)
        return rondo_embedding(tape, table, chunk->known, 2, dims);
    rondo_var *teacher = rondo_zeros(tape, 3, dims);
    for (int64_t i = 0; teacher && i < chunk->T * chunk->B; i++) {
        if (chunk->known[i] >= 0)
            ((real *)teacher->value.data)[i * lm->V + chunk->known[i]] = 1;
    }
    return teacher;
}

rondo_var *rondo__lm_loss(rondo__lm *lm, rondo_tape *tape, const rondo__lm_chunk *chunk) {
    const rondo__recipe_model *m = &lm->base.recipe.model;
    rondo_params *params = lm->base.params;
    const int64_t dims[2] = {chunk->T, chunk->B};
    rondo_var *table = rondo_params_use(params, tape, lm->embedding);
    rondo_var *x = rondo_embedding(tape, table, chunk->inputs, 2, dims);
    x = rondo_dropout(tape, x, (real)m->embedding_dropout, m->variational);
    const rondo_recurrent_input input = {.lengths = chunk->lengths,
                                         .initial = chunk->initial,
                                         .final_states = chunk->final_states,
                                         .feedback = lm->feeds_embedding ? table : NULL,
                                         .teacher = lm->teacher ? teach(lm, tape, table, chunk) : NULL};
    x = rondo_recurrent_forward(lm->net, tape, x, &input);
    if (lm->jordan)
        return rondo_cross_entropy(tape, x, chunk->targets, &chunk->loss);
    x = rondo_dropout(tape, x, (real)m->output_dropout, m->variational);
    if (lm->adaptive) {
        const int64_t rows[2] = {chunk->T * chunk->B, lm->W};
        return rondo_adaptive_loss(lm->adaptive, tape, rondo_reshape(tape, x, 2, rows), chunk->targets, &chunk->loss);
    }
    rondo_var *weight = lm->weight == lm->embedding ? table : rondo_params_use(params, tape, lm->weight);
    return rondo_linear_cross_entropy(tape, x, weight, rondo_params_use(params, tape, lm->bias), chunk->targets,
                                      &chunk->loss);
}
