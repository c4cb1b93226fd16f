/* The thread pool.
 *
 * One job at a time. Everything a worker needs to know about the state of the pool is in one atomic word, the gate:
 *
 *     bits 63..33 generation | bit 32 open | bits 31..0 workers inside
 *
 * The caller writes the job's fields while the gate is shut and nobody is inside, then opens the gate under the next
 * generation. A worker that finds an open gate of a generation it has not yet served enters by adding one to the count
 * (compare-and-swap, so it can never enter a job that has just been shut), works, and leaves by taking one off. The
 * caller works too; when no index is left it shuts the gate and waits until nobody is inside. A worker that wakes too
 * late finds the gate shut and costs the caller nothing: on a busy machine a short job never waits for a sleeper.
 *
 * A region is different: every worker must come, once. There the caller keeps the gate open until all have entered.
 *
 * Idle workers spin for some microseconds (the next operator usually follows at once), then sleep on a condition
 * variable. The caller signals only when somebody sleeps. `sleepers` and the gate are sequentially consistent: a worker
 * first adds itself to sleepers and then looks at the gate, the caller first opens the gate and then looks at sleepers,
 * so one of them sees the other.
 *
 * A region waits for all workers, and on a busy machine one that sleeps may need a whole time slice, milliseconds, to
 * come. So whoever can do without a region asks first whether all are awake. If not, they are stirred: they get up
 * without a job and spin, to be there the next time. Awake is not yet running: when somebody was waited for in vain, as
 * other work holds the cores, or did not get up in time, the pool counts as asleep for a while (PATIENCE).
 *
 * To meet, each worker counts its meetings in a line of its own and waits until the others' counts have come as far:
 * the way from one core to another is gone once, not to and fro.
 *
 * With more threads than cores nobody spins for long: the time belongs to the thread that has work. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "core/core.h"

#define OPEN ((uint64_t)1 << 32)
#define INSIDE(gate) ((uint32_t)(gate))
#define GENERATION(gate) ((gate) >> 33)

#define MOST_THREADS 1024
#define SPINS 3000
#define PATIENCE 0.02 /* seconds that a crowded pool is left alone */
#define RISING 0.001  /* seconds that a sleeper may need to get up */

typedef struct worker {
    rondo__pool *pool;
    pthread_t thread;
    int index;
} worker;

typedef struct meetings {
    _Alignas(RONDO_ALIGN) _Atomic unsigned count;
} meetings;

/* What different threads write stands in different cache lines. */
struct rondo__pool {
    _Alignas(RONDO_ALIGN) _Atomic uint64_t gate;
    _Atomic int sleepers;
    _Atomic unsigned stirs;
    double stirred;      /* clock when sleepers were last woken without a job; 0: all awake since. As quiet_until, the
                            caller's own */
    double quiet_until;  /* clock until which the pool counts as asleep; 0: it does not */
    atomic_bool crowded; /* somebody was waited for in vain */
    atomic_bool quit;
    rondo__task task;
    void *arg;
    int64_t n;
    bool region;
    _Alignas(RONDO_ALIGN) _Atomic int64_t next; /* the next index to take; in a region: workers that have entered */
    _Alignas(RONDO_ALIGN) pthread_mutex_t lock;
    pthread_cond_t wake;
    worker *workers;    /* (threads - 1), those beside the caller */
    meetings *meetings; /* (threads) that each has come to */
    int threads, spins;
};

static void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* One turn of waiting: spins the first times, then lets others run, and says so. */
static bool spin_or_yield(int spins, int *turns) {
    if (*turns < spins) {
        ++*turns;
        pause_cpu();
        return false;
    }
    sched_yield();
    return true;
}

static void wait_turn(rondo__pool *pool, int *turns) {
    if (spin_or_yield(pool->spins, turns) && pool->region)
        atomic_store_explicit(&pool->crowded, true, memory_order_relaxed);
}

