/* Cutting a CSV file into cells, in place: every cell ends in a NUL where its separator stood, quoted cells close up
 * over their doubled quotes. The text holds no NUL of its own (checked first), so that the one behind its end stops
 * every loop. Which separator it has is csv_sniff.c's part, what a number is csv_number.c's. */
#include "data/csv.h"

#include <string.h>

#include "data/csv_parts.h"
#include "data/symbols.h"
#include "formats/json_text.h"

typedef struct cutter {
    rondo__csv *csv;
    char *at;
    const char *end;
    int64_t line; /* of at */
    size_t cells, cell_capacity, row_capacity;
    bool stop[256]; /* the characters that end an unquoted cell */
    rondo_error *err;
} cutter;

static rondo_status no_memory(const rondo__csv *csv, rondo_error *err) {
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory for its cells", csv->path);
}

/* Room for one more item of size bytes in *items. */
static bool make_room(void *items, size_t count, size_t *capacity, size_t size) {
    void *old, *grown;
    size_t more, bytes;
    if (count < *capacity)
        return true;
    memcpy(&old, items, sizeof old);
    if (!rondo__size_mul(*capacity ? *capacity : 512, 2, &more) || !rondo__size_mul(more, size, &bytes))
        return false;
    grown = rondo__realloc(old, *capacity * size, bytes);
    if (!grown)
        return false;
    memcpy(items, &grown, sizeof grown);
    *capacity = more;
    return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static char *skip_blanks(const cutter *c, char *at) {
    while (is_blank(*at) && *at != c->csv->separator)
        at++;
    return at;
}

/* The text [begin, end) without blanks around it. */
static char *trim(char *begin, char *end) {
    while (begin < end && is_blank(*begin))
        begin++;
    while (end > begin && is_blank(end[-1]))
        end--;
    *end = '\0';
    return begin;
}

/* Steps over what ended a cell at `at`. True: the row goes on. */
static bool step_over(cutter *c, char *at, char stop) {
    c->at = at + (stop != '\0' || at < c->end);
    if (stop == c->csv->separator)
        return true;
    c->at += stop == '\r' && *c->at == '\n';
    c->line += stop != '\0';
    return false;
}

/* A quoted cell whose opening quote stands at `open`; *after is where what follows it stands. */
static rondo_status cut_quoted(cutter *c, char *open, char **cell, char **after) {
    const int64_t line = c->line;
    char *from = open + 1, *to = open;
    for (;; from++) {
        if (from >= c->end)
            return rondo__fail(c->err, RONDO_FORMAT,
                               "%s:%lld: a quote is opened here and never closed (close it; a quote inside of a quoted "
                               "cell is doubled)",
                               c->csv->path, (long long)line);
        if (*from == '"' && *++from != '"')
            break;
        c->line += *from == '\n' || (*from == '\r' && from[1] != '\n');
        *to++ = *from;
    }
    *after = skip_blanks(c, from);
    if (!c->stop[(unsigned char)**after])
        return rondo__fail(c->err, RONDO_FORMAT,
                           "%s:%lld: text follows the closing quote of a cell (a quote inside of a quoted cell is "
                           "doubled)",
                           c->csv->path, (long long)c->line);
    *cell = trim(open, to);
    return RONDO_OK;
}

/* The cell at c->at. */
static rondo_status cut_cell(cutter *c, char **cell, bool *more) {
    char *begin = skip_blanks(c, c->at), *end = begin;
    if (*begin == '"') {
        const rondo_status status = cut_quoted(c, begin, cell, &end);
        *more = status == RONDO_OK && step_over(c, end, *end);
        return status;
    }
    while (!c->stop[(unsigned char)*end])
        end++;
    *more = step_over(c, end, *end);
    *cell = trim(begin, end);
    return RONDO_OK;
}

/* Past blank lines. False: that was the end. */
static bool find_row(cutter *c) {
    for (;;) {
        char *at = skip_blanks(c, c->at);
        if (*at == '\0')
            return false;
        if (*at != '\n' && *at != '\r')
            return true;
        step_over(c, at, *at);
    }
}

/* One row; columns 0: it is the first, and says how many there are. */
static rondo_status cut_row(cutter *c) {
    rondo__csv *csv = c->csv;
    const int64_t line = c->line, columns = csv->columns;
    int64_t cells = 0;
    for (bool more = true; more; cells++) {
        char *cell = NULL;
        const rondo_status status = cut_cell(c, &cell, &more);
        if (status != RONDO_OK)
            return status;
        if (columns > 0 && cells >= columns)
            continue;
        if (!make_room(&csv->cell, c->cells, &c->cell_capacity, sizeof *csv->cell))
            return no_memory(csv, c->err);
        csv->cell[c->cells++] = cell;
    }
    if (columns > 0 && cells != columns)
        return rondo__fail(c->err, RONDO_FORMAT,
                           "%s:%lld: %lld cell%s, but the first row has %lld (cells are separated by %s)", csv->path,
                           (long long)line, (long long)cells, cells == 1 ? "" : "s", (long long)columns,
                           rondo__csv_separator_name(csv->separator));
    if (!make_room(&csv->line, (size_t)csv->rows, &c->row_capacity, sizeof *csv->line))
        return no_memory(csv, c->err);
    csv->columns = cells;
    csv->line[csv->rows++] = line;
    return RONDO_OK;
}

/* Names of the columns, from the first row or by number. */
static bool set_names(rondo__csv *csv) {
    const size_t columns = (size_t)csv->columns;
    size_t unnamed = 0, pointers, digits, bytes;
    for (size_t i = 0; i < columns; i++)
        unnamed += !csv->header || csv->cell[i][0] == '\0';
    if (!rondo__size_mul(columns, sizeof *csv->name, &pointers) ||
        !rondo__size_mul(unnamed, RONDO__CSV_NUMBER_NAME, &digits) || !rondo__size_add(pointers, digits, &bytes))
        return false;
    csv->name = rondo__alloc(bytes);
    char *at = (char *)csv->name + pointers;
    for (size_t i = 0; csv->name && i < columns; i++) {
        csv->name[i] = csv->cell[i];
        if (!csv->header || csv->cell[i][0] == '\0') {
            rondo__csv_number_name(at, (int64_t)i + 1);
            csv->name[i] = at;
            at += RONDO__CSV_NUMBER_NAME;
        }
    }
    return csv->name != NULL;
}

static rondo_status check_names(const rondo__csv *csv, rondo_error *err) {
    rondo__symbols seen = {0};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < csv->columns && status == RONDO_OK; i++) {
        const int32_t index = rondo__symbols_add(&seen, csv->name[i], strlen(csv->name[i]), 1);
        if (index < 0)
            status = no_memory(csv, err);
        else if (index < i)
            status = rondo__fail(err, RONDO_FORMAT, "%s:%lld: columns %lld and %lld are both called '%s' (rename one)",
                                 csv->path, (long long)csv->line[0], (long long)index + 1, (long long)i + 1,
                                 rondo__show(csv->name[i]).text);
    }
    rondo__symbols_free(&seen);
    return status;
}

