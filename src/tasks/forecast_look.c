/* A forecast's passages: its windows. Of targets that are independent of each other all run, and the first is shown. */
#include <math.h>
#include <string.h>

#include "tasks/forecast.h"
#include "tasks/look.h"

typedef struct part {
    rondo__seen_set set;
    rondo__windows windows;
} part;
typedef struct reading {
    int parts;
    part *part;
    int64_t *passages;
    rondo__forecast_batch batch;
    const part *now;
    const rondo__window *window;
} reading;

static rondo_status read_part(const rondo__forecast *f, const rondo__look_data *data, int i, part *out,
                              rondo_error *err) {
    rondo_status status = data->files ? rondo__forecast_open(f, &out->set, data->file[i], 0, err)
                                      : rondo__forecast_open_own(f, &out->set, err);
    return status ? status : rondo__windows_make(f, &out->windows, &out->set, data->files ? 2 : 1, err);
}

static rondo_status look_open(rondo__look *look, const rondo__look_data *data, rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)look->task;
    reading *r = look->reading = rondo__calloc(1, sizeof *r);
    if (!r)
        return rondo__look_no_memory(err);
    if (data->text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: this model reads no text (give files)");
    r->parts = data->files ? data->files : 1;
    r->part = rondo__calloc((size_t)r->parts, sizeof *r->part);
    r->passages = rondo__calloc((size_t)r->parts, sizeof *r->passages);
    rondo_status status = r->part && r->passages ? rondo__batch_make(f, &r->batch, 1, err) : rondo__look_no_memory(err);
    for (int i = 0; i < r->parts && !status; i++) {
        status = read_part(f, data, i, &r->part[i], err);
        r->passages[i] = r->part[i].windows.count;
        look->passages += r->passages[i];
    }
    return status;
}

static void look_close(rondo__look *look) {
    reading *r = look->reading;
    for (int i = 0; r->part && i < r->parts; i++) {
        rondo__free(r->part[i].windows.window);
        rondo__seen_free(&r->part[i].set);
    }
    rondo__batch_free(&r->batch);
    rondo__free(r->part);
    rondo__free(r->passages);
    rondo__free(r);
}

/* ---- axes ---- */

static bool name_steps(rondo__look_axis *axis, rondo__passage *out, const rondo__forecast *f, const rondo__seen *s,
                       int64_t first, int64_t each) {
    double *time = rondo__look_room(out, axis->T, sizeof *time);
    for (int64_t t = 0; time && t < axis->T; t++) {
        char date[32];
        time[t] = s->time[first + t * each];
        rondo__forecast_print_time(f, time[t], date);
        if (!(axis->label[t] = rondo__look_text(out, "%s", date)))
            return false;
    }
    axis->unit = "date";
    axis->time = time;
    axis->dated = true;
    return time != NULL;
}

static bool add_levels(rondo__look_axis *axis, rondo__passage *out, const rondo__forecast *f, const rondo__seen *s,
                       int64_t first, int64_t each) {
    for (int64_t c = 0; c < f->N && c < RONDO__LOOK_FEATURES; c++) {
        double *level = rondo__axis_feature(axis, out, f->base.recipe.data.series.targets[c]);
        for (int64_t t = 0; level && t < axis->T; t++)
            level[t] = s->level[c * s->capacity + first + t * each];
        if (!level)
            return false;
    }
    return true;
}

/* T steps of the network; step t is told as step first + t * each of the series. */
static bool axis_of(rondo__look_axis *axis, rondo__passage *out, const rondo__forecast *f, const rondo__seen *s,
                    int64_t T, int64_t first, int64_t each) {
    const bool dated = f->base.recipe.data.series.time[0] != '\0';
    return rondo__axis_numbers(axis, out, T) && (!dated || name_steps(axis, out, f, s, first, each)) &&
           add_levels(axis, out, f, s, first, each);
}

static const char *title_of(rondo__passage *out, const rondo__forecast *f, const rondo__seen *s, int64_t origin) {
    char from[32] = "", to[32] = "";
    const bool apart = f->n < f->N; /* of the targets the first is shown */
    const char *target = apart ? f->base.recipe.data.series.targets[0] : "", *colon = apart ? ": " : "";
    if (!f->base.recipe.data.series.time[0])
        return rondo__look_text(out, "%s%s%s%ssteps %lld to %lld", s->name, *s->name ? ": " : "", target, colon,
                                (long long)(origin - f->W), (long long)(origin - 1));
    rondo__forecast_print_time(f, s->time[origin - f->W], from);
    rondo__forecast_print_time(f, s->time[origin - 1], to);
    return rondo__look_text(out, "%s%s%s%s%s to %s", s->name, *s->name ? ": " : "", target, colon, from, to);
}

static rondo_status look_lay(rondo__look *look, int64_t index, rondo__passage *out, rondo_error *err) {
    rondo__forecast *f = (rondo__forecast *)look->task;
    reading *r = look->reading;
    r->now = &r->part[rondo__look_part(r->parts, r->passages, &index)];
    r->window = &r->now->windows.window[index];
    const rondo__seen *s = &r->now->set.series[r->window->series];
    const int64_t origin = r->window->origin, first = origin - f->W;
    rondo__batch_fill(f, &r->batch, &r->now->set, 1, r->window);
    rondo__look_stack *stack = rondo__look_add_stack(out, f->decodes ? "encoder" : "stack", f->encoder);
    bool fine = axis_of(&stack->axis, out, f, s, f->T, first + f->p - 1, f->recursive ? 1 : f->p);
    if (fine && f->decodes) {
        stack = rondo__look_add_stack(out, "decoder", f->decoder);
        fine = axis_of(&stack->axis, out, f, s, f->H / f->p, origin + f->p - 1, f->p);
    }
    out->title = title_of(out, f, s, origin);
    out->counted = rondo__batch_counted(&r->batch);
    return fine && out->title && rondo__look_losses(out, 1, NULL) ? RONDO_OK : rondo__look_no_memory(err);
}

/* A loss changes its batch's targets: each run begins with a new one. */
static rondo_var *look_run(rondo__look *look, int64_t only, real *loss) {
    rondo__forecast *f = (rondo__forecast *)look->task;
    reading *r = look->reading;
    (void)only;
    rondo__batch_fill(f, &r->batch, &r->now->set, 1, r->window);
    rondo_var *sum =
        rondo__forecast_loss(f, look->tape, &r->batch, rondo__forecast_outputs(f, look->tape, &r->batch), 1);
    if (sum && loss)
        loss[0] = *(const real *)sum->value.data;
    return sum;
}

const rondo__look_class rondo__forecast_look = {look_open, look_close, look_lay, look_run};
