/* What stands around a network in an exported file: front ends of every kind give the library's frames, whole and in
 * pieces; symbols and labels have their texts. Exit code 77 (skipped) where there is no C compiler or no KissFFT. */
#include "support/test.h"

#include "data/tokenizer.h"
#include "exchange/c_compile.h"
#include "exchange/c_file.h"

static const float mean[] = {-3, 1, 2, 0.5f, 1, 0}, deviation[] = {2, 1, 3, 1, 0.5f, 0};

static const struct {
    rondo_audio_config config;
    int64_t stack;
} ears[] = {
    {{.rate = 8000, .mels = 6}, 1},
    {{.rate = 16000, .features = RONDO_MFCC, .deltas = 2, .preemphasis = 0.97, .normalise = RONDO_NORMALISE_RUNNING},
     3},
    {{.rate = 8000,
      .features = RONDO_MFCC,
      .coefficients = 3,
      .deltas = 1,
      .normalise = RONDO_NORMALISE_GLOBAL,
      .mean = mean,
      .deviation = deviation},
     2},
    {{.rate = 11025, .mels = 12, .window_ms = 21, .hop_ms = 7, .normalise = RONDO_NORMALISE_RECORDING}, 2},
    {{.rate = 8000, .mels = 10, .window_ms = 16, .hop_ms = 31, .deltas = 2, .normalise = RONDO_NORMALISE_SPEAKER}, 1},
    {{.rate = 8000, .mels = 6, .normalise = RONDO_NORMALISE_RUNNING, .mean = mean, .deviation = deviation, .prior = 3},
     1},
};

/* A network that reads steps of `width` numbers. */
typedef struct made {
    rondo_params *params;
    rondo_recurrent *net;
    rondo__network network;
} made;

static void make(made *m, int64_t width, const real *table) {
    const rondo_recurrent_config config = {.cell = RONDO_GRU, .input_size = width, .hidden_size = 3};
    memset(m, 0, sizeof *m);
    assert_int_equal(rondo_params_create(&m->params, NULL), RONDO_OK);
    assert_int_equal(rondo_recurrent_create(&m->net, m->params, "rnn.", &config, NULL), RONDO_OK);
    assert_int_equal(rondo_params_finish(m->params, 3, NULL), RONDO_OK);
    if (table)
        assert_int_equal(
            rondo__network_add(&m->network,
                               (rondo__network_block){.kind = RONDO__EMBEDDING, .in = 5, .out = width, .weight = table},
                               NULL),
            RONDO_OK);
    assert_int_equal(
        rondo__network_add(&m->network, (rondo__network_block){.kind = RONDO__RECURRENT, .net = m->net}, NULL),
        RONDO_OK);
}

static void destroy(made *m) {
    rondo_recurrent_destroy(&m->net);
    rondo_params_destroy(&m->params);
}

static void write_file(const made *m, const rondo__around *around, rondo_context *context) {
    rondo_error err = {0};
    const rondo__c_model model = {.network = &m->network, .around = around};
    if (rondo__c_write(&model, context, test_path("net.c"), &(rondo_c_options){0}, &err))
        fail_msg("%s", err.message);
}

/* Compiles a program of the test's that includes the file, and runs it. */
static void run_program(const char *text, const char *options) {
    FILE *file = fopen(test_path("program.c"), "w");
    assert_non_null(file);
    fprintf(file, "#include \"net.c\"\n#include <stdio.h>\n%s", text);
    assert_int_equal(fclose(file), 0);
    if (c_shell(
            "cd '%s' && cc -std=c99 -Wall -Wextra -Werror %s program.c -o program -lm > log 2>&1 && ./program >> log",
            test_path(""), options)) {
        (void)!c_shell("tail -20 '%s'", test_path("log"));
        fail_msg("the program fails");
    }
}

/* A recording in pieces of 1 to 50 samples gives the steps of the whole, for every length. */
static const char pieces[] = "int main(void) {\n"
                             "    static net_ear e;\n"
                             "    static float s[5000], x[NET_STEPS(5000) * NET_STACK * NET_FRAME];\n"
                             "    int n, i;\n"
                             "    for (i = 0; i < 5000; i++)\n"
                             "        s[i] = (float)(i * i % 1000) / 1000 - 0.5f;\n"
                             "    for (n = 0; n < 5000; n = n * 3 + 1) {\n"
                             "        const float *step;\n"
                             "        int T = net_hear(&e, s, n, x), t = 0, at = 0, ended = 0;\n"
                             "        net_ear_init(&e);\n"
                             "        while (!ended) {\n"
                             "            const int piece = at % 50 + 1 < n - at ? at % 50 + 1 : n - at;\n"
                             "            if (at < n)\n"
                             "                at += net_listen(&e, s + at, piece, &step);\n"
                             "            else\n"
                             "                net_listen_end(&e, &step), ended = !step;\n"
                             "            for (i = 0; step && SAME && i < NET_STACK * NET_FRAME; i++)\n"
                             "                if (!(step[i] == x[t * NET_STACK * NET_FRAME + i]))\n"
                             "                    return 1;\n"
                             "            t += step != 0;\n"
                             "        }\n"
                             "        if (t != T || T != NET_STEPS(n))\n"
                             "            return 2;\n"
                             "    }\n"
                             "    return 0;\n"
                             "}\n";

