/* If, Loop and Scan: operators that run other graphs, their bodies. A body's arrays live in slots of their own; before
 * each turn its inputs are put there, after it its outputs are taken and all its slots emptied. */
#include <string.h>

#include "exchange/graph.h"
#include "exchange/strided.h"

static rondo__plan *find_body(const rondo__graph_call *call, const char *name) {
    int body = 0;
    for (int i = 0; i < call->node->attributes; i++) {
        if (call->node->attribute[i].kind != RONDO__ONNX_GRAPH)
            continue;
        if (strcmp(call->node->attribute[i].name, name) == 0)
            return call->step->body[body];
        body++;
    }
    return NULL;
}

static rondo_status check_body(const rondo__graph_call *call, const rondo__plan *body, int inputs, int outputs,
                               rondo_error *err) {
    if (!body)
        return rondo__bad(call, err, RONDO_FORMAT, "has no body");
    if (body->graph->inputs != inputs || body->graph->outputs != outputs)
        return rondo__bad(call, err, RONDO_FORMAT, "its body has %d inputs and %d outputs, it needs %d and %d",
                          body->graph->inputs, body->graph->outputs, inputs, outputs);
    return RONDO_OK;
}

static void clear_body(const rondo__graph_call *call, const rondo__plan *body) {
    for (int slot = body->first; slot < body->last; slot++)
        rondo__array_drop(&call->graph->slot[slot]);
}

/* Inputs are in their slots; the outputs go to out, whose arrays are dropped first. */
static rondo_status run_body(const rondo__graph_call *call, rondo__plan *body, rondo__array *out, rondo_error *err) {
    rondo_status status = rondo__run_plan(call->graph, body, err);
    for (int i = 0; !status && i < body->graph->outputs; i++) {
        const rondo__array *made = rondo__slot_value(call->graph, body->output[i]);
        if (!made)
            return rondo__bad(call, err, RONDO_FORMAT, "its body did not make output %d", i);
        rondo__array old = out[i];
        rondo__array_share(&out[i], made);
        rondo__array_drop(&old);
    }
    clear_body(call, body);
    return status;
}

static void put_input(const rondo__graph_call *call, const rondo__plan *body, int i, const rondo__array *value) {
    rondo__array *slot = &call->graph->slot[body->input[i]];
    rondo__array_drop(slot);
    rondo__array_share(slot, value);
}

static void give_output(const rondo__graph_call *call, int i, const rondo__array *value) {
    rondo__array *out = rondo__out(call, i);
    if (out)
        rondo__array_share(out, value);
}

static rondo__array *make_arrays(int count) { return rondo__calloc((size_t)count + 1, sizeof(rondo__array)); }

static void drop_arrays(rondo__array *arrays, int count) {
    for (int i = 0; arrays && i < count; i++)
        rondo__array_drop(&arrays[i]);
    rondo__free(arrays);
}

static rondo_status truth(const rondo__graph_call *call, const rondo__array *a, bool *out, rondo_error *err) {
    if (a->count != 1 || a->dtype != RONDO_BOOL)
        return rondo__bad(call, err, RONDO_SHAPE, "its condition is not one bool");
    *out = rondo__array_whole_at(a, 0) != 0;
    return RONDO_OK;
}

static rondo_status run_if(const rondo__graph_call *call, rondo_error *err) {
    bool yes = false;
    rondo_status status = truth(call, rondo__in(call, 0), &yes, err);
    rondo__plan *body = find_body(call, yes ? "then_branch" : "else_branch");
    const int outputs = call->step->outputs;
    if (!status)
        status = check_body(call, body, 0, outputs, err);
    if (status)
        return status;
    rondo__array *made = make_arrays(outputs);
    status = made ? run_body(call, body, made, err) : rondo__no_memory(call, err);
    for (int i = 0; !status && i < outputs; i++)
        give_output(call, i, &made[i]);
    clear_body(call, body);
    drop_arrays(made, outputs);
    return status;
}

/* ---- what each turn adds to a scan output ---- */

