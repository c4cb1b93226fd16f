/* Packed forms of parameters that live as long as the tape's step, or longer (rondo_step.same_parameters).
 *
 * A small hash table by the address of the weight; entries and packed numbers stand in an arena of their own, whose
 * chunks serve again, so a training step allocates nothing after the first. A place is made when an operator measures
 * its scratch and filled when it first computes with the form; between the two may lie the whole forward pass.
 *
 * Not every product of a parameter is worth it: over many rows the packing is lost in the multiplying, and one form
 * after the other in the same scratch takes less memory than all of them side by side. */
#include "autograd/packs.h"

#include <assert.h>
#include <string.h>

#include "autograd/tape.h"

/* A number is packed in about the time of 80 multiply-adds: from here on that is below a tenth of the product. A step
 * that is recorded for backward sends such a batch through a parameter once as a rule, and its memory is dear. */
enum { MANY_USES = 1024, MANY_RECORDED = 256 };

typedef struct rondo__pack_entry {
    struct rondo__pack_entry *next;
    const void *w; /* first row */
    int64_t M, K;
    bool transposed, filled;
    real *numbers;
} entry;

void rondo__packs_init(rondo__packs *packs) {
    *packs = (rondo__packs){0};
    rondo__arena_init(&packs->arena);
}

void rondo__packs_free(rondo__packs *packs) { rondo__arena_free(&packs->arena); }

void rondo__packs_begin(rondo__packs *packs, bool keep) {
    packs->failed = false;
    if (keep)
        return;
    memset(packs->bucket, 0, sizeof packs->bucket);
    rondo__arena_clear(&packs->arena);
}

/* Where the form's first row stands. Of a stored weight it only tells one form from another. */
static const void *first_row(const rondo_call *call, const rondo__form *form) {
    const rondo_tensor *w = &call->in[form->input]->value;
    return (const char *)w->data + (size_t)(form->row * form->K) * rondo_dtype_bytes(w->dtype);
}

/* Parameters begin on 64 bytes. */
static entry **bucket_of(rondo__packs *packs, const void *w) {
    return &packs->bucket[((uintptr_t)w / RONDO_ALIGN * UINT64_C(0x9e3779b97f4a7c15) >> 32) % RONDO__PACK_BUCKETS];
}

static entry *find(rondo__packs *packs, const void *w, const rondo__form *form) {
    for (entry *e = *bucket_of(packs, w); e; e = e->next)
        if (e->w == w && e->M == form->M && e->K == form->K && e->transposed == form->transposed)
            return e;
    return NULL;
}

static int64_t packed_count(const rondo__form *form) {
    return form->transposed ? rondo__packed_count(form->K, form->M) : rondo__packed_count(form->M, form->K);
}

static bool make_place(rondo__packs *packs, const void *w, const rondo__form *form) {
    rondo__mark mark = rondo__arena_mark(&packs->arena);
    size_t bytes;
    entry *e = rondo__arena_push(&packs->arena, sizeof *e);
    real *numbers = e && rondo__size_mul((size_t)packed_count(form), sizeof *numbers, &bytes)
                        ? rondo__arena_push(&packs->arena, bytes)
                        : NULL;
    if (!numbers) {
        rondo__arena_rewind(&packs->arena, mark);
        packs->failed = true;
        return false;
    }
    entry **bucket = bucket_of(packs, w);
    *e = (entry){*bucket, w, form->M, form->K, form->transposed, false, numbers};
    *bucket = e;
    return true;
}

bool rondo__form_kept(const rondo_call *call, const rondo__form *form) {
    const void *w = first_row(call, form);
    if (!rondo__is_parameter(call->in[form->input]))
        return false;
    return find(call->packs, w, form) ||
           (form->uses < (call->recording ? MANY_RECORDED : MANY_USES) && make_place(call->packs, w, form));
}

int64_t rondo__form_room(const rondo_call *call, const rondo__form *form) {
    return rondo__form_kept(call, form) ? 0 : packed_count(form);
}

static void pack(const rondo_call *call, real *numbers, const rondo__form *form) {
    const real *w = first_row(call, form);
    const rondo__stored *stored = rondo__stored_of(call->in[form->input]);
    assert(!stored || form->transposed);
    if (stored)
        rondo__stored_pack(call->context, numbers, stored, form->row, form->M);
    else if (form->transposed)
        rondo__pack(call->context, numbers, w, 1, form->K, form->K, form->M);
    else
        rondo__pack(call->context, numbers, w, form->K, 1, form->M, form->K);
}

const real *rondo__form_packed(const rondo_call *call, const rondo__form *form) {
    entry *e = rondo__is_parameter(call->in[form->input]) ? find(call->packs, first_row(call, form), form) : NULL;
    if (!e) {
        assert(form->room || packed_count(form) == 0);
        pack(call, form->room, form);
        return form->room;
    }
    if (!e->filled)
        pack(call, e->numbers, form);
    e->filled = true;
    return e->numbers;
}
