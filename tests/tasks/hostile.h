/* An honest model file, and copies of it that someone has tampered with. */
#ifndef TESTS_TASKS_HOSTILE_H
#define TESTS_TASKS_HOSTILE_H

#include <stdlib.h>
#include <sys/resource.h>

#include "formats/safetensors.h"
#include "tiny.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MOST_TENSORS 64

static tiny run;
static rondo_context *context;
static rondo__safetensors *file; /* the honest model */

static inline int tensors(rondo__named *out) {
    const int count = rondo__safetensors_count(file);
    for (int i = 0; i < count; i++)
        out[i] = *rondo__safetensors_at(file, i);
    return count;
}

static inline const char *write_model(int count, const rondo__named *list, const char *json) {
    const char *path = test_path("bad.safetensors");
    const rondo__pair pair = {"rondo", json};
    rondo_error err = {0};
    if (rondo__safetensors_write(path, count, list, 1, &pair, &err))
        fail_msg("%s", err.message);
    return path;
}

/* The honest description with its first `from` made `to`. */
static inline rondo__text edited(const char *from, const char *to) {
    const char *json = rondo__safetensors_metadata(file, "rondo"), *at = strstr(json, from);
    rondo__text text = {0};
    if (!at)
        fail_msg("'%s' is not in the description of the model", from);
    rondo__text_add(&text, json, (size_t)(at - json));
    rondo__text_add(&text, to, strlen(to));
    rondo__text_add(&text, at + strlen(from), strlen(at + strlen(from)));
    assert_false(text.failed);
    return text;
}

/* At most 64 MiB more than now, so that memory taken by a claimed size is refused (and shows as RONDO_MEMORY). */
static inline struct rlimit limit_memory(void) {
    struct rlimit before, now;
    long pages = 0;
    getrlimit(RLIMIT_AS, &before);
    FILE *statm = fopen("/proc/self/statm", "r");
    if (SANITIZED || !statm || fscanf(statm, "%ld", &pages) != 1)
        pages = 0;
    if (statm)
        fclose(statm);
    now = before;
    if (pages)
        now.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)64 << 20);
    setrlimit(RLIMIT_AS, &now);
    return before;
}

static inline void refused(const char *path, const char *said) {
    rondo_error err = {0};
    rondo_model *model;
    const int64_t live = rondo__alloc_live();
    const struct rlimit before = limit_memory();
    const rondo_status status = rondo_model_open(&model, context, path, &err);
    setrlimit(RLIMIT_AS, &before);
    if (!status || status == RONDO_MEMORY || model || strncmp(err.message, path, strlen(path)) != 0 ||
        !strstr(err.message, said) || strchr(err.message, '\n'))
        fail_msg("%s: '%s', not '%s'", rondo_status_name(status), status ? err.message : "opened", said);
    assert_int_equal(rondo__alloc_live(), live);
}

static inline void edit_refused(const char *from, const char *to, const char *said) {
    rondo__named list[MOST_TENSORS];
    rondo__text json = edited(from, to);
    refused(write_model(tensors(list), list, json.data), said);
    rondo__text_free(&json);
}

/* Each tensor missing, and one row short; one too many. */
static inline void wrong_tensors_refused(void) {
    rondo__named list[MOST_TENSORS];
    const char *json = rondo__safetensors_metadata(file, "rondo");
    const int count = tensors(list);
    for (int i = 0; i < count; i++) {
        const rondo__named whole = list[i];
        list[i] = list[count - 1];
        refused(write_model(count - 1, list, json), whole.name);
        list[i] = whole;
        list[i].tensor.dims[0]--;
        refused(write_model(count, list, json), whole.name);
        list[i] = whole;
    }
    list[count] = list[0];
    list[count].name = "one.more";
    refused(write_model(count + 1, list, json), "one.more");
}

/* Of a run that has been made: opens its model as `file`. */
static inline int hostile_open(void) {
    char path[400];
    tiny_run(&run);
    snprintf(path, sizeof path, "%s/model.safetensors", run.folder);
    return rondo_context_create(&context, &(rondo_context_options){.threads = 1}, NULL) ||
           rondo__safetensors_read(&file, path, NULL);
}

static inline int hostile_close(void) {
    rondo__safetensors_free(&file);
    rondo_context_destroy(&context);
    tiny_clean(&run);
    return 0;
}

#endif
