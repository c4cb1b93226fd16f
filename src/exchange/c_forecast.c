/* A forecast as C: values in, values out.
 *
 * With a window, model_forecast takes it whole: it is standardised, measured and laid out as features, runs through the
 * stack (patch by patch; of two directions as two buffers in the state), and what leaves the head becomes numbers in
 * the unit of the input. A recursive model is asked step by step. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"

static const rondo__horizon *horizon(const rondo__c_file *file) { return &file->network->horizon; }

bool rondo__c_forecasts(const rondo__c_file *file) { return rondo__network_find(file->network, RONDO__WINDOW) != NULL; }

static int place_of(const rondo__network *n, rondo__block_kind kind) {
    for (int i = 0; i < n->count; i++)
        if (n->block[i].kind == kind)
            return i;
    return -1;
}

/* Targets that share the network, one at a time. */
static int64_t shared(const rondo__horizon *h) { return h->n < h->all_targets ? h->all_targets : 0; }

/* Numbers of a step's features. */
static int64_t features(const rondo__network *n) { return n->block[0].in + n->horizon.masks; }

static int stack_of(const rondo__network *n) { return place_of(n, RONDO__RECURRENT); }

static bool both_ways(const rondo__network *n) { return n->block[stack_of(n)].net->directions == 2; }

/* Behind the blocks that make a row of each patch. */
static int rows_end(const rondo__network *n) {
    const int ends = place_of(n, RONDO__ENDS), decode = place_of(n, RONDO__DECODE);
    return ends >= 0 ? ends : decode >= 0 ? decode : n->count - 1;
}

static int64_t joined_width(const rondo__network *n) {
    const int linear = place_of(n, RONDO__LINEAR);
    return linear >= 0 ? n->block[linear].in : n->block[rows_end(n) - 1].out;
}

static int64_t told_width(const rondo__network *n) {
    const int decode = place_of(n, RONDO__DECODE);
    return decode >= 0 ? n->block[decode].net->config.input_size : 0;
}

static int64_t decoded_width(const rondo__network *n) {
    const int decode = place_of(n, RONDO__DECODE);
    return decode >= 0 ? rondo_recurrent_output_size(n->block[decode].net) : 0;
}

static int64_t steps_kept(const rondo__network *n) { return n->horizon.W > 0 ? n->horizon.W : 1; }

/* Rows of a buffer, for both directions. */
static int64_t buffer(const rondo__network *n) {
    return n->horizon.W > 0 && both_ways(n) ? n->horizon.W / n->horizon.patch * rondo__c_widest(n) : 0;
}

int64_t rondo__c_forecast_floats(const rondo__network *n) {
    const rondo__horizon *h = &n->horizon;
    return steps_kept(n) * features(n) + 4 * h->past + 1 + h->fixed + joined_width(n) + told_width(n) +
           decoded_width(n) + 2 * buffer(n);
}

int64_t rondo__c_forecast_work(const rondo__network *n) {
    const rondo__horizon *h = &n->horizon;
    const rondo__c_cost cost = rondo__c_costs(n, RONDO_C_FLOAT32);
    const int linear = place_of(n, RONDO__LINEAR);
    const int64_t head = linear < 0 ? 0 : n->block[linear].in * n->block[linear].out;
    const int64_t own = place_of(n, RONDO__OWN_PAST) < 0 ? 0 : h->H * h->n * h->W;
    return (cost.products - head) * (h->W / h->patch) + head + own + cost.inner_products * (h->H / h->patch);
}

/* ---- declarations ---- */

void rondo__c_put_forecast_types(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    static const char *const meanings[] = {[RONDO__POINTS] = "numbers of each: the value",
                                           [RONDO__RISING] = "numbers of each: quantiles, rising",
                                           [RONDO__GAUSSIAN] = "numbers of each: mean, standard deviation",
                                           [RONDO__STUDENT] = "numbers of each: mean, spread, degrees of freedom",
                                           [RONDO__COUNTS] = "numbers of each: mean, alpha of a negative binomial"};
    rondo__c_put_define(file, "INPUT", file->network->block[0].in,
                        "numbers of a step; not a number where it is missing");
    if (h->W > 0)
        rondo__c_put_define(file, "STEPS", h->W, "of the past");
    if (h->measured)
        rondo__c_put_define(file, "STEPS", h->measured, "of the past, before the first step to come");
    rondo__c_put_define(file, "HORIZON", h->H, "steps to come");
    rondo__c_put_define(file, "TOLD", h->n, "values of a step to come");
    rondo__c_put_define(file, "VALUES", h->P, meanings[h->outcome]);
    rondo__c_put_define(file, "OUTPUT", h->H * h->n * h->P, NULL);
    if (shared(h))
        rondo__c_put_define(file, "TARGETS", shared(h), "that are forecast one at a time");
    if (h->ahead)
        rondo__c_put_define(file, "AHEAD", h->ahead, "numbers that are known ahead of each step to come");
    if (h->fixed)
        rondo__c_put_define(file, "FIXED", h->fixed, "categories of a series; -1: none that is known");
    rondo__c_put(file, "\n");
}

