/* Chains of recurrent nodes in ONNX files: what they compute, what is no plain chain, failing memory.
 * Needs: JANSSON YAML PROTOBUF_C. */
#include <math.h>

#include "core/core.h"
#include "import_case.h"
#include "rondo/graph.h"
#include "support/onnx_build.h"

static const char *file_of(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, IMPORT_FOLDER "%s.onnx", name);
    return path;
}

static void cases(void **state) {
    static const char *const names[] = {"onnx_tagger", "onnx_gru", "onnx_rnn", "onnx_gru_before", "onnx_peepholes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        import_check(*state, file_of(names[i]), names[i], NULL);
}

static void report(void **state) {
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    int taken = 0;
    assert_int_equal(rondo_import(rig->context, file_of("onnx_tagger"), NULL, NULL, &r, NULL), RONDO_OK);
    assert_string_equal(rondo_import_report_source(r), "onnx");
    for (int i = 0; i < rondo_import_report_count(r); i++) {
        const rondo_import_line *line = rondo_import_report_at(r, i);
        taken += line->fate == RONDO_IMPORT_TAKEN;
        if (line->ours && strstr(line->ours, "weight_ih"))
            assert_string_equal(line->their_gates, "iofc");
    }
    assert_int_equal(taken, 19); /* embedding, 2 layers in 2 directions of 4, output layer */
    rondo_import_report_free(&r);
}

/* ---- graphs that are written here ---- */

enum { I = 2, H = 3 };

/* An initialiser of floats, 0.1 each. */
static void put_weight(rondo__text *graph, const char *name, int rank, const int64_t *dims, float value) {
    rondo__text tensor = {0};
    float data[256];
    int64_t count = 1;
    for (int d = 0; d < rank; d++) {
        put_whole(&tensor, 1, dims[d]);
        count *= dims[d];
    }
    for (int64_t i = 0; i < count; i++)
        data[i] = value;
    put_whole(&tensor, 2, 1);
    put_string(&tensor, 8, name);
    put_bytes(&tensor, 9, data, (size_t)count * sizeof *data);
    put_message(graph, 5, &tensor);
}

static void put_text_attribute(rondo__text *attributes, const char *name, const char *value) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    put_string(&a, 4, value);
    put_whole(&a, 20, 3);
    put_message(attributes, 5, &a);
}

static void put_texts_attribute(rondo__text *attributes, const char *name, const char *one, const char *two) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    put_string(&a, 9, one);
    put_string(&a, 9, two);
    put_whole(&a, 20, 8);
    put_message(attributes, 5, &a);
}

static void put_ints_attribute(rondo__text *attributes, const char *name, int count, const int64_t *values) {
    rondo__text a = {0};
    put_string(&a, 1, name);
    for (int i = 0; i < count; i++)
        put_whole(&a, 8, values[i]);
    put_whole(&a, 20, 7);
    put_message(attributes, 5, &a);
}

/* Input X, output Y; weights of a GRU under W, R and of another one that reads H under V, S; a matrix M, a bias b, a
 * state h0 of ones and z of zeros. */
static rondo__text begin(void) {
    rondo__text g = {0};
    put_port(&g, 11, "X", 1);
    put_port(&g, 12, "Y", 1);
    put_weight(&g, "W", 3, (const int64_t[]){1, 3 * H, I}, 0.1f);
    put_weight(&g, "R", 3, (const int64_t[]){1, 3 * H, H}, 0.1f);
    put_weight(&g, "V", 3, (const int64_t[]){1, 3 * H, H}, 0.1f);
    put_weight(&g, "S", 3, (const int64_t[]){1, 3 * H, H}, 0.1f);
    put_weight(&g, "M", 2, (const int64_t[]){H, 2}, 0.1f);
    put_weight(&g, "b", 1, (const int64_t[]){2}, 0.1f);
    put_weight(&g, "h0", 3, (const int64_t[]){1, 1, H}, 1);
    put_weight(&g, "z", 3, (const int64_t[]){1, 1, H}, 0);
    return g;
}

static void put_squeeze(rondo__text *g, const char *in, const char *out, int64_t axis) {
    rondo__text a = {0};
    put_ints_attribute(&a, "axes", 1, &axis);
    put_node(g, "Squeeze", in, out, &a);
}

