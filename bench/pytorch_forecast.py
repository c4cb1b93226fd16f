#!/usr/bin/env python3
"""A finished `rondo train` run of a forecast, once more in PyTorch: the same columns, split, scaling, windows, network,
loss, optimiser, batch and number of epochs, with PyTorch's own initial values and order of windows. First Rondo's weights
are evaluated in PyTorch, which must give Rondo's figures. For point forecasts by GRU or LSTM, direct or encoder_decoder,
with independent targets.

    bench/pytorch_forecast.py runs/etth1 [--threads N] [--epochs N] [--check]"""
import argparse
import json
import os
import struct
import time

import numpy as np
import torch
from safetensors import safe_open
from torch import nn


def read_run(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    meta = json.loads(header["__metadata__"]["rondo"])
    return meta["recipe"], meta["metrics"]


def read_table(recipe):
    data = recipe["data"]
    path = data["file"]
    if not os.path.exists(path):
        path = os.path.join(os.environ["RONDO_DATA"], path)
    with open(path) as file:
        names = file.readline().strip().split(",")
        rows = [line.strip().split(",") for line in file]
    columns = [names.index(name) for name in data["targets"]]
    return np.array([[float(row[c]) for c in columns] for row in rows])


class Forecast(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.m = model
        assert model["independent"] and model["cell"] in ("gru", "lstm") and model["output"] == "point"
        cell = nn.GRU if model["cell"] == "gru" else nn.LSTM
        hidden, patch = model["hidden_size"], model["patch"]
        self.decodes = model["mode"] == "encoder_decoder"
        self.rnn = cell(patch, hidden, model["layers"], dropout=model["dropout"] if model["layers"] > 1 else 0)
        if self.decodes:
            self.decoder = cell(patch, hidden, model["layers"], dropout=model["dropout"] if model["layers"] > 1 else 0)
        self.output = nn.Linear(hidden, patch if self.decodes else model["horizon"])
        self.drop = nn.Dropout(model["output_dropout"])
        if model["autoregressive"]:
            self.path = nn.Linear(model["window"], model["horizon"])
            nn.init.constant_(self.path.weight, 1 / model["window"])
            nn.init.zeros_(self.path.bias)

    def forward(self, window):  # (B, W) -> (B, H)
        m = self.m
        shift, size = torch.zeros(len(window), 1), torch.ones(len(window), 1)
        if m["instance_norm"] == "reversible":
            shift = window.mean(1, keepdim=True)
            size = torch.sqrt(window.var(1, keepdim=True, unbiased=False) + 1e-5)
        x = (window - shift) / size
        steps = x.reshape(len(x), -1, m["patch"]).transpose(0, 1)
        out, state = self.rnn(steps)
        if self.decodes:
            last, parts = steps[-1:], []
            for _ in range(m["horizon"] // m["patch"]):
                out, state = self.decoder(last, state)
                last = self.output(self.drop(out))
                parts.append(last[0])
            y = torch.cat(parts, 1)
        else:
            y = self.output(self.drop(out[-1]))
        if m["autoregressive"]:
            y = y + self.path(x)
        return y * size + shift


def evaluate(net, z, first, end, window, horizon):
    net.eval()
    origins = np.arange(max(first, window), end - horizon + 1)
    squared = absolute = count = 0
    with torch.no_grad():
        for at in range(0, len(origins), 256):
            part = origins[at : at + 256]
            x = torch.cat([z[o - window : o].T for o in part])
            y = torch.cat([z[o : o + horizon].T for o in part])
            error = (net(x) - y).double()
            squared += (error**2).sum().item()
            absolute += error.abs().sum().item()
            count += error.numel()
    return squared / count, absolute / count


def naive(z, first, end, horizon, season):
    out = []
    for kind in ("naive", "seasonal-naive", "drift"):
        squared = absolute = count = 0
        for o in range(first, end - horizon + 1):
            h = np.arange(horizon)
            if kind == "naive":
                p = np.repeat(z[o - 1 : o], horizon, 0)
            elif kind == "drift":
                p = z[o - 1] + (h[:, None] + 1) * (z[o - 1] - z[0]) / (o - 1)
            else:
                p = z[o - season + h % season]
            error = z[o : o + horizon] - p
            squared += (error**2).sum()
            absolute += np.abs(error).sum()
            count += error.size
        out.append((kind, squared / count, absolute / count))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--check", action="store_true", help="only Rondo's weights, no training")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    recipe, metrics = read_run(args.folder)
    model, train = recipe["model"], recipe["train"]
    torch.manual_seed(train["seed"])
    table = read_table(recipe)
    first, steps = (int(part) for part in recipe["data"]["splits"])
    scaled = (table - table[:first].mean(0)) / table[:first].std(0)
    z = torch.tensor(scaled, dtype=torch.float32)
    window, horizon = model["window"], model["horizon"]
    season = recipe["data"]["season"] or 24
    for kind, mse, mae in naive(scaled, first, first + steps, horizon, season):
        print(f"{kind:16} mse {mse:.4f} mae {mae:.4f}")
    net = Forecast(model)
    with safe_open(os.path.join(args.folder, "model.safetensors"), "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}
    net.load_state_dict(state)
    mse, mae = evaluate(net, z, first, first + steps, window, horizon)
    print(f"Rondo's weights here: mse {mse:.6f} mae {mae:.6f}; Rondo said mse {metrics['mse']:.6f} mae {metrics['mae']:.6f}")
    assert abs(mse - metrics["mse"]) < 1e-4 * mse, "PyTorch computes something else"
    if args.check:
        return
    net = Forecast(model)
    o = train["optimizer"]
    optimizer = torch.optim.AdamW(net.parameters(), lr=o["learning_rate"], weight_decay=o["weight_decay"])
    losses = {"mse": nn.MSELoss(), "mae": nn.L1Loss(), "huber": nn.HuberLoss(delta=model["huber_delta"])}
    origins = np.arange(window, first - horizon + 1)
    best, bad, begun, busy = (np.inf, np.inf), 0, time.time(), 0.0
    for epoch in range(args.epochs or train["epochs"]):
        start = time.time()
        net.train()
        np.random.default_rng(train["seed"] * 1000 + epoch).shuffle(origins)
        for at in range(0, len(origins), train["batch_size"]):
            part = origins[at : at + train["batch_size"]]
            x = torch.cat([z[i - window : i].T for i in part])
            y = torch.cat([z[i : i + horizon].T for i in part])
            loss = losses[model["loss"]](net(x), y)
            optimizer.zero_grad()
            loss.backward()
            if train["clip_norm"] > 0:
                nn.utils.clip_grad_norm_(net.parameters(), train["clip_norm"])
            optimizer.step()
        busy += time.time() - start
        result = evaluate(net, z, first, first + steps, window, horizon)
        print(f"epoch {epoch + 1}: mse {result[0]:.4f} mae {result[1]:.4f}, {time.time() - start:.1f} s", flush=True)
        bad = 0 if result < best else bad + 1
        best = min(best, result)
        if train["patience"] and bad >= train["patience"]:
            break
    print(f"PyTorch: horizon {horizon} mse {best[0]:.4f} mae {best[1]:.4f}, {busy:.1f} s of training, "
          f"{time.time() - begun:.1f} s in all")


if __name__ == "__main__":
    main()
