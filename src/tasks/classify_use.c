/* The public face of classifiers in use. */
#include <string.h>

#include "tasks/classify.h"
#include "tasks/model.h"

static rondo__classify *classifier(const rondo_model *model) {
    return model && model->task->class == &rondo__classify_class ? (rondo__classify *)model->task : NULL;
}

const char *const *rondo_model_labels(const rondo_model *model, int64_t *count) {
    const rondo__classify *c = classifier(model);
    if (count)
        *count = c ? c->C : 0;
    return c ? (const char *const *)c->labels.name : NULL;
}

const char *rondo_model_input(const rondo_model *model) {
    static const char *const names[] = {"audio", "text", "series"};
    const rondo__classify *c = classifier(model);
    return c ? names[c->input] : "";
}

/* ---- inputs ---- */

/* What one kind of model takes. */
static bool suits(const rondo__classify *c, const rondo_classify_input *in) {
    const int given = (in->file != NULL) + (in->text != NULL) + (in->sound != NULL) + (in->rows != NULL);
    if (c->input == RONDO__INPUT_TEXT)
        return given == 1 && in->text;
    if (c->input == RONDO__INPUT_AUDIO)
        return given == 1 && (in->file || in->sound);
    return given == 1 && (in->file || (in->rows && in->count > 0));
}

static rondo_status check_values(const rondo__classify *c, int64_t i, const rondo_classify_input *in,
                                 rondo_error *err) {
    const float *x = in->sound ? in->sound->sample : in->rows;
    const int64_t n = in->sound ? in->sound->count : in->count;
    int64_t count;
    if (n < 0 || (n > 0 && !x) || (in->sound && (in->sound->rate < 1 || in->sound->rate > RONDO_MAX_RATE)))
        return rondo__fail(err, RONDO_ARGUMENT, "classify: input %lld: a count or a rate is wrong", (long long)i + 1);
    if (__builtin_mul_overflow(n, in->sound ? 1 : c->listening.width, &count))
        return rondo__fail(err, RONDO_ARGUMENT, "classify: input %lld: too many rows", (long long)i + 1);
    for (int64_t k = 0; k < count; k++) {
        if (!(x[k] - x[k] == 0))
            return rondo__fail(err, RONDO_ARGUMENT, "classify: input %lld: number %lld is not finite", (long long)i + 1,
                               (long long)k + 1);
    }
    return RONDO_OK;
}

static rondo_status check_inputs(const rondo__classify *c, int64_t inputs, const rondo_classify_input *input,
                                 rondo_error *err) {
    static const char *const takes[] = {"files or sounds", "texts", "files or rows"};
    rondo_status status = RONDO_OK;
    for (int64_t i = 0; i < inputs && !status; i++) {
        const rondo_classify_input *in = &input[i];
        if (!suits(c, in) || (in->file != NULL) != (input[0].file != NULL))
            return rondo__fail(err, RONDO_ARGUMENT, "classify: input %lld: this model takes %s, one kind in a call",
                               (long long)i + 1, takes[c->input]);
        if (in->text)
            status = rondo__utf8_check(in->text, strlen(in->text)) == strlen(in->text)
                         ? RONDO_OK
                         : rondo__fail(err, RONDO_FORMAT, "classify: line %lld is not UTF-8", (long long)i + 1);
        else if (!in->file)
            status = check_values(c, i, in, err);
    }
    return status;
}

/* Items that hold the paths or texts. A line end within a text is a blank: one text is one line. */
static rondo_status list_inputs(int64_t inputs, const rondo_classify_input *input, rondo__labelled *out,
                                rondo_error *err) {
    bool whole = (out->item = rondo__calloc((size_t)inputs, sizeof *out->item)) != NULL;
    for (int64_t i = 0; i < inputs && whole; i++) {
        const char *text = input[i].file ? input[i].file : input[i].text ? input[i].text : "";
        rondo__labelled_item *item = &out->item[out->count++];
        *item = (rondo__labelled_item){rondo__strdup(text), rondo__strdup(text), rondo__strdup(""), rondo__strdup("")};
        whole = item->place && item->text && item->label && item->speaker;
        for (char *p = input[i].text && whole ? item->text : NULL; p && *p; p++)
            *p = *p == '\n' || *p == '\r' ? ' ' : *p;
    }
    return whole ? RONDO_OK : rondo__fail(err, RONDO_MEMORY, "classify: no memory for %lld inputs", (long long)inputs);
}

