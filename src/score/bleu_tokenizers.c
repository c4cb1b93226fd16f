/* The tokenizers of BLEU. "13a" is the one of NIST's mteval-v13a.pl, which WMT's scores are given in: a chain of
 * substitutions made for Western languages. Each step sees what the step before left, and its matches do not overlap;
 * that shows in odd places ("a..b", "1,.2"), so the steps are carried out as they are written there. */
#include <string.h>

#include "score/bleu.h"

static const char *const names[] = {"13a", "none", "char"};

const char *rondo__bleu_tokenizer_name(rondo_bleu_tokenizer tokenizer) { return names[tokenizer]; }

rondo_status rondo__bleu_check_tokenizer(const char *where, rondo_bleu_tokenizer tokenizer, rondo_error *err) {
    if ((unsigned)tokenizer < sizeof names / sizeof *names)
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "%s: %d is no tokenizer (RONDO_BLEU_13A, _NONE or _CHAR)", where,
                       (int)tokenizer);
}

static const char *advice_for(const char *name) {
    static const struct {
        const char *name, *advice;
    } others[] = {
        {"ja-mecab", "for Japanese take 'char'"},
        {"ko-mecab", "for Korean take 'char', or segment the texts and take 'none'"},
        {"zh", "for Chinese take 'char'"},
        {"intl", "take '13a'"},
        {"spm", "cut the texts into pieces and take 'none', or take 'char'"},
        {"flores101", "cut the texts into pieces and take 'none', or take 'char'"},
        {"flores200", "cut the texts into pieces and take 'none', or take 'char'"},
        {"spBLEU-1K", "cut the texts into pieces and take 'none', or take 'char'"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i].name) == 0)
            return others[i].advice;
    return NULL;
}

rondo_status rondo_bleu_tokenizer_find(const char *name, rondo_bleu_tokenizer *out, rondo_error *err) {
    if (!name || !out)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_bleu_tokenizer_find: name and out may not be NULL");
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (rondo_bleu_tokenizer)i;
            return RONDO_OK;
        }
    }
    const char *advice = advice_for(name);
    if (advice)
        return rondo__fail(err, RONDO_UNSUPPORTED, "BLEU's tokenizer '%s' is not offered (%s)", name, advice);
    return rondo__fail(err, RONDO_ARGUMENT, "'%s' is no tokenizer of BLEU (13a, none or char)", name);
}

/* ---- the steps of 13a ---- */
static bool stands_at(const rondo__row *row, size_t at, const char *word, size_t size) {
    if (size > row->count - at)
        return false;
    for (size_t i = 0; i < size; i++)
        if (row->data[at + i] != (unsigned char)word[i])
            return false;
    return true;
}

/* by: at most one character, 0 for none; the text only gets shorter. */
static void replace(rondo__row *row, const char *word, uint32_t by) {
    const size_t size = strlen(word);
    size_t to = 0;
    for (size_t from = 0; from < row->count;) {
        if (!stands_at(row, from, word, size)) {
            row->data[to++] = row->data[from++];
            continue;
        }
        if (by)
            row->data[to++] = by;
        from += size;
    }
    row->count = to;
}

static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
static bool is_no_digit(uint32_t c) { return !is_digit(c); }
static bool is_point(uint32_t c) { return c == '.' || c == ','; }
static bool is_dash(uint32_t c) { return c == '-'; }

/* Printing ASCII but letters, digits and the four that may belong to a word or number: ' , - . */
static bool is_symbol(uint32_t c) {
    if (c < ' ' || c > '~' || is_digit(c) || is_point(c) || c == '-' || c == '\'')
        return false;
    return !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
}

static bool set_symbols_apart(rondo__row *text, rondo__row *out) {
    out->count = 0;
    if (!rondo__row_reserve(out, 3 * text->count + 2))
        return false;
    rondo__row_push(out, ' ');
    for (size_t i = 0; i < text->count; i++) {
        const bool symbol = is_symbol(text->data[i]);
        if (symbol)
            rondo__row_push(out, ' ');
        rondo__row_push(out, text->data[i]);
        if (symbol)
            rondo__row_push(out, ' ');
    }
    rondo__row_push(out, ' ');
    return true;
}

typedef bool test(uint32_t c);

/* Neighbours that fit left and right are parted by a blank; the one that is set apart gets another on its other side.
 */
static bool part(rondo__row *text, rondo__row *out, test *left, test *right, bool left_apart) {
    size_t i = 0;
    out->count = 0;
    if (!rondo__row_reserve(out, 2 * text->count))
        return false;
    while (i < text->count) {
        const uint32_t c = text->data[i++];
        if (i == text->count || !left(c) || !right(text->data[i])) {
            rondo__row_push(out, c);
            continue;
        }
        if (left_apart)
            rondo__row_push(out, ' ');
        rondo__row_push(out, c);
        rondo__row_push(out, ' ');
        rondo__row_push(out, text->data[i++]);
        if (!left_apart)
            rondo__row_push(out, ' ');
    }
    return true;
}

static bool tokenize_13a(rondo__row *text, rondo__row *scratch) {
    replace(text, "<skipped>", 0);
    replace(text, "-\n", 0);
    replace(text, "\n", ' ');
    replace(text, "&quot;", '"');
    replace(text, "&amp;", '&');
    replace(text, "&lt;", '<');
    replace(text, "&gt;", '>');
    if (!set_symbols_apart(text, scratch) || !part(scratch, text, is_no_digit, is_point, false) ||
        !part(text, scratch, is_point, is_no_digit, true) || !part(scratch, text, is_digit, is_dash, false))
        return false;
    return true;
}

static bool tokenize_char(rondo__row *text, rondo__row *scratch) {
    scratch->count = 0;
    if (!rondo__row_reserve(scratch, 2 * text->count))
        return false;
    for (size_t i = 0; i < text->count; i++) {
        rondo__row_push(scratch, text->data[i]);
        rondo__row_push(scratch, ' ');
    }
    const rondo__row cut = *scratch;
    *scratch = *text;
    *text = cut;
    return true;
}

bool rondo__bleu_tokenize(rondo__row *text, rondo__row *scratch, rondo_bleu_tokenizer tokenizer) {
    switch (tokenizer) {
    case RONDO_BLEU_13A:
        return tokenize_13a(text, scratch);
    case RONDO_BLEU_CHAR:
        return tokenize_char(text, scratch);
    default:
        return true;
    }
}
