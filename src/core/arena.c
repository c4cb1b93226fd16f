/* Arenas: stacks of memory.
 *
 * An arena is a list of chunks. Pushes fill the current chunk from below; when it is full the next one that is large
 * enough takes over, and a new one is appended when none is, in place of those behind that hold nothing. Nothing ever
 * moves while it is in use. Clearing empties the chunks and keeps them, so the same pushes again fall on the same
 * places: the first step of a size may allocate, no later one does. There are three exceptions, all when the arena is
 * empty, and in all of them a single chunk takes the place of the others, as large as the arena was ever full and
 * somewhat larger (what is never touched costs nothing). A piece for which no chunk is large enough. A step after the
 * first that was larger than those before, so that chunks had to be appended: what is left free at their ends would add
 * up. And when steps of ever other sizes have left chunks that are too small for those after them, more than WASTE
 * times what was ever in use together.
 *
 *     first -> [header | piece | piece | piece |~~~~]  -> [header | piece |~~~~~~~~~~~] -> [header |~~~~~~~]
 *                                                          ^ current
 *
 * Invariants: every chunk after `current` has used == 0; arena->used is the sum of used over all chunks, and is 0 only
 * when the arena is empty. A mark with used == 0 therefore means "empty" whatever chunk it names, and a mark with
 * used > 0 names a chunk that cannot have been merged away. One step alone never makes the arena wasteful: what is left
 * free in a chunk is less than the piece that did not fit and stands in a later one, and the last chunk is no larger
 * than that piece or all before it, so together they are less than three times as large as what they hold. Under
 * AddressSanitizer all free space is poisoned and 64 bytes behind each piece stay poisoned, so an overrun into the
 * neighbour is caught. */
#include <string.h>

#include "core/core.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_RED_ZONES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_RED_ZONES 1
#endif
#endif

#ifdef WITH_RED_ZONES
#include <sanitizer/asan_interface.h>
#define RED_ZONE 64
#define POISON(p, bytes) __asan_poison_memory_region(p, bytes)
#define UNPOISON(p, bytes) __asan_unpoison_memory_region(p, bytes)
#else
#define RED_ZONE 0
#define POISON(p, bytes) ((void)(p), (void)(bytes))
#define UNPOISON(p, bytes) ((void)(p), (void)(bytes))
#endif

#define SMALLEST_CHUNK ((size_t)64 << 10)
#define LARGEST_EXTRA ((size_t)64 << 20)
#define WASTE 3
#define SPARE 8

typedef struct rondo__chunk {
    struct rondo__chunk *next;
    size_t size, used; /* bytes behind the header */
} chunk;

#define HEADER ((size_t)RONDO_ALIGN) /* keeps the pieces aligned */
_Static_assert(sizeof(chunk) <= RONDO_ALIGN, "the header of a chunk must fit in front of its pieces");

static char *chunk_data(chunk *c) { return (char *)c + HEADER; }

static chunk *chunk_create(size_t size) {
    size_t bytes;
    chunk *c = rondo__size_add(size, HEADER, &bytes) ? rondo__alloc(bytes) : NULL;
    if (c) {
        *c = (chunk){.size = size};
        POISON(chunk_data(c), size);
    }
    return c;
}

static void free_list(chunk *c) {
    for (chunk *next; c; c = next) {
        next = c->next;
        UNPOISON(chunk_data(c), c->size);
        rondo__free(c);
    }
}

static void free_chunks(rondo__arena *arena) {
    free_list(arena->first);
    arena->first = arena->current = NULL;
    arena->used = 0;
    arena->grown = false;
}

/* What a piece takes up: rounded to the alignment, at least one unit, with its red zone. */
static bool piece_size(size_t bytes, size_t *out) {
    if (!rondo__size_add(bytes ? bytes : 1, RONDO_ALIGN - 1 + RED_ZONE, out))
        return false;
    *out = *out / RONDO_ALIGN * RONDO_ALIGN;
    return true;
}

