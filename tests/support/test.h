/* What every cmocka test begins with: cmocka's own prerequisites in the order it wants, and a folder to write in. */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* The name of a file in a folder that belongs to this test program alone; folder and files go away when it ends. Valid
 * until the fourth call after. */
const char *test_path(const char *name);
/* Writes a file in that folder, and returns its name. */
const char *test_write(const char *name, const void *data, size_t size);
/* How many files the folder holds whose name contains part. */
int test_count_files(const char *part);

/* Runs body once, which must succeed, then once for every allocation it made with just that one failing: each time it
 * must return RONDO_MEMORY (a rondo_status) and leave nothing behind. */
void test_every_failure(int (*body)(void *arg), void *arg);

#endif
