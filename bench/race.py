#!/usr/bin/env python3
"""The race: Rondo against PyTorch, ONNX Runtime and oneDNN, side by side in one run (`make bench`).

usage: bench/race.py [--full] [--budget MINUTES] [--parts cells low named ...] [--only REGEX] [--rounds N] ...

A round times each side of a case once, one right after the other, every second round in the opposite order; the median of the
rounds counts. The cases of a part take their rounds in turn, so that a case's rounds lie far apart. With --budget each part has its
share of the time (SHARES): every case gets one round, then as far as time goes three, then those that have cost least get more, up to
--rounds; big shapes stay at few. Before and after each round bench/ping.c asks how the machine is: a round in a slow spell is thrown
away and run again, up to so many times (--retries), and the record says how often; a case whose rounds were all slow is marked. One line of JSON
for each case goes to build/bench/race.jsonl (--out), the first for the machine, its ceilings and all versions;
bench/report.py writes docs/performance.md from it. --append goes on with a file: cases that are in it are passed over.

Peers are those that bench/install-peers has put into build/peers; without any, Rondo runs alone.
"""
import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import time

import race_cases
import race_recipes
from race_sides import Absent, Machine, Peer, Peers, Rondo

# of a budget, by part: about what the full lists need
SHARES = {"cells": 40, "low": 10, "named": 6, "odd": 6, "step": 6, "variants": 4, "scaling": 8, "ragged": 4, "recipes": 20}
SOME = 3 # rounds that each case should have before any has more
FIELDS = ("median_ms", "min_ms", "p99_ms", "p999_ms")


class Entry:
    """A case on its way: its sides that still run, and the results of its rounds."""

    def __init__(self, case):
        self.case, self.sides, self.rounds, self.bad, self.pings = case, None, [], [], []
        self.visits, self.spent = 0, 0.0


def parse_side(name, threads):
    """"rondo+dx bf16 1t" -> who, dtype, gradient of the input, threads"""
    words = name.split()
    who, dx = words[0].removesuffix("+dx"), words[0].endswith("+dx")
    dtype = next((w for w in words[1:] if w in ("f32", "bf16", "int8")), "f32")
    return who, dtype, dx, 1 if "1t" in words else threads


class Race:
    def __init__(self, args):
        self.args, self.machine = args, Machine(args.folder)
        self.peers = Peers(args.peers, args.against)
        self.out = open(args.out, "a" if args.append else "w", encoding="utf-8")
        self.done = self.read_done() if args.append else set()

    def read_done(self):
        with open(self.args.out, encoding="utf-8") as file:
            return {self.key(r) for r in map(json.loads, file) if r["kind"] == "case"}

    @staticmethod
    def key(c):
        return json.dumps([c["part"], c["cell"], c["pass"], c["I"], c["H"], c["B"], c["T"], c.get("both", 0), c.get("options", []),
                           c.get("axis"), c.get("ragged"), c.get("name"), sorted(c["sides"])])

    def write(self, record):
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()

    def side(self, name):
        who, dtype, dx, threads = parse_side(name, self.args.threads)
        if who == "rondo":
            return Rondo(self.args.rondo, dtype, dx, threads, "shared" in name.split())
        worker = self.peers.worker(who, threads)
        return Peer(worker, dtype, dx) if worker else None

    def round(self, case, sides, backwards, results):
        """Times each side once. A side that fails is taken out of the race, with its reason."""
        for name in sorted(sides, reverse=backwards, key=list(case["sides"]).index):
            time.sleep(0.02) # threads of the side before go to sleep
            try:
                results[name] = sides[name].time(case, self.args.seconds, self.args.threads, self.args.least_runs)
            except Absent as e:
                results.pop(name, None)
                del sides[name]
                if name.startswith("rondo"):
                    print(f"  {name}: {e}")

    def visit(self, entry):
        """One round of a case; in a slow spell it is kept only for want of a better one."""
        begun, case, results = time.monotonic(), entry.case, {}
        one = case["pass"] == "step" or self.args.threads == 1 # then the other core does not matter
        if entry.sides is None:
            entry.sides = {name: side for name in case["sides"] if (side := self.side(name))}
        before = None if one else self.machine.wait(self.args.patience)
        self.round(case, entry.sides, entry.visits % 2 == 1, results)
        after = None if one else self.machine.ping()
        if self.machine.slow(before) or self.machine.slow(after):
            entry.bad.append(results)
        else:
            entry.rounds.append(results)
            entry.pings += [p for p in (before, after) if p is not None]
        entry.visits += 1
        entry.spent += time.monotonic() - begun

    def wanted(self, entry):
        return len(entry.rounds) < self.args.rounds and entry.visits < self.args.rounds + self.args.retries

    def run_part(self, cases, until):
        """Rounds in turn until each case has its number, or the time is up: then at least one of each."""
        entries = [Entry(c) for c in cases]
        while left := [e for e in entries if self.wanted(e)]:
            now = time.monotonic()
            if now > until:
                left = [e for e in left if not e.visits]
            elif until < float("inf"): # what does not fit any more is not begun
                left = [e for e in left if not e.visits or e.spent / e.visits < until - now]
            if not left:
                break
            self.visit(min(left, key=lambda e: (e.visits >= SOME, e.spent if e.visits >= SOME else e.visits)))
        for entry in entries:
            marked = not entry.rounds and bool(entry.bad)
            rounds = {}
            for results in entry.rounds or entry.bad:
                for name, result in results.items():
                    if name in entry.sides:
                        rounds.setdefault(name, []).append(result)
            self.record(entry.case, rounds, len(entry.bad), entry.pings, marked)

    def record(self, case, rounds, slow, pings, marked):
        record = {"kind": "case", **{k: v for k, v in case.items()}, "threads": self.args.threads, "rounds": max((len(r) for r in rounds.values()), default=0),
                  "slow_rounds": slow, "in_slow_spell": marked, "ping_ns": statistics.median(pings) if pings else None}
        record["sides"] = list(case["sides"])
        record["times"] = {
            name: {**{f: statistics.median(r[f] for r in results) for f in FIELDS}, "least_ms": min(r["median_ms"] for r in results),
                   "most_ms": max(r["median_ms"] for r in results), "runs": sum(r["runs"] for r in results),
                   **{k: results[0][k] for k in ("real_steps",) if k in results[0]}}
            for name, results in rounds.items()}
        self.write(record)
        shown = "  ".join(f"{n} {t['median_ms']:.4g}" for n, t in record["times"].items())
        print(f"{case['part']:8s} {case.get('name') or case['cell']:8s} {case['pass']:7s} I {case['I']} H {case['H']} B {case['B']} "
              f"T {case['T']}: {shown} ms{'  SLOW SPELL' if marked else ''}", flush=True)

    def describe(self):
        for name in self.peers.names: # to learn the versions
            self.peers.worker(name, self.args.threads)
        self.write({"kind": "machine", "mode": "full" if self.args.full else "quick", "threads": self.args.threads,
                    "seconds": self.args.seconds, "rounds": self.args.rounds, "budget": self.args.budget, "ceilings": self.machine.ceilings(self.args.threads),
                    "ping_ns": self.machine.ping(), "versions": self.peers.versions, **about(self.args.rondo)})

    def ends(self):
        """When a part must end that begins now: its share of what is left. The last part may take all of it."""
        parts, until = self.args.parts, self.begun + 60 * self.args.budget
        for i, part in enumerate(parts):
            now, rest = time.monotonic(), sum(SHARES[p] for p in parts[i:])
            yield part, now + max(0.0, until - now) * SHARES[part] / rest if self.args.budget else float("inf")

    def run(self):
        self.begun = time.monotonic()
        self.describe()
        for part, until in self.ends():
            begun = time.monotonic()
            if part == "recipes":
                self.peers.stop() # their memory and threads
                for record in race_recipes.run(self.args, until):
                    self.write(record)
            else:
                words = lambda case: " ".join(f"{k}={v}" for k, v in case.items())
                self.run_part([c for c in race_cases.PARTS[part](self.args.full)
                               if self.key(c) not in self.done and re.search(self.args.only, words(c))], until)
            self.write({"kind": "machine_after", "part": part, "ceilings": self.machine.ceilings(self.args.threads),
                        "ping_ns": self.machine.ping(), "seconds": round(time.monotonic() - begun, 1)})
        self.peers.stop()


