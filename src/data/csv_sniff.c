/* What a CSV file does not say about itself: its separator, whether it has a header, how its decimals are written. */
#include <stdio.h>
#include <string.h>

#include "data/csv_parts.h"

#define LOOKED_AT 16 /* rows */
#define CANDIDATES 4

/* A comma stands last: it is also a decimal comma, and common in texts. */
static const char candidate[CANDIDATES] = {';', '\t', '|', ','};

static int candidate_index(char c) {
    const char *at = c ? memchr(candidate, c, CANDIDATES) : NULL;
    return at ? (int)(at - candidate) : -1;
}

/* How often each candidate stands in the row at `at`, outside of quotes. Where the next row begins. */
static const char *count_row(const char *at, size_t count[CANDIDATES]) {
    bool begins = true; /* a cell, so that a quote opens it */
    memset(count, 0, CANDIDATES * sizeof count[0]);
    for (; *at && *at != '\n' && *at != '\r'; at++) {
        const int index = candidate_index(*at);
        if (*at == '"' && begins) {
            for (at++; *at && !(*at == '"' && at[1] != '"'); at++)
                at += *at == '"';
            if (!*at)
                return at;
        }
        if (index >= 0)
            count[index]++;
        begins = index >= 0 || (begins && *at == ' ');
    }
    return at + (*at != '\0');
}

static bool is_blank_row(const char *at) {
    while (*at == ' ' || *at == '\t')
        at++;
    return *at == '\n' || *at == '\r';
}

/* The first candidate that all rows hold, equally often; else the one that the first row holds most. */
char rondo__csv_sniff(const char *text) {
    size_t first[CANDIDATES] = {0}, count[CANDIDATES];
    bool equal[CANDIDATES] = {true, true, true, true};
    int best = CANDIDATES - 1;
    for (int row = 0; *text && row < LOOKED_AT;) {
        const bool blank = is_blank_row(text);
        text = count_row(text, count);
        if (blank)
            continue;
        if (row++ == 0)
            memcpy(first, count, sizeof first);
        for (int i = 0; i < CANDIDATES; i++)
            equal[i] = equal[i] && count[i] == first[i];
    }
    for (int i = 0; i < CANDIDATES; i++) {
        if (first[i] > 0 && equal[i])
            return candidate[i];
    }
    for (int i = CANDIDATES - 1; i >= 0; i--) {
        if (first[i] > first[best])
            best = i;
    }
    return candidate[best];
}

bool rondo__csv_sniff_comma(const rondo__csv *csv) {
    const int64_t cells = csv->rows * csv->columns;
    double number;
    if (csv->separator == ',')
        return false;
    for (int64_t i = 0; i < cells; i++) {
        const char *mark = strpbrk(csv->cell[i], ".,");
        if (mark && rondo__csv_scan(csv->cell[i], *mark == ',', &number))
            return *mark == ',';
    }
    return false;
}

bool rondo__csv_is_header(const rondo__csv *csv) {
    double value;
    for (int64_t i = 0; i < csv->columns; i++) {
        const char *cell = csv->cell[i];
        if (!rondo__csv_scan(cell, false, &value) && !rondo__csv_scan(cell, true, &value) &&
            !rondo__time_scan(cell, &value) && !rondo__csv_infinite(cell))
            return true;
    }
    return false;
}

const char *rondo__csv_separator_name(char separator) {
    static const char *const name[CANDIDATES] = {"semicolons", "tabs", "'|'", "commas"};
    const int index = candidate_index(separator);
    return index < 0 ? "commas" : name[index];
}

void rondo__csv_number_name(char name[RONDO__CSV_NUMBER_NAME], int64_t number) {
    snprintf(name, RONDO__CSV_NUMBER_NAME, "%lld", (long long)number);
}
