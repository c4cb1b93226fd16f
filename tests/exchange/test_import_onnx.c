/* Chains of recurrent nodes in ONNX files: what they compute, what is no plain chain, failing memory.
 * Needs: JANSSON YAML PROTOBUF_C. */
#include "import_case.h"
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

/* Each names the node and what is wrong with it. */
static void attributes(void **state) {
    rondo__text g = begin(), a = {0};
    put_text_attribute(&a, "direction", "reverse");
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "node 'Y' (GRU) runs in direction 'reverse'");
    g = begin();
    put_int_attribute(&a, "clip", 1);
    put_node(&g, "GRU", "X W R", "Y", &a);
    refused(state, &g, "clips its gates");
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

static void no_memory(void **state) {
    char path[512];
    snprintf(path, sizeof path, "%s", file_of("onnx_peepholes"));
    import_call call = {*state, path, NULL};
    test_every_failure(import_again, &call);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases),    cmocka_unit_test(report),
                                       cmocka_unit_test(chains),   cmocka_unit_test(attributes),
                                       cmocka_unit_test(inputs),   cmocka_unit_test(other_nodes),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, import_open, import_close);
}
