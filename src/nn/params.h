/* What params.c shows to the other layers, beside rondo/nn.h. */
#ifndef RONDO_NN_PARAMS_H
#define RONDO_NN_PARAMS_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/nn.h"

/* Numbers [begin, begin + count) of a declared parameter start as value, whatever its init says (forget gates). */
rondo_status rondo__params_preset(rondo_params *params, int index, int64_t begin, int64_t count, real value,
                                  rondo_error *err);
/* Forgets every parameter declared after the first `count`: a layer that cannot be made whole takes back its own. */
void rondo__params_truncate(rondo_params *params, int count);

/* In place of rondo_params_finish for a model in use: values only, all zero until they are copied in. Gradients are
 * NULL, so rondo_params_use gives constants. */
rondo_status rondo__params_finish_frozen(rondo_params *params, rondo_error *err);

/* init.c: fills one parameter (number `index`) with its initial values. work: rondo__init_work bytes. */
size_t rondo__init_work(const rondo_param *param);
void rondo__init_fill(const rondo_param *param, int index, uint64_t seed, void *work);

#endif
