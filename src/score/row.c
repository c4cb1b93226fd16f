/* Texts as rows of code points: decoding, lower case, white space. */
#include <string.h>

#ifdef RONDO_HAVE_UTF8PROC
#include <utf8proc.h>
#endif

#include "score/texts.h"

#define CAPITAL_SIGMA 0x3A3u
#define DOTTED_I 0x130u /* the one letter whose lower case is two characters: i and a dot above */

bool rondo__row_reserve(rondo__row *row, size_t capacity) {
    size_t bytes;
    if (row->data && capacity <= row->capacity)
        return true;
    capacity = capacity < 64 ? 64 : capacity;
    if (!rondo__size_mul(capacity, sizeof *row->data, &bytes))
        return false;
    uint32_t *grown = rondo__realloc(row->data, row->count * sizeof *row->data, bytes);
    if (!grown)
        return false;
    row->data = grown;
    row->capacity = capacity;
    return true;
}

void rondo__row_free(rondo__row *row) {
    rondo__free(row->data);
    *row = (rondo__row){0};
}

/* ---- lower case: full mapping of Unicode, as str.lower() of Python ---- */
#ifdef RONDO_HAVE_UTF8PROC
static uint32_t lower_of(uint32_t code) { return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code); }

static bool is_cased(uint32_t code) {
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

/* Case_Ignorable: marks, formats, modifiers, and the punctuation that may stand inside a word. */
static bool is_case_ignorable(uint32_t code) {
    static const uint32_t inside[] = {'\'',   '.',    ':',    0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
                                      0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        if (code == inside[i])
            return true;
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_CF ||
           category == UTF8PROC_CATEGORY_LM || category == UTF8PROC_CATEGORY_SK;
}
#else
static uint32_t lower_of(uint32_t code) { return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code; }
static bool is_cased(uint32_t code) { return (code | 0x20) >= 'a' && (code | 0x20) <= 'z'; }
static bool is_case_ignorable(uint32_t code) { return code == '\'' || code == '.' || code == ':'; }
#endif

/* At the end of a word sigma has a form of its own (Unicode, Final_Sigma). */
static bool ends_word(const rondo__row *row, size_t at) {
    size_t before = at, after = at + 1;
    while (before > 0 && is_case_ignorable(row->data[before - 1]))
        before--;
    if (before == 0 || !is_cased(row->data[before - 1]))
        return false;
    while (after < row->count && is_case_ignorable(row->data[after]))
        after++;
    return after == row->count || !is_cased(row->data[after]);
}

static void lower_sigmas(rondo__row *row) {
    for (size_t i = 0; i < row->count; i++)
        if (row->data[i] == CAPITAL_SIGMA)
            row->data[i] = ends_word(row, i) ? 0x3C2 : 0x3C3;
}

static void push_lower(rondo__row *row, uint32_t code) {
    if (code == DOTTED_I) {
        rondo__row_push(row, 'i');
        rondo__row_push(row, 0x307);
    } else {
        rondo__row_push(row, code == CAPITAL_SIGMA ? code : lower_of(code));
    }
}

/* ---- decoding ---- */
static uint32_t code_at(const unsigned char *p, int length) {
    static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = p[0] & mask[length];
    for (int i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3Fu);
    return code;
}

bool rondo__row_decode(rondo__row *row, const char *text, bool lower) {
    const size_t size = strlen(text);
    row->count = 0;
    if (!rondo__row_reserve(row, size)) /* no character has more code points, in lower case either, than bytes */
        return false;
    for (size_t at = 0; at < size;) {
        const unsigned char *p = (const unsigned char *)text + at;
        const int length = rondo__utf8_length(p, size - at);
        const uint32_t code = length ? code_at(p, length) : 0xDC00u + p[0];
        at += length ? (size_t)length : 1;
        if (lower)
            push_lower(row, code);
        else
            rondo__row_push(row, code);
    }
    if (lower)
        lower_sigmas(row);
    return true;
}

/* ---- white space ---- */
bool rondo__is_space(uint32_t code) {
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x1C && code <= 0x1F);
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

void rondo__row_strip_end(rondo__row *row) {
    while (row->count > 0 && rondo__is_space(row->data[row->count - 1]))
        row->count--;
}

void rondo__row_drop_spaces(rondo__row *row) {
    size_t kept = 0;
    for (size_t i = 0; i < row->count; i++)
        if (!rondo__is_space(row->data[i]))
            row->data[kept++] = row->data[i];
    row->count = kept;
}
