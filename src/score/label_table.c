/* Tables of labels: columns are as wide as what stands in them, counted in columns of a terminal. A name that no
 * terminal can show (control characters, broken UTF-8) is shown with question marks. */
#include <stdio.h>
#include <string.h>

#ifdef RONDO_HAVE_UTF8PROC
#include <utf8proc.h>
#endif

#include "score/label_table.h"

enum { ROW_NAME = 24, COLUMN_NAME = 8, MISTAKES = 20 };

/* ---- names ---- */

typedef struct labels {
    int64_t classes;
    const char *const *name;
    int width; /* of the widest name at the head of a row */
} labels;

/* Columns of the character at p, and how many bytes it takes; 0 bytes: it cannot be shown. */
static int columns_at(const char *p, size_t left, int *bytes) {
    *bytes = rondo__utf8_length((const unsigned char *)p, left);
    if (*bytes == 1 && ((unsigned char)*p < 0x20 || *p == 0x7F))
        *bytes = 0;
#ifdef RONDO_HAVE_UTF8PROC
    utf8proc_int32_t code;
    if (*bytes > 1 && utf8proc_iterate((const utf8proc_uint8_t *)p, *bytes, &code) > 0) {
        if (utf8proc_category(code) == UTF8PROC_CATEGORY_CC)
            *bytes = 0;
        return *bytes ? utf8proc_charwidth(code) : 1;
    }
#endif
    return 1;
}

/* Adds at most `most` columns of text, all of it where most is 0, and returns how many it added. out may be NULL. */
static int add_name(rondo__text *out, const char *text, int most) {
    int columns = 0;
    for (size_t at = 0, size = strlen(text); at < size;) {
        int bytes, wide = columns_at(text + at, size - at, &bytes);
        if (most && columns + wide > most)
            break;
        if (out)
            rondo__text_add(out, bytes ? text + at : "?", bytes ? (size_t)bytes : 1);
        columns += wide;
        at += bytes ? (size_t)bytes : 1;
    }
    return columns;
}

static void add_spaces(rondo__text *out, int count) {
    for (int i = 0; i < count; i++)
        rondo__text_add(out, " ", 1);
}

/* The name of a class in at most `most` columns, filled up to `width` of them. */
static void add_label(rondo__text *out, const labels *l, int64_t c, int most, int width, bool right) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)c);
    const char *name = l->name ? l->name[c] : number;
    int fill = width - add_name(NULL, name, most);
    if (right)
        add_spaces(out, fill);
    add_name(out, name, most);
    if (!right)
        add_spaces(out, fill);
}

static int label_width(const labels *l, int64_t c, int most) {
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)c);
    return add_name(NULL, l->name ? l->name[c] : number, most);
}

/* ---- one line for each class ---- */

static void add_ratio(rondo__text *out, int width, double value, bool defined) {
    if (defined)
        rondo__text_format(out, "  %*.4f", width, value);
    else
        rondo__text_format(out, "  %*s", width, "-");
}

static void add_classes(rondo__text *out, const labels *l, const int64_t *confusion) {
    rondo__text_format(out, "%-*s  %9s  %9s  %9s  %9s  %9s\n", l->width, "class", "count", "predicted", "precision",
                       "recall", "F1");
    for (int64_t c = 0; c < l->classes; c++) {
        rondo_class_score s = rondo__class_score(confusion, l->classes, c);
        add_label(out, l, c, ROW_NAME, l->width, false);
        rondo__text_format(out, "  %9lld  %9lld", (long long)s.support, (long long)s.predicted);
        add_ratio(out, 9, s.precision, s.predicted > 0);
        add_ratio(out, 9, s.recall, s.support > 0);
        add_ratio(out, 9, s.f1, s.support + s.predicted > 0);
        rondo__text_add(out, "\n", 1);
    }
    rondo_label_result all = rondo_confusion_score(confusion, l->classes, NULL);
    rondo__text_format(out, "%-*s  %9lld  %9lld", l->width, "mean", (long long)all.count, (long long)all.count);
    add_ratio(out, 9, all.macro_precision, all.count > 0);
    add_ratio(out, 9, all.macro_recall, all.count > 0);
    add_ratio(out, 9, all.macro_f1, all.count > 0);
    rondo__text_format(out, "\n%-*s  ", l->width, "accuracy");
    add_ratio(out, 7, all.accuracy, all.count > 0);
    rondo__text_add(out, "\n", 1);
}

