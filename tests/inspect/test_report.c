/* The report of rondo inspect --html: what its data hold, hostile texts, sizes, being stopped, failing memory.
 * Needs: JANSSON YAML. */
#include "formats/json_tree.h"
#include "inspect/report.h"
#include "tasks/tiny.h"

typedef struct rig {
    tiny t;
    rondo_context *context;
    rondo_model *model;
    rondo_inspection *inspection;
} rig;

#define HOSTILE "</script><script>alert(1)</script><!-- & \"the\" \\cat\\"

static void must(rondo_status status, const rondo_error *err) {
    if (status)
        fail_msg("%s", err->message);
}

static void rig_open(rig *r, const char *text) {
    rondo_error err = {0};
    char path[400];
    *r = (rig){.t = tiny_make("report", (const char *const[]){"train.max_steps=4", "train.evaluate_every=2", NULL})};
    tiny_run(&r->t);
    snprintf(path, sizeof path, "%s/model.safetensors", r->t.folder);
    must(rondo_context_create(&r->context, &(rondo_context_options){.threads = 1}, &err), &err);
    must(rondo_model_open(&r->model, r->context, path, &err), &err);
    must(rondo_inspection_open(&r->inspection, r->model, &(rondo_inspect_data){.text = text}, &err), &err);
}

static void rig_close(rig *r) {
    rondo_inspection_close(&r->inspection);
    rondo_model_close(&r->model);
    rondo_context_destroy(&r->context);
    tiny_clean(&r->t);
}

static rondo__json *parsed(const rondo__text *text) {
    rondo__json_error story;
    rondo__json *root = rondo__json_parse(text->data, text->size, true, &story);
    if (!root)
        fail_msg("line %d, column %d: %s", story.line, story.column, story.text);
    return root;
}

static const rondo__json *member(const rondo__json *value, const char *key) {
    const rondo__json *found = rondo__json_get(value, key);
    if (!found)
        fail_msg("no member '%s'", key);
    return found;
}

static void holds(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    rondo__text text = {0};
    rig_open(&r, HOSTILE);
    const rondo_report_options options = {
        .passages = 3, .steps = 9, .files = 2, .file = (const char *const[]){"some/where/<b>.txt", "\xff\n"}};
    must(rondo__report_json(r.inspection, &options, 1 << 20, &text, &err), &err);
    for (size_t i = 0; i < text.size; i++)
        assert_true(text.data[i] != '<' && text.data[i] != '>' && text.data[i] != '&');
    rondo__json *root = parsed(&text);
    assert_int_equal(member(root, "version")->whole, 1);
    assert_string_equal(member(member(root, "model"), "file")->text, "model.safetensors");
    assert_string_equal(member(member(member(root, "model"), "info"), "task")->text, "language_model");
    const rondo__json *files = member(member(root, "data"), "files");
    assert_string_equal(rondo__json_at(files, 0)->text, "<b>.txt");
    assert_string_equal(rondo__json_at(files, 1)->text, "??");
    const rondo__json *evaluations = member(root, "evaluations");
    assert_int_equal(evaluations->size, 2);
    assert_int_equal(member(rondo__json_at(evaluations, 1), "step")->whole, 4);
    assert_true(member(rondo__json_at(evaluations, 1), "valid_loss")->real > 0);
    assert_null(rondo__json_get(rondo__json_at(evaluations, 1), "checksum"));
    const rondo__json *passage = rondo__json_at(member(root, "passages"), 0);
    const rondo__json *states = rondo__json_at(member(passage, "views"), 0);
    assert_string_equal(member(states, "kind")->text, "states");
    const rondo__json *matrix = member(rondo__json_at(member(states, "panels"), 0), "matrix");
    assert_int_equal(member(matrix, "rows")->whole, 7);
    assert_int_equal(member(matrix, "columns")->whole, 9);
    assert_int_equal(member(matrix, "base64")->size, 84); /* 63 bytes */
    assert_true(member(root, "views")->type == RONDO__JSON_ARRAY);
    rondo__json_free(root);
    rondo__text_free(&text);
    rig_close(&r);
}

static void escaped(void **state) {
    (void)state;
    rondo__text text = {0};
    rondo__report_escape(&text, "", 0);
    rondo__report_escape(&text, "<", 1);
    rondo__report_escape(&text, "a</b>&&c", 8);
    assert_string_equal(text.data, "\\u003ca\\u003c/b\\u003e\\u0026\\u0026c");
    rondo__text_free(&text);
}

static void evaluations(void **state) {
    (void)state;
    static const char lines[] = "{\"step\": 1, \"loss\": 0.5, \"best\": true, \"name\": \"x\", \"big\": 1e300}\n"
                                "no object\n[1]\n{\"step\": 2, \"loss\": null}\n\n{\"step\": 3}\n{\"step\": 4, \"lo";
    rondo_error err = {0};
    rondo__text text = {0};
    must(rondo__report_evaluations(test_path("none"), &text, &err), &err);
    assert_string_equal(text.data, "[]");
    text.size = 0;
    must(rondo__report_evaluations(test_write("m.jsonl", lines, sizeof lines - 1), &text, &err), &err);
    assert_string_equal(text.data, "[{\"step\":1,\"loss\":0.5,\"big\":1e+300},{\"step\":2},{\"step\":3}]");
    text.size = 0;
    must(rondo__report_evaluations(test_write("m.jsonl", "", 0), &text, &err), &err);
    assert_string_equal(text.data, "[]");
    rondo__text many = {0};
    for (int i = 1; i <= 6001; i++)
        rondo__text_format(&many, "{\"step\": %d}\n", i);
    text.size = 0;
    must(rondo__report_evaluations(test_write("m.jsonl", many.data, many.size), &text, &err), &err);
    rondo__json *root = parsed(&text);
    assert_int_equal(root->size, 1501);
    assert_int_equal(member(rondo__json_at(root, 1500), "step")->whole, 6001); /* the last one is always among them */
    rondo__json_free(root);
    rondo__text_free(&many);
    rondo__text_free(&text);
}