void rondo__wait_for(const _Atomic int64_t *count, int64_t least) {
    for (int turns = 0; atomic_load_explicit(count, memory_order_acquire) < least;)
        spin_or_yield(SPINS, &turns);
}

static void take_indices(rondo__pool *pool, int index) {
    for (;;) {
        int64_t i = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (i >= pool->n)
            return;
        pool->task(pool->arg, i, index);
    }
}

static void work(rondo__pool *pool, int index) {
    if (pool->region) {
        atomic_fetch_add(&pool->next, 1);
        pool->task(pool->arg, index, index);
    } else {
        take_indices(pool, index);
    }
}

/* Enters the open gate of a generation other than *served. */
static bool try_enter(rondo__pool *pool, uint64_t *served) {
    uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
    while ((gate & OPEN) && GENERATION(gate) != *served) {
        if (atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + 1, memory_order_acquire,
                                                  memory_order_acquire)) {
            *served = GENERATION(gate);
            return true;
        }
        pause_cpu();
    }
    return false;
}

static bool nothing_new(rondo__pool *pool, uint64_t served) {
    uint64_t gate = atomic_load(&pool->gate);
    return !atomic_load(&pool->quit) && (!(gate & OPEN) || GENERATION(gate) == served);
}

static void sleep_until_new(rondo__pool *pool, uint64_t served) {
    pthread_mutex_lock(&pool->lock);
    const unsigned stirs = atomic_load(&pool->stirs);
    atomic_fetch_add(&pool->sleepers, 1);
    while (nothing_new(pool, served) && atomic_load(&pool->stirs) == stirs)
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *arg) {
    const worker *self = arg;
    rondo__pool *pool = self->pool;
    uint64_t served = 0;
    int turns = 0;
    while (!atomic_load_explicit(&pool->quit, memory_order_acquire)) {
        if (try_enter(pool, &served)) {
            work(pool, self->index);
            atomic_fetch_sub_explicit(&pool->gate, 1, memory_order_release);
            turns = 0;
        } else if (turns++ < pool->spins) {
            pause_cpu();
        } else {
            sleep_until_new(pool, served);
            turns = 0;
        }
    }
    return NULL;
}

