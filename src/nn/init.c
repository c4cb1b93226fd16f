/* Initial values. Number j of parameter i comes from the counter-based generator at (seed, stream of i, j), so it
 * depends on nothing else: not on other parameters' sizes, not on threads.
 *
 * Orthogonal: a block of n rows of width n of normal numbers, made orthonormal row by row in double (Gram-Schmidt).
 * Rows that lose much of their length by it are swept a second time, which brings them to full accuracy ("twice is
 * enough", Giraud 2005). The result is uniformly distributed over the orthogonal matrices, for the rows are normal
 * draws. */
#include "nn/params.h"

#include <math.h>
#include <string.h>

/* Streams of initial values lie apart from those of dropout and shuffling, which count up from 0. */
#define INIT_STREAM ((uint64_t)0x696e6974 << 32)

size_t rondo__init_work(const rondo_param *param) {
    if (param->init.kind != RONDO_INIT_ORTHOGONAL)
        return 0;
    int64_t width = param->value.rank > 1 ? param->value.dims[1] : 1;
    int64_t rows = param->value.dims[0] < width ? param->value.dims[0] : width;
    size_t bytes, checked;
    bool fits =
        rondo__size_mul((size_t)rows, (size_t)width, &bytes) && rondo__size_mul(bytes, sizeof(double), &checked);
    return fits ? checked : SIZE_MAX; /* an impossible amount: the allocation refuses it */
}

/* Eight partial sums, so that the order of the additions is fixed and still fast. */
static double dot(int64_t n, const double *a, const double *b) {
    double part[8] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            part[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (int k = 0; k < 8; k++)
        sum += part[k];
    return sum;
}

static void sweep(int64_t rows, int64_t width, double *row, const double *block) {
    for (int64_t q = 0; q < rows; q++) {
        const double *other = block + q * width;
        double share = dot(width, row, other);
        for (int64_t k = 0; k < width; k++)
            row[k] -= share * other[k];
    }
}

/* Makes row (width) orthogonal to the rows of block and one long. */
static void orthonormalise(int64_t rows, int64_t width, double *row, const double *block) {
    double before = sqrt(dot(width, row, row));
    sweep(rows, width, row, block);
    double after = sqrt(dot(width, row, row));
    if (after < 0.7 * before) {
        sweep(rows, width, row, block);
        after = sqrt(dot(width, row, row));
    }
    for (int64_t k = 0; k < width; k++)
        row[k] /= after;
}

static void fill_orthogonal(const rondo_param *param, uint64_t seed, uint64_t stream, double *block) {
    int64_t width = param->value.rank > 1 ? param->value.dims[1] : 1;
    int64_t rows = rondo_tensor_count(&param->value) / width;
    real *values = param->value.data;
    for (int64_t r = 0; r < rows; r++) {
        double *row = block + (r % width) * width;
        for (int64_t k = 0; k < width; k++)
            row[k] = rondo__random_normal(seed, stream, (uint64_t)(r * width + k));
        orthonormalise(r % width, width, row, block);
        for (int64_t k = 0; k < width; k++)
            values[r * width + k] = (real)((double)param->init.scale * row[k]);
    }
}

/* Fan-out is the first dimension, fan-in the product of the others; a vector is its own fan both ways. */
static double xavier_bound(const rondo_param *param) {
    double out = (double)param->value.dims[0], in = (double)rondo_tensor_count(&param->value) / out;
    if (param->value.rank == 1)
        in = out;
    return sqrt(6.0 / (in + out)) * (double)param->init.scale;
}

static void fill_uniform(const rondo_param *param, uint64_t seed, uint64_t stream, double bound) {
    real *values = param->value.data;
    for (int64_t j = 0, n = rondo_tensor_count(&param->value); j < n; j++)
        values[j] = (real)(bound * (2.0 * rondo__random_uniform(seed, stream, (uint64_t)j) - 1.0));
}

static void fill_normal(const rondo_param *param, uint64_t seed, uint64_t stream) {
    real *values = param->value.data;
    for (int64_t j = 0, n = rondo_tensor_count(&param->value); j < n; j++)
        values[j] = (real)((double)param->init.scale * rondo__random_normal(seed, stream, (uint64_t)j));
}

static void fill_constant(const rondo_param *param, real value) {
    real *values = param->value.data;
    for (int64_t j = 0, n = rondo_tensor_count(&param->value); j < n; j++)
        values[j] = value;
}

void rondo__init_fill(const rondo_param *param, int index, uint64_t seed, void *work) {
    uint64_t stream = INIT_STREAM + (uint64_t)index;
    switch (param->init.kind) {
    case RONDO_INIT_ZEROS:
        fill_constant(param, 0);
        break;
    case RONDO_INIT_CONSTANT:
        fill_constant(param, param->init.scale);
        break;
    case RONDO_INIT_UNIFORM:
        fill_uniform(param, seed, stream, (double)param->init.scale);
        break;
    case RONDO_INIT_NORMAL:
        fill_normal(param, seed, stream);
        break;
    case RONDO_INIT_XAVIER:
        fill_uniform(param, seed, stream, xavier_bound(param));
        break;
    case RONDO_INIT_ORTHOGONAL:
        fill_orthogonal(param, seed, stream, work);
        break;
    }
}
