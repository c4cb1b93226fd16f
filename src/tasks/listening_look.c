#include "tasks/look.h"

#include <math.h>

#include "tasks/listening.h"

/* Of one step. */
static double seconds_of(const rondo__listening *l) {
    return (double)(l->stack * rondo_frontend_hop(l->frontend)) / (double)l->config.rate;
}

/* Loudness of what each step brings, in decibels below full scale. */
static bool add_energy(rondo__look_axis *axis, rondo__passage *passage, const rondo__listening *l,
                       const rondo_sound *sound) {
    double *energy = rondo__axis_feature(axis, passage, "energy");
    const int64_t each = l->stack * rondo_frontend_hop(l->frontend);
    for (int64_t t = 0; energy && t < axis->T; t++) {
        double sum = 0;
        const int64_t first = t * each, end = first + each < sound->count ? first + each : sound->count;
        for (int64_t i = first; i < end; i++)
            sum += (double)sound->sample[i] * (double)sound->sample[i];
        energy[t] = 10 * log10(sum / (double)each + 1e-10);
    }
    return energy != NULL;
}

bool rondo__axis_heard(rondo__look_axis *out, rondo__passage *passage, const rondo__listening *l,
                       const rondo__frame_set *set, int64_t example, int64_t T) {
    return rondo__axis_seconds(out, passage, T, seconds_of(l)) &&
           (!set->sound || add_energy(out, passage, l, &set->sound[example]));
}
