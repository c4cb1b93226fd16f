#include "exchange/c_file.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "c_parts.h" /* made by cmake/embed.cmake from src/exchange/c */

static void put_bytes(rondo__c_file *file, const char *text, size_t size) {
    if (!file->status)
        file->status = rondo__writer_put(file->writer, text, size, file->err);
}

/* Writes text with the model's name in place of "model_" and "MODEL_". */
static void put_named(rondo__c_file *file, const char *text, size_t size) {
    size_t from = 0;
    for (size_t i = 0; i + 6 <= size; i++) {
        bool lower = memcmp(text + i, "model_", 6) == 0, upper = memcmp(text + i, "MODEL_", 6) == 0;
        if (!lower && !upper)
            continue;
        put_bytes(file, text + from, i - from);
        put_bytes(file, lower ? file->name : file->upper, strlen(file->name));
        from = i + 5; /* the underscore stays */
    }
    put_bytes(file, text + from, size - from);
}

void rondo__c_put(rondo__c_file *file, const char *format, ...) {
    if (file->status)
        return;
    va_list arguments;
    va_start(arguments, format);
    char line[1024];
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    assert(size >= 0 && (size_t)size < sizeof line);
    put_named(file, line, (size_t)size);
}

void rondo__c_put_part(rondo__c_file *file, rondo__c_part part) {
    static const struct {
        const char *text;
        size_t size;
    } parts[] = {
        [RONDO__C_MATHS] = {part_maths, sizeof part_maths},
        [RONDO__C_SIGMOID] = {part_sigmoid, sizeof part_sigmoid},
        [RONDO__C_ACTIVATION] = {part_activation, sizeof part_activation},
        [RONDO__C_MIX] = {part_mix, sizeof part_mix},
        [RONDO__C_PRODUCT_F32] = {part_product_f32, sizeof part_product_f32},
        [RONDO__C_PRODUCT_INT] = {part_product_int, sizeof part_product_int},
        [RONDO__C_VECTORS] = {part_vectors, sizeof part_vectors},
        [RONDO__C_NORM] = {part_norm, sizeof part_norm},
        [RONDO__C_ELMAN] = {part_elman, sizeof part_elman},
        [RONDO__C_JORDAN] = {part_jordan, sizeof part_jordan},
        [RONDO__C_LSTM] = {part_lstm, sizeof part_lstm},
        [RONDO__C_GRU] = {part_gru, sizeof part_gru},
        [RONDO__C_ATTENTION] = {part_attention, sizeof part_attention},
        [RONDO__C_POINTER] = {part_pointer, sizeof part_pointer},
        [RONDO__C_PREPARE] = {part_prepare, sizeof part_prepare},
        [RONDO__C_TRANSFORMER] = {part_transformer, sizeof part_transformer},
        [RONDO__C_TRANSFORMER_PLACES] = {part_transformer_places, sizeof part_transformer_places},
        [RONDO__C_TRANSFORMER_ENCODER] = {part_transformer_encoder, sizeof part_transformer_encoder},
        [RONDO__C_TRANSFORMER_DECODER] = {part_transformer_decoder, sizeof part_transformer_decoder},
        [RONDO__C_ROW_F32] = {part_row_f32, sizeof part_row_f32},
        [RONDO__C_ROW_INT] = {part_row_int, sizeof part_row_int},
        [RONDO__C_SQRT] = {part_sqrt, sizeof part_sqrt},
        [RONDO__C_LOG] = {part_log, sizeof part_log},
        [RONDO__C_FFT] = {part_fft, sizeof part_fft},
        [RONDO__C_EAR_BANDS] = {part_ear_bands, sizeof part_ear_bands},
        [RONDO__C_EAR_MEL] = {part_ear_mel, sizeof part_ear_mel},
        [RONDO__C_EAR_COSINE] = {part_ear_cosine, sizeof part_ear_cosine},
        [RONDO__C_EAR_PLAIN] = {part_ear_plain, sizeof part_ear_plain},
        [RONDO__C_EAR_GLOBAL] = {part_ear_global, sizeof part_ear_global},
        [RONDO__C_EAR_RUNNING] = {part_ear_running, sizeof part_ear_running},
        [RONDO__C_EAR_WHOLE] = {part_ear_whole, sizeof part_ear_whole},
        [RONDO__C_EAR] = {part_ear, sizeof part_ear},
        [RONDO__C_ADAPTIVE] = {part_adaptive, sizeof part_adaptive},
        [RONDO__C_PATH] = {part_path, sizeof part_path},
        [RONDO__C_WINDOW] = {part_window, sizeof part_window},
        [RONDO__C_MEASURE] = {part_measure, sizeof part_measure},
        [RONDO__C_SOFTPLUS] = {part_softplus, sizeof part_softplus},
        [RONDO__C_UNIT_POINTS] = {part_unit_points, sizeof part_unit_points},
        [RONDO__C_UNIT_SPREAD] = {part_unit_spread, sizeof part_unit_spread},
        [RONDO__C_UNIT_COUNTS] = {part_unit_counts, sizeof part_unit_counts},
    };
    put_bytes(file, "\n", 1);
    put_named(file, parts[part].text, parts[part].size);
}

