/* Fonts for any character, found through fontconfig. */
#ifndef RONDO_PLOT_FONTS_H
#define RONDO_PLOT_FONTS_H

#include <cairo.h>

#include "core/core.h"

typedef struct rondo__fonts rondo__fonts;
rondo_status rondo__fonts_open(rondo__fonts **out, const char *path, rondo_error *err);
void rondo__fonts_close(rondo__fonts **fonts);
/* The first font that has the character, or -1; the machine's sans-serif comes first. */
int rondo__fonts_find(rondo__fonts *fonts, uint32_t character);
cairo_font_face_t *rondo__fonts_face(rondo__fonts *fonts, int font); /* belongs to fonts; NULL: no memory */
/* The package of Debian and Ubuntu that draws it. */
const char *rondo__fonts_package(uint32_t character);

#endif
