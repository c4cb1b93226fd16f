#!/usr/bin/env python3
"""Train a tagger in PyTorch, take it over into Rondo, and compare what both say.

  examples/pytorch_to_rondo.py [RONDO]       needs torch, safetensors, numpy; exit code 77 without them"""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
    from safetensors.torch import save_file
    from torch import nn
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

rondo = sys.argv[1] if len(sys.argv) > 1 else "rondo"


class Tagger(nn.Module):
    def __init__(self, symbols, labels, cell):
        super().__init__()
        self.embedding = nn.Embedding(symbols, 16)
        self.encoder = cell(16, 24, num_layers=2, bidirectional=True)
        self.classifier = nn.Linear(48, labels)

    def forward(self, symbols):
        return self.classifier(self.encoder(self.embedding(symbols))[0])


def train(model, steps=40):
    """Is a symbol larger than the one before it?"""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        x = torch.randint(20, (12, 16))
        y = torch.cat((torch.zeros_like(x[:1]), (x[1:] > x[:-1]).long()))
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def compare(cell, folder):
    model = Tagger(20, 2, cell)
    loss = train(model)
    model.eval()
    x = torch.randint(20, (9, 4))  # steps, sequences
    save_file(model.state_dict(), folder / "weights.safetensors")
    np.save(folder / "x.npy", x.numpy())
    report = subprocess.run([rondo, "import", folder / "weights.safetensors", "--to", folder / "model.safetensors"],
                            check=True, capture_output=True, text=True).stdout
    subprocess.run([rondo, "run", folder / "model.safetensors", "--input", f"x={folder / 'x.npy'}", "--output", folder,
                    "--quiet"], check=True)
    with torch.no_grad():
        difference = np.abs(np.load(folder / "y.npy") - model(x).numpy()).max()
    print(report.strip().splitlines()[-1])
    print(f"nn.{cell.__name__}: trained to a loss of {loss:.3f}; largest difference {difference:.2g}")
    return difference < 2e-5


torch.manual_seed(1)
with tempfile.TemporaryDirectory() as name:
    fine = [compare(cell, pathlib.Path(name)) for cell in (nn.RNN, nn.LSTM, nn.GRU)]
sys.exit(0 if all(fine) else 1)
