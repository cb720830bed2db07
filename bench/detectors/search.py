#!/usr/bin/env python3
"""Whether a search of detectors is worth its time: its found network against as many random ones of the same measured cost as could have been trained
in the time of the search, several seeds, all trained by one recipe and judged on the test pictures. Options behind -- go to hasse_detect search.

usage: search.py --program build/release/examples/hasse_detect --runs FOLDER --out FILE [--seeds 3] [--random 4] -- --data voc:DIR --size 240x320 --target-latency 8 ...
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys


def records(run):
    for file in sorted((run / "journal").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            yield record.get("operation"), record.get("payload", {})


def measured(options, seed):
    run = pathlib.Path(options.runs) / f"seed{seed}"
    subprocess.run([options.program, "search", *options.search, "--seed", str(seed), "--random", str(options.random), "--run", str(run)], check=True)
    judged = {payload["network"]: payload for operation, payload in records(run) if operation == "judged"}
    found, others = judged["found"], [each for name, each in judged.items() if name != "found"]
    if not others:
        sys.exit(f"seed {seed}: no random network of the found one's cost was trained; widen --tolerance or choose another target")

    def of(each):
        return {key: each[key] for key in ("code", "validation", "test", "test_ap50", "milliseconds", "cost", "seconds")}
    return {"seed": seed, "found": of(found), "random": [of(each) for each in others]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--runs", required=True, help="folder of the runs; those that are there go on")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--random", type=int, default=4)
    parser.add_argument("search", nargs="*", help="options of hasse_detect search, behind --")
    options = parser.parse_args()
    rows = [measured(options, seed) for seed in range(1, options.seeds + 1)]
    against = {"median": [], "best": []}
    for row in rows:
        # The best of them by the pictures that a search may look at, as somebody would choose it.
        best = max(row["random"], key=lambda each: each["validation"])
        against["median"].append(row["found"]["test"] - statistics.median(each["test"] for each in row["random"]))
        against["best"].append(row["found"]["test"] - best["test"])
    summary = {}
    for name, differences in against.items():
        error = statistics.stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else math.nan
        mean = statistics.mean(differences)
        summary[name] = {"mean_difference_in_map": mean, "standard_error": error, "better_in": sum(each > 0 for each in differences), "of": len(differences)}
        verdict = "within one standard error, no win" if not abs(mean) > error else "better" if mean > 0 else "worse"
        print(f"against the {name} of {options.random} random networks: {100 * mean:+.2f} points of mAP, standard error {100 * error:.2f}: {verdict}")
    pathlib.Path(options.out).write_text(json.dumps({"search": options.search, "seeds": rows, "summary": summary}, indent=1) + "\n")


main()
