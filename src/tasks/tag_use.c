/* The public face of taggers in use: words in, labels out. */
#include <string.h>

#include "tasks/model.h"
#include "tasks/tag.h"

static rondo__tag *tagger(const rondo_model *model) {
    return model && model->task->class == &rondo__tag_class ? (rondo__tag *)model->task : NULL;
}

const char *const *rondo_model_tags(const rondo_model *model, int64_t *count) {
    const rondo__tag *t = tagger(model);
    if (count)
        *count = t ? t->K : 0;
    return t ? t->vocabulary.label : NULL;
}

void rondo_tagging_free(rondo_tagging *tagging) {
    if (!tagging)
        return;
    rondo__free(tagging->number);
    rondo__free(tagging->label);
    rondo__free(tagging->probability);
    *tagging = (rondo_tagging){0};
}

static rondo_status check_word(const char *word, int64_t sentence, int64_t place, rondo_error *err) {
    const char *what = !word          ? "is NULL"
                       : word[0] == 0 ? "is empty"
                       : rondo__utf8_check(word, strlen(word)) < strlen(word)
                           ? "is not UTF-8 (convert it, for example with iconv)"
                           : NULL;
    return what ? rondo__fail(err, RONDO_ARGUMENT, "sentence %lld: word %lld %s", (long long)sentence,
                              (long long)place + 1, what)
                : RONDO_OK;
}

static rondo_status check_sentences(int64_t sentences, const rondo_sentence *sentence, int64_t first, int64_t *words,
                                    rondo_error *err) {
    rondo_status status = RONDO_OK;
    *words = 0;
    for (int64_t i = 0; i < sentences && !status; i++) {
        const rondo_sentence *s = &sentence[i];
        if (s->count < 0 || (s->count > 0 && !s->word) || __builtin_add_overflow(*words, s->count, words))
            status = rondo__fail(err, RONDO_ARGUMENT, "sentence %lld: a count of words is wrong",
                                 (long long)(first + i + 1));
        for (int64_t k = 0; k < s->count && !status; k++)
            status = check_word(s->word[k], first + i + 1, k, err);
    }
    return status;
}

/* The sentences that are not empty, as if read from a file. */
static rondo_status gather(int64_t sentences, const rondo_sentence *sentence, int64_t words, rondo__tagged *out,
                           rondo_error *err) {
    *out = (rondo__tagged){.start = rondo__calloc((size_t)sentences + 1, sizeof *out->start),
                           .word = rondo__calloc((size_t)words, sizeof *out->word)};
    if (!out->start || !out->word) {
        rondo__tagged_free(out);
        return rondo__fail(err, RONDO_MEMORY, "tag: no memory for %lld words", (long long)words);
    }
    for (int64_t i = 0; i < sentences; i++) {
        for (int64_t k = 0; k < sentence[i].count; k++)
            out->word[out->words++] = (char *)(uintptr_t)sentence[i].word[k];
        if (sentence[i].count > 0)
            out->start[++out->sentences] = out->words;
    }
    return RONDO_OK;
}

static bool fill(const rondo__tag *t, const rondo__tag_found *found, int64_t first, rondo_tagging *out) {
    const size_t n = (size_t)out->count;
    out->number = rondo__calloc(n, sizeof *out->number);
    out->label = rondo__calloc(n, sizeof *out->label);
    out->probability = found->probability ? rondo__calloc(n, sizeof *out->probability) : NULL;
    if (!out->number || !out->label || (found->probability && !out->probability))
        return false;
    for (int64_t i = 0; i < out->count; i++) {
        out->number[i] = found->label[first + i];
        out->label[i] = t->vocabulary.label[out->number[i]];
        if (out->probability)
            out->probability[i] = found->probability[first + i];
    }
    return true;
}

static rondo_status give(const rondo__tag *t, int64_t sentences, const rondo_sentence *sentence,
                         const rondo__tag_found *found, rondo_tagging *out, rondo_error *err) {
    int64_t first = 0;
    bool whole = true;
    for (int64_t i = 0; i < sentences; i++)
        out[i] = (rondo_tagging){.count = sentence[i].count};
    for (int64_t i = 0; i < sentences && whole; first += out[i++].count)
        whole = fill(t, found, first, &out[i]);
    for (int64_t i = 0; i < sentences && !whole; i++)
        rondo_tagging_free(&out[i]);
    return whole ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "tag: no memory for the labels");
}

static rondo_status tag(rondo_model *model, rondo__tag *t, int64_t sentences, const rondo_sentence *sentence,
                        int64_t words, bool probabilities, rondo_tagging *out, rondo_error *err) {
    rondo__tagged text;
    rondo__tag_set set = {0};
    rondo__tag_found found = {0};
    rondo_status status = gather(sentences, sentence, words, &text, err);
    if (status)
        return status;
    status = rondo__tag_set_make(&set, t, &text, 0, text.sentences, err);
    if (!status)
        status = rondo__tag_run(t, model->tape, &set, probabilities, &found, err);
    if (!status)
        status = rondo__tag_found_check(&found, err);
    if (!status)
        status = give(t, sentences, sentence, &found, out, err);
    rondo__tag_found_free(&found);
    rondo__tag_set_free(&set);
    rondo__tagged_free(&text);
    return status;
}