static const char *write_graph(rondo__text *g) {
    static char path[512];
    rondo__text file = {0};
    put_model(&file, g, 12);
    snprintf(path, sizeof path, "%s", test_write("m.onnx", file.data, file.size));
    rondo__text_free(&file);
    return path;
}

static void refused(void **state, rondo__text *g, const char *said) {
    import_refused(*state, write_graph(g), NULL, RONDO_UNSUPPORTED, said);
}

static void chains(void **state) {
    const import_rig *rig = *state;
    rondo_import_report *r = NULL;
    rondo_error err = {0};
    rondo__text g = begin();
    put_node(&g, "GRU", "X W R - - z", "Y1 Y1h", NULL);
    put_squeeze(&g, "Y1", "Y1s", 1);
    put_node(&g, "GRU", "Y1s V S", "Y2", NULL);
    put_squeeze(&g, "Y2", "Y2s", 1);
    put_node(&g, "MatMul", "Y2s M", "Ym", NULL);
    put_node(&g, "Add", "b Ym", "Y", NULL);
    if (rondo_import(rig->context, write_graph(&g), NULL, NULL, &r, &err))
        fail_msg("%s", err.message);
    assert_string_equal(rondo_import_report_model(r),
                        "gru, 2 layers, 2 -> 3 units, reset before the product, output layer of 2");
    rondo_import_report_free(&r);
}

/* ---- what ONNX says otherwise than we do ---- */

/* An initialiser of random numbers in (-range, range). */
static void put_random(rondo__text *graph, const char *name, int rank, const int64_t *dims, float range) {
    rondo__text tensor = {0};
    float data[512];
    int64_t count = 1;
    for (int d = 0; d < rank; d++) {
        put_whole(&tensor, 1, dims[d]);
        count *= dims[d];
    }
    for (int64_t i = 0; i < count; i++)
        data[i] = range * (float)(2 * rondo__random_uniform(5, (uint64_t)(*name + rank), (uint64_t)i) - 1);
    put_whole(&tensor, 2, 1);
    put_string(&tensor, 8, name);
    put_bytes(&tensor, 9, data, (size_t)count * sizeof *data);
    put_message(graph, 5, &tensor);
}

enum { STEPS = 6 };

/* x (STEPS, 1, I) through the file, by the operator as the specification writes it. */
static void run_graph(rondo_context *context, const char *path, rondo_tensor *x, float *y, int64_t count) {
    rondo_graph *graph;
    rondo_error err = {0};
    const rondo_graph_value in = {"X", *x};
    rondo_status status =
        rondo_graph_load(&graph, context, path, &(rondo_graph_options){.plain_recurrent = true}, &err);
    if (!status)
        status = rondo_graph_run(graph, 1, &in, &err);
    if (status)
        fail_msg("%s", err.message);
    const rondo_tensor *out = rondo_graph_result(graph, 0);
    assert_int_equal(rondo_tensor_count(out), count);
    memcpy(y, out->data, (size_t)count * sizeof *y);
    rondo_graph_destroy(&graph);
}

/* An LSTM with these attributes says the same when it has become ours. */
static void same_lstm(const import_rig *rig, int64_t D, rondo__text *attributes, float range) {
    rondo__text g = {0};
    float numbers[STEPS * I], want[STEPS * 2 * H];
    rondo_tensor x = {RONDO_F32, 3, {STEPS, 1, I}, numbers}, y = {0};
    rondo_model *model = NULL;
    rondo_error err = {0};
    char to[512];
    const char *path;
    put_port(&g, 11, "X", 1);
    put_port(&g, 12, "Y", 1);
    put_random(&g, "W", 3, (const int64_t[]){D, 4 * H, I}, range);
    put_random(&g, "R", 3, (const int64_t[]){D, 4 * H, H}, range);
    put_random(&g, "B", 2, (const int64_t[]){D, 8 * H}, range);
    put_random(&g, "P", 2, (const int64_t[]){D, 3 * H}, range);
    put_node(&g, "LSTM", "X W R B - - - P", D == 1 ? "Y1" : "Y", attributes);
    if (D == 1)
        put_squeeze(&g, "Y1", "Y", 1);
    path = write_graph(&g);
    for (int i = 0; i < STEPS * I; i++)
        numbers[i] = (float)(2 * rondo__random_uniform(6, 1, (uint64_t)i) - 1);
    run_graph(rig->context, path, &x, want, STEPS * D * H);
    snprintf(to, sizeof to, "%s", test_path("lstm.safetensors"));
    if (rondo_import(rig->context, path, to, NULL, NULL, &err) || rondo_model_open(&model, rig->context, to, &err) ||
        rondo_model_apply(model, &x, &y, &err))
        fail_msg("%s", err.message);
    for (int64_t i = 0; i < STEPS * D * H; i++)
        assert_float_equal(((const float *)y.data)[i], want[i], 2e-6);
    rondo_model_apply_free(&y);
    rondo_model_close(&model);
}

