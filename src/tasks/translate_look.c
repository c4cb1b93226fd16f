/* An encoder-decoder's passages: pairs, in the order of their files. Of a text without a translation the model's own
 * greedy output is the target. */
#include <string.h>

#include "nn/seq2seq.h"
#include "nn/transformer.h"
#include "tasks/look.h"
#include "tasks/translate.h"

typedef struct reading {
    rondo__part part;
    int64_t *pair; /* (passages) those with symbols on both sides */
    /* the pair laid out */
    int64_t S, T;
    int32_t *source, *inputs, *targets, *asked, *copy, *copy_targets;
    int32_t source_length, target_length;
} reading;

/* ---- texts ---- */

static rondo_status write_target(rondo__translate *t, const char *source, rondo__lines *out, rondo_error *err) {
    const rondo_translate_options greedy = {0};
    rondo_translation found = {0};
    rondo_status status = rondo__translate_lines(1, &t, 1, &source, &greedy, &found, err);
    if (status)
        return status;
    status = rondo__lines_split(out, "translation", found.text[0], strlen(found.text[0]), err);
    rondo_translation_free(&found);
    if (!status && (out->count != 1 || !out->line[0][0]))
        status = rondo__fail(err, RONDO_ARGUMENT, "inspect: the model writes nothing for this text (give --target)");
    return status;
}

static rondo_status check_line(const char *text, const char *option, const rondo__lines *lines, rondo_error *err) {
    if (lines->count == 1 && lines->line[0][0])
        return RONDO_OK;
    return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s is %s (give one line of text)", option,
                       *text ? "more than a line" : "empty");
}

static rondo_status read_text(rondo__translate *t, const rondo__look_data *data, rondo__part *part, rondo_error *err) {
    rondo__pair_texts *texts = &part->texts;
    rondo_status status = rondo__lines_split(&texts->source, "--text", data->text, strlen(data->text), err);
    if (!status)
        status = check_line(data->text, "--text", &texts->source, err);
    if (!status && data->target)
        status = rondo__lines_split(&texts->target, "--target", data->target, strlen(data->target), err);
    else if (!status)
        status = write_target(t, texts->source.line[0], &texts->target, err);
    if (!status && data->target)
        status = check_line(data->target, "--target", &texts->target, err);
    return status ? status : rondo__translate_take_part(t, part, "--text", err);
}

static rondo_status list_pairs(rondo__look *look, reading *r, rondo_error *err) {
    const rondo__part *p = &r->part;
    r->pair = rondo__calloc((size_t)p->source.count, sizeof *r->pair);
    if (!r->pair)
        return rondo__look_no_memory(err);
    for (int64_t i = 0; i < p->source.count; i++) {
        if (rondo__id_lines_length(&p->source, i) > 0 && rondo__id_lines_length(&p->target, i) > 0)
            r->pair[look->passages++] = i;
    }
    return RONDO_OK;
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)look->task;
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    rondo_status status = data->text    ? read_text(t, data, &r->part, err)
                          : data->files ? rondo__translate_read_part(t, &r->part, data->files, data->file, err)
                                        : rondo__translate_read_valid(t, &r->part, err);
    return status ? status : list_pairs(look, r, err);
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    rondo__part_free(&r->part);
    rondo__free(r->pair);
    rondo__free(r);
}

/* ---- a pair ---- */

static int32_t *ids_of(rondo__passage *out, const rondo__id_lines *lines, int64_t pair, int64_t more) {
    const int64_t n = rondo__id_lines_length(lines, pair);
    int32_t *ids = rondo__look_room(out, n + more, sizeof *ids);
    if (ids && n)
        memcpy(ids, lines->ids + lines->start[pair], (size_t)n * sizeof *ids);
    return ids;
}

