/* Pointer networks: what each source symbol stands for on the target's side.
 *
 * Between word vocabularies a source word is the target's word of the same letters; where there is none it gets an id
 * beyond V, its own within the line. Within one shared vocabulary of any other kind a symbol is itself. */
#include <string.h>

#include "data/text.h"
#include "tasks/translate.h"

void rondo__copy_free(rondo__copy_ids *copy) {
    rondo__id_lines_free(&copy->source);
    rondo__id_lines_free(&copy->target);
    copy->unknown = 0;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* Words, each with a NUL behind it. */
static void add_words(const char *line, rondo__text *out) {
    while (*line) {
        size_t size = 0;
        while (is_blank(*line))
            line++;
        while (line[size] && !is_blank(line[size]))
            size++;
        if (size > 0) {
            rondo__text_add(out, line, size);
            rondo__text_add(out, "", 1);
        }
        line += size;
    }
}

static void add_characters(const char *line, size_t size, rondo__text *out) {
    for (size_t at = 0; at < size;) {
        const int length = rondo__utf8_length((const unsigned char *)line + at, size - at);
        const size_t step = length > 0 ? (size_t)length : 1;
        rondo__text_add(out, line + at, step);
        rondo__text_add(out, "", 1);
        at += step;
    }
}

/* Bytes that are part of no character, as a piece may hold, become question marks. */
static void add_pieces(const rondo__tokenizer *tokenizer, const int32_t *ids, int64_t count, rondo__text *out) {
    for (int64_t i = 0; i < count && !out->failed; i++) {
        const size_t from = out->size;
        if (rondo__tokenizer_decode(tokenizer, &ids[i], 1, true, out))
            out->failed = true;
        for (size_t valid; !out->failed && out->size > from;) {
            valid = rondo__utf8_check(out->data + from, out->size - from);
            if (valid == out->size - from)
                break;
            out->data[from + valid] = '?';
        }
        rondo__text_add(out, "", 1);
    }
}

/* Takes the text over: strings of which each ends in NUL. */
static bool split_strings(rondo__lines *out, rondo__text *text) {
    int64_t count = 0;
    for (size_t i = 0; i < text->size; i++)
        count += text->data[i] == '\0';
    *out = (rondo__lines){.text = text->data, .count = count};
    out->line = text->failed ? NULL : rondo__calloc((size_t)count + 1, sizeof *out->line);
    if (!out->line) {
        rondo__lines_free(out);
        return false;
    }
    char *at = text->data;
    for (int64_t i = 0; i < count; i++) {
        out->line[i] = at;
        at += strlen(at) + 1;
    }
    return true;
}

/* kind: of the tokenizer whose symbols these are. */
static bool strings_of(const rondo__tokenizer *tokenizer, bool lowercase, const char *line, const int32_t *ids,
                       int64_t count, rondo__lines *out) {
    const rondo__tokenizer_kind kind = rondo__tokenizer_get_kind(tokenizer);
    rondo__text text = {0}, lower = {0};
    if (lowercase && kind != RONDO__SENTENCEPIECE) {
        rondo__text_lower(&lower, line, strlen(line));
        line = lower.data ? lower.data : "";
    }
    if (kind == RONDO__WORD)
        add_words(line, &text);
    else if (kind == RONDO__CHAR)
        add_characters(line, strlen(line), &text);
    else
        add_pieces(tokenizer, ids, count, &text);
    text.failed = text.failed || lower.failed;
    rondo__text_free(&lower);
    return split_strings(out, &text);
}

rondo_status rondo__surfaces(const rondo__translate *t, bool target, const char *line, const int32_t *ids,
                             int64_t count, rondo__lines *out, rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const bool own = target && !data->shared_vocabulary;
    const bool lowercase = own ? data->target_tokenizer.lowercase : data->source_tokenizer.lowercase;
    if (!strings_of(target ? t->target : t->source, lowercase, line, ids, count, out))
        return rondo__fail(err, RONDO_MEMORY, "translate: no memory for the words of a line");
    if (out->count == count)
        return RONDO_OK;
    rondo__lines_free(out);
    return rondo__fail(err, RONDO_FORMAT, "translate: the words of a line cannot be told apart");
}

/* ids: the line in the target's vocabulary. */
static int64_t place_words(const rondo__translate *t, const rondo__lines *words, const int32_t *ids, int32_t *out) {
    const bool by_word = rondo__tokenizer_get_kind(t->target) == RONDO__WORD;
    int64_t extra = 0;
    for (int64_t i = 0; i < words->count; i++) {
        int64_t twin = 0;
        out[i] = ids[i] != t->unknown ? ids[i] : -1;
        if (out[i] >= 0 || !by_word)
            continue;
        while (twin < i && (out[twin] < t->V || strcmp(words->line[twin], words->line[i]) != 0))
            twin++;
        out[i] = twin < i ? out[twin] : (int32_t)(t->V + extra++);
    }
    return extra;
}

rondo_status rondo__copy_line(const rondo__translate *t, const char *line, const rondo__lines *words, int64_t count,
                              int32_t *out, int64_t *extra, rondo_error *err) {
    int32_t *ids = NULL;
    int64_t found = 0;
    rondo_status status = rondo__line_encode(t->target, line, strlen(line), &ids, &found, err);
    if (!status && (found != count || words->count != count))
        status = rondo__fail(err, RONDO_FORMAT, "translate: the words of a line cannot be told apart");
    if (!status)
        *extra = place_words(t, words, ids, out);
    rondo__free(ids);
    return status;
}

/* Target words that the vocabulary lacks but the source has. */
static rondo_status place_targets(const rondo__translate *t, const rondo__part *part, int64_t pair,
                                  const rondo__lines *words, const int32_t *copy, int32_t *out, rondo_error *err) {
    const int64_t n = rondo__id_lines_length(&part->target, pair);
    const int32_t *ids = part->target.ids + part->target.start[pair];
    rondo__lines said;
    memcpy(out, ids, (size_t)n * sizeof *out);
    if (rondo__tokenizer_get_kind(t->target) != RONDO__WORD)
        return RONDO_OK;
    const rondo_status status = rondo__surfaces(t, true, part->texts.target.line[pair], ids, n, &said, err);
    if (status)
        return status;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < words->count && out[i] == t->unknown; k++) {
            if (copy[k] >= t->V && strcmp(words->line[k], said.line[i]) == 0)
                out[i] = copy[k];
        }
    }
    rondo__lines_free(&said);
    return RONDO_OK;
}

