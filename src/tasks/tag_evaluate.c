/* How many words get their tag? A tag that training never showed counts as wrong, and not in the loss. */
#include "tasks/tag.h"
#include "train/metrics.h"

const char *const rondo__tag_metrics[] = {
    "loss",        "accuracy", "known_accuracy", "unknown_accuracy", "span_precision",
    "span_recall", "span_f1",  "words",          "unknown_words",    "unseen_tags",
    NULL};

static rondo_status begin(rondo__tag *t, rondo_error *err) {
    rondo__free(t->score.confusion);
    t->score = (rondo__tag_score){0};
    if (t->K > RONDO__TAG_MANY)
        return RONDO_OK;
    t->score.confusion = rondo__calloc((size_t)(t->K * t->K), sizeof *t->score.confusion);
    return t->score.confusion ? RONDO_OK
                              : rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld labels", (long long)t->K);
}

static void count(rondo__tag *t, const rondo__tag_set *set, const rondo__tag_found *found) {
    rondo__tag_score *s = &t->score;
    for (int64_t i = 0; i < set->words; i++) {
        const bool right = found->label[i] == set->label[i], known = set->word[i] > 0;
        s->words++;
        s->right += right;
        s->known += known;
        s->known_right += known && right;
        s->unseen += set->label[i] < 0;
        if (set->label[i] >= 0 && s->confusion)
            s->confusion[set->label[i] * t->K + found->label[i]]++;
    }
    s->nats += found->nats;
    s->counted += found->counted;
}

/* Spans of the file's tags, those that training never showed as well. */
static rondo_status count_spans(rondo__tag *t, const rondo__tagged *text, const rondo__tag_set *set,
                                const rondo__tag_found *found, rondo_error *err) {
    const char **label = t->rules.spans ? rondo__calloc((size_t)set->words, sizeof *label) : NULL;
    if (!t->rules.spans)
        return RONDO_OK;
    if (!label)
        return rondo__fail(err, RONDO_MEMORY, "evaluate: no memory for %lld words", (long long)set->words);
    for (int64_t i = 0; i < set->words; i++)
        label[i] = t->vocabulary.label[found->label[i]];
    for (int64_t s = 0; s < set->sentences; s++)
        rondo_span_add(&t->score.spans, set->length[s], (const char *const *)text->tag + set->first + set->start[s],
                       label + set->start[s]);
    rondo__free(label);
    return RONDO_OK;
}

static rondo_status evaluate_set(rondo__tag *t, rondo_tape *tape, const rondo__tagged *text, rondo__tag_set *set,
                                 rondo_error *err) {
    rondo__tag_found found;
    rondo_status status = rondo__tag_run(t, tape, set, false, &found, err);
    if (status)
        return status;
    count(t, set, &found);
    status = count_spans(t, text, set, &found, err);
    rondo__tag_found_free(&found);
    return status;
}

static rondo_status evaluate_file(rondo__tag *t, rondo_tape *tape, const char *path, rondo_error *err) {
    const rondo__tagged_spec spec = rondo__tag_spec(t);
    rondo__tagged text;
    rondo__tag_set set;
    char room[RONDO__PATH];
    rondo_status status = rondo__tagged_read(&text, rondo__data_find(path, room), &spec, err);
    if (status)
        return status;
    status = rondo__tag_set_make(&set, t, &text, 0, text.sentences, err);
    if (!status)
        status = evaluate_set(t, tape, &text, &set, err);
    rondo__tag_set_free(&set);
    rondo__tagged_free(&text);
    return status;
}

static double share(int64_t part, int64_t whole) { return whole > 0 ? (double)part / (double)whole : 0; }

static void report_spans(rondo_span_score *spans, rondo_metrics *metrics) {
    rondo_span_finish(spans);
    rondo__metrics_set(metrics, "span_precision", spans->precision);
    rondo__metrics_set(metrics, "span_recall", spans->recall);
    rondo__metrics_set(metrics, "span_f1", spans->f1);
}

static void report(rondo__tag *t, rondo_metrics *metrics) {
    const rondo__tag_score *s = &t->score;
    const int64_t unknown = s->words - s->known;
    metrics->count = 0;
    rondo__metrics_set(metrics, "loss", s->nats / (double)(s->counted > 0 ? s->counted : 1));
    rondo__metrics_set(metrics, "accuracy", share(s->right, s->words));
    if (s->known)
        rondo__metrics_set(metrics, "known_accuracy", share(s->known_right, s->known));
    if (unknown)
        rondo__metrics_set(metrics, "unknown_accuracy", share(s->right - s->known_right, unknown));
    if (t->rules.spans)
        report_spans(&t->score.spans, metrics);
    rondo__metrics_set(metrics, "words", (double)s->words);
    rondo__metrics_set(metrics, "unknown_words", (double)unknown);
    rondo__metrics_set(metrics, "unseen_tags", (double)s->unseen);
}

rondo_status rondo__tag_evaluate(rondo__task_object *task, rondo_tape *tape, int files, const char *const *file,
                                 rondo_metrics *metrics, rondo_error *err) {
    rondo__tag *t = (rondo__tag *)task;
    if (files == 0 && !t->valid.word)
        return rondo__fail(err, RONDO_ARGUMENT, "evaluate: no file is given");
    rondo_status status = begin(t, err);
    if (!status && files == 0)
        status = evaluate_set(t, tape, t->valid_text.word ? &t->valid_text : &t->train_text, &t->valid, err);
    for (int i = 0; i < files && !status; i++)
        status = evaluate_file(t, tape, file[i], err);
    if (!status)
        report(t, metrics);
    return status;
}
