#!/usr/bin/env python3
"""Optimiser fixtures from PyTorch: tests/golden/optim_NAME.safetensors.

Each holds the start w (n), gradients g (steps, n) and the weights after every step, out (steps, n), all float32, and the
options as metadata. Run: python tests/train/make_fixtures.py (torch, numpy, safetensors)."""
import os

import torch
from safetensors.torch import save_file

CASES = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd_momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.02)),
    "sgd_nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.8, nesterov=True)),
    "adam": (torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.03)),
    "adamw": (torch.optim.AdamW, dict(lr=0.02, weight_decay=0.1)),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, weight_decay=0.01)),
    "rmsprop_all": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, momentum=0.7, centered=True)),
    "adagrad": (torch.optim.Adagrad, dict(lr=0.1, weight_decay=0.01)),
    "clipped": (torch.optim.SGD, dict(lr=0.1)),
}
N, STEPS, CLIP = 37, 6, 1.5


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
    os.makedirs(folder, exist_ok=True)
    for name, (kind, options) in CASES.items():
        torch.manual_seed(7)
        w = torch.nn.Parameter(torch.randn(N))
        g = torch.randn(STEPS, N)
        start, out = w.detach().clone(), []
        optimizer = kind([w], **options)
        for step in range(STEPS):
            w.grad = g[step].clone()
            if name == "clipped":
                torch.nn.utils.clip_grad_norm_([w], CLIP)
            optimizer.step()
            out.append(w.detach().clone())
        save_file({"w": start, "g": g, "out": torch.stack(out)}, os.path.join(folder, f"optim_{name}.safetensors"))


if __name__ == "__main__":
    main()
