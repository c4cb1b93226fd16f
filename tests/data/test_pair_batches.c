/* Batches of pairs: every pair once an epoch, within the bounds, little padding, the same epoch from anywhere. */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "data/pairs.h"

enum { MOST = 3000 };

typedef struct corpus {
    rondo__id_lines source, target;
    int64_t start[2][MOST + 1];
    int32_t ids[2][MOST * 40];
} corpus;

/* Lengths of pairs as translations have them; id = pair % 1000 * 100 + step, so that a cell tells whence it came. */
static corpus *make(int64_t count, int64_t least) {
    static corpus c;
    for (int side = 0; side < 2; side++) {
        int64_t at = 0;
        for (int64_t i = 0; i < count; i++) {
            const int64_t length = least + (int64_t)rondo__random_below(1, 0, (uint64_t)i, 24);
            const int64_t extra = side ? 0 : (int64_t)rondo__random_below(1, 1, (uint64_t)i, 12);
            c.start[side][i] = at;
            for (int64_t k = 0; k < length + extra; k++)
                c.ids[side][at++] = (int32_t)(i % 1000 * 100 + k);
        }
        c.start[side][count] = at;
    }
    c.source = (rondo__id_lines){count, c.start[0], c.ids[0]};
    c.target = (rondo__id_lines){count, c.start[1], c.ids[1]};
    return &c;
}

static rondo__pair_batches prepare(const corpus *c, rondo__pair_batches config) {
    rondo_error err = {0};
    config.source = &c->source;
    config.target = &c->target;
    if (rondo__pair_batches_make(&config, "t", &err))
        fail_msg("%s", err.message);
    return config;
}

typedef struct arrays {
    int32_t *block;
    rondo__pair_batch batch;
} arrays;

/* Exactly as large as is promised, so that ASan sees what is written past it. */
static arrays make_arrays(const rondo__pair_batches *b) {
    const size_t cells = (size_t)b->largest_cells, rows = (size_t)b->largest_rows;
    arrays a = {.block = rondo__calloc(3 * cells + 2 * rows, sizeof(int32_t))};
    assert_non_null(a.block);
    a.batch = (rondo__pair_batch){.source = a.block,
                                  .inputs = a.block + cells,
                                  .source_lengths = a.block + 2 * cells,
                                  .target_lengths = a.block + 2 * cells + rows,
                                  .targets = a.block + 2 * cells + 2 * rows};
    return a;
}

enum { START = 7777777, END = 8888888 };

static void check_row(const corpus *c, const rondo__pair_batch *x, int64_t r) {
    const int64_t pair = x->pair[r], s = rondo__id_lines_length(&c->source, pair),
                  t = rondo__id_lines_length(&c->target, pair);
    const int32_t *source = c->source.ids + c->source.start[pair], *target = c->target.ids + c->target.start[pair];
    assert_int_equal(x->source_lengths[r], s);
    assert_int_equal(x->target_lengths[r], t + 1);
    for (int64_t i = 0; i < x->S; i++)
        assert_int_equal(x->source[i * x->B + r], i < s ? source[i] : -1);
    for (int64_t i = 0; i < x->T; i++) {
        assert_int_equal(x->inputs[i * x->B + r], i > t ? -1 : i ? target[i - 1] : START);
        assert_int_equal(x->targets[i * x->B + r], i > t ? -1 : i < t ? target[i] : END);
    }
}

/* One epoch: every pair once, arrays whole. Returns the cells of both sides; *order is a hash of the order of pairs. */
static int64_t check_epoch(const corpus *c, rondo__pair_batches *b, int64_t epoch, uint64_t *order) {
    static int seen[MOST];
    arrays a = make_arrays(b);
    rondo__pair_batch *x = &a.batch;
    int64_t cells = 0, pairs = 0, tokens = 0, counted = 0;
    memset(seen, 0, sizeof seen);
    *order = 0;
    for (int64_t i = 0; i < b->batches; i++) {
        const uint64_t before = rondo__alloc_count();
        rondo__pair_batches_fill(b, epoch, i, START, END, x);
        assert_int_equal(rondo__alloc_count(), before);
        assert_true(x->B >= 1 && x->B <= b->largest_rows);
        assert_true(x->S * x->B <= b->largest_cells && x->T * x->B <= b->largest_cells);
        if (b->batch_tokens > 0 && x->B > 1)
            assert_true(x->S * x->B <= b->batch_tokens && x->T * x->B <= b->batch_tokens);
        if (b->batch_tokens == 0)
            assert_true(x->B <= b->batch_size);
        for (int64_t r = 0; r < x->B; r++) {
            check_row(c, x, r);
            assert_int_equal(seen[x->pair[r]]++, 0);
            *order = *order * 1000003 + (uint64_t)x->pair[r];
            tokens += x->target_lengths[r];
        }
        cells += (x->S + x->T) * x->B;
        pairs += x->B;
        counted += x->tokens;
    }
    assert_int_equal(pairs, b->pairs);
    assert_int_equal(counted, tokens);
    rondo__free(a.block);
    return cells;
}

