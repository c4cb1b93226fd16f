/* The networks that exporters see say what the models say, and so do their ONNX files: forecasts of every kind, taggers
 * that spell and follow paths, language models; no task but translation is refused. Needs: JANSSON YAML. */
#include "deploy_onnx.h"
#include "exchange/network.h"
#include "tasks/forecast.h"
#include "tasks/language_model_step.h"
#include "tasks/model.h"
#include "tasks/tag.h"
#include "tiny_series.h"
#include "tiny_tags.h"

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static rondo__network *network_of(rondo_model *model) {
    rondo_error err = {0};
    rondo__network *network = test_calloc(1, sizeof *network);
    must(model->task->class->network(model->task, network, &err), &err);
    return network;
}

static void near(double is, double should, const char *what, int kind) {
    if (!(fabs(is - should) <= 2e-5 * (1 + fabs(should))))
        fail_msg("%s of kind %d: %.9g, not %.9g", what, kind, is, should);
}

/* ---- forecasts ---- */

typedef struct rig {
    rondo__forecast *f;
    rondo__network *network;
    rondo_context *context;
    rondo_tape *tape;
    rondo__forecast_batch batch;
    int kind;
} rig;

/* Feature c of step k for row b as the network of an exporter wants it. */
static real feature(const rig *r, const rondo__seen *s, int64_t k, int64_t b, int64_t c) {
    const rondo__forecast *f = r->f;
    const int64_t past = f->n + f->covariates, row = b % (f->N / f->n);
    const int64_t ahead = f->recursive && c >= past ? k + 1 : k;
    if (c >= past + f->future)
        return s->calendar[ahead * 2 * f->calendars + c - past - f->future];
    const int64_t column = f->n == f->N ? c : c == 0 ? row : c - 1 + f->N;
    const real z = s->z[ahead * f->columns + column];
    return r->network->horizon.center ? (real)((double)z * f->facts.scale[column] + f->facts.center[column]) : z;
}

/* What the tape says of value `at`, in the unit of x. */
static void expected(const rig *r, const real *raw, int64_t at, int64_t h, int64_t column, double *out) {
    const rondo__forecast *f = r->f;
    rondo__frame frame = rondo__frame_of(f, &r->batch, at, h, column);
    if (f->recursive && !r->network->horizon.center)
        frame = (rondo__frame){0, 1};
    else if (!r->network->horizon.center) { /* standardised */
        frame.shift =
            (frame.shift - f->facts.center[column] * (f->cumulative ? (double)h : 1)) / f->facts.scale[column];
        frame.scale /= f->facts.scale[column];
    }
    if (!rondo__is_distribution(f)) {
        for (int64_t i = 0; i < f->P; i++)
            out[i] = frame.shift + frame.scale * (double)raw[i];
        rondo__sort_doubles(f->P, out);
        return;
    }
    const rondo_predicted p = rondo_predicted_from(rondo__distribution_of(f), raw, frame.shift, frame.scale);
    const bool student = rondo__distribution_of(f) == RONDO_STUDENT_T;
    out[0] = p.mean;
    out[1] = rondo__distribution_of(f) == RONDO_NEGATIVE_BINOMIAL ? p.shape : p.spread;
    if (student)
        out[2] = p.shape;
}

static void compare_row(const rig *r, const real *raw, int64_t b) {
    const rondo__forecast *f = r->f;
    const rondo__network *n = r->network;
    const rondo__seen *s = &r->batch.set->series[r->batch.window[b / (f->N / f->n)].series];
    const int64_t origin = r->batch.window[b / (f->N / f->n)].origin, T = f->recursive ? f->T : f->W;
    const int64_t in = n->block[0].in;
    real *x = test_calloc((size_t)(T * in), sizeof *x), *ahead = test_calloc((size_t)(f->H * f->K + 1), sizeof *ahead);
    real *out = test_calloc((size_t)(T * rondo__network_output(n)), sizeof *out);
    int32_t fixed[8] = {0};
    rondo_error err = {0};
    double want[RONDO__QUANTILES];
    for (int64_t i = 0; i < T * in; i++)
        x[i] = feature(r, s, origin - f->W + i / in, b, i % in);
    for (int64_t i = 0; f->recursive && !n->horizon.center && i < T * in; i++) /* the norm is the caller's */
        x[i] = isnan(x[i]) ? x[i] : r->batch.x[(i / in * r->batch.B + b) * f->F + i % in];
    for (int64_t i = 0; i < f->H * n->horizon.ahead; i++)
        ahead[i] = feature(r, s, origin + i / n->horizon.ahead, b, n->horizon.past + i % n->horizon.ahead);
    for (int64_t c = 0; c < f->fixed_columns; c++)
        fixed[c] = s->fixed[c];
    const rondo__network_input input = {.T = T, .x = x, .ahead = ahead, .fixed = fixed};
    must(rondo__network_run_on(n, r->context, &input, out, NULL, &err), &err);
    onnx_check(&(onnx_case){n, r->context, &input, out, NULL, "forecast", r->kind});
    for (int64_t i = 0; i < f->H * f->n; i++) {
        const int64_t h = i / f->n, j = i % f->n, at = rondo__value_at(f, r->batch.B, b, h, j);
        const real *got = f->recursive ? out + ((f->W - 1 + h) * f->n + j) * f->P : out + i * f->P;
        expected(r, raw + at * f->P, at, h + 1, rondo__target_of(f, b, j), want);
        for (int64_t p = 0; p < f->P; p++)
            near((double)got[p], want[p], "a value", r->kind);
    }
    test_free(x);
    test_free(ahead);
    test_free(out);
}

