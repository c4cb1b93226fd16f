/* Graphs: what is refused and how it is told, names and scopes, inputs of other types, laws, failing memory.
 * Needs: PROTOBUF_C. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "rondo/graph.h"
#include "support/onnx_build.h"
#include "support/test.h"

static rondo_context *context;

static int open_context(void **state) {
    (void)state;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 2}, NULL);
}

static int close_context(void **state) {
    (void)state;
    rondo_context_destroy(&context);
    return 0;
}

/* Loads the graph, which is freed; the graph or NULL. */
static rondo_graph *load(rondo__text *graph, int64_t opset, rondo_status *status, rondo_error *err) {
    rondo__text file = {0};
    rondo_graph *g;
    put_model(&file, graph, opset);
    *status = rondo_graph_parse(&g, context, "m.onnx", file.data, file.size, NULL, err);
    rondo__text_free(&file);
    if (*status)
        assert_null(g);
    return g;
}

static void refused(rondo__text *graph, int64_t opset, rondo_status want, const char *part) {
    const int64_t live = rondo__alloc_live();
    rondo_status status;
    rondo_error err = {0};
    rondo_graph *g = load(graph, opset, &status, &err);
    rondo_graph_destroy(&g);
    if (status != want || !strstr(err.message, part) || strchr(err.message, '\n'))
        fail_msg("status %s, '%s' instead of '%s'", rondo_status_name(status), err.message, part);
    assert_true(rondo__alloc_live() <= live); /* the text of the graph is gone, too */
}

static void ends(rondo__text *graph, const char *in, const char *out) {
    put_port(graph, 11, in, 1);
    put_port(graph, 12, out, 1);
}

static void refusals(void **state) {
    (void)state;
    rondo__text g = {0};
    ends(&g, "x", "y");
    put_node(&g, "Einsum", "x", "y", NULL);
    refused(&g, 13, RONDO_UNSUPPORTED, "node 'y' (Einsum): this operator is not supported");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "y", NULL);
    refused(&g, 6, RONDO_UNSUPPORTED, "opset 6");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "y", NULL);
    refused(&g, 99, RONDO_UNSUPPORTED, "opset 99");
    rondo__text attributes = {0};
    ends(&g, "x", "y");
    put_int_attribute(&attributes, "fancy", 1);
    put_node(&g, "Tanh", "x", "y", &attributes);
    refused(&g, 13, RONDO_UNSUPPORTED, "attribute that is not supported, or not of this kind: fancy");
    ends(&g, "x", "y"); /* alpha is a float */
    put_int_attribute(&attributes, "alpha", 1);
    put_node(&g, "Elu", "x", "y", &attributes);
    refused(&g, 13, RONDO_UNSUPPORTED, "alpha");
    ends(&g, "x", "y");
    put_node(&g, "Add", "x", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "wrong number of inputs");
    ends(&g, "x", "y");
    put_node(&g, "Add", "x -", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "lacks an input");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "y z", NULL);
    refused(&g, 13, RONDO_FORMAT, "wrong number of outputs");
}

static void names(void **state) {
    (void)state;
    static const float one = 1;
    rondo__text g = {0};
    ends(&g, "x", "y"); /* a cycle */
    put_node(&g, "Add", "x b", "a", NULL);
    put_node(&g, "Tanh", "a", "b", NULL);
    put_node(&g, "Tanh", "b", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "nothing before it makes (a cycle, or nodes out of order): b");
    ends(&g, "x", "y"); /* of itself */
    put_node(&g, "Add", "x y", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "(a cycle");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "y", NULL);
    put_node(&g, "Relu", "x", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "makes an array of a name that is taken: y");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "x", NULL);
    refused(&g, 13, RONDO_FORMAT, "taken: x");
    ends(&g, "x", "y");
    put_node(&g, "Tanh", "x", "z", NULL);
    refused(&g, 13, RONDO_FORMAT, "the output 'y' is made by no node");
    ends(&g, "x", "x2");
    put_port(&g, 11, "x", 1);
    put_node(&g, "Tanh", "x", "x2", NULL);
    refused(&g, 13, RONDO_FORMAT, "two inputs are named 'x'");
    ends(&g, "x", "y");
    put_array(&g, "w", 1, 1, &one, sizeof one);
    put_array(&g, "w", 1, 1, &one, sizeof one);
    put_node(&g, "Add", "x w", "y", NULL);
    refused(&g, 13, RONDO_FORMAT, "two arrays are named 'w'");
}

