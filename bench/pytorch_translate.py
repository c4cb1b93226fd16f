#!/usr/bin/env python3
"""Trains the encoder-decoder of a finished `rondo train` run once more in PyTorch, and sets the two side by side.

usage: bench/pytorch_translate.py RUN_FOLDER [--threads 2] [--steps N | --decode | --check]

The architecture, data, batches (the same cuts by length and tokens), optimiser, schedule, clipping, smoothing and number of
steps are those of RUN_FOLDER/model.safetensors; only the random numbers (initial values, dropout, order of the batches)
are PyTorch's own. Rondo's weights are also loaded, by name, and evaluated here: the same loss comes out.

  (nothing)  the whole run: valid loss after each epoch, BLEU of greedy and beam search at the end, seconds, target tokens/s
  --steps N  only the speed of training, over N steps
  --decode   no training: speed of greedy and beam search with Rondo's weights, one sentence at a time and --batch at once
  --check    no training: loss and BLEU of Rondo's weights

It is PyTorch as one writes it who wants it fast: nn.LSTM or nn.GRU over all steps, packed only where a batch is ragged;
attention over all decoder steps in two batched products where the architecture lets it; a loop over time only for input
feeding and attention before the cell; the fused optimiser; decoding under inference_mode, with finished rows taken out of
the batch, and beams that share the memory of their source. BLEU is sacreBLEU's, tokenizer none.
"""
import argparse
import itertools
import json
import math
import os
import random
import re
import time

import sacrebleu
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn


# ---- the model: module names give the parameter names of rondo/seq2seq.h ----


def expect(condition, what):
    if not condition:
        raise SystemExit(f"this comparison has no {what}")


def check_recipe(recipe):
    m, t, d = recipe["model"], recipe["train"], recipe["data"]
    for side in ("encoder", "decoder"):
        s = m[side]
        expect(s["cell"] in ("lstm", "gru"), f"{side}.cell {s['cell']}")
        expect(len(set(sizes(s))) == 1, f"{side} with layers of several sizes")
        for key in ("residual", "layer_norm", "recurrent_dropout", "zoneout", "zoneout_cell", "projection_size",
                    "peepholes", "coupled_gates", "cell_clip", "reset_before"):
            expect(not s.get(key), f"{side}.{key}")
        expect(not (s.get("variational") and s["dropout"] and s["layers"] > 1), f"{side}.variational between layers")
    expect(m["encoder"].get("merge", "concat") == "concat", "encoder.merge but concat")
    expect(m["encoder"]["cell"] == m["decoder"]["cell"] or m["bridge"] == "zero", "bridge between different cells")
    expect(m["bridge"] != "linear" or m["encoder"]["layers"] == m["decoder"]["layers"], "linear bridge between unequal numbers of layers")
    expect(not m["copy"] and not m["attention"].get("window") and not m["attention"].get("coverage"), "copying, window, coverage")
    expect(m["attention"]["type"] in ("none", "dot", "scaled_dot", "general", "concat", "additive"), "such attention")
    expect(t.get("scheduled_sampling", {}).get("type", "none") == "none", "scheduled sampling")
    expect(t["schedule"]["type"] != "one_cycle" and not t.get("clip_value"), "one_cycle, clip_value")
    expect(t.get("metric", "valid_loss") in ("valid_loss", "loss", "bleu"), "such a train.metric")
    expect(d.get("format", "lines") == "lines" and d.get("valid_source"), "data but parallel files with a validation part")


def sizes(stack):
    size = stack["hidden_size"]
    return size if isinstance(size, list) else [size] * stack["layers"]


def recurrent(stack, inputs, bidirectional=False):
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[stack["cell"]]
    net = kind(inputs, sizes(stack)[0], stack["layers"], dropout=stack["dropout"] if stack["layers"] > 1 else 0,
               bidirectional=bidirectional)
    if stack["cell"] == "lstm":
        H = net.hidden_size
        for name, bias in net.named_parameters():
            if name.startswith("bias"):
                bias.data[H : 2 * H] = stack["forget_bias"] if name.startswith("bias_ih") else 0
    return net


def linear(inputs, outputs, bias=True):
    """nn.Linear, but with zero biases."""
    net = nn.Linear(inputs, outputs, bias)
    if bias:
        nn.init.zeros_(net.bias)
    return net


