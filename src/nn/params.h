/* What params.c shows to the other layers, beside rondo/nn.h. */
#ifndef RONDO_NN_PARAMS_H
#define RONDO_NN_PARAMS_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "rondo/nn.h"
#include "tensor/stored.h"

/* Numbers [begin, begin + count) of a declared parameter start as value, whatever its init says (forget gates). */
rondo_status rondo__params_preset(rondo_params *params, int index, int64_t begin, int64_t count, real value,
                                  rondo_error *err);
/* Forgets every parameter declared after the first `count`: a layer that cannot be made whole takes back its own. */
void rondo__params_truncate(rondo_params *params, int count);

/* Gives finished parameters (of floats) the values again that rondo_params_finish begins with. On failure nothing has
 * changed. */
rondo_status rondo__params_start(rondo_params *params, uint64_t seed, rondo_error *err);

/* In place of rondo_params_finish for a model in use: values only, all zero until they are copied in. Gradients are
 * NULL, so rondo_params_use gives constants. */
rondo_status rondo__params_finish_frozen(rondo_params *params, rondo_error *err);

/* The same where those matrices that low[index] names (RONDO_I8, RONDO_BF16; RONDO_REAL: none) stay as they are stored:
 * memory for their bytes and scales, to be filled through rondo__params_stored. All others have values. */
rondo_status rondo__params_finish_stored(rondo_params *params, const rondo_dtype *low, rondo_error *err);
/* What parameter `index` holds in low precision; NULL: floats. */
rondo__stored *rondo__params_stored(rondo_params *params, int index);
/* What stands in low precision at `data` (value.data of a parameter); NULL: floats, or not of these parameters. */
const rondo__stored *rondo__params_stored_at(const rondo_params *params, const void *data);
/* Can this parameter be stored in low precision? Those that are multiplied with or looked up by rows can. */
bool rondo__param_may_be_low(const rondo_param *param, rondo_dtype dtype);
/* Lends a parameter with values a form in low precision (or watched), which outlives it. Before it is first used. */
void rondo__param_lend(rondo_params *params, int index, const rondo__stored *stored);
/* Turns all stored weights to floats, for those who need the numbers. On failure nothing has changed. */
rondo_status rondo__params_expand(rondo_params *params, rondo_error *err);

/* For use outside of the tape: a matrix packed as x·Wᵀ takes it (rondo__packed_count(columns, rows) numbers), rows
 * [row, row + rows) of it; and one row as floats. */
void rondo__param_pack_rows(const rondo_param *param, rondo_context *context, real *packed, int64_t row, int64_t rows);
void rondo__param_pack(const rondo_param *param, rondo_context *context, real *packed);
void rondo__param_row(const rondo_param *param, int64_t row, real *out);

/* The numbers of parameter `index`; NULL: there is none (index -1). */
static inline real *rondo__param_values(const rondo_params *params, int index) {
    return index < 0 ? NULL : rondo_params_at((rondo_params *)(uintptr_t)params, index)->value.data;
}

/* init.c: fills one parameter (number `index`) with its initial values. work: rondo__init_work bytes. */
size_t rondo__init_work(const rondo_param *param);
void rondo__init_fill(const rondo_param *param, int index, uint64_t seed, void *work);

#endif
