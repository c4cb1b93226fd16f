/* Exported C files off this machine: networks of every cell and option, encoder-decoders (with a pointer,
 * Transformers), forecasts and a front end for sounds, in every precision, cross-compiled without a warning for
 * Cortex-M4, Cortex-M7 and 64-bit ARM, run under qemu, and compared with what they give here.
 *
 * Without libm and with -ffp-contract=off all outputs have the same bits everywhere. With the target's own libm, and
 * products and sums fused where the compiler likes, they are the same within rounding (NEAR), and each file's own check
 * passes: its outputs are what Rondo computes.
 *
 * A target whose compiler or qemu is absent is passed over with a message; exit code 77 where all are. */
#include "support/test.h"

#include <math.h>

#include "exchange/c_forecasts.h"
#include "exchange/c_others.h"

#define STRICT "-O2 -Wall -Wextra -Wpedantic -Werror "
#define CORTEX_M "-mthumb -mfloat-abi=hard "
#define BOARD RONDO_SOURCE_DIR "/tests/exchange/cortex-m/"
#define M4 "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 " CORTEX_M
#define M7 "-mcpu=cortex-m7 -mfpu=fpv5-d16 " CORTEX_M
#define CORTEX_M_LINK BOARD "startup.c -T " BOARD "link.ld -nostartfiles --specs=rdimon.specs"
#define QEMU_ARM "qemu-system-arm -nographic -monitor none -serial none -semihosting-config enable=on,target=native -M "
#define QEMU_AARCH64 "$(command -v qemu-aarch64-static || command -v qemu-aarch64)"
/* where gcc finds stdio.h, clang finds it too */
#define NEWLIB                                                                                                         \
    "-isystem $(echo '#include <stdio.h>' | arm-none-eabi-gcc -E -x c -H - 2>&1 | sed -n 's,^\\. ,,; s,/stdio.h$,,p' " \
    "| "                                                                                                               \
    "head -n 1) "

typedef struct target {
    const char *name, *needs; /* commands */
    const char *compile, *link, *run;
    int only; /* the one precision that it is tried with, from 1; 0: all */
} target;

/* The first is this machine, which the others are compared with. */
static const target targets[] = {
    {"here", "cc", "cc -std=c99", "cc", ""},
    {"Cortex-M4, gcc", "arm-none-eabi-gcc qemu-system-arm", "arm-none-eabi-gcc -std=c99 " M4,
     "arm-none-eabi-gcc " M4 CORTEX_M_LINK, QEMU_ARM "mps2-an386 -kernel "},
    {"Cortex-M4, gcc, C++", "arm-none-eabi-gcc qemu-system-arm", "arm-none-eabi-gcc -x c++ " M4,
     "arm-none-eabi-gcc " M4 CORTEX_M_LINK, QEMU_ARM "mps2-an386 -kernel ", 1 + RONDO_C_INT8},
    {"Cortex-M4, clang", "clang arm-none-eabi-gcc qemu-system-arm", "clang -std=c99 --target=arm-none-eabi " NEWLIB M4,
     "arm-none-eabi-gcc " M4 CORTEX_M_LINK, QEMU_ARM "mps2-an386 -kernel ", 1 + RONDO_C_FLOAT32},
    {"Cortex-M7, gcc", "arm-none-eabi-gcc qemu-system-arm", "arm-none-eabi-gcc -std=c99 " M7,
     "arm-none-eabi-gcc " M7 CORTEX_M_LINK, QEMU_ARM "mps2-an500 -kernel "},
    {"aarch64, gcc", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc -std=c99", "aarch64-linux-gnu-gcc -static",
     QEMU_AARCH64 " "},
    {"aarch64, clang", "clang aarch64-linux-gnu-gcc", "clang -std=c99 --target=aarch64-linux-gnu",
     "aarch64-linux-gnu-gcc -static", QEMU_AARCH64 " ", 1 + RONDO_C_INT16},
};
enum { TARGETS = sizeof targets / sizeof *targets, STEPS = 9, MOST_NUMBERS = 64 * KINDS };
static const char *const precisions[] = {"float32", "int8", "int16"};

