/* One table per instruction set: scalar first, then each level that this build and this CPU have overwrites what it
 * does better. The tables are filled once, on first use, and are const ever after. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"

enum { MOST = 4 };

static struct {
    rondo__kernels table[MOST];                  /* slowest first */
    rondo__kernels low[MOST][RONDO__PRECISIONS]; /* of the same place */
    int count;
    char names[64];
} tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

typedef void (*low_fn)(rondo__kernels *, rondo__precision);

/* The last table with its other precisions. */
static void add_low(low_fn fill) {
    for (int p = RONDO__BF16; p < RONDO__PRECISIONS; p++) {
        tables.low[tables.count - 1][p] = tables.table[tables.count - 1];
        fill(&tables.low[tables.count - 1][p], (rondo__precision)p);
    }
}

#if defined(RONDO_X86) || defined(RONDO_NEON) || defined(RONDO_WASM)
/* A new table: a copy of the last one, then overwritten by fill. */
static void level(const char *isa, void (*fill)(rondo__kernels *), low_fn low) {
    rondo__kernels *table = &tables.table[tables.count];
    *table = tables.table[tables.count - 1];
    fill(table);
    table->isa = isa;
    tables.count++;
    add_low(low);
}
#endif

static void fill_tables(void) {
    rondo__kernels_scalar(&tables.table[0]);
    tables.count = 1;
    add_low(rondo__low_scalar);
#ifdef RONDO_X86
    const rondo__cpu *cpu = rondo__cpu_get();
    const bool dots = cpu->avx512_bf16 && cpu->avx512_vnni;
    if (cpu->avx2 && cpu->fma)
        level("avx2", rondo__kernels_avx2, rondo__low_avx2);
    if (cpu->avx2 && cpu->fma && cpu->avx512f && cpu->avx512bw && cpu->avx512vl && cpu->avx512dq)
        level("avx512", rondo__kernels_avx512, dots ? rondo__low_avx512_dot : rondo__low_avx512);
#endif
#ifdef RONDO_NEON
    level("neon", rondo__kernels_neon, rondo__low_neon);
#endif
#ifdef RONDO_WASM
    level("wasm", rondo__kernels_wasm, rondo__low_wasm);
#endif
    size_t used = 0;
    for (int i = 0; i < tables.count; i++)
        used +=
            (size_t)snprintf(tables.names + used, sizeof tables.names - used, i ? " %s" : "%s", tables.table[i].isa);
}

const rondo__kernels *rondo__kernels_get(const char *isa) {
    pthread_once(&once, fill_tables);
    if (!isa)
        return &tables.table[tables.count - 1];
    for (int i = 0; i < tables.count; i++)
        if (strcmp(tables.table[i].isa, isa) == 0)
            return &tables.table[i];
    return NULL;
}

const rondo__kernels *rondo__kernels_with(const rondo__kernels *table, rondo__precision precision) {
    for (int i = 0; i < tables.count; i++)
        if (strcmp(tables.table[i].isa, table->isa) == 0)
            return precision == RONDO__F32 ? &tables.table[i] : &tables.low[i][precision];
    return table;
}

const char *rondo__kernels_available(void) {
    pthread_once(&once, fill_tables);
    return tables.names;
}
