/* Encoder-decoders and a network behind a front end, for the test that cross-compiles: small, as qemu is slow. */
#ifndef TESTS_EXCHANGE_C_OTHERS_H
#define TESTS_EXCHANGE_C_OTHERS_H

#include "exchange/c_networks.h"
#include "nn/seq2seq_model.h"

static const struct {
    const char *name;
    const model_case *about;
} pairs[] = {{"pair", &model_attentive[1]}, {"points", &model_attentive[5]}, {"former", &model_attentive[10]}};
enum { PAIRS = sizeof pairs / sizeof *pairs, PAIR_END = 2, EAR_SAMPLES = 2000 };

/* Each as NAME.c in the test's folder. */
static inline void write_pairs(rondo_context *context, rondo_c_precision precision, int64_t check_steps) {
    for (int i = 0; i < PAIRS; i++) {
        const rondo_c_options options = {.precision = precision, .check_steps = check_steps};
        rondo__encdec encdec;
        rondo_error err = {0};
        char name[64];
        model m;
        model_open(&m, pairs[i].about, 1);
        snprintf(name, sizeof name, "%s.c", pairs[i].name);
        if (rondo__encdec_of(&encdec, m.net, PAIR_END, &err) ||
            rondo__c_write(&(rondo__c_model){.encdec = &encdec}, context, test_path(name), &options, &err))
            fail_msg("%s: %s", pairs[i].name, err.message);
        model_close(&m);
    }
}

/* ear.c; false: no library for spectra is built in. */
static inline bool write_ear(rondo_context *context, rondo_c_precision precision, int64_t check_steps) {
    const rondo_audio_config config = {.rate = 8000,
                                       .features = RONDO_MFCC,
                                       .mels = 10,
                                       .coefficients = INPUT,
                                       .preemphasis = 0.97,
                                       .normalise = RONDO_NORMALISE_RUNNING};
    const kind about = {.config = {.cell = RONDO_GRU, .hidden_size = 6}};
    const rondo_c_options options = {.precision = precision, .check_steps = check_steps};
    rondo__around around = {.stack = 1};
    rondo_frontend *frontend;
    rondo_error err = {0};
    made m;
    if (rondo_frontend_create(&frontend, &config, &err)) {
        assert_int_equal(err.status, RONDO_UNSUPPORTED);
        return false;
    }
    around.frontend = frontend;
    make(&m, &about);
    const rondo__c_model deployed = {.network = &m.network, .around = &around};
    if (rondo__c_write(&deployed, context, test_path("ear.c"), &options, &err))
        fail_msg("ear: %s", err.message);
    destroy(&m);
    rondo_frontend_destroy(&frontend);
    return true;
}

/* What their parts of the program print: the first step's outputs, the steps that are heard. Then each checks itself.
 */
static inline void call_pairs(FILE *f, int steps) {
    for (int i = 0; i < PAIRS; i++) {
        char big[64];
        const char *name = pairs[i].name, *copy = pairs[i].about->config.pointer ? "points_check_copy, " : "";
        upper(big, name);
        fprintf(f,
                "    {\n        static %s_state m;\n        static float room[%s_ROOM(%d)], y[%s_TARGET + %d];\n"
                "        %s_encode(&m, %s_check_x, %s%d, room);\n        %s_decode_step(&m, %s_END, y);\n",
                name, big, steps, big, steps, name, name, copy, steps, name, big);
        fprintf(f, "        show(\"%s\", y, sizeof y / sizeof *y);\n        failed += %s_main();\n    }\n", name, name);
    }
}

static inline void call_ear(FILE *f) {
    fprintf(
        f,
        "    {\n        static ear_ear e;\n        static float s[%d], x[EAR_STEPS(%d) * EAR_STACK * EAR_FRAME];\n"
        "        int i;\n        for (i = 0; i < %d; i++)\n            s[i] = (float)(i * i %% 1000) / 1000 - 0.5f;\n",
        EAR_SAMPLES, EAR_SAMPLES, EAR_SAMPLES);
    fprintf(f,
            "        i = ear_hear(&e, s, %d, x);\n        show(\"ear\", x, (size_t)i * EAR_STACK * EAR_FRAME);\n"
            "        failed += ear_main();\n    }\n",
            EAR_SAMPLES);
}

#endif
