/* Stored weights multiplied by every instruction set of this machine, also an emulated one: int8 gives the bits of
 * scalar, with scales of rows and a given one; bf16, whose sums are float, comes near. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "tensor/stored.h"

enum { M = 5, N = 70, K = 65 };
static real w[N * K], x[M * K], y[2][M * N], packed[8 * N * K];
static int8_t bytes[N * K];
static uint16_t halves[N * K];
static float scale[N];

static int multiply(const char *isa, const rondo__stored *stored, real *out) {
    rondo_context *context;
    if (rondo_context_create(&context, &(rondo_context_options){.threads = 1, .isa = isa}, NULL))
        return 1;
    rondo_context mixed = rondo__context_mixed(context);
    rondo__stored_pack(&mixed, packed, stored, 0, N);
    rondo__product(&mixed, M, N, K, x, K, 1, packed, out, N, NULL, false);
    rondo_context_destroy(&context);
    return 0;
}

static int compare(const char *isa, const rondo__stored *stored) {
    if (!rondo__kernels_get(isa))
        return 0;
    const double bound = stored->dtype == RONDO_I8 ? 0 : 1e-4;
    int bad = multiply("scalar", stored, y[0]) || multiply(isa, stored, y[1]);
    for (int i = 0; i < M * N && !bad; i++)
        bad = !(fabs((double)(y[0][i] - y[1][i])) <= bound);
    if (bad)
        printf("%s: %s differs from scalar, sizes %s\n", isa, rondo_dtype_name(stored->dtype),
               stored->most > 0 ? "given" : "of rows");
    return bad;
}

int main(void) {
    static const char *const names[] = {"scalar", "avx2", "avx512", "neon", "wasm"};
    int bad = 0;
    for (int i = 0; i < N * K; i++)
        w[i] = (real)rondo__random_normal(1, 1, (uint64_t)i);
    for (int i = 0; i < M * K; i++)
        x[i] = (real)rondo__random_normal(1, 2, (uint64_t)i);
    bad += !rondo__store_int8(bytes, scale, w, N, K);
    rondo__store_bf16(halves, w, N, K);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        bad += compare(names[i], &(rondo__stored){.dtype = RONDO_BF16, .rows = N, .columns = K, .data = halves});
    for (int given = 0; given < 2; given++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            bad += compare(names[i], &(rondo__stored){.dtype = RONDO_I8,
                                                      .rows = N,
                                                      .columns = K,
                                                      .data = bytes,
                                                      .scale = scale,
                                                      .most = given ? 1.5f : 0});
    printf("%d faults, %s\n", bad, rondo_isa_available());
    return bad != 0;
}
