/* The training curve, from metrics.jsonl. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/json_tree.h"
#include "rondo/model.h"
#include "rondo/plot.h"
#include "train/loop.h"

#define MOST_BYTES ((size_t)256 << 20)

/* Columns of the table: step, the two losses, then what may stand on the right, the first that there is. */
static const char *const keys[] = {"step", "train_loss", "valid_loss", "bleu", "chrf", "accuracy", "perplexity"};
static const char *const right_label[] = {"BLEU", "chrF", "accuracy", "perplexity"};
enum { KEYS = sizeof keys / sizeof keys[0], STEP = 0, TRAIN = 1, VALID = 2, FIRST_RIGHT = 3 };

typedef struct table {
    int64_t rows;
    double *column[KEYS]; /* (rows of the file); one block that the first column begins */
    bool has[KEYS];       /* any number in the column */
} table;

static int64_t count_lines(const char *data, size_t size) {
    int64_t lines = 1; /* a last one without its end */
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static rondo_status make_table(table *t, int64_t lines, const char *path, rondo_error *err) {
    size_t count;
    double *block = NULL;
    if (rondo__size_mul((size_t)lines, KEYS, &count))
        block = rondo__calloc(count, sizeof *block);
    if (!block)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its numbers", path);
    for (int k = 0; k < KEYS; k++)
        t->column[k] = block + k * lines;
    return RONDO_OK;
}

/* null, and what is no number, is a gap. */
static void add_row(table *t, const rondo__json *line) {
    for (int k = 0; k < KEYS; k++) {
        const rondo__json *value = rondo__json_get(line, keys[k]);
        t->column[k][t->rows] = rondo__json_is_number(value) ? rondo__json_as_number(value) : NAN;
        t->has[k] = t->has[k] || rondo__json_is_number(value);
    }
    t->rows++;
}

/* Only the last line may be broken: a run was cut off, or is writing it now. */
static rondo_status read_lines(table *t, const char *data, size_t size, const char *path, rondo_error *err) {
    int64_t number = 0;
    for (const char *at = data, *all = data + size; at < all;) {
        const char *end = memchr(at, '\n', (size_t)(all - at));
        const size_t length = end ? (size_t)(end - at) : (size_t)(all - at);
        rondo__json_error story;
        rondo__json *line = rondo__json_parse(at, length, false, &story);
        number++;
        at = end ? end + 1 : all;
        const bool whole = rondo__json_is_object(line);
        if (whole)
            add_row(t, line);
        rondo__json_free(line);
        if (!line && story.memory)
            return rondo__fail(err, RONDO_MEMORY, "%s: no memory to read it", path);
        if (!whole && at < all)
            return rondo__fail(err, RONDO_FORMAT, "%s:%lld: not an object of JSON (each line is one evaluation)", path,
                               (long long)number);
    }
    return RONDO_OK;
}

static rondo_status draw(const table *t, const char *log, const char *path, rondo_error *err) {
    rondo_plot_series series[3];
    int count = 0, losses;
    const char *label = NULL;
    for (int k = TRAIN; k <= VALID; k++) {
        if (t->has[k])
            series[count++] = (rondo_plot_series){k == TRAIN ? "training loss" : "validation loss", t->rows,
                                                  t->column[STEP], t->column[k]};
    }
    losses = count;
    if (!t->has[STEP] || losses == 0)
        return rondo__fail(err, RONDO_FORMAT, "%s: holds no evaluation yet (train a little longer)", log);
    for (int k = FIRST_RIGHT; k < KEYS && count == losses; k++) {
        if (!t->has[k])
            continue;
        label = right_label[k - FIRST_RIGHT];
        series[count++] = (rondo_plot_series){label, t->rows, t->column[STEP], t->column[k]};
    }
    const rondo_plot_axes axes = {.title = "Training", .x_label = "step", .y_label = "loss (nats per symbol)"};
    return rondo_plot_lines(path, &axes, count, series, count > losses ? losses : 0, label, err);
}

rondo_status rondo_plot_training(const char *folder, const char *path, rondo_error *err) {
    char log[RONDO__PATH], *data = NULL;
    size_t size = 0;
    table t = {0};
    if (!folder || !path)
        return rondo__fail(err, RONDO_ARGUMENT, "rondo_plot_training: folder or path is NULL");
    if (strlen(folder) > RONDO__PATH - 64)
        return rondo__fail(err, RONDO_ARGUMENT, "%.100s...: the folder's name is too long", folder);
    snprintf(log, sizeof log, "%s/metrics.jsonl", folder);
    rondo_status status = rondo__file_read(log, MOST_BYTES, &data, &size, err);
    if (!status)
        status = make_table(&t, count_lines(data, size), log, err);
    if (!status)
        status = read_lines(&t, data, size, log, err);
    if (!status)
        status = draw(&t, log, path, err);
    rondo__free(t.column[0]);
    rondo__free(data);
    return status;
}
