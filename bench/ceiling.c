/* What can this machine do at most? Prints one line of JSON, billions of operations a second with the given number of
 * threads, a multiply-add being two:
 *   {"threads": 2, "isa": "avx512", "fp32": 231.6, "bf16": 463.1, "int8": 926.3}
 * Independent accumulators in registers, nothing from memory: no product of matrices can be faster. null: this
 * instruction set has no such instruction. Built with -march=native; the best of seven short series, since a ceiling is
 * not exceeded by chance. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined __AVX512F__
#define ISA "avx512"
#define WIDTH 64
#elif defined __AVX2__
#define ISA "avx2"
#define WIDTH 32
#else
#define ISA "other"
#define WIDTH 16
#endif
#define SERIES 7
#define MOST_THREADS 64

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef void kernel(long n);

/* Registers by name: left to itself the compiler spills these accumulators. */
#define TWELVE(OP) OP(0) OP(1) OP(2) OP(3) OP(4) OP(5) OP(6) OP(7) OP(8) OP(9) OP(10) OP(11)
#define CLOBBERED                                                                                                      \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13"
#if defined __AVX512F__ || defined __AVX2__
#ifdef __AVX512F__
#define FP32(r) "vfmadd231ps %%zmm12, %%zmm13, %%zmm" #r "\n\t"
#else
#define FP32(r) "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #r "\n\t"
#endif
static void fp32(long n) {
    __asm__ volatile("vzeroall" ::: CLOBBERED);
    for (long j = 0; j < n; j++)
        __asm__ volatile(TWELVE(FP32)::: CLOBBERED);
}
#else
typedef float vector __attribute__((vector_size(WIDTH)));
static void fp32(long n) {
    vector a[12] = {{0}}, x = {0.5F}, y = {1};
    for (long j = 0; j < n; j++) {
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++)
            a[i] = a[i] * x + y;
        __asm__ volatile("" : "+w"(x), "+w"(y));
    }
    volatile float sink = 0;
    for (int i = 0; i < 12; i++)
        sink = sink + a[i][0];
}
#endif
#ifdef __AVX512BF16__
#define BF16(r) "vdpbf16ps %%zmm12, %%zmm13, %%zmm" #r "\n\t"
static void bf16(long n) {
    __asm__ volatile("vzeroall" ::: CLOBBERED);
    for (long j = 0; j < n; j++)
        __asm__ volatile(TWELVE(BF16)::: CLOBBERED);
}
#else
#define bf16 NULL
#endif
#ifdef __AVX512VNNI__
#define INT8(r) "vpdpbusd %%zmm12, %%zmm13, %%zmm" #r "\n\t"
static void int8(long n) {
    for (long j = 0; j < n; j++)
        __asm__ volatile(TWELVE(INT8)::: CLOBBERED);
}
#else
#define int8 NULL
#endif

typedef struct job {
    kernel *what;
    long n;
} job;

static void *work(void *arg) {
    const job *j = arg;
    j->what(j->n);
    return NULL;
}

/* Seconds that n rounds take when each thread does them all. */
static double seconds(kernel *what, long n, int threads) {
    pthread_t thread[MOST_THREADS];
    job j = {what, n};
    const double start = now();
    for (int t = 1; t < threads; t++)
        pthread_create(&thread[t], NULL, work, &j);
    what(n);
    for (int t = 1; t < threads; t++)
        pthread_join(thread[t], NULL);
    return now() - start;
}

static void report(const char *name, kernel *what, double operations, int threads) {
    const long n = 4000000;
    double best = 0;
    for (int s = 0; what && s < SERIES; s++) {
        const double rate = operations * (double)n * threads / seconds(what, n, threads) * 1e-9;
        best = rate > best ? rate : best;
    }
    if (what)
        printf(", \"%s\": %.1f", name, best);
    else
        printf(", \"%s\": null", name);
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
    printf("{\"threads\": %d, \"isa\": \"%s\"", threads, ISA);
    report("fp32", fp32, 12 * 2.0 * WIDTH / sizeof(float), threads);
    report("bf16", bf16, 12 * 4.0 * WIDTH / sizeof(float), threads);
    report("int8", int8, 12 * 8.0 * WIDTH / sizeof(float), threads);
    puts("}");
    return 0;
}
