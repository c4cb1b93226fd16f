/* Transformers of an encoder-decoder as C. Sinusoids of places come from those of the place before by a rotation, so
 * that no file needs sine and cosine; their rounding grows with the place, by about 1e-7 at each. */
#include <math.h>
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/attention.h"
#include "nn/params.h"
#include "nn/transformer.h"

/* ---- weights ---- */

typedef struct writer {
    rondo__c_file *file;
    const rondo_transformer *net;
    const char *name; /* "encoder", "decoder" */
} writer;

static const real *values(const writer *w, int index) { return rondo__param_values(w->net->params, index); }

enum { MATRICES = 10 };
static const char *const matrices[MATRICES] = {"q", "k", "v", "o", "mq", "mk", "mv", "mo", "inner", "outer"};

/* The matrices of a layer, in the order of the names. */
static void list(const writer *w, int l, rondo__affine out[MATRICES]) {
    const rondo__transformer_layer *layer = &w->net->layer[l];
    const rondo_attention_layer *both[] = {layer->self, layer->memory};
    for (int i = 0; i < 2; i++) {
        const rondo_attention_layer *a = both[i];
        out[4 * i] =
            a ? rondo__affine_of(w->net->params, a->query, a->query_bias) : rondo__affine_of(w->net->params, -1, -1);
        out[4 * i + 1] =
            a ? rondo__affine_of(w->net->params, a->key, a->key_bias) : rondo__affine_of(w->net->params, -1, -1);
        out[4 * i + 2] =
            a ? rondo__affine_of(w->net->params, a->value, a->value_bias) : rondo__affine_of(w->net->params, -1, -1);
        out[4 * i + 3] =
            a ? rondo__affine_of(w->net->params, a->out, a->out_bias) : rondo__affine_of(w->net->params, -1, -1);
    }
    out[8] = rondo__affine_of(w->net->params, layer->inner, layer->inner_bias);
    out[9] = rondo__affine_of(w->net->params, layer->outer, layer->outer_bias);
}

typedef struct full_name {
    char text[64];
} full_name;
static full_name name_of(const writer *w, int l, const char *what) {
    full_name name;
    snprintf(name.text, sizeof name.text, "model_%s_l%d_%s", w->name, l, what);
    return name;
}

static void put_norm(const writer *w, int l, const char *what, rondo__norm norm) {
    char text[24];
    snprintf(text, sizeof text, "%s_gain", what);
    rondo__c_put_floats(w->file, name_of(w, l, text).text, w->net->config.size, values(w, norm.gain));
    snprintf(text, sizeof text, "%s_bias", what);
    rondo__c_put_floats(w->file, name_of(w, l, text).text, w->net->config.size, values(w, norm.bias));
}

static bool has_part(const writer *w, int l, int part) {
    return part != MEMORY_ATTENTION || w->net->layer[l].memory != NULL;
}

static void put_layer(const writer *w, int l) {
    rondo__affine all[MATRICES];
    char part[16];
    list(w, l, all);
    for (int i = 0; i < MATRICES; i++) {
        char bias[24];
        snprintf(bias, sizeof bias, "%s_bias", matrices[i]);
        rondo__c_put_matrix(w->file, name_of(w, l, matrices[i]).text, all[i].out, all[i].in, all[i].in, all[i].weight);
        rondo__c_put_floats(w->file, name_of(w, l, bias).text, all[i].out, all[i].bias);
    }
    for (int i = 0; i < LAYER_PARTS; i++) {
        snprintf(part, sizeof part, "norm%d", i);
        if (has_part(w, l, i))
            put_norm(w, l, part, w->net->layer[l].norm[i]);
    }
}

static void use_layer(const writer *w, int l) {
    static const char *const kinds[] = {"gain", "bias"};
    rondo__affine all[MATRICES];
    list(w, l, all);
    rondo__c_put(w->file, "    {");
    for (int i = 0; i < MATRICES; i++)
        rondo__c_put_use(w->file, name_of(w, l, matrices[i]).text, all[i].weight != NULL);
    for (int i = 0; i < MATRICES; i++)
        rondo__c_put(w->file, all[i].bias ? "%s_bias, " : "0, ", name_of(w, l, matrices[i]).text);
    for (int k = 0; k < 2; k++) {
        rondo__c_put(w->file, "{");
        for (int i = 0; i < LAYER_PARTS; i++) {
            char what[24];
            snprintf(what, sizeof what, "norm%d_%s", i, kinds[k]);
            rondo__c_put(w->file, has_part(w, l, i) ? "%s%s" : "0%.0s%s", name_of(w, l, what).text,
                         i < LAYER_PARTS - 1 ? ", " : "}");
        }
        rondo__c_put(w->file, k ? "},\n" : ", ");
    }
}

