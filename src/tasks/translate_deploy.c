/* What of an encoder-decoder leaves for other places. */
#include "exchange/around.h"
#include "exchange/encdec.h"
#include "tasks/translate.h"

rondo_status rondo__translate_encdec(rondo__task_object *task, rondo__encdec *out, rondo_error *err) {
    const rondo__translate *t = (const rondo__translate *)task;
    const rondo_status status = rondo__encdec_of(out, t->net, t->end, err);
    out->unknown = t->unknown < 0 ? 0 : t->unknown;
    return status;
}

void rondo__translate_around(const rondo__task_object *task, rondo__around *out) {
    const rondo__translate *t = (const rondo__translate *)task;
    rondo__around_add_tokenizer(out, "source", t->source);
    rondo__around_add_tokenizer(out, "target", t->target);
}
