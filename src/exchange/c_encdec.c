/* An encoder-decoder as C: what it costs, its declarations, its weights.
 *
 * All that depends on the length S of the source stands in room of the caller: two buffers that the encoder's layers
 * fill in turn, of which one ends up as the memory and the other is used anew for keys, values, weights and coverage;
 * and behind them what a step of model_translate says. */
#include <stdio.h>

#include "exchange/c_file.h"
#include "nn/recurrent.h"
#include "nn/transformer.h"

/* Rows that the encoder's blocks make in turn. */
static int rounds(const rondo__network *n) {
    int count = 0;
    for (int i = 0; i < n->count; i++)
        count += n->block[i].kind == RONDO__RECURRENT ? n->block[i].net->config.layers : 1;
    return count;
}

rondo__c_layout rondo__c_layout_of(const rondo__encdec *e) {
    const rondo__look *l = &e->look;
    rondo__c_layout layout = {.width = rondo__network_widest(&e->encoder),
                              .keys = l->key.weight ? l->A : 0,
                              .values = l->value.weight ? l->W : 0,
                              .coverage = l->u ? 1 : 0,
                              .memory_in_p = rounds(&e->encoder) % 2 == 1};
    const int64_t weights = !l->present ? 0 : l->heads > 1 ? 2 : 1;
    layout.second = rondo__c_larger(layout.width, layout.keys + layout.values + layout.coverage + weights);
    if (e->encoder_transformer) { /* rows stay in p; keys, values and weights of a layer in q */
        layout.memory_in_p = true;
        layout.second = rondo__c_larger(layout.second, 2 * e->M + 1);
    }
    if (e->decoder_transformer) { /* of each layer, of the memory and of the past */
        const int64_t both = 2 * e->E * e->decoder_transformer->config.layers;
        layout.keys = both;
        layout.second = rondo__c_larger(layout.second, both + 2);
        layout.past = both + 1;
    }
    layout.said = e->pointer.weight ? 1 : 0;
    return layout;
}

/* ---- widths of what stands in the state ---- */

typedef struct widths {
    int64_t x, joined, rows, room;
} widths;

static int64_t state_width(const rondo_recurrent *net, int layer) {
    const rondo__recurrent_layer *p = &net->layer[layer * net->directions];
    return net->directions * rondo__c_larger(p->state, p->cell);
}

static widths widths_of(const rondo__encdec *e) {
    const rondo_recurrent *encoder = rondo__encdec_encoder(e);
    const rondo_recurrent *decoder = rondo__encdec_decoder(e);
    widths w = {.x = decoder ? decoder->config.input_size : e->E, .joined = rondo__c_larger(1, e->combine.in)};
    for (int l = 0; encoder && l < encoder->config.layers; l++)
        w.joined = rondo__c_larger(w.joined, state_width(encoder, l));
    w.rows = rondo__network_widest(&e->decoder);
    w.room = rondo__c_larger(rondo__c_room(&e->encoder), rondo__c_room(&e->decoder));
    w.room = rondo__c_larger(w.room, e->look.A + e->look.W + e->look.place.out);
    w.room = rondo__c_larger(w.room, rondo__c_transformer_room(e->encoder_transformer));
    w.room = rondo__c_larger(w.room, rondo__c_transformer_room(e->decoder_transformer));
    return w;
}

/* Of places, where they are sinusoids. */
static int64_t place_floats(const rondo__encdec *e) {
    const int64_t encoder = e->encoder_transformer && e->encoder_transformer->frequencies ? e->M + 1 : 0;
    const int64_t decoder = e->decoder_transformer && e->decoder_transformer->frequencies ? e->E + 1 : 0;
    return rondo__c_larger(encoder, decoder);
}

static int64_t state_floats(const rondo__encdec *e, int64_t cells) {
    const widths w = widths_of(e);
    return cells + w.x + w.joined + e->H + e->A + (e->repeats ? e->C : 0) + 2 * w.rows + w.room + place_floats(e) +
           e->pointer.in;
}

/* ---- costs ---- */

typedef struct cost {
    int64_t weights, state, encode, step, look;
} cost;

static int64_t affine_bytes(const rondo__affine *a, int64_t bytes) {
    if (!a->weight)
        return 0;
    return a->out * a->in * bytes + (bytes < 4 ? 4 * a->out : 0) + (a->bias ? 4 * a->out : 0);
}

static int64_t products(const rondo__affine *a) { return a->weight ? a->out * a->in : 0; }

