/* What a trained model file holds, read without our reader: the container's rules that every safetensors reader checks,
 * and exactly the names and shapes that PyTorch's state_dict() of nn.Embedding, nn.LSTM (GRU, RNN) and nn.Linear would
 * have. (The order of the gates inside is proved against PyTorch's numbers in tests/golden.) Needs: JANSSON YAML. */
#include <jansson.h>

#include "tiny.h"

typedef struct opened {
    char *bytes;
    size_t size, data; /* data: of the file that the tensors take */
    json_t *header;
} opened;

static opened open_header(const tiny *t, const char *name) {
    opened o = {0};
    json_error_t where;
    o.bytes = tiny_read(t, name, &o.size);
    assert_true(o.size > 8);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) /* little-endian on any machine */
        length = length << 8 | (unsigned char)o.bytes[i];
    assert_true(length <= o.size - 8 && length < 100000000);
    assert_int_equal(o.bytes[8], '{');
    o.header = json_loadb(o.bytes + 8, (size_t)length, JSON_REJECT_DUPLICATES, &where);
    if (!o.header)
        fail_msg("%s: header, byte %d: %s", name, where.position, where.text);
    o.data = o.size - 8 - (size_t)length;
    assert_int_equal((8 + length) % 8, 0); /* so that numbers in a mapped file are aligned */
    return o;
}

static void close_header(opened *o) {
    json_decref(o->header);
    rondo__free(o->bytes);
}

static int64_t offset(const json_t *tensor, size_t i) {
    return json_integer_value(json_array_get(json_object_get(tensor, "data_offsets"), i));
}

/* The tensor's bytes by its shape and dtype. */
static int64_t bytes_of(const json_t *tensor) {
    static const char *const names[] = {"F32", "F64", "I64", "U8"};
    static const int64_t widths[] = {4, 8, 8, 1};
    const char *dtype = json_string_value(json_object_get(tensor, "dtype"));
    int64_t bytes = 0;
    assert_non_null(dtype);
    for (int i = 0; i < 4; i++)
        bytes = strcmp(dtype, names[i]) == 0 ? widths[i] : bytes;
    const json_t *shape = json_object_get(tensor, "shape"), *n;
    size_t d;
    assert_true(json_is_array(shape));
    json_array_foreach(shape, d, n) {
        assert_true(json_is_integer(n) && json_integer_value(n) >= 0);
        bytes *= json_integer_value(n);
    }
    return bytes;
}

/* Each tensor has three keys; by offset they follow each other from 0 to the end of the file. */
static void check_container(const opened *o) {
    const char *key;
    json_t *value;
    int64_t at = 0;
    size_t tensors = 0, placed = 0;
    json_object_foreach(o->header, key, value) {
        if (strcmp(key, "__metadata__") == 0)
            continue;
        tensors++;
        assert_int_equal(json_object_size(value), 3);
        assert_int_equal(json_array_size(json_object_get(value, "data_offsets")), 2);
        assert_int_equal(offset(value, 1) - offset(value, 0), bytes_of(value));
    }
    for (bool found = true; found;) { /* whoever begins where the last one ended */
        found = false;
        json_object_foreach(o->header, key, value) {
            if (strcmp(key, "__metadata__") == 0 || offset(value, 0) != at || offset(value, 1) == at)
                continue;
            at = offset(value, 1);
            placed++;
            found = true;
        }
    }
    assert_int_equal(placed, tensors);
    assert_int_equal(at, o->data);
    const json_t *metadata = json_object_get(o->header, "__metadata__");
    assert_true(json_is_object(metadata) && json_object_size(metadata) > 0);
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) assert_true(json_is_string(value));
    assert_string_equal(json_string_value(json_object_get(metadata, "format")), "pt"); /* what PyTorch's loader asks */
}

/* These are all there is, in these shapes; a second dimension of 0 means that there is none. */
static void check_tensors(const opened *o, const char *const *names, const int64_t (*shapes)[2], int count) {
    assert_int_equal(json_object_size(o->header), count + 1);
    for (int i = 0; i < count; i++) {
        const json_t *tensor = json_object_get(o->header, names[i]), *shape = json_object_get(tensor, "shape");
        const size_t rank = shapes[i][1] ? 2 : 1;
        if (!tensor)
            fail_msg("tensor '%s' is missing", names[i]);
        assert_string_equal(json_string_value(json_object_get(tensor, "dtype")), "F32");
        if (json_array_size(shape) != rank)
            fail_msg("tensor '%s' has %zu dimensions", names[i], json_array_size(shape));
        for (size_t d = 0; d < rank; d++) {
            const int64_t n = json_integer_value(json_array_get(shape, d));
            if (n != shapes[i][d])
                fail_msg("tensor '%s': dimension %zu is %lld, not %lld", names[i], d, (long long)n,
                         (long long)shapes[i][d]);
        }
    }
}