void rondo__c_put_forecast_doubles(rondo__c_file *file) {
    const long long past = horizon(file)->past;
    if (rondo__c_forecasts(file))
        rondo__c_put(file, "    double shift[%lld], size[%lld];\n", past, past);
}

void rondo__c_put_forecast_members(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const rondo__horizon *h = &n->horizon;
    if (!rondo__c_forecasts(file))
        return;
    rondo__c_put(file, "    int target%s", h->fixed ? ", " : ";\n");
    if (h->fixed)
        rondo__c_put(file, "fixed[MODEL_FIXED];\n");
    rondo__c_put(file, "    float window[%lld], joined[%lld];\n", (long long)(steps_kept(n) * features(n)),
                 (long long)joined_width(n));
    if (told_width(n))
        rondo__c_put(file, "    float told[%lld], decoded[%lld];\n", (long long)told_width(n),
                     (long long)decoded_width(n));
    if (buffer(n))
        rondo__c_put(file, "    float rows[2][%lld];\n", (long long)buffer(n));
}

static void put_arguments(rondo__c_file *file, bool forecast) {
    const rondo__horizon *h = horizon(file);
    rondo__c_put(file, "model_state *m%s%s%s%s%s", shared(h) ? ", int target" : "", forecast ? ", const float *x" : "",
                 h->fixed ? ", const int *fixed" : "", forecast && h->ahead ? ", const float *ahead" : "",
                 forecast ? ", float *y)" : ")");
}

void rondo__c_put_forecast_declarations(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    if (h->W > 0) {
        rondo__c_put(file,
                     "/* From x (MODEL_STEPS, MODEL_INPUT)%s%s%s%s: y (MODEL_HORIZON, MODEL_TOLD, MODEL_VALUES). */\n"
                     "void model_forecast(",
                     h->fixed || h->ahead ? "," : "", h->fixed ? " fixed (MODEL_FIXED)" : "",
                     h->fixed && h->ahead ? " and" : "", h->ahead ? " ahead (MODEL_HORIZON, MODEL_AHEAD)" : "");
        put_arguments(file, true);
        rondo__c_put(file, ";\n");
        return;
    }
    rondo__c_put(file, "/* To the state before a series%s. */\nvoid model_init(",
                 shared(h) ? "; target: which of them" : "");
    put_arguments(file, false);
    if (h->measured)
        rondo__c_put(file,
                     ";\n/* Before the first step: x (T, MODEL_INPUT), the last MODEL_STEPS of the past, which numbers "
                     "are relative to. */\nvoid model_measure(model_state *m, const float *x, int T)");
    rondo__c_put(file,
                 ";\n/* One step: what x (MODEL_INPUT) lets expect of the next one, y (MODEL_TOLD, MODEL_VALUES). What "
                 "x has of the\n * future is that of the next step. To go on, tell it what it said. */\n"
                 "void model_step(model_state *m, const float *x, float *y);\n");
}

/* ---- tables and parts ---- */

static void put_doubles(rondo__c_file *file, const char *name, int64_t n, const double *value) {
    rondo__c_put(file, "static const double model_%s[%lld] = {", name, (long long)n);
    for (int64_t i = 0; i < n; i++)
        rondo__c_put(file, "%.17g,%s", value[i], i % 4 == 3 ? "\n" : " ");
    rondo__c_put(file, "};\n");
}

static void put_masks(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    rondo__c_put(file, "static const int model_masks[%d] = {", h->masks ? h->masks : 1);
    for (int i = 0; i < h->masks; i++)
        rondo__c_put(file, "%d, ", h->mask[i]);
    rondo__c_put(file, h->masks ? "};\n" : "0};\n");
}

