/* The whole file, in order: what it is and costs; declarations; the run time's parts that it needs; weights; functions;
 * the check. */
#include <ctype.h>
#include <string.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"

/* ---- parts ---- */

void rondo__c_need(rondo__c_needs *need, const rondo__network *n) {
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->net) {
            need->cell[b->net->config.cell] = true;
            need->norm = need->norm || b->net->config.layer_norm;
        }
        need->log = need->log || b->kind == RONDO__ADAPTIVE;
        need->activation = need->activation || b->kind == RONDO__ACTIVATION ||
                           (b->kind == RONDO__POOL && b->pooling == RONDO_POOL_ATTENTION);
    }
    need->activation = need->activation || need->cell[RONDO_ELMAN] || need->cell[RONDO_JORDAN];
}

void rondo__c_put_parts(rondo__c_file *file, const rondo__c_needs *need) {
    const bool gated = need->cell[RONDO_LSTM] || need->cell[RONDO_GRU], whole = file->precision != RONDO_C_FLOAT32;
    rondo__c_put_part(file, RONDO__C_MATHS);
    rondo__c_put_part(file, RONDO__C_SIGMOID);
    if (need->activation)
        rondo__c_put_part(file, RONDO__C_ACTIVATION);
    rondo__c_put_part(file, whole ? RONDO__C_PRODUCT_INT : RONDO__C_PRODUCT_F32);
    rondo__c_put_part(file, RONDO__C_VECTORS);
    if (gated || need->cell[RONDO_ELMAN])
        rondo__c_put_part(file, RONDO__C_MIX);
    if (gated || need->sqrt || need->norm)
        rondo__c_put_part(file, RONDO__C_SQRT);
    if (gated || need->norm) /* their functions name it even where no layer is normalised */
        rondo__c_put_part(file, RONDO__C_NORM);
    for (int cell = 0; cell <= RONDO_GRU; cell++)
        if (need->cell[cell])
            rondo__c_put_part(file, (rondo__c_part)(RONDO__C_ELMAN + cell));
    if (need->log) {
        rondo__c_put_part(file, RONDO__C_LOG);
        rondo__c_put_part(file, RONDO__C_ADAPTIVE);
    }
    if (need->row)
        rondo__c_put_part(file, whole ? RONDO__C_ROW_INT : RONDO__C_ROW_F32);
    if (need->prepare)
        rondo__c_put_part(file, RONDO__C_PREPARE);
    if (need->encoder || need->decoder)
        rondo__c_put_part(file, RONDO__C_TRANSFORMER);
    if (need->places)
        rondo__c_put_part(file, RONDO__C_TRANSFORMER_PLACES);
    if (need->encoder)
        rondo__c_put_part(file, RONDO__C_TRANSFORMER_ENCODER);
    if (need->decoder)
        rondo__c_put_part(file, RONDO__C_TRANSFORMER_DECODER);
    if (need->attention)
        rondo__c_put_part(file, RONDO__C_ATTENTION);
    if (need->pointer)
        rondo__c_put_part(file, RONDO__C_POINTER);
}

/* ---- the file ---- */

const char *const rondo__c_precisions[] = {"float32", "int8", "int16"};

void rondo__c_put_promises(rondo__c_file *file) {
    rondo__c_put(file, " *\n * C99 or C++; needs libm, or with MODEL_NO_LIBM defined nothing. No heap, no stdio, no "
                       "globals but constants; a\n"
                       " * state serves one thread at a time. With MODEL_DECLARATIONS defined before, #include of this "
                       "file gives its\n"
                       " * declarations alone. With MODEL_CHECK it is a program that checks itself. */\n");
}

static int64_t state_bytes(const rondo__c_file *file, const rondo__c_cost *cost) {
    const rondo__network *n = file->network;
    const int64_t floats = cost->state_floats + 2 * rondo__c_widest(n) + rondo__c_room(n);
    if (!rondo__c_forecasts(file))
        return 4 * floats;
    return (4 * (floats + rondo__c_forecast_floats(n)) + 7) / 8 * 8; /* which holds doubles */
}

