/* The front end of a model that listens, as C: samples to frames to steps, as data/audio_*.c makes them. Its transform
 * is one of its own, so its frames are the library's but for rounding. */
#include <math.h>
#include <stdio.h>

#include "data/audio.h"
#include "exchange/c_file.h"

static const rondo_frontend *ear_of(const rondo__c_file *file) { return file->around ? file->around->frontend : NULL; }

static bool needs_all(const rondo_frontend *f) {
    return f->config.normalise == RONDO_NORMALISE_RECORDING || f->config.normalise == RONDO_NORMALISE_SPEAKER;
}

/* Rows of the ring: differences reach so far back and ahead. */
static int ring_of(const rondo_frontend *f) {
    static const int rows[] = {1, 8, 16};
    return rows[f->config.deltas];
}

static int64_t weights_of(const rondo_frontend *f) {
    const rondo__band *last = &f->band[f->config.mels - 1];
    return last->weight + last->count;
}

/* Factors of half the transform: 2, 3 and 5 as often as they go. */
static int factors_of(const rondo_frontend *f, int out[64]) {
    int count = 0;
    int64_t rest = f->N / 2;
    for (int p = 2; p <= 5; p++)
        for (; rest % p == 0 && rest > 1; rest /= p)
            out[count++] = p;
    if (rest > 1 || count == 0) /* cannot be: rondo__fft_good_size */
        out[count++] = (int)rest;
    return count;
}

/* ---- costs ---- */

void rondo__c_put_ear_costs(rondo__c_file *file) {
    const rondo_frontend *f = ear_of(file);
    int factor[64], sum = 0;
    if (!f)
        return;
    for (int i = factors_of(f, factor); i-- > 0;)
        sum += factor[i];
    const int64_t M = f->config.mels, C = f->cosine ? f->base : 0, half = f->N / 2;
    const bool running = f->config.normalise == RONDO_NORMALISE_RUNNING;
    const int64_t flash = 4 * (f->window + 2 * half + weights_of(f) + M * C + 2 * M + 2 * f->width) + 64;
    const int64_t ram = 4 * (f->window + 1 + ring_of(f) * f->width + file->around->stack * f->width + 5 * half + 1) +
                        32 + (running ? 8 + 16 * f->width : 0);
    rondo__c_put(file,
                 " *   sound     %lld bytes of constant data, %lld of a model_ear; %lld multiply-adds for each frame "
                 "of %lld samples\n",
                 (long long)flash, (long long)ram,
                 (long long)(2 * f->window + 4 * half * sum + 8 * half + weights_of(f) + M * C), (long long)f->hop);
}

/* ---- declarations ---- */

void rondo__c_put_ear_types(rondo__c_file *file) {
    const rondo_frontend *f = ear_of(file);
    if (!f)
        return;
    rondo__c_put(file, "\n");
    rondo__c_put_define(file, "RATE", f->config.rate, "samples a second, of -1 to 1");
    rondo__c_put_define(file, "STACK", file->around->stack, "frames of a step");
    rondo__c_put_define(file, "FRAME", f->width, "numbers of a frame");
    rondo__c_put_define(file, "WINDOW", f->window, "samples of a frame");
    rondo__c_put_define(file, "HOP", f->hop, "samples from frame to frame");
    rondo__c_put_define(file, "RING", ring_of(f), NULL);
    rondo__c_put_define(file, "HALF", f->N / 2, NULL);
    rondo__c_put(file, "/* Steps that n samples make. */\n"
                       "#define MODEL_FRAMES(n) ((n) <= MODEL_WINDOW ? 1 : 1 + ((n) - MODEL_WINDOW) / MODEL_HOP)\n"
                       "#define MODEL_STEPS(n) ((MODEL_FRAMES(n) + MODEL_STACK - 1) / MODEL_STACK)\n");
    rondo__c_put(file, "/* What a listener remembers. */\ntypedef struct model_ear {\n");
    if (f->config.normalise == RONDO_NORMALISE_RUNNING)
        rondo__c_put(file, "    double mean[MODEL_FRAME], square[MODEL_FRAME], seen;\n");
    rondo__c_put(file, "    float held[MODEL_WINDOW + 1], ring[MODEL_RING][MODEL_FRAME], step[MODEL_STACK * "
                       "MODEL_FRAME];\n    float work[5 * MODEL_HALF + 1];\n"
                       "    int count, skip, made[3], given, finished, stacked;\n} model_ear;\n");
}