/* A name of a branch is not seen outside of it, nor by the other branch. */
static void scopes(void **state) {
    (void)state;
    rondo__text g = {0}, yes = {0}, no = {0}, attributes = {0};
    put_port(&g, 11, "c", 9);
    put_port(&g, 11, "x", 1);
    put_port(&g, 12, "y", 1);
    put_node(&yes, "Tanh", "x", "inner", NULL);
    put_port(&yes, 12, "inner", 1);
    put_node(&no, "Relu", "inner", "other", NULL);
    put_port(&no, 12, "other", 1);
    put_graph_attribute(&attributes, "then_branch", &yes);
    put_graph_attribute(&attributes, "else_branch", &no);
    put_node(&g, "If", "c", "y", &attributes);
    refused(&g, 13, RONDO_FORMAT, "node 'other' (Relu): uses an array that nothing before it makes");
}

/* ---- running ---- */

static rondo_status run(rondo_graph *g, const char *name, rondo_dtype dtype, int64_t count, const void *data,
                        rondo_error *err) {
    const rondo_graph_value in = {name, {dtype, 1, {count}, (void *)(uintptr_t)data}};
    return rondo_graph_run(g, 1, &in, err);
}

static rondo_graph *double_of_x(void) {
    rondo__text g = {0};
    rondo_status status;
    rondo_error err = {0};
    ends(&g, "x", "y");
    put_node(&g, "Add", "x x", "y", NULL);
    rondo_graph *graph = load(&g, 13, &status, &err);
    if (status)
        fail_msg("%s", err.message);
    return graph;
}

