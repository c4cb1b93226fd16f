/* Words, characters and labels by number. In a model file: {"words": [...], "characters": [...], "labels": [...]}, each
 * by falling count in training. */
#include <string.h>

#include "data/text.h"
#include "formats/json_text.h"
#include "formats/json_tree.h"
#include "tasks/tag.h"

void rondo__tag_vocabulary_free(rondo__tag_vocabulary *v) {
    rondo__symbols_free(&v->words);
    rondo__symbols_free(&v->characters);
    rondo__symbols_free(&v->labels);
    rondo__text_free(&v->label_bytes);
    rondo__free(v->label);
    v->label = NULL;
}

/* Labels are given to callers, as strings. */
static bool name_labels(rondo__tag_vocabulary *v) {
    size_t at = 0;
    v->label = rondo__calloc((size_t)v->labels.count + 1, sizeof *v->label);
    for (int64_t i = 0; i < v->labels.count; i++) {
        size_t size;
        const char *text = rondo__symbols_text(&v->labels, i, &size);
        rondo__text_add(&v->label_bytes, text, size);
        rondo__text_add(&v->label_bytes, "", 1);
    }
    if (!v->label || v->label_bytes.failed)
        return false;
    for (int64_t i = 0; i < v->labels.count; i++) {
        v->label[i] = v->label_bytes.data + at;
        at += v->labels.item[i].size + 1;
    }
    return true;
}

static const char *lowered(const char *word, rondo__text *scratch) {
    scratch->size = 0;
    rondo__text_lower(scratch, word, strlen(word));
    return scratch->failed ? NULL : scratch->data;
}

int32_t rondo__tag_word(const rondo__tag_vocabulary *v, const char *word, rondo__text *scratch) {
    if (v->lowercase)
        word = lowered(word, scratch);
    return word ? rondo__symbols_find(&v->words, word, strlen(word)) + 1 : -1;
}

static size_t letter_size(const char *at, size_t left) {
    const int size = rondo__utf8_length((const unsigned char *)at, left);
    return size > 0 ? (size_t)size : 1; /* texts have been checked */
}

int rondo__tag_spell(const rondo__tag_vocabulary *v, const char *word, int32_t out[RONDO__MOST_LETTERS]) {
    enum { HALF = RONDO__MOST_LETTERS / 2 };
    const size_t size = strlen(word);
    int64_t letters = 0, n = 0;
    int count = 0;
    for (size_t i = 0; i < size; i += letter_size(word + i, size - i))
        letters++;
    for (size_t i = 0, part; i < size; i += part, n++) {
        part = letter_size(word + i, size - i);
        if (letters <= RONDO__MOST_LETTERS || n < HALF || n >= letters - HALF)
            out[count++] = rondo__symbols_find(&v->characters, word + i, part) + 1;
    }
    return count;
}

/* ---- from a training text ---- */

typedef struct counts {
    rondo__symbols words, characters, labels;
} counts;

static bool count_word(counts *c, const char *word, const char *tag, bool lowercase, rondo__text *scratch) {
    const size_t size = strlen(word);
    bool fine = rondo__symbols_add(&c->labels, tag, strlen(tag), 1) >= 0;
    for (size_t i = 0, part; i < size && fine; i += part) {
        part = letter_size(word + i, size - i);
        fine = rondo__symbols_add(&c->characters, word + i, part, 1) >= 0;
    }
    if (fine && lowercase)
        word = lowered(word, scratch);
    return fine && word && rondo__symbols_add(&c->words, word, strlen(word), 1) >= 0;
}

static bool count_text(counts *c, const rondo__tagged *text, int64_t words, bool lowercase) {
    rondo__text scratch = {0};
    bool fine = true;
    for (int64_t i = 0; i < words && fine; i++)
        fine = count_word(c, text->word[i], text->tag[i], lowercase, &scratch);
    rondo__text_free(&scratch);
    return fine;
}