static void front_ends(void **state) {
    for (size_t i = 0; i < sizeof ears / sizeof *ears; i++) {
        rondo__around around = {.stack = ears[i].stack};
        rondo_frontend *frontend;
        char name[32];
        made m;
        assert_int_equal(rondo_frontend_create(&frontend, &ears[i].config, NULL), RONDO_OK);
        around.frontend = frontend;
        make(&m, rondo_frontend_width(frontend) * ears[i].stack, NULL);
        write_file(&m, &around, *state);
        snprintf(name, sizeof name, "front end %zu", i);
        c_check(name, c_compilers[i % C_COMPILERS], test_path("net.c"));
        run_program(pieces, ears[i].config.normalise == RONDO_NORMALISE_RECORDING ? "-DSAME=0" : "-DSAME=1");
        rondo_frontend_destroy(&frontend);
        destroy(&m);
    }
}

static void texts(void **state) {
    static const real table[5 * 2] = {0};
    static const char *const labels[] = {"model_x", "quote\"?\?/", "z"};
    static const char text[] = "the cat the \xc3\xa4 <unk>\n";
    const rondo__tokenizer_config config = {.kind = RONDO__WORD};
    rondo__tokenizer *tokenizer;
    rondo__around around = {.stack = 1};
    made m;
    assert_int_equal(rondo__tokenizer_build(&tokenizer, &config, text, sizeof text - 1, "text", NULL), RONDO_OK);
    assert_int_equal(rondo__tokenizer_size(tokenizer), 5);
    make(&m, 2, table);
    rondo__around_add_tokenizer(&around, "symbol", tokenizer);
    rondo__around_add_names(&around, "label", 3, labels, -1, true);
    write_file(&m, &around, *state);
    run_program("#include <string.h>\n"
                "int main(void) {\n"
                "    int i;\n"
                "    for (i = 0; i < NET_INPUT; i++)\n"
                "        if (net_text_symbol(net_symbol_text(i)) != i)\n"
                "            return 1;\n"
                "    return strcmp(net_symbol_text(net_text_symbol(\"\\303\\244\")), \"\\303\\244\")\n"
                "        || net_text_symbol(\"dog\") != net_text_symbol(\"<unk>\") || net_symbol_text(-1)\n"
                "        || net_symbol_text(NET_INPUT) || net_text_label(\"model_x\") != 0\n"
                "        || strcmp(net_label_text(1), \"quote\\\"?\" \"?/\") || net_text_label(\"dog\") != -1;\n"
                "}\n",
                "-DNET_VOCABULARY");
    rondo__tokenizer_free(&tokenizer);
    destroy(&m);
}

typedef struct attempt {
    const made *m;
    const rondo__around *around;
    rondo_context *context;
} attempt;
static int write_once(void *arg) {
    const attempt *a = arg;
    const rondo__c_model model = {.network = &a->m->network, .around = a->around};
    return (int)rondo__c_write(&model, a->context, test_path("full.c"), &(rondo_c_options){0}, NULL);
}
static void out_of_memory(void **state) {
    static const char *const labels[] = {"a", "b"};
    rondo_frontend *frontend;
    rondo__around around = {.stack = 3};
    made m;
    assert_int_equal(rondo_frontend_create(&frontend, &ears[1].config, NULL), RONDO_OK);
    around.frontend = frontend;
    rondo__around_add_names(&around, "label", 2, labels, -1, true);
    make(&m, rondo_frontend_width(frontend) * 3, NULL);
    test_every_failure(write_once, &(attempt){&m, &around, *state});
    rondo_frontend_destroy(&frontend);
    destroy(&m);
}

static int open_context(void **state) {
    return (int)rondo_context_create((rondo_context **)state, &(rondo_context_options){.threads = 1}, NULL);
}
static int close_context(void **state) {
    rondo_context_destroy((rondo_context **)state);
    return 0;
}

int main(void) {
    rondo_frontend *frontend = NULL;
    if (!c_compiler_found() || rondo_frontend_create(&frontend, &ears[0].config, NULL) == RONDO_UNSUPPORTED)
        return 77;
    rondo_frontend_destroy(&frontend);
    const struct CMUnitTest tests[] = {cmocka_unit_test(front_ends), cmocka_unit_test(texts),
                                       cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, open_context, close_context);
}
