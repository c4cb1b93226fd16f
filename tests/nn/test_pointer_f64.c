/* Coverage loss and pointer-generator against finite differences; and what comes before them: layers of attention of
 * every type, through both losses. */
#include "autograd/gradients.h"

#include "nn/attention_layers.h"

enum { T = 4, B = 3, S = 5, V = 7 };
static const int32_t copy[S * B] = {2, 8, 6, 3, 7, -1, 2, 8, 0, -1, 9, 6, 1, 1, 1};
static const int32_t targets[T * B] = {2, 8, 6, 3, -1, 5, 4, 9, 1, 0, 7, 2};
static const int32_t lengths[B] = {4, 0, 2};

static rondo_var *pointer(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    (void)count;
    (void)arg;
    return rondo_pointer_loss(tape, in[0], in[1], in[2],
                              &(rondo_pointer_options){.copy = copy, .targets = targets, .divide_by = 5});
}

static rondo_var *coverage(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    return rondo_coverage_loss(tape, in[0], count > 1 ? in[1] : NULL, arg, 2);
}

/* Query and memory through a layer; arg: the layer's rig, whose tape is not used. */
static rondo_var *layer(rondo_tape *tape, int count, rondo_var *const *in, void *arg) {
    layer_rig r = *(layer_rig *)arg;
    (void)count;
    r.tape = tape;
    rondo_attention_result got = layer_attend(&r, in[0], in[1], NULL);
    rondo_var *loss = rondo_add(tape, gradients_scalar(tape, got.context), gradients_scalar(tape, got.weights));
    if (got.coverage)
        loss = rondo_add(tape, loss, rondo_coverage_loss(tape, got.weights, NULL, NULL, 1));
    return loss;
}

static void losses(void **state) {
    static const gradient_case cases[] = {
        {"pointer", pointer,
         .inputs = {GRADIENT_INPUT(T, B, V), GRADIENT_INPUT(T, B), GRADIENT_INPUT_IN(0.05, 1, T, B, S)}},
        {"pointer, far gates", pointer,
         .inputs = {GRADIENT_INPUT_IN(-5, 5, T, B, V), GRADIENT_INPUT_IN(-6, 6, T, B),
                    GRADIENT_INPUT_IN(0.05, 1, T, B, S)}},
        {"coverage, none given", coverage, .inputs = {GRADIENT_INPUT_IN(0.2, 1, T, B, S)}},
        {"coverage, given", coverage, .inputs = {GRADIENT_INPUT_IN(0.1, 1, T, B, S), GRADIENT_INPUT_IN(0, 1, B, S)}},
        {"coverage, ragged", coverage, (void *)lengths,
         .inputs = {GRADIENT_INPUT_IN(0.1, 1, T, B, S), GRADIENT_INPUT_IN(0, 1, B, S)}},
    };
    (void)state;
    gradients_run(cases, sizeof cases / sizeof *cases);
}

static void layers(void **state) {
    (void)state;
    for (size_t i = 0; i < LAYER_CASES; i++) {
        layer_rig r;
        const rondo_attention_config *config = &layer_cases[i].config;
        assert_int_equal(layer_open(&r, &layer_cases[i], 1), RONDO_OK);
        gradient_case c = {layer_cases[i].name, layer, &r,
                           .inputs = {GRADIENT_INPUT(LAYER_T, LAYER_B, config->query_size),
                                      GRADIENT_INPUT(LAYER_S, LAYER_B, config->memory_size)}};
        gradients_run(&c, 1);
        layer_close(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(losses), cmocka_unit_test(layers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
