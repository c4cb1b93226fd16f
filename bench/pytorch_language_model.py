#!/usr/bin/env python3
"""Trains the model of a finished `rondo train` run once more in PyTorch, and sets the two side by side.

usage: bench/pytorch_language_model.py RUN_FOLDER [--threads 2] [--steps N] [--speed] [--bf16]

  --speed  only time --steps steps of training; nothing is evaluated
  --bf16   under torch.autocast to bfloat16

Same architecture, data order (streams and chunks as src/data/batches.h lays them), carried state, optimiser, schedule,
clipping and number of steps, read from RUN_FOLDER/model.safetensors; only the random numbers (initial values, dropout) are
PyTorch's own. Characters, LSTM, AdamW or Adam, cosine or constant schedule: what recipes/shakespeare.yaml uses. Rondo's
weights are also loaded into the PyTorch model (load_state_dict, strict) and evaluated there: the same loss comes out.
"""
import argparse
import json
import math
import os
import time

import torch
from safetensors import safe_open


def find(recipe_folder, name):
    for folder in ("", recipe_folder, os.environ.get("RONDO_DATA", ".")):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise SystemExit(f"{name}: not found (set RONDO_DATA)")


class Model(torch.nn.Module):
    def __init__(self, recipe, V):
        super().__init__()
        m = recipe["model"]
        E, H, L = m["embedding_size"], m["hidden_size"], m["layers"]
        self.embedding = torch.nn.Embedding(V, E)
        self.rnn = torch.nn.LSTM(E, H, L, dropout=m["dropout"] if L > 1 else 0)
        self.output_dropout = torch.nn.Dropout(m["output_dropout"])
        self.output = torch.nn.Linear(H, V)
        torch.nn.init.zeros_(self.output.bias)
        for layer in range(L):
            getattr(self.rnn, f"bias_ih_l{layer}").data[H : 2 * H] = m["forget_bias"]
            getattr(self.rnn, f"bias_hh_l{layer}").data[H : 2 * H] = 0

    def forward(self, x, state):
        h, state = self.rnn(self.embedding(x), state)
        return self.output(self.output_dropout(h)), state


def streams(ids, B):
    """(steps, B) inputs and targets; -100 where a stream is one step shorter."""
    n = len(ids) - 1
    starts = [b * n // B for b in range(B + 1)]
    longest = max(starts[b + 1] - starts[b] for b in range(B))
    x = torch.zeros(longest, B, dtype=torch.long)
    y = torch.full((longest, B), -100, dtype=torch.long)
    for b in range(B):
        count = starts[b + 1] - starts[b]
        x[:count, b] = ids[starts[b] : starts[b] + count]
        y[:count, b] = ids[starts[b] + 1 : starts[b] + count + 1]
    return x, y


def loss_of(model, x, y, state):
    logits, state = model(x, state)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()), state


def evaluate(model, ids, B=16, T=256):
    model.eval()
    x, y = streams(ids, B)
    total, count, state = 0.0, 0, None
    with torch.no_grad():
        for i in range(0, len(x), T):
            loss, state = loss_of(model, x[i : i + T], y[i : i + T], state)
            n = int((y[i : i + T] >= 0).sum())
            total, count = total + loss.item() * n, count + n
    model.train()
    return total / count


def rate(train, step, total):
    w, minimum = train["schedule"]["warmup_steps"], train["schedule"]["minimum"]
    if step < w:
        return (step + 1) / (w + 1)
    if train["schedule"]["type"] == "constant":
        return 1.0
    return minimum + (1 - minimum) * 0.5 * (1 + math.cos(math.pi * (step - w) / max(1, total - w)))


def train(model, recipe, ids, valid, limit, bf16=False):
    """valid None: nothing is evaluated."""
    t = recipe["train"]
    o = t["optimizer"]
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[o["type"]]
    optimizer = kind(model.parameters(), lr=o["learning_rate"], weight_decay=o["weight_decay"],
                     betas=(o["beta1"], o["beta2"]), eps=o["epsilon"])
    x, y = streams(ids, t["batch_size"])
    T = t["steps_per_sequence"]
    total = t["max_steps"] or t["epochs"] * math.ceil(len(x) / T)
    step, symbols, best, spent = 0, 0, math.inf, 0.0
    while step < (limit or total):
        state, start = None, time.perf_counter()
        for i in range(0, len(x), T):
            if step == (limit or total):
                break
            state = tuple(s.detach() for s in state) if state else None
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                loss, state = loss_of(model, x[i : i + T], y[i : i + T], state)
            optimizer.zero_grad()
            loss.backward()
            if t["clip_norm"]:
                torch.nn.utils.clip_grad_norm_(model.parameters(), t["clip_norm"])
            for group in optimizer.param_groups:
                group["lr"] = o["learning_rate"] * rate(t, step, total)
            optimizer.step()
            step, symbols = step + 1, symbols + int((y[i : i + T] >= 0).sum())
        spent += time.perf_counter() - start
        if valid is None:
            continue
        loss = evaluate(model, valid)
        best = min(best, loss)
        print(f"PyTorch step {step}/{total}  valid {loss:.4f}  {symbols / spent:.0f} symbols/s  {spent:.0f} s",
              flush=True)
    return best, symbols / spent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="stop early; 0: the whole run")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    path = os.path.join(args.run, "model.safetensors")
    with safe_open(path, "pt") as file:
        meta = json.loads(file.metadata()["rondo"])
        weights = {name: file.get_tensor(name) for name in file.keys()}
    recipe, symbols = meta["recipe"], meta["vocabulary"]["symbols"]
    index = {s: i for i, s in enumerate(symbols)}
    unknown = index.get("<unk>", len(symbols) - 1)
    text = open(find(".", recipe["data"]["train"]), encoding="utf-8").read()
    cut = math.floor((1 - recipe["data"]["valid_fraction"]) * len(text))
    ids = torch.tensor([index.get(c, unknown) for c in text])
    torch.manual_seed(recipe["train"]["seed"])
    model = Model(recipe, weights["embedding.weight"].shape[0])
    model.load_state_dict(weights, strict=True)
    if args.speed:
        speed = train(Model(recipe, len(weights["embedding.weight"])), recipe, ids[:cut], None, args.steps, args.bf16)[1]
        print(f"symbols/s: PyTorch {speed:.0f}")
        return
    ours = meta["metrics"]["valid_loss"]
    print(f"Rondo's model: valid loss {ours:.4f} as its file says, {evaluate(model, ids[cut:]):.4f} when PyTorch runs it")
    lines = [json.loads(line) for line in open(os.path.join(args.run, "metrics.jsonl"), encoding="utf-8")]
    theirs, speed = train(Model(recipe, len(weights["embedding.weight"])), recipe, ids[:cut], ids[cut:], args.steps, args.bf16)
    print(f"best valid loss: Rondo {ours:.4f}, PyTorch {theirs:.4f} ({100 * (ours / theirs - 1):+.2f} %)")
    print(f"symbols/s: Rondo {lines[-1]['tokens_per_second']:.0f}, PyTorch {speed:.0f}")


if __name__ == "__main__":
    main()
