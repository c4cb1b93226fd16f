"""The tables of bench/report.py."""

CELLS = {"lstm": "LSTM", "gru": "GRU", "elman": "Elman"}
GATES = {"lstm": 4, "gru": 3, "elman": 1, "jordan": 1}
PASSES = {"train": "training (forward and backward)", "forward": "forward", "step": "one step"}


def number(value, digits=3):
    """Three digits that count."""
    if value is None:
        return "-"
    if value >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def ratio(value):
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def percent(value):
    return "-" if value is None else f"{100 * value:.0f} %"


def table(head, rows):
    left = lambda cells: "| " + " | ".join(str(c) for c in cells) + " |"
    return [left(head), "| " + " | ".join("---" if i == 0 else "---:" for i in range(len(head))) + " |", *map(left, rows)]


def operations(c, dx):
    """Additions and multiplications: of training without the input's gradient W_ih's product is left out once."""
    I, H, G = c["I"], c["H"], GATES[c["cell"]]
    options = c.get("options", [])
    R = int(options[options.index("--projection-size") + 1]) if "--projection-size" in options else H
    after = R if R != H or c["cell"] == "jordan" else 0
    steps = c["times"].get("rondo", {}).get("real_steps", c["T"] * c["B"]) if c.get("ragged") else c["T"] * c["B"]
    rows = 2.0 * steps * H * (2 if c.get("both") else 1)
    forward = rows * (G * (I + R) + after)
    return forward if c["pass"] != "train" else 3 * forward - (0 if dx else rows * G * I)


class Cases:
    def __init__(self, cases, ceilings, threads):
        self.all, self.ceilings, self.threads = cases, ceilings, threads

    def of(self, part, what=None, cell=None):
        return [c for c in self.all if c["part"] == part and what in (None, c["pass"]) and cell in (None, c["cell"])]

    @staticmethod
    def ms(c, side, field="median_ms"):
        return c["times"][side][field] if side in c["times"] else None

    def share(self, c, side):
        """Of the fp32 ceiling with as many threads."""
        ms, threads = self.ms(c, side), 1 if c["pass"] == "step" or "1t" in side else self.threads
        ceiling = self.ceilings.get(threads, {}).get("fp32")
        return operations(c, "+dx" in side) / ms / 1e6 / ceiling if ms and ceiling else None

    def best(self, c, who, field="median_ms"):
        """A peer's better time among its builds and numbers of threads, of one kind of number."""
        times = [t[field] for side, t in c["times"].items()
                 if side.split()[0].removesuffix("-sycl") == who and not {"bf16", "int8"} & set(side.split())]
        return min(times, default=None)

    def ours(self, c, who):
        """Rondo's time that does what the peer does; of a step the better of one thread and all, as of the peers."""
        if c["pass"] == "step":
            return self.best(c, "rondo")
        return self.ms(c, "rondo+dx" if who == "onednn" and c["pass"] == "train" else "rondo")

    def against(self, c, who):
        theirs, ours = self.best(c, who), self.ours(c, who)
        return theirs / ours if theirs and ours else None


def star(c, text):
    return f"{text}*" if c["in_slow_spell"] else text


def told(value):
    """A ratio, marked where the peer is ahead."""
    return f"**{ratio(value)} behind**" if value is not None and value < 1 else ratio(value)


def what_of(c):
    shape = f"I {c['I']}, H {c['H']}" if c["I"] != c["H"] else f"H {c['H']}"
    steps = "" if c["T"] in (1, 64) else f", T {c['T']}"
    return f"{CELLS.get(c['cell'], c['cell'])} {shape}, B {c['B']}{steps}"


TRAIN_HEAD = ["Rondo, ms", "PyTorch, ms", "ratio", "Rondo with dx, ms", "share", "oneDNN, ms", "oneDNN SYCL, ms", "ratio"]
FORWARD_HEAD = ["Rondo, ms", "share", "PyTorch, ms", "ratio", "ONNX Runtime, ms", "ratio", "oneDNN, ms", "oneDNN SYCL, ms", "ratio"]


def train_row(k, c):
    ms = lambda side: number(k.ms(c, side))
    return [ms("rondo"), ms("pytorch"), told(k.against(c, "pytorch")), ms("rondo+dx"), percent(k.share(c, "rondo+dx")), ms("onednn"),
            ms("onednn-sycl"), told(k.against(c, "onednn"))]


def forward_row(k, c):
    ms = lambda side: number(k.ms(c, side))
    return [ms("rondo"), percent(k.share(c, "rondo")), ms("pytorch"), told(k.against(c, "pytorch")), ms("onnxruntime"),
            told(k.against(c, "onnxruntime")), ms("onednn"), ms("onednn-sycl"), told(k.against(c, "onednn"))]