static bool is_here(const target *t) {
    static const char *const newlib = "echo 'int main(void) { return 0; }' | arm-none-eabi-gcc --specs=rdimon.specs "
                                      "-x c - -o /dev/null > /dev/null 2>&1";
    if (c_shell("for c in %s; do command -v $c > /dev/null || exit 1; done", t->needs))
        return false;
    if (strstr(t->run, "-aarch64"))
        return c_shell("[ -n \"%s\" ]", QEMU_AARCH64) == 0;
    return !strstr(t->needs, "arm-none-eabi") || c_shell("%s", newlib) == 0;
}

/* ---- the program: all networks, each with its check's input; prints the bits of its outputs ---- */

static void include_file(FILE *f, const char *name) {
    char big[64];
    upper(big, name);
    fprintf(f, "#ifdef NO_LIBM\n#define %s_NO_LIBM\n#endif\n#define %s_CHECK\n#define main %s_main\n", big, big, name);
    fprintf(f, "#include \"%s.c\"\n#undef main\n", name);
}

static void write_program(bool hears) {
    FILE *f = fopen(test_path("all.c"), "w");
    assert_non_null(f);
    fprintf(f, "#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n");
    for (int i = 0; i < KINDS; i++)
        include_file(f, kinds[i].name);
    for (int i = 0; i < PAIRS; i++)
        include_file(f, pairs[i].name);
    for (int i = 0; i < FUTURES; i++)
        include_file(f, futures[i].name);
    if (hears)
        include_file(f, "ear");
    fprintf(f, "static int show(const char *name, const float *y, size_t n) {\n    printf(\"%%s\", name);\n"
               "    for (; n > 0; n--, y++) {\n        uint32_t bits;\n        memcpy(&bits, y, sizeof bits);\n"
               "        printf(\" %%08lx\", (unsigned long)bits);\n    }\n    printf(\"\\n\");\n    return 0;\n}\n"
               "int main(void) {\n    int failed = 0;\n");
    for (int i = 0; i < KINDS; i++) {
        char big[64];
        const char *name = kinds[i].name;
        upper(big, name);
        fprintf(f,
                "    {\n        static %s_state m;\n        static float y[sizeof %s_check_y / sizeof *%s_check_y];\n",
                name, name, name);
        fprintf(f, "#ifdef %s_ROOM\n        static float room[%s_ROOM(%d)];\n", big, big, STEPS);
        fprintf(f, "        %s_run(&m, %s_check_x, %d, room, y);\n#else\n", name, name, STEPS);
        fprintf(f, "        %s_run(&m, %s_check_x, %d, y);\n#endif\n", name, name, STEPS);
        fprintf(f, "        show(\"%s\", y, sizeof y / sizeof *y);\n        failed += %s_main();\n    }\n", name, name);
    }
    call_pairs(f, STEPS);
    call_futures(f);
    if (hears)
        call_ear(f);
    fprintf(f, "    return failed;\n}\n");
    fclose(f);
}

/* ---- outputs ---- */

typedef struct outputs {
    int count;
    float y[MOST_NUMBERS];
    const char *of[MOST_NUMBERS]; /* kind */
} outputs;

static const char *kind_of(const char *word) {
    for (int i = 0; i < KINDS; i++)
        if (word && strcmp(word, kinds[i].name) == 0)
            return kinds[i].name;
    for (int i = 0; i < PAIRS; i++)
        if (word && strcmp(word, pairs[i].name) == 0)
            return pairs[i].name;
    for (int i = 0; i < FUTURES; i++)
        if (word && strcmp(word, futures[i].name) == 0)
            return futures[i].name;
    return word && strcmp(word, "ear") == 0 ? "ear" : NULL;
}

