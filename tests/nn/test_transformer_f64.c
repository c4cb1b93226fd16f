/* Gradients of whole Transformers equal finite differences in double: the input, the memory and every parameter, of
 * what comes out and of where a decoder looked. */
#include "autograd/gradients.h"
#include "nn/transformer_net.h"

typedef struct checked {
    net n;
    net_run r;
} checked;

static rondo_var *scalar(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    checked *c = arg;
    const bool decodes = net_decodes(&c->n);
    const int given = decodes ? 2 : 1;
    rondo_attention_memory memory[RONDO_MAX_LAYERS];
    rondo_var *weights;
    for (int i = given; i < count; i++) /* values are in place, gradients are where the check keeps them */
        rondo_params_at(c->n.params, i - given)->grad = leaves[i]->grad;
    if (decodes)
        rondo_transformer_prepare(c->n.net, tape, leaves[1], c->r.memory_lengths, memory);
    const rondo_transformer_input input = {.lengths = c->r.lengths, .memory = decodes ? memory : NULL};
    rondo_var *y = rondo_transformer_forward(c->n.net, tape, leaves[0], &input, &weights);
    rondo_var *sum = gradients_scalar(tape, y);
    return weights ? rondo_add(tape, sum, gradients_scalar(tape, weights)) : sum;
}

/* A ReLU has no derivative where it bends, so units stand clear of it, on either side. */
static void leave_the_bend(net *n) {
    for (int i = 0; i < rondo_params_count(n->params); i++) {
        const rondo_param *p = rondo_params_at(n->params, i);
        for (int64_t j = 0; strstr(p->name, "linear1.bias") && j < p->value.dims[0]; j++)
            ((rondo_real *)p->value.data)[j] = (rondo_real)(j % 2 ? 5 : -5) + (rondo_real)0.1 * (rondo_real)j;
    }
}

static void check(const net_case *about, bool training) {
    static checked c;
    rondo_tensor tensors[80];
    rondo_error err = {0};
    double worst = 0;
    int count = 0;
    net_open(&c.n, about, 1);
    leave_the_bend(&c.n);
    net_draw(&c.r, &c.n, NET_T, NET_S, NULL);
    tensors[count++] = rondo_tensor_view(RONDO_REAL, c.r.x, 3, (int64_t[]){NET_T, NET_B, c.r.N});
    if (net_decodes(&c.n))
        tensors[count++] = rondo_tensor_view(RONDO_REAL, c.r.memory, 3, (int64_t[]){NET_S, NET_B, NET_M});
    assert_true(count + rondo_params_count(c.n.params) <= 80);
    for (int i = 0; i < rondo_params_count(c.n.params); i++)
        tensors[count++] = rondo_params_at(c.n.params, i)->value;
    rondo_step step = {.training = training, .recording = true, .seed = 3, .step = 5};
    if (rondo_gradient_check(c.n.tape, scalar, &c, count, tensors, &step, 0, &worst, &err))
        fail_msg("%s: %s", about->name, err.message);
    if (!(worst <= GRADIENT_LIMIT))
        fail_msg("%s: relative error %g (at most %g)", about->name, worst, GRADIENT_LIMIT);
    net_close(&c.n);
}

static void gradients(void **unused) {
    (void)unused;
    for (size_t i = 0; i < NET_CASES; i++)
        check(&net_cases[i], false);
}

static void gradients_with_dropout(void **unused) {
    (void)unused;
    for (size_t i = 0; i < NET_CASES; i++) {
        net_case about = net_cases[i];
        about.config.layers = 1;
        about.config.dropout = about.config.attention_dropout = (rondo_real)0.3;
        check(&about, true);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients), cmocka_unit_test(gradients_with_dropout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
