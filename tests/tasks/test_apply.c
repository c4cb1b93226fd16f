/* A model on arrays (rondo_model_apply): shapes, one sequence beside another, arguments, failing memory.
 * Needs: JANSSON YAML. */
#include "tiny.h"

typedef struct rig {
    tiny t;
    char path[400];
    rondo_context *context;
    rondo_model *model;
} rig;

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static void rig_open(rig *r) {
    rondo_error err = {0};
    r->t = tiny_make("apply", (const char *const[]){"train.max_steps=3", "train.evaluate_every=3", NULL});
    tiny_run(&r->t);
    snprintf(r->path, sizeof r->path, "%s/model.safetensors", r->t.folder);
    must(rondo_context_create(&r->context, &(rondo_context_options){.threads = 2}, &err), &err);
    must(rondo_model_open(&r->model, r->context, r->path, &err), &err);
}

static void rig_close(rig *r) {
    rondo_model_close(&r->model);
    rondo_context_destroy(&r->context);
    tiny_clean(&r->t);
}

static void batches(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    rig_open(&r);
    int64_t ids[6] = {1, 3, 2, 0, 4, 1}; /* (3, 2) */
    const rondo_tensor both = {RONDO_I64, 2, {3, 2}, ids};
    rondo_tensor y, alone;
    must(rondo_model_apply(r.model, &both, &y, &err), &err);
    assert_int_equal(y.rank, 3);
    assert_int_equal(y.dims[0], 3);
    assert_int_equal(y.dims[1], 2);
    const int64_t width = y.dims[2];
    for (int b = 0; b < 2; b++) {
        int32_t mine[3] = {(int32_t)ids[b], (int32_t)ids[2 + b], (int32_t)ids[4 + b]};
        const rondo_tensor x = {RONDO_I32, 1, {3}, mine};
        must(rondo_model_apply(r.model, &x, &alone, &err), &err);
        assert_int_equal(alone.rank, 2);
        for (int t = 0; t < 3; t++)
            assert_memory_equal((float *)alone.data + t * width, (float *)y.data + (t * 2 + b) * width,
                                (size_t)width * sizeof(float));
        rondo_model_apply_free(&alone);
    }
    rondo_model_apply_free(&y);
    assert_null(y.data);
    rig_close(&r);
}

static void refusals(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    rondo_tensor y;
    rig_open(&r);
    int64_t ids[4] = {1, 2, 3, 4000};
    float numbers[4] = {0};
    const rondo_tensor none = {RONDO_I64, 1, {0}, ids}, large = {RONDO_I64, 1, {4}, ids},
                       floats = {RONDO_F32, 1, {4}, numbers}, deep = {RONDO_I64, 3, {1, 2, 2}, ids},
                       fine = {RONDO_I64, 1, {3}, ids};
    assert_int_equal(rondo_model_apply(r.model, &none, &y, &err), RONDO_SHAPE);
    assert_int_equal(rondo_model_apply(r.model, &large, &y, &err), RONDO_ARGUMENT);
    assert_non_null(strstr(err.message, "x holds 4000"));
    assert_int_equal(rondo_model_apply(r.model, &floats, &y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_apply(r.model, &deep, &y, &err), RONDO_SHAPE);
    assert_int_equal(rondo_model_apply(NULL, &fine, &y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_apply(r.model, NULL, &y, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_model_apply(r.model, &fine, NULL, &err), RONDO_ARGUMENT);
    assert_null(y.data);
    rondo_model_apply_free(NULL);
    rig_close(&r);
}

static int apply(void *arg) {
    int64_t ids[3] = {1, 2, 3};
    const rondo_tensor x = {RONDO_I64, 1, {3}, ids};
    rondo_tensor y;
    rondo_status status = rondo_model_apply(arg, &x, &y, NULL);
    rondo_model_apply_free(&y);
    return (int)status;
}

static void no_memory(void **state) {
    (void)state;
    rig r;
    rig_open(&r);
    test_every_failure(apply, r.model);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(batches), cmocka_unit_test(refusals),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