static void put_work(rondo__c_file *file, const rondo__c_cost *cost) {
    const rondo__network *n = file->network;
    const bool window = rondo__c_forecasts(file) && n->horizon.W > 0;
    rondo__c_put(file, "\n *   work      %lld multiply-adds for each %s",
                 (long long)(window ? rondo__c_forecast_work(n) : cost->products), window ? "forecast" : "step");
    if (rondo__c_spells(file))
        rondo__c_put(file, ", %lld for each character", (long long)cost->inner_products);
    rondo__c_put(file, "\n");
}

static void put_title(rondo__c_file *file) {
    const rondo__c_cost cost = rondo__c_costs(file->network, file->precision);
    rondo__c_put(file, "/* %s: a recurrent network, written by Rondo %s.\n *\n", file->name, rondo_version());
    rondo__c_put(file, " *   weights   %lld bytes of constant data (%s)\n", (long long)cost.weight_bytes,
                 rondo__c_precisions[file->precision]);
    rondo__c_put(file, " *   state     %lld bytes, the caller's", (long long)state_bytes(file, &cost));
    if (!rondo__c_streams(file) && !rondo__c_forecasts(file))
        rondo__c_put(file, "; and MODEL_ROOM(T) floats for a sequence of T steps");
    put_work(file, &cost);
    rondo__c_put_ear_costs(file);
    rondo__c_put_promises(file);
}

void rondo__c_put_declared(rondo__c_file *file) {
    rondo__c_put_texts_declarations(file);
    rondo__c_put(file, "#ifdef __cplusplus\n}\n#endif\n#endif\n\n#ifndef MODEL_DECLARATIONS\n#ifndef "
                       "MODEL_NO_LIBM\n#include <math.h>\n#endif\n");
}

static void put_forecast_declarations(rondo__c_file *file) {
    rondo__c_put_forecast_types(file);
    rondo__c_put_state(file);
    rondo__c_put(file, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    rondo__c_put_forecast_declarations(file);
    rondo__c_put_declared(file);
}

bool rondo__c_streams(const rondo__c_file *file) {
    return rondo__network_streams(file->network) && !rondo__c_spells(file);
}

static void put_declarations(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const bool symbols = rondo__network_reads_symbols(n), streams = rondo__c_streams(file),
               pooled = rondo__network_is_pooled(n);
    const char *sequence = symbols ? "const int *symbols" : "const float *x";
    rondo__c_put(file, "#ifndef MODEL_DECLARED\n#define MODEL_DECLARED\n#include <stddef.h>\n#include <stdint.h>\n\n");
    if (rondo__c_forecasts(file)) {
        put_forecast_declarations(file);
        return;
    }
    rondo__c_put(file, "#define MODEL_INPUT %lld  /* %s */\n#define MODEL_OUTPUT %lld /* numbers of %s */\n",
                 (long long)n->block[0].in,
                 symbols ? "symbols that it knows: 0 to MODEL_INPUT - 1" : "numbers of a step",
                 (long long)rondo__network_output(n), pooled ? "the result" : "a step's result");
    if (!streams)
        rondo__c_put(file, "#define MODEL_ROOM(T) ((size_t)(T) * %lld)\n", (long long)(2 * rondo__c_widest(n)));
    rondo__c_put(file, "\n");
    rondo__c_put_state(file);
    rondo__c_put_ear_types(file);
    rondo__c_put(file, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n/* To the state before a sequence. */\nvoid "
                       "model_init(model_state *m);\n");
    if (streams && !pooled)
        rondo__c_put(file, "/* One step: y (MODEL_OUTPUT). */\nvoid model_step(model_state *m, %s, float *y);\n",
                     symbols ? "int symbol" : "const float *x");
    rondo__c_put(file,
                 "/* A whole sequence from its beginning: %s%s, y (%sMODEL_OUTPUT). */\nvoid model_run(model_state *m, "
                 "%s%s, int T, %sfloat *y);\n",
                 symbols ? "symbols (T)" : "x (T, MODEL_INPUT)",
                 rondo__c_spells(file) ? ", characters (T, C), -1 behind the end of each" : "", pooled ? "" : "T, ",
                 sequence, rondo__c_spelling_arguments(file), streams ? "" : "float *room, ");
    rondo__c_put_path_declarations(file);
    rondo__c_put_ear_declarations(file);
    rondo__c_put_declared(file);
}

void rondo__c_put_whole_numbers(rondo__c_file *file, int64_t widest) {
    if (file->precision == RONDO_C_FLOAT32)
        return;
    const bool bytes = file->precision == RONDO_C_INT8;
    rondo__c_put(
        file, "\ntypedef %s model_whole;\ntypedef %s model_sum;\n#define MODEL_MOST %s\n#define MODEL_WIDEST %lld\n",
        bytes ? "int8_t" : "int16_t", bytes ? "int32_t" : "int64_t", bytes ? "127.0f" : "32767.0f", (long long)widest);
}

/* The name of identifiers: given, or the file's without its ending, behind an m where it does not begin with a letter:
 * what begins with _ is the compiler's (_init is what a program's own start calls). */
static rondo_status set_name(rondo__c_file *file, const char *path, const char *given, rondo_error *err) {
    const char *slash = strrchr(path, '/'), *from = given ? given : slash ? slash + 1 : path;
    size_t size = given ? strlen(given) : strcspn(from, ".");
    if (size == 0 || size >= sizeof file->name)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "%s: the name of a model must have 1 to %zu letters (give one with --name)", path,
                           sizeof file->name - 1);
    if (given && *given == '_')
        return rondo__fail(err, RONDO_ARGUMENT, "name '%s': what begins with _ is the compiler's (begin with a letter)",
                           given);
    const size_t before = !given && !isalpha((unsigned char)*from) && size + 1 < sizeof file->name;
    if (before)
        *file->name = 'm', *file->upper = 'M';
    for (size_t i = 0; i < size; i++) {
        const bool fits = isalnum((unsigned char)from[i]) && (i + before > 0 || !isdigit((unsigned char)from[i]));
        if (given && !fits && from[i] != '_')
            return rondo__fail(err, RONDO_ARGUMENT,
                               "name '%s': '%c' cannot stand in a C identifier (letters, digits and _ can)", given,
                               from[i]);
        file->name[i + before] = fits ? from[i] : '_';
        file->upper[i + before] = (char)toupper((unsigned char)file->name[i + before]);
    }
    return RONDO_OK;
}

