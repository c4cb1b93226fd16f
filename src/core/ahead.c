/* One job in the background.
 *
 * A thread of its own sleeps until a job is given to it, takes the job's indices one after the other and sleeps again.
 * Whoever needs the job done does not wait for that: all threads of a pool take from the same count what is left, and
 * only for the index that the other thread has in hands is waited. A job that it never came to is taken back. So a job
 * that was begun ahead of use is never later than one that is done in place, if the thread has a core. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/core.h"

typedef enum job_state { IDLE, GIVEN, TAKEN } job_state;

struct rondo__ahead {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* state or quit */
    job_state state;
    bool quit;
    int worker;
    rondo__work work;
    _Atomic int64_t next; /* the next index to take */
};

static void take_indices(rondo__ahead *ahead, int worker) {
    const rondo__work *work = &ahead->work;
    for (;;) {
        const int64_t i = atomic_fetch_add_explicit(&ahead->next, 1, memory_order_relaxed);
        if (i >= work->n)
            return;
        work->task(work->arg, i, worker);
    }
}

static void *thread_main(void *arg) {
    rondo__ahead *ahead = arg;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->quit) {
        if (ahead->state != GIVEN) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        ahead->state = TAKEN;
        pthread_mutex_unlock(&ahead->lock);
        take_indices(ahead, ahead->worker);
        pthread_mutex_lock(&ahead->lock);
        ahead->state = IDLE;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

/* Signals belong to the threads of the application. */
static bool start_thread(rondo__ahead *ahead) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&ahead->thread, NULL, thread_main, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void release(rondo__ahead **ahead) {
    pthread_cond_destroy(&(*ahead)->changed);
    pthread_mutex_destroy(&(*ahead)->lock);
    rondo__free(*ahead);
    *ahead = NULL;
}

rondo_status rondo__ahead_create(rondo__ahead **out, int worker, rondo_error *err) {
    rondo__ahead *ahead = *out = rondo__calloc(1, sizeof *ahead);
    if (!ahead)
        return rondo__fail(err, RONDO_MEMORY, "threads: no memory for a thread that works ahead");
    ahead->worker = worker;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    if (!start_thread(ahead))
        release(out);
    return RONDO_OK;
}

void rondo__ahead_begin(rondo__ahead *ahead, const rondo__work *work) {
    pthread_mutex_lock(&ahead->lock);
    assert(ahead->state == IDLE);
    ahead->work = *work;
    atomic_store_explicit(&ahead->next, 0, memory_order_relaxed);
    ahead->state = GIVEN;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
}

static void help(void *arg, int64_t index, int worker) {
    (void)index;
    take_indices(arg, worker);
}

static void take_back(rondo__ahead *ahead) {
    pthread_mutex_lock(&ahead->lock);
    if (ahead->state == GIVEN)
        ahead->state = IDLE;
    while (ahead->state != IDLE)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
}

void rondo__ahead_end(rondo__ahead *ahead, rondo__pool *pool) {
    const int64_t left = ahead->work.n - atomic_load_explicit(&ahead->next, memory_order_relaxed);
    const int threads = rondo__pool_threads(pool);
    if (left > 0)
        rondo__pool_run(pool, left < threads ? left : threads, help, ahead);
    take_back(ahead);
}

void rondo__ahead_destroy(rondo__ahead **ahead) {
    if (!ahead || !*ahead)
        return;
    atomic_store(&(*ahead)->next, INT64_MAX / 2); /* what was not begun is left */
    pthread_mutex_lock(&(*ahead)->lock);
    (*ahead)->quit = true;
    pthread_cond_broadcast(&(*ahead)->changed);
    pthread_mutex_unlock(&(*ahead)->lock);
    pthread_join((*ahead)->thread, NULL);
    release(ahead);
}
