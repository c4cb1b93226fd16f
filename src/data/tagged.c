/* Reading sentences with tags. Lines are cut into fields where they stand: a field becomes a string by a NUL behind it.
 *
 * A file of n lines has at most n words and n sentences, so both arrays are made before anything is read. */
#include "data/tagged.h"

#include <stdlib.h>
#include <string.h>

#include "formats/json_text.h"

enum { CONLLU_COLUMNS = 10, MOST_COLUMNS = 1000 };

static const char *const conllu_names[CONLLU_COLUMNS] = {"id",    "form", "lemma",  "upos", "xpos",
                                                         "feats", "head", "deprel", "deps", "misc"};

typedef struct reader {
    rondo__tagged *out;
    const char *label;
    int word, tag; /* columns from 0; tag -1: the last */
    bool conllu, no_tags;
    bool tabs;       /* columns: between tabs */
    int columns;     /* that the first line has; 0: none was seen */
    int64_t last_id; /* CoNLL-U: of the sentence */
    int64_t at;      /* line */
    rondo_error *err;
} reader;

bool rondo__tagged_is_conllu(const char *path) {
    static const char *const endings[] = {".conllu", ".conllu.gz"};
    const size_t size = strlen(path);
    for (int i = 0; i < 2; i++) {
        const size_t part = strlen(endings[i]);
        if (size >= part && strcmp(path + size - part, endings[i]) == 0)
            return true;
    }
    return false;
}

/* A column's number, from 1, or 0. */
static int number_of(const char *text) {
    char *end;
    if (*text < '1' || *text > '9')
        return 0;
    const long n = strtol(text, &end, 10);
    return *end == '\0' && n <= MOST_COLUMNS ? (int)n : 0;
}

int rondo__conllu_column(const char *name) {
    for (int i = 0; i < CONLLU_COLUMNS; i++) {
        if (strcmp(name, conllu_names[i]) == 0)
            return i;
    }
    const int n = number_of(name);
    return n <= CONLLU_COLUMNS ? n - 1 : -1;
}

static rondo_status find_column(const reader *r, const char *key, const char *name, int otherwise, int *out) {
    *out = otherwise;
    if (!name || !*name)
        return RONDO_OK;
    *out = r->conllu ? rondo__conllu_column(name) : number_of(name) - 1;
    if (*out >= 0)
        return RONDO_OK;
    if (r->conllu) {
        const char *near = rondo__nearest_name(name, conllu_names, CONLLU_COLUMNS);
        return rondo__fail(r->err, RONDO_FORMAT, "%s: CoNLL-U has no column '%s' for data.%s%s%s%s", r->label,
                           rondo__show(name).text, key, near ? " (did you mean '" : " (it has form, upos, xpos, ...",
                           near ? near : "", near ? "'?)" : ")");
    }
    return rondo__fail(r->err, RONDO_FORMAT,
                       "%s: data.%s is '%s', but columns of this file go by number (give 1 to %d; only .conllu files "
                       "have names)",
                       r->label, key, rondo__show(name).text, MOST_COLUMNS);
}

static rondo_status find_columns(reader *r, const rondo__tagged_spec *spec) {
    rondo_status status = find_column(r, "word_column", spec->word_column, r->conllu ? 1 : 0, &r->word);
    if (!status)
        status = find_column(r, "tag_column", spec->tag_column, r->conllu ? 3 : -1, &r->tag);
    if (!status && r->word == r->tag && !r->no_tags)
        status = rondo__fail(r->err, RONDO_FORMAT,
                             "%s: data.word_column and data.tag_column are the same, column %d (name two)", r->label,
                             r->word + 1);
    return status;
}

static rondo_status bad(const reader *r, const char *what) {
    return rondo__fail(r->err, RONDO_FORMAT, "%s:%lld: %s", r->label, (long long)r->at + 1, what);
}

