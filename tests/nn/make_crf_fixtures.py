"""Writes tests/golden/crf.safetensors: loss, gradients and best paths of pytorch-crf (module torchcrf) for
tests/golden/test_crf.c.

Run from the root of the source tree with a Python that has torch, pytorch-crf and safetensors. Everything is computed
in double and stored in single precision.
"""

import torch
from safetensors.torch import save_file
from torchcrf import CRF

torch.manual_seed(22)
arrays = {}

for name, T, V, lengths in ("small", 4, 3, [4, 1, 3]), ("tags", 12, 17, [12, 5, 1, 9]):
    B = len(lengths)
    crf = CRF(V).double()
    for parameter in crf.parameters():
        parameter.data = torch.randn(parameter.shape).double()
    emission = (2 * torch.randn(T, B, V)).double().requires_grad_()
    target = torch.randint(V, (T, B))
    mask = torch.arange(T)[:, None] < torch.tensor(lengths)[None]
    rows = -crf(emission, target, mask, reduction="none")
    loss = rows.sum() / sum(lengths)
    loss.backward()
    paths = torch.full((T, B), -1)
    for b, path in enumerate(crf.decode(emission, mask)):
        paths[: len(path), b] = torch.tensor(path)
    for key, value in {
        "emission": emission,
        "transitions": crf.transitions,
        "start_transitions": crf.start_transitions,
        "end_transitions": crf.end_transitions,
    }.items():
        arrays[f"{name}.{key}"] = value.detach().float()
        arrays[f"{name}.d{key}"] = value.grad.float()
    arrays[f"{name}.target"] = target.int()
    arrays[f"{name}.lengths"] = torch.tensor(lengths).int()
    arrays[f"{name}.paths"] = paths.int()
    arrays[f"{name}.rows"] = rows.detach().float()
    arrays[f"{name}.loss"] = loss.detach().float().reshape(1)

save_file({k: v.contiguous() for k, v in arrays.items()}, "tests/golden/crf.safetensors")
