"""Writes tests/golden/linear_cross_entropy.safetensors: PyTorch's values and gradients for
test_linear_cross_entropy_fixtures.c.

Run from the root of the source tree with a Python that has torch and safetensors. Everything is computed in double and
stored in single precision.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(5)
arrays = {}


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64).float().double().requires_grad_()


targets = torch.tensor([1, -1, 6, 0, -1, 3])  # as in the test
for case, smoothing, weighted in ("plain", 0.0, False), ("smooth", 0.1, False), ("weighted", 0.2, True):
    x, w, b = draw(6, 5), draw(7, 5), draw(7)
    weight = torch.rand(7, dtype=torch.float64).float().double() + 0.5 if weighted else None
    logits = torch.nn.functional.linear(x, w, b)
    loss = torch.nn.functional.cross_entropy(
        logits, targets, weight=weight, ignore_index=-1, label_smoothing=smoothing
    )
    (loss * 3).backward()
    kept = {"x": x, "w": w, "b": b, "out": loss, "dx": x.grad, "dw": w.grad, "db": b.grad}
    if weighted:
        kept["weights"] = weight
    arrays.update({f"{case}.{name}": value.detach().float().contiguous() for name, value in kept.items()})

save_file(arrays, "tests/golden/linear_cross_entropy.safetensors")