void rondo__c_put_ear_declarations(rondo__c_file *file) {
    const rondo_frontend *f = ear_of(file);
    if (!f)
        return;
    rondo__c_put(file, "/* To the silence before a recording. */\nvoid model_ear_init(model_ear *e);\n");
    rondo__c_put(file,
                 "/* Takes up to n samples and returns how many it took: it stops when a step (MODEL_INPUT) is full, "
                 "else step is 0.%s */\n"
                 "int model_listen(model_ear *e, const float *samples, int n, const float **step);\n",
                 needs_all(f) ? "\n * Frames are not normalised: model_normalise_all does it at the end." : "");
    rondo__c_put(file, "/* After the last sample: call it until step is 0. */\n"
                       "void model_listen_end(model_ear *e, const float **step);\n");
    rondo__c_put(file,
                 "/* A whole recording: x (MODEL_STEPS(n), MODEL_INPUT)%s. Returns the number of steps. */\n"
                 "int model_hear(model_ear *e, const float *samples, int n, float *x);\n",
                 f->config.normalise == RONDO_NORMALISE_SPEAKER ? ", not normalised" : "");
    if (needs_all(f))
        rondo__c_put(file,
                     "/* To mean 0 and deviation 1 over all of them%s. */\n"
                     "void model_normalise_all(float *frames, int count);\n",
                     f->config.normalise == RONDO_NORMALISE_SPEAKER ? ", which are one speaker's" : "");
}

/* ---- tables and code ---- */

static void put_wholes(rondo__c_file *file, const char *name, int64_t n, const int64_t *value) {
    rondo__c_put(file, "static const int model_%s[%lld] = {\n", name, (long long)n);
    for (int64_t i = 0; i < n; i++)
        rondo__c_put(file, "%lld,%s", (long long)value[i], i % 16 == 15 ? "\n" : " ");
    rondo__c_put(file, "};\n");
}

static void put_floats(rondo__c_file *file, const char *name, int64_t n, const float *value) {
    real *wide = rondo__alloc((size_t)n * sizeof *wide);
    for (int64_t i = 0; wide && i < n; i++)
        wide[i] = (real)value[i];
    if (wide)
        rondo__c_put_floats(file, name, n, wide);
    else
        rondo__c_no_memory(file);
    rondo__free(wide);
}

static void put_bands(rondo__c_file *file, const rondo_frontend *f) {
    const int64_t M = f->config.mels;
    int64_t *value = rondo__alloc((size_t)M * sizeof *value);
    if (!value) {
        rondo__c_no_memory(file);
        return;
    }
    for (int64_t m = 0; m < M; m++)
        value[m] = f->band[m].first;
    put_wholes(file, "mel_firsts", M, value);
    for (int64_t m = 0; m < M; m++)
        value[m] = f->band[m].count;
    put_wholes(file, "mel_counts", M, value);
    rondo__free(value);
    put_floats(file, "model_mel_weights", weights_of(f), f->weight);
}

/* cos and sin of -2 pi k / N */
static void put_turns(rondo__c_file *file, const rondo_frontend *f) {
    const int64_t half = f->N / 2;
    real *turn = rondo__alloc((size_t)(2 * half) * sizeof *turn);
    for (int64_t k = 0; turn && k < half; k++) {
        const double angle = -6.283185307179586476925 * (double)k / (double)f->N;
        turn[2 * k] = (real)cos(angle);
        turn[2 * k + 1] = (real)sin(angle);
    }
    if (turn)
        rondo__c_put_floats(file, "model_turns", 2 * half, turn);
    else
        rondo__c_no_memory(file);
    rondo__free(turn);
}

static void put_tables(rondo__c_file *file, const rondo_frontend *f) {
    int factor[64], count = factors_of(f, factor);
    rondo__c_put_define(file, "MELS", f->config.mels, NULL);
    rondo__c_put_define(file, "BASE", f->base, NULL);
    rondo__c_put_define(file, "DELTAS", f->config.deltas, NULL);
    rondo__c_put_define(file, "FACTORS", count, NULL);
    rondo__c_put(file, "#define MODEL_PREEMPHASIS (float)%.9g\nstatic const int model_factors[MODEL_FACTORS] = {",
                 (double)(float)f->config.preemphasis);
    for (int i = 0; i < count; i++)
        rondo__c_put(file, "%d%s", factor[i], i < count - 1 ? ", " : "};\n");
    put_turns(file, f);
    put_floats(file, "model_hann", f->window, f->hann);
    put_bands(file, f);
    if (f->cosine)
        put_floats(file, "model_cosine", f->config.mels * f->base, f->cosine);
}

static void put_first_squares(rondo__c_file *file, const rondo_frontend *f) {
    real *square = rondo__alloc((size_t)f->width * sizeof *square);
    for (int64_t i = 0; square && i < f->width; i++)
        square[i] = (real)f->first_square[i];
    if (square)
        rondo__c_put_floats(file, "model_square", f->width, square);
    else
        rondo__c_no_memory(file);
    rondo__free(square);
}

