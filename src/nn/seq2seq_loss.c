/* Teacher forcing: the loss of one batch of pairs.
 *
 * The output layer is by far the largest product, V columns for every row: rondo_linear_cross_entropy sends only rows
 * through it whose target counts. A pointer network keeps all rows, because each of them copies from the source that
 * stands at its place in the batch. */
#include <assert.h>

#include "autograd/entropy.h"
#include "nn/seq2seq.h"

typedef struct loss_run {
    rondo_seq2seq *net;
    rondo_tape *tape;
    const rondo_pairs_batch *batch;
    const rondo_seq2seq_loss_options *options;
    rondo__decoder_output decoded;
    rondo_var *a;           /* (T, B, A) after dropout */
    const int32_t *targets; /* (T, B) those that are counted */
    int64_t rows, counted;  /* T * B, and those whose target is not -1 */
} loss_run;

static const char *missing(const rondo_seq2seq *net, const rondo_pairs_batch *batch) {
    if (!batch->source || !batch->inputs || !batch->targets)
        return !batch->source ? "source" : !batch->inputs ? "inputs" : "targets";
    if (net->config.pointer && (!batch->copy || !batch->copy_targets))
        return batch->copy ? "copy_targets" : "copy";
    return NULL;
}

static bool check_batch(const rondo_seq2seq *net, rondo_tape *tape, const rondo_pairs_batch *batch) {
    if (batch->S < 1 || batch->T < 1 || batch->B < 1 || batch->B > INT32_MAX / batch->S ||
        batch->B > INT32_MAX / batch->T)
        rondo__tape_fail(tape, RONDO_ARGUMENT,
                         "seq2seq: a batch of S %lld, T %lld, B %lld (each must be 1 or more, all symbols below 2^31)",
                         (long long)batch->S, (long long)batch->T, (long long)batch->B);
    else if (missing(net, batch))
        rondo__tape_fail(tape, RONDO_ARGUMENT, "seq2seq: %s of the batch is NULL", missing(net, batch));
    for (int64_t b = 0; batch->target_lengths && b < batch->B && !rondo__tape_failed(tape); b++)
        if (batch->target_lengths[b] < 0 || batch->target_lengths[b] > batch->T)
            rondo__tape_fail(tape, RONDO_ARGUMENT, "seq2seq: target_lengths[%lld] is %d, it must lie in 0..%lld",
                             (long long)b, (int)batch->target_lengths[b], (long long)batch->T);
    return !rondo__tape_failed(tape);
}

static bool check_options(const rondo_seq2seq *net, rondo_tape *tape, const rondo_seq2seq_loss_options *options) {
    if (net->config.pointer && options->label_smoothing != 0)
        rondo__tape_fail(tape, RONDO_UNSUPPORTED,
                         "seq2seq: label_smoothing does not go with a pointer network (set it to 0)");
    else if (!(options->divide_by >= 0))
        rondo__tape_fail(tape, RONDO_ARGUMENT, "seq2seq: divide_by is %g (it must not be negative)",
                         (double)options->divide_by);
    else if (!(options->sampling >= 0 && options->sampling <= 1))
        rondo__tape_fail(tape, RONDO_ARGUMENT, "seq2seq: sampling is %g (it must be in [0, 1])",
                         (double)options->sampling);
    return !rondo__tape_failed(tape);
}

/* ---- the likeliest symbol ---- */

typedef struct best_job {
    int64_t V;
    const real *scores; /* (rows, V) */
    int32_t *best;      /* (rows) */
} best_job;

static void best_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const best_job *job = arg;
    (void)worker;
    for (int64_t r = begin; r < end; r++)
        job->best[r] = rondo__entropy_best(job->V, job->scores + r * job->V);
}

static void find_best(const loss_run *l, const rondo_var *scores, int32_t *best) {
    best_job job = {rondo__width(&scores->value), rondo__data(scores), best};
    rondo__parallel(rondo_tape_context(l->tape), rondo__rows(&scores->value), rondo__row_grain(job.V), best_rows, &job);
}

/* ---- symbols of the vocabulary ---- */

static rondo_var *symbol_loss(const loss_run *l) {
    const rondo_seq2seq_loss_options *options = l->options;
    const rondo_cross_entropy_options own = {.label_smoothing = options->label_smoothing,
                                             .divide_by = options->divide_by,
                                             .row_losses = options->row_losses,
                                             .best = options->best};
    return rondo_linear_cross_entropy(l->tape, l->a, rondo_params_use(l->net->params, l->tape, l->net->output),
                                      rondo_params_use(l->net->params, l->tape, l->net->output_bias), l->targets, &own);
}

