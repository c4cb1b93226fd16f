/* The whole file, in order: what it is and costs; declarations; the run time's parts that it needs; weights; functions;
 * the check. */
#include <ctype.h>
#include <string.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- costs ---- */

static int64_t layer_room(const rondo_recurrent_config *c, const rondo__recurrent_layer *p) {
    switch (c->cell) {
    case RONDO_ELMAN:
        return p->H;
    case RONDO_JORDAN: /* its output first */
        return p->R + p->H + p->R + p->state;
    case RONDO_LSTM:
        return 8 * p->H + p->R;
    default:
        return 7 * p->H;
    }
}

int64_t rondo__c_room(const rondo__network *network) {
    int64_t room = rondo__network_widest(network);
    for (int i = 0; i < network->count; i++) {
        const rondo__network_block *b = &network->block[i];
        for (int l = 0; b->kind == RONDO__RECURRENT && l < b->net->config.layers * b->net->directions; l++)
            room = larger(room, layer_room(&b->net->config, &b->net->layer[l]));
    }
    return room;
}

/* Numbers in products of one step of a layer. */
static int64_t layer_products(const rondo__network_block *b, const rondo__recurrent_layer *p) {
    switch (b->net->config.cell) {
    case RONDO_ELMAN:
        return p->H * (p->I + p->H);
    case RONDO_JORDAN:
        return p->H * (p->I + p->state) + p->R * p->H + (b->feedback ? p->R * p->state : 0);
    case RONDO_LSTM:
        return 4 * p->H * (p->I + p->R) + (p->w_hr >= 0 ? p->R * p->H : 0);
    default:
        return 3 * p->H * (p->I + p->H);
    }
}

/* Vectors that stay float. */
static int64_t layer_floats(const rondo_recurrent *net, const rondo__recurrent_layer *p) {
    const int index[] = {p->b_ih,   p->b_hh,   p->b_o,    p->peephole, p->gain_x,
                         p->gain_h, p->gain_c, p->bias_c, p->h0,       p->c0};
    int64_t count = 0;
    for (size_t i = 0; i < sizeof index / sizeof *index; i++)
        if (index[i] >= 0 && !(i == 1 && p->b_ih >= 0 && net->config.cell != RONDO_GRU))
            count += rondo_tensor_count(&rondo_params_at(net->params, index[i])->value);
    return count;
}

static void add_recurrent(rondo__c_cost *cost, const rondo__network_block *b, int64_t bytes) {
    for (int l = 0; l < b->net->config.layers * b->net->directions; l++) {
        const rondo__recurrent_layer *p = &b->net->layer[l];
        const int64_t products = layer_products(b, p);
        cost->products += products;
        cost->weight_bytes += products * bytes + layer_floats(b->net, p) * 4;
        cost->state_bytes += (p->state + p->cell) * 4;
    }
}

rondo__c_cost rondo__c_costs(const rondo__c_file *file) {
    const int64_t bytes = file->precision == RONDO_C_FLOAT32 ? 4 : file->precision == RONDO_C_INT8 ? 1 : 2;
    const rondo__network *n = file->network;
    rondo__c_cost cost = {.state_bytes = 4 * (2 * rondo__network_widest(n) + rondo__c_room(n))};
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->kind == RONDO__EMBEDDING || b->kind == RONDO__LINEAR)
            cost.weight_bytes += b->in * b->out * bytes + (b->bias ? 4 * b->out : 0);
        if (b->kind == RONDO__LINEAR)
            cost.products += b->in * b->out;
        if (b->kind == RONDO__RECURRENT)
            add_recurrent(&cost, b, bytes);
        if (b->kind == RONDO__POOL)
            cost.state_bytes += 4 * b->in;
        if (b->kind == RONDO__SCALE || b->kind == RONDO__POOL)
            cost.weight_bytes += 4 * b->in * ((b->weight != NULL) + (b->bias != NULL));
    }
    return cost;
}

/* ---- parts ---- */

