/* A batch of sentences: arrays of numbers, padded, and the different words of the batch as they are spelt. */
#include "tasks/tag.h"

#include <assert.h>

static int32_t *room(rondo__tag_batch *b, int64_t rows, int64_t columns) {
    size_t count, bytes;
    if (!rondo__size_mul((size_t)rows, (size_t)columns, &count) || !rondo__size_mul(count, sizeof(int32_t), &bytes))
        return NULL;
    return rondo__arena_push(&b->room, bytes);
}

/* Numbers the forms of the batch as they come, and spells them. */
static bool spell(rondo__tag_batch *b, rondo__tag_set *set, int64_t count, const int64_t *sentence, int64_t words) {
    int32_t *list = room(b, words, 1); /* of forms */
    if (!list)
        return false;
    b->U = b->C = 0;
    for (int64_t r = 0; r < count; r++) {
        for (int64_t i = set->start[sentence[r]]; i < set->start[sentence[r] + 1]; i++) {
            const int32_t form = set->form[i];
            if (set->place[form] == 0) {
                list[b->U++] = form;
                set->place[form] = (int32_t)b->U;
                const int64_t n = set->spelling[form + 1] - set->spelling[form];
                b->C = n > b->C ? n : b->C;
            }
            b->forms[(i - set->start[sentence[r]]) * b->B + r] = set->place[form] - 1;
        }
    }
    b->characters = room(b, b->C, b->U);
    b->spelt = room(b, b->U, 1);
    for (int64_t u = 0; u < b->U; u++) {
        const int64_t begin = set->spelling[list[u]], n = set->spelling[list[u] + 1] - begin;
        set->place[list[u]] = 0;
        for (int64_t c = 0; b->characters && c < b->C; c++)
            b->characters[c * b->U + u] = c < n ? set->characters[begin + c] : -1;
        if (b->spelt)
            b->spelt[u] = (int32_t)n;
    }
    return b->characters && b->spelt;
}

/* Whether a word is unknown this time hangs on its place in the data and the epoch alone. */
static bool drops(const rondo__tag *t, const rondo__tag_set *set, int64_t word, int64_t epoch) {
    const double rate = epoch < 0 ? 0 : t->base.recipe.model.word_dropout;
    return rate > 0 && rondo__random_uniform(t->base.recipe.train.seed, 0x776f726400000000u ^ (uint64_t)epoch,
                                             (uint64_t)(set->first + word)) < rate;
}

static void fill_row(const rondo__tag *t, rondo__tag_batch *b, const rondo__tag_set *set, int64_t r, int64_t sentence,
                     int64_t epoch) {
    const int64_t begin = set->start[sentence], n = set->length[sentence];
    b->lengths[r] = (int32_t)n;
    for (int64_t i = 0; i < b->T; i++) {
        const int64_t at = i * b->B + r, word = begin + i;
        b->words[at] = i >= n ? -1 : drops(t, set, word, epoch) ? 0 : set->word[word];
        b->targets[at] = i < n && set->label ? set->label[word] : -1;
        b->forms[at] = -1;
        b->counted += b->targets[at] >= 0;
    }
}

rondo_status rondo__tag_fill(rondo__tag *t, rondo__tag_set *set, int64_t count, const int64_t *sentence, int64_t epoch,
                             rondo_error *err) {
    rondo__tag_batch *b = &t->batch;
    int64_t words = 0;
    rondo__arena_clear(&b->room);
    b->B = count;
    b->T = b->counted = 0;
    for (int64_t r = 0; r < count; r++) {
        b->T = set->length[sentence[r]] > b->T ? set->length[sentence[r]] : b->T;
        words += set->length[sentence[r]];
    }
    assert(b->T > 0);
    b->words = room(b, b->T, count);
    b->forms = room(b, b->T, count);
    b->targets = room(b, b->T, count);
    b->lengths = room(b, count, 1);
    bool fine = b->words && b->forms && b->targets && b->lengths && b->T <= INT32_MAX;
    for (int64_t r = 0; r < count && fine; r++)
        fill_row(t, b, set, r, sentence[r], epoch);
    fine = fine && (!set->form || spell(b, set, count, sentence, words));
    return fine ? RONDO_OK
                : rondo__fail(err, RONDO_MEMORY, "tag: no memory for a batch of %lld sentences", (long long)count);
}
