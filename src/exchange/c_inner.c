/* Stacks that stand inside of a block: written, kept and run like a network of one stack, under names of their own. */
#include "exchange/c_file.h"
#include "nn/recurrent.h"

bool rondo__c_inner_of(const rondo__network_block *block, rondo__c_inner *out) {
    if (block->kind != RONDO__SPELLING && block->kind != RONDO__DECODE)
        return false;
    *out = (rondo__c_inner){.part = block->kind == RONDO__SPELLING ? "speller_" : "decoder_"};
    out->network.block[out->network.count++] = (rondo__network_block){.kind = RONDO__RECURRENT,
                                                                      .net = block->net,
                                                                      .in = block->net->config.input_size,
                                                                      .out = rondo_recurrent_output_size(block->net)};
    if (block->net->config.cell == RONDO_JORDAN)
        out->network.block[out->network.count++] = (rondo__network_block){.kind = RONDO__ACTIVATION,
                                                                          .in = out->network.block[0].out,
                                                                          .out = out->network.block[0].out,
                                                                          .activation = RONDO_TANH};
    return true;
}

rondo__c_outer rondo__c_enter(rondo__c_file *file, const rondo__c_inner *inner) {
    const rondo__c_outer outer = {file->network, file->part};
    file->network = &inner->network;
    file->part = inner->part;
    return outer;
}

void rondo__c_leave(rondo__c_file *file, rondo__c_outer outer) {
    file->network = outer.network;
    file->part = outer.part;
}