static void put_places(const writer *w) {
    const rondo_transformer_config *c = &w->net->config;
    char name[48];
    if (w->net->positions >= 0) {
        snprintf(name, sizeof name, "model_%s_places", w->name);
        rondo__c_put_floats(w->file, name, c->max_length * c->size, values(w, w->net->positions));
    }
    if (!w->net->frequencies)
        return;
    real *turn = rondo__alloc((size_t)(c->size + 1) * sizeof *turn);
    for (int64_t i = 0; turn && i <= c->size; i++)
        turn[i] = (real)(i % 2 ? cos(w->net->frequencies[i / 2]) : i < c->size ? sin(w->net->frequencies[i / 2]) : 0);
    snprintf(name, sizeof name, "model_%s_turn", w->name);
    if (turn)
        rondo__c_put_floats(w->file, name, c->size + 1, turn);
    else
        rondo__c_no_memory(w->file);
    rondo__free(turn);
}

void rondo__c_put_transformer(rondo__c_file *file, const rondo_transformer *net, const char *name) {
    if (!net)
        return;
    const writer w = {file, net, name};
    const rondo_transformer_config *c = &net->config;
    put_places(&w);
    for (int l = 0; l < c->layers; l++)
        put_layer(&w, l);
    if (!c->post_norm)
        put_norm(&w, c->layers, "norm", net->norm);
    rondo__c_put(file, "static const model_block model_%s_blocks[%d] = {\n", name, c->layers);
    for (int l = 0; l < c->layers; l++)
        use_layer(&w, l);
    rondo__c_put(file, "};\nstatic const model_transformer model_%s = {%lld, %lld, %lld, %d, (float)%.9g};\n", name,
                 (long long)c->size, (long long)c->heads, (long long)c->feed_forward_size, c->post_norm,
                 1 / sqrt((double)(c->size / c->heads)));
}

/* ---- costs ---- */

rondo__c_cost rondo__c_transformer_costs(const rondo_transformer *net, rondo_c_precision precision) {
    const int64_t bytes = precision == RONDO_C_FLOAT32 ? 4 : precision == RONDO_C_INT8 ? 1 : 2;
    rondo__c_cost cost = {0};
    if (!net)
        return cost;
    const writer w = {NULL, net, ""};
    const int64_t N = net->config.size;
    for (int l = 0; l < net->config.layers; l++) {
        rondo__affine all[MATRICES];
        list(&w, l, all);
        for (int i = 0; i < MATRICES; i++) {
            if (!all[i].weight)
                continue;
            cost.products += i == 5 || i == 6 ? 0 : all[i].out * all[i].in; /* the memory's are made once */
            cost.inner_products += i == 5 || i == 6 ? all[i].out * all[i].in : 0;
            cost.weight_bytes += all[i].out * all[i].in * bytes + 4 * all[i].out * (bytes < 4 ? 2 : 1);
        }
        cost.weight_bytes += 4 * 2 * N * (net->layer[l].memory ? 3 : 2);
    }
    cost.weight_bytes += net->config.post_norm ? 0 : 8 * N;
    cost.weight_bytes += net->positions >= 0 ? 4 * net->config.max_length * N : net->frequencies ? 4 * (N + 1) : 0;
    return cost;
}

int64_t rondo__c_transformer_room(const rondo_transformer *net) {
    return net ? 3 * net->config.size + net->config.feed_forward_size : 0;
}

int64_t rondo__c_transformer_widest(const rondo_transformer *net) {
    return !net                                               ? 0
           : net->config.feed_forward_size > net->config.size ? net->config.feed_forward_size
                                                              : net->config.size;
}

/* ---- code ---- */

/* x (N), where an embedding stands: sqrt(N) x + the place number `at` (C expressions). */
static void put_place(rondo__c_file *file, const rondo_transformer *net, const char *name, const char *x,
                      const char *at, const char *indent) {
    const long long N = net->config.size, most = net->config.max_length;
    if (net->positions >= 0)
        rondo__c_put(file, "%splace = model_%s_places + (size_t)(%s < %lld ? %s : %lld) * %lld;\n", indent, name, at,
                     most, at, most - 1, N);
    rondo__c_put(file, "%sfor (i = 0; i < %lld; i++)\n%s    %s[i] = (float)%.9g * %s[i]", indent, N, indent, x,
                 sqrt((double)N), x);
    rondo__c_put(file, "%s;\n", net->positions >= 0 ? " + place[i]" : net->frequencies ? " + m->place[i]" : "");
    if (net->frequencies)
        rondo__c_put(file, "%smodel_place_next(m->place, model_%s_turn, %lld);\n", indent, name, N);
}