static cost costs_of(const rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const int64_t bytes = file->precision == RONDO_C_FLOAT32 ? 4 : file->precision == RONDO_C_INT8 ? 1 : 2;
    const rondo__c_cost encoder = rondo__c_costs(&e->encoder, file->precision),
                        decoder = rondo__c_costs(&e->decoder, file->precision);
    const rondo__look *l = &e->look;
    const rondo__affine *const maps[] = {&e->combine, &e->output, &e->pointer, &l->query,
                                         &l->key,     &l->value,  &l->out,     &l->place};
    const rondo__affine table = {e->target, e->E, e->embedding, NULL};
    cost c = {.weights = encoder.weight_bytes + decoder.weight_bytes,
              .encode = encoder.products + products(&l->key) + products(&l->value),
              .step = decoder.products + products(&e->combine) + products(&e->output) + products(&l->query) +
                      products(&l->out) + products(&l->place) + products(&e->pointer),
              .look = l->present ? l->A + l->W : 0};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        c.weights += affine_bytes(maps[i], bytes);
    if (e->embedding != e->output.weight)
        c.weights += affine_bytes(&table, bytes);
    if (e->encoder.block[0].weight == e->output.weight)
        c.weights -= e->source * e->E * bytes;
    c.weights += 4 * ((l->v ? l->A : 0) + (l->u ? l->A : 0) + l->place.out);
    for (int i = 0; i < RONDO_MAX_LAYERS; i++)
        c.weights += affine_bytes(&e->h[i].map, bytes) + affine_bytes(&e->c[i].map, bytes);
    const rondo__c_cost first = rondo__c_transformer_costs(e->encoder_transformer, file->precision),
                        second = rondo__c_transformer_costs(e->decoder_transformer, file->precision);
    c.weights += first.weight_bytes + second.weight_bytes;
    c.encode += first.products + second.inner_products;
    c.step += second.products;
    if (e->decoder_transformer)
        c.look = 2 * e->E * e->decoder_transformer->config.layers;
    c.weights += rondo__c_twins_bytes(file);
    c.state = 4 * ((e->decoder_transformer ? 2 : 1) + state_floats(e, encoder.state_floats + decoder.state_floats)) +
              ((e->decoder_transformer ? 7 : 5) + (e->pointer.weight ? 1 : 0)) * 8;
    c.state = (c.state + 7) / 8 * 8;
    return c;
}

static int64_t widest_product(const rondo__encdec *e) {
    const widths w = widths_of(e);
    int64_t widest = rondo__c_larger(rondo__c_widest_product(&e->encoder), rondo__c_widest_product(&e->decoder));
    widest = rondo__c_larger(widest, rondo__c_larger(w.x, w.joined));
    widest = rondo__c_larger(widest, rondo__c_larger(e->pointer.in, rondo__c_larger(e->A, e->H)));
    widest = rondo__c_larger(widest, rondo__c_larger(rondo__c_transformer_widest(e->encoder_transformer),
                                                     rondo__c_transformer_widest(e->decoder_transformer)));
    return rondo__c_larger(widest, rondo__c_larger(e->M, rondo__c_larger(e->look.A, e->look.W)));
}

/* ---- the top of the file ---- */

static void put_title(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const rondo__c_layout layout = rondo__c_layout_of(e);
    const cost c = costs_of(file);
    rondo__c_put(file, "/* %s: a recurrent encoder-decoder, written by Rondo %s.\n *\n", file->name, rondo_version());
    rondo__c_put(file, " *   weights   %lld bytes of constant data (%s)\n", (long long)c.weights,
                 rondo__c_precisions[file->precision]);
    rondo__c_put(file,
                 " *   state     %lld bytes, the caller's; and MODEL_ROOM(S) = %lld S + %lld floats for a source of S "
                 "symbols\n",
                 (long long)c.state, (long long)rondo__c_room_of_symbol(&layout),
                 (long long)(51 * layout.past + e->target));
    rondo__c_put(file, " *   work      %lld multiply-adds for each source symbol, %lld", (long long)c.encode,
                 (long long)c.step);
    if (c.look)
        rondo__c_put(file, " + %lld S", (long long)c.look);
    rondo__c_put(file, " for each symbol said\n");
    rondo__c_put_promises(file);
}

