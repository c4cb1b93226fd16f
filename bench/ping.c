/* In which state is the machine? Prints the round trip of a word between two cores as one line of JSON:
 *   {"median_ns": 104, "min_ns": 98, "max_ns": 131}
 * The median of 31 short series, about a tenth of a second in all (fewer on a busy machine); bench/race.py asks before
 * and after each comparison and marks those that fall into a slow spell. On a single core: null. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SERIES 31
#define ROUNDS 10000
#define ENOUGH 0.5 /* seconds: where other work takes the cores, a round trip takes a time slice */
#define END (-1)

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
    for (int i = 1;; i++) {
        int now;
        while ((now = atomic_load_explicit(&there, memory_order_acquire)) < i && now != END)
            ;
        if (now == END)
            return NULL;
        atomic_store_explicit(&back, i, memory_order_release);
    }
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
    int count = 0;
    const double first = now();
    for (int i = 1; count < SERIES && now() - first < ENOUGH; count++) {
        const double start = now();
        int k = 0;
        for (; k < ROUNDS && (k % 64 || now() - first < ENOUGH); k++, i++) {
            atomic_store_explicit(&there, i, memory_order_release);
            while (atomic_load_explicit(&back, memory_order_acquire) < i)
                ;
        }
        ns[count] = 1e9 * (now() - start) / (k > 0 ? k : 1);
    }
    atomic_store_explicit(&there, END, memory_order_release);
    pthread_join(other, NULL);
    qsort(ns, (size_t)count, sizeof *ns, compare);
    printf("{\"median_ns\": %.1f, \"min_ns\": %.1f, \"max_ns\": %.1f}\n", ns[count / 2], ns[0], ns[count - 1]);
    return 0;
}
