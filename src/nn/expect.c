#include "nn/expect.h"

#include <stdio.h>

#include "autograd/tape.h"
#include "core/core.h"

typedef struct shape_text {
    char text[112];
} shape_text;

/* "(7, 3, 5)" */
static shape_text describe(int rank, const int64_t *dims) {
    shape_text shape = {"("};
    size_t used = 1;
    for (int i = 0; i < rank; i++)
        used +=
            (size_t)snprintf(shape.text + used, sizeof shape.text - used, "%s%lld", i ? ", " : "", (long long)dims[i]);
    snprintf(shape.text + used, sizeof shape.text - used, ")");
    return shape;
}

static rondo_status check_dtype(const char *op, const char *what, const rondo_var *var, rondo_error *err) {
    if (var->value.dtype == RONDO_REAL || rondo__stored_of(var)) /* the tape checked where these are expected */
        return RONDO_OK;
    return rondo__fail(err, RONDO_SHAPE, "%s: %s holds %s, expected %s", op, what, rondo_dtype_name(var->value.dtype),
                       rondo_dtype_name(RONDO_REAL));
}

rondo_status rondo__expect_dims(const char *op, const char *what, const rondo_var *var, int rank, const int64_t *dims,
                                rondo_error *err) {
    bool same = var->value.rank == rank;
    for (int i = 0; same && i < rank; i++)
        same = var->value.dims[i] == dims[i];
    if (same)
        return check_dtype(op, what, var, err);
    shape_text found = describe(var->value.rank, var->value.dims), expected = describe(rank, dims);
    return rondo__fail(err, RONDO_SHAPE, "%s: %s is %s, expected %s", op, what, found.text, expected.text);
}

rondo_status rondo__expect_rank(const char *op, const char *what, const rondo_var *var, int rank, rondo_error *err) {
    if (!var)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: %s is missing", op, what);
    if (var->value.rank == rank)
        return check_dtype(op, what, var, err);
    return rondo__fail(err, RONDO_SHAPE, "%s: %s is %s, expected %d dimensions", op, what,
                       describe(var->value.rank, var->value.dims).text, rank);
}

rondo_status rondo__expect_room(const char *op, int64_t T, int64_t B, int64_t width, rondo_error *err) {
    size_t rows, numbers, bytes; /* four rows and 16 numbers more: rounding, and arrays that lack T or B */
    if (rondo__size_mul((size_t)T + 4, (size_t)B + 4, &rows) && rondo__size_mul(rows, (size_t)width + 16, &numbers) &&
        rondo__size_mul(numbers, 32 * sizeof(rondo_real), &bytes) && bytes <= SIZE_MAX / 2)
        return RONDO_OK;
    return rondo__fail(err, RONDO_SHAPE, "%s: %lld steps of %lld rows, %lld numbers wide, do not fit into memory", op,
                       (long long)T, (long long)B, (long long)width);
}