/* The next field from *at, which moves behind it; NULL: there is none. */
static char *next_field(char **at, bool tabs) {
    char *begin = *at;
    if (!begin)
        return NULL;
    if (!tabs)
        begin += strspn(begin, " \t");
    if (!tabs && !*begin)
        return NULL;
    char *end = begin + strcspn(begin, tabs ? "\t" : " \t");
    *at = *end ? end + 1 : NULL;
    *end = '\0';
    return begin;
}

static void end_sentence(reader *r) {
    rondo__tagged *out = r->out;
    if (out->words > out->start[out->sentences])
        out->start[++out->sentences] = out->words;
    r->last_id = 0;
}

static void add_word(reader *r, char *word, char *tag) {
    rondo__tagged *out = r->out;
    out->line[out->words] = r->at + 1;
    out->word[out->words] = word;
    if (!r->no_tags)
        out->tag[out->words] = tag;
    out->words++;
}

/* ---- columns ---- */

static rondo_status check_count(reader *r, int count) {
    if (r->columns == 0)
        r->columns = count;
    if (count != r->columns)
        return rondo__fail(r->err, RONDO_FORMAT, "%s:%lld: %d column%s where the first line has %d", r->label,
                           (long long)r->at + 1, count, count == 1 ? "" : "s", r->columns);
    const int least = r->no_tags ? r->word + 1 : r->tag < 0 ? r->word + 2 : r->tag > r->word ? r->tag + 1 : r->word + 1;
    if (count < least)
        return rondo__fail(r->err, RONDO_FORMAT,
                           "%s:%lld: %d column%s, but %d are needed (a line reads WORD TAG; a blank line ends a "
                           "sentence)",
                           r->label, (long long)r->at + 1, count, count == 1 ? "" : "s", least);
    return RONDO_OK;
}

static rondo_status read_columns(reader *r, char *line) {
    char *at = line, *word = NULL, *tag = NULL;
    int count = 0;
    if (line[strspn(line, " \t")] == '\0') {
        end_sentence(r);
        return RONDO_OK;
    }
    if (strncmp(line, "-DOCSTART-", 10) == 0)
        return RONDO_OK;
    if (r->columns == 0)
        r->tabs = strchr(line, '\t') != NULL;
    for (char *field; (field = next_field(&at, r->tabs)); count++) {
        if (count == MOST_COLUMNS)
            return bad(r, "more than 1000 columns");
        if (count == r->word)
            word = field;
        if (count == r->tag || r->tag < 0)
            tag = field;
    }
    rondo_status status = check_count(r, count);
    if (status)
        return status;
    if (!*word)
        return bad(r, "the word is empty");
    if (!r->no_tags && !*tag)
        return bad(r, "the tag is empty");
    add_word(r, word, tag);
    return RONDO_OK;
}

/* ---- CoNLL-U ---- */

/* The number of a word; 0: a range or an empty node; -1: no such thing. */
static int64_t word_id(const char *id) {
    const size_t digits = strspn(id, "0123456789");
    if (digits == 0 || digits > 9)
        return -1;
    if (id[digits] == '\0')
        return *id == '0' ? -1 : atoll(id);
    const char *rest = id + digits + 1;
    const bool marked = id[digits] == '-' || id[digits] == '.';
    return marked && *rest && rest[strspn(rest, "0123456789")] == '\0' ? 0 : -1;
}

static rondo_status split_conllu(const reader *r, char *line, char *field[CONLLU_COLUMNS]) {
    char *at = line;
    int count = 0;
    for (char *next; (next = next_field(&at, true)); count++) {
        if (count < CONLLU_COLUMNS)
            field[count] = next;
    }
    if (count != CONLLU_COLUMNS)
        return rondo__fail(r->err, RONDO_FORMAT, "%s:%lld: %d column%s between tabs (CoNLL-U has 10)", r->label,
                           (long long)r->at + 1, count, count == 1 ? "" : "s");
    for (int i = 0; i < CONLLU_COLUMNS; i++) {
        if (!*field[i])
            return rondo__fail(r->err, RONDO_FORMAT, "%s:%lld: column %d (%s) is empty (CoNLL-U writes _ for nothing)",
                               r->label, (long long)r->at + 1, i + 1, conllu_names[i]);
    }
    return RONDO_OK;
}

