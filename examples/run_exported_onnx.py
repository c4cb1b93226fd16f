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

    def encode(self, text):
        text = text.lower() if self.lowercase else text
        return [self.ids.get(s, self.unknown) for s in (text.split() if self.words else text)]

    def decode(self, ids):
        return (" " if self.words else "").join(self.symbols[i] for i in ids)


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


def batch(lines):
    """Ids as (S, B), padded with 0, and their lengths."""
    lengths = np.array([len(line) for line in lines], np.int32)
    source = np.zeros((max(1, lengths.max()), len(lines)), np.int64)
    for b, line in enumerate(lines):
        source[: len(line), b] = line
    return {"source": source, "lengths": lengths}


def translate(graph, inputs):
    (symbols,) = graph.run(["symbols"], inputs)
    return [[int(s) for s in row if s >= 0] for row in symbols.T]


def translate_by_steps(encoder, decoder, inputs, end):
    handed = dict(zip([o.name for o in encoder.get_outputs()], encoder.run(None, inputs)))
    names, takes = [o.name for o in decoder.get_outputs()], {i.name for i in decoder.get_inputs()}
    if any(name.startswith("keys") for name in takes):
        handed["lengths"] = inputs["lengths"]
    rows = [[] for _ in inputs["lengths"]]
    symbol, open_rows = np.full(len(rows), end, np.int64), set(range(len(rows)))
    while open_rows:
        out = dict(zip(names, decoder.run(names, {"symbol": symbol, **handed})))
        handed.update({name[:-4]: value for name, value in out.items() if name.endswith("_out")})
        symbol = likeliest(out["logits"]).astype(np.int64)
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
    inputs = batch([source.encode(line) for line in sys.stdin.read().splitlines()])
    stem = arguments.model.removesuffix(".onnx")
    rows = (
        translate_by_steps(open_graph(stem + "-encoder.onnx"), open_graph(stem + "-decoder.onnx"), inputs, int(about["rondo.end"]))
        if arguments.by_steps
        else translate(graph, inputs)
    )
    for row in rows:
        print(target.decode(row))


if __name__ == "__main__":
    main()
