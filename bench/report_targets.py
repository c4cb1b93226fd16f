"""The targets of the speed work, each checked against what bench/race.py measured, in bench/report.py."""
from report_tables import CELLS, number, operations, percent, ragged_cost, ratio, table, what_of

PLAIN = {"LSTM": "LSTM", "GRU": "GRU", "Elman": "Elman", "Jordan": "Elman"}


class Check:
    """One line of the table: of several values the worst is named."""

    def __init__(self, what, wanted, most=False, show=ratio):
        self.what, self.wanted, self.most, self.show, self.values = what, wanted, most, show, []

    def add(self, value, where, wanted=None):
        if value is not None:
            wanted = self.wanted if wanted is None else wanted
            self.values.append((value / wanted, value, where))

    def row(self):
        if not self.values:
            return [self.what, "not measured", "-", "-"]
        good = [v <= 1 if self.most else v >= 1 for v, _, _ in self.values]
        _, value, where = (max if self.most else min)(self.values, key=lambda v: v[0])
        verdict = "met" if all(good) else "**not met**"
        return [self.what, verdict, f"{sum(good)} of {len(good)}", f"{self.show(value)}: {where}"]


def square(k, what):
    return [c for c in k.of("cells", what) if c["cell"] in CELLS]


def train(k):
    """The gradient of the input is counted in where it is computed; the better of both shares counts."""
    share = Check("train, share of the fp32 ceiling, B >= 16: H >= 256 85 %, H = 128 75 %, H = 64 55 %", 1, show=percent)
    ahead = [Check(f"train: ahead of {n} in every cell", 1) for n in ("PyTorch", "oneDNN")]
    small, large = Check("train: 3 x PyTorch at H <= 128", 3), Check("train: 1.3 x PyTorch at H >= 512", 1.3)
    single = Check("train, B = 1, H = 64 to 512: 5 x PyTorch", 5)
    for c in square(k, "train"):
        if c["B"] >= 16:
            share.add(max((v for s in ("rondo", "rondo+dx") if (v := k.share(c, s))), default=None), what_of(c),
                      0.85 if c["H"] >= 256 else 0.75 if c["H"] >= 128 else 0.55)
        for check, who in zip(ahead, ("pytorch", "onednn")):
            check.add(k.against(c, who), what_of(c))
        (small if c["H"] <= 128 else large if c["H"] >= 512 else Check("", 1)).add(k.against(c, "pytorch"), what_of(c))
        if c["B"] == 1 and c["H"] <= 512:
            single.add(k.against(c, "pytorch"), what_of(c))
    return [share, *ahead, small, large, single]


def forward(k):
    share = Check("forward, share of the fp32 ceiling, H >= 256, B >= 16: 88 %", 0.88, show=percent)
    ahead = [Check(f"forward: ahead of {n} everywhere", 1) for n in ("ONNX Runtime", "oneDNN")]
    more = Check("forward, GRU and Elman: 1.3 x ONNX Runtime", 1.3)
    for c in square(k, "forward"):
        if c["H"] >= 256 and c["B"] >= 16:
            share.add(k.share(c, "rondo"), what_of(c))
        for check, who in zip(ahead, ("onnxruntime", "onednn")):
            check.add(k.against(c, who), what_of(c))
        if c["cell"] != "lstm":
            more.add(k.against(c, "onnxruntime"), what_of(c))
    return [share, *ahead, more]


def low(k):
    checks = []
    for what in ("train", "forward"):
        check = Check(f"bf16 {what}, H >= 256, B >= 32: 1.7 x our own fp32", 1.7)
        for c in k.of("low", what):
            own, bf16 = k.ms(c, "rondo"), k.ms(c, "rondo bf16")
            if c["H"] >= 256 and c["B"] >= 32 and own and bf16:
                check.add(own / bf16, what_of(c))
        checks.append(check)
    return checks


