/* Laws of encoder-decoders, for every kind in seq2seq_model.h: padding and company change nothing, one step at a time
 * equals all at once, rows in use split and change places, any number of threads gives the same bits, failing memory.
 */
#include "nn/seq2seq_model.h"

static const double tolerance = sizeof(rondo_real) == 4 ? 2e-5 : 1e-12;

/* ROWS of one training batch, at [t][b]. */
typedef rondo_real row_losses[MODEL_ROOM_T * MODEL_B];

static void for_every_case(void (*body)(const model_case *about)) {
    for (size_t i = 0; i < MODEL_PLAIN; i++)
        body(&model_plain[i]);
    for (size_t i = 0; i < MODEL_ATTENTIVE; i++)
        body(&model_attentive[i]);
}

static void near(const model *m, const char *what, double got, double want) {
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s: %s: %.9g, not %.9g", m->name, what, got, want);
}

static void same_bits(const model *m, const char *what, const rondo_real *a, const rondo_real *b, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a))
            fail_msg("%s: %s: number %lld is %.9g and %.9g", m->name, what, (long long)i, (double)a[i], (double)b[i]);
}

static rondo_real *copy_grads(const model *m) {
    size_t bytes = (size_t)rondo_params_size(m->params) * sizeof(rondo_real);
    rondo_real *kept = rondo__alloc(bytes);
    assert_non_null(kept);
    memcpy(kept, rondo_params_grads(m->params), bytes);
    return kept;
}

/* ---- padding, company ---- */

static void padding_case(const model_case *about) {
    model m;
    model_batch tight, wide;
    row_losses tight_rows, wide_rows;
    model_open(&m, about, 1);
    model_pairs(&tight, MODEL_S, MODEL_T, MODEL_B, NULL);
    model_pairs(&wide, MODEL_ROOM_S, MODEL_ROOM_T, MODEL_B, NULL);
    double loss = model_backward(&m, &tight, &(rondo_seq2seq_loss_options){.row_losses = tight_rows});
    rondo_real *grads = copy_grads(&m);
    near(&m, "loss", model_backward(&m, &wide, &(rondo_seq2seq_loss_options){.row_losses = wide_rows}), loss);
    same_bits(&m, "row losses", tight_rows, wide_rows, MODEL_T * MODEL_B);
    for (int i = MODEL_T * MODEL_B; i < MODEL_ROOM_T * MODEL_B; i++)
        assert_true(wide_rows[i] == 0);
    for (int64_t i = 0; i < rondo_params_size(m.params); i++)
        near(&m, "gradient", (double)rondo_params_grads(m.params)[i], (double)grads[i]);
    rondo__free(grads);
    model_close(&m);
}

static void padding_changes_nothing(void **unused) {
    (void)unused;
    for_every_case(padding_case);
}

/* Every row alone, and in another order. */
static void company_case(const model_case *about) {
    model m;
    model_batch all, one;
    row_losses rows, alone;
    int32_t best[MODEL_T * MODEL_B], best_alone[MODEL_T];
    model_open(&m, about, 2);
    model_pairs(&all, MODEL_S, MODEL_T, MODEL_B, NULL);
    const rondo_seq2seq_loss_options options = {.row_losses = rows, .best = best};
    model_loss(&m, NULL, &all, &options);
    for (int b = 0; b < MODEL_B; b++) {
        int64_t S = model_source_lengths[b], T = model_target_lengths[b];
        model_pairs(&one, S, T, 1, &b);
        const rondo_seq2seq_loss_options own = {.row_losses = alone, .best = best_alone};
        model_loss(&m, NULL, &one, &own);
        for (int64_t t = 0; t < MODEL_T; t++) {
            if (t < T)
                same_bits(&m, "a row alone", &alone[t], &rows[t * MODEL_B + b], 1);
            assert_int_equal(best[t * MODEL_B + b], t < T ? best_alone[t] : -1);
        }
    }
    model_pairs(&one, MODEL_S, MODEL_T, MODEL_B, (int[]){2, 0, 1});
    model_loss(&m, NULL, &one, &(rondo_seq2seq_loss_options){.row_losses = alone});
    for (int t = 0; t < MODEL_T; t++)
        for (int b = 0; b < MODEL_B; b++)
            same_bits(&m, "another order", &alone[t * MODEL_B + (b + 1) % MODEL_B], &rows[t * MODEL_B + b], 1);
    model_close(&m);
}

