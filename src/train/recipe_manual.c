/* docs/recipe.md, made from the table so that it cannot fall behind; tests/train/test_recipe_manual.c compares. */
#include <string.h>

#include "train/recipe_schema.h"

static const char opening[] =
    "# Recipes\n\n"
    "A recipe is a YAML file that says what to train, on what, and how. `rondo train recipe.yaml` reads it,\n"
    "`--set key.path=value` changes single keys, and the recipe as run, with every default filled in, is written to\n"
    "`recipe.yaml` in the output folder. A wrong key, type, range or combination is refused with its line.\n\n"
    "```yaml\n"
    "task: language_model\n"
    "data:\n"
    "  train: shakespeare.txt\n"
    "  tokenizer: char\n"
    "model: {cell: lstm, embedding_size: 128, hidden_size: 256, layers: 2, dropout: 0.2}\n"
    "train:\n"
    "  optimizer: {type: adamw, learning_rate: 0.002}\n"
    "  schedule: {type: cosine, warmup_steps: 100}\n"
    "```\n\n"
    "Files are looked for as they are named when the path is absolute, then beside the recipe, then in\n"
    "`data.folder`, then in the folder that the environment variable `RONDO_DATA` names; each time also with `.gz` at\n"
    "the end.\n\n"
    "A key that only some choices use may not be set for others: `model.peepholes` asks for `model.cell: lstm`. Keys\n"
    "marked with a task belong to it alone.\n\n"
    "```yaml\n"
    "task: translate\n"
    "data:\n"
    "  train_source: train.ja\n"
    "  train_target: train.en\n"
    "  valid_source: dev.ja\n"
    "  valid_target: dev.en\n"
    "  source_tokenizer: {type: word, min_count: 2}\n"
    "  target_tokenizer: {type: word, min_count: 2}\n"
    "model:\n"
    "  embedding_size: 256\n"
    "  encoder: {cell: lstm, hidden_size: 256, bidirectional: true}\n"
    "  decoder: {cell: lstm, hidden_size: 512}\n"
    "  attention: general\n"
    "train: {batch_tokens: 2000, label_smoothing: 0.1}\n"
    "```\n";

/* " For `translate`." where a key is not of all tasks. */
static void add_tasks(const rondo__field *field, rondo__text *out) {
    const rondo__field *task = &rondo__recipe_fields[rondo__field_find("task")];
    const char *between = " For `";
    for (int i = 0; field->tasks && task->names[i]; i++) {
        if (rondo__field_in_task(field, i)) {
            rondo__text_format(out, "%s%s", between, task->names[i]);
            between = "`, `";
        }
    }
    rondo__text_format(out, "%s", field->tasks ? "`." : "");
}

static void add_only(const rondo__field *field, rondo__text *out) {
    const rondo__field *choice = &rondo__recipe_fields[rondo__field_find(field->only)];
    const char *between = " Only with `";
    for (int i = 0; choice->names[i]; i++) {
        if (field->only_values >> i & 1) {
            rondo__text_format(out, "%s%s", between, choice->names[i]);
            between = "`, `";
        }
    }
    rondo__text_format(out, "`.");
}

static void add_row(const rondo__field *field, const rondo__recipe *defaults, rondo__text *out) {
    rondo__text_format(out, "| `%s` | ", field->path);
    rondo__field_expects(field, out);
    rondo__text_format(out, " | ");
    if (field->required) {
        rondo__text_format(out, "must be given");
    } else {
        rondo__text_format(out, "`");
        rondo__field_print(field, defaults, false, out);
        rondo__text_format(out, "`");
    }
    rondo__text_format(out, " | %s", field->help);
    add_tasks(field, out);
    if (field->only)
        add_only(field, out);
    rondo__text_format(out, " |\n");
}

void rondo__recipe_manual(rondo__text *out) {
    rondo__recipe defaults;
    const char *last = NULL;
    rondo__recipe_defaults(&defaults);
    rondo__text_add(out, opening, strlen(opening));
    for (int i = 0; i < rondo__recipe_field_count; i++) {
        const rondo__field *field = &rondo__recipe_fields[i];
        const int size = (int)strcspn(field->path, ".");
        if (!last || strncmp(last, field->path, (size_t)size + 1) != 0) {
            rondo__text_format(out, "\n## %.*s\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n",
                               size, field->path);
        }
        add_row(field, &defaults, out);
        last = field->path;
    }
}
