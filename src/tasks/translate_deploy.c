/* What of an encoder-decoder leaves for other places. */
#include "data/tokenizer_kinds.h"
#include "exchange/around.h"
#include "exchange/encdec.h"
#include "tasks/translate.h"

rondo_status rondo__translate_encdec(rondo__task_object *task, rondo__encdec *out, rondo_error *err) {
    const rondo__translate *t = (const rondo__translate *)task;
    const rondo_status status = rondo__encdec_of(out, t->net, t->end, err);
    out->unknown = t->unknown < 0 ? 0 : t->unknown;
    return status;
}

/* As rondo__copy_line finds it for a line of this one word. */
static bool word_twin(const void *of, int64_t i, int32_t *out) {
    const rondo__translate *t = of;
    size_t size;
    const char *text = rondo__symbols_text(&t->source->symbols, i, &size);
    int32_t *ids = NULL;
    int64_t count = 0;
    *out = -1;
    if (i == rondo__tokenizer_unknown(t->source))
        return true;
    const rondo_status status = rondo__line_encode(t->target, text, size, &ids, &count, NULL);
    if (!status && count == 1 && ids[0] != t->unknown)
        *out = ids[0];
    rondo__free(ids);
    return status != RONDO_MEMORY;
}

/* Within one vocabulary. */
static bool same_twin(const void *of, int64_t i, int32_t *out) {
    const rondo__translate *t = of;
    *out = i == t->unknown ? -1 : (int32_t)i;
    return true;
}

void rondo__translate_around(const rondo__task_object *task, rondo__around *out) {
    const rondo__translate *t = (const rondo__translate *)task;
    const bool words = rondo__tokenizer_get_kind(t->target) == RONDO__WORD;
    rondo__around_add_tokenizer(out, "source", t->source);
    rondo__around_add_tokenizer(out, "target", t->target);
    out->twins = (rondo__twins){.count = rondo__tokenizer_size(t->source),
                                .twin = words ? word_twin : same_twin,
                                .of = t,
                                .words = words,
                                .unknown = rondo__tokenizer_unknown(t->source)};
}
