/* One sequence in, another one out: a small encoder-decoder with attention learns to write digits backwards.
 *
 * Shows the explicit interface of rondo/seq2seq.h: declare, train on batches of pairs, then write step by step and see
 * where each step looked. */
#include <stdio.h>

#include "rondo/optim.h"
#include "rondo/rondo.h"

enum { START = 10, END, SYMBOLS, LONGEST = 7, S = LONGEST, T = LONGEST + 1, B = 32, STEPS = 300 };

typedef struct pairs {
    int32_t source[S * B], source_lengths[B], inputs[T * B], targets[T * B], target_lengths[B];
} pairs;

/* Strings of 3 to 7 digits and the same backwards. */
static void draw_pairs(pairs *p, uint64_t *state) {
    for (int b = 0; b < B; b++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        int length = 3 + (int)(*state >> 33) % 5;
        p->source_lengths[b] = length;
        p->target_lengths[b] = length + 1;
        for (int s = 0; s < S; s++) {
            *state = *state * 6364136223846793005u + 1442695040888963407u;
            p->source[s * B + b] = s < length ? (int32_t)((*state >> 33) % 10) : -1;
        }
        for (int t = 0; t < T; t++) {
            int32_t symbol = t < length ? p->source[(length - 1 - t) * B + b] : t == length ? END : -1;
            p->targets[t * B + b] = symbol;
            p->inputs[t * B + b] = t > length ? -1 : t ? p->targets[(t - 1) * B + b] : START;
        }
    }
}

static rondo_status train(rondo_seq2seq *net, rondo_params *params, rondo_tape *tape, rondo_optimizer *adam,
                          rondo_error *err) {
    static pairs p;
    uint64_t state = 1;
    const rondo_pairs_batch batch = {.S = S,
                                     .T = T,
                                     .B = B,
                                     .source = p.source,
                                     .source_lengths = p.source_lengths,
                                     .inputs = p.inputs,
                                     .targets = p.targets,
                                     .target_lengths = p.target_lengths};
    for (int step = 0; step < STEPS; step++) {
        draw_pairs(&p, &state);
        rondo_tape_begin(tape, &(rondo_step){.training = true, .recording = true, .seed = 1, .step = (uint64_t)step});
        rondo_var *loss = rondo_seq2seq_loss(net, tape, &batch, NULL);
        rondo_params_clear_grads(params);
        rondo_status status = loss ? rondo_backward(tape, loss, 1) : rondo_tape_status(tape, err);
        if (!status)
            status = rondo_optimizer_step(adam, &(rondo_optimizer_update){.clip_norm = 1}, NULL, err);
        if (status)
            return status;
        if (step % 100 == 0 || step == STEPS - 1)
            printf("step %3d  loss per symbol %.4f\n", step, (double)*(rondo_real *)loss->value.data);
    }
    return RONDO_OK;
}

/* Writes the likeliest symbol at each step, and below it the place in the source that attention looked at most. */
static rondo_status write_backwards(rondo_decoding *decoding, const char *digits, rondo_error *err) {
    int32_t source[S], symbol = START;
    rondo_real scores[SYMBOLS], weights[S];
    char looked[T + 1] = "";
    int length = 0;
    for (; digits[length]; length++)
        source[length] = digits[length] - '0';
    rondo_status status = rondo_decoding_begin(decoding, length, 1, source, NULL, NULL, 0, err);
    printf("%s -> ", digits);
    for (int t = 0; t < T && !status; t++) {
        status = rondo_decoding_step(decoding, 1, &(int32_t){0}, &symbol, scores, weights, err);
        symbol = 0;
        for (int v = 1; v < SYMBOLS && !status; v++)
            symbol = scores[v] > scores[symbol] ? v : symbol;
        if (status || symbol == END)
            break;
        int place = 0;
        for (int s = 1; s < length; s++)
            place = weights[s] > weights[place] ? s : place;
        looked[t] = (char)('1' + place);
        putchar('0' + symbol);
    }
    printf("   looked at places %s\n", looked);
    return status;
}

static rondo_status run(rondo_context *context, rondo_params *params, rondo_seq2seq *net, rondo_tape *tape,
                        rondo_optimizer *adam, rondo_error *err) {
    static const char *const words[] = {"123", "98765", "3141592"};
    rondo_decoding *decoding = NULL;
    rondo_status status = train(net, params, tape, adam, err);
    if (!status)
        status = rondo_decoding_open(&decoding, context, net, err);
    for (int i = 0; i < 3 && !status; i++)
        status = write_backwards(decoding, words[i], err);
    rondo_decoding_close(&decoding);
    return status;
}

int main(void) {
    rondo_error err = {0};
    rondo_context *context = NULL;
    rondo_params *params = NULL;
    rondo_seq2seq *net = NULL;
    rondo_tape *tape = NULL;
    rondo_optimizer *adam = NULL;
    const rondo_seq2seq_config config = {.source_vocabulary = SYMBOLS,
                                         .target_vocabulary = SYMBOLS,
                                         .source_embedding_size = 16,
                                         .target_embedding_size = 16,
                                         .encoder = {.cell = RONDO_GRU, .hidden_size = 16, .bidirectional = true},
                                         .decoder = {.cell = RONDO_GRU, .hidden_size = 32},
                                         .attention = {.type = RONDO_ATTENTION_GENERAL}};
    const rondo_optimizer_options options = {.kind = RONDO_OPTIMIZER_ADAM, .learning_rate = 0.01};
    rondo_status status = rondo_context_create(&context, NULL, &err);
    if (!status)
        status = rondo_params_create(&params, &err);
    if (!status)
        status = rondo_seq2seq_create(&net, params, "", &config, &err);
    if (!status)
        status = rondo_params_finish(params, 1, &err);
    if (!status)
        status = rondo_tape_create(&tape, context, &err);
    if (!status)
        status = rondo_optimizer_create(&adam, context, params, &options, &err);
    if (!status)
        status = run(context, params, net, tape, adam, &err);
    if (status)
        fprintf(stderr, "reverse: %s\n", err.message);
    rondo_optimizer_destroy(&adam);
    rondo_tape_destroy(&tape);
    rondo_seq2seq_destroy(&net);
    rondo_params_destroy(&params);
    rondo_context_destroy(&context);
    return status != RONDO_OK;
}