void rondo__c_no_memory(rondo__c_file *file) {
    if (!file->status)
        file->status = rondo__fail(file->err, RONDO_MEMORY, "export: out of memory");
}

/* ---- numbers ---- */

void rondo__c_put_define(rondo__c_file *file, const char *name, int64_t value, const char *what) {
    rondo__c_put(file, "#define MODEL_%s %lld%s%s%s\n", name, (long long)value, what ? " /* " : "", what ? what : "",
                 what ? " */" : "");
}

void rondo__c_put_wholes(rondo__c_file *file, const char *name, int64_t n, const int32_t *value) {
    rondo__c_put(file, "static const int %s[%lld] = {", name, (long long)(n ? n : 1));
    for (int64_t i = 0; i < n; i++)
        rondo__c_put(file, "%d,%s", (int)value[i], i % 16 == 15 ? "\n" : " ");
    rondo__c_put(file, n ? "};\n" : "0};\n");
}

static void put_float(rondo__c_file *file, const char *name, int64_t i, real x) {
    char text[40];
    if (!isfinite(x)) {
        file->status = rondo__fail(file->err, RONDO_FORMAT,
                                   "export: %s[%lld] is %g (the model's weights are damaged: train it again)", name,
                                   (long long)i, (double)x);
        return;
    }
    int size = snprintf(text, sizeof text, "%.9g", (double)x);
    const bool whole = !strpbrk(text, ".e");
    snprintf(text + size, sizeof text - (size_t)size, "%sf,%s", whole ? ".0" : "", i % 8 == 7 ? "\n" : " ");
    put_bytes(file, text, strlen(text));
}

static void begin(rondo__c_file *file, const char *type, const char *name, int64_t n) {
    rondo__c_put(file, "static const %s %s[%lld] = {\n", type, name, (long long)n);
}

void rondo__c_put_floats(rondo__c_file *file, const char *name, int64_t n, const real *data) {
    if (!data)
        return;
    begin(file, "float", name, n);
    for (int64_t i = 0; i < n && !file->status; i++)
        put_float(file, name, i, data[i]);
    rondo__c_put(file, "};\n");
}

/* Panels of 16 rows of W, the last one narrower; in each, k after k. */
static void put_panels(rondo__c_file *file, const char *name, int64_t N, int64_t K, int64_t stride, const real *w) {
    int64_t at = 0;
    for (int64_t n = 0; n < N; n += 16) {
        const int64_t width = N - n < 16 ? N - n : 16;
        for (int64_t k = 0; k < K; k++)
            for (int64_t j = 0; j < width && !file->status; j++)
                put_float(file, name, at++, w[(n + j) * stride + k]);
    }
}

static real most_of(int64_t K, const real *w) {
    real most = 0;
    for (int64_t k = 0; k < K; k++)
        most = fabs((double)w[k]) > (double)most || isnan(w[k]) ? (real)fabs((double)w[k]) : most;
    return most;
}

static double largest_whole(const rondo__c_file *file) { return file->precision == RONDO_C_INT8 ? 127 : 32767; }

static void put_wholes(rondo__c_file *file, int64_t N, int64_t K, int64_t stride, const real *w) {
    for (int64_t n = 0; n < N && !file->status; n++) {
        const double step = (double)most_of(K, w + n * stride) / largest_whole(file);
        for (int64_t k = 0; k < K; k++) {
            char text[16];
            snprintf(text, sizeof text, "%d,%s", step > 0 ? (int)lrint((double)w[n * stride + k] / step) : 0,
                     (n * K + k) % 24 == 23 ? "\n" : "");
            put_bytes(file, text, strlen(text));
        }
    }
}

/* Of the parameter that w is part of. */
static double limit_of(const rondo__c_file *file, const real *w) {
    const rondo__c_limits *limits = file->limits;
    for (int i = 0; limits && i < limits->count; i++)
        if (w >= limits->from[i] && w < limits->from[i] + limits->size[i])
            return (double)limits->most[i];
    return 0;
}

void rondo__c_put_matrix(rondo__c_file *file, const char *name, int64_t N, int64_t K, int64_t stride, const real *w) {
    char array[80];
    if (!w)
        return;
    snprintf(array, sizeof array, "%s_w", name);
    if (file->precision == RONDO_C_FLOAT32) {
        begin(file, "float", array, N * K);
        put_panels(file, array, N, K, stride, w);
        rondo__c_put(file, "};\n");
        return;
    }
    begin(file, "model_whole", array, N * K);
    put_wholes(file, N, K, stride, w);
    rondo__c_put(file, "};\n");
    snprintf(array, sizeof array, "%s_step", name);
    begin(file, "float", array, N);
    for (int64_t n = 0; n < N && !file->status; n++)
        put_float(file, array, n, (real)((double)most_of(K, w + n * stride) / largest_whole(file)));
    rondo__c_put(file, "};\n#define %s_limit (float)%.9g\n", name, limit_of(file, w));
}

void rondo__c_put_use(rondo__c_file *file, const char *name, bool present) {
    if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put(file, present ? "{%s_w}, " : "{0}, ", name);
    else if (present)
        rondo__c_put(file, "{%s_w, %s_step, %s_limit}, ", name, name, name);
    else
        rondo__c_put(file, "{0, 0, 0}, ");
}