static rondo_status check_model(const rondo_model *model, rondo_error *err) {
    if (!model)
        return rondo__fail(err, RONDO_ARGUMENT, "tag: model is NULL");
    if (!tagger(model))
        return rondo__fail(err, RONDO_UNSUPPORTED, "%.400s: only a tagger labels words (this model is for %s)",
                           model->path, model->task->class->name);
    return RONDO_OK;
}

rondo_status rondo_model_tag(rondo_model *model, int64_t sentences, const rondo_sentence *sentence,
                             const rondo_tag_options *options, rondo_tagging *out, rondo_error *err) {
    const rondo_tag_options plain = {0}, *o = options ? options : &plain;
    int64_t words;
    rondo_status status = check_model(model, err);
    if (!status && (sentences < 0 || (sentences > 0 && (!sentence || !out))))
        status = rondo__fail(err, RONDO_ARGUMENT, "tag: needs sentences, and a place for their labels");
    if (!status)
        status = check_sentences(sentences, sentence, o->first, &words, err);
    if (status || sentences == 0)
        return status;
    status = tag(model, tagger(model), sentences, sentence, words, o->probabilities, out, err);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}

/* ---- CoNLL-U ---- */

typedef struct conllu {
    const char *label;
    rondo__text *out;
    const rondo__tag *t;
    const rondo__tagged *text;
    const rondo__tag_found *found;
    int column;
} conllu;

/* The line of a word, with its column replaced; a \r before the line's end stays. */
static void put_word(const conllu *c, const char *line, size_t size, const char *label) {
    size_t begin = 0, end;
    for (int i = 0; i < c->column; i++)
        begin += strcspn(line + begin, "\t") + 1;
    end = begin + strcspn(line + begin, "\t\r\n");
    rondo__text_add(c->out, line, begin);
    rondo__text_add(c->out, label, strlen(label));
    rondo__text_add(c->out, line + end, size - end);
}

static void put_all(const conllu *c, const char *text, size_t size) {
    int64_t word = 0, line = 0;
    for (size_t at = 0, length; at < size; at += length) {
        const char *end = memchr(text + at, '\n', size - at);
        length = end ? (size_t)(end - (text + at)) + 1 : size - at;
        line++;
        if (word < c->text->words && c->text->line[word] == line) {
            put_word(c, text + at, length, c->t->vocabulary.label[c->found->label[word]]);
            word++;
        } else
            rondo__text_add(c->out, text + at, length);
    }
}

static rondo_status find_column(const rondo__tag *t, int *out, rondo_error *err) {
    const char *name = t->base.recipe.data.tag_column;
    *out = *name ? rondo__conllu_column(name) : 3;
    return *out > 1
               ? RONDO_OK
               : rondo__fail(err, RONDO_ARGUMENT,
                             "tag: the model's data.tag_column is '%s', which is no column of CoNLL-U to put labels "
                             "in (tag lines of words)",
                             name);
}

/* text ends in a NUL that size does not count. */
static rondo_status tag_conllu(rondo_model *model, const char *label, const char *text, size_t size, rondo__text *out,
                               rondo_error *err) {
    rondo__tag *t = tagger(model);
    rondo__tagged_spec spec = rondo__tag_spec(t);
    rondo__lines lines;
    rondo__tagged words = {0};
    rondo__tag_set set = {0};
    rondo__tag_found found = {0};
    conllu c = {.label = label, .out = out, .t = t, .text = &words, .found = &found};
    spec.conllu = spec.no_tags = true;
    rondo_status status = find_column(t, &c.column, err);
    if (!status)
        status = rondo__lines_split(&lines, label, text, size, err);
    if (!status)
        status = rondo__tagged_take(&words, label, &lines, &spec, err);
    if (!status)
        status = rondo__tag_set_make(&set, t, &words, 0, words.sentences, err);
    if (!status)
        status = rondo__tag_run(t, model->tape, &set, false, &found, err);
    if (!status)
        status = rondo__tag_found_check(&found, err);
    if (!status)
        put_all(&c, text, size);
    if (!status && out->failed)
        status = rondo__fail(err, RONDO_MEMORY, "%s: no memory for the text with its tags", label);
    rondo__tag_found_free(&found);
    rondo__tag_set_free(&set);
    rondo__tagged_free(&words);
    return status;
}

rondo_status rondo_model_tag_conllu(rondo_model *model, const char *path, const char *text, size_t size,
                                    rondo_text_fn write, void *arg, rondo_error *err) {
    rondo__text out = {0};
    char *data = NULL;
    rondo_status status = check_model(model, err);
    if (!status && (!path || !write))
        status = rondo__fail(err, RONDO_ARGUMENT, "tag: needs a path, and a function to write with");
    if (status)
        return status;
    if (!text) {
        status = rondo__file_read(path, 0, &data, &size, err);
    } else { /* with a NUL behind it */
        rondo__text copy = {0};
        rondo__text_add(&copy, text, size);
        rondo__text_add(&copy, "", 0);
        data = copy.data;
        status = copy.failed ? rondo__fail(err, RONDO_MEMORY, "%s: no memory for its text", path) : RONDO_OK;
    }
    if (!status)
        status = tag_conllu(model, path, data ? data : "", size, &out, err);
    if (!status && !write(out.data ? out.data : "", out.size, arg))
        status = rondo__fail(err, RONDO_INTERRUPTED, "%s: its tags were not taken", path);
    rondo__text_free(&out);
    rondo__free(data);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}
