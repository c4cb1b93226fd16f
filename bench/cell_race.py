#!/usr/bin/env python3
"""Times one layer in Rondo and in PyTorch, turn by turn in one run, and prints medians side by side.

usage: bench/cell_race.py [--rondo build/rondo] [--cells lstm] [--sizes 256] [--batches 32] [--steps 64] [--passes train]
                          [--rounds 7] [--threads 2]

PyTorch is optional: without it only Rondo's column is printed. `train` is forward and backward with weight gradients and
without the gradient of the input, `forward` inference over all steps, `step` one streaming step, as in `rondo bench`.
"""
import argparse
import json
import statistics
import subprocess
import time

try:
    import torch
except ImportError:
    torch = None

GATES = {"elman": 1, "lstm": 4, "gru": 3}


def rondo_ms(args, cell, size, batch, what):
    command = [args.rondo, "bench", "cell", "--cell", cell, "--input-size", str(size), "--hidden-size", str(size),
               "--batch", str(batch), "--steps", str(args.steps), "--pass", what, "--threads", str(args.threads),
               "--seconds", str(args.seconds), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["median_ms"]


def torch_ms(args, cell, size, batch, what):
    torch.set_num_threads(args.threads)
    kind = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    net, steps = kind(size, size), 1 if what == "step" else args.steps
    x, weight = torch.randn(steps, batch, size), torch.randn(steps, batch, size)

    def once():
        if what == "train":
            for p in net.parameters():
                p.grad = None
            net(x)[0].backward(weight)
        else:
            with torch.inference_mode():
                net(x)

    times, until = [], None
    for _ in range(3):
        once()
    until = time.perf_counter() + args.seconds
    while time.perf_counter() < until or len(times) < 5:
        start = time.perf_counter()
        once()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rondo", default="build/rondo")
    parser.add_argument("--cells", nargs="+", default=["lstm"], choices=list(GATES))
    parser.add_argument("--sizes", nargs="+", type=int, default=[256])
    parser.add_argument("--batches", nargs="+", type=int, default=[32])
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--passes", nargs="+", default=["train"], choices=["train", "forward", "step"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    print(f"PyTorch {torch.__version__ if torch else 'not installed'}, {args.threads} threads, T = {args.steps}, I = H, "
          f"medians of {args.rounds} rounds turn by turn")
    for what in args.passes:
        for cell in args.cells:
            for size in args.sizes:
                for batch in args.batches:
                    ours, theirs = [], []
                    for _ in range(args.rounds):
                        ours.append(rondo_ms(args, cell, size, batch, what))
                        if torch:
                            theirs.append(torch_ms(args, cell, size, batch, what))
                    a = statistics.median(ours)
                    steps = 1 if what == "step" else args.steps
                    flops = 4 * steps * batch * GATES[cell] * size * size * (3 if what == "train" else 1)
                    line = f"{what:8s}{cell:6s} H {size:5d} B {batch:4d}  Rondo {a:9.4f} ms {flops / a / 1e6:7.1f} GFLOP/s"
                    if theirs:
                        b = statistics.median(theirs)
                        line += f"   PyTorch {b:9.4f} ms {flops / b / 1e6:7.1f} GFLOP/s   {b / a:5.2f} x"
                    print(line, flush=True)


if __name__ == "__main__":
    main()
