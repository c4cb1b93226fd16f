/* Memory: one list of values, and one block for all texts. A text decoded is never longer than its source (the quotes,
 * or what must stand behind a number, leave room for its end), so the block has the source's size and never moves.
 * Values of a container wait on a stack until it closes and then go to the list side by side; only the end turns their
 * places into pointers, as the list moves when it grows. */
#include "formats/json_tree.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 200

typedef struct list {
    rondo__json *at;
    size_t count, capacity;
} list;

typedef struct tree {
    rondo__json root; /* first: what callers hold */
    list values;
    char *texts;
} tree;

typedef struct reader {
    tree *tree;
    list stack;
    const char *source, *at, *end;
    char *text; /* next free place in tree->texts */
    unsigned line;
    int depth;
    bool different;
    rondo__json_error *error;
} reader;

static bool fail(reader *in, const char *what) {
    const char *p = in->at;
    while (p > in->source && p[-1] != '\n')
        p--;
    *in->error = (rondo__json_error){
        .line = (int)in->line + 1, .column = (int)(in->at - p) + 1, .position = (int)(in->at - in->source)};
    snprintf(in->error->text, sizeof in->error->text, "%s", in->at == in->end ? "it ends too early" : what);
    return false;
}

static bool no_memory(reader *in) {
    fail(in, "out of memory");
    snprintf(in->error->text, sizeof in->error->text, "out of memory");
    in->error->memory = true;
    return false;
}

static bool append(list *to, const rondo__json *from, size_t count) {
    if (count > to->capacity - to->count) {
        size_t capacity = to->capacity < 16 ? 16 : to->capacity, bytes;
        while (capacity - to->count < count)
            capacity *= 2;
        rondo__json *at = rondo__size_mul(capacity, sizeof *at, &bytes)
                              ? rondo__realloc(to->at, to->capacity * sizeof *at, bytes)
                              : NULL;
        if (!at)
            return false;
        to->at = at;
        to->capacity = capacity;
    }
    if (count > 0)
        memcpy(to->at + to->count, from, count * sizeof *from);
    to->count += count;
    return true;
}

static void skip_blanks(reader *in) {
    for (; in->at < in->end && strchr(" \t\r\n", *in->at) && *in->at; in->at++)
        in->line += *in->at == '\n';
}

/* Does c come next? It is then passed. */
static bool take(reader *in, char c) {
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

/* ---- strings ---- */

static int hex4(const char *p, const char *end) {
    int value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xE0 | code >> 12);
        } else {
            *to++ = (char)(0xF0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 63));
        }
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* Behind "\u": four digits, and where they are half of a pair, the other half. */
static bool take_unicode(reader *in) {
    const int high = hex4(in->at, in->end);
    int low = 0;
    if (high <= 0)
        return fail(in, high == 0 ? "\\u0000 is not allowed" : "\\u without four hexadecimal digits");
    in->at += 4;
    const bool pair = high >= 0xD800 && high < 0xDC00;
    if (pair) {
        low = in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u' ? hex4(in->at + 2, in->end) : -1;
        in->at += low < 0 ? 0 : 6;
    }
    if ((high >= 0xDC00 && high < 0xE000) || (pair && (low < 0xDC00 || low >= 0xE000)))
        return fail(in, "half of a surrogate pair");
    in->text = put_utf8(in->text, pair ? 0x10000u + ((unsigned)(high - 0xD800) << 10) + (unsigned)(low - 0xDC00)
                                       : (unsigned)high);
    return true;
}

static bool take_escape(reader *in) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (take(in, 'u'))
        return take_unicode(in);
    const char *letter = in->at < in->end && *in->at ? strchr(letters, *in->at) : NULL;
    if (!letter)
        return fail(in, "a backslash before what needs none");
    in->at++;
    *in->text++ = meanings[letter - letters];
    return true;
}