static void coupled(void **state) {
    rondo__text a = {0};
    put_int_attribute(&a, "input_forget", 1);
    same_lstm(*state, 1, &a, 1);
    put_int_attribute(&a, "input_forget", 1);
    put_text_attribute(&a, "direction", "bidirectional");
    same_lstm(*state, 2, &a, 2);
}

/* A bound where the functions have reached their ends. */
static void far_clip(void **state) {
    rondo__text a = {0};
    put_float_attribute(&a, "clip", 32);
    same_lstm(*state, 1, &a, 40);
}

/* Each names the node and what is wrong with it. */
static void attributes(void **state) {
    rondo__text g = begin(), a = {0};
    put_text_attribute(&a, "direction", "reverse");
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "node 'Y' (GRU) runs in direction 'reverse'");
    static const struct {
        float clip;
        const char *said;
    } clips[] = {{3, "clips its gates at 3, which none"}, {-1, "a clip that is no bound"}, {NAN, "no bound"}};
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        g = begin();
        put_float_attribute(&a, "clip", clips[i].clip);
        put_node(&g, "GRU", "X W R", "Y", &a);
        refused(state, &g, clips[i].said);
    }
    g = begin();
    put_int_attribute(&a, "clip", 1);
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "no bound");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y", NULL);
    import_refused(*state, write_graph(&g), &(rondo_import_options){.coupled_gates = true}, RONDO_UNSUPPORTED,
                   "--coupled-gates");
    g = begin();
    put_int_attribute(&a, "hidden_size", 7);
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "has hidden_size 7, R says 3");
    g = begin();
    put_texts_attribute(&a, "activations", "Sigmoid", "Relu");
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "has the activation Relu");
    g = begin();
    put_int_attribute(&a, "activations", 1);
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "activations that do not fit");
    g = begin();
    put_int_attribute(&a, "layout", 1);
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_squeeze(&g, "Y1", "Y1s", 1);
    put_node(&g, "GRU", "Y1s V S", "Y", &a);
    refused(state, &g, "in another layout (axes TBF)");
    g = begin();
    put_int_attribute(&a, "linear_before_reset", 1);
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_squeeze(&g, "Y1", "Y1s", 1);
    put_node(&g, "GRU", "Y1s V S", "Y", &a);
    refused(state, &g, "another linear_before_reset");
}

static void inputs(void **state) {
    rondo__text g = begin();
    put_node(&g, "GRU", "X W R - - h0", "Y", NULL);
    refused(state, &g, "starts from an initial_h that is not zero");
    g = begin();
    put_node(&g, "GRU", "X W V - - z", "Y1", NULL);
    put_node(&g, "GRU", "X W V", "Y", NULL);
    refused(state, &g, "does not read what the layer below gives");
    g = begin();
    put_node(&g, "GRU", "X W S", "Y1", NULL);
    put_node(&g, "GRU", "Y1 V S", "Y", NULL);
    refused(state, &g, "in another layout (axes TDBH)");
    g = begin();
    put_node(&g, "Identity", "X", "W2", NULL);
    put_node(&g, "GRU", "X W2 R", "Y", NULL);
    refused(state, &g, "computes its W");
    g = begin();
    put_node(&g, "GRU", "X W M", "Y", NULL);
    refused(state, &g, "has R of 2 dimensions, not 3");
    g = begin();
    put_node(&g, "GRU", "X R W", "Y", NULL);
    refused(state, &g, "has W of shape (1, 9, 3), not (1, 6, 3)");
    g = begin();
    put_node(&g, "GRU", "X W", "Y", NULL);
    refused(state, &g, "has no W or no R");
    g = begin();
    put_node(&g, "Concat", "X X", "XX", NULL);
    put_node(&g, "GRU", "XX W R", "Y", NULL);
    refused(state, &g, "neither the input as it is");
}

