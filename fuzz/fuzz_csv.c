/* Fuzz target, see fuzz/README.md: any bytes as a CSV file. Written again with every cell in quotes it is the same
 * file, and its first columns as time and target make series whose times rise. */
#include "data/csv.h"

#include <math.h>
#include <string.h>

#include "data/series.h"
#include "data/series_build.h"

static void write_row(rondo__text *out, const rondo__csv *csv, char *const *cell) {
    for (int64_t c = 0; c < csv->columns; c++) {
        if (c > 0)
            rondo__text_add(out, &csv->separator, 1);
        rondo__text_add(out, "\"", 1);
        for (const char *at = cell[c]; *at; at++) {
            rondo__text_add(out, "\"", *at == '"');
            rondo__text_add(out, at, 1);
        }
        rondo__text_add(out, "\"", 1);
    }
    rondo__text_add(out, "\n", 1);
}

static void csv_again(const rondo__csv *csv) {
    rondo__text text = {0};
    rondo__csv again;
    if (csv->header)
        write_row(&text, csv, csv->name);
    for (int64_t i = 0; i < csv->rows; i++)
        write_row(&text, csv, csv->cell + i * csv->columns);
    if (rondo__csv_parse(&again, "again", text.data, text.size, NULL) || again.rows != csv->rows ||
        again.columns != csv->columns || again.header != csv->header || again.decimal_comma != csv->decimal_comma)
        __builtin_trap();
    for (int64_t i = 0; i < csv->rows * csv->columns; i++) {
        if (strcmp(csv->cell[i], again.cell[i]) != 0)
            __builtin_trap();
    }
    rondo__csv_free(&again);
    rondo__text_free(&text);
}

/* Every cell is a number, a missing one, or refused; what can be printed as a time is read back. */
static void use_cells(const rondo__csv *csv) {
    rondo_error err;
    double x;
    for (int64_t i = 0; i < csv->rows * csv->columns; i++) {
        char text[32];
        if (!rondo__csv_number(csv, i / csv->columns, i % csv->columns, &x, &err) && isinf(x))
            __builtin_trap();
        if (!rondo__time_scan(csv->cell[i], &x))
            continue;
        rondo__time_print(x, text);
        double again;
        if (x < 253402300799.5 && (!rondo__time_scan(text, &again) || fabs(again - x) > 1e-4))
            __builtin_trap();
    }
}

static void use_series(const rondo__csv *csv, bool rows) {
    const char *const target[] = {csv->name[csv->columns > 1], NULL}, *const fixed[] = {csv->name[0], NULL};
    const rondo__series_spec spec = {.time = csv->columns > 1 ? csv->name[0] : "",
                                     .series = csv->columns > 2 ? csv->name[2] : NULL,
                                     .target = target,
                                     .fixed = csv->columns > 3 ? fixed : NULL,
                                     .rows = rows};
    rondo__series_set set;
    rondo_error err;
    if (rondo__series_from_csv(&set, csv, &spec, &err))
        return;
    for (int64_t i = 0; i < set.count; i++) {
        const rondo__series *s = &set.series[i];
        for (int64_t k = 1; k < s->count; k++) {
            if (!(s->time[k] > s->time[k - 1]))
                __builtin_trap();
        }
        if (s->known > s->count || (s->known > 0 && isnan(s->value[s->known - 1])))
            __builtin_trap();
    }
    rondo__series_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__csv csv;
    rondo_error err;
    if (rondo__csv_parse(&csv, "fuzz", (const char *)data, size, &err))
        return 0;
    csv_again(&csv);
    use_cells(&csv);
    use_series(&csv, false);
    use_series(&csv, true);
    rondo__csv_free(&csv);
    return 0;
}
