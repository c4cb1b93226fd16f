#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

static char folder[64];

static void remove_folder(void) {
    char name[PATH_MAX];
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(name);
    }
    if (entries)
        closedir(entries);
    rmdir(folder);
}

static void make_folder(void) {
    if (folder[0])
        return;
    snprintf(folder, sizeof folder, "%s", "/tmp/rondo-test-XXXXXX");
    if (!mkdtemp(folder))
        fail_msg("no folder for temporary files");
    atexit(remove_folder);
}

const char *test_path(const char *name) {
    static char names[4][PATH_MAX];
    static int next;
    make_folder();
    char *path = names[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

const char *test_write(const char *name, const void *data, size_t size) {
    const char *path = test_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

int test_count_files(const char *part) {
    int count = 0;
    make_folder();
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        count += strstr(entry->d_name, part) != NULL && entry->d_name[0] != '.';
    if (entries)
        closedir(entries);
    return count;
}
