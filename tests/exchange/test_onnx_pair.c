/* Encoder-decoders as ONNX files, run by Rondo's own graph runner: the greedy graph says what the reference says, row
 * by row of a ragged batch, and encoder and decoder step by step give its logits. Needs: PROTOBUF_C. */
#include "nn/seq2seq_model.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/onnx_write.h"
#include "rondo/graph.h"

enum { END = 2, S = 4, B = 3, STEPS = 3, LONGEST = 60, MOST_PORTS = 48 };
static const int64_t source[S][B] = {{1, 4, 0}, {3, 4, 1}, {0, 1, 2}, {4, 2, 3}};
static const int32_t lengths[B] = {4, 1, 3};

/* What a pointer copies: words of the vocabulary, two beyond it, none. */
static const int64_t copy[S][B] = {{1, 7, 0}, {6, -1, 1}, {7, -1, -1}, {-1, -1, -1}};

static const rondo__onnx_notes notes = {"translate", "{}", NULL};

static rondo_graph *load(const model *m, const char *path) {
    rondo_graph *graph;
    rondo_error err = {0};
    if (rondo_graph_load(&graph, m->context, path, NULL, &err))
        fail_msg("%s: %s", m->name, err.message);
    return graph;
}

static void run(const model *m, rondo_graph *graph, int count, const rondo_graph_value *in) {
    rondo_error err = {0};
    if (rondo_graph_run(graph, count, in, &err))
        fail_msg("%s: %s", m->name, err.message);
}

static const rondo_tensor *named(rondo_graph *graph, const char *name) {
    for (int i = 0; i < rondo_graph_outputs(graph); i++)
        if (strcmp(rondo_graph_output(graph, i)->name, name) == 0)
            return rondo_graph_result(graph, i);
    fail_msg("no output %s", name);
    return NULL;
}

/* What the reference says of each row. */
typedef struct said {
    int32_t symbol[B][LONGEST];
    int64_t count[B];
    rondo_real logits[B][LONGEST * MODEL_X]; /* (steps, width) of each */
    int width;
} said;

static void ask_reference(const model *m, const rondo__encdec *pair, said *out) {
    out->width = MODEL_V;
    for (int b = 0; b < B; b++) {
        int32_t row[S];
        rondo_error err = {0};
        for (int s = 0; s < S; s++)
            row[s] = (int32_t)source[s][b];
        if (rondo__encdec_run(pair, m->context, lengths[b], row, NULL, rondo__encdec_longest(lengths[b]),
                              out->symbol[b], &out->count[b], out->logits[b], &err))
            fail_msg("%s: %s", m->name, err.message);
    }
}

/* The same of the library's own decoding, for Transformers: log-probabilities. */
static void ask_library(const model *m, const rondo__encdec *pair, said *out) {
    rondo_decoding *decoding;
    rondo_error err = {0};
    int32_t ids[S * B], copies[S * B], told[B], parent[B] = {0, 1, 2};
    const int width = pair->pointer.weight ? MODEL_X : MODEL_V;
    rondo_real rows[B * MODEL_X];
    for (int i = 0; i < S * B; i++) {
        ids[i] = i / B < lengths[i % B] ? (int32_t)source[i / B][i % B] : -1;
        copies[i] = (int32_t)copy[i / B][i % B];
    }
    for (int b = 0; b < B; b++) {
        told[b] = END;
        out->count[b] = -1; /* going on */
    }
    if (rondo_decoding_open(&decoding, m->context, m->net, &err) ||
        rondo_decoding_begin(decoding, S, B, ids, lengths, pair->pointer.weight ? copies : NULL,
                             pair->pointer.weight ? MODEL_X : 0, &err))
        fail_msg("%s: %s", m->name, err.message);
    const int64_t places = rondo__encdec_places(pair), most = places ? places : LONGEST - 1;
    for (int t = 0; t < most; t++) {
        if (rondo_decoding_step(decoding, B, parent, told, rows, NULL, &err))
            fail_msg("%s: %s", m->name, err.message);
        for (int b = 0; b < B; b++) {
            const rondo_real *row = rows + (ptrdiff_t)b * width;
            int best = 0;
            for (int v = 1; v < width; v++)
                best = row[v] > row[best] ? v : best;
            memcpy(out->logits[b] + (ptrdiff_t)t * width, row, (size_t)width * sizeof *row);
            if (out->count[b] < 0 && (best == END || t == rondo__encdec_longest(lengths[b])))
                out->count[b] = t;
            out->symbol[b][t] = told[b] = best;
        }
    }
    out->width = width;
    for (int b = 0; b < B; b++)
        out->count[b] = out->count[b] < 0 ? most : out->count[b];
    rondo_decoding_close(&decoding);
}

