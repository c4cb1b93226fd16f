#!/usr/bin/env python3
"""PyTorch's side of the race (bench/race.py): its own nn.LSTM, nn.GRU, nn.RNN, eager.

train: forward and backward with a fixed gradient of the output; gradients of the weights, of the input where dx=1. Gradients are
dropped, not zeroed. forward and step: inference_mode, the step with carried state. int8: dynamic quantisation (LSTM, GRU).
ragged: a packed sequence, made once outside of the time, sorted by length already, as PyTorch likes it best.
"""
import sys
import warnings

import torch

import peer

warnings.filterwarnings("ignore")


def net_of(r):
    kinds = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    if r["cell"] not in kinds:
        raise ValueError(f"PyTorch has no cell {r['cell']}")
    net = kinds[r["cell"]](r["I"], r["H"], bidirectional=bool(r["both"]))
    if r["dtype"] == "int8":
        if r["pass"] == "train" or r["cell"] == "elman":
            raise ValueError("not offered in int8")
        holder = torch.nn.ModuleDict({"net": net.eval()}) # it replaces what a module holds
        return torch.ao.quantization.quantize_dynamic(holder, {type(net)}, dtype=torch.qint8)["net"], torch.float32
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[r["dtype"]]
    return net.to(dtype), dtype


def trainer(net, x, dy):
    leaves = list(net.parameters()) + ([x] if torch.is_tensor(x) and x.requires_grad else [])

    def run():
        for leaf in leaves:
            leaf.grad = None
        y = net(x)[0]
        (y if torch.is_tensor(y) else y.data).backward(dy)

    return run


def user(net, x, stream):
    held = [None]

    def run():
        with torch.inference_mode():
            state = net(x, held[0])[1]
            if stream:
                held[0] = state

    return run


def packed(x, r):
    lengths = torch.tensor(sorted(peer.lengths(r["B"], r["T"]), reverse=True))
    return torch.nn.utils.rnn.pack_padded_sequence(x, lengths)


def make_ragged(net, x, r):
    x = packed(x, r)
    if r["pass"] == "train":
        return trainer(net, x, torch.randn(len(x.data), r["H"] * (1 + r["both"]), dtype=x.data.dtype))
    return user(net.eval(), x, False)


def make(r):
    net, dtype = net_of(r)
    x = torch.randn(r["T"], r["B"], r["I"], dtype=dtype)
    if r["ragged"]:
        if r["dx"]:
            raise ValueError("ragged: without dx")
        return make_ragged(net, x, r)
    if r["pass"] == "train":
        x.requires_grad_(bool(r["dx"]))
        return trainer(net, x, torch.randn(r["T"], r["B"], r["H"] * (1 + r["both"]), dtype=dtype))
    return user(net.eval(), x, r["pass"] == "step")


if __name__ == "__main__":
    torch.manual_seed(1)
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    peer.serve(torch.__version__, make)
