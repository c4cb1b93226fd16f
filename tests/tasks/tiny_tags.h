/* Tiny sentences with tags to train a tagger on in a test: the tag hangs on the word's ending and on the word before.
 */
#ifndef TESTS_TASKS_TINY_TAGS_H
#define TESTS_TASKS_TINY_TAGS_H

#include "rondo/tag.h"
#include "tiny.h"

static inline void tiny_tags_text(uint64_t seed, int count, bool conllu, rondo__text *out) {
    static const char *const stems[] = {"ka", "mi", "so", "ru", "te", "no", "wa"};
    static const char *const endings[] = {"s", "ed", "ly"};
    static const char *const tags[] = {"B-N", "B-V", "O"};
    for (int i = 0; i < count; i++) {
        const int n = 1 + (int)rondo__random_below(seed, 1, (uint64_t)i, 6);
        int before = -1;
        for (int k = 0; k < n; k++) {
            const int stem = (int)rondo__random_below(seed, 2, (uint64_t)(8 * i + k), 7);
            const int ending = (int)rondo__random_below(seed, 3, (uint64_t)(8 * i + k), 3);
            const char *tag = ending == 0 && before == 0 ? "I-N" : tags[ending];
            if (conllu)
                rondo__text_format(out, "%d\t%s%s\t_\t%s\t_\t_\t0\tdep\t_\t_\n", k + 1, stems[stem], endings[ending],
                                   tag);
            else
                rondo__text_format(out, "%s%s %s\n", stems[stem], endings[ending], tag);
            before = ending;
        }
        rondo__text_add(out, "\n", 1);
    }
}

/* tags.conllu, dev.conllu, tags.txt */
static inline void tiny_tags_files(void) {
    static const char *const names[] = {"tags.conllu", "dev.conllu", "tags.txt"};
    for (int i = 0; i < 3; i++) {
        rondo__text text = {0};
        tiny_tags_text(i == 1 ? 6 : 5, i == 1 ? 20 : 120, i < 2, &text);
        test_write(names[i], text.data, text.size);
        rondo__text_free(&text);
    }
}

/* sets end with NULL */
static inline tiny tiny_tags_make(const char *folder, const char *const *sets) {
    static const char recipe[] = "model:\n"
                                 "  bidirectional: true\n"
                                 "  embedding_size: 6\n"
                                 "  hidden_size: 5\n"
                                 "  characters: {embedding_size: 4, hidden_size: 3, dropout: 0.1}\n"
                                 "  word_dropout: 0.2\n"
                                 "  embedding_dropout: 0.1\n"
                                 "  output_dropout: 0.1\n"
                                 "train:\n"
                                 "  optimizer: {type: adamw, learning_rate: 0.02}\n"
                                 "  batch_size: 9\n"
                                 "  epochs: 20\n"
                                 "  max_steps: 20\n"
                                 "  evaluate_every: 10\n";
    tiny t = {0};
    bool split = false;
    for (int i = 0; sets && sets[i]; i++)
        split = split || strncmp(sets[i], "data.valid_fraction", 19) == 0;
    rondo__text text = {0};
    tiny_tags_files();
    rondo__text_format(&text, "task: tag\ndata: {train: tags.conllu%s}\n%s", split ? "" : ", valid: dev.conllu",
                       recipe);
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("tags.yaml", text.data, text.size));
    rondo__text_free(&text);
    snprintf(t.folder, sizeof t.folder, "%s", test_path(folder));
    for (; sets && sets[t.options.sets]; t.options.sets++)
        t.set[t.options.sets] = sets[t.options.sets];
    t.options.threads = 1;
    tiny_clean(&t);
    return t;
}

static inline rondo_context *tiny_context(int threads) {
    rondo_context *made;
    assert_int_equal(rondo_context_create(&made, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
    return made;
}

static inline rondo_model *tiny_open(const tiny *t, rondo_context *with) {
    char path[400];
    rondo_error err;
    rondo_model *model;
    snprintf(path, sizeof path, "%s/model.safetensors", t->folder);
    if (rondo_model_open(&model, with, path, &err) != RONDO_OK)
        fail_msg("%s", err.message);
    return model;
}

/* One kind of model or run per line, by what it sets beside the recipe. */
#define TINY_TAG_SETS 5
static const char *const tiny_tag_kinds[][TINY_TAG_SETS] = {
    {"train.label_smoothing=0.1"},
    {"model.characters.hidden_size=0", "train.accumulate=2"},
    {"model.cell=gru", "model.layers=2", "model.dropout=0.1", "train.ema=0.9"},
    {"model.cell=elman", "model.bidirectional=false", "data.words={lowercase: true, min_count: 2, max_size: 5}"},
    {"model.cell=jordan", "model.variational=true"},
    {"data.tag_column=deprel", "model.merge=sum"},
    {"data.train=tags.txt", "data.valid=tags.txt", "train.keep=2"},
    {"data.valid_fraction=0.2", "model.residual=true"},
    {"model.crf=true", "model.legal_spans=false"},
    {"model.crf=true", "train.metric=span_f1", "data.train=tags.txt"},
};
enum { TINY_TAG_KINDS = sizeof tiny_tag_kinds / sizeof tiny_tag_kinds[0] };

#endif
