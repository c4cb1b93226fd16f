/* Error rates of texts: edits of characters and of words (Levenshtein 1966) over the length of what is right, and which
 * texts were taken for which. */
#include <stdlib.h>
#include <string.h>

#include "score/texts.h"
#include "tasks/transcribe.h"

enum { SHOWN = 10, WIDTH = 60 };

typedef struct rondo__transcribe_mistake {
    char *right, *written;
    int64_t times;
} mistake;

/* ---- edits ---- */

typedef struct edits {
    int64_t changed, missing, added;
} edits;

static int64_t cost(const edits *e) { return e->changed + e->missing + e->added; }

static edits plus(edits e, int changed, int missing, int added) {
    return (edits){e.changed + changed, e.missing + missing, e.added + added};
}

/* One row of the usual table at a time; of equally short ways the one with fewer gaps. False: out of memory. */
static bool count_edits(const rondo__row *right, const rondo__row *written, edits *out) {
    edits *row = rondo__calloc(written->count + 1, sizeof *row);
    if (!row)
        return false;
    for (size_t j = 0; j <= written->count; j++)
        row[j] = (edits){.added = (int64_t)j};
    for (size_t i = 0; i < right->count; i++) {
        edits diagonal = row[0];
        row[0] = plus(row[0], 0, 1, 0);
        for (size_t j = 1; j <= written->count; j++) {
            edits best = plus(diagonal, right->data[i] != written->data[j - 1], 0, 0);
            const edits missing = plus(row[j], 0, 1, 0), added = plus(row[j - 1], 0, 0, 1);
            if (cost(&missing) < cost(&best))
                best = missing;
            if (cost(&added) < cost(&best))
                best = added;
            diagonal = row[j];
            row[j] = best;
        }
    }
    *out = row[written->count];
    rondo__free(row);
    return true;
}

static bool add_characters(rondo__transcribe_score *s, const char *right, const char *written, bool lower, bool *same) {
    rondo__row rows[2] = {{0}};
    edits e = {0};
    bool fine = rondo__row_decode(&rows[0], right, lower) && rondo__row_decode(&rows[1], written, lower);
    if (fine) {
        rondo__row_strip_end(&rows[0]);
        rondo__row_strip_end(&rows[1]);
        fine = count_edits(&rows[0], &rows[1], &e);
    }
    s->characters += (int64_t)rows[0].count;
    s->changed += e.changed;
    s->missing += e.missing;
    s->added += e.added;
    *same = cost(&e) == 0;
    rondo__row_free(&rows[0]);
    rondo__row_free(&rows[1]);
    return fine;
}

static bool add_words(rondo__transcribe_score *s, const char *right, const char *written, bool lower) {
    rondo__row words[2] = {{0}}, scratch[2] = {{0}};
    rondo__trie names = {0};
    edits e = {0};
    const bool fine = rondo__row_words_of_pair(words, right, written, lower, scratch, &names) &&
                      count_edits(&words[0], &words[1], &e);
    s->words += (int64_t)words[0].count;
    s->word_edits += cost(&e);
    for (int i = 0; i < 2; i++) {
        rondo__row_free(&words[i]);
        rondo__row_free(&scratch[i]);
    }
    rondo__trie_free(&names);
    return fine;
}

/* ---- mistakes ---- */

static bool add_mistake(rondo__transcribe_score *s, const char *right, const char *written) {
    if (s->mistakes == s->capacity) {
        const int64_t capacity = 2 * s->capacity + 16;
        mistake *list = rondo__realloc(s->mistake, (size_t)s->capacity * sizeof *list, (size_t)capacity * sizeof *list);
        if (!list)
            return false;
        s->mistake = list;
        s->capacity = capacity;
    }
    mistake m = {rondo__strdup(right), rondo__strdup(written), 1};
    if (m.right && m.written) {
        s->mistake[s->mistakes++] = m;
        return true;
    }
    rondo__free(m.right);
    rondo__free(m.written);
    return false;
}

static int by_text(const void *a, const void *b) {
    const mistake *x = a, *y = b;
    const int order = strcmp(x->right, y->right);
    return order ? order : strcmp(x->written, y->written);
}

static int by_times(const void *a, const void *b) {
    const mistake *x = a, *y = b;
    return x->times != y->times ? (x->times < y->times ? 1 : -1) : by_text(a, b);
}

/* Equal ones become one that is counted. */
static void join_mistakes(rondo__transcribe_score *s) {
    int64_t kept = 0;
    if (s->mistakes == 0)
        return;
    qsort(s->mistake, (size_t)s->mistakes, sizeof *s->mistake, by_text);
    for (int64_t i = 1; i < s->mistakes; i++) {
        if (by_text(&s->mistake[kept], &s->mistake[i]) != 0) {
            s->mistake[++kept] = s->mistake[i];
            continue;
        }
        s->mistake[kept].times += s->mistake[i].times;
        rondo__free(s->mistake[i].right);
        rondo__free(s->mistake[i].written);
    }
    s->mistakes = kept + 1;
    qsort(s->mistake, (size_t)s->mistakes, sizeof *s->mistake, by_times);
}

/* ---- the door ---- */

rondo_status rondo__transcribe_score_add(rondo__transcribe_score *s, const char *right, const char *written, bool lower,
                                         rondo_error *err) {
    bool same = true;
    const bool fine = add_characters(s, right, written, lower, &same) && add_words(s, right, written, lower) &&
                      (same || add_mistake(s, right, written));
    s->texts++;
    s->wrong += !same;
    return fine ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "transcribe: no memory for the score of a text");
}

/* At most WIDTH characters. */
static int shown(const char *text) {
    int size = 0;
    for (int width = 0; text[size] && (width < WIDTH || ((unsigned char)text[size] & 0xc0) == 0x80); size++)
        width += ((unsigned char)text[size + 1] & 0xc0) != 0x80;
    return size;
}

static void quote(rondo__text *lines, const char *text) {
    const int size = shown(text);
    rondo__text_format(lines, "\"%.*s%s\"", size, text, text[size] ? "..." : "");
}

void rondo__transcribe_score_tell(rondo__transcribe_score *s, rondo__text *lines) {
    rondo__text_format(lines,
                       "characters: %lld changed, %lld missing, %lld added, of %lld; texts: %lld wrong of %lld\n",
                       (long long)s->changed, (long long)s->missing, (long long)s->added, (long long)s->characters,
                       (long long)s->wrong, (long long)s->texts);
    join_mistakes(s);
    for (int64_t i = 0; i < s->mistakes && i < SHOWN; i++) {
        rondo__text_format(lines, "%6lld x  ", (long long)s->mistake[i].times);
        quote(lines, s->mistake[i].right);
        rondo__text_format(lines, " written as ");
        quote(lines, s->mistake[i].written);
        rondo__text_add(lines, "\n", 1);
    }
    if (s->mistakes > SHOWN)
        rondo__text_format(lines, "        and %lld further ones\n", (long long)(s->mistakes - SHOWN));
}

void rondo__transcribe_score_free(rondo__transcribe_score *s) {
    for (int64_t i = 0; i < s->mistakes; i++) {
        rondo__free(s->mistake[i].right);
        rondo__free(s->mistake[i].written);
    }
    rondo__free(s->mistake);
    *s = (rondo__transcribe_score){0};
}
