#!/usr/bin/env python3
"""Ordinary PyTorch modules, written by both of its exporters, run by `rondo run`: the largest difference per file.

  scripts/check-onnx-pytorch.py [RONDO] [--keep FOLDER]
Needs torch and onnx, and onnxscript for the new exporter. Exit code 77 without them."""
import io
import contextlib
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import onnx
    import onnxscript
    import torch
    from torch import nn
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOP = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-5


class Last(nn.Module):
    """Only the outputs of a recurrent module, or the outputs and the states."""

    def __init__(self, net, states=True):
        super().__init__()
        self.net, self.states = net, states

    def forward(self, x):
        y, s = self.net(x)
        if not self.states:
            return y
        return (y, *s) if isinstance(s, tuple) else (y, s)


class FromState(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, h, c):
        y, (h, c) = self.net(x, (h, c))
        return y, h, c


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.net, self.out = nn.Embedding(20, 6), nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True), nn.Linear(10, 4)

    def forward(self, ids):
        return torch.log_softmax(self.out(self.net(self.table(ids))[0]), -1)


class Classifier(nn.Module):
    """Packed lengths; mean over the valid steps."""

    def __init__(self):
        super().__init__()
        self.net, self.norm, self.out = nn.GRU(3, 6, bidirectional=True), nn.LayerNorm(12), nn.Linear(12, 4)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, _ = nn.utils.rnn.pad_packed_sequence(self.net(packed)[0])
        return torch.softmax(self.out(self.norm(y.sum(0) / lengths.unsqueeze(1).to(x.dtype))), -1)


class Masked(nn.Module):
    """The same without packing: a mask and the largest valid step."""

    def __init__(self):
        super().__init__()
        self.net, self.out = nn.GRU(3, 6, batch_first=True), nn.Linear(6, 4)

    def forward(self, x, lengths):
        y, _ = self.net(x)
        beyond = torch.arange(x.shape[1]).unsqueeze(0) >= lengths.unsqueeze(1)
        return self.out(y.masked_fill(beyond.unsqueeze(-1), float("-inf")).max(1).values).argmax(-1)


class AttentionStep(nn.Module):
    """One step of a decoder: embedding, cell, dot attention over the encoder's states, output."""

    def __init__(self):
        super().__init__()
        self.table, self.cell = nn.Embedding(12, 5), nn.LSTMCell(5 + 6, 6)
        self.mix, self.out = nn.Linear(12, 6), nn.Linear(6, 12)

    def forward(self, ids, feed, h, c, memory):
        h, c = self.cell(torch.cat([self.table(ids), feed], -1), (h, c))
        weights = torch.softmax(torch.bmm(memory, h.unsqueeze(-1)).squeeze(-1), -1)
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        feed = torch.tanh(self.mix(torch.cat([h, context], -1)))
        return torch.log_softmax(self.out(feed), -1), feed, h, c, weights