static int64_t vocabulary_of(const opened *o) {
    const json_t *metadata = json_object_get(o->header, "__metadata__");
    json_t *rondo = json_loads(json_string_value(json_object_get(metadata, "rondo")), JSON_REJECT_DUPLICATES, NULL);
    const int64_t V = (int64_t)json_array_size(json_object_get(json_object_get(rondo, "vocabulary"), "symbols"));
    assert_true(V > 2);
    json_decref(rondo);
    return V;
}

/* E = 5, H = 7, G gates, P the width that the layers hand on. */
static void try_cell(const char *const *sets, int64_t G, int64_t P, bool bias, bool tied) {
    enum { E = 5, H = 7, MOST = 32 };
    tiny t = tiny_make("file", sets);
    const char *names[MOST];
    static const char *const parts[2][5] = {
        {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "rnn.weight_hr_l0"},
        {"rnn.weight_ih_l1", "rnn.weight_hh_l1", "rnn.bias_ih_l1", "rnn.bias_hh_l1", "rnn.weight_hr_l1"}};
    int64_t shapes[MOST][2] = {0};
    int count = 0;
    tiny_run(&t);
    opened o = open_header(&t, "model.safetensors");
    const int64_t V = vocabulary_of(&o), width = tied ? H : E;
#define EXPECT(name, rows, columns)                                                                                    \
    (names[count] = (name), shapes[count][0] = (rows), shapes[count][1] = (columns), count++)
    EXPECT("embedding.weight", V, width);
    for (int l = 0; l < 2; l++) {
        EXPECT(parts[l][0], G * H, l ? P : width);
        EXPECT(parts[l][1], G * H, P);
        if (bias)
            EXPECT(parts[l][2], G * H, 0), EXPECT(parts[l][3], G * H, 0);
        if (P != H)
            EXPECT(parts[l][4], P, H);
    }
    if (!tied)
        EXPECT("output.weight", V, P);
    EXPECT("output.bias", V, 0);
    check_container(&o);
    check_tensors(&o, names, (const int64_t(*)[2])shapes, count);
    close_header(&o);
    o = open_header(&t, "last.safetensors");
    check_container(&o);
    assert_true((int)json_object_size(o.header) > count + 3); /* the model, and the state of training */
    close_header(&o);
    tiny_clean(&t);
}

#define SETS(...)                                                                                                      \
    (const char *const[]) { "train.max_steps=2", "train.ema=0.9", __VA_ARGS__, NULL }

static void names_and_shapes(void **unused) {
    (void)unused;
    try_cell(SETS("model.cell=lstm"), 4, 7, true, false);
    try_cell(SETS("model.cell=lstm", "model.projection_size=3"), 4, 3, true, false);
    try_cell(SETS("model.cell=lstm", "model.bias=false", "data.tokenizer=word"), 4, 7, false, false);
    try_cell(SETS("model.cell=lstm", "model.tie_weights=true", "model.embedding_size=7"), 4, 7, true, true);
    try_cell(SETS("model.cell=gru"), 3, 7, true, false);
    try_cell(SETS("model.cell=elman"), 1, 7, true, false);
    try_cell(SETS("model.cell=elman", "model.activation=relu", "model.bias=false"), 1, 7, false, false);
}

/* What PyTorch does not have, and bytes of any number beside the weights: still a sound container. */
static void other_models(void **unused) {
    (void)unused;
    static const char *const sets[][6] = {
        {"train.max_steps=2", "model.cell=jordan", "model.layers=1"},
        {"train.max_steps=2", "model.cell=lstm", "model.peepholes=true", "model.layer_norm=true",
         "model.learned_initial_state=true"},
#ifdef RONDO_HAVE_SENTENCEPIECE
        {"train.max_steps=2", "data.tokenizer={type: sentencepiece, vocab_size: 20}", "train.steps_per_sequence=4"},
#endif
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        tiny t = tiny_make("other", sets[i]);
        tiny_run(&t);
        for (int f = 0; f < 2; f++) {
            opened o = open_header(&t, tiny_files[f]);
            check_container(&o);
            close_header(&o);
        }
        tiny_clean(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_shapes), cmocka_unit_test(other_models)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