static void company_changes_nothing(void **unused) {
    (void)unused;
    for_every_case(company_case);
}

/* ---- step by step ---- */

/* A sampling rate too small to draw anything takes the way of single steps. */
static void steps_case(const model_case *about) {
    model m;
    model_batch batch;
    row_losses at_once, stepped;
    model_open(&m, about, 2);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    double loss = model_backward(&m, &batch, &(rondo_seq2seq_loss_options){.row_losses = at_once});
    rondo_real *grads = copy_grads(&m);
    const rondo_seq2seq_loss_options options = {.row_losses = stepped, .sampling = (rondo_real)1e-30};
    near(&m, "loss", model_backward(&m, &batch, &options), loss);
    same_bits(&m, "row losses", at_once, stepped, MODEL_T * MODEL_B);
    for (int64_t i = 0; i < rondo_params_size(m.params); i++)
        near(&m, "gradient", (double)rondo_params_grads(m.params)[i], (double)grads[i]);
    rondo__free(grads);
    model_close(&m);
}

static void steps_equal_the_whole(void **unused) {
    (void)unused;
    for_every_case(steps_case);
}

/* ---- in use ---- */

static int64_t extended_of(const model *m) { return rondo_seq2seq_get_config(m->net)->pointer ? MODEL_X : 0; }

static rondo_decoding *begin(model *m, const model_batch *batch) {
    rondo_decoding *d;
    rondo_error err = {0};
    const rondo_pairs_batch *b = &batch->batch;
    const int32_t *copy = extended_of(m) ? b->copy : NULL;
    assert_int_equal(rondo_decoding_open(&d, m->context, m->net, &err), RONDO_OK);
    if (rondo_decoding_begin(d, b->S, b->B, b->source, b->source_lengths, copy, extended_of(m), &err))
        fail_msg("%s: %s", m->name, err.message);
    assert_int_equal(rondo_decoding_width(d), extended_of(m) ? MODEL_X : MODEL_V);
    return d;
}

static void step(const model *m, rondo_decoding *d, int64_t rows, const int32_t *parent, const int32_t *symbols,
                 rondo_real *scores, rondo_real *weights) {
    rondo_error err = {0};
    if (rondo_decoding_step(d, rows, parent, symbols, scores, weights, &err))
        fail_msg("%s: %s", m->name, err.message);
}

static const int32_t in_place[] = {0, 1, 2, 3, 4, 5};

/* Symbol of row b at step t, in the vocabulary also where the row has ended. */
static int32_t told(int64_t b, int64_t t) { return model_input(b, t); }

static void teacher_case(const model_case *about) {
    model m;
    model_batch batch;
    row_losses rows;
    rondo_real scores[MODEL_B * MODEL_X], weights[MODEL_B * MODEL_S];
    model_open(&m, about, 2);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    model_loss(&m, NULL, &batch, &(rondo_seq2seq_loss_options){.row_losses = rows});
    rondo_decoding *d = begin(&m, &batch);
    int64_t width = rondo_decoding_width(d);
    const rondo_seq2seq_config *config = rondo_seq2seq_get_config(m.net);
    const bool attends = config->attention.type != RONDO_ATTENTION_NONE || config->decoder_transformer;
    for (int t = 0; t < MODEL_T; t++) {
        step(&m, d, MODEL_B, in_place, (int32_t[]){told(0, t), told(1, t), told(2, t)}, scores, weights);
        for (int b = 0; b < MODEL_B; b++) {
            double sum = 0, looked = 0;
            for (int64_t v = 0; v < width; v++)
                sum += exp((double)scores[b * width + v]);
            if (extended_of(&m)) /* what looks at a symbol that cannot be copied is lost */
                assert_true(sum > 0.1 && sum < 1 + tolerance);
            else
                near(&m, "probabilities", sum, 1);
            for (int s = 0; s < MODEL_S; s++) {
                looked += (double)weights[b * MODEL_S + s];
                assert_true(s < model_source_lengths[b] || weights[b * MODEL_S + s] == 0);
            }
            if (!rondo_seq2seq_get_config(m.net)->attention.window)
                near(&m, "weights", looked, attends);
            const int32_t target = (extended_of(&m) ? batch.copy_targets : batch.targets)[t * MODEL_B + b];
            if (target >= 0)
                near(&m, "log-probability", -(double)scores[b * width + target], (double)rows[t * MODEL_B + b]);
        }
    }
    rondo_decoding_close(&d);
    model_close(&m);
}