static const rondo_graph_value given[3] = {{"source", {RONDO_I64, 2, {S, B}, (void *)(uintptr_t)source}},
                                           {"lengths", {RONDO_I32, 1, {B}, (void *)(uintptr_t)lengths}},
                                           {"copy", {RONDO_I64, 2, {S, B}, (void *)(uintptr_t)copy}}};

static void check_greedy(const model *m, const said *want) {
    rondo_graph *graph = load(m, test_path("pair.onnx"));
    run(m, graph, want->width == MODEL_X ? 3 : 2, given);
    const rondo_tensor *got = named(graph, "symbols");
    const int64_t *symbols = got->data;
    for (int b = 0; b < B; b++) {
        for (int64_t t = 0; t < got->dims[0]; t++) {
            const int64_t right = t < want->count[b] ? want->symbol[b][t] : -1;
            if (symbols[t * B + b] != right)
                fail_msg("%s: symbol %d of row %d is %d, not %d", m->name, (int)t, b, (int)symbols[t * B + b],
                         (int)right);
        }
        assert_true(got->dims[0] >= want->count[b]);
    }
    rondo_graph_destroy(&graph);
}

/* Outputs of one graph as inputs of another: their own memory. */
typedef struct kept {
    int count;
    rondo_graph_value value[MOST_PORTS];
    char name[MOST_PORTS][32];
    float data[MOST_PORTS][256];
} kept;

static void keep(kept *k, const char *name, const rondo_tensor *t) {
    int i = 0;
    while (i < k->count && strcmp(k->name[i], name) != 0)
        i++;
    k->count += i == k->count;
    snprintf(k->name[i], sizeof k->name[i], "%s", name);
    memcpy(k->data[i], t->data, (size_t)rondo_tensor_count(t) * sizeof(float));
    k->value[i] = (rondo_graph_value){k->name[i], *t};
    k->value[i].tensor.data = k->data[i];
}

static void keep_states(kept *k, rondo_graph *decoder) {
    for (int i = 0; i < rondo_graph_outputs(decoder); i++) {
        char name[32];
        snprintf(name, sizeof name, "%.31s", rondo_graph_output(decoder, i)->name);
        char *out = strstr(name, "_out");
        if (!out)
            continue;
        *out = 0;
        keep(k, name, rondo_graph_result(decoder, i));
    }
}

/* Up to a constant. */
static double sum_of(const rondo_real *logits, int width) {
    double sum = 0;
    for (int v = 0; v < width; v++)
        sum += exp((double)logits[v]);
    return log(sum);
}

static double compare_logits(const said *want, int t, const rondo_tensor *got) {
    double worst = 0;
    assert_int_equal(got->dims[1], want->width);
    for (int b = 0; b < B; b++) {
        const float *is = (const float *)got->data + (ptrdiff_t)b * want->width;
        const rondo_real *should = want->logits[b] + (ptrdiff_t)t * want->width;
        const double off = sum_of(should, want->width) - sum_of(is, want->width);
        for (int v = 0; t <= want->count[b] && v < want->width; v++)
            if (is[v] != should[v]) /* both may be minus infinity */
                worst = fmax(worst, fabs((double)is[v] - (double)should[v] + off));
    }
    return worst;
}

