/* What a view computed, without knowing how it is drawn: a title, facts, and panels. Written as JSON (view_json.c),
 * text for a terminal (view_text.c), pictures (view_plot.c), arrays (view_npy.c).
 *
 * Builders keep the first failure (view->failed: no memory) and return NULL from then on; what they return is filled in
 * place. Everything lives in the view's arena, texts are copied into it. */
#ifndef RONDO_INSPECT_VIEW_H
#define RONDO_INSPECT_VIEW_H

#include "core/core.h"
#include "rondo/inspect.h"

typedef enum rondo__panel_kind {
    RONDO__HEATMAP,
    RONDO__LINES,
    RONDO__BARS,
    RONDO__TABLE,
    RONDO__PASSAGES
} rondo__panel_kind;

/* One side of a heatmap, or groups of bars. */
typedef struct rondo__view_side {
    const char *label; /* "unit", "symbol" */
    int64_t count;
    const char **name; /* (count) or NULL: numbers from 0 */
} rondo__view_side;

/* Cells from low to high; diverging: the middle of the two is "nothing". */
typedef struct rondo__view_heatmap {
    const char *group; /* panels that belong together, such as "layer 0, forward"; may be NULL */
    const char *name;  /* which of the group: "input gate" */
    bool diverging;
    rondo__view_side rows, columns;
    double low, high;
    double *value; /* (rows, columns), NaN: none */
} rondo__view_heatmap;

typedef struct rondo__view_series {
    const char *name;
    double *value; /* NaN: a gap */
} rondo__view_series;
typedef struct rondo__view_mark {
    char axis; /* 'x' or 'y' */
    double at;
    const char *name;
} rondo__view_mark;
#define RONDO__VIEW_MARKS 8

typedef struct rondo__view_lines {
    const char *x_label, *y_label;
    bool log_x, log_y;
    int64_t count;
    double *x; /* (count) */
    int series;
    rondo__view_series *serie; /* (series) */
    int marks;
    rondo__view_mark mark[RONDO__VIEW_MARKS];
} rondo__view_lines;

/* Bars in groups, or a histogram: bar i from edge[i] to edge[i + 1]. */
typedef struct rondo__view_bars {
    rondo__view_side x;
    double *edge; /* (x.count + 1) of a histogram, else NULL */
    const char *y_label;
    int series;
    rondo__view_series *serie; /* (series), x.count values each */
} rondo__view_bars;

typedef struct rondo__view_cell {
    const char *text; /* NULL: a number */
    double number;    /* NaN: nothing */
} rondo__view_cell;
typedef struct rondo__view_table {
    int columns;
    const char **column; /* (columns) names */
    int64_t rows;
    rondo__view_cell *cell; /* (rows, columns) */
} rondo__view_table;

typedef struct rondo__view_passage {
    const char *title;
    int64_t count;
    const char **name; /* (count) the steps; their names in a row are the passage */
    double *value;     /* (count) of a unit, or whatever the view is about; NaN: none */
    double low, high;
    double score;     /* NaN: none */
    int64_t from, to; /* steps [from, to) are marked; from = to: none */
} rondo__view_passage;
typedef struct rondo__view_passages {
    int64_t count;
    rondo__view_passage *item;
} rondo__view_passages;

typedef struct rondo__panel {
    rondo__panel_kind kind;
    const char *title;
    union {
        rondo__view_heatmap heatmap;
        rondo__view_lines lines;
        rondo__view_bars bars;
        rondo__view_table table;
        rondo__view_passages passages;
    };
} rondo__panel;

typedef struct rondo__view_fact {
    const char *name, *text;
} rondo__view_fact;

struct rondo_view {
    const char *kind;      /* "states" */
    const char *title;     /* never NULL */
    const char *alignment; /* lines of i-j (Pharaoh), where the view has such; else NULL */
    int facts, panels, facts_room, panels_room;
    rondo__view_fact *fact;
    rondo__panel **panel; /* they stay where they are */
    bool failed;
    rondo__arena room;
};

/* NULL: no memory. */
rondo_view *rondo__view_create(const char *kind);
void rondo__view_title(rondo_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rondo__view_fact_add(rondo_view *view, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A copy, or what the format says, as valid UTF-8 without control characters; "" after a failure. */
const char *rondo__view_text(rondo_view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Cleared room; NULL after a failure. */
void *rondo__view_room(rondo_view *view, int64_t count, size_t bytes);

/* Panels. Names of sides are NULL until they are set; values are 0. */
rondo__view_heatmap *rondo__view_add_heatmap(rondo_view *view, const char *title, int64_t rows, int64_t columns);
rondo__view_lines *rondo__view_add_lines(rondo_view *view, const char *title, int64_t count, int series);
/* edges: a histogram of `count` bars. */
rondo__view_bars *rondo__view_add_bars(rondo_view *view, const char *title, int64_t count, int series, bool edges);
rondo__view_table *rondo__view_add_table(rondo_view *view, const char *title, int columns, const char *const *column,
                                         int64_t rows);
rondo__view_passages *rondo__view_add_passages(rondo_view *view, const char *title, int64_t count);
/* Room for an item's names and values. False after a failure. */
bool rondo__view_passage_begin(rondo_view *view, rondo__view_passage *item, int64_t count);
/* Room for the names of a side. */
bool rondo__view_side_names(rondo_view *view, rondo__view_side *side);
void rondo__view_mark_add(rondo_view *view, rondo__view_lines *lines, char axis, double at, const char *name);
/* The name of place i of a side: its own, or its number written into room. */
const char *rondo__view_side_name(const rondo__view_side *side, int64_t i, char room[24]);

/* A cell as it is shown; a number is written into room. */
const char *rondo__view_cell_text(const rondo__view_cell *cell, char room[32]);

/* RONDO_MEMORY where a builder failed. */
rondo_status rondo__view_check(const rondo_view *view, rondo_error *err);

/* ---- how a view is written; each appends to out, which keeps its own failure ---- */
/* compact: heatmaps as bytes in base64, as the report embeds them; else numbers in full. */
void rondo__view_json(const rondo_view *view, bool compact, rondo__text *out);
void rondo__view_terminal(const rondo_view *view, const rondo_view_text_options *options, rondo__text *out);
rondo_status rondo__view_plot(const rondo_view *view, const char *path, rondo_error *err); /* .png, .svg */
rondo_status rondo__view_npy(const rondo_view *view, const char *path, rondo_error *err);

#endif
