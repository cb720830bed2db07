"""Kills a search by a price, a task and a policy of a user's own at random instants, restarts it each time, and compares its
trainings, its answer and its files with those of a run that nobody disturbed. Takes its folder away amid the trainings, too, and
looks by what its files call the price and the metric.

usage: own_parts.py PROGRAM KILLS SEED
"""
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

program, kills, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
folder = pathlib.Path(tempfile.mkdtemp(prefix="hasse_own_parts_"))


def start(run):
    (folder / run).mkdir(exist_ok=True)
    return subprocess.Popen([program], cwd=folder / run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process, what):
    said, refused = process.communicate(timeout=60)
    if process.returncode != 0:
        sys.exit(f"{what} failed ({process.returncode}, files are kept in {folder}): {refused}")
    return said


BOOK = "run_13_own_price/journal/main.jsonl"


def trainings_of(run):
    """Those in the journal, without the seconds that they took."""
    return [json.loads(line)["payload"] for line in (folder / run / BOOK).read_text().splitlines() if '"trained"' in line]


def files_of(run):
    """Every file that is handed over."""
    root = folder / run / "run_13_own_price"
    return {name: (root / name).read_bytes() for name in ["frontier.json", "report.html", *(f"networks/{each.name}" for each in (root / "networks").iterdir())]}


begin = time.time()
said = ended(start("whole"), "the undisturbed run")
seconds = time.time() - begin
expected, trainings = files_of("whole"), len(trainings_of("whole"))
frontier = json.loads(expected["frontier.json"])
words = (frontier["schema"], frontier["price"]["name"], frontier["metric"]["name"], frontier["metric"]["larger_is_better"])
if words != (2, "microjoules", "squared error", False) or {"cost", "whole_cost", "score", "test_score"} - frontier["frontier"][0].keys():
    sys.exit(f"frontier.json does not say what counts: {words}, {frontier['frontier'][0]}")
costs, scores = ([network[key] for network in frontier["frontier"]] for key in ("cost", "score"))
if len(costs) < 2 or min(scores) < 0 or costs != sorted(costs) or scores != sorted(scores, reverse=True):
    sys.exit(f"the frontier should cost more and err less from network to network: {costs}, {scores}")
if not {"candidate", "cost_ticks", "merit"} <= trainings_of("whole")[0].keys():
    sys.exit(f"the journal calls costs and merits otherwise: {trainings_of('whole')[0]}")
page = expected["report.html"].decode()
if "squared error" not in page or "microjoules (uJ)" not in page or "latency" in page or "accura" in page or " ms<" in page:
    sys.exit(f"report.html in {folder}/whole does not speak of squared errors and microjoules alone")
if sum(name.endswith(".batch.onnx") for name in expected) != len(frontier["frontier"]):
    sys.exit(f"the frontier has {len(frontier['frontier'])} networks and there are {sorted(expected)}")
if trainings < 5:
    sys.exit(f"the undisturbed run trained only {trainings}, so that hardly anything is compared")

landed, amid, rounds = 0, 0, 0  # kills in all, and those that found some trainings done and some not
while landed < kills or amid < 3:
    rounds += 1
    if rounds > 20 * kills:
        sys.exit(f"of {rounds} runs only {landed} were killed, {amid} of them amid their trainings; the instants must be drawn otherwise")
    run = f"killed {rounds}"
    while True:
        process = start(run)
        time.sleep(draw.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it had ended before
        landed += 1
        if (folder / run / BOOK).exists():
            amid += 0 < (folder / run / BOOK).read_text().count('"trained"') < trainings
        if draw.random() < 0.3:
            break
    again = ended(start(run), "the last start")
    for what, left, right in ("answer", again, said), ("journal", trainings_of(run), trainings_of("whole")):
        if left != right:
            sys.exit(f"the {what} differs after kills (files are kept in {folder}):\n{left}\n{right}")
    found = files_of(run)
    if found.keys() != expected.keys() or any(found[name] != expected[name] for name in expected):
        sys.exit(f"the files differ after kills ({folder}): {[name for name in expected if found.get(name) != expected[name]]}")

# A folder that goes away amid the trainings ends them at the next, and they go on once it is back.
process = start("gone")
while not (folder / "gone" / BOOK).exists() or '"trained"' not in (folder / "gone" / BOOK).read_text():
    if process.poll() is not None:
        sys.exit(f"the run ended before its journal could be taken away: {process.communicate()}")
    time.sleep(0.001)
(folder / "gone/run_13_own_price").rename(folder / "gone/away")
refused = process.communicate(timeout=60)[1]
if process.returncode != 2 or not refused.startswith("run_13_own_price/"):  # which of its files is met first depends on the instant
    sys.exit(f"a folder that goes away should be told, and the run ended with {process.returncode}: {refused}")
(folder / "gone/away").rename(folder / "gone/run_13_own_price")
if ended(start("gone"), "the start with the journal put back") != said or trainings_of("gone") != trainings_of("whole") or files_of("gone") != expected:
    sys.exit(f"a journal that was put back should go on to the same answer (files are kept in {folder})")
shutil.rmtree(folder)
print(f"{landed} kills, {amid} of them amid {trainings} trainings: journal and answer are equal; {time.time() - begin:.0f} s")