static void inputs(void **state) {
    (void)state;
    static const float singles[2] = {1.5F, -2};
    static const double doubles[2] = {1.5, -2};
    static const int64_t wholes[2] = {1, 2};
    rondo_graph *g = double_of_x();
    rondo_error err = {0};
    assert_int_equal(rondo_graph_inputs(g), 1);
    assert_string_equal(rondo_graph_input(g, 0)->name, "x");
    assert_null(rondo_graph_input(g, 1));
    assert_null(rondo_graph_result(g, 0));
    assert_int_equal(run(g, "x", RONDO_F32, 2, singles, &err), RONDO_OK);
    assert_true(((const float *)rondo_graph_result(g, 0)->data)[1] == -4);
    assert_int_equal(run(g, "x", RONDO_F64, 2, doubles, &err), RONDO_OK);
    assert_int_equal(rondo_graph_result(g, 0)->dtype, RONDO_F32);
    assert_true(((const float *)rondo_graph_result(g, 0)->data)[0] == 3);
    assert_int_equal(run(g, "x", RONDO_F32, 0, NULL, &err), RONDO_OK);
    assert_int_equal(rondo_graph_result(g, 0)->dims[0], 0);
    assert_int_equal(run(g, "x", RONDO_I64, 2, wholes, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "input 'x' is given as I64"));
    assert_null(rondo_graph_result(g, 0));
    assert_int_equal(run(g, "z", RONDO_F32, 2, singles, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "no input 'z' (its inputs begin with 'x')"));
    assert_int_equal(rondo_graph_run(g, 0, NULL, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "input 'x' is missing"));
    const rondo_graph_value twice[2] = {{"x", {RONDO_F32, 1, {2}, (void *)(uintptr_t)singles}},
                                        {"x", {RONDO_F32, 1, {2}, (void *)(uintptr_t)singles}}};
    assert_int_equal(rondo_graph_run(g, 2, twice, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_graph_run(NULL, 0, NULL, &err), RONDO_ARGUMENT);
    rondo_graph_destroy(&g);
    rondo_graph_destroy(&g);
    rondo_graph_destroy(NULL);
}

/* Results are the graph's own: also where a node hands its input on, and where the input is the output. */
static void results(void **state) {
    (void)state;
    float x[2] = {1, 2};
    rondo__text g = {0};
    rondo_status status;
    rondo_error err = {0};
    ends(&g, "x", "y");
    put_port(&g, 12, "x", 1);
    put_node(&g, "Identity", "x", "y", NULL);
    rondo_graph *graph = load(&g, 13, &status, &err);
    assert_int_equal(status, RONDO_OK);
    assert_int_equal(run(graph, "x", RONDO_F32, 2, x, &err), RONDO_OK);
    x[0] = 7;
    for (int i = 0; i < 2; i++)
        assert_true(((const float *)rondo_graph_result(graph, i)->data)[0] == 1);
    rondo_graph_destroy(&graph);
}

/* Shapes are known only now: errors name the node. */
static void wrong_shapes(void **state) {
    (void)state;
    static const float x[6] = {0};
    static const int64_t many[2] = {(int64_t)1 << 40, (int64_t)1 << 40};
    rondo__text g = {0};
    rondo_status status;
    rondo_error err = {0};
    ends(&g, "x", "y");
    put_array(&g, "w", 1, 3, x, 12);
    put_node(&g, "Add", "x w", "y", NULL);
    rondo_graph *graph = load(&g, 13, &status, &err);
    assert_int_equal(run(graph, "x", RONDO_F32, 2, x, &err), RONDO_SHAPE);
    assert_non_null(strstr(err.message, "node 'y' (Add): shapes (2) and (3) do not fit together"));
    assert_int_equal(run(graph, "x", RONDO_F32, 3, x, &err), RONDO_OK);
    rondo_graph_destroy(&graph);
    ends(&g, "x", "y");
    put_array(&g, "shape", 7, 2, many, sizeof many);
    put_node(&g, "Expand", "x shape", "y", NULL);
    graph = load(&g, 13, &status, &err);
    assert_int_equal(run(graph, "x", RONDO_F32, 1, x, &err), RONDO_MEMORY);
    rondo_graph_destroy(&graph);
}

/* An initialiser that is an input, too, is its default. */
static void defaults(void **state) {
    (void)state;
    static const float w[2] = {10, 20}, x[2] = {1, 2};
    rondo__text g = {0};
    rondo_status status;
    rondo_error err = {0};
    ends(&g, "x", "y");
    put_port(&g, 11, "w", 1);
    put_array(&g, "w", 1, 2, w, sizeof w);
    put_node(&g, "Add", "x w", "y", NULL);
    rondo_graph *graph = load(&g, 7, &status, &err);
    assert_true(rondo_graph_input(graph, 1)->optional);
    assert_int_equal(run(graph, "x", RONDO_F32, 2, x, &err), RONDO_OK);
    assert_true(((const float *)rondo_graph_result(graph, 0)->data)[1] == 22);
    const rondo_graph_value both[2] = {{"x", {RONDO_F32, 1, {2}, (void *)(uintptr_t)x}},
                                       {"w", {RONDO_F32, 1, {2}, (void *)(uintptr_t)x}}};
    assert_int_equal(rondo_graph_run(graph, 2, both, &err), RONDO_OK);
    assert_true(((const float *)rondo_graph_result(graph, 0)->data)[1] == 4);
    assert_int_equal(run(graph, "x", RONDO_F32, 2, x, &err), RONDO_OK);
    assert_true(((const float *)rondo_graph_result(graph, 0)->data)[1] == 22);
    rondo_graph_destroy(&graph);
}

/* ---- a recurrent graph: laws, and failing memory ---- */

enum { T = 5, B = 3, I = 2, H = 4 };

static void put_matrix(rondo__text *graph, const char *name, int64_t a, int64_t b, int64_t c, int *seed) {
    rondo__text tensor = {0};
    float values[512];
    const int64_t count = a * b * (c ? c : 1);
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)sin(0.7 * (double)++*seed);
    put_whole(&tensor, 1, a);
    put_whole(&tensor, 1, b);
    if (c)
        put_whole(&tensor, 1, c);
    put_whole(&tensor, 2, 1);
    put_string(&tensor, 8, name);
    put_bytes(&tensor, 9, values, (size_t)count * sizeof *values);
    put_message(graph, 5, &tensor);
}

