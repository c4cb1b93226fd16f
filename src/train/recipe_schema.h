/* The schema of recipes: one row per key (recipe_table.c). Reading, defaults, checks, "did you mean", writing back and
 * docs/recipe.md all walk this table. A new key is a new row (and a field of rondo__recipe); a new section needs
 * nothing more: "data.x.y" makes the sections. Rows of one section stand together. */
#ifndef RONDO_TRAIN_RECIPE_SCHEMA_H
#define RONDO_TRAIN_RECIPE_SCHEMA_H

#include "data/tokenizer.h"
#include "train/recipe.h"

typedef enum rondo__field_type {
    RONDO__CHOICE,  /* int: index into names */
    RONDO__BOOL,    /* bool */
    RONDO__WHOLE,   /* int64_t, also uint64_t below 2^53 */
    RONDO__NUMBER,  /* double */
    RONDO__TEXT,    /* char[size] */
    RONDO__WHOLES,  /* int64_t[size], zeros end it; with scalar also a single number */
    RONDO__NUMBERS, /* double[size], zeros end it; a single number is a list of one */
    RONDO__TEXTS    /* rondo__names; a single text is a list of one, "" or [] an empty list */
} rondo__field_type;

typedef struct rondo__field {
    const char *path; /* "train.optimizer.type" */
    rondo__field_type type;
    size_t offset;              /* into rondo__recipe */
    size_t size;                /* TEXT: bytes; lists: most entries */
    size_t scalar;              /* WHOLES: offset of the field for a single number; 0: lists only */
    double low, high;           /* inclusive */
    bool above_low, below_high; /* bounds are exclusive */
    const char *const *names;   /* CHOICE, ends with NULL */
    double number;              /* default, but for TEXT */
    const char *text;           /* default of TEXT; NULL: "" */
    unsigned tasks;             /* tasks (bits) that have this key; 0: all */
    unsigned required;          /* tasks (bits) that must give it */
    bool file;                  /* TEXT: names a data file */
    bool local;                 /* of this machine alone: not in model files, and free to change when a run goes on */
    /* Only used when the choice field at path `only` has one of these values (bits); else setting it is an error. */
    const char *only;
    unsigned only_values;
    const char *help; /* one sentence */
} rondo__field;

#define RONDO__FIELDS_MAX 320
extern const rondo__field rondo__recipe_fields[];
extern const int rondo__recipe_field_count;

/* Index of the row, -1: none. */
int rondo__field_find(const char *path);
/* Does a task have this key? */
static inline bool rondo__field_in_task(const rondo__field *field, int task) {
    return field->tasks == 0 || (field->tasks >> task & 1);
}
/* Is path (such as "train.optimizer", "" for the whole) a section of the table? */
bool rondo__field_is_section(const char *path);
static inline void *rondo__field_at(const rondo__field *field, rondo__recipe *recipe) {
    return (char *)recipe + field->offset;
}
static inline const void *rondo__field_of(const rondo__field *field, const rondo__recipe *recipe) {
    return (const char *)recipe + field->offset;
}
void rondo__field_set_default(const rondo__field *field, rondo__recipe *recipe);
bool rondo__field_equal(const rondo__field *field, const rondo__recipe *a, const rondo__recipe *b);
/* What a value must be: "a whole number from 1 to 16", "one of elman, jordan, lstm, gru". */
void rondo__field_expects(const rondo__field *field, rondo__text *out);
/* The value as JSON; quoted false: choices and simple texts without quotes, as YAML allows. */
void rondo__field_print(const rondo__field *field, const rondo__recipe *recipe, bool quoted, rondo__text *out);
/* Reads one scalar (NUL-terminated); for WHOLES entry number index, -1: as the single number. False: it does not fit.
 */
bool rondo__field_scan(const rondo__field *field, rondo__recipe *recipe, const char *value, int index);

/* Where each field was set, by row: 0 nowhere, line from 1, or -1 - index of the --set. */
typedef struct rondo__recipe_origin {
    const char *label;
    const char *const *set;
    int line[RONDO__FIELDS_MAX];
} rondo__recipe_origin;
/* Checks that several keys fit together (recipe_check.c). May set layers from a list of sizes. */
rondo_status rondo__recipe_check(rondo__recipe *recipe, const rondo__recipe_origin *origin, rondo_error *err);
/* Do the files that rows with .file name exist? */
rondo_status rondo__recipe_check_files(const rondo__recipe *recipe, const rondo__recipe_origin *origin,
                                       rondo_error *err);
/* docs/recipe.md (recipe_manual.c). */
void rondo__recipe_manual(rondo__text *out);

#endif