/* Widest vector that a product rounds. */
static int64_t widest_product(const rondo__network *n) {
    int64_t widest = rondo__network_widest(n);
    for (int i = 0; i < n->count; i++)
        for (int l = 0; n->block[i].kind == RONDO__RECURRENT && l < n->block[i].net->config.layers; l++)
            widest = larger(widest, larger(n->block[i].net->layer[l].H, n->block[i].net->layer[l].state));
    return widest;
}

typedef struct needs {
    bool cell[RONDO_GRU + 1], norm, activation;
} needs;

static needs needs_of(const rondo__network *n) {
    needs need = {0};
    for (int i = 0; i < n->count; i++) {
        const rondo__network_block *b = &n->block[i];
        if (b->kind == RONDO__RECURRENT) {
            need.cell[b->net->config.cell] = true;
            need.norm = need.norm || b->net->config.layer_norm;
        }
        need.activation = need.activation || b->kind == RONDO__ACTIVATION ||
                          (b->kind == RONDO__POOL && b->pooling == RONDO_POOL_ATTENTION);
    }
    need.activation = need.activation || need.cell[RONDO_ELMAN] || need.cell[RONDO_JORDAN];
    return need;
}

static void put_parts(rondo__c_file *file) {
    const needs need = needs_of(file->network);
    const bool gated = need.cell[RONDO_LSTM] || need.cell[RONDO_GRU];
    rondo__c_put_part(file, RONDO__C_MATHS);
    rondo__c_put_part(file, RONDO__C_SIGMOID);
    if (need.activation)
        rondo__c_put_part(file, RONDO__C_ACTIVATION);
    rondo__c_put_part(file, file->precision == RONDO_C_FLOAT32 ? RONDO__C_PRODUCT_F32 : RONDO__C_PRODUCT_INT);
    rondo__c_put_part(file, RONDO__C_VECTORS);
    if (gated || need.cell[RONDO_ELMAN])
        rondo__c_put_part(file, RONDO__C_MIX);
    if (gated) /* their functions name it even where no layer is normalised */
        rondo__c_put_part(file, RONDO__C_NORM);
    for (int cell = 0; cell <= RONDO_GRU; cell++)
        if (need.cell[cell])
            rondo__c_put_part(file, (rondo__c_part)(RONDO__C_ELMAN + cell));
}

/* ---- the file ---- */

static void put_title(rondo__c_file *file) {
    const rondo__c_cost cost = rondo__c_costs(file);
    static const char *const precisions[] = {"float32", "int8", "int16"};
    rondo__c_put(file, "/* %s: a recurrent network, written by Rondo %s.\n *\n", file->name, rondo_version());
    rondo__c_put(file, " *   weights   %lld bytes of constant data (%s)\n", (long long)cost.weight_bytes,
                 precisions[file->precision]);
    rondo__c_put(file, " *   state     %lld bytes, the caller's", (long long)cost.state_bytes);
    if (!rondo__network_streams(file->network))
        rondo__c_put(file, "; and MODEL_ROOM(T) floats for a sequence of T steps");
    rondo__c_put(file, "\n *   work      %lld multiply-adds for each step\n *\n", (long long)cost.products);
    rondo__c_put(file, " * C99 or C++; needs libm, or with MODEL_NO_LIBM defined nothing. No heap, no stdio, no "
                       "globals but constants; a\n"
                       " * state serves one thread at a time. With MODEL_DECLARATIONS defined before, #include of this "
                       "file gives its\n"
                       " * declarations alone. With MODEL_CHECK it is a program that checks itself. */\n");
}

