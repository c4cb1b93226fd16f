/* Fuzz target, see fuzz/README.md: any bytes as a text of lines, and as a pronunciation dictionary. Lines that are put
 * together and cut again are the same, and so is a dictionary that is written from its pairs. */
#include "data/pairs.h"

#include <string.h>

static void same_lines(const rondo__lines *a, const rondo__lines *b) {
    if (a->count != b->count)
        __builtin_trap();
    for (int64_t i = 0; i < a->count; i++) {
        if (strcmp(a->line[i], b->line[i]) != 0)
            __builtin_trap();
    }
}

static void lines_again(const rondo__lines *lines) {
    rondo__text text = {0};
    rondo__lines again;
    rondo__lines_join(&text, lines);
    if (rondo__lines_take(&again, "again", &text, NULL))
        __builtin_trap();
    same_lines(lines, &again);
    rondo__lines_free(&again);
}

/* "a b" and "AH B" as "ab(1) AH B". */
static void dictionary_again(const rondo__pair_texts *texts) {
    rondo__text text = {0};
    rondo__lines lines;
    rondo__pair_texts again;
    for (int64_t i = 0; i < texts->source.count; i++) {
        const char *letters = texts->source.line[i];
        for (size_t k = 0; letters[k]; k++)
            rondo__text_add(&text, letters + k, letters[k] != ' ');
        rondo__text_format(&text, "(1) %s\n", texts->target.line[i]);
    }
    if (rondo__lines_take(&lines, "again", &text, NULL) ||
        rondo__pair_texts_entries(&again, "again", &lines, true, NULL))
        __builtin_trap();
    same_lines(&texts->source, &again.source);
    same_lines(&texts->target, &again.target);
    rondo__pair_texts_free(&again);
    rondo__lines_free(&lines);
}

static void group_answers(const rondo__pair_texts *texts) {
    rondo__answers answers;
    if (rondo__answers_group(&answers, texts, NULL) || answers.start[answers.groups] != texts->source.count)
        __builtin_trap();
    for (int64_t g = 0; g < answers.groups; g++) {
        const char *source = texts->source.line[answers.index[answers.start[g]]];
        for (int64_t i = answers.start[g]; i < answers.start[g + 1]; i++) {
            if (strcmp(texts->source.line[answers.index[i]], source) != 0)
                __builtin_trap();
        }
    }
    rondo__answers_free(&answers);
}

static void read_dictionary(const rondo__lines *lines, bool stress) {
    rondo__pair_texts texts;
    rondo_error err;
    if (rondo__pair_texts_entries(&texts, "fuzz", lines, stress, &err))
        return;
    group_answers(&texts);
    if (stress)
        dictionary_again(&texts);
    rondo__pair_texts_free(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__lines lines;
    rondo_error err;
    if (rondo__lines_split(&lines, "fuzz", (const char *)data, size, &err))
        return 0;
    lines_again(&lines);
    read_dictionary(&lines, true);
    read_dictionary(&lines, false);
    rondo__lines_free(&lines);
    return 0;
}