class Attention(nn.Module):
    def __init__(self, config, Q, M):
        super().__init__()
        A = config["size"] or Q
        self.type, self.dropout = config["type"], config["dropout"]
        self.scale = M**-0.5 if self.type == "scaled_dot" else 1.0
        if self.type == "general":
            self.key = nn.Linear(M, Q, bias=False)
        if self.type in ("concat", "additive"):
            self.query = nn.Linear(Q, A, bias=self.type == "additive")
            self.key = nn.Linear(M, A, bias=False)
            self.v = nn.Parameter(torch.empty(A).uniform_(-(A**-0.5), A**-0.5))

    def keys(self, memory):
        return memory if self.type in ("dot", "scaled_dot") else self.key(memory)

    def forward(self, query, keys, memory, mask):
        """query (B, T, Q), keys (B, S, .), memory (B, S, M), mask (B, 1, S) or None -> context (B, T, M)"""
        if self.type in ("concat", "additive"):
            scores = torch.tanh(self.query(query).unsqueeze(2) + keys.unsqueeze(1)) @ self.v
        else:
            scores = torch.bmm(query, keys.transpose(1, 2))
            scores = scores * self.scale if self.scale != 1 else scores
        if mask is not None:
            scores = scores + mask
        weights = F.dropout(scores.softmax(-1), self.dropout, self.training)
        return torch.bmm(weights, memory)