static void steps_in_use_equal_teacher_forcing(void **unused) {
    (void)unused;
    for_every_case(teacher_case);
}

/* Row by row alone, then as a crowd: rows split, swap and end, and none of it shows in their bits. */
static void rows_case(const model_case *about) {
    model m;
    model_batch all, one;
    enum { STEPS = 3, ROWS = 5 };
    /* at each step: the source of every row and its parent in the step before */
    static const int count[STEPS] = {3, 5, 2};
    static const int source[STEPS][ROWS] = {{0, 1, 2}, {2, 2, 0, 1, 1}, {1, 2}};
    static const int32_t parent[STEPS][ROWS] = {{0, 1, 2}, {2, 2, 0, 1, 1}, {4, 0}};
    static const int32_t symbol[STEPS][ROWS] = {{0, 0, 0}, {1, 3, 2, 5, 4}, {2, 0}};
    rondo_real crowd[STEPS][ROWS * MODEL_X], crowd_weights[STEPS][ROWS * MODEL_S];
    rondo_real alone[MODEL_X], weights[MODEL_S];
    model_open(&m, about, 2);
    model_pairs(&all, MODEL_S, MODEL_T, MODEL_B, NULL);
    rondo_decoding *d = begin(&m, &all);
    int64_t width = rondo_decoding_width(d);
    for (int t = 0; t < STEPS; t++)
        step(&m, d, count[t], parent[t], symbol[t], crowd[t], crowd_weights[t]);
    rondo_decoding_close(&d);
    for (int last = 0; last < STEPS; last++)
        for (int r = 0; r < count[last]; r++) {
            int b = source[last][r], path[STEPS];
            for (int t = last, at = r; t >= 0; at = parent[t][at], t--)
                path[t] = at;
            model_pairs(&one, model_source_lengths[b], 1, 1, &b);
            d = begin(&m, &one);
            for (int t = 0; t <= last; t++)
                step(&m, d, 1, in_place, &symbol[t][path[t]], alone, weights);
            same_bits(&m, "a row alone", alone, crowd[last] + r * width, width);
            same_bits(&m, "its weights", weights, crowd_weights[last] + r * MODEL_S, model_source_lengths[b]);
            rondo_decoding_close(&d);
        }
    model_close(&m);
}

static void rows_split_and_end(void **unused) {
    (void)unused;
    for_every_case(rows_case);
}

