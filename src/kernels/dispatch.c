/* One table per instruction set: scalar first, then each level that this build and this CPU have overwrites what it
 * does better. The tables are filled once, on first use, and are const ever after. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "kernels/kernels.h"

enum { MOST = 4 };

static struct {
    rondo__kernels table[MOST]; /* slowest first */
    int count;
    char names[64];
} tables;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(RONDO_X86) || defined(RONDO_NEON)
/* A new table: a copy of the last one, then overwritten by fill. */
static void level(const char *isa, void (*fill)(rondo__kernels *)) {
    rondo__kernels *table = &tables.table[tables.count];
    *table = tables.table[tables.count - 1];
    fill(table);
    table->isa = isa;
    tables.count++;
}
#endif

static void fill_tables(void) {
    rondo__kernels_scalar(&tables.table[0]);
    tables.count = 1;
#ifdef RONDO_X86
    const rondo__cpu *cpu = rondo__cpu_get();
    if (cpu->avx2 && cpu->fma)
        level("avx2", rondo__kernels_avx2);
    if (cpu->avx2 && cpu->fma && cpu->avx512f && cpu->avx512bw && cpu->avx512vl && cpu->avx512dq)
        level("avx512", rondo__kernels_avx512);
#endif
#ifdef RONDO_NEON
    level("neon", rondo__kernels_neon);
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

const char *rondo__kernels_available(void) {
    pthread_once(&once, fill_tables);
    return tables.names;
}