/* The first passage is there whatever it takes, the others while they fit. */
static void sizes(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    rondo__text long_text = {0};
    for (int i = 0; i < 150; i++)
        rondo__text_format(&long_text, "the cat sees a dog\n");
    rig_open(&r, long_text.data);
    assert_true(rondo_inspection_passages(r.inspection) > 4);
    size_t one = 0, before = 0;
    for (size_t room = 0; room < 60000; room += 4000) {
        rondo__text text = {0};
        must(rondo__report_json(r.inspection, &(rondo_report_options){.passages = 4, .steps = 30}, room, &text, &err),
             &err);
        rondo__json *root = parsed(&text);
        const size_t count = member(root, "passages")->size;
        one = one ? one : text.size;
        assert_true(count >= 1 && count <= 4 && count >= before);
        assert_true(text.size < (room > one ? room : one) + 4096);
        before = count;
        rondo__json_free(root);
        rondo__text_free(&text);
    }
    rondo__text_free(&long_text);
    rig_close(&r);
}

static bool count_down(const char *part, void *arg) {
    int *left = arg;
    assert_true(part && *part);
    return (*left)-- > 0;
}

static void stopped(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    int left = 1 << 20, parts;
    rig_open(&r, "the cat");
    rondo__text text = {0};
    rondo_report_options options = {.passages = 2, .steps = 4, .progress = count_down, .progress_arg = &left};
    must(rondo__report_json(r.inspection, &options, 1 << 20, &text, &err), &err);
    rondo__text_free(&text);
    parts = (1 << 20) - left;
    assert_true(parts > 1);
    for (int i = 0; i < parts; i++) {
        left = i;
        assert_int_equal(rondo__report_json(r.inspection, &options, 1 << 20, &text, &err), RONDO_INTERRUPTED);
        rondo__text_free(&text);
    }
    rig_close(&r);
}

static void files(void **state) {
    (void)state;
    rig r;
    rondo_error err = {0};
    rig_open(&r, "the cat");
    assert_int_equal(rondo_report_write(NULL, "x.html", NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_report_write(r.inspection, NULL, NULL, &err), RONDO_ARGUMENT);
    assert_int_equal(rondo_report_write(r.inspection, "x.html", &(rondo_report_options){.steps = -1}, &err),
                     RONDO_ARGUMENT);
    const char *path = test_path("report.html");
    const rondo_status status = rondo_report_write(r.inspection, path, NULL, &err);
    if (rondo_report_absent()) {
        assert_int_equal(status, RONDO_UNSUPPORTED);
        assert_non_null(strstr(err.message, rondo_report_absent()));
        assert_int_equal(test_count_files("report.html"), 0);
    } else {
        char *data;
        size_t size;
        must(status, &err);
        must(rondo__file_read(path, 0, &data, &size, &err), &err);
        const rondo__report_page *page = rondo__report_page_get();
        assert_memory_equal(data, page->before, page->before_size);
        assert_memory_equal(data + size - page->after_size, page->after, page->after_size);
        assert_non_null(strstr(data, "Content-Security-Policy"));
        rondo__free(data);
        assert_int_equal(rondo_report_write(r.inspection, test_path("no/folder.html"), NULL, &err), RONDO_IO);
    }
    rig_close(&r);
}

/* Views have their own tests of every allocation; here every so many-th of the whole. */
static void no_memory(void **state) {
    (void)state;
    rig r;
    const rondo_report_options options = {.passages = 1, .steps = 4};
    rondo__text text = {0};
    rig_open(&r, "the cat");
    must(rondo__report_json(r.inspection, &options, 1 << 20, &text, NULL), &(rondo_error){0});
    rondo__text_free(&text);
    const int64_t live = rondo__alloc_live();
    const uint64_t before = rondo__alloc_count();
    must(rondo__report_json(r.inspection, &options, 1 << 20, &text, NULL), &(rondo_error){0});
    rondo__text_free(&text);
    const int64_t count = (int64_t)(rondo__alloc_count() - before);
    for (int64_t nth = 1; nth <= count; nth += 1 + count / 120) {
        rondo_error err = {0};
        rondo__alloc_fail_at(nth);
        const rondo_status status = rondo__report_json(r.inspection, &options, 1 << 20, &text, &err);
        rondo__alloc_fail_at(0);
        rondo__text_free(&text);
        if (status != RONDO_MEMORY || rondo__alloc_live() > live)
            fail_msg("allocation %lld of %lld failed: %s, %lld left over", (long long)nth, (long long)count,
                     rondo_status_name(status), (long long)(rondo__alloc_live() - live));
    }
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds),   cmocka_unit_test(escaped), cmocka_unit_test(evaluations), cmocka_unit_test(sizes),
        cmocka_unit_test(stopped), cmocka_unit_test(files),   cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
