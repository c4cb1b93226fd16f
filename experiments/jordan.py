"""A Jordan network's memory is what it has said. Does that serve where the past output is what matters, and not elsewhere?"""
from lab.page import table
from lab.plan import Job

NAME = "jordan"
TITLE = "Past outputs: Jordan against Elman"
CLAIM = "A Jordan network acts on its own past outputs: it does well where these are what matters of the past, and fails where something else does."

# About 200 parameters each: cell, hidden units, seconds.
CONTENDERS = {
    "Elman": ("elman", 12, 3.5),
    "Jordan": ("jordan", 48, 7),
    "Jordan, told in training": ("told", 48, 6),
    "GRU": ("gru", 7, 6),
    "LSTM": ("lstm", 6, 6),
}
RATE = 0.01
TASKS = {
    "follow": "a drive that cannot jump: at most 0.15 a step towards the set point",
    "relay": "a thermostat: on above 0.3, off below -0.3, between them as before",
    "echo": "the input of three steps ago",
    "now": "the square of the input",
}
THROUGH_OUTPUT, ELSEWHERE, NO_PAST = ("follow", "relay"), "echo", "now"


def plan(scale):
    steps = scale.pick(20000, 5000, 20)
    return [Job(task, name, seed, program=("experiments_control", task, cell, str(hidden), str(steps), str(RATE)), expect=seconds * steps / 20000)
            for seed in range(1, scale.seeds + 1) for task in TASKS for name, (cell, hidden, seconds) in CONTENDERS.items()]


def score(record):
    return record["unexplained"] * 100


def verdict(results):
    """A task counts as done where less than 5 % of the variance is left (the relay's own definition leaves its border cases)."""
    done = {t: (results.mean(t, "Jordan", score) or 100) < 5 for t in TASKS}
    elman = {t: (results.mean(t, "Elman", score) or 100) < 5 for t in TASKS}
    better = [t for t in THROUGH_OUTPUT if results.difference(t, "Jordan", "Elman", score).below]
    worse = [t for t in TASKS if results.difference(t, "Jordan", "Elman", score).above]
    told = ", ".join(f"{t} {results.told(t, 'Jordan', score, 2)} against {results.told(t, 'Elman', score, 2)}" for t in TASKS)
    told = f" (left unexplained, per cent, Jordan against Elman: {told}; a task counts as done below 5)"
    if not all(done[t] for t in THROUGH_OUTPUT) or done[ELSEWHERE]:
        return f"refuted with this budget: a Jordan network does not do what its outputs carry and fail at what they do not{told}"
    if better:
        return f"confirmed: it does what its outputs carry, better than Elman's in {' and '.join(better)}, and cannot do the echo{told}"
    if all(elman.values()):
        what = f"; Elman's is the better one in {', '.join(worse)}" if worse else ""
        return f"qualified: it does what its outputs carry and cannot do the echo, but an Elman network of the same size does all of it{what}{told}"
    return f"confirmed: it does what its outputs carry and cannot do the echo{told}"


def page(results, figures, extra):
    rows = [[n, *(results.told(t, n, score, 2) for t in TASKS), results.parameters("follow", n), results.seconds("follow", n)] for n in CONTENDERS]
    points = [(t, n, results.mean(t, n, score)) for t in TASKS for n in CONTENDERS if results.of(t, n)]
    out = ["A network reads a wandering input and has to say at each step what a controller would (experiments/control.c):", "",
           *table(["task", "what is asked"], TASKS.items(), left=2), "",
           "In *follow* and *relay* all that matters of the past is the output before, in *echo* it is an input, in *now* nothing is. The Jordan "
           "network feeds back its one output. *Told in training* means teacher forcing: the right output is fed back instead, in the test "
           "its own. All have some 200 parameters, the same batches (32 sequences of 50 steps, always new ones) and steps; the learning rate "
           f"falls from {RATE} to a tenth. Per cent of the output's variance that is left unexplained:", "",
           figures.bars("tasks", "What is left unexplained", "task", "per cent of the variance", points), "",
           *table(["network", *TASKS, "parameters", "seconds"], rows), ""]
    return out
