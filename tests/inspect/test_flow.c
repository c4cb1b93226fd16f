/* Gradients through time: equal to finite differences for every cell and option, and worked out by hand where a network
 * can be made by hand. */
#include "inspect/nets.h"

#include "inspect/flow.h"
#include "nn/recurrent.h"

#include <math.h>

enum { CONFIGS = sizeof configs / sizeof configs[0] };

/* A loss of its own weight for every number that leaves the stack. */
static double weight(int64_t i) { return 2 * rondo__random_uniform(9, 1, (uint64_t)i) - 1; }

static double loss(const rig *r, const rondo__trace_input *input) {
    rondo__trace trace;
    double sum = 0;
    assert_int_equal(rondo__trace_run(&trace, r->net, input, NULL), RONDO_OK);
    for (int64_t i = 0; i < T * trace.width; i++)
        sum += weight(i) * trace.y[i];
    rondo__trace_free(&trace);
    return sum;
}

static void agree(const char *what, int config, int place, int64_t i, double given, double numeric) {
    if (!(fabs(given - numeric) <= 1e-6 * (fabs(given) + fabs(numeric)) + 1e-9))
        fail_msg("config %d, place %d: d%s[%lld] is %.12g, by differences %.12g", config, place, what, (long long)i,
                 given, numeric);
}

/* By how much the loss changes with a state of one layer at one step. */
static double by_nudge(const rig *r, rondo__trace_input input, const rondo__trace_layer *at, bool cell, int64_t t,
                       int64_t unit) {
    const double h = 1e-5;
    rondo__alter alter = {.on = true,
                          .layer = at->layer,
                          .direction = at->direction,
                          .gate = -1,
                          .unit = unit,
                          .nudge = true,
                          .cell = cell,
                          .t = t,
                          .value = h};
    input.alter = &alter;
    const double above = loss(r, &input);
    alter.value = -h;
    return (above - loss(r, &input)) / (2 * h);
}

typedef struct flowing {
    rondo__trace trace;
    rondo__flow flow;
    rondo__flow_grads grads;
    double *dy;
} flowing;

static void flow_open(flowing *f, const rondo_recurrent *net, const rondo__trace_input *input) {
    assert_int_equal(rondo__trace_run(&f->trace, net, input, NULL), RONDO_OK);
    assert_int_equal(rondo__flow_open(&f->flow, net, &f->trace, input, NULL), RONDO_OK);
    assert_int_equal(rondo__flow_grads_make(&f->grads, &f->flow, NULL), RONDO_OK);
    f->dy = rondo__calloc((size_t)(input->T * f->trace.width), sizeof *f->dy);
    for (int64_t i = 0; i < input->T * f->trace.width; i++)
        f->dy[i] = weight(i);
}

static void flow_close(flowing *f) {
    rondo__free(f->dy);
    rondo__flow_grads_free(&f->grads);
    rondo__flow_close(&f->flow);
    rondo__trace_free(&f->trace);
}

static void back(flowing *f, const double *dy, const double *const *last_h, int64_t end) {
    rondo__flow_back(&f->flow, &(rondo__flow_seed){.dy = dy, .last_h = last_h, .end = end, .inputs = true}, &f->grads);
}

/* What the last step's output alone asks. */
static void back_last(flowing *f) {
    const int64_t width = f->trace.width;
    memset(f->dy, 0, (size_t)((T - 1) * width) * sizeof *f->dy);
    back(f, f->dy, NULL, T);
}

static void states_agree(const rig *r, int config, const flowing *f, const rondo__trace_input *input) {
    for (int place = 0; place < f->flow.places; place++) {
        const rondo__trace_layer *at = &f->trace.at[place];
        const int64_t n = at->state ? at->Q : at->R;
        for (int64_t i = 0; i < T * n; i++)
            agree("h", config, place, i, f->grads.h[place][i], by_nudge(r, *input, at, false, i / n, i % n));
        for (int64_t i = 0; at->cell && i < T * at->H; i++)
            agree("c", config, place, i, f->grads.c[place][i], by_nudge(r, *input, at, true, i / at->H, i % at->H));
    }
}

static void inputs_agree(rig *r, int config, const flowing *f, const rondo__trace_input *input) {
    for (int i = 0; i < T * I; i++) {
        const double was = r->x[i], h = 1e-5;
        r->x[i] = was + h;
        const double above = loss(r, input);
        r->x[i] = was - h;
        agree("x", config, 0, i, f->grads.x[i], (above - loss(r, input)) / (2 * h));
        r->x[i] = was;
    }
}

