/* What the tests of the tasks' hooks share: a model and data; everything that a look at them says is what the task
 * itself computes. */
#ifndef TESTS_INSPECT_LOOKING_H
#define TESTS_INSPECT_LOOKING_H

#include <math.h>
#include <string.h>

#include "inspect/ablate.h"
#include "support/test.h"

static rondo_context *context;

static inline int look_make_context(void **state) {
    (void)state;
    return rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL);
}

static inline int look_drop_context(void **state) {
    (void)state;
    rondo_context_destroy(&context);
    return 0;
}

static inline void look_close_to(const char *what, const double *a, const double *b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= 2e-5 * (1 + fabs(a[i]))))
            fail_msg("%s[%lld]: %g, not %g", what, (long long)i, b[i], a[i]);
}

/* The plain trace of what entered a stack gives what left it. */
static inline void look_check_stack(const rondo__look_stack *stack) {
    rondo__trace trace;
    rondo_error err;
    assert_int_equal(stack->seen, stack->axis.T);
    if (rondo__inspect_trace(stack, NULL, &trace, &err))
        fail_msg("%s", err.message);
    look_close_to(stack->name, trace.y, stack->y, trace.T * trace.width);
    for (int64_t t = 0; t < stack->axis.T; t++)
        assert_true(*stack->axis.label[t]);
    rondo__trace_free(&trace);
}

/* Weights of valid steps: each looks somewhere, and causal ones at nothing later. */
static inline void look_check_attention(const rondo__look_attention *a, bool causal) {
    const int64_t T = a->target->T, S = a->source->T;
    for (int l = 0; l < a->layers; l++)
        assert_int_equal(a->seen[l], T);
    for (int64_t row = 0; row < a->layers * a->heads * T; row++) {
        double sum = 0;
        for (int64_t s = 0; s < S; s++) {
            sum += a->weight[row * S + s];
            if (causal && s > row % T)
                assert_true(a->weight[row * S + s] == 0);
        }
        if (!a->layer[0]->config.window) /* which cuts off what lies outside */
            assert_true(fabs(sum - 1) < 1e-5);
    }
}

/* A network from which nothing is taken has the same loss, traced or run by the cells of use; so has one whose unit is
 * silenced, either way. */
static inline void look_check_altered(rondo_inspection *inspection, const rondo__passage *passage, int s) {
    const rondo__look_stack *stack = &passage->stack[s];
    rondo__altered altered = {.stack = stack, .index = s};
    rondo_error err;
    double nats, traced;
    if (rondo__ablate_loss(inspection, &altered, &nats, &err))
        fail_msg("%s", err.message);
    look_close_to("loss", &passage->nats, &nats, 1);
    if (!rondo__silencing_fits(stack))
        return;
    rondo_tape *tape;
    assert_int_equal(rondo_tape_create(&tape, inspection->floats->task->context, NULL), RONDO_OK);
    const rondo_recurrent *net = stack->net;
    for (int p = 0; p < net->config.layers * net->directions; p++) {
        const int64_t unit[2] = {net->layer[p].H - 1, 0};
        rondo__silencing silencing = {
            .stack = stack, .layer = p / net->directions, .direction = p % net->directions, .tape = tape, .count = 3};
        assert_int_equal(rondo__silencing_run(&silencing, 2, unit, NULL), RONDO_OK);
        for (int r = 0; r < 2; r++) {
            altered.y = silencing.y + r * stack->axis.T * rondo_recurrent_output_size(net);
            for (int i = 0; i < net->config.layers * net->directions; i++) {
                altered.h[i] = silencing.h[i] + r * net->layer[i].state;
                altered.c[i] = silencing.c[i] + r * net->layer[i].cell;
            }
            assert_int_equal(rondo__ablate_loss(inspection, &altered, &nats, NULL), RONDO_OK);
            altered.y = NULL;
            altered.alter = (rondo__alter){.on = true,
                                           .layer = silencing.layer,
                                           .direction = silencing.direction,
                                           .gate = -1,
                                           .unit = unit[r],
                                           .silence = true};
            assert_int_equal(rondo__ablate_loss(inspection, &altered, &traced, NULL), RONDO_OK);
            look_close_to("loss without a unit", &traced, &nats, 1);
        }
        rondo__silencing_free(&silencing);
    }
    rondo_tape_destroy(&tape);
}

