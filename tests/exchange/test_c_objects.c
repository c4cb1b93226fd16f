/* What an exported file asks of where it goes, seen in its object: no names of others but memcpy and memset (compilers
 * write them for loops) and libm's, and nothing that can be written to. And its first comment tells the truth of the
 * memory it takes. Exit code 77 where there is no C compiler. */
#include "support/test.h"

#include "exchange/c_networks.h"

#define FLAGS " -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -fno-pic -fno-stack-protector"

/* The comment's number behind `what`. */
static long stated(const char *model, const char *what) {
    char name[64], line[256];
    long number = -1;
    snprintf(name, sizeof name, "%s.c", model);
    FILE *f = fopen(test_path(name), "r");
    assert_non_null(f);
    while (number < 0 && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, what);
        if (at)
            number = atol(at + strlen(what));
    }
    fclose(f);
    assert_true(number > 0);
    return number;
}

/* All networks; a state that has another size than its file says is an error of the compiler. */
static void write_all(void) {
    FILE *f = fopen(test_path("all.c"), "w");
    assert_non_null(f);
    for (int i = 0; i < KINDS; i++) {
        char big[64];
        upper(big, kinds[i].name);
        fprintf(f, "#ifdef NO_LIBM\n#define %s_NO_LIBM\n#endif\n#include \"%s.c\"\n", big, kinds[i].name);
        fprintf(f, "typedef char %s_size[sizeof(%s_state) == %ld ? 1 : -1];\n", kinds[i].name, kinds[i].name,
                stated(kinds[i].name, " *   state "));
    }
    fclose(f);
}

static bool may_be_undefined(const char *name, bool libm) {
    static const char *const names[] = {"memcpy", "memset", "memmove", "expf", "tanhf", "sqrtf"};
    for (int i = 0; i < (libm ? 6 : 3); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "__aeabi_", 8) == 0; /* 64-bit arithmetic of 32-bit ARM, from the compiler's own library */
}

/* One symbol of nm: "U expf" or "[address] t elman_step". */
static void check_symbol(char *line, bool libm) {
    char type = 0, name[256] = "";
    if (sscanf(line, "%*x %c %255s", &type, name) != 2 && sscanf(line, " %c %255s", &type, name) != 2)
        fail_msg("nm says '%s'", line);
    if (type == 'U' && !may_be_undefined(name, libm))
        fail_msg("an exported file needs '%s'", name);
    if (strchr("bBdDcCsS", type))
        fail_msg("an exported file has a variable, '%s'", name);
}

static void check_object(const char *prefix, bool libm) {
    char line[512];
    int symbols = 0;
    if (c_shell("%sgcc" FLAGS "%s -c %s -o %s", prefix, libm ? "" : " -DNO_LIBM", test_path("all.c"),
                test_path("all.o")) ||
        c_shell("%snm %s > %s", prefix, test_path("all.o"), test_path("nm")))
        fail_msg("%sgcc: does not compile", prefix);
    FILE *f = fopen(test_path("nm"), "r");
    assert_non_null(f);
    for (; fgets(line, sizeof line, f); symbols++)
        check_symbol(line, libm);
    fclose(f);
    assert_true(symbols > KINDS);
}

static void test_objects(void **state) {
    static const char *const prefixes[] = {"", "arm-none-eabi-", "aarch64-linux-gnu-"};
    for (int precision = RONDO_C_FLOAT32; precision <= RONDO_C_INT16; precision++) {
        write_networks(*state, (rondo_c_precision)precision, -1);
        write_all();
        for (int i = 0; i < 3; i++) {
            if (c_shell("echo '#include <math.h>' | %sgcc -x c -c - -o %s 2> %s", prefixes[i], test_path("none.o"),
                        test_path("log"))) {
                print_message("%sgcc, with math.h: absent, passed over\n", prefixes[i]);
                continue;
            }
            check_object(prefixes[i], (precision + i) % 2 == 0);
        }
    }
}

/* Bytes of the arrays of numbers in one.o; a layer itself, a struct of pointers to them, is none. */
static long array_bytes(void) {
    long sum = 0;
    char line[512], type, name[256], part[64];
    unsigned long size;
    int layer;
    assert_int_equal(c_shell("nm -S %s > %s", test_path("one.o"), test_path("nm")), 0);
    FILE *f = fopen(test_path("nm"), "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%*x %lx %c %255s", &size, &type, name) == 3 && type == 'r') {
            const char *at = strstr(name, "_rnn"), *linear = strstr(name, "_linear");
            const bool is_layer =
                (at && (sscanf(at, "_rnn%*d_l%d%63s", &layer, part) == 1 || strcmp(strrchr(at, '_'), "_back") == 0)) ||
                (linear && !strchr(linear + 1, '_'));
            sum += is_layer ? 0 : (long)size;
        }
    fclose(f);
    return sum;
}

static void test_weights(void **state) {
    for (int precision = RONDO_C_FLOAT32; precision <= RONDO_C_INT16; precision++) {
        write_networks(*state, (rondo_c_precision)precision, -1);
        for (int i = precision; i < KINDS; i += 3) {
            char name[64];
            snprintf(name, sizeof name, "%s.c", kinds[i].name);
            assert_int_equal(c_shell("gcc -O0 -fno-pic -c %s -o %s", test_path(name), test_path("one.o")), 0);
            const long says = stated(kinds[i].name, " *   weights "), has = array_bytes();
            if (says != has)
                fail_msg("%s in %d says %ld bytes of weights, has %ld", kinds[i].name, precision, says, has);
        }
    }
}

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    if (system("command -v gcc > /dev/null 2>&1"))
        return 77;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_objects), cmocka_unit_test(test_weights)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
