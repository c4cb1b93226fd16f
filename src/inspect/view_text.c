/* A view for a terminal: title, facts, then its panels one below the other. */
#include <string.h>

#include "inspect/terminal.h"

enum { LEAST_WIDTH = 40, MOST_WIDTH = 400, USUAL_WIDTH = 80 };

static void put_facts(const rondo__screen *s, const rondo_view *view) {
    int width = 0;
    for (int i = 0; i < view->facts; i++)
        width = rondo__cells(view->fact[i].name) > width ? rondo__cells(view->fact[i].name) : width;
    for (int i = 0; i < view->facts; i++) {
        rondo__put_cells(s, view->fact[i].name, width, false);
        rondo__text_format(s->out, "  %s\n", view->fact[i].text);
    }
}

static void put_panel(const rondo__screen *s, const rondo__panel *panel) {
    rondo__text_format(s->out, "\n%s%s%s\n", s->colour ? "\033[1m" : "", panel->title, s->colour ? "\033[0m" : "");
    switch (panel->kind) {
    case RONDO__HEATMAP:
        rondo__terminal_heatmap(s, &panel->heatmap);
        break;
    case RONDO__LINES:
        rondo__terminal_lines(s, &panel->lines);
        break;
    case RONDO__BARS:
        rondo__terminal_bars(s, &panel->bars);
        break;
    case RONDO__TABLE:
        rondo__terminal_table(s, &panel->table);
        break;
    case RONDO__PASSAGES:
        rondo__terminal_passages(s, &panel->passages);
        break;
    }
}

void rondo__view_terminal(const rondo_view *view, const rondo_view_text_options *options, rondo__text *out) {
    const int asked = options && options->width ? options->width : USUAL_WIDTH;
    const rondo__screen s = {.out = out,
                             .width = asked < LEAST_WIDTH  ? LEAST_WIDTH
                                      : asked > MOST_WIDTH ? MOST_WIDTH
                                                           : asked,
                             .colour = options && options->colour};
    if (*view->title)
        rondo__text_format(out, "%s%s%s\n", s.colour ? "\033[1m" : "", view->title, s.colour ? "\033[0m" : "");
    put_facts(&s, view);
    for (int i = 0; i < view->panels; i++)
        put_panel(&s, view->panel[i]);
}

rondo_status rondo_view_text(const rondo_view *view, const rondo_view_text_options *options, char **text, size_t *size,
                             rondo_error *err) {
    rondo__text out = {0};
    if (text)
        *text = NULL;
    if (!view || !text)
        return rondo__fail(err, RONDO_ARGUMENT, "inspect: %s is NULL", view ? "text" : "view");
    rondo__view_terminal(view, options, &out);
    rondo__text_add(&out, "", 0);
    if (out.failed) {
        rondo__text_free(&out);
        return rondo__fail(err, RONDO_MEMORY, "inspect: no memory for the text of a view");
    }
    *text = out.data;
    if (size)
        *size = out.size;
    return RONDO_OK;
}

void rondo_view_text_free(char *text) { rondo__free(text); }
