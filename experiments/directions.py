"""Does a network that also reads backwards know more? On words, whose right neighbours matter, and on whole recordings."""
from gates import VOICES
from lab.page import table
from lab.plan import Job

NAME = "directions"
TITLE = "One direction and two"
CLAIM = "A bidirectional network also knows the future, and does better where that helps."
NEEDS = ["ud_english_ewt/en_ewt-ud-dev.conllu", "fsdd/fsdd.tar"]

# Hidden units; "wide" has as many parameters in its layer as both directions together.
SIZES = {"tagging": (128, 214), "digits": (96, 148)}
CASES = {"tagging": "parts of speech, English Web Treebank, per cent of words right", "digits": "spoken digits of a voice never heard, per cent right"}
CONTENDERS = ["one direction", "one direction, wide", "two directions"]


def contenders(case):
    small, wide = SIZES[case]
    return {"one direction": {"model.bidirectional": "false", "model.hidden_size": small},
            "one direction, wide": {"model.bidirectional": "false", "model.hidden_size": wide},
            "two directions": {"model.bidirectional": "true", "model.hidden_size": small}}


def plan(scale):
    jobs = []
    epochs, steps = scale.pick((4, 12), (1, 4))
    for seed in range(1, scale.seeds + 1):
        voice = VOICES[(seed - 1) % len(VOICES)]
        for name, sets in contenders("tagging").items():
            jobs.append(Job("tagging", name, seed, "recipes/pos-tags.yaml", {**sets, "train.epochs": epochs},
                            {"test": ["--data", "ud_english_ewt/en_ewt-ud-dev.conllu"]}, expect=14 * epochs))
        for name, sets in contenders("digits").items():
            jobs.append(Job("digits", name, seed, "recipes/digits-classify.yaml", {**sets, "data.where": f"speaker!={voice}", "train.epochs": steps},
                            {"test": ["--data", "fsdd/fsdd.tar/fsdd/train", "--where", f"speaker={voice}"]}, expect=0.85 * steps))
    return jobs


def score(record):
    return 100 * record["test"]["accuracy"]


def verdict(results):
    told, helped = [], []
    for case in CASES:
        gain = results.difference(case, "two directions", "one direction, wide", score)
        helped.append(gain.above)
        told.append(f"{case} {gain.told()} points over one direction with as many parameters"
                    f"{'' if gain.shown else ' (not shown to differ)'}")
    word = "confirmed" if all(helped) else "qualified" if any(helped) else "not confirmed with this budget"
    return f"{word}: {'; '.join(told)}"


def page(results, figures, extra):
    rows = [[c, n, results.told(c, n, score, 2), results.parameters(c, n), results.seconds(c, n)] for c in CASES for n in CONTENDERS if results.of(c, n)]
    points = [(c, n, results.mean(c, n, score)) for c in CASES for n in CONTENDERS if results.of(c, n)]
    gains = []
    for c in CASES:
        for other in CONTENDERS[:2]:
            d = results.difference(c, "two directions", other, score)
            gains.append([c, other, d.told(2), "yes" if d.shown else "no"])
    what = "; ".join(f"*{c}*: {w}" for c, w in CASES.items())
    return [f"One LSTM layer. {what[0].upper()}{what[1:]}. A tagger in one direction labels a word before it sees the next one (words are spelt in both directions in "
            "all three, `recipes/pos-tags.yaml`); a recording is heard to its end by all, and attention pooling looks at all its steps. *Wide* has as many "
            "parameters in its layer as both directions together. For digits each seed leaves another of the five voices out. The tagger's epochs "
            "are judged by the same development sentences that are reported, for all alike.", "",
            figures.bars("accuracy", "One direction and two", "", "per cent right", points), "",
            *table(["task", "network", "per cent right", "parameters", "seconds"], rows, left=2), "",
            "What two directions gain:", "", *table(["task", "over", "points", "shown"], gains, left=2), ""]
