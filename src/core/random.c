/* Philox 4x32-10: ten rounds of a keyed bijection over a 128-bit counter (Salmon, Moraes, Dror and Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). key = seed, counter = (block, stream): there is no state to carry, so
 * a value is the same whoever asks for it, and in whatever order. */
#include <math.h>

#include "core/core.h"

#define ROUNDS 10

static void philox_round(uint32_t c[4], const uint32_t key[2]) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t c1 = c[1], c3 = c[3];
    c[0] = (uint32_t)(p1 >> 32) ^ c1 ^ key[0];
    c[1] = (uint32_t)p1;
    c[2] = (uint32_t)(p0 >> 32) ^ c3 ^ key[1];
    c[3] = (uint32_t)p0;
}

void rondo__random_u32x4(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]) {
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    for (int round = 0; round < ROUNDS; round++) {
        philox_round(c, key);
        key[0] += 0x9E3779B9u; /* golden ratio */
        key[1] += 0xBB67AE85u; /* square root of 3, less 1 */
    }
    for (int i = 0; i < 4; i++)
        out[i] = c[i];
}

uint32_t rondo__random_u32(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t four[4];
    rondo__random_u32x4(seed, stream, index / 4, four);
    return four[index % 4];
}

double rondo__random_uniform(uint64_t seed, uint64_t stream, uint64_t index) {
    return rondo__random_u32(seed, stream, index) * 0x1p-32;
}

/* Indices 2*index and 2*index+1, which stand in one block. */
static void random_pair(uint64_t seed, uint64_t stream, uint64_t index, uint32_t pair[2]) {
    uint32_t four[4];
    rondo__random_u32x4(seed, stream, index / 2, four);
    pair[0] = four[index % 2 * 2];
    pair[1] = four[index % 2 * 2 + 1];
}

double rondo__random_normal(uint64_t seed, uint64_t stream, uint64_t index) {
    const double two_pi = 6.283185307179586476925;
    uint32_t pair[2];
    random_pair(seed, stream, index, pair);
    double u = (pair[0] + 1.0) * 0x1p-32; /* (0, 1]: its logarithm is finite */
    double v = pair[1] * 0x1p-32;
    return sqrt(-2.0 * log(u)) * cos(two_pi * v);
}

void rondo__random_noise(uint64_t seed, uint64_t stream, uint64_t block, float out[4]) {
    uint32_t four[4];
    rondo__random_u32x4(seed, stream, block, four);
    for (int i = 0; i < 4; i += 2) {
        const float u = (float)((four[i] + 1.0) * 0x1p-32),
                    angle = (float)(four[i + 1] * (6.283185307179586 * 0x1p-32));
        const float radius = sqrtf(-2 * logf(u));
        out[i] = radius * cosf(angle);
        out[i + 1] = radius * sinf(angle);
    }
}

/* Multiply and shift: with 64 random bits the bias is below n / 2^64. */
uint64_t rondo__random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t n) {
    uint32_t pair[2];
    random_pair(seed, stream, index, pair);
    uint64_t x = (uint64_t)pair[0] << 32 | pair[1];
    return (uint64_t)(((unsigned __int128)x * n) >> 64);
}

/* Fisher and Yates. */
void rondo__random_order(uint64_t seed, uint64_t stream, int64_t n, int64_t *order) {
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)rondo__random_below(seed, stream, (uint64_t)i, (uint64_t)i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}
