/* An encoder-decoder as exporters see it: its reference run says, symbol for symbol, what the library's own greedy
 * search says, and its logits are the library's. */
#include "nn/seq2seq_model.h"

#include "exchange/encdec.h"
#include "rondo/search.h"

enum { END = 2, UNKNOWN = 1, LONGEST = 12, WIDEST = MODEL_V + 4 };

static const int32_t sources[][4] = {{1, 3, 0, 4}, {4, 4, 1, 2}, {0, 1, 2, 3}};
static const int64_t lengths[] = {4, 1, 3};
static const int32_t copies[][4] = {{MODEL_V, 3, MODEL_V, MODEL_V + 3}, {MODEL_V}, {-1, MODEL_V + 1, 4}};

static rondo_status step(void *decoding, int64_t rows, const int32_t *parent, const int32_t *symbols,
                         rondo_real *log_probabilities, rondo_real *weights, rondo_error *err) {
    return rondo_decoding_step(decoding, rows, parent, symbols, log_probabilities, weights, err);
}

/* The library's greedy decoding of one source. */
static void search(const model *m, int64_t width, int64_t S, const int32_t *source, const int32_t *copy,
                   rondo_search_result *out) {
    rondo_decoding *decoding;
    const int32_t length = (int32_t)S;
    assert_int_equal(rondo_decoding_open(&decoding, m->context, m->net, NULL), RONDO_OK);
    assert_int_equal(rondo_decoding_begin(decoding, S, 1, source, &length, copy, copy ? width : 0, NULL), RONDO_OK);
    rondo_decoding_set_unknown(decoding, UNKNOWN);
    const rondo_search_model asked = {
        .step = step, .model = decoding, .V = width, .start = END, .end = END, .unknown = -1};
    assert_int_equal(rondo_search(out, &asked, 1, &length, &(rondo_search_options){.max_length = LONGEST}, NULL),
                     RONDO_OK);
    rondo_decoding_close(&decoding);
}

/* log-probability of `symbol`, which a pointer says as it is: what is never copied is lost */
static double log_p(const rondo__encdec *pair, const rondo_real *logits, int32_t symbol) {
    double sum = 0;
    if (pair->pointer.weight)
        return (double)logits[symbol];
    for (int v = 0; v < MODEL_V; v++)
        sum += exp((double)(logits[v] - logits[symbol]));
    return -log(sum);
}

static void compare(const model *m, const rondo__encdec *pair, int64_t S, const int32_t *source, const int32_t *copy) {
    const int64_t width = rondo__encdec_width(pair, S);
    rondo_search_result want;
    int32_t said[LONGEST];
    int64_t count;
    rondo_real logits[LONGEST * WIDEST];
    rondo_error err = {0};
    double sum = 0;
    search(m, width, S, source, copy, &want);
    if (rondo__encdec_run(pair, m->context, S, source, copy, LONGEST, said, &count, logits, &err))
        fail_msg("%s: %s", m->name, err.message);
    const rondo_hypothesis *best = want.hypothesis;
    if (count != best->count || memcmp(said, best->symbols, (size_t)count * sizeof *said))
        fail_msg("%s: other symbols", m->name);
    for (int64_t t = 0; t < count; t++)
        sum += log_p(pair, logits + t * width, said[t]);
    sum += best->ended ? log_p(pair, logits + count * width, END) : 0;
    if (!(fabs(sum - best->log_probability) < 1e-4))
        fail_msg("%s: log p is %g, not %g", m->name, sum, best->log_probability);
    rondo_search_free(&want);
}

static void every_model(const model_case *all, size_t count) {
    for (size_t i = 0; i < count; i++) {
        model m;
        rondo__encdec pair;
        rondo_error err = {0};
        model_open(&m, &all[i], 1);
        rondo_status status = rondo__encdec_of(&pair, m.net, END, &err);
        if (status)
            fail_msg("%s: %s", all[i].name, err.message);
        pair.unknown = UNKNOWN;
        for (int s = 0; s < 3; s++)
            compare(&m, &pair, lengths[s], sources[s], pair.pointer.weight ? copies[s] : NULL);
        model_close(&m);
    }
}

static void says_the_same(void **unused) {
    (void)unused;
    every_model(model_plain, MODEL_PLAIN);
    every_model(model_attentive, MODEL_ATTENTIVE);
}

static int run_once(void *arg) {
    const model *m = arg;
    rondo__encdec pair;
    int32_t said[3];
    int64_t count;
    rondo_status status = rondo__encdec_of(&pair, m->net, END, NULL);
    return (int)(status ? status
                        : rondo__encdec_run(&pair, m->context, 2, sources[0], copies[0], 3, said, &count, NULL, NULL));
}
static void out_of_memory(void **unused) {
    (void)unused;
    model m;
    model_open(&m, &model_attentive[5 - 2], 1);
    test_every_failure(run_once, &m);
    model_close(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_the_same), cmocka_unit_test(out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
