/* The kernel checks without a test framework, for a CPU that is only emulated:
 *   aarch64-linux-gnu-gcc -std=gnu17 -O2 -ffp-contract=off -static -D_GNU_SOURCE -DRONDO_NEON=1 -Iinclude -Isrc -Itests
 * \ tests/kernels/plain_neon.c src/kernels/scalar*.c src/kernels/neon.c src/kernels/observe.c src/kernels/dispatch.c
 * src/core/cpu.c -lm
 *   qemu-aarch64-static ./a.out */
#include "kernels/checks.h"

int main(void) {
    int bad = check_all(rondo__kernels_get("scalar"));
    if (rondo__kernels_get("neon"))
        bad += check_all(rondo__kernels_get("neon"));
    if (rondo__kernels_get("wasm"))
        bad += check_all(rondo__kernels_get("wasm"));
    printf("%d faults\n", bad);
    return bad != 0;
}
