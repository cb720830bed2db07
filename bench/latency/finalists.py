#!/usr/bin/env python3
"""How often finalists take, as whole networks, what their search's table said of them within the error that it states.

  cmake --build --preset release --target hasse_boundary bench_disturber
  bench/latency/finalists.py --boundary build/release/examples/hasse_boundary --disturber build/release/bench/bench_disturber \
                             --out bench/results/finalists-MACHINE.json

Searches of a few short trainings, each with a table of its own, beside a disturber where one is given. A finalist is within the error when its whole differs from
its sum by no more than the error that nine of ten checked networks kept, and what is uncertain of the measurement. A finalist of the frontier that another one of it
beats, in accuracy and beyond the noise in measured latency, is counted, too: there should be none.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tables import processor, quantile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boundary", required=True)
    parser.add_argument("--disturber")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    parser.add_argument("--out", required=True)
    parser.add_argument("options", nargs="*", help="of the search, after --", default=[])
    told = parser.parse_args()
    options = told.options or ["--trainings", "8", "--epochs", "1", "--train-images", "256"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_finalists_"))
    searches = []
    for seed in range(1, told.times + 1):
        run = folder / str(seed)
        neighbour = subprocess.Popen([told.disturber, "--seconds", "100000", "--core", str(told.core), "--seed", str(seed)]) if told.disturber else None
        try:
            subprocess.run([told.boundary, "--run", run, "--seed", str(seed), "--threads", "1", *options], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
        finally:
            if neighbour:
                neighbour.kill()
        sums = json.loads((run / "latency.json").read_text())["additivity"]["networks"]
        stated = max(0.01, quantile(sorted(abs(each["sum_ns"] / each["whole_ns"] - 1) for each in sums), 0.9))
        answer = json.loads((run / "frontier.json").read_text())
        frontier, all_measured = answer["frontier"], answer["frontier"] + answer.get("beaten", [])
        noise = lambda each: each.get("whole_milliseconds_noise") or 0
        apart = [abs(each["whole_milliseconds"] - each["milliseconds"]) - noise(each) <= stated * each["milliseconds"] for each in all_measured]
        shown_beaten = sum(any(other["accuracy"] >= each["accuracy"] and other["whole_milliseconds"] + noise(other) + noise(each) < each["whole_milliseconds"]
                               for other in frontier if other is not each) for each in frontier)
        searches.append({"seed": seed, "stated_error": stated, "finalists": len(apart), "within": sum(apart), "beaten_but_shown": shown_beaten,
                         "errors": [each["whole_milliseconds"] / each["milliseconds"] - 1 for each in all_measured]})
        print(f"search {seed:3}: stated {100 * stated:4.1f} %  {sum(apart)} of {len(apart)} finalists within it, {shown_beaten} beaten but shown, errors "
              + " ".join(f"{100 * error:+.1f}" for error in searches[-1]["errors"]), flush=True)
    finalists, within = (sum(each[key] for each in searches) for key in ("finalists", "within"))
    whole = sum(each["within"] == each["finalists"] for each in searches)
    print(f"{within} of {finalists} finalists within the stated error; all of them in {whole} of {told.times} searches; "
          f"{sum(each['beaten_but_shown'] for each in searches)} beaten but shown")
    pathlib.Path(told.out).write_text(json.dumps({"machine": processor(), "disturbed": bool(told.disturber), "options": options, "searches": searches}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
