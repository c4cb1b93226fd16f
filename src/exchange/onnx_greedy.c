/* The files of an encoder-decoder.
 *
 *   NAME-encoder.onnx   source (S, B), lengths -> keys, values, and what the first step is handed
 *   NAME-decoder.onnx   symbol (B), lengths, keys, values, what was handed on -> logits (B, V), the same _out, and
 * where it looked, attention (B, S). The first symbol is `end`, which also ends a text NAME.onnx           source,
 * lengths -> symbols (T, B): greedy decoding; -1 from each row's end on */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

static const rondo__onnx_shape of_rows = {1, {-1}, {"B"}};

static rondo__onnx_shape handed_shape(const rondo__onnx_handed *h) {
    return (rondo__onnx_shape){2, {-1, h->width}, {"B", "S"}};
}

static rondo__onnx_shape keys_shape(const rondo__onnx_pair *p) {
    const rondo__look *l = &p->pair->look;
    if (l->v)
        return (rondo__onnx_shape){3, {-1, -1, l->A}, {"B", "S"}};
    return (rondo__onnx_shape){4, {-1, l->heads, l->A / l->heads, -1}, {"B", NULL, NULL, "S"}};
}

static rondo__onnx_shape values_shape(const rondo__onnx_pair *p) {
    const rondo__look *l = &p->pair->look;
    return (rondo__onnx_shape){4, {-1, l->heads, -1, l->W / l->heads}, {"B", NULL, "S"}};
}

/* Source and lengths, and all that follows from them. */
static int put_encoder(rondo__onnx_pair *p) {
    const int source = rondo__onnx_input(p->o, "source", RONDO_I64, &(rondo__onnx_shape){2, {-1, -1}, {"S", "B"}});
    p->batch = rondo__onnx_dim(p->o, source, 1);
    p->lengths = rondo__onnx_lengths_input(p->o, source, p->batch);
    rondo__onnx_encode(p, source);
    return source;
}

/* ---- the encoder's file ---- */

static void encoder_file(rondo__onnx_pair *p) {
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    put_encoder(p);
    if (p->pair->look.present) {
        const rondo__onnx_shape keys = keys_shape(p), values = values_shape(p);
        rondo__onnx_output(p->o, p->keys, "keys", RONDO_F32, &keys);
        rondo__onnx_output(p->o, p->values, "values", RONDO_F32, &values);
    }
    const int count = rondo__onnx_pair_hands(p, hand);
    for (int i = 0; i < count; i++) {
        const rondo__onnx_shape shape = handed_shape(&hand[i]);
        rondo__onnx_output(p->o, *hand[i].value, hand[i].name, RONDO_F32, &shape);
    }
}

/* ---- the decoder's ---- */

static void decoder_inputs(rondo__onnx_pair *p) {
    if (!p->pair->look.present)
        return;
    const rondo__onnx_shape keys = keys_shape(p), values = values_shape(p);
    p->keys = rondo__onnx_input(p->o, "keys", RONDO_F32, &keys);
    p->values = rondo__onnx_input(p->o, "values", RONDO_F32, &values);
    const int steps = rondo__onnx_dim(p->o, p->values, 2);
    static const int32_t all = INT32_MAX;
    static const int64_t one = 1;
    const int given = rondo__onnx_input(p->o, "lengths", RONDO_I32, &(rondo__onnx_shape){1, {-1}, {"B_lengths"}});
    rondo__onnx_default(p->o, given, RONDO_I32, 1, &one, &all);
    p->lengths = rondo__onnx_op(p->o, "Min", rondo__onnx_op(p->o, "Expand", given, p->batch, 0),
                                rondo__onnx_cast(p->o, steps, RONDO_I32), 0);
    rondo__onnx_see_lengths(p, steps);
}

static void decoder_file(rondo__onnx_pair *p) {
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    const int symbol = rondo__onnx_input(p->o, "symbol", RONDO_I64, &of_rows);
    p->batch = rondo__onnx_dim(p->o, symbol, 0);
    decoder_inputs(p);
    const int count = rondo__onnx_pair_hands(p, hand);
    for (int i = 0; i < count; i++) {
        const rondo__onnx_shape shape = handed_shape(&hand[i]);
        *hand[i].value = rondo__onnx_input(p->o, hand[i].name, RONDO_F32, &shape);
    }
    const int logits = rondo__onnx_say(p, symbol);
    rondo__onnx_output(p->o, logits, "logits", RONDO_F32, &(rondo__onnx_shape){2, {-1, p->pair->target}, {"B"}});
    for (int i = 0; i < count; i++) {
        const rondo__onnx_shape shape = handed_shape(&hand[i]);
        char name[24];
        snprintf(name, sizeof name, "%.15s_out", hand[i].name);
        rondo__onnx_output(p->o, *hand[i].value, name, RONDO_F32, &shape);
    }
    if (p->weights)
        rondo__onnx_output(p->o, p->weights, "attention", RONDO_F32, &(rondo__onnx_shape){2, {-1, -1}, {"B", "S"}});
}

/* ---- greedy decoding ---- */

