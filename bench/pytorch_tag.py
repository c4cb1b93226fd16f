#!/usr/bin/env python3
"""Trains the tagger of a finished `rondo train` run once more in PyTorch, and sets the two side by side.

usage: bench/pytorch_tag.py RUN_FOLDER [--threads 1] [--check | --steps N]

Architecture, vocabulary, batches (sentences of similar length), optimiser, schedule, clipping and number of epochs are those
of RUN_FOLDER/model.safetensors; only the random numbers are PyTorch's own. As in Rondo each different word of a batch is
spelt once. Softmax only. Data are found as the recipe says, or below $RONDO_DATA.

  (nothing)  the whole run: accuracy on the validation part after each epoch, words/s
  --check    no training: loss and accuracy of Rondo's weights
  --steps N  only the speed of training, over N steps
"""
import argparse
import gzip
import json
import math
import os
import random
import time

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

COLUMNS = ["id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]


def read_conllu(path, column):
    sentences, words = [], []
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        for line in list(lines) + [""]:
            field = line.rstrip("\n").split("\t")
            if not line.strip():
                if words:
                    sentences.append(words)
                words = []
            elif field[0].isdigit():
                words.append((field[1], field[column]))
    return sentences


def find(recipe, folder, name):
    for root in ("", folder, recipe["data"].get("folder") or "", os.environ.get("RONDO_DATA", "")):
        for ending in ("", ".gz"):
            path = os.path.join(root, name) + ending
            if os.path.exists(path):
                return path
    raise SystemExit(f"{name} is nowhere (set RONDO_DATA)")


def spell(word):
    return word if len(word) <= 64 else word[:32] + word[-32:]


class Batches:
    """Sentences as numbers."""

    def __init__(self, sentences, vocabulary, lowercase):
        words, letters, labels = ({s: i + 1 for i, s in enumerate(vocabulary[k])} for k in ("words", "characters", "labels"))
        self.rows = []
        for s in sentences:
            ids = [words.get(w.lower() if lowercase else w, 0) for w, _ in s]
            self.rows.append((ids, [w for w, _ in s], [labels.get(t, 0) - 1 for _, t in s]))
        self.letters = letters
        self.order = sorted(range(len(self.rows)), key=lambda i: len(self.rows[i][0]))

    def get(self, indices):
        rows = sorted((self.rows[i] for i in indices), key=lambda r: -len(r[0]))
        T = len(rows[0][0])
        pad = lambda k, fill: torch.tensor([r[k] + [fill] * (T - len(r[k])) for r in rows])
        forms = {}
        place = torch.tensor([[forms.setdefault(w, len(forms)) for w in r[1]] + [0] * (T - len(r[1])) for r in rows])
        spelt = [[self.letters.get(c, 0) for c in spell(w)] for w in forms]
        lengths = torch.tensor([len(s) for s in spelt])
        characters = torch.tensor([s + [0] * (int(lengths.max()) - len(s)) for s in spelt])
        return pad(0, 0), place, characters, lengths, torch.tensor([len(r[0]) for r in rows]), pad(2, -1)


class Tagger(nn.Module):
    def __init__(self, recipe, vocabulary):
        super().__init__()
        m = recipe["model"]
        c = m["characters"]
        if m["crf"] or m["cell"] != "lstm" or m["merge"] != "concat" or isinstance(m["hidden_size"], list):
            raise SystemExit("this comparison has LSTMs and a softmax only")
        E, H, D = m["embedding_size"], m["hidden_size"], 2 if m["bidirectional"] else 1
        self.m = m
        self.embedding = nn.Embedding(len(vocabulary["words"]) + 1, E)
        self.characters = nn.Module()
        if c["hidden_size"]:
            self.characters.embedding = nn.Embedding(len(vocabulary["characters"]) + 1, c["embedding_size"])
            self.characters.rnn = nn.LSTM(c["embedding_size"], c["hidden_size"], bidirectional=True, batch_first=True)
        self.rnn = nn.LSTM(E + 2 * c["hidden_size"], H, m["layers"], bidirectional=D == 2, batch_first=True,
                           dropout=m["dropout"] if m["layers"] > 1 else 0)
        self.output = nn.Linear(D * H, len(vocabulary["labels"]))
        for name, p in self.named_parameters():
            if "embedding" in name:
                bound = math.sqrt(3 / p.shape[1])
                nn.init.uniform_(p, -bound, bound)

    def forward(self, words, place, characters, spelt, lengths):
        x = self.embedding(words)
        if self.m["characters"]["hidden_size"]:
            packed = pack_padded_sequence(self.characters.embedding(characters), spelt, batch_first=True, enforce_sorted=False)
            h = self.characters.rnn(packed)[1][0]
            forms = torch.cat([h[0], h[1]], 1)[place]
            x = torch.cat([x, F.dropout(forms, self.m["characters"]["dropout"], self.training)], 2)
        x = F.dropout(x, self.m["embedding_dropout"], self.training)
        x = pad_packed_sequence(self.rnn(pack_padded_sequence(x, lengths, batch_first=True))[0], batch_first=True)[0]
        return self.output(F.dropout(x, self.m["output_dropout"], self.training))


@torch.inference_mode()
def evaluate(net, data):
    net.eval()
    nats = right = words = 0
    for i in range(0, len(data.order), 64):
        *batch, targets = data.get(data.order[i : i + 64])
        logits, keep = net(*batch), targets.flatten() >= 0
        logits, targets = logits.flatten(0, 1)[keep], targets.flatten()[keep]
        nats += F.cross_entropy(logits, targets, reduction="sum").item()
        right += (logits.argmax(1) == targets).sum().item()
        words += len(targets)
    net.train()
    return nats / words, right / words


def cuts_of_epoch(data, size):
    """Sorted by length, equal lengths in any order, cut, and the batches in any order."""
    order = sorted(data.order, key=lambda i: (len(data.rows[i][0]), random.random()))
    cuts = [order[i : i + size] for i in range(0, len(order), size)]
    random.shuffle(cuts)
    return cuts


def rate_of(t, step, total):
    w, s = t["schedule"]["warmup_steps"], t["schedule"]
    if step < w:
        return (step + 1) / (w + 1)
    if s["type"] == "constant":
        return 1
    p = (step - w) / max(1, total - w)
    return s["minimum"] + (1 - s["minimum"]) * 0.5 * (1 + math.cos(math.pi * p))


def train(net, recipe, data, valid, steps):
    t, drop = recipe["train"], recipe["model"]["word_dropout"]
    o = t["optimizer"]
    if o["type"] != "adamw" or t["schedule"]["type"] not in ("cosine", "constant"):
        raise SystemExit("this comparison has AdamW with a cosine only")
    adam = torch.optim.AdamW(net.parameters(), lr=o["learning_rate"], weight_decay=o["weight_decay"], fused=True)
    total = t["epochs"] * -(-len(data.rows) // t["batch_size"])
    step = words = 0
    busy = 0.0
    for epoch in range(t["epochs"]):
        for cut in cuts_of_epoch(data, t["batch_size"]):
            begun = time.perf_counter()
            ids, *batch, targets = data.get(cut)
            ids = ids * (torch.rand(ids.shape) >= drop)
            for group in adam.param_groups:
                group["lr"] = o["learning_rate"] * rate_of(t, step, total)
            loss = F.cross_entropy(net(ids, *batch).flatten(0, 1), targets.flatten(), ignore_index=-1,
                                   label_smoothing=t["label_smoothing"])
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), t["clip_norm"])
            adam.step()
            busy += time.perf_counter() - begun
            words += int((targets >= 0).sum())
            step += 1
            if step == steps:
                break
        if steps and step >= steps:
            break
        print("epoch %d  loss %.4f  accuracy %.4f  %.0f words/s" % (epoch + 1, *evaluate(net, valid), words / busy), flush=True)
    print("PyTorch: %.0f words/s over %d steps" % (words / busy, step))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][7:])
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--steps", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    random.seed(1)
    file = safe_open(os.path.join(args.folder, "model.safetensors"), "pt")
    meta = json.loads(file.metadata()["rondo"])
    recipe, vocabulary = meta["recipe"], meta["vocabulary"]
    data = recipe["data"]
    column = COLUMNS.index(data["tag_column"] or "upos")
    parts = [Batches(read_conllu(find(recipe, args.folder, data[k]), column), vocabulary, data["words"]["lowercase"])
             for k in ("train", "valid")]
    net = Tagger(recipe, vocabulary)
    print("Rondo: loss %.4f  accuracy %.4f" % (meta["metrics"]["loss"], meta["metrics"]["accuracy"]))
    if args.check:
        net.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
        print("PyTorch with its weights: loss %.4f  accuracy %.4f" % evaluate(net, parts[1]))
    else:
        train(net, recipe, *parts, args.steps)


if __name__ == "__main__":
    main()
