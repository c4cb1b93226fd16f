/* What became of each tag, for people. */
#include "score/label_table.h"
#include "tasks/tag.h"

void rondo__tag_report(const rondo__task_object *task, rondo__text *lines) {
    const rondo__tag *t = (const rondo__tag *)task;
    if (!t->score.confusion)
        return;
    rondo__label_table(lines, t->K, t->vocabulary.label, t->score.confusion);
    if (t->score.unseen)
        rondo__text_format(lines,
                           "%lld words have a tag that training never showed: they count as wrong, and not in the "
                           "table or the loss\n",
                           (long long)t->score.unseen);
}
