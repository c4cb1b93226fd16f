/* Memory of a step for arrays that are no variables, and the joining of many steps. */
#include "autograd/tape.h"
#include "nn/rows.h"
#include "rondo/ops.h"

void *rondo__step_memory(rondo_tape *tape, int64_t count, size_t bytes) {
    int64_t whole = 0, numbers = 0;
    if (__builtin_mul_overflow(count, (int64_t)bytes, &whole) ||
        __builtin_add_overflow(whole, (int64_t)sizeof(rondo_real) - 1, &numbers)) {
        rondo__tape_fail(tape, RONDO_MEMORY, "step: %lld entries do not fit into memory", (long long)count);
        return NULL;
    }
    numbers /= (int64_t)sizeof(rondo_real);
    rondo_var *room = rondo_zeros(tape, 1, &numbers);
    return room ? room->value.data : NULL;
}

rondo_var *rondo__join_steps(rondo_tape *tape, int64_t count, rondo_var **steps) {
    while (count > 1) {
        int64_t joined = 0;
        for (int64_t i = 0; i < count; i += RONDO_MAX_INPUTS) {
            int n = count - i < RONDO_MAX_INPUTS ? (int)(count - i) : RONDO_MAX_INPUTS;
            steps[joined++] = n == 1 ? steps[i] : rondo_concat(tape, 0, n, steps + i);
        }
        count = joined;
    }
    return steps[0];
}
