/* A model's network one step at a time: the bits of rondo_model_apply for every kind of network, sequences side by
 * side, no allocation in a step, refusals, failing memory. And what else a binding asks of a model: vocabulary,
 * parameters. Needs: JANSSON YAML. */
#include "tiny_sounds.h"

enum { T = 7, MOST = 64 };

typedef struct rig {
    tiny t;
    rondo_context *context;
    rondo_model *model;
} rig;

static rig rig_of(const char *const *sets, bool classifier) {
    rig r = {0};
    if (classifier)
        tiny_sounds_files();
    r.t = classifier ? tiny_sounds_make("stream", "texts", sets) : tiny_make("stream", sets);
    tiny_run(&r.t);
    r.context = tiny_context(2);
    r.model = tiny_open(&r.t, r.context);
    return r;
}

static void rig_close(rig *r) {
    rondo_model_close(&r->model);
    rondo_context_destroy(&r->context);
    tiny_clean(&r->t);
}

/* What the whole of the first n symbols gives at its last step. */
static void whole(rig *r, int64_t n, const int32_t *symbols, float *last, int64_t width) {
    rondo_error err = {0};
    rondo_tensor y;
    const rondo_tensor x = rondo_tensor_view(RONDO_I32, (void *)(uintptr_t)symbols, 1, &n);
    if (rondo_model_apply(r->model, &x, &y, &err))
        fail_msg("%s", err.message);
    assert_int_equal(y.dims[y.rank - 1], width);
    memcpy(last, (float *)y.data + rondo_tensor_count(&y) - width, (size_t)width * sizeof *last);
    rondo_model_apply_free(&y);
}

/* Two sequences side by side; each step as the whole so far. */
static void same_bits(rig *r) {
    static const int32_t symbols[2][T] = {{1, 3, 2, 0, 4, 1, 1}, {2, 2, 0, 5, 1, 3, 0}};
    rondo_model_stream *s;
    rondo_error err = {0};
    float y[2 * MOST], wanted[MOST];
    if (rondo_model_stream_open(&s, r->model, 2, &err))
        fail_msg("%s", err.message);
    const rondo_model_stream_sizes sizes = rondo_model_stream_get_sizes(s);
    assert_int_equal(sizes.batch, 2);
    assert_true(sizes.symbols > 5 && sizes.in == 0 && sizes.out > 0 && sizes.out <= MOST);
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t t = 0; t < T; t++) {
            const int32_t now[2] = {symbols[0][t], symbols[1][t]};
            const uint64_t before = rondo__alloc_count();
            assert_int_equal(rondo_model_stream_step(s, now, NULL, y, &err), RONDO_OK);
            assert_int_equal(rondo__alloc_count(), before);
            for (int b = 0; b < 2; b++) {
                whole(r, t + 1, symbols[b], wanted, sizes.out);
                assert_memory_equal(y + b * sizes.out, wanted, (size_t)sizes.out * sizeof *y);
            }
        }
        rondo_model_stream_reset(s);
    }
    rondo_model_stream_close(&s);
    assert_null(s);
}

