#include "inspect/patterns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/times.h"

typedef struct finding {
    rondo__patterns *out;
    const rondo__look_axis *axis;
    uint32_t *first; /* (T) of a text: the first character of each step, blanks before a word left out; 0: none */
    bool failed;
} finding;

static void *room_for(finding *f, int64_t count, size_t bytes) {
    size_t all;
    void *room = NULL;
    if (!f->failed && rondo__size_mul((size_t)count, bytes, &all))
        room = rondo__arena_push(&f->out->room, all ? all : 1);
    f->failed = !room;
    return room;
}

static double *add(finding *f, const char *name, bool holds) {
    double *value = f->out->count < RONDO__PATTERNS ? room_for(f, f->axis->T, sizeof *value) : NULL;
    char *copy = value ? room_for(f, (int64_t)strlen(name) + 1, 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, name, strlen(name) + 1);
    f->out->pattern[f->out->count++] = (rondo__pattern){copy, holds, value};
    return value;
}

/* ---- characters ---- */

static uint32_t character(const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    const int n = *p ? rondo__utf8_length(p, strlen(text)) : 0;
    if (n < 2)
        return n == 1 ? *p : 0;
    uint32_t c = n == 2 ? *p & 0x1fu : n == 3 ? *p & 0x0fu : *p & 0x07u;
    for (int i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

static bool is_any_of(uint32_t c, const char *list) {
    for (; c && *list; list += rondo__utf8_length((const unsigned char *)list, strlen(list)))
        if (character(list) == c)
            return true;
    return false;
}

static bool is_blank(uint32_t c) { return c == ' ' || c == '\t' || c == 0x3000; }
static bool is_line_end(uint32_t c) { return c == '\n'; }
static bool is_digit(uint32_t c) { return (c >= '0' && c <= '9') || (c >= 0xff10 && c <= 0xff19); }
/* Of the Latin, Greek and Cyrillic letters; in Latin-1 all but the sign of multiplication. */
static bool is_upper(uint32_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
           (c >= 0x410 && c <= 0x42f);
}
static bool is_vowel(uint32_t c) { return c < 0x80 && is_any_of(c, "aeiouAEIOU"); }
static bool is_hiragana(uint32_t c) { return c >= 0x3041 && c <= 0x309f; }
static bool is_katakana(uint32_t c) { return (c >= 0x30a0 && c <= 0x30ff) || (c >= 0xff66 && c <= 0xff9f); }
static bool is_kanji(uint32_t c) { return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || c == 0x3005; }
static bool is_punctuation(uint32_t c) {
    return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < 0x7f) ||
           is_any_of(c, "、。，．・：；？！「」『』（）【】〈〉《》…―“”‘’«»—–");
}

/* ---- of a text ---- */

static bool is_symbols(const rondo__look_axis *axis) { return strcmp(axis->unit, "symbol") == 0; }

static void add_kinds(finding *f) {
    static const struct {
        const char *name;
        bool (*is)(uint32_t c);
        bool of_symbols; /* nothing that a word begins with */
    } kinds[] = {
        {"space", is_blank, true},        {"vowel", is_vowel, true},        {"line end", is_line_end, false},
        {"digit", is_digit, false},       {"upper case", is_upper, false},  {"punctuation", is_punctuation, false},
        {"hiragana", is_hiragana, false}, {"katakana", is_katakana, false}, {"kanji", is_kanji, false}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        double *value = !kinds[k].of_symbols || is_symbols(f->axis) ? add(f, kinds[k].name, true) : NULL;
        for (int64_t t = 0; value && t < f->axis->T; t++)
            value[t] = kinds[k].is(f->first[t]);
    }
}

/* The quote that is open after a step; what closes it must fit what opened it. */
static uint32_t quote_after(uint32_t open, uint32_t c) {
    static const char *const pairs[] = {"\"\"", "“”", "„“", "「」", "『』", "«»"};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const uint32_t begins = character(pairs[i]);
        const uint32_t ends = character(pairs[i] + rondo__utf8_length((const unsigned char *)pairs[i], 4));
        if (open == begins && c == ends)
            return 0;
        if (!open && c == begins)
            return c;
    }
    return open;
}

static void add_insides(finding *f) {
    double *quotes = add(f, "inside quotes", true), *brackets = add(f, "inside brackets", true);
    uint32_t open = 0;
    int64_t depth = 0;
    for (int64_t t = 0; brackets && quotes && t < f->axis->T; t++) {
        const uint32_t c = f->first[t];
        open = quote_after(open, c);
        depth += is_any_of(c, "([{（［｛【〔〈《");
        depth -= depth > 0 && is_any_of(c, ")]}）］｝】〕〉》");
        quotes[t] = open != 0;
        brackets[t] = depth > 0;
    }
}

static bool has_line_ends(const finding *f, int64_t before) {
    for (int64_t t = 0; t < before; t++)
        if (is_line_end(f->first[t]))
            return true;
    return false;
}

/* Steps since one that ends what is counted. Where the passage is cut out of a text nobody knows how far its first line
 * and word have come; a sentence begins at 0. */
static void add_position(finding *f, const char *name, bool (*ends)(uint32_t c)) {
    double *value = add(f, name, false), at = has_line_ends(f, f->axis->T - 1) ? NAN : 0;
    for (int64_t t = 0; value && t < f->axis->T; t++) {
        value[t] = at;
        at = ends(f->first[t]) ? 0 : at + 1;
    }
}

