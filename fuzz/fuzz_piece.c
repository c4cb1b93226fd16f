/* Fuzz target, see fuzz/README.md: any bytes as a SentencePiece model, for the check before it is opened. */
#include "data/tokenizer_kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    rondo__piece_model_is_sound(data, size);
    return 0;
}
