/* The folder of a run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train/loop.h"
#include "train/verify.h"

static const char *join(const char *folder, const char *name, char out[RONDO__PATH]) {
    snprintf(out, RONDO__PATH, "%s/%s", folder, name);
    return out;
}

/* N of step-N.safetensors (of which size bytes are the name), -1: another file. */
static int64_t step_of(const char *name, size_t size) {
    char *end;
    if (strncmp(name, "step-", 5) != 0 || name[5] < '0' || name[5] > '9')
        return -1;
    const long long step = strtoll(name + 5, &end, 10);
    return size == (size_t)(end - name) + 12 && strncmp(end, ".safetensors", 12) == 0 ? step : -1;
}

static bool is_half_written(const char *name) {
    static const char *const files[] = {"model.safetensors", "last.safetensors", "metrics.jsonl", "recipe.yaml",
                                        "recipe.user.yaml"};
    const char *end = strstr(name, ".tmp-");
    if (end && step_of(name, (size_t)(end - name)) >= 0)
        return end[5] && end[5 + strspn(end + 5, "0123456789")] == '\0';
    for (size_t i = 0; end && i < sizeof files / sizeof files[0]; i++) {
        const size_t size = strlen(files[i]);
        if (size == (size_t)(end - name) && strncmp(name, files[i], size) == 0)
            return end[5] && end[5 + strspn(end + 5, "0123456789")] == '\0';
    }
    return false;
}

/* There, and nothing in it but what a run killed in the middle of writing its first file leaves. */
static bool is_bare(const char *folder) {
    DIR *list = opendir(folder);
    bool bare = list != NULL;
    for (const struct dirent *entry; bare && (entry = readdir(list));)
        bare = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_half_written(entry->d_name);
    if (list)
        closedir(list);
    return bare;
}

/* A run ended by force before its first checkpoint leaves an empty folder, or recipe.yaml and at most the line and the
 * model of its first evaluation: resuming it means beginning again. */
static bool is_barely_begun(const char *folder) {
    char path[RONDO__PATH], *data = NULL;
    size_t size = 0;
    if (!rondo__file_exists(join(folder, "recipe.yaml", path)))
        return is_bare(folder);
    if (!rondo__file_exists(join(folder, "metrics.jsonl", path)))
        return !rondo__file_exists(join(folder, "model.safetensors", path));
    if (rondo__file_read(path, 0, &data, &size, NULL))
        return false;
    const char *first = size ? memchr(data, '\n', size) : NULL;
    const bool barely = !first || (size_t)(first - data) + 1 == size;
    rondo__free(data);
    return barely;
}

static bool holds_run(const char *folder) {
    static const char *const names[] = {"model.safetensors", "last.safetensors", "metrics.jsonl"};
    char path[RONDO__PATH];
    bool holds = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        holds = holds || rondo__file_exists(join(folder, names[i], path));
    return holds;
}

static rondo_status check_files(const rondo_train_options *options, rondo_error *err) {
    char path[RONDO__PATH];
    if (options->resume) {
        if (rondo__file_exists(join(options->folder, "last.safetensors", path)) || is_barely_begun(options->folder))
            return RONDO_OK;
        join(options->folder, "last.safetensors", path);
        return rondo__fail(err, RONDO_NOT_FOUND, "%s: not there, so no run can go on (train without --resume first)",
                           path);
    }
    if (holds_run(options->folder))
        return rondo__fail(err, RONDO_STATE, "%s: already holds a run (use --resume to go on, or choose another --out)",
                           options->folder);
    return RONDO_OK;
}

static rondo_status lock_folder(const char *folder, int *lock, rondo_error *err) {
    if (rondo__folder_lock(lock, folder))
        return RONDO_OK;
    return rondo__fail(err, RONDO_STATE, "%s: another run is writing here (wait for it, or choose another --out)",
                       folder);
}

rondo_status rondo__folder_check(const rondo_train_options *options, rondo_error *err) {
    int lock = -1;
    if (!options->folder || !options->folder[0])
        return rondo__fail(err, RONDO_ARGUMENT, "train: no folder is given for the results");
    if (strlen(options->folder) > RONDO__PATH - 64)
        return rondo__fail(err, RONDO_ARGUMENT, "%.100s...: the folder's name is too long", options->folder);
    rondo_status status = lock_folder(options->folder, &lock, err);
    rondo__folder_unlock(&lock);
    return status ? status : check_files(options, err);
}

/* The lowest N and how many there are. */
static int64_t lowest_step(const char *folder, int64_t *count) {
    int64_t lowest = -1;
    DIR *list = opendir(folder);
    *count = 0;
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        const int64_t step = step_of(entry->d_name, strlen(entry->d_name));
        *count += step >= 0;
        lowest = step >= 0 && (lowest < 0 || step < lowest) ? step : lowest;
    }
    if (list)
        closedir(list);
    return lowest;
}