def layer_tables(k, part, title, drawn):
    out = []
    for what, head, row in (("train", TRAIN_HEAD, train_row), ("forward", FORWARD_HEAD, forward_row)):
        for cell, name in CELLS.items():
            found = k.of(part, what, cell)
            if not found:
                continue
            rows = [[star(c, f"{c['H']}, {c['B']}" if part == "cells" else c.get("name") or what_of(c)), *row(k, c)] for c in found]
            first = "H, B" if part == "cells" else "shape"
            picture = drawn.get(f"{what}-{cell}-size") if part == "cells" else None
            out.append([f"### {name}, {PASSES[what]}", "", *table([first, *head], rows), *(["", picture] if picture else [])])
    return [[f"## {title}"], *out] if out else []


def low_tables(k):
    out = []
    for what in ("train", "forward"):
        rows = []
        for c in k.of("low", what):
            ms, own = (lambda side: number(k.ms(c, side))), k.ms(c, "rondo")
            gain = lambda side: ratio(own / k.ms(c, side)) if own and k.ms(c, side) else "-"
            better = lambda dtype, names: min((t for n in names if (t := k.ms(c, f"{n} {dtype}"))), default=None)
            onednn = better("bf16", ("onednn", "onednn-sycl"))
            row = [star(c, what_of(c)), ms("rondo"), ms("rondo bf16"), gain("rondo bf16")]
            if what == "train":
                beside = k.ms(c, "rondo+dx bf16")
                row += [number(beside), number(onednn), ratio(onednn / beside) if onednn and beside else "-"]
            else:
                bf16, int8 = k.ms(c, "rondo bf16"), k.ms(c, "rondo int8")
                others = better("int8", ("onednn", "onednn-sycl", "onnxruntime"))
                row += [number(onednn), ratio(onednn / bf16) if onednn and bf16 else "-", ms("pytorch bf16"), number(int8),
                        gain("rondo int8"), number(others), ratio(others / int8) if others and int8 else "-"]
            rows.append(row)
        head = ["shape", "fp32, ms", "bf16, ms", "over fp32"]
        head += (["bf16 with dx, ms", "oneDNN bf16, ms", "ratio"] if what == "train" else
                 ["oneDNN bf16, ms", "ratio", "PyTorch bf16, ms", "int8, ms", "over fp32", "best peer int8, ms", "ratio"])
        if rows:
            out.append([f"### {PASSES[what].capitalize()}", "", *table(head, rows)])
    return [["## bf16 and int8"], *out] if out else []


def step_tables(k, drawn):
    out = []
    three = lambda c, side: " / ".join(number(1000 * c["times"][side][f]) for f in ("median_ms", "p99_ms", "p999_ms")) \
        if side in c["times"] else "-"
    for cell, name in CELLS.items():
        rows = []
        for c in k.of("step", "step", cell):
            if "rondo" not in c["times"]:
                continue
            low = next((d for d in k.of("step", "step", cell) if d["H"] == c["H"] and "rondo bf16" in d["times"]), {"times": {}})
            peers = [(number(1000 * b) if (b := k.best(c, who)) else "-", told(k.against(c, who)))
                     for who in ("pytorch", "onnxruntime", "onednn")]
            rows.append([c["H"], three(c, "rondo"), three(c, "rondo shared"), three(low, "rondo bf16"), three(low, "rondo int8"),
                         *(v for p in peers for v in p)])
        if rows:
            head = ["H", "Rondo fp32", f"on {k.threads} threads", "bf16", "int8", "PyTorch", "ratio", "ONNX Runtime", "ratio", "oneDNN", "ratio"]
            picture = drawn.get(f"step-{cell}")
            out.append([f"### {name}", "", *table(head, rows), *(["", picture] if picture else [])])
    text = ("One step with carried state, B = 1, I = H, in µs: Rondo on one thread, median / 99 % / 99.9 % of the steps lie below; peers, fp32, "
            "their better median with one thread or all. A stream may also share its steps among threads (`rondo_stream_share`): that is the "
            "second column; ratios are to Rondo's better median, too.")
    return [["## Streaming", "", text], *out] if out else []


