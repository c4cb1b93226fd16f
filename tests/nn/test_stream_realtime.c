/* A streaming step makes no system call (seccomp would end the process), takes no memory and no lock (both are counted
 * here, in place of the C library's): all cells and variants, all precisions, every instruction set. */
#include "support/test.h"

#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__linux__)
int main(void) { return 77; } /* a sanitizer makes calls of its own */
#else

#include <dlfcn.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/core.h"
#include "rondo/nn.h"

static volatile int calls; /* of what a step must not call */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *p);
void *malloc(size_t bytes) { return calls++, __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return calls++, __libc_calloc(count, bytes); }
void *realloc(void *p, size_t bytes) { return calls++, __libc_realloc(p, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return calls++, __libc_memalign(alignment, bytes); }
void free(void *p) {
    calls++;
    __libc_free(p);
}
int posix_memalign(void **out, size_t alignment, size_t bytes) {
    *out = __libc_memalign(alignment, bytes);
    return calls++, *out ? 0 : 12;
}

/* The C library's own, found before the guard is up. */
static int (*real_lock)(pthread_mutex_t *), (*real_broadcast)(pthread_cond_t *);
int pthread_mutex_lock(pthread_mutex_t *mutex) { return calls++, real_lock(mutex); }
int pthread_cond_broadcast(pthread_cond_t *cond) { return calls++, real_broadcast(cond); }

__attribute__((constructor)) static void find_locks(void) {
    *(void **)&real_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    *(void **)&real_broadcast = dlsym(RTLD_NEXT, "pthread_cond_broadcast");
}

enum { B = 2, I = 24, H = 40, STEPS = 50, TOOK_PART = 3 };

static const rondo_recurrent_config configs[] = {
    {.cell = RONDO_ELMAN, .input_size = I, .hidden_size = H, .layers = 2},
    {.cell = RONDO_JORDAN, .input_size = I, .hidden_size = H, .output_size = 5, .decay = (rondo_real)0.5},
    {.cell = RONDO_JORDAN, .input_size = I, .hidden_size = H, .output_activation = RONDO_SOFTMAX},
    {.cell = RONDO_LSTM, .input_size = I, .hidden_size = H, .layers = 2, .residual = true},
    {.cell = RONDO_LSTM, .input_size = I, .hidden_size = H, .peepholes = true, .projection_size = 8, .cell_clip = 1},
    {.cell = RONDO_LSTM, .input_size = I, .hidden_size = H, .layer_norm = true, .coupled_gates = true},
    {.cell = RONDO_GRU, .input_size = I, .hidden_size = H, .layers = 2, .learned_initial_state = true},
    {.cell = RONDO_GRU, .input_size = I, .hidden_size = H, .reset_before = true, .layer_norm = true},
};

/* In a process of its own: from the guard on only read, write and the end are allowed. */
static int guarded_steps(rondo_stream *stream) {
    static rondo_real x[B * I], y[B * H];
    for (int i = 0; i < B * I; i++)
        x[i] = (rondo_real)((i * 7 % 11) - 5) / 5;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
        return TOOK_PART;
    calls = 0;
    for (int t = 0; t < STEPS; t++) {
        if (t == STEPS / 2)
            rondo_stream_reset(stream);
        rondo_stream_step(stream, x, y);
    }
    return calls ? 1 : 0;
}

static int run(const rondo_recurrent_config *config, rondo_precision precision, const char *isa) {
    const rondo_context_options options = {.threads = 1, .precision = precision, .isa = isa};
    rondo_context *context;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_stream *stream;
    if (rondo_context_create(&context, &options, NULL) || rondo_params_create(&params, NULL) ||
        rondo_recurrent_create(&net, params, "", config, NULL) || rondo_params_finish(params, 3, NULL) ||
        rondo_stream_open(&stream, context, net, B, NULL, NULL))
        return 2;
    return guarded_steps(stream);
}

static void one(const rondo_recurrent_config *config, rondo_precision precision, const char *isa) {
    int status = 0;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const int code = run(config, precision, isa);
        syscall(SYS_exit, code); /* exit_group, which ends all threads, is not among what is allowed: so only one */
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TOOK_PART)
        skip();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("cell %d, precision %d, %s: %s", config->cell, precision, isa,
                 WIFSIGNALED(status)        ? "a step made a system call"
                 : WEXITSTATUS(status) == 1 ? "a step took memory or a lock"
                                            : "the stream could not be opened");
}

static void steps(void **state) {
    (void)state;
    char names[128], *rest;
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    for (char *isa = strtok_r(names, " ", &rest); isa; isa = strtok_r(NULL, " ", &rest)) {
        for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
            for (int precision = RONDO_PRECISION_F32; precision <= RONDO_PRECISION_INT8; precision++)
                one(&configs[i], (rondo_precision)precision, isa);
        }
    }
}

/* The guard itself: memory, a lock and a system call are seen. */
static void guard(void **state) {
    (void)state;
    for (int what = 0; what < 3; what++) {
        int status;
        const pid_t child = fork();
        if (child == 0) {
            static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
            const bool guarded = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
            calls = 0;
            if (what == 0)
                rondo__free(rondo__alloc(16));
            else if (what == 1)
                pthread_mutex_lock(&mutex);
            else
                getppid();
            syscall(SYS_exit, !guarded ? TOOK_PART : calls ? 1 : 0);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == TOOK_PART)
            skip();
        assert_true(what == 2 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(guard), cmocka_unit_test(steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
