"""Who runs in bench/race.py, and how the machine is: each side times a case for a moment and gives the numbers of
`rondo bench cell --json`. Peers live in a process of their own for the whole race, asleep between their turns."""
import json
import os
import select
import subprocess
import time


class Absent(Exception):
    """This side does not offer the case, or is not installed."""


def answer_of(text):
    result = json.loads(text)
    if "error" in result:
        raise Absent(result["error"])
    return result


class Rondo:
    def __init__(self, program, dtype="f32", dx=False, threads=None, shared=False):
        self.program, self.dtype, self.dx, self.threads, self.shared = program, dtype, dx, threads, shared

    def time(self, case, seconds, threads, least=3):
        """A step takes one thread, as a stream does that nobody asked to share its steps."""
        threads = 1 if case["pass"] == "step" and not self.shared else self.threads or threads
        words = ["--cell", case["cell"], "--pass", case["pass"], "--input-size", case["I"], "--hidden-size", case["H"],
                 "--batch", case["B"], "--steps", case["T"], "--dtype", self.dtype, "--threads", threads,
                 "--seconds", seconds, "--least-runs", least, "--json", *case.get("options", [])]
        words += ["--bidirectional"] if case.get("both") else []
        words += ["--ragged"] if case.get("ragged") else []
        words += ["--input-gradient"] if self.dx and case["pass"] == "train" else []
        done = subprocess.run([self.program, "bench", "cell", *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            raise Absent(done.stderr.strip())
        return json.loads(done.stdout)


class Worker:
    """A program that answers requests line by line: its first line tells its version."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env={**os.environ, **environment})
        self.version = answer_of(self.read(120)).get("version", "")

    def read(self, limit=600):
        while True:
            if not select.select([self.process.stdout], [], [], limit)[0]:
                self.process.kill()
                raise Absent("no answer")
            line = self.process.stdout.readline()
            if not line:
                raise Absent("it has died")
            if line.startswith("{"): # libraries also talk on stdout
                return line

    def ask(self, line):
        if self.process.poll() is not None:
            raise Absent("it has died")
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return answer_of(self.read())


class Peer:
    def __init__(self, worker, dtype="f32", dx=False):
        self.worker, self.dtype, self.dx = worker, dtype, dx

    def time(self, case, seconds, threads, least=3):
        if case.get("options") or case["cell"] == "jordan":
            raise Absent("no such variant")
        values = {k: case[k] for k in ("cell", "pass", "I", "H", "B", "T")}
        values.update(both=int(bool(case.get("both"))), dx=int(self.dx), ragged=int(bool(case.get("ragged"))), dtype=self.dtype, seconds=seconds,
                      least=least)
        return self.worker.ask(" ".join(f"{k}={v}" for k, v in values.items()))


class Peers:
    """Starts each peer that is installed in a folder of bench/install-peers, once for each number of threads."""

    NAMES = ("pytorch", "onnxruntime", "onednn", "onednn-sycl")

    def __init__(self, folder, names, quiet=False):
        self.folder, self.names, self.workers, self.versions = folder, names, {}, {}
        self.here = os.path.dirname(os.path.abspath(__file__))
        for name in names:
            if not os.path.exists(os.path.join(folder, name)) and not quiet:
                print(f"{name} is not installed (bench/install-peers): left out")

    def command(self, name, threads):
        program = os.path.join(self.folder, name)
        if name in ("pytorch", "onnxruntime"):
            return [program, os.path.join(self.here, f"peer_{name}.py"), str(threads)]
        return [program]

    def environment(self, name, threads):
        result = {"OMP_NUM_THREADS": str(threads)}
        if name == "onednn-sycl":
            library = os.path.abspath(os.path.join(self.folder, "newest/lib"))
            result.update(DPCPP_CPU_NUM_CUS=str(threads), ONEDNN_VERBOSE="none", LD_LIBRARY_PATH=library,
                          OCL_ICD_FILENAMES=os.path.join(library, "libintelocl.so"))
        return result

    def worker(self, name, threads):
        """None where it is not installed, or not wanted, or has died."""
        if name not in self.names or not os.path.exists(os.path.join(self.folder, name)):
            return None
        key = (name, threads)
        held = self.workers.get(key)
        if held is not None and held.process.poll() is None:
            return held
        try:
            self.workers[key] = Worker(self.command(name, threads), self.environment(name, threads))
            self.versions[name] = self.workers[key].version
        except (Absent, OSError, json.JSONDecodeError) as e:
            print(f"{name} does not start: {e}")
            self.names = [n for n in self.names if n != name]
            return None
        return self.workers[key]

    def stop(self):
        for worker in self.workers.values():
            worker.process.stdin.close()
            try:
                worker.process.wait(10)
            except subprocess.TimeoutExpired:
                worker.process.kill()
        self.workers = {}


class Machine:
    """The round trip between two cores (bench/ping.c), and what the processor can do at most (bench/ceiling.c)."""

    SLOW = 250.0 # nanoseconds, and at least twice the quickest seen

    def __init__(self, folder):
        self.folder, self.best, self.last, self.at = folder, None, None, float("-inf")
        here = os.path.dirname(os.path.abspath(__file__))
        os.makedirs(folder, exist_ok=True)
        for name, flags in (("ping", []), ("ceiling", ["-march=native", "-ffp-contract=fast"])):
            source, program = os.path.join(here, f"{name}.c"), os.path.join(folder, name)
            if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
                subprocess.run([os.environ.get("CC", "cc"), "-O2", *flags, "-pthread", source, "-o", program], check=True)

    def call(self, name, *words):
        return json.loads(subprocess.run([os.path.join(self.folder, name), *map(str, words)], check=True, capture_output=True,
                                         text=True).stdout)

    def ping(self):
        """Nanoseconds, or None on one core."""
        ns = self.call("ping")["median_ns"]
        if ns is not None:
            self.best = min(ns, self.best or ns)
        self.last, self.at = ns, time.monotonic()
        return ns

    def slow(self, ns):
        return ns is not None and ns > self.SLOW and ns > 2 * self.best

    def wait(self, patience):
        """Waits for a good spell, for so many seconds at most: the last round trip, which may be that of a moment ago."""
        until = time.monotonic() + patience
        ns = self.last if time.monotonic() - self.at < 0.2 else self.ping()
        while self.slow(ns) and time.monotonic() < until:
            time.sleep(2)
            ns = self.ping()
        return ns

    def ceilings(self, threads):
        return [self.call("ceiling", n) for n in sorted({1, threads})]