static void put_network(rondo__c_file *file, rondo_context *context, int64_t check_steps) {
    rondo__c_needs needs = {.activation = false};
    put_title(file);
    put_declarations(file);
    rondo__c_put_whole_numbers(file, rondo__c_widest_product(file->network));
    rondo__c_need(&needs, file->network);
    needs.sqrt = rondo__c_forecasts(file);
    rondo__c_put_parts(file, &needs);
    rondo__c_put_layers(file);
    rondo__c_put_functions(file);
    rondo__c_put_path(file);
    rondo__c_put_ear(file, needs.cell[RONDO_LSTM] || needs.cell[RONDO_GRU]);
    rondo__c_put_texts(file);
    if (check_steps > 0 && rondo__c_forecasts(file))
        rondo__c_put_forecast_check(file, context);
    else if (check_steps > 0)
        rondo__c_put_check(file, context, check_steps);
}

rondo_status rondo__c_write(const rondo__c_model *model, rondo_context *context, const char *path,
                            const rondo_c_options *options, rondo_error *err) {
    const int64_t steps = options->check_steps < 0 ? 0 : options->check_steps ? options->check_steps : 8;
    rondo__c_file file = {.err = err,
                          .network = model->network,
                          .part = "",
                          .encdec = model->encdec,
                          .around = model->around,
                          .limits = model->limits,
                          .precision = options->precision};
    rondo_status status = set_name(&file, path, options->name, err);
    if (!status)
        status = rondo__writer_open(&file.writer, path, err);
    if (status)
        return status;
    if (model->encdec) {
        rondo__c_put_encdec(&file);
        if (steps > 0)
            rondo__c_put_encdec_check(&file, context, steps);
    } else {
        put_network(&file, context, steps);
    }
    rondo__c_put(&file, "#endif\n");
    if (file.status) {
        rondo__writer_abandon(&file.writer);
        return file.status;
    }
    return rondo__writer_commit(&file.writer, err);
}
