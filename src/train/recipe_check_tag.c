/* Keys of the task tag that do not fit together. */
#include <string.h>

#include "data/tagged.h"
#include "train/recipe_check.h"

/* Names stand for columns of CoNLL-U only, which is known by the file's name. */
static rondo_status check_column(const rondo__recipe_checking *c, const char *path, const char *name) {
    if (!*name || rondo__tagged_is_conllu(c->recipe->data.train) || strspn(name, "0123456789") == strlen(name))
        return RONDO_OK;
    return rondo__fail(c->err, RONDO_FORMAT,
                       "%s: %s is '%s', but columns have names only in files that end in .conllu or .conllu.gz (give "
                       "its number)",
                       rondo__recipe_place(c, path, "data.train").text, path, name);
}

static rondo_status check_crf(const rondo__recipe_checking *c) {
    const rondo__recipe *recipe = c->recipe;
    if (recipe->model.crf && recipe->train.label_smoothing > 0)
        return rondo__recipe_refuse(c, "train.label_smoothing", "model.crf",
                                    "train.label_smoothing does not go with model.crf (set it to 0)");
    return RONDO_OK;
}

rondo_status rondo__recipe_check_tag(const rondo__recipe_checking *c) {
    rondo_status status = rondo__recipe_check_model(c);
    if (!status)
        status = check_column(c, "data.tag_column", c->recipe->data.tag_column);
    if (!status)
        status = check_column(c, "data.word_column", c->recipe->data.word_column);
    return status ? status : check_crf(c);
}