static rondo_status take_arrays(rondo__classify *c, const rondo_classify_input *input, rondo__classify_part *part,
                                rondo_error *err) {
    const size_t n = (size_t)part->count;
    const void **array = rondo__calloc(n, sizeof *array);
    int64_t *count = rondo__calloc(n, sizeof *count);
    rondo_status status = RONDO_OK;
    if (!array || !count)
        status = rondo__fail(err, RONDO_MEMORY, "classify: no memory for %zu inputs", n);
    for (size_t i = 0; i < n && !status; i++) {
        array[i] = input[i].sound ? (const void *)input[i].sound : (const void *)input[i].rows;
        count[i] = input[i].count;
    }
    if (!status && c->input == RONDO__INPUT_AUDIO)
        status =
            rondo__listening_sounds(&c->listening, &part->items, (const rondo_sound *const *)array, &part->frames, err);
    else if (!status) {
        status = rondo__frames_take_rows(&part->frames, &part->items, c->listening.width, (const float *const *)array,
                                         count, err);
        if (!status)
            status = rondo__listening_series(&c->listening, &part->frames, err);
    }
    rondo__free(array);
    rondo__free(count);
    return status ? status : rondo__classify_set_lengths(part, err);
}

/* ---- results ---- */

void rondo_classifications_free(int64_t count, rondo_classification *out) {
    for (int64_t i = 0; out && i < count; i++) {
        rondo__free(out[i].probabilities);
        out[i] = (rondo_classification){0};
    }
}

static rondo_status tell(const rondo__classify *c, int64_t count, const double *probability, rondo_classification *out,
                         rondo_error *err) {
    for (int64_t i = 0; i < count; i++)
        out[i] = (rondo_classification){0};
    for (int64_t i = 0; i < count; i++) {
        const double *row = probability + i * c->C;
        const int32_t best = rondo__classify_best(row, c->C);
        double *kept = rondo__calloc((size_t)c->C, sizeof *kept);
        if (!kept || !(row[best] >= 0)) {
            rondo__free(kept);
            rondo_classifications_free(count, out);
            return kept ? rondo__fail(err, RONDO_NUMERIC,
                                      "classify: the probabilities are not finite (some weight of "
                                      "the model is not, or is far too large)")
                        : rondo__fail(err, RONDO_MEMORY, "classify: no memory for %lld results", (long long)count);
        }
        memcpy(kept, row, (size_t)c->C * sizeof *kept);
        out[i] = (rondo_classification){best, c->labels.name[best], row[best], kept};
    }
    return RONDO_OK;
}

static rondo_status classify(rondo__classify *c, rondo_tape *tape, int64_t inputs, const rondo_classify_input *input,
                             rondo_classification *out, rondo_error *err) {
    rondo__classify_part part = {.count = inputs};
    size_t count;
    double *probability =
        rondo__size_mul((size_t)inputs, (size_t)c->C, &count) ? rondo__calloc(count, sizeof *probability) : NULL;
    rondo_status status =
        probability ? list_inputs(inputs, input, &part.items, err)
                    : rondo__fail(err, RONDO_MEMORY, "classify: no memory for %lld inputs", (long long)inputs);
    if (!status)
        status =
            input[0].file || input[0].text ? rondo__classify_prepare(c, &part, err) : take_arrays(c, input, &part, err);
    if (!status)
        status = rondo__classify_run(c, tape, &part, probability, NULL, err);
    if (!status)
        status = tell(c, inputs, probability, out, err);
    rondo__classify_part_free(&part);
    rondo__free(probability);
    return status;
}

rondo_status rondo_model_classify(rondo_model *model, int64_t inputs, const rondo_classify_input *input,
                                  rondo_classification *out, rondo_error *err) {
    rondo__classify *c = classifier(model);
    if (!model || inputs < 0 || (inputs > 0 && (!input || !out)))
        return rondo__fail(err, RONDO_ARGUMENT, "classify: needs a model, inputs, and a place for the results");
    if (!c)
        return rondo__fail(err, RONDO_UNSUPPORTED, "classify: only a classifier tells labels (this one is for %s)",
                           model->task->class->name);
    if (inputs == 0)
        return RONDO_OK;
    rondo_status status = check_inputs(c, inputs, input, err);
    if (!status)
        status = classify(c, model->tape, inputs, input, out, err);
    return status == RONDO_NUMERIC ? rondo__model_name_file(status, model->path, err) : status;
}
