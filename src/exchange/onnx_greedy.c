/* The files of an encoder-decoder.
 *
 *   NAME-encoder.onnx   source (S, B), lengths -> keys, values, and what the first step is handed
 *   NAME-decoder.onnx   symbol (B), lengths, keys, values, what was handed on -> logits (B, V), the same _out,
 * attention (B, S): where it looked. The first symbol is `end`, which also ends a text NAME.onnx           source,
 * lengths -> symbols (T, B): greedy decoding; -1 from each row's end on */
#include "exchange/onnx_write.h"

#include <stdio.h>
#include <string.h>

static const rondo__onnx_shape of_rows = {1, {-1}, {"B"}};

static void put_outputs(rondo__onnx_pair *p, int count, const rondo__onnx_handed *all, const char *end) {
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%.23s%s", all[i].name, end);
        rondo__onnx_output(p->o, *all[i].value, name, RONDO_F32, &all[i].shape);
    }
}

static void take_inputs(rondo__onnx_pair *p, int count, const rondo__onnx_handed *all) {
    for (int i = 0; i < count; i++)
        *all[i].value = rondo__onnx_input(p->o, all[i].name, RONDO_F32, &all[i].shape);
}

static void take_copy(rondo__onnx_pair *p) {
    if (p->pair->pointer.weight)
        p->copy = rondo__onnx_input(p->o, "copy", RONDO_I64, &(rondo__onnx_shape){2, {-1, -1}, {"S", "B"}});
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
    rondo__onnx_handed all[RONDO__PAIR_MEMORIES > RONDO__PAIR_STATES ? RONDO__PAIR_MEMORIES : RONDO__PAIR_STATES];
    put_encoder(p);
    put_outputs(p, rondo__onnx_pair_reads(p, all), all, "");
    put_outputs(p, rondo__onnx_pair_hands(p, all), all, "");
}

/* ---- the decoder's ---- */

static void decoder_inputs(rondo__onnx_pair *p) {
    static const int32_t longest = INT32_MAX;
    static const int64_t one = 1;
    rondo__onnx_handed all[RONDO__PAIR_MEMORIES];
    if (!rondo__onnx_pair_looks(p))
        return;
    take_inputs(p, rondo__onnx_pair_reads(p, all), all);
    const int steps = rondo__onnx_dim(p->o, p->values[0], 2);
    const int given = rondo__onnx_input(p->o, "lengths", RONDO_I32, &(rondo__onnx_shape){1, {-1}, {"B_lengths"}});
    rondo__onnx_default(p->o, given, RONDO_I32, 1, &one, &longest);
    p->lengths = rondo__onnx_op(p->o, "Min", rondo__onnx_op(p->o, "Expand", given, p->batch, 0),
                                rondo__onnx_cast(p->o, steps, RONDO_I32), 0);
    rondo__onnx_see_lengths(p, steps);
}

static void decoder_file(rondo__onnx_pair *p) {
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    const int symbol = rondo__onnx_input(p->o, "symbol", RONDO_I64, &of_rows);
    p->batch = rondo__onnx_dim(p->o, symbol, 0);
    decoder_inputs(p);
    take_copy(p);
    const int count = rondo__onnx_pair_hands(p, hand);
    const bool points = p->pair->pointer.weight != NULL;
    take_inputs(p, count, hand);
    const int said = rondo__onnx_say(p, symbol);
    rondo__onnx_output(p->o, said, points ? "log_probabilities" : "logits", RONDO_F32,
                       &(rondo__onnx_shape){2, {-1, points ? -1 : p->pair->target}, {"B", "X"}});
    put_outputs(p, count, hand, "_out");
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
    take_inputs(p, count, hand);
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
    put_outputs(p, count, hand, "");
    rondo__onnx_output(o, rondo__onnx_op(o, "Where", over, rondo__onnx_whole(o, -1), best), "said", RONDO_I64,
                       &of_rows);
    rondo__onnx_body_end(o, body);
}

/* rondo__encdec_longest, of one or of each */
static int longest_of(const rondo__onnx_pair *p, int steps) {
    const int64_t places = rondo__encdec_places(p->pair);
    const int twice = rondo__onnx_op(p->o, "Mul", steps, rondo__onnx_whole(p->o, 2), 0);
    const int longest = rondo__onnx_op(p->o, "Add", twice, rondo__onnx_whole(p->o, 50), 0);
    return places ? rondo__onnx_op(p->o, "Min", longest, rondo__onnx_whole(p->o, places), 0) : longest;
}

static void greedy_file(rondo__onnx_pair *p) {
    rondo__onnx_out *o = p->o;
    rondo__onnx_handed hand[RONDO__PAIR_STATES];
    int in[4 + RONDO__PAIR_STATES] = {0}, out[3 + RONDO__PAIR_STATES];
    rondo__text body;
    const int source = put_encoder(p), count = rondo__onnx_pair_hands(p, hand);
    take_copy(p);
    const int longest = longest_of(p, rondo__onnx_cast(o, p->lengths, RONDO_I64));
    const int steps = rondo__onnx_squeeze(o, rondo__onnx_dim(o, source, 0), 0);
    in[0] = longest_of(p, steps);
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
                              const char *name, const rondo__onnx_notes *notes, bool external, rondo__onnx_files *files,
                              rondo_error *err) {
    rondo__onnx_pair p = {.pair = pair};
    char end[24];
    rondo_status status = rondo__onnx_out_open(&p.o, err);
    if (status)
        return status;
    put(&p);
    rondo__onnx_put_notes(p.o, notes);
    snprintf(end, sizeof end, "%d", (int)pair->end);
    rondo__onnx_note(p.o, "rondo.end", end, strlen(end));
    status = rondo__onnx_out_finish(p.o, path, name, external, files, err);
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
    const size_t size = strlen(path), stem = rondo__ends_in(path, ".onnx") ? size - 5 : size;
    rondo__onnx_files written = {0}; /* none takes its name before all are whole */
    rondo_status status = RONDO_OK;
    for (int i = 0; i < 3 && !status; i++) {
        rondo__text name = {0};
        rondo__text_format(&name, "%.*s%s%s", (int)stem, path, files[i].part, path + stem);
        status = name.failed ? rondo__fail(err, RONDO_MEMORY, "%s: no memory to write it", path)
                             : write_one(pair, files[i].put, name.data, files[i].name, notes, external, &written, err);
        rondo__text_free(&name);
    }
    if (!status)
        status = rondo__onnx_files_commit(&written, err);
    rondo__onnx_files_abandon(&written);
    return status;
}
