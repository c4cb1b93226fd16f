#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "differential/run.h"

static const differ_family *const groups[] = {differ_basic, differ_losses, differ_sequences, differ_attention};

static const differ_family *family_at(int index) {
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
        for (const differ_family *f = groups[g]; f->name; f++) {
            if (index-- == 0)
                return f;
        }
    }
    return NULL;
}

int case_families(void) {
    int count = 0;
    while (family_at(count))
        count++;
    return count;
}

/* Small values and absent options are as likely as large ones: half of all fields. */
static int64_t draw_field(const differ_field *field, uint64_t seed, uint64_t index) {
    const uint64_t span = (uint64_t)(field->high - field->low) + 1;
    const uint64_t small = span < 9 ? span : 9;
    const bool large = rondo__random_below(seed, 1u << 20, index, 2) == 1;
    return field->low + (int64_t)rondo__random_below(seed, (1u << 20) + 1, index, large ? span : small);
}

void case_draw(differ_case *c, uint64_t seed) {
    *c = (differ_case){.family = family_at((int)(seed % (uint64_t)case_families())), .seed = seed};
    for (int i = 0; i < DIFFER_FIELDS && c->family->fields[i].name; i++)
        c->value[i] = draw_field(&c->family->fields[i], seed, (uint64_t)i);
}

static bool set_field(differ_case *c, const char *word) {
    const char *equals = strchr(word, '=');
    const size_t size = equals ? (size_t)(equals - word) : 0;
    if (size == 4 && strncmp(word, "seed", 4) == 0) {
        c->seed = strtoull(equals + 1, NULL, 10);
        return true;
    }
    for (int i = 0; size && i < DIFFER_FIELDS && c->family->fields[i].name; i++) {
        if (strlen(c->family->fields[i].name) == size && strncmp(c->family->fields[i].name, word, size) == 0) {
            c->value[i] = strtoll(equals + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

bool case_read(differ_case *c, const char *line) {
    char text[1024], *rest = text;
    snprintf(text, sizeof text, "%s", line);
    const char *name = strtok_r(text, " \n", &rest), *word;
    *c = (differ_case){0};
    for (int i = 0; name && i < case_families(); i++) {
        if (strcmp(family_at(i)->name, name) == 0)
            c->family = family_at(i);
    }
    if (!c->family)
        return false;
    for (int i = 0; i < DIFFER_FIELDS && c->family->fields[i].name; i++)
        c->value[i] = c->family->fields[i].low;
    while ((word = strtok_r(NULL, " \n", &rest)) != NULL) {
        if (!set_field(c, word))
            return false;
    }
    return true;
}

void case_write(const differ_case *c, char *line, size_t size) {
    size_t used = (size_t)snprintf(line, size, "%s seed=%llu", c->family->name, (unsigned long long)c->seed);
    for (int i = 0; i < DIFFER_FIELDS && c->family->fields[i].name; i++) {
        if (c->value[i] != c->family->fields[i].low)
            used += (size_t)snprintf(line + used, size - used, " %s=%lld", c->family->fields[i].name,
                                     (long long)c->value[i]);
    }
}

/* ---- running ---- */

/* The instruction set and the number of threads of a case: the double library has but one. */
static rondo_context *context_of(uint64_t seed) {
    static rondo_context *contexts[8][3];
    char names[128], *rest, *isa[8];
    int count = 0;
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    for (char *word = strtok_r(names, " ", &rest); word && count < 8; word = strtok_r(NULL, " ", &rest))
        isa[count++] = word;
    const int which = (int)(seed / 3 % (uint64_t)count), threads = (int)(seed % 3);
    const rondo_context_options options = {.threads = threads + 1, .isa = isa[which]};
    if (!contexts[which][threads] && rondo_context_create(&contexts[which][threads], &options, NULL))
        exit(2);
    return contexts[which][threads];
}

static void take(outcome *out, const differ_array *list) {
    for (; list; list = list->next) {
        out->data = realloc(out->data, (size_t)(out->arrays + 1) * sizeof *out->data);
        out->counts = realloc(out->counts, (size_t)(out->arrays + 1) * sizeof *out->counts);
        double *copy = malloc((size_t)(list->count + 1) * sizeof *copy);
        for (int64_t i = 0; i < list->count; i++)
            copy[i] = (double)list->data[i];
        out->data[out->arrays] = copy;
        out->counts[out->arrays++] = list->count;
    }
}

void case_run(const differ_case *c, outcome *out) {
    rondo_error err = {0};
    differ d = {.c = c};
    const rondo_step step = {.training = true, .recording = true, .seed = c->seed, .step = 1};
    *out = (outcome){0};
    if (rondo_tape_create(&d.tape, context_of(c->seed), NULL))
        exit(2);
    rondo_tape_begin(d.tape, &step);
    c->family->build(&d);
    out->status = rondo_tape_status(d.tape, &err);
    if (!out->status && d.loss)
        out->status = rondo_backward(d.tape, d.loss, 1);
    snprintf(out->message, sizeof out->message, "%s", err.message);
    if (!out->status) {
        take(out, d.results);
        out->results = out->arrays;
        take(out, d.gradients);
    }
    differ_end(&d);
    rondo_tape_destroy(&d.tape);
}

void outcome_free(outcome *out) {
    for (int64_t i = 0; i < out->arrays; i++)
        free(out->data[i]);
    free(out->data);
    free(out->counts);
    *out = (outcome){0};
}
