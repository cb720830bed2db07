"""Kills hasse_boundary at random instants, restarts it each time, and compares with a run that nobody disturbed.

usage: kill_and_resume.py PROGRAM KILLS SEED HASSE_EVALUATE
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from judged import same_as_reported

program, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_kill_"))
settings = ["--data", "synthetic:0.3", "--train-images", "640", "--trainings", "16", "--epochs", "2", "--batch", "32", "--seed", "5"]


def command(run):
    return [program, *settings, "--run", str(folder / run)]


def learned(run):
    """What a search has learned: trainings in order with their accuracies, and everything pruned."""
    trained = []
    for line in (folder / run / "journal" / "main.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["operation"] == "trained":
            trained.append((record["payload"] if "payload" in record else record))
    frontier = json.loads((folder / run / "frontier.json").read_text())
    trained = [(t["candidate"], t["latency_ticks"], t["accuracy"]) for t in trained]
    return trained, frontier["certificates"], sorted(n["architecture"] for n in frontier["frontier"] + frontier.get("beaten", []))


def instant():
    """Seconds until the next kill. A round of measuring takes seconds, a training less: both must be hit, and both must get on."""
    table = folder / "killed" / "latency.json"
    measured = table.exists() and json.loads(table.read_text()).get("rows")
    return draw.uniform(0.05, 3.0) if measured else draw.uniform(0.05, 12.0)


def wait(process, seconds):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


begin = time.time()
done = 0
while done < kills:
    process = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    code = wait(process, instant())
    if code is None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        done += 1
    elif code != 0:
        sys.exit(f"after {done} kills the program refused to go on: {process.stderr.read().decode()}")
    else:  # finished early: what is left is spent on the end of a run, when files are written
        done += 1
process = subprocess.run(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
if process.returncode != 0:
    sys.exit(f"the last start failed: {process.stderr.decode()}")

# The table is a measurement: the undisturbed run gets the same one, so that everything after it must be equal.
(folder / "whole").mkdir()
shutil.copy(folder / "killed" / "latency.json", folder / "whole" / "latency.json")
process = subprocess.run(command("whole"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
if process.returncode != 0:
    sys.exit(f"the undisturbed run failed: {process.stderr.decode()}")

killed, whole = learned("killed"), learned("whole")
for what, left, right in zip(("trained set", "pruned set", "frontier"), killed, whole):
    if left != right:
        sys.exit(f"the {what} differs after {kills} kills (files are kept in {folder}):\n{left}\n{right}")
if len(whole[0]) == 0 or len(whole[2]) == 0:
    sys.exit("the run trained nothing, so that nothing was compared")
left_behind = [p for p in (folder / "killed" / "checkpoints").iterdir() if p.name.endswith(".training.safetensors")]
if left_behind:
    sys.exit(f"checkpoints of finished trainings were left behind: {left_behind}")
torn = [p for p in (folder / "killed").rglob("*.part*")]
if torn:
    sys.exit(f"kills left files behind that were being written: {torn}")
for network in json.loads((folder / "killed/frontier.json").read_text())["frontier"]:
    same_as_reported(sys.argv[4], folder / "killed" / network["files"]["safetensors"], network["accuracy"], network["test_accuracy"])
shutil.rmtree(folder)
print(f"{kills} kills: {len(whole[0])} trained, {len(whole[1])} pruned, {len(whole[2])} on the frontier, all equal; {time.time() - begin:.0f} s")