static void put_parts(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    rondo__c_put_define(file, "PAST", h->past, NULL);
    rondo__c_put_define(file, "SHARED", shared(h), NULL);
    rondo__c_put_define(file, "COLUMNS", h->all_columns, NULL);
    rondo__c_put_define(file, "MASKS", h->masks, NULL);
    rondo__c_put_define(file, "NORM", h->measured ? (int)h->all_norm : (int)h->norm, NULL);
    rondo__c_put_define(file, "SUMS", h->cumulative, NULL);
    put_doubles(file, "center", h->all_columns, h->all_center);
    put_doubles(file, "scale", h->all_columns, h->all_scale);
    put_masks(file);
    if (h->outcome >= RONDO__GAUSSIAN)
        rondo__c_put_part(file, RONDO__C_SOFTPLUS);
    rondo__c_put_part(file, h->outcome == RONDO__COUNTS     ? RONDO__C_UNIT_COUNTS
                            : h->outcome >= RONDO__GAUSSIAN ? RONDO__C_UNIT_SPREAD
                                                            : RONDO__C_UNIT_POINTS);
    rondo__c_put_part(file, RONDO__C_WINDOW);
    if (h->W > 0 || h->measured)
        rondo__c_put_part(file, RONDO__C_MEASURE);
}

/* ---- code ---- */

static void put_begin(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    rondo__c_put(file, "    m->target = %s;\n", shared(h) ? "target" : "0");
    if (h->fixed)
        rondo__c_put(file, "    for (i = 0; i < MODEL_FIXED; i++)\n        m->fixed[i] = fixed[i];\n");
    rondo__c_put_starts(file);
}

/* Rows of all patches; of the last one (and the first) what the head sees, in m->joined. */
static void put_rows(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const int end = rows_end(n);
    const long long patch = n->horizon.patch * features(n), width = n->block[end - 1].out;
    char row[64];
    if (!both_ways(n)) {
        snprintf(row, sizeof row, "(m->window + (size_t)t * %lld)", patch);
        rondo__c_put(file, "    for (t = 0; t < T; t++) {\n");
        rondo__c_put_row(file, 1, end, row, "m->joined", "        ");
        rondo__c_put(file, "    }\n");
        return;
    }
    const char *last = rondo__c_put_rows(file, 1, end, "m->window", NULL);
    rondo__c_put(file, "    model_copy(m->joined, %s + (size_t)(T - 1) * %lld, %lld);\n", last, width, width);
    if (n->block[end].kind == RONDO__ENDS && n->block[end].out > n->block[end].in)
        rondo__c_put(file, "    model_copy(m->joined + %lld, %s, %lld);\n", width, last, width);
}

static void put_known(rondo__c_file *file, int64_t count, const char *from, const char *to, const char *indent) {
    const rondo__horizon *h = horizon(file);
    rondo__c_put(
        file,
        "%sfor (i = 0; i < %lld; i++) {\n%s    const float z = model_standard(m, MODEL_PAST + i %% MODEL_AHEAD, "
        "%s[i]);\n%s    %s[i] = z != z ? 0.0f : z;\n%s}\n",
        indent, (long long)(count * h->ahead), indent, from, indent, to, indent);
}

static void put_head(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const int linear = place_of(n, RONDO__LINEAR), ahead = place_of(n, RONDO__AHEAD);
    char to[48];
    if (ahead >= 0) {
        snprintf(to, sizeof to, "(m->joined + %lld)", (long long)n->block[ahead].in);
        put_known(file, n->horizon.H, "ahead", to, "    ");
    }
    rondo__c_put_row(file, linear, linear + 1, "m->joined", "y", "    ");
}

/* The encoder's last states are the decoder's first ones. */
static void put_handover(rondo__c_file *file, const rondo__network_block *b) {
    for (int l = 0; l < b->net->config.layers; l++) {
        const rondo__c_name from = rondo__c_member_name(file, stack_of(file->network), l, 0);
        rondo__c_put(file, "    model_copy(m->decoder_rnn0_l%d_h, m->%s_h, %lld);\n", l, from.text,
                     (long long)b->net->layer[l].state);
        if (b->net->layer[l].cell > 0)
            rondo__c_put(file, "    model_copy(m->decoder_rnn0_l%d_c, m->%s_c, %lld);\n", l, from.text,
                         (long long)b->net->layer[l].cell);
    }
}

