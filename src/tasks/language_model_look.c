/* A language model's passages: stretches of SYMBOLS symbols, each read with the state that the WARM_UP symbols before
 * it leave. The last symbol of a text is a step, too, but nothing is known to follow it. */
#include <string.h>

#include "data/text.h"
#include "tasks/language_model.h"
#include "tasks/look.h"

enum { SYMBOLS = 256, WARM_UP = 256 };

typedef struct text {
    int32_t *ids;
    int64_t count;
} text;
typedef struct reading {
    int texts;
    text *text;
    int64_t *passages;
    bool warm;
    int32_t length, inputs[SYMBOLS + 1], targets[SYMBOLS + 1], asked[SYMBOLS + 1];
    rondo__lm_memory memory;
} reading;

static rondo_status read_string(rondo__lm *lm, const char *string, text *out, rondo_error *err) {
    return rondo__tokenizer_encode(lm->tokenizer, string, strlen(string), &out->ids, &out->count, err);
}

/* The recipe's validation text, or the part of its training text that stands for it. */
static rondo_status read_valid(rondo__lm *lm, text *out, rondo_error *err) {
    const rondo__recipe_data *data = &lm->base.recipe.data;
    const bool own = data->valid[0] != '\0';
    char path[RONDO__PATH];
    rondo__corpus corpus = {0};
    rondo_status status = rondo__recipe_find(&lm->base.recipe, own ? data->valid : data->train, path, err);
    if (!status)
        status = rondo__corpus_read(&corpus, path, err);
    if (status)
        return status;
    const size_t cut = own ? 0 : rondo__corpus_split(corpus.data, corpus.size, data->valid_fraction);
    status = rondo__tokenizer_encode(lm->tokenizer, corpus.data + cut, corpus.size - cut, &out->ids, &out->count, err);
    rondo__corpus_free(&corpus);
    return status;
}

static rondo_status read_file(rondo__lm *lm, const char *file, text *out, rondo_error *err) {
    char room[RONDO__PATH];
    int64_t characters;
    return rondo__lm_encode_file(lm, rondo__data_find(file, room), &out->ids, &out->count, &characters, err);
}

static rondo_status open_all(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)look->task;
    reading *r = look->reading;
    rondo_status status = rondo__lm_memory_make(&r->memory, lm->net, 1, err);
    for (int i = 0; i < r->texts && !status; i++) {
        status = data->text    ? read_string(lm, data->text, &r->text[i], err)
                 : data->files ? read_file(lm, data->file[i], &r->text[i], err)
                               : read_valid(lm, &r->text[i], err);
        if (!status && r->text[i].count < 2)
            status = rondo__fail(err, RONDO_FORMAT, "%s: too short: %lld symbols (at least 2 are needed)",
                                 data->text    ? "--text"
                                 : data->files ? data->file[i]
                                               : "the validation text",
                                 (long long)r->text[i].count);
        r->passages[i] = (r->text[i].count - 2) / SYMBOLS + 1;
        look->passages += r->passages[i];
    }
    return status;
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    r->texts = data->files ? data->files : 1;
    r->text = rondo__calloc((size_t)r->texts, sizeof *r->text);
    r->passages = rondo__calloc((size_t)r->texts, sizeof *r->passages);
    return r->text && r->passages ? open_all(look, data, err) : rondo__look_no_memory(err);
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; r->text && i < r->texts; i++)
        rondo__free(r->text[i].ids);
    rondo__free(r->text);
    rondo__free(r->passages);
    rondo__lm_memory_free(&r->memory);
    rondo__free(r);
}

/* T steps from ids on: inputs, what follows each, and the state that they are read with. */
static rondo__lm_chunk chunk_of(reading *r, const rondo_states *initial, rondo_states *final_states) {
    return (rondo__lm_chunk){.T = r->length,
                             .B = 1,
                             .inputs = r->inputs,
                             .targets = r->asked,
                             .known = r->targets,
                             .lengths = &r->length,
                             .initial = initial,
                             .final_states = final_states,
                             .loss = {.divide_by = 1}};
}

/* T steps, and with `last` the symbol after them. */
static void fill(reading *r, const int32_t *ids, int64_t T, bool last) {
    r->length = (int32_t)T + last;
    memcpy(r->inputs, ids, (size_t)(T + last) * sizeof *ids);
    memcpy(r->targets, ids + 1, (size_t)T * sizeof *ids);
    if (last)
        r->targets[T] = -1;
}

/* Reads what comes before. */
static rondo_status warm_up(rondo__look *look, const text *t, int64_t at, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)look->task;
    reading *r = look->reading;
    rondo_states last;
    const int64_t T = at < WARM_UP ? at : WARM_UP;
    r->warm = T > 0;
    if (!r->warm)
        return RONDO_OK;
    _Static_assert(WARM_UP <= SYMBOLS, "one chunk");
    fill(r, t->ids + at - T, T, false);
    memcpy(r->asked, r->targets, sizeof r->asked);
    const rondo__lm_chunk chunk = chunk_of(r, NULL, &last);
    rondo_tape_begin(look->tape, NULL);
    rondo__lm_loss(lm, look->tape, &chunk);
    const rondo_status status = rondo_tape_status(look->tape, err);
    if (!status)
        rondo__lm_memory_take(&r->memory, &last);
    return status;
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__lm *lm = (rondo__lm *)look->task;
    reading *r = look->reading;
    const text *t = &r->text[rondo__look_part(r->texts, r->passages, &index)];
    const int64_t at = index * SYMBOLS, left = t->count - 1 - at;
    rondo_status status = warm_up(look, t, at, err);
    if (status)
        return status;
    const int64_t T = left < SYMBOLS ? left : SYMBOLS;
    fill(r, t->ids + at, T, T == left);
    rondo__look_stack *stack = rondo__look_add_stack(out, "stack", lm->net);
    out->title = rondo__look_text(out, "symbols %lld to %lld", (long long)at, (long long)(at + r->length - 1));
    out->counted = T;
    if (out->title && rondo__axis_symbols(&stack->axis, out, lm->tokenizer, r->length, r->inputs) &&
        rondo__look_losses(out, r->length, &stack->axis))
        return RONDO_OK;
    return rondo__look_no_memory(err);
}

static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    reading *r = look->reading;
    rondo_states initial, last;
    for (int32_t t = 0; t < r->length; t++)
        r->asked[t] = only < 0 || only == t ? r->targets[t] : -1;
    if (r->warm)
        rondo__lm_memory_use(&r->memory, look->tape, &initial);
    rondo__lm_chunk chunk = chunk_of(r, r->warm ? &initial : NULL, &last);
    chunk.loss.row_losses = loss;
    return rondo__lm_loss((rondo__lm *)look->task, look->tape, &chunk);
}

const rondo__look_class rondo__language_model_look = {look_open, look_close, look_lay, look_run};
