#!/usr/bin/env python3
"""Train a language model in Rondo, load it into PyTorch with strict=True, and compare what both say.

  examples/rondo_to_pytorch.py [RONDO]       needs torch, safetensors, numpy; exit code 77 without them"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from safetensors.torch import load_file
    from torch import nn
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

rondo = sys.argv[1] if len(sys.argv) > 1 else "rondo"
MODULES = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
RECIPE = """
task: language_model
data: {train: text.txt, tokenizer: char}
model: {cell: CELL, embedding_size: 24, hidden_size: 24, layers: 2, tie_weights: TIED}
train: {optimizer: {type: adamw, learning_rate: 0.01}, max_steps: 40, batch_size: 8, steps_per_sequence: 32}
"""


class LanguageModel(nn.Module):
    """The names are those of Rondo's file, so nothing needs to be renamed."""

    def __init__(self, cell, symbols, tied):
        super().__init__()
        self.embedding = nn.Embedding(symbols, 24)
        self.rnn = MODULES[cell](24, 24, num_layers=2)
        self.output = nn.Linear(24, symbols)
        if tied:
            self.output.weight = self.embedding.weight

    def forward(self, symbols):
        return self.output(self.rnn(self.embedding(symbols))[0])


def call(*words):
    return subprocess.run([rondo, *map(str, words)], check=True, capture_output=True, text=True).stdout


def compare(cell, tied, folder):
    folder = folder / cell
    folder.mkdir()
    (folder / "text.txt").write_text("the cat sees a dog\na dog hears the cat\n" * 200)
    (folder / "recipe.yaml").write_text(RECIPE.replace("CELL", cell).replace("TIED", str(tied).lower()))
    call("train", folder / "recipe.yaml", "--out", folder / "run", "--quiet")
    model = folder / "run" / "model.safetensors"
    print(call("export", model, "--to", folder / "lm.safetensors").strip())
    symbols = json.loads(call("info", model, "--json"))["vocabulary_size"]
    ours = LanguageModel(cell, symbols, tied).eval()
    ours.load_state_dict(load_file(folder / "lm.safetensors"), strict=True)
    alone = MODULES[cell](24, 24, num_layers=2)  # the stack alone
    call("export", model, "--to", folder / "rnn.safetensors", "--prefix", "rnn.")
    alone.load_state_dict(load_file(folder / "rnn.safetensors"), strict=True)
    x = torch.randint(symbols, (11, 3))
    np.save(folder / "x.npy", x.numpy())
    call("run", model, "--input", f"x={folder / 'x.npy'}", "--output", folder)
    with torch.no_grad():
        difference = np.abs(np.load(folder / "y.npy") - ours(x).numpy()).max()
    print(f"{cell}{', tied' if tied else ''}: largest difference {difference:.2g}")
    return difference < 2e-5


torch.manual_seed(1)
with tempfile.TemporaryDirectory() as name:
    fine = [compare(cell, tied, pathlib.Path(name)) for cell, tied in (("elman", False), ("lstm", True), ("gru", False))]
sys.exit(0 if all(fine) else 1)
