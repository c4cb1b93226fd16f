"""Runs jobs side by side, one thread each, and keeps what they gave as lines of JSON: what is there already is not run again."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failed(Exception):
    pass


class Stopped(Exception):
    pass


class Calls:
    """Commands that run beside each other. They do not see a Ctrl-C at the terminal, on which `rondo train` would save what it has and
    end: all of them are killed instead, and half a training is never taken for one."""

    def __init__(self):
        self.lock, self.live, self.stopped = threading.Lock(), set(), False

    def start(self, words, out, cwd):
        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen([str(w) for w in words], stdout=out, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=cwd, text=True,
                                       start_new_session=True)
            self.live.add(process)
            return process

    def call(self, words, log, cwd):
        """Seconds of processor time, exit code, what stood on stdout and stderr. Processor time hardly changes with what else runs."""
        with open(log, "w+", encoding="utf-8") as out:
            process = self.start(words, out, cwd)
            errors = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self.lock:
                self.live.discard(process)
            process.stderr.close()
            if self.stopped:
                raise Stopped
            out.seek(0)
            return used.ru_utime + used.ru_stime, process.returncode, out.read(), errors.strip()

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.live:
                process.kill()


def maker(rondo):
    """Who made a record: version of rondo, instruction set, processor."""
    said = subprocess.run([rondo, "--version"], capture_output=True, text=True).stdout.splitlines()
    isa = next((line.split()[2] for line in said if line.startswith("instruction set:")), "?")
    cpu = pathlib.Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")] if cpu.exists() else []
    return f"{said[0] if said else 'rondo'} ({isa}) on {names[0] if names else 'an unknown processor'}"


class Lab:
    def __init__(self, rondo, build, work, jobs):
        self.rondo, self.build, self.work, self.jobs = rondo, build, work, jobs
        self.made = maker(rondo)
        self.lock, self.making = threading.Lock(), {}
        self.calls = Calls()

    # ---- records ----

    def file(self, name):
        return self.work / f"{name}.jsonl"

    def read(self, name):
        """Whole lines only: the last one may have been cut off."""
        records = []
        if self.file(name).exists():
            for line in self.file(name).read_text(encoding="utf-8").splitlines():
                try:
                    records.append(json.loads(line))
                except ValueError:
                    continue
        return records

    def note(self, name, record):
        with self.lock:
            self.work.mkdir(parents=True, exist_ok=True)
            path = self.file(name)
            cut = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
            with open(path, "a", encoding="utf-8") as out:
                out.write(("\n" if cut else "") + json.dumps(record) + "\n")

    def results(self, name, jobs):
        """Of each job the last record made with the settings that it has now."""
        wanted = {(j.case, j.contender, j.seed, j.settings(self.recipe_text(j))) for j in jobs}
        found = {}
        for r in self.read(name):
            key = (r.get("case"), r.get("contender"), r.get("seed"), r.get("settings"))
            if key in wanted:
                found[key] = r
        return list(found.values())

    @staticmethod
    def recipe_text(job):
        return (ROOT / job.recipe).read_text(encoding="utf-8") if job.recipe else ""

    # ---- data ----

    def data(self, data):
        """The folder of a data set, made once; a half-made one is never taken for it."""
        folder = self.work.parent / "data" / data.mark.replace(" ", "-").replace("/", "-")
        with self.lock:
            guard = self.making.setdefault(data.mark, threading.Lock())
        with guard:
            if not folder.exists():
                folder.parent.mkdir(parents=True, exist_ok=True)
                half = pathlib.Path(tempfile.mkdtemp(prefix=folder.name + ".", dir=folder.parent))
                data.write(half)
                try:
                    half.rename(folder)
                except OSError:  # another run made it meanwhile
                    shutil.rmtree(half)
        return folder

    # ---- one job ----

    def model_of(self, name, job):
        return self.work / "models" / name / f"{job.case}-{job.contender}-{job.seed}".replace(" ", "-").replace("/", "-").replace(",", "")

    def train(self, job, out, folder):
        sets = {"train.seed": job.seed, "train.threads": 1, "train.prefetch": "off", **job.sets}
        if folder:
            sets["data.folder"] = folder
        words = [self.rondo, "train", ROOT / job.recipe, "--out", out, "--quiet"]
        for key, value in sets.items():
            words += ["--set", f"{key}={value}"]
        seconds, code, _, errors = self.calls.call(words, out.with_suffix(".log"), self.work)
        if code and not (re.search(r"step \d+.* loss is ", errors) and (out / "model.safetensors").exists()):
            raise Failed(f"{job.label()}: rondo train: {errors}")
        return {"seconds": round(seconds, 2), "diverged": errors if code else None}

    def json_of(self, job, words, log):
        seconds, code, text, errors = self.calls.call(words, log, self.work)
        if code:
            raise Failed(f"{job.label()}: {' '.join(map(str, words[1:3]))}: {errors}")
        return json.loads(text), round(seconds, 2)

    def run_recipe(self, name, job):
        folder = self.data(job.data) if job.data else None
        out = self.model_of(name, job)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        log = out.with_suffix(".log")
        record = self.train(job, out, folder)
        model = out / "model.safetensors"
        record["parameters"] = self.json_of(job, [self.rondo, "info", model, "--json"], log)[0]["parameters"]
        for measure, words in job.measures.items():
            words = [w.replace("{data}", str(folder)) for w in words]
            record[measure] = self.json_of(job, [self.rondo, "eval", model, *words, "--json", "--threads", "1"], log)[0]
        log.unlink()
        if not job.keep:
            shutil.rmtree(out)
        return record

    def run_program(self, name, job):
        log = self.model_of(name, job).with_suffix(".log")
        log.parent.mkdir(parents=True, exist_ok=True)
        record, seconds = self.json_of(job, [self.build / job.program[0], *job.program[1:], "--seed", job.seed], log)
        log.unlink()
        return {"seconds": seconds, **record}

    def run(self, name, job):
        record = (self.run_program if job.program else self.run_recipe)(name, job)
        record = {"case": job.case, "contender": job.contender, "seed": job.seed, "settings": job.settings(self.recipe_text(job)), "made": self.made, **record}
        self.note(name, record)
        return record

    # ---- all of them ----

    def run_all(self, todo):
        """todo: [(experiment's name, job)]. Returns how many failed; the others go on."""
        left, began, failed, done = sum(j.expect for _, j in todo), time.monotonic(), 0, 0.0
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            waiting = {pool.submit(self.run, name, job): (name, job) for name, job in todo}
            try:
                for n, future in enumerate(concurrent.futures.as_completed(waiting), 1):
                    name, job = waiting[future]
                    done, left = done + job.expect, left - job.expect
                    pace = (time.monotonic() - began) / done
                    try:
                        told = f"{future.result()['seconds']:.1f} s"
                    except Failed as error:
                        failed, told = failed + 1, f"FAILED: {error}"
                    print(f"{n}/{len(todo)} {name}: {job.label()}: {told}; {left * pace / 60:.0f} min left", file=sys.stderr, flush=True)
            except KeyboardInterrupt:
                self.calls.stop()
                pool.shutdown(cancel_futures=True)
                raise
        return failed