def first(pattern, path, otherwise="unknown"):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read())
        return found.group(1).strip() if found else otherwise
    except OSError:
        return otherwise


def output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=os.path.dirname(os.path.abspath(__file__)))
        return done.stdout.strip()
    except OSError:
        return ""


def about(rondo):
    return {"date": datetime.date.today().isoformat(), "processor": first(r"model name\s*: (.*)", "/proc/cpuinfo", platform.machine()),
            "cores": len(os.sched_getaffinity(0)), "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": first(r'PRETTY_NAME="(.*)"', "/etc/os-release"), "kernel": platform.release(),
            "compiler": output("cc", "--version").split("\n")[0], "commit": output("git", "rev-parse", "--short", "HEAD"),
            "rondo": output(os.path.abspath(rondo), "--version").split("\n")[0]}


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--full", action="store_true", help="all cases; otherwise a few, about five minutes")
    p.add_argument("--budget", type=float, default=0, help="minutes for all parts together; 0: as long as the rounds take")
    parts = [*race_cases.PARTS, "recipes"]
    p.add_argument("--parts", nargs="+", choices=parts, default=parts)
    p.add_argument("--only", default="", help="cases whose 'name=value ...' matches this expression")
    p.add_argument("--rondo", default="build/rondo")
    p.add_argument("--peers", default="build/peers")
    p.add_argument("--against", nargs="*", default=list(Peers.NAMES), choices=Peers.NAMES)
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--rounds", type=int, default=0, help="at most, of each case; 0: 7 in full, else 3")
    p.add_argument("--seconds", type=float, default=0, help="of each turn; 0: 0.1")
    p.add_argument("--least-runs", type=int, default=0, help="of each turn, whatever they take; 0: 1 in full, else 3")
    p.add_argument("--patience", type=float, default=5, help="seconds to wait for a slow spell to end")
    p.add_argument("--retries", type=int, default=2, help="of a round in a slow spell")
    p.add_argument("--folder", default="build/bench")
    p.add_argument("--out", default="")
    p.add_argument("--append", action="store_true")
    p.add_argument("--enja-run", default="", help="a finished run of enja-attention.yaml, for decoding; otherwise a short one")
    p.add_argument("--recipe-steps", type=int, default=0, help="steps of training; 0: 40 in full, else 15")
    p.add_argument("--enja-lines", type=int, default=0, help="decode only so many lines; 0: all of dev")
    p.add_argument("--enja-steps", type=int, default=0, help="steps of the short run; 0: 600 in full, else decoding is left out")
    args = p.parse_args()
    args.rounds = args.rounds or (7 if args.full else 3)
    args.seconds = args.seconds or 0.1
    args.least_runs = args.least_runs or (1 if args.full else 3)
    args.out = args.out or os.path.join(args.folder, "race.jsonl")
    args.append = args.append and os.path.exists(args.out)
    os.makedirs(args.folder, exist_ok=True)
    return args


if __name__ == "__main__":
    Race(arguments()).run()
