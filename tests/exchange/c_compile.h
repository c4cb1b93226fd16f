/* Compiles an exported C file as a program that checks itself, and runs it. */
#ifndef TESTS_EXCHANGE_C_COMPILE_H
#define TESTS_EXCHANGE_C_COMPILE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

#define C_STRICT " -Wall -Wextra -Wpedantic -Werror -Wconversion -DNET_CHECK"
static const char *const c_compilers[] = {
    "cc -std=c99" C_STRICT, "c++ -x c++" C_STRICT, "cc -std=c99 -DNET_NO_LIBM" C_STRICT,
    "clang -std=c99" C_STRICT, /* cc where there is none */
};
enum { C_COMPILERS = sizeof c_compilers / sizeof *c_compilers };

static inline bool c_compiler_found(void) { return system("command -v cc c++ > /dev/null 2>&1") == 0; }

static inline int c_shell(const char *format, ...) {
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

/* Beside net.c: a file that does not compile unless the state has as many bytes as the first comment says. */
static inline void c_write_size(const char *name, const char *path) {
    char line[256];
    long long bytes = -1;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, " *   state %lld bytes", &bytes) != 1)
        ;
    if (!file || fclose(file) || bytes < 0)
        fail_msg("%s: no bytes of a state in its first comment", name);
    file = fopen(test_path("size.c"), "w");
    assert_non_null(file);
    fprintf(file,
            "#define NET_DECLARATIONS\n#include \"net.c\"\n"
            "typedef char as_said[sizeof(net_state) == %lld ? 1 : -1];\nextern as_said *unused;\n",
            bytes);
    assert_int_equal(fclose(file), 0);
}

/* path: of net.c */
static inline void c_check(const char *name, const char *compiler, const char *path) {
    char folder[1024]; /* as test_path forgets what it gave some calls ago */
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    c_write_size(name, path);
    if (strncmp(compiler, "clang", 5) == 0 && system("command -v clang > /dev/null 2>&1"))
        compiler = c_compilers[0];
    if (c_shell("cd '%s' && %s -o net net.c size.c %s > log 2>&1 && ./net >> log", folder, compiler,
                strstr(compiler, "NO_LIBM") ? "" : "-lm")) {
        (void)!c_shell("tail -20 '%s/log'", folder);
        fail_msg("%s does not compile, or gives other numbers: %s", name, compiler);
    }
}

#endif