static void read_outputs(outputs *out, const char *path) {
    static char line[MOST_NUMBERS * 10];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    out->count = 0;
    while (fgets(line, sizeof line, f)) {
        const char *name = kind_of(strtok(line, " \n")), *word;
        while (name && (word = strtok(NULL, " \n"))) {
            const uint32_t bits = (uint32_t)strtoul(word, NULL, 16);
            assert_true(out->count < MOST_NUMBERS);
            out->of[out->count] = name;
            memcpy(&out->y[out->count++], &bits, sizeof bits);
        }
    }
    fclose(f);
}

static void build_and_run(const target *t, bool libm, outputs *out) {
    const char *source = test_path("all.c"), *object = test_path("all.o"), *program = test_path("all"),
               *log = test_path("log");
    if (c_shell("(%s %s %s -c %s -o %s && %s %s -o %s %s) > %s 2>&1", t->compile, STRICT,
                libm ? "" : "-DNO_LIBM -ffp-contract=off", source, object, t->link, object, program, libm ? "-lm" : "",
                log) != 0) {
        (void)!c_shell("tail -20 %s", log);
        fail_msg("%s: does not compile%s", t->name, libm ? "" : " without libm");
    }
    if (c_shell("timeout 60 %s%s > %s 2>&1", t->run, program, log) != 0) {
        (void)!c_shell("tail -20 %s", log);
        fail_msg("%s: gives other numbers than Rondo", t->name);
    }
    read_outputs(out, log);
}

static double difference(const outputs *a, const outputs *b) {
    double most = 0;
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++)
        most = fmax(most, fabs((double)a->y[i] - (double)b->y[i]));
    return most;
}

static void same_bits(const target *t, const outputs *got, const outputs *want) {
    assert_int_equal(got->count, want->count);
    for (int i = 0; i < got->count; i++)
        if (memcmp(&got->y[i], &want->y[i], sizeof got->y[i]) != 0)
            fail_msg("%s: %s gives %.9g, here %.9g", t->name, got->of[i], (double)got->y[i], (double)want->y[i]);
}

static void test_targets(rondo_context *context, rondo_c_precision precision) {
    static outputs here[2], there[2];
    static const double near[] = {1e-5, 0.02, 1e-4};
    write_networks(context, precision, STEPS);
    write_pairs(context, precision, STEPS);
    write_futures(context, precision);
    write_program(write_ear(context, precision, STEPS));
    for (int libm = 0; libm < 2; libm++)
        build_and_run(&targets[0], libm, &here[libm]);
    assert_true(here[0].count > KINDS);
    for (int i = 1; i < TARGETS; i++) {
        if (targets[i].only && targets[i].only != 1 + (int)precision)
            continue;
        if (!is_here(&targets[i])) {
            print_message("%s: skipped (needs %s, qemu)\n", targets[i].name, targets[i].needs);
            continue;
        }
        for (int libm = 0; libm < 2; libm++)
            build_and_run(&targets[i], libm, &there[libm]);
        same_bits(&targets[i], &there[0], &here[0]);
        const double off = difference(&there[1], &here[1]);
        print_message("%s, %s: without libm same bits, with libm largest difference %g\n", targets[i].name,
                      precisions[precision], off);
        assert_true(off <= near[precision]);
    }
}

static void test_float32(void **state) { test_targets(*state, RONDO_C_FLOAT32); }
static void test_int8(void **state) { test_targets(*state, RONDO_C_INT8); }
static void test_int16(void **state) { test_targets(*state, RONDO_C_INT16); }

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    int found = 0;
    for (int i = 1; i < TARGETS; i++)
        found += is_here(&targets[i]);
    if (!is_here(&targets[0]) || !found) {
        printf("no cross compiler with its qemu: skipped (scripts/install-deps --tests)\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_float32), cmocka_unit_test(test_int8),
                                       cmocka_unit_test(test_int16)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