static void every_pair_once(void **state) {
    (void)state;
    const corpus *c = make(MOST, 1);
    const int64_t tokens = c->source.start[MOST] + c->target.start[MOST] + MOST;
    rondo__pair_batches b = prepare(c, (rondo__pair_batches){.batch_tokens = 500, .seed = 3, .shuffle = true});
    const int64_t batches = b.batches, largest = b.largest_cells;
    uint64_t order[4], again;
    for (int64_t epoch = 0; epoch < 4; epoch++) {
        const int64_t cells = check_epoch(c, &b, epoch, &order[epoch]);
        assert_true(cells < tokens + tokens / 20); /* less than a twentieth is padding */
        assert_int_equal(b.batches, batches);
        for (int64_t other = 0; other < epoch; other++)
            assert_true(order[epoch] != order[other]);
    }
    assert_true(largest <= 500 && b.skipped == 0);
    assert_true(batches < tokens / 500);
    rondo__pair_batches resumed = prepare(c, (rondo__pair_batches){.batch_tokens = 500, .seed = 3, .shuffle = true}),
                        other = prepare(c, (rondo__pair_batches){.batch_tokens = 500, .seed = 4, .shuffle = true});
    check_epoch(c, &resumed, 2, &again);
    assert_true(again == order[2]);
    check_epoch(c, &b, 1, &again);
    assert_true(again == order[1]);
    check_epoch(c, &other, 1, &again);
    assert_true(again != order[1]);
    rondo__pair_batches_free(&other);
    rondo__pair_batches_free(&resumed);
    rondo__pair_batches_free(&b);
}

/* From epoch to epoch a pair meets other pairs. */
static void new_company(void **state) {
    (void)state;
    const corpus *c = make(MOST, 1);
    rondo__pair_batches b = prepare(c, (rondo__pair_batches){.batch_size = 32, .seed = 3, .shuffle = true});
    arrays a = make_arrays(&b);
    static int64_t batch_of[2][MOST];
    for (int64_t epoch = 0; epoch < 2; epoch++) {
        for (int64_t i = 0; i < b.batches; i++) {
            rondo__pair_batches_fill(&b, epoch, i, START, END, &a.batch);
            for (int64_t r = 0; r < a.batch.B; r++)
                batch_of[epoch][a.batch.pair[r]] = b.place[i];
        }
    }
    int64_t moved = 0;
    for (int64_t i = 0; i < MOST; i++)
        moved += batch_of[0][i] != batch_of[1][i];
    assert_true(moved > MOST / 10);
    rondo__free(a.block);
    rondo__pair_batches_free(&b);
}

static void by_sentences(void **state) {
    (void)state;
    const corpus *c = make(301, 1);
    uint64_t order[2];
    rondo__pair_batches b = prepare(c, (rondo__pair_batches){.batch_size = 10});
    assert_int_equal(b.batches, 31);
    for (int64_t epoch = 0; epoch < 2; epoch++)
        check_epoch(c, &b, epoch, &order[epoch]);
    assert_true(order[0] == order[1]); /* no shuffling was asked for */
    rondo__pair_batches_free(&b);
    for (int64_t size = 1; size < 12; size++) {
        b = prepare(c, (rondo__pair_batches){.batch_size = size, .shuffle = true});
        assert_int_equal(b.batches, (301 + size - 1) / size);
        check_epoch(c, &b, 5, &order[0]);
        rondo__pair_batches_free(&b);
    }
    for (int64_t tokens = 1; tokens < 80; tokens += 7) { /* some pairs are longer than a batch may be */
        b = prepare(c, (rondo__pair_batches){.batch_tokens = tokens, .shuffle = true});
        check_epoch(c, &b, 5, &order[0]);
        rondo__pair_batches_free(&b);
    }
}

static void left_out(void **state) {
    (void)state;
    const corpus *c = make(500, 0);
    rondo_error err;
    uint64_t order;
    for (int64_t limit = 0; limit < 40; limit += 3) {
        int64_t kept = 0;
        for (int64_t i = 0; i < 500; i++) {
            const int64_t s = rondo__id_lines_length(&c->source, i), t = rondo__id_lines_length(&c->target, i);
            kept += s > 0 && t > 0 && (limit == 0 || (s <= limit && t <= limit));
        }
        rondo__pair_batches b =
            prepare(c, (rondo__pair_batches){.batch_tokens = 100, .max_length = limit, .seed = 1, .shuffle = true});
        assert_int_equal(b.pairs, kept);
        assert_int_equal(b.skipped, 500 - kept);
        check_epoch(c, &b, 0, &order);
        rondo__pair_batches_free(&b);
    }
    const int64_t none[] = {0, 0, 0};
    const rondo__id_lines empty = {2, (int64_t *)(uintptr_t)none, NULL};
    rondo__pair_batches b = {.source = &empty, .target = &empty, .batch_size = 4};
    assert_int_equal(rondo__pair_batches_make(&b, "t.ja", &err), RONDO_FORMAT);
    assert_non_null(strstr(err.message, "t.ja: no pair is left of 2"));
    assert_int_equal(b.skipped, 2);
    b.batch_size = 0;
    assert_int_equal(rondo__pair_batches_make(&b, "t.ja", &err), RONDO_ARGUMENT);
    b.target = &c->target;
    assert_int_equal(rondo__pair_batches_make(&b, "t.ja", &err), RONDO_ARGUMENT);
    rondo__pair_batches_free(&b);
}

static int make_batches(void *arg) {
    const corpus *c = arg;
    rondo__pair_batches b = {.source = &c->source, .target = &c->target, .batch_tokens = 64};
    const int status = rondo__pair_batches_make(&b, "t", NULL);
    rondo__pair_batches_free(&b);
    return status;
}

static void failing_memory(void **state) {
    (void)state;
    test_every_failure(make_batches, make(50, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pair_once), cmocka_unit_test(new_company),
                                       cmocka_unit_test(by_sentences), cmocka_unit_test(left_out),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