static rondo_status read_conllu(reader *r, char *line) {
    char *field[CONLLU_COLUMNS];
    if (line[strspn(line, " \t")] == '\0') {
        end_sentence(r);
        return RONDO_OK;
    }
    if (*line == '#')
        return RONDO_OK;
    rondo_status status = split_conllu(r, line, field);
    if (status)
        return status;
    const int64_t id = word_id(field[0]);
    if (id == 0)
        return RONDO_OK;
    if (id < 0)
        return rondo__fail(r->err, RONDO_FORMAT,
                           "%s:%lld: '%s' is no number of a word (1), range (3-4) or empty node (8.1)", r->label,
                           (long long)r->at + 1, rondo__show(field[0]).text);
    if (id != r->last_id + 1)
        return rondo__fail(r->err, RONDO_FORMAT,
                           "%s:%lld: word %lld follows word %lld (a blank line goes between sentences)", r->label,
                           (long long)r->at + 1, (long long)id, (long long)r->last_id);
    if (!r->no_tags && r->tag == 3 && strcmp(field[3], "_") == 0)
        return bad(r, "the word has no upos, only _ (annotate it, or choose another data.tag_column)");
    r->last_id = id;
    add_word(r, field[r->word], field[r->tag]);
    return RONDO_OK;
}

/* ---- the whole ---- */

static rondo_status make_room(reader *r) {
    rondo__tagged *out = r->out;
    const size_t n = (size_t)out->text.count;
    out->start = rondo__calloc(n + 1, sizeof *out->start);
    out->line = rondo__calloc(n, sizeof *out->line);
    out->word = rondo__calloc(n, sizeof *out->word);
    out->tag = r->no_tags ? NULL : rondo__calloc(n, sizeof *out->tag);
    if (out->start && out->line && out->word && (r->no_tags || out->tag))
        return RONDO_OK;
    return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for its sentences", r->label);
}

rondo_status rondo__tagged_take(rondo__tagged *out, const char *label, rondo__lines *lines,
                                const rondo__tagged_spec *spec, rondo_error *err) {
    reader r = {.out = out, .label = label, .conllu = spec->conllu, .no_tags = spec->no_tags, .err = err};
    *out = (rondo__tagged){.text = *lines};
    *lines = (rondo__lines){0};
    rondo_status status = find_columns(&r, spec);
    if (!status)
        status = make_room(&r);
    for (r.at = 0; r.at < out->text.count && !status; r.at++)
        status = r.conllu ? read_conllu(&r, out->text.line[r.at]) : read_columns(&r, out->text.line[r.at]);
    if (!status) {
        end_sentence(&r);
        if (out->words == 0)
            status = rondo__fail(err, RONDO_FORMAT, "%s: there is no word in it", label);
    }
    if (status)
        rondo__tagged_free(out);
    return status;
}

rondo_status rondo__tagged_read(rondo__tagged *out, const char *path, const rondo__tagged_spec *spec,
                                rondo_error *err) {
    rondo__tagged_spec found = *spec;
    rondo__lines lines;
    found.conllu = rondo__tagged_is_conllu(path);
    *out = (rondo__tagged){0};
    const rondo_status status = rondo__lines_read(&lines, path, err);
    return status ? status : rondo__tagged_take(out, path, &lines, &found, err);
}

void rondo__tagged_free(rondo__tagged *tagged) {
    rondo__free(tagged->start);
    rondo__free(tagged->line);
    rondo__free(tagged->word);
    rondo__free(tagged->tag);
    rondo__lines_free(&tagged->text);
    *tagged = (rondo__tagged){0};
}
