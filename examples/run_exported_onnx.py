#!/usr/bin/env python3
"""Use a model that `rondo export MODEL --to FILE.onnx` wrote, with ONNX Runtime alone: the vocabulary is in the file.

  rondo export runs/shakespeare/model.safetensors --to shakespeare.onnx
  examples/run_exported_onnx.py shakespeare.onnx --prompt "First Citizen:" --tokens 200
  rondo export runs/enja/model.safetensors --to enja.onnx
  examples/run_exported_onnx.py enja.onnx < sentences.txt              # greedy decoding as one graph
  examples/run_exported_onnx.py enja.onnx --by-steps < sentences.txt   # the same with enja-encoder, enja-decoder

Words and characters only: a SentencePiece model is not in the metadata."""
import argparse
import json
import sys

import numpy as np
import onnxruntime


def open_graph(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of every input that may be left out
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Vocabulary:
    def __init__(self, about):
        self.words, self.symbols, self.lowercase = about["type"] == "word", about["symbols"], about.get("lowercase", False)
        self.ids = {s: i for i, s in enumerate(self.symbols)}
        self.unknown = self.ids.get("<unk>", 0)
        self.line_end = self.ids.get("<eos>" if self.words else "\n")

    def split(self, text):
        text = text.lower() if self.lowercase else text
        return text.split() if self.words else list(text)

    def encode(self, text):
        return [self.ids.get(s, self.unknown) for s in self.split(text)]

    def decode(self, ids, more=()):
        return (" " if self.words else "").join([*self.symbols, *more][i] for i in ids)


def likeliest(logits):
    return np.argmax(logits, axis=-1)


def write(graph, vocabulary, prompt, tokens):
    """A language model step by step: what one call gives as NAME_out is the next call's NAME."""
    ids, states = vocabulary.encode(prompt), {}
    if vocabulary.line_end is not None:
        ids.insert(0, vocabulary.line_end)  # a prompt begins a line
    names = [o.name for o in graph.get_outputs()]
    for _ in range(tokens):
        out = dict(zip(names, graph.run(names, {"x": np.array(ids, np.int64)[:, None], **states})))
        states = {name[:-4]: value for name, value in out.items() if name.endswith("_out")}
        ids = [int(likeliest(out["y"][-1, 0]))]
        print(vocabulary.decode(ids), end=" " if vocabulary.words else "", flush=True)
    print()


def batch(lines, words=None, target=None):
    """Ids as (S, B), padded with 0, and their lengths; for a pointer also which word of the target's vocabulary, or which of
    those that the line brings along, each source word stands for."""
    lengths = np.array([len(line) for line in lines], np.int32)
    source = np.zeros((max(1, lengths.max()), len(lines)), np.int64)
    for b, line in enumerate(lines):
        source[: len(line), b] = line
    if words is None:
        return {"source": source, "lengths": lengths}, [[] for _ in lines]
    copy, extra = np.full(source.shape, -1, np.int64), [[] for _ in lines]
    for b, line in enumerate(words):
        for s, word in enumerate(line):
            if word not in target.ids and word not in extra[b]:
                extra[b].append(word)
            copy[s, b] = target.ids[word] if word in target.ids else len(target.symbols) + extra[b].index(word)
    return {"source": source, "lengths": lengths, "copy": copy}, extra


def translate(graph, inputs):
    (symbols,) = graph.run(["symbols"], inputs)
    return [[int(s) for s in row if s >= 0] for row in symbols.T]


def translate_by_steps(encoder, decoder, inputs, end):
    handed = dict(zip([o.name for o in encoder.get_outputs()], encoder.run(None, {k: inputs[k] for k in ("source", "lengths")})))
    names, takes = [o.name for o in decoder.get_outputs()], {i.name for i in decoder.get_inputs()}
    if any(name.startswith("keys") for name in takes):
        handed["lengths"] = inputs["lengths"]
    if "copy" in inputs:
        handed["copy"] = inputs["copy"]
    rows = [[] for _ in inputs["lengths"]]
    symbol, open_rows = np.full(len(rows), end, np.int64), set(range(len(rows)))
    while open_rows:
        out = dict(zip(names, decoder.run(names, {"symbol": symbol, **handed})))
        handed.update({name[:-4]: value for name, value in out.items() if name.endswith("_out")})
        symbol = likeliest(out[names[0]]).astype(np.int64)  # logits, or log-probabilities
        for b in list(open_rows):
            if symbol[b] == end:
                open_rows.discard(b)
            else:
                rows[b].append(int(symbol[b]))
                if len(rows[b]) >= 2 * inputs["lengths"][b] + 50:
                    open_rows.discard(b)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--prompt", default="a")
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--by-steps", action="store_true")
    arguments = parser.parse_args()
    graph = open_graph(arguments.model)
    about = graph.get_modelmeta().custom_metadata_map
    vocabulary = json.loads(about.get("rondo.vocabulary", "{}"))
    if about["rondo.task"] == "language_model":
        write(graph, Vocabulary(vocabulary), arguments.prompt, arguments.tokens)
        return
    if about["rondo.task"] != "translate":
        for port in [*graph.get_inputs(), *graph.get_overridable_initializers(), *graph.get_outputs()]:
            print(port.name, port.type, port.shape)
        return
    source, target = Vocabulary(vocabulary["source"]), Vocabulary(vocabulary.get("target", vocabulary["source"]))
    lines = sys.stdin.read().splitlines()
    points = "copy" in {i.name for i in graph.get_inputs()}
    inputs, extra = batch([source.encode(line) for line in lines], [source.split(line) for line in lines] if points else None, target)
    stem = arguments.model.removesuffix(".onnx")
    rows = (
        translate_by_steps(open_graph(stem + "-encoder.onnx"), open_graph(stem + "-decoder.onnx"), inputs, int(about["rondo.end"]))
        if arguments.by_steps
        else translate(graph, inputs)
    )
    for row, more in zip(rows, extra):
        print(target.decode(row, more))


if __name__ == "__main__":
    main()
