/* An encoder-decoder as C: encode, one step, the whole, written out in the order of exchange/encdec.h. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"
#include "nn/transformer.h"

/* ---- encode ---- */

/* One of the encoder's final states by direction, as C. */
typedef struct final {
    char text[80];
} final;
static final final_state(rondo__c_file *file, const rondo__first *first, int direction) {
    final name;
    snprintf(name.text, sizeof name.text, "m->%s_%c", rondo__c_member_name(file, 1, first->layer, direction).text,
             first->cell ? 'c' : 'h');
    return name;
}

/* Both directions side by side at `to`. */
static void put_joined(rondo__c_file *file, const rondo__first *first, const char *to, int64_t width) {
    for (int d = 0; d < rondo__encdec_encoder(file->encdec)->directions; d++)
        rondo__c_put(file, "    model_copy(%s + %lld, %s, %lld);\n", to, (long long)(d * width),
                     final_state(file, first, d).text, (long long)width);
}

/* `to`: the decoder's state, as C; width: of one direction of the encoder's. */
static void put_first(rondo__c_file *file, const rondo__first *first, const char *to, const char *bridge) {
    const rondo_recurrent *encoder = rondo__encdec_encoder(file->encdec);
    if (first->kind == RONDO__FIRST_OWN) /* rondo__c_put_starts did it */
        return;
    const rondo__recurrent_layer *from = &encoder->layer[first->layer * encoder->directions];
    const long long width = first->cell ? from->cell : from->state;
    switch (first->kind) {
    case RONDO__FIRST_OWN:
        break;
    case RONDO__FIRST_SUM:
        rondo__c_put(file, "    model_copy(%s, %s, %lld);\n", to, final_state(file, first, 0).text, width);
        if (encoder->directions == 2)
            rondo__c_put(file, "    for (i = 0; i < %lld; i++)\n        %s[i] += %s[i];\n", width, to,
                         final_state(file, first, 1).text);
        break;
    case RONDO__FIRST_JOINED:
        put_joined(file, first, to, width);
        break;
    case RONDO__FIRST_LINEAR:
        put_joined(file, first, "m->joined", width);
        rondo__c_put(file, "    model_copy(%s, %s%s, %lld);\n    model_product(%s, m->joined, &%s, %lld, %lld);\n", to,
                     first->map.bias ? bridge : "0", first->map.bias ? "_bias" : "", (long long)first->map.out, to,
                     bridge, (long long)first->map.out, (long long)first->map.in);
        rondo__c_put(file, "    model_activate(%s, %lld, MODEL_TANH);\n", to, (long long)first->map.out);
    }
}

static void put_firsts(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const rondo_recurrent *decoder = rondo__encdec_decoder(e);
    for (int l = 0; decoder && l < decoder->config.layers; l++) {
        char to[64], bridge[48];
        snprintf(to, sizeof to, "m->decoder_rnn0_l%d_h", l);
        snprintf(bridge, sizeof bridge, "model_bridge_h%d", l);
        put_first(file, &e->h[l], to, bridge);
        snprintf(to, sizeof to, "m->decoder_rnn0_l%d_c", l);
        snprintf(bridge, sizeof bridge, "model_bridge_c%d", l);
        if (decoder->layer[l].cell > 0)
            put_first(file, &e->c[l], to, bridge);
    }
    if (e->repeats) {
        const rondo_recurrent *encoder = rondo__encdec_encoder(e);
        const rondo__first last = {.layer = encoder->config.layers - 1};
        put_joined(file, &last, "m->context", encoder->layer[last.layer * encoder->directions].state);
    }
}

static void put_prepared(rondo__c_file *file, const char *name, const char *member, const rondo__affine *map,
                         const rondo__c_layout *layout, int64_t at) {
    if (!map->weight) {
        rondo__c_put(file, "    m->%s = %s;\n", member, layout->memory_in_p ? "p" : "q");
        return;
    }
    rondo__c_put(file, "    model_prepare(%s + (size_t)T * %lld, %s, &%s, ", layout->memory_in_p ? "q" : "p",
                 (long long)at, layout->memory_in_p ? "p" : "q", name);
    rondo__c_put(file, map->bias ? "%s_bias" : "0", name);
    rondo__c_put(file, ", T, %lld, %lld);\n    m->%s = %s + (size_t)T * %lld;\n", (long long)map->out,
                 (long long)map->in, member, layout->memory_in_p ? "q" : "p", (long long)at);
}