/* An LSTM in a branch of an If within a Loop's body would be more than there is to test: an LSTM, then Squeeze, MatMul
 * and Softmax, with all inputs. */
static void lstm_file(rondo__text *file) {
    rondo__text g = {0};
    int seed = 0;
    put_port(&g, 11, "x", 1);
    put_port(&g, 11, "lens", 6);
    put_port(&g, 11, "h0", 1);
    put_port(&g, 11, "c0", 1);
    put_port(&g, 12, "p", 1);
    put_port(&g, 12, "h", 1);
    put_port(&g, 12, "c", 1);
    put_matrix(&g, "W", 1, 4 * H, I, &seed);
    put_matrix(&g, "R", 1, 4 * H, H, &seed);
    put_matrix(&g, "B", 1, 8 * H, 0, &seed);
    put_matrix(&g, "V", H, 3, 0, &seed);
    put_node(&g, "LSTM", "x W R B lens h0 c0", "y h c", NULL);
    put_node(&g, "Squeeze", "y", "s", NULL);
    put_node(&g, "MatMul", "s V", "m", NULL);
    put_node(&g, "Softmax", "m", "p", NULL);
    put_model(file, &g, 14);
}

typedef struct sequence {
    float x[T * B * I], h[B * H], c[B * H];
    int32_t lens[B];
} sequence;

static void make_sequence(sequence *s) {
    for (int i = 0; i < T * B * I; i++)
        s->x[i] = (float)cos(1.3 * i);
    for (int i = 0; i < B * H; i++) {
        s->h[i] = (float)sin(2.1 * i);
        s->c[i] = (float)sin(0.3 * i);
    }
    for (int b = 0; b < B; b++)
        s->lens[b] = T - b;
}

static rondo_status run_steps(rondo_graph *g, sequence *s, int64_t steps, const float *x, bool ragged,
                              rondo_error *err) {
    const rondo_graph_value in[] = {{"x", {RONDO_F32, 3, {steps, B, I}, (void *)(uintptr_t)x}},
                                    {"h0", {RONDO_F32, 3, {1, B, H}, s->h}},
                                    {"c0", {RONDO_F32, 3, {1, B, H}, s->c}},
                                    {"lens", {RONDO_I32, 1, {B}, s->lens}}};
    int32_t all[B];
    rondo_graph_value given[4];
    memcpy(given, in, sizeof in);
    for (int b = 0; b < B; b++)
        all[b] = (int32_t)steps;
    if (!ragged)
        given[3].tensor.data = all;
    return rondo_graph_run(g, 4, given, err);
}

static void must_run(rondo_graph *g, sequence *s, int64_t steps, const float *x, bool ragged) {
    rondo_error err = {0};
    if (run_steps(g, s, steps, x, ragged, &err))
        fail_msg("%s", err.message);
}

static const float *result(const rondo_graph *g, int index) { return rondo_graph_result(g, index)->data; }