def steps(k):
    limits = {32: 0.4, 64: 1.5, 128: 3.5, 256: 15}
    micro = lambda v: f"{number(v)} µs"
    median = Check("one step, LSTM fp32, H = 32, 64, 128, 256: at most 0.4, 1.5, 3.5, 15 µs", 1, most=True, show=micro)
    tail = Check("one step, LSTM fp32: 99 % within 1.5 x the median", 1.5, most=True)
    int8 = Check("one step, LSTM int8, H >= 128: at most half of fp32", 0.5, most=True)
    peers = [Check("one step, LSTM: 10 x PyTorch", 10), Check("one step, LSTM: 2.5 x ONNX Runtime", 2.5)]
    own = {c["H"]: k.ms(c, "rondo") for c in k.of("step", "step", "lstm") if k.ms(c, "rondo")}
    for c in k.of("step", "step", "lstm"):
        where, one, low8 = f"H {c['H']}", k.ms(c, "rondo"), k.ms(c, "rondo int8")
        if one:
            shared = k.ms(c, "rondo shared") or one
            side = "rondo shared" if shared < one else "rondo"
            if c["H"] in limits:
                median.add(1000 * min(one, shared), f"{where}, {'all threads' if shared < one else 'one thread'}", limits[c["H"]])
                tail.add(k.ms(c, side, "p99_ms") / k.ms(c, side), where)
            for check, who in zip(peers, ("pytorch", "onnxruntime")):
                check.add(k.against(c, who), where)
        if low8 and c["H"] >= 128 and c["H"] in own:
            int8.add(low8 / own[c["H"]], where)
    return [median, tail, int8, *peers]


def variants(k):
    check = Check("variants: 70 % of the plain cell's speed", 0.7, show=percent)
    by = {(c["pass"], c["H"], c["name"]): c for c in k.of("variants") if k.ms(c, "rondo")}
    speed = lambda c: operations(c, False) / k.ms(c, "rondo")
    for (what, H, name), c in by.items():
        base = by.get((what, H, PLAIN[name.split(",")[0]]))
        if base and base is not c:
            check.add(speed(c) / speed(base), f"{name}, H {H}, {what}")
    return [check]


def scaling(k):
    linear = [Check(f"cost linear in {axis} within 10 % ({span})", 1.1, most=True)
              for axis, span in (("T", "dearest over cheapest step, 16 to 4096"), ("B", "from B = 16 on"))]
    for axis, check in zip("TB", linear):
        for what in ("train", "forward"):
            each = [k.ms(c, "rondo") / c[axis] for c in k.of("scaling", what)
                    if c.get("axis") == axis and c[axis] >= 16 and k.ms(c, "rondo")]
            if len(each) > 1:
                check.add(max(each) / min(each), what)
    threads = Check(f"{k.threads} threads: 1.8 x one for H >= 256", 1.8)
    for c in k.of("scaling"):
        one, all_of_them = k.ms(c, "rondo 1t"), k.ms(c, "rondo")
        if c.get("axis") == "threads" and c["H"] >= 256 and one and all_of_them:
            threads.add(one / all_of_them, f"{what_of(c)}, {c['pass']}")
    ragged = Check("ragged batches: a real step costs at most 1.05 of one in the full batch", 1.05, most=True)
    for c, _, _, cost in ragged_cost(k):
        ragged.add(cost("rondo"), f"{what_of(c)}, {c['pass']}")
    return [*linear, threads, ragged]


def recipes(records):
    training = Check("shakespeare and enja-attention, training: 2 x PyTorch in the same precision", 2)
    low = Check("shakespeare and enja-attention, training in bf16: 2 x PyTorch in fp32", 2)
    plain = {x["name"].replace(", f32", ""): x["times"].get("pytorch") for x in records.values() if "bf16" not in x["name"]}
    decoding = [Check(f"enja decoding, beam 5, batch {b}: {n} x PyTorch", n) for b, n in ((64, 5), (1, 10))]
    memory = Check("training: at most a third of PyTorch's resident size", 1 / 3, most=True)
    for x in records.values():
        ours, theirs, m = x["times"].get("rondo"), x["times"].get("pytorch"), x["memory_mib"]
        fp32 = plain.get(x["name"].replace(", bf16", ""))
        if ours and fp32 and "training, bf16" in x["name"]:
            low.add(ours / fp32, x["name"])
        if ours and theirs:
            if "training" in x["name"]:
                training.add(ours / theirs, x["name"])
            for check, batch in zip(decoding, ("64", "1")):
                if x["name"].endswith(f"beam 5, batch {batch}"):
                    check.add(ours / theirs, x["name"])
        if m.get("rondo") and m.get("pytorch"):
            memory.add(m["rondo"] / m["pytorch"], x["name"])
    sizes = Check("training: peak at most 1.2 x (parameters x 4 + saved activations as the sizes functions state)", 1.2, most=True)
    return [training, low, *decoding, memory, sizes]


def targets(k, records):
    checks = [*train(k), *forward(k), *low(k), *steps(k), *variants(k), *scaling(k), *recipes(records)]
    text = ("What was set as a goal before the work began, on this kind of machine. The last column names the case that is worst "
            "against its goal. "
            "Of training, the better share of with and without the gradient to the input counts.")
    return ["## Goals", "", text, "", *table(["goal", "verdict", "cases that meet it", "worst"], [c.row() for c in checks])]
