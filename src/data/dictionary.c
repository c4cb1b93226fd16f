/* A pronunciation dictionary in the format of cmudict:
 *
 *   abandon AH0 B AE1 N D AH0 N        word, then phones; the digit of a vowel is its stress
 *   abkhazian(2) AE0 B K AE1 Z Y AH0 N # place   a further pronunciation, and a comment
 *   ;;; a line of comment, as the older editions have them
 *
 * Each pronunciation becomes a pair: "a b a n d o n" and "AH B AE N D AH N". */
#include "data/pairs.h"

#include <string.h>

#include "data/symbols.h"
#include "formats/json_text.h"

typedef struct word {
    const char *at;
    size_t size;
} word;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* The next word of a line from *at; size 0 at its end or at a '#' by itself, which begins a comment. */
static word next_word(const char **at) {
    while (is_blank(**at))
        ++*at;
    const char *begin = *at;
    while (**at && !is_blank(**at))
        ++*at;
    return (word){begin, *at - begin == 1 && *begin == '#' ? 0 : (size_t)(*at - begin)};
}

/* Without "(2)" at the end. */
static word without_number(word w) {
    size_t size = w.size;
    if (size < 4 || w.at[size - 1] != ')')
        return w;
    for (size--; size > 0 && w.at[size - 1] >= '0' && w.at[size - 1] <= '9';)
        size--;
    if (size > 1 && size < w.size - 1 && w.at[size - 1] == '(')
        w.size = size - 1;
    return w;
}

static word without_stress(word phone) {
    const char last = phone.at[phone.size - 1];
    phone.size -= phone.size > 1 && last >= '0' && last <= '2';
    return phone;
}

static void add_letters(rondo__text *out, word w) {
    for (size_t i = 0; i < w.size;) {
        const size_t length = (size_t)rondo__utf8_length((const unsigned char *)w.at + i, w.size - i);
        rondo__text_add(out, " ", i > 0);
        rondo__text_add(out, w.at + i, length);
        i += length;
    }
}

/* Phones by blanks; their number. */
static int64_t add_phones(rondo__text *out, const char *at, bool stress) {
    int64_t count = 0;
    for (word phone; (phone = next_word(&at)).size > 0; count++) {
        if (!stress)
            phone = without_stress(phone);
        rondo__text_add(out, " ", count > 0);
        rondo__text_add(out, phone.at, phone.size);
    }
    return count;
}

typedef struct reader {
    rondo__text source, target, entry;
    rondo__symbols seen; /* entries so far */
    bool stress;
} reader;

static bool out_of_memory(const reader *r) { return r->source.failed || r->target.failed || r->entry.failed; }

/* One line of the file: adds a line to source and to target, unless it holds nothing new. False: a word without phones.
 */
static bool read_entry(reader *r, const char *line) {
    const char *at = line;
    const word w = without_number(next_word(&at));
    if (w.size == 0 || strncmp(w.at, ";;;", 3) == 0)
        return true;
    r->entry.size = 0;
    add_letters(&r->entry, w);
    rondo__text_add(&r->entry, "\n", 1);
    const size_t cut = r->entry.size;
    const bool fine = add_phones(&r->entry, at, r->stress) > 0;
    rondo__text_add(&r->entry, "\n", 1);
    if (!fine || out_of_memory(r))
        return fine;
    const int64_t before = r->seen.count;
    if (rondo__symbols_add(&r->seen, r->entry.data, r->entry.size, 1) < 0)
        r->entry.failed = true;
    if (r->seen.count > before) {
        rondo__text_add(&r->source, r->entry.data, cut);
        rondo__text_add(&r->target, r->entry.data + cut, r->entry.size - cut);
    }
    return true;
}

static rondo_status read_entries(reader *r, const rondo__lines *lines, const char *label, rondo_error *err) {
    for (int64_t i = 0; i < lines->count; i++) {
        if (!read_entry(r, lines->line[i]))
            return rondo__fail(err, RONDO_FORMAT, "%s:%lld: '%s' has no phones (a line reads WORD PHONE PHONE ...)",
                               label, (long long)i + 1, rondo__show(lines->line[i]).text);
        if (out_of_memory(r))
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the dictionary", label);
    }
    return r->seen.count > 0 ? RONDO_OK
                             : rondo__fail(err, RONDO_FORMAT,
                                           "%s: there is no word in it (a line reads WORD PHONE PHONE ...)", label);
}

rondo_status rondo__pair_texts_entries(rondo__pair_texts *out, const char *label, const rondo__lines *lines,
                                       bool stress, rondo_error *err) {
    reader r = {.stress = stress};
    *out = (rondo__pair_texts){0};
    rondo_status status = read_entries(&r, lines, label, err);
    if (status == RONDO_OK)
        status = rondo__lines_take(&out->source, label, &r.source, err);
    if (status == RONDO_OK)
        status = rondo__lines_take(&out->target, label, &r.target, err);
    rondo__text_free(&r.source);
    rondo__text_free(&r.target);
    rondo__text_free(&r.entry);
    rondo__symbols_free(&r.seen);
    if (status != RONDO_OK)
        rondo__pair_texts_free(out);
    return status;
}

rondo_status rondo__pair_texts_dictionary(rondo__pair_texts *out, const char *path, bool stress, rondo_error *err) {
    rondo__lines lines;
    *out = (rondo__pair_texts){0};
    rondo_status status = rondo__lines_read(&lines, path, err);
    if (status == RONDO_OK)
        status = rondo__pair_texts_entries(out, path, &lines, stress, err);
    rondo__lines_free(&lines);
    return status;
}
