#include <math.h>

#include "tasks/stack.h"
#include "tasks/transcribe.h"

static rondo_status declare(rondo__transcribe *t, rondo_error *err) {
    const rondo_recurrent_config config = rondo__stack_config(&t->base.recipe.model, t->I);
    rondo_status status = rondo_recurrent_create(&t->net, t->base.params, "rnn.", &config, err);
    if (status)
        return status;
    t->W = rondo_recurrent_output_size(t->net);
    const rondo_init uniform = {RONDO_INIT_UNIFORM, (real)(1 / sqrt((double)t->W))};
    const int64_t dims[2] = {t->V, t->W};
    status = rondo_params_add(t->base.params, "output.weight", 2, dims, uniform, &t->weight, err);
    return status ? status
                  : rondo_params_add(t->base.params, "output.bias", 1, dims, (rondo_init){RONDO_INIT_ZEROS, 0},
                                     &t->bias, err);
}

rondo_status rondo__transcribe_build(rondo__transcribe *t, const rondo__safetensors *file, const char *path,
                                     rondo_error *err) {
    static const char *const allowed[] = {"sentencepiece_model", RONDO__LISTENING_MEAN, RONDO__LISTENING_DEVIATION,
                                          NULL};
    t->blank = (int32_t)rondo__tokenizer_size(t->tokenizer);
    t->V = t->blank + 1;
    t->I = rondo__listening_input(&t->listening);
    rondo_status status = rondo_params_create(&t->base.params, err);
    if (!status)
        status = declare(t, err);
    if (status)
        return status;
    return file ? rondo__model_fill(t->base.params, file, path, allowed, err)
                : rondo_params_finish(t->base.params, t->base.recipe.train.seed, err);
}

/* The frames, and as many zeros as it takes to write the last of them. */
static rondo_var *input_of(const rondo__transcribe *t, rondo_tape *tape) {
    const rondo__listening_batch *frames = &t->room[t->base.slot].frames;
    const int64_t delay = t->base.recipe.model.delay;
    const int64_t dims[3] = {frames->T, frames->B, t->I}, behind[3] = {delay, frames->B, t->I};
    const rondo_tensor view = rondo_tensor_view(RONDO_REAL, frames->x, 3, dims);
    rondo_var *x = rondo_leaf(tape, &view, NULL);
    return delay == 0 ? x : rondo_concat(tape, 0, 2, (rondo_var *[]){x, rondo_zeros(tape, 3, behind)});
}

rondo_var *rondo__transcribe_logits(rondo__transcribe *t, rondo_tape *tape) {
    const rondo__recipe_model *m = &t->base.recipe.model;
    const rondo__transcribe_room *room = &t->room[t->base.slot];
    rondo_params *params = t->base.params;
    rondo_var *x = rondo_dropout(tape, input_of(t, tape), (real)m->embedding_dropout, m->variational);
    x = rondo_recurrent_forward(t->net, tape, x, &(rondo_recurrent_input){.lengths = room->delayed});
    if (m->delay > 0)
        x = rondo_slice(tape, x, 0, m->delay, m->delay + room->frames.T);
    x = rondo_dropout(tape, x, (real)m->output_dropout, m->variational);
    return rondo_linear(tape, x, rondo_params_use(params, tape, t->weight), rondo_params_use(params, tape, t->bias));
}
