/* What rounding costs: the model's metrics before and after, and with each layer rounded alone. */
#include <math.h>
#include <string.h>

#include "formats/json_text.h"
#include "tasks/quantise.h"
#include "tasks/translate.h"

/* The scales of what products multiply, as the file will hold them. */
static void calibrate(rondo__rounding *r) {
    const double share = r->options->percentile > 0 ? r->options->percentile / 100 : 1;
    for (int i = 0; i < r->count; i++) {
        rondo__rounded *of = &r->of[i];
        const float most = of->chosen ? rondo__observed_size(of->observer, share) : 0;
        of->input_scale = most > 1e-30f ? most / 127.0f : 0;
        of->stored.most = of->input_scale * 127.0f;
    }
}

/* What `rondo eval` measures. */
static rondo_status evaluate(rondo_model *model, int files, const char *const *file, rondo_metrics *metrics,
                             rondo_error *err) {
    rondo_translate_report report = {0};
    if (model->task->class != &rondo__translate_class)
        return rondo_model_evaluate(model, files, file, metrics, err);
    const rondo_status status = rondo_model_evaluate_pairs(model, files, file, NULL, &report, err);
    *metrics = report.metrics;
    rondo_translate_report_free(&report);
    return status;
}

/* Metrics with parameters [begin, end) rounded, those that are chosen. Of a model opened for it alone: models keep what
 * they made of their weights. */
static rondo_status measure(rondo__rounding *r, int begin, int end, rondo_metrics *metrics) {
    const rondo_quantise_options *o = r->options;
    rondo_model *model = NULL;
    rondo_status status = rondo__model_open(&model, r->model->task->context, r->model->path, true, r->err);
    for (int i = begin; i < end && !status; i++)
        if (r->of[i].chosen)
            rondo__param_lend(model->task->params, i, &r->of[i].stored);
    if (!status)
        status = o->data_files ? evaluate(model, o->data_files, o->data, metrics, r->err)
                               : evaluate(model, o->calibrates, o->calibrate, metrics, r->err);
    rondo_model_close(&model);
    return status;
}

static int64_t bytes_after(const rondo__rounded *of, int64_t rows, int64_t count) {
    if (!of->chosen)
        return count * (int64_t)sizeof(real);
    return count * (int64_t)rondo_dtype_bytes(of->stored.dtype) +
           (of->stored.dtype == RONDO_I8 ? (rows + (of->input_scale > 0)) * (int64_t)sizeof(float) : 0);
}

static rondo_status list_layers(const rondo__rounding *r, rondo_quantise_report *report) {
    report->layer = rondo__calloc((size_t)r->count + 1, sizeof *report->layer);
    if (!report->layer)
        return rondo__fail(r->err, RONDO_MEMORY, "%s: no memory for the report", r->model->path);
    for (int i = 0; i < r->count; i++) {
        const rondo_param *param = rondo_params_at(r->model->task->params, i);
        const int64_t count = rondo_tensor_count(&param->value),
                      after = bytes_after(&r->of[i], param->value.dims[0], count);
        report->bytes_before += count * (int64_t)sizeof(real);
        report->bytes_after += after;
        if (!r->of[i].may)
            continue;
        rondo_quantise_layer *layer = &report->layer[report->layers++];
        memcpy(layer->name, param->name, sizeof layer->name);
        layer->rows = param->value.dims[0];
        layer->columns = param->value.dims[1];
        layer->rounded = r->of[i].chosen;
        layer->before = count * (int64_t)sizeof(real);
        layer->after = after;
        layer->input_size = (double)r->of[i].stored.most;
        layer->signal_to_noise = r->of[i].chosen ? rondo__rounding_noise(r, i) : (double)NAN;
    }
    return RONDO_OK;
}

static rondo_status check_metric(const rondo__rounding *r, const rondo_metrics *metrics) {
    const char *name = r->options->metric;
    rondo__text names = {0};
    for (int i = 0; name && i < metrics->count; i++) {
        if (strcmp(metrics->item[i].name, name) == 0)
            name = NULL;
        rondo__text_format(&names, "%s%s", i ? ", " : "", metrics->item[i].name);
    }
    const rondo_status status =
        name ? rondo__fail(r->err, RONDO_ARGUMENT, "%s: it has no metric '%s' (but %s)", r->model->path,
                           rondo__show(name).text, names.data ? names.data : "none")
             : RONDO_OK;
    rondo__text_free(&names);
    return status;
}

static rondo_status measure_all(rondo__rounding *r, rondo_quantise_report *report) {
    int layer = 0;
    rondo_status status = measure(r, 0, 0, &report->before);
    if (!status)
        status = check_metric(r, &report->before);
    if (!status)
        status = measure(r, 0, r->count, &report->after);
    for (int i = 0; i < r->count && !status && r->options->by_layer; i++) {
        if (r->of[i].chosen)
            status = measure(r, i, i + 1, &report->layer[layer].metrics);
        layer += r->of[i].may;
    }
    return status;
}

rondo_status rondo__rounding_measure(rondo__rounding *r, rondo_quantise_report *report) {
    const rondo_quantise_options *o = r->options;
    const bool measured = report && (o->data_files || o->calibrates);
    rondo_status status = RONDO_OK;
    if (o->calibrates) {
        status = rondo__rounding_observe(r, o->calibrates, o->calibrate, false);
        if (!status)
            calibrate(r);
    }
    if (!status && measured && o->by_layer)
        status = o->data_files ? rondo__rounding_observe(r, o->data_files, o->data, true)
                               : rondo__rounding_observe(r, o->calibrates, o->calibrate, true);
    if (!status && report)
        status = list_layers(r, report);
    return status || !measured ? status : measure_all(r, report);
}