static void put_memory(rondo__c_file *file) {
    const rondo__look *l = &file->encdec->look;
    const rondo__c_layout layout = rondo__c_layout_of(file->encdec);
    const char *second = layout.memory_in_p ? "q" : "p";
    const long long end = layout.keys + layout.values;
    rondo__c_put(file, "    m->S = T;\n    m->memory = %s;\n", layout.memory_in_p ? "p" : "q");
    if (file->encdec->decoder_transformer) {
        rondo__c_put(file, "    m->values = 0;\n    m->coverage = 0;\n    m->weights = %s + (size_t)T * %lld;\n",
                     second, end);
        rondo__c_put(file, "    m->past = room + (size_t)T * %lld;\n", (long long)(layout.width + layout.second));
        rondo__c_put(file, "    m->past_weights = m->past + (size_t)(MODEL_LONGEST(T) + 1) * %lld;\n",
                     (long long)(layout.past - 1));
        rondo__c_put_transformer_prepare(file, layout.memory_in_p ? "p" : "q", second);
        return;
    }
    if (!l->present) {
        rondo__c_put(file, "    m->keys = m->values = 0;\n    m->weights = m->coverage = 0;\n");
        return;
    }
    put_prepared(file, "model_look_key", "keys", &l->key, &layout, 0);
    put_prepared(file, "model_look_value", "values", &l->value, &layout, layout.keys);
    rondo__c_put(file, "    m->weights = %s + (size_t)T * %lld;\n", second, end);
    if (layout.coverage)
        rondo__c_put(file, "    m->coverage = %s + (size_t)T * %lld;\n    model_copy(m->coverage, 0, T);\n", second,
                     end + 1);
    else
        rondo__c_put(file, "    m->coverage = 0;\n");
}

static bool sums(const rondo__encdec *e) {
    for (int l = 0; l < RONDO_MAX_LAYERS; l++)
        if (e->h[l].kind == RONDO__FIRST_SUM || e->c[l].kind == RONDO__FIRST_SUM)
            return rondo__encdec_encoder(e)->directions == 2;
    return false;
}

/* Of learned places. */
static void put_place_pointer(rondo__c_file *file, const rondo_transformer *net) {
    if (net && net->positions >= 0)
        rondo__c_put(file, "    const float *place;\n");
}

void rondo__c_put_encode(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const rondo__c_layout layout = rondo__c_layout_of(e);
    const bool indexed = rondo__c_uses_index(&e->encoder, 0, e->encoder.count) || sums(e) || e->encoder_transformer ||
                         e->decoder_transformer;
    rondo__c_put(file, "\nvoid model_encode(model_state *m, const int *symbols, %sint T, float *room) {\n",
                 e->pointer.weight ? "const int *copy, " : "");
    if (layout.memory_in_p)
        rondo__c_put(file, "    float *p = room, *q = room + (size_t)T * %lld;\n", (long long)layout.width);
    else
        rondo__c_put(file, "    float *q = room, *p = room + (size_t)T * %lld;\n", (long long)layout.width);
    rondo__c_put(file, "    int t%s;\n", indexed ? ", i" : "");
    put_place_pointer(file, e->encoder_transformer);
    rondo__c_put_starts(file);
    file->network = &e->decoder;
    file->part = "decoder_";
    rondo__c_put_starts(file);
    file->network = &e->encoder;
    file->part = "";
    if (e->encoder_transformer)
        rondo__c_put_transformer_encode(file);
    else
        rondo__c_put_rows(file, 0, e->encoder.count, "x", NULL);
    put_memory(file);
    put_firsts(file);
    rondo__c_put(file, "%s    model_copy(m->a, 0, %lld);\n}\n", e->pointer.weight ? "    m->copy = copy;\n" : "",
                 (long long)e->A);
}

/* ---- one step ---- */

static void put_table_row(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const long long V = e->target, E = e->E;
    if (e->embedding == e->output.weight)
        rondo__c_put(file, "    model_row(m->x, &model_output, %lld, %lld, symbol);\n", V, E);
    else if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put(file, "    model_copy(m->x, model_target + (size_t)symbol * %lld, %lld);\n", E, E);
    else
        rondo__c_put(file,
                     "    model_lookup(m->x, model_target_w + (size_t)symbol * %lld, model_target_step[symbol], "
                     "%lld);\n",
                     E, E);
}

static void put_glance(rondo__c_file *file, const char *query, const char *to) {
    rondo__c_put(file,
                 "    model_look(&model_eye, %s, m->keys, m->values, m->S, m->weights, m->coverage, %s, m->room);\n",
                 query, to);
}

