/* The sentences of a tagger: from files to numbers. */
#include <math.h>
#include <string.h>

#include "tasks/tag.h"

rondo__tagged_spec rondo__tag_spec(const rondo__tag *t) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    return (rondo__tagged_spec){.word_column = data->word_column, .tag_column = data->tag_column};
}

void rondo__tag_set_free(rondo__tag_set *set) {
    rondo__free(set->start);
    rondo__free(set->length);
    rondo__free(set->word);
    rondo__free(set->label);
    rondo__free(set->form);
    rondo__free(set->spelling);
    rondo__free(set->characters);
    rondo__free(set->place);
    *set = (rondo__tag_set){0};
}

static rondo_status no_memory(const rondo__tag_set *set, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "data: no memory for %lld words", (long long)set->words);
}

/* ---- spelling ---- */

/* Which words are the same? */
static bool number_forms(rondo__tag_set *set, rondo__symbols *forms, const rondo__tagged *text) {
    bool fine = true;
    for (int64_t i = 0; i < set->words && fine; i++) {
        const char *word = text->word[set->first + i];
        set->form[i] = rondo__symbols_add(forms, word, strlen(word), 1);
        fine = set->form[i] >= 0;
    }
    set->forms = forms->count;
    return fine;
}

/* Spells each form: twice, to know first how much it is. */
static bool spell(rondo__tag_set *set, const rondo__tag *t, const rondo__tagged *text) {
    int32_t letters[RONDO__MOST_LETTERS];
    set->spelling = rondo__calloc((size_t)set->forms + 1, sizeof *set->spelling);
    set->place = rondo__calloc((size_t)set->forms, sizeof *set->place);
    if (!set->spelling || !set->place)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        int64_t next = 0; /* forms are numbered as they come */
        for (int64_t i = 0; i < set->words; i++) {
            if (set->form[i] != next)
                continue;
            const int n = rondo__tag_spell(&t->vocabulary, text->word[set->first + i], letters);
            if (pass)
                memcpy(set->characters + set->spelling[next], letters, (size_t)n * sizeof *letters);
            set->spelling[next + 1] = set->spelling[next] + n;
            next++;
        }
        set->spelt = set->spelling[set->forms];
        if (!pass && !(set->characters = rondo__calloc((size_t)set->spelt, sizeof *set->characters)))
            return false;
    }
    return true;
}

static bool make_forms(rondo__tag_set *set, const rondo__tag *t, const rondo__tagged *text) {
    rondo__symbols forms = {0};
    set->form = rondo__calloc((size_t)set->words, sizeof *set->form);
    const bool fine = set->form && number_forms(set, &forms, text) && spell(set, t, text);
    rondo__symbols_free(&forms);
    return fine;
}

/* ---- sets ---- */

static bool make_words(rondo__tag_set *set, const rondo__tag *t, const rondo__tagged *text) {
    rondo__text scratch = {0};
    bool fine = (set->word = rondo__calloc((size_t)set->words, sizeof *set->word)) != NULL;
    for (int64_t i = 0; i < set->words && fine; i++) {
        set->word[i] = rondo__tag_word(&t->vocabulary, text->word[set->first + i], &scratch);
        fine = set->word[i] >= 0;
    }
    rondo__text_free(&scratch);
    return fine;
}

static bool make_labels(rondo__tag_set *set, const rondo__tag *t, const rondo__tagged *text) {
    set->label = rondo__calloc((size_t)set->words, sizeof *set->label);
    for (int64_t i = 0; set->label && i < set->words; i++) {
        const char *tag = text->tag[set->first + i];
        set->label[i] = rondo__symbols_find(&t->vocabulary.labels, tag, strlen(tag));
    }
    return set->label != NULL;
}

static bool make_sentences(rondo__tag_set *set, const rondo__tagged *text, int64_t from) {
    set->start = rondo__calloc((size_t)set->sentences + 1, sizeof *set->start);
    set->length = rondo__calloc((size_t)set->sentences, sizeof *set->length);
    for (int64_t i = 0; set->start && set->length && i < set->sentences; i++) {
        set->start[i + 1] = text->start[from + i + 1] - set->first;
        set->length[i] = set->start[i + 1] - set->start[i];
    }
    return set->start && set->length;
}

