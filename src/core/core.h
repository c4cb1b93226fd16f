/* Level 0, the ground floor: memory, threads, random numbers, files. Knows no numbers of models.
 *
 * Everything here is rondo__ (shared inside the library, hidden outside). */
#ifndef RONDO_CORE_CORE_H
#define RONDO_CORE_CORE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rondo/status.h"

#define RONDO_ALIGN 64

/* Fills err (may be NULL) with one formatted line and returns status: return rondo__fail(err, RONDO_IO, "...", ...). */
rondo_status rondo__fail(rondo_error *err, rondo_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- the only malloc (alloc.c): counted, 64-byte aligned, can be told to fail ---- */
void *rondo__alloc(size_t bytes);                /* NULL when out of memory; bytes 0 gives a valid pointer */
void *rondo__calloc(size_t count, size_t bytes); /* cleared; NULL also when count * bytes overflows */
void *rondo__realloc(void *p, size_t old_bytes, size_t new_bytes); /* p stays valid when it returns NULL */
void rondo__free(void *p);
char *rondo__strdup(const char *s);
uint64_t rondo__alloc_count(void);      /* allocations so far in this process */
int64_t rondo__alloc_live(void);        /* allocations not yet freed */
void rondo__alloc_fail_at(int64_t nth); /* the nth allocation from now (1 = next) fails once; 0: never */
/* Bytes held now; the most ever held, counted anew from now on if wanted. 0 on systems that cannot tell. */
size_t rondo__alloc_bytes(void);
size_t rondo__alloc_peak(bool begin_anew);
/* What would take more than so many bytes in all fails; 0: no limit. For the whole process. */
void rondo__alloc_limit(size_t bytes);
bool rondo__size_mul(size_t a, size_t b, size_t *out); /* false on overflow */
bool rondo__size_add(size_t a, size_t b, size_t *out);

/* ---- arenas (arena.c): stacks of memory that grow by chunks, which serve again once the arena was cleared ---- */
typedef struct rondo__arena {
    struct rondo__chunk *first, *current;
    size_t used, peak; /* bytes, over all chunks */
    bool cleared;      /* it has been full and empty again */
    bool grown;        /* a chunk was appended after that */
} rondo__arena;
typedef struct rondo__mark {
    struct rondo__chunk *chunk;
    size_t chunk_used, used;
} rondo__mark;
void rondo__arena_init(rondo__arena *arena);
rondo_status rondo__arena_reserve(rondo__arena *arena, size_t bytes); /* room for bytes in one piece */
void *rondo__arena_push(rondo__arena *arena, size_t bytes);           /* aligned, not cleared; NULL: out of memory */
/* The last piece becomes larger where it stands; false: it is not the last one, or its chunk has no more room. */
bool rondo__arena_stretch(rondo__arena *arena, void *piece, size_t old_bytes, size_t new_bytes);
rondo__mark rondo__arena_mark(const rondo__arena *arena);
void rondo__arena_rewind(rondo__arena *arena, rondo__mark mark);
/* Rewinds to empty; the chunks stay: pushing the same pieces again allocates nothing. */
void rondo__arena_clear(rondo__arena *arena);
void rondo__arena_free(rondo__arena *arena);

/* ---- threads (pool.c) ---- */
typedef struct rondo__pool rondo__pool;
typedef void (*rondo__task)(void *arg, int64_t index, int worker);                 /* worker in [0, threads) */
rondo_status rondo__pool_create(rondo__pool **out, int threads, rondo_error *err); /* threads includes the caller */
void rondo__pool_destroy(rondo__pool **pool);
int rondo__pool_threads(const rondo__pool *pool); /* 1 for NULL */
/* Runs task(arg, i, worker) for i in [0, n), returns when all are done. Not reentrant. Workers take indices in any
 * order: the work of one index must not depend on another. pool NULL or n == 1: on the calling thread. */
void rondo__pool_run(rondo__pool *pool, int64_t n, rondo__task task, void *arg);
/* One call per worker at the same time, each with its own index = worker; inside they may meet. */
void rondo__pool_region(rondo__pool *pool, rondo__task task, void *arg);
/* Whether no worker sleeps, so that a region can begin at once. If one does, it is woken for the next time. */
bool rondo__pool_awake(rondo__pool *pool);
bool rondo__pool_fits(const rondo__pool *pool); /* there is a core for each of its threads */
/* Waits until *count has come to least; what was written before it was stored (release) can be read then. */
void rondo__wait_for(const _Atomic int64_t *count, int64_t least);
/* All workers of the region running on pool wait for each other: they spin, then yield on a busy machine. */
void rondo__pool_meet(rondo__pool *pool, int worker);

/* ---- a job in the background (ahead.c) ---- */
typedef struct rondo__work { /* task(arg, i, worker) for i in [0, n) */
    int64_t n;
    rondo__task task;
    void *arg;
} rondo__work;
typedef struct rondo__ahead rondo__ahead;
/* worker: what its thread is. *out is NULL where the system gives no thread more: do without, it is only a gain. */
rondo_status rondo__ahead_create(rondo__ahead **out, int worker, rondo_error *err);
void rondo__ahead_destroy(rondo__ahead **ahead); /* what is not begun of its job is left undone; NULL is fine */
/* Returns at once. One job at a time: begin and end by turns. */
void rondo__ahead_begin(rondo__ahead *ahead, const rondo__work *work);
void rondo__ahead_end(rondo__ahead *ahead, rondo__pool *pool); /* what is left of it, with the pool's threads, too */

/* ---- random numbers (random.c): Philox 4x32-10 (Salmon 2011); a value depends only on (seed, stream, index) ---- */
uint32_t rondo__random_u32(uint64_t seed, uint64_t stream, uint64_t index);
void rondo__random_u32x4(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]); /* indices 4*block .. +3 */
double rondo__random_uniform(uint64_t seed, uint64_t stream, uint64_t index);              /* [0, 1) from 32 bits */
double rondo__random_normal(uint64_t seed, uint64_t stream, uint64_t index); /* Box-Muller on indices 2i, 2i+1 */
/* Four normal numbers of one block, in float and with both numbers of Box and Muller: other ones, at a quarter of the
 * time. */