static bool take_pair(reading *r, const rondo__translate *t, int64_t pair, rondo__passage *out) {
    const rondo__part *p = &r->part;
    const bool pointer = t->base.recipe.model.copy;
    r->S = rondo__id_lines_length(&p->source, pair);
    r->T = rondo__id_lines_length(&p->target, pair) + 1;
    r->source_length = (int32_t)r->S;
    r->target_length = (int32_t)r->T;
    r->source = ids_of(out, &p->source, pair, 0);
    r->targets = ids_of(out, &p->target, pair, 1);
    r->inputs = rondo__look_room(out, r->T, sizeof *r->inputs);
    r->asked = rondo__look_room(out, r->T, sizeof *r->asked);
    r->copy = pointer ? ids_of(out, &p->copy.source, pair, 0) : NULL;
    r->copy_targets = pointer ? ids_of(out, &p->copy.target, pair, 1) : NULL;
    if (!r->source || !r->targets || !r->inputs || !r->asked || (pointer && (!r->copy || !r->copy_targets)))
        return false;
    r->targets[r->T - 1] = t->end;
    if (pointer)
        r->copy_targets[r->T - 1] = t->end;
    r->inputs[0] = t->end;
    memcpy(r->inputs + 1, r->targets, (size_t)(r->T - 1) * sizeof *r->inputs);
    return true;
}

/* ---- stacks and attention ---- */

static void add_layers(rondo__look_attention *a, const rondo_transformer *net, bool memory) {
    a->layers = net->config.layers;
    a->heads = net->config.heads;
    for (int l = 0; l < a->layers; l++)
        a->layer[l] = memory ? net->layer[l].memory : net->layer[l].self;
}

static void add_attention(rondo__passage *out, const rondo_seq2seq *net, const rondo__look_axis *source,
                          const rondo__look_axis *target) {
    rondo__look_attention *a;
    if (net->attention || net->decoder_transformer) {
        a = rondo__look_add_attention(out, "attention");
        a->target = target;
        a->source = source;
        if (net->decoder_transformer)
            add_layers(a, net->decoder_transformer, true);
        else {
            a->layers = 1;
            a->heads = net->attention->config.heads;
            a->layer[0] = net->attention;
        }
    }
    if (net->encoder_transformer) {
        a = rondo__look_add_attention(out, "encoder self-attention");
        a->target = a->source = source;
        add_layers(a, net->encoder_transformer, false);
    }
    if (net->decoder_transformer) {
        a = rondo__look_add_attention(out, "decoder self-attention");
        a->target = a->source = target;
        add_layers(a, net->decoder_transformer, false);
    }
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__translate *t = (rondo__translate *)look->task;
    reading *r = look->reading;
    const int64_t pair = r->pair[index];
    rondo__look_axis *source = &out->source, *target = &out->target;
    if (!take_pair(r, t, pair, out) || !rondo__axis_symbols(source, out, t->source, r->S, r->source) ||
        !rondo__axis_symbols(target, out, t->target, r->T, r->targets) || !rondo__look_losses(out, r->T, target))
        return rondo__look_no_memory(err);
    target->label[r->T - 1] = "</s>";
    if (t->net->encoder)
        rondo__look_add_stack(out, "encoder", t->net->encoder)->axis = *source;
    if (t->net->decoder)
        rondo__look_add_stack(out, "decoder", t->net->decoder)->axis = *target;
    add_attention(out, t->net, source, target);
    out->title = rondo__look_text(out, "%s", r->part.texts.source.line[pair]);
    out->answer = rondo__look_text(out, "%s", r->part.texts.target.line[pair]);
    out->counted = r->T;
    return out->title && out->answer ? RONDO_OK : rondo__look_no_memory(err);
}

static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    rondo__translate *t = (rondo__translate *)look->task;
    reading *r = look->reading;
    const int32_t *targets = r->copy_targets ? r->copy_targets : r->targets;
    for (int64_t i = 0; i < r->T; i++)
        r->asked[i] = only < 0 || only == i ? targets[i] : -1;
    const rondo_pairs_batch batch = {.S = r->S,
                                     .T = r->T,
                                     .B = 1,
                                     .source = r->source,
                                     .source_lengths = &r->source_length,
                                     .inputs = r->inputs,
                                     .targets = r->copy_targets ? r->targets : r->asked,
                                     .target_lengths = &r->target_length,
                                     .copy = r->copy,
                                     .copy_targets = r->copy_targets ? r->asked : NULL};
    const rondo_seq2seq_loss_options options = {.divide_by = 1, .row_losses = loss};
    return rondo_seq2seq_loss(t->net, look->tape, &batch, &options);
}

const rondo__look_class rondo__translate_look = {look_open, look_close, look_lay, look_run};