class Model(nn.Module):
    def __init__(self, recipe, Vs, V):
        super().__init__()
        m = recipe["model"]
        E, encoder, decoder = m["embedding_size"], m["encoder"], m["decoder"]
        self.recipe, self.lstm = m, decoder["cell"] == "lstm"
        self.source_embedding, self.target_embedding = nn.Embedding(Vs, E), nn.Embedding(V, E)
        if m["tie_embeddings"] != "none":
            nn.init.normal_(self.target_embedding.weight, std=0.1)
        if m["tie_embeddings"] == "all":
            self.source_embedding = self.target_embedding
        self.encoder = recurrent(encoder, E, encoder["bidirectional"])
        D = 2 if encoder["bidirectional"] else 1
        H, M = sizes(decoder)[-1], D * sizes(encoder)[-1]
        self.attends = m["attention"]["type"] != "none"
        placement = m["attention"].get("placement", "before" if m["attention"]["type"] == "additive" else "after")
        self.before = self.attends and placement == "before"
        self.feeds = decoder["input_feeding"]
        self.every_step = m["context"] == "every_step"
        self.A = m["combine_size"] or (H if m["tie_embeddings"] == "none" else E)
        self.decoder = recurrent(decoder, E + (M if self.before or self.every_step else 0) + (self.A if self.feeds else 0))
        if self.attends:
            self.attention = Attention(m["attention"], H, M)
        if self.attends or m["combine_size"] or self.A != H:
            self.combine = nn.Linear(H + (M if self.attends else 0) + (E if self.before else 0), self.A, bias=False)
        if m["bridge"] == "linear":
            states = [f"{s}_l{l}" for l in range(decoder["layers"]) for s in ("hc" if self.lstm else "h")]
            self.bridge = nn.ModuleDict({name: linear(M, H) for name in states})
        self.output = linear(self.A, V)
        if m["tie_embeddings"] != "none":
            self.output.weight = self.target_embedding.weight

    def embed(self, table, ids, stack):
        x, rate = table(ids), self.recipe["embedding_dropout"]
        if rate and stack.get("variational") and self.training:
            return x * F.dropout(torch.ones_like(x[:1]), rate)
        return F.dropout(x, rate, self.training)

    def first_state(self, final, name):
        """final (L * D, B, H of the encoder) -> (L of the decoder, B, H)"""
        kind, decoder = self.recipe["bridge"], self.recipe["decoder"]
        B, H, L = final.shape[1], sizes(decoder)[-1], decoder["layers"]
        if kind == "zero":
            return final.new_zeros(L, B, H)
        if self.encoder.bidirectional:
            forward, backward = final[0::2], final[1::2]
            final = forward + backward if kind == "copy" and final.shape[2] == H else torch.cat((forward, backward), 2)
        if kind == "copy":
            return final.contiguous()
        return torch.stack([torch.tanh(self.bridge[f"{name}_l{l}"](final[l])) for l in range(L)])

    def encode(self, source, lengths):
        """source (S, B), lengths (B) on the CPU -> (keys, memory, mask, context), state, all batch first"""
        x = self.embed(self.source_embedding, source, self.recipe["encoder"])
        ragged = bool((lengths < source.shape[0]).any())
        if ragged:
            packed, final = self.encoder(nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
            memory, _ = nn.utils.rnn.pad_packed_sequence(packed, total_length=source.shape[0])
        else:
            memory, final = self.encoder(x)
        h, c = final if isinstance(final, tuple) else (final, None)
        state = (self.first_state(h, "h"), self.first_state(c if c is not None else h, "c")) if self.lstm else self.first_state(h, "h")
        memory = memory.transpose(0, 1).contiguous()
        mask = None
        if ragged and self.attends:
            beyond = torch.arange(source.shape[0]) >= lengths.unsqueeze(1)
            mask = torch.zeros(beyond.shape).masked_fill_(beyond, -torch.inf).unsqueeze(1)
        D = 2 if self.encoder.bidirectional else 1
        context = torch.cat(tuple(h[-D:]), 1) if self.every_step else None
        return (self.attention.keys(memory) if self.attends else None, memory, mask, context), state

    def start(self, state):
        h = state[0] if self.lstm else state
        return state, h.new_zeros(h.shape[1], self.A) if self.feeds else None

    def cells(self, x, state):
        """One step: x (R, I) -> h (R, H)"""
        if self.decoder.num_layers > 1:
            out, state = self.decoder(x.unsqueeze(0), state)
            return out[0], state
        weights = self.decoder._flat_weights
        if self.lstm:
            h, c = torch._VF.lstm_cell(x, (state[0][0], state[1][0]), *weights)
            return h, (h.unsqueeze(0), c.unsqueeze(0))
        h = torch._VF.gru_cell(x, state[0], *weights)
        return h, h.unsqueeze(0)

    def step(self, y, state, fed, source):
        """One step of R = B * K rows, K for each of the sources: y (R, E) -> what enters the output layer (R, A)"""
        keys, memory, mask, context = source
        B, R = memory.shape[0], y.shape[0]

        def attend(query):
            return self.attention(query.view(B, R // B, -1), keys, memory, mask).view(R, -1)

        if self.before:
            context = attend(state[0][-1] if self.lstm else state[-1])
        elif self.every_step:
            context = context.repeat_interleave(R // B, 0)
        parts = [y, context if self.before or self.every_step else None, fed]
        h, state = self.cells(torch.cat([p for p in parts if p is not None], 1), state)
        if self.attends and not self.before:
            context = attend(h)
        a = self.combined(h, context, y)
        return a, state, a if self.feeds else None

    def combined(self, h, context, y):
        if not hasattr(self, "combine"):
            return h
        parts = [h, context, y] if self.before else [context, h] if self.attends else [h]
        return torch.tanh(self.combine(torch.cat(parts, -1)))

    def decode_all(self, inputs, source, state):
        """Teacher forcing: inputs (T, B) -> (T, B, A)"""
        keys, memory, mask, context = source
        y = self.embed(self.target_embedding, inputs, self.recipe["decoder"])
        if self.feeds or self.before:
            state, fed = self.start(state)
            out = []
            for y_t in y.unbind(0):
                a, state, fed = self.step(y_t, state, fed, source)
                out.append(a)
            return torch.stack(out)
        x = torch.cat((y, context.expand(len(y), -1, -1)), 2) if self.every_step else y
        h, _ = self.decoder(x, state)
        if self.attends:
            context = self.attention(h.transpose(0, 1), keys, memory, mask).transpose(0, 1)
        return self.combined(h, context, y)

    def loss(self, batch, smoothing=0.0):
        source, lengths, inputs, targets = batch
        a = F.dropout(self.decode_all(inputs, *self.encode(source, lengths)), self.recipe["output_dropout"], self.training)
        counted = targets >= 0
        if not counted.all():  # only rows that count pass through the output layer
            a, targets = a[counted], targets[counted]
        return F.cross_entropy(self.output(a.flatten(0, -2)), targets.flatten(), label_smoothing=smoothing)


# ---- data ----


class Vocabulary:
    def __init__(self, description, pieces):
        self.type, self.lowercase = description["type"], description.get("lowercase", False)
        if self.type == "sentencepiece":
            import sentencepiece

            self.pieces = sentencepiece.SentencePieceProcessor(model_proto=pieces)
            self.size, self.end = self.pieces.get_piece_size(), self.pieces.eos_id()
            return
        self.symbols = description["symbols"]
        self.index = {s: i for i, s in enumerate(self.symbols)}
        self.size, self.unknown = len(self.symbols), self.index["<unk>"]
        self.end = self.index.get("<eos>" if self.type == "word" else "\n")

    def encode(self, line):
        if self.type == "sentencepiece":
            return self.pieces.encode(line)
        line = line.lower() if self.lowercase else line
        return [self.index.get(s, self.unknown) for s in (re.findall(r"[^ \t\r\v\f]+", line) if self.type == "word" else line)]

    def decode(self, ids):
        if self.type == "sentencepiece":
            return self.pieces.decode(ids)
        return (" " if self.type == "word" else "").join(self.symbols[i] for i in ids)


def find(recipe, run, name):
    for folder in ("", run, recipe["data"].get("folder") or ".", os.environ.get("RONDO_DATA", ".")):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise SystemExit(f"{name}: not found (set RONDO_DATA)")


def read_lines(path):
    return open(path, encoding="utf-8-sig", newline="\n").read().replace("\r\n", "\n").removesuffix("\n").split("\n")


def cut_batches(pairs, tokens, size, max_length):
    """Lists of pairs of like lengths, cut as src/data/pair_batches.c cuts them."""
    limit = max_length or math.inf
    kept = [p for p in pairs if 0 < len(p[0]) <= limit and 0 < len(p[1]) <= limit]
    kept.sort(key=lambda p: (len(p[1]), len(p[0]) if len(p[1]) % 2 == 0 else -len(p[0])))
    batches, S, T = [[]], 0, 0
    for pair in kept:
        s, t = max(S, len(pair[0])), max(T, len(pair[1]) + 1)
        if batches[-1] and len(batches[-1]) >= (tokens // max(s, t) if tokens else size):
            batches.append([])
            s, t = len(pair[0]), len(pair[1]) + 1
        batches[-1].append(pair)
        S, T = s, t
    return batches


def columns(rows, fill):
    out = torch.full((max(map(len, rows)), len(rows)), fill)
    for b, row in enumerate(rows):
        out[: len(row), b] = torch.tensor(row)
    return out


def as_tensors(batch, end):
    lengths = torch.tensor([len(s) for s, _ in batch])
    return (columns([s for s, _ in batch], 0), lengths, columns([[end] + t for _, t in batch], end),
            columns([t + [end] for _, t in batch], -100))


class Data:
    def __init__(self, recipe, run, source, target):
        d, t = recipe["data"], recipe["train"]
        self.target, self.end, self.vocabulary_sizes = target, target.end, (source.size, target.size)
        text = {k: read_lines(find(recipe, run, d[k])) for k in ("train_source", "train_target", "valid_source", "valid_target")}
        train = list(zip(map(source.encode, text["train_source"]), map(target.encode, text["train_target"])))
        valid = list(zip(map(source.encode, text["valid_source"]), map(target.encode, text["valid_target"])))
        train = cut_batches(train, t.get("batch_tokens", 0), t["batch_size"], t.get("max_length", 0))
        self.train = [as_tensors(b, self.end) for b in train]
        self.valid = [as_tensors(b, self.end) for b in cut_batches(valid, 4096, 0, 0)]
        self.sources, self.references = [s for s, _ in valid], text["valid_target"]


# ---- training ----


@torch.inference_mode()
def evaluate(model, data):
    model.eval()
    total, count = 0.0, 0
    for batch in data.valid:
        n = int((batch[3] >= 0).sum())
        total, count = total + model.loss(batch).item() * n, count + n
    model.train()
    return total / count


def rate(t, step, total, falls):
    """Factor of the learning rate, as src/train/schedule.c."""
    s, w = t["schedule"], t["schedule"]["warmup_steps"]
    n = s.get("total_steps") or total
    if step < w:
        return (step + 1) / (w + 1)
    factor = {
        "constant": lambda: 1.0,
        "step": lambda: s["gamma"] ** ((step - w) // s["step_size"]),
        "cosine": lambda: s["minimum"] + (1 - s["minimum"]) * 0.5 * (1 + math.cos(math.pi * min(1, (step - w) / max(1, n - w)))),
        "inverse_sqrt": lambda: math.sqrt(max(w, 1) / (step - w + max(w, 1))),
        "plateau": lambda: s["gamma"] ** falls,
    }[s["type"]]()
    return max(factor, s["minimum"])


def make_optimizer(t, model):
    o = t["optimizer"]
    expect(o["type"] in ("adamw", "adam", "sgd"), f"optimizer {o['type']}")
    if o["type"] == "sgd":
        return torch.optim.SGD(model.parameters(), lr=o["learning_rate"], momentum=o["momentum"],
                               weight_decay=o["weight_decay"], nesterov=o["nesterov"], fused=True)
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[o["type"]]
    return kind(model.parameters(), lr=o["learning_rate"], weight_decay=o["weight_decay"],
                betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], fused=True)


class Trainer:
    def __init__(self, model, recipe, data):
        self.model, self.t, self.data = model, recipe["train"], data
        self.optimizer = make_optimizer(self.t, model)
        self.accumulate = self.t.get("accumulate", 1)
        self.per_epoch = math.ceil(len(data.train) / self.accumulate)
        self.total = self.t["epochs"] * self.per_epoch
        self.total = min(self.total, self.t["max_steps"]) if self.t["max_steps"] else self.total
        self.done, self.tokens, self.spent, self.falls, self.bad = 0, 0, 0.0, 0, 0
        self.best, self.best_loss, self.best_weights = math.inf, math.nan, None
        self.ema = torch.optim.swa_utils.AveragedModel(model, avg_fn=self.average) if self.t.get("ema") else None

    def average(self, mean, value, _):
        return mean + (1 - min(self.t["ema"], (1 + self.done) / (10 + self.done))) * (value - mean)

    def step(self, batches):
        begun = time.perf_counter()
        self.optimizer.zero_grad()
        counts = [int((b[3] >= 0).sum()) for b in batches]
        for batch, n in zip(batches, counts):
            loss = self.model.loss(batch, self.t.get("label_smoothing", 0.0))
            (loss * (n / sum(counts)) if len(batches) > 1 else loss).backward()
        if self.t["clip_norm"]:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.t["clip_norm"])
        for group in self.optimizer.param_groups:
            group["lr"] = self.t["optimizer"]["learning_rate"] * rate(self.t, self.done, self.total, self.falls)
        self.optimizer.step()
        if self.ema:
            self.ema.update_parameters(self.model)
        self.done, self.tokens = self.done + 1, self.tokens + sum(counts)
        self.spent += time.perf_counter() - begun

    def steps(self):
        """Groups of batches, epoch after epoch, newly shuffled."""
        rnd = random.Random(self.t["seed"])
        while True:
            order = rnd.sample(self.data.train, len(self.data.train))
            for i in range(0, len(order), self.accumulate):
                yield order[i : i + self.accumulate]

    def observe(self):
        """Evaluates as Rondo does, with greedy BLEU, and keeps the weights that are best by train.metric."""
        model = self.ema.module if self.ema else self.model
        loss = evaluate(model, self.data)
        texts, _, _ = translate(lambda s: greedy(model.eval(), s, self.data.end), self.data, 64)
        model.train()
        score = bleu_of(texts, self.data)
        print(f"PyTorch step {self.done}/{self.total}  valid {loss:.4f}  BLEU {score:.2f}  "
              f"{self.tokens / self.spent:.0f} target tokens/s  {self.spent:.0f} s", flush=True)
        self.bad += 1
        value = -score if self.t.get("metric") == "bleu" else loss
        if value < self.best:
            self.best, self.best_loss, self.bad = value, loss, 0
            self.best_weights = {k: v.clone() for k, v in model.state_dict().items()}
        elif self.t["schedule"]["type"] == "plateau" and self.bad % (self.t["schedule"]["patience"] + 1) == 0:
            self.falls += 1

    def run(self):
        every = self.t["evaluate_every"] or self.per_epoch
        for batches in itertools.islice(self.steps(), self.total):
            self.step(batches)
            if self.done % every == 0 or self.done == self.total:
                self.observe()
            if self.t["patience"] and self.bad >= self.t["patience"]:
                break
        self.model.load_state_dict(self.best_weights)

    def time_steps(self, n):
        for i, batches in enumerate(itertools.islice(self.steps(), n + 5)):
            if i == 5:
                self.tokens, self.spent = 0, 0.0
            self.step(batches)
        return self.tokens / self.spent


# ---- decoding: each function takes sources (lists of ids), gives the ids of their translations ----


class Rows:
    """The decoder's state of the rows at hand, K for each source that is not done."""

    def __init__(self, model, sources):
        lengths = torch.tensor([len(s) for s in sources])
        self.model = model
        self.source, state = model.encode(columns(sources, 0), lengths)
        self.state, self.fed = model.start(state)

    def advance(self, symbols):
        """symbols (R) -> logits (R, V)"""
        y = self.model.target_embedding(symbols)
        a, self.state, self.fed = self.model.step(y, self.state, self.fed, self.source)
        return self.model.output(a)

    def select(self, rows, sources=None):
        """Goes on with these rows; sources: of those that remain, where some are done."""
        self.state = tuple(s[:, rows] for s in self.state) if self.model.lstm else self.state[:, rows]
        self.fed = self.fed[rows] if self.fed is not None else None
        if sources is not None:
            self.source = tuple(x[sources] if x is not None else None for x in self.source)


def longest(sources):
    return torch.tensor([2 * len(s) + 50 for s in sources])


@torch.inference_mode()
def greedy(model, sources, end):
    rows, limit = Rows(model, sources), longest(sources)
    alive, symbols, out = torch.arange(len(sources)), torch.full((len(sources),), end), [[] for _ in sources]
    for t in itertools.count():
        symbols = rows.advance(symbols).argmax(-1)
        on = ((symbols != end) & (t < limit)).nonzero().squeeze(1)
        if len(on) < len(alive):
            alive, limit, symbols = alive[on], limit[on], symbols[on]
            if not len(alive):
                return out
            rows.select(on, on)
        for i, symbol in zip(alive.tolist(), symbols.tolist()):
            out[i].append(symbol)


@torch.inference_mode()
def beam(model, sources, end, K, alpha):
    """The K likeliest open hypotheses go on; an end symbol among the K likeliest of all ends one. A source is done when
    nothing open can beat its best ended one any more (Rondo's rule)."""
    limit = longest(sources)
    penalty = lambda n: ((5.0 + n) / 6.0) ** alpha
    rows, N = Rows(model, sources), len(sources)
    alive, symbols, scores = torch.arange(N), torch.full((N,), end), torch.zeros(N, 1)
    said = torch.zeros(N, 1, 0, dtype=torch.long)
    best, out = torch.full((N,), -torch.inf), [[] for _ in sources]
    for t in itertools.count():
        A, k = scores.shape
        p = rows.advance(symbols).log_softmax(-1).view(A, k, -1)
        p += scores.unsqueeze(2)
        V, ends = p.shape[2], p[:, :, end].clone()
        p[:, :, end] = -torch.inf
        top, at = p.view(A, -1).topk(min(K, k * V))
        rank = (top.unsqueeze(1) > ends.unsqueeze(2)).sum(2) + (ends.unsqueeze(1) > ends.unsqueeze(2)).sum(2)
        ended = torch.where((rank < K) & (ends > -torch.inf), ends / penalty(t + 1), -torch.inf)
        last = limit == t
        cut = torch.where(last.unsqueeze(1) & (ended == -torch.inf), scores / penalty(t), -torch.inf)
        value, row = torch.maximum(ended, cut).max(1)
        for i in (value > best).nonzero().squeeze(1).tolist():
            best[i] = value[i]
            out[int(alive[i])] = said[i, row[i]].tolist()
        hopeless = torch.where(top < 0, top / penalty(limit + 1).unsqueeze(1), top) <= best.unsqueeze(1)
        scores = top.masked_fill(hopeless | last.unsqueeze(1), -torch.inf)
        parent, symbols = at // V, at % V
        on = (scores > -torch.inf).any(1).nonzero().squeeze(1)
        if not len(on):
            return out
        parent_row = (torch.arange(A).unsqueeze(1) * k + parent)[on].flatten()
        said = torch.cat((said.flatten(0, 1)[parent_row].unflatten(0, (len(on), -1)), symbols[on].unsqueeze(2)), 2)
        rows.select(parent_row, on if len(on) < A else None)
        alive, limit, best, scores, symbols = alive[on], limit[on], best[on], scores[on], symbols[on].flatten()


def bleu_of(texts, data):
    return sacrebleu.corpus_bleu(texts, [data.references], tokenize="none", force=True).score


def translate(search, data, batch):
    """Texts of all sources, longest with longest; seconds; symbols written."""
    order = sorted(range(len(data.sources)), key=lambda i: -len(data.sources[i]))
    texts, symbols, begun = [""] * len(order), 0, time.perf_counter()
    for i in range(0, len(order), batch):
        places = [p for p in order[i : i + batch] if data.sources[p]]
        for p, ids in zip(places, search([data.sources[p] for p in places]) if places else []):
            texts[p], symbols = data.target.decode(ids), symbols + len(ids) + 1
    return texts, time.perf_counter() - begun, symbols


def searches_of(model, end, K, alpha):
    return {"greedy": lambda s: greedy(model, s, end), f"beam {K}": lambda s: beam(model, s, end, K, alpha)}


def report(name, model, data, args, batches):
    model.eval()
    searches = searches_of(model, data.end, args.beam, args.length_penalty)
    for (kind, search), batch in itertools.product(searches.items(), batches):
        texts, seconds, symbols = translate(search, data, batch)
        print(f"{name} {kind}, batch {batch}: BLEU {bleu_of(texts, data):.2f}  {seconds:.2f} s, {len(texts) / seconds:.1f} sentences/s, "
              f"{symbols / seconds:.0f} tokens/s", flush=True)


def load(run):
    """What is in the run's model file, its data, a model with Rondo's weights, and one that is not trained yet."""
    with safe_open(os.path.join(run, "model.safetensors"), "pt") as file:
        meta = json.loads(file.metadata()["rondo"])
        weights = {name: file.get_tensor(name) for name in file.keys()}
    recipe, sides = meta["recipe"], meta["vocabulary"]
    check_recipe(recipe)
    pieces = {side: bytes(weights.pop(f"{side}.sentencepiece_model", torch.zeros(0)).to(torch.uint8).tolist()) for side in ("source", "target")}
    source = Vocabulary(sides["source"], pieces["source"])
    target = Vocabulary(sides["target"], pieces["target"]) if "target" in sides else source
    data = Data(recipe, run, source, target)
    torch.manual_seed(recipe["train"]["seed"])
    rondo, model = (Model(recipe, source.size, target.size) for _ in range(2))
    for tied in ("output.weight", "source_embedding.weight"):
        weights.setdefault(tied, weights["target_embedding.weight"])
    rondo.load_state_dict(weights, strict=True)
    return meta, recipe, data, rondo, model


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="only time so many steps of training")
    parser.add_argument("--decode", action="store_true", help="only time decoding, with Rondo's weights")
    parser.add_argument("--check", action="store_true", help="only evaluate Rondo's weights")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--length-penalty", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    meta, recipe, data, rondo, model = load(args.run)
    if not args.steps:
        says = meta["metrics"].get("valid_loss", math.nan)
        print(f"Rondo's model: valid loss {says:.4f} as its file says, {evaluate(rondo, data):.4f} when PyTorch runs it")
    if args.decode or args.check:
        report("Rondo's weights in PyTorch,", rondo, data, args, [1, args.batch] if args.decode else [args.batch])
        return
    trainer = Trainer(model, recipe, data)
    if args.steps:
        print(f"PyTorch: {trainer.time_steps(args.steps):.0f} target tokens/s over {args.steps} steps")
        return
    report("Rondo's weights in PyTorch,", rondo, data, args, [args.batch])
    trainer.run()
    print(f"valid loss of the best: Rondo {says:.4f}, PyTorch {trainer.best_loss:.4f}")
    report("PyTorch's own,", model, data, args, [args.batch])
    path = os.path.join(args.run, "metrics.jsonl")
    lines = [json.loads(line) for line in open(path, encoding="utf-8")] if os.path.exists(path) else []
    ours = f"Rondo {lines[-1]['tokens_per_second']:.0f}, " if lines and "tokens_per_second" in lines[-1] else ""
    print(f"target tokens/s in training: {ours}PyTorch {trainer.tokens / trainer.spent:.0f}; {trainer.spent:.0f} s")


if __name__ == "__main__":
    main()
