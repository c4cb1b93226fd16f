#include "formats/half.h"

#include <math.h>
#include <string.h>

/* bits: of the fraction; least: exponent of the smallest normal number; most: of the largest. */
typedef struct format {
    int bits, least, most;
} format;
static const format binary16 = {10, -14, 15}, bfloat16 = {7, -126, 127};

static double get(format f, uint16_t half) {
    const int exponent = (half & 0x7fff) >> f.bits, fraction = half & ((1 << f.bits) - 1);
    const int special = f.most - f.least + 2;
    double x = exponent == 0         ? ldexp(fraction, f.least - f.bits)
               : exponent == special ? (fraction ? (double)NAN : (double)INFINITY)
                                     : ldexp((1 << f.bits) + fraction, f.least + exponent - 1 - f.bits);
    return half & 0x8000 ? -x : x;
}

/* The unit of the last place is 2^(exponent - bits), never below that of the smallest normal number; rint rounds to it,
 * and a carry into the next exponent comes out right by itself. */
static uint16_t put(format f, double x) {
    const uint16_t sign = signbit(x) ? 0x8000 : 0, infinite = (uint16_t)((f.most - f.least + 2) << f.bits);
    int exponent;
    x = fabs(x);
    if (isnan(x))
        return (uint16_t)(sign | infinite | 1 << (f.bits - 1));
    if (x == 0 || isinf(x))
        return (uint16_t)(sign | (x == 0 ? 0 : infinite));
    frexp(x, &exponent);
    exponent = exponent - 1 < f.least ? f.least : exponent - 1;
    if (exponent > f.most)
        return sign | infinite;
    const int whole = (int)rint(ldexp(x, f.bits - exponent)); /* below 2^bits: subnormal */
    return (uint16_t)(sign | (((exponent - f.least) << f.bits) + whole));
}

double rondo__half_get(uint16_t half) { return get(binary16, half); }
double rondo__bfloat_get(uint16_t half) { return get(bfloat16, half); }
uint16_t rondo__half_put(double x) { return put(binary16, x); }
uint16_t rondo__bfloat_put(double x) { return put(bfloat16, x); }
