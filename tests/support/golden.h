/* Arrays of a file of fixtures, named CASE.PART, and how near to them numbers must be. */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "support/test.h"

#include <math.h>
#include <stdio.h>

#include "formats/safetensors.h"

#define GOLDEN_LIMIT 2e-5 /* relative to the largest number of the array */

static inline const rondo_tensor *golden_stored(rondo__safetensors *file, const char *name, const char *part) {
    char full[64];
    snprintf(full, sizeof full, "%s.%s", name, part);
    const rondo__named *found = rondo__safetensors_find(file, full);
    if (!found)
        fail_msg("%s is not in the fixtures", full);
    return &found->tensor;
}

static inline void golden_compare(rondo__safetensors *file, const char *name, const char *part,
                                  const rondo_real *values) {
    const rondo_tensor *expected = golden_stored(file, name, part);
    const float *e = expected->data;
    double largest = 0;
    for (int64_t i = 0; i < rondo_tensor_count(expected); i++)
        largest = fmax(largest, fabs((double)e[i]));
    for (int64_t i = 0; i < rondo_tensor_count(expected); i++)
        if (!(fabs((double)values[i] - (double)e[i]) <= GOLDEN_LIMIT * largest))
            fail_msg("%s.%s[%d] is %g, PyTorch has %g", name, part, (int)i, (double)values[i], (double)e[i]);
}

#endif
