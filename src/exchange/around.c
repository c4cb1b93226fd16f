#include "exchange/around.h"

#include <assert.h>
#include <string.h>

#include "data/tokenizer_kinds.h"

static bool symbol_text(const void *of, int64_t i, rondo__text *out) {
    const rondo__tokenizer *t = of;
    const int32_t id = (int32_t)i;
    size_t size;
    if (t->kind == RONDO__SENTENCEPIECE)
        return rondo__tokenizer_decode(t, &id, 1, false, out) == RONDO_OK && !out->failed;
    const char *text = rondo__symbols_text(&t->symbols, i, &size);
    rondo__text_add(out, text, size);
    return !out->failed;
}

static bool name_text(const void *of, int64_t i, rondo__text *out) {
    const char *name = ((const char *const *)of)[i];
    rondo__text_add(out, name, strlen(name));
    return !out->failed;
}

static void add(rondo__around *around, rondo__texts_of texts) {
    assert(around->texts < RONDO__AROUND_TEXTS);
    around->text[around->texts++] = texts;
}

void rondo__around_add_tokenizer(rondo__around *around, const char *what, const rondo__tokenizer *t) {
    add(around, (rondo__texts_of){.what = what,
                                  .count = rondo__tokenizer_size(t),
                                  .unknown = rondo__tokenizer_unknown(t),
                                  .text = symbol_text,
                                  .of = t,
                                  .finds = rondo__tokenizer_get_kind(t) != RONDO__SENTENCEPIECE});
}

static bool place_text(const void *of, int64_t i, rondo__text *out) {
    size_t size;
    const char *text = i ? rondo__symbols_text(of, i - 1, &size) : RONDO__UNK;
    rondo__text_add(out, text, i ? size : strlen(RONDO__UNK));
    return !out->failed;
}

void rondo__around_add_symbols(rondo__around *around, const char *what, const rondo__symbols *symbols) {
    add(around,
        (rondo__texts_of){.what = what, .count = symbols->count + 1, .text = place_text, .of = symbols, .finds = true});
}

void rondo__around_add_names(rondo__around *around, const char *what, int64_t count, const char *const *name,
                             int32_t unknown, bool finds) {
    add(around, (rondo__texts_of){what, count, unknown, name_text, name, finds});
}
