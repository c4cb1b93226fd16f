/* Text: each character's glyph from the first font that has it, one after the other. */
#include "plot/canvas.h"

#include <string.h>

#include "plot/surface.h"

#define ROOM (RONDO__PLOT_TEXT + 3) /* for "..." */

typedef struct shaped {
    int count;
    int font[ROOM];
    cairo_glyph_t glyph[ROOM];
    double width;
} shaped;

static void note_missing(rondo__canvas *c, uint32_t character) {
    for (int i = 0; i < c->missing_count; i++) {
        if (c->missing[i] == character)
            return;
    }
    if (c->missing_count < RONDO__MOST_MISSING)
        c->missing[c->missing_count++] = character;
}

static uint32_t decode(const char *p, int length) {
    const unsigned char *u = (const unsigned char *)p;
    uint32_t character = length == 1 ? u[0] : u[0] & (0x7Fu >> length);
    for (int i = 1; i < length; i++)
        character = character << 6 | (u[i] & 0x3F);
    return character;
}

static cairo_scaled_font_t *font_at(rondo__canvas *c, int font, double size) {
    cairo_matrix_t scale, identity;
    cairo_font_face_t *face = rondo__fonts_face(c->fonts, font);
    if (!face) {
        rondo__canvas_fail(c, RONDO_MEMORY, "no memory for a font");
        return NULL;
    }
    cairo_matrix_init_scale(&scale, size, size);
    cairo_matrix_init_identity(&identity);
    cairo_scaled_font_t *scaled = cairo_scaled_font_create(face, &scale, &identity, c->options);
    if (rondo__canvas_check(c, cairo_scaled_font_status(scaled)))
        return scaled;
    cairo_scaled_font_destroy(scaled);
    return NULL;
}

/* One character, at the end of the line. */
static void add_glyphs(rondo__canvas *c, shaped *line, double size, int font, const char *utf8, int length) {
    cairo_scaled_font_t *scaled = font_at(c, font, size);
    cairo_glyph_t room[4], *glyph = room;
    cairo_text_extents_t extents;
    int count = 4;
    if (!scaled)
        return;
    if (rondo__canvas_check(c, cairo_scaled_font_text_to_glyphs(scaled, line->width, 0, utf8, length, &glyph, &count,
                                                                NULL, NULL, NULL))) {
        for (int i = 0; i < count && line->count < ROOM; i++) {
            line->font[line->count] = font;
            line->glyph[line->count++] = glyph[i];
        }
        cairo_scaled_font_glyph_extents(scaled, glyph, count, &extents);
        line->width += extents.x_advance;
        if (glyph != room)
            cairo_glyph_free(glyph);
    }
    cairo_scaled_font_destroy(scaled);
}

static void add_character(rondo__canvas *c, shaped *line, double size, const char *utf8, int length) {
    const uint32_t character = decode(utf8, length);
    const int font = rondo__fonts_find(c->fonts, character);
    if (font < 0)
        note_missing(c, character);
    else
        add_glyphs(c, line, size, font, utf8, length);
}

static void shape(rondo__canvas *c, shaped *line, double size, const char *text) {
    const size_t bytes = text ? strlen(text) : 0;
    line->count = 0;
    line->width = 0;
    int characters = 0;
    for (size_t at = 0; at < bytes && c->error.status == RONDO_OK;) {
        const int length = rondo__utf8_length((const unsigned char *)text + at, bytes - at);
        const unsigned char first = (unsigned char)text[at];
        if (++characters > RONDO__PLOT_TEXT) {
            for (int i = 0; i < 3; i++)
                add_character(c, line, size, ".", 1);
            break;
        }
        if (length == 0 || first < 0x20 || first == 0x7F) /* no character, or one without a shape */
            add_character(c, line, size, "?", 1);
        else
            add_character(c, line, size, text + at, length);
        at += length > 0 ? (size_t)length : 1;
    }
}

double rondo__text_width(rondo__canvas *canvas, double size, const char *text) {
    shaped line;
    shape(canvas, &line, size, text);
    return line.width;
}

static void show(rondo__canvas *c, const shaped *line, double size) {
    cairo_set_font_size(c->cr, size);
    for (int begin = 0, end; begin < line->count; begin = end) {
        for (end = begin + 1; end < line->count && line->font[end] == line->font[begin];)
            end++;
        cairo_set_font_face(c->cr, rondo__fonts_face(c->fonts, line->font[begin]));
        cairo_show_glyphs(c->cr, line->glyph + begin, end - begin);
    }
}

void rondo__text_draw(rondo__canvas *c, double size, const char *text, rondo__text_place place) {
    shaped line;
    shape(c, &line, size, text);
    if (!c->cr || c->error.status != RONDO_OK)
        return;
    cairo_save(c->cr);
    cairo_translate(c->cr, place.x, place.y);
    if (place.angle != 0)
        cairo_rotate(c->cr, place.angle * 3.14159265358979323846 / 180);
    cairo_translate(c->cr, -place.anchor * line.width, 0.36 * size); /* half the height of capitals */
    show(c, &line, size);
    cairo_restore(c->cr);
}
