#!/usr/bin/env python3
"""Writes tests/golden/*.safetensors: what PyTorch computes, values and gradients, for tests/golden/test_pytorch.c.

Run with a Python that has torch, numpy and safetensors; the tests themselves need none of them. A recurrent fixture holds
x, lengths, h0, c0 (L*D, B, .), the parameters under PyTorch's names, y, hn, cn, the weights of the loss
sum(weight.y * y) + sum(weight.hn * hn) + sum(weight.cn * cn), and its gradients as grad.NAME. Metadata says what network."""
import pathlib
import sys
import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"


def write(name, tensors, metadata):
    tensors = {k: v.detach().contiguous().clone() for k, v in tensors.items()}
    save_file(tensors, OUT / f"{name}.safetensors", {k: str(v) for k, v in metadata.items()})


def recurrent(name, module, cell, T, B, I, H, ragged, **config):
    layers, D = module.num_layers, 2 if module.bidirectional else 1
    R = getattr(module, "proj_size", 0) or H
    lstm = cell == "lstm"
    x = torch.randn(T, B, I, requires_grad=True)
    state = {"h0": torch.randn(layers * D, B, R, requires_grad=True)}
    if lstm:
        state["c0"] = torch.randn(layers * D, B, H, requires_grad=True)
    lengths = torch.tensor([(b * 5) % T + 1 for b in range(B)] if ragged else [T] * B)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    out, final = module(packed, (state["h0"], state["c0"]) if lstm else state["h0"])
    y, _ = torch.nn.utils.rnn.pad_packed_sequence(out, total_length=T)
    results = {"y": y, "hn": final[0] if lstm else final}
    if lstm:
        results["cn"] = final[1]
    weights = {k: torch.randn_like(v) for k, v in results.items()}
    sum((weights[k] * results[k]).sum() for k in results).backward()
    leaves = {"x": x, **state, **dict(module.named_parameters())}
    tensors = {**leaves, **results, "lengths": lengths.to(torch.int32)}
    tensors.update({f"weight.{k}": v for k, v in weights.items()})
    tensors.update({f"grad.{k}": v.grad for k, v in leaves.items()})
    write(name, tensors, dict(cell=cell, input_size=I, hidden_size=H, layers=layers, bidirectional=int(D == 2), **config))


def adaptive():
    rows, width, V, cutoffs = 13, 12, 29, [7, 15]
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(width, V, cutoffs, div_value=2.0)
    x = torch.randn(rows, width, requires_grad=True)
    targets = torch.tensor([(r * 11) % V for r in range(rows)])
    result = module(x, targets)
    result.loss.backward()
    leaves = {"x": x, **dict(module.named_parameters())}
    tensors = {**leaves, **{f"grad.{k}": v.grad for k, v in leaves.items()}}
    tensors.update(targets=targets.to(torch.int32), loss=result.loss.reshape(1), row_losses=-result.output,
                   log_probabilities=module.log_prob(x))
    write("adaptive", tensors, {"V": V})


def main():
    torch.manual_seed(20)
    OUT.mkdir(parents=True, exist_ok=True)
    nn, small, large = torch.nn, (7, 3, 5, 11), (19, 9, 14, 22)
    recurrent("elman_tanh", nn.RNN(5, 11, 2, bidirectional=True), "elman", *small, True)
    recurrent("elman_relu", nn.RNN(5, 11, nonlinearity="relu"), "elman", *small, False, activation=1)
    recurrent("lstm", nn.LSTM(5, 11), "lstm", *small, False)
    recurrent("lstm_both_ragged", nn.LSTM(5, 11, 2, bidirectional=True), "lstm", *small, True)
    recurrent("lstm_projected", nn.LSTM(5, 11, 2, bidirectional=True, proj_size=4), "lstm", *small, True, projection_size=4)
    recurrent("lstm_no_bias", nn.LSTM(5, 11, bias=False), "lstm", *small, True, no_bias=1)
    recurrent("lstm_large", nn.LSTM(14, 22, 2), "lstm", *large, True)
    recurrent("gru", nn.GRU(5, 11), "gru", *small, False)
    recurrent("gru_both_ragged", nn.GRU(5, 11, 2, bidirectional=True), "gru", *small, True)
    recurrent("gru_large", nn.GRU(14, 22), "gru", *large, True)
    adaptive()


if __name__ == "__main__":
    sys.exit(main())