static void compare_forecasts(rig *r, const char *path) {
    rondo__forecast *f = r->f;
    rondo__seen_set set = {0};
    const rondo__window windows[2] = {{0, 40}, {1, 61}};
    rondo_error err = {0};
    must(rondo__forecast_open(f, &set, path, 0, &err), &err);
    must(rondo__batch_make(f, &r->batch, 2, &err), &err);
    rondo__batch_fill(f, &r->batch, &set, 2, windows);
    must(rondo_tape_create(&r->tape, r->context, &err), &err);
    rondo_tape_begin(r->tape, NULL);
    const rondo_var *raw = rondo__forecast_outputs(f, r->tape, &r->batch);
    must(rondo_tape_status(r->tape, &err), &err);
    for (int64_t b = 0; b < r->batch.B; b++)
        compare_row(r, raw->value.data, b);
    rondo_tape_destroy(&r->tape);
    rondo__batch_free(&r->batch);
    rondo__seen_free(&set);
}

/* missing: some cells are empty, so that there are masks. */
static void check_forecast(int kind, bool missing, rondo_context *context) {
    tiny t =
        tiny_series_kind("deploy", kind, (const char *const[]){"train.max_steps=1", "train.evaluate_every=1", NULL});
    series_write("series.csv", &(series_plan){.missing = missing});
    tiny_run(&t);
    rondo_model *model = series_open(&t, context);
    rig r = {.f = (rondo__forecast *)model->task, .network = network_of(model), .context = context, .kind = kind};
    compare_forecasts(&r, test_path("series.csv"));
    test_free(r.network);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void forecasts(void **state) {
    for (int kind = 0; kind < SERIES_KINDS; kind++)
        check_forecast(kind, false, *state);
}

static void forecasts_with_gaps(void **state) {
    static const int some[] = {0, 1, 2, 6, 8, 9, 11};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        check_forecast(some[i], true, *state);
}

/* ---- taggers ---- */

static const char *const words[] = {"kas", "mied", "xs", "soly", "rus", "teed", "nos", "kas", "waly", "unheardofly"};
enum { WORDS = 10 };

static void check_tagger(int kind, rondo_context *context) {
    const char *sets[TINY_TAG_SETS + 3] = {NULL};
    int count = 0;
    for (; count < TINY_TAG_SETS && tiny_tag_kinds[kind][count]; count++)
        sets[count] = tiny_tag_kinds[kind][count];
    sets[count++] = "train.max_steps=2";
    sets[count++] = "train.evaluate_every=2";
    tiny t = tiny_tags_make("deploy", sets);
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    const rondo__tag *tag = (const rondo__tag *)model->task;
    rondo__network *n = network_of(model);
    rondo_error err = {0};
    rondo_tagging tagging;
    must(rondo_model_tag(model, 1, &(rondo_sentence){WORDS, words}, &(rondo_tag_options){.probabilities = true},
                         &tagging, &err),
         &err);
    int32_t symbols[WORDS], letters[WORDS][RONDO__MOST_LETTERS], labels[WORDS];
    rondo__text scratch = {0};
    memset(letters, 0xff, sizeof letters);
    for (int i = 0; i < WORDS; i++) {
        symbols[i] = rondo__tag_word(&tag->vocabulary, words[i], &scratch);
        rondo__tag_spell(&tag->vocabulary, words[i], letters[i]);
    }
    rondo__text_free(&scratch);
    real *scores = test_calloc((size_t)(WORDS * tag->K), sizeof *scores);
    const rondo__network_input input = {
        .T = WORDS, .symbols = symbols, .C = RONDO__MOST_LETTERS, .characters = letters[0]};
    must(rondo__network_run_on(n, context, &input, scores, labels, &err), &err);
    onnx_check(&(onnx_case){n, context, &input, scores, labels, "tagger", kind});
    for (int i = 0; i < WORDS; i++) {
        const real *row = scores + i * tag->K;
        double sum = 0;
        if (rondo__network_find(n, RONDO__BEST_PATH))
            assert_int_equal(labels[i], tagging.number[i]);
        for (int64_t k = 0; k < tag->K; k++)
            sum += exp((double)(row[k] - row[tagging.number[i]]));
        if (!tag->crf)
            near(1 / sum, tagging.probability[i], "a probability", kind);
    }
    test_free(scores);
    test_free(n);
    rondo_tagging_free(&tagging);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void taggers(void **state) {
    for (int kind = 0; kind < TINY_TAG_KINDS; kind++)
        check_tagger(kind, *state);
}

/* ---- language models ---- */

/* What a language model is told symbol by symbol, as where it generates. */
static void says_the_same(rondo_context *context, const char *const *sets, int kind) {
    enum { T = 5 };
    tiny t = tiny_make("deploy", sets);
    tiny_run(&t);
    rondo_model *model = tiny_open(&t, context);
    rondo__lm *lm = (rondo__lm *)model->task;
    rondo__network *n = network_of(model);
    rondo__lm_step step;
    rondo_error err = {0};
    const int32_t symbols[T] = {1, 3, 0, 3, 2};
    real *out = test_calloc((size_t)(T * lm->V), sizeof *out);
    const real *want;
    must(rondo__network_run(n, context, T, symbols, NULL, out, &err), &err);
    onnx_check(&(onnx_case){n, context, &(rondo__network_input){.T = T, .symbols = symbols}, out, NULL, "model", kind});
    must(rondo__lm_step_open(&step, lm, "test", &err), &err);
    for (int i = 0; i < T; i++) {
        if (i > 0)
            must(rondo__lm_step_teach(&step, symbols[i]), &err);
        rondo__lm_step_feed(&step, symbols[i]);
        must(rondo__lm_step_score(&step, &want, &err), &err);
        for (int64_t v = 0; v < lm->V; v++)
            near((double)out[i * lm->V + v], (double)want[v], "what is said", kind);
    }
    rondo__lm_step_close(&step);
    test_free(out);
    test_free(n);
    rondo_model_close(&model);
    tiny_clean(&t);
}

static void language_models(void **state) {
#define SHORT "train.max_steps=2", "train.evaluate_every=2", NULL
    static const char *const sets[][8] = {
        {"model.output=adaptive_softmax", "model.cutoffs=[4]", SHORT},
        {"model.cell=jordan", SHORT},
        {"model.cell=jordan", "model.feedback=embedding", SHORT},
        {"model.cell=jordan", "model.teacher_forcing=true", "model.decay=0.4", SHORT},
        {"model.cell=jordan", "model.teacher_forcing=true", "model.feedback=embedding", "model.layers=2", SHORT}};
    for (int kind = 0; kind < (int)(sizeof sets / sizeof *sets); kind++)
        says_the_same(*state, sets[kind], kind);
}

/* ---- failing memory ---- */

typedef struct attempt {
    const rondo__network *network;
    rondo_context *context;
    rondo__network_input input;
} attempt;
static int run_once(void *arg) {
    const attempt *a = arg;
    real out[256];
    int32_t labels[4];
    return (int)rondo__network_run_on(a->network, a->context, &a->input, out, labels, NULL);
}

static void out_of_memory(void **state) {
    static const real x[12 * 16], ahead[6 * 16];
    static const int32_t fixed[4], symbols[4] = {0, 1, 0, 1},
                                   letters[4 * 3] = {1, 0, -1, -1, -1, -1, 1, 1, 0, 0, -1, -1};
    for (int i = 0; i < 2; i++) {
        const char *sets[] = {"model.crf=true", "train.max_steps=1", "train.evaluate_every=1", NULL};
        tiny t = i ? tiny_series_kind("deploy", 6, sets + 1) : tiny_tags_make("deploy", sets);
        tiny_run(&t);
        rondo_model *model = tiny_open(&t, *state);
        attempt a = {network_of(model), *state, {12, NULL, x, 0, NULL, fixed, ahead}};
        if (i == 0)
            a.input = (rondo__network_input){.T = 4, .symbols = symbols, .C = 3, .characters = letters};
        test_every_failure(run_once, &a);
        test_free((void *)(uintptr_t)a.network);
        rondo_model_close(&model);
        tiny_clean(&t);
    }
}

static int open_context(void **state) {
    *state = tiny_context(1);
    return 0;
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forecasts), cmocka_unit_test(forecasts_with_gaps),
                                       cmocka_unit_test(taggers), cmocka_unit_test(language_models),
                                       cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
