/* Parameters in low precision, beside what lays them out (params.c): which may be, and how they are read. */
#include <string.h>

#include "nn/params.h"

/* "weight", "weight_ih_l0": what products and look-ups take. Rows that are added (positions), scores of a CRF and
 * peepholes are used as numbers. */
bool rondo__param_may_be_low(const rondo_param *param, rondo_dtype dtype) {
    const char *dot = strrchr(param->name, '.'), *last = dot ? dot + 1 : param->name;
    static const char positions[] = "positions.weight";
    const size_t length = strlen(param->name), ending = sizeof positions - 1;
    if (length >= ending && strcmp(param->name + length - ending, positions) == 0)
        return false;
    return param->value.rank == 2 && strncmp(last, "weight", 6) == 0 && (dtype == RONDO_I8 || dtype == RONDO_BF16) &&
           rondo__stored_fits(dtype, param->value.dims[1]);
}

void rondo__param_pack_rows(const rondo_param *param, rondo_context *context, real *packed, int64_t row, int64_t rows) {
    const int64_t K = param->value.dims[1];
    if (param->stored)
        rondo__stored_pack(context, packed, param->stored, row, rows);
    else
        rondo__pack(context, packed, (const real *)param->value.data + row * K, 1, K, K, rows);
}

void rondo__param_pack(const rondo_param *param, rondo_context *context, real *packed) {
    rondo__param_pack_rows(param, context, packed, 0, param->value.dims[0]);
}

void rondo__param_row(const rondo_param *param, int64_t row, real *out) {
    rondo__matrix_row(&param->value, param->stored, row, out);
}