static void equals_differences(void **state) {
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        rig r;
        flowing f;
        rig_open(&r, &configs[i]);
        const rondo__trace_input input = input_of(&r);
        flow_open(&f, r.net, &input);
        back(&f, f.dy, NULL, T);
        states_agree(&r, i, &f, &input);
        inputs_agree(&r, i, &f, &input);
        flow_close(&f);
        rig_close(&r);
    }
}

/* The states that the first steps began with: given, and of the last steps taken. */
static void ends_agree(void **state) {
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        rig r;
        flowing f;
        double h0[2 * RONDO_MAX_LAYERS][8], c0[2 * RONDO_MAX_LAYERS][8];
        const double *h[2 * RONDO_MAX_LAYERS], *c[2 * RONDO_MAX_LAYERS];
        rig_open(&r, &configs[i]);
        for (int place = 0; place < 2 * RONDO_MAX_LAYERS; place++) {
            for (int j = 0; j < 8; j++) {
                h0[place][j] = 0.3 * weight(100 + place * 8 + j);
                c0[place][j] = 0.3 * weight(900 + place * 8 + j);
            }
            h[place] = h0[place];
            c[place] = c0[place];
        }
        rondo__trace_input input = input_of(&r);
        input.initial_h = h;
        input.initial_c = c;
        flow_open(&f, r.net, &input);
        back(&f, f.dy, NULL, T);
        for (int place = 0; place < f.flow.places; place++) {
            for (int64_t j = 0; j < r.net->layer[place].state + r.net->layer[place].cell; j++) {
                const int64_t n = r.net->layer[place].state;
                double *at = j < n ? &h0[place][j] : &c0[place][j - n];
                const double was = *at, step = 1e-5;
                *at = was + step;
                const double above = loss(&r, &input);
                *at = was - step;
                agree(j < n ? "h0" : "c0", i, place, j, j < n ? f.grads.h0[place][j] : f.grads.c0[place][j - n],
                      (above - loss(&r, &input)) / (2 * step));
                *at = was;
            }
        }
        flow_close(&f);
        rig_close(&r);
    }
}

/* A gradient of the last states enters as one of the output at the last step does, where the output is the state. */
static void last_states(void **state) {
    (void)state;
    const rondo_recurrent_config *config = &configs[12];
    rig r;
    flowing f;
    rig_open(&r, config);
    const rondo__trace_input input = input_of(&r);
    flow_open(&f, r.net, &input);
    double nothing[T * H] = {0}, expected[T * H];
    const double *last[2 * RONDO_MAX_LAYERS] = {f.dy + (T - 1) * H};
    memcpy(nothing + (T - 1) * H, f.dy + (T - 1) * H, H * sizeof(double));
    back(&f, nothing, NULL, T);
    memcpy(expected, f.grads.h[0], sizeof expected);
    memset(nothing, 0, sizeof nothing);
    back(&f, nothing, last, T);
    for (int64_t i = 0; i < (T - 1) * H; i++)
        assert_true(fabs(expected[i] - f.grads.h[0][i]) < 1e-15);
    flow_close(&f);
    rig_close(&r);
}

/* The steps in two parts: what the first step of the second one asks of its beginning enters the first part. */
static void parts_join(void **state) {
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        if (configs[i].bidirectional)
            continue;
        rig r;
        flowing f;
        double whole[T * 8], ends[4][8];
        const double *h[2 * RONDO_MAX_LAYERS] = {NULL}, *c[2 * RONDO_MAX_LAYERS] = {NULL};
        rig_open(&r, &configs[i]);
        const rondo__trace_input input = input_of(&r);
        flow_open(&f, r.net, &input);
        const int64_t n = r.net->layer[0].state;
        back(&f, f.dy, NULL, T);
        memcpy(whole, f.grads.h[0], (size_t)(T * n) * sizeof *whole);
        memset(f.grads.h[0], 0, (size_t)(T * n) * sizeof *whole);
        rondo__flow_back(&f.flow, &(rondo__flow_seed){.dy = f.dy, .first = 4, .end = T}, &f.grads);
        for (int place = 0; place < f.flow.places && place < 2; place++) {
            h[place] = memcpy(ends[place], f.grads.h0[place], (size_t)r.net->layer[place].state * sizeof(double));
            if (r.net->layer[place].cell)
                c[place] = memcpy(ends[2 + place], f.grads.c0[place], (size_t)H * sizeof(double));
        }
        if (f.flow.places <= 2) {
            rondo__flow_back(&f.flow, &(rondo__flow_seed){f.dy, h, c, 0, 4}, &f.grads);
            for (int64_t j = 0; j < T * n; j++)
                assert_true(fabs(whole[j] - f.grads.h[0][j]) < 1e-13);
        }
        flow_close(&f);
        rig_close(&r);
    }
}

