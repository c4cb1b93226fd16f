#include "data/batches.h"

#include "rondo/status.h"

/* First pair of stream b. The product of two counts may pass 2^63, so the remainder is spread apart from the quotient.
 */
static int64_t stream_start(const rondo__batches *batches, int64_t b) {
    const int64_t pairs = batches->count - 1, each = pairs / batches->B, left = pairs % batches->B;
    return b * each + (b < left ? b : left);
}

rondo_status rondo__batches_make(rondo__batches *out, const char *label, const int32_t *ids, int64_t count, int64_t B,
                                 int64_t T, rondo_error *err) {
    const int64_t needed = (T > B ? T : B) + 1;
    if (B < 1 || T < 1)
        return rondo__fail(err, RONDO_ARGUMENT, "%s: batch size and steps must be at least 1", label);
    if (count < needed)
        return rondo__fail(err, RONDO_FORMAT,
                           "%s: %lld symbols are too short a text (steps_per_sequence %lld and batch_size %lld need at "
                           "least %lld)",
                           label, (long long)count, (long long)T, (long long)B, (long long)needed);
    *out = (rondo__batches){.ids = ids, .count = count, .B = B, .T = T};
    out->longest = (count - 1) / B + ((count - 1) % B != 0);
    out->chunks = out->longest / T + (out->longest % T != 0);
    return RONDO_OK;
}

int64_t rondo__batches_steps(const rondo__batches *batches, int64_t chunk) {
    const int64_t left = batches->longest - chunk * batches->T;
    return left < batches->T ? left : batches->T;
}

int64_t rondo__batches_fill(const rondo__batches *batches, int64_t chunk, int32_t *x, int32_t *y, int32_t *lengths) {
    const int64_t steps = rondo__batches_steps(batches, chunk), B = batches->B;
    int64_t targets = 0;
    for (int64_t b = 0; b < B; b++) {
        const int64_t first = stream_start(batches, b) + chunk * batches->T;
        const int64_t left = stream_start(batches, b + 1) - first;
        const int64_t length = left < 0 ? 0 : left < steps ? left : steps;
        for (int64_t t = 0; t < steps; t++) {
            x[t * B + b] = t < length ? batches->ids[first + t] : 0;
            y[t * B + b] = t < length ? batches->ids[first + t + 1] : -1;
        }
        if (lengths)
            lengths[b] = (int32_t)length;
        targets += length;
    }
    return targets;
}
