/* The elementwise functions that a cell may be told to use, and their gradients from the output. */
#ifndef RONDO_NN_ACTIVATION_H
#define RONDO_NN_ACTIVATION_H

#include "nn/units.h"
#include "rondo/cells.h"

/* out (rows, n) = f(x (rows, n)); softmax is over each row. May be in place. */
void rondo__activate(const rondo__kernels *kernels, rondo_activation f, int64_t rows, int64_t n, real *out,
                     const real *x);
/* dx (rows, n) += dy · f'(x), told from y = f(x); all (rows, n). */
void rondo__activate_backward(const rondo__kernels *kernels, rondo_activation f, int64_t rows, int64_t n, real *dx,
                              const real *y, const real *dy);

/* Both for the units of rows that lie u.H apart; not softmax, but for all units. */
void rondo__activate_units(const rondo__kernels *kernels, rondo_activation f, int64_t rows, rondo__units u, real *out,
                           const real *x);
void rondo__activate_units_backward(const rondo__kernels *kernels, rondo_activation f, int64_t rows, rondo__units u,
                                    real *dx, const real *y, const real *dy);

#endif
