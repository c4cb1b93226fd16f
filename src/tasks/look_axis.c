/* What the steps of a sequence are called. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/tokenizer.h"
#include "tasks/look.h"

static bool begin(rondo__look_axis *out, rondo__passage *passage, const char *unit, int64_t T, bool text) {
    *out = (rondo__look_axis){.unit = unit, .T = T};
    out->label = rondo__look_room(passage, T, sizeof *out->label);
    out->text = text ? rondo__look_room(passage, T, sizeof *out->text) : NULL;
    return out->label && (!text || out->text);
}

/* The sign that stands for a character that is not seen; NULL: it is. */
static const char *sign_of(char c) {
    if (c == ' ')
        return "␣";
    if (c == '\n')
        return "↵";
    if (c == '\t')
        return "⇥";
    return (unsigned char)c < 0x20 || c == 0x7f ? "·" : NULL;
}

const char *rondo__axis_label(rondo__passage *passage, const char *text, size_t size) {
    char *out = rondo__look_room(passage, (int64_t)size * 3 + 1, 1), *end = out;
    for (size_t i = 0; out && i < size; i++) {
        const char *sign = sign_of(text[i]);
        if (sign) {
            memcpy(end, sign, strlen(sign));
            end += strlen(sign);
        } else
            *end++ = text[i];
    }
    for (char *bad; out && (bad = out + rondo__utf8_check(out, (size_t)(end - out))) < end;)
        *bad = '?';
    return out;
}

/* Words and pieces bring the blank before them along, which their name does without. */
static const char *label_of(rondo__passage *passage, rondo__tokenizer_kind kind, const char *text, size_t size) {
    if (kind != RONDO__CHAR && size > 1 && text[0] == ' ')
        return rondo__axis_label(passage, text + 1, size - 1);
    return size ? rondo__axis_label(passage, text, size) : rondo__axis_label(passage, "·", strlen("·"));
}

static bool add_symbol(rondo__look_axis *out, rondo__passage *passage, const rondo__tokenizer *tokenizer, int64_t t,
                       int32_t id, rondo__text *text) {
    text->size = 0;
    rondo__text_add(text, "", 0);
    if (id >= 0 && rondo__tokenizer_decode(tokenizer, &id, 1, t == 0, text))
        return false;
    const char *data = text->data ? text->data : "";
    char *copy = rondo__look_room(passage, (int64_t)text->size + 1, 1);
    if (copy && text->size)
        memcpy(copy, data, text->size);
    out->text[t] = copy;
    out->label[t] = label_of(passage, rondo__tokenizer_get_kind(tokenizer), data, text->size);
    return copy && out->label[t] && !text->failed;
}

bool rondo__axis_symbols(rondo__look_axis *out, rondo__passage *passage, const rondo__tokenizer *tokenizer, int64_t T,
                         const int32_t *ids) {
    static const char *const units[] = {[RONDO__CHAR] = "symbol",
                                        [RONDO__WORD] = "word",
                                        [RONDO__SENTENCEPIECE] = "piece",
                                        [RONDO__NO_TOKENIZER] = "symbol"};
    rondo__text text = {0};
    bool fine = begin(out, passage, units[rondo__tokenizer_get_kind(tokenizer)], T, true);
    for (int64_t t = 0; fine && t < T; t++)
        fine = add_symbol(out, passage, tokenizer, t, ids[t], &text);
    rondo__text_free(&text);
    return fine;
}

bool rondo__axis_words(rondo__look_axis *out, rondo__passage *passage, int64_t T, char *const *word) {
    bool fine = begin(out, passage, "word", T, true);
    for (int64_t t = 0; fine && t < T; t++) {
        out->text[t] = rondo__look_text(passage, "%s%s", t ? " " : "", word[t]);
        out->label[t] = rondo__axis_label(passage, word[t], strlen(word[t]));
        fine = out->text[t] && out->label[t];
    }
    return fine;
}

bool rondo__axis_seconds(rondo__look_axis *out, rondo__passage *passage, int64_t T, double step) {
    bool fine = begin(out, passage, "second", T, false);
    double *time = rondo__look_room(passage, T, sizeof *time);
    const int digits = step >= 0.1 ? 1 : 2;
    for (int64_t t = 0; fine && time && t < T; t++) {
        time[t] = (double)t * step;
        out->label[t] = rondo__look_text(passage, "%.*f", digits, time[t]);
        fine = out->label[t];
    }
    out->time = time;
    return fine && time;
}

bool rondo__axis_numbers(rondo__look_axis *out, rondo__passage *passage, int64_t T) {
    bool fine = begin(out, passage, "step", T, false);
    for (int64_t t = 0; fine && t < T; t++) {
        out->label[t] = rondo__look_text(passage, "%lld", (long long)t);
        fine = out->label[t];
    }
    return fine;
}

double *rondo__axis_feature(rondo__look_axis *axis, rondo__passage *passage, const char *name) {
    if (axis->features == RONDO__LOOK_FEATURES)
        return NULL;
    double *value = rondo__look_room(passage, axis->T, sizeof *value);
    if (value)
        axis->feature[axis->features++] = (rondo__look_feature){name, value};
    return value;
}
