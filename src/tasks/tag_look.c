/* A tagger's passages: its sentences. With a CRF a sentence has one loss, else each word its own. */
#include <math.h>
#include <string.h>

#include "tasks/look.h"
#include "tasks/tag.h"

typedef struct part {
    rondo__tagged text;
    rondo__tag_set set;
} part;
typedef struct reading {
    int parts;
    part *part;
    int64_t *passages;
    int32_t *asked, length;
} reading;

/* One word a line, as a file of columns has them. */
static rondo_status read_text(const char *text, rondo__tagged *out, rondo_error *err) {
    const rondo__tagged_spec spec = {.no_tags = true};
    rondo__text words = {0};
    rondo__lines lines = {0};
    for (size_t at = 0, n; text[at]; at += n) {
        at += strspn(text + at, " \t\n");
        n = strcspn(text + at, " \t\n");
        rondo__text_add(&words, text + at, n);
        rondo__text_add(&words, "\n", n > 0);
    }
    rondo_status status = words.failed ? rondo__look_no_memory(err)
                          : words.size ? rondo__lines_split(&lines, "--text", words.data, words.size, err)
                                       : rondo__fail(err, RONDO_ARGUMENT, "inspect: --text is empty (give words)");
    rondo__text_free(&words);
    return status ? status : rondo__tagged_take(out, "--text", &lines, &spec, err);
}

static rondo_status read_file(const rondo__tag *t, const char *path, rondo__tagged *out, rondo_error *err) {
    const rondo__tagged_spec spec = rondo__tag_spec(t);
    return rondo__tagged_read(out, path, &spec, err);
}

/* The recipe's sentences for validation; *from: the first of them in the file. */
static rondo_status read_valid(const rondo__tag *t, rondo__tagged *out, int64_t *from, rondo_error *err) {
    const rondo__recipe_data *data = &t->base.recipe.data;
    const bool own = data->valid[0] != '\0';
    char path[RONDO__PATH];
    rondo_status status = rondo__recipe_find(&t->base.recipe, own ? data->valid : data->train, path, err);
    if (!status)
        status = read_file(t, path, out, err);
    if (!status && !own)
        *from = (int64_t)floor((1 - data->valid_fraction) * (double)out->sentences);
    return status;
}

static rondo_status read_part(const rondo__tag *t, const rondo__look_data *data, int i, part *out, rondo_error *err) {
    char room[RONDO__PATH];
    int64_t from = 0;
    rondo_status status = data->text    ? read_text(data->text, &out->text, err)
                          : data->files ? read_file(t, rondo__data_find(data->file[i], room), &out->text, err)
                                        : read_valid(t, &out->text, &from, err);
    return status ? status : rondo__tag_set_make(&out->set, t, &out->text, from, out->text.sentences, err);
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    r->parts = data->files ? data->files : 1;
    r->part = rondo__calloc((size_t)r->parts, sizeof *r->part);
    r->passages = rondo__calloc((size_t)r->parts, sizeof *r->passages);
    rondo_status status = r->part && r->passages ? RONDO_OK : rondo__look_no_memory(err);
    for (int i = 0; i < r->parts && !status; i++) {
        status = read_part((rondo__tag *)look->task, data, i, &r->part[i], err);
        r->passages[i] = r->part[i].set.sentences;
        look->passages += r->passages[i];
    }
    return status;
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; r->part && i < r->parts; i++) {
        rondo__tag_set_free(&r->part[i].set);
        rondo__tagged_free(&r->part[i].text);
    }
    rondo__free(r->part);
    rondo__free(r->passages);
    rondo__free(r);
}

static const char *join(rondo__passage *out, int64_t T, char *const *word) {
    rondo__text line = {0};
    for (int64_t i = 0; i < T; i++)
        rondo__text_format(&line, "%s%s", i ? " " : "", word[i]);
    const char *joined = line.failed ? NULL : rondo__look_text(out, "%s", line.data ? line.data : "");
    rondo__text_free(&line);
    return joined;
}

/* How many of its words have a tag that the model knows; with a CRF all of them count, or none. */
static int64_t count(const rondo__tag *t, int64_t T) {
    int64_t known = 0;
    for (int64_t i = 0; i < T; i++)
        known += t->batch.targets[i] >= 0;
    return t->crf && known < T ? 0 : known;
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__tag *t = (rondo__tag *)look->task;
    reading *r = look->reading;
    part *p = &r->part[rondo__look_part(r->parts, r->passages, &index)];
    rondo_status status = rondo__tag_fill(t, &p->set, 1, &index, -1, err);
    if (status)
        return status;
    const int64_t T = p->set.length[index], first = p->set.first + p->set.start[index];
    rondo__look_stack *stack = rondo__look_add_stack(out, "stack", t->net);
    out->title = join(out, T, p->text.word + first);
    out->answer = p->text.tag ? join(out, T, p->text.tag + first) : NULL;
    out->counted = count(t, T);
    r->length = out->counted || !t->crf ? (int32_t)T : 0;
    r->asked = rondo__look_room(out, T, sizeof *r->asked);
    if (!out->title || (p->text.tag && !out->answer) || !r->asked ||
        !rondo__axis_words(&stack->axis, out, T, p->text.word + first) ||
        !rondo__look_losses(out, t->crf ? 1 : T, t->crf ? NULL : &stack->axis))
        return rondo__look_no_memory(err);
    return RONDO_OK;
}

static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    rondo__tag *t = (rondo__tag *)look->task;
    reading *r = look->reading;
    rondo_var *emission = rondo__tag_emission(t, look->tape);
    for (int64_t i = 0; i < t->batch.T; i++)
        r->asked[i] = only < 0 || only == i ? t->batch.targets[i] : -1;
    if (!t->crf)
        return rondo_cross_entropy(look->tape, emission, r->asked,
                                   &(rondo_cross_entropy_options){.divide_by = 1, .row_losses = loss});
    const rondo_crf_weights weights = rondo_crf_use(t->crf, look->tape);
    return rondo_crf_loss(look->tape, emission, t->batch.targets, &weights,
                          &(rondo_crf_options){.lengths = &r->length, .divide_by = 1, .row_losses = loss});
}

const rondo__look_class rondo__tag_look = {look_open, look_close, look_lay, look_run};
