/* The pairs of an encoder-decoder: from files to vocabularies, ids and batches. */
#include <math.h>
#include <string.h>

#include "tasks/translate.h"
#include "tasks/vocabulary.h"

/* Of a batch outside of training: so many logits at most, and tokens. */
#define MOST_LOGITS ((int64_t)1 << 23)
enum { MOST_TOKENS = 4096, LEAST_TOKENS = 64 };

void rondo__part_free(rondo__part *part) {
    rondo__pair_batches_free(&part->batches);
    rondo__copy_free(&part->copy);
    rondo__id_lines_free(&part->source);
    rondo__id_lines_free(&part->target);
    rondo__answers_free(&part->answers);
    rondo__pair_texts_free(&part->texts);
}

bool rondo__translate_is_dictionary(const rondo__translate *t) {
    return t->base.recipe.data.format == RONDO__PAIR_DICTIONARY;
}

static rondo_status build_tokenizer(rondo__translate *t, const rondo__recipe_tokenizer *r, const rondo__lines *first,
                                    const rondo__lines *second, const char *label, rondo__tokenizer **out,
                                    rondo_error *err) {
    char model[RONDO__PATH];
    rondo__tokenizer_config config;
    rondo_status status = rondo__vocabulary_config(&t->base.recipe, r, model, &config, err);
    if (status)
        return status;
    return rondo__tokenizer_build_lines(out, &config, first, second, label, err);
}

static rondo_status build_vocabularies(rondo__translate *t, const char *source_path, const char *target_path,
                                       rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const rondo__lines *source = &t->train.texts.source, *target = &t->train.texts.target;
    const bool shared = data->shared_vocabulary;
    rondo_status status =
        build_tokenizer(t, &data->source_tokenizer, source, shared ? target : NULL, source_path, &t->source, err);
    if (status)
        return status;
    if (shared)
        t->target = t->source;
    else
        status = build_tokenizer(t, &data->target_tokenizer, target, NULL, target_path, &t->target, err);
    return status ? status : rondo__translate_symbols(t, err);
}

/* Texts are there: ids, what can be copied, answers. */
static rondo_status encode(rondo__translate *t, rondo__part *part, rondo_error *err) {
    rondo_status status = rondo__id_lines_encode(&part->source, t->source, &part->texts.source, err);
    if (!status)
        status = rondo__id_lines_encode(&part->target, t->target, &part->texts.target, err);
    if (!status && t->base.recipe.model.copy)
        status = rondo__copy_make(&part->copy, t, part, err);
    if (!status && rondo__translate_is_dictionary(t))
        status = rondo__answers_group(&part->answers, &part->texts, err);
    return status;
}

/* The last lines of the training texts become those of validation. */
static rondo_status split_lines(rondo__lines *train, rondo__lines *valid, int64_t cut, rondo_error *err) {
    rondo__text text = {0};
    const rondo__lines tail = {NULL, train->line + cut, train->count - cut};
    rondo__lines_join(&text, &tail);
    const rondo_status status = text.failed
                                    ? rondo__fail(err, RONDO_MEMORY, "data: no memory for the validation part")
                                    : rondo__lines_split(valid, "data.valid_fraction", text.data, text.size, err);
    rondo__text_free(&text);
    train->count = cut;
    return status;
}

static rondo_status split_off_valid(rondo__translate *t, const char *path, rondo_error *err) {
    rondo__pair_texts *train = &t->train.texts, *valid = &t->valid.texts;
    const int64_t count = train->source.count;
    const int64_t cut = (int64_t)floor((1 - t->base.recipe.data.valid_fraction) * (double)count);
    if (cut < 1 || cut >= count)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: %lld pairs cannot be cut into training and validation (raise data.valid_fraction, or "
                           "give data.valid_source and data.valid_target)",
                           path, (long long)count);
    rondo_status status = split_lines(&train->source, &valid->source, cut, err);
    return status ? status : split_lines(&train->target, &valid->target, cut, err);
}

/* Files of one part; the second is "" for a dictionary. */
typedef struct part_paths {
    char source[RONDO__PATH], target[RONDO__PATH];
} part_paths;

static rondo_status find(const rondo__translate *t, const char *source, const char *target, part_paths *out,
                         rondo_error *err) {
    rondo_status status = rondo__recipe_find(&t->base.recipe, source, out->source, err);
    out->target[0] = '\0';
    return status || !*target ? status : rondo__recipe_find(&t->base.recipe, target, out->target, err);
}