/* What enters the cells, behind the symbol. */
static void put_input(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    char to[48], query[64];
    int64_t at = e->E;
    put_table_row(file);
    snprintf(to, sizeof to, "m->x + %lld", (long long)at);
    if (e->before) {
        snprintf(query, sizeof query, "m->decoder_rnn0_l%d_h", rondo__encdec_decoder(e)->config.layers - 1);
        put_glance(file, query, to);
    } else if (e->repeats) {
        rondo__c_put(file, "    model_copy(%s, m->context, %lld);\n", to, (long long)e->C);
    }
    at += e->before || e->repeats ? e->C : 0;
    if (e->feeds)
        rondo__c_put(file, "    model_copy(m->x + %lld, m->a, %lld);\n", (long long)at, (long long)e->A);
}

static void put_combination(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const long long H = e->H, C = e->C, E = e->E, A = e->A;
    const bool after = e->look.present && !e->before;
    if (after)
        put_glance(file, "m->h", "m->joined");
    if (!e->combine.weight) {
        rondo__c_put(file, "    model_copy(m->a, m->h, %lld);\n", A);
        return;
    }
    rondo__c_put(file, "    model_copy(m->joined + %lld, m->h, %lld);\n", after ? C : 0, H);
    if (e->before)
        rondo__c_put(file,
                     "    model_copy(m->joined + %lld, m->x + %lld, %lld);\n    model_copy(m->joined + %lld, m->x, "
                     "%lld);\n",
                     H, E, C, H + C, E);
    rondo__c_put(file,
                 "    model_copy(m->a, 0, %lld);\n    model_product(m->a, m->joined, &model_combine, %lld, %lld);\n"
                 "    model_activate(m->a, %lld, MODEL_TANH);\n",
                 A, A, (long long)e->combine.in, A);
}

/* Greedy decoding. */
static void put_translate(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const char *copy = e->pointer.weight ? "const int *copy, " : "", *width = e->pointer.weight ? " + S" : "";
    rondo__c_put(file,
                 "\nint model_translate(model_state *m, const int *symbols, %sint S, float *room, int *out, int most) "
                 "{\n    float *y = room + MODEL_ROOM(S) - (MODEL_TARGET%s);\n    int n, v, said = MODEL_END;\n",
                 copy, width);
    if (e->decoder_transformer)
        rondo__c_put(file, "    most = most < MODEL_LONGEST(S) ? most : MODEL_LONGEST(S);\n");
    if (e->decoder_transformer && e->decoder_transformer->positions >= 0)
        rondo__c_put(file, "    most = most < %lld ? most : %lld; /* places that were learned */\n",
                     (long long)e->decoder_transformer->config.max_length,
                     (long long)e->decoder_transformer->config.max_length);
    rondo__c_put(file,
                 "    model_encode(m, symbols, %sS, room);\n    for (n = 0; n < most; n++) {\n"
                 "        model_decode_step(m, said, y);\n        said = 0;\n"
                 "        for (v = 1; v < MODEL_TARGET%s; v++)\n            said = y[v] > y[said] ? v : said;\n"
                 "        if (said == MODEL_END)\n            break;\n        out[n] = said;\n    }\n"
                 "    return n;\n}\n",
                 e->pointer.weight ? "copy, " : "", width);
}

void rondo__c_put_decode(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const bool indexed = rondo__c_uses_index(&e->decoder, 0, e->decoder.count) || e->decoder_transformer;
    rondo__c_put(file, "\nvoid model_decode_step(model_state *m, int symbol, float *y) {\n%s",
                 indexed ? "    int i;\n" : "");
    rondo__c_put(file, e->pointer.weight ? "    float gate;\n" : "");
    put_place_pointer(file, e->decoder_transformer);
    rondo__c_put_told(file);
    put_input(file);
    rondo__c_put_pointed(file);
    if (e->decoder_transformer) {
        rondo__c_put_transformer_step(file);
    } else {
        file->network = &e->decoder;
        file->part = "decoder_";
        rondo__c_put_row(file, 0, e->decoder.count, "m->x", "m->h", "    ");
        file->network = &e->encoder;
        file->part = "";
    }
    put_combination(file);
    rondo__c_put(file, "    model_copy(y, %s, %lld);\n    model_product(y, m->a, &model_output, %lld, %lld);\n",
                 e->output.bias ? "model_output_bias" : "0", (long long)e->target, (long long)e->target,
                 (long long)e->A);
    rondo__c_put_point(file);
    rondo__c_put(file, "}\n");
    put_translate(file);
}