/* wanted: how many sleepers are worth waking. */
static void wake_sleepers(rondo__pool *pool, int64_t wanted) {
    int sleepers = atomic_load(&pool->sleepers);
    if (sleepers == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    if (wanted >= sleepers)
        pthread_cond_broadcast(&pool->wake);
    else
        for (int64_t i = 0; i < wanted; i++)
            pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

bool rondo__pool_fits(const rondo__pool *pool) { return !pool || pool->spins == SPINS; }

static bool leave_alone(rondo__pool *pool, double now) {
    pool->stirred = 0;
    pool->quiet_until = now + PATIENCE;
    return false;
}

bool rondo__pool_awake(rondo__pool *pool) {
    if (!pool)
        return true;
    const bool asleep = atomic_load(&pool->sleepers) > 0;
    const bool crowded = atomic_load_explicit(&pool->crowded, memory_order_relaxed);
    if (!asleep && !crowded && pool->quiet_until <= 0) {
        pool->stirred = 0;
        return true;
    }
    const double now = rondo__clock_seconds();
    if (now < pool->quiet_until)
        return false;
    pool->quiet_until = 0;
    if (atomic_exchange(&pool->crowded, false) || (pool->stirred > 0 && now > pool->stirred + RISING))
        return leave_alone(pool, now);
    if (asleep && pool->stirred <= 0) {
        pool->stirred = now;
        atomic_fetch_add(&pool->stirs, 1);
        wake_sleepers(pool, pool->threads);
    }
    return !asleep;
}

static void run_job(rondo__pool *pool, int64_t n, bool region, rondo__task task, void *arg) {
    uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
    assert(gate == GENERATION(gate) << 33 && "a pool runs one job at a time, and none inside a job");
    pool->task = task;
    pool->arg = arg;
    pool->n = n;
    pool->region = region;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    atomic_store(&pool->gate, ((GENERATION(gate) + 1) << 33) | OPEN);
    wake_sleepers(pool, region ? pool->threads : n - 1);

    int turns = 0;
    if (region) {
        task(arg, 0, 0);
        while (atomic_load_explicit(&pool->next, memory_order_acquire) < pool->threads - 1)
            wait_turn(pool, &turns);
    } else {
        take_indices(pool, 0);
    }
    atomic_fetch_and(&pool->gate, ~OPEN);
    while (INSIDE(atomic_load_explicit(&pool->gate, memory_order_acquire)) != 0)
        wait_turn(pool, &turns);
}

void rondo__pool_run(rondo__pool *pool, int64_t n, rondo__task task, void *arg) {
    if (!pool || pool->threads == 1 || n <= 1) {
        for (int64_t i = 0; i < n; i++)
            task(arg, i, 0);
        return;
    }
    run_job(pool, n, false, task, arg);
}

void rondo__pool_region(rondo__pool *pool, rondo__task task, void *arg) {
    if (!pool || pool->threads == 1)
        task(arg, 0, 0);
    else
        run_job(pool, pool->threads, true, task, arg);
}

void rondo__pool_meet(rondo__pool *pool, int index) {
    if (!pool || pool->threads == 1)
        return;
    _Atomic unsigned *own = &pool->meetings[index].count;
    const unsigned count = atomic_load_explicit(own, memory_order_relaxed) + 1;
    atomic_store_explicit(own, count, memory_order_release);
    for (int i = 0; i < pool->threads; i++) {
        int turns = 0; /* another one may have gone on to the next meeting, no further */
        while (atomic_load_explicit(&pool->meetings[i].count, memory_order_acquire) - count > 1)
            wait_turn(pool, &turns);
    }
}

int rondo__pool_threads(const rondo__pool *pool) { return pool ? pool->threads : 1; }

static void stop_workers(rondo__pool *pool, int count) {
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->quit, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < count; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

/* Returns how many could be started. Signals belong to the threads of the application: workers block them all. */
static int start_workers(rondo__pool *pool) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int count = 0;
    while (count < pool->threads - 1) {
        worker *w = &pool->workers[count];
        *w = (worker){.pool = pool, .index = count + 1};
        if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
            break;
        count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return count;
}

static void release(rondo__pool *pool) {
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    rondo__free(pool->meetings);
    rondo__free(pool->workers);
    rondo__free(pool);
}

rondo_status rondo__pool_create(rondo__pool **out, int threads, rondo_error *err) {
    *out = NULL;
    if (threads < 1 || threads > MOST_THREADS)
        return rondo__fail(err, RONDO_ARGUMENT, "threads: %d is outside 1..%d", threads, MOST_THREADS);
    rondo__pool *pool = rondo__calloc(1, sizeof *pool);
    worker *workers = pool ? rondo__calloc((size_t)threads, sizeof *workers) : NULL;
    meetings *counts = workers ? rondo__calloc((size_t)threads, sizeof *counts) : NULL;
    if (!counts) {
        rondo__free(workers);
        rondo__free(pool);
        return rondo__fail(err, RONDO_MEMORY, "threads: no memory for %d threads", threads);
    }
    pool->workers = workers;
    pool->meetings = counts;
    pool->threads = threads;
    pool->spins = threads <= rondo__cpu_cores() ? SPINS : 16;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    int started = start_workers(pool);
    if (started < threads - 1) {
        stop_workers(pool, started);
        release(pool);
        return rondo__fail(err, RONDO_MEMORY, "threads: only %d of %d could be started (ask for fewer)", started + 1,
                           threads);
    }
    *out = pool;
    return RONDO_OK;
}

void rondo__pool_destroy(rondo__pool **pool) {
    if (!pool || !*pool)
        return;
    stop_workers(*pool, (*pool)->threads - 1);
    release(*pool);
    *pool = NULL;
}
