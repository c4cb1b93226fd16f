"""Writes tests/golden/losses.safetensors: losses and gradients of PyTorch, and shares, quantiles and scores of
distributions by SciPy and mpmath, for test_losses_threads_both.c and test_predicted.c.

Run from the root of the source tree with a Python that has torch, scipy, mpmath and safetensors. Inputs are single
precision numbers; everything is computed and stored in double.
"""

import mpmath
import numpy as np
import torch
from safetensors.torch import save_file
from scipy import integrate, stats

torch.manual_seed(41)
R = 23
QUANTILES = torch.tensor([0.0625, 0.5, 0.875]).double()  # as in test_losses_threads_both.c
arrays = {}


def draw(*shape, low=-1.0, high=1.0):
    return (low + (high - low) * torch.rand(*shape)).double()


def keep(name, raw, row_losses, weight, **others):
    """What the row losses and the gradients of their weighted mean are."""
    ((row_losses * weight).sum() / weight.sum()).backward()
    found = dict(raw=raw.float(), weight=weight.float(), rows=row_losses, grad=raw.grad, **others)
    arrays.update({f"{name}.{k}": v.detach().contiguous().clone() for k, v in found.items()})


weight = draw(R, low=0, high=2)
weight[::5] = 0
target = draw(R, low=-2, high=2)
for name, loss in (
    ("squared", torch.nn.MSELoss(reduction="none")),
    ("absolute", torch.nn.L1Loss(reduction="none")),
    ("huber", torch.nn.HuberLoss(reduction="none", delta=0.75)),
):
    p = draw(R, low=-2, high=2).requires_grad_()
    keep(name, p, loss(p, target), weight, target=target.float())

p = draw(R, 3, low=-2, high=2).requires_grad_()
e = target[:, None] - p
keep("quantile", p, torch.maximum(QUANTILES * e, (QUANTILES - 1) * e).mean(-1), weight, target=target.float())


def positive(a):
    return torch.nn.functional.softplus(a, threshold=700) + 1e-6


shift, scale = draw(R, low=-3, high=3), draw(R, low=0.3, high=20)
target = (shift + scale * draw(R, low=-3, high=3)).float().double()
a = draw(R, 2, low=-4, high=4).requires_grad_()
normal = torch.distributions.Normal(shift + scale * a[:, 0], scale * positive(a[:, 1]))
others = dict(shift=shift.float(), scale=scale.float())
keep("gaussian", a, -normal.log_prob(target), weight, target=target.float(), **others)
a = draw(R, 3, low=-4, high=4).requires_grad_()
student = torch.distributions.StudentT(2 + positive(a[:, 2]), shift + scale * a[:, 0], scale * positive(a[:, 1]))
keep("student", a, -student.log_prob(target), weight, target=target.float(), **others)
a = draw(R, 2, low=-4, high=4).requires_grad_()
mean, alpha = scale * positive(a[:, 0]), positive(a[:, 1]) / scale.sqrt()
counts = torch.poisson(mean.detach() * 1.3)
counts[::4] = 0
binomial = torch.distributions.NegativeBinomial(1 / alpha, logits=(alpha * mean).log())
keep("binomial", a, -binomial.log_prob(counts), weight, target=counts.float(), **others)

# kind, mean, spread, shape, x, share at or below x, log density, CRPS, level, quantile
rows = []


def numeric_crps(cdf, survival, x, spread):
    left = integrate.quad(lambda v: cdf(v) ** 2, -np.inf, x - 9 * spread)[0]
    left += integrate.quad(lambda v: cdf(v) ** 2, x - 9 * spread, x, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
    right = integrate.quad(lambda v: survival(v) ** 2, x, x + 9 * spread, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
    return left + right + integrate.quad(lambda v: survival(v) ** 2, x + 9 * spread, np.inf)[0]


def add(kind, mean, spread, shape, d, x, level, crps, log_density):
    rows.append([kind, mean, spread, shape, x, d.cdf(x), log_density(x), crps, level, d.ppf(level)])


for mean, spread, z, level in (0, 1, 0.3, 0.9), (-5, 2.5, -7, 1e-9), (100, 0.01, 0, 0.999), (3, 1, 5.5, 0.2):
    d, x = stats.norm(mean, spread), mean + z * spread
    add(0, mean, spread, 0, d, x, level, numeric_crps(d.cdf, d.sf, x, spread), d.logpdf)
for nu in 2.1, 3, 7.5, 60, 5000:
    for z, level in (0.2, 0.9), (-1.5, 0.05), (2.5, 0.999), (-6, 1e-6):
        d, x = stats.t(nu, 1, 2), 1 + z * 2
        add(1, 1, 2, nu, d, x, level, numeric_crps(d.cdf, d.sf, x, 2), d.logpdf)


def binomial_crps(mean, alpha, x):
    """E|X - x| - E|X - X'| / 2 with every digit."""
    mpmath.mp.dps = 50
    m, a = mpmath.mpf(mean), mpmath.mpf(alpha)
    r, grown = 1 / a, 1 + a * m
    half = m * grown * mpmath.hyp2f1(r + 1, 0.5, 2, -4 * a * m * grown)
    far = x * (2 * share(mean, alpha, x) - 1) + m
    if x >= 1:
        far -= 2 * m * share(m * (1 + a), a / (1 + a), x - 1)
    return float(far - half)


def share(mean, alpha, x):
    m, a = mpmath.mpf(mean), mpmath.mpf(alpha)
    return mpmath.betainc(1 / a, mpmath.floor(x) + 1, 0, 1 / (1 + a * m), regularized=True)


def log_probability(mean, alpha, k):
    m, a = mpmath.mpf(mean), mpmath.mpf(alpha)
    r = 1 / a
    gammas = mpmath.loggamma(k + r) - mpmath.loggamma(r) - mpmath.loggamma(mpmath.mpf(k) + 1)
    return float(gammas - r * mpmath.log(1 + a * m) + k * mpmath.log(a * m / (1 + a * m)))


for mean, alpha, x, level in (
    (0.3, 0.5, 0, 0.9), (0.3, 0.5, 2, 0.5), (4, 1, 3, 0.1), (4, 1, 30, 0.999), (12.5, 0.01, 12, 0.5),
    (12.5, 1e-7, 25, 0.999999), (900, 0.2, 40, 0.05), (900, 5, 0, 0.3), (900, 5, 8000, 0.99),
    (2e4, 0.9, 15000, 0.9), (1e6, 0.1, 1.3e6, 0.8), (50, 30, 3, 0.95), (7, 0.3, 4.5, 0.5),
):  # fmt: skip
    d = stats.nbinom(1 / alpha, 1 / (1 + alpha * mean))
    row = [2, mean, 0, alpha, x, float(share(mean, alpha, x)), log_probability(mean, alpha, x)]
    rows.append(row + [binomial_crps(mean, alpha, x), level, float(d.ppf(level))])

arrays["predicted"] = torch.tensor(rows, dtype=torch.float64)
save_file(arrays, "tests/golden/losses.safetensors")