static void put_place_begin(rondo__c_file *file, const rondo_transformer *net) {
    if (net->frequencies)
        rondo__c_put(file, "    model_place_begin(m->place, %lld);\n", (long long)net->config.size);
}

void rondo__c_put_transformer_encode(rondo__c_file *file) {
    const rondo_transformer *net = file->encdec->encoder_transformer;
    const long long N = net->config.size;
    char row[48];
    snprintf(row, sizeof row, "(p + (size_t)t * %lld)", N);
    put_place_begin(file, net);
    rondo__c_put(file, "    for (t = 0; t < T; t++) {\n");
    rondo__c_put_embedding(file, 0, row, "symbols[t]", "        ");
    put_place(file, net, "encoder", row, "t", "        ");
    rondo__c_put(file,
                 "    }\n    for (i = 0; i < %d; i++)\n        model_encoder_layer(&model_encoder, "
                 "&model_encoder_blocks[i], T, p, q, q + (size_t)T * %lld, q + (size_t)T * %lld, m->room);\n",
                 net->config.layers, N, 2 * N);
    if (!net->config.post_norm)
        rondo__c_put(file,
                     "    for (t = 0; t < T; t++)\n        model_normalise(%s, %s, model_encoder_l%d_norm_gain, "
                     "model_encoder_l%d_norm_bias, %lld);\n",
                     row, row, net->config.layers, net->config.layers, N);
}

/* Keys and values of the memory, of each layer in turn, behind q. */
void rondo__c_put_transformer_prepare(rondo__c_file *file, const char *memory, const char *second) {
    const rondo_transformer *net = file->encdec->decoder_transformer;
    const long long N = net->config.size, M = net->config.memory_size;
    rondo__c_put(file, "    for (i = 0; i < %d; i++) {\n        const model_block *b = &model_decoder_blocks[i];\n",
                 net->config.layers);
    rondo__c_put(file,
                 "        float *keys = %s + (size_t)i * (size_t)T * %lld;\n"
                 "        model_prepare(keys, %s, &b->mk, b->mk_bias, T, %lld, %lld);\n"
                 "        model_prepare(keys + (size_t)T * %lld, %s, &b->mv, b->mv_bias, T, %lld, %lld);\n    }\n",
                 second, 2 * N, memory, N, M, N, memory, N, M);
    rondo__c_put(file, "    m->keys = %s;\n    m->n = 0;\n", second);
    put_place_begin(file, net);
}

/* m->x, where the symbol's embedding stands, becomes m->h. */
void rondo__c_put_transformer_step(rondo__c_file *file) {
    const rondo_transformer *net = file->encdec->decoder_transformer;
    const long long N = net->config.size;
    rondo__c_put(file, "    if (m->n > MODEL_LONGEST(m->S)) /* there is no room left */\n        return;\n");
    put_place(file, net, "decoder", "m->x", "m->n", "    ");
    rondo__c_put(file,
                 "    for (i = 0; i < %d; i++) {\n"
                 "        float *past = m->past + (size_t)i * (size_t)(MODEL_LONGEST(m->S) + 1) * %lld;\n"
                 "        const float *keys = m->keys + (size_t)i * (size_t)m->S * %lld;\n",
                 net->config.layers, 2 * N, 2 * N);
    rondo__c_put(file,
                 "        model_decoder_layer(&model_decoder, &model_decoder_blocks[i], m->n, m->x, past, past + "
                 "(size_t)(MODEL_LONGEST(m->S) + 1) * %lld,\n            m->past_weights, m->S, keys, keys + "
                 "(size_t)m->S * %lld, m->weights, m->room);\n    }\n    m->n++;\n",
                 N, N);
    if (net->config.post_norm)
        rondo__c_put(file, "    model_copy(m->h, m->x, %lld);\n", N);
    else
        rondo__c_put(
            file, "    model_normalise(m->h, m->x, model_decoder_l%d_norm_gain, model_decoder_l%d_norm_bias, %lld);\n",
            net->config.layers, net->config.layers, N);
}
