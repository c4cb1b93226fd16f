/* The ONNX file of a network, run by Rondo's graph runner, against numbers of its reference. */
#ifndef TESTS_TASKS_DEPLOY_ONNX_H
#define TESTS_TASKS_DEPLOY_ONNX_H

#include <math.h>
#include <string.h>

#include "core/core.h"
#include "exchange/onnx_write.h"
#include "rondo/graph.h"
#include "support/test.h"

typedef struct onnx_case {
    const rondo__network *network;
    rondo_context *context;
    const rondo__network_input *input;
    const real *want;      /* y's numbers */
    const int32_t *labels; /* (T) or NULL */
    const char *what;
    int kind;
} onnx_case;

/* Ids as int64, in memory that test_free gives back. */
static inline int64_t *onnx_wholes(const int32_t *from, int64_t count) {
    int64_t *to = test_calloc((size_t)count + 1, sizeof *to);
    for (int64_t i = 0; from && i < count; i++)
        to[i] = from[i];
    return to;
}

static inline void onnx_compare(const onnx_case *c, const char *name, const rondo_tensor *got) {
    for (int64_t i = 0; i < rondo_tensor_count(got); i++) {
        if (got->dtype == RONDO_I64) {
            assert_int_equal(((const int64_t *)got->data)[i], c->labels[i]);
            continue;
        }
        const double is = (double)((const float *)got->data)[i], should = (double)c->want[i];
        if (!(fabs(is - should) <= 1e-5 * (1 + fabs(should))))
            fail_msg("%s of kind %d: %s[%d] is %.9g in the file, not %.9g", c->what, c->kind, name, (int)i, is, should);
    }
}

static inline void onnx_run(const onnx_case *c, rondo_graph *graph) {
    const rondo__network_input *in = c->input;
    const rondo__horizon *h = &c->network->horizon;
    int64_t *symbols = onnx_wholes(in->symbols, in->T), *letters = onnx_wholes(in->characters, in->T * in->C),
            *fixed = onnx_wholes(in->fixed, h->fixed);
    const rondo_graph_value all[5] = {
        {"x", in->symbols
                  ? (rondo_tensor){RONDO_I64, 2, {in->T, 1}, symbols}
                  : (rondo_tensor){RONDO_REAL, 3, {in->T, 1, c->network->block[0].in}, (void *)(uintptr_t)in->x}},
        {"characters", {RONDO_I64, 3, {in->T, 1, in->C}, letters}},
        {"fixed", {RONDO_I64, 2, {1, h->fixed}, fixed}},
        {"ahead", {RONDO_REAL, 3, {h->H, 1, h->ahead}, (void *)(uintptr_t)in->ahead}}};
    rondo_graph_value given[5];
    int count = 0;
    rondo_error err = {0};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < rondo_graph_inputs(graph); k++)
            if (strcmp(rondo_graph_input(graph, k)->name, all[i].name) == 0)
                given[count++] = all[i];
    if (rondo_graph_run(graph, count, given, &err))
        fail_msg("%s of kind %d: %s", c->what, c->kind, err.message);
    for (int o = 0; o < rondo_graph_outputs(graph); o++)
        if (!strstr(rondo_graph_output(graph, o)->name, "_out"))
            onnx_compare(c, rondo_graph_output(graph, o)->name, rondo_graph_result(graph, o));
    test_free(symbols);
    test_free(letters);
    test_free(fixed);
}

static inline void onnx_check(const onnx_case *c) {
    const char *path = test_path("deploy.onnx");
    rondo_graph *graph;
    rondo_error err = {0};
    if (rondo__onnx_write(c->network, path, &(rondo__onnx_notes){0}, false, &err))
        fail_msg("%s of kind %d: %s", c->what, c->kind, err.message);
    const rondo_status status = rondo_graph_load(&graph, c->context, path, NULL, &err);
    if (status == RONDO_UNSUPPORTED && strstr(err.message, "protobuf"))
        return;
    if (status)
        fail_msg("%s of kind %d: %s", c->what, c->kind, err.message);
    onnx_run(c, graph);
    rondo_graph_destroy(&graph);
}

#endif