/* A taught network is fed what it is told: its own output goes nowhere but out. */
static void taught(void **state) {
    (void)state;
    rig r;
    flowing f;
    double told[T * 4];
    rig_open(&r, &configs[3]);
    const int64_t Q = r.net->layer[1].state;
    for (int64_t i = 0; i < T * Q; i++)
        told[i] = weight(50 + i);
    rondo__trace_input input = input_of(&r);
    input.teacher = told;
    flow_open(&f, r.net, &input);
    back(&f, f.dy, NULL, T);
    states_agree(&r, 3, &f, &input);
    inputs_agree(&r, 3, &f, &input);
    flow_close(&f);
    rig_close(&r);
}

/* ---- by hand ---- */

static void set(rig *r, const char *name, int64_t index, double value) {
    const int found = rondo_params_find(r->params, name);
    assert_true(found >= 0);
    ((real *)rondo_params_at(r->params, found)->value.data)[index] = (real)value;
}

static void all_zero(rig *r) {
    for (int i = 0; i < rondo_params_count(r->params); i++)
        memset(rondo_params_at(r->params, i)->value.data, 0,
               (size_t)rondo_tensor_count(&rondo_params_at(r->params, i)->value) * sizeof(real));
}

/* A linear unit with w = 0.9 loses a tenth with every step. */
static void elman_by_hand(void **state) {
    (void)state;
    const rondo_recurrent_config config = {
        .cell = RONDO_ELMAN, .input_size = I, .hidden_size = 1, .activation = RONDO_RELU};
    rig r;
    flowing f;
    double radius;
    rig_open(&r, &config);
    all_zero(&r);
    set(&r, "weight_hh_l0", 0, 0.9);
    set(&r, "bias_ih_l0", 0, 0.5);
    const rondo__trace_input input = input_of(&r);
    flow_open(&f, r.net, &input);
    back_last(&f);
    for (int64_t k = 0; k < T; k++)
        assert_true(fabs(f.grads.h[0][T - 1 - k] - f.dy[T - 1] * pow((double)(real)0.9, (double)k)) < 1e-14);
    assert_int_equal(rondo__flow_radius(&f.flow, 0, 3, &f.grads, &radius, NULL), RONDO_OK);
    assert_true(fabs(radius - (double)(real)0.9) < 1e-9);
    flow_close(&f);
    rig_close(&r);
}

/* An LSTM whose forget gate is 1 loses nothing in its cell: what arrives at c_t arrives undiminished at c_{t-k}. */
static void lstm_by_hand(void **state) {
    (void)state;
    const rondo_recurrent_config config = {.cell = RONDO_LSTM, .input_size = I, .hidden_size = 2};
    rig r;
    flowing f;
    double radius;
    rig_open(&r, &config);
    all_zero(&r);
    for (int j = 0; j < 2; j++) {
        set(&r, "bias_ih_l0", 2 + j, 60); /* forget gate: 1 - 1e-26 */
        set(&r, "bias_ih_l0", 4 + j, 0.2);
    }
    const rondo__trace_input input = input_of(&r);
    flow_open(&f, r.net, &input);
    back_last(&f);
    for (int64_t t = 0; t < T; t++)
        for (int j = 0; j < 2; j++) {
            const double c = f.trace.at[0].cell[(T - 1) * 2 + j], s = tanh(c);
            assert_true(fabs(f.grads.c[0][t * 2 + j] - f.dy[(T - 1) * 2 + j] * 0.5 * (1 - s * s)) < 1e-14);
            assert_true(f.grads.h[0][t * 2 + j] == (t == T - 1 ? f.dy[t * 2 + j] : 0));
        }
    assert_int_equal(rondo__flow_radius(&f.flow, 0, 3, &f.grads, &radius, NULL), RONDO_OK);
    assert_true(fabs(radius - 1) < 1e-9);
    flow_close(&f);
    rig_close(&r);
}

/* ---- spectra ---- */

typedef struct matrix {
    int64_t n;
    const double *a;
} matrix;

