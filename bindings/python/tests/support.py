"""What the tests share: data that a script makes in a moment, and models trained on them once per process."""

from __future__ import annotations

import atexit
import math
import os
import random
import shutil
import struct
import tempfile
import wave
from functools import cache
from pathlib import Path

import rondo

TOP = Path(__file__).resolve().parents[3]  # of the repository
SMALL = {"optimizer": {"type": "adamw", "learning_rate": 0.02}, "seed": 7}


def write_text(path: Path, lines: int = 300) -> list[str]:
    draw = random.Random(3)
    made = [
        " ".join(
            [
                draw.choice(["the cat", "a dog", "my bird"]),
                draw.choice(["sees", "hears"]),
                draw.choice(["it", "us", "low", "high", "zoom"]),
            ]
        )
        for _ in range(lines)
    ]
    path.write_text("\n".join(made) + "\n", encoding="utf-8")
    return made


def tone(label: str, index: int) -> list[float]:
    hz = {"low": 300, "high": 1500, "zoom": 2600}[label] + 20 * index
    return [0.3 * math.sin(2 * math.pi * hz * t / 8000) + 1e-3 for t in range(700 + 60 * index)]


def write_sound(path: Path, samples: list[float]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(struct.pack(f"<{len(samples)}h", *(int(32767 * s) for s in samples)))


@cache
def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="rondo-python-"))
    pid = os.getpid()

    def remove() -> None:
        if os.getpid() == pid:  # not in a forked child
            shutil.rmtree(made, ignore_errors=True)

    atexit.register(remove)
    return made


def language_recipe() -> dict[str, object]:
    if not (folder() / "text.txt").exists():
        write_text(folder() / "text.txt")
    return {
        "task": "language_model",
        "data": {"folder": str(folder()), "train": "text.txt", "valid_fraction": 0.1, "tokenizer": "char"},
        "model": {"cell": "lstm", "embedding_size": 8, "hidden_size": 16, "layers": 2},
        "train": {**SMALL, "batch_size": 4, "steps_per_sequence": 16, "max_steps": 20, "evaluate_every": 5},
    }


def pairs_recipe() -> dict[str, object]:
    lines = write_text(folder() / "pairs.en")
    (folder() / "pairs.xx").write_text("\n".join(line.upper() for line in lines) + "\n", encoding="utf-8")
    word = {"type": "word", "min_count": 1}
    return {
        "task": "translate",
        "data": {
            "folder": str(folder()),
            "train_source": "pairs.xx",
            "train_target": "pairs.en",
            "valid_source": "pairs.xx",
            "valid_target": "pairs.en",
            "source_tokenizer": word,
            "target_tokenizer": word,
        },
        "model": {
            "embedding_size": 8,
            "encoder": {"hidden_size": 8, "bidirectional": True},
            "decoder": {"hidden_size": 16},
        },
        "train": {**SMALL, "batch_tokens": 200, "max_steps": 60},
    }


def _sounds(kind: str) -> None:
    for part, indices in (("train", range(6)), ("dev", range(6, 8))):
        (folder() / kind / part).mkdir(parents=True, exist_ok=True)
        for label in ("low", "high", "zoom"):
            for i in indices:
                write_sound(folder() / kind / part / f"{label}_{i}.wav", tone(label, i))


def classify_recipe() -> dict[str, object]:
    _sounds("sounds")
    return {
        "task": "classify",
        "data": {
            "folder": str(folder()),
            "train": "sounds/train",
            "valid": "sounds/dev",
            "pattern": "{label}_{index}",
            "audio": {"mels": 8},
        },
        "model": {"cell": "lstm", "hidden_size": 8, "pooling": "mean"},
        "train": {**SMALL, "batch_size": 6, "epochs": 12},
    }


def series_recipe() -> dict[str, object]:
    draw = random.Random(5)
    lines = ["path\tlabel"]
    for i in range(24):
        rows = "".join(f"{draw.random() + i % 2},{t}\n" for t in range(5 + i % 3))
        (folder() / f"series-{i}.csv").write_text("a,b\n" + rows)
        lines.append(f"series-{i}.csv\t{'up' if i % 2 else 'down'}")
    (folder() / "series.tsv").write_text("\n".join(lines) + "\n")
    return {
        "task": "classify",
        "data": {"folder": str(folder()), "input": "series", "train": "series.tsv", "valid_fraction": 0.2},
        "model": {"cell": "gru", "hidden_size": 6, "pooling": "last"},
        "train": {**SMALL, "batch_size": 6, "epochs": 6},
    }


def reviews_recipe() -> dict[str, object]:
    lines = ["text\tlabel"] + [f"{'good' if i % 2 else 'bad'} thing {i}\t{'yes' if i % 2 else 'no'}" for i in range(40)]
    (folder() / "reviews.tsv").write_text("\n".join(lines) + "\n")
    return {
        "task": "classify",
        "data": {"folder": str(folder()), "input": "text", "train": "reviews.tsv", "valid_fraction": 0.2},
        "model": {"cell": "gru", "embedding_size": 4, "hidden_size": 6, "pooling": "last"},
        "train": {**SMALL, "batch_size": 6, "epochs": 3},
    }


def transcribe_recipe() -> dict[str, object]:
    _sounds("speech")
    return {
        "task": "transcribe",
        "data": {
            "folder": str(folder()),
            "train": "speech/train",
            "valid": "speech/dev",
            "pattern": "{label}_{index}",
            "audio": {"mels": 8, "normalise": "none"},
        },
        "model": {"cell": "lstm", "hidden_size": 12, "bidirectional": False},
        "train": {**SMALL, "batch_size": 6, "epochs": 30},
    }


def tag_recipe() -> dict[str, object]:
    kinds = {"the": "DET", "a": "DET", "my": "DET", "sees": "VERB", "hears": "VERB"}
    text = ""
    for line in write_text(folder() / "words.txt"):
        for i, word in enumerate(line.split()):
            text += f"{i + 1}\t{word}\t_\t{kinds.get(word, 'NOUN')}\t_\t_\t0\tdep\t_\t_\n"
        text += "\n"
    (folder() / "tags.conllu").write_text(text)
    return {
        "task": "tag",
        "data": {"folder": str(folder()), "train": "tags.conllu", "valid_fraction": 0.1},
        "model": {"embedding_size": 8, "hidden_size": 8, "characters": {"hidden_size": 0}, "crf": True},
        "train": {**SMALL, "batch_size": 16, "epochs": 3},
    }


def forecast_recipe() -> dict[str, object]:
    rows = [f"{1467331200 + 3600 * i},{math.sin(i * 0.26):.4f},{i % 7}" for i in range(400)]
    (folder() / "table.csv").write_text("date,wave,steps\n" + "\n".join(rows) + "\n")
    return {
        "task": "forecast",
        "data": {
            "folder": str(folder()),
            "file": "table.csv",
            "time": "date",
            "targets": ["wave", "steps"],
            "splits": [300, 50],
        },
        "model": {"cell": "gru", "hidden_size": 8, "window": 24, "horizon": 6, "output": "quantiles"},
        "train": {**SMALL, "batch_size": 16, "max_steps": 20},
    }


@cache
def run_of(name: str) -> rondo.Run:
    """A small trained model; name is that of its recipe above."""
    return rondo.train(globals()[f"{name}_recipe"](), out=folder() / name, threads=1)


def model_of(name: str) -> rondo.Model:
    return run_of(name).load(threads=2)