typedef struct stack {
    rondo__array *turn;
    size_t turns, room;
} stack;

static bool stack_push(stack *s, const rondo__array *value) {
    if (s->turns == s->room) {
        const size_t room = s->room ? 2 * s->room : 16;
        rondo__array *grown = rondo__realloc(s->turn, s->turns * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return false;
        s->turn = grown;
        s->room = room;
    }
    rondo__array_share(&s->turn[s->turns++], value);
    return true;
}

static void stack_free(stack *s) {
    while (s->turns > 0)
        rondo__array_drop(&s->turn[--s->turns]);
    rondo__free(s->turn);
    *s = (stack){0};
}

/* All turns along a new axis. With no turn at all the type is what the body says, and what it leaves open is 0. */
static rondo_status stack_join(const rondo__graph_call *call, const stack *s, int output, const rondo__onnx_value *said,
                               int64_t at_axis, bool backwards, rondo_error *err) {
    const rondo__array nothing = {.dtype = said->typed ? said->dtype : RONDO_F32,
                                  .rank = said->rank > 0 ? said->rank : 0};
    const rondo__array *first = s->turns ? s->turn : &nothing;
    rondo__box box = {.rank = first->rank, .bytes = rondo_dtype_bytes(first->dtype)};
    int64_t dims[RONDO__ONNX_RANK + 1], stride[RONDO__ONNX_RANK];
    rondo__array *out = NULL;
    int axis = 0;
    rondo_status status = rondo__check_axis(call, at_axis, first->rank + 1, &axis, err);
    for (int d = 0, from = 0; !status && d <= first->rank; d++) {
        dims[d] = d == axis              ? (int64_t)s->turns
                  : s->turns             ? first->dims[from]
                  : said->dims[from] > 0 ? said->dims[from]
                                         : 0;
        from += d != axis;
    }
    for (size_t k = 1; !status && k < s->turns; k++)
        if (s->turn[k].rank != first->rank || s->turn[k].dtype != first->dtype ||
            memcmp(s->turn[k].dims, first->dims, (size_t)first->rank * sizeof *dims) != 0)
            status = rondo__bad(call, err, RONDO_SHAPE, "output %d changes its shape from turn to turn", output);
    if (!status)
        status = rondo__make_out(call, output, first->dtype, first->rank + 1, dims, &out, err);
    if (status || !out || out->count == 0)
        return status;
    rondo__strides(out->rank, out->dims, stride);
    for (int d = 0; d < first->rank; d++) {
        box.dims[d] = first->dims[d];
        box.to_stride[d] = stride[d < axis ? d : d + 1];
    }
    rondo__strides(first->rank, first->dims, box.from_stride);
    for (size_t k = 0; k < s->turns; k++) {
        const int64_t place = (int64_t)(backwards ? s->turns - 1 - k : k);
        rondo__box_copy(&box, rondo__element(out, place * stride[axis]), s->turn[k].data);
    }
    return RONDO_OK;
}

/* Carried arrays and scan outputs of a Loop or Scan. */
typedef struct turning {
    rondo__plan *body;
    int carried, scans, first; /* first: the body's output where the carried ones begin */
    rondo__array *made;        /* the body's outputs of the last turn */
    stack *stack;
} turning;

static rondo_status turning_open(const rondo__graph_call *call, turning *t, rondo_error *err) {
    t->made = make_arrays(t->body->graph->outputs);
    t->stack = rondo__calloc((size_t)t->scans + 1, sizeof *t->stack);
    return t->made && t->stack ? RONDO_OK : rondo__no_memory(call, err);
}

static void turning_close(const rondo__graph_call *call, turning *t) {
    clear_body(call, t->body);
    drop_arrays(t->made, t->body->graph->outputs);
    for (int i = 0; t->stack && i < t->scans; i++)
        stack_free(&t->stack[i]);
    rondo__free(t->stack);
}

static rondo_status keep_turn(const rondo__graph_call *call, turning *t, rondo_error *err) {
    for (int i = 0; i < t->scans; i++)
        if (!stack_push(&t->stack[i], &t->made[t->first + t->carried + i]))
            return rondo__no_memory(call, err);
    return RONDO_OK;
}

/* ---- Loop ---- */

static rondo_status loop_turns(const rondo__graph_call *call, turning *t, int64_t most, bool going, rondo_error *err) {
    rondo_status status = RONDO_OK;
    for (int64_t turn = 0; !status && going && turn < most; turn++) {
        rondo__array number, condition;
        if (!rondo__array_make(&number, RONDO_I64, 0, NULL))
            return rondo__no_memory(call, err);
        *(int64_t *)number.data = turn;
        put_input(call, t->body, 0, &number);
        rondo__array_drop(&number);
        if (!rondo__array_make(&condition, RONDO_BOOL, 0, NULL))
            return rondo__no_memory(call, err);
        *(uint8_t *)condition.data = 1;
        put_input(call, t->body, 1, &condition);
        rondo__array_drop(&condition);
        for (int i = 0; i < t->carried; i++)
            put_input(call, t->body, 2 + i, &t->made[1 + i]);
        status = run_body(call, t->body, t->made, err);
        if (!status)
            status = keep_turn(call, t, err);
        if (!status)
            status = truth(call, &t->made[0], &going, err);
    }
    return status;
}

static rondo_status run_loop(const rondo__graph_call *call, rondo_error *err) {
    const rondo__array *trips = rondo__in(call, 0), *condition = rondo__in(call, 1);
    turning t = {.body = find_body(call, "body"), .carried = call->step->inputs - 2, .first = 1};
    bool going = true;
    t.carried = t.carried < 0 ? 0 : t.carried;
    t.scans = t.body ? t.body->graph->outputs - 1 - t.carried : 0;
    if (t.scans < 0 || call->step->outputs > t.carried + t.scans || (trips && trips->count != 1))
        return rondo__bad(call, err, RONDO_FORMAT, "has a wrong number of outputs, or no single number of turns");
    rondo_status status = check_body(call, t.body, 2 + t.carried, 1 + t.carried + t.scans, err);
    if (!status && condition)
        status = truth(call, condition, &going, err);
    if (status)
        return status;
    status = turning_open(call, &t, err);
    for (int i = 0; !status && i < t.carried; i++) {
        const rondo__array *initial = rondo__in(call, 2 + i);
        if (!initial)
            status = rondo__bad(call, err, RONDO_FORMAT, "lacks the initial value %d", i);
        else
            rondo__array_share(&t.made[1 + i], initial);
    }
    if (!status)
        status = loop_turns(call, &t, trips ? rondo__array_whole_at(trips, 0) : INT64_MAX, going, err);
    for (int i = 0; !status && i < t.carried; i++)
        give_output(call, i, &t.made[1 + i]);
    for (int i = 0; !status && i < t.scans; i++)
        status = stack_join(call, &t.stack[i], t.carried + i, &t.body->graph->output[1 + t.carried + i], 0, false, err);
    turning_close(call, &t);
    return status;
}

/* ---- Scan ---- */

/* Entry i of a list attribute, 0 where it is absent. */
static int64_t entry(const rondo__graph_call *call, const char *name, int i) {
    const rondo__onnx_attribute *a = rondo__attribute(call->node, name);
    return a && i < a->count ? a->ints[i] : 0;
}

/* Step k of scan input i, as an input of the body. */
static rondo_status put_slice(const rondo__graph_call *call, const turning *t, int i, int64_t k, rondo_error *err) {
    const rondo__array *x = rondo__in(call, t->carried + i);
    rondo__box box = {.rank = x->rank - 1, .bytes = rondo_dtype_bytes(x->dtype)};
    int64_t stride[RONDO__ONNX_RANK];
    rondo__array slice;
    int axis = 0;
    rondo_status status = rondo__check_axis(call, entry(call, "scan_input_axes", i), x->rank, &axis, err);
    if (status)
        return status;
    rondo__strides(x->rank, x->dims, stride);
    for (int d = 0; d < box.rank; d++) {
        box.dims[d] = x->dims[d < axis ? d : d + 1];
        box.from_stride[d] = stride[d < axis ? d : d + 1];
    }
    rondo__strides(box.rank, box.dims, box.to_stride);
    if (!rondo__array_make(&slice, x->dtype, box.rank, box.dims))
        return rondo__no_memory(call, err);
    if (entry(call, "scan_input_directions", i))
        k = x->dims[axis] - 1 - k;
    if (slice.count > 0)
        rondo__box_copy(&box, slice.data, rondo__element(x, k * stride[axis]));
    put_input(call, t->body, t->carried + i, &slice);
    rondo__array_drop(&slice);
    return RONDO_OK;
}

/* All scan inputs have as many steps. */
static rondo_status count_steps(const rondo__graph_call *call, const turning *t, int inputs, int64_t *steps,
                                rondo_error *err) {
    for (int i = 0; i < inputs; i++) {
        const rondo__array *x = rondo__in(call, t->carried + i);
        int axis = 0;
        if (!x)
            return rondo__bad(call, err, RONDO_FORMAT, "lacks an input that it needs");
        rondo_status status = rondo__check_axis(call, entry(call, "scan_input_axes", i), x->rank, &axis, err);
        if (!status && i > 0 && x->dims[axis] != *steps)
            status = rondo__bad(call, err, RONDO_SHAPE, "its inputs have %lld and %lld steps", (long long)*steps,
                                (long long)x->dims[axis]);
        if (status)
            return status;
        *steps = x->dims[axis];
    }
    return RONDO_OK;
}

static rondo_status run_scan(const rondo__graph_call *call, rondo_error *err) {
    const int64_t scanned = rondo__attribute_int(call->node, "num_scan_inputs", 0);
    turning t = {.body = find_body(call, "body"), .carried = call->step->inputs - (int)scanned};
    int64_t steps = 0;
    if (scanned < 1 || scanned > call->step->inputs || call->step->outputs < t.carried)
        return rondo__bad(call, err, RONDO_FORMAT, "has a wrong number of inputs or outputs");
    t.scans = call->step->outputs - t.carried;
    rondo_status status = check_body(call, t.body, call->step->inputs, call->step->outputs, err);
    if (!status)
        status = count_steps(call, &t, (int)scanned, &steps, err);
    if (status)
        return status;
    status = turning_open(call, &t, err);
    for (int i = 0; !status && i < t.carried; i++) {
        if (!rondo__in(call, i))
            status = rondo__bad(call, err, RONDO_FORMAT, "lacks an input that it needs");
        else
            rondo__array_share(&t.made[i], rondo__in(call, i));
    }
    for (int64_t k = 0; !status && k < steps; k++) {
        for (int i = 0; i < t.carried; i++)
            put_input(call, t.body, i, &t.made[i]);
        for (int i = 0; !status && i < scanned; i++)
            status = put_slice(call, &t, i, k, err);
        if (!status)
            status = run_body(call, t.body, t.made, err);
        if (!status)
            status = keep_turn(call, &t, err);
    }
    for (int i = 0; !status && i < t.carried; i++)
        give_output(call, i, &t.made[i]);
    for (int i = 0; !status && i < t.scans; i++)
        status = stack_join(call, &t.stack[i], t.carried + i, &t.body->graph->output[t.carried + i],
                            entry(call, "scan_output_axes", i), entry(call, "scan_output_directions", i) != 0, err);
    turning_close(call, &t);
    return status;
}

#define SCAN                                                                                                           \
    " body:g num_scan_inputs:i scan_input_axes:I scan_input_directions:I scan_output_axes:I scan_output_directions:I "
const rondo__operator rondo__operators_control[] = {
    {"If", 1, 1, 0, -1, " then_branch:g else_branch:g ", run_if, 0, 0},
    {"Loop", 0, -1, 0, -1, " body:g ", run_loop, 0, 0},
    {"Scan", 1, -1, 1, -1, SCAN, run_scan, 0, 9},
    {0},
};
