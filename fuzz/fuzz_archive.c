/* Fuzz target, see fuzz/README.md: any bytes as an archive. Names come out in order and once each, sizes are bounded.
 */
#include "data/labelled.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)1 << 16)

static void look_at(const rondo__archive *archive) {
    for (int64_t i = 0; i < archive->count; i++) {
        const rondo__archive_file *f = &archive->file[i];
        if (f->size > MAX_BYTES || f->data[f->size] != '\0')
            __builtin_trap();
        if (i > 0 && strcmp(archive->file[i - 1].name, f->name) >= 0)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    rondo__archive archive;
    rondo_error err = {0};
    const int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, data, size) == (ssize_t)size && lseek(file, 0, SEEK_SET) == 0) {
        if (rondo__archive_read(&archive, path, "", NULL, MAX_BYTES, &err) == RONDO_OK) {
            look_at(&archive);
            rondo__archive_free(&archive);
        } else if (strchr(err.message, '\n'))
            __builtin_trap();
    }
    close(file);
    return 0;
}