/* Behind the opening quote. */
static bool take_string(reader *in, const char **text, size_t *size) {
    char *begin = in->text;
    while (!take(in, '"')) {
        if (take(in, '\\')) {
            if (!take_escape(in))
                return false;
            continue;
        }
        const int length = rondo__utf8_length((const unsigned char *)in->at, (size_t)(in->end - in->at));
        if (length == 0 || (unsigned char)*in->at < 0x20)
            return fail(in, length ? "a control character in a string" : "a byte that is not UTF-8");
        memcpy(in->text, in->at, (size_t)length);
        in->text += length;
        in->at += length;
    }
    *text = begin;
    *size = (size_t)(in->text - begin);
    *in->text++ = '\0';
    return true;
}

/* ---- numbers and words ---- */

static bool take_digits(reader *in) {
    const char *begin = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > begin;
}

static bool read_number(reader *in, rondo__json *value, const char *begin) {
    value->size = (size_t)(in->at - begin);
    value->text = in->text;
    memcpy(in->text, begin, value->size);
    in->text += value->size;
    *in->text++ = '\0';
    if (!rondo__text_number(value->text, &value->real))
        return fail(in, "a number that cannot be read");
    errno = 0;
    if (value->type == RONDO__JSON_REAL)
        return isfinite(value->real) ? true : fail(in, "a number that is too large");
    value->whole = strtoll(value->text, NULL, 10);
    return errno == ERANGE ? fail(in, "a whole number that is too large") : true;
}

static bool take_number(reader *in, rondo__json *value) {
    const char *begin = in->at;
    value->type = RONDO__JSON_INTEGER;
    take(in, '-');
    if (!take(in, '0') && !take_digits(in))
        return fail(in, "no value");
    if (take(in, '.')) {
        value->type = RONDO__JSON_REAL;
        if (!take_digits(in))
            return fail(in, "no digit behind the point");
    }
    if (take(in, 'e') || take(in, 'E')) {
        value->type = RONDO__JSON_REAL;
        if (!take(in, '+'))
            take(in, '-');
        if (!take_digits(in))
            return fail(in, "no digit in the exponent");
    }
    return read_number(in, value, begin);
}

static bool take_word(reader *in, rondo__json *value) {
    static const char *const words[] = {"null", "false", "true"};
    for (int i = 0; i < 3; i++) {
        const size_t size = strlen(words[i]);
        if ((size_t)(in->end - in->at) >= size && memcmp(in->at, words[i], size) == 0) {
            value->type = (rondo__json_type)i;
            value->text = words[i];
            value->size = size;
            in->at += size;
            return true;
        }
    }
    return take_number(in, value);
}

/* ---- containers ---- */

static bool take_value(reader *in, rondo__json *value);

