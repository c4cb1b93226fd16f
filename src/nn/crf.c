/* The conditional random field as a layer: three parameters, with the names, shapes and first values (uniform in
 * [-0.1, 0.1]) of pytorch-crf. */
#include <stdio.h>

#include "core/core.h"
#include "nn/params.h"
#include "rondo/crf.h"

enum { TRANSITIONS, START_TRANSITIONS, END_TRANSITIONS, PARTS };

struct rondo_crf {
    rondo_params *params;
    int index[PARTS];
};

static rondo_status declare(rondo_crf *crf, const char *prefix, int64_t V, int part, rondo_error *err) {
    static const char *const names[] = {"transitions", "start_transitions", "end_transitions"};
    char full[256];
    int length = snprintf(full, sizeof full, "%s%s", prefix ? prefix : "", names[part]);
    if (length < 0 || (size_t)length >= sizeof full)
        return rondo__fail(err, RONDO_ARGUMENT, "crf: the prefix is too long (at most 90 characters)");
    return rondo_params_add(crf->params, full, part == TRANSITIONS ? 2 : 1, (int64_t[]){V, V},
                            (rondo_init){RONDO_INIT_UNIFORM, (real)0.1}, &crf->index[part], err);
}

rondo_status rondo_crf_create(rondo_crf **out, rondo_params *params, const char *prefix, int64_t V, rondo_error *err) {
    if (out)
        *out = NULL;
    if (!out || !params)
        return rondo__fail(err, RONDO_ARGUMENT, "crf: %s is NULL",
                           out ? "params (rondo_params_create makes it)" : "out");
    if (V < 1 || V > INT32_MAX)
        return rondo__fail(err, RONDO_ARGUMENT, "crf: V is %lld (it must be 1 to %d)", (long long)V, INT32_MAX);
    rondo_crf *crf = rondo__calloc(1, sizeof *crf);
    if (!crf)
        return rondo__fail(err, RONDO_MEMORY, "crf: out of memory");
    crf->params = params;
    int before = rondo_params_count(params);
    rondo_status status = RONDO_OK;
    for (int part = 0; part < PARTS && !status; part++)
        status = declare(crf, prefix, V, part, err);
    if (status) {
        rondo__params_truncate(params, before);
        rondo_crf_destroy(&crf);
    }
    *out = crf;
    return status;
}

void rondo_crf_destroy(rondo_crf **crf) {
    if (!crf || !*crf)
        return;
    rondo__free(*crf);
    *crf = NULL;
}

rondo_crf_weights rondo_crf_use(rondo_crf *crf, rondo_tape *tape) {
    if (!crf || !tape)
        return (rondo_crf_weights){0};
    return (rondo_crf_weights){.transition = rondo_params_use(crf->params, tape, crf->index[TRANSITIONS]),
                               .start = rondo_params_use(crf->params, tape, crf->index[START_TRANSITIONS]),
                               .end = rondo_params_use(crf->params, tape, crf->index[END_TRANSITIONS])};
}
