#include "tasks/look.h"

#include <stdio.h>
#include <string.h>

#include "nn/transformer.h"

/* ---- for hooks ---- */

rondo_status rondo__look_no_memory(rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for a passage");
}

void *rondo__look_room(rondo__passage *passage, int64_t count, size_t bytes) {
    size_t all;
    if (!rondo__size_mul((size_t)count, bytes, &all))
        return NULL;
    void *room = rondo__arena_push(&passage->room, all ? all : 1);
    if (room)
        memset(room, 0, all ? all : 1);
    return room;
}

char *rondo__look_text(rondo__passage *passage, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : rondo__look_room(passage, size + 1, 1);
    va_start(args, format);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

rondo__look_stack *rondo__look_add_stack(rondo__passage *passage, const char *name, rondo_recurrent *net) {
    rondo__look_stack *stack = &passage->stack[passage->stacks++];
    *stack = (rondo__look_stack){.name = name, .net = net};
    return stack;
}

rondo__look_attention *rondo__look_add_attention(rondo__passage *passage, const char *name) {
    rondo__look_attention *attention = &passage->attention[passage->attentions++];
    *attention = (rondo__look_attention){.name = name, .heads = 1};
    return attention;
}

bool rondo__look_losses(rondo__passage *passage, int64_t n, const rondo__look_axis *axis) {
    passage->losses = n;
    passage->loss_axis = axis;
    passage->loss = rondo__look_room(passage, n, sizeof *passage->loss);
    return passage->loss != NULL;
}

int rondo__look_part(int parts, const int64_t *count, int64_t *index) {
    int part = 0;
    while (part < parts - 1 && *index >= count[part])
        *index -= count[part++];
    return part;
}

rondo_status rondo__look_give_data(const rondo__look *look, const char *what, rondo_error *err) {
    return rondo__fail(err, RONDO_ARGUMENT,
                       "inspect: the model of task %s was validated on a part of its training data (give %s)",
                       look->task->class->name, what);
}

/* ---- open, close ---- */

rondo_status rondo__look_open(rondo__look **out, rondo__task_object *task, rondo_tape *tape,
                              const rondo__look_data *data, rondo_error *err) {
    *out = NULL;
    if (!task->class->look)
        return rondo__fail(err, RONDO_UNSUPPORTED, "inspect: a model of task %s cannot be looked into",
                           task->class->name);
    rondo__look *look = rondo__calloc(1, sizeof *look);
    if (!look)
        return rondo__look_no_memory(err);
    look->task = task;
    look->tape = tape;
    rondo__arena_init(&look->passage.room);
    rondo_status status = task->class->look->open(look, data, err);
    if (!status && look->passages < 1)
        status = rondo__fail(err, RONDO_FORMAT, "inspect: there is nothing in the data to look at");
    *out = look;
    if (status)
        rondo__look_close(out);
    return status;
}

void rondo__look_close(rondo__look **look) {
    if (!*look)
        return;
    if ((*look)->reading)
        (*look)->task->class->look->close(*look);
    rondo__arena_free(&(*look)->passage.room);
    rondo__free(*look);
    *look = NULL;
}

/* ---- one run ---- */

/* What the watches of all stacks and attention layers share. */
typedef struct watching {
    rondo__look *look;
    const rondo__look_run *run; /* NULL: the first run, which fills the passage */
    bool failed;                /* no memory */
} watching;
typedef struct watcher {
    watching *all;
    int index;
    int64_t at;
    rondo__recurrent_watch watch;
} watcher;

static double *to_doubles(rondo__passage *passage, const rondo_var *var, int64_t count) {
    double *out = rondo__look_room(passage, count, sizeof *out);
    for (int64_t i = 0; out && i < count; i++)
        out[i] = (double)((const real *)var->value.data)[i];
    return out;
}

static bool take_states(rondo__look_stack *stack, rondo__passage *passage, const rondo_recurrent_input *input) {
    bool fine = true;
    for (int i = 0; input->initial && i < stack->net->config.layers * stack->net->directions; i++) {
        const rondo_var *h = input->initial->h[i], *c = input->initial->c[i];
        if (h)
            fine = (stack->h[i] = to_doubles(passage, h, stack->net->layer[i].state)) && fine;
        if (c)
            fine = (stack->c[i] = to_doubles(passage, c, stack->net->layer[i].cell)) && fine;
    }
    return fine;
}

/* At the first pass: room for all steps, and what holds for the whole. */
static bool begin_stack(rondo__look_stack *stack, rondo__passage *passage, const rondo_recurrent_input *input) {
    const int64_t T = stack->axis.T, I = stack->net->config.input_size;
    stack->x = rondo__look_room(passage, T * I, sizeof *stack->x);
    stack->y = rondo__look_room(passage, T * rondo_recurrent_output_size(stack->net), sizeof *stack->y);
    stack->feedback = input->feedback ? input->feedback->value.data : NULL;
    if (input->teacher)
        stack->teacher = rondo__look_room(passage, T * input->teacher->value.dims[2], sizeof *stack->teacher);
    return stack->x && stack->y && (!input->teacher || stack->teacher) && take_states(stack, passage, input);
}

/* Row 0 of steps [0, n) of var (T', B, W) becomes rows at, at + 1, ... of out. */
static void take_rows(double *out, int64_t at, int64_t n, const rondo_var *var) {
    const int64_t B = var->value.dims[1], W = var->value.dims[2];
    const real *from = var->value.data;
    for (int64_t t = 0; t < n; t++)
        for (int64_t j = 0; j < W; j++)
            out[(at + t) * W + j] = (double)from[t * B * W + j];
}

static void take_pass(watching *all, rondo__look_stack *stack, const rondo_var *x, const rondo_recurrent_input *input,
                      const rondo_var *y) {
    const int64_t left = stack->axis.T - stack->seen, n = x->value.dims[0] < left ? x->value.dims[0] : left;
    if (stack->seen == 0 && !stack->x && !begin_stack(stack, &all->look->passage, input)) {
        all->failed = true;
        return;
    }
    take_rows(stack->x, stack->seen, n, x);
    take_rows(stack->y, stack->seen, n, y);
    if (input->teacher)
        take_rows(stack->teacher, stack->seen, n, input->teacher);
    stack->seen += n;
    stack->passes++;
    stack->rows = x->value.dims[1];
}

static rondo_var *replace_stack(void *arg, rondo_tape *tape, rondo_var *x, const rondo_recurrent_input *input) {
    watcher *w = arg;
    const rondo__look_run *run = w->all->run;
    const int64_t at = w->at;
    rondo_var *y = run && run->instead ? run->instead(run->arg, w->index, at, tape, x, input) : NULL;
    if (y)
        w->at += x->value.dims[0];
    return y;
}

static rondo_var *see_stack(void *arg, rondo_tape *tape, rondo_var *x, const rondo_recurrent_input *input,
                            rondo_var *y) {
    watcher *w = arg;
    const rondo__look_run *run = w->all->run;
    const int64_t at = w->at;
    w->at += x->value.dims[0];
    if (!run && !w->all->failed)
        take_pass(w->all, &w->all->look->passage.stack[w->index], x, input, y);
    return run && run->seen ? run->seen(run->arg, w->index, at, tape, x, input, y) : y;
}

/* weights (T', 1, S) or (T', 1, heads, S) */
static void take_weights(rondo__look_attention *a, int l, const rondo_var *weights) {
    const int64_t S = a->source->T, T = a->target->T, H = a->heads, left = T - a->seen[l];
    const int64_t wide = weights->value.dims[weights->value.rank - 1], B = weights->value.dims[1];
    const int64_t n = weights->value.dims[0] < left ? weights->value.dims[0] : left;
    const real *from = weights->value.data;
    for (int64_t t = 0; t < n; t++)
        for (int64_t h = 0; h < H; h++)
            for (int64_t s = 0; s < S && s < wide; s++)
                a->weight[((l * H + h) * T + a->seen[l] + t) * S + s] = (double)from[(t * B * H + h) * wide + s];
    a->seen[l] += n;
}

static void see_attention(void *arg, const rondo_attention_layer *layer, const rondo_var *weights) {
    rondo__passage *passage = &((watching *)arg)->look->passage;
    for (int i = 0; i < passage->attentions; i++)
        for (int l = 0; l < passage->attention[i].layers; l++)
            if (passage->attention[i].layer[l] == layer)
                take_weights(&passage->attention[i], l, weights);
}

static bool begin_attentions(rondo__passage *passage) {
    for (int i = 0; i < passage->attentions; i++) {
        rondo__look_attention *a = &passage->attention[i];
        size_t count;
        if (!rondo__size_mul((size_t)(a->layers * a->heads), (size_t)a->target->T, &count) ||
            !rondo__size_mul(count, (size_t)a->source->T, &count) || count > INT64_MAX / 8)
            return false;
        a->weight = rondo__look_room(passage, (int64_t)count, sizeof *a->weight);
        if (!a->weight)
            return false;
    }
    return true;
}

static void set_attention_watch(rondo__passage *passage, const rondo__attention_watch *watch) {
    for (int i = 0; i < passage->attentions; i++)
        for (int l = 0; l < passage->attention[i].layers; l++)
            ((rondo_attention_layer *)passage->attention[i].layer[l])->watch = watch;
}

/* The watches are there while the task runs, and at no other time. */
static rondo_status run_watched(watching *all, bool recording, int64_t only, real *losses, rondo_var **loss,
                                rondo_error *err) {
    rondo__look *look = all->look;
    rondo__passage *passage = &look->passage;
    watcher watchers[RONDO__LOOK_STACKS];
    const rondo__attention_watch attention = {see_attention, all};
    for (int i = 0; i < passage->stacks; i++) {
        watchers[i] = (watcher){.all = all, .index = i, .watch = {replace_stack, see_stack, &watchers[i]}};
        passage->stack[i].net->watch = &watchers[i].watch;
    }
    if (!all->run)
        set_attention_watch(passage, &attention);
    rondo_tape_begin(look->tape, &(rondo_step){.recording = recording});
    *loss = look->task->class->look->run(look, only, losses);
    for (int i = 0; i < passage->stacks; i++)
        passage->stack[i].net->watch = NULL;
    set_attention_watch(passage, NULL);
    const rondo_status status = rondo_tape_status(look->tape, err);
    return status ? status : all->failed ? rondo__look_no_memory(err) : RONDO_OK;
}

rondo_status rondo__look_again(rondo__look *look, const rondo__look_run *run, rondo_var **loss, rondo_error *err) {
    watching all = {.look = look, .run = run};
    return run_watched(&all, run->recording, run->only, run->losses, loss, err);
}

rondo_status rondo__look_at(rondo__look *look, int64_t index, rondo_error *err) {
    rondo__passage *passage = &look->passage;
    watching all = {.look = look};
    rondo_var *loss;
    if (index < 0 || index >= look->passages)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: passage %lld is not there (the data have %lld, from 0 on)",
                           (long long)index, (long long)look->passages);
    rondo__arena_clear(&passage->room);
    *passage = (rondo__passage){.index = index, .room = passage->room};
    rondo_status status = look->task->class->look->lay(look, index, passage, err);
    if (!status && !begin_attentions(passage))
        status = rondo__look_no_memory(err);
    if (!status)
        status = run_watched(&all, false, -1, passage->loss, &loss, err);
    for (int64_t i = 0; !status && i < passage->losses; i++)
        passage->nats += (double)passage->loss[i];
    if (status) /* nobody takes half a passage for a whole one */
        *passage = (rondo__passage){.index = -1, .room = passage->room};
    return status;
}