rondo_status rondo__tag_vocabulary_build(rondo__tag_vocabulary *out, const rondo__tagged *text, int64_t sentences,
                                         const rondo__recipe *recipe, rondo_error *err) {
    const int64_t most = recipe->data.words.max_size > 0 ? recipe->data.words.max_size : INT32_MAX;
    counts c = {0};
    *out = (rondo__tag_vocabulary){.lowercase = recipe->data.words.lowercase};
    const bool fine = count_text(&c, text, text->start[sentences], out->lowercase) &&
                      rondo__symbols_sort(&c.words, &out->words, recipe->data.words.min_count, most) &&
                      rondo__symbols_sort(&c.characters, &out->characters, 1, INT32_MAX) &&
                      rondo__symbols_sort(&c.labels, &out->labels, 1, INT32_MAX) && name_labels(out);
    rondo__symbols_free(&c.words);
    rondo__symbols_free(&c.characters);
    rondo__symbols_free(&c.labels);
    if (fine)
        return RONDO_OK;
    rondo__tag_vocabulary_free(out);
    return rondo__fail(err, RONDO_MEMORY, "data: no memory for the words of the text");
}

/* ---- in a model file ---- */

static void put(rondo__text *json, const char *key, const rondo__symbols *set) {
    rondo__text_format(json, "\"%s\": [", key);
    for (int64_t i = 0; i < set->count; i++) {
        size_t size;
        const char *text = rondo__symbols_text(set, i, &size);
        rondo__text_add(json, ", ", i ? 2 : 0);
        rondo__json_string(json, text, size);
    }
    rondo__text_add(json, "]", 1);
}

rondo_status rondo__tag_vocabulary_json(const rondo__tag_vocabulary *v, rondo__text *json) {
    rondo__text_add(json, "{", 1);
    put(json, "words", &v->words);
    rondo__text_add(json, ", ", 2);
    put(json, "characters", &v->characters);
    rondo__text_add(json, ", ", 2);
    put(json, "labels", &v->labels);
    rondo__text_add(json, "}", 1);
    return json->failed ? RONDO_MEMORY : RONDO_OK;
}

/* A word or a tag stands in one field of a line; a character is one code point. */
static bool fits(const char *text, size_t size, bool letter) {
    if (size == 0 || strlen(text) != size || strpbrk(text, "\t\n"))
        return false;
    return !letter || rondo__utf8_length((const unsigned char *)text, size) == (int)size;
}

static rondo_status take(rondo__symbols *out, const rondo__json *root, const char *key, const char *path,
                         rondo_error *err) {
    const rondo__json *array = rondo__json_get(root, key);
    const size_t count = rondo__json_size(array);
    if (!rondo__json_is_array(array) || count > INT32_MAX / 4)
        return rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: '%s' is no list", path, key);
    for (size_t i = 0; i < count; i++) {
        const rondo__json *item = rondo__json_at(array, i);
        const char *text = rondo__json_as_text(item);
        if (!text || !fits(text, rondo__json_text_size(item), *key == 'c'))
            return rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: item %zu of '%s' cannot be one", path, i, key);
        const int32_t place = rondo__symbols_add(out, text, rondo__json_text_size(item), 1);
        if (place < 0)
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the vocabulary", path);
        if ((size_t)place != i)
            return rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: '%s' is there twice in '%s'", path,
                               rondo__show(text).text, key);
    }
    return RONDO_OK;
}

rondo_status rondo__tag_vocabulary_load(rondo__tag_vocabulary *out, const char *json, const rondo__recipe *recipe,
                                        const char *path, rondo_error *err) {
    rondo__json_error where;
    rondo__json *root = rondo__json_parse(json, strlen(json), true, &where);
    *out = (rondo__tag_vocabulary){.lowercase = recipe->data.words.lowercase};
    if (!root)
        return rondo__fail(err, where.memory ? RONDO_MEMORY : RONDO_FORMAT, "%s: vocabulary: %s", path,
                           rondo__show(where.text).text);
    rondo_status status = take(&out->words, root, "words", path, err);
    if (!status)
        status = take(&out->characters, root, "characters", path, err);
    if (!status)
        status = take(&out->labels, root, "labels", path, err);
    if (!status && out->labels.count == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: vocabulary: 'labels' is empty", path);
    if (!status && !name_labels(out))
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the vocabulary", path);
    rondo__json_free(root);
    if (status)
        rondo__tag_vocabulary_free(out);
    return status;
}
