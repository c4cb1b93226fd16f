/* Files with rounded weights that someone has tampered with, wrong calls, training from them, failing memory.
 * Needs: JANSSON YAML. */
#include "rounded.h"

#include <math.h>

#include "rondo/translate.h"
#include "train/model_file.h"

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_calls), cmocka_unit_test(not_trained),
                                       cmocka_unit_test(tampered), cmocka_unit_test(where_floats_are_needed),
                                       cmocka_unit_test(every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