static rondo_status place_pair(rondo__copy_ids *out, const rondo__translate *t, const rondo__part *part, int64_t pair,
                               rondo_error *err) {
    const char *line = part->texts.source.line[pair];
    int32_t *copy = out->source.ids + out->source.start[pair];
    const int64_t n = rondo__id_lines_length(&part->source, pair);
    int64_t extra = 0;
    rondo__lines words;
    rondo_status status = rondo__surfaces(t, false, line, part->source.ids + part->source.start[pair], n, &words, err);
    if (status)
        return status;
    status = rondo__copy_line(t, line, &words, n, copy, &extra, err);
    if (!status)
        status = place_targets(t, part, pair, &words, copy, out->target.ids + out->target.start[pair], err);
    out->unknown = extra > out->unknown ? extra : out->unknown;
    rondo__lines_free(&words);
    return status;
}

/* Room for as many ids as `like` has. */
static bool same_room(rondo__id_lines *out, const rondo__id_lines *like) {
    const size_t starts = (size_t)like->count + 1;
    out->count = like->count;
    out->start = rondo__calloc(starts, sizeof *out->start);
    out->ids = rondo__calloc((size_t)like->start[like->count] + 1, sizeof *out->ids);
    if (out->start)
        memcpy(out->start, like->start, starts * sizeof *out->start);
    return out->start && out->ids;
}

rondo_status rondo__copy_make(rondo__copy_ids *out, const rondo__translate *t, const rondo__part *part,
                              rondo_error *err) {
    rondo_status status = RONDO_OK;
    *out = (rondo__copy_ids){0};
    if (!same_room(&out->source, &part->source) || !same_room(&out->target, &part->target))
        status = rondo__fail(err, RONDO_MEMORY, "translate: no memory for what can be copied");
    for (int64_t i = 0; i < part->source.count && !status; i++)
        status = place_pair(out, t, part, i, err);
    if (status)
        rondo__copy_free(out);
    return status;
}