static void put_decoder(rondo__c_file *file, const rondo__network_block *b) {
    const rondo__network *n = file->network;
    const rondo__horizon *h = &n->horizon;
    const long long values = h->patch * h->n, known = h->patch * h->ahead, width = values * h->P;
    const long long W = h->W, F = features(n), middle = h->outcome == RONDO__RISING ? h->P / 2 : 0;
    rondo__c_inner inner;
    char to[48], from[64];
    put_handover(file, b);
    rondo__c_put(
        file, "    for (i = 0; i < %lld; i++)\n        m->told[i] = m->window[(%lld + i / %lld) * %lld + i %% %lld];\n",
        values, W - h->patch, (long long)h->n, F, (long long)h->n);
    rondo__c_put(file, "    for (t = 0; t < %lld; t++) {\n        float *out = y + t * %lld;\n",
                 (long long)(h->H / h->patch), width);
    if (h->ahead) {
        snprintf(to, sizeof to, "(m->told + %lld)", values);
        snprintf(from, sizeof from, "(ahead + t * %lld)", known);
        put_known(file, h->patch, from, to, "        ");
    }
    for (int c = 0; c < h->fixed; c++)
        rondo__c_put(file,
                     "        model_copy(m->told + %lld, m->fixed[%d] < 0 ? 0 : model_fixed%d + (size_t)m->fixed[%d] * "
                     "%lld, %lld);\n",
                     values + known + c * (long long)h->fixed_width, c, c, c, (long long)h->fixed_width,
                     (long long)h->fixed_width);
    rondo__c_inner_of(b, &inner);
    const rondo__c_outer outer = rondo__c_enter(file, &inner);
    rondo__c_put_row(file, 0, inner.network.count, "m->told", "m->decoded", "        ");
    rondo__c_leave(file, outer);
    rondo__c_put(
        file, "        model_copy(out, %s, %lld);\n        model_product(out, m->decoded, &model_head, %lld, %lld);\n",
        b->bias ? "model_head_bias" : "0", width, width, (long long)decoded_width(n));
    rondo__c_put(file,
                 "        for (i = 0; i < %lld; i++)\n            m->told[i] = out[i * MODEL_VALUES + %lld];\n    }\n",
                 values, middle);
}

static void put_own_past(rondo__c_file *file) {
    const rondo__horizon *h = horizon(file);
    if (place_of(file->network, RONDO__OWN_PAST) < 0)
        return;
    rondo__c_put(file,
                 "    for (i = 0; i < MODEL_HORIZON * MODEL_TOLD; i++) {\n"
                 "        const float *w = model_own_weight + (size_t)(i / MODEL_TOLD) * MODEL_STEPS;\n"
                 "        double sum = (double)model_own_bias[i / MODEL_TOLD];\n"
                 "        for (t = 0; t < MODEL_STEPS; t++)\n"
                 "            sum += (double)w[t] * (double)m->window[(size_t)t * %lld + (size_t)(i %% MODEL_TOLD)];\n",
                 (long long)features(file->network));
    rondo__c_put(file, "        for (t = 0; t < %s; t++)\n            y[i * MODEL_VALUES + t] += (float)sum;\n    }\n",
                 h->outcome <= RONDO__RISING ? "MODEL_VALUES" : "1");
}

static void put_outcome(rondo__c_file *file) {
    rondo__c_put(file, "    for (i = 0; i < MODEL_HORIZON * MODEL_TOLD; i++)\n"
                       "        model_outcome(m, i, y + i * MODEL_VALUES);\n}\n");
}

static void put_forecast(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const rondo__network_block *decode = rondo__network_find(n, RONDO__DECODE);
    rondo__c_put(file, "\nvoid model_forecast(");
    put_arguments(file, true);
    rondo__c_put(file, " {\n    const int T = %lld;\n", (long long)(n->horizon.W / n->horizon.patch));
    if (both_ways(n))
        rondo__c_put(file, "    float *p = m->rows[0], *q = m->rows[1];\n");
    rondo__c_put(file, "    int t, i;\n");
    put_begin(file);
    rondo__c_put(file,
                 "    model_measure_all(m, x, MODEL_STEPS);\n    for (t = 0; t < MODEL_STEPS; t++)\n"
                 "        model_features(m, x + (size_t)t * MODEL_INPUT, m->window + (size_t)t * %lld);\n",
                 (long long)features(n));
    put_rows(file);
    if (decode)
        put_decoder(file, decode);
    else
        put_head(file);
    put_own_past(file);
    put_outcome(file);
}

static void put_steps(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const rondo__horizon *h = &n->horizon;
    rondo__c_put(file, "\nvoid model_init(");
    put_arguments(file, false);
    rondo__c_put(file, " {\n    int i;\n");
    put_begin(file);
    rondo__c_put(
        file, "    for (i = 0; i < MODEL_PAST; i++) {\n        m->shift[i] = 0;\n        m->size[i] = 1;\n    }\n}\n");
    rondo__c_put(file, "%s",
                 h->measured ? "void model_measure(model_state *m, const float *x, int T) {\n    "
                               "model_measure_all(m, x, T);\n}\n"
                             : "");
    rondo__c_put(file, "void model_step(model_state *m, const float *x, float *y) {\n    int i;\n"
                       "    model_features(m, x, m->window);\n");
    rondo__c_put_row(file, 1, n->count - 1, "m->window", "y", "    ");
    put_outcome(file);
}

void rondo__c_put_forecast(rondo__c_file *file) {
    put_parts(file);
    if (horizon(file)->W > 0)
        put_forecast(file);
    else
        put_steps(file);
}