static void put_state(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const widths w = widths_of(e);
    rondo__c_put(file,
                 "typedef struct model_state {\n    const float *memory, *keys, *values; /* (S, .) in the room */\n"
                 "    float *weights, *coverage;           /* (S) where the last step looked; so far */\n"
                 "%s%s    int S;\n",
                 e->decoder_transformer ? "    float *past, *past_weights;          /* what was told so far */\n" : "",
                 e->pointer.weight ? "    const int *copy;                     /* (S) the caller's */\n" : "");
    if (e->decoder_transformer)
        rondo__c_put(file, "    int n; /* symbols that were told */\n");
    rondo__c_put_members(file);
    file->network = &e->decoder;
    file->part = "decoder_";
    rondo__c_put_members(file);
    if (place_floats(e))
        rondo__c_put(file, "    float place[%lld];\n", (long long)place_floats(e));
    rondo__c_put(file, "    float x[%lld], h[%lld], a[%lld], joined[%lld];\n", (long long)w.x, (long long)e->H,
                 (long long)e->A, (long long)w.joined);
    if (e->repeats)
        rondo__c_put(file, "    float context[%lld];\n", (long long)e->C);
    if (e->pointer.weight)
        rondo__c_put(file, "    float point[%lld];\n", (long long)e->pointer.in);
    rondo__c_put(file, "    float row[2][%lld], room[%lld];\n} model_state;\n", (long long)w.rows, (long long)w.room);
    file->network = &e->encoder;
    file->part = "";
}

