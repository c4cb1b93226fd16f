/* Laws 1, 2, 4: the values and gradients are right. */
#include "laws/law.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

typedef struct gradient_arg {
    const law_case *c;
} gradient_arg;

static rondo_var *scalar(rondo_tape *tape, int count, rondo_var *const *leaves, void *arg) {
    (void)count;
    rondo_var *out[LAW_RESULTS] = {0};
    return law_loss(tape, ((gradient_arg *)arg)->c, leaves, (law_mode){0}, out);
}

/* Every input and parameter against finite differences; in training mode, so with masks (the same at every point). */
void law_1_gradients(const law_case *c) {
    if (!c->gradients || sizeof(real) < 8)
        return;
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c);
    rondo_tensor tensors[LAW_ARRAYS];
    for (int i = 0; i < data.count; i++)
        tensors[i] = rondo_tensor_view(RONDO_REAL, data.values[i], data.arrays[i].rank, data.arrays[i].dims);
    rondo_step step = {.training = true, .recording = true, .seed = 5, .step = 3};
    rondo_error err = {0};
    double worst = 1;
    rondo_status status =
        rondo_gradient_check(tape, scalar, &(gradient_arg){c}, data.count, tensors, &step, 1e-4, &worst, &err);
    if (status != RONDO_OK || !(worst <= 1e-6))
        fail_msg("%s: gradients are off by %g (%s)", c->name, worst, err.message);
    law_drop(&data);
    law_end(tape);
}

void law_2_composition(const law_case *c) {
    if (!c->gradients)
        return;
    rondo_tape *tape = law_tape(1, NULL);
    law_data data = law_make(c);
    law_result whole = law_run(tape, c, &data, (law_mode){.gradients = true});
    law_result composed = law_run(tape, c, &data, (law_mode){.gradients = true, .composed = true});
    law_compare(c, &whole, &composed, sizeof(real) < 8 ? 2e-5 : 1e-11);
    law_forget(&whole);
    law_forget(&composed);
    law_drop(&data);
    law_end(tape);
}

void law_4_instruction_sets(const law_case *c) {
    rondo_tape *scalar_tape = law_tape(1, "scalar");
    law_data data = law_make(c);
    law_mode mode = {.training = true, .gradients = true};
    law_result expected = law_run(scalar_tape, c, &data, mode);
    char names[128];
    snprintf(names, sizeof names, "%s", rondo_isa_available());
    char *rest = NULL;
    for (char *isa = strtok_r(names, " ", &rest); isa; isa = strtok_r(NULL, " ", &rest)) {
        rondo_tape *tape = law_tape(1, isa);
        law_result found = law_run(tape, c, &data, mode);
        law_compare(c, &found, &expected, 2e-5);
        law_forget(&found);
        law_end(tape);
    }
    law_forget(&expected);
    law_drop(&data);
    law_end(scalar_tape);
}