/* ---- truth by prediction ---- */

static int column_width(const labels *l, const int64_t *confusion, int64_t c) {
    int width = label_width(l, c, COLUMN_NAME);
    for (int64_t truth = 0; truth < l->classes; truth++) {
        int digits = snprintf(NULL, 0, "%lld", (long long)confusion[truth * l->classes + c]);
        width = digits > width ? digits : width;
    }
    return width;
}

static void add_matrix(rondo__text *out, const labels *l, const int64_t *confusion) {
    int width[RONDO__MATRIX_CLASSES];
    rondo__text_format(out, "\n%-*s  predicted\n%-*s", l->width, "", l->width, "truth");
    for (int64_t c = 0; c < l->classes; c++) {
        width[c] = column_width(l, confusion, c);
        add_spaces(out, 2);
        add_label(out, l, c, COLUMN_NAME, width[c], true);
    }
    rondo__text_add(out, "\n", 1);
    for (int64_t truth = 0; truth < l->classes; truth++) {
        add_label(out, l, truth, ROW_NAME, l->width, false);
        for (int64_t c = 0; c < l->classes; c++) {
            int64_t times = confusion[truth * l->classes + c];
            if (times)
                rondo__text_format(out, "  %*lld", width[c], (long long)times);
            else
                rondo__text_format(out, "  %*s", width[c], ".");
        }
        rondo__text_add(out, "\n", 1);
    }
}

/* ---- too many classes for a matrix: what went wrong most often ---- */

typedef struct mistake {
    int64_t times, truth, prediction;
} mistake;

/* Keeps the list in falling order; of equal ones the first found stays in front. */
static void keep_mistake(mistake *list, int *count, mistake m) {
    int at = *count;
    while (at > 0 && list[at - 1].times < m.times)
        at--;
    if (at == MISTAKES)
        return;
    *count += *count < MISTAKES;
    memmove(list + at + 1, list + at, (size_t)(*count - 1 - at) * sizeof *list);
    list[at] = m;
}

static void add_mistakes(rondo__text *out, const labels *l, const int64_t *confusion) {
    mistake list[MISTAKES];
    int count = 0;
    for (int64_t truth = 0; truth < l->classes; truth++)
        for (int64_t c = 0; c < l->classes; c++)
            if (truth != c && confusion[truth * l->classes + c] > 0)
                keep_mistake(list, &count, (mistake){confusion[truth * l->classes + c], truth, c});
    if (count)
        rondo__text_format(out, "\n%-*s  %-*s  %9s\n", l->width, "truth", l->width, "predicted", "times");
    for (int i = 0; i < count; i++) {
        add_label(out, l, list[i].truth, ROW_NAME, l->width, false);
        add_spaces(out, 2);
        add_label(out, l, list[i].prediction, ROW_NAME, l->width, false);
        rondo__text_format(out, "  %9lld\n", (long long)list[i].times);
    }
}

void rondo__label_table(rondo__text *out, int64_t classes, const char *const *name, const int64_t *confusion) {
    labels l = {classes, name, (int)sizeof "predicted" - 1};
    for (int64_t c = 0; c < classes; c++) {
        int width = label_width(&l, c, ROW_NAME);
        l.width = width > l.width ? width : l.width;
    }
    add_classes(out, &l, confusion);
    if (classes <= RONDO__MATRIX_CLASSES)
        add_matrix(out, &l, confusion);
    else
        add_mistakes(out, &l, confusion);
}