static void put_declarations(rondo__c_file *file) {
    const rondo__network *n = file->network;
    const bool symbols = rondo__network_reads_symbols(n), streams = rondo__network_streams(n),
               pooled = rondo__network_is_pooled(n);
    const char *sequence = symbols ? "const int *symbols" : "const float *x";
    rondo__c_put(file, "#ifndef MODEL_DECLARED\n#define MODEL_DECLARED\n#include <stddef.h>\n#include <stdint.h>\n\n");
    rondo__c_put(file, "#define MODEL_INPUT %lld  /* %s */\n#define MODEL_OUTPUT %lld /* numbers of %s */\n",
                 (long long)n->block[0].in,
                 symbols ? "symbols that it knows: 0 to MODEL_INPUT - 1" : "numbers of a step",
                 (long long)rondo__network_output(n), pooled ? "the result" : "a step's result");
    if (!streams)
        rondo__c_put(file, "#define MODEL_ROOM(T) ((size_t)(T) * %lld)\n", (long long)(2 * rondo__network_widest(n)));
    rondo__c_put(file, "\n");
    rondo__c_put_state(file);
    rondo__c_put(file, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n/* To the state before a sequence. */\nvoid "
                       "model_init(model_state *m);\n");
    if (streams && !pooled)
        rondo__c_put(file, "/* One step: y (MODEL_OUTPUT). */\nvoid model_step(model_state *m, %s, float *y);\n",
                     symbols ? "int symbol" : "const float *x");
    rondo__c_put(file,
                 "/* A whole sequence from its beginning: %s, y (%sMODEL_OUTPUT). */\nvoid model_run(model_state *m, "
                 "%s, int T, %sfloat *y);\n",
                 symbols ? "symbols (T)" : "x (T, MODEL_INPUT)", pooled ? "" : "T, ", sequence,
                 streams ? "" : "float *room, ");
    rondo__c_put(file, "#ifdef __cplusplus\n}\n#endif\n#endif\n\n#ifndef MODEL_DECLARATIONS\n#ifndef "
                       "MODEL_NO_LIBM\n#include <math.h>\n#endif\n");
}

static void put_whole_numbers(rondo__c_file *file) {
    if (file->precision == RONDO_C_FLOAT32)
        return;
    const bool bytes = file->precision == RONDO_C_INT8;
    rondo__c_put(file,
                 "\ntypedef %s model_whole;\ntypedef %s model_sum;\n#define MODEL_MOST %s\n#define MODEL_WIDEST %lld\n",
                 bytes ? "int8_t" : "int16_t", bytes ? "int32_t" : "int64_t", bytes ? "127.0f" : "32767.0f",
                 (long long)widest_product(file->network));
}

/* The name of identifiers: given, or the file's without its ending. */
static rondo_status set_name(rondo__c_file *file, const char *path, const char *given, rondo_error *err) {
    const char *slash = strrchr(path, '/'), *from = given ? given : slash ? slash + 1 : path;
    size_t size = given ? strlen(given) : strcspn(from, ".");
    if (size == 0 || size >= sizeof file->name)
        return rondo__fail(err, RONDO_ARGUMENT,
                           "%s: the name of a model must have 1 to %zu letters (give one with --name)", path,
                           sizeof file->name - 1);
    for (size_t i = 0; i < size; i++) {
        const bool fits = isalnum((unsigned char)from[i]) && !(i == 0 && isdigit((unsigned char)from[i]));
        if (given && !fits && from[i] != '_')
            return rondo__fail(err, RONDO_ARGUMENT,
                               "name '%s': '%c' cannot stand in a C identifier (letters, digits and _ can)", given,
                               from[i]);
        file->name[i] = fits ? from[i] : '_';
        file->upper[i] = (char)toupper((unsigned char)file->name[i]);
    }
    return RONDO_OK;
}

rondo_status rondo__c_write(const rondo__network *network, rondo_context *context, const char *path,
                            const rondo_c_options *options, rondo_error *err) {
    rondo__c_file file = {.err = err, .network = network, .precision = options->precision};
    rondo_status status = set_name(&file, path, options->name, err);
    if (!status)
        status = rondo__writer_open(&file.writer, path, err);
    if (status)
        return status;
    put_title(&file);
    put_declarations(&file);
    put_whole_numbers(&file);
    put_parts(&file);
    rondo__c_put_layers(&file);
    rondo__c_put_functions(&file);
    if (options->check_steps >= 0)
        rondo__c_put_check(&file, context, options->check_steps ? options->check_steps : 8);
    rondo__c_put(&file, "#endif\n");
    if (file.status) {
        rondo__writer_abandon(&file.writer);
        return file.status;
    }
    return rondo__writer_commit(&file.writer, err);
}