static void multiply(void *arg, const double *in, double *out) {
    const matrix *m = arg;
    for (int64_t i = 0; i < m->n; i++) {
        out[i] = 0;
        for (int64_t k = 0; k < m->n; k++)
            out[i] += m->a[i * m->n + k] * in[k];
    }
}

static double radius_of(int64_t n, const double *a) {
    matrix m = {n, a};
    double *room = rondo__calloc((size_t)rondo__spectral_room(n), sizeof *room);
    const double radius = rondo__spectral_radius(n, multiply, &m, room);
    rondo__free(room);
    return radius;
}

static void spectra_by_hand(void **state) {
    (void)state;
    const double turn[4] = {0.6, -0.8, 0.8, 0.6};        /* a pair on the unit circle */
    const double grow[9] = {2, 1, 0, 0, 2, 1, 0, 0, 2};  /* a block of Jordan */
    const double nil[9] = {0, 1, 5, 0, 0, 1, 0, 0, 0};   /* nothing is left of it after three steps */
    const double both[9] = {-3, 0, 0, 0, 3, 0, 0, 0, 1}; /* two of the same size */
    const double far[4] = {0.5, 1e3, 0, 0.25};           /* anything but normal */
    assert_true(fabs(radius_of(2, turn) - 1) < 1e-10);
    assert_true(fabs(radius_of(3, grow) - 2) < 1e-3); /* three eigenvalues in one: a third of the digits */
    assert_true(radius_of(3, nil) < 1e-3);
    assert_true(fabs(radius_of(3, both) - 3) < 1e-10);
    assert_true(fabs(radius_of(2, far) - 0.5) < 1e-6);
    const double one = -0.7, none = 0, bad = NAN;
    assert_true(fabs(radius_of(1, &one) - 0.7) < 1e-12);
    assert_true(radius_of(1, &none) == 0);
    assert_true(isnan(radius_of(1, &bad)));
}

/* Wider than the basis: a matrix put together of turns by known factors, seen through an orthogonal change of basis. */
static void wide_spectrum(void **state) {
    (void)state;
    enum { N = 200 };
    static double a[N * N], v[N], radius;
    for (int i = 0; i < N; i += 2) {
        const double r = 0.95 * (1 - i / (double)N) + (i == 0 ? 0.02 : 0), angle = 0.1 + 0.37 * i;
        a[i * N + i] = a[(i + 1) * N + i + 1] = r * cos(angle);
        a[(i + 1) * N + i] = r * sin(angle);
        a[i * N + i + 1] = -r * sin(angle);
    }
    double length = 0;
    for (int i = 0; i < N; i++) {
        v[i] = weight(i);
        length += v[i] * v[i];
    }
    for (int side = 0; side < 2; side++) /* H A H with the reflection H = 1 - 2 v vᵀ / vᵀv */
        for (int i = 0; i < N; i++) {
            double share = 0;
            for (int k = 0; k < N; k++)
                share += v[k] * (side ? a[i * N + k] : a[k * N + i]);
            for (int k = 0; k < N; k++)
                *(side ? &a[i * N + k] : &a[k * N + i]) -= 2 * share * v[k] / length;
        }
    radius = radius_of(N, a);
    if (!(fabs(radius - 0.97) < 1e-3))
        fail_msg("%g", radius);
}

/* ---- memory ---- */

static int body(void *arg) {
    const rig *r = arg;
    rondo__trace trace;
    rondo__flow flow;
    rondo__flow_grads grads;
    double radius;
    const rondo__trace_input input = input_of(r);
    rondo_status status = rondo__trace_run(&trace, r->net, &input, NULL);
    if (status)
        return status;
    status = rondo__flow_open(&flow, r->net, &trace, &input, NULL);
    if (!status) {
        status = rondo__flow_grads_make(&grads, &flow, NULL);
        if (!status)
            status = rondo__flow_radius(&flow, 0, 1, &grads, &radius, NULL);
        rondo__flow_grads_free(&grads);
        rondo__flow_close(&flow);
    }
    rondo__trace_free(&trace);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    const int some[] = {6, 9, 14};
    for (int i = 0; i < 3; i++) {
        rig r;
        rig_open(&r, &configs[some[i]]);
        test_every_failure(body, &r);
        rig_close(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_differences), cmocka_unit_test(ends_agree),      cmocka_unit_test(last_states),
        cmocka_unit_test(parts_join),         cmocka_unit_test(taught),          cmocka_unit_test(elman_by_hand),
        cmocka_unit_test(lstm_by_hand),       cmocka_unit_test(spectra_by_hand), cmocka_unit_test(wide_spectrum),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
