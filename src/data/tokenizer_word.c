/* Words: what stands between blanks; the end of a line is the word <eos>. */
#include "data/tokenizer_kinds.h"

#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* The next word from *at, "\n" for a line end; its size, 0 at the end of the text. */
static size_t next_word(const char *text, size_t size, size_t *at, const char **word) {
    size_t end;
    while (*at < size && is_blank(text[*at]))
        ++*at;
    end = *at;
    while (end < size && text[end] != '\n' && !is_blank(text[end]))
        end++;
    if (end == *at && end < size)
        end++;
    *word = text + *at;
    const size_t length = end - *at;
    *at = end;
    return length;
}

static void name_line_end(const char **word, size_t *size) {
    if (**word == '\n') {
        *word = RONDO__EOS;
        *size = sizeof RONDO__EOS - 1;
    }
}

static bool is(const char *word, size_t size, const char *name) {
    return size == strlen(name) && memcmp(word, name, size) == 0;
}

/* Counts of all words; *unknown those of <unk>, *lines those of <eos>, which are kept apart. */
static bool count_words(const char *text, size_t size, rondo__symbols *seen, int64_t *unknown, int64_t *lines) {
    const char *word;
    size_t at = 0, length;
    *unknown = *lines = 0;
    while ((length = next_word(text, size, &at, &word)) > 0) {
        name_line_end(&word, &length);
        if (is(word, length, RONDO__UNK)) {
            ++*unknown;
        } else if (is(word, length, RONDO__EOS)) {
            ++*lines;
        } else if (rondo__symbols_add(seen, word, length, 1) < 0) {
            return false;
        }
    }
    return true;
}

/* Words that are kept, then the specials with all that they stand for, then the final order. */
static bool choose_words(rondo__tokenizer *t, const rondo__tokenizer_config *config, const rondo__symbols *seen,
                         int64_t unknown, int64_t lines) {
    const int64_t limit = config->max_size <= 0 ? INT32_MAX : config->max_size > 2 ? config->max_size - 2 : 0;
    rondo__symbols kept = {0};
    bool fine = rondo__symbols_sort(seen, &kept, config->min_count > 0 ? config->min_count : 1, limit);
    for (int64_t i = 0; i < seen->count; i++)
        unknown += seen->item[i].count;
    for (int64_t i = 0; i < kept.count; i++)
        unknown -= kept.item[i].count;
    fine = fine && rondo__symbols_add(&kept, RONDO__UNK, sizeof RONDO__UNK - 1, unknown) >= 0 &&
           rondo__symbols_add(&kept, RONDO__EOS, sizeof RONDO__EOS - 1, lines) >= 0 &&
           rondo__symbols_sort(&kept, &t->symbols, 0, INT32_MAX);
    rondo__symbols_free(&kept);
    return fine;
}

rondo_status rondo__word_build(rondo__tokenizer *t, const rondo__tokenizer_config *config, const char *text,
                               size_t size, rondo_error *err) {
    rondo__symbols seen = {0};
    int64_t unknown, lines;
    const bool fine =
        count_words(text, size, &seen, &unknown, &lines) && choose_words(t, config, &seen, unknown, lines);
    rondo__symbols_free(&seen);
    return fine ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "no memory for the words of the text");
}

rondo_status rondo__word_encode(const rondo__tokenizer *t, const char *text, size_t size, rondo__ids *ids,
                                rondo_error *err) {
    const char *word;
    size_t at = 0, length;
    while ((length = next_word(text, size, &at, &word)) > 0) {
        int32_t id;
        name_line_end(&word, &length);
        id = rondo__symbols_find(&t->symbols, word, length);
        id = id < 0 ? t->unknown : id;
        if (!rondo__ids_add(ids, &id, 1))
            return rondo__fail(err, RONDO_MEMORY, "no memory for the symbols of the text");
    }
    return RONDO_OK;
}

void rondo__word_decode(const rondo__tokenizer *t, int32_t id, bool fresh, rondo__text *text) {
    size_t size;
    const char *symbol = rondo__symbols_text(&t->symbols, id, &size);
    if (id == t->line_end) {
        rondo__text_add(text, "\n", 1);
        return;
    }
    rondo__text_add(text, " ", !fresh);
    rondo__text_add(text, symbol, size);
}
