#include "inspect/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- cells ---- */

static int cells_of(uint32_t c) {
    static const uint32_t wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0x33ff}, {0x3400, 0x4dbf},
                                       {0x4e00, 0x9fff},   {0xa000, 0xa4cf},  {0xac00, 0xd7a3}, {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
                                       {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (c < 0x20 || (c >= 0x300 && c <= 0x36f) || c == 0x200b || c == 0x3099 || c == 0x309a)
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    return 1;
}

/* Bytes of the character that s begins with, and its cells. */
static int next_character(const char *s, int *cells) {
    const unsigned char *u = (const unsigned char *)s;
    const int length = rondo__utf8_length(u, strlen(s));
    uint32_t c = length == 1 ? u[0] : length > 1 ? u[0] & (0x7Fu >> length) : '?';
    for (int i = 1; i < length; i++)
        c = c << 6 | (u[i] & 0x3F);
    *cells = cells_of(c);
    return length > 0 ? length : 1;
}

int rondo__cells(const char *text) {
    int width = 0, cells;
    for (; *text; width += cells)
        text += next_character(text, &cells);
    return width;
}

void rondo__put(const rondo__screen *s, const char *text) { rondo__text_add(s->out, text, strlen(text)); }

void rondo__put_repeated(const rondo__screen *s, const char *text, int64_t times) {
    for (int64_t i = 0; i < times; i++)
        rondo__put(s, text);
}

void rondo__put_cells(const rondo__screen *s, const char *text, int width, bool right) {
    const char *end = text;
    int used = 0, cells;
    while (*end) {
        const int length = next_character(end, &cells);
        if (used + cells > width)
            break;
        used += cells;
        end += length;
    }
    if (right)
        rondo__put_repeated(s, " ", width - used);
    rondo__text_add(s->out, text, (size_t)(end - text));
    if (!right)
        rondo__put_repeated(s, " ", width - used);
}

/* ---- shades ---- */

/* A colour as one of the 6 x 6 x 6 that terminals share. */
static int cube(double red, double green, double blue) {
    return 16 + 36 * (int)lround(5 * red) + 6 * (int)lround(5 * green) + (int)lround(5 * blue);
}

static double mix(double a, double b, double t) { return a + (b - a) * t; }

/* From the dark middle to blue below and to orange above; one way: from dark blue over grey to yellow, which falls and
 * rises evenly in brightness, also for those who confuse red and green. */
static int shade_of(double t, bool diverging) {
    t = fmin(fmax(t, 0), 1);
    if (!diverging)
        return t < 0.5 ? cube(mix(0, 0.48, 2 * t), mix(0.13, 0.48, 2 * t), mix(0.4, 0.5, 2 * t))
                       : cube(mix(0.48, 1, 2 * t - 1), mix(0.48, 0.92, 2 * t - 1), mix(0.5, 0.2, 2 * t - 1));
    const double d = 2 * t - 1;
    if (fabs(d) < 0.08)
        return 234;
    return d < 0 ? cube(mix(0.05, 0.35, -d), mix(0.1, 0.75, -d), mix(0.2, 1, -d))
                 : cube(mix(0.2, 1, d), mix(0.1, 0.6, d), mix(0.05, 0.1, d));
}

void rondo__shade_begin(const rondo__screen *s, double t, bool diverging) {
    if (!s->colour || isnan(t))
        return;
    const bool bright = diverging ? fabs(2 * t - 1) > 0.7 : t > 0.6;
    rondo__text_format(s->out, "\033[48;5;%d;38;5;%dm", shade_of(t, diverging), bright ? 16 : 255);
}

void rondo__shade_pair(const rondo__screen *s, double over, double under, bool diverging) {
    if (!s->colour)
        return;
    rondo__text_format(s->out, "\033[0m");
    if (!isnan(over))
        rondo__text_format(s->out, "\033[38;5;%dm", shade_of(over, diverging));
    if (!isnan(under))
        rondo__text_format(s->out, "\033[48;5;%dm", shade_of(under, diverging));
}

void rondo__shade_end(const rondo__screen *s) {
    if (s->colour)
        rondo__put(s, "\033[0m");
}

const char *rondo__shade_sign(double t, bool diverging) {
    static const char *const up[] = {" ", "░", "▒", "▓", "█"}, *const down[] = {" ", "·", "-", "=", "≡"};
    if (isnan(t))
        return " ";
    const double d = diverging ? fmin(fmax(2 * t - 1, -1), 1) : fmin(fmax(t, 0), 1);
    return (d < 0 ? down : up)[(int)fmin(4, floor(fabs(d) * 4 + 0.5))];
}

void rondo__ink_begin(const rondo__screen *s, int i) {
    static const int inks[] = {39, 214, 43, 203, 117, 176, 250}; /* Okabe and Ito's, as they show on dark and light */
    if (s->colour)
        rondo__text_format(s->out, "\033[38;5;%dm", inks[i % 7]);
}
