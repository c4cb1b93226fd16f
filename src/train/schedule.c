/* Schedules. w = warmup_steps, n = total steps, s = step from 0, p = (s - w) / (n - w) the way done after warm-up.
 * Every schedule rises linearly in warm-up: rate * (s + 1) / (w + 1) for s < w, so that no step is lost at zero and the
 * full rate comes right after; one_cycle has its own rise. Then
 *
 *   constant      rate
 *   step          rate * gamma ^ floor((s - w) / step_size)
 *   cosine        from rate to rate * minimum along half a cosine
 *   inverse_sqrt  rate * sqrt(w' / (s - w + w')), w' = max(w, 1)    (Vaswani 2017: falls with the root of the steps)
 *   one_cycle     from rate / 25 up to rate over w steps (0: 30 % of n), then down to rate * minimum (0: rate /
 * 250000); both ways half a cosine (Smith 2018; the defaults of torch's OneCycleLR) plateau       rate * gamma ^ (times
 * the metric made no progress for more than `patience` evaluations)
 *
 * and never below rate * minimum. */
#include "train/schedule.h"

#include <math.h>

/* From 1 at p = 0 to 0 at p = 1. */
static double half_cosine(double p) { return 0.5 * (1 + cos(3.14159265358979323846 * (p < 0 ? 0 : p > 1 ? 1 : p))); }

static double one_cycle(const rondo__recipe_train *train, int64_t step, int64_t total) {
    const double first = 1.0 / 25, last = train->schedule.minimum > 0 ? train->schedule.minimum : first / 1e4;
    double up = train->schedule.warmup_steps > 0 ? (double)train->schedule.warmup_steps : 0.3 * (double)total - 1;
    up = up > 1 ? up : 1;
    const double s = (double)step, down = (double)total - 1 - up;
    if (s <= up)
        return 1 + (first - 1) * half_cosine(s / up);
    return last + (1 - last) * half_cosine(down > 0 ? (s - up) / down : 1);
}

static double after_warmup(const rondo__recipe_train *train, const rondo__plateau *plateau, double s, double n) {
    const double w = (double)train->schedule.warmup_steps;
    switch (train->schedule.type) {
    case RONDO__STEP:
        return pow(train->schedule.gamma, floor(s / (double)train->schedule.step_size));
    case RONDO__COSINE:
        return train->schedule.minimum + (1 - train->schedule.minimum) * half_cosine(n > 0 ? s / n : 1);
    case RONDO__INVERSE_SQRT:
        return sqrt((w > 1 ? w : 1) / (s + (w > 1 ? w : 1)));
    case RONDO__PLATEAU:
        return plateau->factor;
    default:
        return 1;
    }
}

double rondo__schedule_rate(const rondo__recipe_train *train, const rondo__plateau *plateau, int64_t step,
                            int64_t total) {
    const double rate = train->optimizer.learning_rate;
    const int64_t w = train->schedule.warmup_steps;
    const int64_t n = train->schedule.total_steps > 0 ? train->schedule.total_steps : total;
    if (train->schedule.type == RONDO__ONE_CYCLE)
        return rate * one_cycle(train, step, n);
    if (step < w)
        return rate * (double)(step + 1) / (double)(w + 1);
    const double factor = after_warmup(train, plateau, (double)(step - w), (double)(n - w));
    return rate * (factor > train->schedule.minimum ? factor : train->schedule.minimum);
}

void rondo__plateau_observe(rondo__plateau *plateau, const rondo__recipe_train *train, double value) {
    const bool better = isnan(plateau->best) || (train->metric_rises ? value > plateau->best : value < plateau->best);
    if (better) {
        plateau->best = value;
        plateau->bad = 0;
    } else if (++plateau->bad > (double)train->schedule.patience) {
        plateau->factor *= train->schedule.gamma;
        plateau->bad = 0;
    }
}