static inline rondo_inspection *look_open(rondo_model *model, const rondo_inspect_data *data) {
    rondo_inspection *inspection;
    rondo_error err;
    if (rondo_inspection_open(&inspection, model, data, &err))
        fail_msg("%s", err.message);
    return inspection;
}

/* All passages; loss: what an evaluation of the same data says (NaN: not asked). Returns how many passages. */
static inline int64_t look_check(rondo_model *model, const rondo_inspect_data *data, double loss) {
    rondo_inspection *inspection = look_open(model, data);
    rondo__look *look = inspection->look;
    const rondo__passage *passage = &look->passage;
    const int64_t passages = rondo_inspection_passages(inspection);
    rondo_error err;
    double nats = 0, counted = 0;
    for (int64_t i = 0; i < passages; i++) {
        if (rondo__look_at(look, i, &err))
            fail_msg("%s", err.message);
        assert_true(passage->title && *passage->title && passage->losses > 0);
        for (int s = 0; s < passage->stacks; s++)
            look_check_stack(&passage->stack[s]);
        for (int k = 0; k < passage->attentions; k++)
            look_check_attention(&passage->attention[k], strstr(passage->attention[k].name, "decoder self"));
        for (int s = 0; s < passage->stacks && i < 2; s++)
            look_check_altered(inspection, passage, s);
        nats += passage->nats;
        counted += (double)passage->counted;
    }
    if (!isnan(loss) && !(fabs(nats / counted - loss) <= 1e-5 * (1 + fabs(loss))))
        fail_msg("the passages cost %g, the evaluation %g", nats / counted, loss);
    rondo_inspection_close(&inspection);
    return passages;
}

/* Every view there is, as text with and without colour, JSON and picture; what a model has not is told. */
static inline void look_check_views(rondo_model *model, const rondo_inspect_data *data) {
    rondo_inspection *inspection = look_open(model, data);
    const char *name;
    for (int i = 0; (name = rondo_view_name(i, NULL)); i++) {
        rondo_view *view;
        rondo_error err;
        char *text;
        size_t size;
        const rondo_status status = rondo_inspection_view(inspection, name, NULL, &view, &err);
        if (status == RONDO_UNSUPPORTED) {
            assert_null(view);
            continue;
        }
        if (status)
            fail_msg("%s: %s", name, err.message);
        for (int colour = 0; colour < 2; colour++) {
            assert_int_equal(rondo_view_text(view, &(rondo_view_text_options){.colour = colour}, &text, &size, NULL),
                             RONDO_OK);
            assert_true(size > 20 && rondo__utf8_check(text, size) == size);
            rondo_view_text_free(text);
        }
        assert_int_equal(rondo_view_write(view, test_path("view.json"), NULL), RONDO_OK);
        rondo_view_free(&view);
    }
    rondo_inspection_close(&inspection);
}

typedef struct look_body {
    rondo_model *model;
    const rondo_inspect_data *data;
    const char *name;
} look_body;

/* For test_every_failure. */
static inline int look_body_run(void *arg) {
    const look_body *b = arg;
    rondo_inspection *inspection = NULL;
    rondo_view *view = NULL;
    char *text = NULL;
    rondo_status status = rondo_inspection_open(&inspection, b->model, b->data, NULL);
    if (!status)
        status = rondo_inspection_view(inspection, b->name, &(rondo_view_options){.limit = 2}, &view, NULL);
    if (!status)
        status = rondo_view_text(view, NULL, &text, NULL, NULL);
    rondo_view_text_free(text);
    rondo_view_free(&view);
    rondo_inspection_close(&inspection);
    return status;
}

static inline void look_every_failure(rondo_model *model, const rondo_inspect_data *data, const char *name) {
    look_body body = {model, data, name};
    assert_int_equal(look_body_run(&body), RONDO_OK); /* what the tape keeps is there from now on */
    test_every_failure(look_body_run, &body);
}

static inline double look_loss(rondo_model *model, int files, const char *const *file) {
    rondo_metrics metrics = {0};
    rondo_error err;
    if (rondo_model_evaluate(model, files, file, &metrics, &err))
        fail_msg("%s", err.message);
    return rondo_metrics_get(&metrics, "loss");
}

#endif