/* T steps at once are T single steps with carried states, to the bit; so are any number of threads. */
static void steps_and_threads(void **state) {
    (void)state;
    rondo__text file = {0};
    rondo_graph *g, *other;
    sequence s;
    float probabilities[T * B * 3], h[B * H];
    lstm_file(&file);
    make_sequence(&s);
    assert_int_equal(rondo_graph_parse(&g, context, "m", file.data, file.size, NULL, NULL), RONDO_OK);
    must_run(g, &s, T, s.x, false);
    memcpy(probabilities, result(g, 0), sizeof probabilities);
    memcpy(h, result(g, 1), sizeof h);
    for (int threads = 1; threads <= 3; threads++) {
        rondo_context *c;
        assert_int_equal(rondo_context_create(&c, &(rondo_context_options){.threads = threads}, NULL), RONDO_OK);
        assert_int_equal(rondo_graph_parse(&other, c, "m", file.data, file.size, NULL, NULL), RONDO_OK);
        must_run(other, &s, T, s.x, false);
        assert_memory_equal(result(other, 0), probabilities, sizeof probabilities);
        rondo_graph_destroy(&other);
        rondo_context_destroy(&c);
    }
    for (int t = 0; t < T; t++) {
        must_run(g, &s, 1, s.x + t * B * I, false);
        assert_memory_equal(result(g, 0), probabilities + t * B * 3, B * 3 * sizeof(float));
        memcpy(s.h, result(g, 1), sizeof s.h);
        memcpy(s.c, result(g, 2), sizeof s.c);
    }
    assert_memory_equal(s.h, h, sizeof h);
    rondo_graph_destroy(&g);
    rondo__text_free(&file);
}

/* What stands in the padding changes nothing, not even when it is not a number; a not-a-number that counts is seen. */
static void padding(void **state) {
    (void)state;
    rondo__text file = {0};
    rondo_graph *g;
    sequence s;
    float h[B * H];
    lstm_file(&file);
    make_sequence(&s);
    assert_int_equal(rondo_graph_parse(&g, context, "m", file.data, file.size, NULL, NULL), RONDO_OK);
    must_run(g, &s, T, s.x, true);
    memcpy(h, result(g, 1), sizeof h);
    for (int b = 0; b < B; b++)
        for (int t = s.lens[b]; t < T; t++)
            s.x[(t * B + b) * I] = NAN;
    must_run(g, &s, T, s.x, true);
    assert_memory_equal(result(g, 1), h, sizeof h);
    s.x[1 * I] = NAN;
    must_run(g, &s, T, s.x, true);
    assert_true(isnan(result(g, 1)[H]));
    assert_memory_equal(result(g, 1), h, H * sizeof(float));
    s.lens[0] = T + 1;
    assert_int_equal(run_steps(g, &s, T, s.x, true, NULL), RONDO_ARGUMENT);
    s.lens[0] = -1;
    assert_int_equal(run_steps(g, &s, T, s.x, true, NULL), RONDO_ARGUMENT);
    rondo_graph_destroy(&g);
    rondo__text_free(&file);
}

typedef struct failing {
    rondo__text file;
    bool plain;
} failing;

static int load_and_run(void *arg) {
    const failing *f = arg;
    const rondo_graph_options options = {.plain_recurrent = f->plain};
    rondo_context *c;
    rondo_graph *g = NULL;
    sequence s;
    make_sequence(&s);
    rondo_status status = rondo_context_create(&c, &(rondo_context_options){.threads = 1}, NULL);
    if (!status)
        status = rondo_graph_parse(&g, c, "m", f->file.data, f->file.size, &options, NULL);
    for (int turn = 0; !status && turn < 2; turn++)
        status = run_steps(g, &s, T, s.x, true, NULL);
    rondo_graph_destroy(&g);
    rondo_context_destroy(&c);
    return (int)status;
}

static void no_memory(void **state) {
    (void)state;
    failing f = {{0}, false};
    lstm_file(&f.file);
    test_every_failure(load_and_run, &f);
    f.plain = true;
    test_every_failure(load_and_run, &f);
    rondo__text_free(&f.file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(refusals), cmocka_unit_test(names),
                                       cmocka_unit_test(scopes),   cmocka_unit_test(inputs),
                                       cmocka_unit_test(results),  cmocka_unit_test(wrong_shapes),
                                       cmocka_unit_test(defaults), cmocka_unit_test(steps_and_threads),
                                       cmocka_unit_test(padding),  cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
