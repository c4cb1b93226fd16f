/* Nanoseconds that a step of an exported model takes here, for bench/export.py: the median of samples of some 64 steps.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "case.h" /* written by bench/export.py */

enum { SAMPLES = 4000, PER_SAMPLE = 1 + 63 / STEPS };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_of(void (*call)(int), double seconds) {
    static double sample[SAMPLES];
    int count = 0, i;
    const double begin_at = now();
    while (count < SAMPLES && now() - begin_at < seconds * 1e9) {
        const double start = now();
        for (i = 0; i < PER_SAMPLE; i++)
            call(i);
        sample[count++] = (now() - start) / PER_SAMPLE / STEPS;
    }
    qsort(sample, (size_t)count, sizeof *sample, compare);
    return sample[count / 2];
}

int main(int argc, char **argv) {
    const double seconds = argc > 1 ? atof(argv[1]) : 0.2;
    begin();
    printf("{\"whole\": %.1f, ", time_of(whole, seconds / 2));
    printf("\"layer\": %.1f}\n", time_of(layer, seconds / 2));
    return y[0] == -1e30f;
}
