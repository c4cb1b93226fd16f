/* Fuzz target, see fuzz/README.md: any bytes as a model file of weights in low precision, for a small network. What is
 * read is multiplied with, and turned to floats. */
#include "autograd/tape.h"
#include "nn/params.h"
#include "train/model_file.h"

enum { STEPS = 2, IN = 2, HIDDEN = 2, SYMBOLS = 3 };

typedef struct small {
    rondo_context *context, mixed;
    rondo_params *params;
    rondo_recurrent *net;
    rondo_tape *tape;
    int table;
} small;

static rondo_status make_small(small *s) {
    const rondo_recurrent_config config = {.cell = RONDO_LSTM, .input_size = IN, .hidden_size = HIDDEN};
    rondo_status status = rondo_context_create(&s->context, &(rondo_context_options){.threads = 1}, NULL);
    if (!status)
        status = rondo_params_create(&s->params, NULL);
    if (!status)
        status = rondo_params_add(s->params, "embedding.weight", 2, (int64_t[]){SYMBOLS, IN}, (rondo_init){0},
                                  &s->table, NULL);
    if (!status)
        status = rondo_recurrent_create(&s->net, s->params, "", &config, NULL);
    if (status)
        return status;
    s->mixed = rondo__context_mixed(s->context);
    return rondo_tape_create(&s->tape, &s->mixed, NULL);
}

static void use_small(small *s) {
    const int32_t ids[STEPS] = {2, 0};
    rondo_tape_begin(s->tape, NULL);
    rondo_var *x =
        rondo_embedding(s->tape, rondo_params_use(s->params, s->tape, s->table), ids, 2, (int64_t[]){STEPS, 1});
    rondo_recurrent_forward(s->net, s->tape, x, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    small s = {0};
    rondo__safetensors *file = NULL;
    rondo_error err;
    if (!make_small(&s) && !rondo__safetensors_parse(&file, "fuzz", data, size, NULL) &&
        !rondo__model_fill(s.params, file, "fuzz", NULL, &err)) {
        use_small(&s);
        if (!rondo__params_expand(s.params, NULL)) {
            rondo__tape_release(s.tape);
            use_small(&s);
        }
    }
    rondo__safetensors_free(&file);
    rondo_tape_destroy(&s.tape);
    rondo_recurrent_destroy(&s.net);
    if (s.params)
        rondo_params_destroy(&s.params);
    rondo_context_destroy(&s.context);
    return 0;
}
