/* Language models with rounded weights: the file, what it computes, the report, calibration; files that someone has
 * tampered with; what is refused; failing memory. Needs: JANSSON YAML. */
#include "hostile.h"

#include <math.h>

#include "rondo/deploy.h"
#include "rondo/import.h"
#include "rondo/quantise.h"
#include "rondo/translate.h"
#include "train/model_file.h"

typedef struct rig {
    tiny t;
    char path[400], low[400];
    const char *text;
    rondo_model *model;
} rig;

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static rondo_model *open_with(const char *path, rondo_context *with) {
    rondo_error err = {0};
    rondo_model *model;
    must(rondo_model_open(&model, with, path, &err), &err);
    return model;
}

static void rig_open(rig *r, const char *const *sets) {
    const char *all[TINY_MOST_SETS] = {"train.max_steps=20", "train.evaluate_every=20"};
    for (int i = 0; sets && sets[i]; i++)
        all[i + 2] = sets[i];
    r->t = tiny_make("quantise", all);
    tiny_run(&r->t);
    snprintf(r->path, sizeof r->path, "%s/model.safetensors", r->t.folder);
    snprintf(r->low, sizeof r->low, "%s", test_path("low.safetensors"));
    r->text = test_path("tiny.txt");
    assert_int_equal(rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    r->model = open_with(r->path, context);
}

static void rig_close(rig *r) {
    rondo_model_close(&r->model);
    rondo_context_destroy(&context);
    unlink(r->low);
    tiny_clean(&r->t);
}

static void quantise(const rig *r, const rondo_quantise_options *options, rondo_quantise_report *report) {
    rondo_error err = {0};
    must(rondo_model_quantise(r->model, r->low, options, report, &err), &err);
}

/* Loss on the text that it learned. */
static double loss_of(const char *path, rondo_precision precision, int threads) {
    const char *file_name = test_path("tiny.txt");
    rondo_context *own;
    rondo_metrics metrics = {0};
    rondo_error err = {0};
    assert_int_equal(
        rondo_context_create(&own, &(rondo_context_options){.threads = threads, .precision = precision}, NULL),
        RONDO_OK);
    rondo_model *model = open_with(path, own);
    must(rondo_model_evaluate(model, 1, &file_name, &metrics, &err), &err);
    rondo_model_close(&model);
    rondo_context_destroy(&own);
    return rondo_metrics_get(&metrics, "loss");
}

static const char *const kinds[][5] = {
    {"model.cell=lstm"},
    {"model.cell=gru", "model.layers=1"},
    {"model.cell=gru", "model.reset_before=true"},
    {"model.cell=elman", "model.tie_weights=true", "model.embedding_size=7"},
    {"model.cell=lstm", "model.projection_size=5", "model.peepholes=true"},
    {"model.cell=jordan", "model.feedback=embedding"},
    {"model.cell=lstm", "model.output=adaptive_softmax", "model.cutoffs=[4, 9]", "model.hidden_size=24"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Every kind: a smaller file, nearly the same loss, the very same as with whole-number products where the embedding is
 * kept; the same for any number of threads; the report says what the file then gives. */
static void files_of_all_kinds(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        for (int weights = RONDO_WEIGHTS_INT8; weights <= RONDO_WEIGHTS_BF16; weights++) {
            rig r = {0};
            const char *keep = "embedding";
            rondo_quantise_report report;
            rig_open(&r, kinds[kind]);
            rondo_quantise_options o = {.weights = (rondo_weights)weights, .data = &r.text, .data_files = 1};
            quantise(&r, &o, &report);
            const double exact = loss_of(r.path, RONDO_PRECISION_F32, 1), low = loss_of(r.low, RONDO_PRECISION_F32, 1);
            assert_true(exact == rondo_metrics_get(&report.before, "loss"));
            assert_true(low == rondo_metrics_get(&report.after, "loss"));
            assert_true(low != exact && fabs(low - exact) < 0.03);
            assert_true(report.bytes_after < report.bytes_before * (weights == RONDO_WEIGHTS_INT8 ? 6 : 8) / 10);
            for (int threads = 2; threads <= 3; threads++)
                assert_true(loss_of(r.low, RONDO_PRECISION_F32, threads) == low);
            rondo_quantise_report_free(&report);
            o.data_files = 0;
            if (kind != 3) {
                o.keep = &keep;
                o.keeps = 1;
            }
            if (kind != 5 && kind != 3) {
                quantise(&r, &o, NULL);
                assert_true(
                    loss_of(r.low, RONDO_PRECISION_F32, 1) ==
                    loss_of(r.path, weights == RONDO_WEIGHTS_INT8 ? RONDO_PRECISION_INT8 : RONDO_PRECISION_BF16, 2));
            }
            rig_close(&r);
        }
}

static bool take_text(const char *text, size_t size, void *arg) {
    rondo__text_add(arg, text, size);
    return true;
}

/* Written text: the same symbol by symbol whether products are made of stored or of rounded floats. */
static void writes(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        rig r = {0};
        rondo__text first = {0};
        rondo_error err = {0};
        rig_open(&r, kinds[kind]);
        quantise(&r, NULL, NULL);
        for (int i = 0; i < 3; i++) {
            rondo_context *own;
            rondo__text text = {0};
            assert_int_equal(rondo_context_create(&own, &(rondo_context_options){.threads = 1 + i}, NULL), RONDO_OK);
            rondo_model *model = open_with(r.low, own);
            must(rondo_model_generate(model, &(rondo_generate_options){.tokens = 60, .seed = 5, .prompt = "the"},
                                      take_text, &text, &err),
                 &err);
            assert_true(text.size >= 60);
            if (i)
                assert_string_equal(first.data, text.data);
            else
                first = text;
            if (i)
                rondo__text_free(&text);
            rondo_model_close(&model);
            rondo_context_destroy(&own);
        }
        rondo__text_free(&first);
        rig_close(&r);
    }
}

static void what_the_file_holds(void **state) {
    (void)state;
    rig r = {0};
    rondo_error err = {0};
    const char *keep[] = {"rnn.weight_ih_l0", "output"};
    rig_open(&r, NULL);
    quantise(&r, &(rondo_quantise_options){.keep = keep, .keeps = 2}, NULL);
    rondo__safetensors *low, *exact;
    must(rondo__safetensors_read(&low, r.low, &err), &err);
    must(rondo__safetensors_read(&exact, r.path, &err), &err);
    assert_string_equal(rondo__safetensors_metadata(low, "rondo"), rondo__safetensors_metadata(exact, "rondo"));
    const char *made = rondo__safetensors_metadata(low, RONDO__WEIGHTS_KEY);
    assert_non_null(strstr(made, "\"weights\": \"int8\""));
    assert_non_null(strstr(made, "\"activation_scales\": \"dynamic\""));
    assert_non_null(strstr(made, "\"kept\": [\"rnn.weight_ih_l0\", \"output.weight\"]"));
    int bytes = 0, scales = 0;
    for (int i = 0; i < rondo__safetensors_count(low); i++) {
        const rondo__named *named = rondo__safetensors_at(low, i);
        bytes += named->tensor.dtype == RONDO_I8;
        scales += strstr(named->name, RONDO__SCALE) != NULL;
    }
    assert_int_equal(bytes, 4);
    assert_int_equal(scales, 4);
    assert_int_equal(rondo__safetensors_count(low), rondo__safetensors_count(exact) + 4);
    assert_int_equal(rondo__safetensors_find(low, "output.weight")->tensor.dtype, RONDO_F32);
    rondo__safetensors_free(&low);
    rondo__safetensors_free(&exact);
    rondo_model *model = open_with(r.low, context);
    assert_non_null(strstr(rondo_model_info(model), "\"weights\": \"int8\", \"activations\": \"dynamic\""));
    assert_non_null(strstr(rondo_model_info(model), "\"name\": \"rnn.weight_hh_l0\", \"dtype\": \"I8\""));
    rondo_model_close(&model);
    rig_close(&r);
}

static void layers_and_calibration(void **state) {
    (void)state;
    rig r = {0};
    rig_open(&r, NULL);
    rondo_quantise_report dynamic, fixed, cut;
    rondo_quantise_options o = {.data = &r.text, .data_files = 1, .by_layer = true};
    quantise(&r, &o, &dynamic);
    o = (rondo_quantise_options){.calibrate = &r.text, .calibrates = 1, .by_layer = true};
    quantise(&r, &o, &fixed);
    assert_true(loss_of(r.low, RONDO_PRECISION_F32, 1) == rondo_metrics_get(&fixed.after, "loss"));
    assert_true(rondo_metrics_get(&fixed.after, "loss") != rondo_metrics_get(&dynamic.after, "loss"));
    o.percentile = 60;
    quantise(&r, &o, &cut);
    rondo_model *model = open_with(r.low, context);
    assert_non_null(strstr(rondo_model_info(model), "\"activations\": \"calibrated\""));
    rondo_model_close(&model);
    assert_int_equal(fixed.layers, 6); /* the embedding, two layers of two, the output */
    for (int i = 0; i < fixed.layers; i++) {
        const rondo_quantise_layer *l = &fixed.layer[i];
        const double alone = rondo_metrics_get(&dynamic.layer[i].metrics, "loss");
        assert_true(l->rounded && l->signal_to_noise > 20 && dynamic.layer[i].signal_to_noise > 25);
        assert_true(fabs(alone - rondo_metrics_get(&dynamic.before, "loss")) < 0.02);
        assert_true(dynamic.layer[i].input_size == 0);
        assert_int_equal(l->input_size > 0, strcmp(l->name, "embedding.weight") != 0);
        if (l->input_size > 0)
            assert_true(cut.layer[i].input_size < l->input_size && cut.layer[i].signal_to_noise < l->signal_to_noise);
    }
    rondo_quantise_report_free(&dynamic);
    rondo_quantise_report_free(&fixed);
    rondo_quantise_report_free(&cut);
    rig_close(&r);
}

/* The network alone on arrays, whole and step by step: what whole-number products of the float file give. */
static void on_arrays(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        rig r = {0};
        rondo_error err = {0};
        rondo_context *int8;
        int32_t ids[] = {1, 2, 0, 3, 2};
        const char *keep = "embedding";
        rig_open(&r, kinds[kind]);
        quantise(&r, &(rondo_quantise_options){.keep = kind == 1 ? NULL : &keep, .keeps = kind != 1}, NULL);
        assert_int_equal(rondo_context_create(&int8, &(rondo_context_options){.precision = RONDO_PRECISION_INT8}, NULL),
                         RONDO_OK);
        rondo_model *low = open_with(r.low, context), *rounded = open_with(r.path, int8);
        const rondo_tensor x = rondo_tensor_view(RONDO_I32, ids, 1, (int64_t[]){5});
        rondo_tensor a, b;
        must(rondo_model_apply(low, &x, &a, &err), &err);
        must(rondo_model_apply(rounded, &x, &b, &err), &err);
        if (kind != 1)
            assert_memory_equal(a.data, b.data, (size_t)rondo_tensor_count(&a) * sizeof(float));
        rondo_model_stream *stream;
        must(rondo_model_stream_open(&stream, low, 1, &err), &err);
        float y[64];
        for (int t = 0; t < 5; t++) {
            must(rondo_model_stream_step(stream, &ids[t], NULL, y, &err), &err);
            assert_memory_equal(y, (const float *)a.data + t * a.dims[1], (size_t)a.dims[1] * sizeof *y);
        }
        rondo_model_stream_close(&stream);
        const int hh = 2; /* embedding, weight_ih, weight_hh */
        assert_string_equal(rondo_model_tensor_name(low, hh), "rnn.weight_hh_l0");
        assert_int_equal(rondo_model_tensor(low, hh)->dtype, RONDO_I8);
        assert_true(rondo_model_tensor_scale(low, hh)[0] > 0);
        assert_null(rondo_model_tensor_scale(rounded, hh));
        rondo_model_apply_free(&a);
        rondo_model_apply_free(&b);
        rondo_model_close(&low);
        rondo_model_close(&rounded);
        rondo_context_destroy(&int8);
        rig_close(&r);
    }
}

/* Other formats get the floats; the model itself stays as it is. */
static void exported_as_floats(void **state) {
    (void)state;
    rig r = {0};
    rondo_error err = {0};
    rig_open(&r, NULL);
    quantise(&r, NULL, NULL);
    rondo_model *low = open_with(r.low, context);
    const char *to = test_path("state.safetensors"), *c = test_path("low.c");
    must(rondo_model_export_pytorch(low, to, NULL, NULL, &err), &err);
    must(rondo_model_export_c(low, c, &(rondo_c_options){.check_steps = -1}, &err), &err);
    rondo__safetensors *exported;
    must(rondo__safetensors_read(&exported, to, &err), &err);
    const rondo__named *w = rondo__safetensors_find(exported, "rnn.weight_hh_l0");
    assert_int_equal(w->tensor.dtype, RONDO_F32);
    const rondo_tensor *q = rondo_model_tensor(low, 2);
    assert_int_equal(q->dtype, RONDO_I8);
    for (int64_t i = 0; i < rondo_tensor_count(q); i++)
        assert_true(((const float *)w->tensor.data)[i] ==
                    (float)((const int8_t *)q->data)[i] * rondo_model_tensor_scale(low, 2)[i / q->dims[1]]);
    rondo__safetensors_free(&exported);
    rondo_model_close(&low);
    unlink(to);
    unlink(c);
    rig_close(&r);
}

/* ---- refused ---- */

static void refuse(const rig *r, const rondo_quantise_options *o, rondo_status status, const char *said) {
    rondo_error err = {0};
    const int64_t live = rondo__alloc_live();
    assert_int_equal(rondo_model_quantise(r->model, test_path("no.safetensors"), o, NULL, &err), status);
    if (!strstr(err.message, said) || strchr(err.message, '\n'))
        fail_msg("'%s' says nothing of '%s'", err.message, said);
    assert_int_equal(rondo__alloc_live(), live);
    assert_int_equal(test_count_files("no.safetensors"), 0);
}

static void wrong_calls(void **state) {
    (void)state;
    rig r = {0};
    const char *nobody = "nobody", *everything[] = {"rnn", "embedding", "output"};
    rig_open(&r, (const char *const[]){"train.max_steps=1", NULL});
    refuse(&r, &(rondo_quantise_options){.weights = (rondo_weights)7}, RONDO_ARGUMENT, "kind 7");
    refuse(&r, &(rondo_quantise_options){.keeps = 1, .keep = &nobody}, RONDO_ARGUMENT, "'nobody'");
    refuse(&r, &(rondo_quantise_options){.keeps = 1}, RONDO_ARGUMENT, "NULL");
    refuse(&r, &(rondo_quantise_options){.keeps = 3, .keep = everything}, RONDO_ARGUMENT, "no weight is left");
    refuse(&r, &(rondo_quantise_options){.percentile = 101}, RONDO_ARGUMENT, "percentile");
    refuse(&r, &(rondo_quantise_options){.percentile = NAN}, RONDO_ARGUMENT, "percentile");
    refuse(&r, &(rondo_quantise_options){.by_layer = true}, RONDO_ARGUMENT, "data");
    refuse(&r, &(rondo_quantise_options){.calibrates = 1, .calibrate = &nobody}, RONDO_NOT_FOUND, "nobody");
    refuse(&r, &(rondo_quantise_options){.weights = RONDO_WEIGHTS_BF16, .calibrates = 1, .calibrate = &nobody},
           RONDO_ARGUMENT, "bf16");
    assert_int_equal(rondo_model_quantise(NULL, r.low, NULL, NULL, NULL), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_quantise(r.model, NULL, NULL, NULL, NULL), RONDO_ARGUMENT);
    rondo_quantise_report_free(NULL);
    quantise(&r, NULL, NULL);
    rondo_model_close(&r.model);
    r.model = open_with(r.low, context);
    refuse(&r, NULL, RONDO_STATE, "rounded already");
    const char *both[] = {r.low, r.low};
    rondo_error err = {0};
    assert_int_equal(rondo_models_average(2, both, test_path("no.safetensors"), &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "average the models it was exported from"));
    rig_close(&r);
}

/* No run goes on from such a file. */
static void not_trained(void **state) {
    (void)state;
    rig r = {0};
    char last[400];
    rig_open(&r, NULL);
    quantise(&r, NULL, NULL);
    snprintf(last, sizeof last, "%s/last.safetensors", r.t.folder);
    assert_int_equal(rename(r.low, last), 0);
    r.t.options.resume = true;
    assert_int_equal(tiny_train(&r.t), RONDO_STATE);
    assert_non_null(strstr(r.t.err.message, "rounded for use"));
    rig_close(&r);
}

static void write_low(const char *path, int count, const rondo__named *list, bool said) {
    const rondo__pair pairs[] = {{"rondo", rondo__safetensors_metadata(file, "rondo")}, {RONDO__WEIGHTS_KEY, "{}"}};
    rondo_error err = {0};
    must(rondo__safetensors_write(path, count, list, said ? 2 : 1, pairs, &err), &err);
}

static int place_of(const rondo__named *list, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return i;
    fail_msg("no tensor '%s'", name);
    return -1;
}

/* One scale spoilt. */
static void spoil_scale(float to, const char *said) {
    rondo__named list[MOST_TENSORS];
    const int count = tensors(list), i = place_of(list, count, "rnn.weight_hh_l0_scale");
    float *scale = list[i].tensor.data;
    const float was = scale[3];
    scale[3] = to;
    write_low(test_path("bad.safetensors"), count, list, true);
    refused(test_path("bad.safetensors"), said);
    scale[3] = was;
}

static void tampered(void **state) {
    (void)state;
    rig r = {0};
    rondo_error err = {0};
    rondo__named list[MOST_TENSORS];
    rig_open(&r, NULL);
    quantise(&r, &(rondo_quantise_options){.calibrates = 1, .calibrate = &r.text}, NULL);
    must(rondo__safetensors_read(&file, r.low, &err), &err);
    const int count = tensors(list), scale = place_of(list, count, "rnn.weight_hh_l0_scale");
    const int input = place_of(list, count, "rnn.weight_hh_l0_input_scale"),
              w = place_of(list, count, "rnn.weight_hh_l0");
    const char *bad = test_path("bad.safetensors");
    spoil_scale(NAN, "holds nan at place 3");
    spoil_scale(INFINITY, "holds inf at place 3");
    spoil_scale(-1, "holds -1 at place 3");
    const rondo__named whole[3] = {list[scale], list[input], list[w]};
    list[scale].tensor.dims[0]--; /* too short */
    write_low(bad, count, list, true);
    refused(bad, "no vector of 28 F32");
    list[scale] = whole[0];
    list[scale].tensor.dtype = RONDO_I32;
    write_low(bad, count, list, true);
    refused(bad, "no vector of 28 F32");
    list[scale] = list[count - 1]; /* missing */
    write_low(bad, count - 1, list, true);
    refused(bad, "'rnn.weight_hh_l0_scale' is missing");
    list[scale] = whole[0];
    list[input].tensor.rank = 0;
    write_low(bad, count, list, true);
    refused(bad, "no vector of 1 F32");
    list[input] = whole[1];
    list[input].name = "rnn.bias_hh_l0_scale"; /* of what has none */
    write_low(bad, count, list, true);
    refused(bad, "one too many");
    list[input] = whole[1];
    ((int8_t *)list[w].tensor.data)[5] = -128;
    write_low(bad, count, list, true);
    refused(bad, "-128 at place 5");
    ((int8_t *)list[w].tensor.data)[5] = 3;
    write_low(bad, count, list, false); /* nothing says that it is rounded */
    refused(bad, "weights are F32");
    list[w].tensor.dims[0]--;
    write_low(bad, count, list, true);
    refused(bad, "has shape");
    rondo__safetensors_free(&file);
    rig_close(&r);
}

/* Biases are used as numbers, and so is an embedding that a network is fed back. */
static void where_floats_are_needed(void **state) {
    (void)state;
    rig r = {0};
    rondo_error err = {0};
    rondo__named list[MOST_TENSORS];
    static int8_t bytes[4096];
    static float scales[1024];
    rig_open(&r, (const char *const[]){"model.cell=jordan", "model.feedback=embedding", NULL});
    must(rondo__safetensors_read(&file, r.path, &err), &err);
    static const char *const names[] = {"rnn.bias_ih_l0", "embedding.weight"};
    static const char *const said[] = {"only weights of products", "must be F32"};
    for (int i = 0; i < 2; i++) {
        const int count = tensors(list), at = place_of(list, count, names[i]);
        char name[160];
        snprintf(name, sizeof name, "%s%s", names[i], RONDO__SCALE);
        list[at].tensor.dtype = RONDO_I8;
        list[at].tensor.data = bytes;
        list[count] = (rondo__named){name, rondo_tensor_view(RONDO_F32, scales, 1, list[at].tensor.dims)};
        write_low(test_path("bad.safetensors"), count + 1, list, true);
        refused(test_path("bad.safetensors"), said[i]);
    }
    rondo__safetensors_free(&file);
    rig_close(&r);
}

/* ---- failing memory ---- */

static int use_low(void *arg) {
    const rig *r = arg;
    rondo_model *model = NULL;
    rondo_metrics metrics = {0};
    rondo__text text = {0};
    rondo_status status = rondo_model_open(&model, context, r->low, NULL);
    if (!status)
        status = rondo_model_evaluate(model, 1, &r->text, &metrics, NULL);
    if (!status)
        status = rondo_model_generate(model, &(rondo_generate_options){.tokens = 3}, take_text, &text, NULL);
    if (!status && text.failed)
        status = RONDO_MEMORY;
    rondo_model_close(&model);
    rondo__text_free(&text);
    return (int)status;
}

static int round_all(void *arg) {
    const rig *r = arg;
    rondo_quantise_report report = {0};
    const char *keep = "output";
    const rondo_quantise_options o = {
        .calibrates = 1, .calibrate = &r->text, .keep = &keep, .keeps = 1, .by_layer = true};
    const rondo_status status = rondo_model_quantise(r->model, r->low, &o, &report, NULL);
    rondo_quantise_report_free(&report);
    return (int)status;
}

static void every_failure(void **state) {
    (void)state;
    rig r = {0};
    rig_open(&r, (const char *const[]){"train.max_steps=1", "model.layers=1", NULL});
    test_write("tiny.txt", "a dog sees it\nthe cat hears\n", 28);
    quantise(&r, NULL, NULL);
    test_every_failure(use_low, &r);
    test_every_failure(round_all, &r);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_all_kinds),
                                       cmocka_unit_test(writes),
                                       cmocka_unit_test(what_the_file_holds),
                                       cmocka_unit_test(layers_and_calibration),
                                       cmocka_unit_test(on_arrays),
                                       cmocka_unit_test(exported_as_floats),
                                       cmocka_unit_test(wrong_calls),
                                       cmocka_unit_test(not_trained),
                                       cmocka_unit_test(tampered),
                                       cmocka_unit_test(where_floats_are_needed),
                                       cmocka_unit_test(every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