class Cells(nn.Module):
    """A GRU cell in a loop that Python unrolls."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.GRUCell(3, 5), nn.Linear(5, 2)

    def forward(self, x):
        h = torch.zeros(x.shape[1], 5)
        outs = []
        for t in range(4):
            h = self.cell(x[t], h)
            outs.append(self.out(torch.relu(h)))
        return torch.stack(outs), h


class Speech(nn.Module):
    """Frames put together by twos, normalised, recurrent, then symbols."""

    def __init__(self):
        super().__init__()
        self.norm, self.net, self.out = nn.LayerNorm(8), nn.LSTM(8, 6, bidirectional=True, batch_first=True), nn.Linear(12, 7)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = self.norm(x.reshape(x.shape[0], x.shape[1] // 2, 8))
        return self.out(self.drop(nn.functional.gelu(self.net(x)[0]))).log_softmax(-1)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, self.out = nn.LSTM(2, 8, 2, dropout=0.2, batch_first=True), nn.Linear(8, 6)

    def forward(self, x):
        y = self.out(self.net(x)[0][:, -1])
        mean, width = y.chunk(2, -1)
        return mean, nn.functional.softplus(width) + 1e-3


def modules():
    def x(*shape):
        return torch.randn(*shape)

    ids = torch.randint(0, 12, (3,))
    yield "lstm", Last(nn.LSTM(3, 5)), (x(4, 2, 3),)
    yield "lstm_stacked", Last(nn.LSTM(3, 5, 3, bidirectional=True)), (x(4, 2, 3),)
    yield "lstm_batch_first", Last(nn.LSTM(3, 5, bidirectional=True, batch_first=True)), (x(2, 4, 3),)
    yield "lstm_state", FromState(nn.LSTM(3, 5, 2)), (x(4, 2, 3), x(2, 2, 5), x(2, 2, 5))
    yield "lstm_no_bias", Last(nn.LSTM(3, 5, bias=False)), (x(4, 2, 3),)
    yield "gru", Last(nn.GRU(3, 5)), (x(4, 2, 3),)
    yield "gru_stacked", Last(nn.GRU(3, 5, 2, bidirectional=True, batch_first=True)), (x(2, 4, 3),)
    yield "rnn_tanh", Last(nn.RNN(3, 5, 2)), (x(4, 2, 3),)
    yield "rnn_relu", Last(nn.RNN(3, 5, bidirectional=True, nonlinearity="relu")), (x(4, 2, 3),)
    yield "tagger", Tagger(), (torch.randint(0, 20, (2, 5)),)
    yield "classifier_packed", Classifier(), (x(5, 3, 3), torch.tensor([5, 2, 4]))
    yield "classifier_masked", Masked(), (x(3, 5, 3), torch.tensor([5, 2, 4]))
    yield "attention_step", AttentionStep(), (ids, x(3, 6), x(3, 6), x(3, 6), x(3, 4, 6))
    yield "cells", Cells(), (x(4, 2, 3),)
    yield "speech", Speech(), (x(2, 6, 4),)
    yield "forecaster", Forecaster(), (x(3, 7, 2),)


def export(module, inputs, path, new):
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        torch.onnx.export(module, inputs, str(path), dynamo=new)


def difference(rondo, folder, path, module, inputs):
    """(largest difference, None) or (None, story)."""
    ports = [p.name for p in onnx.load(path).graph.input]
    names = [p.name for p in onnx.load(path).graph.output]
    words = []
    for i, (name, array) in enumerate(zip(ports, inputs)):
        np.save(folder / f"{i}.npy", array.numpy())
        words.append(f"{name}={folder / str(i)}.npy")
    done = subprocess.run([rondo, "run", path, "--output", folder / "out", "--input", *words], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip()
    with torch.no_grad():
        wanted = module(*inputs)
    worst = 0.0
    files = [line.split("\t")[0] for line in done.stdout.splitlines()]
    for name, file, want in zip(names, files, wanted if isinstance(wanted, tuple) else (wanted,), strict=True):
        got = np.load(file)
        if got.shape != tuple(want.shape):
            return None, f"{name} has shape {got.shape}, not {tuple(want.shape)}"
        worst = max(worst, float(np.max(np.abs(got.astype(float) - want.numpy().astype(float)))))
    return worst, None


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    rondo = words[0] if words else TOP / "build/rondo"
    failed = count = 0
    print(f"| module (torch {torch.__version__}) | old exporter | new exporter |\n| --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name, module, inputs in modules():
            cells = []
            for new in (False, True):
                path = folder / f"{name}_{'new' if new else 'old'}.onnx"
                module.eval()
                try:
                    export(module, inputs, path, new)
                except Exception as error:
                    cells.append("not exported: " + (str(error).split(chr(10))[0] or type(error).__name__)[:60])
                    continue
                worst, story = difference(rondo, folder, path, module, inputs)
                count += 1
                failed += story is not None or not worst <= TOLERANCE
                cells.append(story or f"{worst:.1e}")
            print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)
    print(f"\n{count} files, {failed} failed")
    sys.exit(failed > 0)


torch.manual_seed(3)
main()
