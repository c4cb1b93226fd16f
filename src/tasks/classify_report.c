/* What an evaluation found, label by label: precision, recall, and what is taken for what. */
#include <string.h>

#include "tasks/classify.h"

enum { MOST_COLUMNS = 16, NAME = 20, CELL = 7, MOST_CONFUSIONS = 20 };

/* Characters, not bytes, so that columns stay straight. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(rondo__text *out, int blanks) {
    for (; blanks > 0; blanks--)
        rondo__text_add(out, " ", 1);
}

/* At most width characters, to the left or to the right. */
static void put(rondo__text *out, const char *text, int width, bool right) {
    int size = 0, shown = 0;
    while (text[size] && (shown < width || ((unsigned char)text[size] & 0xc0) == 0x80)) {
        shown += ((unsigned char)text[size] & 0xc0) != 0x80;
        size++;
    }
    if (right)
        pad(out, width - shown);
    rondo__text_add(out, text, (size_t)size);
    if (!right)
        pad(out, width - shown);
}

static int name_width(const rondo__classify *c) {
    int width = 5; /* "label" */
    for (int64_t k = 0; k < c->C; k++) {
        const int own = width_of(c->labels.name[k]);
        width = own > width ? own : width;
    }
    return width < NAME ? width : NAME;
}

static void add_classes(const rondo__classify *c, const rondo_class_score *score, rondo__text *out) {
    const int width = name_width(c);
    put(out, "label", width, false);
    rondo__text_format(out, "  precision  recall      f1  examples\n");
    for (int64_t k = 0; k < c->C; k++) {
        put(out, c->labels.name[k], width, false);
        rondo__text_format(out, "  %9.4f  %6.4f  %6.4f  %8lld\n", score[k].precision, score[k].recall, score[k].f1,
                           (long long)score[k].support);
    }
}

static void add_matrix(const rondo__classify *c, rondo__text *out) {
    const int width = name_width(c);
    rondo__text_format(out, "rows: the truth; columns: what the model said\n");
    put(out, "", width, false);
    for (int64_t k = 0; k < c->C; k++) {
        rondo__text_add(out, " ", 1);
        put(out, c->labels.name[k], CELL - 1, true);
    }
    rondo__text_add(out, "\n", 1);
    for (int64_t i = 0; i < c->C; i++) {
        put(out, c->labels.name[i], width, false);
        for (int64_t k = 0; k < c->C; k++)
            rondo__text_format(out, "%*lld", CELL, (long long)c->confusion[i * c->C + k]);
        rondo__text_add(out, "\n", 1);
    }
}

/* The next most frequent mistake after `last` (its cell), by falling number and then by place; -1: no more. */
static int64_t next_mistake(const rondo__classify *c, int64_t last) {
    const int64_t bound = last < 0 ? INT64_MAX : c->confusion[last];
    int64_t best = -1;
    for (int64_t i = 0; i < c->C * c->C; i++) {
        const int64_t n = c->confusion[i];
        const bool open = n < bound || (n == bound && i > last);
        if (n > 0 && i / c->C != i % c->C && open && (best < 0 || n > c->confusion[best]))
            best = i;
    }
    return best;
}

static void add_mistakes(const rondo__classify *c, rondo__text *out) {
    int64_t cell = next_mistake(c, -1);
    rondo__text_format(out, "most frequent mistakes%s\n", cell < 0 ? ": none" : "");
    for (int shown = 0; cell >= 0 && shown < MOST_CONFUSIONS; shown++) {
        rondo__text_format(out, "%8lld  %s taken for %s\n", (long long)c->confusion[cell],
                           c->labels.name[cell / c->C], c->labels.name[cell % c->C]);
        cell = next_mistake(c, cell);
    }
}

void rondo__classify_report(const rondo__task_object *task, rondo__text *out) {
    const rondo__classify *c = (const rondo__classify *)task;
    if (!c->confusion)
        return;
    rondo_class_score *score = rondo__calloc((size_t)c->C, sizeof *score);
    if (!score) {
        out->failed = true;
        return;
    }
    rondo_confusion_score(c->confusion, c->C, score);
    add_classes(c, score, out);
    if (c->C <= MOST_COLUMNS)
        add_matrix(c, out);
    else
        add_mistakes(c, out);
    rondo__free(score);
}