/* Turn, going on, symbol, ended, handed -> going on, symbol, ended, handed; said. longest: int64 (B). */
static void greedy_body(rondo__onnx_pair *p, int longest, rondo__text *body) {
    rondo__onnx_out *o = p->o;
    const rondo__onnx_shape single = {.rank = 0};
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    rondo__onnx_body_begin(o);
    const int turn = rondo__onnx_input(o, "turn", RONDO_I64, &single);
    rondo__onnx_input(o, "going", RONDO_BOOL, &single);
    const int symbol = rondo__onnx_input(o, "symbol", RONDO_I64, &of_rows);
    const int ended = rondo__onnx_input(o, "ended", RONDO_BOOL, &of_rows);
    const int count = rondo__onnx_pair_hands(p, hand);
    for (int i = 0; i < count; i++) {
        const rondo__onnx_shape shape = handed_shape(&hand[i]);
        *hand[i].value = rondo__onnx_input(o, hand[i].name, RONDO_F32, &shape);
    }
    const rondo__onnx_give axis[3] = {RONDO__GIVE_INT("axis", 1), RONDO__GIVE_INT("keepdims", 0), {.name = NULL}};
    const int logits = rondo__onnx_say(p, symbol);
    int best;
    rondo__onnx_node_put(o, "ArgMax", 1, &logits, 1, &best, axis);
    const int over =
        rondo__onnx_op(o, "Or", ended, rondo__onnx_op(o, "Equal", best, rondo__onnx_whole(o, p->pair->end), 0), 0);
    const int next = rondo__onnx_op(o, "Add", turn, rondo__onnx_whole(o, 1), 0);
    const int done = rondo__onnx_op(o, "Or", over, rondo__onnx_op(o, "GreaterOrEqual", next, longest, 0), 0);
    const int open = rondo__onnx_cast(o, rondo__onnx_op(o, "Not", done, 0, 0), RONDO_I32);
    const int left =
        rondo__onnx_op(o, "Greater", rondo__onnx_reduce(o, "ReduceSum", open, 0, false), rondo__onnx_whole32(o, 0), 0);
    rondo__onnx_output(o, left, "going", RONDO_BOOL, &single);
    rondo__onnx_output(o, best, "symbol", RONDO_I64, &of_rows);
    rondo__onnx_output(o, done, "ended", RONDO_BOOL, &of_rows);
    for (int i = 0; i < count; i++) {
        const rondo__onnx_shape shape = handed_shape(&hand[i]);
        rondo__onnx_output(o, *hand[i].value, hand[i].name, RONDO_F32, &shape);
    }
    rondo__onnx_output(o, rondo__onnx_op(o, "Where", over, rondo__onnx_whole(o, -1), best), "said", RONDO_I64,
                       &of_rows);
    rondo__onnx_body_end(o, body);
}

static void greedy_file(rondo__onnx_pair *p) {
    rondo__onnx_out *o = p->o;
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    int in[4 + RONDO__PAIR_STATES] = {0}, out[3 + RONDO__PAIR_STATES];
    rondo__text body;
    const int source = put_encoder(p), count = rondo__onnx_pair_hands(p, hand);
    /* rondo__encdec_longest */
    const int lengths = rondo__onnx_cast(o, p->lengths, RONDO_I64), two = rondo__onnx_whole(o, 2),
              more = rondo__onnx_whole(o, 50);
    const int longest = rondo__onnx_op(o, "Add", rondo__onnx_op(o, "Mul", lengths, two, 0), more, 0);
    const int steps = rondo__onnx_squeeze(o, rondo__onnx_dim(o, source, 0), 0);
    in[0] = rondo__onnx_op(o, "Add", rondo__onnx_op(o, "Mul", steps, two, 0), more, 0);
    in[1] = rondo__onnx_truth(o, true);
    in[2] = rondo__onnx_op(o, "Expand", rondo__onnx_whole(o, p->pair->end), p->batch, 0);
    in[3] = rondo__onnx_op(o, "Expand", rondo__onnx_truth(o, false), p->batch, 0);
    for (int i = 0; i < count; i++)
        in[4 + i] = *hand[i].value;
    greedy_body(p, longest, &body);
    const rondo__onnx_give give[2] = {{.name = "body", .kind = RONDO__ATTR_GRAPH, .graph = &body}, {.name = NULL}};
    rondo__onnx_node_put(o, "Loop", 4 + count, in, 3 + count, out, give);
    rondo__onnx_output(o, out[2 + count], "symbols", RONDO_I64, &(rondo__onnx_shape){2, {-1, -1}, {"T", "B"}});
}

/* ---- all three ---- */

static rondo_status write_one(const rondo__encdec *pair, void (*put)(rondo__onnx_pair *), const char *path,
                              const char *name, const rondo__onnx_notes *notes, bool external, rondo_error *err) {
    rondo__onnx_pair p = {.pair = pair};
    char end[24];
    rondo_status status = rondo__onnx_out_open(&p.o, err);
    if (status)
        return status;
    put(&p);
    rondo__onnx_put_notes(p.o, notes);
    snprintf(end, sizeof end, "%d", (int)pair->end);
    rondo__onnx_note(p.o, "rondo.end", end, strlen(end));
    status = rondo__onnx_out_finish(p.o, path, name, external, err);
    rondo__onnx_out_close(&p.o);
    return status;
}

rondo_status rondo__onnx_write_pair(const rondo__encdec *pair, const char *path, const rondo__onnx_notes *notes,
                                    bool external, rondo_error *err) {
    static const struct {
        const char *part, *name;
        void (*put)(rondo__onnx_pair *);
    } files[] = {
        {"-encoder", "encoder", encoder_file}, {"-decoder", "decoder", decoder_file}, {"", "greedy", greedy_file}};
    const size_t size = strlen(path), stem = size > 5 && strcmp(path + size - 5, ".onnx") == 0 ? size - 5 : size;
    rondo_status status = RONDO_OK;
    for (int i = 0; i < 3 && !status; i++) {
        rondo__text name = {0};
        rondo__text_format(&name, "%.*s%s%s", (int)stem, path, files[i].part, path + stem);
        status = name.failed ? rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path)
                             : write_one(pair, files[i].put, name.data, files[i].name, notes, external, err);
        rondo__text_free(&name);
    }
    return status;
}