static void other_nodes(void **state) {
    rondo__text g = begin();
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_node(&g, "Relu", "Y1", "Y", NULL);
    refused(state, &g,
            "node 'Y' (Relu) computes: no plain chain that becomes a stack (rondo run runs the whole graph)");
    g = begin();
    put_node(&g, "MatMul", "X M", "X2", NULL);
    put_node(&g, "GRU", "X2 W R", "Y", NULL);
    refused(state, &g, "(MatMul) computes");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y1 Yh", NULL);
    put_node(&g, "Identity", "Yh", "Y", NULL);
    refused(state, &g, "no output of the graph is what the last layer computes");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_squeeze(&g, "Y1", "Y", 0);
    refused(state, &g, "drops an axis other than that of one direction");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_node(&g, "Add", "Y1 Y1", "Y", NULL);
    refused(state, &g, "computes");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y1", NULL);
    put_squeeze(&g, "Y1", "Y1s", 1);
    put_node(&g, "MatMul", "Y1s M", "Y2", NULL);
    put_node(&g, "MatMul", "Y2 M", "Y", NULL);
    refused(state, &g, "(MatMul)");
    g = begin();
    put_node(&g, "GRU", "X W R", "Y", NULL);
    put_node(&g, "Identity", "Y", "Y", NULL);
    import_refused(*state, write_graph(&g), NULL, RONDO_FORMAT, "'Y' is made twice");
    g = begin();
    put_weight(&g, "W", 3, (const int64_t[]){1, 3 * H, I}, 0.2f);
    put_node(&g, "GRU", "X W R", "Y", NULL);
    import_refused(*state, write_graph(&g), NULL, RONDO_FORMAT, "'W' is made twice");
    g = begin();
    put_node(&g, "Identity", "X", "Y", NULL);
    import_refused(*state, write_graph(&g), NULL, RONDO_FORMAT, "no weights of a recurrent layer");
    import_refused(*state, file_of("onnx_gru"), &(rondo_import_options){.prefix = "a"}, RONDO_ARGUMENT, "prefix");
}

/* With a recipe: what the file says of its cells must be what the recipe says. */
static void recipe(void **state) {
    static const char text[] =
        "task: tag\ndata: {train: not-there.txt}\nmodel: {cell: lstm, embedding_size: 4, "
        "hidden_size: 4, bidirectional: true, coupled_gates: true, characters: {hidden_size: 0}}\n";
    char paths[3][512];
    snprintf(paths[0], sizeof *paths, "%s", test_write("task.yaml", text, strlen(text)));
    snprintf(paths[1], sizeof *paths, "%s", test_write("symbols.txt", "a\nb\nc\n", 6));
    snprintf(paths[2], sizeof *paths, "%s", test_write("labels.txt", "X\nY\n", 4));
    const rondo_import_options options = {.recipe = paths[0], .vocabulary = paths[1], .labels = paths[2]};
    import_refused(*state, file_of("onnx_tagger"), &options, RONDO_FORMAT,
                   "no input_forget (set model.coupled_gates: false)");
}

static void no_memory(void **state) {
    char path[512];
    snprintf(path, sizeof path, "%s", file_of("onnx_peepholes"));
    import_call call = {*state, path, NULL};
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),   cmocka_unit_test(report),   cmocka_unit_test(chains), cmocka_unit_test(attributes),
        cmocka_unit_test(coupled), cmocka_unit_test(far_clip), cmocka_unit_test(inputs), cmocka_unit_test(other_nodes),
        cmocka_unit_test(recipe),  cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}
