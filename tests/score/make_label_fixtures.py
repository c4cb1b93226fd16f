#!/usr/bin/env python3
"""Fixtures of label scores: tests/score/label_cases.h, small random labellings with what scikit-learn (classes, ROC) and
seqeval (spans, as conlleval) give them. Run: python tests/score/make_label_fixtures.py"""
import os
import random
import warnings

import numpy
import seqeval.metrics
import sklearn
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

warnings.filterwarnings("ignore")
draw = random.Random(4)


def numbers(values):
    return "{" + ", ".join(repr(float(v)) if isinstance(v, (float, numpy.floating)) else str(v) for v in values) + "}"


def class_case(name, classes, truth, guess):
    precision, recall, f1, support = precision_recall_fscore_support(truth, guess, labels=range(classes), zero_division=0)
    macro = precision_recall_fscore_support(truth, guess, average="macro", zero_division=0)[:3]
    return (f'    {{"{name}", {classes}, {len(truth)},\n     {numbers(truth)},\n     {numbers(guess)},\n     {numbers(precision)},\n'
            f"     {numbers(recall)},\n     {numbers(f1)},\n     {numbers(map(int, support))},\n"
            f"     {accuracy_score(truth, guess)!r}, {numbers(macro)}}},\n")


def roc_case(name, classes, levels, count):
    """Probabilities of few levels, so that ties abound."""
    truth = [i % classes if i < classes else draw.randrange(classes) for i in range(count)]
    rows = []
    for label in truth:
        row = [draw.randint(1, levels) + (levels // 2 if c == label else 0) for c in range(classes)]
        rows.append([v / sum(row) for v in row])
    if classes == 2:
        auc = roc_auc_score(truth, [row[1] for row in rows])
    else:
        auc = roc_auc_score(truth, rows, multi_class="ovr")
    flat = [v for row in rows for v in row]
    return f'    {{"{name}", {classes}, {count}, {numbers(truth)},\n     {numbers(flat)},\n     {float(auc)!r}}},\n'


def span_case(name, tags, sentences, agreement):
    truth = [[draw.choice(tags) for _ in range(draw.randint(1, 9))] for _ in range(sentences)]
    guess = [[tag if draw.random() < agreement else draw.choice(tags) for tag in sentence] for sentence in truth]
    entities = [seqeval.metrics.sequence_labeling.get_entities(side) for side in (truth, guess)]
    right = len(set(entities[0]) & set(entities[1]))
    scores = [getattr(seqeval.metrics, score)(truth, guess) for score in ("precision_score", "recall_score", "f1_score")]
    lines = ["", ""]
    for side, words in enumerate((truth, guess)):
        lines[side] = ", ".join('"' + " ".join(sentence) + '"' for sentence in words)
    return (f'    {{"{name}", {sentences},\n     {{{lines[0]}}},\n     {{{lines[1]}}},\n'
            f"     {len(entities[0])}, {len(entities[1])}, {right}, {numbers(map(float, scores))}}},\n")


def main():
    out = "/* Made by make_label_fixtures.py with scikit-learn " + sklearn.__version__ + " and seqeval: do not edit. */\n"
    out += "/* clang-format off */\nstatic const class_case class_cases[] = {\n"
    for name, classes, used, said, count in (("all", 4, 4, 4, 40), ("never true", 5, 3, 5, 30), ("never said", 5, 5, 2, 30),
                                             ("absent", 6, 3, 3, 25), ("one", 1, 1, 1, 5), ("two", 2, 2, 2, 33)):
        truth = [draw.randrange(used) for _ in range(count)]
        guess = [t if t < said and draw.random() < 0.6 else draw.randrange(said) for t in truth]
        out += class_case(name, classes, truth, guess)
    out += class_case("all wrong", 3, [0, 1, 2, 0], [1, 2, 0, 2])
    out += "};\nstatic const roc_case roc_cases[] = {\n"
    for name, classes, levels, count in ("two", 2, 100, 24), ("two, ties", 2, 3, 36), ("three", 3, 9, 24), ("five", 5, 5, 25):
        out += roc_case(name, classes, levels, count)
    bio, iobes = (["O", "O"] + [f"{tag}-{kind}" for tag in tags for kind in ("PER", "LOC")] for tags in ("BI", "BIES"))
    out += "};\nstatic const span_case span_cases[] = {\n"
    for name, tags, agreement in (("BIO", bio, 0.7), ("BIO, noise", bio, 0.1), ("IOBES", iobes, 0.7), ("IOBES, noise", iobes, 0.1),
                                  ("one type", ["O", "B-X", "I-X"], 0.5), ("inside only", ["O", "I-A", "I-B"], 0.6),
                                  ("nothing", ["O"], 1)):
        out += span_case(name, tags, 12, agreement)
    out += "};\n/* clang-format on */\n"
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "label_cases.h"), "w") as file:
        file.write(out)


if __name__ == "__main__":
    main()
