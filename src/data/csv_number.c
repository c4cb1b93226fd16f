/* Cells as numbers, and columns by name.
 *
 * A decimal number is a whole number of digits times a power of ten. Where the digits fit into 53 bits and the power
 * is at most 10^22, both are exact doubles, and one multiplication or division rounds once: that is the exact result
 * (Clinger 1990). The rest goes through strtod, written as digits and exponent: without a decimal point, no locale has
 * a say in it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/csv_parts.h"
#include "formats/json_text.h"

#define MOST_DIGITS 800 /* no double between two others needs more than 767, and one that says that more follow */

/* A number taken apart: value = digits * 10^exponent. */
typedef struct decimal {
    const char *begin, *end; /* of the digits, with their mark */
    uint64_t small;          /* the digits, while they fit */
    int64_t digits;          /* without leading zeros */
    int64_t exponent;
    bool negative;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void add_digit(decimal *d, char c) {
    if (d->digits == 0 && c == '0')
        return;
    if (d->digits++ < 19)
        d->small = d->small * 10 + (uint64_t)(c - '0');
}

/* The e-12 of a number. False: e without digits. */
static bool scan_exponent(const char **at, int64_t *exponent) {
    const char *p = *at + 1;
    const bool negative = *p == '-';
    int64_t value = 0;
    p += *p == '-' || *p == '+';
    if (!is_digit(*p))
        return false;
    for (; is_digit(*p); p++)
        value = value < 1000000000 ? value * 10 + (*p - '0') : value;
    *exponent += negative ? -value : value;
    *at = p;
    return true;
}

/* [+-] digits [mark digits] [e [+-] digits], and nothing behind. */
static bool scan_decimal(const char *at, char mark, decimal *d) {
    const char *first;
    *d = (decimal){.negative = *at == '-'};
    at += *at == '-' || *at == '+';
    d->begin = first = at;
    for (; is_digit(*at); at++)
        add_digit(d, *at);
    bool any = at > first;
    if (*at == mark) {
        for (first = ++at; is_digit(*at); at++)
            add_digit(d, *at);
        any = any || at > first;
        d->exponent = first - at;
    }
    d->end = at;
    if (!any || ((*at == 'e' || *at == 'E') && !scan_exponent(&at, &d->exponent)))
        return false;
    return *at == '\0';
}

static double slow_value(const decimal *d) {
    char text[MOST_DIGITS + 32];
    size_t size = 0;
    int64_t digits = 0;
    bool rest = false;
    for (const char *at = d->begin; at < d->end; at++) {
        if (!is_digit(*at) || (digits == 0 && *at == '0'))
            continue;
        if (digits++ < MOST_DIGITS)
            text[size++] = *at;
        else
            rest = rest || *at != '0';
    }
    if (rest && text[size - 1] == '0')
        text[size - 1] = '1';
    snprintf(text + size, sizeof text - size, "e%lld",
             (long long)d->exponent + (digits > MOST_DIGITS ? digits - MOST_DIGITS : 0));
    return strtod(text, NULL);
}

static double decimal_value(const decimal *d) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->digits == 0)
        return 0;
    if (d->digits > 19 || d->small > UINT64_C(1) << 53 || d->exponent < -22 || d->exponent > 22)
        return slow_value(d);
    return d->exponent < 0 ? (double)d->small / power[-d->exponent] : (double)d->small * power[d->exponent];
}

static bool is_missing(const char *text) {
    static const char *const missing[] = {"", "NA", "N/A", "NaN", "null", "none", "-", "?"};
    if (strlen(text) > 4)
        return false;
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        if (strcasecmp(text, missing[i]) == 0)
            return true;
    }
    return false;
}

bool rondo__csv_infinite(const char *text) {
    text += *text == '-' || *text == '+';
    return strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0;
}

bool rondo__csv_scan(const char *text, bool decimal_comma, double *out) {
    decimal d;
    if (scan_decimal(text, decimal_comma ? ',' : '.', &d)) {
        const double value = decimal_value(&d);
        *out = d.negative ? -value : value;
        return isfinite(value);
    }
    *out = NAN;
    return is_missing(text);
}

/* What is wrong with a cell, and what would be right. */
static const char *trouble(const rondo__csv *csv, const char *text) {
    decimal d;
    if (rondo__csv_infinite(text) || scan_decimal(text, csv->decimal_comma ? ',' : '.', &d))
        return "is infinite (leave the cell empty where there is no value)";
    if (csv->decimal_comma && scan_decimal(text, '.', &d))
        return "is not a number (decimals have a comma in this file: write 1,5)";
    if (strchr(text, ',') && text[strspn(text, "+-.,0123456789")] == '\0')
        return "is not a number (write 1234.5, without separators of thousands)";
    return "is not a number (write it as 1234.5; leave the cell empty where there is no value)";
}

rondo_status rondo__csv_number(const rondo__csv *csv, int64_t row, int64_t column, double *out, rondo_error *err) {
    const char *text = csv->cell[row * csv->columns + column];
    if (rondo__csv_scan(text, csv->decimal_comma, out))
        return RONDO_OK;
    return rondo__fail(err, RONDO_FORMAT, "%s:%lld: column '%s': '%s' %s", csv->path, (long long)csv->line[row],
                       rondo__show(csv->name[column]).text, rondo__show(text).text, trouble(csv, text));
}

/* "date, open, close", cut where it grows long. */
static void list_names(const rondo__csv *csv, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < csv->columns; i++) {
        const rondo__shown name = rondo__show(csv->name[i]);
        if (used + strlen(name.text) + 8 > size) {
            snprintf(out + used, size - used, ", ...");
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", name.text);
    }
}

rondo_status rondo__csv_find(const rondo__csv *csv, const char *name, int64_t *column, rondo_error *err) {
    char list[200];
    for (int64_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->name[i], name) == 0) {
            *column = i;
            return RONDO_OK;
        }
    }
    const int looked_at = csv->columns < 10000 ? (int)csv->columns : 10000;
    const char *near = rondo__nearest_name(name, (const char *const *)csv->name, looked_at);
    list_names(csv, list, sizeof list);
    return rondo__fail(err, RONDO_FORMAT, "%s: no column '%s' (%s%s%sit has: %s)", csv->path, rondo__show(name).text,
                       near ? "did you mean '" : "", near ? rondo__show(near).text : "", near ? "'? " : "", list);
}
