/* What is to be said about the columns of a set: cells without values, and columns that never change. Targets and
 * covariates are looked at up to the last known target; what is missing after it is the future. */
#include <math.h>

#include "data/series_build.h"
#include "formats/json_text.h"

/* What one column holds, over all series. */
typedef struct column {
    int64_t cells, missing;
    double low, high;
    const char *path; /* of the first missing cell */
    int64_t line;
} column;

static int64_t known_rows(const rondo__series_set *set, const rondo__series *s) {
    for (int64_t k = s->count; k > 0; k--) {
        for (int64_t c = 0; c < set->targets; c++) {
            if (!isnan(s->value[(k - 1) * set->columns + c]))
                return k;
        }
    }
    return 0;
}

static column look_at(const rondo__series_build *b, int64_t c) {
    const rondo__series_set *set = b->set;
    column out = {.low = INFINITY, .high = -INFINITY};
    for (int64_t i = 0; i < set->count; i++) {
        const rondo__series *s = &set->series[i];
        const int64_t rows = c < set->targets + set->covariates ? s->known : s->count;
        out.cells += rows;
        for (int64_t k = 0; k < rows; k++) {
            const double value = s->value[k * set->columns + c];
            out.low = fmin(out.low, value);
            out.high = fmax(out.high, value);
            if (isnan(value) && out.missing++ == 0) {
                out.path = s->path;
                out.line = b->line[i][k];
            }
        }
    }
    return out;
}

static void add_note(rondo__text *notes, const char *name, const column *c) {
    const rondo__shown shown = rondo__show(name);
    if (c->missing == c->cells)
        rondo__text_format(notes, "column '%s' has no value\n", shown.text);
    else if (c->missing > 0)
        rondo__text_format(notes,
                           "%s:%lld: column '%s': %lld of %lld values %s missing (masked, not filled in), the "
                           "first here\n",
                           c->path, (long long)c->line, shown.text, (long long)c->missing, (long long)c->cells,
                           c->missing == 1 ? "is" : "are");
    else
        rondo__text_format(notes, "column '%s' is constant (a model learns nothing from it; its scale is 1)\n",
                           shown.text);
}

rondo_status rondo__series_note_columns(rondo__series_build *b, rondo__text *notes) {
    rondo__series_set *set = b->set;
    int64_t lines = 0;
    for (int64_t i = 0; i < set->count; i++)
        set->series[i].known = known_rows(set, &set->series[i]);
    for (int64_t c = 0; c < set->columns; c++) {
        const column about = look_at(b, c);
        const bool constant = about.cells > 1 && about.low == about.high;
        set->missing += about.missing;
        if ((about.missing > 0 || constant) && lines++ < RONDO__SERIES_NOTES)
            add_note(notes, set->column_name[c], &about);
    }
    if (lines > RONDO__SERIES_NOTES)
        rondo__text_format(notes, "%lld further columns with missing or constant values\n",
                           (long long)(lines - RONDO__SERIES_NOTES));
    return notes->failed ? rondo__series_no_memory(b, set->series[0].path) : RONDO_OK;
}