static double check_steps(const model *m, const said *want, bool attends) {
    rondo_graph *encoder = load(m, test_path("pair-encoder.onnx")), *decoder = load(m, test_path("pair-decoder.onnx"));
    kept k = {0};
    int64_t symbol[B] = {END, END, END};
    double worst = 0;
    run(m, encoder, 2, given);
    for (int i = 0; i < rondo_graph_outputs(encoder); i++)
        keep(&k, rondo_graph_output(encoder, i)->name, rondo_graph_result(encoder, i));
    for (int t = 0; t < STEPS; t++) {
        rondo_graph_value in[MOST_PORTS] = {{"symbol", {RONDO_I64, 1, {B}, symbol}}, given[1], given[2]};
        const int first = want->width == MODEL_X ? 3 : attends ? 2 : 1;
        memcpy(in + first, k.value, (size_t)k.count * sizeof *in);
        run(m, decoder, first + k.count, in);
        worst = fmax(worst,
                     compare_logits(want, t, named(decoder, want->width == MODEL_X ? "log_probabilities" : "logits")));
        keep_states(&k, decoder);
        for (int b = 0; b < B; b++)
            symbol[b] = t < want->count[b] ? want->symbol[b][t] : END;
    }
    rondo_graph_destroy(&encoder);
    rondo_graph_destroy(&decoder);
    return worst;
}

static void check(const model_case *one, int *written) {
    static said want; /* large */
    model m;
    rondo__encdec pair;
    rondo_error err = {0};
    model_open(&m, one, 1);
    if (rondo__encdec_of(&pair, m.net, END, &err) == RONDO_OK) {
        if (rondo__onnx_write_pair(&pair, test_path("pair.onnx"), &notes, *written % 2, &err))
            fail_msg("%s: %s", m.name, err.message);
        if (pair.encoder_transformer || pair.decoder_transformer || pair.pointer.weight)
            ask_library(&m, &pair, &want);
        else
            ask_reference(&m, &pair, &want);
        check_greedy(&m, &want);
        const double off = check_steps(&m, &want, pair.look.present || pair.decoder_transformer);
        print_message("%-28s %.2g\n", m.name, off);
        if (!(off <= 1e-5))
            fail_msg("%s: logits are off by %g", m.name, off);
        ++*written;
    }
    model_close(&m);
}

static void every_model(void **unused) {
    (void)unused;
    int written = 0;
    for (size_t i = 0; i < MODEL_PLAIN; i++)
        check(&model_plain[i], &written);
    for (size_t i = 0; i < MODEL_ATTENTIVE; i++)
        check(&model_attentive[i], &written);
    assert_int_equal(written, MODEL_PLAIN + MODEL_ATTENTIVE);
}

/* Where one of the files cannot be written, none is. */
static void together(void **unused) {
    (void)unused;
    model m;
    rondo__encdec pair;
    model_open(&m, &model_attentive[1], 1);
    assert_int_equal(rondo__encdec_of(&pair, m.net, END, NULL), RONDO_OK);
    const char *taken[] = {"three-decoder.onnx", "three.onnx", "three.onnx.data"};
    for (int i = 0; i < 3; i++) {
        char folder[512], path[512];
        rondo_error err = {0};
        snprintf(folder, sizeof folder, "%s", test_path(taken[i]));
        snprintf(path, sizeof path, "%s", test_path("three.onnx"));
        assert_int_equal(mkdir(folder, 0755), 0);
        assert_int_equal(rondo__onnx_write_pair(&pair, path, &notes, true, &err), RONDO_IO);
        assert_non_null(strstr(err.message, "is a folder"));
        assert_int_equal(test_count_files("three"), 1);
        rmdir(folder);
    }
    model_close(&m);
}

static int write_once(void *arg) { return (int)rondo__onnx_write_pair(arg, test_path("full"), &notes, true, NULL); }
static void out_of_memory(void **unused) {
    (void)unused;
    model m;
    rondo__encdec pair;
    static const int some[] = {3, 5, 10};
    for (int i = 0; i < 3; i++) {
        model_open(&m, &model_attentive[some[i]], 1);
        assert_int_equal(rondo__encdec_of(&pair, m.net, END, NULL), RONDO_OK);
        test_every_failure(write_once, &pair);
        model_close(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_model), cmocka_unit_test(together),
                                       cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
