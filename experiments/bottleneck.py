"""One vector for a whole sentence, or a look at each of its words? And a Transformer of the same size beside them."""
import os
import pathlib

from lab.page import table
from lab.plan import DataSet, Job

NAME = "bottleneck"
TITLE = "The bottleneck of one vector"
CLAIM = "One context vector is a bottleneck for long sentences, and attention removes it."
NEEDS = ["enja/train.ja"]

SIZES = {"model.embedding_size": 128, "model.encoder.hidden_size": 128, "model.decoder.hidden_size": 256}
TRANSFORMER = {"model.embedding_size": 128, "model.encoder.layers": 3, "model.decoder.layers": 3, "model.embedding_dropout": 0.1,
               "model.encoder.dropout": 0.1, "model.decoder.dropout": 0.1, "model.output_dropout": 0.1,
               "train.optimizer.learning_rate": 0.001, "train.schedule.warmup_steps": 400}
CONTENDERS = {
    "context vector": ("recipes/enja-context-vector.yaml", SIZES, 215),
    "attention": ("recipes/enja-attention.yaml", SIZES, 258),
    "Transformer": ("experiments/recipes/enja-transformer.yaml", TRANSFORMER, 425),
}
HELD = 3000  # of the training sentences: more than the 500 for development, so that each length has enough


def write(folder, lines):
    """The first lines train, the last HELD test."""
    source = pathlib.Path(os.environ.get("RONDO_DATA", "data")) / "enja"
    for side in ("ja", "en"):
        text = (source / f"train.{side}").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"train.{side}").write_text("".join(text[:-HELD][:lines]), encoding="utf-8")
        (folder / f"test.{side}").write_text("".join(text[-HELD:]), encoding="utf-8")


def plan(scale):
    lines, epochs = scale.pick((50000, 6), (10000, 3), (1000, 1))
    data = DataSet(f"enja {lines} v1", lambda folder: write(folder, lines))
    jobs = []
    for seed in range(1, scale.seeds + 1):
        for name, (recipe, sets, seconds) in CONTENDERS.items():
            sets = {**sets, "train.epochs": epochs, "data.train_source": "train.ja", "data.train_target": "train.en", "train.metric": "valid_loss"}
            if scale.name != "full":  # few sentences: more, smaller steps
                sets |= {"train.batch_tokens": 1000, "train.schedule.warmup_steps": 50, "model.embedding_dropout": 0.1, "model.output_dropout": 0.1}
            jobs.append(Job("ja to en", name, seed, recipe, sets, {"test": ["--data", "{data}/test.ja", "{data}/test.en", "--bleu-tokenize", "none"]},
                            data=data, expect=seconds * lines * epochs / 300000))
    return jobs


def bleu(record):
    return record["test"]["bleu"]


def lengths(results):
    """The groups that hold enough sentences to say something."""
    groups = results.records[0]["test"]["bleu_by_length"]
    return [i for i, g in enumerate(groups) if g["segments"] >= 50]


def at(i):
    return lambda record: record["test"]["bleu_by_length"][i]["bleu"]


def loss_of_length(results, name):
    """{seed: BLEU of the shortest group less that of the longest}"""
    groups = lengths(results)
    return results.values("ja to en", name, lambda r: at(groups[0])(r) - at(groups[-1])(r))


def verdict(results):
    from lab.numbers import Difference, told
    case, groups = "ja to en", lengths(results)
    gain = {i: results.difference(case, "attention", "context vector", at(i)) for i in groups}
    falls = {n: loss_of_length(results, n) for n in CONTENDERS}
    steeper = Difference(falls["context vector"], falls["attention"])
    short, long = gain[groups[0]], gain[groups[-1]]
    facts = (f"attention is worth {short.told()} BLEU in the shortest sentences and {long.told()} in the longest; from the one to the other "
             f"the context vector loses {told(list(falls['context vector'].values()))} BLEU, attention {told(list(falls['attention'].values()))}")
    if long.above and steeper.above:
        return f"confirmed: {facts}"
    if long.above:
        return f"qualified: attention is better in long sentences, but that it falls less with length is not shown: {facts}"
    return f"not confirmed with this budget: {facts}"


def page(results, figures, extra):
    case, groups = "ja to en", lengths(results)
    named = [results.records[0]["test"]["bleu_by_length"][i] for i in groups]
    labels = [f"{g['low']} to {g['high']}" for g in named]
    rows = [[n, *(results.told(case, n, at(i)) for i in groups), results.told(case, n, bleu), results.parameters(case, n),
             results.seconds(case, n)] for n in CONTENDERS]
    points = [(label, n, results.mean(case, n, at(i))) for i, label in zip(groups, labels) for n in CONTENDERS if results.of(case, n)]
    counts = ", ".join(f"{g['segments']} of {label}" for g, label in zip(named, labels))
    difference = results.difference(case, "Transformer", "attention", bleu)
    word = "better than" if difference.above else "worse than" if difference.below else "not shown to differ from"
    return ["Japanese to English. Three networks of about the same number of parameters see the same sentences, batches and epochs: an LSTM "
            "encoder-decoder whose last encoder state is all that the decoder knows; the same with attention (general, Luong 2015); a "
            f"Transformer. BLEU (greedy, words as they stand) of {HELD:,} held-out sentences by the number of words of the source: {counts}.", "",
            figures.bars("length", "BLEU by length of the source", "words of the source", "BLEU", points), "",
            *table(["network", *labels, "all", "parameters", "seconds"], rows), "",
            f"With this size and budget the Transformer is {word} the LSTM with attention ({difference.told()} BLEU).", ""]
