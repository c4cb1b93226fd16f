/* Language models with rounded weights: the file, what it computes, the report, calibration. Needs: JANSSON YAML. */
#include "rounded.h"

#include <math.h>

#include "rondo/deploy.h"
#include "rondo/import.h"
#include "train/model_file.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_all_kinds),  cmocka_unit_test(writes),
                                       cmocka_unit_test(what_the_file_holds), cmocka_unit_test(layers_and_calibration),
                                       cmocka_unit_test(on_arrays),           cmocka_unit_test(exported_as_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
