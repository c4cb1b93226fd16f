#!/usr/bin/env python3
"""The race: Rondo against PyTorch, ONNX Runtime and oneDNN, side by side in one run (`make bench`).

usage: bench/race.py [--full] [--parts cells low named odd step variants scaling recipes] [--only REGEX] [--rounds N] ...

A round times each side of a case once, one right after the other, every second round in the opposite order; the median of the
rounds counts. Before and after each round bench/ping.c asks how the machine is: a round in a slow spell is thrown away and run
again, up to so many times (--retries), and the record says how often; a case whose rounds were all slow is marked. One line of JSON
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

FIELDS = ("median_ms", "min_ms", "p99_ms", "p999_ms")


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
                           c.get("axis"), sorted(c["sides"])])

    def write(self, record):
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()

    def side(self, name):
        who, dtype, dx, threads = parse_side(name, self.args.threads)
        if who == "rondo":
            return Rondo(self.args.rondo, dtype, dx, threads)
        worker = self.peers.worker(who, threads)
        return Peer(worker, dtype, dx) if worker else None

    def round(self, case, sides, backwards, results):
        """Times each side once. A side that fails is taken out of the race, with its reason."""
        for name in sorted(sides, reverse=backwards, key=list(case["sides"]).index):
            time.sleep(0.02) # threads of the side before go to sleep
            try:
                results[name] = sides[name].time(case, self.args.seconds, self.args.threads)
            except Absent as e:
                results.pop(name, None)
                del sides[name]
                if name.startswith("rondo"):
                    print(f"  {name}: {e}")

    def run_case(self, case):
        one = case["pass"] == "step" or self.args.threads == 1 # then the other core does not matter
        sides = {name: side for name in case["sides"] if (side := self.side(name))}
        rounds, slow, pings, bad = {}, 0, [], {}
        for number in range(self.args.rounds):
            for attempt in range(self.args.retries + 1):
                results, before = {}, None if one else self.machine.wait(self.args.patience)
                self.round(case, sides, number % 2 == 1, results)
                after = None if one else self.machine.ping()
                if not (self.machine.slow(before) or self.machine.slow(after)):
                    break
                slow += 1
                bad = bad or results
            else:
                continue
            pings += [p for p in (before, after) if p is not None]
            for name, result in results.items():
                rounds.setdefault(name, []).append(result)
        marked = not rounds and bool(bad)
        rounds = {name: [r] for name, r in bad.items()} if marked else rounds
        self.record(case, {n: r for n, r in rounds.items() if n in sides}, slow, pings, marked)

    def record(self, case, rounds, slow, pings, marked):
        record = {"kind": "case", **{k: v for k, v in case.items()}, "threads": self.args.threads, "rounds": self.args.rounds,
                  "slow_rounds": slow, "in_slow_spell": marked, "ping_ns": statistics.median(pings) if pings else None}
        record["sides"] = list(case["sides"])
        record["times"] = {
            name: {**{f: statistics.median(r[f] for r in results) for f in FIELDS}, "least_ms": min(r["median_ms"] for r in results),
                   "most_ms": max(r["median_ms"] for r in results), "runs": sum(r["runs"] for r in results)}
            for name, results in rounds.items()}
        self.write(record)
        shown = "  ".join(f"{n} {t['median_ms']:.4g}" for n, t in record["times"].items())
        print(f"{case['part']:8s} {case.get('name') or case['cell']:8s} {case['pass']:7s} I {case['I']} H {case['H']} B {case['B']} "
              f"T {case['T']}: {shown} ms{'  SLOW SPELL' if marked else ''}", flush=True)

    def describe(self):
        for name in self.peers.names: # to learn the versions
            self.peers.worker(name, self.args.threads)
        self.write({"kind": "machine", "mode": "full" if self.args.full else "quick", "threads": self.args.threads,
                    "seconds": self.args.seconds, "rounds": self.args.rounds, "ceilings": self.machine.ceilings(self.args.threads),
                    "ping_ns": self.machine.ping(), "versions": self.peers.versions, **about(self.args.rondo)})

    def run(self):
        self.describe()
        for part in self.args.parts:
            if part == "recipes":
                continue
            for case in race_cases.PARTS[part](self.args.full):
                words = " ".join(f"{k}={v}" for k, v in case.items())
                if self.key(case) not in self.done and re.search(self.args.only, words):
                    self.run_case(case)
            self.write({"kind": "machine_after", "part": part, "ceilings": self.machine.ceilings(self.args.threads),
                        "ping_ns": self.machine.ping()})
        self.peers.stop()
        if "recipes" in self.args.parts:
            for record in race_recipes.run(self.args):
                self.write(record)


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
    p.add_argument("--full", action="store_true", help="all cases: hours; otherwise a few, about five minutes")
    parts = [*race_cases.PARTS, "recipes"]
    p.add_argument("--parts", nargs="+", choices=parts, default=parts)
    p.add_argument("--only", default="", help="cases whose 'name=value ...' matches this expression")
    p.add_argument("--rondo", default="build/rondo")
    p.add_argument("--peers", default="build/peers")
    p.add_argument("--against", nargs="*", default=list(Peers.NAMES), choices=Peers.NAMES)
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--rounds", type=int, default=0, help="0: 5 in full, else 3")
    p.add_argument("--seconds", type=float, default=0, help="of each turn; 0: 0.3 in full, else 0.1")
    p.add_argument("--patience", type=float, default=20, help="seconds to wait for a slow spell to end")
    p.add_argument("--retries", type=int, default=2, help="of a round in a slow spell")
    p.add_argument("--folder", default="build/bench")
    p.add_argument("--out", default="")
    p.add_argument("--append", action="store_true")
    p.add_argument("--enja-run", default="", help="a finished run of enja-attention.yaml, for decoding; otherwise a short one")
    p.add_argument("--recipe-steps", type=int, default=0, help="steps of training; 0: 60 in full, else 15")
    p.add_argument("--enja-steps", type=int, default=0, help="steps of the short run; 0: 600 in full, else decoding is left out")
    args = p.parse_args()
    args.rounds = args.rounds or (5 if args.full else 3)
    args.seconds = args.seconds or (0.3 if args.full else 0.1)
    args.out = args.out or os.path.join(args.folder, "race.jsonl")
    args.append = args.append and os.path.exists(args.out)
    os.makedirs(args.folder, exist_ok=True)
    return args


if __name__ == "__main__":
    Race(arguments()).run()
