/* Half-precision numbers: IEEE binary16 and bfloat16, as 16 bits. */
#ifndef RONDO_FORMATS_HALF_H
#define RONDO_FORMATS_HALF_H

#include <stdint.h>

double rondo__half_get(uint16_t half);
double rondo__bfloat_get(uint16_t half);
/* To the nearest, ties to even; too large becomes infinite. */
uint16_t rondo__half_put(double x);
uint16_t rondo__bfloat_put(double x);

#endif
