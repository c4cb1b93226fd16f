/* Tiny pairs to train an encoder-decoder on in a test: each word has a twin, and the order is turned round. */
#ifndef TESTS_TASKS_TINY_PAIRS_H
#define TESTS_TASKS_TINY_PAIRS_H

#include "rondo/translate.h"
#include "tiny.h"

static inline void tiny_pairs_text(uint64_t seed, int count, rondo__text *source, rondo__text *target) {
    static const char *const words[] = {"ichi", "ni", "san", "shi", "go", "roku"};
    static const char *const twins[] = {"one", "two", "three", "four", "five", "six"};
    for (int i = 0; i < count; i++) {
        int place[5];
        const int n = 1 + (int)rondo__random_below(seed, 1, (uint64_t)i, 5);
        for (int k = 0; k < n; k++) {
            place[k] = (int)rondo__random_below(seed, 2, (uint64_t)(8 * i + k), 6);
            rondo__text_format(source, "%s%s", k ? " " : "", words[place[k]]);
        }
        for (int k = n - 1; k >= 0; k--)
            rondo__text_format(target, "%s%s", k < n - 1 ? " " : "", twins[place[k]]);
        rondo__text_add(source, "\n", 1);
        rondo__text_add(target, "\n", 1);
    }
}

/* pairs.src, pairs.tgt, dev.src, dev.tgt, and a dictionary words.dict */
static inline void tiny_pairs_files(void) {
    rondo__text text[4] = {{0}}, words = {0};
    static const char *const names[] = {"pairs.src", "pairs.tgt", "dev.src", "dev.tgt"};
    tiny_pairs_text(5, 150, &text[0], &text[1]);
    tiny_pairs_text(6, 20, &text[2], &text[3]);
    for (int i = 0; i < 4; i++) {
        test_write(names[i], text[i].data, text[i].size);
        rondo__text_free(&text[i]);
    }
    for (int i = 0; i < 40; i++)
        rondo__text_format(&words, "%c%c%c %c%d %c\n%s", 'a' + i % 3, 'd' + i % 4, 'h' + i / 12, 'A' + i % 3, i % 2,
                           'D' + i % 4, i == 7 ? "beh(2) X E\n" : "");
    test_write("words.dict", words.data, words.size);
    rondo__text_free(&words);
}

/* sets end with NULL */
static inline tiny tiny_pairs_make(const char *folder, const char *const *sets) {
    static const char data[] = "  train_source: pairs.src\n"
                               "  train_target: pairs.tgt\n"
                               "  source_tokenizer: word\n"
                               "  target_tokenizer: word\n";
    static const char valid[] = "  valid_source: dev.src\n"
                                "  valid_target: dev.tgt\n";
    static const char dictionary[] = "  format: dictionary\n"
                                     "  train: words.dict\n"
                                     "  valid: words.dict\n";
    static const char rest[] = "model:\n"
                               "  embedding_size: 6\n"
                               "  encoder: {hidden_size: 5, bidirectional: true}\n"
                               "  decoder: {hidden_size: 10}\n"
                               "  embedding_dropout: 0.1\n"
                               "train:\n"
                               "  optimizer: {type: adamw, learning_rate: 0.02}\n"
                               "  batch_tokens: 60\n"
                               "  epochs: 9\n"
                               "  max_steps: 20\n"
                               "  evaluate_every: 10\n";
    tiny t = {0};
    bool words = false, split = false;
    for (int i = 0; sets && sets[i]; i++) {
        words = words || strcmp(sets[i], "data.format=dictionary") == 0;
        split = split || strncmp(sets[i], "data.valid_fraction", 19) == 0;
    }
    rondo__text recipe = {0};
    tiny_pairs_files();
    rondo__text_format(&recipe, "task: translate\ndata:\n%s%s%s", words ? dictionary : data,
                       words || split ? "" : valid, rest);
    snprintf(t.recipe, sizeof t.recipe, "%s", test_write("pairs.yaml", recipe.data, recipe.size));
    rondo__text_free(&recipe);
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
#define TINY_KIND_SETS 8
static const char *const tiny_kinds[][TINY_KIND_SETS] = {
    {"model.attention=general", "train.label_smoothing=0.1"},
    {"model.attention=dot", "model.encoder.cell=gru", "model.decoder.cell=gru", "train.accumulate=2"},
    {"model.attention=scaled_dot", "model.decoder.input_feeding=true", "train.ema=0.9"},
    {"model.attention=concat", "model.attention.coverage=true", "model.attention.coverage_loss=0.5"},
    {"model.attention=additive", "model.attention.size=4", "model.decoder.layers=2", "model.bridge=linear"},
    {"model.attention={type: multihead, heads: 2, dropout: 0.1}", "model.bridge=zero"},
    {"model.attention={type: general, window: 2}", "train.scheduled_sampling={type: linear, k: 10, minimum: 0.2}"},
    {"model.attention=none", "model.encoder.cell=elman", "model.decoder.cell=elman",
     "train.scheduled_sampling={type: exponential, k: 0.9}"},
    {"model.attention=none", "model.context=every_step", "model.bridge=zero",
     "train.scheduled_sampling={type: inverse_sigmoid, k: 5}"},
    {"model.copy=true", "data.source_tokenizer={type: word, max_size: 5}",
     "data.target_tokenizer={type: word, max_size: 5}"},
    {"data.shared_vocabulary=true", "model.tie_embeddings=all", "model.combine_size=6"},
    {"model.tie_embeddings=target", "data.target_tokenizer=char", "train.batch_tokens=0", "train.batch_size=7"},
    {"model.encoder={cell: transformer, heads: 2, layers: 2, hidden_size: 256, bidirectional: false}",
     "model.decoder={cell: transformer, heads: 3, hidden_size: 256, positions: learned, max_length: 40}"},
    {"model.encoder={cell: transformer, heads: 1, post_norm: true, hidden_size: 256, bidirectional: false}",
     "model.attention=general"},
    {"model.decoder={cell: transformer, heads: 2, hidden_size: 256, attention_dropout: 0.1}",
     "model.tie_embeddings=target"},
    {"model.decoder={cell: transformer, heads: 2, hidden_size: 256}", "model.copy=true",
     "data.source_tokenizer={type: word, max_size: 5}", "data.target_tokenizer={type: word, max_size: 5}"},
    {"data.format=dictionary", "train.metric=word_error_rate"},
#ifdef RONDO_HAVE_SENTENCEPIECE
    {"data.source_tokenizer={type: sentencepiece, vocab_size: 20}",
     "data.target_tokenizer={type: sentencepiece, vocab_size: 24, model_type: bpe}"},
    {"data.source_tokenizer={type: sentencepiece, vocab_size: 30}", "data.target_tokenizer=char",
     "data.shared_vocabulary=true", "model.copy=true"},
#endif
    {"model.encoder={cell: lstm, layers: 2, residual: true, layer_norm: true, zoneout: 0.1}", "model.bridge=linear",
     "model.decoder={peepholes: true, recurrent_dropout: 0.1}", "train.keep=2", "data.valid_fraction=0.1"},
};
enum { TINY_KINDS = sizeof tiny_kinds / sizeof tiny_kinds[0] };

#endif
