/* What this CPU and its operating system offer. */
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "core/core.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

static rondo__cpu cpu;

/* The built-in looks at the operating system too: a feature whose registers are not saved on a switch is reported
 * absent. */
static void detect(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    cpu.avx2 = __builtin_cpu_supports("avx2");
    cpu.fma = __builtin_cpu_supports("fma");
    cpu.avx512f = __builtin_cpu_supports("avx512f");
    cpu.avx512bw = __builtin_cpu_supports("avx512bw");
    cpu.avx512vl = __builtin_cpu_supports("avx512vl");
    cpu.avx512dq = __builtin_cpu_supports("avx512dq");
    cpu.avx512_bf16 = __builtin_cpu_supports("avx512bf16");
    cpu.avx512_vnni = __builtin_cpu_supports("avx512vnni");
    unsigned a, b, c, d; /* not every compiler's built-in knows f16c; it needs the same registers as avx2 */
    cpu.f16c = cpu.avx2 && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
#elif defined(__aarch64__)
    cpu.neon = true;
#endif
}

const rondo__cpu *rondo__cpu_get(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, detect);
    return &cpu;
}

#ifdef __EMSCRIPTEN__
int rondo__cpu_cores(void) { return 1; } /* threads there are only in builds made for them */
#else
int rondo__cpu_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more cores than cpu_set_t has room for */
    return online > 0 ? (int)online : 1;
}
#endif
