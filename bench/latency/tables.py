#!/usr/bin/env python3
"""How good latency tables are for the time that they take, quiet and disturbed, and how far two tables of one machine differ.

  cmake --build --preset release --target hasse_measure bench_disturber
  bench/latency/tables.py --measure build/release/examples/hasse_measure --disturber build/release/bench/bench_disturber \
                          --out bench/results/tables-MACHINE.json

Every table is measured on one core (--core) with all rounds (--error 0): for each number of rounds one table, then the two that are compared, by the same seed and by
another one. With --disturber everything a second time beside it. What else runs on the machine is told by its load, before each table.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time


def processor():
    facts = dict(line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines() if ":" in line)
    name, family, model = ({key.strip(): value.strip() for key, value in facts.items()}.get(key, "?") for key in ("model name", "cpu family", "model"))
    return f"{name} (family {family} model {model})"


def quantile(errors, share):
    place = share * (len(errors) - 1)
    below = int(place)
    return errors[below] + (place - below) * (errors[min(below + 1, len(errors) - 1)] - errors[below])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", required=True)
    parser.add_argument("--disturber")
    parser.add_argument("--space", default="df-small")
    parser.add_argument("--rounds", default="4,6,8,12,16")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    parser.add_argument("--pairs", type=int, default=1, help="how often two tables are compared, each time with 8 rounds")
    parser.add_argument("--out", required=True)
    told = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_tables_"))
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}

    def table(name, rounds, seed, disturbed):
        path = folder / f"{name}.json"
        load = os.getloadavg()[0]
        neighbour = subprocess.Popen([told.disturber, "--seconds", "100000", "--core", str(told.core), "--seed", str(seed)]) if disturbed else None
        used, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        try:
            subprocess.run(["taskset", "-c", str(told.core), told.measure, "--space", told.space, "--out", path, "--rounds", str(rounds), "--error", "0", "--seed", str(seed)],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        finally:
            if neighbour:
                neighbour.kill()
        seconds, after = time.time() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if neighbour:
            neighbour.wait()
        made = json.loads(path.read_text())
        errors = sorted(abs(each["sum_ns"] / each["whole_ns"] - 1) for each in made["additivity"]["networks"])
        row = {"rounds": rounds, "seed": seed, "disturbed": disturbed, "load_before": load, "seconds": round(seconds, 1),
               "core_seconds": round(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime, 1), "median": quantile(errors, 0.5), "p90": quantile(errors, 0.9),
               "worst": errors[-1], "slower_than_quiet": made["beat"]["typical_ns"] / made["beat"]["quiet_ns"] - 1}
        print(f"{'disturbed' if disturbed else 'alone':9} {rounds:3} rounds {seconds:6.1f} s  median {100 * row['median']:4.1f} %  p90 {100 * row['p90']:5.1f} %  worst {100 * row['worst']:5.1f} %"
              f"  load before {load:.1f}", flush=True)
        return path, row

    def difference(first, second):
        said = subprocess.run([told.measure, "--compare", first, second], check=True, capture_output=True, text=True).stdout
        print(said, flush=True)
        median, worst = re.search(r"rows differ by ([\d.]+) % in the median, by ([+-][\d.]+) % at worst", said).groups()
        return {"rows_median": float(median) / 100, "rows_worst": abs(float(worst)) / 100, "more_than_noise": "these are different tables" in said}

    result = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform(), "space": told.space, "tables": [], "pairs": []}
    for disturbed in (False, True) if told.disturber else (False,):
        name = "disturbed" if disturbed else "alone"
        for rounds in map(int, told.rounds.split(",")):
            result["tables"].append(table(f"{name}_{rounds}", rounds, 1, disturbed)[1])
        for pair in range(told.pairs):
            paths = []
            for seed in (1, 1, 2):
                path, row = table(f"{name}_pair{pair}_{len(paths)}", 8, seed, disturbed)
                paths.append(path), result["tables"].append(row)
            result["pairs"].append({"disturbed": disturbed, "same_seed": difference(paths[0], paths[1]), "other_seed": difference(paths[0], paths[2])})
        pathlib.Path(told.out).write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {told.out}")


if __name__ == "__main__":
    sys.exit(main())
