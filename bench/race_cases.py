"""What is raced in bench/race.py: lists of cases by part. A case: cell, pass, I, H, B, T, and where they are not the usual ones
both (directions), ragged, threads, options (of `rondo bench cell`), name; sides: who takes part."""
import itertools

CELLS = ("lstm", "gru", "elman")
ALL_F32 = {
    "train": ("rondo", "rondo+dx", "pytorch", "onednn", "onednn-sycl"),
    "forward": ("rondo", "pytorch", "onnxruntime", "onednn", "onednn-sycl"),
    "step": ("rondo", "rondo shared", "pytorch", "onnxruntime", "onednn", "pytorch 1t", "onnxruntime 1t", "onednn 1t"),
}


def case(part, cell, what, I, H, B, T=64, sides=None, **more):
    return {"part": part, "cell": cell, "pass": what, "I": I, "H": H, "B": B, "T": T, "sides": sides or ALL_F32[what], **more}


def cells(full):
    """The table: every cell, H and B, training and forward, fp32."""
    sizes, batches = ((64, 128, 256, 512, 1024), (1, 16, 32, 128)) if full else ((64, 256), (1, 32))
    for what, cell, H, B in itertools.product(("train", "forward"), CELLS, sizes, batches):
        yield case("cells", cell, what, H, H, B)


def low(full):
    """bf16 for training and use, int8 for use, each beside our own fp32."""
    sizes, batches = ((256, 512, 1024), (1, 32, 128)) if full else ((256,), (32,))
    for cell, H, B in itertools.product(CELLS if full else CELLS[:1], sizes, batches):
        yield case("low", cell, "train", H, H, B, sides=("rondo", "rondo bf16", "rondo+dx bf16", "onednn bf16", "onednn-sycl bf16"))
        yield case("low", cell, "forward", H, H, B,
                   sides=("rondo", "rondo bf16", "rondo int8", "pytorch bf16", "onednn bf16", "onednn-sycl bf16",
                          "onnxruntime int8", "onednn int8", "onednn-sycl int8"))


def named(full):
    """Shapes that go by a name: oneDNN's own benchmarks of DeepSpeech 2 and GNMT, layers of RNN-T."""
    lists = [("DeepSpeech 2, T = 50", "gru", 1760, 1760, 32, 50, {}), ("DeepSpeech 2, T = 50", "elman", 1760, 1760, 32, 50, {}),
             ("DeepSpeech 2, T = 100", "gru", 760, 760, 32, 100, {}), ("DeepSpeech 2, T = 100", "elman", 760, 760, 32, 100, {}),
             ("GNMT encoder, both directions", "lstm", 256, 256, 128, 50, {"both": 1}),
             ("GNMT encoder", "lstm", 512, 512, 128, 50, {}), ("RNN-T encoder", "lstm", 240, 1024, 32, 64, {}),
             ("RNN-T prediction", "lstm", 320, 320, 32, 64, {})]
    for name, cell, I, H, B, T, more in lists if full else lists[-1:]:
        for what in ("train", "forward"):
            yield case("named", cell, what, I, H, B, T, name=name, **more)
    yield case("named", "lstm", "step", 320, 320, 1, 1, name="RNN-T prediction, one step")


def odd(full):
    """Sizes that fill no register, batches that fill no block, long sequences."""
    for cell in CELLS[: 3 if full else 1]:
        for what in ("train", "forward"):
            yield case("odd", cell, what, 80, 200, 32)
            if full:
                yield case("odd", cell, what, 256, 256, 7)
                yield case("odd", cell, what, 128, 128, 16, 1000)
                yield case("odd", cell, what, 80, 200, 7, 1000)


def step(full):
    """One step of a stream, B = 1. Rondo on one thread, and sharing its steps among all; peers on one and on all: their better time counts."""
    for cell, H in itertools.product(CELLS, (32, 64, 128, 256, 512) if full else (64, 256)):
        yield case("step", cell, "step", H, H, 1, 1)
        yield case("step", cell, "step", H, H, 1, 1, sides=("rondo bf16", "rondo int8", "pytorch bf16 1t", "pytorch int8 1t",
                                                            "onnxruntime int8 1t", "onednn bf16 1t", "onednn int8 1t"))


def variants(full):
    """What the variants of a cell cost, by operations counted, beside the plain one; Jordan beside Elman."""
    kinds = [("lstm", "LSTM", []), ("lstm", "LSTM, peepholes", ["--peepholes"]), ("lstm", "LSTM, projection", ["--projection-size"]),
             ("lstm", "LSTM, layer norm", ["--layer-norm"]), ("gru", "GRU", []), ("gru", "GRU, layer norm", ["--layer-norm"]),
             ("elman", "Elman", []), ("jordan", "Jordan", [])]
    for what, H, (cell, name, options) in itertools.product(("train", "forward"), (64, 256, 512) if full else (256,), kinds):
        more = options + [str(H // 2)] if "projection" in name else options
        yield case("variants", cell, what, H, H, 32, sides=("rondo",), name=name, options=more)


def scaling(full):
    """Cost against T, B and the number of threads."""
    for what in ("train", "forward"):
        both = ("rondo", *(("rondo+dx",) if what == "train" else ()), "pytorch", "onednn")
        for T in (16, 64, 256, 1024, 4096) if full else (16, 256):
            yield case("scaling", "lstm", what, 128, 128, 16, T, sides=both, axis="T")
        for B in (1, 2, 4, 8, 16, 32, 64, 128, 256) if full else (8, 64):
            yield case("scaling", "lstm", what, 256, 256, B, sides=both, axis="B")
        for H in (32, 64, 128, 256, 512, 1024) if full else (64, 256):
            yield case("scaling", "lstm", what, H, H, 32, sides=("rondo 1t", "rondo"), axis="threads")


def ragged(full):
    """Lengths drawn from 1 to T, in no order, beside the full batch; PyTorch's packed sequences."""
    for cell, H, what in itertools.product(CELLS if full else CELLS[:1], (128, 256, 512) if full else (256,), ("train", "forward")):
        for more in ({"ragged": 0}, {"ragged": 1}):
            yield case("ragged", cell, what, H, H, 64, sides=("rondo", "pytorch"), **more)


PARTS = {"cells": cells, "low": low, "named": named, "odd": odd, "step": step, "variants": variants, "scaling": scaling,
         "ragged": ragged}
