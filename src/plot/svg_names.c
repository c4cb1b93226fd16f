/* The same picture is to give the same file. Cairo names surfaces and images in an SVG by a counter of the process, so
 * they are numbered again here, in the order in which they come. What it counts per file (glyphs, clips) stays. */
#include <string.h>

#include "plot/surface.h"

#define MOST_NAMES 9 /* one digit: the text never grows. A picture has three at most */

typedef struct numbers {
    int count;
    unsigned long long seen[MOST_NAMES];
} numbers;

/* From 1; 0 when there are too many. */
static int number_again(numbers *n, unsigned long long old) {
    int i = 0;
    while (i < n->count && n->seen[i] != old)
        i++;
    if (i == MOST_NAMES)
        return 0;
    if (i == n->count)
        n->seen[n->count++] = old;
    return i + 1;
}

/* Bytes of the name that begins at p, before its number; 0: no name that a process counts. */
static size_t name_size(const char *p) {
    static const char *const names[] = {"surface", "image", "source-"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t size = strlen(names[i]);
        if (strncmp(p, names[i], size) == 0)
            return size;
    }
    return 0;
}

void rondo__svg_number_names(rondo__text *svg) {
    numbers n = {0};
    char *to = svg->data;
    const char *from = svg->data, *end = svg->data + svg->size; /* a NUL stands there */
    while (from < end) {
        const char before = from > svg->data ? from[-1] : 0;
        const size_t name = before == '"' || before == '#' ? name_size(from) : 0;
        const size_t digits = name ? strspn(from + name, "0123456789") : 0;
        unsigned long long old = 0;
        for (size_t i = 0; i < digits && digits < 19; i++)
            old = 10 * old + (unsigned long long)(from[name + i] - '0');
        const bool whole = digits > 0 && digits < 19 && strchr("\")", from[name + digits]);
        const int number = whole ? number_again(&n, old) : 0;
        if (!number) {
            *to++ = *from++;
            continue;
        }
        memmove(to, from, name);
        to[name] = (char)('0' + number);
        to += name + 1;
        from += name + digits;
    }
    *to = '\0';
    svg->size = (size_t)(to - svg->data);
}
