/* Negative log-likelihood of distributions whose parameters a network gives as raw outputs a:
 *
 *   Gaussian, Student's t: mean = shift + scale a_0, spread = scale sp(a_1), degrees of freedom = 2 + sp(a_2)
 *   negative binomial:     mean = scale sp(a_0), α = sp(a_1) / sqrt(scale)
 *   sp(a) = log(1 + e^a) + 1e-6 keeps every parameter away from 0, and dsp = sigmoid(a)
 *
 * The densities and their slopes by the parameters stand in predicted.c; here is the chain to the raw outputs. */
#include "nn/predicted.h"
#include "nn/row_loss.h"
#include "nn/special.h"

#define LEAST 1e-6
#define COST 64 /* a logarithm of Γ is as slow as so many additions */

int rondo_distribution_parameters(rondo_distribution kind) {
    return kind == RONDO_GAUSSIAN || kind == RONDO_NEGATIVE_BINOMIAL ? 2 : kind == RONDO_STUDENT_T ? 3 : 0;
}

static double positive(real a) { return rondo__softplus((double)a) + LEAST; }

rondo_predicted rondo_predicted_from(rondo_distribution kind, const rondo_real *raw, double shift, double scale) {
    rondo_predicted p = {kind, NAN, NAN, NAN};
    if (!raw || !(scale > 0))
        return p;
    if (kind == RONDO_NEGATIVE_BINOMIAL) {
        p.mean = scale * positive(raw[0]);
        p.shape = positive(raw[1]) / sqrt(scale);
        p.spread = sqrt(p.mean * (1 + p.shape * p.mean));
        return p;
    }
    p.mean = shift + scale * (double)raw[0];
    p.spread = scale * positive(raw[1]);
    p.shape = kind == RONDO_STUDENT_T ? 2 + positive(raw[2]) : 0;
    return p;
}

static double shift_of(const rondo__row_loss_options *options, int64_t r) {
    return options->shift ? (double)options->shift[r] : 0;
}
static double scale_of(const rondo__row_loss_options *options, int64_t r) {
    return options->scale ? (double)options->scale[r] : 1;
}

static double distribution_row(const rondo__row_loss_options *options, int64_t r, const real *raw, real *slope) {
    double by[3] = {0}, scale = scale_of(options, r);
    rondo_predicted p = rondo_predicted_from(options->kind, raw, shift_of(options, r), scale);
    double log_p = rondo__log_density(&p, (double)options->target[r], slope ? by : NULL);
    if (!slope)
        return -log_p;
    if (options->kind == RONDO_NEGATIVE_BINOMIAL) {
        slope[0] = (real)(-by[0] * scale * rondo__logistic((double)raw[0]));
        slope[1] = (real)(-by[2] / sqrt(scale) * rondo__logistic((double)raw[1]));
    } else {
        slope[0] = (real)(-by[0] * scale);
        slope[1] = (real)(-by[1] * scale * rondo__logistic((double)raw[1]));
        if (options->kind == RONDO_STUDENT_T)
            slope[2] = (real)(-by[2] * rondo__logistic((double)raw[2]));
    }
    return -log_p;
}

static rondo_status shape(rondo_call *call, rondo_error *err) {
    const rondo__row_loss_options *options = call->options;
    if (!options->width)
        return rondo__fail(err, RONDO_ARGUMENT, "distribution_loss: there is no distribution %d", (int)options->kind);
    return rondo__row_loss_shape(call, err);
}

static const rondo_op distribution_loss = RONDO__ROW_LOSS("distribution_loss", shape);

rondo_var *rondo_distribution_loss(rondo_tape *tape, rondo_distribution kind, rondo_var *raw, const rondo_real *target,
                                   const rondo_real *shift, const rondo_real *scale,
                                   const rondo_loss_options *options) {
    rondo__row_loss_options all = {.row = distribution_row,
                                   .width = rondo_distribution_parameters(kind),
                                   .cost = COST,
                                   .target = target,
                                   .kind = kind,
                                   .shift = shift,
                                   .scale = scale};
    if (options)
        all.user = *options;
    return rondo__apply(tape, &distribution_loss, &all, 1, &raw);
}