/* A new begin forgets what was before; steps of a size seen before allocate nothing. */
static void again_case(const model_case *about) {
    model m;
    model_batch all, other;
    rondo_real first[MODEL_B * MODEL_X], second[MODEL_B * MODEL_X];
    model_open(&m, about, 1);
    model_pairs(&all, MODEL_S, MODEL_T, MODEL_B, NULL);
    model_pairs(&other, MODEL_ROOM_S, MODEL_T, 2, (int[]){1, 2});
    rondo_decoding *d = begin(&m, &all);
    const int32_t *copy = extended_of(&m) ? all.copy : NULL, *copy_other = extended_of(&m) ? other.copy : NULL;
    step(&m, d, MODEL_B, in_place, in_place, first, NULL);
    step(&m, d, 2, in_place, in_place, second, NULL); /* what a Transformer keeps grows with the steps */
    assert_int_equal(
        rondo_decoding_begin(d, MODEL_ROOM_S, 2, other.source, other.source_lengths, copy_other, extended_of(&m), NULL),
        RONDO_OK);
    step(&m, d, 2, in_place, in_place, second, NULL);
    uint64_t allocations = rondo__alloc_count();
    assert_int_equal(
        rondo_decoding_begin(d, MODEL_S, MODEL_B, all.source, all.source_lengths, copy, extended_of(&m), NULL),
        RONDO_OK);
    step(&m, d, MODEL_B, in_place, in_place, second, NULL);
    step(&m, d, 2, in_place, in_place, second, NULL);
    assert_int_equal(rondo__alloc_count(), allocations);
    assert_int_equal(
        rondo_decoding_begin(d, MODEL_S, MODEL_B, all.source, all.source_lengths, copy, extended_of(&m), NULL),
        RONDO_OK);
    step(&m, d, MODEL_B, in_place, in_place, second, NULL);
    same_bits(&m, "a second time", first, second, MODEL_B * rondo_decoding_width(d));
    rondo_decoding_close(&d);
    model_close(&m);
}

static void begun_again(void **unused) {
    (void)unused;
    for_every_case(again_case);
}

/* ---- empty rows, numbers that are none ---- */

/* A source without symbols and a target without symbols are legal; a batch of nothing has the loss 0. */
static void empty_case(const model_case *about) {
    model m;
    model_batch batch;
    row_losses rows, without;
    model_open(&m, about, 1);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    model_loss(&m, NULL, &batch, &(rondo_seq2seq_loss_options){.row_losses = rows});
    batch.source_lengths[0] = batch.target_lengths[1] = 0;
    for (int t = 0; t < MODEL_T; t++)
        batch.targets[t * MODEL_B + 1] = batch.copy_targets[t * MODEL_B + 1] = -1;
    assert_true(isfinite(model_backward(&m, &batch, &(rondo_seq2seq_loss_options){.row_losses = without})));
    for (int t = 0; t < MODEL_T; t++) {
        same_bits(&m, "another row", &rows[t * MODEL_B + 2], &without[t * MODEL_B + 2], 1);
        assert_true(without[t * MODEL_B + 1] == 0);
    }
    for (int i = 0; i < MODEL_T * MODEL_B; i++)
        batch.targets[i] = batch.copy_targets[i] = -1;
    assert_true(model_backward(&m, &batch, NULL) == 0);
    for (int64_t i = 0; i < rondo_params_size(m.params); i++)
        assert_true(rondo_params_grads(m.params)[i] == 0);
    model_close(&m);
}

static void empty_rows(void **unused) {
    (void)unused;
    for_every_case(empty_case);
}

static void nan_case(const model_case *about) {
    model m;
    model_batch batch;
    model_open(&m, about, 1);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    rondo_param *table = rondo_params_at(m.params, 0);
    for (int i = 0; i < MODEL_EMBEDDING; i++)
        ((rondo_real *)table->value.data)[3 * MODEL_EMBEDDING + i] = (rondo_real)NAN;
    assert_true(isnan((double)*(rondo_real *)model_loss(&m, NULL, &batch, NULL)->value.data));
    model_close(&m);
}

static void nan_is_not_hidden(void **unused) {
    (void)unused;
    for_every_case(nan_case);
}

/* ---- memory ---- */

static void second_case(const model_case *about) {
    model m;
    model_batch batch;
    model_open(&m, about, 1);
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    const rondo_seq2seq_loss_options options = {.sampling = 0.5f};
    model_backward(&m, &batch, &options);
    uint64_t allocations = rondo__alloc_count();
    model_backward(&m, &batch, &options);
    assert_int_equal(rondo__alloc_count(), allocations);
    model_close(&m);
}

static void second_step_allocates_nothing(void **unused) {
    (void)unused;
    for_every_case(second_case);
}