/* ---- symbols that may also be copied ---- */

static int64_t extended_size(const loss_run *l) {
    int64_t X = l->net->config.target_vocabulary;
    for (int64_t i = 0; i < l->batch->S * l->batch->B; i++)
        X = l->batch->copy[i] >= X ? l->batch->copy[i] + 1 : X;
    return X;
}

static rondo_var *pointer_loss(const loss_run *l) {
    const rondo_seq2seq_loss_options *options = l->options;
    rondo_tape *tape = l->tape;
    rondo_var *logits = rondo__seq2seq_logits(l->net, tape, l->a);
    const rondo_pointer_options own = {.copy = l->batch->copy,
                                       .targets = l->targets,
                                       .extended = extended_size(l),
                                       .divide_by = options->divide_by,
                                       .row_losses = options->row_losses};
    rondo_var *loss = rondo_pointer_loss(tape, logits, l->decoded.gate, l->decoded.weights, &own);
    if (!loss || !options->best)
        return loss;
    rondo_var *all =
        rondo_pointer_log_probabilities(tape, rondo__detach(tape, logits), rondo__detach(tape, l->decoded.gate),
                                        rondo__detach(tape, l->decoded.weights), &own);
    if (!all)
        return NULL;
    find_best(l, all, options->best);
    for (int64_t r = 0; r < l->rows; r++)
        options->best[r] = l->targets[r] == -1 ? -1 : options->best[r];
    return loss;
}

/* ---- all of it ---- */

static void run_network(loss_run *l) {
    const rondo_pairs_batch *batch = l->batch;
    const rondo_seq2seq_config *config = &l->net->config;
    rondo__source source;
    rondo__decoder_state state;
    rondo__seq2seq_encode(l->net, l->tape, batch->S, batch->B, batch->source, batch->source_lengths, &source, &state);
    const rondo__decoder_input input = {.T = batch->T,
                                        .B = batch->B,
                                        .symbols = batch->inputs,
                                        .lengths = batch->target_lengths,
                                        .source = &source,
                                        .sampling = rondo_tape_training(l->tape) ? l->options->sampling : 0,
                                        .want_weights = config->pointer || config->coverage_loss > 0};
    rondo__seq2seq_decode(l->net, l->tape, &input, &state, &l->decoded);
    l->a = rondo_dropout(l->tape, l->decoded.a, config->output_dropout, config->decoder.variational);
}

/* loss + the coverage loss, divided alike. */
static rondo_var *with_coverage(const loss_run *l, rondo_var *loss) {
    const real factor = l->net->config.coverage_loss;
    const real by = l->options->divide_by > 0 ? l->options->divide_by : (real)l->counted;
    if (!(factor > 0) || !(by > 0) || !loss)
        return loss;
    rondo_var *coverage = rondo_coverage_loss(l->tape, l->decoded.weights, NULL, l->batch->target_lengths, by);
    return rondo_add(l->tape, loss, rondo_affine(l->tape, coverage, factor, 0));
}

rondo_var *rondo_seq2seq_loss(rondo_seq2seq *net, rondo_tape *tape, const rondo_pairs_batch *batch,
                              const rondo_seq2seq_loss_options *options) {
    static const rondo_seq2seq_loss_options nothing;
    options = options ? options : &nothing;
    if (rondo__tape_failed(tape))
        return NULL;
    if (!net || !batch) {
        rondo__tape_fail(tape, RONDO_ARGUMENT, "seq2seq: %s is NULL", net ? "batch" : "net");
        return NULL;
    }
    if (!check_batch(net, tape, batch) || !check_options(net, tape, options))
        return NULL;
    loss_run l = {.net = net,
                  .tape = tape,
                  .batch = batch,
                  .options = options,
                  .targets = net->config.pointer ? batch->copy_targets : batch->targets,
                  .rows = batch->T * batch->B};
    assert(l.targets); /* check_batch saw to it */
    for (int64_t r = 0; r < l.rows; r++)
        l.counted += l.targets[r] != -1;
    run_network(&l);
    if (rondo__tape_failed(tape))
        return NULL;
    return with_coverage(&l, net->config.pointer ? pointer_loss(&l) : symbol_loss(&l));
}
