"""What the peers of bench/race.py written in Python share: requests like "cell=lstm pass=train dtype=f32 I=64 H=64 B=16 T=64 both=0
dx=0 ragged=0 least=3 seconds=0.3", one a line, each answered by one line of JSON as `rondo bench cell --json` gives."""
import gc
import json
import sys
import time


def parse(line):
    request = dict(word.split("=", 1) for word in line.split())
    for name in ("I", "H", "B", "T", "both", "dx", "ragged"):
        request[name] = int(request.get(name, 0))
    request["least"] = int(request.get("least", 3))
    request["seconds"] = float(request["seconds"])
    if request["pass"] == "step":
        request["T"] = 1
    return request


def lengths(B, T):
    """Of a ragged batch: the same ones that `rondo bench cell --ragged` draws."""
    out = []
    for i in range(B):
        h = (i + 1) * 2654435761 & 0xFFFFFFFF
        h = ((h ^ h >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
        h = ((h ^ h >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
        out.append(1 + ((h ^ h >> 16) * T >> 32))
    return out


def measure(run, seconds, least=3):
    """As rondo_bench_cell times: a quarter of the time to warm up, then runs one after the other, `least` at least."""
    clock, times = time.perf_counter_ns, []
    start = clock()
    for i in range(1 << 30):
        if i >= min(least, 2) and clock() - start > seconds / 4 * 1e9:
            break
        run()
    gc.disable()
    start = last = clock()
    while len(times) < 100000 and (len(times) < least or last - start < seconds * 1e9):
        run()
        end = clock()
        times.append(end - last)
        last = end
    gc.enable()
    times.sort()
    part = lambda p: times[min(len(times) - 1, int(p * len(times)))] / 1e6
    return {"median_ms": part(0.5), "min_ms": part(0), "p99_ms": part(0.99), "p999_ms": part(0.999), "runs": len(times)}


def serve(version, make):
    """make(request) -> a function that runs once. The last one made is kept for the next round."""
    print(json.dumps({"version": version}), flush=True)
    held = run = None
    for line in sys.stdin:
        request = parse(line)
        key = {k: v for k, v in request.items() if k not in ("seconds", "least")}
        try:
            if key != held:
                held = run = None
                run, held = make(request), key
            print(json.dumps(measure(run, request["seconds"], request["least"])), flush=True)
        except Exception as e:
            held = None
            print(json.dumps({"error": f"{type(e).__name__}: {e}".split("\n")[0]}), flush=True)