static int everything(void *arg) {
    model m;
    model_batch batch;
    row_losses rows;
    int32_t best[MODEL_T * MODEL_B];
    rondo_decoding *d = NULL;
    rondo_real scores[5 * MODEL_X], weights[5 * MODEL_S];
    const rondo_seq2seq_loss_options options = {.row_losses = rows, .best = best, .sampling = 0.5f};
    model_pairs(&batch, MODEL_S, MODEL_T, MODEL_B, NULL);
    const rondo_pairs_batch *b = &batch.batch;
    rondo_status status = model_try(&m, arg, 1);
    if (!status) {
        rondo_tape_begin(m.tape, &(rondo_step){.training = true, .recording = true});
        rondo_var *loss = rondo_seq2seq_loss(m.net, m.tape, b, &options);
        status = loss ? rondo_backward(m.tape, loss, 1) : rondo_tape_status(m.tape, NULL);
    }
    if (!status)
        status = rondo_decoding_open(&d, m.context, m.net, NULL);
    if (!status)
        status = rondo_decoding_begin(d, b->S, b->B, b->source, b->source_lengths, extended_of(&m) ? b->copy : NULL,
                                      extended_of(&m), NULL);
    if (!status)
        status = rondo_decoding_step(d, 3, in_place, in_place, scores, weights, NULL);
    if (!status)
        status = rondo_decoding_step(d, 5, (int32_t[]){0, 0, 1, 1, 2}, in_place, scores, weights, NULL);
    rondo_decoding_close(&d);
    model_close(&m);
    return (int)status;
}

static void memory_case(const model_case *about) {
    model_case own = *about;
    test_every_failure(everything, &own);
}

static void memory_fails(void **unused) {
    (void)unused;
    for_every_case(memory_case);
}

/* A step for which there is no memory leaves the rows as they were. */
static void failed_case(const model_case *about) {
    model m;
    model_batch all;
    enum { MANY = 40 };
    rondo_real want[2 * MODEL_X], got[MANY * MODEL_X];
    int32_t parents[MANY], symbols[MANY];
    for (int r = 0; r < MANY; r++) {
        parents[r] = r % MODEL_B;
        symbols[r] = r % MODEL_V;
    }
    model_open(&m, about, 1);
    model_pairs(&all, MODEL_S, MODEL_T, MODEL_B, NULL);
    rondo_decoding *d = begin(&m, &all);
    const int32_t *copy = extended_of(&m) ? all.copy : NULL;
    step(&m, d, MODEL_B, in_place, in_place, got, NULL);
    step(&m, d, 2, in_place, in_place, want, NULL);
    assert_int_equal(
        rondo_decoding_begin(d, MODEL_S, MODEL_B, all.source, all.source_lengths, copy, extended_of(&m), NULL),
        RONDO_OK);
    step(&m, d, MODEL_B, in_place, in_place, got, NULL);
    for (int nth = 1; nth < 4; nth++) {
        rondo__alloc_fail_at(nth);
        if (rondo_decoding_step(d, MANY, parents, symbols, got, NULL, NULL) != RONDO_MEMORY)
            fail_msg("%s: allocation %d failed, the step did not", m.name, nth);
        rondo__alloc_fail_at(0);
    }
    assert_int_equal(rondo_decoding_step(d, 1, (int32_t[]){3}, in_place, got, NULL, NULL), RONDO_ARGUMENT);
    step(&m, d, 2, in_place, in_place, got, NULL);
    same_bits(&m, "after a failed step", got, want, 2 * rondo_decoding_width(d));
    rondo_decoding_close(&d);
    model_close(&m);
}

static void failed_step(void **unused) {
    (void)unused;
    for_every_case(failed_case);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(company_changes_nothing),
        cmocka_unit_test(steps_equal_the_whole),
        cmocka_unit_test(steps_in_use_equal_teacher_forcing),
        cmocka_unit_test(rows_split_and_end),
        cmocka_unit_test(begun_again),
        cmocka_unit_test(empty_rows),
        cmocka_unit_test(nan_is_not_hidden),
        cmocka_unit_test(second_step_allocates_nothing),
        cmocka_unit_test(memory_fails),
        cmocka_unit_test(failed_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
