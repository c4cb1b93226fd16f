/* The conformance corpora (scripts/make-onnx-cases.py, scripts/make-onnx-operator-cases.py): every case of the
 * recurrent operators by both paths, Rondo's cells and the general one, and the operators around them. Needs: JANSSON
 * PROTOBUF_C. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"
#include "formats/half.h"
#include "formats/safetensors.h"
#include "rondo/graph.h"
#include "support/test.h"

typedef struct rig {
    rondo_context *context;
    rondo__safetensors *file;
    double worst[2]; /* of float cases, by path */
} rig;

/* What a type can be off by: its last place, some times over for sums. */
static double tolerance(rondo_dtype dtype) {
    switch (dtype) {
    case RONDO_F64:
        return 1e-13;
    case RONDO_F16:
        return 6e-4;
    case RONDO_BF16:
        return 5e-3;
    default:
        return 5e-6;
    }
}

static double number(const rondo_tensor *t, int64_t i) {
    switch (t->dtype) {
    case RONDO_F64:
        return ((const double *)t->data)[i];
    case RONDO_F32:
        return (double)((const float *)t->data)[i];
    case RONDO_F16:
        return rondo__half_get(((const uint16_t *)t->data)[i]);
    case RONDO_BF16:
        return rondo__bfloat_get(((const uint16_t *)t->data)[i]);
    case RONDO_I64:
        return (double)((const int64_t *)t->data)[i];
    case RONDO_I32:
        return (double)((const int32_t *)t->data)[i];
    default:
        return (double)((const uint8_t *)t->data)[i];
    }
}

/* The tensors of the file whose names begin with case and part: "gru_001_x/in/". */
static int parts_of(const rig *r, const char *name, const char *part, rondo_graph_value *out) {
    char prefix[256];
    int count = 0;
    snprintf(prefix, sizeof prefix, "%s/%s/", name, part);
    for (int i = 0; i < rondo__safetensors_count(r->file); i++) {
        const rondo__named *named = rondo__safetensors_at(r->file, i);
        if (strncmp(named->name, prefix, strlen(prefix)) == 0)
            out[count++] = (rondo_graph_value){named->name + strlen(prefix), named->tensor};
    }
    return count;
}

static double difference(const char *name, const rondo_graph_value *want, const rondo_tensor *got) {
    double worst = 0;
    if (got->rank != want->tensor.rank || memcmp(got->dims, want->tensor.dims, (size_t)got->rank * sizeof *got->dims))
        fail_msg("%s: %s has another shape", name, want->name);
    for (int64_t i = 0; i < rondo_tensor_count(got); i++) {
        const double w = number(&want->tensor, i), g = number(got, i), d = g == w ? 0 : fabs(g - w) / fmax(1, fabs(w));
        worst = d <= worst ? worst : d; /* not-a-number counts */
    }
    return worst;
}

static void run_case(rig *r, const char *name, const rondo_tensor *model, bool plain) {
    rondo_graph_value in[8], want[3];
    const int inputs = parts_of(r, name, "in", in), outputs = parts_of(r, name, "out", want);
    const rondo_graph_options options = {.plain_recurrent = plain};
    rondo_graph *graph;
    rondo_error err = {0};
    if (rondo_graph_parse(&graph, r->context, name, model->data, (size_t)model->dims[0], &options, &err))
        fail_msg("%s", err.message);
    assert_int_equal(rondo_graph_outputs(graph), outputs);
    for (int turn = 0; turn < 2; turn++) { /* the second with what the first has kept */
        if (rondo_graph_run(graph, inputs, in, &err))
            fail_msg("%s: %s", name, err.message);
        for (int i = 0; i < outputs; i++) {
            assert_string_equal(rondo_graph_output(graph, i)->name, want[i].name);
            const rondo_tensor *got = rondo_graph_result(graph, i);
            const double off = difference(name, &want[i], got);
            if (!(off <= tolerance(got->dtype)))
                fail_msg("%s: %s is off by %g (%s path)", name, want[i].name, off, plain ? "plain" : "cell");
            if (got->dtype == RONDO_F32)
                r->worst[plain] = fmax(r->worst[plain], off);
        }
    }
    rondo_graph_destroy(&graph);
}

static void corpus(void **state) {
    static const char *const files[] = {"rnn", "gru", "lstm", "operators"};
    const int64_t live = rondo__alloc_live();
    int cases = 0;
    rig r = {0};
    (void)state;
    assert_int_equal(rondo_context_create(&r.context, &(rondo_context_options){.threads = 2}, NULL), RONDO_OK);
    for (int f = 0; f < 4; f++) {
        char path[512];
        rondo_error err = {0};
        snprintf(path, sizeof path, "%s/tests/golden/onnx/%s.safetensors", RONDO_SOURCE_DIR, files[f]);
        if (rondo__safetensors_read(&r.file, path, &err))
            fail_msg("%s", err.message);
        for (int i = 0; i < rondo__safetensors_count(r.file); i++) {
            const rondo__named *named = rondo__safetensors_at(r.file, i);
            char name[128];
            const char *slash = strchr(named->name, '/');
            if (!slash || strcmp(slash, "/model") != 0)
                continue;
            snprintf(name, sizeof name, "%.*s", (int)(slash - named->name), named->name);
            run_case(&r, name, &named->tensor, false);
            if (f < 3)
                run_case(&r, name, &named->tensor, true);
            cases++;
        }
        rondo__safetensors_free(&r.file);
    }
    rondo_context_destroy(&r.context);
    assert_int_equal(rondo__alloc_live(), live);
    assert_true(cases >= 700);
    print_message("%d cases; float off by at most %.2g (cells), %.2g (general path)\n", cases, r.worst[0], r.worst[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
