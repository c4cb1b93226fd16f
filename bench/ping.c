/* In which state is the machine? Prints the round trip of a word between two cores as one line of JSON:
 *   {"median_ns": 104, "min_ns": 98, "max_ns": 131}
 * The median of 31 short series, about a tenth of a second in all; bench/race.py asks before and after each comparison
 * and marks those that fall into a slow spell. On a single core: null. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SERIES 31
#define ROUNDS 10000

static _Alignas(64) atomic_int there;
static _Alignas(64) atomic_int back;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first two cores that this process may use; false: there is but one. */
static int two_cores(int core[2]) {
    cpu_set_t set;
    int count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (int i = 0; i < CPU_SETSIZE && count < 2; i++) {
        if (CPU_ISSET(i, &set))
            core[count++] = i;
    }
    return count == 2;
}

static void stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

static void *answer(void *core) {
    stay_on(*(int *)core);
    for (int i = 1; i <= SERIES * ROUNDS; i++) {
        while (atomic_load_explicit(&there, memory_order_acquire) < i)
            ;
        atomic_store_explicit(&back, i, memory_order_release);
    }
    return NULL;
}

int main(void) {
    int core[2];
    double ns[SERIES];
    pthread_t other;
    if (!two_cores(core) || pthread_create(&other, NULL, answer, &core[1]) != 0) {
        puts("{\"median_ns\": null, \"min_ns\": null, \"max_ns\": null}");
        return 0;
    }
    stay_on(core[0]);
    for (int s = 0, i = 1; s < SERIES; s++) {
        const double start = now();
        for (int k = 0; k < ROUNDS; k++, i++) {
            atomic_store_explicit(&there, i, memory_order_release);
            while (atomic_load_explicit(&back, memory_order_acquire) < i)
                ;
        }
        ns[s] = 1e9 * (now() - start) / ROUNDS;
    }
    pthread_join(other, NULL);
    qsort(ns, SERIES, sizeof *ns, compare);
    printf("{\"median_ns\": %.1f, \"min_ns\": %.1f, \"max_ns\": %.1f}\n", ns[SERIES / 2], ns[0], ns[SERIES - 1]);
    return 0;
}