static int by_key(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static bool keys_differ(reader *in, const rondo__json *member, size_t count) {
    size_t twins = 0;
    if (!in->different || count < 2)
        return true;
    const char **keys = rondo__calloc(count, sizeof *keys);
    if (!keys)
        return no_memory(in);
    for (size_t i = 0; i < count; i++)
        keys[i] = member[i].key;
    qsort(keys, count, sizeof *keys, by_key);
    for (size_t i = 1; i < count; i++)
        twins += strcmp(keys[i - 1], keys[i]) == 0;
    rondo__free(keys);
    return twins ? fail(in, "a key that stands twice") : true;
}

static bool take_member(reader *in, bool object) {
    rondo__json member = {0};
    skip_blanks(in);
    if (object) {
        size_t size;
        if (!take(in, '"'))
            return fail(in, "no key");
        if (!take_string(in, &member.key, &size))
            return false;
        skip_blanks(in);
        if (!take(in, ':'))
            return fail(in, "no ':' behind a key");
        skip_blanks(in);
    }
    if (!take_value(in, &member))
        return false;
    return append(&in->stack, &member, 1) ? true : no_memory(in);
}

/* Behind the opening bracket. */
static bool take_container(reader *in, rondo__json *value, bool object) {
    const size_t base = in->stack.count;
    const char close = object ? '}' : ']';
    if (++in->depth > MOST_DEPTH)
        return fail(in, "it is nested too deep");
    value->type = object ? RONDO__JSON_OBJECT : RONDO__JSON_ARRAY;
    skip_blanks(in);
    if (!take(in, close)) {
        do {
            if (!take_member(in, object))
                return false;
            skip_blanks(in);
        } while (take(in, ','));
        if (!take(in, close))
            return fail(in, object ? "no ',' or '}'" : "no ',' or ']'");
    }
    value->size = in->stack.count - base;
    value->whole = (int64_t)in->tree->values.count; /* its place, until the end */
    in->depth--;
    if (value->size == 0)
        return true;
    if (object && !keys_differ(in, in->stack.at + base, value->size))
        return false;
    if (!append(&in->tree->values, in->stack.at + base, value->size))
        return no_memory(in);
    in->stack.count = base;
    return true;
}

static bool take_value(reader *in, rondo__json *value) {
    bool good;
    value->raw = in->at;
    value->line = in->line;
    if (take(in, '{')) {
        good = take_container(in, value, true);
    } else if (take(in, '[')) {
        good = take_container(in, value, false);
    } else if (take(in, '"')) {
        value->type = RONDO__JSON_STRING;
        good = take_string(in, &value->text, &value->size);
    } else {
        good = take_word(in, value);
    }
    value->raw_size = (size_t)(in->at - value->raw);
    return good;
}

static bool read_all(reader *in) {
    skip_blanks(in);
    if (in->at == in->end || (*in->at != '{' && *in->at != '['))
        return fail(in, "no '{' or '['");
    if (!take_value(in, &in->tree->root))
        return false;
    skip_blanks(in);
    return in->at == in->end ? true : fail(in, "something behind its end");
}

static void point(const tree *t, rondo__json *value) {
    if (value->type < RONDO__JSON_ARRAY)
        return;
    value->child = value->size ? t->values.at + value->whole : NULL;
    value->whole = 0;
}

rondo__json *rondo__json_parse(const char *text, size_t size, bool different, rondo__json_error *error) {
    tree *t = rondo__calloc(1, sizeof *t);
    reader in = {.tree = t, .source = text, .at = text, .end = text + size, .different = different, .error = error};
    *error = (rondo__json_error){0};
    if (t)
        in.text = t->texts = rondo__alloc(size + 1);
    const bool good = !t || !t->texts ? no_memory(&in) : read_all(&in);
    rondo__free(in.stack.at);
    if (!good) {
        rondo__json_free(t ? &t->root : NULL);
        return NULL;
    }
    point(t, &t->root);
    for (size_t i = 0; i < t->values.count; i++)
        point(t, &t->values.at[i]);
    return &t->root;
}

void rondo__json_free(rondo__json *root) {
    tree *t = (tree *)root;
    if (!t)
        return;
    rondo__free(t->values.at);
    rondo__free(t->texts);
    rondo__free(t);
}

/* ---- looking ---- */

rondo__json *rondo__json_get(const rondo__json *value, const char *key) {
    for (size_t i = 0; value && key && value->type == RONDO__JSON_OBJECT && i < value->size; i++)
        if (strcmp(value->child[i].key, key) == 0)
            return &value->child[i];
    return NULL;
}

rondo__json *rondo__json_at(const rondo__json *value, size_t index) {
    return value && value->type == RONDO__JSON_ARRAY && index < value->size ? &value->child[index] : NULL;
}

bool rondo__json_member(const rondo__json *value, size_t index, const char **key, rondo__json **member) {
    if (!value || value->type != RONDO__JSON_OBJECT || index >= value->size)
        return false;
    *member = &value->child[index];
    *key = (*member)->key;
    return true;
}
