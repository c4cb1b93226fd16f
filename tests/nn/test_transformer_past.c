/* What a Transformer keeps of the steps before, over many steps whose rows stay, split, change places and end: each row
 * has the numbers of its own line of parents. */
#include "nn/transformer.h"
#include "nn/transformer_net.h"

enum { STEPS = 40, ROWS = 7, N = 3, MANY = 50 };

typedef struct history {
    int64_t rows[STEPS];
    int32_t parent[STEPS][ROWS];
} history;

/* Number j of array `a` that row r wrote at step t. */
static rondo_real written(int a, int t, int64_t r, int64_t j) { return net_number((uint64_t)a, r, t, j); }

static void draw(history *h, uint64_t seed) {
    int64_t before = 3;
    for (int t = 0; t < STEPS; t++) {
        const bool stays = rondo__random_uniform(seed, 0, (uint64_t)t) < 0.5;
        h->rows[t] = stays ? before : 1 + (int64_t)(rondo__random_uniform(seed, 1, (uint64_t)t) * ROWS);
        for (int64_t r = 0; r < h->rows[t]; r++)
            h->parent[t][r] =
                (int32_t)(stays ? r
                                : (int64_t)(rondo__random_uniform(seed, 2, (uint64_t)(t * ROWS + r)) * (double)before));
        before = h->rows[t];
    }
}

static void check(const history *h, int last, int a, const rondo_var *got) {
    const int64_t rows = h->rows[last];
    assert_int_equal(got->value.dims[0], last + 1);
    assert_int_equal(got->value.dims[1], rows);
    for (int64_t r = 0; r < rows; r++) {
        int64_t at = r;
        for (int t = last; t >= 0; at = h->parent[t][at], t--)
            for (int64_t j = 0; j < N; j++)
                assert_true(((rondo_real *)got->value.data)[(t * rows + r) * N + j] == written(a, t, at, j));
    }
}

static rondo_attention_memory written_step(rondo_tape *tape, const history *h, int t, int l) {
    rondo_attention_memory made = {.keys = rondo_zeros(tape, 3, (int64_t[]){1, h->rows[t], N}),
                                   .values = rondo_zeros(tape, 3, (int64_t[]){1, h->rows[t], N})};
    for (int64_t i = 0; i < h->rows[t] * N; i++) {
        ((rondo_real *)made.keys->value.data)[i] = written(2 * l, t, i / N, i % N);
        ((rondo_real *)made.values->value.data)[i] = written(2 * l + 1, t, i / N, i % N);
    }
    return made;
}

static void step(rondo__past_store *store, net *n, const history *h, int t) {
    assert_true(rondo__past_gather(store, n->context, h->rows[t], h->parent[t]));
    rondo_tape_begin(n->tape, NULL);
    for (int l = 0; l < 2; l++) {
        rondo_attention_memory made = written_step(n->tape, h, t, l);
        rondo__past_append(store, n->tape, l, &made);
        assert_int_equal(rondo_tape_status(n->tape, NULL), RONDO_OK);
        check(h, t, 2 * l, made.keys);
        check(h, t, 2 * l + 1, made.values);
    }
}

static void lines_of_parents(void **unused) {
    (void)unused;
    static const net_case about = {"past", {.size = N, .layers = 2, .causal = true}};
    static const int32_t other[MANY * STEPS] = {0};
    static history h;
    net n;
    rondo__past_store store = {0};
    net_open(&n, &about, 3);
    for (uint64_t seed = 1; seed < 6; seed++) {
        draw(&h, seed);
        rondo__past_begin(&store, n.net, 3);
        for (int t = 0; t < STEPS; t++) {
            if (t % 5 == 4) { /* a step that is not taken leaves no trace */
                assert_true(rondo__past_gather(&store, n.context, 2, other));
                rondo__alloc_fail_at(1);
                assert_false(rondo__past_gather(&store, n.context, MANY * (t + 1), other));
                rondo__alloc_fail_at(0);
            }
            step(&store, &n, &h, t);
            rondo__past_take(&store);
        }
    }
    rondo__past_free(&store);
    net_close(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_of_parents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
