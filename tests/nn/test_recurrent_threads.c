/* A stack gives the same bits with any number of threads: values, gradients of what it is given and of parameters. */
#include "nn/stack.h"
#include "tensor/context.h"

#include <stdlib.h>

static stack_run first, again;

static const struct {
    int threads;
    rondo__cut cut;
} ways[] = {{1, RONDO__CUT_BY_COST}, {2, RONDO__CUT_BY_COST}, {3, RONDO__CUT_BY_COST}, {4, RONDO__CUT_BY_COST},
            {1, RONDO__CUT_CALLS},   {2, RONDO__CUT_CALLS},   {3, RONDO__CUT_CALLS}};

static void same(const stack *s, size_t way, const rondo_real *grads) {
    if (memcmp(&first, &again, sizeof first) ||
        memcmp(grads, rondo_params_grads(s->params), (size_t)rondo_params_size(s->params) * sizeof *grads))
        fail_msg("%s: %d threads, cut %d, give other bits than one", s->about->name, ways[way].threads,
                 (int)ways[way].cut);
}

static void any_number_of_threads(void **unused) {
    (void)unused;
    for (size_t k = 0; k < STACK_CASES; k++) {
        rondo_real *grads = NULL;
        stack_case about = stack_cases[k];
        about.config.dropout = 0.3f;
        about.config.recurrent_dropout = 0.2f;
        about.config.variational = k % 2 == 1;
        for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
            stack s;
            stack_open(&s, &about, ways[way].threads);
            s.context->cut = ways[way].cut;
            stack_run *run = way == 0 ? &first : &again;
            stack_draw(run);
            run->step = (rondo_step){.recording = true, .training = true, .seed = 5, .step = 2};
            stack_go(&s, run);
            size_t bytes = (size_t)rondo_params_size(s.params) * sizeof *grads;
            if (way == 0) {
                grads = malloc(bytes);
                assert_non_null(grads);
                memcpy(grads, rondo_params_grads(s.params), bytes);
            } else {
                same(&s, way, grads);
            }
            stack_close(&s);
        }
        free(grads);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_number_of_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