rondo_status rondo__tag_set_make(rondo__tag_set *out, const rondo__tag *t, const rondo__tagged *text, int64_t from,
                                 int64_t to, rondo_error *err) {
    const bool spelt = t->base.recipe.model.characters.hidden_size > 0;
    *out = (rondo__tag_set){
        .sentences = to - from, .words = text->start[to] - text->start[from], .first = text->start[from]};
    if (make_sentences(out, text, from) && make_words(out, t, text) && (!text->tag || make_labels(out, t, text)) &&
        (!spelt || make_forms(out, t, text)))
        return RONDO_OK;
    const rondo_status status = no_memory(out, err);
    rondo__tag_set_free(out);
    return status;
}

/* ---- the recipe's files ---- */

static rondo_status read_file(const rondo__tag *t, const char *name, char path[RONDO__PATH], rondo__tagged *out,
                              rondo_error *err) {
    const rondo__tagged_spec spec = rondo__tag_spec(t);
    rondo_status status = rondo__recipe_find(&t->base.recipe, name, path, err);
    return status ? status : rondo__tagged_read(out, path, &spec, err);
}

/* Sentences of the training file that are trained on. */
static rondo_status cut_train(const rondo__tag *t, const char *path, int64_t *cut, rondo_error *err) {
    const int64_t count = t->train_text.sentences;
    *cut = count;
    if (t->base.recipe.data.valid[0])
        return RONDO_OK;
    *cut = (int64_t)floor((1 - t->base.recipe.data.valid_fraction) * (double)count);
    if (*cut >= 1 && *cut < count)
        return RONDO_OK;
    return rondo__fail(err, RONDO_FORMAT,
                       "%s: %lld sentences cannot be cut into training and validation (raise data.valid_fraction, or "
                       "give data.valid)",
                       path, (long long)count);
}

static rondo_status make_valid(rondo__tag *t, int64_t cut, rondo_error *err) {
    char path[RONDO__PATH];
    const rondo__recipe_data *data = &t->base.recipe.data;
    const rondo__tagged *text = data->valid[0] ? &t->valid_text : &t->train_text;
    rondo_status status = data->valid[0] ? read_file(t, data->valid, path, &t->valid_text, err) : RONDO_OK;
    if (!status)
        status = rondo__tag_set_make(&t->valid, t, text, data->valid[0] ? 0 : cut, text->sentences, err);
    for (int64_t i = 0; i < t->valid.words && !status; i++) {
        if (t->valid.label[i] < 0 && t->unseen++ == 0)
            t->unseen_line = text->line[t->valid.first + i];
    }
    if (!status && t->unseen == t->valid.words)
        status =
            rondo__fail(err, RONDO_FORMAT, "%s: none of its tags is in the training data (is data.tag_column right?)",
                        data->valid[0] ? path : data->train);
    return status;
}

/* A metric that these tags do not have would never be better than before. */
static rondo_status check_metric(const rondo__tag *t, const char *path, rondo_error *err) {
    const char *metric = t->base.recipe.train.metric;
    if (strncmp(metric, "span_", 5) != 0 || rondo_labels_are_spans(t->vocabulary.labels.count, t->vocabulary.label))
        return RONDO_OK;
    return rondo__fail(err, RONDO_FORMAT, "train.metric is %s, but the tags of %s mark no spans (B-X, I-X, O)", metric,
                       path);
}

rondo_status rondo__tag_read(rondo__tag *t, rondo_error *err) {
    const rondo__recipe *recipe = &t->base.recipe;
    char path[RONDO__PATH];
    int64_t cut = 0;
    rondo_status status = read_file(t, recipe->data.train, path, &t->train_text, err);
    if (!status)
        status = cut_train(t, path, &cut, err);
    if (!status)
        status = rondo__tag_vocabulary_build(&t->vocabulary, &t->train_text, cut, recipe, err);
    if (!status)
        status = check_metric(t, path, err);
    if (!status)
        status = rondo__tag_set_make(&t->train, t, &t->train_text, 0, cut, err);
    if (!status)
        status = make_valid(t, cut, err);
    return status ? status
                  : rondo__frame_batches_make(&t->batches, t->train.sentences, t->train.length,
                                              recipe->train.batch_size, true, recipe->train.seed, err);
}
