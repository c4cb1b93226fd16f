/* Places of gradients (places.h): a list of those taken, by offset; the tightest gap between two of them is taken next.
 *
 * Only the last LOOK gaps are looked at, so that a loop over thousands of steps does not pay for each one that waits:
 * what comes and goes lies at the end of the list. */
#include "autograd/places.h"

enum { LOOK = 64 };

static size_t end_of(const rondo__place *place) { return place ? place->offset + place->bytes : 0; }

/* after: NULL, at the end. */
static void insert_before(rondo__places *places, rondo__place *after, rondo__place *place) {
    place->before = after ? after->before : places->last;
    place->after = after;
    if (place->before)
        place->before->after = place;
    if (after)
        after->before = place;
    else
        places->last = place;
}

bool rondo__place_take(rondo__places *places, rondo__place *place, size_t bytes) {
    rondo__place *after = NULL, *next = places->last;
    size_t tightest = SIZE_MAX, end;
    if (!rondo__size_add(bytes, RONDO_ALIGN - 1, &bytes))
        return false;
    bytes = bytes / RONDO_ALIGN * RONDO_ALIGN;
    for (int i = 0; next && i < LOOK; i++, next = next->before) {
        const size_t gap = next->offset - end_of(next->before);
        if (gap >= bytes && gap < tightest) {
            tightest = gap;
            after = next;
        }
    }
    place->offset = end_of(after ? after->before : places->last);
    place->bytes = bytes;
    if (!rondo__size_add(place->offset, bytes, &end))
        return false;
    insert_before(places, after, place);
    places->height = end > places->height ? end : places->height;
    return true;
}

void rondo__place_give_back(rondo__places *places, rondo__place *place) {
    if (place->before)
        place->before->after = place->after;
    if (place->after)
        place->after->before = place->before;
    else
        places->last = place->before;
}
