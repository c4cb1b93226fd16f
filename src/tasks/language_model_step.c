/* A step is one streaming step of the stack and one product with the output layer, packed once; nothing is allocated.
 */
#include "tasks/language_model_step.h"

#include <assert.h>
#include <string.h>

#include "nn/params.h"
#include "tensor/context.h"

static real *values_of(const rondo__lm *lm, int index) { return rondo__param_values(lm->base.params, index); }

static rondo_status pack_output(rondo__lm_step *step, const char *user, rondo_error *err) {
    rondo__lm *lm = step->lm;
    rondo_context *context = lm->base.context;
    if (lm->adaptive)
        return rondo_tape_create(&step->tape, context, err);
    if (lm->jordan)
        return RONDO_OK;
    step->packed = rondo__calloc((size_t)rondo__packed_count(lm->W, lm->V), sizeof(real));
    if (!step->packed)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the output layer", user);
    rondo__param_pack(rondo_params_at(lm->base.params, lm->weight), context, step->packed);
    return RONDO_OK;
}

rondo_status rondo__lm_step_open(rondo__lm_step *step, rondo__lm *lm, const char *user, rondo_error *err) {
    const int64_t Q = lm->feeds_embedding ? lm->E : lm->V;
    *step = (rondo__lm_step){.lm = lm};
    step->x = rondo__calloc((size_t)lm->E, sizeof(real));
    step->y = rondo__calloc((size_t)lm->W, sizeof(real));
    step->logits = rondo__calloc((size_t)lm->V, sizeof(real));
    step->known = lm->teacher ? rondo__calloc((size_t)Q, sizeof(real)) : NULL;
    if (!step->x || !step->y || !step->logits || (lm->teacher && !step->known))
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory", user);
    rondo_status status = pack_output(step, user, err);
    if (status)
        return status;
    return rondo_stream_open(&step->stream, lm->base.context, lm->net, 1,
                             lm->feeds_embedding ? values_of(lm, lm->embedding) : NULL, err);
}

void rondo__lm_step_close(rondo__lm_step *step) {
    rondo_stream_close(&step->stream);
    rondo_tape_destroy(&step->tape);
    rondo__free(step->packed);
    rondo__free(step->x);
    rondo__free(step->y);
    rondo__free(step->logits);
    rondo__free(step->known);
    *step = (rondo__lm_step){0};
}

rondo_status rondo__lm_step_teach(rondo__lm_step *step, int32_t id) {
    rondo__lm *lm = step->lm;
    if (!lm->teacher)
        return RONDO_OK;
    if (lm->feeds_embedding) {
        rondo__param_row(rondo_params_at(lm->base.params, lm->embedding), id, step->x);
        return rondo_stream_teach(step->stream, step->x);
    }
    assert(step->known); /* a teacher without embedding has it */
    memset(step->known, 0, (size_t)lm->V * sizeof(real));
    step->known[id] = 1;
    return rondo_stream_teach(step->stream, step->known);
}

void rondo__lm_step_feed(rondo__lm_step *step, int32_t id) {
    const rondo__lm *lm = step->lm;
    rondo__param_row(rondo_params_at(lm->base.params, lm->embedding), id, step->x);
    rondo_stream_step(step->stream, step->x, step->y);
}

rondo_status rondo__lm_step_score(rondo__lm_step *step, const real **logits, rondo_error *err) {
    rondo__lm *lm = step->lm;
    const int64_t dims[2] = {1, lm->W};
    *logits = lm->jordan ? step->y : step->logits;
    if (lm->adaptive) {
        rondo_tape_begin(step->tape, &(rondo_step){.same_parameters = true});
        const rondo_tensor y = rondo_tensor_view(RONDO_REAL, step->y, 2, dims);
        rondo_var *out = rondo_adaptive_log_probabilities(lm->adaptive, step->tape, rondo_leaf(step->tape, &y, NULL));
        if (out)
            *logits = out->value.data;
        return rondo_tape_status(step->tape, err);
    }
    if (!lm->jordan)
        rondo__product(lm->base.context, 1, lm->V, lm->W, step->y, lm->W, 1, step->packed, step->logits, lm->V,
                       values_of(lm, lm->bias), false);
    return RONDO_OK;
}
