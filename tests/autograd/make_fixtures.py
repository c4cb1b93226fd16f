"""Writes tests/golden/autograd.safetensors: values and gradients of PyTorch for test_fixtures.c.

Run from the root of the source tree with a Python that has torch and safetensors. Everything is computed in double and
stored in single precision.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(20)
arrays = {}


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64).float().double().requires_grad_()


def keep(case, value, **inputs):
    """Stores inputs, the value, and the gradients of sum(value * weight)."""
    weight = torch.randn(value.shape, dtype=torch.float64).float().double()
    (value * weight).sum().backward()
    arrays[f"{case}.out"] = value.detach()
    arrays[f"{case}.dout"] = weight
    for name, tensor in inputs.items():
        arrays[f"{case}.{name}"] = tensor.detach()
        arrays[f"{case}.d{name}"] = tensor.grad


nn = torch.nn.functional

x, w, b = draw(3, 2, 5), draw(7, 5), draw(7)
keep("linear", nn.linear(x, w, b), x=x, w=w, b=b)

x, gain, bias = draw(4, 3, 11), draw(11), draw(11)
keep("layer_norm", nn.layer_norm(x, (11,), gain, bias, 1e-5), x=x, gain=gain, bias=bias)

table = draw(5, 3)
ids = torch.tensor([[2, 0], [4, 2], [2, 1]])  # as in test_fixtures.c
keep("embedding", nn.embedding(ids, table), table=table)

targets = torch.tensor([1, -1, 6, 0, -1, 3])  # as in test_fixtures.c
for case, smoothing in ("cross_entropy", 0.0), ("cross_entropy_smooth", 0.1):
    x = draw(6, 7)
    keep(case, nn.cross_entropy(x, targets, ignore_index=-1, label_smoothing=smoothing), x=x)

x = draw(4, 9)
keep("softmax", nn.softmax(x, -1), x=x)
x = draw(4, 9)
keep("log_softmax", nn.log_softmax(x, -1), x=x)

weights = torch.tensor([0.5, 2, 1, 0, 3, 1.25, 0.75], dtype=torch.float64)  # as in test_fixtures.c
for case, smoothing in ("cross_entropy_weights", 0.0), ("cross_entropy_weights_smooth", 0.1):
    x = draw(6, 7)
    keep(case, nn.cross_entropy(x, targets, weights, ignore_index=-1, label_smoothing=smoothing), x=x)

T, lengths = 5, [3, 0, 5, 1]  # as in test_fixtures.c


def pooled(kind, x, score=None):
    rows = []
    for b, n in enumerate(lengths):
        v = x[:n, b]
        if n == 0:
            rows.append(torch.zeros(x.shape[2], dtype=x.dtype))
        elif kind == "last":
            rows.append(v[-1])
        elif kind == "both":
            half = x.shape[2] // 2
            rows.append(torch.cat([v[-1, :half], v[0, half:]]))
        elif kind == "mean":
            rows.append(v.mean(0))
        elif kind == "max":
            rows.append(v.max(0).values)
        else:
            rows.append(torch.softmax(score[:n, b], 0) @ v)
    return torch.stack(rows)


for kind in "last", "both", "mean", "max":
    x = draw(T, 4, 6)
    keep(f"pool_{kind}", pooled(kind, x), x=x)
x, score = draw(T, 4, 6), draw(T, 4)
keep("pool_attention", pooled("attention", x, score), x=x, score=score)

save_file({k: v.float().contiguous() for k, v in arrays.items()}, "tests/golden/autograd.safetensors")