static rondo_status read_texts(const rondo__translate *t, rondo__pair_texts *texts, const part_paths *path,
                               rondo_error *err) {
    if (rondo__translate_is_dictionary(t))
        return rondo__pair_texts_dictionary(texts, path->source, t->base.recipe.data.stress, err);
    return rondo__pair_texts_read(texts, path->source, path->target, err);
}

static rondo_status read_valid(rondo__translate *t, part_paths *path, rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const bool dictionary = rondo__translate_is_dictionary(t);
    const char *source = dictionary ? data->valid : data->valid_source, *target = dictionary ? "" : data->valid_target;
    if (!*source)
        return split_off_valid(t, path->source, err);
    rondo_status status = find(t, source, target, path, err);
    return status ? status : read_texts(t, &t->valid.texts, path, err);
}

/* So many steps at most; learned positions bound them. */
static int64_t most_steps(const rondo__recipe_stack *stack) {
    const bool bounded = stack->cell == RONDO__TRANSFORMER && stack->positions == RONDO_POSITIONS_LEARNED;
    return bounded ? stack->max_length : INT64_MAX;
}

/* A pair that is too long for the model is told of before anything is computed, not when its batch comes. */
static rondo_status check_lengths(const rondo__translate *t, const rondo__part *part, bool training, const char *label,
                                  rondo_error *err) {
    const rondo__recipe_stack *stack[] = {&t->base.recipe.model.encoder, &t->base.recipe.model.decoder};
    for (int64_t i = 0; i < part->batches.pairs; i++) {
        const int64_t pair = part->batches.sorted[i];
        const int64_t steps[] = {rondo__id_lines_length(&part->source, pair),
                                 rondo__id_lines_length(&part->target, pair) + 1};
        for (int k = 0; k < 2; k++) {
            if (steps[k] > most_steps(stack[k]))
                return rondo__fail(err, RONDO_FORMAT,
                                   "%s: pair %lld takes %lld steps, but model.%s.max_length is %lld (%s)", label,
                                   (long long)pair + 1, (long long)steps[k], k ? "decoder" : "encoder",
                                   (long long)stack[k]->max_length,
                                   training ? "raise it, or set train.max_length" : "leave the pair out, or raise it");
        }
    }
    return RONDO_OK;
}

static rondo_status make_batches(rondo__translate *t, rondo__part *part, bool training, const char *label,
                                 rondo_error *err) {
    const rondo__recipe_train *train = &t->base.recipe.train;
    int64_t tokens = MOST_LOGITS / t->V;
    tokens = tokens > MOST_TOKENS ? MOST_TOKENS : tokens < LEAST_TOKENS ? LEAST_TOKENS : tokens;
    part->batches = (rondo__pair_batches){.source = &part->source,
                                          .target = &part->target,
                                          .batch_tokens = training ? train->batch_tokens : tokens,
                                          .batch_size = training ? train->batch_size : 0,
                                          .max_length = training ? train->max_length : 0,
                                          .seed = train->seed,
                                          .shuffle = training};
    rondo_status status = rondo__pair_batches_make(&part->batches, label, err);
    return status ? status : check_lengths(t, part, training, label, err);
}

rondo_status rondo__translate_read(rondo__translate *t, rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const bool dictionary = rondo__translate_is_dictionary(t);
    part_paths train, valid;
    rondo_status status =
        find(t, dictionary ? data->train : data->train_source, dictionary ? "" : data->train_target, &train, err);
    if (!status)
        status = read_texts(t, &t->train.texts, &train, err);
    valid = train;
    if (!status)
        status = read_valid(t, &valid, err);
    if (!status)
        status = build_vocabularies(t, train.source, dictionary ? train.source : train.target, err);
    if (!status)
        status = encode(t, &t->train, err);
    if (!status)
        status = encode(t, &t->valid, err);
    if (!status)
        status = make_batches(t, &t->train, true, train.source, err);
    if (!status)
        status = make_batches(t, &t->valid, false, valid.source, err);
    rondo__pair_texts_free(&t->train.texts); /* ids are enough from here on */
    return status;
}

rondo_status rondo__translate_read_part(rondo__translate *t, rondo__part *part, int files, const char *const *file,
                                        rondo_error *err) {
    const bool dictionary = rondo__translate_is_dictionary(t);
    if (files != (dictionary ? 1 : 2))
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: this model takes %s (%d given)",
                           dictionary ? "one file, a dictionary" : "two files, sources and their translations", files);
    char room[2][RONDO__PATH];
    const char *source = rondo__data_find(file[0], room[0]);
    *part = (rondo__part){0};
    rondo_status status = dictionary
                              ? rondo__pair_texts_dictionary(&part->texts, source, t->base.recipe.data.stress, err)
                              : rondo__pair_texts_read(&part->texts, source, rondo__data_find(file[1], room[1]), err);
    return status ? status : rondo__translate_take_part(t, part, file[0], err);
}

