"""Starts two of a program at once in one folder, with the same options and with others, and kills the one that goes on at a random
instant: exactly one goes on, the other ends with one sentence that says who holds the folder, and the folder can be gone on with, to
the bits of a run that nobody disturbed.

usage: races.py RACES SEED PROGRAM...
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from pictures import pattern

races, seed = int(sys.argv[1]), int(sys.argv[2])
draw = random.Random(seed)
home = pathlib.Path(tempfile.mkdtemp(prefix="hasse_races_"))
(home / "pictures").mkdir()
for number in range(8):
    (home / f"pictures/{number}.png").write_bytes(pattern(48, number))
DATA = ["--data", "synthetic:0.1", "--train-images", "256", "--threads", "1"]
TOLD = {
    "hasse_boundary": [*DATA, "--trainings", "3", "--epochs", "1"],
    "08_own_program": [*DATA, "--trainings", "3", "--epochs", "1"],
    "hasse_slim": ["train", *DATA, "--net", "[(16),(16),(32)]", "--input", "3x16x16", "--epochs", "20"],
    "hasse_proxyless": [*DATA, "--warmup-epochs", "1", "--search-epochs", "2", "--period", "2", "--epochs", "1", "--target-macs", "2"],
    "hasse_super_resolution": ["--data", f"folder:{home / 'pictures'}", "--patch", "24", "--patches", "8", "--batch", "4", "--epochs", "20", "--channels", "8",
                               "--blocks", "1", "--size", "16x16", "--at", "0.5,1.0"],
}


def start(program, seed, run):
    return subprocess.Popen([program, *TOLD[pathlib.Path(program).name], "--seed", str(seed), "--run", str(run)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def networks(run):
    return {path.name: path.read_bytes() for path in (run / "networks").glob("*.safetensors")}


def sentence(process):
    return (process.communicate()[1].strip().splitlines() or [""])[-1]


held, begun, ended, killed = 0, 0, 0, 0
programs = [str(pathlib.Path(argument).resolve()) for argument in sys.argv[3:]]
for race in range(races):
    program = programs[race % len(programs)]
    run = home / f"{pathlib.Path(program).name}-{race // len(programs) // 4}"  # four races in a folder, then a new one
    seeds = [1, 1] if draw.random() < 0.5 else [1, 2]
    draw.shuffle(seeds)
    both = [start(program, each, run) for each in seeds]
    while all(process.poll() is None for process in both):
        try:
            both[0].wait(0.01)
        except subprocess.TimeoutExpired:
            pass
    first = 0 if both[0].poll() is not None else 1
    loser, other = both[first], both[1 - first]
    said = sentence(loser)
    if loser.returncode == 0:
        ended += 1  # it had nothing left to do; the other was refused, or does it again
        code, why = other.wait(), sentence(other)
        if code != 0 and not (code == 2 and ("is held by process" in why or "was begun with seed" in why)):
            sys.exit(f"race {race} in {run}: {code}, {why}")
        continue
    if loser.returncode != 2 or not ("is held by " in said or "was begun with seed" in said):
        sys.exit(f"race {race} in {run}: the loser ended with {loser.returncode}: {said}")
    held, begun = held + ("is held by " in said), begun + ("was begun with" in said)
    if f"is held by process {other.pid}," not in said and "is held by another process" not in said and "was begun with" not in said:
        sys.exit(f"race {race} in {run}: the wrong holder is named, not {other.pid}: {said}")
    try:
        why = other.communicate(timeout=draw.uniform(0, 3))[1].strip()
        if other.returncode != 0 and not (other.returncode == 2 and "was begun with seed" in why):
            sys.exit(f"race {race} in {run}: nobody went on: {said} / {why}")
    except subprocess.TimeoutExpired:
        other.kill()
        other.communicate()
        killed += 1
runs, undisturbed = sorted(home.glob("*-[0-9]*")), {}
for run in runs:
    program = next(each for each in programs if run.name.startswith(pathlib.Path(each).name))
    why = [(process.wait(), sentence(process)) for process in (start(program, each, run) for each in (1, 2))]
    if 0 not in [code for code, _ in why]:
        sys.exit(f"{run} cannot be gone on with: {why}")
    if [*run.rglob("*.part*")]:
        sys.exit(f"files that were being written are left in {run}: {[*run.rglob('*.part*')]}")
    # A table is a measurement: whoever searches by it needs the same one to find the same.
    seed, table = json.loads((run / "config.json").read_text())["seed"], run / "latency.json" if "--trainings" in TOLD[pathlib.Path(program).name] else None
    whole = undisturbed.setdefault((program, seed, table), home / f"whole-{len(undisturbed)}")
    if not whole.exists():
        whole.mkdir()
        if table:
            shutil.copy(table, whole)
        process = start(program, seed, whole)
        if process.wait() != 0:
            sys.exit(f"{program} in {whole}: {sentence(process)}")
    if not networks(run) or networks(run) != networks(whole):
        sys.exit(f"{run} has other networks than {whole}, which nobody disturbed: {[*networks(run)]}, {[*networks(whole)]}")
shutil.rmtree(home)
print(f"{races} races of {len(programs)} programs, {killed} of their winners killed: {held} losers named the holder, {begun} met the other's configuration, "
      f"{ended} ended at once; {len(runs)} folders hold the networks of undisturbed runs")