static void every_network(void **state) {
    (void)state;
    static const char *const sets[][5] = {
        {"train.max_steps=3"},
        {"train.max_steps=3", "model.cell=gru", "model.layers=1"},
        {"train.max_steps=3", "model.cell=jordan", "model.layers=1"},
        {"train.max_steps=3", "model.cell=jordan", "model.teacher_forcing=true", "model.decay=0.5"},
        {"train.max_steps=3", "model.cell=jordan", "model.teacher_forcing=true", "model.feedback=embedding"},
        {"train.max_steps=3", "model.tie_weights=true", "model.embedding_size=7"},
        {"train.max_steps=3", "model.pooling=last"},
        {"train.max_steps=3", "model.pooling=mean"},
        {"train.max_steps=3", "model.pooling=max", "model.cell=elman"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        rig r = rig_of(sets[i], i >= 6);
        same_bits(&r);
        rig_close(&r);
    }
}

/* A classifier of series reads vectors. */
static void vectors(void **state) {
    (void)state;
    tiny_sounds_files();
    rig r = {.t = tiny_sounds_make("stream", "series",
                                   (const char *const[]){"train.max_steps=3", "model.pooling=mean", NULL})};
    rondo_error err = {0};
    rondo_model_stream *s;
    rondo_tensor y;
    tiny_run(&r.t);
    r.context = tiny_context(1);
    r.model = tiny_open(&r.t, r.context);
    float x[3][2] = {{1, 2}, {-1, 0.5f}, {0.25f, 3}}, out[TINY_LABELS];
    const int32_t symbols[1] = {0};
    assert_int_equal(rondo_model_stream_open(&s, r.model, 0, &err), RONDO_OK);
    assert_int_equal(rondo_model_stream_get_sizes(s).in, 2);
    assert_int_equal(rondo_model_stream_step(s, symbols, NULL, out, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "reads vectors"));
    for (int64_t t = 0; t < 3; t++) {
        const rondo_tensor so_far = rondo_tensor_view(RONDO_F32, x, 2, (const int64_t[]){t + 1, 2});
        assert_int_equal(rondo_model_apply(r.model, &so_far, &y, &err), RONDO_OK);
        assert_int_equal(rondo_model_stream_step(s, NULL, x[t], out, &err), RONDO_OK);
        assert_memory_equal(out, y.data, sizeof out);
        rondo_model_apply_free(&y);
    }
    rondo_model_stream_close(&s);
    rig_close(&r);
}

static void refusals(void **state) {
    (void)state;
    rondo_error err = {0};
    rondo_model_stream *s;
    rig r = rig_of((const char *const[]){"train.max_steps=3", "model.pooling=attention", NULL}, true);
    assert_int_equal(rondo_model_stream_open(&s, r.model, 1, &err), RONDO_UNSUPPORTED);
    assert_non_null(strstr(err.message, "whole sequence"));
    assert_null(s);
    rig_close(&r);
    r = rig_of((const char *const[]){"train.max_steps=3", NULL}, false);
    assert_int_equal(rondo_model_stream_open(NULL, r.model, 1, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_open(&s, NULL, 1, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_open(&s, r.model, -1, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_open(&s, r.model, (int64_t)1 << 40, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_open(&s, r.model, 1, &err), RONDO_OK);
    float y[MOST] = {0}, x[1] = {0};
    const int32_t low[1] = {-1}, high[1] = {MOST}, fine[1] = {1};
    assert_int_equal(rondo_model_stream_step(NULL, fine, NULL, y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_step(s, fine, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_step(s, NULL, NULL, y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_step(s, fine, x, y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_step(s, low, NULL, y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_stream_step(s, high, NULL, y, NULL), RONDO_ARGUMENT);
    rondo_model_stream_close(&s);
    rondo_model_stream_close(&s);
    rondo_model_stream_close(NULL);
    rondo_model_stream_reset(NULL);
    assert_int_equal(rondo_model_stream_get_sizes(NULL).batch, 0);
    rig_close(&r);
}

static int open_and_step(void *arg) {
    rondo_model_stream *s;
    const int32_t symbols[2] = {1, 2};
    float y[2 * MOST];
    rondo_status status = rondo_model_stream_open(&s, arg, 2, NULL);
    if (!status)
        status = rondo_model_stream_step(s, symbols, NULL, y, NULL);
    rondo_model_stream_close(&s);
    return (int)status;
}

static void no_memory(void **state) {
    (void)state;
    rig r = rig_of((const char *const[]){"train.max_steps=3", NULL}, false);
    test_every_failure(open_and_step, r.model);
    rig_close(&r);
    r = rig_of((const char *const[]){"train.max_steps=3", "model.pooling=mean", NULL}, true);
    test_every_failure(open_and_step, r.model);
    rig_close(&r);
}

static void parts_of_a_model(void **state) {
    (void)state;
    rig r = rig_of((const char *const[]){"train.max_steps=3", NULL}, false);
    rondo__alloc_fail_at(1);
    assert_null(rondo_model_vocabulary(r.model));
    rondo__alloc_fail_at(0);
    const char *vocabulary = rondo_model_vocabulary(r.model);
    assert_non_null(vocabulary);
    assert_non_null(strstr(vocabulary, "\"type\": \"char\""));
    assert_ptr_equal(vocabulary, rondo_model_vocabulary(r.model));
    assert_null(rondo_model_vocabulary(NULL));
    const int count = rondo_model_tensors(r.model);
    int64_t total = 0;
    assert_true(count > 3);
    for (int i = 0; i < count; i++) {
        assert_non_null(strstr(rondo_model_info(r.model), rondo_model_tensor_name(r.model, i)));
        assert_non_null(rondo_model_tensor(r.model, i)->data);
        total += rondo_tensor_count(rondo_model_tensor(r.model, i));
    }
    char parameters[64];
    snprintf(parameters, sizeof parameters, "\"parameters\": %lld,", (long long)total);
    assert_non_null(strstr(rondo_model_info(r.model), parameters));
    assert_null(rondo_model_tensor(r.model, -1));
    assert_null(rondo_model_tensor(r.model, count));
    assert_null(rondo_model_tensor_name(r.model, count));
    assert_null(rondo_model_tensor(NULL, 0));
    assert_int_equal(rondo_model_tensors(NULL), 0);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_network), cmocka_unit_test(vectors),
                                       cmocka_unit_test(refusals), cmocka_unit_test(no_memory),
                                       cmocka_unit_test(parts_of_a_model)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
