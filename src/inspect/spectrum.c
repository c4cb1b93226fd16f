/* The spectral radius of a matrix that is only known by what it does to vectors.
 *
 * 1. A starting vector of normal numbers is sent through A some times: what A shrinks most is gone then.
 * 2. Arnoldi's orthonormal basis of its Krylov space: A seen from there is the small matrix C (m, m). Where m = n, or
 *    where the space ends, its eigenvalues are A's own.
 * 3. Gelfand: max |λ| = lim ‖C^k‖^(1/k), with k = 2^SQUARINGS by squaring. Pairs of complex eigenvalues, eigenvalues of
 *    the same size and blocks of Jordan need no case of their own: what a constant factor in front of the limit leaves
 *    over is its 2^SQUARINGS-th root. */
#include <math.h>
#include <string.h>

#include "core/core.h"
#include "inspect/flow.h"
#include "inspect/plain.h"

enum { WARM = 32, SQUARINGS = 40 };

int64_t rondo__spectral_room(int64_t n) {
    const int64_t m = n < RONDO__KRYLOV ? n : RONDO__KRYLOV;
    return (m + 1) * n + 3 * m * m;
}

static double scale_to_one(int64_t n, double *x) {
    const double length = rondo__plain_length(n, x);
    for (int64_t i = 0; length > 0 && i < n; i++)
        x[i] /= length;
    return length;
}

/* Subtracts what w shares with the basis; what is shared is added to column j of C. */
static void orthogonalise(int64_t n, int64_t m, int64_t j, const double *basis, double *w, double *c) {
    for (int64_t i = 0; i <= j; i++) {
        double share = 0;
        for (int64_t k = 0; k < n; k++)
            share += basis[i * n + k] * w[k];
        for (int64_t k = 0; k < n; k++)
            w[k] -= share * basis[i * n + k];
        c[i * m + j] += share;
    }
}

/* basis (m + 1, n), whose first row is given -> c (m, m); returns how much of it is there. */
static int64_t arnoldi(int64_t n, int64_t m, rondo__linear_map map, void *arg, double *basis, double *c) {
    memset(c, 0, (size_t)(m * m) * sizeof *c);
    for (int64_t j = 0; j < m; j++) {
        double *w = basis + (j + 1) * n;
        map(arg, basis + j * n, w);
        const double before = rondo__plain_length(n, w);
        for (int sweep = 0; sweep < 2; sweep++) /* twice is enough */
            orthogonalise(n, m, j, basis, w, c);
        const double rest = scale_to_one(n, w);
        if (!(rest > 1e-13 * before))
            return j + 1;
        if (j + 1 < m)
            c[(j + 1) * m + j] = rest;
    }
    return m;
}

/* c (size, size; rows m apart) to the power of 2^SQUARINGS, its size taken off each time. */
static double gelfand(int64_t m, int64_t size, const double *c, double *power, double *square) {
    double log_radius = 0, share = 1;
    for (int64_t i = 0; i < size; i++)
        memcpy(power + i * size, c + i * m, (size_t)size * sizeof *c);
    for (int s = 0; s <= SQUARINGS; s++, share /= 2) {
        const double length = scale_to_one(size * size, power);
        if (length == 0)
            return 0;
        log_radius += share * log(length);
        memset(square, 0, (size_t)(size * size) * sizeof *square);
        for (int64_t i = 0; i < size; i++)
            for (int64_t k = 0; k < size; k++)
                for (int64_t j = 0; j < size; j++)
                    square[i * size + j] += power[i * size + k] * power[k * size + j];
        double *swap = power;
        power = square;
        square = swap;
    }
    return exp(log_radius);
}

double rondo__spectral_radius(int64_t n, rondo__linear_map map, void *arg, double *room) {
    const int64_t m = n < RONDO__KRYLOV ? n : RONDO__KRYLOV;
    double *basis = room, *c = basis + (m + 1) * n, *power = c + m * m, *square = power + m * m;
    for (int64_t i = 0; i < n; i++)
        basis[i] = rondo__random_normal(1, 0, (uint64_t)i);
    scale_to_one(n, basis);
    for (int i = 0; m < n && i < WARM; i++) {
        map(arg, basis, basis + n);
        memcpy(basis, basis + n, (size_t)n * sizeof *basis);
        if (scale_to_one(n, basis) == 0)
            return 0;
    }
    return gelfand(m, arnoldi(n, m, map, arg, basis, c), c, power, square);
}