def variants_table(k):
    plain = {"LSTM": "LSTM", "GRU": "GRU", "Elman": "Elman", "Jordan": "Elman"}
    rows, by = [], {(c["pass"], c["H"], c["name"]): c for c in k.of("variants")}
    for (what, H, name), c in by.items():
        base = by.get((what, H, plain[name.split(",")[0]]))
        speed = lambda x: operations(x, False) / k.ms(x, "rondo") if x and k.ms(x, "rondo") else None
        if base is not c and speed(c) and speed(base):
            rows.append([star(c, f"{name}, H {H}, {what}"), number(k.ms(c, "rondo")), number(k.ms(base, "rondo")),
                         percent(speed(c) / speed(base))])
    text = "B = 32, T = 64. Speed is arithmetic a second: a projection does less of it than the plain cell, a Jordan network twice Elman's."
    return [["## Variants", "", text, "", *table(["variant", "ms", "plain cell, ms", "of its speed"], rows)]] if rows else []


def scaling_tables(k, drawn):
    out = []
    for axis in ("T", "B"):
        rows = []
        for what in ("train", "forward"):
            for c in sorted((c for c in k.of("scaling", what) if c.get("axis") == axis), key=lambda c: c[axis]):
                ms = k.ms(c, "rondo")
                least = min(c[axis] for c in k.of("scaling", what) if c.get("axis") == axis)
                first = next(k.ms(c, "rondo") for c in k.of("scaling", what) if c.get("axis") == axis and c[axis] == least)
                grown = ms / c[axis] / (first / least) if ms and first else None
                rows.append([star(c, f"{what}, {axis} = {c[axis]}"), number(ms), ratio(grown), number(1e3 * ms / c["T"] / c["B"]) if ms else "-",
                             number(k.ms(c, "pytorch")), number(k.ms(c, "rondo+dx")), number(k.ms(c, "onednn"))])
        if rows:
            out.append([f"### Against {axis}", "", *table(["LSTM", "Rondo, ms", "of linear", "µs a row and step", "PyTorch, ms", "Rondo with dx, ms", "oneDNN, ms"], rows),
                        *(line for n in ("train", "forward") if (p := drawn.get(f"{n}-{'steps' if axis == 'T' else 'batch'}"))
                          for line in ("", p))])
    rows = [[star(c, f"{what}, H = {c['H']}"), number(one), number(both), ratio(one / both)]
            for what in ("train", "forward") for c in k.of("scaling", what) if c.get("axis") == "threads"
            if (one := k.ms(c, "rondo 1t")) and (both := k.ms(c, "rondo"))]
    if rows:
        out.append(["### Threads", "", *table(["LSTM, B = 32", "one thread, ms", f"{k.threads} threads, ms", "speed-up"], rows),
                    *(line for n in ("train", "forward") if (p := drawn.get(f"{n}-threads")) for line in ("", p))])
    return [["## Scaling"], *out] if out else []


def ragged_cost(k):
    """(case, its full batch, cost of a real step over that in the full batch) of each ragged case."""
    for c in k.of("ragged"):
        full = next((d for d in k.of("ragged", c["pass"], c["cell"]) if d["H"] == c["H"] and not d["ragged"]), None)
        if c["ragged"] and full and k.ms(c, "rondo") and k.ms(full, "rondo"):
            share = c["times"]["rondo"]["real_steps"] / (c["B"] * c["T"])
            yield c, full, share, lambda side, c=c, full=full, share=share: \
                k.ms(c, side) / share / k.ms(full, side) if k.ms(c, side) and k.ms(full, side) else None


def ragged_table(k):
    rows = [[star(c, f"{what_of(c)}, {c['pass']}"), number(k.ms(full, "rondo")), number(k.ms(c, "rondo")), percent(share),
             ratio(cost("rondo")), number(k.ms(c, "pytorch")), ratio(cost("pytorch")), told(k.against(c, "pytorch"))]
            for c, full, share, cost in ragged_cost(k)]
    head = ["layer", "full, ms", "ragged, ms", "real steps", "cost of a real step", "PyTorch, packed, ms", "its cost", "ratio"]
    text = ("Lengths drawn from 1 to T, given to Rondo in no order, to PyTorch as a packed sequence sorted and packed beforehand. The cost of a "
            "real step is set against the same layer's full batch: 1 means work in proportion to what is real.")
    return [["## Ragged batches", "", text, "", *table(head, rows)]] if rows else []


def page_tables(k, drawn):
    return [*layer_tables(k, "cells", "One layer (T = 64, I = H)", drawn), *low_tables(k),
            *layer_tables(k, "named", "Shapes that go by a name", drawn), *layer_tables(k, "odd", "Odd shapes", drawn),
            *step_tables(k, drawn), *variants_table(k), *scaling_tables(k, drawn), *ragged_table(k)]