static void put_declarations(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    const rondo__c_layout layout = rondo__c_layout_of(e);
    rondo__c_put(file, "#ifndef MODEL_DECLARED\n#define MODEL_DECLARED\n#include <stddef.h>\n#include <stdint.h>\n\n");
    rondo__c_put(file,
                 "#define MODEL_SOURCE %lld /* symbols that it reads: 0 to MODEL_SOURCE - 1 */\n"
                 "#define MODEL_TARGET %lld /* symbols that it says */\n"
                 "#define MODEL_END %d      /* told first, said last */\n",
                 (long long)e->source, (long long)e->target, (int)e->end);
    rondo__c_put(file,
                 "#define MODEL_ROOM(S) ((size_t)(S) * %lld + %lld + MODEL_TARGET) /* floats */\n"
                 "#define MODEL_LONGEST(S) (2 * (S) + 50) /* how long `rondo translate` lets an answer be */\n\n",
                 (long long)rondo__c_room_of_symbol(&layout), (long long)(51 * layout.past));
    put_state(file);
    rondo__c_put(file, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    rondo__c_put_pointer_declarations(file);
    rondo__c_put(file,
                 "/* Reads a source of S symbols. The room serves until the last step. */\n"
                 "void model_encode(model_state *m, const int *symbols, %sint S, float *room);\n"
                 "/* One step: told the symbol said before, or first MODEL_END; y (%s. */\n"
                 "void model_decode_step(model_state *m, int symbol, float *y);\n",
                 e->pointer.weight ? "const int *copy, " : "",
                 e->pointer.weight ? "MODEL_TARGET + S): probabilities" : "MODEL_TARGET): logits");
    rondo__c_put(file,
                 "/* Both, and the likeliest symbol at each step, up to `most` of them. Returns how many there are "
                 "in out,\n * MODEL_END not among them. */\n"
                 "int model_translate(model_state *m, const int *symbols, %sint S, float *room, int *out, int "
                 "most);\n",
                 e->pointer.weight ? "const int *copy, " : "");
    rondo__c_put_declared(file);
}

/* ---- weights ---- */

static void put_firsts(rondo__c_file *file) {
    char name[48];
    const rondo_recurrent *decoder = rondo__encdec_decoder(file->encdec);
    for (int l = 0; decoder && l < decoder->config.layers; l++) {
        snprintf(name, sizeof name, "model_bridge_h%d", l);
        rondo__c_put_affine(file, name, &file->encdec->h[l].map);
        snprintf(name, sizeof name, "model_bridge_c%d", l);
        rondo__c_put_affine(file, name, &file->encdec->c[l].map);
    }
}

static void put_table(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    if (e->embedding == e->output.weight)
        return;
    if (file->precision == RONDO_C_FLOAT32)
        rondo__c_put_floats(file, "model_target", e->target * e->E, e->embedding);
    else
        rondo__c_put_matrix(file, "model_target", e->target, e->E, e->E, e->embedding);
}

static void use(rondo__c_file *file, const char *name, bool present) {
    rondo__c_put(file, present ? "%s, " : "0, ", name);
}

static void put_look(rondo__c_file *file) {
    const rondo__look *l = &file->encdec->look;
    if (!l->present)
        return;
    rondo__c_put_affine(file, "model_look_key", &l->key);
    rondo__c_put_affine(file, "model_look_value", &l->value);
    rondo__c_put_matrix(file, "model_look_query", l->query.out, l->query.in, l->query.in, l->query.weight);
    rondo__c_put_floats(file, "model_look_query_bias", l->query.out, l->query.bias);
    rondo__c_put_matrix(file, "model_look_out", l->out.out, l->out.in, l->out.in, l->out.weight);
    rondo__c_put_floats(file, "model_look_out_bias", l->out.out, l->out.bias);
    rondo__c_put_matrix(file, "model_look_place", l->place.out, l->place.in, l->place.in, l->place.weight);
    rondo__c_put_floats(file, "model_look_v", l->A, l->v);
    rondo__c_put_floats(file, "model_look_u", l->A, l->u);
    rondo__c_put_floats(file, "model_look_place_v", l->place.out, l->place_v);
    rondo__c_put(file, "static const model_attention model_eye = {");
    rondo__c_put_use(file, "model_look_query", l->query.weight != NULL);
    rondo__c_put_use(file, "model_look_out", l->out.weight != NULL);
    rondo__c_put_use(file, "model_look_place", l->place.weight != NULL);
    use(file, "model_look_query_bias", l->query.bias != NULL);
    use(file, "model_look_out_bias", l->out.bias != NULL);
    use(file, "model_look_v", l->v != NULL);
    use(file, "model_look_u", l->u != NULL);
    use(file, "model_look_place_v", l->place_v != NULL);
    rondo__c_put(file, "%lld, %lld, %lld, %lld, ", (long long)file->encdec->H, (long long)l->A, (long long)l->W,
                 (long long)file->encdec->C);
    rondo__c_put(file, "%lld, %lld, %d, %d, %lld, (float)%.9g};\n", (long long)l->place.out, (long long)l->heads,
                 l->query.weight != NULL, l->out.weight != NULL, (long long)l->window, (double)l->scale);
}

static void put_weights(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    file->network = &e->encoder;
    rondo__c_put_layers(file);
    file->network = &e->decoder;
    file->part = "decoder_";
    rondo__c_put_layers(file);
    file->network = &e->encoder;
    file->part = "";
    put_firsts(file);
    put_table(file);
    put_look(file);
    rondo__c_put_transformer(file, e->encoder_transformer, "encoder");
    rondo__c_put_transformer(file, e->decoder_transformer, "decoder");
    rondo__c_put_affine(file, "model_combine", &e->combine);
    rondo__c_put_affine(file, "model_output", &e->output);
    rondo__c_put_affine(file, "model_pointer", &e->pointer);
}

static void need_transformers(const rondo__encdec *e, rondo__c_needs *needs) {
    const rondo_transformer *first = e->encoder_transformer, *second = e->decoder_transformer;
    needs->encoder = first != NULL;
    needs->decoder = second != NULL;
    needs->norm = first || second;
    needs->prepare = needs->prepare || second;
    needs->activation = needs->activation || first || second || e->pointer.weight;
    needs->places = (first && first->frequencies) || (second && second->frequencies);
}

void rondo__c_put_encdec(rondo__c_file *file) {
    const rondo__encdec *e = file->encdec;
    rondo__c_needs needs = {.activation = e->look.present || e->combine.weight,
                            .attention = e->look.present,
                            .prepare = e->look.key.weight || e->look.value.weight,
                            .pointer = e->pointer.weight,
                            .row = e->embedding == e->output.weight};
    file->network = &e->encoder;
    put_title(file);
    put_declarations(file);
    rondo__c_put_whole_numbers(file, widest_product(e));
    rondo__c_need(&needs, &e->encoder);
    rondo__c_need(&needs, &e->decoder);
    need_transformers(e, &needs);
    for (int l = 0; l < RONDO_MAX_LAYERS; l++)
        needs.activation = needs.activation || e->h[l].map.weight;
    rondo__c_put_parts(file, &needs);
    put_weights(file);
    rondo__c_put(file, "\n/* ---- the model ---- */\n");
    if (e->embedding != e->output.weight || e->encoder.block[0].weight != e->output.weight)
        rondo__c_put_lookup(file);
    rondo__c_put_encode(file);
    rondo__c_put_decode(file);
    rondo__c_put_copies(file);
    rondo__c_put_texts(file);
    rondo__c_put_text_copies(file);
}
