#include "inspect/alignment.h"

#include <math.h>
#include <string.h>

static double weight(const rondo__look_attention *a, int layer, int64_t head, int64_t t, int64_t s) {
    const int64_t T = a->target->T, S = a->source->T;
    double sum = 0;
    if (head < a->heads)
        return a->weight[((layer * a->heads + head) * T + t) * S + s];
    for (int64_t h = 0; h < a->heads; h++)
        sum += a->weight[((layer * a->heads + h) * T + t) * S + s];
    return sum / (double)a->heads;
}

void rondo__attention_weights(const rondo__look_attention *a, int layer, int64_t head, double *out) {
    for (int64_t t = 0; t < a->target->T; t++)
        for (int64_t s = 0; s < a->source->T; s++)
            *out++ = weight(a, layer, head, t, s);
}

double rondo__attention_entropy(const rondo__look_attention *a, int layer, int64_t head, int64_t t) {
    double bits = 0;
    for (int64_t s = 0; s < a->source->T; s++) {
        const double w = weight(a, layer, head, t, s);
        bits -= w == 0 ? 0 : w * log2(w);
    }
    return bits > 0 || isnan(bits) ? bits : 0; /* no -0, nor what rounding leaves below it */
}

/* A line end stands for the end of a sentence. */
static bool ends(const rondo__look_axis *axis, int64_t t) {
    return t == axis->T - 1 && axis->text && strcmp(axis->text[t], "\n") == 0;
}

void rondo__attention_align(const rondo__look_attention *a, int layer, rondo__text *out) {
    const char *between = "";
    for (int64_t t = 0; t < a->target->T && a->source->T > 0; t++) {
        int64_t best = 0;
        for (int64_t s = 1; s < a->source->T; s++)
            if (weight(a, layer, a->heads, t, s) > weight(a, layer, a->heads, t, best))
                best = s;
        if (ends(a->target, t) || ends(a->source, best))
            continue;
        rondo__text_format(out, "%s%lld-%lld", between, (long long)best, (long long)t);
        between = " ";
    }
}
