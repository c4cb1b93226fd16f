/* May a run go on under another recipe? What shapes the model, the data and the order of numbers must be the same; what
 * only says how long, how often and how fast may change. */
#include <string.h>

#include "train/loop.h"
#include "train/recipe_schema.h"

static bool may_change(const char *path) {
    static const char *const free_keys[] = {"train.epochs",
                                            "train.max_steps",
                                            "train.evaluate_every",
                                            "train.save_every",
                                            "train.keep",
                                            "train.patience",
                                            "train.threads",
                                            "train.prefetch",
                                            "train.clip_norm",
                                            "train.clip_value",
                                            "train.label_smoothing",
                                            "train.optimizer.learning_rate",
                                            "train.optimizer.weight_decay",
                                            "train.optimizer.beta1",
                                            "train.optimizer.beta2",
                                            "train.optimizer.epsilon",
                                            "train.optimizer.alpha"};
    for (size_t i = 0; i < sizeof free_keys / sizeof free_keys[0]; i++) {
        if (strcmp(path, free_keys[i]) == 0)
            return true;
    }
    return strncmp(path, "train.schedule.", 15) == 0;
}

/* Changes that nobody needs to be told of. */
static bool is_silent(const char *path) {
    return strcmp(path, "train.threads") == 0 || strcmp(path, "train.prefetch") == 0 ||
           strcmp(path, "train.save_every") == 0 || strcmp(path, "train.keep") == 0;
}

rondo_status rondo__resume_check(const rondo__recipe *was, const rondo__recipe *now, const char *path,
                                 const char **changed, rondo_error *err) {
    *changed = NULL;
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        if (field->local || rondo__field_equal(field, was, now))
            continue;
        if (may_change(field->path)) {
            *changed = *changed || is_silent(field->path) ? *changed : field->path;
            continue;
        }
        rondo__text old_value = {0}, new_value = {0};
        rondo__field_print(field, was, false, &old_value);
        rondo__field_print(field, now, false, &new_value);
        rondo_status status =
            rondo__fail(err, RONDO_STATE, "%s: the run has %s: %s, not %s (set it back, or choose another --out)", path,
                        field->path, old_value.data ? old_value.data : "?", new_value.data ? new_value.data : "?");
        rondo__text_free(&old_value);
        rondo__text_free(&new_value);
        return status;
    }
    return RONDO_OK;
}