static bool ends_word(uint32_t c) { return is_line_end(c) || is_blank(c); }

/* A line's beginning up to its colon, as names of speakers and fields have. */
static void add_colon(finding *f) {
    double *value = add(f, "before the line's colon", true);
    int64_t begin = 0;
    for (int64_t t = 0; value && t < f->axis->T; t++) {
        value[t] = 0;
        if (is_line_end(f->first[t]))
            begin = t + 1;
        if (f->first[t] != ':' || begin < 0)
            continue;
        for (int64_t i = begin; i < t; i++)
            value[i] = 1;
        begin = -1; /* the first one counts */
    }
}

static void add_lengths(finding *f) {
    double *value = add(f, "length of the word", false);
    for (int64_t t = 0; value && t < f->axis->T; t++) {
        value[t] = 0;
        for (const char *p = f->axis->text[t]; *p; p++)
            value[t] += ((unsigned char)*p & 0xc0) != 0x80 && *p != ' ';
    }
}

static void add_text(finding *f) {
    f->first = room_for(f, f->axis->T, sizeof *f->first);
    for (int64_t t = 0; f->first && t < f->axis->T; t++) {
        const char *text = f->axis->text[t];
        f->first[t] = character(!is_symbols(f->axis) && text[0] == ' ' && text[1] ? text + 1 : text);
    }
    if (!f->first)
        return;
    add_kinds(f);
    add_insides(f);
    add_position(f, "position in the line", is_line_end);
    if (is_symbols(f->axis))
        add_position(f, "position in the word", ends_word);
    else
        add_lengths(f);
    add_colon(f);
}

/* ---- of numbers and times ---- */

static void add_times(finding *f) {
    static const char *const names[] = {"hour", "weekday", "day of the month", "month"};
    double *value[4];
    for (int i = 0; i < 4; i++)
        value[i] = add(f, names[i], false);
    for (int64_t t = 0; value[3] && t < f->axis->T; t++) {
        double seconds;
        const rondo__date d = rondo__date_of_time(f->axis->time[t], &seconds);
        value[0][t] = floor(seconds / 3600);
        value[1][t] = (double)(((rondo__date_days(d) + 3) % 7 + 7) % 7); /* Monday is 0; 1970 began on a Thursday */
        value[2][t] = (double)d.day;
        value[3][t] = (double)d.month;
    }
}

static void add_features(finding *f) {
    for (int i = 0; i < f->axis->features && !f->failed; i++) {
        const rondo__look_feature *feature = &f->axis->feature[i];
        char name[96];
        double *value = add(f, feature->name, false);
        snprintf(name, sizeof name, "change of %.80s", feature->name);
        double *change = add(f, name, false);
        for (int64_t t = 0; change && t < f->axis->T; t++) {
            value[t] = feature->value[t];
            change[t] = t ? feature->value[t] - feature->value[t - 1] : NAN;
        }
    }
}

static void add_step(finding *f) {
    double *value = add(f, "position", false);
    for (int64_t t = 0; value && t < f->axis->T; t++)
        value[t] = (double)t;
}

/* ---- the caller's own: where some words stand ---- */

static char *joined(finding *f, size_t *start) {
    size_t size = 0;
    for (int64_t t = 0; t < f->axis->T; t++) {
        start[t] = size;
        size += strlen(f->axis->text[t]);
    }
    start[f->axis->T] = size;
    char *all = room_for(f, (int64_t)size + 1, 1);
    for (int64_t t = 0; all && t < f->axis->T; t++)
        memcpy(all + start[t], f->axis->text[t], start[t + 1] - start[t]);
    if (all)
        all[size] = '\0';
    return all;
}

static void add_own(finding *f, const char *own) {
    const char *words = own + strlen("text:");
    double *value = add(f, own, true);
    size_t *start = room_for(f, f->axis->T + 1, sizeof *start);
    const char *all = start ? joined(f, start) : NULL;
    for (int64_t t = 0; value && t < f->axis->T; t++)
        value[t] = 0;
    for (const char *at = all; value && all && *words && (at = strstr(at, words)) != NULL; at++) {
        const size_t from = (size_t)(at - all), to = from + strlen(words);
        for (int64_t t = 0; t < f->axis->T; t++)
            if (start[t] < to && start[t + 1] > from)
                value[t] = 1;
    }
}

/* ---- all of them ---- */

rondo_status rondo__patterns_of(rondo__patterns *out, const rondo__look_axis *axis, const char *own, rondo_error *err) {
    finding f = {.out = out, .axis = axis};
    rondo__arena_clear(&out->room);
    out->count = 0;
    if (axis->text)
        add_text(&f);
    else
        add_step(&f);
    if (axis->dated)
        add_times(&f);
    add_features(&f);
    if (own && axis->text && strncmp(own, "text:", 5) == 0)
        add_own(&f, own);
    return f.failed
               ? rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the patterns of %lld steps", (long long)axis->T)
               : RONDO_OK;
}

void rondo__patterns_free(rondo__patterns *patterns) {
    rondo__arena_free(&patterns->room);
    patterns->count = 0;
}

int rondo__patterns_find(const rondo__patterns *patterns, const char *name) {
    for (int i = 0; i < patterns->count; i++)
        if (strcmp(patterns->pattern[i].name, name) == 0)
            return i;
    return -1;
}
