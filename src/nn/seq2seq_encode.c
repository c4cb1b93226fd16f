/* The encoder's side: symbols -> memory, and what the decoder starts from. */
#include "autograd/tape.h"
#include "nn/seq2seq.h"

/* The memory (S, B, M) and the final states of every layer and direction, of which a Transformer has none. */
static rondo_var *run_encoder(rondo_seq2seq *net, rondo_tape *tape, rondo_var *x, const int32_t *lengths,
                              rondo_states *final_states) {
    if (net->encoder_transformer)
        return rondo_transformer_forward(net->encoder_transformer, tape, x,
                                         &(rondo_transformer_input){.lengths = lengths}, NULL);
    const rondo_recurrent_input input = {.lengths = lengths, .final_states = final_states};
    rondo_var *memory = rondo_recurrent_forward(net->encoder, tape, x, &input);
    return net->config.encoder.cell == RONDO_JORDAN ? rondo_tanh(tape, memory) : memory;
}

void rondo__seq2seq_encode(rondo_seq2seq *net, rondo_tape *tape, int64_t S, int64_t B, const int32_t *ids,
                           const int32_t *lengths, rondo__source *source, rondo__decoder_state *start) {
    const rondo_seq2seq_config *config = &net->config;
    rondo_states final_states = {{NULL}, {NULL}};
    *source = (rondo__source){.memories = 0};
    *start = (rondo__decoder_state){.fed = NULL};
    rondo_var *x =
        rondo_embedding(tape, rondo_params_use(net->params, tape, net->source_table), ids, 2, (int64_t[]){S, B});
    x = rondo__dropout_in_place(tape, x, config->embedding_dropout, config->encoder.variational);
    rondo_var *memory = run_encoder(net, tape, x, lengths, &final_states);
    if (rondo__tape_failed(tape))
        return;
    if (net->decoder_transformer) {
        source->memories = net->decoder_config.layers;
        rondo_transformer_prepare(net->decoder_transformer, tape, memory, lengths, source->memory);
        return;
    }
    if (net->attention) {
        source->memories = 1;
        source->memory[0] = rondo_attention_layer_prepare(net->attention, tape, memory, lengths);
    }
    rondo__bridge_states(net, tape, &final_states, B, &start->states);
    if (config->input_feeding)
        start->fed = rondo_zeros(tape, 3, (int64_t[]){1, B, net->A});
    if (config->attention.coverage)
        start->coverage = rondo_zeros(tape, 2, (int64_t[]){B, S});
    if (config->context == RONDO_CONTEXT_EVERY_STEP)
        start->context = rondo__bridge_joined(net, tape, final_states.h, config->encoder.layers - 1);
}
