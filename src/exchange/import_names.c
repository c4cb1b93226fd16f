/* Names of cells' weights, as PyTorch has them and as our own cells carry them on: PREFIX what _l LAYER [_reverse]; of
 * a single cell (nn.LSTMCell) PREFIX what alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/import.h"

/* The first four are those of single cells, too. */
static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr",
                                    "peephole",  "gain_x",    "gain_h",  "gain_c",  "bias_c",
                                    "weight_sh", "weight_ho", "bias_o",  "h0",      "c0"};
enum { NAMES = sizeof names / sizeof *names, SINGLE = 4 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "_l12", "_l12_reverse" */
static bool parse_place(const char *text, rondo__cell_name *out) {
    char *end;
    if (strncmp(text, "_l", 2) != 0 || !is_digit(text[2]) || (text[2] == '0' && is_digit(text[3])))
        return false;
    const long layer = strtol(text + 2, &end, 10);
    if (layer > 9999)
        return false;
    out->layer = (int)layer;
    out->reverse = strcmp(end, "_reverse") == 0;
    return out->reverse || !*end;
}

bool rondo__cell_name_parse(const char *name, rondo__cell_name *out) {
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    for (int i = 0; i < NAMES; i++) {
        const size_t size = strlen(names[i]);
        if (strncmp(last, names[i], size) != 0)
            continue;
        *out = (rondo__cell_name){.prefix = (size_t)(last - name), .what = names[i]};
        if (parse_place(last + size, out) || (i < SINGLE && !last[size]))
            return true;
    }
    return false;
}

bool rondo__cell_name_make(char *out, const char *prefix, const char *what, int layer, bool reverse) {
    return snprintf(out, RONDO__IMPORT_NAME, "%s%s_l%d%s", prefix, what, layer, reverse ? "_reverse" : "") <
           RONDO__IMPORT_NAME;
}

int rondo__compare_natural(const char *a, const char *b) {
    while (*a && *b) {
        if (is_digit(*a) && is_digit(*b)) {
            char *after_a, *after_b;
            const unsigned long long x = strtoull(a, &after_a, 10), y = strtoull(b, &after_b, 10);
            if (x != y)
                return x < y ? -1 : 1;
            a = after_a;
            b = after_b;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != 0) - (*b != 0);
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool rondo__name_holds(const char *name, const char *word) {
    for (; *name; name++) {
        size_t i = 0;
        while (word[i] && lower(name[i]) == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}
