"""Writes tests/golden/ctc.safetensors: nn.CTCLoss on log_softmax, for tests/golden/test_ctc.c.

Run from the root of the source tree with a Python that has torch and safetensors. Computed in double, stored in single
precision, as CASE.NAME: logits (T, B, V), lengths, counts, target, blank, rows (losses of rows, not skipped), grad (of
the sum of losses; with zero_infinity), grad_strict (without)."""

import torch
from safetensors.torch import save_file

torch.manual_seed(7)
arrays = {}


def case(name, T, V, lengths, targets, blank=0, scale=1.0):
    B = len(lengths)
    logits = (scale * torch.randn(T, B, V)).float().double()  # what is stored
    flat = torch.tensor([k for row in targets for k in row], dtype=torch.int32)
    counts = torch.tensor([len(row) for row in targets], dtype=torch.int32)
    frames = torch.tensor(lengths, dtype=torch.int32)
    rows, grads = {}, {}
    for zero in (False, True):
        x = logits.clone().requires_grad_()
        loss = torch.nn.CTCLoss(blank=blank, reduction="none", zero_infinity=zero)
        rows[zero] = loss(x.log_softmax(-1), flat, frames, counts)
        rows[zero].sum().backward()
        grads[zero] = x.grad
    kept = dict(logits=logits, lengths=frames, counts=counts, target=flat, rows=rows[False].detach(),
                blank=torch.tensor([blank], dtype=torch.int32), grad=grads[True], grad_strict=grads[False])
    for key, value in kept.items():
        arrays[f"{name}.{key}"] = value.float() if value.is_floating_point() else value


case("plain", 8, 6, [8, 8, 8], [[1, 2, 3], [5, 1], [4, 3, 2, 1]])
case("repeated", 9, 5, [9, 7, 6, 9], [[1, 1, 2, 2], [3, 3, 3, 3], [4, 4], [1, 2, 1, 2, 1]])
case("zero", 6, 4, [6, 0, 3, 0], [[], [], [2], [1]])
case("impossible", 5, 4, [2, 5, 4, 1], [[1, 2, 3], [1, 1, 1], [2, 2, 2], [3, 3]])
case("blank_last", 7, 5, [7, 5], [[0, 1, 0], [3, 3]], blank=4, scale=4.0)
case("wide", 10, 17, [10, 4], [[16, 1, 1, 7, 10], [9]], scale=3.0)
save_file({k: v.contiguous() for k, v in arrays.items()}, "tests/golden/ctc.safetensors")
