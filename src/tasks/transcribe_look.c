/* A transcriber's passages: its recordings, each with one loss. */
#include <math.h>
#include <string.h>

#include "tasks/look.h"
#include "tasks/transcribe.h"

typedef struct reading {
    int parts;
    rondo__transcribe_part *part;
    int64_t *passages;
} reading;

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)look->task;
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    if (data->text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: this model reads no text (give files)");
    r->parts = data->files ? data->files : 1;
    r->part = rondo__calloc((size_t)r->parts, sizeof *r->part);
    r->passages = rondo__calloc((size_t)r->parts, sizeof *r->passages);
    rondo_status status = r->part && r->passages ? RONDO_OK : rondo__look_no_memory(err);
    for (int i = 0; i < r->parts && !status; i++) {
        status = data->files ? rondo__transcribe_open(t, data->file[i], &r->part[i], err)
                             : rondo__transcribe_open_valid(t, &r->part[i], err);
        r->passages[i] = r->part[i].count;
        look->passages += r->passages[i];
    }
    return status;
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; r->part && i < r->parts; i++)
        rondo__transcribe_part_free(&r->part[i]);
    rondo__free(r->part);
    rondo__free(r->passages);
    rondo__free(r);
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__transcribe *t = (rondo__transcribe *)look->task;
    reading *r = look->reading;
    const rondo__transcribe_part *part = &r->part[rondo__look_part(r->parts, r->passages, &index)];
    const char *path = part->items.item[index].text, *slash = strrchr(path, '/');
    rondo_status status = rondo__transcribe_fill(t, part, 1, &index, err);
    if (status)
        return status;
    const rondo__transcribe_room *room = &t->room[t->base.slot];
    rondo__look_stack *stack = rondo__look_add_stack(out, "stack", t->net);
    out->title = rondo__look_text(out, "%s", slash ? slash + 1 : path);
    out->answer = part->texts.line[index][0] ? rondo__look_text(out, "%s", part->texts.line[index]) : NULL;
    out->counted = part->foreign[index] ? 0 : room->target_lengths[0];
    return out->title && rondo__look_losses(out, 1, NULL) &&
                   rondo__axis_heard(&stack->axis, out, &t->listening, &part->frames, index, room->delayed[0])
               ? RONDO_OK
               : rondo__look_no_memory(err);
}

/* What cannot be written has no loss, as in evaluations. */
static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    rondo__transcribe *t = (rondo__transcribe *)look->task;
    const rondo__transcribe_room *room = &t->room[t->base.slot];
    rondo__passage *passage = &look->passage;
    const rondo_ctc_options options = {.lengths = room->frames.lengths,
                                       .blank = t->blank,
                                       .divide_by = 1,
                                       .skip_impossible = true,
                                       .row_losses = loss};
    (void)only;
    rondo_var *sum = rondo_ctc_loss(look->tape, rondo__transcribe_logits(t, look->tape), room->target,
                                    room->target_lengths, &options);
    if (sum && loss && (isinf(loss[0]) || !passage->counted)) {
        loss[0] = 0;
        passage->counted = 0;
    }
    return sum;
}

const rondo__look_class rondo__transcribe_look = {look_open, look_close, look_lay, look_run};
