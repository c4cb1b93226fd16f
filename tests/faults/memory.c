/* A library put before the C library (LD_PRELOAD) that lets the n-th allocation fail.
 *
 *   RONDO_STARVE=N        allocation N fails
 *   RONDO_STARVE=from:N   so do all after it: memory is over
 *   RONDO_STARVE_LOG=FILE at the end a line is written there: "CALLS LIVE", how many allocations there were, and how
 * many of them were never given back
 *
 * Counted, from 1 and over all threads, is what the program itself asks for (librondo is linked into it) and what the
 * libraries do that read files for it: Jansson, libyaml, protobuf-c. Others are left alone: what they do without memory
 * is theirs. See starved.sh. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

enum { MOST_RANGES = 64, SLOTS = 1 << 20 };

static struct {
    uintptr_t begin, end;
    bool forgets;
} range[MOST_RANGES];
static int ranges;
static long nth, calls, live;
static bool onwards;
static void *slot[SLOTS]; /* what is counted and not yet given back; open addressing */
static bool lost_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- who asks? ---- */

static int add_object(struct dl_phdr_info *info, size_t size, void *arg) {
    static const char *const watched[] = {"/libjansson", "/libyaml", "/libprotobuf-c"};
    bool wanted = ranges == 0; /* the program comes first */
    (void)size, (void)arg;
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        wanted = wanted || strstr(info->dlpi_name, watched[i]);
    for (int i = 0; wanted && i < info->dlpi_phnum && ranges < MOST_RANGES; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
            range[ranges].begin = info->dlpi_addr + part->p_vaddr;
            range[ranges].forgets = strstr(info->dlpi_name, "/libyaml") != NULL;
            range[ranges++].end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
        }
    }
    return 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("RONDO_STARVE");
    dl_iterate_phdr(add_object, NULL);
    onwards = text && strncmp(text, "from:", 5) == 0;
    nth = text ? strtol(text + (onwards ? 5 : 0), NULL, 10) : 0;
}

/* Its place among the ranges, -1: somebody else. */
static int place_in_code(void *caller) {
    for (int i = 0; i < ranges; i++)
        if ((uintptr_t)caller >= range[i].begin && (uintptr_t)caller < range[i].end)
            return i;
    return -1;
}

static bool fails(void *caller) {
    if (place_in_code(caller) < 0)
        return false;
    pthread_mutex_lock(&lock);
    const long n = ++calls;
    pthread_mutex_unlock(&lock);
    if (n != nth && !(onwards && n > nth && nth > 0))
        return false;
    errno = ENOMEM;
    return true;
}

/* ---- what is alive? ---- */

static void **place_of(const void *p) {
    uintptr_t at = ((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 44;
    for (int tries = 0; tries < SLOTS; tries++, at++)
        if (!slot[at % SLOTS] || slot[at % SLOTS] == p)
            return &slot[at % SLOTS];
    return NULL;
}

static void *born(void *p, void *caller) {
    const int from = place_in_code(caller);
    if (!p || from < 0 || range[from].forgets)
        return p;
    pthread_mutex_lock(&lock);
    void **place = live < SLOTS / 2 ? place_of(p) : NULL;
    lost_count = lost_count || !place;
    if (place)
        *place = p, live++;
    pthread_mutex_unlock(&lock);
    return p;
}

/* Closes the gap, so that later ones are still found. */
static void close_gap(void **gap) {
    size_t at = (size_t)(gap - slot);
    *gap = NULL;
    for (size_t next = (at + 1) % SLOTS; slot[next]; next = (next + 1) % SLOTS) {
        void *moved = slot[next];
        slot[next] = NULL;
        *place_of(moved) = moved;
    }
}

static void dies(void *p) {
    if (!p)
        return;
    pthread_mutex_lock(&lock);
    void **place = place_of(p);
    if (place && *place == p) {
        close_gap(place);
        live--;
    }
    pthread_mutex_unlock(&lock);
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("RONDO_STARVE_LOG");
    const int log =
        path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    char line[64];
    if (log >= 0)
        syscall(SYS_write, log, line, (size_t)snprintf(line, sizeof line, "%ld %ld\n", calls, lost_count ? -1 : live));
}

/* ---- in the C library's place ---- */
#define CALLER __builtin_return_address(0)

void *malloc(size_t size) { return fails(CALLER) ? NULL : born(__libc_malloc(size), CALLER); }
void *calloc(size_t count, size_t size) { return fails(CALLER) ? NULL : born(__libc_calloc(count, size), CALLER); }
void *aligned_alloc(size_t alignment, size_t size) {
    return fails(CALLER) ? NULL : born(__libc_memalign(alignment, size), CALLER);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
    void *p = fails(CALLER) ? NULL : born(__libc_memalign(alignment, size), CALLER);
    if (p)
        *out = p;
    return p ? 0 : ENOMEM;
}
void free(void *p) {
    dies(p);
    __libc_free(p);
}
void *realloc(void *p, size_t size) {
    if (fails(CALLER))
        return NULL;
    dies(p);
    return born(__libc_realloc(p, size), CALLER);
}
