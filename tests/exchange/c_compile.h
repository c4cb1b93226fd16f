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
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

/* path: of net.c */
static inline void c_check(const char *name, const char *compiler, const char *path) {
    const char *program = test_path("net"), *log = test_path("log");
    if (strncmp(compiler, "clang", 5) == 0 && system("command -v clang > /dev/null 2>&1"))
        compiler = c_compilers[0];
    if (c_shell("%s -o %s %s %s > %s 2>&1 && %s >> %s", compiler, program, path,
                strstr(compiler, "NO_LIBM") ? "" : "-lm", log, program, log)) {
        (void)!c_shell("tail -20 %s", log);
        fail_msg("%s does not compile, or gives other numbers: %s", name, compiler);
    }
}

#endif