static void put_normalisation(rondo__c_file *file, const rondo_frontend *f) {
    rondo__c_part part = RONDO__C_EAR_PLAIN;
    if (f->config.normalise == RONDO_NORMALISE_GLOBAL || f->config.normalise == RONDO_NORMALISE_RUNNING)
        put_floats(file, "model_mean", f->width, f->mean);
    if (f->config.normalise == RONDO_NORMALISE_GLOBAL) {
        put_floats(file, "model_scale", f->width, f->scale);
        part = RONDO__C_EAR_GLOBAL;
    }
    if (f->config.normalise == RONDO_NORMALISE_RUNNING) {
        put_first_squares(file, f);
        rondo__c_put_define(file, "PRIOR", f->config.prior, NULL);
        part = RONDO__C_EAR_RUNNING;
    }
    rondo__c_put_part(file, part);
    if (needs_all(f))
        rondo__c_put_part(file, RONDO__C_EAR_WHOLE);
    rondo__c_put(file, "static void model_settle(float *frames, int count) { %s; }\n",
                 f->config.normalise == RONDO_NORMALISE_RECORDING ? "model_normalise_all(frames, count)"
                                                                  : "(void)frames, (void)count");
}

void rondo__c_put_ear(rondo__c_file *file, bool sqrt_there) {
    const rondo_frontend *f = ear_of(file);
    if (!f)
        return;
    if (!sqrt_there && f->config.normalise != RONDO_NORMALISE_NONE && f->config.normalise != RONDO_NORMALISE_GLOBAL)
        rondo__c_put_part(file, RONDO__C_SQRT);
    rondo__c_put_part(file, RONDO__C_LOG);
    rondo__c_put(file, "\n");
    put_tables(file, f);
    rondo__c_put_part(file, RONDO__C_FFT);
    rondo__c_put_part(file, RONDO__C_EAR_BANDS);
    rondo__c_put_part(file, f->cosine ? RONDO__C_EAR_COSINE : RONDO__C_EAR_MEL);
    put_normalisation(file, f);
    rondo__c_put_part(file, RONDO__C_EAR);
}

/* ---- the check ---- */

/* Two tones that fade and some noise. */
static float sample_at(int64_t i, int64_t rate) {
    const double t = (double)i / (double)rate;
    return (float)(0.4 * sin(2500 * t) * exp(-20 * t) + 0.2 * sin(9000 * t) +
                   0.02 * (2 * rondo__random_uniform(1, 3, (uint64_t)i) - 1));
}

static void put_check(rondo__c_file *file, const rondo_frontend *f, int64_t n, float *sample, float *frame) {
    const int64_t frames = rondo_frontend_frames(f, n);
    for (int64_t i = 0; i < n; i++)
        sample[i] = sample_at(i, f->config.rate);
    file->status = rondo_frontend_apply(f, frame, n, sample, file->err);
    put_floats(file, "model_check_samples", n, sample);
    put_floats(file, "model_check_frames", frames * f->width, frame);
    rondo__c_put(
        file,
        "static int model_check_ear(void) {\n    static model_ear e;\n"
        "    static float x[MODEL_STEPS(%lld) * MODEL_STACK * MODEL_FRAME];\n    double worst = 0;\n    int i, T;\n"
        "    T = model_hear(&e, model_check_samples, %lld, x);\n    for (i = 0; i < %lld; i++) {\n",
        (long long)n, (long long)n, (long long)(frames * f->width));
    rondo__c_put(file,
                 "        const double off = (double)x[i] - (double)model_check_frames[i];\n"
                 "        worst = off > worst || -off > worst || off != off ? (off < 0 ? -off : off) : worst;\n    }\n"
                 "    printf(\"sound: largest difference %%g\\n\", worst);\n"
                 "    return worst <= 1e-3 && T == MODEL_STEPS(%lld) ? 0 : 1;\n}\n",
                 (long long)n);
}

void rondo__c_put_ear_check(rondo__c_file *file) {
    const rondo_frontend *f = ear_of(file);
    if (!f || file->status)
        return;
    const int64_t n = f->window + (f->hop < 1000 ? 6 * f->hop : f->hop < 6000 ? 6000 : 0);
    float *sample = rondo__alloc((size_t)n * sizeof *sample);
    float *frame = rondo__alloc((size_t)(rondo_frontend_frames(f, n) * f->width) * sizeof *frame);
    if (sample && frame)
        put_check(file, f, n, sample, frame);
    else
        rondo__c_no_memory(file);
    rondo__free(sample);
    rondo__free(frame);
}