rondo_status rondo__translate_take_part(rondo__translate *t, rondo__part *part, const char *label, rondo_error *err) {
    rondo_status status = encode(t, part, err);
    if (!status)
        status = make_batches(t, part, false, label, err);
    if (status)
        rondo__part_free(part);
    return status;
}

rondo_status rondo__translate_read_valid(rondo__translate *t, rondo__part *part, rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const bool dictionary = rondo__translate_is_dictionary(t);
    part_paths path = {"", ""};
    rondo_status status = RONDO_OK;
    if (!*(dictionary ? data->valid : data->valid_source))
        status =
            find(t, dictionary ? data->train : data->train_source, dictionary ? "" : data->train_target, &path, err);
    if (!status && path.source[0])
        status = read_texts(t, &t->train.texts, &path, err);
    if (!status)
        status = read_valid(t, &path, err);
    rondo__pair_texts_free(&t->train.texts);
    *part = (rondo__part){.texts = t->valid.texts};
    t->valid.texts = (rondo__pair_texts){0};
    if (!status)
        return rondo__translate_take_part(t, part, path.source, err);
    rondo__pair_texts_free(&part->texts);
    return status;
}

/* ---- arrays of a batch ---- */

rondo_status rondo__room_make(rondo__room *room, const rondo__translate *t, const rondo__part *part, rondo_error *err) {
    const size_t cells = (size_t)part->batches.largest_cells, rows = (size_t)part->batches.largest_rows;
    const bool pointer = t->base.recipe.model.copy;
    rondo__pair_batch *b = &room->batch;
    *room = (rondo__room){0};
    b->source = rondo__calloc(cells, sizeof(int32_t));
    b->inputs = rondo__calloc(cells, sizeof(int32_t));
    b->targets = rondo__calloc(cells, sizeof(int32_t));
    b->source_lengths = rondo__calloc(rows, sizeof(int32_t));
    b->target_lengths = rondo__calloc(rows, sizeof(int32_t));
    room->copy = pointer ? rondo__calloc(cells, sizeof(int32_t)) : NULL;
    room->copy_targets = pointer ? rondo__calloc(cells, sizeof(int32_t)) : NULL;
    if (b->source && b->inputs && b->targets && b->source_lengths && b->target_lengths &&
        (!pointer || (room->copy && room->copy_targets)))
        return RONDO_OK;
    rondo__room_free(room);
    return rondo__fail(err, RONDO_MEMORY, "translate: no memory for a batch of %lld symbols",
                       (long long)part->batches.largest_cells);
}

void rondo__room_free(rondo__room *room) {
    rondo__free(room->batch.source);
    rondo__free(room->batch.inputs);
    rondo__free(room->batch.targets);
    rondo__free(room->batch.source_lengths);
    rondo__free(room->batch.target_lengths);
    rondo__free(room->copy);
    rondo__free(room->copy_targets);
    *room = (rondo__room){0};
}

/* Lines of the batch's pairs as columns of out (steps, B); end follows each line where it is not -1. */
static void fill_columns(int32_t *out, int64_t steps, const rondo__pair_batch *b, const rondo__id_lines *lines,
                         int32_t end) {
    for (int64_t r = 0; r < b->B; r++) {
        const int64_t pair = b->pair[r], n = rondo__id_lines_length(lines, pair);
        const int32_t *ids = lines->ids + lines->start[pair];
        for (int64_t i = 0; i < steps; i++)
            out[i * b->B + r] = i < n ? ids[i] : i == n ? end : -1;
    }
}

rondo_pairs_batch rondo__room_fill(rondo__room *room, const rondo__translate *t, rondo__part *part, int64_t epoch,
                                   int64_t batch) {
    rondo__pair_batch *b = &room->batch;
    rondo__pair_batches_fill(&part->batches, epoch, batch, t->end, t->end, b);
    if (room->copy) {
        fill_columns(room->copy, b->S, b, &part->copy.source, -1);
        fill_columns(room->copy_targets, b->T, b, &part->copy.target, t->end);
    }
    return (rondo_pairs_batch){.S = b->S,
                               .T = b->T,
                               .B = b->B,
                               .source = b->source,
                               .source_lengths = b->source_lengths,
                               .inputs = b->inputs,
                               .targets = b->targets,
                               .target_lengths = b->target_lengths,
                               .copy = room->copy,
                               .copy_targets = room->copy_targets};
}
