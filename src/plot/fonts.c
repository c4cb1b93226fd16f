/* Fonts for any character, found through fontconfig.
 *
 * Cairo's own text interface takes one font and draws boxes where that has no glyph. Here each character goes to the
 * first font that has it: the machine's sans-serif for what it can, then the list that fontconfig sorts for Japanese,
 * because characters that Chinese and Japanese share have different shapes, and this library's pictures are of
 * Japanese. Only fonts of outlines: cairo's SVG cannot hold coloured or bitmap glyphs well.
 *
 * Pango would do this too, and shape Arabic and Indic scripts beside; it also brings GLib, HarfBuzz and FriBidi, and
 * does not tell simply that a character is missing. fontconfig is a part of every cairo that knows FreeType.
 *
 * The configuration is read for each picture (some milliseconds): no global state, no thread to wait for. */
#include "plot/fonts.h"

#include <cairo-ft.h>
#include <fontconfig/fontconfig.h>

typedef struct font {
    FcPattern *pattern; /* belongs to a set */
    FcCharSet *has;     /* belongs to the pattern */
    cairo_font_face_t *face;
} font;
struct rondo__fonts {
    FcConfig *config;
    FcPattern *wanted;
    FcFontSet *sets[2]; /* in the order of search */
    int count;
    font *font; /* (count) */
};

static FcPattern *make_pattern(FcConfig *config, const char *language) {
    FcPattern *pattern = FcPatternCreate();
    if (!pattern)
        return NULL;
    FcPatternAddString(pattern, FC_FAMILY, (const FcChar8 *)"sans-serif");
    FcPatternAddString(pattern, FC_LANG, (const FcChar8 *)language);
    FcPatternAddInteger(pattern, FC_WEIGHT, FC_WEIGHT_REGULAR);
    FcPatternAddInteger(pattern, FC_SLANT, FC_SLANT_ROMAN);
    FcPatternAddBool(pattern, FC_OUTLINE, FcTrue);
    FcConfigSubstitute(config, pattern, FcMatchPattern);
    FcDefaultSubstitute(pattern);
    return pattern;
}

static FcFontSet *sort_fonts(FcConfig *config, FcPattern *pattern) {
    FcResult result = FcResultMatch;
    return pattern ? FcFontSort(config, pattern, FcFalse, NULL, &result) : NULL;
}

static bool can_serve(FcPattern *pattern, FcCharSet **has) {
    FcBool outline = FcFalse, colour = FcFalse;
    FcPatternGetBool(pattern, FC_OUTLINE, 0, &outline);
    FcPatternGetBool(pattern, FC_COLOR, 0, &colour);
    return outline && !colour && FcPatternGetCharSet(pattern, FC_CHARSET, 0, has) == FcResultMatch;
}

/* Of the first set only its best font. */
static void list_fonts(rondo__fonts *fonts) {
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < fonts->sets[s]->nfont; i++) {
            FcCharSet *has = NULL;
            FcPattern *pattern = fonts->sets[s]->fonts[i];
            if (!can_serve(pattern, &has))
                continue;
            fonts->font[fonts->count++] = (font){pattern, has, NULL};
            if (s == 0)
                break;
        }
    }
}

static bool load(rondo__fonts *fonts) {
    fonts->config = FcInitLoadConfigAndFonts();
    if (!fonts->config)
        return false;
    FcPattern *latin = make_pattern(fonts->config, "en");
    fonts->wanted = make_pattern(fonts->config, "ja");
    fonts->sets[0] = sort_fonts(fonts->config, latin);
    fonts->sets[1] = sort_fonts(fonts->config, fonts->wanted);
    if (latin)
        FcPatternDestroy(latin);
    if (!fonts->sets[0] || !fonts->sets[1])
        return false;
    fonts->font = rondo__calloc((size_t)fonts->sets[1]->nfont + 1, sizeof *fonts->font);
    if (fonts->font)
        list_fonts(fonts);
    return fonts->font;
}

rondo_status rondo__fonts_open(rondo__fonts **out, const char *path, rondo_error *err) {
    rondo__fonts *fonts = *out = rondo__calloc(1, sizeof *fonts);
    if (fonts && load(fonts))
        return RONDO_OK;
    rondo__fonts_close(out);
    return rondo__fail(err, RONDO_MEMORY, "%s: no memory for the list of fonts", path);
}

void rondo__fonts_close(rondo__fonts **fonts) {
    rondo__fonts *f = *fonts;
    if (!f)
        return;
    for (int i = 0; i < f->count; i++) {
        if (f->font[i].face)
            cairo_font_face_destroy(f->font[i].face);
    }
    for (int s = 0; s < 2; s++) {
        if (f->sets[s])
            FcFontSetDestroy(f->sets[s]);
    }
    if (f->wanted)
        FcPatternDestroy(f->wanted);
    if (f->config)
        FcConfigDestroy(f->config);
    rondo__free(f->font);
    rondo__free(f);
    *fonts = NULL;
}

int rondo__fonts_find(rondo__fonts *fonts, uint32_t character) {
    for (int i = 0; i < fonts->count; i++) {
        if (FcCharSetHasChar(fonts->font[i].has, character))
            return i;
    }
    return -1;
}

cairo_font_face_t *rondo__fonts_face(rondo__fonts *fonts, int i) {
    font *f = &fonts->font[i];
    if (f->face)
        return f->face;
    FcPattern *whole = FcFontRenderPrepare(fonts->config, fonts->wanted, f->pattern);
    if (!whole)
        return NULL;
    f->face = cairo_ft_font_face_create_for_pattern(whole);
    FcPatternDestroy(whole);
    return f->face;
}

const char *rondo__fonts_package(uint32_t c) {
    if (c < 0x250 || (c >= 0x370 && c < 0x530))
        return "fonts-dejavu-core";
    if ((c >= 0x3000 && c < 0x3100) || (c >= 0x4E00 && c < 0xA000) || (c >= 0xFF00 && c < 0xFFF0))
        return "fonts-vlgothic";
    if ((c >= 0x2E80 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7B0) || (c >= 0xF900 && c < 0xFB00) ||
        (c >= 0x20000 && c < 0x40000))
        return "fonts-noto-cjk";
    if (c >= 0x1F000 && c < 0x20000)
        return "fonts-symbola";
    if ((c >= 0xE000 && c < 0xF900) || c >= 0xF0000)
        return NULL;
    return "fonts-noto-core";
}