void rondo__random_noise(uint64_t seed, uint64_t stream, uint64_t block, float out[4]);
uint64_t rondo__random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t n); /* [0, n) */
void rondo__random_order(uint64_t seed, uint64_t stream, int64_t n, int64_t *order); /* (n): 0 .. n - 1, shuffled */

/* ---- CPU (cpu.c) ---- */
typedef struct rondo__cpu {
    bool avx2, fma, f16c, avx512f, avx512bw, avx512vl, avx512dq, avx512_bf16, avx512_vnni, neon;
} rondo__cpu;
const rondo__cpu *rondo__cpu_get(void);
int rondo__cpu_cores(void); /* cores this process may use */

/* ---- files (file.c) ---- */
/* Whole file into memory from rondo__alloc, plus a NUL that is not counted. Names the file in every error:
 * RONDO_NOT_FOUND, RONDO_IO, RONDO_MEMORY, RONDO_FORMAT over max_bytes (0: no limit). A name ending in .gz is unpacked.
 */
rondo_status rondo__file_read(const char *path, size_t max_bytes, char **data, size_t *size, rondo_error *err);
bool rondo__file_exists(const char *path);
/* Are both names of one file that is there? */
bool rondo__file_same(const char *a, const char *b);
rondo_status rondo__make_folders(const char *path, rondo_error *err); /* like mkdir -p */
/* Takes a folder for one holder. False: another one has it, in this process or not. The lock is the kernel's: it ends
 * with unlock or with the process, however that ends, and leaves no file. Where the file system knows no locks nothing
 * is taken and *lock is -1. */
bool rondo__folder_lock(int *lock, const char *path);
void rondo__folder_unlock(int *lock); /* -1: does nothing */
/* Atomic writing: to PATH.tmp-PID in the same folder, then fsync, rename, fsync of the folder. Until commit nothing is
 * at PATH but what was there; abandon (or a failed commit) removes the temporary file. */
typedef struct rondo__writer rondo__writer;
rondo_status rondo__writer_open(rondo__writer **out, const char *path, rondo_error *err);
rondo_status rondo__writer_put(rondo__writer *writer, const void *data, size_t bytes, rondo_error *err);
/* Everything is on the disk, all but its name: of several files seal each one before the first is committed. */
rondo_status rondo__writer_seal(rondo__writer *writer, rondo_error *err);
rondo_status rondo__writer_commit(rondo__writer **writer, rondo_error *err);
void rondo__writer_abandon(rondo__writer **writer);

bool rondo__ends_in(const char *path, const char *ending); /* behind something */

/* ---- text buffer (text.c): grows, keeps its first failure ---- */
typedef struct rondo__text {
    char *data; /* NUL-terminated once anything was added; may be NULL */
    size_t size, capacity;
    bool failed;
} rondo__text;
void rondo__text_add(rondo__text *text, const char *data, size_t size);
void rondo__text_format(rondo__text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rondo__text_free(rondo__text *text);
/* The whole text as one number, with a decimal point whatever the process's locale. */
bool rondo__text_number(const char *text, double *out);

/* The nearest of names (count) to word by edit distance, NULL if none is near: for "did you mean". */
const char *rondo__nearest_name(const char *word, const char *const *names, int count);

/* Length of the valid UTF-8 sequence at p (1-4), or 0: overlong, surrogate, out of range, truncated. */
int rondo__utf8_length(const unsigned char *p, size_t left);
/* Position of the first invalid byte, or size when all is valid. */
size_t rondo__utf8_check(const char *data, size_t size);

/* ---- clock (clock.c) ---- */
double rondo__clock_seconds(void); /* monotonic */

#endif