static bool is_wasteful(const rondo__arena *arena) {
    size_t room = 0;
    for (const chunk *c = arena->first; c; c = c->next)
        room += c->size;
    return room > SMALLEST_CHUNK && (room - SMALLEST_CHUNK) / WASTE > arena->peak;
}

/* Goes on to the next chunk, from the current one on, with size bytes free; false when there is none. */
static bool find_room(rondo__arena *arena, size_t size) {
    for (chunk *c = arena->current; c; c = c->next)
        if (c->size - c->used >= size) {
            arena->current = c;
            return true;
        }
    return false;
}

/* Makes room for size bytes in the current chunk. */
static bool make_room(rondo__arena *arena, size_t size) {
    if (arena->used == 0 && (arena->grown || is_wasteful(arena)))
        free_chunks(arena);
    if (find_room(arena, size))
        return true;
    size_t wanted = arena->used < LARGEST_EXTRA ? arena->used : LARGEST_EXTRA;
    arena->grown = arena->used > 0 && arena->cleared;
    if (arena->used == 0) {
        free_chunks(arena);
        wanted = arena->peak + arena->peak / SPARE;
    }
    if (wanted < SMALLEST_CHUNK)
        wanted = SMALLEST_CHUNK;
    chunk *fresh = chunk_create(size > wanted ? size : wanted);
    if (!fresh)
        return false;
    chunk **end = arena->current ? &arena->current->next : &arena->first;
    free_list(*end); /* empty, and too small */
    *end = arena->current = fresh;
    return true;
}

void rondo__arena_init(rondo__arena *arena) { *arena = (rondo__arena){0}; }

rondo_status rondo__arena_reserve(rondo__arena *arena, size_t bytes) {
    size_t size, needed;
    if (!piece_size(bytes, &size) || !rondo__size_add(arena->used, size, &needed) || !make_room(arena, size))
        return RONDO_MEMORY;
    if (needed > arena->peak)
        arena->peak = needed;
    return RONDO_OK;
}

void *rondo__arena_push(rondo__arena *arena, size_t bytes) {
    size_t size;
    if (!piece_size(bytes, &size) || !make_room(arena, size))
        return NULL;
    chunk *c = arena->current;
    void *p = chunk_data(c) + c->used;
    c->used += size;
    arena->used += size;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    UNPOISON(p, bytes);
    return p;
}

bool rondo__arena_stretch(rondo__arena *arena, void *piece, size_t old_bytes, size_t new_bytes) {
    chunk *c = arena->current;
    size_t was, size;
    if (!c || !piece || !piece_size(old_bytes, &was) || !piece_size(new_bytes, &size) || size < was || c->used < was ||
        (char *)piece != chunk_data(c) + (c->used - was) || c->size - c->used < size - was)
        return false;
    c->used += size - was;
    arena->used += size - was;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    UNPOISON(piece, new_bytes);
    return true;
}

rondo__mark rondo__arena_mark(const rondo__arena *arena) {
    return (rondo__mark){arena->current, arena->current ? arena->current->used : 0, arena->used};
}

static void chunk_cut(chunk *c, size_t used) {
    POISON(chunk_data(c) + used, c->used - used);
    c->used = used;
}

void rondo__arena_rewind(rondo__arena *arena, rondo__mark mark) {
    chunk *keep = mark.used ? mark.chunk : arena->first;
    if (!keep)
        return;
    chunk_cut(keep, mark.used ? mark.chunk_used : 0);
    for (chunk *c = keep->next; c; c = c->next)
        chunk_cut(c, 0);
    arena->current = keep;
    arena->used = mark.used;
    arena->cleared |= mark.used == 0;
}

void rondo__arena_clear(rondo__arena *arena) { rondo__arena_rewind(arena, (rondo__mark){0}); }

void rondo__arena_free(rondo__arena *arena) {
    free_chunks(arena);
    arena->peak = 0;
    arena->cleared = false;
}