static rondo_status cut_header(cutter *c) {
    rondo__csv *csv = c->csv;
    rondo_status status =
        find_row(c) ? cut_row(c)
                    : rondo__fail(c->err, RONDO_FORMAT,
                                  "%s: the file is empty (a row of column names, then rows of values)", csv->path);
    if (status != RONDO_OK)
        return status;
    csv->header = rondo__csv_is_header(csv);
    if (!set_names(csv))
        return no_memory(csv, c->err);
    status = check_names(csv, c->err);
    if (csv->header) {
        csv->rows = 0;
        c->cells = 0;
    }
    return status;
}

/* The first thing that is not text, with its line. */
static rondo_status check_text(const rondo__csv *csv, size_t size, rondo_error *err) {
    const size_t valid = rondo__utf8_check(csv->text, size);
    const char *nul = memchr(csv->text, '\0', valid);
    int64_t line = 1;
    if (!nul && valid == size)
        return RONDO_OK;
    const char *bad = nul ? nul : csv->text + valid;
    for (const char *at = csv->text; at < bad; at++)
        line += *at == '\n' || (*at == '\r' && at[1] != '\n');
    return rondo__fail(err, RONDO_FORMAT,
                       nul ? "%s:%lld: a NUL byte (this is not a CSV file in UTF-8)"
                           : "%s:%lld: not UTF-8 (convert the file, for example with iconv)",
                       csv->path, (long long)line);
}

static rondo_status cut(rondo__csv *csv, size_t size, rondo_error *err) {
    cutter c = {.csv = csv, .at = csv->text, .end = csv->text + size, .line = 1, .err = err};
    if (size >= 3 && memcmp(csv->text, "\xef\xbb\xbf", 3) == 0)
        c.at += 3;
    csv->separator = rondo__csv_sniff(c.at);
    c.stop['\0'] = c.stop['\n'] = c.stop['\r'] = c.stop[(unsigned char)csv->separator] = true;
    rondo_status status = cut_header(&c);
    while (status == RONDO_OK && find_row(&c))
        status = cut_row(&c);
    if (status == RONDO_OK && csv->rows == 0)
        status = rondo__fail(err, RONDO_FORMAT, "%s: there is no row below the header (rows of values follow it)",
                             csv->path);
    if (status == RONDO_OK)
        csv->decimal_comma = rondo__csv_sniff_comma(csv);
    return status;
}

/* Takes over text, which has a NUL at text[size]. */
static rondo_status take(rondo__csv *out, const char *label, char *text, size_t size, rondo_error *err) {
    *out = (rondo__csv){.path = rondo__strdup(label), .text = text};
    rondo_status status = out->path ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "%s: no memory for its cells", label);
    if (status == RONDO_OK)
        status = check_text(out, size, err);
    if (status == RONDO_OK)
        status = cut(out, size, err);
    if (status != RONDO_OK)
        rondo__csv_free(out);
    return status;
}

rondo_status rondo__csv_read(rondo__csv *out, const char *path, rondo_error *err) {
    char *text;
    size_t size;
    *out = (rondo__csv){0};
    const rondo_status status = rondo__file_read(path, 0, &text, &size, err);
    return status == RONDO_OK ? take(out, path, text, size, err) : status;
}

rondo_status rondo__csv_parse(rondo__csv *out, const char *label, const char *text, size_t size, rondo_error *err) {
    size_t bytes;
    *out = (rondo__csv){0};
    char *copy = rondo__size_add(size, 1, &bytes) ? rondo__alloc(bytes) : NULL;
    if (!copy)
        return rondo__fail(err, RONDO_MEMORY, "%s: no memory for %zu bytes of text", label, size);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return take(out, label, copy, size, err);
}

void rondo__csv_free(rondo__csv *csv) {
    rondo__free(csv->path);
    rondo__free(csv->text);
    rondo__free(csv->name);
    rondo__free(csv->cell);
    rondo__free(csv->line);
    *csv = (rondo__csv){0};
}
