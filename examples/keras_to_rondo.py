#!/usr/bin/env python3
"""Take weights of Keras over into Rondo, and compare with what Keras computes.

In Keras the weights are written by   numpy.savez("weights.npz", **{w.path: w.numpy() for w in model.weights})
With Keras at hand this is done here; without it (numpy is enough) the same arrays are drawn, and Keras's equations are
written out below.

  examples/keras_to_rondo.py [RONDO]         needs numpy; exit code 77 without it"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)
try:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
except Exception:  # without a backend Keras fails in its own ways
    keras = None

rondo = sys.argv[1] if len(sys.argv) > 1 else "rondo"
STEPS, SEQUENCES, SYMBOLS, WIDTH, UNITS, LABELS = 9, 4, 20, 12, 16, 3


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(x, kernel, recurrent, bias):
    """GRU(reset_after=True), Keras's default: gates z r h, biases of the input and of the state."""
    h, steps = np.zeros((x.shape[1], UNITS)), []
    for step in x:
        a, b = step @ kernel + bias[0], h @ recurrent + bias[1]
        z, r = sigmoid(a[:, :UNITS] + b[:, :UNITS]), sigmoid(a[:, UNITS:2 * UNITS] + b[:, UNITS:2 * UNITS])
        candidate = np.tanh(a[:, 2 * UNITS:] + r * b[:, 2 * UNITS:])
        h = z * h + (1 - z) * candidate
        steps.append(h)
    return np.stack(steps)


def by_hand(x):
    rng = np.random.default_rng(1)
    shapes = {"embedding/embeddings": (SYMBOLS, WIDTH)}
    for direction in ("forward", "backward"):
        cell = f"bidirectional/{direction}_gru/gru_cell/"
        shapes.update({cell + "kernel": (WIDTH, 3 * UNITS), cell + "recurrent_kernel": (UNITS, 3 * UNITS),
                       cell + "bias": (2, 3 * UNITS)})
    shapes.update({"dense/kernel": (2 * UNITS, LABELS), "dense/bias": (LABELS,)})
    w = {name: rng.uniform(-0.5, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    parts = [[w[f"bidirectional/{d}_gru/gru_cell/{n}"] for n in ("kernel", "recurrent_kernel", "bias")]
             for d in ("forward", "backward")]
    e = w["embedding/embeddings"][x].astype(np.float64)
    y = np.concatenate((gru(e, *parts[0]), gru(e[::-1], *parts[1])[::-1]), -1)
    return w, y @ w["dense/kernel"] + w["dense/bias"]


def by_keras(x):
    model = keras.Sequential([
        keras.Input((None,), dtype="int32"), keras.layers.Embedding(SYMBOLS, WIDTH),
        keras.layers.Bidirectional(keras.layers.GRU(UNITS, return_sequences=True)), keras.layers.Dense(LABELS)])
    y = model(x.T)  # Keras's first axis is the sequences
    return {w.path: keras.ops.convert_to_numpy(w) for w in model.weights}, keras.ops.convert_to_numpy(y).transpose(1, 0, 2)


x = np.random.default_rng(2).integers(SYMBOLS, size=(STEPS, SEQUENCES))
weights, expected = by_keras(x) if keras else by_hand(x)
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    np.savez(folder / "weights.npz", **weights)
    np.save(folder / "x.npy", x)
    report = subprocess.run([rondo, "import", folder / "weights.npz", "--cell", "gru", "--to", folder / "model.safetensors"],
                            check=True, capture_output=True, text=True).stdout
    subprocess.run([rondo, "run", folder / "model.safetensors", "--input", f"x={folder / 'x.npy'}", "--output", folder,
                    "--quiet"], check=True)
    difference = np.abs(np.load(folder / "y.npy") - expected).max()
print(report.strip())
print(f"{'Keras ' + keras.__version__ if keras else 'equations of Keras'}: largest difference {difference:.2g}")
sys.exit(0 if difference < 2e-5 else 1)
