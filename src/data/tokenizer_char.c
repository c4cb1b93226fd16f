/* Characters: every code point of the training text is a symbol; <unk>, last, stands for any other. */
#include "data/tokenizer_kinds.h"

rondo_status rondo__char_build(rondo__tokenizer *t, const char *text, size_t size, rondo_error *err) {
    rondo__symbols seen = {0};
    bool fine = true;
    for (size_t i = 0; i < size && fine;) {
        const int length = rondo__utf8_length((const unsigned char *)text + i, size - i);
        fine = length > 0 && rondo__symbols_add(&seen, text + i, (size_t)length, 1) >= 0;
        i += (size_t)length;
    }
    fine = fine && rondo__symbols_sort(&seen, &t->symbols, 1, INT32_MAX) &&
           rondo__symbols_add(&t->symbols, RONDO__UNK, sizeof RONDO__UNK - 1, 0) >= 0;
    rondo__symbols_free(&seen);
    return fine ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "no memory for the characters of the text");
}

rondo_status rondo__char_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                rondo_error *err) {
    for (size_t i = 0; i < size;) {
        const int length = rondo__utf8_length((const unsigned char *)text + i, size - i);
        int32_t id = rondo__symbols_find(&t->symbols, text + i, (size_t)length);
        id = id < 0 ? t->unknown : id;
        if (!rondo__ids_add(ids, &id, 1))
            return rondo__fail(err, RONDO_MEMORY, "no memory for the symbols of the text");
        i += (size_t)length;
    }
    return RONDO_OK;
}

void rondo__char_decode(const rondo__tokenizer *t, int32_t id, rondo__text *text) {
    size_t size;
    const char *symbol = rondo__symbols_text(&t->symbols, id, &size);
    if (id == t->unknown) {
        rondo__text_add(text, "\xef\xbf\xbd", 3); /* U+FFFD, the replacement character */
    } else {
        rondo__text_add(text, symbol, size);
    }
}