void rondo__folder_keep(const char *folder, int64_t keep) {
    char name[RONDO__NAME], path[RONDO__PATH];
    int64_t count, lowest;
    while ((lowest = lowest_step(folder, &count)) >= 0 && count > keep) {
        snprintf(name, sizeof name, "step-%lld.safetensors", (long long)lowest);
        if (unlink(join(folder, name, path)))
            return;
    }
}

/* What a run killed in the middle of writing left behind (see writer.c); the lock says that nobody writes it now. */
static void sweep(const char *folder) {
    char path[RONDO__PATH];
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        if (is_half_written(entry->d_name))
            unlink(join(folder, entry->d_name, path));
    }
    if (list)
        closedir(list);
}

rondo_status rondo__folder_take(rondo__run *run, rondo_error *err) {
    run->made = !rondo__file_exists(run->options->folder);
    rondo_status status = rondo__make_folders(run->options->folder, err);
    if (!status)
        status = lock_folder(run->options->folder, &run->lock, err);
    if (!status)
        status = check_files(run->options, err); /* another may have begun while the data were read */
    if (!status && run->lock >= 0)
        sweep(run->options->folder);
    return status;
}

/* ---- recipe.yaml ---- */

static rondo_status write_file(const char *path, const char *data, size_t size, rondo_error *err) {
    rondo__writer *writer = NULL;
    rondo_status status = rondo__writer_open(&writer, path, err);
    if (!status)
        status = rondo__writer_put(writer, data, size, err);
    if (!status)
        status = rondo__writer_commit(&writer, err);
    rondo__writer_abandon(&writer);
    return status;
}

static bool holds(const char *path, const char *data, size_t size) {
    char *other = NULL;
    size_t length = 0;
    const bool same = rondo__file_read(path, 0, &other, &length, NULL) == RONDO_OK && length == size &&
                      memcmp(other, data, size) == 0;
    rondo__free(other);
    return same;
}

/* A recipe that somebody wrote, with its comments and blanks, goes under another name before the recipe as run takes
 * its place. One that a run wrote bears its mark. */
static rondo_status keep_users(rondo__run *run, rondo_error *err) {
    enum { MOST = 100 };
    char path[RONDO__PATH], name[sizeof run->kept], message[96], *data;
    size_t size;
    if (!rondo__file_exists(rondo__run_path(run, "recipe.yaml", path)))
        return RONDO_OK;
    rondo_status status = rondo__file_read(path, 0, &data, &size, err);
    if (status)
        return status;
    bool done = rondo__yaml_is_signed(data, size);
    for (int i = 1; i < MOST && !done; i++) {
        snprintf(name, sizeof name, i > 1 ? "recipe.user-%d.yaml" : "recipe.user.yaml", i);
        done = holds(rondo__run_path(run, name, path), data, size);
        if (done || rondo__file_exists(path))
            continue;
        status = write_file(path, data, size, err);
        done = true;
        if (!status)
            memcpy(run->kept, name, sizeof name);
    }
    rondo__free(data);
    if (!done && !status)
        status =
            rondo__fail(err, RONDO_STATE, "%s: %d recipes are kept there already (take some away)", path, MOST - 1);
    if (status || !run->kept[0])
        return status;
    snprintf(message, sizeof message, "recipe.yaml is now the recipe as run; yours is %s", run->kept);
    rondo__run_event(run, RONDO_EVENT_NOTE, NULL, false, message);
    return RONDO_OK;
}

rondo_status rondo__folder_prepare(rondo__run *run, rondo_error *err) {
    char path[RONDO__PATH];
    rondo__text yaml = {0};
    rondo__recipe recipe = run->task->recipe;
    rondo__recipe_pin(&recipe);
    const bool fresh = !rondo__file_exists(rondo__run_path(run, "recipe.yaml", path));
    const rondo_status made = rondo__recipe_yaml(&recipe, &yaml);
    rondo__sign_yaml(&yaml);
    rondo_status status =
        made || yaml.failed ? rondo__fail(err, RONDO_MEMORY, "train: no memory for recipe.yaml") : RONDO_OK;
    if (!status)
        status = keep_users(run, err);
    if (!status)
        status = write_file(rondo__run_path(run, "recipe.yaml", path), yaml.data, yaml.size, err);
    rondo__text_free(&yaml);
    run->wrote = fresh && !status;
    return status;
}

void rondo__folder_leave(const rondo__run *run) {
    char path[RONDO__PATH], users[RONDO__PATH];
    if (run->options->resume || holds_run(run->options->folder))
        return;
    if (run->wrote)
        unlink(rondo__run_path(run, "recipe.yaml", path));
    if (run->kept[0]) /* as it was */
        (void)!rename(rondo__run_path(run, run->kept, users), rondo__run_path(run, "recipe.yaml", path));
    if (run->made)
        rmdir(run->options->folder); /* unless it holds something of others */
}
