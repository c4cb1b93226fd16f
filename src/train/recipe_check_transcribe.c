/* Keys of the task transcribe that do not fit together. */
#include "train/recipe_check.h"

#include <string.h>

#include "data/tokenizer.h"

static size_t label_size(const char *entry) { return (size_t)(strchr(entry, '=') - entry); }

static rondo_status check_spelling(const rondo__recipe_checking *c) {
    const rondo__names *spelling = &c->recipe->data.spelling;
    for (int i = 0; i < RONDO__LIST && (*spelling)[i][0]; i++) {
        if (!strchr((*spelling)[i], '='))
            return rondo__recipe_refuse(c, "data.spelling", NULL,
                                        "data.spelling: each entry is LABEL=TEXT, as in [0=zero, 1=one]");
        for (int k = 0; k < i; k++)
            if (strncmp((*spelling)[i], (*spelling)[k], label_size((*spelling)[i]) + 1) == 0)
                return rondo__recipe_refuse(c, "data.spelling", NULL, "data.spelling: one label is spelt twice");
    }
    return RONDO_OK;
}

rondo_status rondo__recipe_check_transcribe(const rondo__recipe_checking *c) {
    const rondo__recipe *recipe = c->recipe;
    rondo_status status = check_spelling(c);
    if (!status)
        status = rondo__recipe_check_audio(c);
    if (status)
        return status;
    if (recipe->data.tokenizer.type == RONDO__NO_TOKENIZER)
        return rondo__recipe_refuse(c, "data.tokenizer.type", NULL,
                                    "data.tokenizer.type: labels need symbols (char, word or sentencepiece)");
    if (recipe->train.label_smoothing > 0)
        return rondo__recipe_refuse(c, "train.label_smoothing", NULL,
                                    "train.label_smoothing does not go with task transcribe: no frame has one right "
                                    "symbol (set it to 0)");
    return rondo__recipe_check_model(c);
}
